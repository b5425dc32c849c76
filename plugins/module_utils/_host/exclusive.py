# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: no promise is made about what is in here.

"""One deployment at a time for each ``reload_command``: what one run validates, another must not switch.

The lock is the kernel's (``flock``), so it ends with the process that holds it, however that ends. Its
file says who that is.
"""

import contextlib
import fcntl
import os
import tempfile
import time

from ansible_collections.certfleet.pki.plugins.module_utils._host.codec import dumps
from ansible_collections.certfleet.pki.plugins.module_utils._host.errors import StoreError
from ansible_collections.certfleet.pki.plugins.module_utils._host.guard import require_own_directory
from ansible_collections.certfleet.pki.plugins.module_utils._host.reading import digest, read_json
from ansible_collections.certfleet.pki.plugins.module_utils._host.record import now
from ansible_collections.certfleet.pki.plugins.module_utils._host.writing import make_directory

TYPE_CHECKING = False
if TYPE_CHECKING:
    import typing as t

__all__ = ("alone",)

#: How long to wait for another deployment, and how often to look, in seconds.
PATIENCE = 60.0
INTERVAL = 0.1
#: Where locks are kept; only root can write to it. Others keep them in the directory for temporary files.
PLACE = "/run"

_FLAGS = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | getattr(os, "O_CLOEXEC", 0)


@contextlib.contextmanager
def alone(words, names):
    # type: (t.Sequence[str], t.Sequence[str]) -> t.Iterator[None]
    """Hold the lock of a reload command. Raises StoreError ``busy`` when another run keeps it for too long.

    ``names`` are the certificates that are deployed under it, for the message that others see.
    """
    if not words:
        yield
        return
    path = os.path.join(_folder(), digest("\0".join(words).encode("utf-8", "surrogateescape"))[:32] + ".lock")
    descriptor = os.open(path, _FLAGS, 0o600)
    try:
        _acquire(descriptor, path)
        holder = {"process": os.getpid(), "since": now(), "names": list(names)}
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, dumps(holder).encode("ascii"), 0)
        yield
        os.ftruncate(descriptor, 0)
    finally:
        os.close(descriptor)


def _folder() -> str:
    """Return a directory of ours that nobody else can write to. Raises StoreError ``not_ours``."""
    base = PLACE if os.access(PLACE, os.W_OK) else tempfile.gettempdir()
    path = os.path.join(base, "certfleet-%d" % os.geteuid())
    make_directory(path, 0o700)
    require_own_directory(path)
    return path


def _acquire(descriptor, path):
    # type: (int, str) -> None
    until = time.monotonic() + PATIENCE
    while True:
        with contextlib.suppress(BlockingIOError, PermissionError):
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        if time.monotonic() >= until:
            raise StoreError("busy", _told(read_json(path) or {}), "lock")
        time.sleep(INTERVAL)


def _told(holder: dict) -> str:
    who = "Another run"
    if holder.get("names"):
        names = ", ".join(str(name) for name in holder["names"])
        who = "Process %s (since %s, for %s)" % (holder.get("process"), holder.get("since"), names)
    return "%s is deploying with the same reload_command: run again when it is done." % who
