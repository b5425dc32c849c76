# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Requests, certificates and the issuing template of the simulated service."""

from __future__ import annotations

import dataclasses
import datetime
import hashlib
import re
import typing as t
import uuid

from cryptography import x509
from cryptography.hazmat.primitives import serialization

from ansible_collections.certfleet.pki.tests.support.simulators import Refused

__all__ = ("SaasCertificate", "SaasRequest", "days_of", "refused", "serial_of", "several", "usual_template")


@dataclasses.dataclass
class SaasRequest:
    """A request, and what came of it."""

    id: str
    csr: str
    period: t.Optional[str]
    status: str
    polls: int = 0
    error: str = ""
    certificate_id: t.Optional[str] = None
    existing: t.Optional[str] = None


@dataclasses.dataclass
class SaasCertificate:
    """A certificate; ``current`` is false once it was renewed."""

    id: str
    request_id: str
    pem: str
    current: bool = True
    status: str = "ACTIVE"

    @property
    def parsed(self) -> x509.Certificate:
        return x509.load_pem_x509_certificate(self.pem.encode())

    @property
    def fingerprint(self) -> str:
        return hashlib.sha1(self.parsed.public_bytes(serialization.Encoding.DER)).hexdigest().upper()


def usual_template(template_id: str) -> t.Dict[str, t.Any]:
    return {
        "id": template_id,
        "name": "Default",
        "status": "AVAILABLE",
        "certificateAuthority": "BUILTIN",
        "certificateAuthorityAccountId": str(uuid.uuid4()),
        "certificateAuthorityProductOptionId": str(uuid.uuid4()),
        "subjectCNRegexes": [r"(.+\.)?example\.com", r"(.+\.)?example\.org"],
        "subjectORegexes": [".*"],
        "subjectOURegexes": [".*"],
        "subjectLRegexes": [".*"],
        "subjectSTRegexes": [".*"],
        "subjectCValues": [".*"],
        "sanRegexes": [r"(.+\.)?example\.com", r"(.+\.)?example\.org"],
        "sanIpAddressRegexes": [".*"],
        "sanRfc822NameRegexes": [".*"],
        "sanUniformResourceIdentifierRegexes": ["(https|spiffe)://.+"],
        "keyTypes": [
            {"keyType": "EC", "keyCurves": ["P256", "P384", "P521"]},
            {"keyType": "RSA", "keyLengths": [2048, 3072, 4096]},
        ],
        "keyReuse": False,
        "validityPeriod": "P365D",
        "recommendedSettings": {"subjectOValue": "Example", "key": {"type": "EC", "curve": "P256"}},
        "csrUploadAllowed": True,
        "keyGeneratedByVenafiAllowed": False,
    }


def refused(status: int, code: int, message: str) -> Refused:
    return Refused(status, {"errors": [{"code": code, "message": message, "args": []}]})


def days_of(period: t.Optional[str]) -> float:
    if not period:
        return 90
    number = int(re.sub(r"\D", "", period))
    return datetime.timedelta(**{"hours" if "T" in period else "days": number}) / datetime.timedelta(days=1)


def serial_of(one: SaasCertificate) -> str:
    text = f"{one.parsed.serial_number:X}"
    return text.zfill(len(text) + len(text) % 2)


def several(value: t.Any) -> t.Sequence[t.Any]:
    return value if isinstance(value, list) else [value]
