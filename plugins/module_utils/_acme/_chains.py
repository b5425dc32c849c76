# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: no promise is made about what is in here.
"""Which of the CA's chains to take (RFC 8555, section 7.4.2). No I/O in here."""

from __future__ import annotations

import typing as t

try:
    from cryptography.x509 import oid
except ImportError:  # _x509.require_cryptography reports it
    oid = None  # type: ignore[assignment]

from ansible_collections.certfleet.pki.plugins.module_utils._acme._errors import AUTHORITY
from ansible_collections.certfleet.pki.plugins.module_utils._errors import BadCertificate
from ansible_collections.certfleet.pki.plugins.module_utils._pem import split_pem
from ansible_collections.certfleet.pki.plugins.module_utils._x509 import load_certificate

__all__ = ("Chain", "is_preferred", "split_chain")

#: The certificate, then what the CA sent above it.
Chain = t.Tuple[str, ...]


def split_chain(text: str, *, server: str) -> Chain:
    """Return the certificates that the server sent, the leaf first. Raises BadCertificate if there is none."""
    chain = tuple(split_pem(text))
    if not chain:
        raise BadCertificate(
            f"{server} sent no certificate in PEM for an order that it calls valid.", authority=AUTHORITY
        )
    return chain


def is_preferred(chain: Chain, common_name: str) -> bool:
    """Tell whether the topmost certificate was issued by somebody of that common name. Raises BadCertificate."""
    issuer = load_certificate(chain[-1]).issuer
    return common_name in [attribute.value for attribute in issuer.get_attributes_for_oid(oid.NameOID.COMMON_NAME)]
