# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: no promise is made about what is in here.

"""The directory of an embedded CA: what lies where, and how it is written so that no reader sees half of it."""

from __future__ import annotations

import contextlib
import dataclasses
import errno
import fcntl
import os
import tempfile
import time
import typing as t

from ansible_collections.certfleet.pki.plugins.module_utils._errors import Misconfigured, PkiError, Unavailable

__all__ = ("DIRECTORY_MODE", "Layout", "file_errors", "locked", "write_file")

DIRECTORY_MODE = 0o700
_SECRET_MODE = 0o600
_PUBLIC_MODE = 0o644
_POLL = 0.02

_FILES: t.Mapping[str, int] = {
    "intermediate.pem": _PUBLIC_MODE,
    "root.pem": _PUBLIC_MODE,
    "intermediate-key.pem": _SECRET_MODE,
    "root-key.pem": _SECRET_MODE,
    "ca.sqlite": _SECRET_MODE,
}
_DERIVED: t.Mapping[str, int] = {
    "chain.pem": _PUBLIC_MODE,
    "root.crl": _PUBLIC_MODE,
    "root.crl.pem": _PUBLIC_MODE,
    "intermediate.crl": _PUBLIC_MODE,
    "intermediate.crl.pem": _PUBLIC_MODE,
    "crl.lock": _SECRET_MODE,
    "ca.sqlite-wal": _SECRET_MODE,
    "ca.sqlite-shm": _SECRET_MODE,
}


@dataclasses.dataclass(frozen=True)
class Layout:
    """The files of one CA below ``path``, an absolute path."""

    path: str

    def file(self, name: str) -> str:
        """Return the path of one of the CA's files."""
        return os.path.join(self.path, name)

    @property
    def database(self) -> str:
        """Return the path of the database."""
        return self.file("ca.sqlite")

    @property
    def crl_lock(self) -> str:
        """Return the path of the file that is locked while CRLs are written."""
        return self.file("crl.lock")

    @property
    def exists(self) -> bool:
        """Tell whether a CA, whole or damaged, is here."""
        return any(os.path.lexists(self.file(name)) for name in _FILES)

    def check_whole(self) -> None:
        """Raise Misconfigured if a file that can't be made again is gone."""
        missing = sorted(name for name in _FILES if not os.path.isfile(self.file(name)))
        if missing:
            raise Misconfigured(
                f"The local CA in {self.path} is damaged: {', '.join(missing)} is missing; restore it from a backup."
            )

    def loose(self) -> t.Dict[str, int]:
        """Return the paths whose mode is not as it should be, with the right mode."""
        wanted = {self.file(name): mode for name, mode in {**_FILES, **_DERIVED}.items()}
        wanted[self.path] = DIRECTORY_MODE
        return {path: mode for path, mode in wanted.items() if _mode(path) not in (None, mode)}

    def remove(self) -> None:
        """Remove the CA's files, the database last, and the directory unless it holds anything else.

        Raises Misconfigured if there is no database, for then these may be somebody else's files.
        """
        with file_errors(self.path):
            if not os.path.lexists(self.database):
                raise Misconfigured(f"{self.path} is not a whole local CA; remove by hand what is not wanted there.")
            temporary = tuple(f".{name}." for name in _DERIVED)
            leftovers = [name for name in os.listdir(self.path) if name.startswith(temporary)]
            for name in (*leftovers, *_DERIVED, *_FILES):
                with contextlib.suppress(FileNotFoundError):
                    os.unlink(self.file(name))
            if not os.listdir(self.path):
                os.rmdir(self.path)


def _mode(path: str) -> t.Optional[int]:
    try:
        return os.stat(path).st_mode & 0o7777
    except FileNotFoundError:
        return None


def write_file(path: str, data: bytes, *, mode: int = _PUBLIC_MODE) -> None:
    """Replace a file in one step: a reader sees the old or the new one, after a crash too."""
    directory, name = os.path.split(path)
    descriptor, temporary = tempfile.mkstemp(prefix=f".{name}.", dir=directory)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fchmod(stream.fileno(), mode)
            os.fsync(stream.fileno())
        os.rename(temporary, path)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(temporary)
        raise


@contextlib.contextmanager
def locked(path: str, *, seconds: float) -> t.Iterator[bool]:
    """Hold an exclusive lock on a file or directory; yield False if it was not to be had within ``seconds``."""
    flags = os.O_RDONLY if os.path.isdir(path) else os.O_RDWR | os.O_CREAT
    descriptor = os.open(path, flags | os.O_CLOEXEC | os.O_NOFOLLOW, _SECRET_MODE)
    try:
        yield _lock(descriptor, time.monotonic() + seconds)
    finally:
        os.close(descriptor)


def _lock(descriptor: int, until: float) -> bool:
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        except OSError as error:
            if error.errno not in (errno.EAGAIN, errno.EACCES):
                raise
        if time.monotonic() >= until:
            return False
        time.sleep(_POLL)


@contextlib.contextmanager
def file_errors(path: str) -> t.Iterator[None]:
    """Turn an operating system error into one sentence about the CA in ``path``."""
    try:
        yield
    except OSError as error:
        raise _explained(error, path) from error


def _explained(error: OSError, path: str) -> PkiError:
    reason = error.strerror or type(error).__name__
    where = error.filename if isinstance(error.filename, str) else path
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EMFILE, errno.ENFILE):
        return Unavailable(f"The local CA in {path} can't write: {reason}.", detail=reason)
    return Misconfigured(
        f"The local CA in {path} can't be used: {where}: {reason}; choose a path that the controller's user may use.",
        detail=reason,
    )
