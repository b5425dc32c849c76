# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: no promise is made about what is in here.
"""What the servers say, made fit to be shown. No I/O in here."""

from __future__ import annotations

import typing as t

__all__ = ("plain",)

_LONGEST = 400
_HIDDEN = "********"
#: What is shorter is in every other word.
_SHORTEST = 4


def plain(text: t.Any, *, secrets: t.Iterable[str] = ()) -> str:
    """Return foreign text in one line, without the credentials that were sent, not too long, with no full stop."""
    shown = str(text or "")
    for secret in secrets:
        if len(secret) >= _SHORTEST:
            shown = shown.replace(secret, _HIDDEN)
    return " ".join(shown.split())[:_LONGEST].rstrip(" .;")
