# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: no promise is made about what is in here.

"""Whether the directories are ours. What another user can exchange for a link must not be trusted with a key."""

import errno
import os
import stat

from ansible_collections.certfleet.pki.plugins.module_utils._host.errors import StoreError

TYPE_CHECKING = False
if TYPE_CHECKING:
    import typing as t

    from ansible_collections.certfleet.pki.plugins.module_utils._host.layout import Store

__all__ = ("check_directories", "is_own_directory", "require_own_directory", "require_single")


def check_directories(store):
    # type: (Store) -> None
    """Raise StoreError ``not_ours`` for a directory below which nothing must be read or written.

    Parents may be links; the directory itself may be one of ours, as far as reading goes.
    """
    status = _status(store.directory)
    if status is None:
        return
    if stat.S_ISLNK(status.st_mode):
        _check_owner(store.directory, status)
        status = _status(store.directory, os.stat)
    if status is not None and stat.S_ISDIR(status.st_mode):
        _check_owner(store.directory, status)
        require_own_directory(store.versions)
        require_own_directory(store.pending)


def require_own_directory(path: str) -> bool:
    """Tell whether it is a directory. Raises StoreError ``not_ours`` for a link or another user's."""
    status = _status(path)
    if status is None:
        return False
    if stat.S_ISLNK(status.st_mode):
        raise StoreError("not_ours", "%s is a link, which is not followed: move it away." % path)
    _check_owner(path, status)
    return stat.S_ISDIR(status.st_mode)


def is_own_directory(path: str) -> bool:
    """Tell whether it is a real directory of ours."""
    status = _status(path)
    return status is not None and stat.S_ISDIR(status.st_mode) and _is_ours(status)


def require_single(path, status):
    # type: (str, os.stat_result) -> None
    """Raise StoreError ``not_ours`` for what is no regular file, or has another name that may be somebody else's."""
    if not stat.S_ISREG(status.st_mode) or status.st_nlink != 1:
        raise StoreError(
            "not_ours", "%s is no file of its own (a hard link or a special file): move it away." % path, "attributes"
        )


def _check_owner(path, status):
    # type: (str, os.stat_result) -> None
    if not _is_ours(status):
        detail = "%s belongs to the user with the number %d: let it belong to the user that the task runs as."
        raise StoreError("not_ours", detail % (path, status.st_uid))


def _is_ours(status):
    # type: (os.stat_result) -> bool
    return status.st_uid in (0, os.geteuid())


def _status(path, look=os.lstat):
    # type: (str, t.Callable[[str], os.stat_result]) -> t.Optional[os.stat_result]
    try:
        return look(path)
    except OSError as error:
        if error.errno in (errno.ENOENT, errno.ENOTDIR):
            return None
        raise
