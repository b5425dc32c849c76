# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: no promise is made about what is in here.

"""Owner, group and mode of the files that hold the key."""

import errno
import os
import stat

from ansible_collections.certfleet.pki.plugins.module_utils._host.errors import StoreError
from ansible_collections.certfleet.pki.plugins.module_utils._host.guard import require_single
from ansible_collections.certfleet.pki.plugins.module_utils._host.layout import KEY_FILES

TYPE_CHECKING = False
if TYPE_CHECKING:
    import typing as t

    from ansible_collections.certfleet.pki.plugins.module_utils._host.layout import Store

__all__ = (
    "DEFAULT_MODE",
    "apply_attributes",
    "apply_to",
    "check_changeable",
    "compare",
    "differences",
    "mode_of",
    "owner_ids",
)

DEFAULT_MODE = 0o600


def mode_of(item: dict) -> int:
    """Return the mode for files that hold the key."""
    mode = item.get("mode")
    return DEFAULT_MODE if mode is None else int(mode) & 0o7777


def owner_ids(item: dict) -> tuple:
    """Return (uid, gid) as wanted; -1 means: leave as it is. Raises StoreError for an unknown name."""
    return _user_id(item.get("owner")), _group_id(item.get("group"))


def _user_id(name):
    # type: (t.Any) -> int
    if name is None or str(name).isdigit():
        return -1 if name is None else int(name)
    import pwd

    try:
        return pwd.getpwnam(str(name)).pw_uid
    except KeyError:
        raise StoreError("no_such_user", "There is no user %s on the host: create it first." % name) from None


def _group_id(name):
    # type: (t.Any) -> int
    if name is None or str(name).isdigit():
        return -1 if name is None else int(name)
    import grp

    try:
        return grp.getgrnam(str(name)).gr_gid
    except KeyError:
        raise StoreError("no_such_group", "There is no group %s on the host: create it first." % name) from None


def differences(store, version, item, names=KEY_FILES):
    # type: (Store, str, dict, t.Iterable[str]) -> t.List[dict]
    """Return what differs from the wanted owner, group and mode, one entry per attribute.

    ``names`` are those of the key's files that are there, if that is known already.
    """
    owner = owner_ids(item)
    found = []  # type: t.List[dict]
    for name in names:
        status = _status(store.in_version(version, name))
        if status is not None:
            found.extend(compare(store.stable(name), status, owner, mode_of(item)))
    return found


def _status(path):
    # type: (str) -> t.Optional[os.stat_result]
    try:
        status = os.lstat(path)
    except OSError as error:
        if error.errno in (errno.ENOENT, errno.ENOTDIR):
            return None
        raise
    return status if stat.S_ISREG(status.st_mode) else None


def compare(path, status, owner, mode):
    # type: (str, os.stat_result, t.Tuple[int, int], int) -> t.Iterator[dict]
    """Yield what differs from the wanted owner (uid, gid; -1 is any) and mode of one file."""
    uid, gid = owner
    is_mode = stat.S_IMODE(status.st_mode)
    if uid not in (-1, status.st_uid):
        yield {"path": path, "attribute": "owner", "is": _user_name(status.st_uid), "should": _user_name(uid)}
    if gid not in (-1, status.st_gid):
        yield {"path": path, "attribute": "group", "is": _group_name(status.st_gid), "should": _group_name(gid)}
    if is_mode != mode:
        yield {"path": path, "attribute": "mode", "is": "%04o" % is_mode, "should": "%04o" % mode}


def _user_name(uid: int) -> str:
    import pwd

    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def _group_name(gid: int) -> str:
    import grp

    try:
        return grp.getgrgid(gid).gr_name
    except KeyError:
        return str(gid)


def check_changeable(store, version):
    # type: (Store, str) -> None
    """Raise StoreError ``not_ours`` for what ``apply_attributes`` would refuse."""
    for name in KEY_FILES:
        path = store.in_version(version, name)
        status = _status(path)
        if status is not None:
            require_single(path, status)


def apply_attributes(store, version, item):
    # type: (Store, str, dict) -> None
    """Set owner, group and mode of the key's files; through a descriptor, so that no link is followed.

    Raises StoreError ``not_ours`` for a file that has another name: the key may be somebody else's.
    """
    owner = owner_ids(item)
    for name in KEY_FILES:
        path = store.in_version(version, name)
        if _status(path) is not None:
            apply_to(path, owner, mode_of(item))


def apply_to(path, owner, mode):
    # type: (str, t.Tuple[int, int], int) -> None
    """Set owner (uid, gid; -1 keeps) and mode of one file. Raises StoreError ``not_ours``, OSError."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    try:
        require_single(path, os.fstat(descriptor))
        if owner != (-1, -1):
            os.fchown(descriptor, *owner)
        os.fchmod(descriptor, mode)
        os.fsync(descriptor)
    except OSError as error:
        raise OSError(error.errno, error.strerror, path) from None
    finally:
        os.close(descriptor)
