# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Pebble, a real ACME server that validates for real, with its challenge test server (package pebble).

    with Pebble(folder) as ca:
        ca.directory, ca.ca_bundle                    # what an ACME client needs
        ca.challenges.add_http01(token, content)      # what the CA will find at ca.http_port
        ca.count("newOrder"), ca.certificate_status(serial), ca.root_pem()

`Pebble(folder, http_port=8080)` asks for http-01 at another port of what a name resolves to (127.0.0.1 by default),
`dns="127.0.0.1:5353"` resolves with another DNS server. It rejects 5 % of good nonces, as it always does.
It validates each challenge three times at once. Everything is in memory:
after stop() and start() at the same address it knows no account and has a new root.
"""

from __future__ import annotations

import base64
import dataclasses
import os
import re
import secrets
import signal
import typing as t
from pathlib import Path

import requests

from ansible_collections.certfleet.pki.tests.support.acme_requests import Counting, Request
from ansible_collections.certfleet.pki.tests.support.challtestsrv import ChallengeServer
from ansible_collections.certfleet.pki.tests.support.servers import (
    LOCALHOST,
    Identity,
    Process,
    free_port,
    plain_environment,
    program,
    write_json,
)

__all__ = ("Behaviour", "Pebble", "new_eab_key")

_MADE = {"newOrder": "Added order ", "newAccount": " accounts in memory"}
_LOGGED = re.compile(r"^Pebble \S+ \S+ (?P<method>[A-Z]+) (?P<path>/\S*) -> calling handler\(\)", re.MULTILINE)


def new_eab_key() -> str:
    """Return a key for external account binding, as base64url."""
    return base64.urlsafe_b64encode(secrets.token_bytes(32)).rstrip(b"=").decode()


@dataclasses.dataclass(frozen=True)
class Behaviour:
    """How a Pebble behaves. Times are in seconds, percentages from 0 to 100."""

    nonce_reject: int = 5
    #: How often a new order gets an authorization that is valid already.
    authz_reuse: int = 0
    #: How long a validation takes before it begins; as long as Pebble likes (up to 15 s) if negative.
    validation_delay: int = 0
    lifetime: int = 90 * 86400
    #: External account binding is required when there are keys: id to key in base64url.
    eab_keys: t.Mapping[str, str] = dataclasses.field(default_factory=dict)
    alternate_roots: int = 0
    #: How many intermediates there are.
    chain_length: int = 1
    #: Retry-After of authorizations and orders that are not ready.
    retry_after: int = 1
    blocked_domains: t.Sequence[str] = ()

    def environment(self) -> dict[str, str]:
        """Return the environment that makes Pebble behave like this."""
        delay = {"PEBBLE_VA_NOSLEEP": "1"} if self.validation_delay == 0 else {}
        if self.validation_delay > 0:
            delay = {"PEBBLE_VA_SLEEPTIME": str(self.validation_delay)}
        return {
            "PEBBLE_VA_ALWAYS_VALID": "0",
            "PEBBLE_WFE_NONCEREJECT": str(self.nonce_reject),
            "PEBBLE_AUTHZREUSE": str(self.authz_reuse),
            "PEBBLE_ALTERNATE_ROOTS": str(self.alternate_roots),
            "PEBBLE_CHAIN_LENGTH": str(self.chain_length),
            **delay,
        }

    def configuration(self) -> dict[str, t.Any]:
        """Return the part of the configuration file that says so."""
        return {
            "certificateValidityPeriod": self.lifetime,
            "retryAfter": {"authz": self.retry_after, "order": self.retry_after},
            "domainBlocklist": list(self.blocked_domains),
            "externalAccountBindingRequired": bool(self.eab_keys),
            "externalAccountMACKeys": dict(self.eab_keys),
        }


class Pebble(Counting):
    """One Pebble. Everything it writes is in ``folder``, which must not be shared."""

    def __init__(
        self,
        folder: str | os.PathLike[str],
        behaviour: Behaviour | None = None,
        *,
        challenges: ChallengeServer | None = None,
        dns: str | None = None,
        http_port: int | None = None,
        tls_port: int | None = None,
        **behaving: t.Any,
    ) -> None:
        """``behaving`` changes fields of Behaviour: Pebble(folder, nonce_reject=0)."""
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.behaviour = dataclasses.replace(behaviour or Behaviour(), **behaving)
        self._own_challenges = challenges is None
        self.challenges = challenges or ChallengeServer(self.folder / "challenges")
        self.http_port = http_port or self.challenges.http_port
        self.port, self._management_port = free_port(), free_port()
        self.url = f"https://{LOCALHOST}:{self.port}"
        self.directory = f"{self.url}/dir"
        self._identity = Identity.make(self.folder)
        self.ca_bundle = str(self._identity.ca_file)
        self.log = self.folder / "pebble.log"
        self._configure(tls_port or free_port())
        self.process = self._process(dns or self.challenges.dns)

    def _configure(self, tls_port: int) -> None:
        content = {
            "listenAddress": f"{LOCALHOST}:{self.port}",
            "managementListenAddress": f"{LOCALHOST}:{self._management_port}",
            "certificate": str(self._identity.certificate_file),
            "privateKey": str(self._identity.key_file),
            "httpPort": self.http_port,
            "tlsPort": tls_port,
            "ocspResponderURL": "",
            **self.behaviour.configuration(),
        }
        write_json(self.folder / "pebble.json", {"pebble": content})

    def _process(self, dns: str) -> Process:
        command = [program("pebble", package="pebble"), "-config", str(self.folder / "pebble.json"), "-dnsserver", dns]
        environment = plain_environment(**self.behaviour.environment())
        return Process("Pebble", command, log=self.log, environment=environment)

    def __enter__(self) -> Pebble:
        if self._own_challenges:
            self.challenges.start()
        try:
            self.start()
        except BaseException:
            self.challenges.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        if self._own_challenges:
            self.challenges.stop()

    def start(self) -> None:
        """Start the ACME server with nothing in it, at the same address as before."""
        self.process.start(lambda: bool(self._get(self.url).status_code) and self._manage("roots/0").ok)

    def stop(self, how: int = signal.SIGKILL) -> None:
        """Stop the ACME server; the challenge server goes on."""
        self.process.stop(how)

    def _get(self, url: str) -> requests.Response:
        with requests.Session() as session:
            session.trust_env = False
            return session.get(url, verify=self.ca_bundle, timeout=10)

    def _manage(self, path: str) -> requests.Response:
        return self._get(f"https://{LOCALHOST}:{self._management_port}/{path}")

    def root_pem(self, number: int = 0) -> str:
        """Return the root certificate; from 1 on, an alternate one."""
        answer = self._manage(f"roots/{number}")
        answer.raise_for_status()
        return answer.text

    def certificate_status(self, serial: int | str) -> str | None:
        """Return `Valid` or `Revoked` of a serial number (text is hex), None if Pebble never issued it."""
        text = f"{serial:x}" if isinstance(serial, int) else serial.replace(":", "")
        answer = self._manage(f"cert-status-by-serial/{text}")
        return answer.json()["Status"] if answer.ok else None

    def created(self, resource: str) -> int:
        """Return how many orders or accounts it has made, whatever the number of requests (rejected nonces, for one)."""
        return self.process.text().count(_MADE[resource])

    def requests(self) -> list[Request]:
        """Return what it was asked, since it was made, oldest first."""
        return [Request(found["method"], found["path"]) for found in _LOGGED.finditer(self.process.text())]
