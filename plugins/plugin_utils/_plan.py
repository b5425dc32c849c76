# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: no promise is made about what is in here.

"""Decides what to do about one certificate. Pure: what is wanted and what is there go in, a plan comes out.

All reasons that apply are listed; the strongest consequence wins. Nothing here asks the CA: what
it said goes in (``suggestion``, ``ca_status``), and ``after_failure`` adapts a plan when the CA
says later that an open request came to nothing.
"""

from __future__ import annotations

import dataclasses
import functools
import typing as t
from datetime import datetime

from ansible_collections.certfleet.pki.plugins.module_utils._errors import BadCertificate, NotFound, PkiError, Rejected
from ansible_collections.certfleet.pki.plugins.module_utils._model import RenewalSuggestion
from ansible_collections.certfleet.pki.plugins.module_utils._policy import Policy
from ansible_collections.certfleet.pki.plugins.module_utils._wanted import Wanted
from ansible_collections.certfleet.pki.plugins.module_utils._x509 import isoformat
from ansible_collections.certfleet.pki.plugins.plugin_utils._checks import View, forced, order_reasons, view_of
from ansible_collections.certfleet.pki.plugins.plugin_utils._observed import Observed, OpenRequest, StoredSet
from ansible_collections.certfleet.pki.plugins.plugin_utils._reasons import Consequence, Reason, strongest
from ansible_collections.certfleet.pki.plugins.plugin_utils._standing import standing_reasons
from ansible_collections.certfleet.pki.plugins.plugin_utils._suggestion import recorded_suggestion

__all__ = ("Consequence", "Plan", "Reason", "after_failure", "plan")

Reasons = t.Tuple[Reason, ...]

_SOURCES = {
    Consequence.ORDER: "request",
    Consequence.RESUME: "request",
    Consequence.REINSTALL: "current",
    Consequence.FINISH: "unfinished",
    Consequence.ADOPT: "adopted",
}
_ASKS_CA = (Consequence.ORDER, Consequence.RESUME)
_KEEPS_REQUEST = (Consequence.RESUME, Consequence.REJECTED)
_BEYOND_REPAIR = frozenset(("missing", "unreadable", "key_missing", "key_mismatch", "key_encrypted"))
_CAN_WAIT = frozenset(("expiring", "authority_suggests", "pending_request"))


@dataclasses.dataclass(frozen=True)
class Plan:
    """What to do about one certificate, and why.

    ``new_key`` says whether an order needs a new key. ``install_from`` is where the host finds what
    to install: request, current, unfinished or adopted. ``renew_at`` is that of the certificate in
    place, or of the one that FINISH or ADOPT puts there. ``discard_request``: an open request that
    is of no more use has to be cancelled and dropped first. ``repair`` (NOTHING, REINSTALL or
    ATTRIBUTES) is what the set in place needs anyway, if the CA has nothing to install yet.
    """

    consequence: Consequence
    reasons: Reasons = ()
    new_key: bool = False
    install_from: t.Optional[str] = None
    renew_at: t.Optional[datetime] = None
    discard_request: bool = False
    repair: Consequence = Consequence.NOTHING
    warnings: t.Tuple[str, ...] = ()

    @property
    def codes(self) -> t.FrozenSet[str]:
        """The codes of all reasons."""
        return frozenset(reason.code for reason in self.reasons)

    @property
    def can_wait(self) -> bool:
        """True if the certificate in place is good and only due for renewal, as ``on_unavailable: warn`` asks."""
        return bool(self.reasons) and self.codes <= _CAN_WAIT


class _Ready(t.NamedTuple):
    """A set that needs no CA: it only has to be put in place."""

    consequence: Consequence
    view: View


def plan(
    *,
    wanted: Wanted,
    observed: Observed,
    order_hash: str,
    authority_identity: str,
    policies: t.Sequence[Policy] = (),
    now: datetime,
    suggestion: t.Optional[RenewalSuggestion] = None,
    ca_status: t.Optional[str] = None,
) -> Plan:
    """Return what to do so that the host has what is wanted.

    ``order_hash`` and ``authority_identity`` are of what would be ordered now. ``suggestion`` is the
    CA's latest; without it the recorded one counts. ``ca_status`` is what the CA says of the
    installed certificate (``revoked`` ...), if it was asked.
    """
    look = functools.partial(view_of, wanted=wanted, now=now, authority_identity=authority_identity, policies=policies)
    suggestion = suggestion or recorded_suggestion(observed.own_record)
    installed = look(stored=observed, suggestion=suggestion, ca_status=ca_status)
    adopted = None if observed.exists else observed.adopt
    adoptable = look(stored=adopted) if adopted else None
    ordering = _order_reasons(wanted, observed, installed) + _not_adopted(adopted, adoptable)
    standing = standing_reasons(observed, now) if installed else ()
    ready = _unfinished(observed, look) or _adoptable(ordering, adoptable)
    request = _resumable(observed, order_hash, installed, ordering)
    consequence = ready.consequence if ready else _decide(wanted, request, ordering, standing)
    return _assemble(
        Plan(consequence, ordering, discard_request=_discards(consequence, observed, request)),
        wanted=wanted,
        request=request,
        standing=standing,
        view=ready.view if ready else installed,
        now=now,
    )


def after_failure(plan: Plan, error: PkiError) -> t.Optional[Plan]:
    """Return how to go on if the CA fails to give what became of the open request; None: the error stands.

    A request that the CA no longer knows, or that led to a certificate which can't be used (it may
    have expired), is ordered again. A denied one stays denied until something changes, but for ``force``.
    """
    if plan.consequence is not Consequence.RESUME:
        return None
    if isinstance(error, (NotFound, BadCertificate)) or (isinstance(error, Rejected) and "forced" in plan.codes):
        return dataclasses.replace(plan, consequence=Consequence.ORDER, discard_request=True)
    if isinstance(error, Rejected):
        return dataclasses.replace(plan, consequence=Consequence.REJECTED, new_key=False, install_from=None)
    return None


def _order_reasons(wanted: Wanted, stored: StoredSet, view: t.Optional[View]) -> Reasons:
    """Return the reasons to order another certificate than the installed one, if there is one."""
    if view:
        return order_reasons(view)
    if stored.unreadable is not None:
        absent = Reason("unreadable", stored.unreadable)
    else:
        absent = Reason("missing", f"There is no certificate in {wanted.directory}.")
    return tuple(reason for reason in (absent, forced(wanted)) if reason)


def _not_adopted(adopted: t.Optional[StoredSet], view: t.Optional[View]) -> Reasons:
    """Return why a set can't be adopted; there is nothing to say where there is none."""
    if adopted is None:
        return ()
    if view is None:
        return (Reason("unreadable", adopted.unreadable or ""),)
    return order_reasons(view)


def _unfinished(observed: Observed, look: t.Callable[..., t.Optional[View]]) -> t.Optional[_Ready]:
    """Return the set that an earlier run wrote but did not switch to, if it is right. It answers ``force`` as well."""
    view = look(stored=observed.unfinished) if observed.unfinished else None
    wrong = view is None or any(reason.code != "forced" for reason in order_reasons(view))
    return None if view is None or wrong else _Ready(Consequence.FINISH, view)


def _adoptable(ordering: Reasons, view: t.Optional[View]) -> t.Optional[_Ready]:
    """Return the set to be adopted if that it is not here yet is the only reason to do anything."""
    fits = view is not None and all(reason.code == "missing" for reason in ordering)
    return _Ready(Consequence.ADOPT, view) if view is not None and fits else None


def _resumable(
    observed: Observed, order_hash: str, view: t.Optional[View], ordering: Reasons
) -> t.Optional[OpenRequest]:
    """Return the open request if it is for what would be ordered now, and could still bring it."""
    request = observed.pending
    if request is None or request.order_hash != order_hash or request.public_key_sha256 is None:
        return None
    if view and request.public_key_sha256 == view.facts.public_key_sha256 and _rules_out_key(ordering):
        return None
    return None if _delivered(observed) else request


def _rules_out_key(ordering: Reasons) -> bool:
    return any(reason.rule.new_key and reason.code != "forced" for reason in ordering)


def _delivered(observed: Observed) -> bool:
    """Return True if the unfinished set is what the open request brought."""
    request, unfinished = observed.pending, observed.unfinished
    if request is None or unfinished is None or request.request_token is None:
        return False
    return unfinished.record.get("request_token") == request.request_token


def _decide(wanted: Wanted, request: t.Optional[OpenRequest], ordering: Reasons, standing: Reasons) -> Consequence:
    if request and not request.rejected:
        return Consequence.RESUME
    if not ordering:
        return strongest(standing)
    return Consequence.REJECTED if request and not wanted.force else Consequence.ORDER


def _discards(consequence: Consequence, observed: Observed, request: t.Optional[OpenRequest]) -> bool:
    """Tell whether the open request has to go: it is for something else, or there is no more reason for it."""
    if observed.pending is None or consequence in _KEEPS_REQUEST:
        return False
    if consequence is Consequence.FINISH:
        return request is None and not _delivered(observed)
    return True


def _assemble(
    draft: Plan,
    *,
    wanted: Wanted,
    request: t.Optional[OpenRequest],
    standing: Reasons,
    view: t.Optional[View],
    now: datetime,
) -> Plan:
    """Fill in what follows from the consequence and the reasons to order."""
    consequence, ordering = draft.consequence, draft.reasons
    asks = consequence in _ASKS_CA
    return dataclasses.replace(
        draft,
        reasons=_once_each(ordering + _told_besides(consequence, request) + standing),
        new_key=asks and (wanted.key_rotate != "never" or any(reason.rule.new_key for reason in ordering)),
        install_from=_SOURCES.get(consequence),
        renew_at=view.schedule.renew_at if view else None,
        repair=_repair(consequence, ordering, standing),
        warnings=(view.schedule.warnings if view else ()) + _premature(wanted, now),
    )


def _told_besides(consequence: Consequence, request: t.Optional[OpenRequest]) -> Reasons:
    if consequence in _KEEPS_REQUEST and request:
        return (Reason("pending_request", _told(request)),)
    if consequence is Consequence.FINISH:
        return (Reason("not_live", "An earlier run wrote a certificate and was stopped before it put it to use."),)
    return ()


def _once_each(reasons: Reasons) -> Reasons:
    return tuple({reason.code: reason for reason in reversed(reasons)}.values())[::-1]


def _told(request: OpenRequest) -> str:
    name = f"Request {request.request_id}" if request.request_id else "A request"
    since = f" of {isoformat(request.created_at)}" if request.created_at else ""
    if request.rejected:
        return f"{name}{since} was denied: {request.detail or 'the CA gave no reason'}"
    state = "is pending" if request.request_id else "was prepared, and may have been sent"
    return f"{name}{since} {state}" + (f": {request.detail}" if request.detail else ".")


def _repair(consequence: Consequence, ordering: Reasons, standing: Reasons) -> Consequence:
    waits_for_ca = consequence in _ASKS_CA or consequence is Consequence.REJECTED
    if not waits_for_ca or any(reason.code in _BEYOND_REPAIR for reason in ordering):
        return Consequence.NOTHING
    return strongest(reason for reason in standing if reason.code != "not_yet_valid")


def _premature(wanted: Wanted, now: datetime) -> t.Tuple[str, ...]:
    if wanted.reissue_before is None or wanted.reissue_before <= now:
        return ()
    return (f"reissue_before ({isoformat(wanted.reissue_before)}) is in the future and has no effect until then.",)
