# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: no promise is made about what is in here.

"""The embedded CA: a directory on the controller, for tests, laboratories and small fleets."""

from __future__ import annotations

import threading
import typing as t

from ansible_collections.certfleet.pki.plugins.module_utils._authorities._base import (
    Authority,
    Cancels,
    Context,
    FindsRequest,
    HasChain,
    HasPolicy,
    Lists,
    ReportsStatus,
    Revokes,
)
from ansible_collections.certfleet.pki.plugins.module_utils._errors import Misconfigured, NotFound, PkiError
from ansible_collections.certfleet.pki.plugins.module_utils._local.ca import LocalCa, identity_of, layout_of
from ansible_collections.certfleet.pki.plugins.module_utils._local.creation import (
    DEFAULT_COMMON_NAME,
    Blueprint,
    create_authority,
)
from ansible_collections.certfleet.pki.plugins.module_utils._local.profile import Settings
from ansible_collections.certfleet.pki.plugins.module_utils._local.rows import IssuedRow, RequestRow
from ansible_collections.certfleet.pki.plugins.module_utils._model import (
    AuthorityChain,
    CertificateReference,
    CertificateStatus,
    Issued,
    Order,
    Pending,
)
from ansible_collections.certfleet.pki.plugins.module_utils._policy import Policy
from ansible_collections.certfleet.pki.plugins.module_utils._x509 import read_certificate

__all__ = ("LocalAuthority",)

_PAGE = 200
_STATES = {"pending": "pending", "denied": "rejected"}


class LocalAuthority(Authority, Revokes, ReportsStatus, HasPolicy, FindsRequest, Cancels, Lists, HasChain):
    """An embedded CA. Every call keeps its CRLs fresh, except in check mode."""

    NAME = "local"
    DESCRIPTION = (
        "The embedded CA of this collection, a directory on the controller; see M(certfleet.pki.local_authority)."
    )
    OPTIONS: t.ClassVar[t.Mapping[str, t.Mapping[str, t.Any]]] = {
        "path": {
            "type": "path",
            "required": True,
            "description": ["The CA's directory on the controller."],
        },
        "passphrase": {
            "type": "str",
            "no_log": True,
            "description": ["Decrypts the CA's keys, if they are encrypted."],
        },
        "create": {
            "type": "bool",
            "default": False,
            "description": [
                "Whether the first request makes the CA if there is none in O(authority.local.path).",
                "With V(false) that is an error; use M(certfleet.pki.local_authority) to make one.",
            ],
        },
        "common_name": {
            "type": "str",
            "default": DEFAULT_COMMON_NAME,
            "description": ["Common name of the root that O(authority.local.create) makes; not looked at afterwards."],
        },
    }

    def __init__(self, options: t.Mapping[str, t.Any], context: t.Optional[Context] = None) -> None:
        super().__init__(options, context)
        self._identity = identity_of(options["path"])
        self._ca: t.Optional[LocalCa] = None
        self._lock = threading.Lock()

    @property
    def identity(self) -> str:
        return self._identity

    def request(self, order: Order) -> t.Union[Issued, Pending]:
        return self._open(create=True).submit(order)

    def collect(self, request_id: str) -> t.Union[Issued, Pending]:
        ca = self._open()
        return ca.answer(ca.request(request_id))

    def find_request(self, order: Order) -> t.Union[Issued, Pending, None]:
        """Return what became of it. Raises Rejected if it was denied.

        A renewal with the same key can have the very CSR of the certificate that it replaces;
        that certificate is not the answer.
        """
        if self._to_be_created:
            return None
        ca = self._open()
        row = ca.request_with(order.csr_pem)
        answer = ca.answer(row) if row else None
        if isinstance(answer, Issued) and order.replaces and _same(answer.certificate_pem, order.replaces):
            return None
        return answer

    def cancel(self, request_id: str) -> None:
        if not self._to_be_created:
            self._open().cancel(request_id)

    def revoke(self, reference: CertificateReference, *, reason: str) -> bool:
        ca = self._open()
        _request, issued = _find(ca, reference)
        if issued is None:
            raise NotFound(
                f"Request {reference.request_id} has no certificate that could be revoked; cancel it instead."
            )
        return ca.revoke(issued, reason)

    def status(self, reference: CertificateReference) -> CertificateStatus:
        ca = self._open()
        row, issued = _find(ca, reference)
        if issued:
            return _status(ca, issued)
        return CertificateStatus(_STATES.get(row.state, "unknown"), request_id=row.request_id, detail=row.detail)

    def policy(self) -> t.Optional[Policy]:
        source = f"the local CA in {layout_of(self.options['path']).path}"
        if self._to_be_created:
            return Settings().policy(source=source)
        return self._open().settings()[0].policy(source=source)

    def list_certificates(self) -> t.Iterator[CertificateStatus]:
        ca = self._open()
        last = 0
        while True:
            page = ca.store.certificates_after(last, limit=_PAGE)
            for issued in page:
                yield _status(ca, issued)
            if len(page) < _PAGE:
                return
            last = page[-1].number

    def chain(self) -> AuthorityChain:
        ca = self._open()
        return AuthorityChain(ca.chain(), crl_urls=ca.settings()[0].crl_urls)

    @property
    def _to_be_created(self) -> bool:
        return bool(self.options.get("create")) and not layout_of(self.options["path"]).exists

    def _open(self, *, create: bool = False) -> LocalCa:
        with self._lock:
            if self._ca is None:
                self._ca = self._opened(create=create)
        if not self.context.check:
            self._refresh_crls(self._ca, needed=create)
        return self._ca

    def _refresh_crls(self, ca: LocalCa, *, needed: bool) -> None:
        """What only looks must not fail because a CRL can't be written, for want of the passphrase or of space."""
        try:
            ca.refresh_crls()
        except PkiError:
            if needed:
                raise

    def _opened(self, *, create: bool) -> LocalCa:
        layout = layout_of(self.options["path"])
        passphrase = self.options.get("passphrase")
        if not layout.exists:
            if not self.options.get("create"):
                raise Misconfigured(
                    f"There is no local CA in {layout.path}; make one with the module local_authority, or set create to true."
                )
            if not create or self.context.check:
                raise NotFound(f"There is no local CA in {layout.path} yet; the first request will make it.")
            blueprint = Blueprint(
                common_name=self.options.get("common_name") or DEFAULT_COMMON_NAME, passphrase=passphrase
            )
            create_authority(layout, blueprint, now=self.context.clock())
        return LocalCa(self.options["path"], passphrase=passphrase, clock=self.context.clock)


def _find(ca: LocalCa, reference: CertificateReference) -> t.Tuple[RequestRow, t.Optional[IssuedRow]]:
    """Return the request that is meant, and its certificate if it has one. Raises NotFound."""
    if reference.request_id is not None:
        return ca.request(reference.request_id), ca.store.certificate_by_request(reference.request_id)
    serial = reference.serial_number
    if reference.certificate_pem is not None:
        serial = read_certificate(reference.certificate_pem).serial_number
    issued = ca.store.certificate_by_serial(t.cast(str, serial))
    if issued is None or (reference.certificate_pem and not _same(issued.pem, reference.certificate_pem)):
        raise NotFound(
            f"The local CA in {ca.layout.path} has issued no certificate {serial}; check that it is the right CA."
        )
    return ca.request(issued.request_id), issued


def _status(ca: LocalCa, issued: IssuedRow) -> CertificateStatus:
    state = "expired" if issued.not_after <= ca.now else "issued"
    return CertificateStatus(
        "revoked" if issued.revoked_at else state,
        request_id=issued.request_id,
        certificate_pem=issued.pem,
        chain_pem=ca.chain(),
        revoked_at=issued.revoked_at,
        revocation_reason=issued.revocation_reason,
    )


def _same(one_pem: str, other_pem: str) -> bool:
    return read_certificate(one_pem).fingerprint_sha256 == read_certificate(other_pem).fingerprint_sha256
