# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the real servers of the tests have in common: programs, ports, a certificate of their own, a process.

program("pebble", package="pebble")            # its path; without it the test fails in CI and is skipped elsewhere
identity = Identity.make(folder)               # ca_file, certificate_file, key_file for 127.0.0.1 and localhost
process = Process("Pebble", [...], log=folder / "pebble.log")
process.start(ready=lambda: answers(url))
"""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import time
import typing as t
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes

from ansible_collections.certfleet.pki.tests.support.certificates import CertificateAuthority

__all__ = (
    "LOCALHOST",
    "Identity",
    "Process",
    "address_with_port_80",
    "free_port",
    "lacking",
    "plain_environment",
    "program",
    "strict_authority",
    "write_json",
)

LOCALHOST = "127.0.0.1"
_SYSTEM_PATH = ("/usr/sbin", "/sbin", "/usr/local/sbin")
#: Below the ports that the kernel gives to outgoing connections, which could take one before its server does.
_PORTS = range(12000, 30000)
_KEY_USAGES = (
    "digital_signature",
    "content_commitment",
    "key_encipherment",
    "data_encipherment",
    "key_agreement",
    "key_cert_sign",
    "crl_sign",
    "encipher_only",
    "decipher_only",
)


def lacking(what: str, install: str) -> t.NoReturn:
    """End the test because of a missing server: a failure in CI, a skipped test elsewhere."""
    report = pytest.fail if os.environ.get("CI") else pytest.skip
    report(f"{what} is needed for this test: {install}")


def program(name: str, *, package: str, folders: t.Sequence[str] = ()) -> str:
    """Return the path of a program of a Debian package."""
    path = os.pathsep.join([*folders, os.environ.get("PATH", os.defpath), *_SYSTEM_PATH])
    found = shutil.which(name, path=path)
    if found is None:
        lacking(name, f"apt-get install {package}")
    return found


def free_port(address: str = LOCALHOST) -> int:
    """Return a port that nobody listens on now, neither with TCP nor with UDP."""
    for port in random.SystemRandom().sample(_PORTS, 100):
        if _is_free(address, port):
            return port
    raise RuntimeError(f"{address} has no free port")


def _is_free(address: str, port: int) -> bool:
    with contextlib.ExitStack() as stack:
        for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
            probe = stack.enter_context(socket.socket(type=kind))
            try:
                probe.bind((address, port))
            except OSError:
                return False
    return True


def address_with_port_80() -> str:
    """Return a loopback address on which port 80 is free, for the servers that ask no other; it takes root to listen."""
    for number in random.SystemRandom().sample(range(2, 250), 20):
        address = f"127.0.0.{number}"
        with socket.socket() as probe:
            try:
                probe.bind((address, 80))
            except PermissionError:
                lacking("Port 80", "run the tests as root, or lower net.ipv4.ip_unprivileged_port_start")
            except OSError:
                continue
        return address
    raise RuntimeError("port 80 is taken on every loopback address")


def plain_environment(**variables: str) -> dict[str, str]:
    """Return an environment without anything of the user's: no proxies, no settings of the server."""
    return {"PATH": os.environ.get("PATH", os.defpath), "LANG": "C.UTF-8", **variables}


def write_json(path: Path, content: t.Mapping[str, t.Any]) -> Path:
    path.write_text(json.dumps(content, indent=2))
    return path


def strict_authority(name: str, parent: CertificateAuthority | None = None) -> CertificateAuthority:
    """Return a CA that Python 3.13 trusts for HTTPS, too: it wants a key usage in the certificate."""
    authority = CertificateAuthority(name, parent)
    made = authority.certificate
    builder = x509.CertificateBuilder(made.issuer, made.subject, made.public_key(), made.serial_number)
    builder = builder.not_valid_before(made.not_valid_before_utc).not_valid_after(made.not_valid_after_utc)
    for extension in made.extensions:
        builder = builder.add_extension(extension.value, extension.critical)
    certifies = {"key_cert_sign": True, "crl_sign": True}
    usage = x509.KeyUsage(**{one: certifies.get(one, False) for one in _KEY_USAGES})
    signer = parent or authority
    authority.certificate = builder.add_extension(usage, critical=True).sign(signer.key, hashes.SHA256())
    return authority


@functools.cache
def _server_authority() -> CertificateAuthority:
    return strict_authority("Test servers")


@dataclasses.dataclass(frozen=True)
class Identity:
    """A certificate for HTTPS on loopback, and the CA bundle that clients need to trust it."""

    ca_file: Path
    certificate_file: Path
    key_file: Path

    @classmethod
    def make(cls, folder: Path, *names: str) -> Identity:
        """Make one in ``folder`` for 127.0.0.1, localhost and ``names``."""
        issuer = _server_authority()
        made = issuer.issue([LOCALHOST, "localhost", *names], common_name="localhost", days=30)
        identity = cls(folder / "server-ca.pem", folder / "server-cert.pem", folder / "server-key.pem")
        identity.ca_file.write_text(issuer.pem)
        identity.certificate_file.write_text(made.pem + issuer.pem)
        identity.key_file.touch(mode=0o600)
        identity.key_file.write_text(made.key_pem or "")
        return identity


class Process:
    """A server's process; what it prints is appended to ``log``."""

    def __init__(
        self,
        title: str,
        command: t.Sequence[str],
        *,
        log: Path,
        environment: t.Mapping[str, str] | None = None,
        folder: Path | None = None,
        user: str | None = None,
    ) -> None:
        self.title, self.command, self.log = title, list(command), log
        self._environment = dict(environment) if environment is not None else plain_environment()
        self._folder, self._user = folder, user
        self._running: subprocess.Popen[bytes] | None = None

    def start(self, ready: t.Callable[[], bool], *, limit: float = 30.0) -> None:
        """Start it and return as soon as it is ready; ``limit`` is in seconds. Raises RuntimeError with what it said."""
        with self.log.open("ab") as log:
            self._running = subprocess.Popen(
                self.command,
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
                env=self._environment,
                cwd=self._folder,
                user=self._user,
                start_new_session=True,
            )
        try:
            self._wait(ready, limit)
        except BaseException:
            self.stop()
            raise

    def _wait(self, ready: t.Callable[[], bool], limit: float) -> None:
        end, trouble = time.monotonic() + limit, ""
        while time.monotonic() < end and self.process.poll() is None:
            try:
                if ready():
                    return
            except OSError as error:  # requests' errors are among them
                trouble = str(error)
            time.sleep(0.03)
        raise RuntimeError(f"{self.title} did not start. {trouble}\n{self.text()[-2000:]}")

    @property
    def process(self) -> subprocess.Popen[bytes]:
        """Return the running process."""
        if self._running is None:
            raise RuntimeError(f"{self.title} is not running")
        return self._running

    def text(self) -> str:
        """Return all that it has printed."""
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def stop(self, how: int = signal.SIGKILL) -> None:
        """Stop it with all its children, if it runs."""
        if self._running is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._running.pid, how)
            self._running.wait(30)
            self._running = None

    @contextlib.contextmanager
    def paused(self) -> t.Iterator[None]:
        """Make it accept connections and answer nothing."""
        os.killpg(self.process.pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.killpg(self.process.pid, signal.SIGCONT)
