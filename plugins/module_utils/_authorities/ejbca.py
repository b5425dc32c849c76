# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: no promise is made about what is in here.
"""EJBCA by its REST interface.

A certificate's request id is its serial number; that of a request that waits for approval says what
another process needs to finalise it (see _ejbca/_wire.Waiting). EJBCA has no renewal: an order for the
same end entity is one.
API: https://docs.keyfactor.com/ejbca/latest/ejbca-rest-interface
"""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.certfleet.pki.plugins.module_utils._authorities._base import (
    Authority,
    Context,
    FindsRequest,
    HasChain,
    HasPolicy,
    Lists,
    ReportsStatus,
    Revokes,
)
from ansible_collections.certfleet.pki.plugins.module_utils._ejbca._client import EjbcaClient
from ansible_collections.certfleet.pki.plugins.module_utils._ejbca._known import Known
from ansible_collections.certfleet.pki.plugins.module_utils._ejbca._listing import listed
from ansible_collections.certfleet.pki.plugins.module_utils._ejbca._options import EJBCA_OPTIONS
from ansible_collections.certfleet.pki.plugins.module_utils._ejbca._profile import policy_of
from ansible_collections.certfleet.pki.plugins.module_utils._ejbca._wire import (
    REASONS,
    Waiting,
    approval_id,
    certificates_in,
    end_entity_of,
    enrollment_code,
    field,
    reason_of,
)
from ansible_collections.certfleet.pki.plugins.module_utils._errors import (
    BadCertificate,
    Misconfigured,
    NotFound,
    PkiError,
    Rejected,
    Unauthorized,
    Unavailable,
)
from ansible_collections.certfleet.pki.plugins.module_utils._model import (
    AuthorityChain,
    CertificateReference,
    CertificateStatus,
    Issued,
    Order,
    Pending,
)
from ansible_collections.certfleet.pki.plugins.module_utils._policy import Policy
from ansible_collections.certfleet.pki.plugins.module_utils._rest import Answer
from ansible_collections.certfleet.pki.plugins.module_utils._times import parse_time
from ansible_collections.certfleet.pki.plugins.module_utils._x509 import (
    CertificateFacts,
    read_certificate,
    read_request,
)

__all__ = ("EjbcaAuthority",)

_ACCEPTED, _CONFLICT = 202, 409


class EjbcaAuthority(Authority, Revokes, ReportsStatus, HasPolicy, FindsRequest, HasChain, Lists):
    """One CA of one EJBCA, with a certificate profile and an end entity profile."""

    NAME = "ejbca"
    DESCRIPTION = "EJBCA: one of its CAs, through the REST interface."
    OPTIONS = EJBCA_OPTIONS

    def __init__(self, options: t.Mapping[str, t.Any], context: t.Optional[Context] = None) -> None:
        super().__init__(options, context)
        self._client = EjbcaClient(options, self.context)
        self._known = Known(self._client, name=options["certificate_authority"])

    @property
    def identity(self) -> str:
        place = (self.options[name] for name in ("certificate_authority", "end_entity_profile", "certificate_profile"))
        return f"{self.NAME}:{'/'.join((self._client.url, *place))}"

    # Issuing

    def request(self, order: Order) -> t.Union[Issued, Pending]:
        """Enrol (POST ``v1/certificate/pkcs10enroll``). Raises PolicyViolation, Rejected, Misconfigured."""
        if order.lifetime is not None:
            raise Misconfigured(
                "EJBCA sets the lifetime by its certificate profile; leave lifetime out, and choose another "
                "certificate_profile for another one.",
                authority=self.NAME,
            )
        waiting = self._asked(order)
        answer = self._client.enrol(order.csr_pem, end_entity=waiting.end_entity, code=self._code(waiting))
        if answer.status == _ACCEPTED:
            return self._pending(dataclasses.replace(waiting, approval=approval_id(answer.fields)), answer)
        return self._issued(answer)

    def collect(self, request_id: str) -> t.Union[Issued, Pending]:
        """Finalise what was approved, or fetch by serial number. Raises NotFound, Rejected, BadCertificate."""
        waiting = Waiting.parse(request_id)
        return self._finalised(waiting) if waiting else self._fetched(self._known.by_serial(request_id))

    def _finalised(self, waiting: Waiting) -> t.Union[Issued, Pending]:
        """What was finalised before can't be again, but it can be found."""
        if not waiting.approval:
            return self._found_or_pending(waiting, "EJBCA told no id of the approval request.")
        answer = self._client.finalise(waiting.approval, end_entity=waiting.end_entity, code=self._code(waiting))
        if answer.status == _ACCEPTED:
            return self._pending(waiting, answer)
        if answer.ok:
            return self._issued(answer, request_id=str(waiting), key=waiting.key)
        found = self._known.of_request(waiting)
        if found:
            return Issued(found.pem, self._known.chain, request_id=str(waiting))
        raise self._not_issued(waiting, answer)

    def _not_issued(self, waiting: Waiting, answer: Answer) -> PkiError:
        words = self._client.told(answer, secrets=(self._code(waiting),))
        facts: t.Dict[str, t.Any] = {"detail": words, "authority": self.NAME, "http_status": answer.status}
        if "password" in words.lower():
            return Unauthorized(
                "EJBCA refused the password of the end entity; collect with the login that requested, or set "
                "enrollment_password to the same for both.",
                **facts,
            )
        if "could not find request" in words.lower():
            return NotFound(
                f"EJBCA does not know the approval request {waiting.approval}; check the request id, and that it is the "
                "right CA.",
                **facts,
            )
        told = words or "it gives no reason"
        return Rejected(f"EJBCA did not issue for the approval request {waiting.approval}: {told}.", **facts)

    def _found_or_pending(self, waiting: Waiting, detail: str) -> t.Union[Issued, Pending]:
        found = self._known.of_request(waiting)
        if found is None:
            return Pending(str(waiting), detail=detail)
        return Issued(found.pem, self._known.chain, request_id=str(waiting))

    def find_request(self, order: Order) -> t.Optional[Issued]:
        """Return the certificate for this CSR's key, if there is one; what waits for approval can't be searched."""
        found = self._known.of_request(self._asked(order))
        return self._fetched(found) if found else None

    def _asked(self, order: Order) -> Waiting:
        key = read_request(order.csr_pem).public_key_sha256
        after = int(read_certificate(order.replaces).not_before.timestamp()) if order.replaces else 0
        return Waiting("", key, after, self.options.get("end_entity") or end_entity_of(order))

    def _code(self, waiting: Waiting) -> str:
        given = self.options.get("enrollment_password")
        return given or enrollment_code(self._client.secret(), key=waiting.key, end_entity=waiting.end_entity)

    def _pending(self, waiting: Waiting, answer: Answer) -> Pending:
        told = " ".join(str(field(answer.fields, "info_message") or "").split())
        waits = f"The approval request {waiting.approval}" if waiting.approval else "The request"
        detail = f"{waits} waits in EJBCA" + (f": {told}" if told else ".")
        return Pending(str(waiting), retry_after=answer.retry_after, detail=detail)

    def _issued(self, answer: Answer, *, request_id: t.Optional[str] = None, key: t.Optional[str] = None) -> Issued:
        (pem, *more) = certificates_in(field(answer.fields, "certificate"))
        facts = read_certificate(pem)
        if key and facts.public_key_sha256 != key:
            raise BadCertificate(
                "EJBCA returned a certificate for another key than was requested; nothing is used of it.",
                authority=self.NAME,
            )
        chain = (*more, *certificates_in(field(answer.fields, "certificate_chain") or []))
        return Issued(facts.pem, chain or self._known.chain, request_id=request_id or facts.serial_number)

    def _fetched(self, facts: CertificateFacts) -> Issued:
        return Issued(facts.pem, self._known.chain, request_id=facts.serial_number)

    # Status

    def status(self, reference: CertificateReference) -> CertificateStatus:
        """Tell by request id, serial number or certificate. Raises NotFound.

        EJBCA tells of an approval only when it is asked to finalise it, so that is done, unless nothing may change.
        """
        waiting = Waiting.parse(reference.request_id or "")
        if waiting is None:
            return self._described(self._named(reference))
        try:
            answer = self._found_or_pending(waiting, "") if self.context.check else self._finalised(waiting)
        except Rejected as error:
            return CertificateStatus("rejected", request_id=str(waiting), detail=error.detail or error.message)
        if isinstance(answer, Pending):
            return CertificateStatus("pending", request_id=str(waiting), detail=answer.detail)
        return self._described(read_certificate(answer.certificate_pem), request_id=str(waiting))

    def _named(self, reference: CertificateReference) -> CertificateFacts:
        waiting = Waiting.parse(reference.request_id or "")
        if waiting:
            found = self._known.of_request(waiting)
            if found is None:
                raise NotFound("EJBCA has issued nothing for this request yet.", authority=self.NAME)
            return found
        if not reference.certificate_pem:
            return self._known.by_serial(reference.serial_number or reference.request_id or "")
        facts = read_certificate(reference.certificate_pem)
        self._known.check_own(facts)
        return facts

    def _described(self, facts: CertificateFacts, *, request_id: t.Optional[str] = None) -> CertificateStatus:
        answer = self._client.revocation(self._known.subject_dn, facts.serial_number)
        revoked = field(answer, "revoked") is True
        date = field(answer, "revocation_date") if revoked else None
        return dataclasses.replace(
            self._told(facts, revoked),
            request_id=request_id or facts.serial_number,
            revoked_at=parse_time(str(date)) if date else None,
            revocation_reason=reason_of(field(answer, "revocation_reason")) if revoked else None,
        )

    def _told(self, facts: CertificateFacts, revoked: bool) -> CertificateStatus:
        expired = facts.not_after <= self.context.clock()
        status = "revoked" if revoked else "expired" if expired else "issued"
        return CertificateStatus(status, facts.serial_number, facts.pem, self._known.chain)

    def list_certificates(self) -> t.Iterator[CertificateStatus]:
        """Yield what the CA issued (POST ``v2/certificate/search``, else GET ``v1/certificate/expire``)."""
        for facts, revoked in listed(self._client, issuer=read_certificate(self._known.chain[0]).subject):
            yield self._described(facts) if revoked is None else self._told(facts, revoked)

    # Revocation

    def revoke(self, reference: CertificateReference, *, reason: str) -> bool:
        """Revoke (PUT ``v1/certificate/{issuer_dn}/{serial}/revoke``); ``remove_from_crl`` takes off hold.

        Raises NotFound, Unavailable while EJBCA waits for an approval of it.
        """
        facts = self._named(reference)
        if reason == "certificate_hold" and self._described(facts).status == "revoked":
            return False
        answer = self._client.revoke(self._known.subject_dn, facts.serial_number, reason=REASONS[reason])
        if answer.status == _CONFLICT:
            self._check_conflict(facts, reason)
            return False
        if answer.status != 200:
            raise Unavailable(
                "EJBCA wants an approval to revoke the certificate; approve it there, then revoke again.",
                detail=self._client.told(answer) or str(field(answer.fields, "info_message") or ""),
                authority=self.NAME,
                http_status=answer.status,
            )
        return True

    def _check_conflict(self, facts: CertificateFacts, reason: str) -> None:
        """Nothing to change is what was wanted, unless it is revoked for good, or (older releases) stays on hold."""
        known = self._described(facts)
        trouble = ""
        if reason == "remove_from_crl" and known.status == "revoked":
            trouble = "is revoked for good and can't be taken off hold; order another"
        elif reason != "remove_from_crl" and known.revocation_reason == "certificate_hold":
            trouble = "is on hold, and this EJBCA does not revoke it then; take it off hold first (remove_from_crl)"
        if trouble:
            raise Rejected(
                f"The certificate {facts.serial_number} {trouble}.", authority=self.NAME, http_status=_CONFLICT
            )

    # What it tells about itself

    def policy(self) -> t.Optional[Policy]:
        """Return the certificate profile's rules (v2, not in every EJBCA), None if they can't be read."""
        profile = self._client.certificate_profile()
        name = self.options["certificate_profile"]
        return None if profile is None else policy_of(profile, source=f"the certificate profile '{name}' of EJBCA")

    def chain(self) -> AuthorityChain:
        """Return the CA's certificate and those above it (GET ``v1/ca/{subject_dn}/certificate/download``)."""
        return AuthorityChain(self._known.chain)
