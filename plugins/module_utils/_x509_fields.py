# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: no promise is made about what is in here.

"""Names for subject fields and extended key usages, as options and results spell them. No I/O in here."""

from __future__ import annotations

import re
import typing as t

from ansible_collections.certfleet.pki.plugins.module_utils._errors import Misconfigured

__all__ = (
    "COMMON_NAME",
    "EXTENDED_KEY_USAGES",
    "SUBJECT_FIELDS",
    "canonical_usage",
    "check_subject_field",
    "subject_field_name",
    "usage_name",
    "usage_oid",
)

COMMON_NAME = "2.5.4.3"

#: Option name to attribute type (RFC 4519, RFC 5280 appendix A, EV guidelines), without the common name.
SUBJECT_FIELDS: t.Mapping[str, str] = {
    "country": "2.5.4.6",
    "state_or_province": "2.5.4.8",
    "locality": "2.5.4.7",
    "organization": "2.5.4.10",
    "organizational_unit": "2.5.4.11",
    "street_address": "2.5.4.9",
    "postal_code": "2.5.4.17",
    "serial_number": "2.5.4.5",
    "title": "2.5.4.12",
    "given_name": "2.5.4.42",
    "surname": "2.5.4.4",
    "initials": "2.5.4.43",
    "generation_qualifier": "2.5.4.44",
    "dn_qualifier": "2.5.4.46",
    "pseudonym": "2.5.4.65",
    "business_category": "2.5.4.15",
    "organization_identifier": "2.5.4.97",
    "email_address": "1.2.840.113549.1.9.1",
    "domain_component": "0.9.2342.19200300.100.1.25",
    "user_id": "0.9.2342.19200300.100.1.1",
    "jurisdiction_country": "1.3.6.1.4.1.311.60.2.1.3",
    "jurisdiction_state_or_province": "1.3.6.1.4.1.311.60.2.1.2",
    "jurisdiction_locality": "1.3.6.1.4.1.311.60.2.1.1",
}

#: Option name to key purpose (RFC 5280 section 4.2.1.12 and the registries it names).
EXTENDED_KEY_USAGES: t.Mapping[str, str] = {
    "server_auth": "1.3.6.1.5.5.7.3.1",
    "client_auth": "1.3.6.1.5.5.7.3.2",
    "code_signing": "1.3.6.1.5.5.7.3.3",
    "email_protection": "1.3.6.1.5.5.7.3.4",
    "ipsec_end_system": "1.3.6.1.5.5.7.3.5",
    "ipsec_tunnel": "1.3.6.1.5.5.7.3.6",
    "ipsec_user": "1.3.6.1.5.5.7.3.7",
    "time_stamping": "1.3.6.1.5.5.7.3.8",
    "ocsp_signing": "1.3.6.1.5.5.7.3.9",
    "ipsec_ike": "1.3.6.1.5.5.7.3.17",
    "smartcard_logon": "1.3.6.1.4.1.311.20.2.2",
    "kerberos_pkinit_client": "1.3.6.1.5.2.3.4",
    "kerberos_pkinit_kdc": "1.3.6.1.5.2.3.5",
    "document_signing": "1.3.6.1.5.5.7.3.36",
    "any": "2.5.29.37.0",
}

_FIELD_NAMES = {COMMON_NAME: "common_name", **{oid: name for name, oid in SUBJECT_FIELDS.items()}}
_USAGE_NAMES = {oid: name for name, oid in EXTENDED_KEY_USAGES.items()}
_DOTTED = re.compile(r"(?:[01]\.(?:[0-9]|[1-3][0-9])|2\.(?:0|[1-9][0-9]{0,8}))(?:\.(?:0|[1-9][0-9]{0,38}))+")


def subject_field_name(oid: str) -> str:
    """Return the option name of a subject attribute (``common_name`` included), or the dotted OID of an unknown one."""
    return _FIELD_NAMES.get(oid, oid)


def check_subject_field(name: str, *, option: str = "subject") -> str:
    """Return ``name`` if it is one of SUBJECT_FIELDS. Raises Misconfigured."""
    if name not in SUBJECT_FIELDS:
        raise Misconfigured(
            f"{option} has no field {str(name)[:60]!r}: use one of {', '.join(sorted(SUBJECT_FIELDS))}."
        )
    return name


def canonical_usage(text: str) -> str:
    """Return an extended key usage's option name, or a dotted OID if it has none, from either. Raises Misconfigured."""
    usage = str(text).strip()
    if usage in EXTENDED_KEY_USAGES:
        return usage
    if _DOTTED.fullmatch(usage):
        return usage_name(usage)
    known = ", ".join(sorted(EXTENDED_KEY_USAGES))
    raise Misconfigured(f"{usage[:60]!r} is no extended key usage: use a dotted OID or one of {known}.")


def usage_name(oid: str) -> str:
    """Return the option name of an extended key usage, or the dotted OID of an unknown one."""
    return _USAGE_NAMES.get(oid, oid)


def usage_oid(text: str) -> str:
    """Return the dotted OID of an extended key usage, given by name or OID. Raises Misconfigured."""
    usage = canonical_usage(text)
    return EXTENDED_KEY_USAGES.get(usage, usage)
