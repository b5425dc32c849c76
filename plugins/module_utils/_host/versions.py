# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: no promise is made about what is in here.

"""Writing, switching and pruning the versions of one certificate's set. The caller holds the lock."""

import os
import time

from ansible_collections.certfleet.pki.plugins.module_utils._host.attributes import mode_of, owner_ids
from ansible_collections.certfleet.pki.plugins.module_utils._host.codec import dumps
from ansible_collections.certfleet.pki.plugins.module_utils._host.layout import (
    KEY_FILES,
    RECORD,
    STABLE,
    is_version,
    wanted_names,
)
from ansible_collections.certfleet.pki.plugins.module_utils._host.pending import read_request
from ansible_collections.certfleet.pki.plugins.module_utils._host.reading import digest, exists, link_target
from ansible_collections.certfleet.pki.plugins.module_utils._host.record import (
    complete_versions,
    current_version,
    now,
    read_marker,
    read_record,
)
from ansible_collections.certfleet.pki.plugins.module_utils._host.writing import (
    create,
    link,
    make_directory,
    random_hex,
    remove_file,
    remove_tree,
    rename,
    replace_json,
    sync_directory,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    import typing as t

    from ansible_collections.certfleet.pki.plugins.module_utils._host.layout import Store

__all__ = ("mark", "prune", "remove_staging", "set_links", "switch", "unmark", "update_record", "write_version")

_STAGING = ".new-"


def write_version(store, files, record, item, complete):
    # type: (Store, t.Dict[str, bytes], dict, dict, t.Callable[[str], t.Dict[str, bytes]]) -> str
    """Write a complete version and return its name.

    ``complete`` sees the staged directory first: it refuses it, or returns the files that are made of others.

    It is staged under another name and gets its own only when everything is on the disk.
    """
    version = _new_name()
    staging = os.path.join(store.versions, _STAGING + version)
    make_directory(store.versions)
    os.mkdir(staging, 0o700)
    try:
        _write_files(staging, files, item)
        more = complete(staging)
        _write_files(staging, more, item)
        _write_record(staging, dict(files, **more), dict(record, version=version))
        os.chmod(staging, 0o755)  # noqa: S103 - services read the certificate as users of their own
        sync_directory(staging)
        rename(staging, store.version(version))
    except BaseException:
        remove_tree(staging)
        remove_tree(store.version(version), first=RECORD)  # if only the last sync failed
        raise
    return version


def _new_name() -> str:
    """Return a name that sorts by time: the microseconds come before the random part."""
    now_in_us = int(time.time() * 1000000)
    stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(now_in_us // 1000000))
    return "%s-%05x%s" % (stamp, now_in_us % 1000000, random_hex(5))


def _write_files(staging, files, item):
    # type: (str, t.Dict[str, bytes], dict) -> None
    owner = owner_ids(item)
    for name, data in files.items():
        path = os.path.join(staging, name)
        if name in KEY_FILES:
            create(path, data, mode_of(item), owner)
        else:
            create(path, data, 0o644)


def _write_record(staging, files, record):
    # type: (str, t.Dict[str, bytes], dict) -> None
    hashes = {name: digest(data) for name, data in files.items()}
    text = dumps(dict(record, files=hashes, installed_at=now()))
    create(os.path.join(staging, RECORD), text.encode("ascii") + b"\n")


def update_record(store, version, changes):
    # type: (Store, str, dict) -> None
    """Merge changes into a version's record in one step."""
    record = dict(read_record(store, version) or {}, **changes)
    replace_json(store.in_version(version, RECORD), record)


def mark(store, version, previous):
    # type: (Store, str, t.Optional[str]) -> None
    """Note that a switch has begun, so that the next run finishes it."""
    replace_json(store.marker, {"version": version, "previous": previous, "started_at": now()})


def unmark(store):
    # type: (Store) -> None
    """Note that the switch is finished."""
    if exists(store.marker):
        remove_file(store.marker)
        sync_directory(store.versions)
    remove_tree(store.copies, first="index.json")  # what is of no use without the marker


def switch(store, version):
    # type: (Store, str) -> None
    """Make a version the current one: one rename."""
    if exists(store.current) and link_target(store.current) is None:
        _set_aside(store, "current")
    link("versions/" + version, store.current)


def set_links(store, formats):
    # type: (Store, t.Sequence[str]) -> None
    """Make the stable names our links; anything foreign that has such a name is kept under versions/."""
    names = wanted_names(formats)
    for _field, name in STABLE:
        target = link_target(store.stable(name))
        if name in names:
            _set_link(store, name, target)
        elif target == "current/" + name:
            remove_file(store.stable(name))


def _set_link(store, name, target):
    # type: (Store, str, t.Optional[str]) -> None
    wanted = "current/" + name
    if target == wanted:
        return
    if exists(store.stable(name)):
        _set_aside(store, name)
    link(wanted, store.stable(name))


def _set_aside(store, name):
    # type: (Store, str) -> None
    keep = os.path.join(store.versions, "replaced-" + time.strftime("%Y%m%dT%H%M%SZ", time.gmtime()))
    if exists(os.path.join(keep, name)):
        keep += "-" + random_hex(8)
    make_directory(keep, 0o700)
    rename(store.stable(name), os.path.join(keep, name))


def prune(store):
    # type: (Store) -> None
    """Remove old versions, all but the current, the one before it and the newest one that failed or waits."""
    current = current_version(store)
    keep = {current, (read_record(store, current) or {}).get("previous"), (read_marker(store) or {}).get("version")}
    others = [version for version in complete_versions(store) if version not in keep]
    keep.update([version for version in others if _may_be_needed(store, version)][-1:])
    for name in sorted(os.listdir(store.versions)):
        if is_version(name) and name not in keep:
            remove_tree(store.version(name), first=RECORD)
    remove_staging(store)


def _may_be_needed(store, version):
    # type: (Store, str) -> bool
    record = read_record(store, version) or {}
    token = (read_request(store) or {}).get("request_token")
    return bool(record.get("failed_step")) or (token is not None and record.get("request_token") == token)


def remove_staging(store):
    # type: (Store) -> None
    """Remove what a killed run has left half-written."""
    for directory in (store.directory, store.versions):
        for name in os.listdir(directory):
            path = os.path.join(directory, name)
            if name.startswith(".tmp-"):
                remove_file(path)
            elif name.startswith(_STAGING):
                remove_tree(path)
