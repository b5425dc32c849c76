# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: no promise is made about what is in here.

"""cfssl serve: a profile of a server signs the request, authenticated by a shared key if the profile asks for it.

Everything is answered at once. The server keeps what it issued only for its CRL, so nothing can be
fetched again: there is no request id.
API: github.com/cloudflare/cfssl, doc/api
"""

from __future__ import annotations

import base64
import functools
import typing as t

from ansible_collections.certfleet.pki.plugins.module_utils._authorities._base import (
    Authority,
    Context,
    HasChain,
    HasPolicy,
    ReportsStatus,
    Revokes,
)
from ansible_collections.certfleet.pki.plugins.module_utils._cfssl._errors import refusal
from ansible_collections.certfleet.pki.plugins.module_utils._cfssl._options import CFSSL_OPTIONS, CFSSL_RELATIONS
from ansible_collections.certfleet.pki.plugins.module_utils._cfssl._wire import (
    REASONS,
    auth_key,
    authenticated,
    policy_of,
)
from ansible_collections.certfleet.pki.plugins.module_utils._durations import format_duration
from ansible_collections.certfleet.pki.plugins.module_utils._errors import Misconfigured, NotFound, PkiError
from ansible_collections.certfleet.pki.plugins.module_utils._http import Http, canonical_url
from ansible_collections.certfleet.pki.plugins.module_utils._model import (
    AuthorityChain,
    CertificateReference,
    CertificateStatus,
    Issued,
    Order,
)
from ansible_collections.certfleet.pki.plugins.module_utils._pem import split_pem
from ansible_collections.certfleet.pki.plugins.module_utils._policy import Policy
from ansible_collections.certfleet.pki.plugins.module_utils._presented import (
    no_requests,
    presented_status,
    require_own,
    revocation_of,
    serial_of,
)
from ansible_collections.certfleet.pki.plugins.module_utils._rest import Answer, Rest
from ansible_collections.certfleet.pki.plugins.module_utils._x509 import read_certificate

__all__ = ("CfsslAuthority",)

_API = "/api/v1/cfssl/"


class CfsslAuthority(Authority, Revokes, ReportsStatus, HasPolicy, HasChain):
    """One profile of one server."""

    NAME = "cfssl"
    DESCRIPTION = "cfssl by Cloudflare: a profile of `cfssl serve` or multirootca signs the request."
    OPTIONS = CFSSL_OPTIONS
    RELATIONS = CFSSL_RELATIONS

    def __init__(self, options: t.Mapping[str, t.Any], context: t.Optional[Context] = None) -> None:
        super().__init__(options, context)
        self._url = canonical_url(options.get("url") or "", authority=self.NAME)
        self._profile = str(options.get("profile") or "")
        self._label = str(options.get("label") or "")
        self._auth_key = auth_key(options["auth_key"]) if options.get("auth_key") else b""

    @property
    def identity(self) -> str:
        return f"{self.NAME}:{self._url}/{self._profile}" + (f"@{self._label}" if self._label else "")

    @functools.cached_property
    def _rest(self) -> Rest:
        certificate, key = (self.options.get(f"client_{part}") for part in ("certificate", "key"))
        http = Http(
            self.options,
            authority=self.NAME,
            client_certificate=(certificate, key) if certificate and key else None,
        )
        return Rest(http, url=self._url, authority=self.NAME, context=self.context)

    def _ask(self, endpoint: str, body: t.Mapping[str, t.Any], *, repeatable: bool = False) -> t.Mapping[str, t.Any]:
        """Return the result of a call. Raises what ``refusal`` makes of a refusal."""
        answer = self._rest.send("POST", _API + endpoint, json=dict(body), repeatable=repeatable)
        result = answer.fields.get("result")
        if not answer.ok or answer.fields.get("success") is not True or not isinstance(result, dict):
            raise self._refusal(answer, endpoint)
        return result

    def _refusal(self, answer: Answer, endpoint: str) -> PkiError:
        return refusal(self._rest, answer, endpoint, profile=self._profile)

    @functools.cached_property
    def _info(self) -> t.Mapping[str, t.Any]:
        """What the server tells about the profile and its CA (POST ``info``)."""
        return self._ask("info", {"label": self._label, "profile": self._profile}, repeatable=True)

    @functools.cached_property
    def _issuers(self) -> t.Tuple[str, ...]:
        return tuple(split_pem(str(self._info.get("certificate") or "")))

    # Issuing

    def request(self, order: Order) -> Issued:
        """Sign the CSR (POST ``sign`` or ``authsign``). Raises PolicyViolation, Rejected, Misconfigured, Unauthorized."""
        self._check_lifetime(order.lifetime)
        body = {"certificate_request": order.csr_pem, "profile": self._profile, "label": self._label}
        asked = {name: value for name, value in body.items() if value}
        issuers = self._issuers
        result = self._signed(asked)
        issued = split_pem(str(result.get("certificate") or ""))
        if not issued:
            raise Misconfigured(f"What answers at {self._url} is not cfssl; check url.", authority=self.NAME)
        return Issued(issued[0], (*issued[1:], *issuers))

    def _signed(self, body: t.Mapping[str, t.Any]) -> t.Mapping[str, t.Any]:
        if not self._auth_key:
            return self._ask("sign", body)
        return self._ask("authsign", authenticated(body, self._auth_key))

    def _check_lifetime(self, lifetime: t.Optional[int]) -> None:
        """Refuse a lifetime that is not the profile's: cfssl takes none with a request."""
        fixed = self._rules.max_lifetime if lifetime else None
        if lifetime and lifetime != fixed:
            issues = f" ({format_duration(fixed)})" if fixed else ""
            raise Misconfigured(
                f"cfssl issues for the lifetime of its profile{issues}, and {format_duration(lifetime)} is asked for; "
                "leave lifetime out, or use another profile.",
                authority=self.NAME,
            )

    def collect(self, request_id: str) -> Issued:
        """Raise NotFound: cfssl gives out a certificate once, when it signs it."""
        raise self._no_requests(request_id)

    def _no_requests(self, request_id: str) -> NotFound:
        return no_requests(f"cfssl at {self._url}", request_id, authority=self.NAME)

    # Status and revocation

    def status(self, reference: CertificateReference) -> CertificateStatus:
        """Tell what the certificate's dates and the server's CRL, if it has one, say. Raises NotFound (of another CA).

        Without the certificate itself, only that it is revoked can be known.
        """
        if reference.certificate_pem:
            facts = read_certificate(reference.certificate_pem)
            require_own(facts, self._issuers, authority=self.NAME, url=self._url)
        self._serial(reference)
        return presented_status(reference, self._issuers, crl=self._crl(), now=self.context.clock())

    def _serial(self, reference: CertificateReference) -> str:
        """Return the serial number in hex. Raises NotFound for request ids, which are not the CA's."""
        if reference.request_id:
            raise self._no_requests(reference.request_id)
        return serial_of(reference)

    def _crl(self) -> t.Optional[bytes]:
        """Return the current CRL (GET ``crl``; newer servers with a database), None where there is none."""
        answer = self._rest.send("GET", _API + "crl")
        told = answer.fields.get("result") if answer.ok else None
        try:
            return base64.b64decode(told) if isinstance(told, str) else None
        except ValueError:
            return None

    def revoke(self, reference: CertificateReference, *, reason: str) -> bool:
        """Revoke (POST ``revoke``). False if the CRL has it already; what is on hold can become final. Raises NotFound."""
        serial = self._serial(reference)
        before = revocation_of(self._crl(), serial)
        if before and (before.reason != "certificate_hold" or reason == "certificate_hold"):
            return False
        body = {"serial": str(int(serial, 16)), "authority_key_id": self._key_id(reference), "reason": REASONS[reason]}
        try:
            self._ask("revoke", body, repeatable=True)
        except NotFound:
            # cfssl 1.2, built with a newer Go, records certificates without their authority's key id.
            self._ask("revoke", {**body, "authority_key_id": ""}, repeatable=True)
        return True

    def _key_id(self, reference: CertificateReference) -> str:
        """Return the authority key id that the server has recorded with a certificate, in lower-case hex."""
        if reference.certificate_pem:
            return read_certificate(reference.certificate_pem).authority_key_id or ""
        return next((read_certificate(pem).subject_key_id or "" for pem in self._issuers), "")

    # What it tells about itself

    @property
    def _rules(self) -> Policy:
        return policy_of(self._info, source=f"the profile '{self._profile or 'default'}' of cfssl")

    def policy(self) -> t.Optional[Policy]:
        """Return the lifetime and the extended usages of the profile; its name rules are not told."""
        return self._rules

    def chain(self) -> AuthorityChain:
        """Return the issuing certificate; what is above it the server does not tell."""
        return AuthorityChain(self._issuers)
