# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: no promise is made about what is in here.
"""What goes to the WebSDK and comes back, in its spelling. No I/O in here."""

from __future__ import annotations

import base64
import binascii
import typing as t
from datetime import datetime, timezone

from ansible_collections.certfleet.pki.plugins.module_utils._errors import BadCertificate, Misconfigured, PkiError
from ansible_collections.certfleet.pki.plugins.module_utils._model import CertificateStatus, Issued
from ansible_collections.certfleet.pki.plugins.module_utils._times import parse_time
from ansible_collections.certfleet.pki.plugins.module_utils._venafi._leaf import leaf_and_chain
from ansible_collections.certfleet.pki.plugins.module_utils._venafi._words import plain
from ansible_collections.certfleet.pki.plugins.module_utils._x509 import CertificateFacts, read_certificate

__all__ = ("certificates_of", "custom_fields", "describe_status", "end_date", "is_idle", "moment", "stage_of")

Fields = t.Mapping[str, t.Any]

_END_DATE = "Specific End Date"
_HINTS = {"default": "", "microsoft": "Microsoft CA:", "digicert": "DigiCert CA:", "entrust": "EntrustNET CA:"}


def end_date(end: datetime, *, hint: str) -> t.Dict[str, str]:
    """Return the attribute that asks for the end of the validity; its name depends on the CA behind the folder."""
    spelled = end.astimezone(timezone.utc).replace(microsecond=0).strftime("%Y-%m-%dT%H:%M:%SZ")
    return {"Name": _HINTS[hint] + _END_DATE, "Value": spelled}


def custom_fields(given: t.Mapping[str, t.Any]) -> t.List[t.Dict[str, t.Any]]:
    """Return custom fields as the API takes them; a value may be a list. Raises Misconfigured."""
    fields = []
    for name, value in given.items():
        values = value if isinstance(value, (list, tuple)) else [value]
        if any(isinstance(one, (dict, list, tuple)) for one in values):
            raise Misconfigured(f"custom_fields: '{name}' must be a value or a list of values.", authority="venafi")
        fields.append({"Name": str(name), "Values": [str(one) for one in values]})
    return fields


def stage_of(fields: Fields) -> str:
    """Return what an object waits for, or failed at, in words."""
    status = plain(fields.get("Status")) or "in progress"
    stage = fields.get("Stage")
    return f"stage {stage}: {status}" if stage not in (None, "") else status


def is_idle(details: Fields) -> bool:
    """Say whether nothing goes on with an object, going by its details."""
    working = details.get("ProcessingDetails") or {}
    return not any(working.get(name) for name in ("Stage", "Status", "InProcess", "InError"))


def certificates_of(fields: Fields) -> t.Tuple[CertificateFacts, t.Tuple[str, ...]]:
    """Return the certificate and the others of an answer of ``retrieve``. Raises BadCertificate."""
    try:
        text = base64.b64decode(str(fields.get("CertificateData") or ""), validate=True).decode("ascii")
    except (binascii.Error, ValueError):
        raise BadCertificate(
            "The CA's answer holds no readable certificate; have its operator look at it.", authority="venafi"
        ) from None
    return leaf_and_chain(text)


def describe_status(issued: Issued, told: Fields, *, now: datetime) -> CertificateStatus:
    """Return the status of a certificate, going by its details (``CertificateDetails``)."""
    facts = read_certificate(issued.certificate_pem)
    revoked_at = moment(told.get("RevocationDate"))
    revoked = bool(revoked_at) or str(told.get("RevocationStatus") or "").lower() == "revoked"
    return CertificateStatus(
        status="revoked" if revoked else "expired" if facts.not_after <= now else "issued",
        request_id=issued.request_id,
        certificate_pem=issued.certificate_pem,
        chain_pem=issued.chain_pem,
        revoked_at=revoked_at,
    )


def moment(text: t.Any) -> t.Optional[datetime]:
    """Return a time of the server's, None if there is none."""
    try:
        return parse_time(str(text)) if text else None
    except PkiError:
        return None
