# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: no promise is made about what is in here.

"""The checks that find something to do about what is installed, short of another certificate. Pure."""

from __future__ import annotations

import typing as t
from datetime import datetime, timedelta

from ansible_collections.certfleet.pki.plugins.module_utils._x509 import isoformat
from ansible_collections.certfleet.pki.plugins.plugin_utils._observed import Observed
from ansible_collections.certfleet.pki.plugins.plugin_utils._reasons import Reason

__all__ = ("standing_reasons",)

_CHAIN_FILES = frozenset(("chain.pem", "ca.pem"))
# As generous as the check of what a CA issues.
_TOLERANCE = timedelta(minutes=5)

Check = t.Callable[[Observed, datetime], t.Optional[Reason]]


def standing_reasons(observed: Observed, now: datetime) -> t.Tuple[Reason, ...]:
    """Return every reason to repair an installed set, or to leave it alone for now."""
    return tuple(reason for check in STANDING_CHECKS for reason in (check(observed, now),) if reason is not None)


def _not_live(observed: Observed, now: datetime) -> t.Optional[Reason]:
    if observed.marker:
        return Reason("not_live", "An earlier run did not finish putting the files to use.")
    return Reason("not_live", f"{observed.served}.") if observed.served else None


def _files(observed: Observed, now: datetime) -> t.Optional[Reason]:
    return _damaged("files_differ", sorted(set(observed.damaged) - _CHAIN_FILES))


def _chain(observed: Observed, now: datetime) -> t.Optional[Reason]:
    return _damaged("chain_differs", sorted(_CHAIN_FILES.intersection(observed.damaged)))


def _damaged(code: str, names: t.Sequence[str]) -> t.Optional[Reason]:
    return Reason(code, f"Not as installed, or not as wanted: {', '.join(names)}.") if names else None


def _attributes(observed: Observed, now: datetime) -> t.Optional[Reason]:
    if not observed.attributes:
        return None
    told = (f"{a.get('path')} {a.get('attribute')} {a.get('is')} -> {a.get('should')}" for a in observed.attributes)
    return Reason("attributes_differ", f"To be changed: {', '.join(told)}.")


def _not_yet_valid(observed: Observed, now: datetime) -> t.Optional[Reason]:
    facts = observed.certificate
    if facts is None or facts.not_before - _TOLERANCE <= now:
        return None
    return Reason("not_yet_valid", f"It is valid from {isoformat(facts.not_before)}; check the clocks.")


STANDING_CHECKS: t.Tuple[Check, ...] = (_not_live, _files, _chain, _attributes, _not_yet_valid)
