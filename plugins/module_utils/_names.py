# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: no promise is made about what is in here.

"""Subject alternative names and serial numbers in one canonical spelling. No I/O in here."""

from __future__ import annotations

import ipaddress
import re
import typing as t
from urllib.parse import urlsplit

from ansible_collections.certfleet.pki.plugins.module_utils._errors import Misconfigured
from ansible_collections.certfleet.pki.plugins.module_utils._model import Names

try:
    import idna
except ImportError:
    idna = None  # type: ignore[assignment,unused-ignore]

__all__ = (
    "canonical_dns",
    "canonical_email",
    "canonical_ip",
    "canonical_names",
    "canonical_uri",
    "format_serial",
    "normalise_serial",
)

_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?")
_LONGEST_NAME = 253
_LONGEST_LABEL = 63
# RFC 5322 atext and dots, as far as an rfc822Name (IA5String, RFC 5280 section 4.2.1.6) can hold them.
_LOCAL_PART = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*")
# RFC 3986: what may stand in a URI; anything else has to be percent-encoded.
_URI = re.compile(r"[A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=%-]+")
_LONGEST_SERIAL = 64


def canonical_dns(text: str) -> str:
    """Return a DNS name as lower-case A-labels (RFC 5890) without a trailing dot.

    A wildcard is allowed as the whole leftmost label only. Raises Misconfigured.
    """
    wildcard, host = _split_wildcard(text.strip())
    host = _to_a_labels(host, text)
    name = wildcard + (host[:-1] if host.endswith(".") else host)
    if len(name) > _LONGEST_NAME:
        raise Misconfigured(
            f"The DNS name '{_shorten(text)}' is longer than {_LONGEST_NAME} characters: use a shorter name."
        )
    labels = name[len(wildcard) :].split(".")
    for label in labels:
        _check_label(label, text)
    if labels[-1].isdigit():
        raise Misconfigured(
            f"'{text}' is no DNS name, because its last label is a number: give addresses in ip_addresses."
        )
    return name


def _split_wildcard(text: str) -> t.Tuple[str, str]:
    return ("*.", text[2:]) if text.startswith("*.") else ("", text)


def _to_a_labels(host: str, text: str) -> str:
    if host.isascii():
        return host.lower()
    if idna is None:
        raise Misconfigured(
            f"The DNS name '{text}' is not ASCII: install the Python library idna, or give it as xn-- labels."
        )
    try:
        return idna.encode(host, uts46=True).decode("ascii").lower()
    except (idna.IDNAError, UnicodeError) as error:
        raise Misconfigured(
            f"The DNS name {_shorten(text)!r} is no internationalised name: correct it.", detail=str(error)
        ) from error


def _check_label(label: str, text: str) -> None:
    if not label:
        raise Misconfigured(f"The DNS name '{_shorten(text)}' has an empty label: remove the extra dot.")
    if len(label) > _LONGEST_LABEL:
        raise Misconfigured(
            f"The DNS name '{_shorten(text)}' has a label of more than {_LONGEST_LABEL} characters: shorten it."
        )
    if "*" in label:
        raise Misconfigured(
            f"The DNS name '{_shorten(text)}' has a wildcard that is not the whole leftmost label: write *.example.com."
        )
    if not _LABEL.fullmatch(label):
        raise Misconfigured(
            f"The DNS name {_shorten(text)!r} has illegal characters: "
            "only letters, digits and inner hyphens may stand between its dots."
        )


def _shorten(text: str) -> str:
    return text if len(text) <= 80 else text[:60] + "..."


def canonical_ip(text: str) -> str:
    """Return an IPv4 or IPv6 address in canonical form (RFC 5952). Raises Misconfigured."""
    candidate = text.strip()
    try:
        # A zone is meaningless in a certificate, and not every Python knows it.
        if "%" not in candidate:
            return str(ipaddress.ip_address(candidate))
    except ValueError:
        pass
    raise Misconfigured(f"{_shorten(text)!r} is no IP address: give one address without a prefix length or zone.")


def canonical_email(text: str) -> str:
    """Return a mailbox (RFC 5280, section 4.2.1.6) with its host part in canonical form. Raises Misconfigured."""
    local, at, host = text.strip().rpartition("@")
    if not at or not _LOCAL_PART.fullmatch(local) or len(local) > 64 or host.startswith("*"):
        raise Misconfigured(
            f"{_shorten(text)!r} is no email address that a certificate can hold: write it as user@example.com."
        )
    return f"{local}@{canonical_dns(host)}"


def canonical_uri(text: str) -> str:
    """Return an absolute URI with a lower-case scheme and host. Raises Misconfigured."""
    candidate = text.strip()
    scheme, colon, rest = candidate.partition(":")
    if not (colon and rest and _SCHEME.fullmatch(scheme) and _URI.fullmatch(candidate)):
        raise Misconfigured(
            f"{_shorten(text)!r} is no absolute URI: write it like spiffe://example.com/name, percent-encoded."
        )
    try:
        authority = urlsplit(candidate).netloc
    except ValueError as error:
        raise Misconfigured(f"{_shorten(text)!r} is no URI: correct its host part.") from error
    user, at, host = authority.rpartition("@")
    rest = rest.replace("//" + authority, "//" + user + at + host.lower(), 1) if authority else rest
    return f"{scheme.lower()}:{rest}"


def canonical_names(
    *,
    dns: t.Iterable[str] = (),
    ip: t.Iterable[str] = (),
    email: t.Iterable[str] = (),
    uri: t.Iterable[str] = (),
) -> Names:
    """Return the names in canonical form, sorted, without duplicates. Raises Misconfigured."""
    return Names(
        dns=_unique(map(canonical_dns, dns)),
        ip=_unique(map(canonical_ip, ip)),
        email=_unique(map(canonical_email, email)),
        uri=_unique(map(canonical_uri, uri)),
    )


def _unique(names: t.Iterable[str]) -> t.Tuple[str, ...]:
    return tuple(sorted(set(names)))


def normalise_serial(text: str) -> str:
    """Return a certificate's serial number as lower-case hex with an even number of digits.

    Any usual spelling is understood: ``0x`` in front, colons, hyphens or spaces between the bytes,
    upper case. Digits alone are hexadecimal too, as ``openssl x509 -serial`` prints them. Raises Misconfigured.
    """
    digits = re.sub(r"^0[xX]", "", text.strip())
    groups = re.split(r"[:\- ]", digits)
    joined = "".join(groups)
    whole_bytes = len(groups) == 1 or all(group and len(group) % 2 == 0 for group in groups)
    if not whole_bytes or len(joined) > _LONGEST_SERIAL or not re.fullmatch(r"[0-9a-fA-F]+", joined):
        raise Misconfigured(
            f"{_shorten(text)!r} is no serial number: give it in hexadecimal, as openssl x509 -serial prints it."
        )
    return format_serial(int(joined, 16))


def format_serial(number: int) -> str:
    """Return a serial number as lower-case hex with an even number of digits, after a minus sign if negative."""
    digits = format(abs(number), "x")
    return ("-" if number < 0 else "") + digits.zfill(len(digits) + len(digits) % 2)
