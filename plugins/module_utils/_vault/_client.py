# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: no promise is made about what is in here.
"""Talking to one Vault or OpenBao server through hvac: lazy login, one more if the token died, errors in our terms."""

from __future__ import annotations

import hashlib
import json
import typing as t
from datetime import datetime, timedelta
from urllib.parse import quote

try:
    import hvac
    from hvac.adapters import RawAdapter
except ImportError:  # reported by VaultClient, in one sentence
    hvac = None

from ansible_collections.certfleet.pki.plugins.module_utils._authorities._base import Context, Login
from ansible_collections.certfleet.pki.plugins.module_utils._errors import Misconfigured, PkiError, Unauthorized
from ansible_collections.certfleet.pki.plugins.module_utils._http import Http
from ansible_collections.certfleet.pki.plugins.module_utils._vault._auth import Auth, StaticToken
from ansible_collections.certfleet.pki.plugins.module_utils._vault._errors import AUTHORITY, login_refused, refusal

if t.TYPE_CHECKING:
    import requests

__all__ = ("VaultClient",)

_CAPABILITIES = {"get": "read", "list": "list", "post": "update"}
_TOKEN_HEADER = "X-Vault-Token"


class _Session:
    """What hvac takes for a `requests` session; trust, limits and retries are Http's own."""

    verify = cert = proxies = None

    def __init__(self, http: Http) -> None:
        self._http = http

    def request(self, method: str, url: str, **content: t.Any) -> requests.Response:
        for decided_elsewhere in ("allow_redirects", "cert", "verify", "timeout", "proxies"):
            content.pop(decided_elsewhere, None)
        return self._http.request(method, url, **content)


class VaultClient:
    """One server and one way to log in. Usable from several threads.

    ``names`` (namespace, mount, role, issuer) are for the sentences of errors.
    """

    def __init__(
        self, http: Http, *, url: str, auth: t.Optional[Auth], names: t.Mapping[str, str], context: Context
    ) -> None:
        if hvac is None:
            raise Misconfigured(
                "The authority 'vault' needs the Python library 'hvac' on the controller; install it.",
                authority=AUTHORITY,
            )
        self._names = {"server": url, **names}
        self._auth = auth
        self._context = context
        self._adapter = hvac.Client(
            url=url,
            token="",  # set per call: the adapter is shared by threads
            session=_Session(http),
            namespace=names["namespace"] or None,
            adapter=RawAdapter,
            verify=True,
            ignore_exceptions=True,
            strict_http=True,
        ).adapter
        self._key = self._login_key(url, names["namespace"])

    def get(self, path: str, *, login: bool = True, missing: t.Optional[PkiError] = None) -> t.Dict[str, t.Any]:
        """Return the ``data`` of what is at ``path``; ``missing`` is raised if nothing is there."""
        return self._data(self._call("get", path, login=login), "get", path, missing)

    def list(
        self, path: str, *, login: bool = True, missing: t.Optional[PkiError] = None, **params: t.Any
    ) -> t.Dict[str, t.Any]:
        """Return the ``data`` of a listing: ``keys`` and, for some paths, ``key_info``."""
        return self._data(self._call("list", path, login=login, params=params), "list", path, missing)

    def post(self, path: str, data: t.Mapping[str, t.Any], *, repeatable: bool = False) -> t.Dict[str, t.Any]:
        """Send ``data`` and return the whole answer: ``data``, ``warnings`` ..."""
        response = self._call("post", path, json=dict(data), repeatable=repeatable)
        return self._body(response, "post", path, None)

    def _data(
        self, response: requests.Response, method: str, path: str, missing: t.Optional[PkiError]
    ) -> t.Dict[str, t.Any]:
        return self._body(response, method, path, missing).get("data") or {}

    def _body(
        self, response: requests.Response, method: str, path: str, missing: t.Optional[PkiError]
    ) -> t.Dict[str, t.Any]:
        if not response.ok:
            raise refusal(response, self._named(method, path), missing=missing)
        if response.status_code == 204 or not response.content:
            return {}
        try:
            body = response.json()
        except ValueError:
            body = None
        if not isinstance(body, dict):
            raise Misconfigured(
                f"What answers at {self._names['server']} is not Vault or OpenBao; check url.",
                authority=AUTHORITY,
                http_status=response.status_code,
            )
        return body

    def _call(self, method: str, path: str, *, login: bool = True, **content: t.Any) -> requests.Response:
        if not login:
            response = self._send(method, path, **content)
            # Without a token, a mount that does not exist looks like one that is forbidden.
            if response.status_code != 403 or self._auth is None:
                return response
        used = self._login()
        response = self._send(method, path, token=_token(used), **content)
        if response.status_code != 403 or self._is_alive(used):
            return response
        return self._send(method, path, token=_token(self._replace(used)), **content)

    def _send(self, method: str, path: str, *, token: str = "", **content: t.Any) -> requests.Response:
        headers = {_TOKEN_HEADER: token} if token else {}
        return getattr(self._adapter, method)(f"/v1/{quote(path, safe='/:')}", headers=headers, **content)

    def _named(self, method: str, path: str) -> t.Dict[str, str]:
        return {**self._names, "path": path, "capability": _CAPABILITIES[method]}

    # The login

    def _login_key(self, url: str, namespace: str) -> str:
        """Return a name for the login that tells every server, namespace and credential apart, and tells nothing."""
        method = (self._auth.NAME, dict(self._auth.options)) if self._auth else None
        text = json.dumps([url, namespace, method], sort_keys=True, default=str)
        return f"{AUTHORITY}:{hashlib.sha256(text.encode()).hexdigest()}"

    def _login(self) -> Login:
        if self._auth is None:
            raise Misconfigured(
                "There is nothing to log in to Vault with; give auth, or set VAULT_TOKEN or BAO_TOKEN.",
                authority=AUTHORITY,
            )
        if isinstance(self._auth, StaticToken):
            return Login(self._auth.token)
        login = self._context.tokens.get(self._key, self._log_in)
        if login.expires_at is not None and login.expires_at <= self._context.clock():
            return self._replace(login)
        return login

    def _replace(self, stale: Login) -> Login:
        """Return a new login for one that expired or was revoked. Raises Unauthorized for a token that was given."""
        if isinstance(self._auth, StaticToken):
            raise Unauthorized(
                f"The token is not valid on {self._names['server']}: expired, revoked or wrong; give another.",
                detail="permission denied",
                authority=AUTHORITY,
                http_status=403,
            )
        self._context.tokens.forget(self._key, stale)
        return self._context.tokens.get(self._key, lambda: self._log_in(_secret_id(stale)))

    def _is_alive(self, login: Login) -> bool:
        """Tell a token that lacks a right from one that is no more: Vault answers 403 to both."""
        return self._send("get", "auth/token/lookup-self", token=_token(login)).status_code != 403

    def _log_in(self, secret_id: str = "") -> Login:
        """Log in; ``secret_id`` is what an earlier login unwrapped, for a wrapping token works only once."""
        auth = t.cast(Auth, self._auth)
        asked_at = self._context.clock()
        unwrapped = secret_id or (self._unwrap(auth.wrapped) if auth.wrapped else "")
        response = self._send("post", auth.path, json=auth.body(unwrapped))
        names = {**self._named("post", auth.path), "mount": f"auth/{auth.mount}"}
        if not response.ok:
            raise login_refused(response, names, method=auth.NAME, hint=auth.hint)
        answer = self._body(response, "post", auth.path, None).get("auth") or {}
        if not answer.get("client_token"):
            raise Unauthorized(
                f"The login at {auth.path} gave no token; use an auth method without a second factor.",
                authority=AUTHORITY,
            )
        expiry = _expiry(asked_at, answer.get("lease_duration") or 0)
        return Login(" ".join(filter(None, (answer["client_token"], unwrapped))), expiry)

    def _unwrap(self, wrapping_token: str) -> str:
        """Return the secret id that a response-wrapping token holds."""
        response = self._send("post", "sys/wrapping/unwrap", token=wrapping_token.strip(), json={})
        if response.status_code in (400, 403, 404):
            raise Unauthorized(
                "The wrapped_secret_id was used before, is expired or wrong; if nobody of yours used it, "
                "revoke the secret id, and wrap another.",
                authority=AUTHORITY,
                http_status=response.status_code,
            )
        secret_id = (self._body(response, "post", "sys/wrapping/unwrap", None).get("data") or {}).get("secret_id")
        if not secret_id:
            raise Misconfigured("What wrapped_secret_id wraps is no secret id; wrap one.", authority=AUTHORITY)
        return str(secret_id)


def _expiry(asked_at: datetime, seconds: float) -> t.Optional[datetime]:
    """Return when to stop using a token: a little before its end; None if it has no end."""
    return asked_at + timedelta(seconds=seconds - min(30.0, seconds / 10)) if seconds else None


def _token(login: Login) -> str:
    """Return the token of a login; behind it, after a space, may be the secret id that it was made with."""
    return login.token.partition(" ")[0]


def _secret_id(login: Login) -> str:
    return login.token.partition(" ")[2]
