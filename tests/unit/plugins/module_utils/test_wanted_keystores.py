# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.certfleet.pki.plugins.module_utils._errors import Misconfigured
from ansible_collections.certfleet.pki.plugins.module_utils._wanted import want
from ansible_collections.certfleet.pki.plugins.module_utils._wanted_keystores import Keystores

SECRET = "correct horse battery"


def wanted(**options: t.Any) -> t.Optional[Keystores]:
    usual = {"name": "Web", "dns_names": ["www.example.com"], "state": "present", "formats": ["jks"]}
    return want({**usual, "passphrase": SECRET, **options}).keystores


@pytest.mark.parametrize("formats", [["jks"], ["pkcs12"], ["pem", "combined", "pkcs12", "jks"]])
def test_defaults(formats: t.List[str]) -> None:
    assert wanted(formats=formats) == Keystores(alias="Web", passphrase=SECRET, pkcs12_encryption="modern")


def test_what_is_given() -> None:
    assert wanted(alias="my key:1", pkcs12_encryption="legacy") == Keystores("my key:1", "legacy", SECRET)
    assert wanted(alias="") == Keystores("Web", "modern", SECRET), "a survey sends an empty text for no answer"


def test_no_keystores() -> None:
    assert wanted(formats=["pem", "combined"], passphrase="", alias="web") is None


def test_the_passphrase_is_not_in_a_repr() -> None:
    assert SECRET not in repr(wanted())


@pytest.mark.parametrize("state", ["absent", "revoked"])
@pytest.mark.parametrize("passphrase", ["", "short", SECRET])
def test_to_go_it_takes_no_passphrase(state: str, passphrase: str) -> None:
    keystores = wanted(state=state, dns_names=[], passphrase=passphrase)
    assert keystores is not None and keystores.passphrase is None
    assert wanted(state=state, dns_names=[], formats=["pem"]) is None


@pytest.mark.parametrize("passphrase", ["sesame", "x" * 1023, " a b c "])
def test_a_passphrase_that_does(passphrase: str) -> None:
    keystores = wanted(passphrase=passphrase)
    assert keystores is not None and keystores.passphrase == passphrase


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"passphrase": ""}, "passphrase: the formats pkcs12 and jks need one"),
        ({"passphrase": "sesam"}, "keytool takes no fewer than 6 characters"),
        ({"passphrase": "x" * 1024}, "no more than 1023 characters"),
        ({"passphrase": "sesam\u00fc"}, "printable ASCII characters only"),
        ({"passphrase": "sesame\n"}, "printable ASCII characters only"),
        ({"passphrase": "sesame\0"}, "printable ASCII characters only"),
        ({"formats": ["pem", "combined"]}, "give key.passphrase to encrypt the key itself"),
        ({"alias": "T\u00fcr"}, "alias: 'T\u00fcr' can't name an entry"),
        ({"alias": " web"}, "without blanks around them"),
        ({"alias": "a\nb"}, "can't name an entry"),
        ({"alias": "x" * 256}, "up to 255"),
    ],
)
def test_what_cannot_be(options: t.Dict[str, t.Any], told: str) -> None:
    with pytest.raises(Misconfigured) as caught:
        wanted(**options)
    message = caught.value.message
    assert told in message and "\n" not in message
    assert not options.get("passphrase") or options["passphrase"] not in message
