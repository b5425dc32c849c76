# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: no promise is made about what is in here.
"""Ways to get an access token from the platform's own authentication server (``/vedauth``, RFC 6749)."""

from __future__ import annotations

import abc
import typing as t
from datetime import datetime

from ansible_collections.certfleet.pki.plugins.module_utils._authorities._base import Context, Login
from ansible_collections.certfleet.pki.plugins.module_utils._errors import Misconfigured, PkiError, Unauthorized
from ansible_collections.certfleet.pki.plugins.module_utils._rest import Answer, Credential, Rest, expires_in
from ansible_collections.certfleet.pki.plugins.module_utils._venafi._refresh import TokenPlace
from ansible_collections.certfleet.pki.plugins.module_utils._venafi._refresh_file import TokenFile
from ansible_collections.certfleet.pki.plugins.module_utils._venafi._refresh_vault import TokenInVault
from ansible_collections.certfleet.pki.plugins.module_utils._venafi._words import plain

__all__ = ("TppCredential", "choose_credential")

Options = t.Mapping[str, t.Any]
_METHODS = "access_token, refresh_token_file, refresh_token_vault, username or client_certificate"


class TppCredential(Credential):
    """A bearer token, however it was got. It remembers what must never be shown."""

    def __init__(self) -> None:
        self.secrets: t.Set[str] = set()

    def headers(self, login: Login) -> t.Mapping[str, str]:
        """Return the header of RFC 6750."""
        self.secrets.add(login.token)
        return {"Authorization": f"Bearer {login.token}"}


class _AccessToken(TppCredential):
    """A token that was got elsewhere."""

    def __init__(self, token: str) -> None:
        super().__init__()
        self._token = token.strip()

    @property
    def identity(self) -> t.Sequence[t.Any]:
        return ("access_token", self._token)

    def log_in(self) -> Login:
        return Login(self._token)


class _Grant(TppCredential):
    """Asks the authentication server. ``rest`` is without a login."""

    PATH: t.ClassVar[str]
    #: Ends the sentence for a refused login.
    HINT: t.ClassVar[str]

    def __init__(self, options: Options, rest: Rest, context: Context) -> None:
        super().__init__()
        self._options = options
        self._rest = rest
        self._context = context
        self._client_id = str(options.get("client_id") or "vcert-sdk")
        self._scope = str(options.get("scope") or "certificate:manage,revoke")

    @property
    def identity(self) -> t.Sequence[t.Any]:
        return (self.PATH, self._client_id, self._scope, *self._who())

    @abc.abstractmethod
    def _who(self) -> t.Sequence[str]:
        """Return what tells this login from others of its kind."""

    def log_in(self) -> Login:
        """Log in (POST ``vedauth/authorize/...``). Raises Unauthorized, Unavailable, Misconfigured."""
        return self._granted(self._body())[0]

    def _body(self) -> t.Dict[str, str]:
        return {"client_id": self._client_id, "scope": self._scope}

    def _granted(self, body: t.Mapping[str, str], *, repeatable: bool = True) -> t.Tuple[Login, str]:
        """Return the login and the refresh token that came with it."""
        asked_at = self._context.clock()
        self.secrets.update(body[name] for name in ("password", "refresh_token") if name in body)
        answer = self._rest.send("POST", f"/vedauth/authorize/{self.PATH}", json=dict(body), repeatable=repeatable)
        if not answer.ok or not answer.fields.get("access_token"):
            raise self._refused(answer)
        token = str(answer.fields["access_token"])
        refresh = str(answer.fields.get("refresh_token") or "")
        return Login(token, _end(answer.fields, asked_at)), refresh

    def _refused(self, answer: Answer) -> PkiError:
        words = plain(answer.fields.get("error_description") or answer.fields.get("error"), secrets=self.secrets)
        facts: t.Dict[str, t.Any] = {"detail": words, "authority": "venafi", "http_status": answer.status}
        if answer.status == 404 or answer.ok:
            return Misconfigured(
                f"There is no Venafi authentication server at {self._rest.url}/vedauth; correct url.", **facts
            )
        if answer.status in (400, 401, 403):
            says = f": {words}" if words else ""
            hint = _HINTS.get(str(answer.fields.get("error")), self.HINT)
            return Unauthorized(f"{self._rest.url} refused the login{says}; {hint}.", **facts)
        return self._rest.refusal(answer, "to log in", told=words)


def _end(fields: Options, asked_at: datetime) -> t.Optional[datetime]:
    """Return when to stop using a token. Not every version has ``expires_in``; ``expires`` is in seconds since 1970."""
    seconds, moment = fields.get("expires_in"), fields.get("expires")
    if seconds is None and isinstance(moment, (int, float)):
        seconds = moment - asked_at.timestamp()
    return expires_in(asked_at, seconds)


_HINTS = {
    "invalid_client": "check client_id, and that the user may use this API integration",
    "unauthorized_client": "check client_id, and that the user may use this API integration",
    "invalid_scope": "ask for less in scope, or have the API integration allow it",
}


class _Password(_Grant):
    PATH = "oauth"
    HINT = "check username and password"

    def _who(self) -> t.Sequence[str]:
        return (str(self._options["username"]), str(self._options["password"]))

    def _body(self) -> t.Dict[str, str]:
        return {**super()._body(), "username": self._options["username"], "password": self._options["password"]}


class _ClientCertificate(_Grant):
    PATH = "certificate"
    HINT = "check client_certificate, and that the server maps it to a user"

    def _who(self) -> t.Sequence[str]:
        return (str(self._options["client_certificate"]),)


class _RefreshToken(_Grant):
    """Uses up the refresh token, and has its successor in its place before the access token is used."""

    PATH = "token"
    HINT = "the refresh token is used up, expired or wrong, so get a new one, and give it in refresh_token"

    def __init__(self, options: Options, rest: Rest, context: Context, *, place: TokenPlace) -> None:
        super().__init__(options, rest, context)
        self._place = place

    def _who(self) -> t.Sequence[str]:
        return (self._place.name,)

    def log_in(self) -> Login:
        with self._place.exclusive() as held:
            body = {"client_id": self._client_id, "refresh_token": held.token}
            # Sent twice, the second one would be refused, and the first one's answer lost.
            login, successor = self._granted(body, repeatable=False)
            if successor and successor != held.token:
                self.secrets.add(successor)
                held.keep(successor)
        return login


def choose_credential(options: Options, rest: Rest, context: Context) -> TppCredential:
    """Return the one way to log in that the options give. ``rest`` is without a login. Raises Misconfigured."""
    place = _place_of(options, context)
    if place is not None:
        return _RefreshToken(options, rest, context, place=place)
    if options.get("refresh_token"):
        raise Misconfigured(
            "A refresh_token can be used once, and the next one needs a place; give refresh_token_file or "
            "refresh_token_vault.",
            authority="venafi",
        )
    if options.get("username"):
        return _Password(options, rest, context)
    if options.get("client_certificate"):
        return _ClientCertificate(options, rest, context)
    if options.get("access_token"):
        return _AccessToken(options["access_token"])
    raise Misconfigured(
        f"There is nothing to log in to Venafi with; give {_METHODS}, or set VCERT_TOKEN.", authority="venafi"
    )


def _place_of(options: Options, context: Context) -> t.Optional[TokenPlace]:
    seed = str(options.get("refresh_token") or "")
    patience = 2.0 * float(options.get("timeout") or 30)
    if options.get("refresh_token_file"):
        return TokenFile(options["refresh_token_file"], seed=seed, patience=patience)
    if options.get("refresh_token_vault"):
        return TokenInVault(options["refresh_token_vault"], seed=seed, context=context, patience=patience)
    return None
