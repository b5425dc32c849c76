# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: no promise is made about what is in here.
"""When the CA would like a certificate renewed (ACME Renewal Information, RFC 9773)."""

from __future__ import annotations

import typing as t

from ansible_collections.certfleet.pki.plugins.module_utils._acme._client import AcmeClient
from ansible_collections.certfleet.pki.plugins.module_utils._acme._errors import json_object, refusal
from ansible_collections.certfleet.pki.plugins.module_utils._base64url import encode as b64url
from ansible_collections.certfleet.pki.plugins.module_utils._errors import Misconfigured
from ansible_collections.certfleet.pki.plugins.module_utils._http import retry_after
from ansible_collections.certfleet.pki.plugins.module_utils._model import RenewalSuggestion
from ansible_collections.certfleet.pki.plugins.module_utils._times import parse_time
from ansible_collections.certfleet.pki.plugins.module_utils._x509 import CertificateFacts

__all__ = ("certificate_id", "renewal_information")

#: Section 4.3.2 lets a client keep what a server asks within reason; without an answer it is six hours.
_SOONEST, _LATEST, _USUAL = 60.0, 86400.0, 21600.0


def certificate_id(facts: CertificateFacts) -> t.Optional[str]:
    """Return a certificate's identifier (RFC 9773, section 4.1), None if it names no authority key."""
    if not facts.authority_key_id:
        return None
    number = int(facts.serial_number, 16)
    # As in DER: another byte where the first bit would make it negative.
    serial = number.to_bytes(number.bit_length() // 8 + 1, "big")
    return f"{b64url(bytes.fromhex(facts.authority_key_id))}.{b64url(serial)}"


def renewal_information(client: AcmeClient, facts: CertificateFacts) -> t.Optional[RenewalSuggestion]:
    """Ask for a certificate that has not expired (GET ``renewalInfo/ID``, section 4.1). None if the CA suggests nothing."""
    endpoint, identifier = client.directory.get("renewalInfo"), certificate_id(facts)
    if not isinstance(endpoint, str) or identifier is None or facts.not_after <= client.context.clock():
        return None
    response = client.get(f"{endpoint.rstrip('/')}/{identifier}")
    if response.status_code in (400, 404, 410):  # of another CA, or forgotten
        return None
    if not response.ok:
        raise refusal(response, server=client.server)
    wait = retry_after(response)
    return suggestion_of(json_object(response), wait=_USUAL if wait is None else wait)


def suggestion_of(answer: t.Mapping[str, t.Any], *, wait: float) -> t.Optional[RenewalSuggestion]:
    """Return what an answer suggests; a window that ends before it starts is no answer (section 4.2)."""
    window = answer.get("suggestedWindow")
    try:
        start, end = (parse_time(t.cast(t.Any, window)[side]) for side in ("start", "end"))
    except (Misconfigured, KeyError, TypeError):
        return None
    if end <= start:
        return None
    explanation = answer.get("explanationURL")
    return RenewalSuggestion(
        start=start,
        end=end,
        explanation_url=explanation if isinstance(explanation, str) else None,
        retry_after=min(_LATEST, max(_SOONEST, wait)),
    )
