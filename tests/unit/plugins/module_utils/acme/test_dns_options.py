# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the options of `dns_01` say, with and without dnspython."""

from __future__ import annotations

import os
import subprocess
import sys
import typing as t

import pytest

from ansible_collections.certfleet.pki.plugins.module_utils._acme import _dns_lookup
from ansible_collections.certfleet.pki.plugins.module_utils._acme._dns import open_solver
from ansible_collections.certfleet.pki.plugins.module_utils._acme._dns_lookup import parse_server
from ansible_collections.certfleet.pki.plugins.module_utils._errors import Misconfigured

HOOK = {"present": "true", "cleanup": "true"}
UPDATE = {"server": "192.0.2.1"}
WITHOUT_LIBRARY = """
import sys
sys.modules["dns"] = None
from ansible_collections.certfleet.pki.plugins.module_utils._acme._dns import Record, open_solver
hook = {"present": ["sh", "-c", "echo $CERTFLEET_RECORD_NAME"], "cleanup": ["sh", "-c", "exit 0"]}
solver = open_solver({"hook": hook, "propagation_timeout": 0})
solver.present([Record("example.com", "_acme-challenge.example.com", "x")])
solver.remove([Record("example.com", "_acme-challenge.example.com", "x")])
"""


@pytest.mark.parametrize(
    ("text", "address", "port"),
    [
        ("192.0.2.1", "192.0.2.1", 53),
        ("192.0.2.1:5353", "192.0.2.1", 5353),
        (" 192.0.2.1 ", "192.0.2.1", 53),
        ("2001:db8::1", "2001:db8::1", 53),
        ("::1", "::1", 53),
        ("[::1]", "::1", 53),
        ("[::1]:5353", "::1", 5353),
    ],
)
def test_an_address_may_have_a_port(text: str, address: str, port: int) -> None:
    assert parse_server(text, option="resolvers").addresses == ((address, port),)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ns1.example.com",
        "192.0.2",
        "192.0.2.1:",
        "192.0.2.1:0",
        "192.0.2.1:65536",
        "192.0.2.1:dns",
        "192.0.2.1:-1",
        "192.0.2.1:53:53",
        "[192.0.2.1",
        "[::1",
        "[::1]:",
        "::1]:53",
        "https://192.0.2.1",
    ],
)
def test_anything_else_is_told(text: str) -> None:
    with pytest.raises(Misconfigured, match=r"^resolvers: '.*' is not an address of a name server; .*\.$"):
        open_solver({"hook": HOOK, "resolvers": [text]})


def test_a_negative_time_is_told() -> None:
    with pytest.raises(Misconfigured, match="propagation_timeout"):
        open_solver({"hook": HOOK, "propagation_timeout": -1})


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"zone": "a..b"}, r"rfc2136\.zone: 'a\.\.b' is not a name"),
        ({"zone": "x" * 64 + ".example.com"}, r"rfc2136\.zone: .* is not a name"),
        ({"key_name": "a..b", "key_secret": "c2VjcmV0"}, r"rfc2136\.key_name: 'a\.\.b' is not a name"),
        ({"key_name": "k", "key_secret": "not base64!"}, r"rfc2136\.key_secret is not in base64"),
        ({"key_name": "k", "key_secret": ""}, r"rfc2136\.key_secret is not in base64"),
    ],
)
def test_mistakes_in_rfc2136_are_told_before_anything_is_asked(options: t.Dict[str, str], text: str) -> None:
    with pytest.raises(Misconfigured, match=text) as caught:
        open_solver({"rfc2136": {**UPDATE, **options}})
    assert "not base64!" not in repr(caught.value)


@pytest.mark.parametrize(
    ("options", "purpose"),
    [
        ({"rfc2136": UPDATE, "propagation_timeout": 0}, "rfc2136"),
        ({"hook": HOOK}, "A look at the DNS"),
        ({"hook": HOOK, "propagation_timeout": 0, "resolvers": ["192.0.2.1"]}, "A look at the DNS"),
    ],
)
def test_what_needs_the_library_says_so(
    monkeypatch: pytest.MonkeyPatch, options: t.Dict[str, t.Any], purpose: str
) -> None:
    monkeypatch.setattr(_dns_lookup, "dns", None)
    with pytest.raises(
        Misconfigured, match=rf"^{purpose} .*needs the Python library dnspython on the controller"
    ) as caught:
        open_solver(options)
    assert caught.value.message.count(".") == 1


def test_a_hook_without_a_check_works_without_the_library() -> None:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", WITHOUT_LIBRARY]
    ended = subprocess.run(command, env=environment, capture_output=True, check=False, timeout=60)
    assert (ended.returncode, ended.stderr) == (0, b"")
