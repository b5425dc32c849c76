# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: no promise is made about what is in here.

"""How the names in a request are compared with the lists in a policy. No I/O in here."""

from __future__ import annotations

import ipaddress
import re
import typing as t

from ansible_collections.certfleet.pki.plugins.module_utils._errors import Misconfigured
from ansible_collections.certfleet.pki.plugins.module_utils._names import canonical_dns

__all__ = ("domain_allowed", "identity_allowed", "is_address", "tidy", "uri_pattern", "within")


def tidy(name: str) -> str:
    """Return a DNS name in canonical form if it has one, else in lower case."""
    try:
        return canonical_dns(name)
    except Misconfigured:
        return name.lower()


def is_address(text: str) -> bool:
    """Say whether ``text`` is an IP address."""
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def domain_allowed(name: str, globs: t.Iterable[str], patterns: t.Iterable[str]) -> bool:
    """Say whether a DNS name matches one of the globs or, as a whole, one of the regular expressions."""
    return any(_matches_domain(name, glob) for glob in globs) or any(
        re.fullmatch(pattern, name) for pattern in patterns
    )


def _matches_domain(name: str, glob: str) -> bool:
    """Compare label by label, so that a ``*`` never reaches over a dot."""
    labels, wanted = name.split("."), glob.split(".")
    return len(labels) == len(wanted) and all(map(_matches_label, labels, wanted))


def _matches_label(label: str, wanted: str) -> bool:
    if wanted == "*":
        return label == "*" or re.fullmatch(r"[a-z0-9_-]+", label) is not None
    pattern = r"[a-z0-9_-]*".join(map(re.escape, wanted.split("*")))
    return re.fullmatch(pattern, label) is not None


def within(name: str, network: t.Any) -> bool:
    """Say whether an address lies in the network."""
    return is_address(name) and ipaddress.ip_address(name) in network


def identity_allowed(identity: str, globs: t.Iterable[str]) -> bool:
    """Say whether a CA's identity, as a whole, matches one of the globs, in which ``*`` is anything.

    Nothing else is special: an IPv6 address stands in brackets.
    """
    return any(re.fullmatch(".*".join(map(re.escape, glob.split("*"))), identity, re.DOTALL) for glob in globs)


def uri_pattern(glob: str) -> str:
    """Return a regular expression for a glob, in which ``**`` is anything.

    ``*`` stays within one segment, or else ``https://*.example.com`` would allow ``https://evil.test/.example.com``.
    """
    parts = re.split(r"(\*\*|\*)", glob)
    wild = {"*": r"[^/?#@:\\]*", "**": r"[^\s\\]*"}
    return "".join(wild.get(part, re.escape(part)) for part in parts)
