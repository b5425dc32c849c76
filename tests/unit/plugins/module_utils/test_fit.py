# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import dataclasses
import typing as t
from datetime import datetime, timedelta, timezone

import pytest
from cryptography import x509

from ansible_collections.certfleet.pki.plugins.module_utils._errors import BadCertificate, HostFailure
from ansible_collections.certfleet.pki.plugins.module_utils._fit import Fitted, check_answer, check_request
from ansible_collections.certfleet.pki.plugins.module_utils._model import Issued, KeyParameters, Names, Order
from ansible_collections.certfleet.pki.plugins.module_utils._policy import Policy
from ansible_collections.certfleet.pki.tests.support.certificates import CertificateAuthority, Made, make_csr, make_key

NOW = datetime.now(timezone.utc).replace(microsecond=0)
DAY = timedelta(days=1)
ROOT = CertificateAuthority("Root")
ISSUING = CertificateAuthority("Issuing", parent=ROOT)
KEY = make_key()
ASKED: t.Dict[str, t.Any] = {
    "common_name": "a.example.com",
    "subject": [("country", "DE"), ("organization", "Example")],
    "extended_key_usage": ["server_auth", "client_auth"],
    "key": KEY,
}
NAMES = ("a.example.com", "b.example.com", "192.0.2.1")


def request(names: t.Sequence[str] = NAMES, **changes: t.Any) -> Made:
    return make_csr(names, **{**ASKED, **changes})


ORDER = Order(
    csr_pem=request().pem,
    names=Names(dns=("a.example.com", "b.example.com"), ip=("192.0.2.1",)),
    key=KeyParameters("ecdsa", 256, "P-256"),
    common_name="a.example.com",
    subject=(("country", "DE"), ("organization", "Example")),
    extended_key_usage=("client_auth", "server_auth"),
    lifetime=90 * 86400,
)


def test_the_request_that_was_ordered_is_accepted() -> None:
    assert check_request(ORDER.csr_pem, ORDER).common_name == "a.example.com"


def test_the_order_of_the_subject_does_not_matter() -> None:
    swapped = [("organization", "Example"), ("country", "DE")]
    assert check_request(request(subject=swapped).pem, ORDER)


def tampered() -> Made:
    import base64

    lines = ORDER.csr_pem.splitlines()
    der = bytearray(base64.b64decode("".join(lines[1:-1])))
    der[-1] ^= 1
    return Made("\n".join([lines[0], base64.encodebytes(bytes(der)).decode().strip(), lines[-1], ""]))


OTHER_NAME = x509.SubjectAlternativeName(
    [x509.DNSName("a.example.com"), x509.RegisteredID(x509.ObjectIdentifier("1.2.3"))]
)


@pytest.mark.parametrize(
    ("made", "why"),
    [
        (tampered(), "signature is wrong"),
        (request(key="ecdsa-p384"), "key is ECDSA P-384 instead of ECDSA P-256"),
        (request(key="rsa"), "key is RSA 2048"),
        (request(common_name="evil.example.com"), "common name is 'evil.example.com'"),
        (request(common_name=None), "common name is None"),
        (request(subject=[]), "subject is"),
        (request(subject=[*ASKED["subject"], ("organizational_unit", "Admins")]), "subject is"),
        (request(subject=[*ASKED["subject"], ("1.2.3.4", "x")]), "subject is"),
        (request(subject=[*ASKED["subject"], ("common_name", "evil")]), "subject is"),
        (request([*NAMES, "bank.example.com"]), "also asks for the name 'bank.example.com'"),
        (request([*NAMES, "root@example.com"]), "also asks for the name 'root@example.com'"),
        (request(NAMES[:2]), "lacks the name '192.0.2.1'"),
        (request([], extensions=[(OTHER_NAME, False)]), "also asks for the name 'RegisteredID:1.2.3'"),
        (request(extended_key_usage=["server_auth"]), "extended key usages are"),
        (request(extended_key_usage=["server_auth", "client_auth", "code_signing"]), "extended key usages are"),
        (request(extensions=[(x509.BasicConstraints(True, None), True)]), "extension or attribute 2.5.29.19"),
        (Made("garbage"), "can't be read"),
    ],
)
def test_a_request_that_was_not_ordered_is_refused(made: Made, why: str) -> None:
    with pytest.raises(HostFailure, match=why):
        check_request(made.pem, ORDER)


def test_every_difference_is_told() -> None:
    with pytest.raises(HostFailure) as failure:
        check_request(request(["evil.example.com"], key="rsa").pem, ORDER)
    assert failure.value.detail.count(";") == 4


def answer(
    made: t.Optional[Made] = None,
    *,
    order: Order = ORDER,
    authority: CertificateAuthority = ISSUING,
    chain: t.Sequence[str] = (ROOT.pem, ISSUING.pem),
    now: datetime = NOW,
    days: float = 90,
    **checks: t.Any,
) -> Fitted:
    certificate = authority.issue(
        (made or request()).pem, not_before=NOW - timedelta(minutes=5), not_after=NOW + days * DAY
    )
    return check_answer(Issued(certificate.pem, tuple(chain)), order, now=now, **checks)


def test_an_answer_that_fits_is_put_in_order() -> None:
    fitted = answer(trust_anchors=ROOT.pem)
    assert (fitted.chain_pem, fitted.ca_pem, fitted.warnings) == (ISSUING.pem, ROOT.pem, ())
    assert fitted.not_after_of_chain == NOW + 90 * DAY


def test_the_end_of_the_chain_counts() -> None:
    short = CertificateAuthority("Short", parent=ROOT, not_after=NOW + 10 * DAY)
    assert answer(authority=short, chain=short.chain_pem).not_after_of_chain == NOW + 10 * DAY


@pytest.mark.parametrize(
    ("answered", "why"),
    [
        (lambda: answer(request(key=make_key())), "another key"),
        (lambda: answer(request(NAMES[:2])), "the name '192.0.2.1' is missing"),
        (lambda: answer(request(["*.example.com", "192.0.2.1"])), "the name 'a.example.com' is missing"),
        (lambda: answer(request(extended_key_usage=["server_auth"])), "usage client_auth is missing"),
        (lambda: answer(now=NOW - timedelta(minutes=11)), "not valid before"),
        (lambda: answer(now=NOW + 90 * DAY + timedelta(minutes=6)), "expired"),
        (lambda: answer(chain=[ROOT.pem]), "does not hold the issuer"),
        (lambda: answer(chain=["garbage"]), "can't be read"),
        (lambda: answer(trust_anchors=[CertificateAuthority("Other").pem]), "trust_anchors"),
        (lambda: answer(chain=[], trust_anchors=ROOT.pem), "trust_anchors"),
        (lambda: check_answer(Issued("garbage", ()), ORDER, now=NOW), "can't be read"),
    ],
)
def test_an_answer_that_does_not_fit_is_refused(answered: t.Callable[[], Fitted], why: str) -> None:
    with pytest.raises(BadCertificate, match=why):
        answered()


def test_the_ca_s_clock_may_be_five_minutes_ahead() -> None:
    assert answer(now=NOW - timedelta(minutes=9))
    with pytest.raises(BadCertificate, match="not valid before"):
        answer(now=NOW - timedelta(minutes=11))


def test_what_has_expired_by_our_clock_is_of_no_use() -> None:
    with pytest.raises(BadCertificate, match="expired"):
        answer(now=NOW + 90 * DAY + timedelta(seconds=1))


def test_an_expired_issuer_is_refused() -> None:
    expired = CertificateAuthority("Expired", parent=ROOT, not_before=NOW - 9 * DAY, not_after=NOW - DAY)
    with pytest.raises(BadCertificate, match="CN=Expired expired"):
        answer(authority=expired, chain=expired.chain_pem)


def test_what_the_ca_changed_without_harm_is_a_warning() -> None:
    fitted = answer(
        request([*NAMES, "c.example.com"], common_name=None, subject=[("country", "DE")]),
        chain=[*ISSUING.chain_pem, CertificateAuthority("Stranger").pem],
        days=30,
    )
    assert fitted.warnings == (
        "The CA made the common name None instead of 'a.example.com'.",
        "The CA dropped or changed the subject field organization ('Example').",
        "The CA added the name 'c.example.com'.",
        "The CA granted a lifetime of 30d5m instead of 90d.",
        "The CA also sent CN=Stranger, which is no part of the chain; it was left out.",
    )


def test_what_was_not_asked_for_is_no_warning() -> None:
    order = dataclasses.replace(ORDER, lifetime=None, extended_key_usage=())
    assert answer(order=order, days=1).warnings == ()


POLICY = Policy(source="test", restrictive=False, max_lifetime=90 * 86400)


def test_the_policy_is_applied_to_what_was_issued() -> None:
    assert answer(policies=[POLICY])
    with pytest.raises(BadCertificate, match="max_lifetime"):
        answer(days=120, policies=[POLICY])
    with pytest.raises(BadCertificate, match="allowed_domains"):
        answer(
            policies=[
                POLICY,
                Policy(source="strict", allowed_domains=("a.example.com",), allowed_ip_ranges=("192.0.2.0/24",)),
            ]
        )
