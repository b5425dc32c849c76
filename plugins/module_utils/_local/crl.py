# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: no promise is made about what is in here.

"""The certificate revocation lists of an embedded CA (RFC 5280, section 5), kept fresh by whoever calls.

A list is written again when it is half-way to its next update, when a revocation is not in
it yet (its writer may have been killed), or when its file is gone.
"""

from __future__ import annotations

import os
import typing as t
from datetime import datetime, timedelta

from ansible_collections.certfleet.pki.plugins.module_utils._errors import Unavailable
from ansible_collections.certfleet.pki.plugins.module_utils._local.keys import Signer, signature_hash
from ansible_collections.certfleet.pki.plugins.module_utils._local.layout import (
    Layout,
    file_errors,
    locked,
    write_file,
)
from ansible_collections.certfleet.pki.plugins.module_utils._local.rows import CrlState, IssuedRow
from ansible_collections.certfleet.pki.plugins.module_utils._local.store import Store

try:
    from cryptography import x509
    from cryptography.hazmat.primitives import serialization
except ImportError:
    pass  # _x509.require_cryptography says so when a CA is opened

__all__ = ("LIFETIME", "crl_is_stale", "refresh_crls")

LIFETIME = timedelta(days=7)
CLOCK_TOLERANCE = timedelta(minutes=5)
ISSUERS = ("intermediate", "root")

LoadSigner = t.Callable[[str], Signer]


def crl_is_stale(layout: Layout, store: Store, *, now: datetime) -> bool:
    """Tell whether a list has to be written again."""
    return bool(_stale_issuers(layout, store, now))


def refresh_crls(layout: Layout, store: Store, load_signer: LoadSigner, *, now: datetime, wait_seconds: float) -> bool:
    """Write again the lists that are stale; tell whether there were any.

    With ``wait_seconds`` of 0 another process that is at it already is left to finish alone;
    otherwise it is waited for, and Unavailable raised if that takes longer.
    """
    if not crl_is_stale(layout, store, now=now):
        return False
    with file_errors(layout.path), locked(layout.crl_lock, seconds=wait_seconds) as mine:
        if not mine and wait_seconds:
            raise Unavailable(f"The CRL of the local CA in {layout.path} is being written by others; try again.")
        issuers = _stale_issuers(layout, store, now) if mine else ()
        for issuer in issuers:
            _write(layout, store, load_signer(issuer), issuer, now)
    return bool(issuers)


def _stale_issuers(layout: Layout, store: Store, now: datetime) -> t.Tuple[str, ...]:
    revision, states = store.crl_states()
    return tuple(
        issuer
        for issuer in ISSUERS
        if not (
            _is_fresh(states.get(issuer), revision if issuer == "intermediate" else 0, now)
            and all(os.path.exists(path) for path in _paths(layout, issuer))
        )
    )


def _is_fresh(state: t.Optional[CrlState], revision: int, now: datetime) -> bool:
    if state is None or state.revision < revision:
        return False
    # A list from the future, written when the clock was wrong, would be refused by verifiers.
    return state.this_update - CLOCK_TOLERANCE <= now < state.this_update + (state.next_update - state.this_update) / 2


def _paths(layout: Layout, issuer: str) -> t.Tuple[str, str]:
    return layout.file(f"{issuer}.crl"), layout.file(f"{issuer}.crl.pem")


def _write(layout: Layout, store: Store, signer: Signer, issuer: str, now: datetime) -> None:
    # The lock is held, so nobody else takes the same number or overwrites a newer list.
    _revision, states = store.crl_states()
    number = states[issuer].number + 1 if issuer in states else 1
    revision = 0
    revoked: t.List[IssuedRow] = []
    if issuer == "intermediate":
        # A revoked certificate is still listed once after its end (RFC 5280, section 3.3).
        revision, revoked = store.revoked(expired_after=now - LIFETIME)
    state = CrlState(number=number, revision=revision, this_update=now, next_update=now + LIFETIME)
    crl = _sign(signer, revoked, state)
    encodings = (serialization.Encoding.DER, serialization.Encoding.PEM)
    for path, encoding in zip(_paths(layout, issuer), encodings):
        write_file(path, crl.public_bytes(encoding))
    store.save_crl(issuer, state)


def _sign(signer: Signer, revoked: t.Iterable[IssuedRow], state: CrlState) -> x509.CertificateRevocationList:
    key_id = signer.certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    builder = x509.CertificateRevocationListBuilder().issuer_name(signer.certificate.subject)
    builder = builder.last_update(state.this_update).next_update(state.next_update)
    builder = builder.add_extension(x509.CRLNumber(state.number), critical=False)
    builder = builder.add_extension(
        x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(key_id), critical=False
    )
    for row in revoked:
        builder = builder.add_revoked_certificate(_entry(row))
    return builder.sign(signer.key, signature_hash(signer.key))


def _entry(row: IssuedRow) -> x509.RevokedCertificate:
    builder = x509.RevokedCertificateBuilder().serial_number(int(row.serial_number, 16))
    builder = builder.revocation_date(t.cast(datetime, row.revoked_at))
    reason = row.revocation_reason or "unspecified"
    if reason != "unspecified":
        # RFC 5280, section 5.3.1: no reason at all rather than "unspecified".
        builder = builder.add_extension(x509.CRLReason(x509.ReasonFlags[reason]), critical=False)
    return builder.build()
