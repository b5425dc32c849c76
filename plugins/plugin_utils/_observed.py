# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: no promise is made about what is in here.

"""What is on the host now: its answer to ``inspected``, with the certificates read.

The host is not trusted, and people edit files: whatever the answer holds, nothing in here raises
(but for Misconfigured where the library cryptography is missing).
"""

from __future__ import annotations

import dataclasses
import typing as t
from datetime import datetime

from ansible_collections.certfleet.pki.plugins.module_utils._errors import BadCertificate, Misconfigured
from ansible_collections.certfleet.pki.plugins.module_utils._x509 import (
    CertificateFacts,
    parse_time,
    public_key_sha256,
    read_certificate,
    split_pem,
)

__all__ = ("Observed", "OpenRequest", "StoredSet", "as_mapping", "as_time", "observe")

Record = t.Mapping[str, t.Any]


def as_mapping(value: t.Any) -> Record:
    """Return ``value`` if it is a mapping, else an empty one."""
    return value if isinstance(value, t.Mapping) else {}


def as_time(value: t.Any) -> t.Optional[datetime]:
    """Return the moment that ISO 8601 text stands for, or None."""
    try:
        return parse_time(value) if isinstance(value, str) else None
    except Misconfigured:
        return None


def _as_text(value: t.Any) -> t.Optional[str]:
    return value if isinstance(value, str) and value else None


def _as_list(value: t.Any) -> t.List[t.Any]:
    return value if isinstance(value, list) else []


@dataclasses.dataclass(frozen=True)
class StoredSet:
    """A certificate with what lies beside it: installed, written but never switched to, or to be adopted.

    ``unreadable`` says why there is no ``certificate`` although there is a file. ``key_state`` is
    ok, missing, unreadable, encrypted or mismatch. ``altered`` says that the certificate's file is not as recorded.
    """

    certificate: t.Optional[CertificateFacts] = None
    unreadable: t.Optional[str] = None
    chain: t.Tuple[CertificateFacts, ...] = ()
    key_state: str = "ok"
    key_detail: str = ""
    key_encrypted: t.Optional[bool] = None
    record: Record = dataclasses.field(default_factory=dict)
    altered: bool = False

    @property
    def exists(self) -> bool:
        return self.certificate is not None or self.unreadable is not None

    @property
    def foreign(self) -> bool:
        """True if the record is about another certificate: somebody put this one there by hand."""
        recorded = _as_text(self.record.get("fingerprint_sha256"))
        return self.altered and not (self.certificate and recorded == self.certificate.fingerprint_sha256)

    @property
    def own_record(self) -> Record:
        """The record if it is about this certificate, else nothing."""
        return {} if self.foreign else self.record

    @property
    def issued_at(self) -> t.Optional[datetime]:
        """When the certificate came from the CA, None if nobody knows."""
        return as_time(self.own_record.get("issued_at"))

    @property
    def since(self) -> t.Optional[datetime]:
        """When the certificate came to the host: as issued, else when it was installed, else None."""
        return self.issued_at or as_time(self.own_record.get("installed_at"))


@dataclasses.dataclass(frozen=True)
class OpenRequest:
    """A request without a result so far; ``status`` is intent (perhaps never sent), pending or rejected.

    ``public_key_sha256`` is that of its CSR, None if that is damaged. ``intent`` is what the
    controller noted when it made the request.
    """

    order_hash: str
    status: str = "intent"
    request_id: t.Optional[str] = None
    request_token: t.Optional[str] = None
    detail: str = ""
    csr_pem: str = ""
    public_key_sha256: t.Optional[str] = None
    created_at: t.Optional[datetime] = None
    intent: Record = dataclasses.field(default_factory=dict)
    lease: Record = dataclasses.field(default_factory=dict)
    #: The challenges that were, and may still be, shown for it, as the controller noted them.
    shown: t.Tuple[t.Mapping[str, str], ...] = ()

    @property
    def rejected(self) -> bool:
        return self.status == "rejected"


@dataclasses.dataclass(frozen=True)
class Observed(StoredSet):
    """All that the host tells about one certificate; as a ``StoredSet`` it is the installed one.

    ``damaged`` are names of files and links that are not as recorded, ``attributes`` mappings
    with path, attribute, is and should. ``served`` says what is wrong with the certificate that the
    service shows, nothing if it is the installed one, None if it was not looked at.
    """

    name: str = ""
    directory: str = ""
    current: t.Optional[str] = None
    chain_pem: str = ""
    ca_pem: str = ""
    damaged: t.Tuple[str, ...] = ()
    attributes: t.Tuple[Record, ...] = ()
    marker: bool = False
    served: t.Optional[str] = None
    unfinished: t.Optional[StoredSet] = None
    pending: t.Optional[OpenRequest] = None
    adopt: t.Optional[StoredSet] = None


def observe(answer: t.Mapping[str, t.Any]) -> Observed:
    """Return what the host's answer to ``inspected`` says about one certificate."""
    installed = _stored_set(answer)
    return Observed(
        **{field.name: getattr(installed, field.name) for field in dataclasses.fields(StoredSet)},
        name=_as_text(answer.get("name")) or "",
        directory=_as_text(answer.get("directory")) or "",
        current=_as_text(answer.get("current")),
        chain_pem=_as_text(answer.get("chain_pem")) or "",
        ca_pem=_as_text(answer.get("ca_pem")) or "",
        damaged=tuple(str(name) for name in _as_list(answer.get("damaged"))),
        attributes=tuple(item for item in _as_list(answer.get("attributes")) if isinstance(item, t.Mapping)),
        marker=bool(answer.get("marker")),
        served=_served(answer.get("served")),
        unfinished=_optional_set(answer.get("unfinished")),
        pending=_open_request(answer.get("pending")),
        adopt=_optional_set(answer.get("adopt")),
    )


def _optional_set(part: t.Any) -> t.Optional[StoredSet]:
    return _stored_set(part) if isinstance(part, t.Mapping) and part.get("certificate_pem") is not None else None


def _stored_set(part: Record) -> StoredSet:
    certificate, unreadable = _read(part.get("certificate_pem"))
    key = as_mapping(part.get("key"))
    return StoredSet(
        certificate=certificate,
        unreadable=unreadable,
        chain=_read_chain(_as_text(part.get("chain_pem")) or ""),
        key_state=_as_text(key.get("state")) or "ok",
        key_detail=_as_text(key.get("detail")) or "",
        key_encrypted=key.get("encrypted") if isinstance(key.get("encrypted"), bool) else None,
        record=as_mapping(part.get("record")),
        altered="cert.pem" in _as_list(part.get("damaged")),
    )


def _read(pem: t.Any) -> t.Tuple[t.Optional[CertificateFacts], t.Optional[str]]:
    if pem is None:
        return None, None
    try:
        return read_certificate(pem if isinstance(pem, str) else ""), None
    except BadCertificate as error:
        return None, error.message


def _read_chain(pem: str) -> t.Tuple[CertificateFacts, ...]:
    """Return what can be read; a chain file that is not as installed shows in ``damaged``."""
    facts = (_read(certificate)[0] for certificate in split_pem(pem))
    return tuple(certificate for certificate in facts if certificate)


def _served(part: t.Any) -> t.Optional[str]:
    if not isinstance(part, t.Mapping):
        return None
    return "" if part.get("live") is True else _as_text(part.get("detail")) or "something else is served"


def _open_request(part: t.Any) -> t.Optional[OpenRequest]:
    if not isinstance(part, t.Mapping):
        return None
    csr_pem = _as_text(part.get("csr_pem")) or ""
    return OpenRequest(
        order_hash=_as_text(part.get("order_hash")) or "",
        status=_as_text(part.get("status")) or "intent",
        request_id=_as_text(part.get("request_id")),
        request_token=_as_text(part.get("request_token")),
        detail=_as_text(part.get("detail")) or "",
        csr_pem=csr_pem,
        public_key_sha256=_csr_key(csr_pem),
        created_at=as_time(part.get("created_at")),
        intent=as_mapping(part.get("intent")),
        lease=as_mapping(part.get("lease")),
        shown=tuple(entry for entry in _as_list(part.get("shown")) if _has_texts_only(entry)),
    )


def _has_texts_only(entry: t.Any) -> bool:
    return isinstance(entry, t.Mapping) and all(isinstance(value, str) for value in entry.values())


def _csr_key(csr_pem: str) -> t.Optional[str]:
    try:
        return public_key_sha256(csr_pem)
    except BadCertificate:
        return None
