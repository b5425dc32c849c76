# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: no promise is made about what is in here.

"""State ``present``: put a set in place, or its attributes, or a change of its record.

Write the version, note it in the marker, switch, remove the marker. A run that finds a marker goes
through the rest again. Nothing of the old set is touched before the switch. What makes services use
it comes between the switch and the end: see ``deploy``, which does the same steps for several sets.
"""

import contextlib
import os

from ansible_collections.certfleet.pki.plugins.module_utils._host import keystores
from ansible_collections.certfleet.pki.plugins.module_utils._host.attributes import (
    apply_attributes,
    check_changeable,
    differences,
)
from ansible_collections.certfleet.pki.plugins.module_utils._host.errors import StoreError, from_anything
from ansible_collections.certfleet.pki.plugins.module_utils._host.issued import note_issued
from ansible_collections.certfleet.pki.plugins.module_utils._host.layout import CERTIFICATE, KEY, Store, wanted_names
from ansible_collections.certfleet.pki.plugins.module_utils._host.locking import locked
from ansible_collections.certfleet.pki.plugins.module_utils._host.observe import damaged_links, unfinished_version
from ansible_collections.certfleet.pki.plugins.module_utils._host.pair import check_pair
from ansible_collections.certfleet.pki.plugins.module_utils._host.pending import check_lease, is_fulfilled, read_request
from ansible_collections.certfleet.pki.plugins.module_utils._host.reading import exists, read
from ansible_collections.certfleet.pki.plugins.module_utils._host.record import (
    HOST_FIELDS,
    check_name,
    current_version,
    is_whole,
    read_marker,
    read_record,
)
from ansible_collections.certfleet.pki.plugins.module_utils._host.sources import files_of, load, record_of
from ansible_collections.certfleet.pki.plugins.module_utils._host.versions import (
    mark,
    prune,
    set_links,
    switch,
    unmark,
    update_record,
    write_version,
)
from ansible_collections.certfleet.pki.plugins.module_utils._host.writing import remove_tree

TYPE_CHECKING = False
if TYPE_CHECKING:
    import typing as t

__all__ = ("Staged", "amend", "answer_of", "check_call", "predict", "put_in_place", "run", "settle", "stage")


def run(item: dict, check: bool) -> dict:
    """Do what the item asks for and return its answer. Raises StoreError or OSError."""
    store = check_call(item)
    if check:
        return answer_of(store, item, predict(store, item))
    with locked(store):
        changed = _install(store, item)
        return answer_of(store, item, amend(store, item) or changed)


def check_call(item):
    # type: (dict) -> Store
    """Return the item's store. Raises StoreError if it asks for nothing, or the directory is another's."""
    if not (item.get("install") or item.get("attributes") or item.get("record_update")):
        raise StoreError("bad_call", "Nothing to do: give install, attributes or record_update.")
    store = Store(item["directory"])
    check_name(store, item["name"], read_record(store, current_version(store)))
    return store


def answer_of(store, item, changed):
    # type: (Store, dict, bool) -> dict
    """Return the answer for what is in place now."""
    version = current_version(store)
    return {
        "changed": changed,
        "version": version,
        "files": store.result_files(item.get("formats") or ()),
        "installed_at": (read_record(store, version) or {}).get("installed_at"),
        "rolled_back": False,
    }


def predict(store, item):
    # type: (Store, dict) -> bool
    """Tell whether ``run`` would change anything. Writes nothing."""
    version = current_version(store)
    if item.get("install") and _install_changes(store, version, item):
        return True
    if item.get("attributes") and version and differences(store, version, item):
        check_changeable(store, version)
        return True
    return bool(item.get("record_update")) and _record_differs(store, version, item["record_update"])


def _install_changes(store, version, item):
    # type: (Store, t.Optional[str], dict) -> bool
    if item["install"].get("from") == "request" and not is_fulfilled(_token_of(item), read_record(store, version)):
        return True  # the key and the certificate are made by the steps before, which check mode left out
    return _plan(store, version, item).changes


def _token_of(item: dict) -> dict:
    return {"request_token": item["install"].get("request_token")}


def amend(store, item):
    # type: (Store, dict) -> bool
    """Do what is asked for besides an installation; tell whether that changed anything. The caller holds the lock."""
    changed = False
    version = current_version(store)
    if version is None:
        raise StoreError("not_installed", "No certificate is installed in %s: install one first." % store.directory)
    if item.get("attributes") and differences(store, version, item):
        apply_attributes(store, version, item)
        changed = True
    if item.get("record_update") and _record_differs(store, version, item["record_update"]):
        update_record(store, version, item["record_update"])
        changed = True
    return changed


def _record_differs(store, version, changes):
    # type: (Store, t.Optional[str], dict) -> bool
    record = read_record(store, version) or {}
    return any(field not in record or record[field] != value for field, value in changes.items())


class _Plan:
    """What an installation has to do: ``version`` is used if it is there already, else it is written."""

    def __init__(self, version, files, record, changes):
        # type: (t.Optional[str], t.Dict[str, bytes], dict, bool) -> None
        self.version = version
        self.files = files
        self.record = record
        self.changes = changes


def _plan(store, current, item):
    # type: (Store, t.Optional[str], dict) -> _Plan
    existing = read_record(store, current)
    if item["install"].get("from") == "unfinished":
        return _finish(store, current, item, unfinished_version(store, current) or current)
    if item["install"].get("from") == "request":
        if is_fulfilled(_token_of(item), existing):
            return _finish(store, current, item, current)
        waiting = unfinished_version(store, current)
        if waiting and is_fulfilled(_token_of(item), read_record(store, waiting)):
            return _finish(store, current, item, waiting)
    keystores.check_keystores(item)
    found = load(store, item)
    files = files_of(found, item)
    record = record_of(item, found, existing)
    same = current is not None and existing is not None and _same(store, current, files, item)
    if same:
        changes = _is_unfinished(store, current, item) or _record_differs(store, current, _told(record))
        return _Plan(current, files, record, changes)
    return _Plan(None, files, record, True)


def _finish(store, current, item, version):
    # type: (Store, t.Optional[str], dict, t.Optional[str]) -> _Plan
    if version is None:
        raise StoreError(
            "nothing_unfinished", "There is no unfinished installation in %s: run again." % store.directory
        )
    record = read_record(store, version) or {}
    return _Plan(version, {}, record, version != current or _is_unfinished(store, version, item))


def _same(store, version, files, item):
    # type: (Store, str, t.Dict[str, bytes], dict) -> bool
    names = wanted_names(("combined",))

    def load(name: str) -> "t.Optional[bytes]":
        return read(store.in_version(version, name))

    same = is_whole(store, version) and all(load(name) == files.get(name) for name in names)
    return same and keystores.are_as_wanted(item, read_record(store, version), load)


def _is_unfinished(store, version, item):
    # type: (Store, t.Optional[str], dict) -> bool
    names = wanted_names(item.get("formats") or ())
    leftover = is_fulfilled(read_request(store), read_record(store, version))
    return bool(
        exists(store.marker)
        or damaged_links(store, names, version)
        or leftover
        or (version and differences(store, version, item))
    )


def _told(record: dict) -> dict:
    kept = {field: value for field, value in record.items() if field not in HOST_FIELDS}
    return dict(kept, name=record.get("name"), pem=record.get("pem"))


def _install(store, item):
    # type: (Store, dict) -> bool
    staged = stage(store, item) if item.get("install") else None
    if staged is None:
        return False
    try:
        put_in_place(store, item, staged)
    except Exception as error:
        from ansible_collections.certfleet.pki.plugins.module_utils._host.rollback import after_failure

        raise after_failure(store, item, staged.version, staged.previous, from_anything(error, "switch")) from None
    settle(store, staged.version)
    return True


class Staged:
    """A whole version on the disk, to be put in place; ``first``: nothing was in place before, nor is yet."""

    def __init__(self, version, previous, current):
        # type: (str, t.Optional[str], t.Optional[str]) -> None
        self.version = version
        self.previous = previous
        self.first = previous is None and current != version


def stage(store, item, anyway=False):
    # type: (Store, dict, bool) -> t.Optional[Staged]
    """Write the version that is asked for, None if there is nothing to change (``anyway``: put it in place again).

    The caller holds the lock. Nothing that services read is touched.
    """
    current = current_version(store)
    check_name(store, item["name"], read_record(store, current))
    install = item["install"]
    if install.get("from") == "request" or install.get("lease_token"):
        check_lease(store, install.get("lease_token"))
    if install.get("from") == "request":
        note_issued(store, install, read_record(store, current))
    plan = _plan(store, current, item)
    if not plan.changes and not anyway:
        return None
    previous = _previous(store, current, plan.version)
    version = plan.version or _write(store, plan, item, current)
    if version == current and plan.files:
        update_record(store, version, _told(plan.record))
    return Staged(version, previous, current)


def _previous(store, current, version):
    # type: (Store, t.Optional[str], t.Optional[str]) -> t.Optional[str]
    """Return the version to go back to, which is in the marker if a killed run had switched already."""
    if version is not None and version == current:
        marker = read_marker(store) or {}
        return marker.get("previous") if marker.get("version") == version else None
    return current


def _write(store, plan, item, current):
    # type: (Store, _Plan, dict, t.Optional[str]) -> str
    def complete(staging: str) -> "t.Dict[str, bytes]":
        check_pair(os.path.join(staging, KEY), os.path.join(staging, CERTIFICATE), item.get("passphrase"))
        return keystores.new_keystores(staging, item)

    record = dict(plan.record, previous=current, keystores=keystores.made_with(item))
    return write_version(store, plan.files, record, item, complete)


def put_in_place(store, item, staged):
    # type: (Store, dict, Staged) -> None
    """Switch to a staged version, with the marker that says so. Raises StoreError or OSError."""
    mark(store, staged.version, staged.previous)
    if differences(store, staged.version, item):
        apply_attributes(store, staged.version, item)
    set_links(store, item.get("formats") or ())
    switch(store, staged.version)


def settle(store, version):
    # type: (Store, str) -> None
    """Take the marker away and clear up; what stays, since the set is in place, is cleared by the next run."""
    with contextlib.suppress(OSError):
        unmark(store)
        _close_request(store, version)
        prune(store)


def _close_request(store, version):
    # type: (Store, str) -> None
    if is_fulfilled(read_request(store), read_record(store, version)):
        remove_tree(store.pending, first="request.json")
