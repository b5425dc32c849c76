# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The host is not trusted, and the policy is the controller's: neither can be talked round."""

from __future__ import annotations

import shutil
import typing as t
from pathlib import Path

import pytest

from ansible_collections.certfleet.pki.tests.support.playbooks import BOTH_WAYS, Played, Site
from ansible_collections.certfleet.pki.tests.support.tasks import Task, certificate, local, named, shell

#: Stands in for the host's openssl and asks for something else than it was told.
SWAPPED = """#!/bin/sh
case " $* " in
    *" req "*) ;;
    *) exec {openssl} "$@" ;;
esac
umask 077
{openssl} req -new -nodes -newkey {algorithm} -keyout "$HOME/key.$$" -out "$HOME/csr.$$" -subj "{subject}" {extensions} 2>/dev/null
cat "$HOME/key.$$" "$HOME/csr.$$"
rm "$HOME/key.$$" "$HOME/csr.$$"
"""
RIGHT = {
    "algorithm": "ec -pkeyopt ec_paramgen_curve:prime256v1",
    "subject": "/CN=web.example.com",
    "extensions": "-addext subjectAltName=DNS:web.example.com",
}
#: What a swapped CSR may ask for instead, and the options that were given.
SWAPS: t.Mapping[str, t.Tuple[t.Mapping[str, str], t.Mapping[str, t.Any]]] = {
    "another name": ({"extensions": "-addext subjectAltName=DNS:bank.example.com"}, {}),
    "one name more": ({"extensions": "-addext subjectAltName=DNS:web.example.com,DNS:bank.example.com"}, {}),
    "an address more": ({"extensions": "-addext subjectAltName=DNS:web.example.com,IP:192.0.2.1"}, {}),
    "another common name": ({"subject": "/CN=bank.example.com"}, {}),
    "another organization": ({"subject": "/CN=web.example.com/O=Bank"}, {}),
    "a usage more": ({"extensions": RIGHT["extensions"] + " -addext extendedKeyUsage=codeSigning"}, {}),
    "a CA": ({"extensions": RIGHT["extensions"] + " -addext basicConstraints=critical,CA:TRUE"}, {}),
    "another key type": ({"algorithm": "rsa:2048"}, {}),
    "a smaller key": ({"algorithm": "rsa:2048"}, {"key": {"type": "rsa", "size": 3072}}),
}


class TestSwappedRequest:
    @pytest.fixture(scope="class")
    @classmethod
    def played(cls, tmp_path_factory: pytest.TempPathFactory) -> Played:
        directory = tmp_path_factory.mktemp("swapped")
        tasks = [certificate("issue"), *cls._swapped(directory, "right", {}, {})]
        for name, (swap, options) in SWAPS.items():
            tasks += cls._swapped(directory, name, swap, options)
        return Site(directory, BOTH_WAYS).play(tasks, verbosity=1)

    @classmethod
    def _swapped(
        cls, directory: Path, name: str, swap: t.Mapping[str, str], options: t.Mapping[str, t.Any]
    ) -> t.List[Task]:
        place = directory / "bin" / name.replace(" ", "-")
        place.mkdir(parents=True)
        program = place / "openssl"
        program.write_text(SWAPPED.format(openssl=shutil.which("openssl"), **{**RIGHT, **swap}))
        program.chmod(0o755)
        return [
            named(name, certificate("", force=True, **options), environment={"PATH": f"{place}:/usr/bin:/bin"}),
            named(
                f"{name}: first",
                certificate("", authority=local("new-ca"), directory="{{ place }}/new", **options),
                environment={"PATH": f"{place}:/usr/bin:/bin"},
            ),
            shell(f"{name}: clean", "rm -rf new"),
        ]

    @pytest.fixture(params=sorted(BOTH_WAYS))
    def story(self, played: Played, request: pytest.FixtureRequest) -> Played:
        return played.on(request.param)

    def test_the_stand_in_works(self, story: Played) -> None:
        """What fails below fails for what the CSR says, not for how it was made."""
        assert story["right"].changed and story["right: first"].changed
        assert len(story["right"].disk["ca"]["requests"]) == 2

    @pytest.mark.parametrize("name", SWAPS)
    @pytest.mark.parametrize("when", ["", ": first"])
    def test_nothing_is_sent_to_the_ca(self, story: Played, name: str, when: str) -> None:
        result = story[name + when]
        assert result.failed, result.result
        assert result.result["error"]["kind"] == "host"
        assert result.result["msg"].endswith(".")
        assert not result.changed
        assert len(result.disk["ca"]["requests"]) == 2
        assert len(result.disk["new-ca"]["requests"]) == 1

    @pytest.mark.parametrize("name", SWAPS)
    def test_the_certificate_in_place_stays(self, story: Played, name: str) -> None:
        assert story[name].certificate["serial_number"] == story["right"].certificate["serial_number"]
        before = {path: entry for path, entry in story["right"].disk.items() if path.startswith("web/")}
        assert {path: entry for path, entry in story[name].disk.items() if path.startswith("web/")} == before


FILE = """
allowed_domains: ["*.example.com"]
key_types: {ecdsa: 256}
max_lifetime: 30d
forbid_wildcards: true
"""
LOOSE = {
    "allowed_domains": ["*", "*.example.com", "*.example.org"],
    "allowed_domain_patterns": [".*"],
    "allowed_ip_ranges": ["0.0.0.0/0"],
    "key_types": ["ecdsa", "rsa"],
    "max_lifetime": "3650d",
    "forbid_wildcards": False,
}
ALL_WRONG = {
    "dns_names": ["web.example.org", "*.example.com"],
    "ip_addresses": ["192.0.2.1"],
    "key": {"type": "rsa"},
    "lifetime": "60d",
}
RULES = ("web.example.org", "*.example.com", "192.0.2.1", "rsa", "30d")


class TestPolicyFile:
    """The file of the controller is obeyed whatever the option says; in check mode too."""

    @pytest.fixture(scope="class")
    @classmethod
    def played(cls, tmp_path_factory: pytest.TempPathFactory) -> Played:
        directory = tmp_path_factory.mktemp("policy")
        (directory / "policy.yml").write_text(FILE)
        wrong = certificate("wrong", **ALL_WRONG)
        loosened = certificate("loosened", policy=LOOSE, **ALL_WRONG)
        tight = {"policy": {"allowed_domains": ["www.example.com"]}, "lifetime": "10d"}
        request = {"authority": local(), "key": {"type": "rsa"}, "return_private_key": True, **ALL_WRONG}
        return Site(directory).play(
            [
                shell("before", "true"),
                wrong,
                named("wrong: check", wrong, check_mode=True),
                loosened,
                named("loosened: check", loosened, check_mode=True),
                named("environment", loosened, environment={"CERTFLEET_POLICY_FILE": ""}),
                certificate("tightened", **tight),
                {"name": "request", "certfleet.pki.certificate_request": {**request, "policy": LOOSE}},
                {
                    "name": "request: check",
                    "certfleet.pki.certificate_request": {**request, "policy": LOOSE},
                    "check_mode": True,
                },
                certificate("allowed", policy=LOOSE, lifetime="30d"),
            ],
            environment={"CERTFLEET_POLICY_FILE": str(directory / "policy.yml")},
        )

    @pytest.mark.parametrize(
        "task", ["wrong", "wrong: check", "loosened", "loosened: check", "environment", "request", "request: check"]
    )
    def test_every_rule_that_is_broken_is_told(self, played: Played, task: str) -> None:
        result = played[task]
        assert result.failed
        assert result.result["error"]["kind"] == "policy"
        assert [rule for rule in RULES if rule not in result.result["error"]["detail"]] == []
        assert result.disk == played["before"].disk

    def test_the_option_can_tighten(self, played: Played) -> None:
        assert played["tightened"].result["error"]["kind"] == "policy"
        assert "web.example.com" in played["tightened"].result["msg"]

    def test_what_is_allowed_is_issued(self, played: Played) -> None:
        assert played["allowed"].certificate["action"] == "issued"


def test_a_policy_file_that_is_not_there_stops_everything(site: Site) -> None:
    played = site.play([certificate("issue")], environment={"CERTFLEET_POLICY_FILE": "/nonexistent/policy.yml"})
    assert played["issue"].result["error"]["kind"] == "misconfigured"
    assert "/nonexistent/policy.yml" in played["issue"].result["msg"]
    assert played["issue"].disk == {}


def test_a_ca_refuses_by_its_own_rules_before_a_key_is_made(site: Site) -> None:
    """A CA whose policy can be read is asked first, in check mode too."""
    profile = {"path": "{{ place }}/ca", "profile": {"allowed_domains": ["*.example.org"]}}
    played = site.play(
        [
            {"name": "manage", "certfleet.pki.local_authority": profile},
            named("check", certificate(""), check_mode=True),
            certificate("issue"),
        ]
    )
    for task in ("check", "issue"):
        assert played[task].result["error"]["kind"] == "policy"
        assert "web.example.com" in played[task].result["msg"]
        assert played[task].disk["ca"] == played["manage"].disk["ca"]


def test_a_lifetime_that_only_the_ca_knows_is_checked_before_it_is_installed(site: Site) -> None:
    played = site.play([certificate("issue", policy={"allowed_domains": ["*.example.com"], "max_lifetime": "7d"})])
    assert played["issue"].failed
    assert played["issue"].result["error"]["kind"] in ("policy", "bad_certificate")
    assert not [path for path in played["issue"].disk if path.endswith("cert.pem")]
