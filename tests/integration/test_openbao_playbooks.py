# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Plays on the embedded CA and on a real OpenBao: the CA is one variable, and nothing else changes."""

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest
from cryptography import x509

from ansible_collections.certfleet.pki.tests.support.openbao import OpenBao
from ansible_collections.certfleet.pki.tests.support.openbao_plays import (
    SIGN,
    asked,
    asked_between,
    call,
    mark,
    operation,
    vault,
)
from ansible_collections.certfleet.pki.tests.support.playbook import Fleet
from ansible_collections.certfleet.pki.tests.support.playbooks import Played, Site
from ansible_collections.certfleet.pki.tests.support.tasks import (
    LOCAL,
    certificate,
    certificates,
    local,
    named,
)

CA = "{{ pki_authority }}"
TWO_NAMES = {"dns_names": ["web.example.com", "www.example.com"]}
CERTIFICATE = {"path": "{{ place }}/web/cert.pem"}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[OpenBao]:
    with OpenBao(tmp_path_factory.mktemp("openbao")) as server:
        yield server


class TestOneVariable:
    """The same tasks, word for word, on either CA."""

    TASKS: t.ClassVar = [
        named("issue: check", certificate("", authority=CA), check_mode=True),
        named("issue", certificate("", authority=CA), register="first"),
        certificate("issue: again", authority=CA),
        operation("status", "certificate_status", CA, **CERTIFICATE),
        operation("status by request", "certificate_status", CA, request_id="{{ first.certificate.request_id }}"),
        operation("retrieve", "certificate_retrieve", CA, request_id="{{ first.certificate.request_id }}"),
        operation(
            "retrieve by serial", "certificate_retrieve", CA, serial_number="{{ first.certificate.serial_number }}"
        ),
        named("renew: check", certificate("", authority=CA, **TWO_NAMES), check_mode=True),
        certificate("renew", authority=CA, **TWO_NAMES),
        certificate("renew: again", authority=CA, **TWO_NAMES),
        named("revoke: check", operation("", "certificate_revoke", CA, **CERTIFICATE), check_mode=True),
        operation("status: unrevoked", "certificate_status", CA, **CERTIFICATE),
        operation("revoke", "certificate_revoke", CA, reason="superseded", **CERTIFICATE),
        operation("revoke: again", "certificate_revoke", CA, **CERTIFICATE),
        operation("status: revoked", "certificate_status", CA, **CERTIFICATE),
        operation("status: the first", "certificate_status", CA, serial_number="{{ first.certificate.serial_number }}"),
        certificate("ask", authority=CA, check_revocation=True, **TWO_NAMES),
        certificate("ask: again", authority=CA, check_revocation=True, **TWO_NAMES),
        certificates("provision", {"name": "one"}, {"name": "two"}, authority=CA),
        certificates("provision: again", {"name": "one"}, {"name": "two"}, authority=CA),
        certificate("remove", authority=CA, state="revoked"),
        certificate("remove: again", authority=CA, state="revoked"),
        operation("info", "authority_info", CA),
    ]
    CHANGED: t.ClassVar = (
        *("issue: check", "issue", "renew: check", "renew", "revoke: check", "revoke", "ask", "provision", "remove"),
    )
    STATUS: t.ClassVar = {
        "status: revoked": "revoked",
        "revoke": "revoked",
        "revoke: check": "revoked",
        "revoke: again": "revoked",
        "remove": "revoked",
        "remove: again": "absent",
        "info": "unknown",
    }

    @pytest.fixture(scope="class")
    @classmethod
    def played(cls, server: OpenBao, tmp_path_factory: pytest.TempPathFactory) -> t.Dict[str, Played]:
        """Return what happened on each CA; nothing may have failed."""
        played = {}
        for name, ca in (("local", local()), ("vault", vault(server))):
            site = Site(tmp_path_factory.mktemp(name))
            played[name] = site.play(cls.TASKS, variables={"pki_authority": ca})
            assert played[name].failures == []
        return played

    @pytest.fixture(params=["local", "vault"])
    def story(self, played: t.Dict[str, Played], request: pytest.FixtureRequest) -> Played:
        return played[request.param]

    def test_what_changes(self, story: Played) -> None:
        assert [result.task for result in story.results if result.changed] == list(self.CHANGED)

    def test_status(self, story: Played) -> None:
        single = [result for result in story.results if "certificate" in result.result]
        told = {result.task: result.certificate["status"] for result in single}
        assert told == {**dict.fromkeys(told, "issued"), **self.STATUS}

    def test_why(self, story: Played) -> None:
        assert story["issue"].codes == ["missing"]
        assert story["renew: check"].codes == story["renew"].codes == ["names_differ"]
        assert story["ask"].codes == ["revoked"]
        assert story["issue"].certificate["action"] == "issued"
        assert story["renew"].certificate["action"] == story["ask"].certificate["action"] == "renewed"

    def test_what_is_retrieved_is_what_was_issued(self, story: Played) -> None:
        issued = story["issue"].certificate
        for task in ("status", "status by request", "retrieve", "retrieve by serial"):
            found = story[task].certificate
            assert found["fingerprint_sha256"] == issued["fingerprint_sha256"]
            assert found["dns_names"] == ["web.example.com"]
        chain = x509.load_pem_x509_certificates(story["retrieve"].result["fullchain_pem"].encode())
        assert len(chain) == 2
        chain[0].verify_directly_issued_by(chain[1])
        (root,) = x509.load_pem_x509_certificates(story["retrieve"].result["ca_pem"].encode())
        chain[1].verify_directly_issued_by(root)

    def test_only_the_named_certificate_is_revoked(self, story: Played) -> None:
        assert story["status: unrevoked"].certificate["serial_number"] == story["renew"].certificate["serial_number"]
        assert story["status: revoked"].certificate["serial_number"] == story["renew"].certificate["serial_number"]
        assert story["status: the first"].certificate["serial_number"] == story["issue"].certificate["serial_number"]

    def test_removed(self, story: Played) -> None:
        assert [path for path in story["remove"].disk if path.startswith("web")] == []

    def test_about_the_ca(self, story: Played) -> None:
        info = story["info"].result["authority_info"]
        assert {"revoke", "status", "policy", "chain"} <= set(info["abilities"])
        chain = x509.load_pem_x509_certificates(info["chain_pem"].encode())
        issued = x509.load_pem_x509_certificate(story["retrieve"].result["certificate_pem"].encode())
        issued.verify_directly_issued_by(chain[0])

    def test_both_tell_the_same_fields(self, played: t.Dict[str, Played]) -> None:
        one, other = (
            [(r.task, r.changed, r.result.get("certificate", {}).keys(), r.result.keys()) for r in story.results]
            for story in played.values()
        )
        assert one == other

    def test_no_private_key_travels(self, server: OpenBao, played: t.Dict[str, Played]) -> None:
        assert any("/sign/" in request for request in asked(server))
        assert not any("/issue/" in request for request in asked(server))


@pytest.mark.parametrize("name", ["embedded", "openbao"])
def test_the_collections_playbooks(server: OpenBao, tmp_path: Path, name: str) -> None:
    """Survey answers choose the CA; every second run changes nothing."""
    web = {"name": "web", "dns_names": ["web.example.com"], "directory": f"{tmp_path}/hosts/web"}
    authorities = {"embedded": {"local": {"path": f"{tmp_path}/ca", "create": True}}, "openbao": vault(server)}
    variables = {"pki_authorities": authorities, "pki_certificates": [web]}
    fleet = Fleet.create(tmp_path, hosts=["one"], variables=variables)

    def changed(playbook: str, **more: str) -> int:
        done = fleet.play(f"certfleet.pki.{playbook}", pki_authority_name=name, **more)
        assert done.returncode == 0, done.output
        return done.changed

    assert [changed("provision"), changed("provision")] == [1, 0]
    serial = x509.load_pem_x509_certificate((tmp_path / "hosts/web/cert.pem").read_bytes()).serial_number
    number = {"pki_serial_number": f"{serial:X}"}
    assert changed("retrieve", **number) == 0
    revoke = {"pki_hosts": "all", "pki_revoke_reason": "superseded", **number}
    assert [changed("revoke", **revoke), changed("revoke", **revoke)] == [1, 0]
    status = fleet.play("certfleet.pki.status", pki_authority_name=name, **number)
    assert '"status": "revoked"' in status.output


class TestAuthoritySwitched:
    """From the embedded CA to OpenBao: nothing until the next renewal, at once if asked."""

    @pytest.fixture(scope="class")
    @classmethod
    def story(cls, server: OpenBao, tmp_path_factory: pytest.TempPathFactory) -> Played:
        follow = {"authority": vault(server), "name": "follower", "follow_authority": True}
        there = {"authority": vault(server)}
        played = Site(tmp_path_factory.mktemp("switched")).play(
            [
                certificate("issue", authority=LOCAL),
                certificate("issue follower", authority=LOCAL, name="follower"),
                mark("before", server),
                named("switch: check", certificate("", **there), check_mode=True),
                certificate("switch", **there),
                mark("switched", server),
                named("follow: check", certificate("", **follow), check_mode=True),
                mark("predicted", server),
                certificate("follow", **follow),
                mark("followed", server),
                certificate("follow: again", **follow),
                certificate("back", **{**follow, "authority": LOCAL, "follow_authority": False}),
                mark("afterwards", server),
                certificate("renewal", **there, **TWO_NAMES),
                certificate("renewal: again", **there, **TWO_NAMES),
            ]
        )
        assert played.failures == []
        return played

    def test_nothing_until_the_next_renewal(self, server: OpenBao, story: Played) -> None:
        assert not story["switch: check"].changed
        assert not story["switch"].changed
        assert story["switch"].certificate["authority_id"].startswith("local:")
        assert asked_between(server, story, "before", "switched") == []
        assert story["renewal"].codes == ["names_differ"]
        assert story["renewal"].certificate["authority_id"] == f"vault:{server.url}/pki_int/web"
        assert not story["renewal: again"].changed

    def test_at_once_with_follow_authority(self, server: OpenBao, story: Played) -> None:
        assert story["follow: check"].codes == story["follow"].codes == ["issuer_differs"]
        assert SIGN not in asked_between(server, story, "switched", "predicted")
        assert asked_between(server, story, "predicted", "followed").count(SIGN) == 1
        assert story["follow"].certificate["issuer"] == "CN=Test Intermediate"
        assert not story["follow: again"].changed
        assert not story["back"].changed
        assert asked_between(server, story, "followed", "afterwards") == []


def test_a_new_intermediate_in_the_same_mount_changes_nothing(server: OpenBao, tmp_path: Path) -> None:
    there = {"authority": vault(server)}
    old = server.api("GET", "pki_int/config/issuers")["data"]["default"]
    new = server.add_intermediate("Another Intermediate")
    try:
        played = Site(tmp_path).play(
            [
                certificate("issue", **there),
                call("replace the intermediate", server, "pki_int/config/issuers", default=new),
                mark("before", server),
                certificate("again", **there),
                certificate("follow", **there, follow_authority=True),
                mark("after", server),
                certificate("next", **there, **TWO_NAMES),
            ]
        )
    finally:
        server.api("POST", "pki_int/config/issuers", {"default": old})
    assert played.failures == []
    assert not played["again"].changed
    assert not played["follow"].changed
    assert asked_between(server, played, "before", "after") == []
    assert played["next"].certificate["issuer"] == "CN=Another Intermediate"
