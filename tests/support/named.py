# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A real BIND for tests, on a free loopback port, with everything it writes in one folder.

    with Named(folder, zones={"example.com": ["www A 192.0.2.1"]}) as server:
        solver = open_solver({"rfc2136": server.options(), "nameservers": [server.address], ...})
        server.texts("_acme-challenge.example.com")        # what is there now

Holders of the key KEY may update all zones; OTHER_KEY is known to the server and may change nothing.
``secondary_of`` makes it a copy of another one, which looks for changes every ``refresh`` seconds.
The zones' own NS record names `ns.ZONE`, at 127.0.0.1.
"""

from __future__ import annotations

import base64
import secrets
import shutil
import typing as t
from pathlib import Path

import dns.exception
import dns.message
import dns.query
import dns.rcode
import dns.rdatatype

from ansible_collections.certfleet.pki.tests.support.servers import LOCALHOST, Process, free_port, program

__all__ = ("KEY", "OTHER_KEY", "Named", "texts_at")

KEY, OTHER_KEY = "ansible", "bystander"
NEVER = 86400

_OPTIONS = """
options {{
    directory "{folder}";
    pid-file "{folder}/named.pid";
    session-keyfile "{folder}/session.key";
    lock-file none;
    listen-on port {port} {{ {address}; }};
    listen-on-v6 {{ none; }};
    recursion no;
    dnssec-validation no;
    notify no;
    allow-transfer {{ any; }};
    min-refresh-time {refresh};
    max-refresh-time {refresh};
}};
controls {{ }};
"""
_ZONE = """$TTL 60
@ SOA ns hostmaster 1 {refresh} 60 86400 60
@ NS ns
ns A 127.0.0.1
"""


class Named:
    """One server. ``algorithm`` is that of its keys."""

    def __init__(
        self,
        folder: Path,
        *,
        zones: t.Mapping[str, t.Sequence[str]],
        secondary_of: Named | None = None,
        refresh: int = NEVER,
        address: str = LOCALHOST,
        algorithm: str = "hmac-sha256",
    ) -> None:
        self.folder, self.zones, self.primary, self.refresh = folder, zones, secondary_of, refresh
        self.folder.mkdir(parents=True, exist_ok=True)
        self.host, self.port, self.algorithm = address, free_port(address), algorithm
        self.secrets = {name: base64.b64encode(secrets.token_bytes(32)).decode() for name in (KEY, OTHER_KEY)}
        # A copy, because where AppArmor confines the installed one, it may not read this folder.
        binary = shutil.copy(program("named", package="bind9"), self.folder / "named-for-tests")
        command = [str(binary), "-g", "-n", "1", "-c", str(self.folder / "named.conf")]
        self.server = Process("named", command, log=self.folder / "named.log")

    @property
    def address(self) -> str:
        """Return address and port as the options take them."""
        return f"{self.host}:{self.port}"

    def __enter__(self) -> Named:
        (self.folder / "named.conf").write_text(self._configuration())
        self.server.start(self._is_ready)
        return self

    def __exit__(self, *_: object) -> None:
        self.server.stop()

    def options(self, **others: t.Any) -> dict[str, t.Any]:
        """Return options for `rfc2136` that work, unless ``others`` say otherwise."""
        key = {"key_name": KEY, "key_secret": self.secrets[KEY], "key_algorithm": self.algorithm}
        return {"server": self.host, "port": self.port, **key, "ttl": 60, **others}

    def texts(self, name: str) -> set[str]:
        """Return the values of the TXT records at a name, whatever the zone."""
        return texts_at(self.address, name)

    def serial(self, zone: str) -> int:
        """Return the serial number of a zone, which every update raises."""
        return int(self._ask(zone, "SOA").answer[0][0].serial)

    def _ask(self, name: str, kind: str) -> dns.message.Message:
        return _ask(self.address, name, kind)

    def _is_ready(self) -> bool:
        try:
            return all(self._ask(zone, "SOA").rcode() == dns.rcode.NOERROR for zone in self.zones)
        except (dns.exception.DNSException, EOFError):
            return False

    def _configuration(self) -> str:
        parts = [_OPTIONS.format(folder=self.folder, port=self.port, address=self.host, refresh=self.refresh)]
        for name, secret in self.secrets.items():
            parts.append(f'key "{name}" {{ algorithm {self.algorithm}; secret "{secret}"; }};')
        parts += [self._zone(zone, records) for zone, records in self.zones.items()]
        return "\n".join(parts)

    def _zone(self, zone: str, records: t.Sequence[str]) -> str:
        file = self.folder / f"{zone}.zone"
        if self.primary is not None:
            source = f"primaries {{ {self.primary.host} port {self.primary.port}; }};"
            return f'zone "{zone}" {{ type secondary; file "{file}"; {source} }};'
        file.write_text(_ZONE.format(refresh=self.refresh) + "\n".join(records) + "\n")
        return f'zone "{zone}" {{ type primary; file "{file}"; allow-update {{ key "{KEY}"; }}; }};'


def texts_at(address: str, name: str) -> set[str]:
    """Return the values of the TXT records at a name that the server at ``address`` (with a port) shows."""
    records = (record for found in _ask(address, name, "TXT").answer for record in found)
    return {b"".join(record.strings).decode() for record in records if record.rdtype == dns.rdatatype.TXT}


def _ask(address: str, name: str, kind: str) -> dns.message.Message:
    host, _colon, port = address.rpartition(":")
    return dns.query.tcp(dns.message.make_query(name, kind), host, port=int(port), timeout=10)
