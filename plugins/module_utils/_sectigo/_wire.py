# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: no promise is made about what is in here.
"""What goes to Sectigo Certificate Manager and comes back, in its spelling. No I/O in here.

API: Sectigo Certificate Manager (SCM) REST API, chapter SSL certificates.
"""

from __future__ import annotations

import typing as t
from datetime import datetime, timezone

from ansible_collections.certfleet.pki.plugins.module_utils._errors import (
    BadCertificate,
    Misconfigured,
    PolicyViolation,
)
from ansible_collections.certfleet.pki.plugins.module_utils._model import REVOCATION_REASONS, Order
from ansible_collections.certfleet.pki.plugins.module_utils._pem import split_pem
from ansible_collections.certfleet.pki.plugins.module_utils._times import parse_time
from ansible_collections.certfleet.pki.plugins.module_utils._x509 import (
    CertificateFacts,
    read_certificate,
    read_request,
)

__all__ = (
    "PENDING",
    "REASONS",
    "REFUSED",
    "colons",
    "common_name_of",
    "dcv_state",
    "enrol_body",
    "mark_of",
    "reason_of",
    "sorted_out",
    "to_date",
)

#: The Admin Operations API writes one of them with a space.
PENDING = frozenset(("Requested", "Approved", "Applied", "SAApproved", "SA Approved", "Init"))
REFUSED = frozenset(("Declined", "Rejected", "Invalid"))
#: RFC 5280 in snake_case to the reasonCode that Sectigo takes.
REASONS: t.Mapping[str, int] = {
    name: REVOCATION_REASONS[name]
    for name in ("unspecified", "key_compromise", "affiliation_changed", "superseded", "cessation_of_operation")
}
_MOST_COMMENTS = 1024


def mark_of(order: Order) -> str:
    """Return what an order's comment ends with, to find it by its key when the answer was lost."""
    return f"[certfleet {read_request(order.csr_pem).public_key_sha256[:32]}]"


def enrol_body(order: Order, options: t.Mapping[str, t.Any], *, profile_id: int, term: int) -> t.Dict[str, t.Any]:
    """Return the body of ``enroll``. Raises PolicyViolation for names that Sectigo's SSL certificates can't hold."""
    if order.names.email or order.names.uri:
        raise PolicyViolation(
            "Sectigo's SSL certificates hold DNS names and IP addresses only; leave out the others.",
            authority="sectigo",
        )
    mark = mark_of(order)
    comments = f"{(options.get('comments') or '')[: _MOST_COMMENTS - len(mark) - 1]} {mark}".strip()
    fields = options.get("custom_fields") or {}
    body = {
        "orgId": options["organization_id"],
        "csr": order.csr_pem,
        "certType": profile_id,
        "term": term,
        "subjAltNames": ",".join(order.names.dns + order.names.ip),
        "comments": comments,
        "externalRequester": ", ".join(options.get("external_requesters") or ()),
        "customFields": [{"name": str(name), "value": str(value)} for name, value in fields.items()],
        **dcv_fields(options),
    }
    return {name: value for name, value in body.items() if value not in ("", [])}


def dcv_fields(options: t.Mapping[str, t.Any]) -> t.Dict[str, str]:
    """Return the fields that say how control of the domains is shown."""
    wanted = {"dcvMode": options.get("dcv_mode"), "dcvEmail": options.get("dcv_email")}
    return {name: value for name, value in wanted.items() if value}


def common_name_of(order: Order) -> str:
    """Return what Sectigo lists an order as."""
    return order.common_name or next(iter(order.names), "")


def colons(serial: str) -> str:
    """Return a serial number (hex, even number of digits) in Sectigo's spelling."""
    return ":".join(serial[at : at + 2] for at in range(0, len(serial), 2)).upper()


def sorted_out(text: str) -> t.Tuple[CertificateFacts, t.Tuple[str, ...]]:
    """Return the certificate and what is above it from a download, whose order is not said. Raises BadCertificate."""
    every = [read_certificate(pem) for pem in split_pem(text)]
    leaf = next((one for one in every if not one.is_ca), every[0] if every else None)
    if leaf is None:
        raise BadCertificate("Sectigo's answer holds no certificate.", authority="sectigo")
    return leaf, tuple(one.pem for one in every if one is not leaf)


def reason_of(code: t.Any) -> t.Optional[str]:
    """Return a reasonCode as RFC 5280 has it, in snake_case."""
    return next((name for name, number in REVOCATION_REASONS.items() if str(number) == str(code)), None)


def to_date(text: t.Any) -> t.Optional[datetime]:
    """Return a date of Sectigo's as its first second in UTC, None if there is none.

    The classic API writes MM/DD/YYYY, the Admin Operations API a time as in ISO 8601.
    """
    try:
        return datetime.strptime(str(text), "%m/%d/%Y").replace(tzinfo=timezone.utc)
    except ValueError:
        pass
    try:
        return parse_time(str(text))
    except Misconfigured:
        return None


def dcv_state(body: t.Any) -> str:
    """Return how far the validation of each domain is, in words: its way is in ``instructions``, its state in ``dcvLog``."""
    states: t.Dict[str, t.Dict[str, t.Any]] = {}
    for entry in _objects(body):
        domain = entry.get("domainName")
        if isinstance(domain, str):
            states.setdefault(domain, {}).update(entry)
    return ", ".join(_domain_state(domain, entry) for domain, entry in states.items())


def _objects(body: t.Any) -> t.Iterator[t.Mapping[str, t.Any]]:
    if isinstance(body, dict):
        yield body
    children = body.values() if isinstance(body, dict) else body if isinstance(body, list) else ()
    for child in children:
        yield from _objects(child)


def _domain_state(domain: str, entry: t.Mapping[str, t.Any]) -> str:
    known = (entry.get(name) for name in ("dcvMode", "dcvStatus"))
    return " ".join([domain, *(word for word in known if isinstance(word, str))])
