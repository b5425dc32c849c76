# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: no promise is made about what is in here.
"""ACME (RFC 8555): public CAs such as Let's Encrypt, and private ones.

The account's key stays on the controller and the certificate's on its host. The order's URL is the request id.
"""

from __future__ import annotations

import dataclasses
import functools
import typing as t

from ansible_collections.certfleet.pki.plugins.module_utils._acme._account import Account
from ansible_collections.certfleet.pki.plugins.module_utils._acme._ari import renewal_information
from ansible_collections.certfleet.pki.plugins.module_utils._acme._challenges import (
    configured_method,
    hosting_of,
    record_name,
)
from ansible_collections.certfleet.pki.plugins.module_utils._acme._client import AcmeClient
from ansible_collections.certfleet.pki.plugins.module_utils._acme._dns_record import Record
from ansible_collections.certfleet.pki.plugins.module_utils._acme._issuing import Issuing
from ansible_collections.certfleet.pki.plugins.module_utils._acme._keys import require_acme
from ansible_collections.certfleet.pki.plugins.module_utils._acme._options import ACME_OPTIONS, DIRECTORIES
from ansible_collections.certfleet.pki.plugins.module_utils._acme._revocation import (
    RemoteSign,
    revoke_as_account,
    revoke_with_own_key,
)
from ansible_collections.certfleet.pki.plugins.module_utils._authorities._base import (
    Authority,
    Cancels,
    Context,
    Describes,
    ProvesControl,
    ReportsStatus,
    Revokes,
    RevokesByKey,
    SuggestsRenewal,
)
from ansible_collections.certfleet.pki.plugins.module_utils._errors import (
    Misconfigured,
    NotFound,
    PkiError,
)
from ansible_collections.certfleet.pki.plugins.module_utils._http import Http, canonical_url
from ansible_collections.certfleet.pki.plugins.module_utils._model import (
    CertificateReference,
    CertificateStatus,
    Challenge,
    Hosting,
    Issued,
    Order,
    Pending,
    RenewalSuggestion,
)
from ansible_collections.certfleet.pki.plugins.module_utils._names import canonical_dns
from ansible_collections.certfleet.pki.plugins.module_utils._x509 import read_certificate

if t.TYPE_CHECKING:
    from ansible_collections.certfleet.pki.plugins.module_utils._acme._dns import Solver

__all__ = ("AcmeAuthority",)

_META = {
    "terms_of_service": "termsOfService",
    "website": "website",
    "caa_identities": "caaIdentities",
    "external_account_required": "externalAccountRequired",
}


class AcmeAuthority(
    Authority, ProvesControl, Revokes, RevokesByKey, ReportsStatus, Cancels, SuggestsRenewal, Describes
):
    """One account at one ACME server."""

    NAME = "acme"
    DESCRIPTION = (
        "ACME (RFC 8555), as Let's Encrypt and other CAs have it; control of the names is shown by HTTP or DNS."
    )
    OPTIONS = ACME_OPTIONS
    CHOOSES_COMMON_NAME = True

    def __init__(self, options: t.Mapping[str, t.Any], context: t.Optional[Context] = None) -> None:
        super().__init__(options, context)
        require_acme()
        self._profile = options.get("profile")
        self._method = configured_method(options)
        given = str(options.get("directory") or "").strip()
        self._url = DIRECTORIES.get(given, given)
        self._canonical = _checked(self._url)

    @functools.cached_property
    def _client(self) -> AcmeClient:
        return AcmeClient(Http(self.options, authority=self.NAME), url=self._url, context=self.context)

    @functools.cached_property
    def account(self) -> Account:
        """Return the account, which is looked up when it is needed."""
        return Account(self._client, self.options)

    @functools.cached_property
    def _issuing(self) -> Issuing:
        return Issuing(self._client, self.account, self.options)

    @functools.cached_property
    def _solver(self) -> Solver:
        # Late: the library for the DNS takes long to import, and few need it.
        from ansible_collections.certfleet.pki.plugins.module_utils._acme._dns import open_solver  # noqa: PLC0415

        return open_solver((self.options.get("challenge") or {})["dns_01"])

    @property
    def identity(self) -> str:
        return f"{self.NAME}:{self._canonical}" + (f"@{self._profile}" if self._profile else "")

    @property
    def hosting(self) -> t.Optional[Hosting]:
        return hosting_of(self.options)

    # Issuing

    def request(self, order: Order) -> t.Union[Issued, Pending]:
        """Place an order (``newOrder``). Raises Rejected, Misconfigured, Unauthorized, Unavailable."""
        return self._issuing.place(order)

    def resume(self, request_id: str, order: Order) -> t.Union[Issued, Pending]:
        """Take up an order; NotFound if it is over, or for other names."""
        return self._issuing.resume(request_id, order)

    def show(self, pending: Pending) -> None:
        """Put the TXT records in place, wait until they can be seen, and have the CA look at every challenge."""
        records = _records(pending.challenges)
        if records:
            self._solver.present(records)
        self._issuing.have_looked(pending)

    def hide(self, challenges: t.Sequence[Challenge]) -> None:
        """Remove the TXT records."""
        records = _records(challenges)
        if records and self._method == "dns-01":
            self._solver.remove(records)

    def collect(self, request_id: str) -> t.Union[Issued, Pending]:
        """Return what has become of an order, which is finalized when it is ready. Raises NotFound, Rejected."""
        return self._issuing.collect(request_id)

    def cancel(self, request_id: str) -> None:
        """Deactivate the pending authorizations of an order."""
        self._issuing.cancel(request_id)

    # Status and revocation

    def status(self, reference: CertificateReference) -> CertificateStatus:
        """Tell about an order; about a certificate only whether it has expired, for ACME has no question for more."""
        if reference.certificate_pem:
            return self._by_dates(reference.certificate_pem)
        found = self._issuing.status(_request_id(reference))
        expired = found.certificate_pem is not None and self._by_dates(found.certificate_pem).status == "expired"
        return dataclasses.replace(found, status="expired") if expired else found

    def _by_dates(self, certificate_pem: str) -> CertificateStatus:
        facts = read_certificate(certificate_pem)
        if facts.not_after <= self.context.clock():
            return CertificateStatus("expired", certificate_pem=facts.pem)
        return CertificateStatus("unknown", certificate_pem=facts.pem, detail="ACME can't tell whether it is revoked.")

    def revoke(self, reference: CertificateReference, *, reason: str) -> bool:
        """Revoke in the account's name (``revokeCert``). Raises NotFound, Unauthorized, Misconfigured."""
        certificate = reference.certificate_pem or self._ordered(_request_id(reference))
        return revoke_as_account(self._client, self.account, certificate, reason=reason)

    def _ordered(self, request_id: str) -> str:
        certificate = self._issuing.status(request_id).certificate_pem
        if certificate is None:
            raise NotFound("The order has brought no certificate yet, so there is none to revoke.", authority=self.NAME)
        return certificate

    def revoke_with_key(self, certificate_pem: str, *, reason: str, sign: RemoteSign) -> bool:
        """Revoke with the certificate's own key, which needs no account. Raises NotFound, Misconfigured."""
        return revoke_with_own_key(self._client, certificate_pem, reason=reason, sign=sign)

    # What it tells by itself

    def suggest_renewal(self, certificate_pem: str) -> t.Optional[RenewalSuggestion]:
        """Ask when to renew (RFC 9773); needs no account. Raises Unavailable."""
        return renewal_information(self._client, read_certificate(certificate_pem))

    def describe(self) -> t.Dict[str, t.Any]:
        """Return what the directory tells (RFC 8555, section 9.7.6), and its profiles."""
        directory = self._client.directory
        told = {name: directory.meta.get(field) for name, field in _META.items()}
        return {
            **told,
            "caa_identities": list(told["caa_identities"] or ()),
            "external_account_required": bool(told["external_account_required"]),
            "profiles": dict(directory.profiles),
            "renewal_information": "renewalInfo" in directory,
        }


def _checked(directory: str) -> str:
    try:
        return canonical_url(directory, authority=AcmeAuthority.NAME)
    except Misconfigured as error:
        names = " or ".join(DIRECTORIES)
        raise Misconfigured(
            f"directory must be {names}, or the address of an ACME directory: {error.message}",
            authority=AcmeAuthority.NAME,
        ) from None


def _records(challenges: t.Iterable[Challenge]) -> t.List[Record]:
    """Return the TXT records of challenges, some of which a host may have made up: those get none."""
    found = []
    for challenge in challenges:
        if challenge.type == "dns-01" and _is_name(challenge.name):
            found.append(Record(challenge.name, record_name(challenge.name), challenge.content))
    return found


def _is_name(text: str) -> bool:
    try:
        return canonical_dns(text) == text
    except PkiError:
        return False


def _request_id(reference: CertificateReference) -> str:
    if reference.request_id is None:
        raise Misconfigured(
            "ACME knows no certificate by its serial number; give the certificate or path.",
            authority=AcmeAuthority.NAME,
        )
    return reference.request_id
