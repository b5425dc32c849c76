# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: no promise is made about what is in here.

"""From a case at its end to what is returned of it, and shown as its diff. Pure."""

from __future__ import annotations

import posixpath
import typing as t
from datetime import datetime

from ansible_collections.certfleet.pki.plugins.module_utils._model import Pending
from ansible_collections.certfleet.pki.plugins.module_utils._x509 import CertificateFacts
from ansible_collections.certfleet.pki.plugins.plugin_utils._case import Case
from ansible_collections.certfleet.pki.plugins.plugin_utils._outcome import ASKS
from ansible_collections.certfleet.pki.plugins.plugin_utils._plan import Consequence
from ansible_collections.certfleet.pki.plugins.plugin_utils._result import (
    certificate_result,
    derive_status,
    diff_entry,
    predicted_summary,
    summary,
)

__all__ = ("case_diff", "case_result")

_PEM_FILES = {
    "private_key": "privkey.pem",
    "certificate": "cert.pem",
    "chain": "chain.pem",
    "fullchain": "fullchain.pem",
}
_OTHER_FILES = {"combined": "combined.pem", "pkcs12": "keystore.p12", "jks": "keystore.jks"}
_GONE = frozenset(("removed", "revoked"))


def case_result(case: Case, *, check: bool, now: datetime) -> t.Dict[str, t.Any]:
    """Return the ``certificate`` field."""
    facts = _facts_at_end(case, check)
    replaced = case.observed.certificate if case.fitted and not case.failed else None
    return certificate_result(
        name=case.name,
        action=case.action,
        status=_status(case, check, now),
        reasons=case.plan.reasons if case.has("plan") else (),
        facts=facts,
        record=_record(case),
        authority=case.authority.NAME if case.has("authority") and _is_new(case) else None,
        authority_id=case.authority.identity if case.has("authority") and _is_new(case) else None,
        request_id=_request_id(case),
        renew_at=_renew_at(case, facts),
        installed_at=case.installed.get("installed_at"),
        files=_files(case) if facts and case.action not in _GONE else None,
        replaced=replaced,
        rolled_back=case.rolled_back,
        verified=_verified(case),
        warnings=case.warnings,
    )


def case_diff(case: Case) -> t.Dict[str, t.Any]:
    """Return the entry of ``diff`` for a case that changed something, or would."""
    attributes = case.observed.attributes
    before = summary(case.observed.certificate, attributes=attributes)
    entry = diff_entry(name=case.name, before=before, after=_after(case, attributes))
    reasons = ", ".join(sorted(case.plan.codes)) if case.has("plan") else ""
    return {**entry, "after_header": f"{case.name}: {case.action}" + (f" ({reasons})" if reasons else "")}


def _after(case: Case, attributes: t.Iterable[t.Mapping[str, t.Any]]) -> t.Dict[str, t.Any]:
    if case.action in _GONE or not case.has("plan"):
        return {}
    if case.plan.consequence in ASKS and case.fitted is None:
        return predicted_summary(case.wanted) if case.action != "pending" else {"request": "pending"}
    return summary(_facts_at_end(case, check=False), attributes=attributes, side="should")


def _facts_at_end(case: Case, check: bool) -> t.Optional[CertificateFacts]:
    """Return what is in place at the end; for a prediction, nothing that only the CA can know."""
    if not case.has("observed"):
        return None
    if case.failed or not case.has("plan"):
        return case.observed.certificate
    if case.fitted is not None:
        return case.fitted.facts
    consequence = case.plan.consequence
    if consequence is Consequence.FINISH:
        return case.observed.unfinished.certificate if case.observed.unfinished else None
    if consequence is Consequence.ADOPT:
        return case.adopted
    if check and consequence in ASKS and case.action != "pending":
        return None
    return case.observed.certificate


def _status(case: Case, check: bool, now: datetime) -> str:
    if case.action in _GONE:
        return "revoked" if case.revoked else "absent"
    if not case.has("observed"):
        return "unknown"
    if check and not case.failed and case.action in ("issued", "renewed", "resumed"):
        return "issued"
    return derive_status(
        facts=_facts_at_end(case, check),
        now=now,
        revoked=case.ca_status == "revoked" and case.fitted is None,
        unreadable=case.observed.unreadable is not None,
        request_status=_request_status(case),
    )


def _request_status(case: Case) -> t.Optional[str]:
    if case.error is not None and case.error.kind in ("rejected", "bad_certificate"):
        return "rejected"
    if isinstance(case.answer, Pending):
        return "pending"
    pending = case.observed.pending
    return pending.status if pending and not case.failed else None


def _is_new(case: Case) -> bool:
    """Return True if what is told is about the authority given now: it issued, is asked, or nothing else is there."""
    if case.failed or case.action == "none":
        return case.has("observed") and not case.observed.exists
    return case.has("plan") and case.plan.consequence in ASKS


def _record(case: Case) -> t.Mapping[str, t.Any]:
    if not case.has("observed") or (case.fitted is not None and not case.failed):
        return {}
    return case.observed.own_record


def _request_id(case: Case) -> t.Optional[str]:
    if case.answer is not None:
        return case.answer.request_id
    return case.prepared.get("request_id")


def _renew_at(case: Case, facts: t.Optional[CertificateFacts]) -> t.Optional[datetime]:
    if facts is None or not case.has("plan"):
        return None
    return case.renew_at if case.fitted and not case.failed else case.plan.renew_at


def _verified(case: Case) -> t.Optional[bool]:
    """Return what the installation saw; where there was none, what the observation did."""
    if case.verified is not None or not case.has("observed") or case.observed.served is None:
        return case.verified
    return not case.observed.served


def _files(case: Case) -> t.Dict[str, str]:
    """Return the stable paths; they hold the new set from the moment of the switch."""
    others = {name: file for name, file in _OTHER_FILES.items() if name in case.wanted.formats}
    return {name: posixpath.join(case.wanted.directory, file) for name, file in {**_PEM_FILES, **others}.items()}
