# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: no promise is made about what is in here.

"""What is asked of the CA, how two orders are told apart, and what is written down of them. Pure."""

from __future__ import annotations

import hashlib
import json
import typing as t
from datetime import datetime

from ansible_collections.certfleet.pki.plugins.module_utils._model import Order
from ansible_collections.certfleet.pki.plugins.module_utils._wanted import Wanted
from ansible_collections.certfleet.pki.plugins.module_utils._x509 import CertificateFacts, isoformat
from ansible_collections.certfleet.pki.plugins.plugin_utils._recorded import recorded_request

__all__ = ("build_order", "install_record", "order_hash", "recorded_request")


def order_hash(wanted: Wanted, authority_identity: str) -> str:
    """Return what tells one order from another: a SHA-256 in hex.

    An open request is resumed only while this stays the same. In it is all that the CA is asked
    for (names, subject, usages, lifetime), of whom, and how the key that waits beside the request
    was made: its algorithm, its format and whether it is encrypted, for it will be installed as it
    is; and by which roots the answer is judged, so that other roots judge it anew. The passphrase
    itself is not in it: the hash is stored, and passphrases can be guessed. Where the key goes, when
    to renew and what follows an install don't change what was asked for.
    Options that were not given leave no trace, so that open requests survive a new version with more options.
    """
    asked = {
        "authority": authority_identity,
        "common_name": wanted.common_name,
        "subject": dict(wanted.subject),
        "dns_names": wanted.names.dns,
        "ip_addresses": wanted.names.ip,
        "email_addresses": wanted.names.email,
        "uris": wanted.names.uri,
        "extended_key_usage": sorted(wanted.extended_key_usage),
        "lifetime": wanted.lifetime,
        "key": [wanted.key.type, wanted.key.curve or wanted.key.size],
        "key_format": None if wanted.key_format == "pkcs8" else wanted.key_format,
        "key_encrypted": wanted.key_passphrase is not None,
        "trust_anchors": sorted(wanted.trust_anchors),
    }
    given = {field: value for field, value in asked.items() if value}
    canonical = json.dumps(given, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def build_order(wanted: Wanted, csr_pem: str, replaces: t.Optional[str] = None) -> Order:
    """Return the order for a CSR; ``replaces`` is the certificate (PEM) that it follows."""
    return Order(
        csr_pem=csr_pem,
        names=wanted.names,
        key=wanted.key,
        common_name=wanted.common_name,
        subject=wanted.subject,
        extended_key_usage=wanted.extended_key_usage,
        lifetime=wanted.lifetime,
        replaces=replaces,
        label=wanted.name,
    )


def install_record(
    *,
    wanted: Wanted,
    order_hash: str,
    facts: CertificateFacts,
    authority: t.Optional[str],
    authority_id: t.Optional[str],
    request_id: t.Optional[str] = None,
    issued_at: t.Optional[datetime] = None,
    suggestion: t.Optional[t.Mapping[str, t.Any]] = None,
) -> t.Dict[str, t.Any]:
    """Return the controller's part of ``record.json`` for a certificate that is about to be installed.

    ``issued_at`` is when it came from the CA; None (adopted: nobody knows) stands for its ``not_before``,
    and ``authority`` and ``authority_id`` are then None as well. Unlike ``installed_at`` it stays when
    the same certificate is installed again.
    """
    return {
        "name": wanted.name,
        "request": recorded_request(wanted, order_hash),
        "authority": authority,
        "authority_id": authority_id,
        "request_id": request_id,
        "serial_number": facts.serial_number,
        "fingerprint_sha256": facts.fingerprint_sha256,
        "issued_at": isoformat(issued_at or facts.not_before),
        "suggestion": suggestion,
        "revoked": False,
    }
