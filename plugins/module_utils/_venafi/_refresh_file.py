# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: no promise is made about what is in here.
"""A refresh token in a file: mode 0600, locked, replaced in one step, never lost half-way."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import time
import typing as t

from ansible_collections.certfleet.pki.plugins.module_utils._errors import Misconfigured, Unavailable
from ansible_collections.certfleet.pki.plugins.module_utils._venafi._refresh import Held, Kept, TokenPlace, choose_token

__all__ = ("TokenFile",)

_RESERVED = b"\0" * 16384
_PAUSE = 0.05


class TokenFile(TokenPlace):
    """The file at ``path``; ``seed`` is the token in the options, ``patience`` the seconds to wait for the lock.

    Beside it are PATH.lock, which stays, and while the token is used PATH.new. That is there, with
    room on the disk, before the server is asked, and a whole one is taken up by the next run.
    """

    def __init__(self, path: str, *, seed: str = "", patience: float = 60.0) -> None:
        self._path = os.path.realpath(os.path.expanduser(path))
        self._draft = f"{self._path}.new"
        self._seed = seed.strip()
        self._patience = patience

    @property
    def name(self) -> str:
        return self._path

    @contextlib.contextmanager
    def exclusive(self) -> t.Iterator[Held]:
        """Hold the token alone (see TokenPlace)."""
        with self._explained(), self._locked():
            self._recover()
            token, mark = choose_token(self._read(self._path) or {}, self._seed, place=self._path)
            descriptor = self._reserve()
            try:
                yield Held(token, lambda new: self._replace(descriptor, {"refresh_token": new, "seed": mark}))
            finally:
                os.close(descriptor)
                with contextlib.suppress(OSError):
                    if self._read(self._draft) is None:
                        os.unlink(self._draft)

    @contextlib.contextmanager
    def _explained(self) -> t.Iterator[None]:
        try:
            yield
        except OSError as error:
            raise Misconfigured(
                f"The refresh token in {self._path} can't be used: {error.strerror or 'it is not a file'}; "
                "correct refresh_token_file or its rights.",
                authority="venafi",
            ) from None

    @contextlib.contextmanager
    def _locked(self) -> t.Iterator[None]:
        """Lock a file of its own: the token's is replaced, and a lock would stay with the old one."""
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
        descriptor = os.open(f"{self._path}.lock", flags, 0o600)
        try:
            deadline = time.monotonic() + self._patience
            while not _lock(descriptor):
                if time.monotonic() >= deadline:
                    raise Unavailable(
                        f"Another process has been using the refresh token in {self._path} for too long; try again.",
                        authority="venafi",
                    )
                time.sleep(_PAUSE)
            yield
        finally:
            os.close(descriptor)

    def _recover(self) -> None:
        """Take up a token that was got but not put in its place, because the process was killed in between."""
        if self._read(self._draft) is None:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(self._draft)
        else:
            self._switch()

    def _read(self, path: str) -> t.Optional[Kept]:
        """Return what a file holds; None if it is not there, not whole or empty. Plain text is taken for the token."""
        try:
            with open(path, encoding="utf-8") as file:
                text = file.read().strip("\0 \t\r\n")
        except (FileNotFoundError, UnicodeDecodeError):
            return None
        if not text.startswith("{"):
            return {"refresh_token": text} if text and text.isprintable() and path == self._path else None
        try:
            kept = json.loads(text)
        except ValueError:
            return None
        return kept if kept.get("refresh_token") else None

    def _reserve(self) -> int:
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW
        descriptor = os.open(self._draft, flags, 0o600)
        try:
            os.write(descriptor, _RESERVED)
            os.fsync(descriptor)
        except OSError:
            os.close(descriptor)
            os.unlink(self._draft)
            raise
        return descriptor

    def _replace(self, descriptor: int, kept: Kept) -> None:
        data = json.dumps(kept).encode()
        # In one write over what is reserved: the rest stays zeros and is cut off only then.
        os.lseek(descriptor, 0, os.SEEK_SET)
        os.write(descriptor, data)
        os.ftruncate(descriptor, len(data))
        os.fsync(descriptor)
        self._switch()

    def _switch(self) -> None:
        os.replace(self._draft, self._path)
        folder = os.open(os.path.dirname(self._path), os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def _lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
