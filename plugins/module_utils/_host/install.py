# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: no promise is made about what is in here.

"""State ``present``: put a set in place, or its attributes, or a change of its record.

Write the version, note it in the marker, switch, deploy, remove the marker. A run that finds
a marker goes through the rest again. Nothing of the old set is touched before the switch.
"""

import contextlib
import os

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

__all__ = ("DEPLOY_STEPS", "run")

#: What makes services use a set that was switched to: (name, function of store, version and item).
DEPLOY_STEPS = ()  # type: t.Tuple[t.Tuple[str, t.Callable[[Store, str, dict], None]], ...]


def run(item: dict, check: bool) -> dict:
    """Do what the item asks for and return its answer. Raises StoreError or OSError."""
    if not (item.get("install") or item.get("attributes") or item.get("record_update")):
        raise StoreError("bad_call", "Nothing to do: give install, attributes or record_update.")
    store = Store(item["directory"])
    check_name(store, item["name"], read_record(store, current_version(store)))
    if check:
        return _answer(store, item, _predict(store, item))
    with locked(store):
        changed = _carry_out(store, item)
        return _answer(store, item, changed)


def _answer(store, item, changed):
    # type: (Store, dict, bool) -> dict
    version = current_version(store)
    return {
        "changed": changed,
        "version": version,
        "files": store.result_files(item.get("formats") or ()),
        "installed_at": (read_record(store, version) or {}).get("installed_at"),
        "rolled_back": False,
    }


def _predict(store, item):
    # type: (Store, dict) -> bool
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


def _carry_out(store, item):
    # type: (Store, dict) -> bool
    version = current_version(store)
    check_name(store, item["name"], read_record(store, version))
    changed = _install(store, version, item) if item.get("install") else False
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
    found = load(store, item)
    files = files_of(found, item)
    record = record_of(item, found, existing)
    same = current is not None and existing is not None and _same(store, current, files)
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


def _same(store, version, files):
    # type: (Store, str, t.Dict[str, bytes]) -> bool
    names = wanted_names(("combined",))
    return is_whole(store, version) and all(read(store.in_version(version, name)) == files.get(name) for name in names)


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


def _install(store, current, item):
    # type: (Store, t.Optional[str], dict) -> bool
    install = item["install"]
    if install.get("from") == "request" or install.get("lease_token"):
        check_lease(store, install.get("lease_token"))
    if install.get("from") == "request":
        note_issued(store, install, read_record(store, current))
    plan = _plan(store, current, item)
    if not plan.changes:
        return False
    previous = _previous(store, current, plan.version)
    version = plan.version or _write(store, plan, item, current)
    if version == current and plan.files:
        update_record(store, version, _told(plan.record))
    _activate(store, item, version, previous)
    return True


def _previous(store, current, version):
    # type: (Store, t.Optional[str], t.Optional[str]) -> t.Optional[str]
    """Return the version to go back to, which is in the marker if a killed run had switched already."""
    if version is not None and version == current:
        marker = read_marker(store) or {}
        return marker.get("previous") if marker.get("version") == version else None
    return current


def _write(store, plan, item, current):
    # type: (Store, _Plan, dict, t.Optional[str]) -> str
    def verify(staging: str) -> None:
        check_pair(os.path.join(staging, KEY), os.path.join(staging, CERTIFICATE), item.get("passphrase"))

    return write_version(store, plan.files, dict(plan.record, previous=current), item, verify)


def _activate(store, item, version, previous):
    # type: (Store, dict, str, t.Optional[str]) -> None
    step = "switch"
    try:
        mark(store, version, previous)
        if differences(store, version, item):
            apply_attributes(store, version, item)
        set_links(store, item.get("formats") or ())
        switch(store, version)
        for name, deploy in DEPLOY_STEPS:
            step = name
            deploy(store, version, item)
    except Exception as error:
        from ansible_collections.certfleet.pki.plugins.module_utils._host.rollback import after_failure

        raise after_failure(store, item, version, previous, from_anything(error, step)) from None
    with contextlib.suppress(OSError):  # the set is in place; what stays is cleared by the next run
        unmark(store)
        _close_request(store, version)
        prune(store)


def _close_request(store, version):
    # type: (Store, str) -> None
    if is_fulfilled(read_request(store), read_record(store, version)):
        remove_tree(store.pending, first="request.json")
