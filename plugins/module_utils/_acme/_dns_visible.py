# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: no promise is made about what is in here.
"""Waiting until every name server shows the records, so that the CA does not look too early."""

from __future__ import annotations

import dataclasses
import typing as t

try:
    import dns.message
    import dns.rcode
    import dns.rdataclass
    import dns.rdatatype
except ImportError:  # _dns_lookup.require_library reports it
    dns = None  # type: ignore[assignment]

from ansible_collections.certfleet.pki.plugins.module_utils._acme._dns_lookup import (
    Server,
    Silent,
    ask,
    parse_name,
    said,
)
from ansible_collections.certfleet.pki.plugins.module_utils._errors import Unavailable

__all__ = ("wait_until_visible",)

_SHORTEST = 0.2
_LONGEST = 5.0
#: As many servers are named in a message.
_NAMED = 3


@dataclasses.dataclass(frozen=True)
class _Sight:
    """What one server has to show at one name, and how its last answer continues a sentence about it."""

    name: str
    values: t.FrozenSet[str]
    server: Server
    answer: str = "was not asked in time"


class _Watch:
    """One wait. A server that did not answer is asked nothing more in the same round."""

    def __init__(self, *, timeout: float, clock: t.Callable[[], float]) -> None:
        self._timeout, self._clock = timeout, clock
        self._started = clock()

    def left(self) -> float:
        """Return the seconds that are left."""
        return self._timeout - (self._clock() - self._started)

    def missing(self, sights: t.Sequence[_Sight]) -> t.List[_Sight]:
        """Ask for all and return those that can't be seen yet, with what was answered."""
        silent: t.Dict[Server, str] = {}
        missing: t.List[_Sight] = []
        for sight in sights:
            answer: t.Optional[str] = sight.answer
            if sight.server in silent:
                answer = silent[sight.server]
            elif self.left() > 0 or not missing:
                answer = self._ask(sight, silent)
            if answer is not None:
                missing.append(dataclasses.replace(sight, answer=answer))
        return missing

    def _ask(self, sight: _Sight, silent: t.Dict[Server, str]) -> t.Optional[str]:
        try:
            return _look(sight)
        except Silent as error:
            silent[sight.server] = str(error)
            return str(error)


def wait_until_visible(
    values: t.Mapping[str, t.AbstractSet[str]],
    *,
    servers: t.Mapping[str, t.Sequence[Server]],
    timeout: float,
    sleep: t.Callable[[float], None],
    clock: t.Callable[[], float],
) -> None:
    """Return as soon as all ``servers`` of each name show all its ``values``.

    Raises Unavailable, with what is still missing where, once ``timeout`` seconds have passed.
    """
    watch = _Watch(timeout=timeout, clock=clock)
    missing = watch.missing(
        [_Sight(name, frozenset(wanted), server) for name, wanted in values.items() for server in servers[name]]
    )
    pause = _SHORTEST
    while missing:
        left = watch.left()
        if left <= 0:
            raise _not_visible(missing, timeout)
        sleep(min(pause, left))
        pause = min(_LONGEST, pause * 2)
        missing = watch.missing(missing)


def _look(sight: _Sight) -> t.Optional[str]:
    """Return None if the server shows all values, else how its answer continues a sentence. Raises Silent."""
    name = parse_name(sight.name, option="record")
    answer = ask(sight.server, name, "TXT", recursive=False)
    if answer.rcode() != dns.rcode.NOERROR:
        return said(answer)
    records = answer.get_rrset(answer.answer, name, dns.rdataclass.IN, dns.rdatatype.TXT)
    shown = {b"".join(record.strings).decode("utf-8", "replace") for record in records or ()}
    if sight.values <= shown:
        return None
    return "has other TXT records there" if shown else "has no TXT record there"


def _not_visible(missing: t.Sequence[_Sight], timeout: float) -> Unavailable:
    name = missing[0].name
    here = [sight for sight in missing if sight.name == name]
    others = {sight.name for sight in missing} - {name}
    answers = ", ".join(f"{sight.server.label} {sight.answer}" for sight in here[:_NAMED])
    more = f" and {len(here) - _NAMED} more servers lack it" if len(here) > _NAMED else ""
    also = f" (nor are those of {len(others)} other names)" if others else ""
    return Unavailable(
        f"The TXT record of {name} is not visible at all of its name servers after {timeout:g} seconds{also}: {answers}{more}; "
        "the CA was not asked to look. Check these servers, or raise propagation_timeout.",
        detail="; ".join(f"{sight.name}: {sight.server.label} {sight.answer}" for sight in missing),
    )
