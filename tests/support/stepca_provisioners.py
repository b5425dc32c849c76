# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""step-ca with all kinds of provisioners that the authority `step` can use, on top of `stepca`.

with StepProvisioners(folder) as ca:
    StepAuthority(ca.options())                                   # JWK, the CA keeps its key: `ca.password` opens it
    StepAuthority(ca.options(auth={"jwk": {"key": ca.key_jwk()}}))
    StepAuthority(ca.options(provisioner="short"))                # 5 minutes to 1 hour
    StepAuthority(ca.options(provisioner="partners", auth={"x5c": ca.x5c()}))
"""

from __future__ import annotations

import base64
import json
import os
import typing as t

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.pbkdf2 import PBKDF2HMAC
from cryptography.hazmat.primitives.keywrap import aes_key_wrap

from ansible_collections.certfleet.pki.tests.support.certificates import CertificateAuthority
from ansible_collections.certfleet.pki.tests.support.servers import write_json
from ansible_collections.certfleet.pki.tests.support.stepca import StepCA

__all__ = ("StepProvisioners", "encrypted_jwk")

_CLIENT_USAGE = x509.KeyUsage(True, False, False, False, False, False, False, False, False)


class StepProvisioners(StepCA):
    """One server: the JWK provisioners `tests`, `short`, `keyless` (no key at the CA), `bare` (no claims), X5C `partners`."""

    password = "a password for tests only"

    def __init__(self, folder: str | os.PathLike[str], *, database: bool = True, **options: t.Any) -> None:
        """Without a ``database`` nothing can be revoked; the other options are those of StepCA."""
        self.partners = CertificateAuthority("Partners")
        super().__init__(folder, **options)
        content = json.loads((self.folder / "ca.json").read_text())
        provisioners = content["authority"]["provisioners"]
        usual = next(one for one in provisioners if one["type"] == "JWK")
        usual["encryptedKey"] = encrypted_jwk(self.key_jwk(), self.password)
        limits = {"minTLSCertDuration": "5m0s", "maxTLSCertDuration": "1h0m0s", "defaultTLSCertDuration": "1h0m0s"}
        provisioners += [
            {**usual, "name": "short", "claims": limits},
            {name: value for name, value in {**usual, "name": "keyless"}.items() if name != "encryptedKey"},
            {name: value for name, value in {**usual, "name": "bare"}.items() if name != "claims"},
            {
                "type": "X5C",
                "name": "partners",
                "roots": base64.b64encode(self.partners.pem.encode()).decode(),
                "claims": usual["claims"],
            },
        ]
        if not database:
            del content["db"]
        write_json(self.folder / "ca.json", content)

    @property
    def fingerprint(self) -> str:
        """The root's SHA-256 fingerprint."""
        return self._root.certificate.fingerprint(hashes.SHA256()).hex()

    def key_jwk(self) -> str:
        """Return the private key of the provisioners `tests`, `short` and `keyless` as a JWK."""
        number = self.provisioner_key.private_numbers().private_value
        return json.dumps({**self._public_jwk(), "d": _base64url(number.to_bytes(32, "big"))})

    def x5c(self, **options: t.Any) -> dict[str, str]:
        """Return the options with a new certificate that `partners` trusts; ``options`` are those of its issuing."""
        usual = {"extended_key_usage": ["client_auth"], "extensions": [(_CLIENT_USAGE, True)]}
        made = self.partners.issue(["ansible"], common_name="ansible", **{**usual, **options})
        return {"certificate": made.pem, "private_key": str(made.key_pem)}

    def options(self, **others: t.Any) -> dict[str, t.Any]:
        """Return options for the authority `step`, unless ``others`` say otherwise; None leaves one out."""
        usual = {
            "url": self.url,
            "fingerprint": self.fingerprint,
            "provisioner": self.provisioner,
            "auth": {"jwk": {"password": self.password}},
            "timeout": 10,
        }
        return {name: value for name, value in {**usual, **others}.items() if value is not None}


def encrypted_jwk(text: str, password: str, *, cipher: str = "A256GCM", rounds: int = 100_000) -> str:
    """Encrypt as `step crypto jwk create` does: a compact JWE (RFC 7516, RFC 7518 section 4.8)."""
    salt, nonce = os.urandom(16), os.urandom(12)
    algorithm = "PBES2-HS256+A128KW"
    header = {"alg": algorithm, "cty": "jwk+json", "enc": cipher, "p2c": rounds, "p2s": _base64url(salt)}
    protected = _base64url(json.dumps(header).encode())
    derivation = PBKDF2HMAC(hashes.SHA256(), 16, algorithm.encode() + b"\0" + salt, rounds)
    content_key = os.urandom(int(cipher[1:4]) // 8)
    wrapped = aes_key_wrap(derivation.derive(password.encode()), content_key)
    sealed = AESGCM(content_key).encrypt(nonce, text.encode(), protected.encode())
    parts = (wrapped, nonce, sealed[:-16], sealed[-16:])
    return ".".join((protected, *map(_base64url, parts)))


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
