# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: no promise is made about what is in here.

"""The rules themselves, and what breaks them. No I/O, no clock."""

from __future__ import annotations

import dataclasses
import ipaddress
import re
import typing as t
from datetime import datetime

from ansible_collections.certfleet.pki.plugins.module_utils._durations import format_duration
from ansible_collections.certfleet.pki.plugins.module_utils._errors import PolicyViolation
from ansible_collections.certfleet.pki.plugins.module_utils._model import KeyParameters, Names
from ansible_collections.certfleet.pki.plugins.module_utils._policy_match import (
    domain_allowed,
    identity_allowed,
    is_address,
    tidy,
    uri_pattern,
    within,
)

__all__ = ("Policy", "enforce", "granted_lifetime", "violations")

Strings = t.Optional[t.Tuple[str, ...]]
Subject = t.Union[t.Mapping[str, t.Union[str, t.Iterable[str]]], t.Iterable[t.Tuple[str, str]]]


@dataclasses.dataclass(frozen=True)
class Policy:
    """One set of rules; None means that the rule was not given. ``source`` names it in messages.

    A restrictive policy, which is every one that a user wrote, allows no name of a kind whose list was
    not given; one read from a CA (``restrictive`` false) says nothing about such a kind.
    ``key_types`` maps a type to its smallest size in bits (0: any), ``max_lifetime`` is in seconds,
    ``required_subject`` maps a field (``common_name`` too) to the values allowed (empty: any value).
    """

    source: str
    restrictive: bool = True
    allowed_domains: Strings = None
    allowed_domain_patterns: Strings = None
    allowed_ip_ranges: Strings = None
    allowed_uris: Strings = None
    allowed_email_domains: Strings = None
    forbid_wildcards: bool = False
    key_types: t.Optional[t.Mapping[str, int]] = None
    max_lifetime: t.Optional[int] = None
    required_subject: t.Optional[t.Mapping[str, t.Tuple[str, ...]]] = None
    allowed_authorities: Strings = None
    extended_key_usages: Strings = None


@dataclasses.dataclass(frozen=True)
class _Asked:
    names: Names
    subject: t.Mapping[str, t.Tuple[str, ...]]
    key: t.Optional[KeyParameters]
    extended_key_usage: t.Tuple[str, ...]
    lifetime: t.Optional[int]
    authority_identity: t.Optional[str]
    other_names: t.Tuple[str, ...]


_Check = t.Callable[[Policy, _Asked], t.Iterator[str]]


def violations(
    policy: Policy,
    *,
    names: Names,
    common_name: t.Optional[str],
    subject: Subject,
    key: t.Optional[KeyParameters],
    extended_key_usage: t.Iterable[str],
    lifetime: t.Optional[int],
    authority_identity: t.Optional[str],
    other_names: t.Iterable[str] = (),
) -> t.Tuple[str, ...]:
    """Return each rule of ``policy`` that is broken, one short sentence each.

    A common name that is a DNS name, address or mailbox counts as one of the names. ``lifetime`` is in seconds;
    None (not known yet) for it, ``key`` or ``authority_identity`` skips that rule. ``other_names`` are subject
    alternative names of kinds that no list can allow.
    """
    asked = _Asked(
        names=_with_common_name(names, common_name),
        subject=_values(subject, common_name),
        key=key,
        extended_key_usage=tuple(extended_key_usage),
        lifetime=lifetime,
        authority_identity=authority_identity,
        other_names=tuple(other_names),
    )
    return tuple(f"{broken} ({policy.source})" for check in _CHECKS for broken in check(policy, asked))


def enforce(policies: t.Iterable[Policy], **asked: t.Any) -> None:
    """Raise PolicyViolation with every rule broken of all ``policies``; another policy can only tighten.

    The keyword arguments are those of ``violations``.
    """
    broken: t.List[str] = []
    for policy in policies:
        found = violations(policy, **asked)
        broken.extend(found)
    if broken:
        every = "; ".join(dict.fromkeys(broken))
        raise PolicyViolation(f"The policy forbids it: {every}.", detail=every)


def granted_lifetime(not_before: datetime, not_after: datetime) -> int:
    """Return the seconds of lifetime that a certificate counts as having, for ``max_lifetime``.

    CAs set ``not_before`` back by minutes (up to an hour) for hosts whose clock is slow; that is no longer
    lifetime than was asked for, so up to 330 seconds and a tenth, at most an hour in all, are not counted.
    """
    total = int((not_after - not_before).total_seconds())
    return max(total - min(3600, 330 + total // 10), 0)


def _with_common_name(names: Names, common_name: t.Optional[str]) -> Names:
    text = (common_name or "").strip()
    if is_address(text):
        return dataclasses.replace(names, ip=_joined(names.ip, text))
    if "@" in text:
        return dataclasses.replace(names, email=_joined(names.email, text))
    # "J. Smith" has a dot too.
    if "." in text and not re.search(r"\s", text):
        return dataclasses.replace(names, dns=_joined(names.dns, tidy(text)))
    return names


def _joined(names: t.Tuple[str, ...], name: str) -> t.Tuple[str, ...]:
    return names if name in names else (*names, name)


def _values(subject: Subject, common_name: t.Optional[str]) -> t.Dict[str, t.Tuple[str, ...]]:
    pairs = subject.items() if isinstance(subject, t.Mapping) else subject
    values: t.Dict[str, t.Tuple[str, ...]] = {}
    for field, value in pairs:
        several = (value,) if isinstance(value, str) else tuple(value)
        values[field] = values.get(field, ()) + several
    if common_name:
        values["common_name"] = (*values.get("common_name", ()), common_name)
    return values


def _check_authority(policy: Policy, asked: _Asked) -> t.Iterator[str]:
    allowed, identity = policy.allowed_authorities, asked.authority_identity
    if allowed is not None and identity is not None and not identity_allowed(identity, allowed):
        yield f"the authority {identity} is not among allowed_authorities"


def _check_dns(policy: Policy, asked: _Asked) -> t.Iterator[str]:
    globs, patterns = policy.allowed_domains, policy.allowed_domain_patterns
    for name in asked.names.dns:
        if policy.forbid_wildcards and "*" in name:
            yield f"the wildcard name {name!r} is forbidden by forbid_wildcards"
        if globs is None and patterns is None:
            if policy.restrictive:
                yield f"the DNS name {name!r} is not allowed, for allowed_domains is not given"
        elif not domain_allowed(name, globs or (), patterns or ()):
            yield f"the DNS name {name!r} is not among allowed_domains and allowed_domain_patterns"


def _check_ip(policy: Policy, asked: _Asked) -> t.Iterator[str]:
    allowed = [ipaddress.ip_network(network) for network in policy.allowed_ip_ranges or ()]
    return _check_kind(
        policy,
        "allowed_ip_ranges",
        "address",
        asked.names.ip,
        lambda name: any(within(name, network) for network in allowed),
    )


def _check_email(policy: Policy, asked: _Asked) -> t.Iterator[str]:
    domains = policy.allowed_email_domains or ()
    return _check_kind(
        policy,
        "allowed_email_domains",
        "email address",
        asked.names.email,
        lambda name: domain_allowed(tidy(name.rpartition("@")[2]), domains, ()),
    )


def _check_uri(policy: Policy, asked: _Asked) -> t.Iterator[str]:
    patterns = [uri_pattern(glob) for glob in policy.allowed_uris or ()]
    return _check_kind(
        policy,
        "allowed_uris",
        "URI",
        asked.names.uri,
        lambda name: any(re.fullmatch(pattern, name) for pattern in patterns),
    )


def _check_kind(
    policy: Policy, rule: str, kind: str, names: t.Iterable[str], allowed: t.Callable[[str], bool]
) -> t.Iterator[str]:
    given = getattr(policy, rule) is not None
    for name in names:
        if not given and policy.restrictive:
            yield f"the {kind} {name!r} is not allowed, for {rule} is not given"
        elif given and not allowed(name):
            yield f"the {kind} {name!r} is not among {rule}"


def _check_other_names(policy: Policy, asked: _Asked) -> t.Iterator[str]:
    if policy.restrictive:
        for name in asked.other_names:
            yield f"the alternative name {name!r} is of a kind that no rule can allow"


def _check_key(policy: Policy, asked: _Asked) -> t.Iterator[str]:
    if policy.key_types is None or asked.key is None:
        return
    smallest = policy.key_types.get(asked.key.type)
    if smallest is None:
        yield f"the key type {asked.key.type} is not among key_types"
    elif asked.key.size < smallest:
        yield f"the key has {asked.key.size} bits where key_types asks for {smallest}"


def _check_lifetime(policy: Policy, asked: _Asked) -> t.Iterator[str]:
    longest, lifetime = policy.max_lifetime, asked.lifetime
    if longest is not None and lifetime is not None and lifetime > longest:
        most = format_duration(longest)
        yield (
            f"the lifetime of {format_duration(lifetime)} is longer than max_lifetime, {most}, "
            f"so set the option lifetime to {most} or less"
        )


def _check_usages(policy: Policy, asked: _Asked) -> t.Iterator[str]:
    for usage in asked.extended_key_usage:
        if policy.extended_key_usages is not None and usage not in policy.extended_key_usages:
            yield f"the extended key usage {usage} is not among extended_key_usages"


def _check_subject(policy: Policy, asked: _Asked) -> t.Iterator[str]:
    for field, allowed in (policy.required_subject or {}).items():
        values = asked.subject.get(field, ())
        if not values:
            yield f"the subject field {field}, named by required_subject, is missing"
        for value in values:
            if allowed and value not in allowed:
                yield f"the subject field {field} is {value!r}, which required_subject does not allow"


_CHECKS: t.Tuple[_Check, ...] = (
    _check_authority,
    _check_dns,
    _check_ip,
    _check_email,
    _check_uri,
    _check_other_names,
    _check_key,
    _check_usages,
    _check_lifetime,
    _check_subject,
)
