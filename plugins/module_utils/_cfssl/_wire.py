# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: no promise is made about what is in here.

"""What goes to cfssl and comes back, in its spelling. No I/O in here.

github.com/cloudflare/cfssl, doc/api/*.txt and auth/auth.go.
"""

from __future__ import annotations

import base64
import hmac
import json
import re
import typing as t

from ansible_collections.certfleet.pki.plugins.module_utils._errors import Misconfigured
from ansible_collections.certfleet.pki.plugins.module_utils._go_durations import seconds
from ansible_collections.certfleet.pki.plugins.module_utils._policy import Policy

__all__ = ("REASONS", "auth_key", "authenticated", "policy_of")

#: Ours to cfssl's names of revocation reasons (ocsp/ocsp.go).
REASONS: t.Mapping[str, str] = {
    "unspecified": "unspecified",
    "key_compromise": "keycompromise",
    "ca_compromise": "cacompromise",
    "affiliation_changed": "affiliationchanged",
    "superseded": "superseded",
    "cessation_of_operation": "cessationofoperation",
    "certificate_hold": "certificatehold",
    "remove_from_crl": "removefromcrl",
    "privilege_withdrawn": "privilegewithdrawn",
    "aa_compromise": "aacompromise",
}
#: Extended ones among the usages of a profile (config/config.go); the others are key usages.
_USAGES = {
    "any": "any",
    "server auth": "server_auth",
    "client auth": "client_auth",
    "code signing": "code_signing",
    "email protection": "email_protection",
    "s/mime": "email_protection",
    "ipsec end system": "ipsec_end_system",
    "ipsec tunnel": "ipsec_tunnel",
    "ipsec user": "ipsec_user",
    "timestamping": "time_stamping",
    "ocsp signing": "ocsp_signing",
    "microsoft sgc": "1.3.6.1.4.1.311.10.3.3",
    "netscape sgc": "2.16.840.1.113730.4.1",
}


def auth_key(text: str) -> bytes:
    """Return the bytes of an authentication key. Raises Misconfigured, and never quotes it."""
    plain = text.strip()
    if not plain or not re.fullmatch(r"(?:[0-9a-fA-F]{2})+", plain):
        raise Misconfigured(
            "auth_key must be an even number of hexadecimal digits, as in auth_keys of the server's configuration.",
            authority="cfssl",
        )
    return bytes.fromhex(plain)


def authenticated(body: t.Mapping[str, t.Any], key: bytes) -> t.Dict[str, str]:
    """Return the body of ``authsign``: the request's bytes, and their HMAC-SHA256."""
    request = json.dumps(dict(body)).encode()
    token = hmac.new(key, request, "sha256").digest()
    return {"token": base64.b64encode(token).decode(), "request": base64.b64encode(request).decode()}


def policy_of(info: t.Mapping[str, t.Any], *, source: str) -> Policy:
    """Return what ``info`` tells about a profile as a policy."""
    usages = info.get("usages")
    named = [_USAGES[text] for text in usages if text in _USAGES] if isinstance(usages, list) else []
    return Policy(
        source=source,
        restrictive=False,
        max_lifetime=seconds(info.get("expiry")) or None,
        extended_key_usages=None if not isinstance(usages, list) or "any" in named else tuple(dict.fromkeys(named)),
    )
