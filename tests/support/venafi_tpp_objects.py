# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Certificate objects of the simulated Trust Protection Platform, and how the Web SDK spells them."""

from __future__ import annotations

import dataclasses
import datetime
import hashlib
import typing as t

from cryptography import x509
from cryptography.hazmat.primitives import serialization

__all__ = (
    "Job",
    "TppObject",
    "common_name",
    "described",
    "end_of",
    "is_true",
    "listed",
    "matches",
    "thumbprint",
    "vault_id",
)

END_DATES = ("Specific End Date", "Microsoft CA:Specific End Date", "DigiCert CA:Specific End Date")


@dataclasses.dataclass
class Job:
    """What goes on with an object: the order, where it stands, and whether it needs a person."""

    csr: str
    stage: int = 500
    status: str = "Post CSR"
    in_error: bool = False
    waits: bool = False
    polls: int = 0
    not_after: t.Optional[datetime.datetime] = None


@dataclasses.dataclass
class TppObject:
    """A certificate object; ``pems`` are its certificates, the current one last."""

    dn: str
    guid: str
    body: t.Mapping[str, t.Any]
    pems: t.List[str] = dataclasses.field(default_factory=list)
    job: t.Optional[Job] = None
    disabled: bool = False

    @property
    def current(self) -> t.Optional[x509.Certificate]:
        return x509.load_pem_x509_certificate(self.pems[-1].encode()) if self.pems else None


def is_true(value: t.Any) -> bool:
    return value is True or str(value).lower() == "true"


def thumbprint(pem: str) -> str:
    certificate = x509.load_pem_x509_certificate(pem.encode())
    return hashlib.sha1(certificate.public_bytes(serialization.Encoding.DER)).hexdigest().upper()


def common_name(name: x509.Name) -> str:
    found = name.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
    return str(found[0].value) if found else ""


def end_of(body: t.Mapping[str, t.Any]) -> t.Optional[datetime.datetime]:
    values = [one["Value"] for one in body.get("CASpecificAttributes", ()) if one["Name"] in END_DATES]
    return datetime.datetime.fromisoformat(values[0].replace("Z", "+00:00")) if values else None


def described(pem: str) -> t.Dict[str, t.Any]:
    certificate = x509.load_pem_x509_certificate(pem.encode())
    serial = f"{certificate.serial_number:X}"
    return {
        "CN": common_name(certificate.subject),
        "Serial": serial.zfill(len(serial) + len(serial) % 2),
        "Thumbprint": thumbprint(pem),
    }


def vault_id(facts: t.Mapping[str, t.Any]) -> int:
    """Return the number in the archive of a certificate that ``described`` described."""
    return int(facts["Thumbprint"][:7], 16)


def listed(known: TppObject) -> t.Dict[str, t.Any]:
    parent, name = known.dn.rsplit("\\", 1)
    place = {"DN": known.dn, "Guid": known.guid, "Name": name, "ParentDn": parent}
    return {**place, "SchemaClass": "X509 Server Certificate", "X509": described(known.pems[-1]), "_links": []}


def matches(known: TppObject, query: t.Mapping[str, t.List[str]]) -> bool:
    facts = described(known.pems[-1])
    parent = known.dn.rsplit("\\", 1)[0].lower()
    below = query.get("ParentDnRecursive", [""])[0].lower()
    return (
        all(query[name][0] == facts[name] for name in ("Thumbprint", "Serial", "CN") if name in query)
        and query.get("ParentDn", [parent])[0].lower() == parent
        and (not below or f"{parent}\\".startswith(f"{below}\\"))
    )
