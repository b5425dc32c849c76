# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The single operations over a CA in memory."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.certfleet.pki.plugins.module_utils._errors import (
    BadCertificate,
    Misconfigured,
    NotFound,
    PkiError,
    PolicyViolation,
    Rejected,
    Unavailable,
)
from ansible_collections.certfleet.pki.plugins.module_utils._operation import failed, run
from ansible_collections.certfleet.pki.plugins.module_utils._operations import Call, Result
from ansible_collections.certfleet.pki.plugins.module_utils._policy import Policy, parse_policy
from ansible_collections.certfleet.pki.plugins.module_utils._x509 import read_certificate
from tests.support.certificates import make_csr
from tests.support.fake_authority import FakeAuthority
from tests.support.flowing import Clock

DEFAULTS = {"wait": False, "wait_timeout": 1, "reason": "unspecified", "return_private_key": False}
PEM = ("certificate_pem", "chain_pem", "fullchain_pem", "ca_pem")


class Office:
    def __init__(self) -> None:
        self.clock = Clock()
        self.authority = FakeAuthority(self.clock)
        self.csr = make_csr(["www.example.com"], common_name="www.example.com").pem

    def call(self, name: str, *, check: bool = False, policies: t.Any = (), **parameters: t.Any) -> Result:
        return run(
            f"certificate_{name}" if name != "info" else "authority_info",
            Call(self.authority, {**DEFAULTS, **parameters}, tuple(policies), check, self.clock),
        )

    def request(self, **parameters: t.Any) -> Result:
        return self.call("request", csr=self.csr, **parameters)


@pytest.fixture
def office() -> Office:
    return Office()


def test_request_returns_the_certificate_with_its_chain_in_order(office: Office) -> None:
    result = office.request()
    certificate = result["certificate"]
    assert (result["changed"], certificate["action"], certificate["status"]) == (True, "issued", "issued")
    assert read_certificate(result["certificate_pem"]).serial_number == certificate["serial_number"]
    assert result["fullchain_pem"] == result["certificate_pem"] + result["chain_pem"]
    assert result["chain_pem"] == office.authority.issuer.pem and result["ca_pem"] == office.authority.root.pem
    assert {field: certificate[field] for field in PEM} == {field: result[field] for field in PEM}


def test_request_in_check_mode_sends_nothing(office: Office) -> None:
    result = office.request(check=True)
    assert result["changed"] is True and office.authority.orders == []
    assert {result[field] for field in PEM} == {None}
    assert result["certificate"]["dns_names"] == ["www.example.com"]


@pytest.mark.parametrize("check", [True, False])
def test_request_keeps_to_the_policy_of_the_csr_itself(office: Office, check: bool) -> None:
    policy = parse_policy({"allowed_domains": ["*.example.org"]}, source="test")
    with pytest.raises(PolicyViolation, match=r"www\.example\.com"):
        office.request(policies=[policy], check=check)
    office.authority.own_policy = Policy(source="the CA", max_lifetime=3600, restrictive=False)
    with pytest.raises(Misconfigured, match="lifetime"):
        office.request(lifetime="2h", check=check)
    assert office.authority.orders == []


def test_request_pends_then_status_then_retrieve(office: Office) -> None:
    office.authority.manual = True
    request_id = office.request()["certificate"]["request_id"]
    status = office.call("status", request_id=request_id)
    assert (status["certificate"]["status"], status["certificate_pem"]) == ("pending", None)
    assert office.call("retrieve", request_id=request_id)["certificate"]["status"] == "pending"
    office.authority.approve(request_id)
    result = office.call("retrieve", request_id=request_id)
    assert (result["changed"], result["certificate"]["status"]) == (False, "issued")
    assert result["certificate"]["request_id"] == request_id and result["fullchain_pem"]


def test_a_denied_request(office: Office) -> None:
    office.authority.manual = True
    request_id = office.request()["certificate"]["request_id"]
    office.authority.deny(request_id, "no budget")
    assert office.call("status", request_id=request_id)["certificate"]["status"] == "rejected"
    with pytest.raises(Rejected):
        office.call("retrieve", request_id=request_id)


def test_a_key_in_memory_is_returned_with_what_was_issued(office: Office) -> None:
    result = office.call("request", key={"type": "ecdsa"}, dns_names=["a.example.com"], return_private_key=True)
    assert "PRIVATE KEY" in result["private_key_pem"]
    assert result["certificate"]["dns_names"] == ["a.example.com"]


def test_a_key_in_memory_needs_consent_and_can_t_wait(office: Office) -> None:
    key = {"key": {"type": "ecdsa"}, "dns_names": ["a.example.com"]}
    with pytest.raises(Misconfigured, match="return_private_key"):
        office.call("request", **key)
    office.authority.manual = True
    with pytest.raises(Misconfigured, match="can't wait"):
        office.call("request", **key, return_private_key=True)
    assert len(office.authority.cancelled) == 1


def test_names_go_with_a_key_only(office: Office) -> None:
    with pytest.raises(Misconfigured, match="dns_names goes with key"):
        office.request(dns_names=["a.example.com"])


def test_a_csr_with_a_wrong_signature_is_never_sent(office: Office) -> None:
    lines = office.csr.splitlines()
    lines[-2] = lines[-2][::-1] if lines[-2][::-1] != lines[-2] else "AAAA"
    with pytest.raises(PkiError):
        office.call("request", csr="\n".join(lines))
    assert office.authority.orders == []


@pytest.mark.parametrize("check", [True, False])
def test_revoke_twice_is_not_changed(office: Office, check: bool) -> None:
    pem = office.request()["certificate_pem"]
    first = office.call("revoke", certificate=pem, check=check)
    assert (first["changed"], first["certificate"]["action"], first["certificate"]["status"]) == (
        True,
        "revoked",
        "revoked",
    )
    assert bool(office.authority.revoked) is not check
    office.call("revoke", certificate=pem)
    again = office.call("revoke", certificate=pem, check=check)
    assert (again["changed"], again["certificate"]["action"]) == (False, "none")
    assert office.call("status", certificate=pem)["certificate"]["status"] == "revoked"


def test_a_status_that_can_t_be_read_does_not_undo_a_revocation(office: Office, monkeypatch: t.Any) -> None:
    pem = office.request()["certificate_pem"]
    revoke = office.authority.revoke

    def then_away(*args: t.Any, **options: t.Any) -> bool:
        done = revoke(*args, **options)
        office.authority.error = Unavailable("down")
        return done

    monkeypatch.setattr(office.authority, "revoke", then_away)
    result = office.call("revoke", certificate=pem)
    assert (result["changed"], result["certificate"]["status"]) == (True, "revoked")


def test_a_bad_answer_tells_which_request_it_was(office: Office) -> None:
    office.authority.alter = lambda order: {"csr": make_csr(["www.example.com"]).pem}
    with pytest.raises(BadCertificate) as caught:
        office.request()
    assert failed("certificate_request", caught.value, {})["certificate"]["request_id"] == caught.value.request_id
    assert caught.value.request_id


def test_info_tells_abilities_and_policy_in_one_form(office: Office) -> None:
    office.authority.own_policy = Policy(source="the CA", key_types={"rsa": 2048}, restrictive=False)
    info = office.call("info")["authority_info"]
    assert info["type"] == "fake" and "revoke" in info["abilities"] and "list" not in info["abilities"]
    assert info["policy"]["key_types"] == {"rsa": 2048}
    assert parse_policy(info["policy"], source="again", restrictive=False).key_types == {"rsa": 2048}


def test_what_names_no_certificate_is_refused(office: Office) -> None:
    with pytest.raises(BadCertificate):
        office.call("status", certificate="nothing in here")
    with pytest.raises(Misconfigured):
        office.call("status", serial_number="xyz")
    with pytest.raises(NotFound):
        office.call("retrieve", request_id="unknown")


def test_errors_name_the_authority_and_failures_have_all_fields(office: Office) -> None:
    good = office.request()
    office.authority.error = Unavailable("The CA is down; try again.", http_status=503)
    with pytest.raises(Unavailable) as caught:
        office.request()
    result = failed("certificate_request", caught.value, {})
    assert set(result["certificate"]) == set(good["certificate"])
    assert result["error"] == {
        "kind": "unavailable",
        "authority": "fake",
        "detail": "The CA is down; try again.",
        "retryable": True,
        "http_status": 503,
    }
