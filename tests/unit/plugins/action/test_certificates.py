# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The list in ``certificates``: what an item inherits, and how it is called when it has no name."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.certfleet.pki.plugins.action.certificates import ActionModule, _items
from ansible_collections.certfleet.pki.plugins.module_utils._errors import Misconfigured
from ansible_collections.certfleet.pki.plugins.plugin_utils._arguments import Secrets
from ansible_collections.certfleet.pki.plugins.plugin_utils._case import Case


def merged(defaults: t.Dict[str, t.Any], item: t.Dict[str, t.Any], **task: t.Any) -> t.Dict[str, t.Any]:
    (result,) = _items({**task, "defaults": defaults, "certificates": [item]})
    return result


def test_a_dictionary_keeps_what_the_item_does_not_set() -> None:
    defaults = {"key": {"type": "rsa", "size": 3072}, "subject": {"country": "DE", "organization": "A"}}
    item = {"name": "web", "key": {"rotate": "never"}, "subject": {"organization": "B"}}
    assert merged(defaults, item) == {
        "name": "web",
        "key": {"type": "rsa", "size": 3072, "rotate": "never"},
        "subject": {"country": "DE", "organization": "B"},
    }
    assert defaults["key"] == {"type": "rsa", "size": 3072}


def test_lists_are_not_merged() -> None:
    assert merged({"dns_names": ["a.example.com"]}, {"dns_names": ["b.example.com"]})["dns_names"] == ["b.example.com"]


def test_one_level_deep() -> None:
    policy = merged({"policy": {"key_types": {"rsa": 3072}}}, {"policy": {"key_types": {"ecdsa": 256}}})["policy"]
    assert policy == {"key_types": {"ecdsa": 256}}


@pytest.mark.parametrize(
    ("common", "own", "key"),
    [
        ({"type": "ecdsa", "curve": "P-384", "rotate": "never"}, {"type": "rsa"}, {"type": "rsa", "rotate": "never"}),
        ({"type": "rsa", "size": 4096}, {"type": "ecdsa"}, {"type": "ecdsa"}),
        ({"curve": "P-384"}, {"type": "ecdsa"}, {"type": "ecdsa", "curve": "P-384"}),
        ({"curve": "P-384"}, {"type": "rsa"}, {"type": "rsa"}),
    ],
)
def test_a_size_goes_with_its_type(
    common: t.Dict[str, t.Any], own: t.Dict[str, t.Any], key: t.Dict[str, t.Any]
) -> None:
    assert merged({"key": common}, {"key": own})["key"] == key


def test_an_item_s_own_ca_is_the_only_one() -> None:
    own = {"vault": {"url": "https://vault.example.com"}}
    assert merged({"authority": {"local": {"path": "/ca"}}}, {"authority": own})["authority"] == own
    assert merged({}, {"authority": own}, authority={"local": {"path": "/ca"}})["authority"] == own


def test_an_item_that_is_no_dictionary_is_called_by_its_place() -> None:
    with pytest.raises(Misconfigured, match=r"^certificates, item 2: a dictionary is needed here"):
        _items({"certificates": [{"name": "web"}, "mail"]})


def test_an_item_without_a_name_is_called_by_its_place() -> None:
    action = ActionModule.__new__(ActionModule)
    action._secrets = Secrets()
    nameless, web = Case(index=1, name=""), Case(index=0, name="web")
    for case in (nameless, web):
        case.fail(Misconfigured("name must be given"))
    assert action.failure_of(nameless)["msg"].startswith("certificates, item 2: name must be given")
    assert not action.failure_of(web)["msg"].startswith("certificates, item")
    summary = action._summary([nameless], 2)["msg"]
    assert summary.startswith("1 of 2 certificates failed; the first is certificates, item 2: name must be given")
