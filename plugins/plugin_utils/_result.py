# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: no promise is made about what is in here.

"""What is returned of one certificate, and how its change is shown. Plain types only. Pure."""

from __future__ import annotations

import typing as t
from datetime import datetime

from ansible_collections.certfleet.pki.plugins.module_utils._result import empty_result
from ansible_collections.certfleet.pki.plugins.module_utils._wanted import Wanted
from ansible_collections.certfleet.pki.plugins.module_utils._x509 import CertificateFacts, isoformat, result_fields
from ansible_collections.certfleet.pki.plugins.plugin_utils._reasons import Reason

__all__ = (
    "FILES",
    "certificate_result",
    "derive_status",
    "diff_entry",
    "predicted_summary",
    "summary",
)

#: The keys of ``files`` in a result.
FILES = ("private_key", "certificate", "chain", "fullchain", "combined", "pkcs12", "jks")

Plain = t.Dict[str, t.Any]


def certificate_result(
    *,
    reasons: t.Iterable[Reason] = (),
    facts: t.Optional[CertificateFacts] = None,
    record: t.Optional[t.Mapping[str, t.Any]] = None,
    authority: t.Optional[str] = None,
    authority_id: t.Optional[str] = None,
    request_id: t.Optional[str] = None,
    renew_at: t.Optional[datetime] = None,
    installed_at: t.Optional[str] = None,
    files: t.Optional[t.Mapping[str, t.Any]] = None,
    replaced: t.Optional[CertificateFacts] = None,
    warnings: t.Iterable[str] = (),
    **known: t.Any,
) -> Plain:
    """Return the ``certificate`` of a result: all of its keys, None for what is unknown.

    ``facts`` and ``record`` are of the certificate in place at the end. ``authority``,
    ``authority_id``, ``request_id`` and ``installed_at`` win over what the record says: those of an
    open request, or of an install just done. ``replaced`` is the certificate that was in place before.
    Other fields are taken as they are.
    """
    record = record or {}
    return empty_result(
        **known,
        reasons=[reason.as_dict() for reason in reasons],
        request_id=request_id or _text(record.get("request_id")),
        authority=authority or _text(record.get("authority")),
        authority_id=authority_id or _text(record.get("authority_id")),
        renew_at=isoformat(renew_at) if renew_at else None,
        installed_at=installed_at or _text(record.get("installed_at")),
        files=None if files is None else {file: _text(files.get(file)) for file in FILES},
        replaced=_reference(replaced),
        warnings=[str(warning) for warning in warnings],
        **(result_fields(facts) if facts else {}),
    )


def derive_status(
    *,
    facts: t.Optional[CertificateFacts],
    now: datetime,
    revoked: bool = False,
    unreadable: bool = False,
    request_status: t.Optional[str] = None,
) -> str:
    """Return ``status``: that of the installed certificate if there is one, else that of the open request.

    ``request_status`` is as on the host: intent, pending, rejected, or None if there is no request.
    """
    if facts is not None:
        if revoked:
            return "revoked"
        return "expired" if now >= facts.not_after else "issued"
    if unreadable:
        return "unknown"
    if request_status is None:
        return "absent"
    return "rejected" if request_status == "rejected" else "pending"


def summary(
    facts: t.Optional[CertificateFacts], *, attributes: t.Iterable[t.Mapping[str, t.Any]] = (), side: str = "is"
) -> Plain:
    """Return what a diff shows of a certificate, nothing if there is none.

    ``attributes`` are the host's differences of files; ``side`` says which value to show: ``is``
    before a change, ``should`` after it.
    """
    shown: Plain = {}
    if facts is not None:
        shown = {
            **_identity(facts.common_name, facts.subject_fields, facts.names, facts.key),
            "extended_key_usage": list(facts.extended_key_usage),
            "issuer": facts.issuer,
            "serial_number": facts.serial_number,
            "not_before": isoformat(facts.not_before),
            "not_after": isoformat(facts.not_after),
        }
    return {**shown, **_attributes(attributes, side)}


def predicted_summary(wanted: Wanted, *, attributes: t.Iterable[t.Mapping[str, t.Any]] = ()) -> Plain:
    """Return what is known of a certificate before the CA has issued it: no issuer, serial number or dates."""
    shown = _identity(wanted.common_name, dict(wanted.subject), wanted.names, wanted.key)
    if wanted.extended_key_usage:
        shown["extended_key_usage"] = list(wanted.extended_key_usage)
    return {**shown, **_attributes(attributes, "should")}


def diff_entry(*, name: str, before: Plain, after: Plain) -> Plain:
    """Return one certificate's entry of ``diff``, made of two summaries."""
    return {"before_header": name, "after_header": name, "before": before, "after": after}


def _reference(facts: t.Optional[CertificateFacts]) -> t.Optional[Plain]:
    return {"serial_number": facts.serial_number, "fingerprint_sha256": facts.fingerprint_sha256} if facts else None


def _identity(common_name: t.Optional[str], subject: t.Mapping[str, str], names: t.Iterable[str], key: t.Any) -> Plain:
    first = {"common_name": common_name} if common_name else {}
    return {"names": list(names), "subject": {**first, **subject}, "key": str(key)}


def _attributes(attributes: t.Iterable[t.Mapping[str, t.Any]], side: str) -> Plain:
    files: t.Dict[str, Plain] = {}
    for item in attributes:
        files.setdefault(str(item.get("path")), {})[str(item.get("attribute"))] = item.get(side)
    return {"files": files} if files else {}


def _text(value: t.Any) -> t.Optional[str]:
    return value if isinstance(value, str) and value else None
