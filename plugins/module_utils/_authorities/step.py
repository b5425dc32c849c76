# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: no promise is made about what is in here.

"""step-ca: a JWK or X5C provisioner authorizes each request with a one-time token that is made here.

Everything is answered at once, and nothing that was issued can be fetched again: there is no request
id. Renewal over mTLS (``/renew``, ``/rekey``) needs the certificate's key, which is on the host, so
a renewal is a new order.
API: github.com/smallstep/certificates, api/{sign,revoke,api}.go
"""

from __future__ import annotations

import functools
import threading
import typing as t
from datetime import timedelta

from ansible_collections.certfleet.pki.plugins.module_utils._authorities._base import (
    Authority,
    Context,
    HasChain,
    HasPolicy,
    ReportsStatus,
    Revokes,
)
from ansible_collections.certfleet.pki.plugins.module_utils._durations import format_duration
from ansible_collections.certfleet.pki.plugins.module_utils._errors import Misconfigured, NotFound
from ansible_collections.certfleet.pki.plugins.module_utils._http import Http, canonical_url
from ansible_collections.certfleet.pki.plugins.module_utils._model import (
    REVOCATION_REASONS,
    AuthorityChain,
    CertificateReference,
    CertificateStatus,
    Issued,
    Order,
)
from ansible_collections.certfleet.pki.plugins.module_utils._pem import split_pem
from ansible_collections.certfleet.pki.plugins.module_utils._policy import Policy
from ansible_collections.certfleet.pki.plugins.module_utils._presented import (
    no_requests,
    presented_status,
    require_own,
    serial_of,
)
from ansible_collections.certfleet.pki.plugins.module_utils._rest import Answer, Rest
from ansible_collections.certfleet.pki.plugins.module_utils._step._certificates import CertificatesOfCA
from ansible_collections.certfleet.pki.plugins.module_utils._step._errors import not_step, refusal, words_of
from ansible_collections.certfleet.pki.plugins.module_utils._step._options import STEP_OPTIONS, STEP_RELATIONS
from ansible_collections.certfleet.pki.plugins.module_utils._step._provisioners import (
    Provisioner,
    check_lifetime,
    choose,
    list_provisioners,
    policy_of,
)
from ansible_collections.certfleet.pki.plugins.module_utils._step._tokens import (
    Credential,
    TokenMaker,
    given_key,
    stored_key,
    x5c_credential,
)
from ansible_collections.certfleet.pki.plugins.module_utils._step._trust import canonical_fingerprint, pinned_root
from ansible_collections.certfleet.pki.plugins.module_utils._x509 import read_certificate

__all__ = ("StepAuthority",)

_SIGN, _REVOKE = "/1.0/sign", "/1.0/revoke"


class StepAuthority(Authority, Revokes, ReportsStatus, HasPolicy, HasChain):
    """One provisioner of one step-ca."""

    NAME = "step"
    DESCRIPTION = "step-ca by Smallstep: a JWK or X5C provisioner signs a one-time token for each request."
    OPTIONS = STEP_OPTIONS
    RELATIONS = STEP_RELATIONS
    ENVIRONMENT: t.ClassVar[t.Mapping[str, t.Tuple[str, ...]]] = {
        "url": ("STEP_CA_URL",),
        "fingerprint": ("STEP_FINGERPRINT",),
    }

    def __init__(self, options: t.Mapping[str, t.Any], context: t.Optional[Context] = None) -> None:
        super().__init__(options, context)
        if not options.get("url"):
            raise Misconfigured("step needs url; give it, or set STEP_CA_URL.", authority=self.NAME)
        self._url = canonical_url(options["url"], authority=self.NAME)
        self._provisioner_name = str(options["provisioner"])
        self._auth: t.Mapping[str, t.Any] = options["auth"]
        self._fingerprint = ""
        if options.get("fingerprint") and not options.get("ca_bundle"):
            self._fingerprint = canonical_fingerprint(options["fingerprint"])
        self._opening = threading.RLock()

    @property
    def identity(self) -> str:
        return f"{self.NAME}:{self._url}/{self._provisioner_name}"

    # How it is reached; all of this is read when it is first needed, once

    @functools.cached_property
    def _root(self) -> str:
        if not self._fingerprint:
            return ""
        return pinned_root(self.options, url=self._url, fingerprint=self._fingerprint, tokens=self.context.tokens)

    @functools.cached_property
    def _trust(self) -> t.Mapping[str, t.Any]:
        return {**self.options, "ca_bundle": self._root} if self._root else self.options

    @functools.cached_property
    def _http(self) -> Http:
        return Http(self._trust, authority=self.NAME)

    @functools.cached_property
    def _rest(self) -> Rest:
        return Rest(self._http, url=self._url, authority=self.NAME, context=self.context)

    @functools.cached_property
    def _certificates(self) -> CertificatesOfCA:
        return CertificatesOfCA(self._http, self._rest, trust=self._trust, root=self._root)

    @functools.cached_property
    def _given(self) -> t.Optional[Credential]:
        """What signs tokens, unless it is the CA that keeps it."""
        if self._auth.get("x5c"):
            return x5c_credential(self._auth["x5c"], now=self.context.clock())
        key = given_key(self._auth["jwk"], tokens=self.context.tokens)
        return Credential(key) if key else None

    @functools.cached_property
    def _provisioner(self) -> Provisioner:
        return choose(
            list_provisioners(self._rest),
            name=self._provisioner_name,
            kind="X5C" if self._auth.get("x5c") else "JWK",
            url=self._url,
            key=self._given.key if self._given else None,
        )

    @functools.cached_property
    def _tokens(self) -> TokenMaker:
        credential = self._given or Credential(
            stored_key(self._auth["jwk"], self._provisioner.get("encryptedKey"), tokens=self.context.tokens)
        )
        key_id = str((self._provisioner.get("key") or {}).get("kid") or credential.key.thumbprint)
        return TokenMaker(credential, self._provisioner_name, key_id, self._url, self._fingerprint)

    def _opened(self) -> TokenMaker:
        """Return what makes tokens; of several threads, one opens it."""
        with self._opening:
            return self._tokens

    # Issuing

    def request(self, order: Order) -> Issued:
        """Sign the CSR (POST ``/1.0/sign``). Raises PolicyViolation, Rejected, Misconfigured, Unauthorized."""
        tokens = self._opened()
        self._check_lifetime(order.lifetime, tokens)
        self._certificates.prepare()
        subject = order.common_name or next(iter(order.names), None)
        if not subject:
            raise Misconfigured("step-ca signs for a name; give common_name or dns_names.", authority=self.NAME)
        token = tokens.token(_SIGN, subject, now=self.context.clock(), names=order.names)
        body = {"csr": order.csr_pem, "ott": token}
        if order.lifetime:
            body["notAfter"] = f"{order.lifetime}s"
        return self._issued(self._send(_SIGN, body, "to sign the request"))

    def _check_lifetime(self, lifetime: t.Optional[int], tokens: TokenMaker) -> None:
        check_lifetime(self._provisioner, lifetime)
        signer = tokens.credential.certificate
        if lifetime and signer and self.context.clock() + timedelta(seconds=lifetime) > signer.not_after:
            left = int((signer.not_after - self.context.clock()).total_seconds())
            raise Misconfigured(
                f"The certificate in auth.x5c ends in {format_duration(max(1, left))}, and step-ca lets none that it "
                "authorizes end later; lower lifetime, or give another.",
                authority=self.NAME,
            )

    def _send(self, path: str, body: t.Mapping[str, t.Any], what: str) -> Answer:
        answer = self._rest.send("POST", path, json=body)
        if not answer.ok:
            raise refusal(self._rest, answer, what, provisioner=self._provisioner_name)
        return answer

    def _issued(self, answer: Answer) -> Issued:
        told = answer.fields.get("certChain") or [answer.fields.get("crt"), answer.fields.get("ca")]
        pems = [pem for text in told if text for pem in split_pem(str(text))]
        if not pems:
            raise not_step(self._rest, answer)
        return Issued(pems[0], self._certificates.with_roots(tuple(pems[1:]), below=pems[0]))

    def collect(self, request_id: str) -> Issued:
        """Raise NotFound: step-ca gives out a certificate once, when it signs it."""
        raise self._no_requests(request_id)

    def _no_requests(self, request_id: str) -> NotFound:
        return no_requests(f"step-ca at {self._url}", request_id, authority=self.NAME)

    # Status and revocation

    def status(self, reference: CertificateReference) -> CertificateStatus:
        """Tell what the certificate's dates and the CA's CRL, if it has one, say. Raises NotFound (of another CA).

        Without the certificate itself, only that it is revoked can be known.
        """
        self._serial(reference)
        chain = self._certificates.chain() if self._is_own(reference) else ()
        return presented_status(reference, chain, crl=self._certificates.crl(), now=self.context.clock())

    def _serial(self, reference: CertificateReference) -> str:
        if reference.request_id:
            raise self._no_requests(reference.request_id)
        return serial_of(reference)

    def _is_own(self, reference: CertificateReference) -> bool:
        """Tell whether a certificate was given. Raises NotFound if it is of another CA."""
        if reference.certificate_pem:
            facts = read_certificate(reference.certificate_pem)
            require_own(facts, self._certificates.issuers, authority=self.NAME, url=self._url)
        return bool(reference.certificate_pem)

    def revoke(self, reference: CertificateReference, *, reason: str) -> bool:
        """Revoke (POST ``/1.0/revoke``). False if it was revoked before. Raises NotFound (of another CA).

        The CA takes any serial number, also one that it never gave out, and remembers it as revoked.
        """
        number = str(int(self._serial(reference), 16))
        self._is_own(reference)
        token = self._opened().token(_REVOKE, number, now=self.context.clock())
        code = REVOCATION_REASONS[reason]
        body = {"serial": number, "ott": token, "reasonCode": code, "reason": reason, "passive": True}
        answer = self._rest.send("POST", _REVOKE, json=body)
        if answer.status == 400 and "already revoked" in words_of(answer):
            return False
        if not answer.ok:
            raise refusal(self._rest, answer, "to revoke the certificate", provisioner=self._provisioner_name)
        return True

    # What it tells about itself

    def policy(self) -> t.Optional[Policy]:
        """Return the provisioner's claims. Raises Misconfigured if there is no such provisioner."""
        with self._opening:
            return policy_of(self._provisioner)

    def chain(self) -> AuthorityChain:
        """Return the issuing certificates and the root, and the address of the CRL if there is one."""
        crl_urls = (self._certificates.crl_url,) if self._certificates.crl() else ()
        return AuthorityChain(self._certificates.chain(), crl_urls)
