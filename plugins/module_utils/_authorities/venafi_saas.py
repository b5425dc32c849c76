# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: no promise is made about what is in here.
"""Venafi as a service (CyberArk Certificate Manager, SaaS): an application and one of its issuing templates.

API: ``outagedetection/v1``, and GraphQL for what only that can do, which is to revoke.
"""

from __future__ import annotations

import functools
import threading
import typing as t
import uuid

from ansible_collections.certfleet.pki.plugins.module_utils._authorities._base import (
    Authority,
    Context,
    FindsRequest,
    HasPolicy,
    Lists,
    ReportsStatus,
    Revokes,
)
from ansible_collections.certfleet.pki.plugins.module_utils._errors import (
    Misconfigured,
    NotFound,
    Rejected,
    Unavailable,
)
from ansible_collections.certfleet.pki.plugins.module_utils._http import Http, canonical_url
from ansible_collections.certfleet.pki.plugins.module_utils._model import (
    CertificateReference,
    CertificateStatus,
    Issued,
    Order,
    Pending,
)
from ansible_collections.certfleet.pki.plugins.module_utils._policy import Policy
from ansible_collections.certfleet.pki.plugins.module_utils._rest import Rest
from ansible_collections.certfleet.pki.plugins.module_utils._venafi._leaf import leaf_and_chain
from ansible_collections.certfleet.pki.plugins.module_utils._venafi_saas._client import ApiKey, Fields, Service
from ansible_collections.certfleet.pki.plugins.module_utils._venafi_saas._options import (
    DEFAULT_URL,
    VENAFI_SAAS_OPTIONS,
)
from ansible_collections.certfleet.pki.plugins.module_utils._venafi_saas._template import check_order, policy_of
from ansible_collections.certfleet.pki.plugins.module_utils._venafi_saas._wire import (
    REASONS,
    applications_of,
    has_serial,
    not_issued,
    order_body,
)
from ansible_collections.certfleet.pki.plugins.module_utils._x509 import read_certificate, read_request

__all__ = ("VenafiSaasAuthority",)

_PAUSE = 2.0
#: How many certificates with the same name are looked at to find one whose request's answer was lost.
_LOOKED_AT = 50
_FAILED = frozenset(("REJECTED_APPROVAL", "REJECTED", "CANCELLED", "FAILED"))
_GONE = "DELETED"
_REVOKED = "REVOKED"
_ISSUED = frozenset(("ISSUED", _REVOKED))


class VenafiSaasAuthority(Authority, Revokes, ReportsStatus, HasPolicy, FindsRequest, Lists):
    """One issuing template of one application."""

    NAME = "venafi_saas"
    DESCRIPTION = "Venafi as a service (CyberArk Certificate Manager, SaaS): an application and an issuing template."
    OPTIONS = VENAFI_SAAS_OPTIONS
    #: The variables of the vendor's own command line, vcert.
    ENVIRONMENT: t.ClassVar[t.Mapping[str, t.Tuple[str, ...]]] = {
        "zone": ("VCERT_ZONE",),
        "api_key": ("VCERT_APIKEY",),
        "ca_bundle": ("VCERT_TRUST_BUNDLE",),
    }

    def __init__(self, options: t.Mapping[str, t.Any], context: t.Optional[Context] = None) -> None:
        super().__init__(options, context)
        for name, variable in (("zone", "VCERT_ZONE"), ("api_key", "VCERT_APIKEY")):
            if not options.get(name):
                raise Misconfigured(f"venafi_saas needs {name}; give it, or set {variable}.", authority=self.NAME)
        self._url = canonical_url(options.get("url") or DEFAULT_URL, authority=self.NAME)
        parts = [part.strip() for part in options["zone"].split("\\")]
        if len(parts) != 2 or not all(parts):
            raise Misconfigured(
                r"zone must be the application and the template's alias with one backslash between, like Web\Default; "
                "correct zone.",
                authority=self.NAME,
            )
        self._application, self._alias = parts
        self._lock = threading.Lock()
        self._read: t.Dict[str, Fields] = {}

    @functools.cached_property
    def _service(self) -> Service:
        key = ApiKey(self.options["api_key"])
        http = Http(self.options, authority=self.NAME)
        place: t.Dict[str, t.Any] = {"url": self._url, "authority": self.NAME, "context": self.context}
        rest = Rest(http, credential=key, headers={"Accept": "application/json"}, **place)
        return Service(rest, secrets=key.secrets)

    @property
    def identity(self) -> str:
        return f"{self.NAME}:{self._url}/{self._application}\\{self._alias}"

    # Issuing

    def request(self, order: Order) -> t.Union[Issued, Pending]:
        """Order (POST ``certificaterequests``). Raises PolicyViolation, Rejected, Misconfigured, Unauthorized."""
        check_order(self._template(), order, zone=f"{self._application}\\{self._alias}")
        application = self._application_fields()
        template_id = (application.get("certificateIssuingTemplateAliasIdMap") or {}).get(self._alias)
        template_id = str(template_id or self._template().get("id"))
        origin = self.options.get("origin") or "certfleet.pki"
        body = order_body(order, application=application, template_id=template_id, origin=origin)
        answer = self._place(body, self._renewal(order))
        placed: Fields = next(iter(answer.get("certificateRequests") or ()), {})
        if not placed.get("id"):
            raise Rejected(f"{self._url} took the request and gave it no id; look there.", authority=self.NAME)
        try:
            return self.collect(str(placed["id"]))
        except (Unavailable, NotFound) as error:
            # The order is placed; what is not seen yet can be asked for again.
            return Pending(str(placed["id"]), retry_after=error.retry_after or _PAUSE, detail=error.message)

    def _place(self, body: Fields, link: Fields) -> Fields:
        """Send the order, without the link to an earlier certificate if the service refuses that: nothing was done."""
        try:
            return self._service.post("certificaterequests", {**body, **link}, "to issue the certificate")
        except Rejected:
            if not link:
                raise
            return self._service.post("certificaterequests", body, "to issue the certificate")

    def _renewal(self, order: Order) -> t.Dict[str, t.Any]:
        """Return what links an order to the certificate that it replaces, if that can be renewed.

        It has to be this application's, the current version, and neither revoked nor retired.
        """
        if not order.replaces:
            return {}
        fingerprint = read_certificate(order.replaces).fingerprint_sha1.upper()
        ours = self._application_fields().get("id")
        for known in self._service.search({"field": "fingerprint", "operator": "MATCH", "value": fingerprint}):
            current = known.get("versionType") in (None, "CURRENT")
            active = current and known.get("certificateStatus") in (None, "ACTIVE") and ours in applications_of(known)
            if active and not self._is_revoked(known.get("certificateRequestId")):
                return {"existingCertificateId": known["id"], "reuseCSR": False}
        return {}

    def collect(self, request_id: str) -> t.Union[Issued, Pending]:
        """Fetch what became of a request. Raises NotFound, Rejected."""
        told = self._request_fields(request_id)
        status = str(told.get("status") or "")
        if status in _FAILED:
            raise not_issued(told, request_id=request_id, url=self._url, key=self.options["api_key"])
        if status == _GONE:
            raise self._unknown(f"request {request_id} any more")
        text = None
        if status in _ISSUED and told.get("certificateIds"):
            text = self._contents(str(told["certificateIds"][0]))
        if text is None:
            detail = status.lower().replace("_", " ")
            return Pending(request_id, retry_after=_PAUSE, detail=f"the request is {detail or 'in progress'}")
        leaf, chain = leaf_and_chain(text)
        return Issued(leaf.pem, chain, request_id=request_id)

    def _request_fields(self, request_id: str) -> Fields:
        missing = self._unknown(f"request {request_id}")
        try:
            return self._service.request_status(str(uuid.UUID(request_id)), missing=missing)
        except ValueError:
            raise missing from None

    def _contents(self, certificate_id: str) -> t.Optional[str]:
        return self._service.contents(certificate_id, missing=self._unknown(f"certificate {certificate_id}"))

    def _unknown(self, what: str) -> NotFound:
        return NotFound(f"There is no {what} on {self._url}, or this key may not see it.", authority=self.NAME)

    def find_request(self, order: Order) -> t.Union[Issued, Pending, None]:
        """Return what was issued for the key of an order; requests that are still open can't be searched for."""
        key = read_request(order.csr_pem).public_key_sha256
        named = [{"field": "subjectCN", "operator": "EQ", "value": order.common_name}] if order.common_name else []
        for known, _number in zip(self._service.search(self._own(), *named), range(_LOOKED_AT)):
            text = self._contents(str(known["id"])) or ""
            if text and known.get("certificateRequestId") and leaf_and_chain(text)[0].public_key_sha256 == key:
                return self.collect(str(known["certificateRequestId"]))
        return None

    def _own(self) -> Fields:
        return {"field": "appstackIds", "operator": "MATCH", "value": self._application_fields().get("id")}

    # Status

    def status(self, reference: CertificateReference) -> CertificateStatus:
        """Tell by request id, serial number or certificate. Raises NotFound."""
        if reference.request_id is None:
            return self._described(self._find(reference))
        try:
            found = self.collect(reference.request_id)
        except Rejected as error:
            return CertificateStatus("rejected", request_id=reference.request_id, detail=error.detail)
        if isinstance(found, Pending):
            return CertificateStatus("pending", request_id=found.request_id, detail=found.detail)
        certificate_id = str(self._request_fields(reference.request_id)["certificateIds"][0])
        known = self._service.certificate(certificate_id, missing=self._unknown(f"certificate {certificate_id}"))
        return self._described({"certificateRequestId": reference.request_id, **known, "id": certificate_id})

    def _find(self, reference: CertificateReference) -> Fields:
        """Return the entry of a certificate. Raises NotFound. The index is a little behind what is issued."""
        if reference.certificate_pem:
            field, value = "fingerprint", read_certificate(reference.certificate_pem).fingerprint_sha1.upper()
        else:
            field, value = "serialNumber", str(reference.serial_number).upper()
        for known in self._service.search({"field": field, "operator": "MATCH", "value": value}):
            if field == "fingerprint" or has_serial(known, value):
                return known
        raise self._unknown(f"certificate with the {field} {value}")

    def _described(self, known: Fields) -> CertificateStatus:
        text = self._contents(str(known["id"]))
        request_id = known.get("certificateRequestId")
        if text is None:
            return CertificateStatus("pending", request_id=request_id)
        leaf, chain = leaf_and_chain(text)
        revoked = known.get("certificateStatus") == _REVOKED or self._is_revoked(request_id)
        expired = leaf.not_after <= self.context.clock()
        return CertificateStatus(
            status="revoked" if revoked else "expired" if expired else "issued",
            request_id=request_id,
            certificate_pem=leaf.pem,
            chain_pem=chain,
            detail="It is retired." if known.get("certificateStatus") == "RETIRED" else "",
        )

    def _is_revoked(self, request_id: t.Optional[str]) -> bool:
        return bool(request_id) and self._request_fields(str(request_id)).get("status") == _REVOKED

    def list_certificates(self) -> t.Iterator[CertificateStatus]:
        """Yield the application's certificates, pages of 500, two more calls for each."""
        for known in self._service.search(self._own()):
            try:
                yield self._described(known)
            except NotFound:  # removed since the page was read
                continue

    # Revocation

    def revoke(self, reference: CertificateReference, *, reason: str) -> bool:
        """Revoke, and retire if wanted. False if it was revoked before. Raises NotFound, Rejected, Misconfigured."""
        if reason not in REASONS:
            raise Misconfigured(
                f"venafi_saas has no revocation reason {reason}; use one of {', '.join(REASONS)}.", authority=self.NAME
            )
        found = self.status(reference)
        if not found.certificate_pem:
            raise NotFound(
                f"The request {found.request_id} has no certificate that could be revoked.", authority=self.NAME
            )
        if found.status == "revoked":
            return False
        facts = read_certificate(found.certificate_pem)
        changed = self._service.revoke(facts.fingerprint_sha1.upper(), reason=REASONS[reason])
        if changed and self.options.get("retire_revoked"):
            self._retire(found.certificate_pem)
        return changed

    def _retire(self, certificate_pem: str) -> None:
        known = self._find(CertificateReference(certificate_pem=certificate_pem))
        if not self._service.retire(str(known["id"])):
            raise Rejected(
                f"{self._url} revoked the certificate and did not retire it; retire it there.", authority=self.NAME
            )

    # What it tells about itself

    def policy(self) -> t.Optional[Policy]:
        """Return the template's rules, as far as the common form can say them. Raises Misconfigured."""
        return policy_of(self._template(), source=f"the issuing template {self._application}\\{self._alias}")

    def _template(self) -> Fields:
        return self._once("template", lambda: self._service.template(self._application, self._alias))

    def _application_fields(self) -> Fields:
        return self._once("application", lambda: self._service.application(self._application))

    def _once(self, what: str, read: t.Callable[[], Fields]) -> Fields:
        with self._lock:
            if what not in self._read:
                self._read[what] = read()
            return self._read[what]
