# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: no promise is made about what is in here.

"""The extensions of a certificate or request that matter here."""

from __future__ import annotations

import typing as t

from ansible_collections.certfleet.pki.plugins.module_utils._errors import Misconfigured
from ansible_collections.certfleet.pki.plugins.module_utils._model import Names
from ansible_collections.certfleet.pki.plugins.module_utils._names import canonical_uri
from ansible_collections.certfleet.pki.plugins.module_utils._x509_fields import usage_name

try:
    from cryptography import x509
    from cryptography.x509.oid import ExtensionOID
except ImportError:
    # _x509_read says so when something is to be read.
    pass

__all__ = ("Extensions",)


class Extensions:
    """Answers from parsed extensions; whatever the parser raises goes to the caller."""

    def __init__(self, extensions: x509.Extensions) -> None:
        self._by_oid = {extension.oid: extension.value for extension in extensions}

    def names(self) -> t.Tuple[Names, t.Tuple[str, ...]]:
        """Return the SANs in canonical spelling (not checked: they are what they are), and those of other kinds."""
        kinds: t.Dict[str, t.Set[str]] = {"dns": set(), "ip": set(), "email": set(), "uri": set(), "other": set()}
        for name in self._by_oid.get(ExtensionOID.SUBJECT_ALTERNATIVE_NAME, ()):
            kind, value = _san(name)
            kinds[kind].add(value)
        dns, ip, email, uri, other = (tuple(sorted(values)) for values in kinds.values())
        return Names(dns=dns, ip=ip, email=email, uri=uri), other

    def usages(self) -> t.Tuple[str, ...]:
        usages = self._by_oid.get(ExtensionOID.EXTENDED_KEY_USAGE, ())
        return tuple(sorted({usage_name(oid.dotted_string) for oid in usages}))

    def authority_key_id(self) -> t.Optional[str]:
        value = self._by_oid.get(ExtensionOID.AUTHORITY_KEY_IDENTIFIER)
        return value.key_identifier.hex() if value is not None and value.key_identifier else None

    def subject_key_id(self) -> t.Optional[str]:
        value = self._by_oid.get(ExtensionOID.SUBJECT_KEY_IDENTIFIER)
        return value.digest.hex() if value is not None else None

    def is_ca(self) -> bool:
        constraints = self._by_oid.get(ExtensionOID.BASIC_CONSTRAINTS)
        usage = self._by_oid.get(ExtensionOID.KEY_USAGE)
        return constraints is not None and constraints.ca and (usage is None or usage.key_cert_sign)

    def path_length(self) -> t.Optional[int]:
        constraints = self._by_oid.get(ExtensionOID.BASIC_CONSTRAINTS)
        return constraints.path_length if constraints is not None else None

    def constraints_missing(self) -> bool:
        return ExtensionOID.BASIC_CONSTRAINTS not in self._by_oid

    def extras(self) -> t.Tuple[str, ...]:
        known = (ExtensionOID.SUBJECT_ALTERNATIVE_NAME, ExtensionOID.EXTENDED_KEY_USAGE)
        return tuple(sorted(oid.dotted_string for oid in self._by_oid if oid not in known))


def _san(name: x509.GeneralName) -> t.Tuple[str, str]:
    if isinstance(name, x509.DNSName):
        return "dns", name.value.lower().rstrip(".")
    if isinstance(name, x509.IPAddress):
        return "ip", str(name.value)
    if isinstance(name, x509.RFC822Name):
        local, at, host = name.value.rpartition("@")
        return "email", local + at + host.lower()
    if isinstance(name, x509.UniformResourceIdentifier):
        return "uri", _uri(name.value)
    return "other", f"{type(name).__name__}:{getattr(name.value, 'dotted_string', name.value)}"


def _uri(text: str) -> str:
    try:
        return canonical_uri(text)
    except Misconfigured:
        return text
