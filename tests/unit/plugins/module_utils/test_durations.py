# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.certfleet.pki.plugins.module_utils._durations import (
    RenewBefore,
    format_duration,
    parse_duration,
    parse_renew_before,
)
from ansible_collections.certfleet.pki.plugins.module_utils._errors import Misconfigured


@given(st.integers(min_value=1, max_value=1000 * 365 * 86400))
def test_what_is_written_is_read_back(seconds: int) -> None:
    assert parse_duration(format_duration(seconds), option="lifetime") == seconds


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90d", 7776000),
        ("72h", 259200),
        ("30m", 1800),
        ("10s", 10),
        ("2w", 1209600),
        ("1d12h", 129600),
        (" 1D 12H ", 129600),
        ("0d1s", 1),
    ],
)
def test_durations(text: str, seconds: int) -> None:
    assert parse_duration(text, option="lifetime") == seconds


@pytest.mark.parametrize(
    "text", ["", "90", "0d", "0", "-1d", "+1d", "1.5d", "1y", "12h1d", "d", "1d1d", "90 days", "9" * 12 + "w", "٩d"]
)
def test_anything_else_is_refused_and_the_option_named(text: str) -> None:
    with pytest.raises(Misconfigured, match=r"^lifetime is .*[.]$"):
        parse_duration(text, option="lifetime")


@pytest.mark.parametrize(
    ("seconds", "text"), [(7776000, "90d"), (129600, "1d12h"), (1209600, "14d"), (61, "1m1s"), (0, "0s")]
)
def test_format(seconds: int, text: str) -> None:
    assert format_duration(seconds) == text


def test_renew_before_is_a_duration_or_a_share() -> None:
    assert parse_renew_before("30d", option="renew_before") == RenewBefore(seconds=2592000)
    assert parse_renew_before("33%", option="renew_before") == RenewBefore(share=0.33)
    assert parse_renew_before("12.5 %", option="renew_before") == RenewBefore(share=0.125)


@pytest.mark.parametrize("text", ["0%", "100%", "150%", "-5%", "%", "x%", "33", "0.0%"])
def test_bad_shares_are_refused(text: str) -> None:
    with pytest.raises(Misconfigured, match="renew_before"):
        parse_renew_before(text, option="renew_before")
