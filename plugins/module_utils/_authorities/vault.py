# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: no promise is made about what is in here.
"""HashiCorp Vault and OpenBao: the PKI secrets engine.

Only `sign` is used, never `issue`, so that no private key travels. There is no pending state: the
serial number is the request id.
API: https://openbao.org/api-docs/secret/pki/
"""

from __future__ import annotations

import dataclasses
import functools
import threading
import typing as t
from datetime import datetime, timezone

from ansible_collections.certfleet.pki.plugins.module_utils._authorities._base import (
    Authority,
    Context,
    HasChain,
    HasPolicy,
    Lists,
    ReportsStatus,
    Revokes,
)
from ansible_collections.certfleet.pki.plugins.module_utils._durations import format_duration
from ansible_collections.certfleet.pki.plugins.module_utils._errors import Misconfigured, NotFound
from ansible_collections.certfleet.pki.plugins.module_utils._http import Http, canonical_url
from ansible_collections.certfleet.pki.plugins.module_utils._model import (
    AuthorityChain,
    CertificateReference,
    CertificateStatus,
    Issued,
    Order,
)
from ansible_collections.certfleet.pki.plugins.module_utils._names import normalise_serial
from ansible_collections.certfleet.pki.plugins.module_utils._policy import Policy
from ansible_collections.certfleet.pki.plugins.module_utils._vault._auth import check_segment, choose_auth
from ansible_collections.certfleet.pki.plugins.module_utils._vault._client import VaultClient
from ansible_collections.certfleet.pki.plugins.module_utils._vault._errors import Denied
from ansible_collections.certfleet.pki.plugins.module_utils._vault._issuers import Issuers
from ansible_collections.certfleet.pki.plugins.module_utils._vault._options import VAULT_OPTIONS
from ansible_collections.certfleet.pki.plugins.module_utils._vault._role import policy_of, seconds
from ansible_collections.certfleet.pki.plugins.module_utils._vault._wire import colons, is_expected, sign_body
from ansible_collections.certfleet.pki.plugins.module_utils._x509 import CertificateFacts, read_certificate

__all__ = ("VaultAuthority",)

_PAGE = 500
_TRUE = frozenset(("1", "t", "true"))


@dataclasses.dataclass(frozen=True)
class _Found:
    """A certificate of the mount; ``revoked`` is when (seconds since 1970) or 0, ``kept`` whether the server has it."""

    facts: CertificateFacts
    revoked: float = 0
    kept: bool = True


class VaultAuthority(Authority, Revokes, ReportsStatus, HasPolicy, HasChain, Lists):
    """One role of one PKI mount."""

    NAME = "vault"
    DESCRIPTION = "HashiCorp Vault or OpenBao: a role of the PKI secrets engine signs the request."
    OPTIONS = VAULT_OPTIONS
    #: OpenBao's own variable wins, as with its command line. `skip_verify` is no option: an explicit
    #: `validate_certs` wins over it.
    ENVIRONMENT: t.ClassVar[t.Mapping[str, t.Tuple[str, ...]]] = {
        "url": ("BAO_ADDR", "VAULT_ADDR"),
        "namespace": ("BAO_NAMESPACE", "VAULT_NAMESPACE"),
        "ca_bundle": ("BAO_CACERT", "VAULT_CACERT", "BAO_CAPATH", "VAULT_CAPATH"),
        "skip_verify": ("BAO_SKIP_VERIFY", "VAULT_SKIP_VERIFY"),
        "auth.token": ("BAO_TOKEN", "VAULT_TOKEN"),
    }

    def __init__(self, options: t.Mapping[str, t.Any], context: t.Optional[Context] = None) -> None:
        super().__init__(options, context)
        if not options.get("url"):
            raise Misconfigured("vault needs url; give it, or set VAULT_ADDR or BAO_ADDR.", authority=self.NAME)
        self._url = canonical_url(options["url"], authority=self.NAME)
        self._namespace = (options.get("namespace") or "").strip("/")
        self._mount = "/".join(
            check_segment(part, option="mount") for part in (options.get("mount") or "pki").strip("/").split("/")
        )
        self._role = check_segment(options.get("role") or "", option="role")
        self._issuer = check_segment(options["issuer"], option="issuer") if options.get("issuer") else ""
        self._auth = choose_auth(options.get("auth"))
        self._role_lock = threading.Lock()
        self._role_read: t.Optional[t.Tuple[t.Optional[t.Dict[str, t.Any]]]] = None

    @functools.cached_property
    def _client(self) -> VaultClient:
        names = {
            "namespace": self._namespace,
            "mount": self._mount,
            "role": self._role,
            "issuer": self._issuer or "default",
        }
        http = Http(
            {**self.options, "validate_certs": self._validates_certs()},
            authority=self.NAME,
            client_certificate=self._auth.client_certificate if self._auth else None,
        )
        return VaultClient(http, url=self._url, auth=self._auth, names=names, context=self.context)

    @functools.cached_property
    def _issuers(self) -> Issuers:
        return Issuers(self._client, mount=self._mount, own=self._issuer or "default")

    def _validates_certs(self) -> bool:
        explicit = self.options.get("validate_certs")
        return str(self.options.get("skip_verify")).lower() not in _TRUE if explicit is None else bool(explicit)

    @property
    def identity(self) -> str:
        place = "/".join(filter(None, (self._url, self._namespace, self._mount, self._role)))
        return f"{self.NAME}:{place}" + (f"@{self._issuer}" if self._issuer else "")

    # Issuing

    def request(self, order: Order) -> Issued:
        """Sign the CSR (POST ``MOUNT/sign/ROLE``). Raises PolicyViolation, Rejected, Misconfigured, Unauthorized."""
        self._check_lifetime(order.lifetime)
        issuer = f"issuer/{self._issuer}/" if self._issuer else ""
        answer = self._client.post(f"{self._mount}/{issuer}sign/{self._role}", sign_body(order))
        data = answer.get("data") or {}
        if not data.get("certificate") or not data.get("serial_number"):
            raise Misconfigured(
                f"'{self._mount}' on {self._url} is no PKI secrets engine: it returned no certificate; correct mount.",
                authority=self.NAME,
            )
        return Issued(
            certificate_pem=data["certificate"],
            chain_pem=tuple(data.get("ca_chain") or filter(None, [data.get("issuing_ca")])),
            request_id=normalise_serial(data["serial_number"]),
            warnings=tuple(text for text in answer.get("warnings") or () if not is_expected(text)),
        )

    def _check_lifetime(self, lifetime: t.Optional[int]) -> None:
        """Refuse what the role would cut, if the role can be read; what the mount cuts is known only afterwards."""
        longest = seconds((self._readable_role() or {}).get("max_ttl")) if lifetime else 0
        if lifetime and longest and lifetime > longest:
            raise Misconfigured(
                f"The role '{self._role}' at '{self._mount}' allows a lifetime of at most {format_duration(longest)}, "
                f"and {format_duration(lifetime)} is asked for; lower lifetime.",
                authority=self.NAME,
            )

    def collect(self, request_id: str) -> Issued:
        """Fetch a certificate again by its serial number. Raises NotFound, also if the role has ``no_store``."""
        certificate = self._stored(normalise_serial(request_id))["certificate"]
        return Issued(certificate, self._issuers.chain_of(certificate), request_id=normalise_serial(request_id))

    def _stored(self, serial: str) -> t.Dict[str, t.Any]:
        """Return ``certificate`` and ``revocation_time`` of a serial number in our spelling."""
        unknown = NotFound(
            f"There is no certificate {serial} at '{self._mount}' on {self._url}; check the serial number, "
            "and whether the role has no_store.",
            authority=self.NAME,
            http_status=404,
        )
        data = self._client.get(f"{self._mount}/cert/{colons(serial)}", login=False, missing=unknown)
        if not data.get("certificate"):
            raise unknown
        return data

    # Status

    def status(self, reference: CertificateReference) -> CertificateStatus:
        """Tell by serial number, request id or certificate. Raises NotFound.

        A certificate that the mount's CA signed but does not keep (``no_store``) is reported by its dates.
        """
        return self._described(self._find(reference))

    def _find(self, reference: CertificateReference) -> _Found:
        given = read_certificate(reference.certificate_pem) if reference.certificate_pem else None
        named = reference.serial_number or reference.request_id or ""
        serial = given.serial_number if given else normalise_serial(named)
        try:
            found = self._read(serial)
        except NotFound:
            if given and self._issuers.chain_of(given.pem):
                return _Found(given, kept=False)
            raise
        if given and given.fingerprint_sha256 != found.facts.fingerprint_sha256:
            raise NotFound(
                f"The certificate {serial} at '{self._mount}' on {self._url} is another; check which CA it is from.",
                authority=self.NAME,
            )
        return found

    def _read(self, serial: str) -> _Found:
        stored = self._stored(serial)
        return _Found(read_certificate(stored["certificate"]), revoked=stored.get("revocation_time") or 0)

    def _described(self, found: _Found) -> CertificateStatus:
        expired = found.facts.not_after <= self.context.clock()
        return CertificateStatus(
            status="revoked" if found.revoked else "expired" if expired else "issued",
            request_id=found.facts.serial_number,
            certificate_pem=found.facts.pem,
            chain_pem=self._issuers.chain_of(found.facts.pem),
            revoked_at=datetime.fromtimestamp(found.revoked, timezone.utc) if found.revoked else None,
            detail="" if found.kept else "The CA does not keep this certificate.",
        )

    def list_certificates(self) -> t.Iterator[CertificateStatus]:
        """Yield what the mount keeps, one read for each, without the CA's own certificates."""
        own = {pem.strip() for chain in self._issuers.chains() for pem in chain}
        for serial in self._serials():
            try:
                found = self._read(serial)
            except NotFound:  # tidied away since the page was read
                continue
            if found.facts.pem.strip() not in own:
                yield self._described(found)

    def _serials(self) -> t.Iterator[str]:
        """Yield every serial number, page by page where the server has pages (OpenBao), else all at once (Vault)."""
        after, none = "", NotFound("empty")
        while True:
            try:
                page = self._client.list(f"{self._mount}/certs", missing=none, after=after, limit=_PAGE)
            except NotFound:
                return
            keys = page.get("keys") or []
            yield from map(normalise_serial, keys)
            # The server tells serial numbers with colons, and compares with how it stores them, with hyphens.
            last = keys[-1].replace(":", "-") if keys else after
            if len(keys) != _PAGE or last == after:
                return
            after = last

    # Revocation

    def revoke(self, reference: CertificateReference, *, reason: str) -> bool:
        """Revoke (POST ``MOUNT/revoke``); Vault keeps no reason. False if it was, or has expired. Raises NotFound."""
        found = self._find(reference)
        if found.revoked:
            return False
        serial = {"serial_number": colons(found.facts.serial_number)}
        named = serial if found.kept else {"certificate": found.facts.pem}
        answer = self._client.post(f"{self._mount}/revoke", named, repeatable=True)
        return bool((answer.get("data") or {}).get("revocation_time"))

    # What it tells about itself

    def policy(self) -> t.Optional[Policy]:
        """Return the role's rules, None if the token may not read it. Raises Misconfigured if there is no such role."""
        role = self._readable_role()
        return None if role is None else policy_of(role, source=f"the role '{self._role}' of Vault")

    def _readable_role(self) -> t.Optional[t.Dict[str, t.Any]]:
        with self._role_lock:
            if self._role_read is None:
                self._role_read = (self._read_role(),)
            return self._role_read[0]

    def _read_role(self) -> t.Optional[t.Dict[str, t.Any]]:
        missing = Misconfigured(
            f"There is no role '{self._role}' at '{self._mount}' on {self._url}; create it, or correct role and mount.",
            authority=self.NAME,
            http_status=404,
        )
        try:
            return self._client.get(f"{self._mount}/roles/{self._role}", missing=missing)
        except Denied:
            return None

    def chain(self) -> AuthorityChain:
        """Return the chain of the issuer that the role uses, and where the CRL is."""
        own = self._issuer or str((self._readable_role() or {}).get("issuer_ref") or "default")
        return AuthorityChain(self._issuers.chain(own), self._crl_urls(own))

    def _crl_urls(self, issuer: str) -> t.Tuple[str, ...]:
        try:
            configured = self._client.get(f"{self._mount}/config/urls", missing=NotFound("none"))
        except (NotFound, Denied):
            configured = {}
        urls = [url for url in configured.get("crl_distribution_points") or () if "{{" not in url]
        path = "crl" if issuer == "default" else f"issuer/{issuer}/crl/der"
        return tuple(urls) or ("/".join(filter(None, (self._url, "v1", self._namespace, self._mount, path))),)
