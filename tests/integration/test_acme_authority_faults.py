# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The authority `acme` when the server, or what is between, does not do what it usually does."""

from __future__ import annotations

import dataclasses
import typing as t
from datetime import datetime, timedelta, timezone

import pytest

pytest.register_assert_rewrite("ansible_collections.certfleet.pki.tests.support.authority_contract")

from ansible_collections.certfleet.pki.plugins.module_utils._acme._ari import certificate_id
from ansible_collections.certfleet.pki.plugins.module_utils._authorities._base import Context, MemoryTokens
from ansible_collections.certfleet.pki.plugins.module_utils._authorities.acme import AcmeAuthority
from ansible_collections.certfleet.pki.plugins.module_utils._errors import (
    Misconfigured,
    NotFound,
    PkiError,
    Rejected,
    Unauthorized,
    Unavailable,
)
from ansible_collections.certfleet.pki.plugins.module_utils._model import CertificateReference, Issued
from ansible_collections.certfleet.pki.plugins.module_utils._waiting import wait_for
from ansible_collections.certfleet.pki.plugins.module_utils._x509 import read_certificate
from ansible_collections.certfleet.pki.tests.support import acme_faults as faults
from ansible_collections.certfleet.pki.tests.support.acme_proxy import AcmeProxy
from ansible_collections.certfleet.pki.tests.support.authority_contract import AuthorityContract, make_order
from ansible_collections.certfleet.pki.tests.support.pebble import Pebble

NOW = datetime.now(timezone.utc).replace(microsecond=0)
DAY = timedelta(days=1)
LIMIT = 20.0


@pytest.fixture(scope="module")
def pebble(tmp_path_factory):
    with Pebble(tmp_path_factory.mktemp("pebble"), nonce_reject=0) as server:
        yield server


@pytest.fixture
def proxy(tmp_path, pebble):
    with AcmeProxy(tmp_path / "proxy", pebble) as one:
        yield one


@pytest.fixture
def options(proxy, tmp_path):
    return {
        "directory": proxy.directory,
        "ca_bundle": proxy.ca_bundle,
        "account_key": str(tmp_path / "account.pem"),
        "account_create": True,
        "terms_agreed": True,
        "timeout": 5,
        "challenge": {"http_01": {"webroot": "/srv/www"}},
    }


@pytest.fixture
def authority(options):
    """One that has found its account, so that faults meet what comes after."""
    opened = AcmeAuthority(options, Context(tokens=MemoryTokens()))
    assert opened.account.url
    return opened


def obtain(authority: AcmeAuthority, pebble: Pebble, order: t.Any = None) -> Issued:
    pending = authority.request(order or make_order())
    if isinstance(pending, Issued):
        return pending
    for challenge in pending.challenges:
        pebble.challenges.add_http01(challenge.token, challenge.content)
    authority.show(pending)
    answer = wait_for(authority, pending, timeout=LIMIT)
    assert isinstance(answer, Issued)
    return answer


def failure(kind: type[PkiError], call: t.Callable[[], object]) -> PkiError:
    with pytest.raises(kind) as caught:
        call()
    AuthorityContract.is_one_sentence(caught.value)
    assert type(caught.value).kind == kind.kind and caught.value.authority == "acme"
    return caught.value


class TestRateLimits:
    def test_new_orders(self, authority, proxy, pebble):
        proxy.inject("newOrder", faults.rate_limited(retry_after=3600))
        before = pebble.count("newOrder")
        error = failure(Unavailable, lambda: authority.request(make_order()))
        assert error.retryable and error.retry_after == 3600 and "limits the rate" in error.message
        assert pebble.count("newOrder") == before
        assert obtain(authority, pebble)

    @pytest.mark.parametrize("resource", ["order", "finalize", "certificate"])
    def test_while_it_is_waited_for(self, options, proxy, pebble, resource):
        authority = AcmeAuthority({**options, "timeout": 1})
        proxy.inject(resource, faults.rate_limited(retry_after=2))
        pending = authority.request(make_order())
        for challenge in pending.challenges:
            pebble.challenges.add_http01(challenge.token, challenge.content)
        authority.show(pending)
        pauses = []

        def progress(waited: float, pause: float, detail: str) -> None:
            pauses.append((pause, detail))

        answer = wait_for(authority, pending, timeout=LIMIT, progress=progress)
        assert isinstance(answer, Issued)
        assert any(pause == 2 and "limits the rate" in detail for pause, detail in pauses)


class TestOneOrder:
    def test_lost_answer_is_not_asked_for_again(self, authority, proxy, pebble):
        proxy.inject("newOrder", faults.dropped())
        before = pebble.count("newOrder")
        failure(Unavailable, lambda: authority.request(make_order()))
        assert pebble.count("newOrder") == before + 1

    @pytest.mark.parametrize("resource", ["authorization", "challenge", "order", "finalize", "certificate", "newNonce"])
    @pytest.mark.parametrize("forwarded", [True, False])
    def test_everything_else_is_repeated(self, options, proxy, pebble, resource, forwarded):
        proxy.inject(resource, faults.dropped(forwarded=forwarded))
        before = pebble.count("newOrder")
        assert obtain(AcmeAuthority(options), pebble)
        assert pebble.count("newOrder") == before + 1

    def test_gateway_trouble(self, authority, proxy, pebble):
        for resource in ("authorization", "challenge", "order", "finalize", "certificate"):
            proxy.inject(resource, faults.failing(503))
        assert obtain(authority, pebble)

    def test_storm_of_bad_nonces(self, authority, proxy, pebble):
        proxy.inject("newOrder", faults.bad_nonce(), times=15)
        before = pebble.count("newOrder")
        assert obtain(authority, pebble)
        assert pebble.count("newOrder") == before + 1

    def test_no_nonce_is_ever_good(self, authority, proxy):
        proxy.inject("newOrder", faults.bad_nonce(), times=50)
        assert "nonces" in failure(Unavailable, lambda: authority.request(make_order())).message

    def test_certificate_takes_its_time(self, authority, proxy, pebble):
        proxy.inject("finalize", faults.altered(status="processing", certificate=None, retry_after=2))
        proxy.inject("order", faults.altered(status="pending"), times=1)
        assert obtain(authority, pebble)


class TestAnswers:
    @pytest.mark.parametrize("status", ["expired", "revoked", "deactivated", "invalid", "new in 2030"])
    def test_authorization_that_is_over(self, authority, proxy, status):
        proxy.inject("authorization", faults.altered(status=status))
        error = failure(Rejected, lambda: authority.request(make_order()))
        assert error.retryable and "www.example.com" in error.message and status in error.message

    def test_order_that_failed(self, authority, proxy):
        pending = authority.request(make_order())
        words = {"type": "urn:ietf:params:acme:error:caa", "detail": "CAA record forbids it."}
        proxy.inject("order", faults.altered(status="invalid", error=words))
        error = failure(Rejected, lambda: authority.collect(pending.request_id))
        assert error.retryable and "CAA record forbids it" in error.message

    def test_order_that_is_over(self, authority, proxy):
        pending = authority.request(make_order())
        proxy.inject("order", faults.altered(expires="2020-01-01T00:00:00Z"))
        failure(NotFound, lambda: authority.resume(pending.request_id, make_order()))

    def test_challenge_failing_for_hours_is_told(self, authority, proxy):
        pending = authority.request(make_order())
        offer = {
            "type": "http-01",
            "url": f"{proxy.url}/chalZ/1",
            "token": pending.challenges[0].token,
            "status": "processing",
            "error": {"type": "urn:ietf:params:acme:error:connection", "detail": "Connection refused"},
        }
        proxy.inject("authorization", faults.altered(challenges=[offer]), times=9)
        told = [authority.collect(pending.request_id).detail for _number in range(5)]
        assert "Connection refused" in told[-1] and "http://www.example.com/.well-known" in told[-1]

    def test_no_challenge_of_that_kind(self, authority, proxy, pebble):
        proxy.inject("authorization", faults.altered(challenges=[]))
        error = failure(Misconfigured, lambda: authority.request(make_order()))
        assert "http-01 for www.example.com" in error.message
        # The order is not left open at the CA.
        assert proxy.payloads("authorization")[-1] == {"status": "deactivated"}

    @pytest.mark.parametrize("told", [None, "2099-01-01T00:00:00Z"])
    def test_lifetime_that_is_not_promised(self, authority, proxy, told):
        proxy.inject("newOrder", faults.altered(notAfter=told))
        error = failure(Misconfigured, lambda: authority.request(make_order(lifetime=7200)))
        assert "profile" in error.message and "leave lifetime out" in error.message
        assert proxy.payloads("authorization")[-1] == {"status": "deactivated"}

    def test_lifetime_that_is_refused(self, authority, proxy):
        proxy.inject("newOrder", faults.problem("malformed", 400, "NotAfter is not supported"))
        error = failure(Misconfigured, lambda: authority.request(make_order(lifetime=7200)))
        assert "NotAfter is not supported" in error.message and "leave lifetime out" in error.message

    def test_terms_that_have_changed(self, authority, proxy):
        proxy.inject("newOrder", faults.problem("userActionRequired", 403, "Terms of service have changed"))
        error = failure(Unauthorized, lambda: authority.request(make_order()))
        assert "agree" in error.message and "Terms of service have changed" in error.message

    def test_account_that_the_ca_forgot(self, authority, proxy):
        proxy.inject("newOrder", faults.problem("accountDoesNotExist", 400))
        proxy.inject("newAccount", faults.problem("accountDoesNotExist", 400))
        assert "acme_account" in failure(Unauthorized, lambda: authority.request(make_order())).message
        assert authority.request(make_order()).challenges  # looked up again

    def test_bad_reason(self, authority, proxy, pebble):
        reference = CertificateReference(certificate_pem=obtain(authority, pebble).certificate_pem)
        proxy.inject("revokeCert", faults.problem("badRevocationReason", 400, "Not this one"))
        error = failure(Misconfigured, lambda: authority.revoke(reference, reason="aa_compromise"))
        assert "reason" in error.message and "Not this one" in error.message

    def test_directory_that_is_busy(self, options, proxy):
        proxy.inject("directory", faults.failing(500), times=9)
        failure(Unavailable, lambda: AcmeAuthority(options).describe())


class TestProfiles:
    def test_announced(self, options, proxy, pebble):
        proxy.profiles["shortlived"] = "six days"
        authority = AcmeAuthority({**options, "profile": "shortlived"})
        assert authority.describe()["profiles"] == {"shortlived": "six days"}
        assert obtain(authority, pebble)
        assert proxy.payloads("newOrder")[-1]["profile"] == "shortlived"

    def test_not_announced(self, options, proxy):
        proxy.profiles["shortlived"] = "six days"
        authority = AcmeAuthority({**options, "profile": "classic"})
        assert "shortlived" in failure(Misconfigured, lambda: authority.request(make_order())).message
        assert proxy.payloads("newOrder") == []


class TestRenewalInformation:
    def test_suggestion_needs_no_account(self, options, proxy, pebble, authority):
        certificate = obtain(authority, pebble).certificate_pem
        proxy.suggest(NOW, NOW + DAY, explanation_url="https://example.com/why")
        stranger = AcmeAuthority({**options, "account_key": "/nonexistent", "account_create": False})
        found = stranger.suggest_renewal(certificate)
        assert (found.start, found.end, found.explanation_url) == (NOW, NOW + DAY, "https://example.com/why")
        assert proxy.requests()[-1].path.endswith("/" + certificate_id(read_certificate(certificate)))

    def test_window_that_ends_before_it_starts(self, options, proxy, pebble, authority):
        certificate = obtain(authority, pebble).certificate_pem
        proxy.suggest(NOW, NOW - DAY)
        assert AcmeAuthority(options).suggest_renewal(certificate) is None

    def test_server_that_is_busy(self, options, proxy, pebble, authority):
        certificate = obtain(authority, pebble).certificate_pem
        proxy.suggest(NOW, NOW + DAY)
        proxy.inject("renewalInfo", faults.failing(500), times=9)
        failure(Unavailable, lambda: AcmeAuthority(options).suggest_renewal(certificate))

    def renewal(self, options, proxy, pebble, authority):
        proxy.suggest(NOW, NOW + DAY)
        replaced = obtain(authority, pebble).certificate_pem
        return AcmeAuthority(options), dataclasses.replace(make_order(), replaces=replaced)

    def test_renewal_says_what_it_replaces(self, options, proxy, pebble, authority):
        renewing, order = self.renewal(options, proxy, pebble, authority)
        assert obtain(renewing, pebble, order)
        assert proxy.payloads("newOrder")[-1]["replaces"] == certificate_id(read_certificate(order.replaces))

    def test_replaced_before(self, options, proxy, pebble, authority):
        renewing, order = self.renewal(options, proxy, pebble, authority)
        proxy.inject("newOrder", faults.problem("alreadyReplaced", 409))
        before = pebble.count("newOrder")
        assert obtain(renewing, pebble, order)
        first, second = proxy.payloads("newOrder")[-2:]
        assert "replaces" in first and "replaces" not in second
        assert pebble.count("newOrder") == before + 1
