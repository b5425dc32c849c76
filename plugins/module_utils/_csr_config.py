# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: no promise is made about what is in here.

"""The configuration from which ``openssl req`` makes a request on the host. No I/O in here.

Values stand in double quotes, in which OpenSSL's parser (CONF_modules_load_file(3), config(5)) knows only
the backslash and the closing quote: no variable, comment or continuation can come out of a value.
"""

from __future__ import annotations

import typing as t
import unicodedata

from ansible_collections.certfleet.pki.plugins.module_utils._errors import Misconfigured
from ansible_collections.certfleet.pki.plugins.module_utils._model import Names
from ansible_collections.certfleet.pki.plugins.module_utils._x509_fields import (
    COMMON_NAME,
    SUBJECT_FIELDS,
    check_subject_field,
    usage_oid,
)

__all__ = ("EMPTY_SUBJECT", "check_subject_value", "render_csr_config")

#: This line says that the subject is empty, which ``openssl req`` accepts only with ``-subj /`` on its command line.
EMPTY_SUBJECT = "# subject: empty"

_HEAD = """\
[req]
prompt = no
utf8 = yes
string_mask = utf8only
distinguished_name = dn
"""

# Upper bounds of RFC 5280, appendix A.1 (and X.520 where that has none); OpenSSL insists on them.
_LONGEST = {
    "common_name": 64,
    "locality": 128,
    "state_or_province": 128,
    "organization": 64,
    "organizational_unit": 64,
    "street_address": 128,
    "postal_code": 40,
    "serial_number": 64,
    "title": 64,
    "email_address": 128,
}
_DEFAULT_LONGEST = 128
_COUNTRIES = ("country", "jurisdiction_country")
# PrintableString (X.680, section 41.4).
_PRINTABLE = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789 '()+,-./:=?")
_PRINTABLE_FIELDS = ("country", "jurisdiction_country", "serial_number", "dn_qualifier")
_ASCII_FIELDS = ("email_address", "domain_component")


def render_csr_config(
    *,
    common_name: t.Optional[str],
    subject: t.Iterable[t.Tuple[str, str]],
    names: Names,
    extended_key_usage: t.Iterable[str],
) -> str:
    """Return a complete configuration for ``openssl req -new -config``: the subject in its order, the CN last.

    The alternative names are critical when the subject is empty (RFC 5280, section 4.2.1.6), and then the text
    holds the line EMPTY_SUBJECT. Raises Misconfigured for values that a request can't hold.
    """
    pairs = [(check_subject_field(name), value) for name, value in subject]
    pairs += [("common_name", common_name)] if common_name else []
    usages = ", ".join(dict.fromkeys(map(usage_oid, extended_key_usage)))
    extensions = []
    if names:
        extensions.append("subjectAltName = critical, @names" if not pairs else "subjectAltName = @names")
    if usages:
        extensions.append(f"extendedKeyUsage = {usages}")
    sections = [_HEAD + ("req_extensions = extensions\n" if extensions else ""), _section("dn", _subject(pairs))]
    if extensions:
        sections += [_section("extensions", extensions), _section("names", _names(names))]
    return "\n".join(sections)


def check_subject_value(field: str, value: str) -> str:
    """Return ``value`` if that subject field (``common_name`` too) can hold it. Raises Misconfigured."""
    longest = _LONGEST.get(field, _DEFAULT_LONGEST)
    if field in _COUNTRIES and len(value) != 2:
        raise Misconfigured(f"The subject field {field} is {value[:40]!r}: use the two-letter code of ISO 3166.")
    if not 0 < len(value) <= longest:
        raise Misconfigured(f"The subject field {field} has {len(value)} characters: use 1 to {longest}.")
    if field in _PRINTABLE_FIELDS and not _PRINTABLE.issuperset(value):
        raise Misconfigured(
            f"The subject field {field} is {value!r}: use letters, digits, spaces and '()+,-./:=? only."
        )
    if field in _ASCII_FIELDS and not value.isascii():
        raise Misconfigured(f"The subject field {field} is {value!r}: use ASCII characters only.")
    _check_controls(value, f"subject field {field}")
    return value


def _check_controls(value: str, what: str) -> None:
    if any(unicodedata.category(character) in ("Cc", "Cs") for character in value):
        raise Misconfigured(f"The {what} {value!r} holds a control character: remove it.")


def _section(name: str, lines: t.Iterable[str]) -> str:
    return "\n".join([f"[{name}]", *lines]) + "\n"


def _subject(pairs: t.Sequence[t.Tuple[str, str]]) -> t.List[str]:
    """The number in front keeps the order and lets a field occur more than once; OpenSSL drops it."""
    oids = {"common_name": COMMON_NAME, **SUBJECT_FIELDS}
    lines = [
        f"{number}.{oids[field]} = {_quoted(check_subject_value(field, value), f'subject field {field}')}"
        for number, (field, value) in enumerate(pairs)
    ]
    return lines or [EMPTY_SUBJECT]


def _names(names: Names) -> t.List[str]:
    kinds = (("DNS", names.dns), ("IP", names.ip), ("email", names.email), ("URI", names.uri))
    return [
        f"{kind}.{number} = {_quoted(name, 'alternative name')}"
        for kind, several in kinds
        for number, name in enumerate(several)
    ]


def _quoted(value: str, what: str) -> str:
    _check_controls(value, what)
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
