# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A real OpenBao that says no, or gives less than was asked for, and a run that is killed when it has said yes."""

from __future__ import annotations

import contextlib
import sys
import time
import typing as t
from pathlib import Path

import pytest
from cryptography import x509

from ansible_collections.certfleet.pki.tests.support.openbao import OpenBao
from ansible_collections.certfleet.pki.tests.support.openbao_plays import (
    SIGN,
    asked,
    asked_between,
    lines,
    mark,
    vault,
)
from ansible_collections.certfleet.pki.tests.support.playbooks import BOTH_WAYS, Played, Site, kill
from ansible_collections.certfleet.pki.tests.support.tasks import Task, certificate, named


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[OpenBao]:
    with OpenBao(tmp_path_factory.mktemp("openbao")) as server:
        yield server


class TestRefusals:
    """Everything that can be known beforehand is, and nothing is sent; the rest is the server's word."""

    #: task: (options of the certificate, options of the authority, kind, what the message names)
    REFUSED: t.ClassVar[t.Mapping[str, t.Tuple[t.Dict[str, t.Any], t.Dict[str, t.Any], str, t.Sequence[str]]]] = {
        "lifetime": ({"lifetime": "31d"}, {}, "misconfigured", ["31d", "30d", "lifetime"]),
        "names": (
            {"dns_names": ["a.evil.test", "ok.example.com", "*.evil.test"]},
            {},
            "policy",
            ["a.evil.test", "*.evil.test", "'web'"],
        ),
        "uri": ({"uris": ["spiffe://evil.test/x"]}, {}, "policy", ["spiffe://evil.test/x"]),
        "key": ({}, {"role": "rsa"}, "policy", ["ecdsa", "rsa"]),
        "usage": ({"extended_key_usage": ["code_signing"]}, {}, "policy", ["code_signing"]),
        "role": ({}, {"role": "nope"}, "misconfigured", ["'nope'", "pki_int"]),
        "mount": ({}, {"mount": "nowhere", "auth": {"token": "{{ root }}"}}, "misconfigured", ["'nowhere'"]),
        # Vault does not tell those who may do little whether there is such a mount.
        "mount, little rights": ({}, {"mount": "nowhere"}, "unauthorized", ["nowhere/sign/web", "mount"]),
        "token": ({}, {"auth": {"token": "s.wrong"}}, "unauthorized", ["token"]),
        "secret id": ({}, {"auth": {"approle": {"role_id": "x", "secret_id": "y"}}}, "unauthorized", ["auth/approle"]),
        "no right": ({}, {"auth": {"token": "{{ useless }}"}}, "unauthorized", ["pki_int/sign/web", "'update'"]),
        "names, told by the server": (
            {"dns_names": ["a.evil.test"]},
            {"auth": {"token": "{{ blind }}"}},
            "policy",
            ["a.evil.test"],
        ),
        "usage, dropped by the server": (
            {"extended_key_usage": ["code_signing"]},
            {"auth": {"token": "{{ blind }}"}},
            "bad_certificate",
            ["code_signing"],
        ),
    }
    SENT = ("no right", "names, told by the server", "usage, dropped by the server", "mount, little rights")

    @pytest.fixture(scope="class")
    @classmethod
    def server(cls, server: OpenBao) -> OpenBao:
        server.api("PUT", "sys/policies/acl/blind", {"policy": 'path "pki_int/sign/web" { capabilities = ["update"] }'})
        server.api("PUT", "sys/policies/acl/useless", {"policy": 'path "pki_int/roles/*" { capabilities = ["read"] }'})
        server.api("POST", "pki_int/roles/rsa", {"allow_any_name": True, "key_type": "rsa", "key_bits": 3072})
        return server

    @pytest.fixture(scope="class")
    @classmethod
    def story(cls, server: OpenBao, tmp_path_factory: pytest.TempPathFactory) -> Played:
        tasks: t.List[Task] = [mark("start", server)]
        for task, (options, ca, _kind, _words) in cls.REFUSED.items():
            one = certificate(task, authority=vault(server, **ca), **options)
            tasks += [
                named(f"{task}: check", one, check_mode=True),
                mark(f"{task}: checked", server),
                one,
                mark(f"{task}: done", server),
            ]
        _options, ca, _kind, _words = cls.REFUSED["usage, dropped by the server"]
        dropped = {"authority": vault(server, **ca), "extended_key_usage": ["code_signing"]}
        tasks += [certificate("dropped again", **dropped), mark("end", server)]
        variables = {name: server.token(policies=[name]) for name in ("blind", "useless")}
        variables["root"] = server.root_token
        return Site(tmp_path_factory.mktemp("refusals")).play(tasks, variables=variables)

    @pytest.mark.parametrize("task", REFUSED)
    def test_kind_and_sentence(self, story: Played, task: str) -> None:
        _options, _ca, kind, words = self.REFUSED[task]
        result = story[task]
        assert result.failed and not result.changed
        assert (result.result["error"]["kind"], result.result["error"]["authority"]) == (kind, "vault")
        assert [word for word in words if word not in result.result["msg"]] == []
        assert result.result["msg"].endswith(".")

    @pytest.mark.parametrize("task", REFUSED)
    def test_nothing_is_left_on_the_host(self, story: Played, task: str) -> None:
        """But for the request that the CA did not answer well, so that it is not sent again."""
        kept = "web/pending" if "dropped" in task else "web/.lock"
        for result in (story[task], story[f"{task}: check"]):
            assert [
                path for path in result.disk if path not in ("web", "web/.lock") and not path.startswith(kept)
            ] == []

    def test_a_bad_answer_is_not_asked_for_again(self, server: OpenBao, story: Played) -> None:
        assert story["dropped again"].failed
        assert "code_signing" in story["dropped again"].result["msg"]
        assert asked_between(server, story, "usage, dropped by the server: done", "end") == []

    @pytest.mark.parametrize("task", REFUSED)
    def test_what_can_be_known_is_not_sent(self, server: OpenBao, story: Played, task: str) -> None:
        log = asked_between(server, story, f"{task}: checked", f"{task}: done")
        assert len([request for request in log if "/sign/" in request]) == (1 if task in self.SENT else 0)

    @pytest.mark.parametrize("task", sorted(REFUSED.keys() - set(SENT)))
    def test_check_mode_knows_as_well(self, story: Played, task: str) -> None:
        assert story[f"{task}: check"].result["error"]["kind"] == self.REFUSED[task][2]

    def test_status_of_a_wrong_token(self, story: Played) -> None:
        assert story["token"].result["error"]["http_status"] == 403
        assert story["token"].result["error"]["retryable"] is False


class TestLessThanAsked:
    """What the CA drops or cuts is accepted with a warning, and never ordered again."""

    ORGANIZATION: t.ClassVar = {"subject": {"organization": "Example", "organizational_unit": "Web"}}
    LONG: t.ClassVar = {"name": "long", "lifetime": "31d"}

    @pytest.fixture(scope="class")
    @classmethod
    def story(cls, server: OpenBao, tmp_path_factory: pytest.TempPathFactory) -> Played:
        server.api("PUT", "sys/policies/acl/blind", {"policy": 'path "pki_int/sign/web" { capabilities = ["update"] }'})
        blind = {"authority": vault(server, auth={"token": server.token(policies=["blind"])}), **cls.LONG}
        there = {"authority": vault(server), **cls.ORGANIZATION}
        played = Site(tmp_path_factory.mktemp("less")).play(
            [
                mark("start", server),
                certificate("organization", **there),
                certificate("lifetime", **blind),
                mark("issued", server),
                certificate("organization: again", **there),
                named("organization: check", certificate("", **there), check_mode=True),
                certificate("organization: third", **there),
                certificate("lifetime: again", **blind),
                mark("again", server),
                certificate("another", authority=there["authority"], subject={"organization": "Other"}),
            ]
        )
        assert played.failures == []
        return played

    def test_a_warning_on_the_first_run(self, story: Played) -> None:
        warnings = story["organization"].certificate["warnings"]
        for field in ("organization", "organizational_unit"):
            assert [warning for warning in warnings if f"field {field} " in warning]
        assert story["organization"].certificate["subject"] == "CN=web.example.com"
        assert any("30d" in warning for warning in story["lifetime"].certificate["warnings"])

    def test_no_second_order(self, server: OpenBao, story: Played) -> None:
        assert asked_between(server, story, "start", "issued").count(SIGN) == 2
        assert asked_between(server, story, "issued", "again") == []
        for task in ("organization: again", "organization: check", "organization: third", "lifetime: again"):
            assert not story[task].changed
            assert story[task].certificate["warnings"] == []

    def test_another_wish_is_another_order(self, story: Played) -> None:
        assert story["another"].codes == ["subject_differs"]


#: Stands in for the host's Python: its second start, which is to install, comes to nothing.
STOPS = """#!/bin/sh
echo started >> {log}
[ -e {log}.over ] || [ "$(wc -l < {log})" -lt 2 ] || exec sleep 600
exec {python} "$@"
"""


def test_killed_after_the_ca_has_signed(server: OpenBao, tmp_path: Path) -> None:
    """The next run ends well; Vault can't be asked for what it signed, so it signs once more, for the same key."""
    log, interpreter = tmp_path / "log", tmp_path / "python"
    interpreter.write_text(STOPS.format(log=log, python=sys.executable))
    interpreter.chmod(0o755)
    site = Site(tmp_path, {"one": {**BOTH_WAYS["stdin"], "ansible_python_interpreter": str(interpreter)}})
    tasks = [certificate("issue", authority=vault(server))]
    before = lines(server)
    folder = site.written(tasks)
    with site.started(folder, [], {}):
        limit = time.monotonic() + 60
        while time.monotonic() < limit and (not log.exists() or len(log.read_text().split()) < 2):
            time.sleep(0.05)
        assert asked(server, before).count(SIGN) == 1
        kill(folder)
    Path(f"{log}.over").touch()
    request = x509.load_pem_x509_csr((site.place() / "web/pending/request.csr").read_bytes())
    played = site.play([*tasks, named("again", tasks[0])])
    assert played.failures == []
    assert played["issue"].changed and not played["again"].changed
    assert asked(server, before).count(SIGN) == 2
    installed = x509.load_pem_x509_certificate((site.place() / "web/cert.pem").read_bytes())
    assert installed.public_key() == request.public_key()
    with contextlib.suppress(FileNotFoundError):
        assert list((site.place() / "web/pending").iterdir()) == []
