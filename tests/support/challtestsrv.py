# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Pebble's challenge test server: the DNS, and if wished the web servers, that an ACME server validates against.

    with ChallengeServer(folder) as world:
        world.add_a("www.example.com", "127.0.0.2")      # any other name is 127.0.0.1
        world.set_txt("_acme-challenge.example.com", value)
        world.dns_requests("www.example.com")            # what was asked

Package pebble. Its DNS answers A, AAAA, TXT, CNAME and CAA; it knows neither SOA nor NS, nor updates.
"""

from __future__ import annotations

import os
import typing as t
from pathlib import Path

import requests

from ansible_collections.certfleet.pki.tests.support.servers import LOCALHOST, Process, free_port, program

__all__ = ("ChallengeServer",)


class ChallengeServer:
    """One server. ``http_port`` answers http-01 with what add_http01 was told."""

    def __init__(
        self, folder: str | os.PathLike[str], *, default_ipv4: str = LOCALHOST, http_port: int | None = None
    ) -> None:
        """``default_ipv4`` is what names resolve to, and where http-01 is answered, at ``http_port`` or any free one."""
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.default_ipv4 = default_ipv4
        self.dns_port, self._port = free_port(), free_port()
        self.http_port = http_port or free_port(default_ipv4)
        self.dns = f"{LOCALHOST}:{self.dns_port}"
        self.url = f"http://{LOCALHOST}:{self._port}"
        self._session = requests.Session()
        self._session.trust_env = False
        self.process = Process("pebble-challtestsrv", self._command(), log=self.folder / "challtestsrv.log")

    def _command(self) -> list[str]:
        # Names have no IPv6 address unless add_aaaa gives them one: validation would start there.
        return [
            program("pebble-challtestsrv", package="pebble"),
            f"-defaultIPv4={self.default_ipv4}",
            "-defaultIPv6=",
            f"-dns01={self.dns}",
            f"-http01={self.default_ipv4}:{self.http_port}",
            "-https01=",
            "-tlsalpn01=",
            f"-management={LOCALHOST}:{self._port}",
        ]

    def __enter__(self) -> ChallengeServer:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Start with no records."""
        self.process.start(lambda: bool(self.dns_requests("ready.example") == []))

    def stop(self) -> None:
        """Stop it; its records are lost."""
        self._session.close()
        self.process.stop()

    def _post(self, path: str, **content: t.Any) -> requests.Response:
        answer = self._session.post(f"{self.url}/{path}", json=content, timeout=10)
        answer.raise_for_status()
        return answer

    # DNS

    def add_a(self, name: str, *addresses: str) -> None:
        """Give a name these IPv4 addresses instead of the default one."""
        self._post("add-a", host=name, addresses=addresses)

    def add_aaaa(self, name: str, *addresses: str) -> None:
        """Give a name these IPv6 addresses."""
        self._post("add-aaaa", host=name, addresses=addresses)

    def clear_a(self, name: str) -> None:
        """Give a name the default address again."""
        self._post("clear-a", host=name)

    def set_default_ipv4(self, address: str) -> None:
        """Change what every other name resolves to; "" is no address."""
        self._post("set-default-ipv4", ip=address)

    def set_txt(self, name: str, value: str) -> None:
        """Add a TXT record; the name may have a dot at its end or not."""
        self._post("set-txt", host=_absolute(name), value=value)

    def clear_txt(self, name: str) -> None:
        """Remove all TXT records of a name."""
        self._post("clear-txt", host=_absolute(name))

    def cname(self, name: str, target: str) -> None:
        """Make a name an alias; "" as the target removes that."""
        self._post("set-cname" if target else "clear-cname", host=name, target=target)

    def servfail(self, name: str, *, failing: bool = True) -> None:
        """Answer SERVFAIL for a name, or no longer."""
        self._post("set-servfail" if failing else "clear-servfail", host=name)

    # HTTP

    def add_http01(self, token: str, content: str) -> None:
        """Answer a token at http_port, whatever the name."""
        self._post("add-http01", token=token, content=content)

    def del_http01(self, token: str) -> None:
        """Answer a token no longer."""
        self._post("del-http01", token=token)

    # What was asked

    def http_requests(self, name: str) -> list[dict[str, t.Any]]:
        """Return the requests to http_port for a name: URL, Host, HTTPS, ServerName."""
        return self._post("http-request-history", host=name).json() or []

    def dns_requests(self, name: str) -> list[dict[str, t.Any]]:
        """Return the questions for exactly this name: Question with Name and Qtype (a number: 1 A, 16 TXT, 28 AAAA)."""
        return self._post("dns-request-history", host=name).json() or []

    def forget(self, name: str) -> None:
        """Clear the history of a name."""
        for kind in ("http", "dns"):
            self._post("clear-request-history", host=name, type=kind)


def _absolute(name: str) -> str:
    return name if name.endswith(".") else f"{name}."
