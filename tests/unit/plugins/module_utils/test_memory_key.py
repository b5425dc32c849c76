# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A request for a key in memory holds what the request of a host would, and refuses the same."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.certfleet.pki.plugins.module_utils._errors import Misconfigured
from ansible_collections.certfleet.pki.plugins.module_utils._memory_key import make_key
from ansible_collections.certfleet.pki.plugins.module_utils._model import KeyParameters
from ansible_collections.certfleet.pki.plugins.module_utils._requesting import order_of

KEY = make_key(KeyParameters("ecdsa", 256, "P-256"))


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"subject": {"country": "Germany"}}, "two-letter"),
        ({"subject": {"organization": "a\0b"}}, "control character"),
        ({"common_name": "Printer\0 7"}, "control character"),
        ({"common_name": "\xfc" * 40}, "shorten it"),
        ({"extended_key_usage": ["0.99.1"]}, "extended_key_usage"),
        ({"extended_key_usage": ["1.2." + "9" * 39]}, "too long"),
    ],
)
def test_what_a_request_can_t_hold_is_one_sentence(options: t.Dict[str, t.Any], told: str) -> None:
    with pytest.raises(Misconfigured, match=told):
        order_of({"dns_names": ["www.example.com"], **options}, KEY)


def test_a_request_holds_all_that_is_asked_for() -> None:
    order = order_of(
        {
            "common_name": "\xfc" * 32,
            "dns_names": ["www.example.com"],
            "subject": {"country": "DE", "organization": "\xfc" * 64},
            "extended_key_usage": ["1.2.3.4", "server_auth"],
        },
        KEY,
    )
    assert order.common_name == "\xfc" * 32
    assert dict(order.subject) == {"country": "DE", "organization": "\xfc" * 64}
    assert order.extended_key_usage == ("1.2.3.4", "server_auth")
