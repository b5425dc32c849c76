# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: no promise is made about what is in here.

"""The notes that are kept beside the files: a version's record and the marker of an unfinished switch."""

import os
import time

from ansible_collections.certfleet.pki.plugins.module_utils._host.errors import StoreError
from ansible_collections.certfleet.pki.plugins.module_utils._host.guard import is_own_directory, require_own_directory
from ansible_collections.certfleet.pki.plugins.module_utils._host.layout import RECORD, is_version
from ansible_collections.certfleet.pki.plugins.module_utils._host.reading import digest, link_target, read, read_json

TYPE_CHECKING = False
if TYPE_CHECKING:
    import typing as t

    from ansible_collections.certfleet.pki.plugins.module_utils._host.layout import Store

__all__ = (
    "HOST_FIELDS",
    "check_name",
    "complete_versions",
    "current_version",
    "is_whole",
    "now",
    "read_marker",
    "read_record",
)

#: What the host itself writes into a record; everything else is the controller's.
HOST_FIELDS = (
    "name",
    "version",
    "previous",
    "files",
    "installed_at",
    "request_token",
    "pem",
    "keystores",
    "copies",
    "failed_step",
)


def now() -> str:
    """Return the time as ISO 8601 in UTC."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


def current_version(store):
    # type: (Store) -> t.Optional[str]
    """Return the version that ``current`` points to, None if there is none.

    Raises StoreError ``not_ours`` if the version is a link or belongs to another user.
    """
    target = link_target(store.current) or ""
    prefix, _slash, version = target.partition("/")
    if prefix != "versions" or not is_version(version) or not require_own_directory(store.version(version)):
        return None
    return version


def read_record(store, version):
    # type: (Store, t.Optional[str]) -> t.Optional[dict]
    """Return a version's record, None if it has none, or it is damaged, or the version is no directory of ours."""
    if not version or not is_version(version) or not is_own_directory(store.version(version)):
        return None
    return read_json(store.in_version(version, RECORD))


def read_marker(store):
    # type: (Store) -> t.Optional[dict]
    """Return the note about a switch that has not been finished."""
    return read_json(store.marker)


def check_name(store, name, record):
    # type: (Store, str, t.Optional[dict]) -> None
    """Refuse a directory that belongs to another certificate."""
    owner = (record or {}).get("name", name)
    if owner != name:
        detail = "%s belongs to the certificate %s: give %s another directory." % (store.directory, owner, name)
        raise StoreError("directory_in_use", detail)


def complete_versions(store):
    # type: (Store) -> t.List[str]
    """Return the versions with a record, oldest first."""
    try:
        names = os.listdir(store.versions)
    except (FileNotFoundError, NotADirectoryError):
        return []
    return sorted(name for name in names if is_version(name) and read_record(store, name) is not None)


def is_whole(store, version):
    # type: (Store, t.Optional[str]) -> bool
    """Tell whether all files of a version are as its record says."""
    record = read_record(store, version)
    if version is None or record is None or not isinstance(record.get("files"), dict):
        return False
    return all(digest(read(store.in_version(version, name)) or b"") == known for name, known in record["files"].items())
