# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: no promise is made about what is in here.

"""What a certificate or a request says, as plain values. No I/O in here."""

from __future__ import annotations

import dataclasses
import typing as t
from datetime import datetime

from ansible_collections.certfleet.pki.plugins.module_utils._model import KeyParameters, Names
from ansible_collections.certfleet.pki.plugins.module_utils._times import isoformat

__all__ = ("CertificateFacts", "RequestFacts", "result_fields")

Pairs = t.Tuple[t.Tuple[str, str], ...]


def _fields(pairs: Pairs) -> t.Dict[str, str]:
    """Join the values of a field that occurs more than once; ``subject_pairs`` keeps them apart."""
    fields: t.Dict[str, str] = {}
    for name, value in pairs:
        fields[name] = f"{fields[name]}, {value}" if name in fields else value
    return fields


@dataclasses.dataclass(frozen=True)
class CertificateFacts:
    """A certificate. Fingerprints, key ids and the serial number are lower-case hex without colons.

    ``subject`` and ``issuer`` are RFC 4514 strings; ``subject_pairs`` are the subject's (field, value) pairs in
    their order, without the common name, a field without an option name under its dotted OID. ``public_key_sha256``
    is of the SubjectPublicKeyInfo (DER). ``not_before`` and ``not_after`` are aware, in UTC. ``signature_hash`` is
    None for algorithms that have none or are unknown. ``other_names`` are SANs of kinds that ``names`` can't hold.
    ``is_ca`` says whether it may sign certificates (basic constraints and key usage), ``path_length`` how many
    intermediates may follow it, ``constraints_missing`` that it has no basic constraints at all.
    """

    pem: str
    subject: str
    issuer: str
    common_name: t.Optional[str]
    subject_pairs: Pairs
    names: Names
    extended_key_usage: t.Tuple[str, ...]
    serial_number: str
    fingerprint_sha256: str
    fingerprint_sha1: str
    public_key_sha256: str
    authority_key_id: t.Optional[str]
    subject_key_id: t.Optional[str]
    not_before: datetime
    not_after: datetime
    key: KeyParameters
    self_signed: bool
    signature_hash: t.Optional[str]
    is_ca: bool
    path_length: t.Optional[int] = None
    constraints_missing: bool = False
    other_names: t.Tuple[str, ...] = ()

    @property
    def subject_fields(self) -> t.Mapping[str, str]:
        """The subject without the common name: option name (or dotted OID) to value."""
        return _fields(self.subject_pairs)


@dataclasses.dataclass(frozen=True)
class RequestFacts:
    """A certificate signing request; fields as in CertificateFacts.

    ``extras`` are the OIDs of extensions and attributes other than subject alternative names and extended key usage.
    """

    pem: str
    subject: str
    common_name: t.Optional[str]
    subject_pairs: Pairs
    names: Names
    extended_key_usage: t.Tuple[str, ...]
    key: KeyParameters
    public_key_sha256: str
    signature_valid: bool
    other_names: t.Tuple[str, ...] = ()
    extras: t.Tuple[str, ...] = ()

    @property
    def subject_fields(self) -> t.Mapping[str, str]:
        """The subject without the common name: option name (or dotted OID) to value."""
        return _fields(self.subject_pairs)


def result_fields(facts: CertificateFacts) -> t.Dict[str, t.Any]:
    """Return what a result says about a certificate, in plain types: dict, list, str, int, None."""
    return {
        "subject": facts.subject,
        "issuer": facts.issuer,
        "common_name": facts.common_name,
        "dns_names": list(facts.names.dns),
        "ip_addresses": list(facts.names.ip),
        "email_addresses": list(facts.names.email),
        "uris": list(facts.names.uri),
        "extended_key_usage": list(facts.extended_key_usage),
        "serial_number": facts.serial_number,
        "fingerprint_sha256": facts.fingerprint_sha256,
        "fingerprint_sha1": facts.fingerprint_sha1,
        "public_key_sha256": facts.public_key_sha256,
        "authority_key_id": facts.authority_key_id,
        "not_before": isoformat(facts.not_before),
        "not_after": isoformat(facts.not_after),
        "key": dataclasses.asdict(facts.key),
    }
