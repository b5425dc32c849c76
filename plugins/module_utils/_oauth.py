# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: no promise is made about what is in here.
"""Logins by OAuth 2.0 bearer token (RFC 6750): one that is given, or one got with client credentials (RFC 6749, 4.4)."""

from __future__ import annotations

import typing as t
from datetime import datetime

from ansible_collections.certfleet.pki.plugins.module_utils._authorities._base import Login
from ansible_collections.certfleet.pki.plugins.module_utils._errors import Unauthorized, Unavailable
from ansible_collections.certfleet.pki.plugins.module_utils._http import Http, canonical_url, retry_after
from ansible_collections.certfleet.pki.plugins.module_utils._rest import Credential, expires_in

__all__ = ("Bearer", "ClientCredentials", "OAuth", "client_credentials_entry")


def client_credentials_entry(*, token_url: t.Optional[str] = None) -> t.Dict[str, t.Any]:
    """Return the option that ClientCredentials takes; ``token_url`` is the CA's own, if it has one for everybody."""

    def text(description: str, **more: t.Any) -> t.Dict[str, t.Any]:
        return {"type": "str", "description": [description], **more}

    address = {"default": token_url} if token_url else {"required": True}
    return {
        "type": "dict",
        "description": ["Logs in with OAuth client credentials."],
        "options": {
            "token_url": text("Address that tokens are asked for at.", no_log=False, **address),
            "client_id": text("Id of the client.", required=True),
            "client_secret": text("Its secret.", required=True, no_log=True),
            "scope": text("Scopes to ask for, separated by spaces."),
            "audience": text("Audience to ask for, where the provider wants one."),
        },
    }


class OAuth(Credential):
    """Shows a bearer token, and tells what of a server's words must not be told on."""

    _shown: t.Tuple[str, ...] = ()

    def headers(self, login: Login) -> t.Mapping[str, str]:
        if login.token not in self._shown:
            self._shown += (login.token,)
        return {"Authorization": f"Bearer {login.token}"}

    @property
    def secrets(self) -> t.Tuple[str, ...]:
        """The tokens that were shown to the server so far, which a server may quote."""
        return self._shown


class Bearer(OAuth):
    """A token that somebody else got."""

    def __init__(self, token: str) -> None:
        self._token = token.strip()

    @property
    def identity(self) -> t.Sequence[t.Any]:
        return ("bearer", self._token)

    def log_in(self) -> Login:
        return Login(self._token)


class ClientCredentials(OAuth):
    """Gets tokens with a client's id and secret; ``options`` are those of client_credentials_entry."""

    def __init__(
        self, http: Http, options: t.Mapping[str, t.Any], *, authority: str, clock: t.Callable[[], datetime]
    ) -> None:
        """Raises Misconfigured if token_url is no address; connects to nothing yet."""
        self._http = http
        self._url = canonical_url(options["token_url"], authority=authority)
        self._options = options
        self._authority = authority
        self._clock = clock

    @property
    def identity(self) -> t.Sequence[t.Any]:
        return ("client_credentials", self._url, *sorted(self._form().items()))

    def log_in(self) -> Login:
        asked_at = self._clock()
        # Asking for a token twice does no harm.
        response = self._http.request("POST", self._url, data=self._form(), repeatable=True)
        status = response.status_code
        if status == 429 or status >= 500:
            raise Unavailable(
                f"{self._url} could not serve the login (HTTP status {status}); try again later.",
                authority=self._authority,
                http_status=status,
                retry_after=retry_after(response),
            )
        answer = _object(response)
        token = answer.get("access_token")
        if status >= 400 or not isinstance(token, str) or not token:
            raise self._refused(status, answer.get("error"))
        return Login(token, expires_in(asked_at, answer.get("expires_in")))

    def _form(self) -> t.Dict[str, str]:
        given = {name: self._options.get(name) for name in ("client_id", "client_secret", "scope", "audience")}
        return {"grant_type": "client_credentials", **{name: value for name, value in given.items() if value}}

    def _refused(self, status: int, error: t.Any) -> Unauthorized:
        """Only the error code is told (RFC 6749, 5.2): a description may quote what was sent."""
        code = error if isinstance(error, str) and error.replace("_", "").isalpha() else f"HTTP status {status}"
        return Unauthorized(
            f"{self._url} gave no token for the OAuth client ({code}); check token_url, client_id and client_secret.",
            detail=code,
            authority=self._authority,
            http_status=status,
        )


def _object(response: t.Any) -> t.Mapping[str, t.Any]:
    try:
        body = response.json()
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}
