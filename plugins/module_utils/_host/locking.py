# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: no promise is made about what is in here.

"""One writer at a time per directory, by ``flock`` on ``.lock``."""

import contextlib
import errno
import fcntl
import os
import time

from ansible_collections.certfleet.pki.plugins.module_utils._host.errors import StoreError
from ansible_collections.certfleet.pki.plugins.module_utils._host.guard import check_directories
from ansible_collections.certfleet.pki.plugins.module_utils._host.reading import exists
from ansible_collections.certfleet.pki.plugins.module_utils._host.writing import make_directory, remove_file

TYPE_CHECKING = False
if TYPE_CHECKING:
    import typing as t

    from ansible_collections.certfleet.pki.plugins.module_utils._host.layout import Store

__all__ = ("locked",)

#: How long to wait for another writer, and how often to look, in seconds.
PATIENCE = 10.0
INTERVAL = 0.05

_FLAGS = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | getattr(os, "O_CLOEXEC", 0)


@contextlib.contextmanager
def locked(store):
    # type: (Store) -> t.Iterator[None]
    """Make the directory if need be and hold its lock; after a failure nothing empty is left behind.

    Raises StoreError ``busy`` when another writer keeps it for longer than ``PATIENCE`` seconds.
    """
    made = _make_directories(store.directory)
    try:
        check_directories(store)  # somebody may have been faster in making it
        descriptor = _acquire(store)
    except BaseException:
        _tidy(made)
        raise
    try:
        yield
    except BaseException:
        _tidy_all(store, made)
        raise
    finally:
        os.close(descriptor)


def _make_directories(path):
    # type: (str) -> t.List[str]
    missing = []
    while not exists(path):
        missing.append(path)
        path = os.path.dirname(path)
    if not missing:
        make_directory(path)  # refuses a link
    try:
        for directory in reversed(missing):
            make_directory(directory)
    except BaseException:
        _tidy(missing)
        raise
    return missing


def _acquire(store):
    # type: (Store) -> int
    deadline = time.monotonic() + PATIENCE
    while True:
        descriptor = os.open(store.lock, _FLAGS, 0o600)
        if _try(descriptor) and _is_still(descriptor, store.lock):
            return descriptor
        os.close(descriptor)
        if time.monotonic() >= deadline:
            raise StoreError(
                "busy", "Another run is writing to %s: run again when it is done." % store.directory, "lock"
            )
        time.sleep(INTERVAL)


def _try(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in (errno.EWOULDBLOCK, errno.EACCES):
            return False
        raise
    return True


def _is_still(descriptor: int, path: str) -> bool:
    """Tell whether the lock file was not removed by its last holder meanwhile."""
    try:
        return os.path.samestat(os.fstat(descriptor), os.lstat(path))
    except FileNotFoundError:
        return False


def _tidy_all(store, made):
    # type: (Store, t.List[str]) -> None
    if made:
        with contextlib.suppress(OSError):
            if set(os.listdir(store.directory)) <= {".lock", "versions", "pending"}:
                _tidy([store.versions, store.pending])
                if os.listdir(store.directory) == [".lock"]:
                    remove_file(store.lock)
    _tidy(made)


def _tidy(made):
    # type: (t.List[str]) -> None
    for directory in made:
        with contextlib.suppress(OSError):
            os.rmdir(directory)
