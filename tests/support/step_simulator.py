# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What Debian's step-ca is too old for or can't be made to do: intermediates, a CRL, many provisioners, and faults.

    with StepSimulator(tmp_path) as ca:
        authority = StepAuthority(ca.options())
        ca.fail(times=1, status=503, path="/1.0/sign"); ca.count("/1.0/sign"); ca.revoked

It checks tokens as strictly as the real one: each works once, for its own purpose and names, and not for long.
"""

from __future__ import annotations

import base64
import json
import typing as t
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, utils

from ansible_collections.certfleet.pki.tests.support.certificates import CertificateAuthority
from ansible_collections.certfleet.pki.tests.support.crls import make_crl
from ansible_collections.certfleet.pki.tests.support.simulators import Answer, Call, Refused, Reply, Simulator, route

__all__ = ("StepSimulator",)

_PAGE_LIMIT = 100


class StepSimulator(Simulator):
    """One CA with the JWK provisioner `fleet`, on the last page of the provisioners."""

    provisioner = "fleet"

    def __init__(self, folder: Path, *, crl: bool = True, others: int = 120, **options: t.Any) -> None:
        super().__init__(folder, **options)
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.revoked: t.Dict[int, int] = {}
        self.swap: t.Optional[str] = None
        self._has_crl = crl
        self._others = others
        self._used: t.Set[str] = set()

    def options(self, **others: t.Any) -> t.Dict[str, t.Any]:
        """Return options for the authority `step`, unless ``others`` say otherwise."""
        key = self.key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        usual = {"url": self.url, "ca_bundle": self.ca_bundle, "provisioner": self.provisioner, "timeout": 5}
        return {**usual, "auth": {"jwk": {"key": key.decode()}}, **others}

    # What it answers

    @route("GET", r"/1\.0/provisioners")
    def provisioners(self, call: Call) -> Answer:
        limit, start = (int(call.query.get(name, ["0"])[0] or 0) for name in ("limit", "cursor"))
        if not 1 <= limit <= _PAGE_LIMIT:
            raise self.violation(f"a page of {limit} provisioners")
        everything = [{"type": "ACME", "name": f"acme{number}"} for number in range(self._others)]
        everything.append({"type": "JWK", "name": self.provisioner, "key": self._public_jwk(), "claims": _CLAIMS})
        following = str(start + limit) if start + limit < len(everything) else ""
        return {"provisioners": everything[start : start + limit], "nextCursor": following}

    @route("GET", r"/1\.0/roots")
    def roots(self, _call: Call) -> Answer:
        return Reply(201, {"crts": [self.ca.root.pem, CertificateAuthority("Federated").pem]})

    @route("GET", r"/1\.0/intermediates")
    def intermediates(self, _call: Call) -> Answer:
        return Reply(201, {"crts": [self.ca.pem]})

    @route("GET", r"/1\.0/crl")
    def crl(self, _call: Call) -> Answer:
        if not self._has_crl:
            raise Refused(404, {"status": 404, "message": "no CRL available"})
        return Reply(200, make_crl(self.ca, self.revoked))

    @route("POST", r"/1\.0/sign")
    def sign(self, call: Call) -> Answer:
        body = self.fields(call, {"csr": str, "ott": str, "notAfter": str, "notBefore": str}, required=("csr", "ott"))
        claims = self._claims(body["ott"], "/1.0/sign")
        csr = x509.load_pem_x509_csr(body["csr"].encode())
        if set(claims.get("sans", [claims["sub"]])) != _names(csr):
            raise Refused(403, {"status": 403, "message": "The request was forbidden: the names differ"})
        seconds = int(body.get("notAfter", "86400s").rstrip("s"))
        leaf = self.swap or self.issue(body["csr"], days=seconds / 86400).pem
        return Reply(201, {"crt": leaf, "ca": self.ca.pem, "certChain": [leaf, self.ca.pem]})

    @route("POST", r"/1\.0/revoke")
    def revoke(self, call: Call) -> Answer:
        kinds = {"serial": str, "ott": str, "reasonCode": int, "reason": str, "passive": bool}
        body = self.fields(call, kinds, required=("serial", "ott", "passive"))
        claims = self._claims(body["ott"], "/1.0/revoke")
        if claims["sub"] != body["serial"] or body["passive"] is not True:
            raise self.violation("the token is for another certificate, or the revocation is not passive")
        number = int(body["serial"])
        if number in self.revoked:
            message = f"certificate with serial number '{number}' is already revoked"
            raise Refused(400, {"status": 400, "message": f"The request could not be completed: {message}."})
        self.revoked[number] = body["reasonCode"]
        return {"status": "ok"}

    # Tokens

    def _claims(self, token: str, path: str) -> t.Dict[str, t.Any]:
        header, claims, signature = (_decoded(part) for part in token.split("."))
        told, said = json.loads(header), json.loads(claims)
        if told != {"alg": "ES256", "typ": "JWT", "kid": "fleet-1"} or not _verifies(self.key, token, signature):
            raise Refused(401, {"status": 401, "message": "The request lacked necessary authorization."})
        now = self.now().timestamp()
        if said["iss"] != self.provisioner or said["aud"] != self.url + path:
            raise self.violation(f"the token is for {said['iss']} and {said['aud']}")
        if not said["nbf"] - 60 <= now <= said["exp"] or said["exp"] - said["iat"] > 300:
            raise self.violation("the token is not valid now, or for too long")
        if said["jti"] in self._used:
            raise Refused(401, {"status": 401, "message": "token already used"})
        self._used.add(said["jti"])
        return t.cast(t.Dict[str, t.Any], said)

    def _public_jwk(self) -> t.Dict[str, str]:
        numbers = self.key.public_key().public_numbers()
        x, y = (
            base64.urlsafe_b64encode(one.to_bytes(32, "big")).rstrip(b"=").decode() for one in (numbers.x, numbers.y)
        )
        return {"kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": "fleet-1", "x": x, "y": y}


_CLAIMS = {"minTLSCertDuration": "5m0s", "maxTLSCertDuration": "24h0m0s", "defaultTLSCertDuration": "24h0m0s"}


def _decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def _verifies(key: ec.EllipticCurvePrivateKey, token: str, signature: bytes) -> bool:
    r, s = (int.from_bytes(half, "big") for half in (signature[:32], signature[32:]))
    signed = token.rpartition(".")[0].encode()
    try:
        key.public_key().verify(utils.encode_dss_signature(r, s), signed, ec.ECDSA(hashes.SHA256()))
    except Exception:
        return False
    return True


def _names(csr: x509.CertificateSigningRequest) -> t.Set[str]:
    san = csr.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return {str(name.value) for name in san}
