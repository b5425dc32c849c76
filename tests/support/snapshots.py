# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is on a disk at a moment, in a form that can be compared."""

from __future__ import annotations

import hashlib
import os
import sqlite3
import stat
import typing as t
from pathlib import Path

__all__ = ("AuthorityDatabase", "snapshot")

Disk = t.Dict[str, t.Any]


def snapshot(top: Path) -> Disk:
    """Return every path below ``top`` with kind, mode, owner and content.

    The directory of an embedded CA counts as one thing: what it has on record, for its CRLs and
    its database change with every call.
    """
    found: Disk = {}
    for directory, below, files in os.walk(top):
        here = Path(directory)
        if "ca.sqlite" in files:
            found[str(here.relative_to(top))] = AuthorityDatabase(here).record()
            below.clear()
            continue
        for name in [*below, *files]:
            entry = _entry(here / name)
            if entry is not None:
                found[str((here / name).relative_to(top))] = entry
    return found


def _entry(path: Path) -> t.Optional[t.List[t.Any]]:
    try:
        status = path.lstat()
        return [stat.filemode(status.st_mode), status.st_uid, status.st_gid, _content(path, status.st_mode)]
    except FileNotFoundError:
        return None


def _content(path: Path, mode: int) -> str:
    if stat.S_ISLNK(mode):
        return os.readlink(path)
    if stat.S_ISREG(mode):
        return hashlib.sha256(path.read_bytes()).hexdigest()
    return ""


class AuthorityDatabase:
    """Reads what an embedded CA has on record, past the collection's own code."""

    def __init__(self, directory: Path) -> None:
        self._path = directory / "ca.sqlite"

    def record(self) -> t.Dict[str, t.List[t.Any]]:
        """Return the states of all requests, the certificates as [serial number, revoked], settings, and modes of files."""
        files = (path for path in self._path.parent.iterdir() if not path.name.endswith(("-wal", "-shm")))
        return {
            "requests": self.requests,
            "certificates": self._rows(
                "SELECT serial_number, revoked_at IS NOT NULL FROM certificates ORDER BY number"
            ),
            "settings": self._rows("SELECT name, value FROM settings ORDER BY name"),
            "files": sorted(f"{path.name} {stat.filemode(path.stat().st_mode)}" for path in files),
        }

    @property
    def requests(self) -> t.List[str]:
        """The states of all requests, oldest first."""
        return [state for (state,) in self._rows("SELECT state FROM requests ORDER BY number")]

    @property
    def serial_numbers(self) -> t.List[str]:
        """The serial numbers of all certificates, oldest first."""
        return [serial for (serial,) in self._rows("SELECT serial_number FROM certificates ORDER BY number")]

    @property
    def request_ids(self) -> t.List[str]:
        """The ids of all requests, oldest first."""
        return [request_id for (request_id,) in self._rows("SELECT request_id FROM requests ORDER BY number")]

    def _rows(self, query: str) -> t.List[t.Any]:
        if not self._path.exists():
            return []
        database = sqlite3.connect(self._path, timeout=10)
        try:
            return [list(row) for row in database.execute(query)]
        finally:
            database.close()
