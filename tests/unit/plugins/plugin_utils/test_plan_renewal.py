# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""When to renew."""

from __future__ import annotations

import typing as t
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.certfleet.pki.plugins.module_utils._durations import RenewBefore
from ansible_collections.certfleet.pki.plugins.module_utils._model import RenewalSuggestion
from ansible_collections.certfleet.pki.plugins.plugin_utils._observed import StoredSet
from ansible_collections.certfleet.pki.plugins.plugin_utils._renewal import moment_in_window, renew_at, schedule
from ansible_collections.certfleet.pki.plugins.plugin_utils._suggestion import (
    recorded_suggestion,
    suggestion_due,
    suggestion_record,
)
from ansible_collections.certfleet.pki.tests.support.planning import DAY, NOW, make_facts

HOUR = timedelta(hours=1)


def left(days: float, renew_before: t.Optional[RenewBefore] = None, **more: t.Any) -> timedelta:
    """Return how long before its end a certificate of so many days is renewed."""
    end = NOW + timedelta(days=days)
    return end - renew_at(not_before=NOW, not_after=end, renew_before=renew_before, **more)[0]


@pytest.mark.parametrize(
    ("days", "renew_before", "expected"),
    [
        (90, None, 30 * DAY),
        (10, None, DAY * 10 / 3),
        (9, None, 4.5 * DAY),
        (1, None, DAY / 2),
        (90, RenewBefore(seconds=86400), DAY),
        (90, RenewBefore(share=0.25), 22.5 * DAY),
        (90, RenewBefore(share=0.5), 45 * DAY),
    ],
)
def test_how_long_before_the_end(days: int, renew_before: t.Optional[RenewBefore], expected: timedelta) -> None:
    assert left(days, renew_before) == expected


@pytest.mark.parametrize(
    ("renew_before", "warned"),
    [
        (RenewBefore(seconds=45 * 86400 - 1), False),
        (RenewBefore(seconds=45 * 86400), True),
        (RenewBefore(seconds=10**11), True),
        (RenewBefore(share=0.5), False),
        (RenewBefore(share=0.8), True),
    ],
)
def test_at_most_half_is_used_and_more_is_told(renew_before: RenewBefore, warned: bool) -> None:
    moment, warnings = renew_at(not_before=NOW, not_after=NOW + 90 * DAY, renew_before=renew_before)
    assert moment - NOW - 45 * DAY <= timedelta(seconds=1)
    assert moment >= NOW + 45 * DAY
    assert bool(warnings) is warned


def test_the_earliest_end_of_the_chain_counts() -> None:
    moment, _warnings = renew_at(not_before=NOW, not_after=NOW + 90 * DAY, chain_not_after=NOW + 30 * DAY)
    assert moment == NOW + 20 * DAY
    chain = (make_facts(not_after=NOW + 300 * DAY), make_facts(not_after=NOW + 30 * DAY))
    facts = make_facts(not_before=NOW, not_after=NOW + 90 * DAY)
    moments = schedule(StoredSet(certificate=facts, chain=chain))
    assert moments is not None
    assert (moments.leaf, moments.chain, moments.renew_at) == (NOW + 60 * DAY, NOW + 20 * DAY, NOW + 20 * DAY)


def test_what_had_expired_in_the_chain_before_does_not_order_for_ever() -> None:
    facts = make_facts(not_before=NOW, not_after=NOW + 90 * DAY)
    moments = schedule(StoredSet(certificate=facts, chain=(make_facts(not_after=NOW - DAY),)))
    assert moments is not None
    assert (moments.chain, moments.renew_at, len(moments.warnings)) == (None, NOW + 60 * DAY, 1)


def test_a_backdated_short_certificate_is_not_due_when_it_arrives() -> None:
    start, end = NOW - timedelta(minutes=5), NOW + timedelta(minutes=3)
    assert renew_at(not_before=start, not_after=end)[0] < NOW
    assert renew_at(not_before=start, not_after=end, issued_at=NOW)[0] == NOW + timedelta(seconds=90)


def test_a_suggestion_wins_only_when_it_is_earlier() -> None:
    early = RenewalSuggestion(start=NOW + 10 * DAY, end=NOW + 12 * DAY)
    late = RenewalSuggestion(start=NOW + 80 * DAY, end=NOW + 82 * DAY)
    assert 78 * DAY <= left(90, suggestion=early) <= 80 * DAY
    assert left(90, suggestion=late) == 30 * DAY


def test_the_moment_is_random_but_stays() -> None:
    window = RenewalSuggestion(start=NOW, end=NOW + DAY)
    moments = [moment_in_window(window, seed=f"{number:064x}") for number in range(200)]
    assert moments == [moment_in_window(window, seed=f"{number:064x}") for number in range(200)]
    assert len(set(moments)) > 190
    assert min(moments) < NOW + 3 * HOUR
    assert max(moments) > NOW + 21 * HOUR


seconds = st.integers(min_value=-(10**9), max_value=10**9)
moments_around = seconds.map(lambda count: NOW + timedelta(seconds=count))
renew_befores = st.one_of(
    st.none(),
    st.integers(1, 10**12).map(lambda count: RenewBefore(seconds=count)),
    st.floats(0.0001, 0.9999).map(lambda share: RenewBefore(share=share)),
)
windows = st.builds(RenewalSuggestion, start=moments_around, end=moments_around)


@given(
    start=moments_around,
    length=st.integers(min_value=1, max_value=10**9),
    chain=st.none() | moments_around,
    renew_before=renew_befores,
    suggestion=st.none() | windows,
    issued_at=st.none() | moments_around,
    seed=st.text(),
)
def test_always_inside_the_lifetime(
    start: datetime,
    length: int,
    chain: t.Optional[datetime],
    renew_before: t.Optional[RenewBefore],
    suggestion: t.Optional[RenewalSuggestion],
    issued_at: t.Optional[datetime],
    seed: str,
) -> None:
    end = start + timedelta(seconds=length)
    moment, _warnings = renew_at(
        not_before=start,
        not_after=end,
        chain_not_after=chain,
        renew_before=renew_before,
        suggestion=suggestion,
        issued_at=issued_at,
        seed=seed,
    )
    assert start < moment <= end


# What the record remembers of the suggestion


def test_a_suggestion_survives_the_record() -> None:
    told = RenewalSuggestion(start=NOW, end=NOW + DAY, explanation_url="https://ca.example.com", retry_after=3600.0)
    assert recorded_suggestion({"suggestion": suggestion_record(told, now=NOW)}) == told


@pytest.mark.parametrize(
    ("retry_after", "wait"), [(3600, HOUR), (1, timedelta(minutes=1)), (10**9, DAY), ("soon", 6 * HOUR)]
)
def test_the_ca_is_asked_again_when_it_is_due(retry_after: t.Any, wait: timedelta) -> None:
    entry = suggestion_record(RenewalSuggestion(start=NOW, end=NOW, retry_after=retry_after), now=NOW)
    assert not suggestion_due({"suggestion": entry}, now=NOW + wait - timedelta(seconds=1))
    assert suggestion_due({"suggestion": entry}, now=NOW + wait)


def test_no_suggestion_is_remembered_as_well() -> None:
    record = {"suggestion": suggestion_record(None, now=NOW)}
    assert recorded_suggestion(record) is None
    assert not suggestion_due(record, now=NOW + 5 * HOUR)


@pytest.mark.parametrize("suggestion", [None, "later", {"start": 3, "end": None}, {"fetched_at": "tomorrow"}])
def test_an_unusable_entry_is_none(suggestion: t.Any) -> None:
    assert recorded_suggestion({"suggestion": suggestion}) is None
    assert suggestion_due({"suggestion": suggestion}, now=NOW)
