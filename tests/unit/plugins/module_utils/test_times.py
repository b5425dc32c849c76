# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.certfleet.pki.plugins.module_utils._errors import Misconfigured
from ansible_collections.certfleet.pki.plugins.module_utils._times import isoformat, parse_time

ZONES = st.integers(min_value=-720, max_value=840).map(lambda minutes: timezone(timedelta(minutes=minutes)))
MOMENTS = st.datetimes(min_value=datetime(1950, 1, 1), max_value=datetime(9990, 1, 1), timezones=ZONES)


@given(MOMENTS)
def test_what_is_written_is_read_back_to_the_second(moment: datetime) -> None:
    assert parse_time(isoformat(moment)) == moment.replace(microsecond=0)
    assert parse_time(moment.isoformat()) == moment.replace(microsecond=0)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-11-22T01:46:08Z", "2026-11-22T01:46:08Z"),
        ("2026-11-22 02:46:08+01:00", "2026-11-22T01:46:08Z"),
        ("2026-11-22T01:46:08.123456789z", "2026-11-22T01:46:08Z"),
        ("2026-11-22T01:46", "2026-11-22T01:46:00Z"),
        ("2026-11-22", "2026-11-22T00:00:00Z"),
        ("2026-11-21T20:46:08-0500", "2026-11-22T01:46:08Z"),
    ],
)
def test_usual_spellings(text: str, expected: str) -> None:
    assert isoformat(parse_time(text)) == expected


@pytest.mark.parametrize(
    "text", ["", "now", "2026-13-01", "2026-02-30T00:00:00Z", "1732239968", "0001-01-01T00:00:00+14:00", "22.11.2026"]
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(Misconfigured, match="is no time"):
        parse_time(text)


def test_a_naive_time_is_utc() -> None:
    assert isoformat(datetime(2026, 1, 2, 3, 4, 5, 678)) == "2026-01-02T03:04:05Z"
