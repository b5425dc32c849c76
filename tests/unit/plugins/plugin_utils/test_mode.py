# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.certfleet.pki.plugins.module_utils._errors import Misconfigured
from ansible_collections.certfleet.pki.plugins.plugin_utils._mode import parse_mode


@pytest.mark.parametrize(
    ("given", "mode"),
    [
        (None, 0o600),
        ("", 0o600),
        (0o640, 0o640),
        ("0640", 0o640),
        ("640", 0o640),
        ("0o440", 0o440),
        (" 0600 ", 0o600),
        ("u=rw,g=r", 0o640),
        ("g+r", 0o640),
        ("u=rw,g=r,o=", 0o640),
    ],
)
def test_the_modes_of_a_key(given: t.Any, mode: int) -> None:
    assert parse_mode(given) == mode


@pytest.mark.parametrize(
    "given",
    [-1, "-1", 640, 0o1000, "01640", "00640", "7777777", "0_640", "rw", "u+s", "+t", "u=rwz", True, 6.4, ["0640"], {}],
)
def test_what_is_no_mode_is_one_sentence(given: t.Any) -> None:
    with pytest.raises(
        Misconfigured, match=r"^mode: [^\n]* is not the mode of a file with a key; give an octal number"
    ):
        parse_mode(given)


@pytest.mark.parametrize("given", [0o644, "0644", "0601", "777", "o+r", "a=r", "u=rw,g=r,o=x"])
def test_a_key_for_everybody_is_refused(given: t.Any) -> None:
    with pytest.raises(Misconfigured, match=r"^mode: .* lets everybody on the host at the private key"):
        parse_mode(given)
