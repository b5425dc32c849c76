# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.certfleet.pki.plugins.module_utils._errors import Rejected, Unavailable
from ansible_collections.certfleet.pki.plugins.module_utils._model import Issued, Pending
from ansible_collections.certfleet.pki.plugins.module_utils._waiting import wait_for

ISSUED = Issued("pem", ())


class Desk:
    """A CA that gives prepared answers, and a clock that only sleeping moves."""

    def __init__(self, *answers: t.Any) -> None:
        self.answers = list(answers)
        self.time = 0.0
        self.pauses: t.List[float] = []
        self.said: t.List[t.Tuple[float, float, str]] = []

    def collect(self, request_id: str) -> t.Any:
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer

    def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.time += seconds

    def wait(self, timeout: float, first: t.Optional[Pending] = None) -> t.Any:
        return wait_for(
            self,  # type: ignore[arg-type]
            first or Pending("1"),
            timeout=timeout,
            progress=lambda *said: self.said.append(said),
            sleep=self.sleep,
            clock=lambda: self.time,
        )


def test_asks_less_and_less_often_and_never_after_the_time_is_up() -> None:
    desk = Desk(Pending("1", detail="waiting for approval"))
    answer = desk.wait(60)
    assert isinstance(answer, Pending)
    assert desk.pauses == [1, 2, 4, 8, 16, 29]
    assert desk.time == 60


def test_asks_a_last_time_when_the_time_is_up() -> None:
    assert Desk(Pending("1"), ISSUED).wait(1.5) is ISSUED


def test_keeps_to_what_the_ca_suggests() -> None:
    desk = Desk(ISSUED)
    assert desk.wait(60, Pending("1", retry_after=17)) is ISSUED
    assert desk.pauses == [17]


def test_says_what_it_waits_for_how_long_and_when_it_asks_next() -> None:
    desk = Desk(Pending("1", detail="second approval"), ISSUED)
    desk.wait(60, Pending("1", detail="first approval"))
    assert desk.said == [(0, 1, "first approval"), (1, 2, "second approval")]


def test_a_ca_that_is_away_for_a_moment_does_not_lose_the_request() -> None:
    desk = Desk(Unavailable("down", retry_after=5), ISSUED)
    assert desk.wait(60) is ISSUED
    assert desk.pauses == [1, 5]


def test_a_denial_ends_the_wait() -> None:
    with pytest.raises(Rejected):
        Desk(Rejected("no")).wait(60)


def test_no_time_is_no_wait() -> None:
    desk = Desk(ISSUED)
    assert isinstance(desk.wait(0), Pending)
    assert desk.pauses == []
