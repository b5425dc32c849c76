# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The authority `sectigo` against a simulated Sectigo Certificate Manager."""

from __future__ import annotations

import dataclasses
import typing as t
from datetime import timedelta

import pytest

pytest.register_assert_rewrite("ansible_collections.certfleet.pki.tests.support.authority_contract")

from ansible_collections.certfleet.pki.plugins.module_utils._authorities.sectigo import SectigoAuthority
from ansible_collections.certfleet.pki.plugins.module_utils._errors import (
    BadCertificate,
    Misconfigured,
    NotFound,
    PkiError,
    PolicyViolation,
    Rejected,
    Unauthorized,
    Unavailable,
)
from ansible_collections.certfleet.pki.plugins.module_utils._fit import check_answer
from ansible_collections.certfleet.pki.plugins.module_utils._model import CertificateReference, Issued, Pending
from ansible_collections.certfleet.pki.tests.support.authority_contract import (
    AuthorityContract,
    make_order,
    read,
    same_key,
    serial_of,
)
from ansible_collections.certfleet.pki.tests.support.certificates import make_key
from ansible_collections.certfleet.pki.tests.support.sectigo_simulator import SectigoSimulator

DAY = 86400
ENROL, RENEW, COLLECT = "/enroll", "/renewById", "/collect"


@pytest.fixture
def ca(tmp_path):
    with SectigoSimulator(tmp_path) as ca:
        yield ca


def opened(ca: SectigoSimulator, **options: t.Any) -> SectigoAuthority:
    return SectigoAuthority(ca.options(**options))


def failure(kind: type[PkiError], call: t.Callable[[], object]) -> PkiError:
    """Return the error of a call, which must be of one kind and in one sentence."""
    with pytest.raises(kind) as caught:
        call()
    error = caught.value
    assert error.kind == kind.kind and error.authority == "sectigo"
    AuthorityContract.is_one_sentence(error)
    return error


def said(error: PkiError) -> str:
    return f"{error!r} {error} {error.as_dict()}"


def reference(answer: t.Union[Issued, Pending]) -> CertificateReference:
    return CertificateReference(request_id=answer.request_id)


def sent(ca: SectigoSimulator, path: str) -> t.List[t.Any]:
    return [call.json for call in ca.calls if path in call.path and call.method == "POST"]


class TestContract(AuthorityContract):
    LIFETIME = 90 * DAY
    TIMEOUT = 4

    @pytest.fixture
    def authority(self, ca):
        opened(ca).request(make_order())  # Sectigo tells its CAs with a certificate only
        return opened(ca)

    @pytest.fixture
    def same_authority(self, ca):
        return opened(ca)

    @pytest.fixture
    def pending_authority(self, ca):
        ca.approval = True
        authority = opened(ca)
        authority.simulator = ca
        return authority

    @pytest.fixture
    def unavailable_authority(self, ca):
        return opened(ca, url="https://127.0.0.1:1", timeout=3)

    def approve(self, authority, request_id):
        authority.simulator.approve(int(request_id))

    def deny(self, authority, request_id, reason):
        authority.simulator.deny(int(request_id), reason)

    # Sectigo's API has no field for why an order was declined, hands out nothing that is revoked, and has days, not
    # times: these tests of the contract are told again here with what can be known.

    def test_pending_then_denied(self, pending_authority):
        pending = pending_authority.request(self.make_order())
        self.deny(pending_authority, pending.request_id, "")
        error = failure(Rejected, lambda: pending_authority.collect(pending.request_id))
        assert "Declined" in error.message

    def test_status_follows_a_pending_request(self, pending_authority):
        first, second = (pending_authority.request(self.make_order()) for _number in range(2))
        assert pending_authority.status(reference(first)).status == "pending"
        self.approve(pending_authority, first.request_id)
        self.deny(pending_authority, second.request_id, "")
        assert pending_authority.status(reference(first)).status == "issued"
        denied = pending_authority.status(reference(second))
        assert denied.status == "rejected" and "Declined" in denied.detail

    def test_revoke_by_any_reference(self, authority, same_authority):
        for number in range(3):
            fresh = authority.request(self.make_order())
            assert authority.revoke(self.references(fresh)[number], reason="superseded") is True
            status = same_authority.status(self.references(fresh)[number])
            assert (status.status, status.revocation_reason) == ("revoked", "superseded")
            assert timedelta(0) <= authority.context.clock() - status.revoked_at < timedelta(days=1, minutes=1)


class TestLogin:
    def test_headers(self, ca):
        opened(ca).request(make_order())
        (call,) = (call for call in ca.calls if call.path.endswith(ENROL))
        assert call.path == "/api/ssl/v1/enroll"
        assert (call.headers["login"], call.headers["customerUri"]) == ("ansible", "example")
        assert "Authorization" not in call.headers

    def test_client_certificate(self, ca):
        assert isinstance(opened(ca, auth=ca.cert()).request(make_order()), Issued)
        assert ca.count("^/private/api/ssl/v1/enroll") == 1

    def test_oauth(self, ca):
        authority = opened(ca, auth=ca.oauth())
        for _number in range(2):
            assert isinstance(authority.request(make_order()), Issued)
        assert ca.logins == 1 and all("login" not in call.headers for call in ca.calls)

    def test_token_that_expires_midway_is_renewed_once(self, ca):
        authority = opened(ca, auth=ca.oauth())
        authority.request(make_order())
        ca.expire_tokens()
        assert isinstance(authority.request(make_order()), Issued)
        assert ca.logins == 2 and len(ca.orders) == 2

    def test_wrong_password(self, ca):
        login = {"login": "ansible", "customer_uri": "example", "password": "not-the-password-of-anybody"}
        error = failure(Unauthorized, lambda: opened(ca, auth={"password": login}).request(make_order()))
        assert "Unknown user ***" in error.message and "not-the-password" not in said(error)
        assert error.http_status == 401

    @pytest.mark.parametrize(
        ("auth", "url"),
        [
            ({"password": {"login": "x"}}, "https://cert-manager.com/api"),
            ({"cert": {"certificate": "x", "private_key": "x"}}, "https://cert-manager.com/private/api"),
            ({"oauth": {"client_id": "x"}}, "https://admin.enterprise.sectigo.com/api"),
        ],
    )
    def test_usual_addresses(self, auth, url):
        options = {"auth": auth, "organization_id": 1, "profile": "2"}
        assert SectigoAuthority(options).identity == f"sectigo:{url}/1/2"


class TestOrder:
    def test_what_is_sent(self, ca):
        ca.mandatory = ["Cost centre"]
        options = {
            "comments": "by the web team",
            "external_requesters": ["a@example.com", "b@example.com"],
            "custom_fields": {"Cost centre": 42},
            "dcv_mode": "EMAIL",
            "dcv_email": "admin@example.com",
        }
        order = make_order(dns=("www.example.com", "api.example.com"), ip=("192.0.2.1",))
        opened(ca, **options).request(order)
        (body,) = sent(ca, ENROL)
        assert body.pop("csr") == order.csr_pem
        assert body.pop("comments").startswith("by the web team [certfleet ")
        assert body == {
            "orgId": 4711,
            "certType": 9842,
            "term": 90,
            "subjAltNames": "api.example.com,www.example.com,192.0.2.1",
            "externalRequester": "a@example.com, b@example.com",
            "customFields": [{"name": "Cost centre", "value": "42"}],
            "dcvMode": "EMAIL",
            "dcvEmail": "admin@example.com",
        }

    def test_profile_by_name_and_longest_term(self, ca):
        opened(ca, profile="Example OV", term=None).request(make_order())
        (body,) = sent(ca, ENROL)
        assert (body["certType"], body["term"]) == (9842, 365)

    def test_lifetime_wins_over_term(self, ca):
        opened(ca).request(make_order(lifetime=199 * DAY))
        assert sent(ca, ENROL)[0]["term"] == 199

    @pytest.mark.parametrize("lifetime", [60 * DAY, 90 * DAY + 1])
    def test_lifetime_that_is_no_term(self, ca, lifetime):
        failure(Misconfigured, lambda: opened(ca).request(make_order(lifetime=lifetime)))
        assert not ca.orders

    def test_key_that_is_not_allowed(self, ca):
        order = make_order(key=make_key("ecdsa-p521"))
        error = failure(PolicyViolation, lambda: opened(ca).request(order))
        assert "rsa 2048" in error.message and not ca.orders

    def test_domain_that_is_not_allowed(self, ca):
        ca.forbidden = ("www.example.com",)
        failure(PolicyViolation, lambda: opened(ca).request(make_order()))

    def test_mail_address_is_refused_before_it_is_sent(self, ca):
        order = make_order()
        order = dataclasses.replace(order, names=dataclasses.replace(order.names, email=("a@example.com",)))
        failure(PolicyViolation, lambda: opened(ca).request(order))
        assert not ca.orders

    def test_order_is_pending_until_it_can_be_collected(self, ca):
        ca.not_ready = 4
        authority = opened(ca)
        pending = authority.request(make_order())
        assert isinstance(pending, Pending)
        for _number in range(2):  # with the first one and the status: each way of saying it
            assert isinstance(authority.collect(pending.request_id), Pending)
        assert authority.status(reference(pending)).status == "pending"
        assert isinstance(authority.collect(pending.request_id), Issued)
        assert len(ca.orders) == 1

    def test_pending_tells_the_state_of_the_validation(self, ca):
        ca.approval = True
        pending = opened(ca, dcv_mode="TXT").request(make_order())
        assert (
            pending.detail
            == "Sectigo's order 1000 is Requested; domain validation: www.example.com TXT Awaiting Validation"
        )

    def test_validation_can_not_be_read(self, ca):
        ca.approval = True
        ca.fail(status=404, path="/dcv", body={"code": -5101, "description": "not found"})
        assert opened(ca).request(make_order()).detail == "Sectigo's order 1000 is Requested"


class TestRenewal:
    def renewed(self, ca, **options: t.Any):
        first = opened(ca).request(make_order())
        renewal = dataclasses.replace(make_order(**options), replaces=first.certificate_pem)
        return first, renewal, opened(ca).request(renewal)

    def test_is_linked_to_the_old_order(self, ca):
        first, renewal, second = self.renewed(ca)
        assert same_key(read(second.certificate_pem), renewal.csr_pem)
        assert ca.orders[int(second.request_id)].follows == int(first.request_id)
        assert sent(ca, RENEW) == [{"csr": renewal.csr_pem}]

    @pytest.mark.parametrize("options", [{"dns": ("www.example.com", "new.example.com")}, {"lifetime": 199 * DAY}])
    def test_other_names_or_term_are_a_new_order(self, ca, options):
        self.renewed(ca, **options)
        assert ca.count(RENEW) == 0 and ca.count(ENROL) == 2

    def test_profile_without_renewal(self, ca):
        ca.renewable = False
        _first, _renewal, second = self.renewed(ca)
        assert isinstance(second, Issued) and ca.count(ENROL) == 2

    def test_what_came_from_elsewhere_is_enrolled(self, ca):
        elsewhere = ca.ca.issue(["www.example.com"], common_name="www.example.com").pem
        opened(ca).request(dataclasses.replace(make_order(), replaces=elsewhere))
        assert ca.count(RENEW) == 0 and ca.count(ENROL) == 1

    @pytest.mark.parametrize("approval", [True, False])
    def test_lost_answer_is_found_again(self, ca, approval):
        order = make_order()
        first = opened(ca).request(order)
        renewal = dataclasses.replace(order, replaces=first.certificate_pem)  # with the same key
        assert opened(ca).find_request(renewal) is None
        ca.approval = approval
        ca.drop(before=False, path=RENEW)
        failure(Unavailable, lambda: opened(ca).request(renewal))
        found = opened(ca).find_request(renewal)
        assert isinstance(found, Pending if approval else Issued)
        assert found.request_id == "1001" and ca.count(RENEW) == 1

    def test_order_of_somebody_else_is_not_taken_over(self, ca):
        ca.approval = True
        opened(ca).request(make_order())
        ca.orders[1000].comments = "made in the web interface"
        elsewhere = ca.ca.issue(["www.example.com"], common_name="www.example.com").pem
        assert opened(ca).find_request(dataclasses.replace(make_order(), replaces=elsewhere)) is None


class TestFaults:
    def test_rate_limit_is_waited_for(self, ca):
        ca.fail(status=429, path=ENROL, headers={"Retry-After": "1"})
        assert isinstance(opened(ca).request(make_order()), Issued)
        assert ca.count(ENROL) == 2 and len(ca.orders) == 1

    @pytest.mark.parametrize("status", [500, 502, 503])
    def test_failing_order_is_not_repeated(self, ca, status):
        ca.fail(status=status, path=ENROL, times=9)
        failure(Unavailable, lambda: opened(ca).request(make_order()))
        assert ca.count(ENROL) == 1

    def test_slow(self, ca):
        ca.slow(5, path=ENROL)
        failure(Unavailable, lambda: opened(ca, timeout=1).request(make_order()))

    @pytest.mark.parametrize("approval", [True, False])
    def test_lost_answer_is_found_again(self, ca, approval):
        ca.approval = approval
        opened(ca).request(make_order())
        order = make_order()
        ca.drop(before=False, path=ENROL)
        failure(Unavailable, lambda: opened(ca).request(order))
        found = opened(ca).find_request(order)
        assert isinstance(found, Pending if approval else Issued) and found.request_id == "1001"
        assert ca.count(ENROL) == 2

    @pytest.mark.parametrize("path", ["/ssl/v1/1000", COLLECT])
    def test_trouble_after_the_order_does_not_lose_its_id(self, ca, path):
        ca.fail(status=500, path=path, times=9)
        pending = opened(ca, retries=0).request(make_order())
        assert isinstance(pending, Pending) and pending.request_id == "1000"

    def test_real_failure_is_not_taken_for_pending(self, ca):
        issued = opened(ca).request(make_order())
        ca.fail(status=400, path=COLLECT, body={"code": -195, "description": "CA is unavailable"})
        failure(Unavailable, lambda: opened(ca).collect(issued.request_id))

    def test_revoked_is_not_collected(self, ca):
        authority = opened(ca)
        issued = authority.request(make_order())
        authority.revoke(reference(issued), reason="superseded")
        failure(Rejected, lambda: authority.collect(issued.request_id))

    def test_chain_in_wrong_order(self, ca):
        ca.shuffled = True
        order = make_order()
        issued = opened(ca).request(order)
        assert check_answer(issued, order, now=ca.now()).chain_pem == ca.ca.pem

    def test_wrong_certificate(self, ca):
        ca.wrong_certificate = True
        order = make_order()
        with pytest.raises(BadCertificate):
            check_answer(opened(ca).request(order), order, now=ca.now())

    @pytest.mark.parametrize("body", [None, "text", [], {"sslId": "7"}, {"sslId": True}])
    def test_nonsense(self, ca, body):
        ca.fail(status=200, path=ENROL, body=body)
        failure(BadCertificate, lambda: opened(ca).request(make_order()))

    def test_download_without_certificate(self, ca):
        issued = opened(ca).request(make_order())
        ca.fail(status=200, path=COLLECT, body=b"nothing")
        failure(BadCertificate, lambda: opened(ca).collect(issued.request_id))

    def test_wrong_address(self, ca):
        ca.fail(status=404, body="<html>")
        assert "correct url" in failure(Misconfigured, lambda: opened(ca).request(make_order())).message


class TestPolicy:
    def test_profile(self, ca):
        policy = opened(ca).policy()
        assert policy.max_lifetime == 365 * DAY
        assert policy.key_types == {"rsa": 2048, "ecdsa": 256}
        assert not ca.orders

    def test_unknown_profile(self, ca):
        error = failure(Misconfigured, lambda: opened(ca, profile="Nope").policy())
        assert "'Example OV' (9842)" in error.message

    def test_term_that_the_profile_has_not(self, ca):
        error = failure(Misconfigured, lambda: opened(ca, term=60).policy())
        assert "90, 199, 365 days" in error.message

    def test_mandatory_custom_field_is_missing(self, ca):
        ca.mandatory = ["Cost centre"]
        error = failure(Misconfigured, lambda: opened(ca).policy())
        assert "Cost centre" in error.message

    def test_can_not_be_read(self, ca):
        ca.may_read_types = False
        assert opened(ca).policy() is None
        assert isinstance(opened(ca).request(make_order()), Issued)
        failure(Misconfigured, lambda: opened(ca, term=None).request(make_order()))
        failure(Unauthorized, lambda: opened(ca, profile="Example OV").policy())


class TestRevocation:
    @pytest.mark.parametrize(("way", "code"), [("password", 1), ("oauth", "1")])
    def test_reason_is_what_each_api_wants(self, ca, way, code):
        authority = opened(ca, **({"auth": ca.oauth()} if way == "oauth" else {}))
        issued = authority.request(make_order())
        authority.revoke(reference(issued), reason="key_compromise")
        assert sent(ca, "/revoke") == [{"reasonCode": code, "reason": "key compromise"}]
        status = authority.status(reference(issued))
        assert status.revocation_reason == "key_compromise" and status.revoked_at is not None

    def test_reason_that_sectigo_has_not(self, ca):
        issued = opened(ca).request(make_order())
        failure(Misconfigured, lambda: opened(ca).revoke(reference(issued), reason="certificate_hold"))

    def test_pending_order_has_nothing_to_revoke(self, ca):
        ca.approval = True
        pending = opened(ca).request(make_order())
        failure(NotFound, lambda: opened(ca).revoke(reference(pending), reason="superseded"))

    def test_another_certificate_with_the_serial_number(self, ca):
        issued = opened(ca).request(make_order())
        number = int(serial_of(issued.certificate_pem), 16)
        other = ca.ca.issue(["www.example.com"], serial_number=number).pem
        failure(NotFound, lambda: opened(ca).status(CertificateReference(certificate_pem=other)))


def test_cancelling_what_sectigo_has_begun_is_no_error(ca):
    ca.approval = True
    pending = opened(ca).request(make_order())
    ca.fail(status=400, path="/decline", body={"code": -104, "description": "Only requested ones can be declined"})
    opened(ca).cancel(pending.request_id)
    assert isinstance(opened(ca).collect(pending.request_id), Pending)


def test_pages_are_read_one_by_one(ca, monkeypatch):
    monkeypatch.setattr("ansible_collections.certfleet.pki.plugins.module_utils._authorities.sectigo._PAGE", 2)
    for _number in range(5):
        opened(ca).request(make_order())
    listed = opened(ca).list_certificates()
    assert next(listed).status == "issued"
    assert ca.count("/ssl/v1$") == 1
    assert len(list(listed)) == 4 and ca.count("/ssl/v1$") == 3
