# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: no promise is made about what is in here.

"""An embedded CA that exists: what its operator and those who ask for certificates can do with it."""

from __future__ import annotations

import hashlib
import os
import threading
import typing as t
from datetime import datetime

from ansible_collections.certfleet.pki.plugins.module_utils._errors import Misconfigured, NotFound, Rejected
from ansible_collections.certfleet.pki.plugins.module_utils._local.crl import crl_is_stale, refresh_crls
from ansible_collections.certfleet.pki.plugins.module_utils._local.issuing import Leaf, make_leaf, to_pem
from ansible_collections.certfleet.pki.plugins.module_utils._local.keys import Signer, load_facts, load_signer
from ansible_collections.certfleet.pki.plugins.module_utils._local.layout import Layout, write_file
from ansible_collections.certfleet.pki.plugins.module_utils._local.profile import (
    PermittedNames,
    Settings,
    settings_from,
)
from ansible_collections.certfleet.pki.plugins.module_utils._local.requested import (
    check_leaf,
    leaf_for,
    read_order,
    terms_of,
)
from ansible_collections.certfleet.pki.plugins.module_utils._local.rows import IssuedRow, RequestRow
from ansible_collections.certfleet.pki.plugins.module_utils._local.store import Store
from ansible_collections.certfleet.pki.plugins.module_utils._model import REVOCATION_REASONS, Issued, Order, Pending
from ansible_collections.certfleet.pki.plugins.module_utils._names import format_serial
from ansible_collections.certfleet.pki.plugins.module_utils._x509 import (
    CertificateFacts,
    RequestFacts,
    read_certificate,
    require_cryptography,
)

__all__ = ("LocalCa", "identity_of", "layout_of")

#: How long to wait for other processes, in seconds.
BUSY_SECONDS = 20.0
_POLL_SECONDS = 5.0

Clock = t.Callable[[], datetime]


def layout_of(path: str) -> Layout:
    """Return the files of the CA in a directory; links on the way there are followed once, here.

    Raises Misconfigured for a path that is not absolute.
    """
    return Layout(os.path.realpath(_absolute(path)))


def identity_of(path: str) -> str:
    """Return what tells this CA from another one. Raises Misconfigured for a path that is not absolute."""
    return f"local:{os.path.abspath(_absolute(path))}"


def _absolute(path: str) -> str:
    """A relative path would mean another CA in every working directory."""
    expanded = os.path.expanduser(path)
    if not os.path.isabs(expanded) or "\0" in expanded or "\n" in expanded:
        raise Misconfigured(f"path: {path[:200]!r} is not an absolute path; give one that begins with '/'.")
    return expanded


class LocalCa:
    """One CA. Opening it reads nothing but what is there; the keys are loaded when they are first needed."""

    def __init__(self, path: str, *, passphrase: t.Optional[str], clock: Clock) -> None:
        """Raise Misconfigured if a file that can't be made again is missing."""
        require_cryptography()
        self.layout = layout_of(path)
        self.identity = identity_of(path)
        self.layout.check_whole()
        self.store = Store(self.layout.database, busy_seconds=BUSY_SECONDS)
        self._passphrase = passphrase
        self._clock = clock
        self._signers: t.Dict[str, Signer] = {}
        self._lock = threading.Lock()

    @property
    def source(self) -> str:
        """Return how messages call this CA."""
        return f"the local CA in {self.layout.path}"

    @property
    def now(self) -> datetime:
        """Return the time in whole seconds, as certificates have it."""
        return self._clock().replace(microsecond=0)

    def signer(self, role: str) -> Signer:
        """Return ``root`` or ``intermediate`` with its key. Raises Unauthorized, Misconfigured."""
        with self._lock:
            if role not in self._signers:
                self._signers[role] = load_signer(self.layout, role, self._passphrase)
            return self._signers[role]

    def facts(self, role: str) -> CertificateFacts:
        """Return what the certificate of ``root`` or ``intermediate`` says."""
        return load_facts(self.layout, role)

    def chain(self) -> t.Tuple[str, ...]:
        """Return the intermediate and the root in PEM."""
        return self.facts("intermediate").pem, self.facts("root").pem

    def settings(self) -> t.Tuple[Settings, PermittedNames]:
        """Return how the CA is run now, and the names that its certificates may have."""
        saved = self.store.settings()
        permitted = saved["permitted_names"]
        names = PermittedNames(tuple(permitted["domains"]), tuple(permitted["networks"]))
        return settings_from(saved), names

    # Its files

    def chain_is_damaged(self) -> bool:
        """Tell whether the file with both certificates is not as it should be."""
        try:
            with open(self.layout.file("chain.pem"), encoding="utf-8", errors="replace") as stream:
                return stream.read() != "".join(self.chain())
        except FileNotFoundError:
            return True

    def write_chain(self) -> None:
        """Write the file with both certificates again."""
        write_file(self.layout.file("chain.pem"), "".join(self.chain()).encode("ascii"))

    def crl_is_stale(self) -> bool:
        """Tell whether a CRL has to be written again."""
        return crl_is_stale(self.layout, self.store, now=self.now)

    def refresh_crls(self, *, wait: bool = False) -> bool:
        """Write the CRLs that are due; without ``wait``, unless another process is at it."""
        return refresh_crls(
            self.layout, self.store, self.signer, now=self.now, wait_seconds=BUSY_SECONDS if wait else 0.0
        )

    # Requests

    def submit(self, order: Order) -> t.Union[Issued, Pending]:
        """Take in an order and answer it, or keep it for approval. Raises Rejected, PolicyViolation."""
        facts = read_order(order.csr_pem)
        terms = terms_of(order, facts)
        settings, permitted = self.settings()
        leaf = leaf_for(facts, terms, settings)
        check_leaf(leaf, settings, permitted, source=self.source, identity=self.identity)
        row = RequestRow(
            request_id=os.urandom(16).hex(),
            csr_sha256=_csr_digest(facts),
            csr_pem=facts.pem,
            terms=terms,
            state="pending" if settings.approval == "manual" else "issued",
            detail="",
            requested_at=self.now,
            decided_at=None if settings.approval == "manual" else self.now,
        )
        if row.state == "pending":
            return self._pending(self.store.add_pending(row))
        issued, warnings = self._sign(leaf, row.request_id)
        self.store.add_issued(row, issued)
        return Issued(issued.pem, self.chain(), request_id=row.request_id, warnings=warnings)

    def approvable(self, request_id: str, settings: t.Optional[Settings] = None) -> t.Optional[Leaf]:
        """Return what approval would sign (under other settings, if given); None if it was approved before.

        Raises NotFound, Rejected if it was denied or cancelled, PolicyViolation.
        """
        row = self.request(request_id)
        if row.state == "issued":
            return None
        if row.state != "pending":
            raise Rejected(f"Request {request_id} was {row.state} before and can't be approved; place it again.")
        current, permitted = self.settings()
        leaf = leaf_for(read_order(row.csr_pem), row.terms, settings or current)
        check_leaf(leaf, settings or current, permitted, source=self.source, identity=self.identity)
        return leaf

    def approve(self, request_id: str) -> bool:
        """Sign a pending request; False if it was approved before. Raises as ``approvable`` does."""
        leaf = self.approvable(request_id)
        if leaf is None:
            return False
        issued, _warnings = self._sign(leaf, request_id)
        # Somebody else may have decided while this was signed.
        return self.store.approve(issued, now=self.now) or self.approve(request_id)

    def deniable(self, request_id: str) -> bool:
        """Tell whether a request can be denied; False if it was before. Raises NotFound, Rejected."""
        row = self.request(request_id)
        if row.state in ("issued", "cancelled"):
            raise Rejected(f"Request {request_id} was {row.state} before and can't be denied; revoke what was issued.")
        return row.state == "pending"

    def deny(self, request_id: str, reason: str) -> bool:
        """Refuse a pending request; False if it was denied before. Raises as ``deniable`` does."""
        if not self.deniable(request_id):
            return False
        reason = " ".join(reason.split())
        return self.store.decide(request_id, "denied", detail=reason, now=self.now) or self.deny(request_id, reason)

    def cancel(self, request_id: str) -> None:
        """Take back a pending request; any other is left alone."""
        self.store.decide(request_id, "cancelled", now=self.now)

    def request(self, request_id: str) -> RequestRow:
        """Return a request. Raises NotFound."""
        row = self.store.request(request_id)
        if row is None:
            raise NotFound(f"The local CA in {self.layout.path} knows no request {request_id}; check the id.")
        return row

    def answer(self, row: RequestRow) -> t.Union[Issued, Pending]:
        """Return what became of a request. Raises NotFound for a cancelled one, Rejected for a denied one."""
        if row.state == "pending":
            return self._pending(row.request_id)
        if row.state == "issued":
            issued = t.cast(IssuedRow, self.store.certificate_by_request(row.request_id))
            return Issued(issued.pem, self.chain(), request_id=row.request_id)
        if row.state == "denied":
            why = (row.detail or "no reason was given").rstrip(".")
            raise Rejected(
                f"Request {row.request_id} was denied by the operator of the local CA: {why}.", detail=row.detail
            )
        raise NotFound(f"Request {row.request_id} was cancelled; place it again.")

    def request_with(self, csr_pem: str) -> t.Optional[RequestRow]:
        """Return the newest request with this very CSR."""
        return self.store.request_with_csr(_csr_digest(read_order(csr_pem)))

    def _pending(self, request_id: str) -> Pending:
        detail = f"Waits for approval: local_authority with approve [{request_id}]"
        return Pending(request_id, retry_after=_POLL_SECONDS, detail=detail)

    def _sign(self, leaf: Leaf, request_id: str) -> t.Tuple[IssuedRow, t.Tuple[str, ...]]:
        # Outside of any transaction: nobody waits for a signature.
        certificate, warnings = make_leaf(leaf, self.signer("intermediate"), now=self.now)
        pem = to_pem(certificate)
        serial = format_serial(certificate.serial_number)
        return IssuedRow(serial, request_id, pem, read_certificate(pem).not_after), warnings

    # Revocation

    def revoke(self, row: IssuedRow, reason: str) -> bool:
        """Revoke and write the CRL; False if it was revoked before. Raises Misconfigured for an impossible reason."""
        if reason not in REVOCATION_REASONS or reason == "remove_from_crl":
            raise Misconfigured(
                f"The local CA can't revoke for the reason '{reason}'; give another one, such as superseded."
            )
        changed = self.store.revoke(row.serial_number, reason=reason, now=self.now)
        self.refresh_crls(wait=True)
        return changed


def _csr_digest(facts: RequestFacts) -> str:
    """Return the SHA-256 of the CSR; ``facts.pem`` is written anew, so spaces and line ends don't matter."""
    return hashlib.sha256(facts.pem.encode("ascii")).hexdigest()
