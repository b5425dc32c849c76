# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A PostgreSQL server with one empty database `postgres`, on a free loopback port (package postgresql).

    with PostgreSQL() as database:
        database.port, database.user           # no password
        database.execute("INSERT ...")

It refuses to run as root, so root runs it as another user, in a folder that this user can reach.
"""

from __future__ import annotations

import glob
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

from ansible_collections.certfleet.pki.tests.support.servers import (
    LOCALHOST,
    Process,
    free_port,
    plain_environment,
    program,
)

__all__ = ("PostgreSQL",)

_DATABASE = "postgres"


def _program(name: str) -> str:
    """Debian keeps the programs of each version to themselves, and off everybody's PATH."""
    return program(name, package="postgresql", folders=sorted(glob.glob("/usr/lib/postgresql/*/bin"), reverse=True))


def _account() -> str | None:
    """Return the user that it must run as, None for ourselves."""
    if os.geteuid() != 0:
        return None
    known = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in known else "nobody"


class PostgreSQL:
    """One server. Its data is gone when it stops."""

    user = "tests"

    def __init__(self) -> None:
        self.port = free_port()
        self._account = _account()
        self.folder = Path(tempfile.mkdtemp(prefix="cfpg"))
        if self._account:
            shutil.chown(self.folder, self._account)
        self._data = self.folder / "data"
        command = [_program("postgres"), "-D", str(self._data), "-F", "-h", LOCALHOST, "-p", str(self.port)]
        self.process = Process(
            "PostgreSQL",
            [*command, "-k", str(self.folder)],
            log=self.folder / "server.log",
            environment=plain_environment(),
            folder=self.folder,
            user=self._account,
        )

    def __enter__(self) -> PostgreSQL:
        try:
            self._run("initdb", "-D", str(self._data), "-U", self.user, "-A", "trust", "--no-sync", "-E", "UTF8")
            self.process.start(self._answers)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.process.stop(signal.SIGQUIT)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _run(self, name: str, *arguments: str) -> str:
        done = subprocess.run(
            [_program(name), *arguments],
            capture_output=True,
            text=True,
            check=False,
            cwd=self.folder,
            env=plain_environment(),
            user=self._account,
        )
        if done.returncode:
            raise RuntimeError(f"{name} failed: {done.stderr}")
        return done.stdout

    def _answers(self) -> bool:
        try:
            return bool(self.execute("SELECT 1"))
        except RuntimeError:
            return False

    def execute(self, sql: str) -> str:
        """Run SQL; return the rows, one a line, fields separated by a bar."""
        where = ("-h", LOCALHOST, "-p", str(self.port), "-U", self.user, "-d", _DATABASE)
        return self._run("psql", "-XqAt", "-v", "ON_ERROR_STOP=1", *where, "-c", sql)

    def settings(self) -> dict[str, str | int]:
        """Return how to connect: host, port, user, database."""
        return {"host": LOCALHOST, "port": self.port, "user": self.user, "database": _DATABASE}
