# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: no promise is made about what is in here.

"""State ``inspected``: what is there. Reads only, and cheaply: it runs on every host in every run.

While the files are as the record says, nothing but their hashes is looked at.
"""

import os

from ansible_collections.certfleet.pki.plugins.module_utils._host.attributes import differences, owner_ids
from ansible_collections.certfleet.pki.plugins.module_utils._host.layout import (
    CERTIFICATE,
    CHAIN,
    FULLCHAIN,
    KEY,
    KEY_FILES,
    KEYSTORES,
    OPTIONAL,
    ROOTS,
    STABLE,
    Store,
    wanted_names,
)
from ansible_collections.certfleet.pki.plugins.module_utils._host.pending import (
    is_fulfilled,
    open_request,
    read_request,
)
from ansible_collections.certfleet.pki.plugins.module_utils._host.reading import digest, exists, link_target, read, text
from ansible_collections.certfleet.pki.plugins.module_utils._host.record import (
    check_name,
    complete_versions,
    current_version,
    is_whole,
    read_marker,
    read_record,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    import typing as t

    _Files = t.Dict[str, t.Optional[bytes]]

__all__ = ("adoptable", "damaged_links", "observe", "run", "unfinished_version")

_EVERY = tuple(name for _field, name in STABLE)


def run(item: dict, check: bool) -> dict:
    """Observe one certificate; prepare its first request at once where the item asks for it."""
    if item.get("prepare"):
        owner_ids(item)  # an unknown one is to fail before the CA is asked
    seen = observe(item)
    if item.get("prepare") and not check and _is_untouched(seen):
        from ansible_collections.certfleet.pki.plugins.module_utils._host import prepare

        seen.update(prepare.run(item, check))
    return seen


def _is_untouched(seen: dict) -> bool:
    nothing = all(seen[field] is None for field in ("current", "certificate_pem", "pending", "adopt", "unfinished"))
    return nothing and seen["key"]["state"] == "missing"


def observe(item: dict) -> dict:
    """Return the observation: every field of an ``inspected`` answer. Raises StoreError or OSError."""
    store = Store(item["directory"])
    version = current_version(store)
    record = read_record(store, version)
    check_name(store, item["name"], record)
    check_name(store, item["name"], read_request(store) if record is None else None)
    files = _read_files(store, version, _names(item, record))
    intact = _intact(files, record)
    return {
        "changed": False,
        "current": version,
        "certificate_pem": text(files[CERTIFICATE]),
        "chain_pem": text(files[CHAIN]),
        "ca_pem": text(files[ROOTS]),
        "key": _key(store, version, files, intact, item),
        "record": _told_record(record),
        "damaged": _damaged(store, version, files, intact, item, record),
        "attributes": differences(store, version, item, _there(files)) if version else [],
        "marker": read_marker(store),
        "unfinished": _unfinished(store, version),
        "pending": open_request(store, record),
        "adopt": _adopt(item, version, files),
        "prepared": None,
    }


def _names(item, record):
    # type: (dict, t.Optional[dict]) -> t.Tuple[str, ...]
    """Return the names to look at: few sets have keystores, and asking for what is not there takes its time, too."""
    formats = item.get("formats") or ()
    known = (record or {}).get("files") or ()
    return tuple(
        name for _field, name in STABLE if name not in KEYSTORES or KEYSTORES[name] in formats or name in known
    )


def _read_files(store, version, names):
    # type: (Store, t.Optional[str], t.Sequence[str]) -> _Files
    """Read the current set; where nothing of ours is, whatever has the stable names."""
    if version is None:
        return {name: read(store.stable(name), follow=True) for name in names}
    return {name: read(store.in_version(version, name)) for name in names}


def _there(files):
    # type: (_Files) -> t.List[str]
    return [name for name in KEY_FILES if files.get(name) is not None]


def _intact(files, record):
    # type: (_Files, t.Optional[dict]) -> t.Dict[str, bool]
    """Tell for each file that is there or recorded whether it is as recorded."""
    known = (record or {}).get("files")
    known = known if isinstance(known, dict) else {}
    return {
        name: data is not None and digest(data) == known.get(name)
        for name, data in files.items()
        if data is not None or name in known
    }


def _key(store, version, files, intact, item):
    # type: (Store, t.Optional[str], _Files, t.Dict[str, bool], dict) -> dict
    key = files[KEY]
    if key is None:
        return {"state": "missing", "detail": "There is no key.", "encrypted": None}
    encrypted = b"ENCRYPTED" in key
    if intact.get(KEY) and intact.get(CERTIFICATE) and not (encrypted and not item.get("passphrase")):
        return {"state": "ok", "detail": "", "encrypted": encrypted}
    from ansible_collections.certfleet.pki.plugins.module_utils._host.pair import key_state

    where = store.version(version) if version else store.directory
    return key_state(os.path.join(where, KEY), os.path.join(where, CERTIFICATE), item.get("passphrase"), not version)


def _damaged(store, version, files, intact, item, record):
    # type: (Store, t.Optional[str], _Files, t.Dict[str, bool], dict, t.Optional[dict]) -> t.List[str]
    if version is None and not any(data is not None for data in files.values()):
        return ["link:current"] if exists(store.current) else []
    names = wanted_names(item.get("formats") or ())
    found = [name for name, data in files.items() if name in names and data is not None and not intact.get(name)]
    found += [name for name in names if files[name] is None and name not in (CERTIFICATE, KEY)]
    found += [name for name in OPTIONAL if name not in names and files.get(name) is not None]
    if any(name in names for name in KEYSTORES):
        from ansible_collections.certfleet.pki.plugins.module_utils._host.keystores import outdated

        found += outdated(item, record, files.get)
    return sorted(set(found)) + damaged_links(store, names, version, tuple(files))


def damaged_links(store, names, version, among=_EVERY):
    # type: (Store, t.Sequence[str], t.Optional[str], t.Sequence[str]) -> t.List[str]
    """Return ``link:NAME`` for each stable name that is not our link, or is one too many."""
    found = [] if version else ["link:current"]
    for name in among:
        wanted = "current/" + name if name in names else None
        target = link_target(store.stable(name))
        if target != wanted and (wanted or target == "current/" + name):
            found.append("link:" + name)
    return found


def _told_record(record):
    # type: (t.Optional[dict]) -> t.Optional[dict]
    return None if record is None else {field: value for field, value in record.items() if field != "pem"}


def unfinished_version(store, version):
    # type: (Store, t.Optional[str]) -> t.Optional[str]
    """Return the whole version that was written but is not the current one, if it is wanted still."""
    marked = (read_marker(store) or {}).get("version")
    if marked and marked != version and is_whole(store, marked):
        return marked
    request = read_request(store)
    if request is None or is_fulfilled(request, read_record(store, version)):
        return None
    token = request.get("request_token")
    for candidate in reversed(complete_versions(store)):
        if candidate != version and (read_record(store, candidate) or {}).get("request_token") == token:
            return candidate if is_whole(store, candidate) else None
    return None


def _unfinished(store, version):
    # type: (Store, t.Optional[str]) -> t.Optional[dict]
    found = unfinished_version(store, version)
    if found is None:
        return None
    return {
        "version": found,
        "certificate_pem": text(read(store.in_version(found, CERTIFICATE))),
        "chain_pem": text(read(store.in_version(found, CHAIN))),
        "record": _told_record(read_record(store, found)),
    }


def _adopt(item, version, files):
    # type: (dict, t.Optional[str], _Files) -> t.Optional[dict]
    if not item.get("adopt_from") or version or files[CERTIFICATE] is not None:
        return None
    return adoptable(item["adopt_from"], item.get("passphrase"))


def adoptable(directory, passphrase):
    # type: (str, t.Optional[str]) -> t.Optional[dict]
    """Return the set in a foreign directory with certbot's file names; its links are followed."""
    certificate = read(os.path.join(directory, CERTIFICATE), follow=True)
    if certificate is None:
        return None
    from ansible_collections.certfleet.pki.plugins.module_utils._host.pair import key_state

    paths = os.path.join(directory, KEY), os.path.join(directory, CERTIFICATE)
    chain = read(os.path.join(directory, CHAIN), follow=True)
    if chain is None:
        chain = _after_first(read(os.path.join(directory, FULLCHAIN), follow=True) or b"")
    return {
        "certificate_pem": text(certificate),
        "chain_pem": text(chain),
        "key": key_state(paths[0], paths[1], passphrase, follow=True),
    }


def _after_first(bundle: bytes) -> bytes:
    _first, _end, rest = bundle.partition(b"-----END CERTIFICATE-----")
    return rest.lstrip()
