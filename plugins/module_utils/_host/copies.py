# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: no promise is made about what is in here.

"""Copies of an installed set's files at other places, for services that can't follow links.

A copy is replaced by one rename. What was there before is kept with the set until the deployment is
settled, so that there is a way back: in ``versions/.copies``, with ``index.json`` that says what was where.
"""

import os
import stat

from ansible_collections.certfleet.pki.plugins.module_utils._host.attributes import (
    apply_to,
    compare,
    mode_of,
    owner_ids,
)
from ansible_collections.certfleet.pki.plugins.module_utils._host.errors import StoreError
from ansible_collections.certfleet.pki.plugins.module_utils._host.layout import (
    COMBINED,
    FULLCHAIN,
    KEY,
    KEY_FILES,
    STABLE,
)
from ansible_collections.certfleet.pki.plugins.module_utils._host.reading import (
    UNUSABLE,
    digest,
    exists,
    link_target,
    read,
    read_json,
)
from ansible_collections.certfleet.pki.plugins.module_utils._host.writing import (
    create,
    link,
    make_directory,
    random_hex,
    remove_file,
    rename,
    replace_json,
    sync_directory,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    import typing as t

    from ansible_collections.certfleet.pki.plugins.module_utils._host.layout import Store

__all__ = (
    "apply_attributes",
    "attributes_that_differ",
    "check_places",
    "copies_of",
    "differing",
    "is_first",
    "put",
    "recorded",
    "recorded_copies",
    "restore",
)

_NAMES = dict(STABLE)
_PUBLIC_MODE = 0o644
_STEP = "copies"


def copies_of(item):
    # type: (dict) -> t.List[dict]
    """Return the copies that an item wants, with their owners and modes. Raises StoreError for what can't be."""
    found = [_complete(copy, item) for copy in item.get("copies") or ()]
    paths = {copy["path"] for copy in found}
    if len(paths) != len(found):
        raise StoreError("bad_call", "Two copies have the same path: give each its own.", _STEP)
    return found


def _complete(copy, item):
    # type: (dict, dict) -> dict
    path, content = os.path.normpath(copy.get("path") or ""), copy.get("content")
    if content not in _NAMES:
        raise StoreError("bad_call", "A copy can't hold %s: use one of %s." % (content, ", ".join(_NAMES)), _STEP)
    if not os.path.isabs(path) or path.startswith(os.path.join(item["directory"], "")):
        detail = "The path of a copy, %s, must be absolute, and outside %s." % (path, item["directory"])
        raise StoreError("bad_call", detail, _STEP)
    private = _NAMES[content] in KEY_FILES
    usual = item if private else {"mode": _PUBLIC_MODE}
    attributes = {field: usual.get(field) if copy.get(field) is None else copy[field] for field in _ATTRIBUTES}
    return dict(attributes, path=path, name=_NAMES[content])


_ATTRIBUTES = ("owner", "group", "mode")


def check_places(item):
    # type: (dict) -> None
    """Raise StoreError for a copy that could not be put where it is wanted, before anything is done."""
    for copy in copies_of(item):
        owner_ids(copy)
        parent = os.path.dirname(copy["path"])
        if not os.path.isdir(parent):
            detail = "There is no directory %s for the copy %s: create it first." % (parent, copy["path"])
            raise StoreError("no_directory", detail, _STEP)
        status = _status(copy["path"])
        if status is not None and not (stat.S_ISREG(status.st_mode) or stat.S_ISLNK(status.st_mode)):
            raise StoreError("not_a_file", "%s is not a file, so no copy can replace it: move it away." % copy["path"])


def _status(path):
    # type: (str) -> t.Optional[os.stat_result]
    return os.lstat(path) if exists(path) else None


def _content(store, version, copy):
    # type: (Store, str, dict) -> bytes
    data = read(store.in_version(version, copy["name"]))
    if data is None and copy["name"] == COMBINED:
        data = b"".join(read(store.in_version(version, name)) or b"" for name in (KEY, FULLCHAIN))
    if data is None:
        detail = "%s is not kept, so %s can't be a copy of it: ask for its format." % (copy["name"], copy["path"])
        raise StoreError("bad_call", detail, _STEP)
    return data


def differing(store, version, item):
    # type: (Store, str, dict) -> t.List[str]
    """Return the paths of copies that are missing, or don't hold what the version holds."""
    return [copy["path"] for copy in copies_of(item) if read(copy["path"]) != _content(store, version, copy)]


def attributes_that_differ(item):
    # type: (dict) -> t.List[dict]
    """Return what differs from the wanted owner, group and mode of the copies that are there."""
    found = []  # type: t.List[dict]
    for copy in copies_of(item):
        status = _status(copy["path"])
        if status is not None and stat.S_ISREG(status.st_mode):
            found.extend(compare(copy["path"], status, owner_ids(copy), mode_of(copy)))
    return found


def apply_attributes(item):
    # type: (dict) -> None
    """Set owner, group and mode of the copies that are there."""
    for copy in copies_of(item):
        status = _status(copy["path"])
        if status is not None and stat.S_ISREG(status.st_mode):
            apply_to(copy["path"], owner_ids(copy), mode_of(copy))


def recorded(store, version, item, previous):
    # type: (Store, str, dict, t.Optional[dict]) -> t.List[dict]
    """Return what a record says of copies: ``path`` and ``sha256``; of those that are no longer wanted, too."""
    found = {copy["path"]: digest(_content(store, version, copy)) for copy in copies_of(item)}
    for copy in _entries(previous):
        if _is_ours(copy):
            found.setdefault(copy["path"], copy["sha256"])
    return [{"path": path, "sha256": known} for path, known in sorted(found.items())]


def _entries(record):
    # type: (t.Optional[dict]) -> t.List[dict]
    entries = (record or {}).get("copies")
    entries = entries if isinstance(entries, list) else []
    return [entry for entry in entries if isinstance(entry, dict) and os.path.isabs(str(entry.get("path")))]


def _is_ours(copy: dict) -> bool:
    data = read(copy["path"])
    return data is not None and digest(data) == copy.get("sha256")


def recorded_copies(record):
    # type: (t.Optional[dict]) -> t.List[str]
    """Return the paths of the recorded copies that are there as they were written."""
    return [copy["path"] for copy in _entries(record) if _is_ours(copy)]


def put(store, version, item, first):
    # type: (Store, str, dict, bool) -> None
    """Write every copy that differs, and set the attributes of all; what is replaced can be restored.

    ``first`` is kept for ``is_first``: there was no set before.
    """
    wanted = copies_of(item)
    for copy in wanted:
        remove_file(_temporary(copy["path"]))
    written = [copy for copy in wanted if read(copy["path"]) != _content(store, version, copy)]
    _keep(store, [copy["path"] for copy in written], first)
    for copy in written:
        _write(copy["path"], _content(store, version, copy), mode_of(copy), _owner(copy))
    apply_attributes(item)


def _owner(copy):
    # type: (dict) -> t.Tuple[int, int]
    """Return the owner wanted, or else that of the file which is replaced."""
    uid, gid = owner_ids(copy)
    status = _status(copy["path"])
    if status is not None:
        uid, gid = status.st_uid if uid == -1 else uid, status.st_gid if gid == -1 else gid
    return uid, gid


def _write(path, data, mode, owner):
    # type: (str, bytes, int, t.Tuple[int, int]) -> None
    temporary = _temporary(path)
    try:
        create(temporary, data, mode, owner)
        rename(temporary, path)
    except OSError:
        remove_file(temporary)
        raise


def _temporary(path: str) -> str:
    """Return a name that the next run knows as well. Programs that read whole directories leave out such names."""
    return os.path.join(os.path.dirname(path), ".certfleet-" + digest(path.encode("utf-8", "surrogateescape"))[:16])


def _index(store):
    # type: (Store) -> dict
    index = read_json(os.path.join(store.copies, "index.json")) or {}
    return index if isinstance(index.get("entries"), list) else {"first": False, "entries": []}


def is_first(store):
    # type: (Store) -> bool
    """Tell whether the copies that can be restored are from before there was any set."""
    return bool(_index(store).get("first"))


def _keep(store, paths, first):
    # type: (Store, t.List[str], bool) -> None
    """Note what is at the paths, durably. What a killed run has noted stays: it saw what was there before."""
    index = _index(store)
    known = {entry["path"] for entry in index["entries"]}
    added = [path for path in paths if path not in known]
    if not added:
        return
    make_directory(store.copies, 0o700)
    first = bool(index["first"]) if known else first
    entries = index["entries"] + [_kept(store, path) for path in added]
    replace_json(os.path.join(store.copies, "index.json"), {"first": first, "entries": entries})


def _kept(store, path):
    # type: (Store, str) -> dict
    status = _status(path)
    if status is None:
        return {"path": path, "kind": "none"}
    if stat.S_ISLNK(status.st_mode):
        return {"path": path, "kind": "link", "target": link_target(path)}
    data = read(path)
    if data is None or data == UNUSABLE:
        raise StoreError("not_a_file", "%s is too large to be replaced by a copy: move it away." % path, _STEP)
    name = random_hex()
    create(os.path.join(store.copies, name), data)
    entry = {"path": path, "kind": "file", "name": name, "mode": stat.S_IMODE(status.st_mode)}
    return dict(entry, uid=status.st_uid, gid=status.st_gid)


def restore(store):
    # type: (Store) -> bool
    """Put back what ``put`` has replaced; tell whether anything was."""
    done = [_put_back(store, entry) for entry in _index(store)["entries"]]
    return any(done)


def _put_back(store, entry):
    # type: (Store, dict) -> bool
    path, kind = entry["path"], entry["kind"]
    remove_file(_temporary(path))
    if kind == "link":
        if link_target(path) == entry["target"]:
            return False
        link(entry["target"], path)
        return True
    old = read(os.path.join(store.copies, entry["name"])) if kind == "file" else None
    if read(path) == old:
        return False
    if old is None:
        remove_file(path)
        sync_directory(os.path.dirname(path))
    else:
        _write(path, old, entry["mode"], (entry["uid"], entry["gid"]))
    return True
