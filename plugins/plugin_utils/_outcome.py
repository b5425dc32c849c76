# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: no promise is made about what is in here.

"""How a case ends: what is left to do on the host, and what is said about it. Pure."""

from __future__ import annotations

import typing as t
from datetime import datetime

from ansible_collections.certfleet.pki.plugins.module_utils._errors import Rejected, Unavailable
from ansible_collections.certfleet.pki.plugins.module_utils._model import Issued, Pending
from ansible_collections.certfleet.pki.plugins.plugin_utils import _host_items as items
from ansible_collections.certfleet.pki.plugins.plugin_utils._case import Case
from ansible_collections.certfleet.pki.plugins.plugin_utils._plan import Consequence

__all__ = ("ASKS", "REPAIRS", "action_of", "conclude", "denied", "last_item", "spare")

ASKS = frozenset((Consequence.ORDER, Consequence.RESUME))
REPAIRS = frozenset((Consequence.REINSTALL, Consequence.FINISH, Consequence.ADOPT, Consequence.ATTRIBUTES))

#: The CA's verdict on this very request: asking again would end the same way.
_FINAL = frozenset(("rejected", "bad_certificate"))


def last_item(case: Case) -> t.Optional[t.Dict[str, t.Any]]:
    """Return what the last call on the host has to do for this case, or None."""
    if not case.has("plan"):
        return None
    if case.failed:
        return _after_failure(case)
    if case.fitted is not None and case.plan.consequence in ASKS:
        return items.install_item(case)
    if isinstance(case.answer, Pending):
        return _after_pending(case, case.answer)
    if case.plan.consequence in REPAIRS:
        return items.repair_item(case, case.plan.consequence)
    return items.suggestion_item(case) if case.suggestion else None


def _after_pending(case: Case, answer: Pending) -> t.Optional[t.Dict[str, t.Any]]:
    if not case.submitted and case.prepared.get("request_id") == answer.request_id:
        return items.repair_item(case, case.plan.repair) if case.plan.repair in REPAIRS else None
    return items.note_item(case, status="pending", request_id=answer.request_id, detail=answer.detail)


def _after_failure(case: Case) -> t.Optional[t.Dict[str, t.Any]]:
    """Keep what the next run can use: the verdict on a request, or a request that may have reached the CA."""
    if not case.prepared:
        return items.repair_item(case, case.plan.repair) if case.plan.repair in REPAIRS else None
    request_id = case.answer.request_id if case.answer else case.prepared.get("request_id")
    told = case.failure.detail or case.failure.message
    if isinstance(case.error, Rejected) and case.error.retryable:
        return items.discard_item(case)
    if request_id:
        status = "rejected" if case.failure.kind in _FINAL else "pending"
        return items.note_item(case, status=status, request_id=request_id, detail=told)
    if isinstance(case.error, Unavailable):
        return items.note_item(case, status="intent", request_id=None, detail=told)
    return items.discard_item(case)


def conclude(case: Case) -> None:
    """Say what was done, or would be: a request that was pending before this run is no change."""
    case.action = action_of(case)
    still_pending = case.action == "pending" and not case.submitted and case.plan.repair not in REPAIRS
    case.changed = case.action != "none" and not still_pending


def action_of(case: Case) -> str:
    """Return the ``action`` field for a case that went, or would go, well."""
    consequence = case.plan.consequence
    if consequence is Consequence.ADOPT:
        return "adopted"
    if consequence in REPAIRS:
        return "reinstalled"
    if consequence not in ASKS:
        return "none"
    if isinstance(case.answer, Pending):
        return "pending"
    if consequence is Consequence.RESUME and isinstance(case.answer, Issued) and not case.submitted:
        return "resumed"
    return "renewed" if case.observed.exists else "issued"


def spare(case: Case, *, now: datetime) -> None:
    """Turn an unreachable CA into a warning, if the user allows it and nothing is lost by waiting."""
    if not isinstance(case.error, Unavailable) or case.wanted.on_unavailable != "warn" or not case.has("plan"):
        return
    certificate = case.observed.certificate
    if certificate is None or not certificate.not_before <= now < certificate.not_after or not case.plan.can_wait:
        return
    case.warnings.append(f"{case.name}: not renewed, the certificate in place stays: {case.error.message}")
    case.error, case.action, case.changed = None, "none", False


def denied(case: Case, *, request_id: t.Optional[str], detail: str) -> Rejected:
    """Return the error for a request that the CA has denied."""
    request = f"request {request_id}" if request_id else "the request"
    reason = detail.rstrip(" .") or "the CA gave no reason"
    return Rejected(
        f"{case.name}: {request} was rejected: {reason}; change what is asked for, or set force to order again.",
        detail=detail,
        authority=case.authority.NAME,
    )
