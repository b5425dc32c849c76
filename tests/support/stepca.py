# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""step-ca, a real CA with an ACME provisioner `acme` and a JWK provisioner `tests`.

    with StepCA(folder) as ca:
        ca.directory, ca.ca_bundle, ca.root_pem()
        ca.challenges.add_http01(token, content)      # as with Pebble; http_port=... asks another port
        ca.provisioner_key, ca.provisioner_key_id     # what tokens for /1.0/sign are signed with

It is built once from Debian's packages of Go sources (golang-go, golang-github-smallstep-certificates-dev).
Version 0.19 always asks port 80 for http-01; the build gives it the setting for the port that newer ones have.
It has neither renewal information nor profiles nor alternate chains, forgets no account while its folder is there,
and its external account binding needs an administrator's database, which is not set up here.
"""

from __future__ import annotations

import base64
import hashlib
import os
import signal
import subprocess
import tempfile
from pathlib import Path

import requests
from cryptography.hazmat.primitives.asymmetric import ec

from ansible_collections.certfleet.pki.tests.support.challtestsrv import ChallengeServer
from ansible_collections.certfleet.pki.tests.support.made_once import made_once, run
from ansible_collections.certfleet.pki.tests.support.servers import (
    LOCALHOST,
    Process,
    free_port,
    lacking,
    plain_environment,
    program,
    strict_authority,
    write_json,
)

__all__ = ("StepCA",)

_PACKAGE = "golang-github-smallstep-certificates-dev"
_GOPATH = Path("/usr/share/gocode")
_CHALLENGES = _GOPATH / "src/github.com/smallstep/certificates/acme/challenge.go"
#: What gives it the port, as ":8080" in the environment.
_CHANGES = {
    '\t"net/url"\n': '\t"net/url"\n\t"os"\n',
    "Host: http01ChallengeHost(ch.Value),": 'Host: http01ChallengeHost(ch.Value) + os.Getenv("HTTP01_PORT"),',
}
_MAIN = """package main

import (
    "fmt"
    "os"

    _ "github.com/smallstep/certificates/cas/softcas"
    "github.com/smallstep/certificates/commands"
    _ "github.com/smallstep/certificates/kms/softkms"
    "github.com/urfave/cli"
)

func main() {
    app := cli.NewApp()
    app.Commands = []cli.Command{commands.AppCommand}
    if err := app.Run(os.Args); err != nil {
        fmt.Fprintln(os.Stderr, err)
        os.Exit(1)
    }
}
"""


def _binary() -> str:
    """Return the program, which is built when it is asked for first, in a minute."""
    program("go", package="golang-go")
    if not _CHALLENGES.exists():
        lacking("step-ca", f"apt-get install {_PACKAGE}")
    query = ["dpkg-query", "-W", "-f", "${Version}", _PACKAGE]
    version = subprocess.run(query, capture_output=True, text=True, check=True).stdout
    digest = hashlib.sha256(repr((_MAIN, _CHANGES)).encode()).hexdigest()[:8]
    return str(made_once(f"step-ca-{version}-{digest}", _build) / "step-ca")


def _build(folder: Path) -> None:
    (folder / "main.go").write_text(_MAIN)
    source = _CHALLENGES.read_text()
    for old, new in _CHANGES.items():
        if source.count(old) != 1:
            raise RuntimeError(f"{_CHALLENGES} is not as expected: it lacks {old.strip()}")
        source = source.replace(old, new)
    (folder / "challenge.go.txt").write_text(source)
    overlay = write_json(folder / "overlay.json", {"Replace": {str(_CHALLENGES): str(folder / "challenge.go.txt")}})
    settings = {"GO111MODULE": "off", "GOPATH": str(_GOPATH), "GOFLAGS": "", "CGO_ENABLED": "0"}
    command = ("go", "build", "-overlay", str(overlay), "-o", str(folder / "step-ca"), str(folder / "main.go"))
    with tempfile.TemporaryDirectory() as cache:
        run(*command, folder=folder, GOCACHE=cache, **settings)


class StepCA:
    """One server. Everything it writes is in ``folder``, which must not be shared."""

    provisioner = "tests"

    def __init__(
        self,
        folder: str | os.PathLike[str],
        *,
        challenges: ChallengeServer | None = None,
        http_port: int | None = None,
        lifetime: str = "24h",
    ) -> None:
        """``lifetime`` is that of certificates, as Go writes it."""
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self._own_challenges = challenges is None
        self.challenges = challenges or ChallengeServer(self.folder / "challenges")
        self.http_port = http_port or self.challenges.http_port
        self.port = free_port()
        self.url = f"https://{LOCALHOST}:{self.port}"
        self.directory = f"{self.url}/acme/acme/directory"
        self.log = self.folder / "step-ca.log"
        self._root = strict_authority("step-ca root")
        self.ca_bundle = str(self._write("root.pem", self._root.pem))
        self.provisioner_key = ec.generate_private_key(ec.SECP256R1())
        self.provisioner_key_id = f"{self.provisioner}-1"
        self._configure(lifetime)
        self.process = self._process()

    def _write(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.touch(mode=0o600)
        path.write_text(text)
        return path

    def _configure(self, lifetime: str) -> None:
        issuing = strict_authority("step-ca issuing", self._root)
        claims = {"defaultTLSCertDuration": lifetime, "maxTLSCertDuration": lifetime, "minTLSCertDuration": "1s"}
        jwk = {"type": "JWK", "name": self.provisioner, "key": self._public_jwk(), "claims": claims}
        content = {
            "root": self.ca_bundle,
            "crt": str(self._write("issuing.pem", issuing.pem)),
            "key": str(self._write("issuing.key", issuing.key_pem)),
            "address": f"{LOCALHOST}:{self.port}",
            "dnsNames": [LOCALHOST, "localhost"],
            "db": {"type": "badgerv2", "dataSource": str(self.folder / "db")},
            "authority": {"provisioners": [{"type": "ACME", "name": "acme", "claims": claims}, jwk]},
        }
        write_json(self.folder / "ca.json", content)

    def _public_jwk(self) -> dict[str, str]:
        numbers = self.provisioner_key.public_key().public_numbers()
        point = {name: _base64url(getattr(numbers, name).to_bytes(32, "big")) for name in ("x", "y")}
        return {"kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": self.provisioner_key_id, **point}

    def _process(self) -> Process:
        command = [_binary(), "start", str(self.folder / "ca.json"), f"--resolver={self.challenges.dns}"]
        environment = plain_environment(HOME=str(self.folder), HTTP01_PORT=f":{self.http_port}")
        return Process("step-ca", command, log=self.log, environment=environment, folder=self.folder)

    def __enter__(self) -> StepCA:
        try:
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

    def start(self) -> None:
        """Start the CA, which knows what it knew before."""
        self.process.start(self._answers)

    def _answers(self) -> bool:
        with requests.Session() as session:
            session.trust_env = False
            return session.get(self.directory, verify=self.ca_bundle, timeout=10).ok

    def stop(self, how: int = signal.SIGTERM) -> None:
        """Stop the CA; the challenge server goes on."""
        self.process.stop(how)

    def root_pem(self) -> str:
        """Return the root certificate; an intermediate issues."""
        return self._root.pem


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
