# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: no promise is made about what is in here.

"""The tables of an embedded CA's database, and the values that their rows become."""

from __future__ import annotations

import dataclasses
import json
import sqlite3
import typing as t
from datetime import datetime, timezone

__all__ = (
    "SCHEMA",
    "VERSION",
    "CrlState",
    "IssuedRow",
    "RequestRow",
    "crl_state",
    "insert_certificate",
    "insert_request",
    "issued_row",
    "request_row",
)

#: Of the tables below; in the database it is ``user_version``.
VERSION = 1
SCHEMA = """
CREATE TABLE settings (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE requests (
    number INTEGER PRIMARY KEY,
    request_id TEXT NOT NULL UNIQUE,
    csr_sha256 TEXT NOT NULL,
    csr_pem TEXT NOT NULL,
    terms TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('pending', 'issued', 'denied', 'cancelled')),
    detail TEXT NOT NULL DEFAULT '',
    requested_at REAL NOT NULL,
    decided_at REAL
);
CREATE INDEX requests_by_csr ON requests (csr_sha256);
CREATE INDEX requests_pending ON requests (state) WHERE state = 'pending';
CREATE TABLE certificates (
    number INTEGER PRIMARY KEY,
    serial_number TEXT NOT NULL UNIQUE,
    request_id TEXT NOT NULL UNIQUE REFERENCES requests (request_id),
    pem TEXT NOT NULL,
    not_after REAL NOT NULL,
    revoked_at REAL,
    revocation_reason TEXT
);
CREATE INDEX certificates_revoked ON certificates (revoked_at) WHERE revoked_at IS NOT NULL;
CREATE TABLE revocations (revision INTEGER NOT NULL);
INSERT INTO revocations VALUES (0);
CREATE TABLE crls (
    issuer TEXT PRIMARY KEY,
    number INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    this_update REAL NOT NULL,
    next_update REAL NOT NULL
);
PRAGMA user_version = 1;
"""


@dataclasses.dataclass(frozen=True)
class RequestRow:
    """One request; ``terms`` is what was ordered besides the CSR."""

    request_id: str
    csr_sha256: str
    csr_pem: str
    terms: t.Mapping[str, t.Any]
    state: str
    detail: str
    requested_at: datetime
    decided_at: t.Optional[datetime] = None
    number: int = 0


@dataclasses.dataclass(frozen=True)
class IssuedRow:
    """One certificate; ``serial_number`` is lower-case hex."""

    serial_number: str
    request_id: str
    pem: str
    not_after: datetime
    revoked_at: t.Optional[datetime] = None
    revocation_reason: t.Optional[str] = None
    number: int = 0


@dataclasses.dataclass(frozen=True)
class CrlState:
    """What the last CRL of one issuer was; ``revision`` is how many revocations it took in."""

    number: int
    revision: int
    this_update: datetime
    next_update: datetime


def insert_request(database: sqlite3.Connection, row: RequestRow) -> None:
    database.execute(
        "INSERT INTO requests (request_id, csr_sha256, csr_pem, terms, state, detail, requested_at, decided_at) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            row.request_id,
            row.csr_sha256,
            row.csr_pem,
            json.dumps(row.terms, sort_keys=True),
            row.state,
            row.detail,
            row.requested_at.timestamp(),
            row.decided_at.timestamp() if row.decided_at else None,
        ),
    )


def insert_certificate(database: sqlite3.Connection, row: IssuedRow) -> None:
    database.execute(
        "INSERT INTO certificates (serial_number, request_id, pem, not_after) VALUES (?, ?, ?, ?)",
        (row.serial_number, row.request_id, row.pem, row.not_after.timestamp()),
    )


def _time(seconds: t.Optional[float]) -> t.Optional[datetime]:
    return None if seconds is None else datetime.fromtimestamp(seconds, timezone.utc)


def _values(row: sqlite3.Row, *times: str) -> t.Dict[str, t.Any]:
    return {name: _time(value) if name in times else value for name, value in dict(row).items()}


def request_row(row: sqlite3.Row) -> RequestRow:
    values = _values(row, "requested_at", "decided_at")
    return RequestRow(**{**values, "terms": json.loads(values["terms"])})


def issued_row(row: sqlite3.Row) -> IssuedRow:
    return IssuedRow(**_values(row, "not_after", "revoked_at"))


def crl_state(row: sqlite3.Row) -> CrlState:
    values = _values(row, "this_update", "next_update")
    del values["issuer"]
    return CrlState(**values)
