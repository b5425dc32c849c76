# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: no promise is made about what is in here.
"""A refresh token in a KV secrets engine (version 2) of Vault or OpenBao, changed with check-and-set only.

Before the token is used it is claimed: whoever's claim is written first uses it, the others wait
for the next one. A claim ends by itself, so a run that was killed stops nobody.
API: https://openbao.org/api-docs/secret/kv/kv-v2/
"""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import secrets
import time
import typing as t

from ansible_collections.certfleet.pki.plugins.module_utils._authorities._base import Context, MemoryTokens
from ansible_collections.certfleet.pki.plugins.module_utils._errors import (
    Misconfigured,
    NotFound,
    PkiError,
    Rejected,
    Unavailable,
)
from ansible_collections.certfleet.pki.plugins.module_utils._http import Http, canonical_url
from ansible_collections.certfleet.pki.plugins.module_utils._vault._auth import choose_auth
from ansible_collections.certfleet.pki.plugins.module_utils._vault._client import VaultClient
from ansible_collections.certfleet.pki.plugins.module_utils._venafi._refresh import Held, TokenPlace, choose_token

__all__ = ("TokenInVault",)

Secret = t.Dict[str, t.Any]

_CLAIM = ("claimed_by", "claimed_until")
_TRIES = 3
_PAUSE = 0.5


class TokenInVault(TokenPlace):
    """The secret that the option `refresh_token_vault` names; ``patience`` is how long a claim lasts, in seconds."""

    def __init__(
        self,
        options: t.Mapping[str, t.Any],
        *,
        seed: str = "",
        context: Context,
        patience: float = 60.0,
        sleep: t.Callable[[float], None] = time.sleep,
    ) -> None:
        self._options = options
        self._seed = seed.strip()
        # It logs in while somebody waits for the CA's login, and the place for logins may be locked meanwhile.
        self._context = dataclasses.replace(context, tokens=MemoryTokens())
        self._patience = patience
        self._sleep = sleep
        mount, path = (str(options.get(name) or "").strip("/") for name in ("mount", "path"))
        self._path = f"{mount or 'secret'}/data/{path}"
        self._url = canonical_url(options["url"], authority="venafi")

    @property
    def name(self) -> str:
        return f"{self._path} on {self._url}"

    @functools.cached_property
    def _client(self) -> VaultClient:
        auth = choose_auth(self._options.get("auth"))
        certificate = auth.client_certificate if auth else None
        http = Http(self._options, authority="venafi", client_certificate=certificate)
        mount = self._path.partition("/data/")[0]
        names = {
            "namespace": (self._options.get("namespace") or "").strip("/"),
            "mount": mount,
            "role": "",
            "issuer": "",
        }
        return VaultClient(http, url=self._url, auth=auth, names=names, context=self._context)

    @contextlib.contextmanager
    def exclusive(self) -> t.Iterator[Held]:
        """Hold the token alone (see TokenPlace)."""
        secret, version = self._claim()
        token, mark = choose_token(secret, self._seed, place=self.name)
        kept: t.List[str] = []

        def keep(new: str) -> None:
            kept.append(new)
            self._keep({**_without_claim(secret), "refresh_token": new, "seed": mark}, version)

        try:
            yield Held(token, keep)
        finally:
            if not kept:
                with contextlib.suppress(PkiError):
                    self._write(_without_claim(secret), version)

    def _claim(self) -> t.Tuple[Secret, int]:
        """Return the secret and its version once it is ours alone."""
        me = secrets.token_hex(16)
        deadline = time.monotonic() + 2 * self._patience
        while True:
            secret, version = self._read()
            choose_token(secret, self._seed, place=self.name)
            now = self._context.clock().timestamp()
            if float(secret.get("claimed_until") or 0) <= now:
                claim = {"claimed_by": me, "claimed_until": now + self._patience}
                with contextlib.suppress(Rejected):
                    return secret, self._write({**secret, **claim}, version)
                # Somebody else was quicker, or it was ours and the answer was lost.
                claimed, version = self._read()
                if claimed.get("claimed_by") == me:
                    return secret, version
            if time.monotonic() >= deadline:
                raise Unavailable(
                    f"Another run has been using the refresh token in {self.name} for too long; try again.",
                    authority="venafi",
                )
            self._sleep(_PAUSE)

    def _keep(self, secret: Secret, version: int) -> None:
        """Write the new token; it is the only one that is good now, so try hard."""
        for left in reversed(range(_TRIES)):
            try:
                self._write(secret, version)
            except Unavailable:
                if not left:
                    raise
                self._sleep(_PAUSE)
            except Rejected:
                if self._read()[0].get("refresh_token") == secret["refresh_token"]:
                    return
                raise Misconfigured(
                    f"{self.name} was changed by somebody else while its token was in use; put a new one there.",
                    authority="venafi",
                ) from None
            else:
                return

    def _read(self) -> t.Tuple[Secret, int]:
        try:
            with _ours():
                found = self._client.get(self._path, missing=NotFound("none"))
        except NotFound:
            return {}, 0
        return dict(found.get("data") or {}), int((found.get("metadata") or {}).get("version") or 0)

    def _write(self, secret: Secret, version: int) -> int:
        """Write if the version still is this one, and return the new one. Raises Rejected if it is not."""
        body = {"data": secret, "options": {"cas": version}}
        with _ours():
            answer = self._client.post(self._path, body, repeatable=True)
        return int((answer.get("data") or {}).get("version") or version + 1)


def _without_claim(secret: Secret) -> Secret:
    return {name: value for name, value in secret.items() if name not in _CLAIM}


@contextlib.contextmanager
def _ours() -> t.Iterator[None]:
    """Have errors name the authority whose token it is about."""
    try:
        yield
    except PkiError as error:
        error.authority = "venafi"
        raise
