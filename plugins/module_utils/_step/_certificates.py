# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: no promise is made about what is in here.

"""The CA's own certificates and its CRL, as far as it tells them. Read once for each object.

GET ``/roots``, ``/intermediates`` (newer servers) and ``/crl`` (where it is switched on).
"""

from __future__ import annotations

import functools
import typing as t

from ansible_collections.certfleet.pki.plugins.module_utils._http import Http
from ansible_collections.certfleet.pki.plugins.module_utils._pem import split_pem
from ansible_collections.certfleet.pki.plugins.module_utils._rest import Rest
from ansible_collections.certfleet.pki.plugins.module_utils._step._errors import not_step
from ansible_collections.certfleet.pki.plugins.module_utils._step._trust import shown_chain
from ansible_collections.certfleet.pki.plugins.module_utils._x509 import is_signed_by

__all__ = ("CertificatesOfCA",)

Pems = t.Tuple[str, ...]


class CertificatesOfCA:
    """Asks one CA. ``trust`` are the options that its TLS certificate is checked with."""

    def __init__(self, http: Http, rest: Rest, *, trust: t.Mapping[str, t.Any], root: str) -> None:
        """``root`` is the pinned root certificate, if there is one."""
        self._http = http
        self._rest = rest
        self._trust = trust
        self._root = root

    @property
    def crl_url(self) -> str:
        return f"{self._rest.url}/1.0/crl"

    def with_roots(self, chain: Pems, *, below: str) -> Pems:
        """Return what is above a certificate (``below``) with the root at its end."""
        last = chain[-1] if chain else below
        return (*chain, *(root for root in self.roots if root not in chain and is_signed_by(last, root)))

    @functools.cached_property
    def roots(self) -> Pems:
        """The pinned root, else all that the CA trusts. Raises Misconfigured, Unavailable."""
        if self._root:
            return (self._root,)
        answer = self._rest.send("GET", "/1.0/roots")
        if answer.status == 429 or answer.status >= 500:
            raise self._rest.refusal(answer, "to tell its root certificates")
        if not answer.ok or not isinstance(answer.fields.get("crts"), list):
            raise not_step(self._rest, answer)
        return _pems(answer.fields["crts"])

    def prepare(self) -> None:
        """Read what an answer is completed with, so that nothing can fail once a certificate has been issued."""
        self.roots  # noqa: B018  # a property that is read once

    @functools.cached_property
    def issuers(self) -> Pems:
        """What may have signed a certificate, the current issuer first; empty if the CA does not tell."""
        answer = self._rest.send("GET", "/1.0/intermediates")
        told = answer.fields.get("crts") if answer.ok else None
        if isinstance(told, list):
            return _pems(told) or self.roots
        shown = shown_chain(self._rest.url, self._trust)
        return () if shown is None else shown or self.roots

    def chain(self) -> Pems:
        """Return the issuers and the root."""
        return self.with_roots(self.issuers, below=self.issuers[-1]) if self.issuers else self.roots

    def crl(self) -> t.Optional[bytes]:
        """Return the current CRL (DER), None where there is none. Raises Unavailable."""
        response = self._http.request("GET", self.crl_url)
        return response.content if response.status_code == 200 else None


def _pems(told: t.Iterable[t.Any]) -> Pems:
    return tuple(pem for text in told for pem in split_pem(str(text)))
