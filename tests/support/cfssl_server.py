# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A real `cfssl serve` for tests, on a free loopback port, with a certificate database (SQLite).

    with CfsslServer(folder) as server:          # tls=True for HTTPS, mutual=True asks for client certificates too
        authority = CfsslAuthority(server.options())                      # the default profile, which needs no key
        authority = CfsslAuthority(server.options(profile="web", auth_key=server.auth_key))
        server.rows()                                                     # what it has in its database

The binary is Debian's, `apt-get install golang-cfssl`: version 1.2, which has no endpoint for CRLs.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import sqlite3
import typing as t
from pathlib import Path

import requests

from ansible_collections.certfleet.pki.tests.support.certificates import CertificateAuthority, Made
from ansible_collections.certfleet.pki.tests.support.servers import (
    LOCALHOST,
    Process,
    free_port,
    plain_environment,
    program,
    strict_authority,
    write_json,
)

__all__ = ("CfsslServer",)

#: certdb/sqlite/migrations/001_CreateCertificates.sql of cfssl.
_SCHEMA = """
CREATE TABLE certificates (
  serial_number            blob NOT NULL,
  authority_key_identifier blob NOT NULL,
  ca_label                 blob,
  status                   blob NOT NULL,
  reason                   int,
  expiry                   timestamp,
  revoked_at               timestamp,
  pem                      blob NOT NULL,
  PRIMARY KEY(serial_number, authority_key_identifier)
);
"""
_SERVER = ["signing", "key encipherment", "server auth"]


class CfsslServer:
    """One server. Everything it writes is in ``folder``, which must not be shared."""

    def __init__(
        self,
        folder: str | os.PathLike[str],
        *,
        tls: bool = False,
        mutual: bool = False,
        database: bool = True,
        open_profiles: bool = True,
    ) -> None:
        """Without ``open_profiles`` every profile needs the key, without ``database`` nothing can be revoked."""
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.tls = tls or mutual
        self._mutual = mutual
        self.port = free_port()
        self.url = f"{'https' if self.tls else 'http'}://{LOCALHOST}:{self.port}"
        self.auth_key = secrets.token_hex(16)
        self.log = self.folder / "cfssl.log"
        self.database = self.folder / "certificates.db" if database else None
        self.root = strict_authority("cfssl root")
        self.issuing = strict_authority("cfssl issuing", self.root)
        self._servers = strict_authority("cfssl servers")
        self.clients = CertificateAuthority("cfssl clients")
        self._write("ca.pem", self.issuing.pem)
        self._write("ca.key", self.issuing.key_pem)
        write_json(self.folder / "config.json", self._configuration(open_profiles))
        self.process = Process(
            "cfssl", self._command(), log=self.log, environment=plain_environment(HOME=str(self.folder))
        )

    def _write(self, name: str, text: str) -> str:
        path = self.folder / name
        path.touch(mode=0o600)
        path.write_text(text)
        return str(path)

    def _configuration(self, open_profiles: bool) -> dict[str, t.Any]:
        usual = {"usages": [*_SERVER, "client auth"], "expiry": "24h"}
        locked = {"auth_key": "fleet"}
        profiles = {
            "web": {"usages": _SERVER, "expiry": "168h", **locked},
            "short": {"usages": _SERVER, "expiry": "1h", **({} if open_profiles else locked)},
            "example": {
                "usages": _SERVER,
                "expiry": "24h",
                "name_whitelist": r"^([a-z0-9-]+\.)*example\.com$",
                **({} if open_profiles else locked),
            },
        }
        return {
            "signing": {"default": {**usual, **({} if open_profiles else locked)}, "profiles": profiles},
            "auth_keys": {"fleet": {"type": "standard", "key": self.auth_key}},
        }

    def _command(self) -> list[str]:
        command = [program("cfssl", package="golang-cfssl"), "serve", f"-address={LOCALHOST}", f"-port={self.port}"]
        command += [f"-ca={self.folder / 'ca.pem'}", f"-ca-key={self.folder / 'ca.key'}"]
        command += [f"-config={self.folder / 'config.json'}"]
        if self.database:
            connection = {"driver": "sqlite3", "data_source": str(self.database)}
            command += [f"-db-config={write_json(self.folder / 'db.json', connection)}"]
        return command + (self._tls_options() if self.tls else [])

    def _tls_options(self) -> list[str]:
        own = self._servers.issue([LOCALHOST, "localhost"], common_name="localhost")
        options = [f"-tls-cert={self._write('server.pem', own.pem)}"]
        options += [f"-tls-key={self._write('server.key', str(own.key_pem))}"]
        self._write("servers-ca.pem", self._servers.pem)
        return options + ([f"-mutual-tls-ca={self._write('clients.pem', self.clients.pem)}"] if self._mutual else [])

    @property
    def ca_bundle(self) -> str:
        """The path of what the server's own certificate is checked with."""
        return str(self.folder / "servers-ca.pem")

    def client(self) -> dict[str, str]:
        """Return the options with the paths of a new client certificate and its key."""
        made: Made = self.clients.issue(["ansible"], common_name="ansible", extended_key_usage=["client_auth"])
        return {
            "client_certificate": self._write("client.pem", made.pem),
            "client_key": self._write("client.key", str(made.key_pem)),
        }

    def options(self, **others: t.Any) -> dict[str, t.Any]:
        """Return options for the authority `cfssl`: the default profile, unless ``others`` say otherwise."""
        return {"url": self.url, "timeout": 10, **({"ca_bundle": self.ca_bundle} if self.tls else {}), **others}

    def __enter__(self) -> CfsslServer:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Start the server, which knows what is in its database."""
        if self.database and not self.database.exists():
            with contextlib.closing(sqlite3.connect(self.database)) as connection:
                connection.executescript(_SCHEMA)
        self.process.start(self._answers)

    def _answers(self) -> bool:
        with requests.Session() as session:
            session.trust_env = False
            client = tuple(self.client().values()) if self._mutual else None
            trust = self.ca_bundle if self.tls else True
            address = f"{self.url}/api/v1/cfssl/info"
            return session.post(address, json={"label": ""}, verify=trust, cert=client, timeout=10).ok

    def stop(self) -> None:
        """Stop the server; its database stays."""
        self.process.stop()

    def rows(self) -> list[dict[str, t.Any]]:
        """Return the rows of the database: serial_number (decimal), status, reason, revoked_at ..."""
        if self.database is None:
            return []
        with contextlib.closing(sqlite3.connect(self.database)) as connection:
            connection.row_factory = sqlite3.Row
            return [dict(row) for row in connection.execute("SELECT * FROM certificates")]
