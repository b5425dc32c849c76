# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: no promise is made about what is in here.
"""The calls to EJBCA's REST API, each with its path, its fields and what its refusals mean.

API: modules/ejbca-rest-api/resources/openapi.json of https://github.com/Keyfactor/ejbca-ce
"""

from __future__ import annotations

import functools
import hashlib
import os
import typing as t

from ansible_collections.certfleet.pki.plugins.module_utils._authorities._base import Context
from ansible_collections.certfleet.pki.plugins.module_utils._ejbca._errors import (
    AUTHORITY,
    is_login_refused,
    refusal,
    words_of,
)
from ansible_collections.certfleet.pki.plugins.module_utils._ejbca._wire import base_url, field, segment
from ansible_collections.certfleet.pki.plugins.module_utils._errors import (
    BadCertificate,
    Misconfigured,
    NotFound,
    PkiError,
    Unauthorized,
)
from ansible_collections.certfleet.pki.plugins.module_utils._http import Http, canonical_url
from ansible_collections.certfleet.pki.plugins.module_utils._oauth import Bearer, ClientCredentials, OAuth
from ansible_collections.certfleet.pki.plugins.module_utils._rest import Answer, Rest

__all__ = ("EjbcaClient",)

Fields = t.Mapping[str, t.Any]

_FORBIDDEN, _NOT_FOUND = 403, 404
#: In days, to list by expiry whatever has not expired.
_CENTURY = 36525


class EjbcaClient:
    """One EJBCA and one way to log in. ``names`` fill the sentences of errors: CA, profiles, end entity."""

    def __init__(self, options: t.Mapping[str, t.Any], context: Context) -> None:
        self._options = options
        self._context = context
        self._auth = options["auth"]
        self.url = base_url(canonical_url(options["url"], authority=AUTHORITY))
        self._names = {name: options[name] for name in _NAMED}

    @functools.cached_property
    def _rest(self) -> Rest:
        cert = self._auth.get("cert")
        pair = (cert["certificate"], cert["private_key"]) if cert else None
        http = Http(self._options, authority=AUTHORITY, client_certificate=pair)
        return Rest(
            http,
            url=self.url,
            authority=AUTHORITY,
            context=self._context,
            credential=self._credential,
            refuses_login=is_login_refused,
        )

    @functools.cached_property
    def _credential(self) -> t.Optional[OAuth]:
        if self._auth.get("token"):
            return Bearer(self._auth["token"])
        if self._auth.get("oauth"):
            http = Http(self._options, authority=AUTHORITY)
            return ClientCredentials(http, self._auth["oauth"], authority=AUTHORITY, clock=self._context.clock)
        return None

    def secret(self) -> bytes:
        """Return what only this login knows, to derive from. Raises Misconfigured."""
        if self._auth.get("cert"):
            return _digest_of(self._auth["cert"]["private_key"])
        return (self._auth.get("token") or self._auth["oauth"]["client_secret"]).encode()

    # Enrolment

    def enrol(self, csr_pem: str, *, end_entity: str, code: str) -> Answer:
        """Ask for a certificate: 201, or 202 if it needs an approval."""
        body = {
            "certificate_request": csr_pem,
            "certificate_profile_name": self._names["certificate_profile"],
            "end_entity_profile_name": self._names["end_entity_profile"],
            "certificate_authority_name": self._names["certificate_authority"],
            "username": end_entity,
            "password": code,
            "include_chain": True,
        }
        binding = self._options.get("account_binding_id")
        if binding:
            body["account_binding_id"] = binding
        answer = self._rest.send("POST", "/v1/certificate/pkcs10enroll", json=body)
        if not answer.ok:
            raise self._refusal(answer, "to enrol", end_entity=end_entity, secrets=(code,))
        return answer

    def finalise(self, approval: str, *, end_entity: str, code: str) -> Answer:
        """Ask for what an approval allows: 201, 202 while it waits, 400 if it was decided otherwise, used before or never
        made, 403 if the code is wrong.
        """
        body = {"response_format": "DER", "password": code}
        answer = self._rest.send("POST", f"/v1/certificate/{segment(approval)}/finalize", json=body)
        wrong_code = answer.status == _FORBIDDEN and "invalid password" in words_of(answer).lower()
        if answer.ok or answer.status == 400 or wrong_code:
            return answer
        raise self._refusal(answer, "to finalise", end_entity=end_entity, secrets=(code,))

    # Finding

    def search(self, query: str, *, limit: int) -> t.Sequence[Fields]:
        """Return the CA's certificates whose serial number, end entity or names are exactly ``query``."""
        body = {
            "max_number_of_results": limit,
            "criteria": [
                {"property": "QUERY", "value": query, "operation": "EQUAL"},
                {"property": "CA", "value": self._names["certificate_authority"], "operation": "EQUAL"},
            ],
        }
        answer = self._rest.send("POST", "/v1/certificate/search", json=body, repeatable=True)
        return tuple(field(self._checked(answer, "to search for certificates").fields, "certificates") or ())

    def page(self, number: int, *, size: int) -> t.Optional[t.Sequence[Fields]]:
        """Return a page of what the CA issued, the first is 1; None if there is no search of version 2."""
        body = {
            "pagination": {"page_size": size, "current_page": number},
            "criteria": [{"property": "CA", "value": self._names["certificate_authority"], "operation": "EQUAL"}],
        }
        answer = self._rest.send("POST", "/v2/certificate/search", json=body, repeatable=True)
        if answer.status in (_FORBIDDEN, _NOT_FOUND):
            return None
        return tuple(field(self._checked(answer, "to list certificates").fields, "certificates") or ())

    def expiring(self, offset: int, *, size: int) -> t.Tuple[t.Sequence[Fields], t.Optional[int]]:
        """Return certificates of every CA that have not expired, and the offset of the next, None at the end."""
        wanted = {"days": _CENTURY, "offset": offset, "maxNumberOfResults": size}
        fields = self._get("/v1/certificate/expire", "to list certificates", params=wanted).fields
        paging = field(fields, "pagination_rest_response_component") or {}
        certificates = field(field(fields, "certificates_rest_response") or {}, "certificates") or ()
        following = field(paging, "next_offset") if field(paging, "more_results") is True else None
        return tuple(certificates), following if isinstance(following, int) and following > offset else None

    def authorities(self) -> t.Sequence[Fields]:
        """Return the CAs that the login may see."""
        answer = self._get("/v1/ca", "to read the CAs")
        return tuple(field(answer.fields, "certificate_authorities") or ())

    def authority_pem(self, subject_dn: str) -> str:
        """Return a CA's certificate and those above it, as PEM text."""
        answer = self._get(f"/v1/ca/{segment(subject_dn)}/certificate/download", "to read the CA's certificate")
        if not isinstance(answer.body, str):
            raise BadCertificate("EJBCA's answer holds no certificate of the CA.", authority=AUTHORITY)
        return answer.body

    def certificate_profile(self) -> t.Optional[Fields]:
        """Return the certificate profile, None if this EJBCA or login can't read it. Raises Misconfigured."""
        name = self._names["certificate_profile"]
        answer = self._rest.send("GET", f"/v2/certificate/profile/{segment(name)}")
        if answer.ok:
            return answer.fields
        if answer.status == _FORBIDDEN or (answer.status == _NOT_FOUND and "profile" not in words_of(answer).lower()):
            return None
        raise self._refusal(answer, "to read the certificate profile")

    # Revocation

    def revocation(self, issuer_dn: str, serial: str) -> Fields:
        """Return whether and why a certificate is revoked. Raises NotFound."""
        path = f"/v1/certificate/{segment(issuer_dn)}/{serial}/revocationstatus"
        return self._get(path, "to read the status", missing=self._unknown(serial)).fields

    def revoke(self, issuer_dn: str, serial: str, *, reason: str) -> Answer:
        """Revoke: 200, 202 or 400 if that needs an approval, 409 if there is nothing to change. Raises NotFound."""
        path = f"/v1/certificate/{segment(issuer_dn)}/{serial}/revoke"
        answer = self._rest.send("PUT", path, params={"reason": reason})
        if answer.ok or answer.status == 409 or (answer.status == 400 and "approv" in words_of(answer).lower()):
            return answer
        raise self._refusal(answer, "to revoke the certificate", missing=self._unknown(serial))

    def _unknown(self, serial: str) -> NotFound:
        name = self._names["certificate_authority"]
        return NotFound(
            f"The CA '{name}' of EJBCA has no certificate {serial}; check the serial number.", authority=AUTHORITY
        )

    def _get(
        self, path: str, what: str, *, missing: t.Optional[PkiError] = None, params: t.Optional[Fields] = None
    ) -> Answer:
        return self._checked(self._rest.send("GET", path, params=params), what, missing=missing)

    def _checked(self, answer: Answer, what: str, *, missing: t.Optional[PkiError] = None) -> Answer:
        if not answer.ok:
            raise self._refusal(answer, what, missing=missing)
        return answer

    def told(self, answer: Answer, *, secrets: t.Tuple[str, ...] = ()) -> str:
        """Return EJBCA's own words, without credentials."""
        shown = self._credential.secrets if self._credential else ()
        return words_of(answer, secrets=(*secrets, *shown))

    def _refusal(
        self,
        answer: Answer,
        what: str,
        *,
        end_entity: str = "",
        missing: t.Optional[PkiError] = None,
        secrets: t.Tuple[str, ...] = (),
    ) -> PkiError:
        if is_login_refused(answer):
            what_for = "client certificate; check auth.cert" if self._auth.get("cert") else "token; check auth"
            return Unauthorized(
                f"{self.url} does not accept the {what_for}, and the role that it has in EJBCA.",
                detail=self.told(answer, secrets=secrets),
                authority=AUTHORITY,
                http_status=answer.status,
            )
        names = {**self._names, "end_entity": end_entity}
        return refusal(self._rest, answer, what, names, words=self.told(answer, secrets=secrets), missing=missing)


_NAMED = ("certificate_authority", "certificate_profile", "end_entity_profile")


def _digest_of(path: str) -> bytes:
    try:
        with open(os.path.expanduser(path), "rb") as file:
            return hashlib.sha256(file.read()).digest()
    except OSError as error:
        raise Misconfigured(f"{path} can't be read: {error.strerror}.", authority=AUTHORITY) from None
