# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: no promise is made about what is in here.

"""State ``absent``: remove what is ours in the directory, and the directory if nothing else is left."""

import contextlib
import os

from ansible_collections.certfleet.pki.plugins.module_utils._host.layout import STABLE, Store, is_version
from ansible_collections.certfleet.pki.plugins.module_utils._host.locking import locked
from ansible_collections.certfleet.pki.plugins.module_utils._host.pending import check_free, read_request
from ansible_collections.certfleet.pki.plugins.module_utils._host.reading import exists, link_target
from ansible_collections.certfleet.pki.plugins.module_utils._host.record import check_name, current_version, read_record
from ansible_collections.certfleet.pki.plugins.module_utils._host.versions import remove_staging
from ansible_collections.certfleet.pki.plugins.module_utils._host.writing import remove_file, remove_tree

TYPE_CHECKING = False
if TYPE_CHECKING:
    import typing as t

__all__ = ("run",)


def run(item: dict, check: bool) -> dict:
    """Remove the certificate. Raises StoreError or OSError."""
    store = Store(item["directory"])
    check_name(store, item["name"], read_record(store, current_version(store)) or read_request(store))
    check_free(store, item.get("lease_token"), item.get("break"))
    links, trees = _ours(store)
    changed = bool(links or trees) or _is_shell(store)
    if changed and not check:
        with locked(store):
            check_free(store, item.get("lease_token"), item.get("break"))
            _remove(store)
            remove_file(store.lock)
        with contextlib.suppress(OSError):
            os.rmdir(store.directory)
    return {"changed": changed}


def _ours(store):
    # type: (Store) -> t.Tuple[t.List[str], t.List[str]]
    """Return our links and copies, and the trees below the directory, in the order in which they go."""
    links = _copies(read_record(store, current_version(store)))
    links += [store.stable(name) for _field, name in STABLE if link_target(store.stable(name)) == "current/" + name]
    if (link_target(store.current) or "").startswith("versions/"):
        links.append(store.current)
    versions = _names(store.versions)
    trees = [store.version(name) for name in versions if is_version(name) or name.startswith(".new-")]
    if not versions and link_target(store.versions) is None and os.path.isdir(store.versions):
        trees.append(store.versions)
    if exists(store.marker):
        links.append(store.marker)
    if link_target(store.versions) is None and exists(store.copies):
        trees.append(store.copies)
    if exists(store.pending) and link_target(store.pending) is None:
        trees.append(store.pending)
    return links, trees


def _copies(record):
    # type: (t.Optional[dict]) -> t.List[str]
    if not (record or {}).get("copies"):
        return []
    from ansible_collections.certfleet.pki.plugins.module_utils._host.copies import recorded_copies

    return recorded_copies(record)


def _is_shell(store):
    # type: (Store) -> bool
    """Tell whether a killed run has left the directory without anything in it."""
    real = os.path.isdir(store.directory) and link_target(store.directory) is None
    return real and set(_names(store.directory)) <= {os.path.basename(store.lock)}


def _names(path):
    # type: (str) -> t.List[str]
    if link_target(path) is not None:
        return []
    try:
        return sorted(os.listdir(path))
    except (FileNotFoundError, NotADirectoryError):
        return []


def _remove(store):
    # type: (Store) -> None
    links, trees = _ours(store)
    for path in links:
        remove_file(path)
    for path in trees:
        remove_tree(path, first="record.json")
    if _names(store.versions):
        remove_staging(store)
    with contextlib.suppress(OSError):
        os.rmdir(store.versions)
