# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: no promise is made about what is in here.
"""Revocation (RFC 8555, section 7.6): in the account's name, or with the certificate's own key wherever that is."""

from __future__ import annotations

import base64
import typing as t

try:
    from cryptography.hazmat.primitives.asymmetric import ec, rsa
    from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
except ImportError:  # _x509.require_cryptography reports it
    pass

from ansible_collections.certfleet.pki.plugins.module_utils._acme._account import Account
from ansible_collections.certfleet.pki.plugins.module_utils._acme._client import AcmeClient
from ansible_collections.certfleet.pki.plugins.module_utils._acme._errors import AUTHORITY, problem_of
from ansible_collections.certfleet.pki.plugins.module_utils._acme._keys import Sign, jws_json
from ansible_collections.certfleet.pki.plugins.module_utils._base64url import encode as b64url
from ansible_collections.certfleet.pki.plugins.module_utils._errors import BadCertificate, Misconfigured, NotFound
from ansible_collections.certfleet.pki.plugins.module_utils._model import REVOCATION_REASONS
from ansible_collections.certfleet.pki.plugins.module_utils._x509 import load_certificate

__all__ = ("RemoteSign", "revoke_as_account", "revoke_with_own_key", "sign_remotely")

#: Signs data with a key that is elsewhere, by an algorithm of RFC 7518 (RS256, ES256, ES384, ES512), and returns the
#: signature as OpenSSL makes it: PKCS#1 v1.5, or for ECDSA in DER.
RemoteSign = t.Callable[[bytes, str], bytes]

_EXPECTED = ("alreadyRevoked", "malformed")
_CURVES = {"secp256r1": ("ES256", "P-256"), "secp384r1": ("ES384", "P-384"), "secp521r1": ("ES512", "P-521")}


def revoke_as_account(client: AcmeClient, account: Account, certificate_pem: str, *, reason: str) -> bool:
    """Revoke in the name of the account; False if it was revoked before. Raises NotFound, Unauthorized."""
    answer = account.post(
        client.directory["revokeCert"],
        _content(certificate_pem, reason),
        repeatable=False,
        expected=_EXPECTED,
        missing=_unknown(client),
    )
    return _is_new(client, answer)


def revoke_with_own_key(client: AcmeClient, certificate_pem: str, *, reason: str, sign: RemoteSign) -> bool:
    """Revoke with the certificate's key, which needs no account; False if it was revoked before. Raises NotFound."""
    answer = client.post(
        client.directory["revokeCert"],
        _content(certificate_pem, reason),
        sign=sign_remotely(certificate_pem, sign),
        repeatable=False,
        expected=_EXPECTED,
        missing=_unknown(client),
    )
    return _is_new(client, answer)


def _is_new(client: AcmeClient, answer: t.Any) -> bool:
    problem = problem_of(answer)
    if problem is not None and problem.code == "malformed":  # how most servers say that they have never seen it
        raise _unknown(client, problem.words)
    return problem is None


def _content(certificate_pem: str, reason: str) -> t.Dict[str, t.Any]:
    number = REVOCATION_REASONS[reason]
    return {"certificate": b64url(_der(certificate_pem)), **({"reason": number} if number else {})}


def _der(certificate_pem: str) -> bytes:
    """Return what the PEM text holds, to the byte. Raises BadCertificate."""
    load_certificate(certificate_pem)
    body = certificate_pem.partition("-----BEGIN CERTIFICATE-----")[2].partition("-----END")[0]
    return base64.b64decode("".join(body.split()))


def _unknown(client: AcmeClient, words: str = "") -> NotFound:
    told = f" ({words})" if words else ""
    return NotFound(
        f"{client.server} does not know this certificate{told}; check that it is from this CA.",
        detail=words,
        authority=AUTHORITY,
        http_status=404,
    )


def sign_remotely(certificate_pem: str, sign: RemoteSign) -> Sign:
    """Return what signs requests with a certificate's key, for which ``sign`` is called. Raises Misconfigured."""
    algorithm, jwk, width = _public_jwk(load_certificate(certificate_pem).public_key())

    def signed(payload: bytes, nonce: str, url: str) -> str:
        header = {"alg": algorithm, "jwk": jwk, "nonce": nonce, "url": url}
        return jws_json(header, payload, lambda data: _raw(sign(data, algorithm), width))

    return signed


def _public_jwk(key: t.Any) -> t.Tuple[str, t.Dict[str, str], int]:
    """Return the algorithm, the key as a JWK (RFC 7518, section 6), and the width of an ECDSA number in bytes."""
    if isinstance(key, rsa.RSAPublicKey):
        numbers = key.public_numbers()
        return "RS256", {"kty": "RSA", "n": _number(numbers.n), "e": _number(numbers.e)}, 0
    if isinstance(key, ec.EllipticCurvePublicKey) and key.curve.name in _CURVES:
        algorithm, curve = _CURVES[key.curve.name]
        width = (key.curve.key_size + 7) // 8
        point = key.public_numbers()
        return algorithm, {"kty": "EC", "crv": curve, "x": _number(point.x, width), "y": _number(point.y, width)}, width
    raise Misconfigured(
        "A certificate with such a key can't be revoked with it over ACME; use the account key.", authority=AUTHORITY
    )


def _number(value: int, width: int = 0) -> str:
    return b64url(value.to_bytes(width or (value.bit_length() + 7) // 8, "big"))


def _raw(signature: bytes, width: int) -> bytes:
    """Return an ECDSA signature as JWS has it: both numbers, one behind the other (RFC 7518, section 3.4)."""
    if not width:
        return signature
    try:
        return b"".join(number.to_bytes(width, "big") for number in decode_dss_signature(signature))
    except (ValueError, OverflowError):
        raise BadCertificate(
            "The host's signature does not fit the certificate's key; check the private key there.", authority=AUTHORITY
        ) from None
