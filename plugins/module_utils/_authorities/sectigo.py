# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: no promise is made about what is in here.
"""Sectigo Certificate Manager: SSL certificates.

The id of an order (`sslId`) is the request id. Sectigo needs minutes to issue, or days, if people
have to look at an order. Renewals are linked to the order that they follow.
API: SCM REST API (https://scm.devx.sectigo.com)
"""

from __future__ import annotations

import contextlib
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
from ansible_collections.certfleet.pki.plugins.module_utils._errors import (
    Misconfigured,
    NotFound,
    PkiError,
    Rejected,
)
from ansible_collections.certfleet.pki.plugins.module_utils._model import (
    AuthorityChain,
    CertificateReference,
    CertificateStatus,
    Issued,
    Order,
    Pending,
)
from ansible_collections.certfleet.pki.plugins.module_utils._names import normalise_serial
from ansible_collections.certfleet.pki.plugins.module_utils._policy import Policy
from ansible_collections.certfleet.pki.plugins.module_utils._sectigo._client import SectigoClient
from ansible_collections.certfleet.pki.plugins.module_utils._sectigo._options import SECTIGO_OPTIONS
from ansible_collections.certfleet.pki.plugins.module_utils._sectigo._profile import Profiles, term_of
from ansible_collections.certfleet.pki.plugins.module_utils._sectigo._wire import (
    PENDING,
    REASONS,
    REFUSED,
    colons,
    common_name_of,
    dcv_fields,
    dcv_state,
    enrol_body,
    mark_of,
    reason_of,
    sorted_out,
    to_date,
)
from ansible_collections.certfleet.pki.plugins.module_utils._x509 import (
    CertificateFacts,
    read_certificate,
    read_request,
)

__all__ = ("SectigoAuthority",)

Details = t.Mapping[str, t.Any]

_PAGE = 200
#: Orders of one name that are looked at to find one again.
_CANDIDATES = 25


class SectigoAuthority(Authority, Revokes, ReportsStatus, HasPolicy, FindsRequest, Cancels, HasChain, Lists):
    """One profile of one organization."""

    NAME = "sectigo"
    DESCRIPTION = "Sectigo Certificate Manager: SSL certificates of one organization and profile."
    OPTIONS = SECTIGO_OPTIONS
    RELATIONS: t.ClassVar[t.Mapping[str, t.Any]] = {"required_if": [["dcv_mode", "EMAIL", ["dcv_email"]]]}

    def __init__(self, options: t.Mapping[str, t.Any], context: t.Optional[Context] = None) -> None:
        super().__init__(options, context)
        self._client = SectigoClient(options, self.context)
        self._profiles = Profiles(self._client, options)

    @property
    def identity(self) -> str:
        return f"{self.NAME}:{self._client.url}/{self.options['organization_id']}/{self.options['profile']}"

    # Ordering

    def request(self, order: Order) -> t.Union[Issued, Pending]:
        """Enrol (POST ``/ssl/v1/enroll``), or renew (``renewById``) what it replaces. Raises PolicyViolation ..."""
        profile = self._profiles.chosen()
        term = term_of(order.lifetime, term=self.options.get("term"), profile=profile)
        if profile:
            profile.check_key(order.key)
        profile_id = profile.id if profile else int(self.options["profile"])
        body = enrol_body(order, self.options, profile_id=profile_id, term=term)
        ssl_id = self._renewed(order, profile_id, term) or self._client.enrol(body)
        return self._first_look(ssl_id)

    def _first_look(self, ssl_id: int) -> t.Union[Issued, Pending]:
        """The order is placed: whatever happens from now on, its id must not be lost."""
        try:
            return self.collect(str(ssl_id))
        except PkiError as error:
            return Pending(str(ssl_id), retry_after=error.retry_after, detail=error.message)

    def _renewed(self, order: Order, profile_id: int, term: int) -> t.Optional[int]:
        """Renew the order that is to be replaced, if that gives what is asked for: it takes nothing but a CSR."""
        if not order.replaces:
            return None
        old = read_certificate(order.replaces)
        earlier = self._find(old.serial_number)
        if earlier is None or (old.names, old.common_name) != (order.names, order.common_name):
            return None
        details = self._client.details(earlier)
        kind = (details.get("certType") or {}).get("id")
        if (details.get("status"), kind, details.get("term")) != ("Issued", profile_id, term):
            return None
        return self._client.renew(earlier, {"csr": order.csr_pem, **dcv_fields(self.options)})

    def collect(self, request_id: str) -> t.Union[Issued, Pending]:
        """Fetch what became of an order (GET ``/ssl/v1/collect/{sslId}``). Raises NotFound, Rejected."""
        ssl_id = _number(request_id)
        details = self._client.details(ssl_id)
        status = details.get("status")
        if status in REFUSED:
            raise Rejected(f"Sectigo's order {ssl_id} is {status}; order again.", authority=self.NAME)
        collected = None if status in PENDING else self._collected(ssl_id)
        if collected is None:
            return Pending(str(ssl_id), detail=self._waits_for(ssl_id, details))
        leaf, chain = collected
        return Issued(leaf.pem, chain, request_id=str(ssl_id))

    def _collected(self, ssl_id: int) -> t.Optional[t.Tuple[CertificateFacts, t.Tuple[str, ...]]]:
        text = self._client.collect(ssl_id)
        return None if text is None else sorted_out(text)

    def _waits_for(self, ssl_id: int, details: Details) -> str:
        dcv = dcv_state(self._client.dcv(ssl_id))
        return f"Sectigo's order {ssl_id} is {details.get('status')}" + (f"; domain validation: {dcv}" if dcv else "")

    # Finding again

    def find_request(self, order: Order) -> t.Union[Issued, Pending, None]:
        """Return what became of an order for this CSR: known by its comment, or by its key once it is issued."""
        earlier = self._find(read_certificate(order.replaces).serial_number) if order.replaces else None
        for ssl_id in self._candidates(common_name_of(order), after=earlier or 0):
            found = self._fitting(ssl_id, order, renewal=earlier is not None)
            if found:
                return found
        return None

    def _candidates(self, common_name: str, *, after: int) -> t.Sequence[int]:
        entries = self._client.listed(size=_PAGE, commonName=common_name, orgId=self.options["organization_id"])
        newer = {int(entry["sslId"]) for entry in entries if int(entry["sslId"]) > after}
        return sorted(newer, reverse=True)[:_CANDIDATES]

    def _fitting(self, ssl_id: int, order: Order, *, renewal: bool) -> t.Union[Issued, Pending, None]:
        details = self._client.details(ssl_id)
        comments = str(details.get("comments") or "")
        if details.get("status") in PENDING:
            # A renewal takes no comment: one that waits, for the same name and younger, can only be ours.
            ours = mark_of(order) in comments or (renewal and "[certfleet " not in comments)
            return Pending(str(ssl_id), detail=self._waits_for(ssl_id, details)) if ours else None
        collected = self._collected(ssl_id) if details.get("status") == "Issued" else None
        if collected is None or collected[0].public_key_sha256 != read_request(order.csr_pem).public_key_sha256:
            return None
        return Issued(collected[0].pem, collected[1], request_id=str(ssl_id))

    def _find(self, serial: str) -> t.Optional[int]:
        for entry in self._client.listed(size=_PAGE, serialNumber=colons(serial)):
            if normalise_serial(str(entry.get("serialNumber") or "0")) == serial:
                return int(entry["sslId"])
        return None

    def _named(self, reference: CertificateReference) -> t.Tuple[int, Details]:
        """Return the id and details of what is referred to. Raises NotFound."""
        if reference.request_id:
            ssl_id = _number(reference.request_id)
            return ssl_id, self._client.details(ssl_id)
        given = read_certificate(reference.certificate_pem) if reference.certificate_pem else None
        serial = given.serial_number if given else normalise_serial(reference.serial_number or "")
        found = self._find(serial)
        details = self._client.details(found) if found else {}
        sha1 = str((details.get("certificateDetails") or {}).get("sha1Hash") or "").replace(":", "").lower()
        if found is None or (given and sha1 and sha1 != given.fingerprint_sha1):
            raise NotFound(f"Sectigo has no certificate {serial}; check the serial number.", authority=self.NAME)
        return found, details

    # Status

    def status(self, reference: CertificateReference) -> CertificateStatus:
        """Tell by request id, serial number or certificate. Raises NotFound."""
        ssl_id, details = self._named(reference)
        return self._described(ssl_id, details, reference.certificate_pem)

    def _described(self, ssl_id: int, details: Details, given: t.Optional[str] = None) -> CertificateStatus:
        status = details.get("status")
        if status in PENDING:
            return CertificateStatus("pending", request_id=str(ssl_id), detail=self._waits_for(ssl_id, details))
        if status in REFUSED:
            return CertificateStatus(
                "rejected", request_id=str(ssl_id), detail=f"Sectigo's order {ssl_id} is {status}."
            )
        if status == "Revoked":
            return self._revoked(ssl_id, details, given)
        collected = self._collected(ssl_id)
        if collected is None:
            return CertificateStatus("pending", request_id=str(ssl_id), detail=self._waits_for(ssl_id, details))
        leaf, chain = collected
        expired = leaf.not_after <= self.context.clock()
        return CertificateStatus("expired" if expired else "issued", str(ssl_id), leaf.pem, chain)

    def _revoked(self, ssl_id: int, details: Details, given: t.Optional[str]) -> CertificateStatus:
        """Sectigo does not hand out what is revoked."""
        return CertificateStatus(
            "revoked",
            request_id=str(ssl_id),
            certificate_pem=given,
            revoked_at=to_date(details.get("revoked")),
            revocation_reason=reason_of(details.get("reasonCode")),
        )

    def list_certificates(self) -> t.Iterator[CertificateStatus]:
        """Yield the organization's certificates of this profile, with two reads for each."""
        for entry in self._own(size=_PAGE):
            ssl_id = int(entry["sslId"])
            with contextlib.suppress(NotFound):  # deleted since the page was read
                yield self._described(ssl_id, self._client.details(ssl_id))

    def _own(self, *, size: int, **wanted: t.Any) -> t.Iterator[Details]:
        profile = self._profiles.chosen()
        kind = profile.id if profile else self.options["profile"]
        return self._client.listed(size=size, orgId=self.options["organization_id"], sslTypeId=kind, **wanted)

    # Revocation

    def revoke(self, reference: CertificateReference, *, reason: str) -> bool:
        """Revoke (POST ``/ssl/v1/revoke/{sslId}``). False if it was, or has expired. Raises NotFound."""
        if reason not in REASONS:
            raise Misconfigured(
                f"Sectigo does not know the reason {reason}; use one of {', '.join(REASONS)}.", authority=self.NAME
            )
        ssl_id, details = self._named(reference)
        if details.get("status") in ("Revoked", "Expired"):
            return False
        return self._client.revoke(ssl_id, code=REASONS[reason], reason=reason.replace("_", " "))

    def cancel(self, request_id: str) -> None:
        """Decline an order that waits (POST ``/ssl/v1/decline/{sslId}``); what Sectigo has begun goes on."""
        with contextlib.suppress(NotFound, Rejected):
            ssl_id = _number(request_id)
            if self._client.details(ssl_id).get("status") in PENDING:
                self._client.decline(ssl_id, message="Not needed any more.")

    # What it tells about itself

    def policy(self) -> t.Optional[Policy]:
        """Return the profile's rules, None if the login may not read them. Raises Misconfigured."""
        profile = self._profiles.chosen()
        if profile is None:
            return None
        profile.check_term(self.options.get("term"))
        return profile.policy()

    def chain(self) -> AuthorityChain:
        """Return what is above the first issued certificate that Sectigo lists: it tells its CAs in no other way."""
        for entry in self._own(size=1, status="Issued"):
            collected = self._collected(int(entry["sslId"]))
            if collected:
                return AuthorityChain(collected[1])
        raise NotFound("Sectigo tells its CAs with a certificate only, and this profile has none.", authority=self.NAME)


def _number(request_id: str) -> int:
    if not request_id.isdigit() or len(request_id) > 18:
        raise NotFound("The request id is none of Sectigo's, which are numbers; check it.", authority="sectigo")
    return int(request_id)
