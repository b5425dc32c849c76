# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: no promise is made about what is in here.

"""The status of a certificate at a CA that keeps none: what the certificate itself and a CRL can tell."""

from __future__ import annotations

import dataclasses
import typing as t
from datetime import datetime, timezone

try:
    from cryptography import x509
except ImportError:  # _x509 reports it
    x509 = None  # type: ignore[assignment]

from ansible_collections.certfleet.pki.plugins.module_utils._errors import BadCertificate, NotFound
from ansible_collections.certfleet.pki.plugins.module_utils._model import (
    REVOCATION_REASONS,
    CertificateReference,
    CertificateStatus,
)
from ansible_collections.certfleet.pki.plugins.module_utils._x509 import (
    CertificateFacts,
    is_signed_by,
    read_certificate,
)

__all__ = ("Revocation", "no_requests", "presented_status", "require_own", "revocation_of", "serial_of")

#: Ours by what cryptography calls them: RFC 5280's names, here in lower case.
_REASONS = {name.replace("_", ""): name for name in REVOCATION_REASONS}


@dataclasses.dataclass(frozen=True)
class Revocation:
    """What a CRL says about one certificate."""

    revoked_at: datetime
    reason: t.Optional[str] = None


def serial_of(reference: CertificateReference) -> str:
    """Return the serial number that a reference names, in lower-case hex. Raises BadCertificate."""
    if reference.certificate_pem:
        return read_certificate(reference.certificate_pem).serial_number
    return reference.serial_number or reference.request_id or ""


def require_own(facts: CertificateFacts, issuers: t.Sequence[str], *, authority: str, url: str) -> None:
    """Raise NotFound for a certificate that none of the CA's own certificates signed; without any, nothing is known."""
    if issuers and not any(is_signed_by(facts.pem, issuer) for issuer in issuers):
        raise NotFound(
            f"The certificate {facts.serial_number} is not from what the CA at {url} signs with now; check which CA it "
            "is from, and if that one has another issuing certificate by now, use the serial number.",
            authority=authority,
        )


def presented_status(
    reference: CertificateReference, chain: t.Sequence[str], *, crl: t.Optional[bytes], now: datetime
) -> CertificateStatus:
    """Return what the CRL (DER) and the certificate's dates say; ``unknown`` if one of the two is not there."""
    facts = read_certificate(reference.certificate_pem) if reference.certificate_pem else None
    revocation = revocation_of(crl, serial_of(reference))
    told = "expired" if facts and facts.not_after <= now else "issued" if facts and crl else "unknown"
    return CertificateStatus(
        status="revoked" if revocation else told,
        certificate_pem=facts.pem if facts else None,
        chain_pem=tuple(chain) if facts else (),
        revoked_at=revocation.revoked_at if revocation else None,
        revocation_reason=revocation.reason if revocation else None,
        detail="" if revocation else _unknown(facts, crl),
    )


def _unknown(facts: t.Optional[CertificateFacts], crl: t.Optional[bytes]) -> str:
    if facts is None:
        return "The CA keeps no certificates that could be asked for; ask with the certificate itself."
    return "" if crl else "The CA publishes no CRL, so it is not known whether the certificate is revoked."


def revocation_of(crl: t.Optional[bytes], serial: str) -> t.Optional[Revocation]:
    """Return what a CRL (DER) says about a serial number (hex), None if it is not in there or there is no CRL."""
    if not crl:
        return None
    try:
        found = x509.load_der_x509_crl(crl).get_revoked_certificate_by_serial_number(int(serial, 16))
    except ValueError:
        raise BadCertificate("What the CA publishes as its CRL can't be read; look at it there.") from None
    if found is None:
        return None
    # cryptography before 42 has only the naive one.
    aware = getattr(found, "revocation_date_utc", None)
    return Revocation(aware or found.revocation_date.replace(tzinfo=timezone.utc), _reason(found))


def _reason(revoked: x509.RevokedCertificate) -> t.Optional[str]:
    try:
        flag = revoked.extensions.get_extension_for_class(x509.CRLReason).value.reason
    except (x509.ExtensionNotFound, ValueError):
        return None
    return _REASONS.get(flag.value.lower())


def no_requests(server: str, request_id: str, *, authority: str) -> NotFound:
    """Return the error for a question about a request, where the CA gives out a certificate once, when it signs it."""
    return NotFound(
        f"{server} keeps no request that could be asked for, such as {request_id[:64]!r}; "
        "use the certificate itself, or request another.",
        authority=authority,
    )
