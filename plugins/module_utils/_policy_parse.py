# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: no promise is made about what is in here.

"""Policies as users write them: the ``policy`` option and the policy file. No I/O but for ``load_policy_file``."""

from __future__ import annotations

import ipaddress
import json
import re
import typing as t

from ansible_collections.certfleet.pki.plugins.module_utils._durations import format_duration, parse_duration
from ansible_collections.certfleet.pki.plugins.module_utils._errors import Misconfigured
from ansible_collections.certfleet.pki.plugins.module_utils._names import canonical_dns
from ansible_collections.certfleet.pki.plugins.module_utils._policy_rules import Policy
from ansible_collections.certfleet.pki.plugins.module_utils._x509_fields import SUBJECT_FIELDS, canonical_usage

try:
    import yaml
except ImportError:
    yaml = None  # type: ignore[assignment,unused-ignore]

__all__ = ("as_dict", "load_policy_file", "parse_policy")

KEY_TYPES = ("ecdsa", "ed25519", "rsa")
_GLOB_LABEL = re.compile(r"[a-z0-9_*-]+")


def parse_policy(options: t.Mapping[str, t.Any], *, source: str, restrictive: bool = True) -> Policy:
    """Return the rules in ``options`` (the ``policy`` option, or a file's content); null is "not given".

    ``source`` says in messages where they come from. Raises Misconfigured for unknown rules and bad values.
    """
    if not isinstance(options, t.Mapping):
        raise Misconfigured(f"{source} is no mapping: write one rule per key, like allowed_domains and max_lifetime.")
    given = {rule: value for rule, value in options.items() if value is not None}
    unknown = sorted(str(rule) for rule in given if rule not in _PARSERS)
    if unknown:
        raise Misconfigured(f"{source} has the unknown rule {unknown[0]}: use {', '.join(sorted(_PARSERS))}.")
    rules = {rule: _PARSERS[rule](value, f"{rule} in {source}") for rule, value in given.items()}
    return Policy(source=source, restrictive=restrictive, **rules)


def load_policy_file(path: str) -> Policy:
    """Return the rules in a YAML or JSON file. Raises Misconfigured if it can't be read or makes no sense."""
    source = f"policy file {path}"
    try:
        with open(path, encoding="utf-8") as stream:
            text = stream.read()
    except (OSError, ValueError) as error:
        raise Misconfigured(
            f"The {source} can't be read: check that it exists and is UTF-8 text.", detail=str(error)
        ) from error
    return parse_policy(_load(text, source), source=source)


def _load(text: str, source: str) -> t.Any:
    try:
        return yaml.safe_load(text) if yaml else json.loads(text)
    except Exception as error:
        kind = "YAML" if yaml else "JSON (and the Python library PyYAML, for YAML, is missing)"
        raise Misconfigured(f"The {source} is no valid {kind}: correct it.", detail=str(error)) from error


def as_dict(policy: Policy) -> t.Dict[str, t.Any]:
    """Return the rules given, in the shape of the ``policy`` option and in plain types."""
    rules: t.Dict[str, t.Any] = {}
    for rule in _PARSERS:
        value = getattr(policy, rule)
        if value is not None and not (rule == "forbid_wildcards" and value is False):
            rules[rule] = _plain(rule, value)
    return rules


def _plain(rule: str, value: t.Any) -> t.Any:
    if rule == "max_lifetime":
        return format_duration(value)
    if isinstance(value, t.Mapping):
        return {key: list(item) if isinstance(item, tuple) else item for key, item in value.items()}
    return list(value) if isinstance(value, tuple) else value


def _strings(value: t.Any, where: str) -> t.Tuple[str, ...]:
    if not isinstance(value, (list, tuple)) or not all(isinstance(item, str) for item in value):
        raise Misconfigured(f"{where} is no list of strings: write it as a list.")
    return tuple(item.strip() for item in value if item.strip())


def _each(convert: t.Callable[[str, str], str]) -> t.Callable[[t.Any, str], t.Tuple[str, ...]]:
    return lambda value, where: tuple(dict.fromkeys(convert(item, where) for item in _strings(value, where)))


def _domain(text: str, where: str) -> str:
    """A glob whose labels that hold no ``*`` are canonical, as the names that it is compared with."""
    labels = [label if "*" in label else _domain_label(label, text, where) for label in text.lower().split(".")]
    if not all(_GLOB_LABEL.fullmatch(label) and "**" not in label for label in labels):
        raise Misconfigured(f"{where} has {text!r}: write a domain, in which * stands for one label or a part of one.")
    return ".".join(labels)


def _domain_label(label: str, text: str, where: str) -> str:
    if label.isascii():
        return label
    try:
        return canonical_dns(label)
    except Misconfigured as error:
        raise Misconfigured(f"{where} has {text!r}: {error.message}") from error


def _pattern(text: str, where: str) -> str:
    try:
        re.compile(text)
    except (re.error, RecursionError, OverflowError) as error:
        raise Misconfigured(f"{where} has {text!r}, which is no regular expression: {error}.") from error
    return text


def _network(text: str, where: str) -> str:
    try:
        return str(ipaddress.ip_network(text, strict=False))
    except ValueError as error:
        raise Misconfigured(f"{where} has {text!r}: write an address range like 192.0.2.0/24.") from error


def _usage(text: str, where: str) -> str:
    try:
        return canonical_usage(text)
    except Misconfigured as error:
        raise Misconfigured(f"{where}: {error.message}") from error


def _flag(value: t.Any, where: str) -> bool:
    if not isinstance(value, bool):
        raise Misconfigured(f"{where} is {value!r}: write true or false.")
    return value


def _key_types(value: t.Any, where: str) -> t.Dict[str, int]:
    sizes = value if isinstance(value, t.Mapping) else dict.fromkeys(_strings(value, where), 0)
    for name, size in sizes.items():
        if name not in KEY_TYPES:
            raise Misconfigured(f"{where} has the key type {name!r}: use {', '.join(KEY_TYPES)}.")
        if size is not None and (isinstance(size, bool) or not re.fullmatch(r"[0-9]{1,6}", str(size))):
            raise Misconfigured(f"{where} gives {name} the smallest size {size!r}: write a number of bits.")
    return {name: int(size or 0) for name, size in sizes.items()}


def _required_subject(value: t.Any, where: str) -> t.Dict[str, t.Tuple[str, ...]]:
    fields = value if isinstance(value, t.Mapping) else dict.fromkeys(_strings(value, where))
    for name in fields:
        if name != "common_name" and name not in SUBJECT_FIELDS:
            known = ", ".join(sorted([*SUBJECT_FIELDS, "common_name"]))
            raise Misconfigured(f"{where} has the unknown field {name!r}: use {known}.")
    return {name: _allowed_values(values, f"{name} of {where}") for name, values in fields.items()}


def _allowed_values(values: t.Any, where: str) -> t.Tuple[str, ...]:
    if values is None:
        return ()
    several = values if isinstance(values, (list, tuple)) else [values]
    if not all(isinstance(value, (str, int)) and not isinstance(value, bool) for value in several):
        raise Misconfigured(f"{where} is neither a text nor a list of texts: write the values that are allowed.")
    return tuple(str(value) for value in several)


def _lifetime(value: t.Any, where: str) -> int:
    return parse_duration(value, option=where)


def _unchanged(text: str, _where: str) -> str:
    return text


_PARSERS: t.Mapping[str, t.Callable[[t.Any, str], t.Any]] = {
    "allowed_domains": _each(_domain),
    "allowed_domain_patterns": _each(_pattern),
    "allowed_ip_ranges": _each(_network),
    "allowed_uris": _each(_unchanged),
    "allowed_email_domains": _each(_domain),
    "forbid_wildcards": _flag,
    "key_types": _key_types,
    "max_lifetime": _lifetime,
    "required_subject": _required_subject,
    "allowed_authorities": _each(_unchanged),
    "extended_key_usages": _each(_usage),
}
