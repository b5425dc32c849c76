# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: no promise is made about what is in here.

"""Errors that nobody thought of: told without the words of whoever raised them, for those may hold a secret."""

from __future__ import annotations

import traceback
import typing as t

from ansible_collections.certfleet.pki.plugins.module_utils._errors import Misconfigured, PkiError

__all__ = ("mistake", "where")


def mistake(error: BaseException) -> Misconfigured:
    """Return the error to show instead; it keeps the original as its cause."""
    told = Misconfigured(
        f"certfleet.pki made a mistake ({type(error).__name__}); please report it with the output of -vvv.",
        detail=type(error).__name__,
    )
    told.__cause__ = error
    return told


def where(error: PkiError) -> t.Optional[str]:
    """Return the places that a mistake came through (source lines, no values), None for any other error."""
    cause = error.__cause__
    if cause is None or isinstance(cause, PkiError) or not error.message.startswith("certfleet.pki made a mistake"):
        return None
    return "".join(traceback.format_tb(cause.__traceback__)) + type(cause).__name__
