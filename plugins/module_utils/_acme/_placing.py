# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: no promise is made about what is in here.
"""What a new order says, and what can't be ordered at all (RFC 8555, section 7.4). No I/O in here."""

from __future__ import annotations

import typing as t
from datetime import datetime, timedelta

from ansible_collections.certfleet.pki.plugins.module_utils._acme._ari import certificate_id
from ansible_collections.certfleet.pki.plugins.module_utils._acme._client import Directory
from ansible_collections.certfleet.pki.plugins.module_utils._acme._errors import AUTHORITY
from ansible_collections.certfleet.pki.plugins.module_utils._errors import BadCertificate, Misconfigured
from ansible_collections.certfleet.pki.plugins.module_utils._model import Names, Order
from ansible_collections.certfleet.pki.plugins.module_utils._times import isoformat, parse_time
from ansible_collections.certfleet.pki.plugins.module_utils._x509 import read_certificate

__all__ = ("check_lifetime", "check_names", "check_profile", "identifiers", "lifetime_refused", "new_order")

Content = t.Dict[str, t.Any]

_LIFETIME_HINT = "choose a profile of the CA, or leave lifetime out"
_ECHO_SLACK = timedelta(minutes=1)


def identifiers(names: Names) -> t.List[t.Dict[str, str]]:
    """Return names as identifiers (RFC 8555, section 9.7.7; RFC 8738 for addresses)."""
    return [{"type": "dns", "value": name} for name in names.dns] + [{"type": "ip", "value": name} for name in names.ip]


def check_names(names: Names, method: str) -> None:
    """Raise Misconfigured for names that ACME, or this way to show control of them, does not have.

    ``method`` is ``http-01``, ``dns-01``, or empty where nothing is shown.
    """
    foreign = names.email + names.uri
    if foreign:
        raise _misconfigured(f"ACME issues for DNS names and IP addresses only; leave out {', '.join(foreign)}.")
    if not names:
        raise _misconfigured("ACME issues for DNS names and IP addresses only, and none is given; give dns_names.")
    wildcards = [name for name in names.dns if name.startswith("*.")]
    if method == "http-01" and wildcards:
        raise _misconfigured(
            f"Wildcards need the challenge dns_01, and http_01 is configured for {', '.join(wildcards)}."
        )
    if method == "dns-01" and names.ip:
        raise _misconfigured(
            f"IP addresses need the challenge http_01, and dns_01 is configured for {', '.join(names.ip)}."
        )


def check_profile(directory: Directory, profile: t.Optional[str], *, server: str) -> None:
    """Raise Misconfigured if the directory does not list the profile."""
    if profile and profile not in directory.profiles:
        offered = ", ".join(sorted(map(str, directory.profiles)))
        remedy = f"use one of {offered}" if offered else "it has none; leave profile out"
        raise _misconfigured(f"{server} has no profile '{profile}': {remedy}.")


def new_order(order: Order, directory: Directory, *, profile: t.Optional[str], now: datetime) -> Content:
    """Return the content of ``newOrder``."""
    content: Content = {"identifiers": identifiers(order.names)}
    if profile:
        content["profile"] = profile
    if order.lifetime:
        content["notAfter"] = isoformat(now + timedelta(seconds=order.lifetime))
    replaced = _replaced(order.replaces) if directory.get("renewalInfo") else None
    if replaced:
        content["replaces"] = replaced
    return content


def _replaced(certificate_pem: t.Optional[str]) -> t.Optional[str]:
    try:
        return certificate_id(read_certificate(certificate_pem)) if certificate_pem else None
    except BadCertificate:
        return None


def check_lifetime(content: Content, body: t.Mapping[str, t.Any], *, server: str) -> None:
    """Raise Misconfigured if the server's order does not promise the end that was asked for."""
    if "notAfter" not in content:
        return
    try:
        kept = abs(parse_time(body["notAfter"]) - parse_time(content["notAfter"])) <= _ECHO_SLACK
    except (KeyError, Misconfigured):
        kept = False
    if not kept:
        raise _misconfigured(f"{server} does not let its clients choose a lifetime; {_LIFETIME_HINT}.")


def lifetime_refused(words: str, *, server: str) -> Misconfigured:
    """Return the error for an order that was refused with a lifetime in it."""
    return _misconfigured(f"{server} does not take the order with its lifetime ({words}); {_LIFETIME_HINT}.")


def _misconfigured(message: str) -> Misconfigured:
    return Misconfigured(message, authority=AUTHORITY)
