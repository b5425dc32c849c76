# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: no promise is made about what is in here.

"""Waiting for a CA that needs time."""

from __future__ import annotations

import time
import typing as t

from ansible_collections.certfleet.pki.plugins.module_utils._authorities._base import Authority
from ansible_collections.certfleet.pki.plugins.module_utils._errors import Unavailable
from ansible_collections.certfleet.pki.plugins.module_utils._model import Issued, Pending

__all__ = ("Progress", "wait_for")

#: Told before each pause: seconds waited so far, seconds until the next question, what the CA waits for.
Progress = t.Callable[[float, float, str], None]

_SHORTEST = 1.0
_LONGEST = 30.0
#: What a CA's hint can't go below, and what is too short to be told.
_AT_LEAST = 0.1
_WORTH_TELLING = 1.0


def wait_for(
    authority: Authority,
    pending: Pending,
    *,
    timeout: float,
    progress: Progress = lambda waited, pause, detail: None,
    sleep: t.Callable[[float], None] = time.sleep,
    clock: t.Callable[[], float] = time.monotonic,
) -> t.Union[Issued, Pending]:
    """Ask until it is issued or ``timeout`` seconds have passed. Raises what the CA's ``collect`` raises.

    A CA's hint counts; without one, pauses grow from one second to thirty. A CA that can't be
    reached for a moment is asked again: its request is not lost.
    """
    started = clock()
    pause = _SHORTEST
    answer: t.Union[Issued, Pending] = pending
    while isinstance(answer, Pending):
        left = timeout - (clock() - started)
        if left <= 0:
            break
        wait = min(left, max(answer.retry_after or pause, _AT_LEAST))
        if wait >= _WORTH_TELLING:
            progress(clock() - started, wait, answer.detail)
        sleep(wait)
        answer = _ask(authority, answer)
        pause = min(_LONGEST, pause * 2)
    return answer


def _ask(authority: Authority, pending: Pending) -> t.Union[Issued, Pending]:
    try:
        return authority.collect(pending.request_id)
    except Unavailable as error:
        return Pending(pending.request_id, retry_after=error.retry_after, detail=error.message)
