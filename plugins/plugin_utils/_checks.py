# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: no promise is made about what is in here.

"""The checks that find reasons to order another certificate: small, pure, one reason each.

What was asked for is compared with what was asked for last time before it is compared with the
certificate: what a CA added or dropped never causes another order.
"""

from __future__ import annotations

import dataclasses
import typing as t
from datetime import datetime

from ansible_collections.certfleet.pki.plugins.module_utils._model import KeyParameters, Names, RenewalSuggestion
from ansible_collections.certfleet.pki.plugins.module_utils._policy import Policy, granted_lifetime, violations
from ansible_collections.certfleet.pki.plugins.module_utils._wanted import Wanted
from ansible_collections.certfleet.pki.plugins.module_utils._x509 import CertificateFacts, isoformat
from ansible_collections.certfleet.pki.plugins.plugin_utils._observed import StoredSet
from ansible_collections.certfleet.pki.plugins.plugin_utils._reasons import Reason
from ansible_collections.certfleet.pki.plugins.plugin_utils._recorded import Request, recorded
from ansible_collections.certfleet.pki.plugins.plugin_utils._renewal import Schedule, schedule

__all__ = ("View", "forced", "order_reasons", "view_of")

Check = t.Callable[["View"], t.Optional[Reason]]


@dataclasses.dataclass(frozen=True)
class View:
    """All that a check may look at. ``request`` is what was asked for when the certificate was issued, if known."""

    wanted: Wanted
    stored: StoredSet
    facts: CertificateFacts
    request: t.Optional[Request]
    schedule: Schedule
    now: datetime
    authority_identity: str
    policies: t.Sequence[Policy] = ()
    suggestion: t.Optional[RenewalSuggestion] = None
    ca_status: t.Optional[str] = None


def view_of(
    *,
    wanted: Wanted,
    stored: StoredSet,
    now: datetime,
    authority_identity: str,
    policies: t.Sequence[Policy] = (),
    suggestion: t.Optional[RenewalSuggestion] = None,
    ca_status: t.Optional[str] = None,
) -> t.Optional[View]:
    """Return the view of a set, None if it has no readable certificate."""
    moments = schedule(stored, renew_before=wanted.renew_before, suggestion=suggestion)
    if stored.certificate is None or moments is None:
        return None
    return View(
        wanted=wanted,
        stored=stored,
        facts=stored.certificate,
        request=recorded(stored.own_record),
        schedule=moments,
        now=now,
        authority_identity=authority_identity,
        policies=policies,
        suggestion=suggestion,
        ca_status=ca_status,
    )


def order_reasons(view: View) -> t.Tuple[Reason, ...]:
    """Return every reason to order another certificate in place of this one, the gravest first."""
    return tuple(reason for check in ORDER_CHECKS for reason in (check(view),) if reason is not None)


_KEY_STATES = {
    "missing": ("key_missing", "The private key is missing."),
    "unreadable": ("unreadable", "The private key can't be read."),
    "mismatch": ("key_mismatch", "The private key is not the certificate's."),
}


def _key_state(view: View) -> t.Optional[Reason]:
    if view.stored.key_state == "encrypted":
        if view.wanted.key_passphrase is None:
            return Reason("key_encrypted", "The private key is encrypted and no passphrase was given.")
        return None
    code, detail = _KEY_STATES.get(view.stored.key_state, (None, ""))
    return Reason(code, detail) if code else None


def _key_type(view: View) -> t.Optional[Reason]:
    if _same_key(view.wanted.key, view.facts.key):
        return None
    return Reason("key_type_differs", f"The key is {view.facts.key}, wanted is {view.wanted.key}.")


def _same_key(one: KeyParameters, other: KeyParameters) -> bool:
    telling = {"ecdsa": "curve", "rsa": "size"}.get(one.type, "type")
    return one.type == other.type and getattr(one, telling) == getattr(other, telling)


def _revoked(view: View) -> t.Optional[Reason]:
    if view.ca_status == "revoked":
        return Reason("revoked", "The CA says that the certificate is revoked.")
    if view.stored.own_record.get("revoked") is True:
        return Reason("revoked", "The certificate was revoked by an earlier run.")
    return None


def _issued_before(view: View) -> t.Optional[Reason]:
    limit = view.wanted.reissue_before
    issued = view.stored.since or view.facts.not_before
    # A limit in the future would mean a new certificate in every run until then.
    if limit is None or limit > view.now or issued >= limit:
        return None
    return Reason("issued_before", f"Issued on {isoformat(issued)}, before {isoformat(limit)}.")


def forced(wanted: Wanted) -> t.Optional[Reason]:
    """Return the reason that stands for ``force``, with or without a certificate in place."""
    return Reason("forced", "A new certificate was asked for with force.") if wanted.force else None


def _forced(view: View) -> t.Optional[Reason]:
    return forced(view.wanted)


def _names(view: View) -> t.Optional[Reason]:
    wanted, actual = view.wanted.names, view.facts.names
    asked = view.request.names if view.request else actual
    difference = _difference(wanted, asked)
    return Reason("names_differ", difference) if difference and _difference(wanted, actual) else None


def _difference(wanted: Names, asked: Names) -> str:
    parts = (("Not in it: ", wanted.missing_from(asked)), ("No longer wanted: ", asked.missing_from(wanted)))
    return " ".join(f"{title}{', '.join(names)}." for title, names in parts if names)


def _subject(view: View) -> t.Optional[Reason]:
    wanted = (view.wanted.common_name, dict(view.wanted.subject))
    actual = (view.facts.common_name, dict(view.facts.subject_fields))
    if wanted == actual:
        return None
    if view.request is None:
        return _subject_fits(view)
    if wanted == (view.request.common_name, dict(view.request.subject)):
        return None
    return Reason(
        "subject_differs", f"The subject asked for was {_told(view.request)}, wanted is {_told(view.wanted)}."
    )


def _subject_fits(view: View) -> t.Optional[Reason]:
    """Without a record: fields that nobody asked for are the CA's, and a CN that is a name as well may be left out."""
    name, fields = view.wanted.common_name, view.facts.subject_fields
    differing = [field for field, value in view.wanted.subject if fields.get(field) != value]
    given = view.facts.common_name
    if name is not None and name != given and not (given is None and name in view.facts.names.dns):
        differing.insert(0, "common_name")
    if not differing:
        return None
    return Reason(
        "subject_differs", f"The subject {view.facts.subject or '(empty)'} differs in {', '.join(differing)}."
    )


def _told(subject: t.Union[Request, Wanted]) -> str:
    common_name = [("common_name", subject.common_name)] if subject.common_name else []
    return ", ".join(f"{field} {value}" for field, value in [*common_name, *subject.subject]) or "empty"


def _usage(view: View) -> t.Optional[Reason]:
    """Usages that were not asked for are not compared; one that is no longer asked for is."""
    wanted = set(view.wanted.extended_key_usage)
    asked = set(view.request.extended_key_usage) if view.request else set()
    if not wanted or wanted == asked:
        return None
    lacking, dropped = wanted - set(view.facts.extended_key_usage), asked - wanted
    if not lacking and not dropped:
        return None
    parts = (("Not in it: ", lacking), ("No longer wanted: ", dropped))
    return Reason("usage_differs", " ".join(f"{title}{', '.join(sorted(some))}." for title, some in parts if some))


def _authority(view: View) -> t.Optional[Reason]:
    origin = view.stored.own_record.get("authority_id")
    if not view.wanted.follow_authority or not origin or origin == view.authority_identity:
        return None
    return Reason("issuer_differs", f"It came from {origin}, wanted is {view.authority_identity}.")


def _replaced_chain(view: View) -> t.Optional[Reason]:
    """A certificate put there by hand, of another CA: there is no chain to install with it."""
    chain = view.stored.chain
    if not view.stored.foreign or not chain or view.facts.issuer == chain[0].subject:
        return None
    return Reason("issuer_differs", f"cert.pem was replaced by one from {view.facts.issuer}, whose chain is not there.")


def _recorded_identity(view: View) -> t.Optional[str]:
    identity = view.stored.own_record.get("authority_id")
    return identity if identity and isinstance(identity, str) else None


def _policy(view: View) -> t.Optional[Reason]:
    asked = view.request or Request.of(view.facts)
    # What the CA added or dropped would be the same after another order.
    broken = [
        rule
        for policy in view.policies
        for rule in violations(
            policy,
            names=asked.names,
            common_name=asked.common_name,
            subject=dict(asked.subject),
            key=view.facts.key,
            extended_key_usage=asked.extended_key_usage,
            lifetime=granted_lifetime(view.facts.not_before, view.facts.not_after),
            authority_identity=_recorded_identity(view),
        )
    ]
    return Reason("policy_violation", " ".join(dict.fromkeys(broken))) if broken else None


def _expired(view: View) -> t.Optional[Reason]:
    if view.now < view.facts.not_after:
        return None
    return Reason("expired", f"It expired on {isoformat(view.facts.not_after)}.")


def _expiring(view: View) -> t.Optional[Reason]:
    if not view.schedule.leaf <= view.now < view.facts.not_after:
        return None
    return Reason("expiring", f"It expires on {isoformat(view.facts.not_after)}; {_due(view.schedule.leaf)}.")


def _chain_expiring(view: View) -> t.Optional[Reason]:
    if view.schedule.chain is None or view.now < view.schedule.chain:
        return None
    end = isoformat(min(facts.not_after for facts in view.stored.chain))
    return Reason("chain_expiring", f"Its chain expires on {end}; {_due(view.schedule.chain)}.")


def _suggested(view: View) -> t.Optional[Reason]:
    moment = view.schedule.suggested
    if moment is None or view.now < moment or view.now >= view.facts.not_after:
        return None
    url = view.suggestion.explanation_url if view.suggestion else None
    return Reason("authority_suggests", f"The CA suggests to renew it; {_due(moment)}" + (f": {url}" if url else "."))


def _due(moment: datetime) -> str:
    return f"renewal is due since {isoformat(moment)}"


ORDER_CHECKS: t.Tuple[Check, ...] = (
    _key_state,
    _key_type,
    _revoked,
    _expired,
    _issued_before,
    _forced,
    _names,
    _subject,
    _usage,
    _policy,
    _authority,
    _replaced_chain,
    _expiring,
    _chain_expiring,
    _suggested,
)
