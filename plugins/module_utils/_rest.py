# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: no promise is made about what is in here.
"""JSON over HTTP, as most CAs speak it: one login for a whole run, renewed once, silently, when the server refuses it."""

from __future__ import annotations

import abc
import dataclasses
import hashlib
import json
import typing as t
from datetime import datetime, timedelta

from ansible_collections.certfleet.pki.plugins.module_utils._authorities._base import Context, Login
from ansible_collections.certfleet.pki.plugins.module_utils._errors import (
    Misconfigured,
    PkiError,
    Unauthorized,
    Unavailable,
)
from ansible_collections.certfleet.pki.plugins.module_utils._http import Http, retry_after

if t.TYPE_CHECKING:
    import requests

__all__ = ("Answer", "Credential", "Rest", "expires_in")

_UNAUTHORIZED = 401
_FORBIDDEN = 403
_TOO_MANY_REQUESTS = 429


@dataclasses.dataclass(frozen=True)
class Answer:
    """What a server answered: ``body`` is parsed JSON, text if it is none, or None if there is nothing."""

    status: int
    body: t.Any
    headers: t.Mapping[str, str]
    retry_after: t.Optional[float] = None

    @property
    def ok(self) -> bool:
        return self.status < 400

    @property
    def fields(self) -> t.Mapping[str, t.Any]:
        """The body if it is a JSON object, else nothing."""
        return self.body if isinstance(self.body, dict) else {}


class Credential(abc.ABC):
    """A way to log in."""

    @property
    @abc.abstractmethod
    def identity(self) -> t.Sequence[t.Any]:
        """Return what tells this login from another: server, user, the credential itself. It is only hashed."""

    @abc.abstractmethod
    def log_in(self) -> Login:
        """Log in. Raises Unauthorized, Unavailable."""

    @abc.abstractmethod
    def headers(self, login: Login) -> t.Mapping[str, str]:
        """Return the headers that show the login to the server."""


class Rest:
    """One server below one URL, and one way to log in. Usable from several threads."""

    def __init__(
        self,
        http: Http,
        *,
        url: str,
        authority: str,
        context: Context,
        credential: t.Optional[Credential] = None,
        headers: t.Optional[t.Mapping[str, str]] = None,
        refuses_login: t.Optional[t.Callable[[Answer], bool]] = None,
    ) -> None:
        """``headers`` go with every request, ``credential`` adds those of a login.

        ``refuses_login`` tells the answers that mean that a login is not or no longer good, where that is not 401.
        """
        self._http = http
        self.url = url
        self._authority = authority
        self._context = context
        self._credential = credential
        self._headers = dict(headers or {})
        self._refuses_login = refuses_login or _is_unauthorized

    def send(
        self,
        method: str,
        path: str,
        *,
        login: bool = True,
        repeatable: t.Optional[bool] = None,
        headers: t.Optional[t.Mapping[str, str]] = None,
        **content: t.Any,
    ) -> Answer:
        """Send and return the answer, whatever its status. ``content``: json, data, params.

        A login that the server refuses is made once more, which is safe: nothing was done.
        Raises Unavailable, Misconfigured (see Http.request), and what the login raises.
        """
        if self._credential is None or not login:
            return self._send(method, path, {}, headers, repeatable, content)
        used = self._login(self._credential)
        answer = self._send(method, path, self._credential.headers(used), headers, repeatable, content)
        if not self._refuses_login(answer):
            return answer
        self._context.tokens.forget(self._key(self._credential), used)
        renewed = self._login(self._credential)
        if renewed.token == used.token:
            return answer
        return self._send(method, path, self._credential.headers(renewed), headers, repeatable, content)

    def refusal(self, answer: Answer, what: str, *, told: str = "") -> PkiError:
        """Return the error for an answer that means the same at every CA.

        ``what`` is what was asked for, such as "to revoke the certificate"; ``told`` the server's own
        words, free of credentials.
        """
        says = f": {told.rstrip(' .')}" if told else f" (HTTP status {answer.status})"
        known: t.Dict[str, t.Any] = {"detail": told, "authority": self._authority, "http_status": answer.status}
        if answer.status == _UNAUTHORIZED:
            return Unauthorized(f"{self.url} refused the login{says}; check the credentials.", **known)
        if answer.status == _FORBIDDEN:
            return Unauthorized(f"{self.url} does not allow {what}{says}; check the rights of the login.", **known)
        if answer.status == _TOO_MANY_REQUESTS or answer.status >= 500:
            return Unavailable(
                f"{self.url} could not serve the request {what}{says}; try again later.",
                retry_after=answer.retry_after,
                **known,
            )
        return Misconfigured(f"{self.url} refused {what}{says}; check the options.", **known)

    def _send(
        self,
        method: str,
        path: str,
        login: t.Mapping[str, str],
        headers: t.Optional[t.Mapping[str, str]],
        repeatable: t.Optional[bool],
        content: t.Mapping[str, t.Any],
    ) -> Answer:
        shown = {**self._headers, **(headers or {}), **login}
        response = self._http.request(method, self.url + path, repeatable=repeatable, headers=shown, **content)
        return _answer(response)

    def _login(self, credential: Credential) -> Login:
        key = self._key(credential)
        login = self._context.tokens.get(key, credential.log_in)
        if login.expires_at is not None and login.expires_at <= self._context.clock():
            self._context.tokens.forget(key, login)
            login = self._context.tokens.get(key, credential.log_in)
        return login

    def _key(self, credential: Credential) -> str:
        text = json.dumps([self.url, *credential.identity], default=str)
        return f"{self._authority}:{hashlib.sha256(text.encode()).hexdigest()}"


def expires_in(asked_at: datetime, seconds: t.Any) -> t.Optional[datetime]:
    """Return when to stop using a token that was asked for at a moment: a little before its end; None without an end."""
    if isinstance(seconds, bool) or not isinstance(seconds, (int, float)) or seconds <= 0:
        return None
    return asked_at + timedelta(seconds=seconds - min(30.0, seconds / 10))


def _is_unauthorized(answer: Answer) -> bool:
    return answer.status == _UNAUTHORIZED


def _answer(response: requests.Response) -> Answer:
    try:
        body = response.json() if response.content else None
    except ValueError:
        body = response.text
    return Answer(response.status_code, body, response.headers, retry_after(response))
