# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: no promise is made about what is in here.

"""Where the certificates of one task stand in line for the same CA."""

from __future__ import annotations

import threading
import typing as t

from ansible_collections.certfleet.pki.plugins.module_utils._authorities._base import Authority, HasPolicy
from ansible_collections.certfleet.pki.plugins.module_utils._errors import PkiError, Unavailable
from ansible_collections.certfleet.pki.plugins.module_utils._policy import Policy

__all__ = ("Counter",)

T = t.TypeVar("T")


class Counter:
    """Asks each CA for its policy once, and asks a CA that does not answer only once.

    Without this, fifty certificates would wait for the timeout of a dead CA one after the other.
    """

    def __init__(self) -> None:
        self._down: t.Dict[str, Unavailable] = {}
        self._policies: t.Dict[str, t.Union[Policy, PkiError, None]] = {}
        self._locks: t.Dict[str, threading.Lock] = {}
        self._lock = threading.Lock()

    def ask(self, authority: Authority, question: t.Callable[[], T]) -> T:
        """Ask, unless the CA has failed to answer another certificate of this task. Raises PkiError."""
        down = self._down.get(authority.identity)
        if down is not None:
            raise down
        try:
            return question()
        except Unavailable as error:
            if not error.too_many_requests:
                self._down.setdefault(authority.identity, error)
            raise

    def policy(self, authority: Authority) -> t.Optional[Policy]:
        """Return the CA's own rules, None if it can't tell them. Raises PkiError, the same for all who ask."""
        if not isinstance(authority, HasPolicy):
            return None
        with self._lock_of(authority):
            if authority.identity not in self._policies:
                self._policies[authority.identity] = self._read(authority)
        known = self._policies[authority.identity]
        if isinstance(known, PkiError):
            raise known
        return known

    def _read(self, authority: Authority) -> t.Union[Policy, PkiError, None]:
        try:
            return self.ask(authority, t.cast(HasPolicy, authority).policy)
        except PkiError as error:
            return error

    def _lock_of(self, authority: Authority) -> threading.Lock:
        with self._lock:
            return self._locks.setdefault(authority.identity, threading.Lock())
