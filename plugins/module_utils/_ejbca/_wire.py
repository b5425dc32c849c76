# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: no promise is made about what is in here.
"""What goes to EJBCA and comes back, in its spelling. No I/O in here.

API: https://docs.keyfactor.com/ejbca/latest/ejbca-rest-interface
"""

from __future__ import annotations

import base64
import binascii
import dataclasses
import hashlib
import hmac
import re
import ssl
import typing as t
from urllib.parse import quote, urlsplit

from ansible_collections.certfleet.pki.plugins.module_utils._base64url import encode as b64url
from ansible_collections.certfleet.pki.plugins.module_utils._errors import BadCertificate, Misconfigured
from ansible_collections.certfleet.pki.plugins.module_utils._model import Order
from ansible_collections.certfleet.pki.plugins.module_utils._pem import split_pem

__all__ = (
    "REASONS",
    "Waiting",
    "approval_id",
    "base_url",
    "certificates_in",
    "end_entity_of",
    "enrollment_code",
    "field",
    "reason_of",
    "segment",
)

#: RFC 5280 in snake_case to RevocationReasons of EJBCA.
REASONS: t.Mapping[str, str] = {
    "unspecified": "UNSPECIFIED",
    "key_compromise": "KEY_COMPROMISE",
    "ca_compromise": "CA_COMPROMISE",
    "affiliation_changed": "AFFILIATION_CHANGED",
    "superseded": "SUPERSEDED",
    "cessation_of_operation": "CESSATION_OF_OPERATION",
    "certificate_hold": "CERTIFICATE_HOLD",
    "remove_from_crl": "REMOVE_FROM_CRL",
    "privilege_withdrawn": "PRIVILEGES_WITHDRAWN",
    "aa_compromise": "AA_COMPROMISE",
}
_SEQUENCE = b"\x30"
_REST = "/ejbca-rest-api"


@dataclasses.dataclass(frozen=True)
class Waiting:
    """A request that waits for approval, as its request id says it: enough to finalise it in another process.

    ``approval`` is EJBCA's id, empty if EJBCA told none, ``key`` the SHA-256 (hex) of the public key. ``after``
    (seconds since 1970, 0 for none) is when the certificate begins that this one follows: it may have the same key.
    """

    approval: str
    key: str
    after: int
    end_entity: str

    def __str__(self) -> str:
        return f"{self.approval}:{self.key}:{self.after}:{self.end_entity}"

    @classmethod
    def parse(cls, request_id: str) -> t.Optional[Waiting]:
        """Return what a request id says, None if it is not one of these."""
        match = re.fullmatch(r"(\d*):([0-9a-f]{64}):(\d{1,12}):(.+)", request_id, re.DOTALL)
        return cls(match[1], match[2], int(match[3]), match[4]) if match else None


def base_url(url: str) -> str:
    """Return the address of the REST API for a canonical URL."""
    path = urlsplit(url).path
    if path.endswith(_REST):
        return url
    return url + _REST if path else f"{url}/ejbca{_REST}"


def segment(text: str) -> str:
    """Return text, such as a DN, as one segment of a path."""
    return quote(text, safe="")


def field(answer: t.Mapping[str, t.Any], name: str) -> t.Any:
    """Return a field, which some releases spell in camelCase."""
    first, *rest = name.split("_")
    return answer.get(name, answer.get(first + "".join(word.capitalize() for word in rest)))


def reason_of(name: t.Any) -> t.Optional[str]:
    """Return EJBCA's reason as RFC 5280 has it, in snake_case."""
    return next((ours for ours, theirs in REASONS.items() if theirs == str(name).upper()), None)


def end_entity_of(order: Order) -> str:
    """Return the name of the end entity for an order. Raises Misconfigured if it has no name at all."""
    name = order.common_name or next(iter(order.names), "")
    if not name:
        raise Misconfigured("The request has no name to call the end entity by; set end_entity.", authority="ejbca")
    return name


def enrollment_code(secret: bytes, *, key: str, end_entity: str) -> str:
    """Return an end entity's password: the same in every process that has the login's secret, and no secret of it."""
    message = f"certfleet.pki ejbca enrolment\n{key}\n{end_entity}".encode()
    return b64url(hmac.new(secret, message, hashlib.sha256).digest())


def approval_id(answer: t.Mapping[str, t.Any]) -> str:
    """Return the id of an approval request from a 202, empty if there is none; older releases have no field for it."""
    own = field(answer, "request_id")
    if isinstance(own, int) and own > 0:
        return str(own)
    link, text = str(field(answer, "link") or ""), str(field(answer, "info_message") or "")
    match = (
        re.search(r"/([1-9]\d*)/finalize", link)
        or re.search(r"\bID\D{0,12}(\d+)", text, re.I)
        or re.search(r"(\d+)", text)
    )
    return match.group(1) if match else ""


def certificates_in(value: t.Any) -> t.Tuple[str, ...]:
    """Return the certificates (PEM) in a field: base64 of DER, of PEM, of either once more, or a list of those.

    Raises BadCertificate.
    """
    if isinstance(value, list):
        return tuple(pem for one in value for pem in certificates_in(one))
    return _certificates(str(value or "").encode())


def _certificates(data: bytes) -> t.Tuple[str, ...]:
    for _layer in range(3):
        if data.startswith(_SEQUENCE) and not data[:2].isalnum():
            return (ssl.DER_cert_to_PEM_cert(data),)
        if b"-----BEGIN" in data:
            return tuple(split_pem(data))
        try:
            data = base64.b64decode(b"".join(data.split()), validate=True)
        except binascii.Error:
            break
    raise BadCertificate("EJBCA's answer holds no certificate that can be read.", authority="ejbca")
