# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: no promise is made about what is in here.

"""State ``prepared``: a key and a request in ``pending/``, or a note about what became of it.

request.json is written last and removed first: where it is, its key and CSR are whole.
"""

import contextlib
import os
import time

from ansible_collections.certfleet.pki.plugins.module_utils._host.attributes import owner_ids
from ansible_collections.certfleet.pki.plugins.module_utils._host.errors import StoreError
from ansible_collections.certfleet.pki.plugins.module_utils._host.layout import KEY, Store
from ansible_collections.certfleet.pki.plugins.module_utils._host.locking import locked
from ansible_collections.certfleet.pki.plugins.module_utils._host.pending import (
    check_lease,
    is_fulfilled,
    read_lease,
    read_request,
)
from ansible_collections.certfleet.pki.plugins.module_utils._host.reading import UNUSABLE, exists, read, text
from ansible_collections.certfleet.pki.plugins.module_utils._host.record import (
    check_name,
    current_version,
    now,
    read_record,
)
from ansible_collections.certfleet.pki.plugins.module_utils._host.writing import (
    make_directory,
    random_hex,
    remove_file,
    remove_tree,
    replace,
    replace_json,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    import typing as t

__all__ = ("run",)


def run(item: dict, check: bool) -> dict:
    """Prepare, note or discard, whichever the item asks for. Raises StoreError or OSError."""
    store = Store(item["directory"])
    action = _action(item)
    if check:
        return {"changed": action(store, item, True), "prepared": None}
    if action is not _prepare and not exists(store.pending):
        action(store, item, True)  # fails as it would, and does not make the directory
        return {"changed": False, "prepared": None}
    with locked(store):
        changed = action(store, item, False)
        answer = {"changed": changed, "prepared": _prepared(store, changed) if action is _prepare else None}
        empty = action is _discard and set(os.listdir(store.directory)) <= {os.path.basename(store.lock)}
        if empty:
            remove_file(store.lock)
    if empty:  # nothing was there before the request that is gone
        with contextlib.suppress(OSError):
            os.rmdir(store.directory)
    return answer


def _action(item):
    # type: (dict) -> t.Callable[[Store, dict, bool], bool]
    if item.get("prepare"):
        return _prepare
    if item.get("request"):
        return _note
    if item.get("discard"):
        return _discard
    raise StoreError("bad_call", "Nothing to do: give prepare, request or discard.")


def _prepare(store, item, check):
    # type: (Store, dict, bool) -> bool
    """Make sure that there is a request for this order. Returns whether it had to be made."""
    wanted = item["prepare"]
    owner_ids(item)  # an unknown one is to fail before the CA is asked
    record = read_record(store, current_version(store))
    check_name(store, item["name"], record)
    lease = wanted.get("lease") or {}
    check_lease(store, lease.get("token"), lease.get("break"))
    request = read_request(store)
    check_name(store, item["name"], request)
    reusable = _is_reusable(request, record, wanted)
    if check:
        return not reusable
    fresh = not exists(store.pending)
    make_directory(store.pending, 0o700)
    try:
        _take_lease(store, lease)
        if not reusable:
            _make_request(store, item)
    except BaseException:
        _give_up(store, fresh)
        raise
    return not reusable


def _give_up(store, fresh):
    # type: (Store, bool) -> None
    """Leave things as they were but for the lease, which nobody holds now."""
    with contextlib.suppress(OSError):
        if fresh:
            remove_tree(store.pending, first="request.json")
        else:
            remove_file(store.lease)


def _is_reusable(request, record, wanted):
    # type: (t.Optional[dict], t.Optional[dict], dict) -> bool
    if request is None or is_fulfilled(request, record) or wanted.get("discard"):
        return False
    if request.get("order_hash") == wanted.get("order_hash"):
        return True
    raise StoreError("request_open", "A request for another order is open: discard it first.", "key")


def _take_lease(store, lease):
    # type: (Store, dict) -> None
    if lease.get("token"):
        taken = time.time()
        expires = taken + float(lease.get("seconds") or 0)
        replace_json(
            store.lease, {"token": lease["token"], "owner": lease.get("owner"), "taken_at": taken, "expires": expires}
        )


def _make_request(store, item):
    # type: (Store, dict) -> None
    key, request = _key_and_request(store, item)
    remove_file(store.request)
    wanted = item["prepare"]
    replace(store.request_key, key)
    replace(store.request_csr, request.encode("ascii"))
    note = {
        "name": item["name"],
        "request_token": random_hex(32),
        "order_hash": wanted.get("order_hash"),
        "intent": wanted.get("intent"),
        "created_at": now(),
        "request_id": None,
        "status": "intent",
        "detail": "",
    }
    replace_json(store.request, note)


def _key_and_request(store, item):
    # type: (Store, dict) -> t.Tuple[bytes, str]
    from ansible_collections.certfleet.pki.plugins.module_utils._host import openssl

    wanted = item["prepare"]
    config = os.path.join(store.pending, "request.cnf")
    replace(config, (wanted.get("csr_config") or "").encode("utf-8"))
    try:
        if wanted.get("reuse_key"):
            return _reuse_key(store, item, config)
        key, request = openssl.new_key_and_request(wanted.get("key") or {}, config)
        return key.encode("ascii"), request
    finally:
        remove_file(config)


def _reuse_key(store, item, config):
    # type: (Store, dict, str) -> t.Tuple[bytes, str]
    from ansible_collections.certfleet.pki.plugins.module_utils._host import openssl
    from ansible_collections.certfleet.pki.plugins.module_utils._host.pair import is_encrypted

    version = current_version(store)
    path = store.in_version(version, KEY) if version else store.stable(KEY)
    key = read(path, follow=version is None)
    if not key or key == UNUSABLE:
        raise StoreError(
            "key_missing", "There is no key to use again in %s: order with a new one." % store.directory, "key"
        )
    if is_encrypted(key) and not item.get("passphrase"):  # openssl would ask for it on the terminal
        raise StoreError(
            "key_encrypted", "The installed key needs a passphrase: give it, or order with a new key.", "key"
        )
    return key, openssl.request_for(path, item.get("passphrase"), config)


def _prepared(store, made):
    # type: (Store, bool) -> dict
    request = read_request(store) or {}
    return {
        "csr_pem": text(read(store.request_csr)),
        "request_token": request.get("request_token"),
        "reused": not made,
        "request_id": request.get("request_id"),
    }


def _note(store, item, check):
    # type: (Store, dict, bool) -> bool
    """Note the CA's word on the open request, and release the lease unless the run goes on."""
    news = item["request"]
    check_lease(store, news.get("lease_token"))
    request = read_request(store)
    if request is None:
        raise StoreError("lost_request", "There is no open request in %s: run again." % store.directory, "note")
    check_name(store, item["name"], request)
    changes = {field: news[field] for field in ("status", "detail", "shown") if news.get(field) is not None}
    if "request_id" in news:
        changes["request_id"] = news["request_id"]
    differs = any(request.get(field) != value for field, value in changes.items())
    if not check:
        if differs:
            replace_json(store.request, dict(request, **changes))
        if read_lease(store) is not None and not news.get("keep_lease"):
            remove_file(store.lease)
    return differs


def _discard(store, item, check):
    # type: (Store, dict, bool) -> bool
    """Drop the open request."""
    if not exists(store.pending):
        return False
    check_lease(store, item.get("lease_token"), item.get("break"))
    check_name(store, item["name"], read_request(store))
    if not check:
        remove_tree(store.pending, first="request.json")
    return True
