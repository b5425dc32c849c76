# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: no promise is made about what is in here.

"""When a certificate is to be renewed. Pure.

The default is what is customary: when a third of the lifetime is left, half of it if the lifetime
is under 10 days. What the CA suggests (RFC 9773) wins if it is earlier.
"""

from __future__ import annotations

import dataclasses
import hashlib
import typing as t
from datetime import datetime, timedelta

from ansible_collections.certfleet.pki.plugins.module_utils._durations import RenewBefore, format_duration
from ansible_collections.certfleet.pki.plugins.module_utils._model import RenewalSuggestion
from ansible_collections.certfleet.pki.plugins.module_utils._x509 import isoformat
from ansible_collections.certfleet.pki.plugins.plugin_utils._observed import StoredSet

__all__ = ("Schedule", "moment_in_window", "renew_at", "schedule")

_SHORT = timedelta(days=10)
_SECOND = timedelta(seconds=1)

Moment = t.Tuple[datetime, t.Tuple[str, ...]]


@dataclasses.dataclass(frozen=True)
class Schedule:
    """The moments that matter to a certificate; ``chain`` and ``suggested`` are None where nothing says so.

    ``leaf`` is when it is to be renewed for its own lifetime, ``chain`` for that of its chain (only
    if that ends earlier), ``suggested`` when the CA would like it, ``renew_at`` the earliest of them.
    """

    leaf: datetime
    chain: t.Optional[datetime]
    suggested: t.Optional[datetime]
    warnings: t.Tuple[str, ...] = ()

    @property
    def renew_at(self) -> datetime:
        return min(moment for moment in (self.leaf, self.chain, self.suggested) if moment)


def schedule(
    stored: StoredSet, *, renew_before: t.Optional[RenewBefore] = None, suggestion: t.Optional[RenewalSuggestion] = None
) -> t.Optional[Schedule]:
    """Return the moments of a set that is in place, None if it has no readable certificate."""
    facts = stored.certificate
    if facts is None:
        return None
    issued = _issued(facts.not_before, facts.not_after, stored.issued_at)
    leaf, warnings = _before_end(facts.not_before, facts.not_after, issued, renew_before)
    chain_end, chain_warnings = _chain_end(stored, issued)
    chain = None
    if chain_end and chain_end < facts.not_after:
        chain, warnings = _before_end(facts.not_before, chain_end, issued, renew_before)
    suggested = moment_in_window(suggestion, seed=facts.fingerprint_sha256) if suggestion else None
    return Schedule(
        leaf=leaf,
        chain=chain,
        suggested=suggested and _inside(suggested, facts.not_before, facts.not_after),
        warnings=warnings + chain_warnings,
    )


def renew_at(
    *,
    not_before: datetime,
    not_after: datetime,
    chain_not_after: t.Optional[datetime] = None,
    renew_before: t.Optional[RenewBefore] = None,
    suggestion: t.Optional[RenewalSuggestion] = None,
    issued_at: t.Optional[datetime] = None,
    seed: str = "",
) -> Moment:
    """Return when to renew, always after ``not_before`` and not after ``not_after``, and warnings.

    ``chain_not_after`` is the earliest end in the chain. ``issued_at`` is when the certificate came
    from the CA, which may lie well behind a backdated ``not_before``. ``seed`` (the fingerprint)
    chooses the moment inside the suggested window.
    """
    issued = _issued(not_before, not_after, issued_at)
    end = min(not_after, chain_not_after) if chain_not_after and chain_not_after > issued else not_after
    moment, warnings = _before_end(not_before, end, issued, renew_before)
    if suggestion:
        moment = min(moment, _inside(moment_in_window(suggestion, seed=seed), not_before, not_after))
    return moment, warnings


def moment_in_window(suggestion: RenewalSuggestion, *, seed: str) -> datetime:
    """Return a moment in the suggested window: random over certificates, the same for one ``seed`` (RFC 9773, 4.2)."""
    share = int.from_bytes(hashlib.sha256(seed.encode()).digest()[:8], "big") / 2**64
    window = max(suggestion.end - suggestion.start, timedelta(0))
    return (suggestion.start + share * window).replace(microsecond=0)


def _before_end(not_before: datetime, end: datetime, issued: datetime, renew_before: t.Optional[RenewBefore]) -> Moment:
    lifetime = end - not_before
    left, warnings = _left(lifetime, renew_before)
    moment = (end - left).replace(microsecond=0)
    if moment <= issued:
        # A short lifetime, most of it backdated: by the rule it would be renewed in every run.
        moment = end - (end - issued) / 2
    return _inside(moment, not_before, end), warnings


def _left(lifetime: timedelta, renew_before: t.Optional[RenewBefore]) -> t.Tuple[timedelta, t.Tuple[str, ...]]:
    """Return how much of the lifetime is left when it is time to renew: at most half of it."""
    half = lifetime / 2
    if renew_before is None:
        return (half if lifetime < _SHORT else lifetime / 3), ()
    if renew_before.seconds is None:
        share = renew_before.share or 0.0
        return min(half, lifetime * share), (_capped(f"{share:.0%}", lifetime) if share > 0.5 else ())
    # Compared as seconds: a duration may be too long for a date.
    if renew_before.seconds < half.total_seconds():
        return timedelta(seconds=renew_before.seconds), ()
    return half, _capped(format_duration(renew_before.seconds), lifetime)


def _capped(renew_before: str, lifetime: timedelta) -> t.Tuple[str, ...]:
    total = format_duration(int(lifetime.total_seconds()))
    return (
        f"renew_before ({renew_before}) is half of the lifetime ({total}) or more; renewing at half of it instead.",
    )


def _inside(moment: datetime, not_before: datetime, not_after: datetime) -> datetime:
    return min(max(moment.replace(microsecond=0), not_before + _SECOND), not_after)


def _issued(not_before: datetime, not_after: datetime, issued_at: t.Optional[datetime]) -> datetime:
    return issued_at if issued_at and not_before <= issued_at < not_after else not_before


def _chain_end(stored: StoredSet, issued: datetime) -> t.Tuple[t.Optional[datetime], t.Tuple[str, ...]]:
    """Return the earliest end in the chain; what had ended when the CA issued does not get better by another order."""
    living = [facts.not_after for facts in stored.chain if facts.not_after > issued]
    warnings = tuple(
        f"The chain's certificate '{facts.subject}' had expired on {isoformat(facts.not_after)}, "
        "before the certificate was issued; ask the CA for a chain without it."
        for facts in stored.chain
        if facts.not_after <= issued
    )
    return min(living, default=None), warnings
