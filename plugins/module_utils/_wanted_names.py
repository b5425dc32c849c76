# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: no promise is made about what is in here.

"""What a certificate is to say: names, subject and usages, from options to their canonical form. No I/O in here.

Whatever a request can't hold is refused here, before anything is made or sent.
"""

from __future__ import annotations

import re
import typing as t

from ansible_collections.certfleet.pki.plugins.module_utils._csr_config import check_subject_value
from ansible_collections.certfleet.pki.plugins.module_utils._errors import Misconfigured
from ansible_collections.certfleet.pki.plugins.module_utils._model import Names
from ansible_collections.certfleet.pki.plugins.module_utils._names import canonical_dns, canonical_names
from ansible_collections.certfleet.pki.plugins.module_utils._x509 import SUBJECT_FIELDS, canonical_usage, usage_oid

__all__ = ("want_names", "want_subject", "want_usages")

_COMMON_NAME_LENGTH = 64  # ub-common-name, RFC 5280, appendix A.1
# What the library cryptography, and with it the local CA, can read of an object identifier.
_LONGEST_OID = 63
_HIGHEST_ARC = 2**128 - 1


def want_names(options: t.Mapping[str, t.Any], *, required: bool) -> t.Tuple[Names, t.Optional[str]]:
    """Return the names and the common name; a common name that is a DNS name joins the DNS names.

    Raises Misconfigured for what a certificate can't hold, and for no name at all if one is ``required``.
    """
    common_name = _text(options.get("common_name"), "common_name")
    dns = list(options.get("dns_names") or ())
    if common_name is not None:
        common_name, joins = _common_name(common_name)
        dns += joins
    names = canonical_names(
        dns=dns,
        ip=options.get("ip_addresses") or (),
        email=options.get("email_addresses") or (),
        uri=options.get("uris") or (),
    )
    if required and not names and common_name is None:
        raise Misconfigured(
            "No name was asked for; give at least one of common_name, dns_names, ip_addresses, email_addresses or uris."
        )
    if common_name is None and options.get("dns_names"):
        common_name = _default_common_name(options["dns_names"])
    return names, common_name


def want_subject(fields: t.Mapping[str, t.Any]) -> t.Tuple[t.Tuple[str, str], ...]:
    """Return the other fields of the subject as pairs, in one order. Raises Misconfigured."""
    for field in fields:
        if field not in SUBJECT_FIELDS:
            raise Misconfigured(f"subject: '{field}' is not known; use one of {', '.join(SUBJECT_FIELDS)}.")
    texts = ((field, _text(fields.get(field), f"subject.{field}")) for field in SUBJECT_FIELDS)
    return tuple((field, check_subject_value(field, text)) for field, text in texts if text is not None)


def want_usages(usages: t.Iterable[str]) -> t.Tuple[str, ...]:
    """Return extended key usages by name where they have one, sorted, without duplicates. Raises Misconfigured."""
    return tuple(sorted({_usage(usage) for usage in usages}))


def _text(value: t.Any, option: str) -> t.Optional[str]:
    """Return the text without spaces around it, None for an empty one; a number counts as text."""
    if isinstance(value, bool):
        raise Misconfigured(
            f"{option}: a text is needed here, and what was given is a truth value; put it in quotes if it is meant as text."
        )
    if value is not None and not isinstance(value, (str, int, float)):
        raise Misconfigured(f"{option}: a text is needed here, and what was given is not one.")
    return None if value is None else str(value).strip() or None


def _common_name(text: str) -> t.Tuple[str, t.List[str]]:
    if "." not in text or " " in text or "@" in text or "/" in text or ":" in text or _is_address(text):
        joins: t.List[str] = []
    else:
        text = canonical_dns(text)
        joins = [text]
    if len(text) > _COMMON_NAME_LENGTH:
        raise Misconfigured(
            f"common_name: {text[:80]!r} has {len(text)} characters and X.509 allows {_COMMON_NAME_LENGTH}; "
            "leave common_name out and use dns_names."
        )
    return check_subject_value("common_name", text), joins


def _is_address(text: str) -> bool:
    return bool(re.fullmatch(r"[0-9.]+", text))


def _default_common_name(dns_names: t.Iterable[str]) -> t.Optional[str]:
    canonical = (canonical_dns(name) for name in dns_names)
    return next((name for name in canonical if len(name) <= _COMMON_NAME_LENGTH), None)


def _usage(text: str) -> str:
    try:
        usage = canonical_usage(text)
    except Misconfigured as error:
        raise Misconfigured(f"extended_key_usage: {error.message}") from error
    arcs = [int(arc) for arc in usage_oid(usage).split(".")]
    encoded = [40 * arcs[0] + arcs[1], *arcs[2:]]  # X.690, section 8.19: base 128
    if max(arcs) > _HIGHEST_ARC or sum(max(1, -(-arc.bit_length() // 7)) for arc in encoded) > _LONGEST_OID:
        raise Misconfigured(f"extended_key_usage: the OID {usage[:60]} is too long; use one that the CA knows.")
    return usage
