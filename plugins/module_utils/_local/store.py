# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: no promise is made about what is in here.

"""What an embedded CA remembers: requests, certificates, revocations, settings, in one SQLite file in WAL mode.

Every method is one short transaction on a connection of its own, so that forks and threads
never share one and none holds the database while it signs.
"""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
import typing as t
import urllib.parse
from datetime import datetime

from ansible_collections.certfleet.pki.plugins.module_utils._errors import Misconfigured, PkiError, Unavailable
from ansible_collections.certfleet.pki.plugins.module_utils._local.rows import (
    SCHEMA,
    VERSION,
    CrlState,
    IssuedRow,
    RequestRow,
    crl_state,
    insert_certificate,
    insert_request,
    issued_row,
    request_row,
)

__all__ = ("Store",)


class Store:
    """The database of one CA. ``busy_seconds`` is how long to wait for another process."""

    def __init__(self, path: str, *, busy_seconds: float) -> None:
        self.path = path
        self.busy_seconds = busy_seconds

    @staticmethod
    def create(path: str) -> None:
        """Make an empty database, readable by its owner only."""
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        connection = sqlite3.connect(path)
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.executescript(SCHEMA)
        finally:
            connection.close()

    def settings(self) -> t.Dict[str, t.Any]:
        """Return the CA's settings as they were saved."""
        with self._reading() as database:
            rows = database.execute("SELECT name, value FROM settings").fetchall()
        return {row["name"]: json.loads(row["value"]) for row in rows}

    def save_settings(self, settings: t.Mapping[str, t.Any]) -> None:
        """Replace the settings given."""
        rows = [(name, json.dumps(value, sort_keys=True)) for name, value in settings.items()]
        with self._writing() as database:
            database.executemany("INSERT OR REPLACE INTO settings (name, value) VALUES (?, ?)", rows)

    def add_pending(self, row: RequestRow) -> str:
        """Keep a request that waits for approval; return its id, or that of one with the same CSR that waits already."""
        with self._writing() as database:
            same = "SELECT request_id FROM requests WHERE csr_sha256 = ? AND state = 'pending'"
            found = database.execute(same, (row.csr_sha256,)).fetchone()
            if found:
                return str(found["request_id"])
            insert_request(database, row)
        return row.request_id

    def add_issued(self, row: RequestRow, certificate: IssuedRow) -> None:
        """Keep a request together with the certificate that answered it."""
        with self._writing() as database:
            insert_request(database, row)
            insert_certificate(database, certificate)

    def approve(self, certificate: IssuedRow, *, now: datetime) -> bool:
        """Keep the certificate for a pending request; False if it was decided in the meantime."""
        with self._writing() as database:
            decided = _decide(database, certificate.request_id, "issued", "", now)
            if decided:
                insert_certificate(database, certificate)
        return decided

    def decide(self, request_id: str, state: str, *, detail: str = "", now: datetime) -> bool:
        """Turn a pending request into a ``denied`` or ``cancelled`` one; False if it was not pending."""
        with self._writing() as database:
            return _decide(database, request_id, state, detail, now)

    def request(self, request_id: str) -> t.Optional[RequestRow]:
        """Return one request."""
        return self._request("SELECT * FROM requests WHERE request_id = ?", request_id)

    def request_with_csr(self, csr_sha256: str) -> t.Optional[RequestRow]:
        """Return the newest request with this CSR that was not cancelled."""
        query = "SELECT * FROM requests WHERE csr_sha256 = ? AND state != 'cancelled' ORDER BY number DESC LIMIT 1"
        return self._request(query, csr_sha256)

    def pending(self) -> t.List[RequestRow]:
        """Return the requests that wait, oldest first."""
        with self._reading() as database:
            rows = database.execute("SELECT * FROM requests WHERE state = 'pending' ORDER BY number").fetchall()
        return [request_row(row) for row in rows]

    def certificate_by_serial(self, serial_number: str) -> t.Optional[IssuedRow]:
        """Return the certificate with this serial number."""
        return self._certificate("SELECT * FROM certificates WHERE serial_number = ?", serial_number)

    def certificate_by_request(self, request_id: str) -> t.Optional[IssuedRow]:
        """Return the certificate that answered this request."""
        return self._certificate("SELECT * FROM certificates WHERE request_id = ?", request_id)

    def certificates_after(self, number: int, *, limit: int) -> t.List[IssuedRow]:
        """Return the next page of certificates, in the order they were issued."""
        query = "SELECT * FROM certificates WHERE number > ? ORDER BY number LIMIT ?"
        with self._reading() as database:
            return [issued_row(row) for row in database.execute(query, (number, limit))]

    def revoke(self, serial_number: str, *, reason: str, now: datetime) -> bool:
        """Mark as revoked; False if it was before."""
        update = "UPDATE certificates SET revoked_at = ?, revocation_reason = ? WHERE serial_number = ? AND revoked_at IS NULL"
        with self._writing() as database:
            changed = database.execute(update, (now.timestamp(), reason, serial_number)).rowcount == 1
            if changed:
                database.execute("UPDATE revocations SET revision = revision + 1")
        return changed

    def revoked(self, *, expired_after: datetime) -> t.Tuple[int, t.List[IssuedRow]]:
        """Return the number of revocations so far, and those of certificates that expire after a time."""
        query = "SELECT * FROM certificates WHERE revoked_at IS NOT NULL AND not_after > ? ORDER BY number"
        with self._reading() as database:
            revision = _revision(database)
            rows = database.execute(query, (expired_after.timestamp(),)).fetchall()
        return revision, [issued_row(row) for row in rows]

    def crl_states(self) -> t.Tuple[int, t.Dict[str, CrlState]]:
        """Return the number of revocations so far, and what the last CRL of each issuer was."""
        with self._reading() as database:
            revision = _revision(database)
            rows = database.execute("SELECT * FROM crls").fetchall()
        return revision, {row["issuer"]: crl_state(row) for row in rows}

    def save_crl(self, issuer: str, state: CrlState) -> None:
        """Remember what the last CRL of an issuer was."""
        values = (issuer, state.number, state.revision, state.this_update.timestamp(), state.next_update.timestamp())
        with self._writing() as database:
            database.execute("INSERT OR REPLACE INTO crls VALUES (?, ?, ?, ?, ?)", values)

    def _request(self, query: str, value: str) -> t.Optional[RequestRow]:
        with self._reading() as database:
            row = database.execute(query, (value,)).fetchone()
        return request_row(row) if row else None

    def _certificate(self, query: str, value: str) -> t.Optional[IssuedRow]:
        with self._reading() as database:
            row = database.execute(query, (value,)).fetchone()
        return issued_row(row) if row else None

    def _reading(self) -> t.ContextManager[sqlite3.Connection]:
        return self._transaction("BEGIN")

    def _writing(self) -> t.ContextManager[sqlite3.Connection]:
        # IMMEDIATE takes the write lock first: a transaction that reads and then
        # writes could otherwise fail half-way without waiting its turn.
        return self._transaction("BEGIN IMMEDIATE")

    @contextlib.contextmanager
    def _transaction(self, begin: str) -> t.Iterator[sqlite3.Connection]:
        try:
            with contextlib.closing(self._connect()) as connection:
                connection.execute(begin)
                try:
                    yield connection
                except BaseException:
                    if connection.in_transaction:
                        connection.execute("ROLLBACK")
                    raise
                connection.execute("COMMIT")
        except (sqlite3.Error, json.JSONDecodeError) as error:
            raise self._explained(error) from error

    def _connect(self) -> sqlite3.Connection:
        # mode=rw: a database that is gone must be an error, not a new and empty one.
        address = f"file:{urllib.parse.quote(self.path)}?mode=rw"
        connection = sqlite3.connect(address, uri=True, timeout=self.busy_seconds, isolation_level=None)
        connection.row_factory = sqlite3.Row
        try:
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute("PRAGMA foreign_keys = ON")
            if connection.execute("PRAGMA user_version").fetchone()[0] != VERSION:
                raise sqlite3.DatabaseError("not a database of this version of the collection")
        except BaseException:
            connection.close()
            raise
        return connection

    def _explained(self, error: Exception) -> PkiError:
        detail = str(error)
        if isinstance(error, sqlite3.OperationalError):
            if "locked" in detail or "busy" in detail:
                problem = f"The database {self.path} of the local CA is busy; try again."
                return Unavailable(problem, detail=detail)
            if "full" in detail or "disk I/O" in detail:
                return Unavailable(
                    f"The database {self.path} of the local CA can't be written: {detail}.", detail=detail
                )
            if "unable to open" in detail or "readonly" in detail:
                problem = (
                    f"The database {self.path} of the local CA can't be opened for writing; check its permissions."
                )
                return Misconfigured(problem, detail=detail)
        problem = f"The database {self.path} of the local CA is damaged; restore it from a backup."
        return Misconfigured(problem, detail=detail)


def _decide(database: sqlite3.Connection, request_id: str, state: str, detail: str, now: datetime) -> bool:
    update = "UPDATE requests SET state = ?, detail = ?, decided_at = ? WHERE request_id = ? AND state = 'pending'"
    return database.execute(update, (state, detail, now.timestamp(), request_id)).rowcount == 1


def _revision(database: sqlite3.Connection) -> int:
    return int(database.execute("SELECT revision FROM revocations").fetchone()["revision"])
