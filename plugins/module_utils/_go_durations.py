# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: no promise is made about what is in here.

"""Durations as programs written in Go spell them. No I/O in here."""

from __future__ import annotations

import re
import typing as t

__all__ = ("seconds",)

_UNITS = {"ns": 1e-9, "us": 1e-6, "ms": 1e-3, "s": 1, "m": 60, "h": 3600, "d": 86400}


def seconds(value: t.Any) -> int:
    """Return a duration in seconds: a number, or Go's notation (``72h0m0s``); 0 if there is none."""
    text = str(value or 0).strip()
    if text.isdigit():
        return int(text)
    return int(sum(float(number) * _UNITS[unit] for number, unit in re.findall(r"([\d.]+)(ns|us|ms|s|m|h|d)", text)))
