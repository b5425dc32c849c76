# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: no promise is made about what is in here.

"""One-time tokens, made here for each request with the provisioner's key.

A token is good for five minutes and for one request: github.com/smallstep/certificates, ca/provisioner.go
and authority/provisioner/{jwk,x5c}.go.
"""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import os
import secrets
import typing as t
from datetime import datetime
from urllib.parse import urlsplit

try:
    from cryptography.hazmat.primitives import serialization
except ImportError:  # _x509 reports it
    serialization = None  # type: ignore[assignment]

from ansible_collections.certfleet.pki.plugins.module_utils._authorities._base import Login, Tokens
from ansible_collections.certfleet.pki.plugins.module_utils._errors import Misconfigured, Unauthorized
from ansible_collections.certfleet.pki.plugins.module_utils._pem import split_pem
from ansible_collections.certfleet.pki.plugins.module_utils._step._errors import AUTHORITY
from ansible_collections.certfleet.pki.plugins.module_utils._step._jose import TokenKey, key_of_jwk, key_of_pem
from ansible_collections.certfleet.pki.plugins.module_utils._step._jwe import is_jwe, open_jwe
from ansible_collections.certfleet.pki.plugins.module_utils._x509 import (
    CertificateFacts,
    load_certificate,
    read_certificate,
)

__all__ = ("Credential", "TokenMaker", "given_key", "stored_key", "x5c_credential")

_LIFETIME = 300


@dataclasses.dataclass(frozen=True, repr=False)
class Credential:
    """What signs tokens; ``chain`` are the certificates of an X5C provisioner's key, its own first."""

    key: TokenKey
    chain: t.Tuple[str, ...] = ()

    @property
    def certificate(self) -> t.Optional[CertificateFacts]:
        return read_certificate(self.chain[0]) if self.chain else None


@dataclasses.dataclass(frozen=True, repr=False)
class TokenMaker:
    """Makes the tokens of one provisioner. ``fingerprint`` is the root's, in lower-case hex, if it is known."""

    credential: Credential
    provisioner: str
    key_id: str
    url: str
    fingerprint: str = ""

    def token(self, path: str, subject: str, *, now: datetime, names: t.Iterable[str] = ()) -> str:
        """Return a token for one request to ``path`` (such as ``/1.0/sign``)."""
        at, sans = int(now.timestamp()), list(names)
        claims = {
            "iss": self.provisioner,
            "sub": subject,
            "aud": f"https://{urlsplit(self.url).netloc}{path}{self._fragment}",
            "iat": at,
            "nbf": at,
            "exp": at + _LIFETIME,
            "jti": secrets.token_hex(32),
            **({"sans": sans} if sans else {}),
            **({"sha": self.fingerprint} if self.fingerprint else {}),
        }
        return self.credential.key.token(self._header, claims)

    @property
    def _fragment(self) -> str:
        return f"#x5c/{self.provisioner}" if self.credential.chain else ""

    @property
    def _header(self) -> t.Dict[str, t.Any]:
        chain = self.credential.chain
        return {"kid": self.key_id, **({"x5c": [_der(pem) for pem in chain]} if chain else {})}


def given_key(options: t.Mapping[str, t.Any], *, tokens: Tokens) -> t.Optional[TokenKey]:
    """Return the key in the options of a JWK provisioner, None if there is none. Raises as ``stored_key`` does."""
    if not options.get("key"):
        return None
    text = _read(options["key"], option="auth.jwk.key")
    return _open_key(text, options.get("password"), "The key in auth.jwk.key", tokens)


def stored_key(options: t.Mapping[str, t.Any], stored: t.Optional[str], *, tokens: Tokens) -> TokenKey:
    """Return the key of a JWK provisioner that the CA keeps, encrypted. Raises Misconfigured, Unauthorized (password)."""
    if not stored:
        raise Misconfigured(
            "The CA keeps no key for the provisioner; give its private key in auth.jwk.key.", authority=AUTHORITY
        )
    return _open_key(stored, options.get("password"), "The key that the CA keeps for the provisioner", tokens)


def _open_key(text: str, password: t.Optional[str], what: str, tokens: Tokens) -> TokenKey:
    """Opening a JWE takes a third of a second by design, so what was in it is kept among the tokens."""
    if "-----BEGIN" in text:
        return key_of_pem(text, password, what=what)
    if not is_jwe(text):
        return key_of_jwk(text, what=what)
    if not password:
        raise Misconfigured(f"{what} is encrypted; give password.", authority=AUTHORITY)
    name = f"{AUTHORITY}:key:{hashlib.sha256(f'{text}{chr(0)}{password}'.encode()).hexdigest()}"
    return key_of_jwk(tokens.get(name, lambda: Login(_opened(text, password, what))).token, what=what)


def _opened(text: str, password: str, what: str) -> str:
    opened = open_jwe(text, password, what=what)
    key_of_jwk(opened, what=what)
    return opened.decode()


def x5c_credential(options: t.Mapping[str, t.Any], *, now: datetime) -> Credential:
    """Return the certificate and key of an X5C provisioner's user. Raises Misconfigured, Unauthorized (expired)."""
    chain = tuple(split_pem(_read(options["certificate"], option="auth.x5c.certificate")))
    if not chain:
        raise Misconfigured("auth.x5c.certificate holds no certificate in PEM; give one.", authority=AUTHORITY)
    pem = _read(options["private_key"], option="auth.x5c.private_key")
    key = key_of_pem(pem, options.get("password"), what="The key in auth.x5c.private_key")
    if load_certificate(chain[0]).public_key() != key.public:
        raise Misconfigured(
            "auth.x5c.private_key is not the key of the first certificate in auth.x5c.certificate; correct one of them.",
            authority=AUTHORITY,
        )
    if read_certificate(chain[0]).not_after <= now:
        raise Unauthorized("The certificate in auth.x5c.certificate has expired; give another.", authority=AUTHORITY)
    return Credential(key, chain)


def _read(given: str, *, option: str) -> str:
    """Return the text of a key or certificate that is given as it is, or by its path."""
    if "-----BEGIN" in given or is_jwe(given) or given.lstrip().startswith("{"):
        return given
    try:
        with open(os.path.expanduser(given.strip()), encoding="utf-8") as file:
            return file.read()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "it is no text"
        raise Misconfigured(f"The file that {option} names can't be read: {reason}.", authority=AUTHORITY) from None


def _der(pem: str) -> str:
    """Return a certificate as it is in a header (RFC 7515, section 4.1.6): base64, and not base64url."""
    return base64.b64encode(load_certificate(pem).public_bytes(serialization.Encoding.DER)).decode()
