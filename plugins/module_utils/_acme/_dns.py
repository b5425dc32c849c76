# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: no promise is made about what is in here.
"""Records in the DNS that show control of names: made, awaited at every name server, and removed."""

from __future__ import annotations

import dataclasses
import time
import typing as t

from ansible_collections.certfleet.pki.plugins.module_utils._acme._dns_hook import Hook
from ansible_collections.certfleet.pki.plugins.module_utils._acme._dns_lookup import (
    Lookup,
    Server,
    parse_server,
    require_library,
)
from ansible_collections.certfleet.pki.plugins.module_utils._acme._dns_record import Record
from ansible_collections.certfleet.pki.plugins.module_utils._acme._dns_rfc2136 import DynamicUpdate
from ansible_collections.certfleet.pki.plugins.module_utils._acme._dns_visible import wait_until_visible
from ansible_collections.certfleet.pki.plugins.module_utils._errors import Misconfigured, PkiError

__all__ = ("Record", "Solver", "open_solver")

_PROPAGATION_TIMEOUT = 120


class _Writer(t.Protocol):
    def add(self, records: t.Sequence[Record]) -> t.List[PkiError]:
        """Write records; return what went wrong."""

    def remove(self, records: t.Sequence[Record]) -> t.List[PkiError]:
        """Remove records; return what went wrong."""


@dataclasses.dataclass(frozen=True)
class _View:
    """Whom to ask about the DNS. ``enabled`` False: nobody, and the library is not needed."""

    enabled: bool
    timeout: float
    resolvers: t.Optional[t.Tuple[Server, ...]]
    nameservers: t.Tuple[Server, ...]


class Solver:
    """Shows records in the DNS. Threads may share it: every call looks up what it needs for itself."""

    def __init__(
        self,
        writer: _Writer,
        view: _View,
        *,
        sleep: t.Callable[[float], None],
        clock: t.Callable[[], float],
    ) -> None:
        self._writer, self._view = writer, view
        self._sleep, self._clock = sleep, clock

    def present(self, records: t.Sequence[Record]) -> None:
        """Make the records, each where its CNAME records lead, and wait until every name server shows them.

        What is there already stays. Raises PkiError; what has been made until then is for ``remove``.
        """
        if not records:
            return
        lookup = self._lookup()
        placed, errors = _placed(records, lookup)
        errors = errors or self._writer.add(placed)
        if errors:
            raise errors[0]
        if lookup is not None and self._view.timeout > 0:
            self._wait(placed, lookup)

    def remove(self, records: t.Sequence[Record]) -> None:
        """Remove exactly these values; those that are not there are no error. Tries all, then raises the first PkiError."""
        if not records:
            return
        placed, errors = _placed(records, self._lookup())
        errors += self._writer.remove(placed)
        if errors:
            raise errors[0]

    def _lookup(self) -> t.Optional[Lookup]:
        if not self._view.enabled:
            return None
        return Lookup(resolvers=self._view.resolvers, authoritative=(*self._view.nameservers, *self._primary()))

    def _primary(self) -> t.Tuple[Server, ...]:
        if not isinstance(self._writer, DynamicUpdate):
            return ()
        try:
            return (self._writer.server(),)
        except PkiError:
            return ()  # the update reports it

    def _wait(self, records: t.Sequence[Record], lookup: Lookup) -> None:
        values: t.Dict[str, t.Set[str]] = {}
        for record in records:
            values.setdefault(record.name, set()).add(record.value)
        wait_until_visible(
            values,
            servers={name: self._view.nameservers or lookup.servers_of(name) for name in values},
            timeout=self._view.timeout,
            sleep=self._sleep,
            clock=self._clock,
        )


def open_solver(
    options: t.Mapping[str, t.Any],
    *,
    sleep: t.Callable[[float], None] = time.sleep,
    clock: t.Callable[[], float] = time.monotonic,
) -> Solver:
    """Return what the value of ``challenge.dns_01`` describes; nothing is asked yet. Raises Misconfigured.

    With ``hook``, no check and no ``resolvers``, no DNS is asked at all: CNAME records are not followed then.
    """
    hook, timeout = options.get("hook"), options.get("propagation_timeout")
    seconds = float(_PROPAGATION_TIMEOUT if timeout is None else timeout)
    if seconds < 0:
        raise Misconfigured("propagation_timeout: it can't be negative; give seconds, or 0 for no check.")
    enabled = hook is None or seconds > 0 or bool(options.get("resolvers"))
    if enabled:
        require_library("rfc2136" if hook is None else "A look at the DNS (propagation_timeout, resolvers)")
    view = _View(
        enabled=enabled,
        timeout=seconds,
        resolvers=_servers(options, "resolvers") or None,
        nameservers=_servers(options, "nameservers"),
    )
    writer: _Writer = DynamicUpdate(options["rfc2136"]) if hook is None else Hook(hook)
    return Solver(writer, view, sleep=sleep, clock=clock)


def _servers(options: t.Mapping[str, t.Any], option: str) -> t.Tuple[Server, ...]:
    return tuple(parse_server(text, option=option) for text in options.get(option) or ())


def _placed(records: t.Sequence[Record], lookup: t.Optional[Lookup]) -> t.Tuple[t.List[Record], t.List[PkiError]]:
    """Return the records with the names at which they have to be written, and the errors for the others."""
    if lookup is None:
        return list(records), []
    placed: t.List[Record] = []
    errors: t.List[PkiError] = []
    for record in records:
        try:
            placed.append(dataclasses.replace(record, name=lookup.final_name(record.name)))
        except PkiError as error:
            errors.append(error)
    return placed, errors
