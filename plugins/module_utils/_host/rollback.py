# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: no promise is made about what is in here.

"""Going back to the version before: after a failed installation, and as the state ``rolled_back``."""

import contextlib

from ansible_collections.certfleet.pki.plugins.module_utils._host.errors import StoreError
from ansible_collections.certfleet.pki.plugins.module_utils._host.layout import OPTIONAL, RECORD, STABLE, Store
from ansible_collections.certfleet.pki.plugins.module_utils._host.locking import locked
from ansible_collections.certfleet.pki.plugins.module_utils._host.pending import is_fulfilled, read_request
from ansible_collections.certfleet.pki.plugins.module_utils._host.reading import exists, link_target
from ansible_collections.certfleet.pki.plugins.module_utils._host.record import (
    check_name,
    current_version,
    is_whole,
    read_record,
)
from ansible_collections.certfleet.pki.plugins.module_utils._host.versions import (
    mark,
    prune,
    set_links,
    switch,
    unmark,
    update_record,
)
from ansible_collections.certfleet.pki.plugins.module_utils._host.writing import remove_file, remove_tree

TYPE_CHECKING = False
if TYPE_CHECKING:
    import typing as t

__all__ = ("after_failure", "run", "switch_back", "undo_unswitched")


def run(item: dict, check: bool) -> dict:
    """Switch back by hand. Raises StoreError ``no_previous`` if there is no whole version before."""
    store = Store(item["directory"])
    version = _before(store, item)
    if check:
        return _answer(store, item, version)
    with locked(store):
        failed = current_version(store)
        version = _before(store, item)
        mark(store, version, None)
        switch_back(store, version)
        if failed:
            update_record(store, failed, {"failed_step": "rolled_back"})
        unmark(store)
        return _answer(store, item, version)


def _before(store, item):
    # type: (Store, dict) -> str
    record = read_record(store, current_version(store))
    check_name(store, item["name"], record)
    previous = (record or {}).get("previous")
    if not previous or not is_whole(store, previous):
        raise StoreError("no_previous", "There is no whole version before the current one in %s." % store.directory)
    return str(previous)


def _answer(store, item, version):
    # type: (Store, dict, str) -> dict
    return {
        "changed": True,
        "version": version,
        "files": store.result_files(item.get("formats") or ()),
        "installed_at": (read_record(store, version) or {}).get("installed_at"),
        "rolled_back": True,
    }


def switch_back(store, version):
    # type: (Store, str) -> None
    """Switch, and let the stable names be those which that version has."""
    switch(store, version)
    set_links(store, [asking for name, asking in OPTIONAL.items() if exists(store.in_version(version, name))])


def after_failure(store, item, version, previous, error):
    # type: (Store, dict, str, t.Optional[str], StoreError) -> StoreError
    """Undo what can be undone, and return the error completed with what was done.

    Before the switch nothing has changed for readers. After it the whole set before is put in
    place again; without one the new set stays, and the marker, so that the next run tries again.
    """
    with contextlib.suppress(OSError, StoreError):
        if current_version(store) != version:
            undo_unswitched(store, version)
        elif previous not in (None, version) and is_whole(store, previous):
            switch_back(store, str(previous))
            error.rolled_back = True
            update_record(store, version, {"failed_step": error.step})
            unmark(store)
            prune(store)
    error.answer = {
        "version": current_version(store),
        "files": store.result_files(item.get("formats") or ()),
        "rolled_back": error.rolled_back,
    }
    return error


def undo_unswitched(store, version):
    # type: (Store, str) -> None
    """Leave no trace, but for a version that answers the open request; each step even if another fails."""
    steps = (lambda: _remove_version(store, version), lambda: _restore_links(store), lambda: unmark(store))
    for step in steps:
        with contextlib.suppress(OSError, StoreError):
            step()


def _remove_version(store, version):
    # type: (Store, str) -> None
    if not is_fulfilled(read_request(store), read_record(store, version)):
        remove_tree(store.version(version), first=RECORD)


def _restore_links(store):
    # type: (Store) -> None
    current = current_version(store)
    if current is not None:
        switch_back(store, current)
        return
    for _field, name in STABLE:
        if link_target(store.stable(name)) == "current/" + name:
            remove_file(store.stable(name))
