# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.certfleet.pki.plugins.module_utils._errors import Misconfigured
from ansible_collections.certfleet.pki.plugins.module_utils._options import item_options
from ansible_collections.certfleet.pki.plugins.module_utils._registry import authority_entry
from ansible_collections.certfleet.pki.plugins.plugin_utils._arguments import Secrets, Validator, plain

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner, max_size=4),
    max_leaves=12,
)


def check(**arguments: t.Any) -> t.Dict[str, t.Any]:
    options = item_options(authority_entry(required=False))
    return Validator(options).validate({"name": "web", **arguments}, Secrets())


@given(VALUES)
def test_plain_leaves_no_nulls_and_is_stable(value: t.Any) -> None:
    once = plain(value)
    assert plain(once) == once
    assert not any(item is None for item in _members(once))


def _members(value: t.Any) -> t.Iterator[t.Any]:
    """Yield whatever is in a mapping or list, at any depth."""
    inner = list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else []
    for item in inner:
        yield item
        yield from _members(item)


def test_null_is_not_given_at_any_depth() -> None:
    options = check(authority={"local": {"path": "/ca", "passphrase": None}, "vault": None}, key={"size": None})
    assert set(options["authority"]) == {"local"}
    assert "passphrase" not in options["authority"]["local"]
    assert "size" not in options["key"]


def test_list_elements_are_stripped_and_empty_ones_dropped() -> None:
    omitted = "__omit_place_holder__0123456789"
    assert check(dns_names=[" a.example.com ", "", None, omitted])["dns_names"] == ["a.example.com"]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ({"authority": {"foo": {}}}, "'foo' is not known; use one of local, vault"),
        ({"authority": {"local": {}, "vault": {}}}, "exactly one CA"),
        ({"authority": {}}, "exactly one CA"),
        ({"authority": {"local": {"path": "/ca", "pth": 1}}}, "pth"),
        ({"authority": []}, "authority: a dictionary"),
        ({"authority": "vault"}, "authority: a dictionary"),
        ({"authority": {"local": 3}}, "local: a dictionary"),
        ({"policy": 3}, "policy: a dictionary"),
        ({"key": ["rsa"]}, "key: a dictionary"),
        ({"nmae": "x"}, "unknown option nmae"),
        ({"key": {"type": "dsa"}}, "ecdsa"),
        ({"wait_timeout": "soon"}, "wait_timeout"),
        ({"state": "gone"}, "present, absent, revoked"),
        ({"common_name": []}, "common_name: a text is needed here, and what was given is a list."),
        ({"common_name": {}}, "common_name: a text is needed here, and what was given is a dictionary."),
        ({"common_name": True}, "put it in quotes"),
        ({"dns_names": [True]}, "dns_names, element 1: a text is needed"),
        ({"dns_names": ["a.example.com", ["b"]]}, "dns_names, element 2"),
        ({"dns_names": True}, "dns_names: a list is needed"),
        ({"dns_names": {"a": 1}}, "dns_names: a list is needed"),
        ({"wait_timeout": True}, "wait_timeout: a number is needed"),
        ({"directory": ["/a"]}, "directory: a text"),
        ({"key": {"passphrase": ["secret-in-a-list"]}}, "key.passphrase: a text"),
        ({"key": '{"passphrase": ["secret-in-a-list"]}'}, "key.passphrase: a text"),
        ({"authority": {"local": {"path": []}}}, "authority.local.path: a text"),
        ({"authority": {"local": {}}}, "authority.local.path must be given"),
        ({"name": None}, "name must be given"),
        ({"policy": {"allowed_domains": [{"a": 1}]}}, "policy.allowed_domains, element 1"),
        ({"key": ["rsa"]}, "what was given is not one"),
    ],
)
def test_what_is_wrong_is_said_in_one_sentence(arguments: t.Dict[str, t.Any], told: str) -> None:
    with pytest.raises(Misconfigured) as caught:
        check(**arguments)
    assert told in caught.value.message and "\n" not in caught.value.message


def test_a_secret_in_a_refused_option_is_masked() -> None:
    secret = "a-very-secret-passphrase"
    with pytest.raises(Misconfigured) as caught:
        check(key={"passphrase": secret}, state=secret)
    assert secret not in caught.value.message


def test_numbers_are_text_where_text_is_needed() -> None:
    options = check(name=5, owner=1000, dns_names=[7], key="type=rsa size=3072")
    assert (options["name"], options["owner"], options["dns_names"]) == ("5", "1000", ["7"])
    assert (options["key"]["type"], options["key"]["size"]) == ("rsa", 3072)


def test_what_depends_on_another_option_is_said_with_it() -> None:
    options = item_options(authority_entry(required=False))
    relations = {"required_if": [("state", "present", ("authority",))]}
    with pytest.raises(Misconfigured, match=r"^authority must be given when state is present\.$"):
        Validator(options, relations).validate({"name": "web"}, Secrets())


def test_a_secret_of_the_wrong_type_is_not_shown() -> None:
    with pytest.raises(Misconfigured) as caught:
        check(key={"passphrase": ["a-very-secret-passphrase"]})
    assert "a-very-secret" not in caught.value.message
