# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: no promise is made about what is in here.
"""What goes to the service and comes back, in its spelling. No I/O in here."""

from __future__ import annotations

import platform
import typing as t

from ansible_collections.certfleet.pki.plugins.module_utils._errors import Misconfigured, Rejected
from ansible_collections.certfleet.pki.plugins.module_utils._model import Order
from ansible_collections.certfleet.pki.plugins.module_utils._names import normalise_serial
from ansible_collections.certfleet.pki.plugins.module_utils._venafi._words import plain
from ansible_collections.certfleet.pki.plugins.module_utils._venafi_saas._template import period_of

__all__ = ("REASONS", "applications_of", "has_serial", "not_issued", "order_body")

Fields = t.Mapping[str, t.Any]

#: RevocationReason of the GraphQL schema.
REASONS = {
    reason: reason.upper()
    for reason in ("unspecified", "key_compromise", "affiliation_changed", "superseded", "cessation_of_operation")
}


def order_body(order: Order, *, application: Fields, template_id: str, origin: str) -> t.Dict[str, t.Any]:
    """Return the body of ``certificaterequests``; ``origin`` and this machine's name say who asks."""
    body: t.Dict[str, t.Any] = {
        "isVaaSGenerated": False,
        "applicationId": application.get("id"),
        "certificateIssuingTemplateId": template_id,
        "certificateSigningRequest": order.csr_pem,
        "apiClientInformation": {"type": origin, "identifier": platform.node() or "controller"},
    }
    if order.lifetime:
        body["validityPeriod"] = period_of(order.lifetime)
    return body


def applications_of(known: Fields) -> t.Tuple[t.Any, ...]:
    """Return the ids of the applications that a certificate belongs to."""
    return (*(known.get("applicationIds") or ()), known.get("applicationId"))


def has_serial(known: Fields, serial: str) -> bool:
    """Say whether a certificate has this serial number (hex), however the service spells it."""
    try:
        return normalise_serial(str(known.get("serialNumber") or "")).lstrip("0") == serial.lower().lstrip("0")
    except Misconfigured:
        return False


def not_issued(told: Fields, *, request_id: str, url: str, key: str) -> Rejected:
    """Return the error for a request that ended without a certificate; ``key`` must not be shown."""
    error = told.get("errorInformation") or {}
    words = plain(error.get("message") or error.get("code") or told.get("status"), secrets=(key,))
    return Rejected(
        f"{url} did not issue what request {request_id} asks for: {words}; have that put right, and order again.",
        detail=words,
        authority="venafi_saas",
    )
