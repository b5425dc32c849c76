# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: no promise is made about what is in here.

"""Where the key, certificate and record of an installation come from (``install.from``). Reads only."""

import os

from ansible_collections.certfleet.pki.plugins.module_utils._host.errors import StoreError
from ansible_collections.certfleet.pki.plugins.module_utils._host.layout import (
    CERTIFICATE,
    CHAIN,
    COMBINED,
    FULLCHAIN,
    KEY,
    ROOTS,
    wanted_names,
)
from ansible_collections.certfleet.pki.plugins.module_utils._host.observe import adoptable
from ansible_collections.certfleet.pki.plugins.module_utils._host.pending import read_request
from ansible_collections.certfleet.pki.plugins.module_utils._host.reading import read, text
from ansible_collections.certfleet.pki.plugins.module_utils._host.record import (
    HOST_FIELDS,
    current_version,
    read_record,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    import typing as t

    from ansible_collections.certfleet.pki.plugins.module_utils._host.layout import Store

__all__ = ("files_of", "load", "record_of")


def load(store, item):
    # type: (Store, dict) -> t.Dict[str, t.Optional[str]]
    """Return ``key``, ``certificate``, ``chain`` and ``ca`` in PEM. Raises StoreError when one can't be had."""
    install = item["install"]
    readers = {"request": _request, "current": _current, "adopted": _adopted, "given": _given}
    if install.get("from") not in readers:
        raise StoreError("bad_call", "install.from must be one of %s." % ", ".join(sorted(readers)), "verify")
    found = readers[install["from"]](store, item)
    given = {"certificate": "certificate_pem", "chain": "chain_pem", "ca": "ca_pem"}
    for field, option in given.items():
        if install.get(option) is not None:
            found[field] = install[option]
    if not found.get("certificate"):
        raise StoreError("bad_certificate", "There is no certificate to install: give one.", "verify")
    return found


def _request(store, item):
    # type: (Store, dict) -> t.Dict[str, t.Optional[str]]
    request = read_request(store)
    token = item["install"].get("request_token")
    if request is None or request.get("request_token") != token:
        detail = "The open request is not the one that this certificate answers: run again."
        raise StoreError("lost_request", detail, "verify")
    return {"key": text(read(store.request_key))}


def _current(store, _item):
    # type: (Store, dict) -> t.Dict[str, t.Optional[str]]
    version = current_version(store)
    record = read_record(store, version) or {}
    copies = record.get("pem") or {}
    where = store.version(version) if version else store.directory
    follow = version is None
    chain = copies.get("chain", text(read(os.path.join(where, CHAIN), follow)))
    return {
        "key": _need_key(os.path.join(where, KEY), follow),
        "certificate": text(read(os.path.join(where, CERTIFICATE), follow)),
        "chain": chain,
        "ca": copies.get("ca", text(read(os.path.join(where, ROOTS), follow))),
    }


def _adopted(_store, item):
    # type: (Store, dict) -> t.Dict[str, t.Optional[str]]
    directory = item.get("adopt_from") or ""
    found = adoptable(directory, item.get("passphrase")) if directory else None
    if found is None:
        raise StoreError("nothing_to_adopt", "There is no certificate in %s: check adopt_from." % directory, "verify")
    return {
        "key": _need_key(os.path.join(directory, KEY), True),
        "certificate": found["certificate_pem"],
        "chain": found["chain_pem"],
    }


def _given(_store, item):
    # type: (Store, dict) -> t.Dict[str, t.Optional[str]]
    install = item["install"]
    if install.get("private_key"):
        return {"key": install["private_key"]}
    if install.get("private_key_path"):
        return {"key": _need_key(install["private_key_path"], True)}
    raise StoreError("key_missing", "No private key was given: set private_key or private_key_path.", "verify")


def _need_key(path: str, follow: bool) -> str:
    key = text(read(path, follow))
    if not key:
        raise StoreError("key_missing", "There is no key file %s." % path, "verify")
    return key


def files_of(found, item):
    # type: (t.Dict[str, t.Optional[str]], dict) -> t.Dict[str, bytes]
    """Return the content of every file of the set, but for keystores, which are made of the files."""
    key, certificate, chain, roots = (_tidy(found.get(field)) for field in ("key", "certificate", "chain", "ca"))
    files = {
        KEY: key,
        CERTIFICATE: certificate,
        CHAIN: chain,
        FULLCHAIN: certificate + chain,
        ROOTS: roots,
        COMBINED: key + certificate + chain,
    }
    return {name: files[name].encode("utf-8") for name in wanted_names(item.get("formats") or ()) if name in files}


def _tidy(pem):
    # type: (t.Optional[str]) -> str
    lines = (pem or "").replace("\r\n", "\n").strip()
    return lines + "\n" if lines else ""


def record_of(item, found, previous):
    # type: (dict, t.Dict[str, t.Optional[str]], t.Optional[dict]) -> dict
    """Return the new version's record, but for what only writing it can know.

    A reinstallation keeps what is recorded, since it is the same certificate.
    """
    install = item["install"]
    kept = previous or {} if install["from"] == "current" else {}
    record = {field: value for field, value in kept.items() if field not in HOST_FIELDS or field == "request_token"}
    record.update(install.get("record") or {})
    record["name"] = item["name"]
    record["pem"] = {"chain": _tidy(found.get("chain")), "ca": _tidy(found.get("ca"))}
    if install["from"] == "request":
        record["request_token"] = install.get("request_token")
    return record
