# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: no promise is made about what is in here.

"""From what was observed to a plan: ask the CA only what the options demand, then plan."""

from __future__ import annotations

import typing as t
from datetime import datetime

from ansible_collections.certfleet.pki.plugins.module_utils._authorities._base import (
    Authority,
    ReportsStatus,
    SuggestsRenewal,
)
from ansible_collections.certfleet.pki.plugins.module_utils._errors import NotFound, Unavailable
from ansible_collections.certfleet.pki.plugins.module_utils._model import CertificateReference, RenewalSuggestion
from ansible_collections.certfleet.pki.plugins.plugin_utils._case import Case
from ansible_collections.certfleet.pki.plugins.plugin_utils._outcome import ASKS, denied
from ansible_collections.certfleet.pki.plugins.plugin_utils._plan import Consequence, plan
from ansible_collections.certfleet.pki.plugins.plugin_utils._suggestion import (
    fresh_suggestion,
    recorded_suggestion,
    suggestion_due,
)

__all__ = ("consult", "decide", "needs_consultation")

#: Puts a question to a CA, unless it is known to be out of reach.
Ask = t.Callable[[Authority, t.Callable[[], t.Optional[RenewalSuggestion]]], t.Optional[RenewalSuggestion]]


def needs_consultation(case: Case, *, now: datetime) -> bool:
    """Return True if the CA has to be asked before it can be decided what to do."""
    if case.observed.certificate is None:
        return False
    if case.wanted.check_revocation:
        return True
    return isinstance(case.authority, SuggestsRenewal) and suggestion_due(case.observed.own_record, now=now)


def consult(case: Case, *, ask: Ask, now: datetime) -> None:
    """Ask the CA whether the certificate is revoked, and when it would like it renewed. ``ask`` is the way to it."""
    if case.wanted.check_revocation:
        case.ca_status = _ca_status(case)
    if isinstance(case.authority, SuggestsRenewal) and suggestion_due(case.observed.own_record, now=now):
        authority, pem = case.authority, case.in_place.pem
        case.suggestion = fresh_suggestion(
            lambda: ask(authority, lambda: authority.suggest_renewal(pem)), known=case.observed.own_record, now=now
        )


def decide(case: Case, *, now: datetime) -> None:
    """Make the plan. Raises Rejected if the CA denied the open request and nothing has changed since."""
    case.plan = plan(
        wanted=case.wanted,
        observed=case.observed,
        order_hash=case.order_hash,
        authority_identity=case.authority.identity,
        policies=case.policies,
        now=now,
        suggestion=recorded_suggestion({"suggestion": case.suggestion}) if case.suggestion else None,
        ca_status=case.ca_status,
    )
    case.warnings += case.plan.warnings
    if case.wanted.key_passphrase and case.observed.key_encrypted is False and case.plan.consequence not in ASKS:
        case.warnings.append(f"{case.name}: the key in place is not encrypted; the passphrase is for the next key.")
    if case.plan.consequence is Consequence.REJECTED:
        raise denied(case, request_id=case.pending.request_id, detail=case.pending.detail)


def _ca_status(case: Case) -> t.Optional[str]:
    if not isinstance(case.authority, ReportsStatus):
        case.warnings.append(f"{case.name}: {case.authority.NAME} can't tell whether a certificate is revoked.")
        return None
    try:
        found = case.authority.status(CertificateReference(certificate_pem=case.in_place.pem))
        if found.status == "unknown":
            case.warnings.append(f"{case.name}: {found.detail}")
        return found.status
    except NotFound:
        case.warnings.append(f"{case.name}: {case.authority.NAME} does not know the certificate that is installed.")
    except Unavailable as error:
        if case.wanted.on_unavailable != "warn":
            raise
        case.warnings.append(f"{case.name}: not known whether the certificate is revoked: {error.message}")
    return None
