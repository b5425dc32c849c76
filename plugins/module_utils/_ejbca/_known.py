# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: no promise is made about what is in here.
"""What a CA of EJBCA is and what it issued: read once, or searched."""

from __future__ import annotations

import threading
import typing as t

from ansible_collections.certfleet.pki.plugins.module_utils._ejbca._client import EjbcaClient
from ansible_collections.certfleet.pki.plugins.module_utils._ejbca._errors import AUTHORITY
from ansible_collections.certfleet.pki.plugins.module_utils._ejbca._wire import Waiting, certificates_in, field
from ansible_collections.certfleet.pki.plugins.module_utils._errors import BadCertificate, Misconfigured, NotFound
from ansible_collections.certfleet.pki.plugins.module_utils._names import normalise_serial
from ansible_collections.certfleet.pki.plugins.module_utils._pem import split_pem
from ansible_collections.certfleet.pki.plugins.module_utils._x509 import CertificateFacts, read_certificate

__all__ = ("Known",)

#: Certificates of one end entity, or with one serial number.
_SEARCHED = 100


class Known:
    """One CA, by its name in EJBCA."""

    def __init__(self, client: EjbcaClient, *, name: str) -> None:
        self._client = client
        self._name = name
        self._lock = threading.Lock()
        self._read: t.Optional[t.Tuple[str, t.Tuple[str, ...]]] = None

    @property
    def subject_dn(self) -> str:
        """The CA's subject as EJBCA writes it, which is how it wants it in paths. Raises Misconfigured."""
        return self._own()[0]

    @property
    def chain(self) -> t.Tuple[str, ...]:
        """The CA's certificate and those above it."""
        return self._own()[1]

    def _own(self) -> t.Tuple[str, t.Tuple[str, ...]]:
        with self._lock:
            if self._read is None:
                subject_dn = self._own_subject()
                self._read = (subject_dn, self._own_chain(subject_dn))
            return self._read

    def _own_subject(self) -> str:
        for authority in self._client.authorities():
            if authority.get("name") == self._name:
                return str(field(authority, "subject_dn"))
        raise Misconfigured(
            f"EJBCA has no CA '{self._name}' that this login may see; correct certificate_authority.",
            authority=AUTHORITY,
        )

    def _own_chain(self, subject_dn: str) -> t.Tuple[str, ...]:
        chain = tuple(split_pem(self._client.authority_pem(subject_dn)))
        if not chain:
            raise BadCertificate("EJBCA's answer holds no certificate of the CA.", authority=AUTHORITY)
        return chain

    def by_serial(self, text: str) -> CertificateFacts:
        """Return the certificate with a serial number, in any usual spelling. Raises NotFound."""
        try:
            serial = normalise_serial(text)
        except Misconfigured as error:  # a request id that can't be one of this CA's
            raise NotFound(error.message, authority=AUTHORITY) from None
        for facts in self._search(serial):
            if facts.serial_number == serial:
                return facts
        raise NotFound(
            f"The CA '{self._name}' of EJBCA has no certificate {serial}; check the serial number.",
            authority=AUTHORITY,
        )

    def of_request(self, waiting: Waiting) -> t.Optional[CertificateFacts]:
        """Return what was issued for a request: the end entity's newest for its key, younger than what it follows."""
        fitting = (
            one
            for one in self._search(waiting.end_entity)
            if one.public_key_sha256 == waiting.key and int(one.not_before.timestamp()) > waiting.after
        )
        return max(fitting, key=lambda one: one.not_before, default=None)

    def check_own(self, facts: CertificateFacts) -> None:
        """Raise NotFound unless a certificate names this CA as its issuer."""
        if facts.issuer != read_certificate(self.chain[0]).subject:
            raise NotFound(
                f"The certificate {facts.serial_number} is not from the CA '{self._name}' of EJBCA.",
                authority=AUTHORITY,
            )

    def _search(self, query: str) -> t.Iterator[CertificateFacts]:
        for entry in self._client.search(query, limit=_SEARCHED):
            yield read_certificate(certificates_in(field(entry, "certificate"))[0])
