# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: no promise is made about what is in here.
"""Logins shared by all forks of one run, so that many hosts cost one.

They lie encrypted in the run's private folder, under a key that exists only in the memory of the
run's processes: the file alone is worth nothing. Whatever can't be read counts as not there.
"""

from __future__ import annotations

import contextlib
import fcntl
import functools
import hmac
import json
import os
import secrets
import time
import typing as t
from datetime import datetime
from pathlib import Path

try:
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM
except ImportError:  # reported by FileTokens, in one sentence
    AESGCM = None  # type: ignore[assignment,misc]

from ansible_collections.certfleet.pki.plugins.module_utils import _errors
from ansible_collections.certfleet.pki.plugins.module_utils._authorities._base import Login, Tokens, utc_now
from ansible_collections.certfleet.pki.plugins.module_utils._errors import Misconfigured, PkiError

__all__ = ("FileTokens",)

_NONCE = 12
_ERRORS: t.Mapping[str, type[PkiError]] = {
    error.kind: error for error in (getattr(_errors, name) for name in _errors.__all__) if error is not PkiError
}
_FACTS = ("detail", "authority", "http_status", "retry_after")

Entry = dict[str, t.Any]


class FileTokens(Tokens):
    """Keeps logins in ``folder``, encrypted under ``key`` (at least 16 random bytes, made before the forks).

    One process at a time logs in for one CA, the others wait for it and share the outcome: the
    token, or the failure, so that a CA that is down or a wrong password is tried once and not by
    every host in turn. Without a folder that can be written, each process logs in for itself.
    """

    def __init__(
        self, folder: str | os.PathLike[str], key: bytes, *, clock: t.Callable[[], datetime] = utc_now
    ) -> None:
        """Raise Misconfigured if the library cryptography is missing, ValueError if the key is too short."""
        if AESGCM is None:
            raise Misconfigured("The Python library 'cryptography' is needed on the controller; install it.")
        if len(key) < 16:
            raise ValueError("the key needs at least 16 bytes")
        self._folder = Path(folder)
        self._key = key
        self._clock = clock

    def get(self, key: str, login: t.Callable[[], Login]) -> Login:
        """Return the login kept under ``key`` unless it has expired, or call ``login`` and keep what it returns."""
        asked_at = time.monotonic()
        kept = self._usable(self._read(key))
        if kept:
            return kept
        with self._locked(key):
            entry = self._read(key)
            return self._usable(entry) or self._shared_failure(entry, asked_at) or self._log_in(key, login)

    def forget(self, key: str, stale: Login) -> None:
        """Drop ``stale`` if it is still what is kept under ``key``."""
        with self._locked(key):
            if _login_of(self._read(key)) == stale:
                with contextlib.suppress(OSError):
                    self._path(key).unlink()

    def _log_in(self, key: str, login: t.Callable[[], Login]) -> Login:
        try:
            made = login()
        except PkiError as error:
            self._write(key, _failure_entry(error))
            raise
        expires_at = made.expires_at.isoformat() if made.expires_at else None
        self._write(key, {"token": made.token, "expires_at": expires_at})
        return made

    def _usable(self, entry: Entry) -> Login | None:
        login = _login_of(entry)
        expired = login and login.expires_at is not None and login.expires_at <= self._clock()
        return None if expired else login

    @staticmethod
    def _shared_failure(entry: Entry, asked_at: float) -> None:
        """Raise what another process met while this one waited for it."""
        failure = entry.get("failure")
        # The monotonic clock is the same for all processes of a machine.
        if failure and failure["at"] >= asked_at:
            facts = {name: failure[name] for name in _FACTS}
            raise _ERRORS[failure["kind"]](failure["message"], **facts)

    # Made when first needed: every worker has one of these, few log in, and OpenSSL is slow to start.

    @functools.cached_property
    def _cipher(self) -> AESGCM:
        return AESGCM(hmac.digest(self._key, b"encryption", "sha256"))

    @functools.cached_property
    def _name_key(self) -> bytes:
        return hmac.digest(self._key, b"names", "sha256")

    # Files

    def _path(self, key: str, suffix: str = "") -> Path:
        return self._folder / (hmac.digest(self._name_key, key.encode(), "sha256").hex()[:40] + suffix)

    @contextlib.contextmanager
    def _locked(self, key: str) -> t.Iterator[None]:
        """Hold the entry's lock; whoever holds it is busy no longer than its login's time limit."""
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = os.open(self._path(key, ".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        except OSError:
            yield
            return
        try:
            with contextlib.suppress(OSError):  # a file system without locks
                fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    def _read(self, key: str) -> Entry:
        try:
            sealed = self._path(key).read_bytes()
            clear = self._cipher.decrypt(sealed[:_NONCE], sealed[_NONCE:], key.encode())
            entry = json.loads(clear)
        except (OSError, InvalidTag, ValueError):
            return {}
        return entry if isinstance(entry, dict) else {}

    def _write(self, key: str, entry: Entry) -> None:
        nonce = secrets.token_bytes(_NONCE)
        sealed = nonce + self._cipher.encrypt(nonce, json.dumps(entry).encode(), key.encode())
        temporary = self._path(key, f".{secrets.token_hex(8)}")
        try:
            descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(sealed)
            temporary.replace(self._path(key))
        except OSError:
            with contextlib.suppress(OSError):
                temporary.unlink()


def _login_of(entry: Entry) -> Login | None:
    if not entry.get("token"):
        return None
    expires_at = entry.get("expires_at")
    return Login(entry["token"], datetime.fromisoformat(expires_at) if expires_at else None)


def _failure_entry(error: PkiError) -> Entry:
    facts = {name: getattr(error, name) for name in _FACTS}
    return {"failure": {"at": time.monotonic(), "kind": error.kind, "message": error.message, **facts}}
