# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import typing as t
from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.certfleet.pki.plugins.module_utils._errors import PolicyViolation
from ansible_collections.certfleet.pki.plugins.module_utils._model import KeyParameters, Names
from ansible_collections.certfleet.pki.plugins.module_utils._policy import (
    Policy,
    as_dict,
    enforce,
    granted_lifetime,
    parse_policy,
    violations,
)

FULL: t.Dict[str, t.Any] = {
    "allowed_domains": ["example.com", "*.example.com"],
    "allowed_domain_patterns": [r"db[0-9]+\.internal"],
    "allowed_ip_ranges": ["192.0.2.0/24", "2001:db8::/32"],
    "allowed_uris": ["spiffe://example.com/**"],
    "allowed_email_domains": ["example.com"],
    "forbid_wildcards": True,
    "key_types": {"rsa": 3072, "ecdsa": 256},
    "max_lifetime": "90d",
    "required_subject": {"organization": ["Example", "Example Ltd"], "country": []},
    "allowed_authorities": ["vault:https://vault.example.com:8200#pki/web"],
    "extended_key_usages": ["server_auth", "1.2.3.4"],
}
GOOD: t.Dict[str, t.Any] = {
    "names": Names(
        dns=("a.example.com", "db1.internal"),
        ip=("192.0.2.9",),
        email=("x@example.com",),
        uri=("spiffe://example.com/a/b",),
    ),
    "common_name": "a.example.com",
    "subject": {"organization": "Example", "country": "DE"},
    "key": KeyParameters("ecdsa", 256, "P-256"),
    "extended_key_usage": ("server_auth",),
    "lifetime": 90 * 86400,
    "authority_identity": "vault:https://vault.example.com:8200#pki/web",
}


def parse(**rules: t.Any) -> Policy:
    return parse_policy(rules, source="the policy option")


def broken(policy: Policy, **changes: t.Any) -> t.Tuple[str, ...]:
    return violations(policy, **{**GOOD, **changes})


def test_a_request_within_the_rules_breaks_none() -> None:
    assert broken(parse(**FULL)) == ()


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"names": Names(dns=("a.b.example.com",))}, "allowed_domains"),
        ({"names": Names(dns=("xdb1.internal",))}, "allowed_domain_patterns"),
        ({"names": Names(dns=("db1.internal.evil.test",))}, "allowed_domain_patterns"),
        ({"names": Names(dns=("evil\0.example.com",))}, "allowed_domains"),
        ({"names": Names(dns=("*.example.com",))}, "forbid_wildcards"),
        ({"names": Names(ip=("198.51.100.1",))}, "allowed_ip_ranges"),
        ({"names": Names(ip=("192.0.2.0/24",))}, "allowed_ip_ranges"),
        ({"names": Names(uri=("spiffe://evil.test/",))}, "allowed_uris"),
        ({"names": Names(email=("x@mail.example.com",))}, "allowed_email_domains"),
        ({"common_name": "evil.test"}, "allowed_domains"),
        ({"common_name": "evil_host.test"}, "allowed_domains"),
        ({"common_name": "198.51.100.1"}, "allowed_ip_ranges"),
        ({"common_name": "x@evil.test"}, "allowed_email_domains"),
        ({"other_names": ("OtherName:1.2.3",)}, "no rule can allow"),
        ({"key": KeyParameters("rsa", 2048)}, "key_types asks for 3072"),
        ({"key": KeyParameters("ed25519", 256)}, "not among key_types"),
        ({"lifetime": 90 * 86400 + 1}, "max_lifetime"),
        ({"subject": {"organization": "Example"}}, "country, named by required_subject, is missing"),
        ({"subject": {"organization": "Evil", "country": "DE"}}, "organization is 'Evil'"),
        (
            {"subject": [("organization", "Example"), ("organization", "Evil"), ("country", "DE")]},
            "organization is 'Evil'",
        ),
        ({"authority_identity": "local:/ca"}, "allowed_authorities"),
        ({"extended_key_usage": ("server_auth", "client_auth")}, "client_auth is not among extended_key_usages"),
    ],
)
def test_each_rule(changes: t.Dict[str, t.Any], rule: str) -> None:
    (sentence,) = broken(parse(**FULL), **changes)
    assert rule in sentence
    assert sentence.endswith("(the policy option)")


@pytest.mark.parametrize("common_name", [None, "", "web server", "J. Smith", "A.Example.Com."])
def test_common_names_that_are_no_foreign_name_pass(common_name: t.Optional[str]) -> None:
    assert broken(parse(**FULL), common_name=common_name) == ()


@pytest.mark.parametrize(
    ("glob", "name", "allowed"),
    [
        ("*.example.com", "a.example.com", True),
        ("*.example.com", "*.example.com", True),
        ("*.example.com", "example.com", False),
        ("*.example.com", "a.b.example.com", False),
        ("*.*.example.com", "a.b.example.com", True),
        ("web-*.example.com", "web-1.example.com", True),
        ("web-*.example.com", "*.example.com", False),
        ("w*b.example.com", "w-1-b.example.com", True),
        ("*.example.com", "a.exampleXcom", False),
        ("Example.COM", "example.com", True),
        ("*.bücher.example", "a.xn--bcher-kva.example", True),
    ],
)
def test_globs(glob: str, name: str, allowed: bool) -> None:
    policy = parse(allowed_domains=[glob])
    assert (violations(policy, **{**GOOD, "names": Names(dns=(name,)), "common_name": None}) == ()) is allowed


@pytest.mark.parametrize(
    ("glob", "uri", "allowed"),
    [
        ("spiffe://example.com/*", "spiffe://example.com/a", True),
        ("spiffe://example.com/*", "spiffe://example.com/a/b", False),
        ("spiffe://example.com/**", "spiffe://example.com/a/b", True),
        ("https://*.example.com/", "https://evil.test/.example.com/", False),
        ("https://*.example.com/", "https://evil.test#.example.com/", False),
        ("https://*.example.com/", "https://a@evil.test:1.example.com/", False),
        ("urn:a.b", "urn:aXb", False),
    ],
)
def test_uri_globs(glob: str, uri: str, allowed: bool) -> None:
    policy = parse(allowed_uris=[glob])
    assert (violations(policy, **{**GOOD, "names": Names(uri=(uri,)), "common_name": None}) == ()) is allowed


def test_a_list_not_given_means_none_of_that_kind() -> None:
    everything = Names(dns=("a.example.com",), ip=("192.0.2.1",), email=("a@example.com",), uri=("urn:a",))
    assert len(broken(parse(max_lifetime="90d"), names=everything)) == 4
    assert broken(Policy(source="CA", restrictive=False, max_lifetime=90 * 86400), names=everything) == ()


def test_what_is_not_known_yet_is_not_judged() -> None:
    assert broken(parse(**FULL), lifetime=None, key=None, authority_identity=None) == ()


def test_every_rule_broken_of_every_policy_is_told() -> None:
    second = parse_policy({"key_types": ["rsa"], "allowed_domains": ["*"]}, source="policy file x")
    with pytest.raises(PolicyViolation) as failure:
        enforce(
            [parse(**FULL), second],
            **{**GOOD, "names": Names(dns=("evil.test",)), "common_name": None, "lifetime": 10**9},
        )
    detail = failure.value.detail
    assert detail.split("; ") == [
        "the DNS name 'evil.test' is not among allowed_domains and allowed_domain_patterns (the policy option)",
        (
            "the lifetime of 11574d1h46m40s is longer than max_lifetime, 90d, "
            "so set the option lifetime to 90d or less (the policy option)"
        ),
        "the DNS name 'evil.test' is not among allowed_domains and allowed_domain_patterns (policy file x)",
        "the key type ecdsa is not among key_types (policy file x)",
    ]
    assert failure.value.message == f"The policy forbids it: {detail}."


def optional(strategy: st.SearchStrategy[t.Any]) -> st.SearchStrategy[t.Any]:
    return st.none() | strategy


def several(*values: str) -> st.SearchStrategy[t.Any]:
    return optional(st.lists(st.sampled_from(values), max_size=3, unique=True))


POLICIES = st.fixed_dictionaries(
    {
        "allowed_domains": several("*.example.com", "*", "*.internal", "example.com"),
        "allowed_domain_patterns": several(".*", r"[a-z.]+\.example\.com", "localhost"),
        "allowed_ip_ranges": several("0.0.0.0/0", "192.0.2.0/24", "::/0"),
        "allowed_uris": several("**", "urn:*"),
        "allowed_email_domains": several("example.com", "*.*"),
        "forbid_wildcards": st.booleans(),
        "key_types": optional(
            st.dictionaries(st.sampled_from(["rsa", "ecdsa"]), st.sampled_from([0, 256, 3072]), max_size=2)
        ),
        "max_lifetime": optional(st.sampled_from(["1d", "90d", "1000d"])),
        "required_subject": optional(st.sampled_from([{"country": ()}, {"country": ("DE",)}, {}])),
        "allowed_authorities": several("local:a", "vault:b"),
        "extended_key_usages": several("server_auth", "client_auth"),
    }
).map(lambda rules: parse_policy(rules, source="x"))
REQUESTS = st.fixed_dictionaries(
    {
        "names": st.builds(
            Names,
            dns=st.lists(st.sampled_from(["a.example.com", "*.example.com", "localhost"]), max_size=2).map(tuple),
            ip=st.sampled_from([(), ("192.0.2.1",), ("::1",)]),
            email=st.sampled_from([(), ("a@example.com",)]),
            uri=st.sampled_from([(), ("urn:a",)]),
        ),
        "common_name": st.sampled_from([None, "a.example.com", "x"]),
        "subject": st.sampled_from([{}, {"country": "DE"}, {"country": "FR"}]),
        "key": st.sampled_from([None, KeyParameters("rsa", 2048), KeyParameters("ecdsa", 256, "P-256")]),
        "extended_key_usage": st.sampled_from([(), ("server_auth",), ("code_signing",)]),
        "lifetime": st.sampled_from([None, 3600, 10**7]),
        "authority_identity": st.sampled_from([None, "local:a"]),
    }
)


def passes(policies: t.Sequence[Policy], request: t.Mapping[str, t.Any]) -> bool:
    try:
        enforce(policies, **request)
    except PolicyViolation:
        return False
    return True


@given(POLICIES, POLICIES, REQUESTS)
def test_another_policy_can_only_tighten(one: Policy, two: Policy, request: t.Dict[str, t.Any]) -> None:
    assert (
        passes([one, two], request)
        == passes([two, one], request)
        == (passes([one], request) and passes([two], request))
    )
    assert passes([], request)


@given(POLICIES)
def test_a_policy_can_be_told_and_read_again(policy: Policy) -> None:
    told = as_dict(policy)
    assert parse_policy(json.loads(json.dumps(told)), source="x") == policy


@given(lifetime=st.integers(60, 10**9), backdated=st.integers(0, 300))
def test_a_certificate_set_back_by_minutes_is_not_longer(lifetime: int, backdated: int) -> None:
    now = datetime(2026, 1, 1, tzinfo=timezone.utc)
    counted = granted_lifetime(now - timedelta(seconds=backdated), now + timedelta(seconds=lifetime))
    assert lifetime - 3600 <= counted <= lifetime


@pytest.mark.parametrize(
    ("glob", "identity", "allowed"),
    [
        ("vault:*", "vault:https://vault.example.com:8200#pki/web", True),
        ("*", "local:/ca", True),
        ("vault:https://*.example.com:8200#pki/*", "vault:https://vault.example.com:8200#pki/web", True),
        ("vault:https://*.example.com:8200#pki/*", "vault:https://vault.example.org:8200#pki/web", False),
        ("vault:https://[::1]:8200#*", "vault:https://[::1]:8200#pki/web", True),
        ("local:/c?", "local:/ca", False),
        ("local:/ca", "local:/ca2", False),
        ("local:", "local:/ca", False),
    ],
)
def test_allowed_authorities_are_globs(glob: str, identity: str, allowed: bool) -> None:
    rules = Policy(source="p", restrictive=False, allowed_authorities=("local:/other", glob))
    asked = {**GOOD, "authority_identity": identity}
    assert (violations(rules, **asked) == ()) is allowed
