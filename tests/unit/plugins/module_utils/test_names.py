# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.certfleet.pki.plugins.module_utils import _names
from ansible_collections.certfleet.pki.plugins.module_utils._errors import Misconfigured
from ansible_collections.certfleet.pki.plugins.module_utils._model import Names
from ansible_collections.certfleet.pki.plugins.module_utils._names import (
    canonical_dns,
    canonical_email,
    canonical_ip,
    canonical_names,
    canonical_uri,
    format_serial,
    normalise_serial,
)

LABELS = st.from_regex(r"[a-zA-Z0-9]([a-zA-Z0-9-]{0,20}[a-zA-Z0-9])?", fullmatch=True)
HOSTS = st.lists(LABELS, min_size=1, max_size=5).map(".".join).filter(lambda host: not host.split(".")[-1].isdigit())


@given(host=HOSTS, wildcard=st.booleans(), dot=st.booleans())
def test_a_host_name_becomes_lower_case_without_a_trailing_dot(host: str, wildcard: bool, dot: bool) -> None:
    name = ("*." if wildcard else "") + host
    assert canonical_dns(name + ("." if dot else "")) == name.lower()


@given(st.text(max_size=80))
def test_any_text_is_refused_or_has_a_canonical_form_that_is_stable(text: str) -> None:
    for canonical in (canonical_dns, canonical_ip, canonical_email, canonical_uri):
        try:
            once = canonical(text)
        except Misconfigured:
            continue
        assert canonical(once) == once
        assert once.isascii()
        assert not any(character.isspace() for character in once)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Bücher.Example", "xn--bcher-kva.example"),
        ("*.BÜCHER.example.", "*.xn--bcher-kva.example"),
        ("XN--BCHER-KVA.example", "xn--bcher-kva.example"),
        ("faß.example", "xn--fa-hia.example"),
        ("日本。example", "xn--wgv71a.example"),
        (" www.example.com ", "www.example.com"),
        ("localhost", "localhost"),
        ("a" * 63 + ".example", "a" * 63 + ".example"),
    ],
)
def test_dns_names(text: str, expected: str) -> None:
    assert canonical_dns(text) == expected


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "empty label"),
        (".", "empty label"),
        ("*.", "empty label"),
        (".example.com", "empty label"),
        ("a..example.com", "empty label"),
        ("example.com..", "empty label"),
        ("*", "wildcard"),
        ("w*.example.com", "wildcard"),
        ("a.*.example.com", "wildcard"),
        ("*.*.example.com", "wildcard"),
        ("under_score.example.com", "illegal characters"),
        ("-a.example.com", "illegal characters"),
        ("a-.example.com", "illegal characters"),
        ("a b.example.com", "illegal characters"),
        ("a\nb.example.com", "illegal characters"),
        ("example.com\0", "illegal characters"),
        ("192.0.2.1", "ip_addresses"),
        ("a" * 64 + ".example", "more than 63"),
        (".".join(["a" * 63] * 4), "longer than 253"),
        ("\u0660\u0301.example", "internationalised"),
    ],
)
def test_bad_dns_names_are_refused_with_a_reason(text: str, why: str) -> None:
    with pytest.raises(Misconfigured, match=why):
        canonical_dns(text)


def test_without_the_idna_library_other_than_ascii_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_names, "idna", None)
    assert canonical_dns("Example.com") == "example.com"
    with pytest.raises(Misconfigured, match="install the Python library idna"):
        canonical_dns("bücher.example")


@given(st.ip_addresses())
def test_an_address_in_any_spelling_is_canonical(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> None:
    assert canonical_ip(address.exploded.upper()) == str(address)


@pytest.mark.parametrize("text", ["", "192.0.2", "192.0.2.0/24", "192.0.2.256", "fe80::1%eth0", "a.example.com"])
def test_bad_addresses_are_refused(text: str) -> None:
    with pytest.raises(Misconfigured, match="no IP address"):
        canonical_ip(text)


def test_a_mailbox_keeps_its_local_part() -> None:
    assert canonical_email("John.Doe+x@BÜCHER.example") == "John.Doe+x@xn--bcher-kva.example"


@pytest.mark.parametrize(
    "text", ["john", "@example.com", "a b@example.com", "a@", "a@*.example.com", "ü@example.com", "a@b@c.d"]
)
def test_bad_mailboxes_are_refused(text: str) -> None:
    with pytest.raises(Misconfigured):
        canonical_email(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("SPIFFE://Example.COM/Path", "spiffe://example.com/Path"),
        ("https://User@Example.com:8443/A?B#C", "https://User@example.com:8443/A?B#C"),
        ("urn:UUID:ABC", "urn:UUID:ABC"),
    ],
)
def test_uris(text: str, expected: str) -> None:
    assert canonical_uri(text) == expected


@pytest.mark.parametrize(
    "text", ["", "example.com/x", "http:", "https://a b/", "https://ü/", "https://[::1/", "1a://b", "https://a\n/"]
)
def test_bad_uris_are_refused(text: str) -> None:
    with pytest.raises(Misconfigured):
        canonical_uri(text)


def test_names_are_sorted_without_duplicates() -> None:
    names = canonical_names(dns=["b.example", "A.example.", "B.example"], ip=["::1", "0:0::1"], uri=["urn:b", "urn:a"])
    assert names == Names(dns=("a.example", "b.example"), ip=("::1",), uri=("urn:a", "urn:b"))


@given(
    number=st.integers(min_value=0, max_value=2**160 - 1),
    separator=st.sampled_from(["", ":", "-", " "]),
    prefix=st.sampled_from(["", "0x", "0X", " "]),
    upper=st.booleans(),
)
def test_a_serial_number_in_any_spelling_is_the_same(number: int, separator: str, prefix: str, upper: bool) -> None:
    spelled = number.to_bytes(20, "big").hex(separator) if separator else format(number, "x")
    assert normalise_serial(prefix + (spelled.upper() if upper else spelled)) == format_serial(number)
    assert int(format_serial(number), 16) == number
    assert len(format_serial(number)) % 2 == 0


@pytest.mark.parametrize(
    ("text", "expected"), [("10", "10"), ("1", "01"), ("0x000a", "0a"), ("0", "00"), ("0A:FF", "0aff")]
)
def test_digits_alone_are_hexadecimal(text: str, expected: str) -> None:
    assert normalise_serial(text) == expected


@pytest.mark.parametrize("text", ["", "0x", "-0a", "xyz", "a:b", "0a::0b", "0a:", "1" * 65, "١٢"])
def test_bad_serial_numbers_are_refused(text: str) -> None:
    with pytest.raises(Misconfigured, match="no serial number"):
        normalise_serial(text)


def test_a_negative_serial_number_has_a_sign() -> None:
    assert format_serial(-10) == "-0a"
