# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: no promise is made about what is in here.

"""Taking certificates away: ``state: absent`` and ``state: revoked``."""

from __future__ import annotations

import typing as t

from ansible_collections.certfleet.pki.plugins.module_utils._authorities._base import Revokes, RevokesByKey
from ansible_collections.certfleet.pki.plugins.module_utils._errors import (
    BadCertificate,
    Misconfigured,
    Unauthorized,
    Unavailable,
)
from ansible_collections.certfleet.pki.plugins.module_utils._model import CertificateReference
from ansible_collections.certfleet.pki.plugins.module_utils._operations import would_revoke
from ansible_collections.certfleet.pki.plugins.module_utils._signing import signing_with
from ansible_collections.certfleet.pki.plugins.plugin_utils._authority_side import AuthoritySide
from ansible_collections.certfleet.pki.plugins.plugin_utils._case import Case, guarded
from ansible_collections.certfleet.pki.plugins.plugin_utils._host_items import remove_item
from ansible_collections.certfleet.pki.plugins.plugin_utils._remote import Remote

__all__ = ("remove",)


def remove(cases: t.Sequence[Case], *, remote: Remote, authorities: AuthoritySide, check: bool) -> None:
    """Revoke what is to be revoked, cancel open requests, then remove; if revoking fails nothing is removed."""
    revoking = [case for case in cases if case.wanted.state == "revoked"]
    authorities.each(revoking, lambda case: _revoke(case, check))
    for case in revoking:
        if isinstance(case.error, Unauthorized) and isinstance(case.authority, RevokesByKey):
            _revoke_with_key(case, case.authority, remote)
    if not check:
        authorities.each([case for case in cases if not case.failed], lambda case: _cancel(case, authorities))
    for case, answer in remote.each("absent", [(case, remove_item(case)) for case in cases if not case.failed]):
        case.installed = answer
        case.changed = bool(answer["changed"]) or case.revoked
        case.action = _action(case)


def _action(case: Case) -> str:
    if case.revoked:
        return "revoked"
    return "removed" if case.changed else "none"


def _revoke(case: Case, check: bool) -> None:
    if not case.observed.exists:
        return
    if case.observed.certificate is None:
        raise BadCertificate(
            f"{case.name}: the certificate in place can't be read, so it can't be revoked; "
            "revoke it by its serial number, then use state absent."
        )
    if not isinstance(case.authority, Revokes):
        raise Misconfigured(f"{case.name}: {case.authority.NAME} can't revoke; use state absent.")
    reference = CertificateReference(certificate_pem=case.observed.certificate.pem)
    if check:
        case.revoked = would_revoke(case.authority, reference, reason=case.wanted.revoke_reason)
    else:
        case.revoked = case.authority.revoke(reference, reason=case.wanted.revoke_reason)


def _revoke_with_key(case: Case, authority: RevokesByKey, remote: Remote) -> None:
    """Show the certificate's own key, which never leaves its host, to a CA that does not know us as its owner."""
    path = f"{case.wanted.directory}/privkey.pem"
    sign = signing_with(remote.sign, path=path, passphrase=case.wanted.key_passphrase)

    def revoke(case: Case) -> None:
        case.revoked = authority.revoke_with_key(case.in_place.pem, reason=case.wanted.revoke_reason, sign=sign)

    refused, case.error = case.error, None
    guarded(revoke, case)
    # What the account was told says more than that the way around it failed, too.
    case.error, case.action = (refused, "failed") if case.error else (None, "none")


def _cancel(case: Case, authorities: AuthoritySide) -> None:
    """Take back an open request; a CA that is away must not keep anybody from cleaning up."""
    if not case.has("authority") or case.observed.pending is None:
        return
    try:
        authorities.cancel(case)
    except Unavailable as error:
        case.warnings.append(f"{case.name}: its open request could not be cancelled: {error.message}")
