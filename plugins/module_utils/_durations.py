# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: no promise is made about what is in here.

"""Durations as users write them. No I/O in here."""

from __future__ import annotations

import dataclasses
import re
import typing as t

from ansible_collections.certfleet.pki.plugins.module_utils._errors import Misconfigured

__all__ = ("RenewBefore", "format_duration", "parse_duration", "parse_renew_before")

_SECONDS = {"w": 604800, "d": 86400, "h": 3600, "m": 60, "s": 1}
_DURATION = re.compile("".join(rf"(?:([0-9]{{1,12}}){unit}\s*)?" for unit in _SECONDS))
_PERCENT = re.compile(r"([0-9]{1,2}(?:\.[0-9]{1,6})?)\s*%")
# Dates end with the year 9999; nobody means a longer time than this.
_LONGEST = 1000 * 365 * 86400


@dataclasses.dataclass(frozen=True)
class RenewBefore:
    """When to renew: ``seconds`` before the end, or when ``share`` (0 to 1) of the lifetime is left; one is set."""

    seconds: t.Optional[int] = None
    share: t.Optional[float] = None


def parse_duration(text: str, *, option: str) -> int:
    """Return the seconds in ``90d``, ``72h``, ``30m``, ``10s``, ``2w`` or ``1d12h`` (the largest unit first).

    ``option`` is named in the error. Raises Misconfigured for anything else: a bare number, zero, a sign.
    """
    stripped = str(text).strip().lower()
    match = _DURATION.fullmatch(stripped)
    if not match or not stripped:
        raise Misconfigured(
            f"{option} is {str(text)[:40]!r}, which is no duration: write a number with a unit, like 90d, 72h or 1d12h."
        )
    seconds = sum(int(count) * size for count, size in zip(match.groups(), _SECONDS.values()) if count)
    if not 0 < seconds <= _LONGEST:
        raise Misconfigured(
            f"{option} is {str(text)[:40]!r}: a duration must be longer than zero and at most 1000 years."
        )
    return seconds


def parse_renew_before(text: str, *, option: str) -> RenewBefore:
    """Return when to renew, from a duration (``30d``) or a share of the lifetime (``33%``). Raises Misconfigured."""
    stripped = str(text).strip()
    if not stripped.endswith("%"):
        return RenewBefore(seconds=parse_duration(stripped, option=option))
    match = _PERCENT.fullmatch(stripped)
    share = float(match.group(1)) / 100 if match else 0.0
    if share <= 0:
        raise Misconfigured(
            f"{option} is {stripped[:40]!r}: a share of the lifetime must be more than 0% and less than 100%."
        )
    return RenewBefore(share=share)


def format_duration(seconds: int) -> str:
    """Return ``seconds`` in the spelling that ``parse_duration`` reads, in days and below: ``90d``, ``1d12h``."""
    parts = []
    for unit in "dhms":
        count, seconds = divmod(seconds, _SECONDS[unit])
        if count:
            parts.append(f"{count}{unit}")
    return "".join(parts) or "0s"
