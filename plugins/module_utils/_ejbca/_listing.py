# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: no promise is made about what is in here.
"""What a CA of EJBCA issued, page by page: by the search of version 2, or where there is none, by when it expires."""

from __future__ import annotations

import typing as t

from ansible_collections.certfleet.pki.plugins.module_utils._ejbca._client import EjbcaClient
from ansible_collections.certfleet.pki.plugins.module_utils._ejbca._wire import certificates_in, field
from ansible_collections.certfleet.pki.plugins.module_utils._x509 import CertificateFacts, read_certificate

__all__ = ("Listed", "listed")

#: A certificate, and whether it is revoked (None: EJBCA did not say).
Listed = t.Tuple[CertificateFacts, t.Optional[bool]]

_PAGE = 100
_REVOKED, _ARCHIVED = 40, 60


def listed(client: EjbcaClient, *, issuer: str) -> t.Iterator[Listed]:
    """Yield the certificates of a CA; ``issuer`` is its subject (RFC 4514)."""
    page = client.page(1, size=_PAGE)
    if page is None:
        yield from _by_expiry(client, issuer)
        return
    number = 1
    while page:
        for entry in page:
            encoded = field(entry, "base64_cert")
            if encoded:
                yield read_certificate(certificates_in(encoded)[0]), _is_revoked(entry)
        if len(page) < _PAGE:
            return
        number += 1
        page = client.page(number, size=_PAGE)


def _is_revoked(entry: t.Mapping[str, t.Any]) -> bool:
    reason = field(entry, "revocation_reason")
    had_reason = isinstance(reason, int) and reason >= 0
    return entry.get("status") == _REVOKED or (entry.get("status") == _ARCHIVED and had_reason)


def _by_expiry(client: EjbcaClient, issuer: str) -> t.Iterator[Listed]:
    """This lists the certificates of every CA."""
    offset: t.Optional[int] = 0
    while offset is not None:
        certificates, offset = client.expiring(offset, size=_PAGE)
        for entry in certificates:
            facts = read_certificate(certificates_in(field(entry, "certificate"))[0])
            if facts.issuer == issuer:
                yield facts, None
