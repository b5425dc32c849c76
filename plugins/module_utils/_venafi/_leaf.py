# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: no promise is made about what is in here.
"""Which of several certificates is the one that was asked for. No I/O in here."""

from __future__ import annotations

import typing as t

from ansible_collections.certfleet.pki.plugins.module_utils._errors import BadCertificate
from ansible_collections.certfleet.pki.plugins.module_utils._x509 import CertificateFacts, read_certificate, split_pem

__all__ = ("leaf_and_chain",)


def leaf_and_chain(text: str) -> t.Tuple[CertificateFacts, t.Tuple[str, ...]]:
    """Return the certificate that signed none of the others, and the rest. Raises BadCertificate.

    The order is the server's choice, and some turn it round.
    """
    certificates = [read_certificate(pem) for pem in split_pem(text)]
    if not certificates:
        raise BadCertificate("The CA's answer holds no certificate; have its operator look at it.")
    issuers = {one.issuer for one in certificates if not one.self_signed}
    leaves = [one for one in certificates if not one.is_ca and one.subject not in issuers]
    leaf = (leaves or [one for one in certificates if not one.is_ca] or certificates)[0]
    return leaf, tuple(one.pem for one in certificates if one is not leaf)
