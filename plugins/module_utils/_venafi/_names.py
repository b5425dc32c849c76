# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: no promise is made about what is in here.
r"""Names of things on a Trust Protection Platform. No I/O in here.

A certificate is an object in a folder: ``\VED\Policy\FOLDER\NAME``. Asking again under the same name
replaces what the object holds, so every request for a new one gets a name of its own, made from the CSR:
two hosts with the same common name never take each other's place, and a request whose answer was lost
can be found.
"""

from __future__ import annotations

import dataclasses
import hashlib
import re
import typing as t

from ansible_collections.certfleet.pki.plugins.module_utils._errors import Misconfigured
from ansible_collections.certfleet.pki.plugins.module_utils._model import Order
from ansible_collections.certfleet.pki.plugins.module_utils._x509 import (
    CertificateFacts,
    read_certificate,
    read_request,
)

__all__ = ("RequestId", "key_mark", "object_name", "policy_dn", "thumbprint_of")

_ROOT = "\\VED\\Policy"
_REQUEST_ID = re.compile(r"(?P<dn>\\VED\\.+?)(?:\|(?P<key>[0-9a-f]{32})(?:\|(?P<follows>[0-9A-F]{40}))?)?", re.DOTALL)


@dataclasses.dataclass(frozen=True)
class RequestId:
    """What a request is known by: the object, the key asked for, and the certificate that it is to replace.

    An object goes on holding its old certificate while a new one is made; the key tells them apart.
    """

    dn: str
    key: t.Optional[str] = None
    follows: t.Optional[str] = None

    def __str__(self) -> str:
        return "|".join(filter(None, (self.dn, self.key, self.follows)))

    def names(self, certificate: CertificateFacts) -> bool:
        """Say whether a certificate of the object is the one asked for."""
        return self.key in (None, certificate.public_key_sha256[:32])

    @classmethod
    def parse(cls, text: str) -> t.Optional[RequestId]:
        """Read an id of ours, or the plain name of an object; None if it is neither."""
        match = _REQUEST_ID.fullmatch(text.strip())
        return cls(match["dn"], match["key"], match["follows"]) if match else None


def policy_dn(zone: str) -> str:
    r"""Return the full name of a folder that may be given without ``\VED\Policy``. Raises Misconfigured."""
    parts = [part.strip() for part in zone.strip().strip("\\").split("\\")]
    if not all(parts) or any(ord(character) < 32 for character in zone):
        raise Misconfigured(
            r"zone must name a policy folder, like \VED\Policy\Web or Web\Internal; correct zone.", authority="venafi"
        )
    if parts[0].upper() == "VED":
        return "\\" + "\\".join(parts)
    return "\\".join((_ROOT, *parts))


def object_name(order: Order) -> str:
    """Return the name for a new object: what the certificate is for, and a mark of this very CSR."""
    title = order.common_name or next(iter(order.names), "certificate")
    readable = re.sub(r"[^\w.@*:+ -]", "_", title)[:64]
    return f"{readable}-{hashlib.sha256(order.csr_pem.strip().encode()).hexdigest()[:12]}"


def key_mark(pem: str) -> str:
    """Return the mark of the public key of a certificate or CSR."""
    read = read_certificate if "BEGIN CERTIFICATE-" in pem else read_request
    return read(pem).public_key_sha256[:32]


def thumbprint_of(certificate_pem: str) -> str:
    """Return the SHA-1 fingerprint as the server spells it."""
    return read_certificate(certificate_pem).fingerprint_sha1.upper()
