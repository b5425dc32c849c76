# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The authentication server (``/vedauth``) of the simulated Trust Protection Platform."""

from __future__ import annotations

import dataclasses
import secrets
import time
import typing as t

from cryptography import x509

from ansible_collections.certfleet.pki.tests.support.simulators import Answer, Call, Refused, Reply, Simulator, route

__all__ = ("AuthServer", "Grant")

USER, PASSWORD = "ansible", "correct-horse-Battery-9"
CLIENT_ID = "vcert-sdk"
LIFETIME = 7776000


@dataclasses.dataclass
class Grant:
    """An access token's rights: scope names such as ``certificate:manage``, and its end (seconds since 1970)."""

    scopes: t.FrozenSet[str]
    expires: float


class AuthServer(Simulator):
    """Users, client certificates and tokens. Refresh tokens rotate: each works once."""

    def __init__(self, *args: t.Any, **options: t.Any) -> None:
        super().__init__(*args, **options)
        self.users = {USER: PASSWORD}
        self.client_ids = {CLIENT_ID}
        self.allowed_scopes = {"certificate", "certificate:manage", "certificate:revoke", "certificate:discover"}
        self.token_lifetime = LIFETIME
        self.tells_expires_in = True
        self.grants: t.Dict[str, Grant] = {}
        self.refresh_tokens: t.Dict[str, str] = {}
        self.used_refresh_tokens: t.Set[str] = set()

    # What tests use

    def access_token(self, scope: str = "certificate:manage,revoke") -> str:
        """Return an access token, as an administrator gives one out."""
        return str(self._tokens(scope)["access_token"])

    def refresh_token(self, scope: str = "certificate:manage,revoke") -> str:
        """Return a refresh token that was not used yet."""
        return str(self._tokens(scope)["refresh_token"])

    def expire_tokens(self) -> None:
        """End all access tokens that are out."""
        with self.lock:
            for grant in self.grants.values():
                grant.expires = 0

    def logins(self) -> int:
        """Return how often a token was asked for."""
        return self.count("/vedauth/authorize/(oauth|certificate|token)")

    # The paths

    @route("POST", "(?i)/vedauth/authorize/oauth")
    def by_password(self, call: Call) -> Answer:
        fields = {"client_id": str, "username": str, "password": str, "scope": str, "state": str}
        body = self.fields(call, fields, required=("client_id", "username", "password", "scope"))
        if self.users.get(body["username"]) != body["password"]:
            raise self._denied("invalid_grant", "Username/password combination not valid")
        return self._granted(body)

    @route("POST", "(?i)/vedauth/authorize/certificate")
    def by_certificate(self, call: Call) -> Answer:
        body = self.fields(call, {"client_id": str, "scope": str}, required=("client_id", "scope"))
        if call.client_certificate is None:
            raise self._denied("invalid_grant", "No client certificate was presented", status=401)
        certificate = x509.load_der_x509_certificate(call.client_certificate)
        names = certificate.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
        if not names or names[0].value not in self.users:
            raise self._denied("invalid_grant", "The certificate belongs to no user", status=401)
        return self._granted(body)

    @route("POST", "(?i)/vedauth/authorize/token")
    def by_refresh_token(self, call: Call) -> Answer:
        fields = {"client_id": str, "refresh_token": str}
        body = self.fields(call, fields, required=("client_id", "refresh_token"))
        self._check_client(body["client_id"])
        scope = self.refresh_tokens.pop(body["refresh_token"], None)
        if scope is None:
            raise self._denied("invalid_grant", "Grant has been revoked, has expired, or the refresh token is invalid")
        self.used_refresh_tokens.add(body["refresh_token"])
        return Reply(200, self._tokens(scope))

    @route("GET", "(?i)/vedauth/authorize/verify")
    def verify(self, call: Call) -> Answer:
        grant = self.authorized(call)
        return {
            "identity": USER,
            "scope": " ".join(sorted(grant.scopes)),
            "valid_for": int(grant.expires - time.time()),
        }

    def _granted(self, body: t.Mapping[str, str]) -> Reply:
        self._check_client(body["client_id"])
        if not _scopes(body["scope"]) <= self.allowed_scopes:
            raise self._denied("invalid_scope", "The requested scope exceeds what the application may ask for")
        return Reply(200, self._tokens(body["scope"]))

    def _check_client(self, client_id: str) -> None:
        if client_id not in self.client_ids:
            raise self._denied("invalid_client", "The client_id is unknown or the user is not allowed to use it")

    def _tokens(self, scope: str) -> t.Dict[str, t.Any]:
        access, refresh = secrets.token_urlsafe(24), secrets.token_urlsafe(24)
        expires = time.time() + self.token_lifetime
        self.grants[access] = Grant(_scopes(scope), expires)
        self.refresh_tokens[refresh] = scope
        return {
            "access_token": access,
            "refresh_token": refresh,
            "expires": int(expires),
            **({"expires_in": self.token_lifetime} if self.tells_expires_in else {}),
            "refresh_until": int(expires) + LIFETIME,
            "identity": f"local:{{{USER}}}",
            "scope": scope,
            "token_type": "Bearer",
        }

    @staticmethod
    def _denied(error: str, description: str, *, status: int = 400) -> Refused:
        return Refused(status, {"error": error, "error_description": description})

    def authorized(self, call: Call, scope: str = "certificate") -> Grant:
        """Return the grant of a call, or refuse it: 401 without a good token, 403 without the scope."""
        kind, _space, token = call.headers.get("Authorization", "").partition(" ")
        grant = self.grants.get(token) if kind == "Bearer" else None
        if grant is None or grant.expires <= time.time():
            raise Refused(401, {"error": "invalid_token", "error_description": "Access token is invalid or expired"})
        if scope != "certificate" and scope not in grant.scopes:
            raise Refused(403, {"error": "insufficient_scope", "error_description": f"Missing scope {scope}"})
        return grant


def _scopes(text: str) -> t.FrozenSet[str]:
    """Spell out ``certificate:manage,revoke;configuration`` as single scopes."""
    found = set()
    for part in text.split(";"):
        name, _colon, restrictions = part.partition(":")
        found.add(name)
        found.update(f"{name}:{restriction}" for restriction in restrictions.split(",") if restriction)
    return frozenset(found)
