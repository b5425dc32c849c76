# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: no promise is made about what is in here.

"""The values that pass between the planner, the flow and the authorities. No I/O in here."""

from __future__ import annotations

import dataclasses
import typing as t
from datetime import datetime

__all__ = (
    "REVOCATION_REASONS",
    "AuthorityChain",
    "CertificateReference",
    "CertificateStatus",
    "Challenge",
    "Hosting",
    "Issued",
    "KeyParameters",
    "Names",
    "Order",
    "Pending",
    "RenewalSuggestion",
)

#: CRLReason of RFC 5280, section 5.3.1, in snake_case, with its number.
REVOCATION_REASONS: t.Mapping[str, int] = {
    "unspecified": 0,
    "key_compromise": 1,
    "ca_compromise": 2,
    "affiliation_changed": 3,
    "superseded": 4,
    "cessation_of_operation": 5,
    "certificate_hold": 6,
    "remove_from_crl": 8,
    "privilege_withdrawn": 9,
    "aa_compromise": 10,
}


@dataclasses.dataclass(frozen=True)
class Names:
    """Subject alternative names in canonical form, sorted, without duplicates.

    ``dns`` are lower-case A-labels without a trailing dot, ``ip`` canonical addresses
    (RFC 5952 for IPv6), ``email`` and ``uri`` as given but for a lower-case host part.
    """

    dns: t.Tuple[str, ...] = ()
    ip: t.Tuple[str, ...] = ()
    email: t.Tuple[str, ...] = ()
    uri: t.Tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.dns or self.ip or self.email or self.uri)

    def missing_from(self, other: Names) -> t.Tuple[str, ...]:
        """Return the names in here that ``other`` lacks, in a stable order."""
        return tuple(
            name
            for kind in ("dns", "ip", "email", "uri")
            for name in getattr(self, kind)
            if name not in getattr(other, kind)
        )

    def __iter__(self) -> t.Iterator[str]:
        return iter(self.dns + self.ip + self.email + self.uri)


@dataclasses.dataclass(frozen=True)
class KeyParameters:
    """A key's algorithm: ``type`` is ecdsa, rsa or ed25519; ``curve`` is P-256, P-384 or P-521."""

    type: str
    size: int
    curve: t.Optional[str] = None

    def __str__(self) -> str:
        return {"ecdsa": f"ECDSA {self.curve}", "rsa": f"RSA {self.size}"}.get(self.type, self.type.capitalize())


@dataclasses.dataclass(frozen=True)
class Order:
    """What is asked of a CA.

    ``subject`` holds (option name, value) pairs without the common name. ``lifetime`` is in
    seconds, None for the CA's own. ``replaces`` is the certificate (PEM) that this one follows.
    """

    csr_pem: str
    names: Names
    key: KeyParameters
    common_name: t.Optional[str] = None
    subject: t.Tuple[t.Tuple[str, str], ...] = ()
    extended_key_usage: t.Tuple[str, ...] = ()
    lifetime: t.Optional[int] = None
    replaces: t.Optional[str] = None
    label: str = ""


@dataclasses.dataclass(frozen=True)
class Issued:
    """A certificate. ``chain_pem`` are the CA's certificates in whatever order the CA gave them."""

    certificate_pem: str
    chain_pem: t.Tuple[str, ...]
    request_id: t.Optional[str] = None
    warnings: t.Tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True)
class Hosting:
    """Where a host shows an HTTP challenge: below ``webroot``, or by a small server of its own (``standalone``).

    ``host`` is another one than the certificate's, by its name in the inventory. ``standalone`` holds
    ``port``, ``address``, ``stop_command`` and ``start_command``.
    """

    host: t.Optional[str] = None
    webroot: t.Optional[str] = None
    standalone: t.Optional[t.Mapping[str, t.Any]] = None


@dataclasses.dataclass(frozen=True)
class Challenge:
    """What has to be seen at one name before the CA issues (RFC 8555, section 8).

    ``type`` is ``http-01`` or ``dns-01``; ``name`` an A-label or an address; ``content`` the key
    authorization, or for ``dns-01`` the value of the TXT record. ``hosting`` is None where no host has a part.
    """

    type: str
    name: str
    token: str
    content: str
    hosting: t.Optional[Hosting] = None


@dataclasses.dataclass(frozen=True)
class Pending:
    """The CA needs more time. ``retry_after`` is the seconds it suggests to wait, ``detail`` what it waits for.

    ``challenges`` are what has to be shown before the CA goes on (see ProvesControl).
    """

    request_id: str
    retry_after: t.Optional[float] = None
    detail: str = ""
    challenges: t.Tuple[Challenge, ...] = ()


@dataclasses.dataclass(frozen=True)
class CertificateReference:
    """Names one certificate or request to a CA; exactly one field is set. The serial number is lower-case hex."""

    request_id: t.Optional[str] = None
    serial_number: t.Optional[str] = None
    certificate_pem: t.Optional[str] = None


@dataclasses.dataclass(frozen=True)
class CertificateStatus:
    """What has become of a request or certificate: ``status`` as in results.

    ``issued``, ``pending``, ``rejected``, ``revoked``, ``expired`` or ``unknown``.
    """

    status: str
    request_id: t.Optional[str] = None
    certificate_pem: t.Optional[str] = None
    chain_pem: t.Tuple[str, ...] = ()
    revoked_at: t.Optional[datetime] = None
    revocation_reason: t.Optional[str] = None
    detail: str = ""


@dataclasses.dataclass(frozen=True)
class RenewalSuggestion:
    """When the CA would like a certificate renewed (RFC 9773); ``retry_after`` in seconds."""

    start: datetime
    end: datetime
    explanation_url: t.Optional[str] = None
    retry_after: float = 21600.0


@dataclasses.dataclass(frozen=True)
class AuthorityChain:
    """The CA's own certificates, the issuer first, and where its CRLs are."""

    chain_pem: t.Tuple[str, ...]
    crl_urls: t.Tuple[str, ...] = ()
