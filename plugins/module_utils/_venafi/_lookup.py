# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: no promise is made about what is in here.
"""Finding out what became of an order, and which object holds a certificate."""

from __future__ import annotations

import re
import typing as t
from datetime import datetime

from ansible_collections.certfleet.pki.plugins.module_utils._errors import BadCertificate, NotFound, Rejected
from ansible_collections.certfleet.pki.plugins.module_utils._model import (
    CertificateReference,
    CertificateStatus,
    Issued,
    Order,
    Pending,
)
from ansible_collections.certfleet.pki.plugins.module_utils._rest import Answer
from ansible_collections.certfleet.pki.plugins.module_utils._venafi._client import Fields, WebSdk, in_error
from ansible_collections.certfleet.pki.plugins.module_utils._venafi._leaf import leaf_and_chain
from ansible_collections.certfleet.pki.plugins.module_utils._venafi._names import (
    RequestId,
    key_mark,
    object_name,
    thumbprint_of,
)
from ansible_collections.certfleet.pki.plugins.module_utils._venafi._objects import (
    certificates_of,
    describe_status,
    is_idle,
    stage_of,
)
from ansible_collections.certfleet.pki.plugins.module_utils._x509 import CertificateFacts, read_certificate

__all__ = ("PAUSE", "Lookup")

#: The vendor asks for no more than one question in two seconds.
PAUSE = 2.0
_DENIED = re.compile(r"reject|denied|disapprov|declin", re.IGNORECASE)
#: How many objects are looked at to find a certificate that was replaced, or an order whose answer was lost.
_LOOKED_AT = 100


class Lookup:
    """The objects of one folder."""

    def __init__(self, sdk: WebSdk, *, zone: str, clock: t.Callable[[], datetime]) -> None:
        self._sdk = sdk
        self._zone = zone
        self._clock = clock
        self._retried: t.Set[str] = set()

    def unknown(self, what: str) -> NotFound:
        return NotFound(
            f"There is no {what} on {self._sdk.url}, or these credentials may not see it; check the name and the rights.",
            authority="venafi",
        )

    def collected(self, request_id: RequestId, *, repair: bool = False) -> t.Union[Issued, Pending]:
        answer = self._sdk.retrieve(request_id.dn)
        if answer.status == 200:
            return self._fitting(request_id, answer, repair=repair)
        if answer.status == 202:
            return Pending(str(request_id), retry_after=answer.retry_after or PAUSE, detail=stage_of(answer.fields))
        if in_error(answer):
            return self._failed(request_id, stage_of(answer.fields), repair=repair)
        if answer.status in (400, 403, 404):
            guid = self._sdk.guid(request_id.dn)
            if guid is None or is_idle(self._sdk.details(guid)):
                raise self.unknown(f"certificate for the request {request_id}")
        raise self._sdk.refusal(answer, "to retrieve the certificate")

    def _fitting(self, request_id: RequestId, answer: Answer, *, repair: bool) -> t.Union[Issued, Pending]:
        leaf, chain = certificates_of(answer.fields)
        if request_id.names(leaf):
            return Issued(leaf.pem, chain, request_id=str(request_id))
        guid = self._sdk.guid(request_id.dn)
        details = self._sdk.details(guid) if guid else {}
        working = details.get("ProcessingDetails") or {}
        if working.get("InError"):
            return self._failed(request_id, stage_of(working), repair=repair)
        if not is_idle(details):
            return Pending(str(request_id), retry_after=PAUSE, detail=stage_of(working))
        earlier = self._earlier(request_id, guid or "")
        if earlier:
            return earlier[0]
        if leaf.fingerprint_sha1.upper() == request_id.follows:
            raise NotFound(
                f"The renewal of {request_id.dn} was stopped on {self._sdk.url}, and the earlier certificate is still in "
                "its place; order again.",
                authority="venafi",
            )
        raise BadCertificate(
            f"{request_id.dn} on {self._sdk.url} holds a certificate for another key than the one in the request; "
            "have the operator look at it.",
            authority="venafi",
        )

    def _earlier(self, request_id: RequestId, guid: str) -> t.Optional[t.Tuple[Issued, Fields]]:
        """Return the certificate if the object held it before its present one, with what is known about it."""
        for details, vault_id in self._sdk.previous(guid):
            leaf, chain = self._archived(vault_id)
            if request_id.names(leaf):
                return Issued(leaf.pem, chain, request_id=str(request_id)), details
        return None

    def _archived(self, vault_id: str) -> t.Tuple[CertificateFacts, t.Tuple[str, ...]]:
        answer = self._sdk.archived(vault_id)
        # The vendor's own client gets fields; by the manual the server sends the file itself.
        return leaf_and_chain(answer.body) if isinstance(answer.body, str) else certificates_of(answer.fields)

    def _failed(self, request_id: RequestId, stage: str, *, repair: bool) -> Pending:
        """Have the stage tried once more if that may help. Raises Rejected."""
        if repair and not _DENIED.search(stage) and request_id.dn not in self._retried:
            self._retried.add(request_id.dn)
            if self._sdk.retry(request_id.dn):
                return Pending(str(request_id), retry_after=PAUSE, detail=f"tried again after: {stage}")
        raise Rejected(
            f"The request {request_id} failed on {self._sdk.url} ({stage}); have that put right, and order again.",
            detail=stage,
            authority="venafi",
        )

    def described(self, request_id: RequestId) -> CertificateStatus:
        found = self.collected(request_id)
        if isinstance(found, Pending):
            return CertificateStatus("pending", request_id=found.request_id, detail=found.detail)
        guid = self._sdk.guid(request_id.dn) or ""
        details = self._sdk.details(guid).get("CertificateDetails") or {}
        if details.get("Thumbprint") not in (None, thumbprint_of(found.certificate_pem)):
            details = (self._earlier(request_id, guid) or (found, {}))[1]
        return describe_status(found, details, now=self._clock())

    def located(self, reference: CertificateReference) -> RequestId:
        """Return the object that holds a certificate, or held it before it was renewed. Raises NotFound."""
        try:
            return RequestId(str(self.find(reference)["DN"]))
        except NotFound:
            earlier = self._in_history(reference)
            if earlier is None:
                raise
            dn, _details, vault_id = earlier
            return RequestId(dn, self._archived(vault_id)[0].public_key_sha256[:32])

    def thumbprint(self, reference: CertificateReference) -> str:
        """Return the SHA-1 fingerprint of a certificate that is known by its serial number. Raises NotFound."""
        try:
            return str((self.find(reference).get("X509") or {}).get("Thumbprint") or "")
        except NotFound:
            earlier = self._in_history(reference)
            if earlier is None:
                raise
            return str(earlier[1].get("Thumbprint") or "")

    def _in_history(self, reference: CertificateReference) -> t.Optional[t.Tuple[str, Fields, str]]:
        """Look for a certificate that was replaced: object, details and id in the archive.

        A server finds only what an object holds now, so it is looked for where it should be: under its
        name, or for a serial number in the objects of the folder, but not in more than a hundred.
        """
        filters, field, value = {}, "Serial", str(reference.serial_number).lower()
        if reference.certificate_pem:
            facts = read_certificate(reference.certificate_pem)
            filters = {"CN": facts.common_name} if facts.common_name else {}
            field, value = "Thumbprint", facts.fingerprint_sha1
        listed = self._sdk.search(ParentDn=self._zone, **filters)
        for one, _number in zip(listed, range(_LOOKED_AT)):
            for details, vault_id in self._sdk.previous(str(one["Guid"])):
                if str(details.get(field) or "").lower().lstrip("0") == value.lstrip("0"):
                    return str(one["DN"]), details, vault_id
        return None

    def find(self, reference: CertificateReference) -> Fields:
        """Return the object that holds a certificate. Raises NotFound."""
        if reference.certificate_pem:
            filters = [{"Thumbprint": thumbprint_of(reference.certificate_pem)}]
        else:
            serial = str(reference.serial_number).upper()
            # Where the first bit is set, DER has a zero byte before it, and some versions show that.
            filters = (
                [{"Serial": serial}, {"Serial": f"00{serial}"}] if serial[0] in "89ABCDEF" else [{"Serial": serial}]
            )
        for one in filters:
            found = next(self._sdk.search(**one), None)
            if found:
                return found
        raise self.unknown("certificate " + " ".join(f"with the {name} {value}" for name, value in filters[0].items()))

    def holder_of(self, certificate_pem: str) -> t.Optional[Fields]:
        """Return the object in this folder that holds a certificate now."""
        found = self._sdk.search(Thumbprint=thumbprint_of(certificate_pem))
        return next((one for one in found if self._is_here(str(one.get("DN")))), None)

    def _is_here(self, dn: str) -> bool:
        return dn.rpartition("\\")[0].lower() == self._zone.lower()

    def possible(self, order: Order) -> t.Iterator[RequestId]:
        key = key_mark(order.csr_pem)
        yield RequestId(f"{self._zone}\\{object_name(order)}", key)
        if order.replaces:
            known = self.holder_of(order.replaces)
            if known:
                yield RequestId(str(known["DN"]), key, thumbprint_of(order.replaces))
            filters = {"CN": order.common_name} if order.common_name else {}
            listed = self._sdk.search(ParentDn=self._zone, **filters)
            yield from (RequestId(str(one["DN"]), key) for one, _number in zip(listed, range(_LOOKED_AT)))
