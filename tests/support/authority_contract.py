# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One test class for every authority: what callers rely on, whichever CA is behind it.

How to use it. Subclass once per CA, in a file that pytest collects, and fill in the hooks::

    import pytest

    pytest.register_assert_rewrite("ansible_collections.certfleet.pki.tests.support.authority_contract")
    from ansible_collections.certfleet.pki.tests.support.authority_contract import AuthorityContract, make_order

    class TestExample(AuthorityContract):
        LIFETIME = 3600            # seconds that this CA is sure to honour, None if it takes no lifetime
        TIMEOUT = 5                # seconds after which `unavailable_authority` must have given up

        @pytest.fixture
        def authority(self): ...              # required: opened, issues at once
        @pytest.fixture
        def same_authority(self): ...         # required: a second object with the options of `authority`
        @pytest.fixture
        def pending_authority(self): ...      # if requests can pend: all of its requests do
        @pytest.fixture
        def unavailable_authority(self): ...  # if it can be had: its CA does not answer
        def approve(self, authority, request_id): ...        # with pending_authority
        def deny(self, authority, request_id, reason): ...   # with pending_authority
        def make_order(self, **options): ...  # if the CA needs other names than *.example.com

Fixtures that are not overridden skip their tests; so do abilities (``Revokes``, ``Lists`` ...)
that the class does not inherit. Tests never look at how the CA does it.
"""

from __future__ import annotations

import concurrent.futures
import dataclasses
import time
import typing as t
from datetime import datetime, timedelta, timezone

import pytest
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from ansible_collections.certfleet.pki.plugins.module_utils._authorities import _base as base
from ansible_collections.certfleet.pki.plugins.module_utils._errors import NotFound, PkiError, Rejected, Unavailable
from ansible_collections.certfleet.pki.plugins.module_utils._model import (
    CertificateReference,
    Issued,
    Names,
    Order,
    Pending,
)
from ansible_collections.certfleet.pki.plugins.module_utils._x509 import read_request
from ansible_collections.certfleet.pki.tests.support.certificates import make_csr

UNKNOWN_SERIAL = "00c0ffee00c0ffee00c0ffee00c0ffee"


def make_order(
    *,
    dns: t.Sequence[str] = ("www.example.com",),
    ip: t.Sequence[str] = (),
    common_name: t.Optional[str] = "www.example.com",
    subject: t.Sequence[t.Tuple[str, str]] = (),
    extended_key_usage: t.Sequence[str] = (),
    lifetime: t.Optional[int] = None,
    key: t.Any = "ecdsa",
) -> Order:
    """Return an order with a CSR that says exactly the same; ``key`` is a private key or a kind (see make_key)."""
    csr = make_csr(
        [*dns, *ip], common_name=common_name, subject=subject, key=key, extended_key_usage=extended_key_usage
    )
    return Order(
        csr_pem=csr.pem,
        names=Names(dns=tuple(sorted(dns)), ip=tuple(sorted(ip))),
        key=read_request(csr.pem).key,
        common_name=common_name,
        subject=tuple(subject),
        extended_key_usage=tuple(extended_key_usage),
        lifetime=lifetime,
        label="contract",
    )


def read(pem: str) -> x509.Certificate:
    """Return the parsed certificate."""
    return x509.load_pem_x509_certificate(pem.encode())


def serial_of(pem: str) -> str:
    """Return the serial number as results write it: lower-case hex, an even number of digits."""
    digits = format(read(pem).serial_number, "x")
    return digits.zfill(len(digits) + len(digits) % 2)


def has_ability(authority: base.Authority, ability: type) -> t.Any:
    """Return the authority, or skip the test if it lacks the ability."""
    if not isinstance(authority, ability):
        pytest.skip(f"{authority.NAME} has not the ability {ability.__name__}")
    return authority


def names_of(certificate: x509.Certificate) -> t.Set[str]:
    """Return the DNS names and IP addresses."""
    san = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return set(san.get_values_for_type(x509.DNSName)) | {str(ip) for ip in san.get_values_for_type(x509.IPAddress)}


def usages_of(certificate: x509.Certificate) -> t.Set[x509.ObjectIdentifier]:
    """Return the extended key usages."""
    return set(certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value)


def same_key(certificate: x509.Certificate, csr_pem: str) -> bool:
    """Tell whether the certificate is for the key of the CSR."""
    return certificate.public_key() == x509.load_pem_x509_csr(csr_pem.encode()).public_key()


def validity(certificate: x509.Certificate) -> t.Tuple[datetime, datetime]:
    """Return the aware start and end (older versions of cryptography have only naive ones)."""
    if hasattr(certificate, "not_valid_after_utc"):
        return certificate.not_valid_before_utc, certificate.not_valid_after_utc
    return (
        certificate.not_valid_before.replace(tzinfo=timezone.utc),
        certificate.not_valid_after.replace(tzinfo=timezone.utc),
    )


def path_to_root(leaf_pem: str, pool: t.Iterable[str]) -> t.List[x509.Certificate]:
    """Return leaf, issuer, ... up to the last one found, each signature verified."""
    path = [read(leaf_pem)]
    candidates = [read(pem) for pem in pool]
    while path[-1].issuer != path[-1].subject:
        issuers = [one for one in candidates if one.subject == path[-1].issuer]
        if not issuers:
            break
        path[-1].verify_directly_issued_by(issuers[0])
        path.append(issuers[0])
    return path


class AuthorityContract:
    """See the module's docstring for how to subclass."""

    LIFETIME: t.ClassVar[t.Optional[int]] = 7200
    TIMEOUT: t.ClassVar[float] = 10.0
    #: Whether the CA tells when it revoked.
    TELLS_REVOCATION_TIME: t.ClassVar[bool] = True
    UNKNOWN_REQUEST_ID: t.ClassVar[str] = "00000000000000000000000000000000"

    # Hooks

    @pytest.fixture
    def authority(self) -> base.Authority:
        """An opened authority that issues at once."""
        raise NotImplementedError("override the fixture `authority`")

    @pytest.fixture
    def same_authority(self) -> base.Authority:
        """Another object with the options of `authority`."""
        raise NotImplementedError("override the fixture `same_authority`")

    @pytest.fixture
    def pending_authority(self) -> base.Authority:
        """An opened authority all of whose requests wait for approval."""
        pytest.skip("this CA never answers 'pending'")

    @pytest.fixture
    def unavailable_authority(self) -> base.Authority:
        """An opened authority whose CA does not answer."""
        pytest.skip("this CA can't be out of reach in this test")

    def approve(self, authority: base.Authority, request_id: str) -> None:
        """Approve, as the CA's operator would."""
        raise NotImplementedError

    def deny(self, authority: base.Authority, request_id: str, reason: str) -> None:
        """Deny with a reason, as the CA's operator would."""
        raise NotImplementedError

    def make_order(self, **options: t.Any) -> Order:
        """Return an order that this CA would issue; the options are those of `make_order`."""
        return make_order(**options)

    # What every authority does

    def test_class_says_what_it_is(self, authority: base.Authority) -> None:
        assert authority.NAME and authority.DESCRIPTION.endswith(".")
        assert all(option["description"] for option in authority.OPTIONS.values())
        assert authority.identity.startswith(authority.NAME + ":")

    def test_identity_is_stable(self, authority: base.Authority, same_authority: base.Authority) -> None:
        before = authority.identity
        authority.request(self.make_order())
        assert authority.identity == before == same_authority.identity

    def test_request_gives_what_was_ordered(self, authority: base.Authority) -> None:
        order = self.make_order(dns=("www.example.com", "api.example.com"), extended_key_usage=("server_auth",))
        issued = authority.request(order)
        assert isinstance(issued, Issued)
        certificate = read(issued.certificate_pem)
        assert same_key(certificate, order.csr_pem)
        assert set(order.names) <= names_of(certificate)
        assert ExtendedKeyUsageOID.SERVER_AUTH in usages_of(certificate)
        not_before, not_after = validity(certificate)
        assert not_before <= authority.context.clock() + timedelta(minutes=5) < not_after

    def test_lifetime_is_honoured(self, authority: base.Authority) -> None:
        if self.LIFETIME is None:
            pytest.skip("this CA takes no lifetime")
        issued = t.cast(Issued, authority.request(self.make_order(lifetime=self.LIFETIME)))
        left = (validity(read(issued.certificate_pem))[1] - authority.context.clock()).total_seconds()
        assert abs(left - self.LIFETIME) < 360

    def test_chain_verifies(self, authority: base.Authority) -> None:
        issued = t.cast(Issued, authority.request(self.make_order()))
        assert issued.chain_pem, "the CA gave no chain"
        assert len(path_to_root(issued.certificate_pem, issued.chain_pem)) > 1

    def test_two_requests_give_two_certificates(self, authority: base.Authority) -> None:
        first, second = (t.cast(Issued, authority.request(self.make_order())) for _number in range(2))
        assert serial_of(first.certificate_pem) != serial_of(second.certificate_pem)

    def test_renewal_is_an_order_that_replaces(self, authority: base.Authority) -> None:
        first = t.cast(Issued, authority.request(self.make_order()))
        renewal = dataclasses.replace(self.make_order(), replaces=first.certificate_pem)
        second = t.cast(Issued, authority.request(renewal))
        assert same_key(read(second.certificate_pem), renewal.csr_pem)

    def test_issued_can_be_collected(self, authority: base.Authority, same_authority: base.Authority) -> None:
        issued = t.cast(Issued, authority.request(self.make_order()))
        if issued.request_id is None:
            pytest.skip("this CA gives no id to what it issues at once")
        again = same_authority.collect(issued.request_id)
        assert isinstance(again, Issued)
        assert read(again.certificate_pem) == read(issued.certificate_pem)
        assert len(path_to_root(again.certificate_pem, again.chain_pem)) > 1

    def test_unknown_request_is_not_found(self, authority: base.Authority) -> None:
        with pytest.raises(NotFound) as caught:
            authority.collect(self.UNKNOWN_REQUEST_ID)
        self.is_one_sentence(caught.value)

    def test_threads_share_one_object(self, authority: base.Authority) -> None:
        orders = [self.make_order() for _number in range(8)]
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(authority.request, orders))
        for order, issued in zip(orders, answers):
            assert same_key(read(t.cast(Issued, issued).certificate_pem), order.csr_pem)

    def test_unavailable_within_the_timeout(self, unavailable_authority: base.Authority) -> None:
        started = time.monotonic()
        with pytest.raises(Unavailable) as caught:
            unavailable_authority.request(self.make_order())
        assert time.monotonic() - started < self.TIMEOUT
        assert caught.value.retryable is True
        self.is_one_sentence(caught.value)

    # Pending

    def test_pending_then_approved(self, pending_authority: base.Authority) -> None:
        order = self.make_order()
        pending = pending_authority.request(order)
        assert isinstance(pending, Pending) and pending.request_id
        assert isinstance(pending_authority.collect(pending.request_id), Pending)
        self.approve(pending_authority, pending.request_id)
        issued = pending_authority.collect(pending.request_id)
        assert isinstance(issued, Issued)
        assert same_key(read(issued.certificate_pem), order.csr_pem)

    def test_pending_then_denied(self, pending_authority: base.Authority) -> None:
        pending = t.cast(Pending, pending_authority.request(self.make_order()))
        self.deny(pending_authority, pending.request_id, "ask the network team first")
        with pytest.raises(Rejected) as caught:
            pending_authority.collect(pending.request_id)
        assert "ask the network team first" in caught.value.message + caught.value.detail
        self.is_one_sentence(caught.value)

    def test_status_follows_a_pending_request(self, pending_authority: base.Authority) -> None:
        authority = has_ability(pending_authority, base.ReportsStatus)
        first, second = (authority.request(self.make_order()).request_id for _number in range(2))
        assert authority.status(CertificateReference(request_id=first)).status == "pending"
        self.approve(authority, first)
        self.deny(authority, second, "no such host")
        assert authority.status(CertificateReference(request_id=first)).status == "issued"
        denied = authority.status(CertificateReference(request_id=second))
        assert denied.status == "rejected" and "no such host" in denied.detail

    def test_pending_request_is_found_again(self, pending_authority: base.Authority) -> None:
        authority = has_ability(pending_authority, base.FindsRequest)
        order = self.make_order()
        pending = authority.request(order)
        found = authority.find_request(order)
        assert isinstance(found, Pending) and found.request_id == pending.request_id

    def test_cancelled_request_is_gone(self, pending_authority: base.Authority) -> None:
        authority = has_ability(pending_authority, base.Cancels)
        pending = authority.request(self.make_order())
        authority.cancel(pending.request_id)
        with pytest.raises((NotFound, Rejected)):
            authority.collect(pending.request_id)

    def test_cancelling_what_is_not_pending_is_no_error(self, authority: base.Authority) -> None:
        cancels = has_ability(authority, base.Cancels)
        cancels.cancel(self.UNKNOWN_REQUEST_ID)
        issued = t.cast(Issued, authority.request(self.make_order()))
        if issued.request_id is not None:
            cancels.cancel(issued.request_id)
            assert isinstance(authority.collect(issued.request_id), Issued)

    # Finding again

    def test_issued_request_is_found_again(self, authority: base.Authority, same_authority: base.Authority) -> None:
        finder = has_ability(same_authority, base.FindsRequest)
        order = self.make_order()
        issued = t.cast(Issued, authority.request(order))
        found = finder.find_request(order)
        assert isinstance(found, Issued)
        assert read(found.certificate_pem) == read(issued.certificate_pem)

    def test_request_never_made_is_not_found(self, authority: base.Authority) -> None:
        finder = has_ability(authority, base.FindsRequest)
        authority.request(self.make_order())
        assert finder.find_request(self.make_order()) is None

    # Status and revocation

    def references(self, issued: Issued) -> t.List[CertificateReference]:
        """Return every way to name what was issued."""
        ways = [
            CertificateReference(serial_number=serial_of(issued.certificate_pem)),
            CertificateReference(certificate_pem=issued.certificate_pem),
        ]
        return ways + ([CertificateReference(request_id=issued.request_id)] if issued.request_id else [])

    def test_status_of_an_issued_certificate(self, authority: base.Authority) -> None:
        reporter = has_ability(authority, base.ReportsStatus)
        issued = t.cast(Issued, authority.request(self.make_order()))
        for reference in self.references(issued):
            status = reporter.status(reference)
            assert status.status == "issued" and status.revoked_at is None
            assert read(status.certificate_pem) == read(issued.certificate_pem)
            assert len(path_to_root(status.certificate_pem, status.chain_pem)) > 1

    def test_status_of_an_unknown_certificate(self, authority: base.Authority) -> None:
        reporter = has_ability(authority, base.ReportsStatus)
        for reference in (
            CertificateReference(serial_number=UNKNOWN_SERIAL),
            CertificateReference(request_id=self.UNKNOWN_REQUEST_ID),
        ):
            with pytest.raises(NotFound) as caught:
                reporter.status(reference)
            self.is_one_sentence(caught.value)

    def test_revoke_by_any_reference(self, authority: base.Authority, same_authority: base.Authority) -> None:
        revoker = has_ability(authority, base.Revokes)
        issued = t.cast(Issued, authority.request(self.make_order()))
        for number in range(len(self.references(issued))):
            fresh = t.cast(Issued, authority.request(self.make_order()))
            assert revoker.revoke(self.references(fresh)[number], reason="superseded") is True
            if isinstance(same_authority, base.ReportsStatus):
                status = same_authority.status(CertificateReference(serial_number=serial_of(fresh.certificate_pem)))
                assert status.status == "revoked"
                if self.TELLS_REVOCATION_TIME:
                    assert abs(status.revoked_at - authority.context.clock()) < timedelta(minutes=2)
                assert status.revocation_reason in ("superseded", None)

    def test_revoking_twice_changes_nothing(self, authority: base.Authority) -> None:
        revoker = has_ability(authority, base.Revokes)
        issued = t.cast(Issued, authority.request(self.make_order()))
        reference = CertificateReference(certificate_pem=issued.certificate_pem)
        assert revoker.revoke(reference, reason="key_compromise") is True
        assert revoker.revoke(reference, reason="superseded") is False

    def test_revoking_the_unknown_is_not_found(self, authority: base.Authority) -> None:
        revoker = has_ability(authority, base.Revokes)
        with pytest.raises(NotFound) as caught:
            revoker.revoke(CertificateReference(serial_number=UNKNOWN_SERIAL), reason="unspecified")
        self.is_one_sentence(caught.value)

    # What it tells about itself

    def test_policy_can_be_read(self, authority: base.Authority) -> None:
        policy = has_ability(authority, base.HasPolicy).policy()
        assert policy is None or policy.source

    def test_chain_is_the_issuers(self, authority: base.Authority) -> None:
        chain = has_ability(authority, base.HasChain).chain()
        issued = t.cast(Issued, authority.request(self.make_order()))
        read(issued.certificate_pem).verify_directly_issued_by(read(chain.chain_pem[0]))
        assert all(url.startswith(("http://", "https://", "ldap://", "file://")) for url in chain.crl_urls)

    def test_lists_what_it_issued(self, authority: base.Authority) -> None:
        lister = has_ability(authority, base.Lists)
        issued = [t.cast(Issued, authority.request(self.make_order())) for _number in range(3)]
        listed = {serial_of(one.certificate_pem) for one in lister.list_certificates() if one.certificate_pem}
        assert {serial_of(one.certificate_pem) for one in issued} <= listed

    @staticmethod
    def is_one_sentence(error: PkiError) -> None:
        """Check an error's message: one line, and it ends as a sentence does."""
        assert "\n" not in error.message and error.message.endswith((".", "?")), error.message
