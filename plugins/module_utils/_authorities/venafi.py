# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: no promise is made about what is in here.
"""Venafi Trust Protection Platform (CyberArk Certificate Manager, Self-Hosted): a policy folder, and any CA behind it.

API: Web SDK, ``/vedauth`` (login) and ``/vedsdk``. An order becomes an object of the folder; a renewal is one of the
same object, so that its history stays together.
"""

from __future__ import annotations

import functools
import re
import threading
import typing as t
from datetime import timedelta

from ansible_collections.certfleet.pki.plugins.module_utils._authorities._base import (
    Authority,
    Cancels,
    Context,
    Describes,
    FindsRequest,
    HasPolicy,
    Lists,
    ReportsStatus,
    Revokes,
)
from ansible_collections.certfleet.pki.plugins.module_utils._errors import (
    BadCertificate,
    Misconfigured,
    NotFound,
    Rejected,
    Unavailable,
)
from ansible_collections.certfleet.pki.plugins.module_utils._http import Http, canonical_url
from ansible_collections.certfleet.pki.plugins.module_utils._model import (
    REVOCATION_REASONS,
    CertificateReference,
    CertificateStatus,
    Issued,
    Order,
    Pending,
)
from ansible_collections.certfleet.pki.plugins.module_utils._policy import Policy
from ansible_collections.certfleet.pki.plugins.module_utils._rest import Rest
from ansible_collections.certfleet.pki.plugins.module_utils._venafi._client import Fields, WebSdk
from ansible_collections.certfleet.pki.plugins.module_utils._venafi._login import choose_credential
from ansible_collections.certfleet.pki.plugins.module_utils._venafi._lookup import PAUSE, Lookup
from ansible_collections.certfleet.pki.plugins.module_utils._venafi._names import (
    RequestId,
    key_mark,
    object_name,
    policy_dn,
    thumbprint_of,
)
from ansible_collections.certfleet.pki.plugins.module_utils._venafi._objects import (
    custom_fields,
    end_date,
)
from ansible_collections.certfleet.pki.plugins.module_utils._venafi._options import VENAFI_OPTIONS, VENAFI_RELATIONS
from ansible_collections.certfleet.pki.plugins.module_utils._venafi._policy import (
    check_accepts_requests,
    policy_of,
    suggestions,
)

__all__ = ("VenafiAuthority",)


class VenafiAuthority(Authority, Revokes, ReportsStatus, HasPolicy, FindsRequest, Cancels, Lists, Describes):
    """One policy folder of one server."""

    NAME = "venafi"
    DESCRIPTION = "Venafi Trust Protection Platform (CyberArk Certificate Manager, Self-Hosted): a policy folder."
    OPTIONS = VENAFI_OPTIONS
    RELATIONS = VENAFI_RELATIONS
    #: The variables of the vendor's own command line, vcert.
    ENVIRONMENT: t.ClassVar[t.Mapping[str, t.Tuple[str, ...]]] = {
        "url": ("VCERT_URL",),
        "zone": ("VCERT_ZONE",),
        "access_token": ("VCERT_TOKEN",),
        "ca_bundle": ("VCERT_TRUST_BUNDLE",),
    }

    def __init__(self, options: t.Mapping[str, t.Any], context: t.Optional[Context] = None) -> None:
        super().__init__(options, context)
        for name, variable in (("url", "VCERT_URL"), ("zone", "VCERT_ZONE")):
            if not options.get(name):
                raise Misconfigured(f"venafi needs {name}; give it, or set {variable}.", authority=self.NAME)
        url = canonical_url(options["url"], authority=self.NAME)
        self._url = re.sub(r"/ved(sdk|auth)$", "", url, flags=re.IGNORECASE)
        self._zone = policy_dn(options["zone"])
        self._folder_lock = threading.Lock()
        self._folder_read: t.Optional[t.Tuple[t.Optional[Fields]]] = None

    @functools.cached_property
    def _sdk(self) -> WebSdk:
        options = self.options
        certificate = (options["client_certificate"], options["client_key"]) if options.get("client_key") else None
        http = Http(options, authority=self.NAME, client_certificate=certificate)
        place: t.Dict[str, t.Any] = {"url": self._url, "authority": self.NAME, "context": self.context}
        credential = choose_credential(options, Rest(http, **place), self.context)
        return WebSdk(Rest(http, credential=credential, **place), secrets=credential.secrets)

    @functools.cached_property
    def _lookup(self) -> Lookup:
        return Lookup(self._sdk, zone=self._zone, clock=self.context.clock)

    @property
    def identity(self) -> str:
        return f"{self.NAME}:{self._url}{self._zone}"

    # Issuing

    def request(self, order: Order) -> t.Union[Issued, Pending]:
        """Order (POST ``certificates/request``), or renew the object that holds what is to be replaced.

        Raises PolicyViolation, Rejected, Misconfigured, Unauthorized.
        """
        folder = self._folder()
        if folder is not None:
            check_accepts_requests(folder, zone=self._zone)
        known = self._lookup.holder_of(order.replaces) if order.replaces else None
        request_id = self._renew(known, order) if known else self._enrol(order)
        try:
            return self._lookup.collected(request_id)
        except (Unavailable, NotFound) as error:
            # The order is placed; what is not seen yet can be asked for again.
            return Pending(str(request_id), retry_after=error.retry_after or PAUSE, detail=error.message)

    def _enrol(self, order: Order) -> RequestId:
        name = object_name(order)
        dn = self._sdk.order("request", self._body(order, folder=self._zone, name=name), dn=f"{self._zone}\\{name}")
        return RequestId(dn, key_mark(order.csr_pem))

    def _renew(self, known: Fields, order: Order) -> RequestId:
        r"""Order for the object that there is: ``renew`` takes no lifetime, a ``request`` of the same name does."""
        dn, follows = str(known["DN"]), thumbprint_of(t.cast(str, order.replaces))
        if order.lifetime:
            parent, name = dn.rsplit("\\", 1)
            self._sdk.order("request", self._body(order, folder=parent, name=name), dn=dn)
        else:
            self._sdk.order("renew", {"CertificateDN": dn, "PKCS10": order.csr_pem}, dn=dn)
        return RequestId(dn, key_mark(order.csr_pem), follows)

    def _body(self, order: Order, *, folder: str, name: str) -> t.Dict[str, t.Any]:
        body: t.Dict[str, t.Any] = {
            "PolicyDN": folder,
            "ObjectName": name,
            "PKCS10": order.csr_pem,
            # Otherwise the server would renew, with a key that the host does not have.
            "DisableAutomaticRenewal": True,
            "Origin": self.options.get("origin") or "certfleet.pki",
        }
        if order.lifetime:
            end = self.context.clock() + timedelta(seconds=order.lifetime)
            body["CASpecificAttributes"] = [end_date(end, hint=self.options.get("issuer_hint") or "default")]
        if self.options.get("custom_fields"):
            body["CustomFields"] = custom_fields(self.options["custom_fields"])
        return body

    def collect(self, request_id: str) -> t.Union[Issued, Pending]:
        """Fetch (POST ``certificates/retrieve``). Raises NotFound, Rejected, BadCertificate.

        A stage that failed is tried again once in a run, unless a person said no.
        """
        return self._lookup.collected(self._parsed(request_id), repair=not self.context.check)

    def _parsed(self, request_id: str) -> RequestId:
        parsed = RequestId.parse(request_id)
        if parsed is None:
            raise self._lookup.unknown(request_id)
        return parsed

    def find_request(self, order: Order) -> t.Union[Issued, Pending, None]:
        """Return what became of an order whose answer was lost: by the name made from its CSR, or as a renewal."""
        for request_id in self._lookup.possible(order):
            certain = bool(request_id.follows) or request_id.dn.endswith("\\" + object_name(order))
            try:
                found = self._lookup.collected(request_id)
            except (NotFound, BadCertificate):
                continue
            except Rejected:
                if certain:
                    raise
                continue
            if certain or isinstance(found, Issued):
                return found
        return None

    def cancel(self, request_id: str) -> None:
        """Stop what goes on with the object (POST ``certificates/reset``), unless it has issued what was asked for."""
        parsed = RequestId.parse(request_id)
        if parsed is None:
            return
        try:
            still_open = not isinstance(self._lookup.collected(parsed), Issued)
        except (NotFound, BadCertificate):
            return
        except Rejected:
            still_open = True
        if still_open:
            self._sdk.reset(parsed.dn)

    # Status

    def status(self, reference: CertificateReference) -> CertificateStatus:
        """Tell by request id, serial number or certificate. Raises NotFound."""
        if reference.request_id is None:
            return self._lookup.described(self._lookup.located(reference))
        parsed = self._parsed(reference.request_id)
        try:
            return self._lookup.described(parsed)
        except Rejected as error:
            return CertificateStatus("rejected", request_id=str(parsed), detail=error.detail)

    def list_certificates(self) -> t.Iterator[CertificateStatus]:
        """Yield what is in the folder and those below it, pages of 500, two more calls for each."""
        for one in self._sdk.search(ParentDnRecursive=self._zone):
            try:
                yield self._lookup.described(RequestId(str(one["DN"])))
            except Rejected as error:
                yield CertificateStatus("rejected", request_id=str(one["DN"]), detail=error.detail)
            except NotFound:  # an object without a certificate, or removed since the page was read
                continue

    # Revocation

    def revoke(self, reference: CertificateReference, *, reason: str) -> bool:
        """Revoke (POST ``certificates/revoke``); the object stays usable. False if it was. Raises NotFound."""
        return self._sdk.revoke(self._named(reference), reason=REVOCATION_REASONS[reason])

    def _named(self, reference: CertificateReference) -> t.Dict[str, str]:
        if reference.certificate_pem:
            return {"Thumbprint": thumbprint_of(reference.certificate_pem)}
        if reference.serial_number:
            return {"Thumbprint": self._lookup.thumbprint(reference)}
        parsed = self._parsed(str(reference.request_id))
        if parsed.key is None:
            return {"CertificateDN": parsed.dn}
        found = self._lookup.collected(parsed)
        if isinstance(found, Pending):
            raise NotFound(
                f"The request {parsed} has no certificate yet that could be revoked; wait, or cancel it.",
                authority=self.NAME,
            )
        return {"Thumbprint": thumbprint_of(found.certificate_pem)}

    # What it tells about itself

    def policy(self) -> t.Optional[Policy]:
        """Return the folder's rules, None if these credentials may not read them. Raises Misconfigured."""
        folder = self._folder()
        return None if folder is None else policy_of(folder, source=f"the policy folder {self._zone}")

    def describe(self) -> t.Mapping[str, t.Any]:
        """Return the folder and what it suggests."""
        return {"policy_dn": self._zone, **suggestions(self._folder() or {})}

    def _folder(self) -> t.Optional[Fields]:
        with self._folder_lock:
            if self._folder_read is None:
                self._folder_read = (self._sdk.check_policy(self._zone),)
            return self._folder_read[0]
