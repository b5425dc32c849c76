# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""acmeeh, a real ACME server with renewal information (RFC 9773) and external account binding.

    with Acmeeh(folder, renewal_share=1.0) as ca:     # suggests to renew at once
        ca.directory, ca.ca_bundle, ca.root_pem()
        ca.challenges.add_http01(token, content)      # as with Pebble; http_port=... asks another port
        ca.add_eab("kid-1")                           # its key; Acmeeh(folder, eab_required=True) wants one
        ca.count("newOrder"), ca.certificate_status(serial)

It needs Python 3.12 or newer, for which it gets a virtual environment of its own, and PostgreSQL.
Its suggested window begins when ``renewal_share`` (0.01 to 1) of the lifetime is left, and ends with it;
for a revoked certificate it begins now. Lifetimes are whole days. With `replaces` in a new order, it takes the
names of the old certificate whatever the order says, and never answers alreadyReplaced. It uses an account's
valid authorizations again for 30 days, and its open order for the same names. Its chain ends with the root.
No alternate chains, no profiles, and no Link header "up" where a challenge is answered.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import secrets
import signal
import typing as t
from pathlib import Path

import pytest
import requests

from ansible_collections.certfleet.pki.tests.support.acme_requests import Counting, Request
from ansible_collections.certfleet.pki.tests.support.certificates import CertificateAuthority
from ansible_collections.certfleet.pki.tests.support.challtestsrv import ChallengeServer
from ansible_collections.certfleet.pki.tests.support.host_program import interpreters
from ansible_collections.certfleet.pki.tests.support.made_once import made_once, run
from ansible_collections.certfleet.pki.tests.support.postgresql import PostgreSQL
from ansible_collections.certfleet.pki.tests.support.servers import (
    LOCALHOST,
    Identity,
    Process,
    free_port,
    plain_environment,
    write_json,
)

__all__ = ("Acmeeh",)

_REQUIREMENTS = Path(__file__).parents[1] / "requirements-acmeeh.txt"
_LAUNCHER = Path(__file__).with_name("acmeeh_launcher.py")
_OLDEST_PYTHON = (3, 12)


def _python() -> str:
    """Return the Python of acmeeh's virtual environment, which is made when it is asked for first."""
    digest = hashlib.sha256(_REQUIREMENTS.read_bytes()).hexdigest()[:12]
    return str(made_once(f"acmeeh-{digest}", _make_environment) / "bin" / "python")


def _make_environment(folder: Path) -> None:
    found = {tuple(map(int, version.split("."))): path for version, path in interpreters().items()}
    fitting = sorted(version for version in found if version >= _OLDEST_PYTHON)
    if not fitting:
        pytest.skip("acmeeh needs Python 3.12 or newer, which this machine lacks")
    run(found[fitting[0]], "-m", "venv", str(folder), folder=folder)
    pip = ("-m", "pip", "--disable-pip-version-check", "install", "--quiet")
    run(str(folder / "bin" / "python"), *pip, "-r", str(_REQUIREMENTS), folder=folder)


class Acmeeh(Counting):
    """One server with its database. Everything it writes is in ``folder``, which must not be shared."""

    def __init__(
        self,
        folder: str | os.PathLike[str],
        *,
        challenges: ChallengeServer | None = None,
        http_port: int | None = None,
        renewal_share: float = 0.33,
        days: int = 90,
        eab_required: bool = False,
        external_url: str | None = None,
    ) -> None:
        """``external_url`` is the address that clients know it by, that of a proxy."""
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self._own_challenges = challenges is None
        self.challenges = challenges or ChallengeServer(self.folder / "challenges")
        self.http_port = http_port or self.challenges.http_port
        self.port = free_port()
        self.url = f"https://{LOCALHOST}:{self.port}"
        self.external_url = external_url or self.url
        self.directory = f"{self.external_url}/directory"
        self._identity = Identity.make(self.folder)
        self.ca_bundle = str(self._identity.ca_file)
        self.log = self.folder / "acmeeh.log"
        self._authority = CertificateAuthority("acmeeh root")
        self.database = PostgreSQL()
        content = self._configuration(renewal_share, days)
        content["acme"] = {"caa_enforce": False, "eab_required": eab_required, "eab_reusable": True}
        self._configure(content)
        self.process = self._process()

    def _configuration(self, renewal_share: float, days: int) -> dict[str, t.Any]:
        certificate, key = self.folder / "root.pem", self.folder / "root.key"
        certificate.write_text(self._authority.pem)
        key.write_text(self._authority.key_pem)
        return {
            "server": {"external_url": self.external_url, "bind": LOCALHOST, "port": self.port, "workers": 1},
            "database": {**self.database.settings(), "sslmode": "disable", "auto_setup": True, "min_connections": 1},
            "ca": {
                "default_validity_days": days,
                "internal": {"root_cert_path": str(certificate), "root_key_path": str(key), "serial_source": "random"},
            },
            "challenges": {
                "enabled": ["http-01", "dns-01"],
                "http01": {"port": self.http_port, "blocked_networks": []},
                "dns01": {"resolvers": [LOCALHOST], "propagation_wait_seconds": 0, "auto_validate": True},
            },
            "order": {"retry_after_seconds": 1},
            "security": {"rate_limits": {"enabled": False}},
            "notifications": {"enabled": False},
            # Without it, acmeeh refuses to require a binding.
            "admin_api": {
                "enabled": True,
                "token_secret": secrets.token_hex(32),
                "initial_admin_email": "admin@example.com",
            },
            "ari": {"enabled": True, "renewal_percentage": renewal_share},
        }

    def _configure(self, content: t.Mapping[str, t.Any]) -> None:
        settings = {
            "config": str(write_json(self.folder / "acmeeh.json", content)),
            "dns_port": self.challenges.dns_port,
            "certificate": str(self._identity.certificate_file),
            "key": str(self._identity.key_file),
        }
        write_json(self.folder / "launcher.json", settings)

    def _process(self) -> Process:
        command = [_python(), "-I", "-B", str(_LAUNCHER), str(self.folder / "launcher.json")]
        environment = plain_environment(HOME=str(self.folder))
        return Process("acmeeh", command, log=self.log, environment=environment, folder=self.folder)

    def __enter__(self) -> Acmeeh:
        try:
            self.database.__enter__()
            if self._own_challenges:
                self.challenges.start()
            self.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        if self._own_challenges:
            self.challenges.stop()
        self.database.__exit__()

    def start(self) -> None:
        """Start the ACME server, which knows what it knew before."""
        self.process.start(lambda: self._get(f"{self.url}/directory").ok, limit=60)

    def stop(self, how: int = signal.SIGKILL) -> None:
        """Stop the ACME server; its database and the challenge server go on."""
        self.process.stop(how)

    def _get(self, url: str) -> requests.Response:
        with requests.Session() as session:
            session.trust_env = False
            return session.get(url, verify=self.ca_bundle, timeout=10)

    def root_pem(self) -> str:
        """Return the root certificate, which issues by itself."""
        return self._authority.pem

    def add_eab(self, key_id: str) -> str:
        """Allow accounts to be bound with a key id; return the key, in base64url."""
        key = base64.urlsafe_b64encode(secrets.token_bytes(32)).rstrip(b"=").decode()
        self.database.execute(f"INSERT INTO admin.eab_credentials (kid, hmac_key) VALUES ('{key_id}', '{key}')")
        return key

    def certificate_status(self, serial: int) -> str | None:
        """Return `Valid` or `Revoked` of a serial number, None if it never issued it."""
        found = self.database.execute(f"SELECT revoked_at IS NULL FROM certificates WHERE serial_number = '{serial:x}'")
        return {"t": "Valid", "f": "Revoked"}.get(found.strip())

    def requests(self) -> list[Request]:
        """Return what it was asked since it was made, oldest first; its own looks at the directory are among it."""
        lines = (json.loads(line) for line in self.process.text().splitlines() if line.startswith("{"))
        return [Request(line["method"], line["path"]) for line in lines if line["logger"] == "acmeeh.access"]
