# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: no promise is made about what is in here.

"""What the record remembers of the CA's suggestion (RFC 9773), so that it is asked again only when it is due."""

from __future__ import annotations

import math
import typing as t
from datetime import datetime, timedelta

from ansible_collections.certfleet.pki.plugins.module_utils._errors import PkiError, Unavailable
from ansible_collections.certfleet.pki.plugins.module_utils._model import RenewalSuggestion
from ansible_collections.certfleet.pki.plugins.module_utils._x509 import isoformat
from ansible_collections.certfleet.pki.plugins.plugin_utils._observed import as_mapping, as_time

__all__ = ("fresh_suggestion", "recorded_suggestion", "suggestion_due", "suggestion_record")

_DEFAULT_WAIT = 21600.0
# RFC 9773, section 4.3: keep to limits of one's own, whatever the CA says.
_SHORTEST_WAIT = 60.0
_LONGEST_WAIT = 86400.0
#: Until a CA that could not be reached is asked again.
_UNREACHABLE_WAIT = 3600.0

Question = t.Callable[[], t.Optional[RenewalSuggestion]]


def fresh_suggestion(question: Question, *, known: t.Mapping[str, t.Any], now: datetime) -> t.Dict[str, t.Any]:
    """Ask, and return what to record. A query that fails must fail nothing else (RFC 9773, section 4.3).

    ``known`` is the record so far, whose window stays in force while the CA can't be reached.
    """
    try:
        return suggestion_record(question(), now=now)
    except Unavailable:
        before = {**suggestion_record(None, now=now), **as_mapping(known.get("suggestion"))}
        return {**before, "fetched_at": isoformat(now), "retry_after": _UNREACHABLE_WAIT}
    except PkiError:
        return suggestion_record(None, now=now)


def suggestion_record(suggestion: t.Optional[RenewalSuggestion], *, now: datetime) -> t.Dict[str, t.Any]:
    """Return ``record['suggestion']``; None (the CA suggests nothing) is remembered too, for six hours."""
    return {
        "start": isoformat(suggestion.start) if suggestion else None,
        "end": isoformat(suggestion.end) if suggestion else None,
        "explanation_url": suggestion.explanation_url if suggestion else None,
        "fetched_at": isoformat(now),
        "retry_after": suggestion.retry_after if suggestion else _DEFAULT_WAIT,
    }


def recorded_suggestion(record: t.Mapping[str, t.Any]) -> t.Optional[RenewalSuggestion]:
    """Return what the CA suggested last, None if it suggested nothing or was never asked."""
    entry = as_mapping(record.get("suggestion"))
    start, end = as_time(entry.get("start")), as_time(entry.get("end"))
    if start is None or end is None:
        return None
    url = entry.get("explanation_url")
    return RenewalSuggestion(
        start=start, end=end, explanation_url=url if isinstance(url, str) else None, retry_after=_wait(entry)
    )


def suggestion_due(record: t.Mapping[str, t.Any], *, now: datetime) -> bool:
    """Return True if the CA may be asked (again): never asked, or the wait that it wished is over."""
    entry = as_mapping(record.get("suggestion"))
    fetched = as_time(entry.get("fetched_at"))
    # A moment in the future comes from a wrong clock.
    return fetched is None or fetched > now or now - fetched >= timedelta(seconds=_wait(entry))


def _wait(entry: t.Mapping[str, t.Any]) -> float:
    value = entry.get("retry_after")
    if isinstance(value, float) and math.isnan(value):
        return _DEFAULT_WAIT
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return _DEFAULT_WAIT
    return float(min(max(value, _SHORTEST_WAIT), _LONGEST_WAIT))
