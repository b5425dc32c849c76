# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The authority `venafi_saas` against a simulated service."""

from __future__ import annotations

import dataclasses
import typing as t

import pytest

pytest.register_assert_rewrite("ansible_collections.certfleet.pki.tests.support.authority_contract")

from ansible_collections.certfleet.pki.plugins.module_utils._authorities.venafi_saas import VenafiSaasAuthority
from ansible_collections.certfleet.pki.plugins.module_utils._errors import (
    Misconfigured,
    PkiError,
    PolicyViolation,
    Rejected,
    Unauthorized,
    Unavailable,
)
from ansible_collections.certfleet.pki.plugins.module_utils._model import CertificateReference, Issued, Pending
from ansible_collections.certfleet.pki.plugins.module_utils._venafi_saas import _client, _template
from ansible_collections.certfleet.pki.tests.support.authority_contract import (
    AuthorityContract,
    make_order,
    read,
    same_key,
)
from ansible_collections.certfleet.pki.tests.support.failures import is_told_well
from ansible_collections.certfleet.pki.tests.support.openbao import free_port
from ansible_collections.certfleet.pki.tests.support.tasks import certificate
from ansible_collections.certfleet.pki.tests.support.venafi_saas import VenafiSaas


@pytest.fixture
def saas(tmp_path):
    with VenafiSaas(tmp_path / "saas") as saas:
        yield saas


def opened(saas: VenafiSaas, **options: t.Any) -> VenafiSaasAuthority:
    return VenafiSaasAuthority(saas.options(**options))


class TestContract(AuthorityContract):
    LIFETIME = 7200
    TIMEOUT = 4
    TELLS_REVOCATION_TIME = False

    @pytest.fixture
    def authority(self, saas):
        return opened(saas)

    @pytest.fixture
    def same_authority(self, saas):
        return opened(saas)

    @pytest.fixture
    def pending_authority(self, saas):
        saas.approval = True
        self.saas = saas
        return opened(saas)

    @pytest.fixture
    def unavailable_authority(self, saas):
        return opened(saas, url=f"https://127.0.0.1:{free_port()}", timeout=3)

    def test_pending_request_is_found_again(self, pending_authority):
        pytest.skip("the service has no search for requests that are open")

    def approve(self, authority, request_id):
        self.saas.approve(request_id)

    def deny(self, authority, request_id, reason):
        self.saas.deny(request_id, reason)


def failure(kind: type[PkiError], call: t.Callable[[], object], *, secret: str = "") -> PkiError:
    """Return the error of a call, which must be of one kind, in one sentence, and not hold the secret."""
    with pytest.raises(kind) as caught:
        call()
    error = caught.value
    assert type(error).kind == kind.kind
    AuthorityContract.is_one_sentence(error)
    assert error.authority == "venafi_saas"
    assert not secret or secret not in f"{error.as_dict()} {error!r} {error.message}"
    return error


def reference(issued: t.Any) -> CertificateReference:
    return CertificateReference(certificate_pem=issued.certificate_pem)


class TestOptions:
    @pytest.mark.parametrize(
        ("options", "told"),
        [
            ({"zone": None}, "set VCERT_ZONE"),
            ({"api_key": None}, "set VCERT_APIKEY"),
            ({"zone": "Web"}, "one backslash between"),
            ({"zone": r"Web\a\b"}, "one backslash between"),
            ({"url": "api.venafi.cloud"}, "url must be"),
        ],
    )
    def test_wrong(self, saas, options, told):
        assert told in failure(Misconfigured, lambda: opened(saas, **options)).message

    def test_url_has_a_default(self, saas):
        authority = opened(saas, url=None)
        assert authority.identity == r"venafi_saas:https://api.venafi.cloud/Web\Default"

    @pytest.mark.parametrize("zone", [r"Elsewhere\Default", r"Web\Other"])
    def test_zone_that_is_not_there(self, saas, zone):
        assert "correct zone" in failure(Misconfigured, lambda: opened(saas, zone=zone).request(make_order())).message

    def test_wrong_key(self, saas):
        error = failure(Unauthorized, lambda: opened(saas, api_key="wrong-Horse-1").policy(), secret="wrong-Horse-1")
        assert "check the credentials" in error.message


class TestOrders:
    def sent(self, saas):
        return [call.json for call in saas.calls if call.path.endswith("certificaterequests")]

    def test_what_is_sent(self, saas):
        order = make_order(lifetime=30 * 86400)
        opened(saas, origin="Web team").request(order)
        (body,) = self.sent(saas)
        client = body.pop("apiClientInformation")
        assert client["type"] == "Web team"
        assert client["identifier"]
        assert body == {
            "isVaaSGenerated": False,
            "applicationId": saas.application_id,
            "certificateIssuingTemplateId": saas.template_id,
            "certificateSigningRequest": order.csr_pem,
            "validityPeriod": "P30D",
        }

    def test_lifetime_of_odd_minutes(self, saas):
        failure(Misconfigured, lambda: opened(saas).request(make_order(lifetime=90 * 60)))
        assert saas.orders() == 0

    def test_renewal_is_linked(self, saas):
        authority = opened(saas)
        first = authority.request(make_order())
        second = authority.request(dataclasses.replace(make_order(), replaces=first.certificate_pem))
        old = saas.requests[first.request_id]
        assert saas.requests[second.request_id].existing == old.certificate_id
        assert self.sent(saas)[1]["reuseCSR"] is False
        # What was renewed already, was revoked or is unknown can't be renewed, so it is ordered anew.
        third = authority.request(dataclasses.replace(make_order(), replaces=first.certificate_pem))
        assert saas.requests[third.request_id].existing is None

    @pytest.mark.parametrize("known", [True, False])
    def test_what_was_revoked_is_ordered_anew(self, saas, known):
        """Also if only the service knows that it can't be renewed."""
        authority = opened(saas)
        first = authority.request(make_order())
        if known:
            authority.revoke(reference(first), reason="superseded")
        else:
            saas.fail(status=400, body={"errors": [{"code": 1, "message": "not renewable"}]}, path="requests$")
        second = authority.request(dataclasses.replace(make_order(), replaces=first.certificate_pem))
        assert isinstance(second, Issued)
        assert saas.requests[second.request_id].existing is None

    def test_what_was_replaced_is_still_known(self, saas):
        authority = opened(saas)
        first = authority.request(make_order())
        authority.request(dataclasses.replace(make_order(), replaces=first.certificate_pem))
        assert read(authority.collect(first.request_id).certificate_pem) == read(first.certificate_pem)
        assert authority.revoke(reference(first), reason="superseded") is True
        assert authority.status(reference(first)).status == "revoked"

    def test_takes_a_while(self, saas):
        saas.polls = 2
        authority = opened(saas)
        pending = authority.request(make_order())
        assert isinstance(pending, Pending)
        assert pending.detail == "the request is requested"
        assert isinstance(authority.collect(pending.request_id), Pending)
        assert isinstance(authority.collect(pending.request_id), Issued)

    def test_the_ca_says_no(self, saas):
        saas.failing = ["the CA is not in the mood"]
        error = failure(Rejected, lambda: opened(saas).request(make_order()))
        assert "the CA is not in the mood" in error.message

    @pytest.mark.parametrize("retire", [True, False])
    def test_retired_with_the_revocation(self, saas, retire):
        authority = opened(saas, retire_revoked=retire)
        issued = authority.request(make_order())
        assert authority.revoke(reference(issued), reason="cessation_of_operation") is True
        (certificate,) = saas.certificates.values()
        assert certificate.status == ("RETIRED" if retire else "ACTIVE")
        assert saas.revoked[certificate.fingerprint] == "CESSATION_OF_OPERATION"
        assert authority.status(reference(issued)).status == "revoked"

    def test_reason_that_the_service_has_not(self, saas):
        authority = opened(saas)
        issued = authority.request(make_order())
        error = failure(Misconfigured, lambda: authority.revoke(reference(issued), reason="aa_compromise"))
        assert "use one of unspecified, key_compromise" in error.message

    def test_errors_of_graphql_come_with_200(self, saas):
        authority = opened(saas)
        issued = authority.request(make_order())
        saas.fail(
            status=200, body={"data": None, "errors": [{"message": "not allowed for this account"}]}, path="graphql"
        )
        error = failure(Rejected, lambda: authority.revoke(reference(issued), reason="superseded"))
        assert "not allowed for this account" in error.message

    def test_lists_page_by_page(self, saas, monkeypatch):
        monkeypatch.setattr(_client, "_PAGE", 2)
        authority = opened(saas)
        for _number in range(5):
            authority.request(make_order())
        assert len(list(authority.list_certificates())) == 5
        assert saas.count("certificatesearch") == 3


class TestTemplate:
    @pytest.mark.parametrize(
        ("rules", "order", "told"),
        [
            ({"subjectCNRegexes": [r"api\..*"]}, {}, "the common name 'www.example.com' matches none"),
            ({"sanRegexes": []}, {}, "the DNS name 'www.example.com' matches none of sanRegexes"),
            ({"sanIpAddressRegexes": [r"10\..*"]}, {"ip": ("192.0.2.1",)}, "the address '192.0.2.1'"),
            ({"subjectORegexes": ["Example"]}, {"subject": (("organization", "Other"),)}, "organization is 'Other'"),
            ({"subjectCValues": ["DE"]}, {"subject": (("country", "FR"),)}, "country is 'FR'"),
            ({"keyTypes": [{"keyType": "EC", "keyCurves": ["P384"]}]}, {}, "the key ECDSA P-256 is not among keyTypes"),
            ({"keyTypes": [{"keyType": "RSA", "keyLengths": [4096]}]}, {"key": "rsa"}, "the key RSA 2048"),
        ],
    )
    def test_broken_rule(self, saas, rules, order, told):
        saas.template.update(rules)
        error = failure(PolicyViolation, lambda: opened(saas).request(make_order(**order)))
        assert told in error.message
        assert saas.orders() == 0

    def test_every_broken_rule_is_told(self, saas):
        saas.template.update(subjectCNRegexes=["x"], sanRegexes=["x"])
        error = failure(PolicyViolation, lambda: opened(saas).request(make_order()))
        assert error.detail.count("matches none") == 2

    def test_template_without_rules(self, saas):
        for name in [name for name in saas.template if "Regexes" in name or name in ("keyTypes", "validityPeriod")]:
            saas.template[name] = None
        saas.template["sanRegexes"] = [r".*"]
        policy = opened(saas).policy()
        assert (policy.key_types, policy.max_lifetime, policy.allowed_ip_ranges) == (None, None, None)
        assert isinstance(opened(saas).request(make_order()), Issued)

    def test_common_form(self, saas):
        policy = opened(saas).policy()
        assert policy.key_types == {"ecdsa": 256, "rsa": 2048}
        assert policy.max_lifetime == 365 * 86400
        assert policy.allowed_domain_patterns == (r"(.+\.)?example\.com", r"(.+\.)?example\.org")
        assert not policy.restrictive

    def test_template_that_takes_no_csr(self, saas):
        saas.template["csrUploadAllowed"] = False
        failure(Misconfigured, lambda: opened(saas).request(make_order()))
        assert saas.orders() == 0

    def test_expression_that_python_can_not_read_is_left_to_the_service(self, saas):
        saas.template["subjectCNRegexes"] = [r"\p{Alpha}*+(", "x"]
        assert isinstance(opened(saas).request(make_order()), Issued)

    @pytest.mark.parametrize(
        ("period", "seconds"), [("P90D", 7776000), ("P1Y", 31536000), ("PT2H", 7200), ("P1DT1H", 90000), ("", None)]
    )
    def test_period(self, period, seconds):
        assert _template.validity_seconds(period) == seconds


class TestFaults:
    @pytest.mark.parametrize("status", [500, 502, 503])
    def test_order_is_never_repeated(self, saas, status):
        saas.fail(status=status, path="certificaterequests$", times=9)
        failure(Unavailable, lambda: opened(saas).request(make_order()))
        assert saas.orders() == 1

    def test_too_many_requests(self, saas):
        saas.fail(status=429, headers={"Retry-After": "1"}, path="certificaterequests$")
        assert isinstance(opened(saas).request(make_order()), Issued)

    @pytest.mark.parametrize("before", [True, False])
    def test_dropped_order(self, saas, before):
        """It can't be told from here which it was; what was issued can be found."""
        order = make_order()
        saas.drop(before=before, path="certificaterequests$")
        failure(Unavailable, lambda: opened(saas).request(order))
        assert saas.orders() == 1
        for placed in list(saas.requests):
            opened(saas).collect(placed)
        assert (opened(saas).find_request(order) is None) == before

    @pytest.mark.parametrize("path", ["certificaterequests/", "contents"])
    def test_trouble_after_the_order_loses_nothing(self, saas, path):
        saas.fail(status=500, path=path)
        authority = opened(saas)
        pending = authority.request(make_order())
        assert isinstance(pending, Pending)
        assert isinstance(authority.collect(pending.request_id), Issued)
        assert saas.orders() == 1

    def test_not_signed_yet(self, saas):
        saas.fail(status=409, path="contents")
        authority = opened(saas)
        pending = authority.request(make_order())
        assert isinstance(authority.collect(pending.request_id), Issued)

    def test_chain_in_the_wrong_order(self, saas):
        saas.chain_reversed = True
        order = make_order()
        assert same_key(read(opened(saas).request(order).certificate_pem), order.csr_pem)

    @pytest.mark.parametrize(
        ("message", "kind"),
        [("The request does not match the issuing template", PolicyViolation), ("Something else", Rejected)],
    )
    def test_refused_order(self, saas, message, kind):
        body = {"errors": [{"code": 10702, "message": message, "args": []}]}
        saas.fail(status=400, body=body, path="certificaterequests$")
        assert message in failure(kind, lambda: opened(saas).request(make_order())).message

    def test_a_key_that_the_service_repeats_is_not_shown(self, saas):
        body = {"errors": [{"code": 1, "message": f"bad key {saas.api_key}", "args": []}]}
        saas.fail(status=400, body=body, path="certificaterequests$")
        failure(Rejected, lambda: opened(saas).request(make_order()), secret=saas.api_key)

    def test_what_is_not_the_service(self, saas):
        saas.fail(status=200, body="<html>", path="certificateissuingtemplates")
        assert "correct url" in failure(Misconfigured, lambda: opened(saas).policy()).message


def test_play(saas, site):
    """The template counts before anything is sent; a wrong certificate is not installed; a second run changes nothing."""
    ca = {"venafi_saas": saas.options()}
    played = site.play(
        [
            certificate("issue", authority=ca),
            certificate("again", authority=ca),
            certificate("renew", authority=ca, force=True),
            certificate("forbidden", authority=ca, name="bad", dns_names=["web.example.net"]),
            certificate("revoke", authority=ca, state="revoked"),
        ]
    )
    assert [result.task for result in played.results if result.changed] == ["issue", "renew", "revoke"]
    assert [task for _host, task, _message in played.failures] == ["forbidden"]
    is_told_well(played["forbidden"], "policy", "web.example.net")
    assert saas.orders() == 2
    assert saas.api_key not in played.output


def test_wrong_certificate_is_not_installed(saas, site):
    ca = {"venafi_saas": saas.options()}
    assert site.play([certificate("issue", authority=ca)]).failures == []
    saas.wrong_certificate = True
    played = site.play([certificate("renew", authority=ca, force=True)])
    is_told_well(played["renew"], "bad_certificate")
    assert saas.orders() == 2
