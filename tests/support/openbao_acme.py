# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The ACME endpoint of an OpenBao server's mount `pki_int`.

    with OpenBao(folder, tls=True) as server, OpenBaoAcme(server) as ca:
        ca.directory, ca.ca_bundle, ca.root_pem()
        ca.challenges.add_http01(token, content)      # at port 80 of a loopback address, so root only
        ca.eab()                                      # a new key id and key, for eab_required=True

`http_01=False` needs no root: then only dns-01 can be proved. It always asks port 80, validates in the
background after a second or so, and has neither renewal information nor profiles nor alternate chains.
The directory of a role refuses what the role does; the mount's own signs any name.
"""

from __future__ import annotations

from ansible_collections.certfleet.pki.tests.support.challtestsrv import ChallengeServer
from ansible_collections.certfleet.pki.tests.support.openbao import OpenBao
from ansible_collections.certfleet.pki.tests.support.servers import LOCALHOST, address_with_port_80

__all__ = ("OpenBaoAcme",)

#: OpenBao drops the other headers of an answer (RFC 8555 needs these).
_HEADERS = {"allowed_response_headers": ["Last-Modified", "Location", "Replay-Nonce", "Link", "Retry-After"]}


class OpenBaoAcme:
    """ACME on a running server, which must have TLS."""

    def __init__(
        self,
        server: OpenBao,
        *,
        role: str = "",
        eab_required: bool = False,
        http_01: bool = True,
        mount: str = "pki_int",
    ) -> None:
        self._server, self._mount = server, mount
        self._eab_required = eab_required
        self.url = server.url
        place = f"{server.url}/v1/{mount}"
        self.directory = f"{place}/roles/{role}/acme/directory" if role else f"{place}/acme/directory"
        self.ca_bundle = str(server.ca_file)
        address, port = (address_with_port_80(), 80) if http_01 else (LOCALHOST, None)
        self.challenges = ChallengeServer(server.folder / f"challenges-{mount}", default_ipv4=address, http_port=port)

    def __enter__(self) -> OpenBaoAcme:
        self.challenges.start()
        try:
            self._enable()
        except BaseException:
            self.challenges.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.challenges.stop()

    def _enable(self) -> None:
        place = f"{self._server.url}/v1/{self._mount}"
        self._server.api("POST", f"sys/mounts/{self._mount}/tune", _HEADERS)
        self._server.api("POST", f"{self._mount}/config/cluster", {"path": place, "aia_path": place})
        settings = {
            "enabled": True,
            "eab_policy": "new-account-required" if self._eab_required else "not-required",
            "dns_resolver": self.challenges.dns,
        }
        self._server.api("POST", f"{self._mount}/config/acme", settings)

    def eab(self) -> tuple[str, str]:
        """Return a new key id and key, in base64url, for one account."""
        path = self.directory.split("/v1/")[1].removesuffix("directory")
        made = self._server.api("POST", f"{path}new-eab", {})["data"]
        return made["id"], made["key"]

    def root_pem(self) -> str:
        """Return the root certificate; an intermediate issues."""
        return str(self._server.api("GET", "pki/cert/ca")["data"]["certificate"])
