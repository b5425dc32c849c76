# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import dataclasses
import json
import typing as t
from pathlib import Path

import pytest

from ansible_collections.certfleet.pki.plugins.module_utils import _policy_parse
from ansible_collections.certfleet.pki.plugins.module_utils._errors import Misconfigured
from ansible_collections.certfleet.pki.plugins.module_utils._policy import (
    Policy,
    as_dict,
    load_policy_file,
    parse_policy,
)

FULL: t.Dict[str, t.Any] = {
    "allowed_domains": ["example.com", "*.example.com"],
    "allowed_domain_patterns": [r"db[0-9]+\.internal"],
    "allowed_ip_ranges": ["192.0.2.0/24", "2001:db8::/32"],
    "allowed_uris": ["spiffe://example.com/**"],
    "allowed_email_domains": ["example.com"],
    "forbid_wildcards": True,
    "key_types": {"rsa": 3072, "ecdsa": 0},
    "max_lifetime": "90d",
    "required_subject": {"organization": ["Example", "Example Ltd"], "country": []},
    "allowed_authorities": ["vault:https://vault.example.com:8200#pki/web"],
    "extended_key_usages": ["server_auth", "1.2.3.4"],
}


def parse(**rules: t.Any) -> Policy:
    return parse_policy(rules, source="the policy option")


def test_all_rules_are_told_as_they_were_given() -> None:
    assert as_dict(parse(**FULL)) == FULL


def test_null_is_not_given() -> None:
    assert parse(allowed_domains=None, max_lifetime=None) == Policy(source="the policy option")


@pytest.mark.parametrize(
    ("rules", "why"),
    [
        ({"allowed_domain": ["x"]}, "unknown rule allowed_domain"),
        ({"allowed_domains": "example.com"}, "no list of strings"),
        ({"allowed_domains": [5]}, "no list of strings"),
        ({"allowed_domains": ["**.example.com"]}, "one label"),
        ({"allowed_domains": [".example.com"]}, "one label"),
        ({"allowed_domains": ["a b"]}, "one label"),
        ({"allowed_domain_patterns": ["("]}, "no regular expression"),
        ({"allowed_ip_ranges": ["192.0.2.0/33"]}, "address range"),
        ({"forbid_wildcards": "yes"}, "true or false"),
        ({"key_types": ["dsa"]}, "key type 'dsa'"),
        ({"key_types": {"rsa": "big"}}, "smallest size"),
        ({"key_types": {"rsa": -1}}, "smallest size"),
        ({"max_lifetime": 90}, "max_lifetime in the policy option is '90'"),
        ({"required_subject": ["shoe_size"]}, "unknown field 'shoe_size'"),
        ({"required_subject": {"country": {"a": 1}}}, "the values that are allowed"),
        ({"extended_key_usages": ["serverAuth"]}, "extended_key_usages in the policy option"),
    ],
)
def test_rules_that_make_no_sense_are_refused(rules: t.Dict[str, t.Any], why: str) -> None:
    with pytest.raises(Misconfigured, match=why):
        parse(**rules)


def test_a_policy_file(tmp_path: Path) -> None:
    path = tmp_path / "policy.yml"
    path.write_text("allowed_domains: ['*.example.com']\nmax_lifetime: 30d\n", encoding="utf-8")
    policy = load_policy_file(str(path))
    assert (policy.allowed_domains, policy.max_lifetime) == (("*.example.com",), 30 * 86400)
    assert (policy.source, policy.restrictive) == (f"policy file {path}", True)


def test_a_json_file_needs_no_yaml(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_policy_parse, "yaml", None)
    path = tmp_path / "policy.json"
    path.write_text(json.dumps(FULL), encoding="utf-8")
    assert dataclasses.replace(load_policy_file(str(path)), source="the policy option") == parse(**FULL)
    path.write_text("allowed_domains: []", encoding="utf-8")
    with pytest.raises(Misconfigured, match="PyYAML"):
        load_policy_file(str(path))


@pytest.mark.parametrize("content", [b"\xff\xfe", b"a: [", b"- a", b"", b"unknown: 1", b"!!python/object:os.system {}"])
def test_files_that_make_no_sense_are_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "policy.yml"
    path.write_bytes(content)
    with pytest.raises(Misconfigured, match="policy file"):
        load_policy_file(str(path))
    with pytest.raises(Misconfigured, match="can't be read"):
        load_policy_file(str(tmp_path / "missing"))
    with pytest.raises(Misconfigured, match="can't be read"):
        load_policy_file(str(tmp_path))
