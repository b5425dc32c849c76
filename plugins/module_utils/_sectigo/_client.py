# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: no promise is made about what is in here.
"""The calls to Sectigo Certificate Manager, each with its path, its fields and what its refusals mean.

API: SCM REST API 25 (https://scm.devx.sectigo.com), chapter SSL certificates.
"""

from __future__ import annotations

import functools
import typing as t
from urllib.parse import urlsplit

from ansible_collections.certfleet.pki.plugins.module_utils._authorities._base import Context
from ansible_collections.certfleet.pki.plugins.module_utils._errors import BadCertificate, PkiError
from ansible_collections.certfleet.pki.plugins.module_utils._http import Http, canonical_url
from ansible_collections.certfleet.pki.plugins.module_utils._oauth import ClientCredentials
from ansible_collections.certfleet.pki.plugins.module_utils._rest import Answer, Rest
from ansible_collections.certfleet.pki.plugins.module_utils._sectigo._errors import (
    ALREADY_REVOKED,
    AUTHORITY,
    NO_RENEWAL,
    code_of,
    is_not_ready,
    refusal,
    words_of,
)

__all__ = ("SectigoClient",)

Fields = t.Mapping[str, t.Any]

_CLASSIC, _ADMIN = "https://cert-manager.com", "https://admin.enterprise.sectigo.com/api"
_JSON = "application/json;charset=utf-8"


class SectigoClient:
    """One tenant of Sectigo and one way to log in."""

    def __init__(self, options: Fields, context: Context) -> None:
        self._options = options
        self._context = context
        self._auth = options["auth"]
        self.url = self._base()

    def _base(self) -> str:
        given = self._options.get("url") or (_ADMIN if self._auth.get("oauth") else _CLASSIC)
        url = canonical_url(given, authority=AUTHORITY)
        path = "/private/api" if self._auth.get("cert") else "/api"
        return url if urlsplit(url).path else url + path

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
            headers={"Content-Type": _JSON, **self._login_headers()},
        )

    @functools.cached_property
    def _credential(self) -> t.Optional[ClientCredentials]:
        if not self._auth.get("oauth"):
            return None
        http = Http(self._options, authority=AUTHORITY)
        return ClientCredentials(http, self._auth["oauth"], authority=AUTHORITY, clock=self._context.clock)

    def _login_headers(self) -> t.Dict[str, str]:
        login = self._auth.get("password") or self._auth.get("cert") or {}
        named = {"login": "login", "password": "password", "customerUri": "customer_uri"}
        return {header: login[name] for header, name in named.items() if login.get(name)}

    # Profiles

    def types(self) -> t.Sequence[Fields]:
        """Return the organization's profiles."""
        return self._list("/ssl/v1/types", "to read the profiles", organizationId=self._options["organization_id"])

    def custom_fields(self) -> t.Sequence[Fields]:
        """Return the account's custom fields."""
        return self._list("/ssl/v1/customFields", "to read the custom fields")

    # Orders

    def enrol(self, body: Fields) -> int:
        """Place an order, and return its id."""
        return self._ssl_id(self._call("POST", "/ssl/v1/enroll", "to enrol", json=body))

    def renew(self, ssl_id: int, body: Fields) -> t.Optional[int]:
        """Place an order that follows another, and return its id, None if the profile does not have that."""
        answer = self._rest.send("POST", f"/ssl/v1/renewById/{ssl_id}", json=body)
        if code_of(answer) == NO_RENEWAL:
            return None
        return self._ssl_id(self._checked(answer, "to renew"))

    def details(self, ssl_id: int) -> Fields:
        """Return what Sectigo knows about an order. Raises NotFound."""
        return self._call("GET", f"/ssl/v1/{ssl_id}", "to read the order").fields

    def dcv(self, ssl_id: int) -> t.Any:
        """Return how far the validation of the domains is, None if Sectigo does not say."""
        answer = self._rest.send("GET", f"/ssl/v1/{ssl_id}/dcv")
        return answer.body if answer.ok else None

    def collect(self, ssl_id: int) -> t.Optional[str]:
        """Return the certificate and its chain as PEM text, None if it is not ready."""
        answer = self._rest.send("GET", f"/ssl/v1/collect/{ssl_id}", params={"format": "x509"})
        if not answer.ok and is_not_ready(answer):
            return None
        body = self._checked(answer, "to collect the certificate").body
        return body if isinstance(body, str) else ""

    def decline(self, ssl_id: int, *, message: str) -> None:
        """Refuse an order that waits for approval."""
        self._call("POST", f"/ssl/v1/decline/{ssl_id}", "to decline the order", json={"message": message})

    def revoke(self, ssl_id: int, *, code: int, reason: str) -> bool:
        """Revoke; False if it was revoked before. The Admin Operations API wants the code as text, the classic one a number."""
        body = {"reasonCode": str(code) if self._credential else code, "reason": reason}
        answer = self._rest.send("POST", f"/ssl/v1/revoke/{ssl_id}", json=body)
        if not answer.ok and code_of(answer) in ALREADY_REVOKED:
            return False
        self._checked(answer, "to revoke the certificate")
        return True

    def listed(self, *, size: int, **wanted: t.Any) -> t.Iterator[Fields]:
        """Yield the orders that fit, page by page; ``wanted`` are the API's own parameters."""
        position = 0
        while True:
            page = self._list("/ssl/v1", "to list certificates", size=size, position=position, **wanted)
            yield from page
            if len(page) < size:
                return
            position += size

    def _list(self, path: str, what: str, **params: t.Any) -> t.Sequence[Fields]:
        body = self._call("GET", path, what, params=params).body
        return tuple(entry for entry in body if isinstance(entry, dict)) if isinstance(body, list) else ()

    def _call(self, method: str, path: str, what: str, **content: t.Any) -> Answer:
        return self._checked(self._rest.send(method, path, **content), what)

    def _checked(self, answer: Answer, what: str) -> Answer:
        if not answer.ok:
            raise self._refusal(answer, what)
        return answer

    def _refusal(self, answer: Answer, what: str) -> PkiError:
        given = (self._auth.get("password") or {}).get("password")
        shown = self._credential.secrets if self._credential else ()
        words = words_of(answer, secrets=(*filter(None, [given]), *shown))
        return refusal(self._rest, answer, what, self._options_named(), words=words)

    def _options_named(self) -> Fields:
        return {name: self._options[name] for name in ("organization_id", "profile")}

    @staticmethod
    def _ssl_id(answer: Answer) -> int:
        ssl_id = answer.fields.get("sslId")
        if not isinstance(ssl_id, int) or isinstance(ssl_id, bool):
            raise BadCertificate("Sectigo's answer to the order holds no sslId.", authority=AUTHORITY)
        return ssl_id
