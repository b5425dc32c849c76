# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Plays against a real ACME server that really looks: Pebble, which rejects one nonce in twenty."""

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest

from ansible_collections.certfleet.pki.plugins.module_utils._x509 import read_certificate
from ansible_collections.certfleet.pki.tests.support.acme_plays import Web, acme, web_server
from ansible_collections.certfleet.pki.tests.support.openbao_plays import operation
from ansible_collections.certfleet.pki.tests.support.pebble import Pebble, new_eab_key
from ansible_collections.certfleet.pki.tests.support.playbooks import BOTH_WAYS, Played, Site
from ansible_collections.certfleet.pki.tests.support.tasks import Task, certificate, certificates, named, shell


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[Web]:
    with web_server(tmp_path_factory.mktemp("web") / "www") as server:
        yield server


@pytest.fixture(scope="module")
def ca(tmp_path_factory: pytest.TempPathFactory, web: Web) -> t.Iterator[Pebble]:
    with Pebble(tmp_path_factory.mktemp("ca"), http_port=web.port) as server:
        yield server


@pytest.fixture
def key(tmp_path: Path) -> Path:
    return tmp_path / "account.pem"


def webroot(web: Web, **more: t.Any) -> t.Dict[str, t.Any]:
    return {"http_01": {"webroot": str(web.root), **more}}


def orders(ca: Pebble) -> int:
    """Return how many orders were placed, without requests whose nonce was rejected."""
    return ca.created("newOrder")


def dns_hook(ca: Pebble, site: Site) -> t.Dict[str, t.Any]:
    """Return a challenge whose commands tell the challenge test server what to answer."""
    url = ca.challenges.url
    script = site.directory / "hook.sh"
    script.write_text(
        '#!/bin/sh\nset -eu\nname="$CERTFLEET_RECORD_NAME."\n'
        'case "$1" in\n'
        f'present) curl -sf -d "{{\\"host\\": \\"$name\\", \\"value\\": \\"$CERTFLEET_RECORD_VALUE\\"}}" {url}/set-txt ;;\n'
        f'cleanup) curl -sf -d "{{\\"host\\": \\"$name\\"}}" {url}/clear-txt ;;\n'
        "esac\n"
        f'echo "$1 $CERTBOT_DOMAIN $name" >> {site.directory}/hook.log\n'
    )
    script.chmod(0o755)
    hook = {"present": f"{script} present", "cleanup": [str(script), "cleanup"]}
    return {"dns_01": {"hook": hook, "propagation_timeout": 0}}


@pytest.mark.parametrize("way", BOTH_WAYS)
def test_the_whole_life(tmp_path: Path, ca: Pebble, web: Web, key: Path, way: str) -> None:
    site = Site(tmp_path, {"one": BOTH_WAYS[way]})
    authority = acme(ca, key, challenge=webroot(web))
    names = ["web.example.com", "www.example.com"]
    wanted = certificate("issue", authority=authority, dns_names=names)
    more = certificate("more names", authority=authority, dns_names=[*names, "shop.example.com"])
    other = certificate("other key", authority=authority, dns_names=[*names, "shop.example.com"], key={"type": "rsa"})
    before = orders(ca)
    tasks = [
        named("predict", wanted, check_mode=True),
        wanted,
        named("again", wanted),
        named("predict more", more, check_mode=True),
        more,
        other,
        certificate("gone", authority=authority, state="revoked", revoke_reason="superseded"),
    ]
    played = site.play(tasks)
    assert played.failures == []
    told = {result.task: (result.certificate["action"], result.codes, result.changed) for result in played.results}
    assert told["predict"] == ("issued", ["missing"], True)
    assert told["issue"] == ("issued", ["missing"], True)
    assert told["again"] == ("none", [], False)
    assert told["predict more"] == told["more names"] == ("renewed", ["names_differ"], True)
    assert told["other key"] == ("renewed", ["key_type_differs"], True)
    assert told["gone"][0] == "revoked"
    assert orders(ca) - before == 3
    assert web.left == []
    last = played["other key"].certificate
    assert last["warnings"] == []
    assert ca.certificate_status(last["serial_number"]) == "Revoked"
    assert key.stat().st_mode & 0o777 == 0o600
    assert key.read_text() not in played.output


def test_renewal_by_age(tmp_path: Path, web: Web, key: Path) -> None:
    """Certificates of twelve seconds are renewed at half of that, and not before."""
    site = Site(tmp_path)
    with Pebble(tmp_path / "ca", http_port=web.port, lifetime=12) as own:
        wanted = certificate("issue", authority=acme(own, key, challenge=webroot(web)))
        wait = {"name": "wait", "ansible.builtin.pause": {"seconds": 7}}
        played = site.play([wanted, named("early", wanted), wait, named("due", wanted), named("again", wanted)])
        assert played.failures == []
        assert (played["early"].changed, played["again"].changed) == (False, False)
        assert (played["due"].certificate["action"], played["due"].codes) == ("renewed", ["expiring"])
        assert played["due"].certificate["replaced"]["serial_number"] == played["issue"].certificate["serial_number"]
        assert orders(own) == 2


def test_many_certificates_on_many_hosts(tmp_path: Path, ca: Pebble, web: Web, key: Path) -> None:
    """Two hundred certificates, one account, no order placed twice, and nothing at all in the second run."""
    site = Site(tmp_path, {f"host{number}": BOTH_WAYS["stdin"] for number in range(20)})
    authority = acme(ca, key, challenge=webroot(web))
    items = [
        {"name": f"web{number}", "dns_names": [f"{{{{ inventory_hostname }}}}-{number}.example.com"]}
        for number in range(10)
    ]
    wanted = certificates("issue", *items, authority=authority)
    placed, accounts = orders(ca), ca.created("newAccount")
    played = site.play([wanted], forks=10)
    assert played.failures == []
    assert orders(ca) - placed == 200
    assert ca.created("newAccount") - accounts == 1
    assert web.left == []
    asked = len(ca.requests())
    again = site.play([wanted], forks=10)
    assert {counts["changed"] for counts in again.recap.values()} == {0}
    assert len(ca.requests()) == asked


def test_ten_names_and_authorizations_used_again(tmp_path: Path, web: Web, key: Path) -> None:
    """A CA that remembers authorizations asks for no challenge, and the run takes one execution less."""
    site = Site(tmp_path)
    with Pebble(tmp_path / "ca", http_port=web.port, authz_reuse=100, nonce_reject=20) as own:
        authority = acme(own, key, challenge=webroot(web))
        names = [f"{letter}.example.com" for letter in "abcdefghij"]
        wanted = certificate("issue", authority=authority, dns_names=names)
        played = site.play(
            [wanted, named("again", wanted), certificate("forced", authority=authority, dns_names=names, force=True)]
        )
        assert played.failures == []
        assert played["issue"].certificate["dns_names"] == names
        assert not played["again"].changed
        assert orders(own) == 2
        assert web.left == []


def test_wildcard_over_dns(tmp_path: Path, ca: Pebble, key: Path) -> None:
    site = Site(tmp_path)
    wanted = certificate(
        "issue",
        authority=acme(ca, key, challenge=dns_hook(ca, site)),
        dns_names=["*.wild.example.com", "wild.example.com"],
    )
    played = site.play([wanted, named("again", wanted)])
    assert played.failures == []
    assert played["issue"].certificate["dns_names"] == ["*.wild.example.com", "wild.example.com"]
    assert not played["again"].changed
    log = (site.directory / "hook.log").read_text().splitlines()
    assert sorted(line.split()[0] for line in log) == ["cleanup", "cleanup", "present", "present"]
    assert {line.split()[1] for line in log} == {"wild.example.com"}


def test_external_account_binding(tmp_path: Path, web: Web, key: Path) -> None:
    mac = new_eab_key()
    site = Site(tmp_path)
    with Pebble(tmp_path / "ca", http_port=web.port, eab_keys={"kid-1": mac}) as own:
        usual = acme(own, key, challenge=webroot(web))
        bound = acme(own, key, challenge=webroot(web), eab={"kid": "kid-1", "hmac_key": mac})
        wrong = acme(own, key, challenge=webroot(web), eab={"kid": "kid-1", "hmac_key": new_eab_key()})
        tasks = [
            certificate("without", authority=usual),
            certificate("wrong", authority=wrong),
            certificate("with", authority=bound),
        ]
        played = site.play(tasks, verbosity=4)
        assert played["without"].result["error"]["kind"] == "misconfigured"
        assert "eab" in played["without"].result["msg"]
        assert played["wrong"].failed
        assert played["with"].certificate["status"] == "issued"
        assert mac not in played.output


def test_standalone_with_the_service_stopped_around_it(tmp_path: Path, key: Path) -> None:
    """The port belongs to a service, which is stopped as long as the CA looks, and runs again afterwards."""
    site = Site(tmp_path)
    with web_server(tmp_path / "other") as free:
        port = free.port
    log = tmp_path / "service.log"
    with Pebble(tmp_path / "ca", http_port=port) as own:
        standalone = {
            "port": port,
            "address": "127.0.0.1",
            "stop_command": ["sh", "-c", f"echo stop >> {log}"],
            "start_command": ["sh", "-c", f"echo start >> {log}"],
        }
        authority = acme(own, key, challenge={"http_01": {"standalone": standalone}})
        played = site.play([certificates("issue", {"name": "a"}, {"name": "b"}, authority=authority)])
        assert played.failures == []
        assert log.read_text().split() == ["stop", "start"]


def test_shown_by_another_host(tmp_path: Path, ca: Pebble, web: Web, key: Path) -> None:
    """A load balancer answers for the names; the certificate and its key are on the host behind it."""
    site = Site(tmp_path, {"one": BOTH_WAYS["stdin"], "two": BOTH_WAYS["module"], "balancer": BOTH_WAYS["stdin"]})
    authority = acme(ca, key, challenge=webroot(web, host="balancer"))
    played = site.play([certificate("issue", authority=authority, dns_names=["{{ inventory_hostname }}.example.com"])])
    assert played.failures == []
    assert web.left == []
    nowhere = acme(ca, key, challenge=webroot(web, host="nowhere"))
    played = site.play([certificate("lost", authority=nowhere, dns_names=["lost.example.com"])])
    assert {result.result["error"]["kind"] for result in played.results} == {"misconfigured"}
    assert "nowhere" in played.results[0].result["msg"]


class TestOperations:
    def test_request_and_revoke(self, tmp_path: Path, ca: Pebble, web: Web, key: Path) -> None:
        site = Site(tmp_path)
        authority = acme(ca, key, challenge=webroot(web))
        key_options = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout k.pem"
        csr = f"openssl req -new {key_options} -subj / -addext subjectAltName=DNS:op.example.com -out r.csr"
        tasks = [
            shell("csr", csr),
            operation("request", "certificate_request", authority, csr_path="{{ place }}/r.csr"),
            operation("status", "certificate_status", authority, request_id="{{ requested.certificate.request_id }}"),
            operation(
                "retrieve", "certificate_retrieve", authority, request_id="{{ requested.certificate.request_id }}"
            ),
            operation("revoke", "certificate_revoke", authority, certificate="{{ requested.certificate_pem }}"),
            operation("twice", "certificate_revoke", authority, certificate="{{ requested.certificate_pem }}"),
            operation("info", "authority_info", authority),
        ]
        tasks[1]["register"] = "requested"
        played = site.play(tasks)
        assert played.failures == []
        assert played["request"].certificate["status"] == "issued"
        assert played["status"].certificate["serial_number"] == played["request"].certificate["serial_number"]
        assert played["retrieve"].result["fullchain_pem"].startswith("-----BEGIN CERTIFICATE-----")
        assert (played["revoke"].changed, played["twice"].changed) == (True, False)
        assert played["info"].result["authority_info"]["details"]["terms_of_service"].startswith("data:")
        assert web.left == []

    @pytest.mark.parametrize("kind", [{"type": "ecdsa"}, {"type": "rsa"}, {"type": "ecdsa", "curve": "P-384"}])
    def test_revoke_by_the_certificates_own_key(
        self, tmp_path: Path, ca: Pebble, web: Web, key: Path, kind: t.Dict[str, t.Any]
    ) -> None:
        """The account that ordered is lost; the key signs on its host and never leaves it."""
        site = Site(tmp_path)
        usual = acme(ca, key, challenge=webroot(web))
        stranger = acme(ca, tmp_path / "stranger.pem", challenge=webroot(web))
        issue: Task = certificate("issue", authority=usual, key=kind)
        revoke = operation(
            "revoke", "certificate_revoke", stranger, path="{{ place }}/web/cert.pem", reason="key_compromise"
        )
        signed = named("signed", revoke)
        signed["certfleet.pki.certificate_revoke"] = {
            **revoke["certfleet.pki.certificate_revoke"],
            "private_key_path": "{{ place }}/web/privkey.pem",
        }
        played = site.play([issue, revoke, signed])
        assert (played["revoke"].result["error"]["kind"], played["signed"].changed) == ("unauthorized", True)
        assert ca.certificate_status(played["issue"].certificate["serial_number"]) == "Revoked"
        again = certificate("again", authority=usual, key=kind, force=True)
        gone = site.play([again, certificate("gone", authority=stranger, state="revoked")])
        assert gone.failures == []
        assert gone["gone"].certificate["action"] == "revoked"


def leaf(played: Played, task: str) -> t.Any:
    """Return the facts of the certificate in a task's result."""
    return read_certificate(played[task].result["certificate_pem"])
