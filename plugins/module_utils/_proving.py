# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: no promise is made about what is in here.

"""Bringing one request to an end whose CA first wants to see that the names are ours (RFC 8555, section 8)."""

from __future__ import annotations

import dataclasses
import secrets
import typing as t

from ansible_collections.certfleet.pki.plugins.module_utils._authorities._base import Authority, ProvesControl
from ansible_collections.certfleet.pki.plugins.module_utils._errors import HostFailure, PkiError
from ansible_collections.certfleet.pki.plugins.module_utils._hosting import Place, places
from ansible_collections.certfleet.pki.plugins.module_utils._model import Issued, Pending
from ansible_collections.certfleet.pki.plugins.module_utils._waiting import Progress, wait_for

__all__ = ("Hosts", "prove")

Answer = t.Union[Issued, Pending]

#: Has a host (None: the one that the task addresses) show or hide, as the host program takes and answers it.
Hosts = t.Callable[[t.Optional[str], t.Mapping[str, t.Any]], t.Mapping[str, t.Any]]


def prove(
    authority: Authority, pending: Pending, *, hosts: Hosts, timeout: float, progress: Progress
) -> t.Tuple[Answer, t.Tuple[str, ...]]:
    """Show what the CA wants to see, wait for it, and take it back; return the answer, and warnings. Raises PkiError."""
    secret = secrets.token_hex(16)
    warnings: t.List[str] = []
    shown = places(pending.challenges)
    proving = t.cast(ProvesControl, authority)
    try:
        _show(hosts, shown, secret=secret, seconds=timeout)
        proving.show(pending)
        seen = dataclasses.replace(pending, challenges=())
        answer = wait_for(authority, seen, timeout=timeout, progress=progress)
    finally:
        # The generator has to be used up: everything is taken back, also after something that can't be.
        warnings += _hide(hosts, shown, secret=secret)
        try:
            proving.hide(pending.challenges)
        except PkiError as error:
            warnings.append(error.message)
    return answer, tuple(warnings)


def _show(hosts: Hosts, shown: t.Iterable[Place], *, secret: str, seconds: float) -> None:
    for place in shown:
        (failure,) = hosts(place.hosting.host, {"show": [place.entry(secret=secret, seconds=seconds)]})["show"]
        if failure:
            raise HostFailure(str(failure["detail"]), detail=f"{failure['code']}: {failure['detail']}")


def _hide(hosts: Hosts, shown: t.Iterable[Place], *, secret: str) -> t.Iterator[str]:
    for place in shown:
        try:
            (failure,) = hosts(place.hosting.host, {"hide": [place.entry(secret=secret)]})["hide"]
        except PkiError as error:
            failure = {"detail": error.message}
        if failure:
            yield str(failure["detail"])
