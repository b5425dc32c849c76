# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

import pytest
from cryptography.x509 import ObjectIdentifier
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.certfleet.pki.plugins.module_utils._errors import Misconfigured
from ansible_collections.certfleet.pki.plugins.module_utils._model import KeyParameters
from ansible_collections.certfleet.pki.plugins.module_utils._wanted import Wanted, want, want_usages

DEFAULTS = {"name": "web", "dns_names": ["www.example.com"], "state": "present"}


def wanted(**options: t.Any) -> Wanted:
    return want({key: value for key, value in {**DEFAULTS, **options}.items() if value is not None})


def test_defaults() -> None:
    web = wanted()
    assert (web.common_name, web.directory, web.formats) == ("www.example.com", "/etc/certfleet/web", ("pem",))
    assert web.key == KeyParameters("ecdsa", 256, "P-256")
    assert (web.extended_key_usage, web.lifetime, web.renew_before) == ((), None, None)


@pytest.mark.parametrize(
    ("options", "common_name", "dns"),
    [
        ({"common_name": "shop.example.com"}, "shop.example.com", ("shop.example.com", "www.example.com")),
        ({"common_name": "Printer 7"}, "Printer 7", ("www.example.com",)),
        ({"common_name": "printer"}, "printer", ("www.example.com",)),
        ({"common_name": "192.0.2.1"}, "192.0.2.1", ("www.example.com",)),
        ({"dns_names": ["a" * 60 + ".example.com", "b.example.com"]}, "b.example.com", None),
        ({"dns_names": ["a" * 60 + ".example.com"]}, None, None),
        ({"dns_names": ["WWW.Example.COM."]}, "www.example.com", ("www.example.com",)),
        ({"dns_names": None, "ip_addresses": ["::1"]}, None, ()),
    ],
)
def test_the_common_name(options: t.Dict[str, t.Any], common_name: t.Optional[str], dns: t.Any) -> None:
    web = wanted(**options)
    assert web.common_name == common_name
    assert dns is None or web.names.dns == dns


def test_the_key_s_many_spellings() -> None:
    assert wanted(key={"type": "ecdsa", "curve": "secp384r1"}).key == KeyParameters("ecdsa", 384, "P-384")
    assert wanted(key={"type": "rsa"}).key == KeyParameters("rsa", 2048)
    assert wanted(key={"type": "ed25519"}).key.type == "ed25519"


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"name": "../web"}, "can't name a certificate"),
        ({"name": ".web"}, "can't name a certificate"),
        ({"dns_names": None}, "No name was asked for"),
        ({"dns_names": ["a" * 64 + ".example.com"]}, "label"),
        ({"dns_names": [".".join(["a" * 60] * 5)]}, "253"),
        ({"dns_names": ["exa mple.com"]}, "illegal"),
        ({"dns_names": ["*.*.example.com"]}, "wildcard"),
        ({"ip_addresses": ["192.0.2.256"]}, "no IP address"),
        ({"lifetime": "0d"}, "lifetime"),
        ({"lifetime": "90"}, "unit"),
        ({"lifetime": "1d", "renew_before": "2d"}, "not shorter than lifetime"),
        ({"renew_before": "150%"}, "renew_before"),
        ({"reissue_before": "tomorrow"}, "tomorrow"),
        ({"directory": "relative/path"}, "absolute path"),
        ({"adopt_from": "live"}, "absolute path"),
        ({"key": {"type": "rsa", "size": 1024}}, "1024"),
        ({"key": {"type": "rsa", "curve": "P-256"}}, "curve goes with type ecdsa"),
        ({"key": {"type": "ed25519", "format": "traditional"}}, "pkcs8"),
        ({"subject": {"organisation": "x"}}, "organisation"),
        ({"extended_key_usage": ["serverAuth"]}, "serverAuth"),
        ({"trust_anchors": "none in here"}, "trust_anchors"),
        ({"trust_anchors": "-----BEGIN CERTIFICATE-----\nanVuaw==\n-----END CERTIFICATE-----\n"}, "trust_anchors"),
        ({"common_name": "x" * 65}, "64"),
        ({"common_name": "Printer\0 7"}, "control character"),
        ({"common_name": "Printer\x1b7"}, "control character"),
        ({"common_name": []}, "common_name"),
        ({"common_name": {}}, "common_name"),
        ({"common_name": True}, "truth value"),
        ({"subject": {"country": "Germany"}}, "two-letter"),
        ({"subject": {"country": False}}, "in quotes"),
        ({"subject": {"organization": ["a", "b"]}}, "subject.organization"),
        ({"subject": {"organization": {"a": "b"}}}, "subject.organization"),
        ({"subject": {"organization": "a\0b"}}, "control character"),
        ({"subject": {"organization": "a\nb"}}, "control character"),
        ({"subject": {"organization": "a" * 65}}, "1 to 64"),
        ({"subject": {"locality": "a" * 129}}, "1 to 128"),
        ({"subject": {"email_address": "j\xf6rg@example.com"}}, "ASCII"),
        ({"email_addresses": ["j\xf6rg@example.com"]}, "email"),
        ({"extended_key_usage": ["0.99.1"]}, "extended_key_usage"),
        ({"extended_key_usage": ["1.2." + "9" * 39]}, "too long"),
        ({"extended_key_usage": ["1.2." + ".".join(["999999"] * 30)]}, "too long"),
        ({"extended_key_usage": ["1.2." + "9" * 400]}, "extended_key_usage"),
        ({"key": {"passphrase": "one\ntwo"}}, "passphrase"),
        ({"key": {"passphrase": "one\rtwo"}}, "passphrase"),
        ({"key": {"passphrase": "one\0two"}}, "passphrase"),
        ({"key": {"passphrase": "x" * 1024}}, "1023"),
        ({"key": {"passphrase": "\xfc" * 512}}, "1023"),
        ({"directory": "/"}, "directory"),
        ({"directory": "//"}, "directory"),
        ({"directory": "/etc/.."}, "directory"),
        ({"owner": str(2**32 - 1)}, "owner"),
        ({"group": "9" * 5000}, "group"),
        ({"group": "-1"}, "group"),
        ({"owner": "ro\0ot"}, "owner"),
        ({"name": ""}, "name"),
    ],
)
def test_bad_input_is_one_clear_sentence(options: t.Dict[str, t.Any], told: str) -> None:
    with pytest.raises(Misconfigured) as caught:
        wanted(**options)
    assert told in caught.value.message and "\n" not in caught.value.message


def test_absent_needs_no_names() -> None:
    assert wanted(state="absent", dns_names=None).names.dns == ()


def test_the_passphrase_shows_in_no_representation() -> None:
    assert "hunter2hunter2" not in repr(wanted(key={"passphrase": "hunter2hunter2"}))


@pytest.mark.parametrize(
    "field", ["owner", "group", "directory", "adopt_from", "common_name", "lifetime", "trust_anchors"]
)
def test_an_empty_answer_of_a_survey_is_not_given(field: str) -> None:
    assert wanted(**{field: ""}) == wanted()


def test_an_empty_passphrase_encrypts_nothing() -> None:
    assert wanted(key={"passphrase": ""}) == wanted(key={})


def test_what_may_just_be() -> None:
    """The longest of everything, and numbers where a text is as good."""
    web = wanted(
        owner=str(2**32 - 2),
        group="0",
        key={"passphrase": "x" * 1023},
        subject={"organization": "\xfc" * 64, "postal_code": 12345},
    )
    assert (web.owner, web.group) == ("4294967294", "0")
    assert dict(web.subject) == {"organization": "\xfc" * 64, "postal_code": "12345"}


def test_a_usage_has_one_spelling() -> None:
    assert wanted(extended_key_usage=["1.3.6.1.5.5.7.3.1", "server_auth", "1.2.3.4"]).extended_key_usage == (
        "1.2.3.4",
        "server_auth",
    )


@given(st.lists(st.integers(min_value=0, max_value=2**140), min_size=1, max_size=20))
def test_every_oid_that_is_accepted_can_be_encoded(arcs: t.List[int]) -> None:
    oid = ".".join(["1.2", *map(str, arcs)])
    try:
        want_usages([oid])
    except Misconfigured:
        assert len(oid) > 63 or max(arcs) >= 2**128
    else:
        assert ObjectIdentifier(oid).dotted_string == oid
