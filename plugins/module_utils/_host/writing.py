# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: no promise is made about what is in here.

"""Writing durably and never through a link. All changes to the disk go through this file.

Every file is complete and synced before it gets its name, so a kill at any point leaves
either the old content or the new.
"""

import errno
import os
import stat

from ansible_collections.certfleet.pki.plugins.module_utils._host.codec import dumps
from ansible_collections.certfleet.pki.plugins.module_utils._host.errors import StoreError
from ansible_collections.certfleet.pki.plugins.module_utils._host.reading import exists, link_target

TYPE_CHECKING = False
if TYPE_CHECKING:
    import typing as t

__all__ = (
    "create",
    "link",
    "make_directory",
    "random_hex",
    "remove_file",
    "remove_tree",
    "rename",
    "replace",
    "replace_json",
    "sync_directory",
)

_FLAGS = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | getattr(os, "O_CLOEXEC", 0)


def random_hex(length: int = 16) -> str:
    """Return that many hexadecimal digits from the system's random source."""
    return os.urandom((length + 1) // 2).hex()[:length]


def sync_directory(path: str) -> None:
    """Make the names in a directory durable, where the file system can."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):
            raise
    finally:
        os.close(descriptor)


def create(path, data, mode=0o600, owner=None):
    # type: (str, bytes, int, t.Optional[t.Tuple[int, int]]) -> None
    """Write a new file, synced. It is private until owner (uid, gid; -1 keeps) and mode are set."""
    descriptor = os.open(path, _FLAGS, 0o600)
    try:
        view = memoryview(data)
        while view:
            view = view[os.write(descriptor, view) :]
        if owner is not None and owner != (-1, -1):
            os.fchown(descriptor, *owner)
        os.fchmod(descriptor, mode)
        os.fsync(descriptor)
    except OSError as error:
        raise OSError(error.errno, error.strerror, path) from None
    finally:
        os.close(descriptor)


def replace(path: str, data: bytes, mode: int = 0o600) -> None:
    """Write a file so that readers see the old or the new content, never a part."""
    temporary = _temporary(path)
    try:
        create(temporary, data, mode)
        rename(temporary, path)
    except OSError:
        remove_file(temporary)
        raise


def replace_json(path: str, value: dict) -> None:
    """As ``replace``, for our own private records."""
    replace(path, dumps(value).encode("ascii") + b"\n")


def rename(source: str, target: str) -> None:
    """Rename over whatever is there, durably."""
    os.rename(source, target)
    sync_directory(os.path.dirname(target))


def link(target: str, path: str) -> None:
    """Make ``path`` a link to ``target``, replacing another link in one step."""
    if link_target(path) == target:
        return
    temporary = _temporary(path)
    os.symlink(target, temporary)
    try:
        rename(temporary, path)
    except OSError:
        remove_file(temporary)
        raise


def make_directory(path: str, mode: int = 0o755) -> None:
    """Make a directory unless it is there; a link or a file in its place is refused."""
    try:
        os.mkdir(path, 0o700)
    except FileExistsError:
        _require_directory(path)
        return
    os.chmod(path, mode)
    sync_directory(os.path.dirname(path))


def _require_directory(path: str) -> None:
    if not stat.S_ISDIR(os.lstat(path).st_mode):
        raise StoreError("not_a_directory", "%s is not a directory (links are not followed): move it away." % path)


def remove_file(path: str) -> None:
    """Remove a file or link if it is there."""
    try:
        os.unlink(path)
    except FileNotFoundError:
        return


def remove_tree(path: str, first: str = "") -> None:
    """Remove a directory of ours with what is in it, ``first`` before the rest; links are not followed."""
    if not exists(path):
        return
    if not stat.S_ISDIR(os.lstat(path).st_mode):
        remove_file(path)
        return
    names = sorted(os.listdir(path), key=lambda name: (name != first, name))
    for name in names:
        below = os.path.join(path, name)
        if stat.S_ISDIR(os.lstat(below).st_mode):
            remove_tree(below)
        else:
            remove_file(below)
    os.rmdir(path)


def _temporary(path: str) -> str:
    return os.path.join(os.path.dirname(path), ".tmp-" + random_hex())
