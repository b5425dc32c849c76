# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: no promise is made about what is in here.

"""Times in results and records: ISO 8601 in UTC, whole seconds. No I/O in here."""

from __future__ import annotations

import re
import typing as t
from datetime import datetime, timedelta, timezone

from ansible_collections.certfleet.pki.plugins.module_utils._errors import Misconfigured

__all__ = ("isoformat", "parse_time")

_TIME = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:\.\d+)?)?\s*(Z|[+-]\d\d:?\d\d)?)?", re.ASCII | re.IGNORECASE
)


def isoformat(moment: datetime) -> str:
    """Return an aware datetime as ``YYYY-MM-DDTHH:MM:SSZ``; a naive one is taken as UTC."""
    aware = moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)
    return aware.astimezone(timezone.utc).replace(microsecond=0, tzinfo=None).isoformat() + "Z"


def parse_time(text: str) -> datetime:
    """Return an ISO 8601 date or time as an aware datetime in UTC, in whole seconds. Raises Misconfigured.

    Without a zone it is UTC; a date alone is its first second.
    """
    match = _TIME.fullmatch(str(text).strip())
    try:
        if match:
            year, month, day, hour, minute, second = (int(part or 0) for part in match.groups()[:6])
            local = datetime(year, month, day, hour, minute, second, tzinfo=timezone.utc)
            return local - _offset(match.group(7))
    except (ValueError, OverflowError):
        pass
    raise Misconfigured(f"{str(text)[:40]!r} is no time: write it like 2026-11-22T01:46:08Z.")


def _offset(zone: t.Optional[str]) -> timedelta:
    if zone is None or zone in "Zz":
        return timedelta(0)
    hours, minutes = int(zone[1:3]), int(zone[-2:])
    return (-1 if zone[0] == "-" else 1) * timedelta(hours=hours, minutes=minutes)
