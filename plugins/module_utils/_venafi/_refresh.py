# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: no promise is made about what is in here.
"""Where a refresh token lives between uses. The server gives another one for each use and forgets the old one."""

from __future__ import annotations

import abc
import dataclasses
import hashlib
import hmac
import typing as t

from ansible_collections.certfleet.pki.plugins.module_utils._errors import Misconfigured

__all__ = ("Held", "Kept", "TokenPlace", "choose_token")

Kept = t.Mapping[str, t.Any]


@dataclasses.dataclass(frozen=True)
class Held:
    """A token that nobody else uses now. ``keep`` puts its successor in its place, for good."""

    token: str
    keep: t.Callable[[str], None]

    def __repr__(self) -> str:
        return "Held(...)"


class TokenPlace(abc.ABC):
    """One place for one token, used by one process at a time."""

    @property
    @abc.abstractmethod
    def name(self) -> str:
        """Return what the place is called in messages."""

    @abc.abstractmethod
    def exclusive(self) -> t.ContextManager[Held]:
        """Hold the token alone. Raises Misconfigured (none there, not writable), Unavailable (held too long)."""


def choose_token(kept: Kept, seed: str, *, place: str) -> t.Tuple[str, str]:
    """Return the token to use, and the mark of the ``seed`` (the token in the options) to be kept with its successor.

    What is kept wins, unless another token is given than the one that what is kept began with.
    """
    mark = hashlib.sha256(seed.encode()).hexdigest() if seed else str(kept.get("seed") or "")
    token = str(kept.get("refresh_token") or "")
    if seed and not hmac.compare_digest(mark, str(kept.get("seed") or "")):
        token = seed
    if not token:
        raise Misconfigured(f"There is no refresh token in {place}; give one in refresh_token.", authority="venafi")
    return token, mark
