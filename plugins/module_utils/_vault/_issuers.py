# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: no promise is made about what is in here.
"""The certificates of a mount's issuers, read once. These paths need no login."""

from __future__ import annotations

import threading
import typing as t

from ansible_collections.certfleet.pki.plugins.module_utils._errors import Misconfigured, NotFound, PkiError
from ansible_collections.certfleet.pki.plugins.module_utils._vault._client import VaultClient
from ansible_collections.certfleet.pki.plugins.module_utils._x509 import is_signed_by, split_pem

__all__ = ("Issuers",)

Chain = t.Tuple[str, ...]


class Issuers:
    """What a mount signs with; ``own`` is the issuer (name, id or ``default``) to try first."""

    def __init__(self, client: VaultClient, *, mount: str, own: str) -> None:
        self._client = client
        self._mount = mount
        self._own = own
        self._lock = threading.Lock()
        self._chains: t.Dict[str, Chain] = {}

    def chain(self, reference: str) -> Chain:
        """Return an issuer's certificate and those above it. Raises Misconfigured if there is none."""
        with self._lock:
            if reference not in self._chains:
                self._chains[reference] = self._read(reference)
            return self._chains[reference]

    def chains(self) -> t.Iterator[Chain]:
        """Yield every issuer's chain, the own one first, and read no further than is asked for."""
        yield self.chain(self._own)
        for reference in self._references():
            yield self.chain(reference)

    def chain_of(self, certificate_pem: str) -> Chain:
        """Return the chain of the issuer that signed a certificate, nothing if none of the mount's did."""
        return next((chain for chain in self.chains() if is_signed_by(certificate_pem, chain[0])), ())

    def _references(self) -> t.Tuple[str, ...]:
        try:
            listed = self._client.list(f"{self._mount}/issuers", login=False, missing=NotFound("none"))
        except PkiError as error:  # Vault before 1.11 has one issuer, and no list of them
            if error.retryable:
                raise
            return ()
        return tuple(listed.get("keys") or ())

    def _read(self, reference: str) -> Chain:
        try:
            data = self._client.get(f"{self._mount}/issuer/{reference}/json", login=False, missing=NotFound("none"))
        except NotFound:
            data = self._client.get(f"{self._mount}/cert/ca_chain", login=False)
        bundle = data.get("ca_chain") or data.get("certificate") or ""
        chain = tuple(split_pem(bundle if isinstance(bundle, str) else "\n".join(bundle)))
        if not chain:
            raise Misconfigured(f"The mount '{self._mount}' has no CA; set one up there.", authority="vault")
        return chain
