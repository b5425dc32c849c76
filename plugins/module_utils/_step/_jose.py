# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: no promise is made about what is in here.

"""Private keys that sign tokens (JWT, RFC 7519): read from a JWK or PEM, and used. No I/O in here."""

from __future__ import annotations

import hashlib
import json
import typing as t

try:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa, utils
except ImportError:  # _x509 reports it
    pass

from ansible_collections.certfleet.pki.plugins.module_utils import _base64url
from ansible_collections.certfleet.pki.plugins.module_utils._errors import Misconfigured, Unauthorized
from ansible_collections.certfleet.pki.plugins.module_utils._step._errors import AUTHORITY

__all__ = ("TokenKey", "key_of_jwk", "key_of_pem")

Number = t.Callable[[str], int]


class TokenKey:
    """A private key. Its representation tells nothing."""

    def __init__(self, private_key: t.Any, *, key_id: str = "") -> None:
        """Raise Misconfigured for a kind of key that tokens are not signed with."""
        self._key = private_key
        self.key_id = key_id
        self._algorithm = _algorithm(private_key)

    @property
    def public(self) -> t.Any:
        """Return the public key, of cryptography."""
        return self._key.public_key()

    def matches(self, jwk: t.Mapping[str, t.Any]) -> bool:
        """Tell whether a public JWK is this key's."""
        return all(jwk.get(name) == value for name, value in _public_members(self._key).items())

    @property
    def thumbprint(self) -> str:
        """Return the JWK thumbprint (RFC 7638), which is what step gives keys as their id."""
        members = json.dumps(_public_members(self._key), sort_keys=True, separators=(",", ":"))
        return _base64url.encode(hashlib.sha256(members.encode()).digest())

    def token(self, header: t.Mapping[str, t.Any], claims: t.Mapping[str, t.Any]) -> str:
        """Return a signed token (RFC 7515, section 7.1)."""
        parts = ({"alg": self._algorithm, "typ": "JWT", **header}, claims)
        signed = ".".join(_base64url.encode(json.dumps(part, separators=(",", ":")).encode()) for part in parts)
        return f"{signed}.{_base64url.encode(self._sign(signed.encode()))}"

    def _sign(self, data: bytes) -> bytes:
        """RFC 7518, sections 3.3 and 3.4, and RFC 8037, section 3.1."""
        if isinstance(self._key, rsa.RSAPrivateKey):
            return self._key.sign(data, padding.PKCS1v15(), hashes.SHA256())
        if isinstance(self._key, ed25519.Ed25519PrivateKey):
            return self._key.sign(data)
        kinds: t.Mapping[str, t.Any] = {"ES256": hashes.SHA256, "ES384": hashes.SHA384, "ES512": hashes.SHA512}
        digest = kinds[self._algorithm]()
        length = (self._key.curve.key_size + 7) // 8
        numbers = utils.decode_dss_signature(self._key.sign(data, ec.ECDSA(digest)))
        return b"".join(number.to_bytes(length, "big") for number in numbers)


def key_of_jwk(text: t.Union[str, bytes], *, what: str) -> TokenKey:
    """Read a private JWK (RFC 7518, section 6; RFC 8037). Raises Misconfigured, and never quotes it."""
    unreadable = Misconfigured(f"{what} is no private JWK of kind EC, RSA or Ed25519; give one.", authority=AUTHORITY)
    try:
        jwk = json.loads(text)
        private = _READERS[jwk["kty"]](jwk, lambda name: int.from_bytes(_base64url.decode(jwk[name]), "big"))
        return TokenKey(private, key_id=str(jwk.get("kid") or ""))
    except (ValueError, TypeError, KeyError, AttributeError, UnsupportedAlgorithm):
        raise unreadable from None


def key_of_pem(text: str, password: t.Optional[str], *, what: str) -> TokenKey:
    """Read a private key in PEM. Raises Misconfigured, Unauthorized (wrong password), and never quotes it."""
    encrypted = "ENCRYPTED" in text
    if encrypted and not password:
        raise Misconfigured(f"{what} is encrypted; give password.", authority=AUTHORITY)
    try:
        opener = password.encode() if encrypted and password else None
        return TokenKey(serialization.load_pem_private_key(text.encode(), opener))
    except (ValueError, TypeError, UnsupportedAlgorithm):
        if encrypted:
            raise Unauthorized(
                f"The password does not open {what[:1].lower() + what[1:]}; correct password.", authority=AUTHORITY
            ) from None
        raise Misconfigured(f"{what} is no private key in PEM; give one.", authority=AUTHORITY) from None


def _ec_key(jwk: t.Mapping[str, t.Any], number: Number) -> t.Any:
    curves: t.Mapping[str, t.Any] = {"P-256": ec.SECP256R1, "P-384": ec.SECP384R1, "P-521": ec.SECP521R1}
    curve = curves[jwk["crv"]]()
    public = ec.EllipticCurvePublicNumbers(number("x"), number("y"), curve)
    return ec.EllipticCurvePrivateNumbers(number("d"), public).private_key()


def _rsa_key(jwk: t.Mapping[str, t.Any], number: Number) -> t.Any:
    modulus, exponent, private = number("n"), number("e"), number("d")
    p, q = (number("p"), number("q")) if "p" in jwk else rsa.rsa_recover_prime_factors(modulus, exponent, private)
    return rsa.RSAPrivateNumbers(
        p,
        q,
        private,
        rsa.rsa_crt_dmp1(private, p),
        rsa.rsa_crt_dmq1(private, q),
        rsa.rsa_crt_iqmp(p, q),
        rsa.RSAPublicNumbers(exponent, modulus),
    ).private_key()


def _okp_key(jwk: t.Mapping[str, t.Any], _number: Number) -> t.Any:
    if jwk["crv"] != "Ed25519":
        raise ValueError("curve")
    return ed25519.Ed25519PrivateKey.from_private_bytes(_base64url.decode(jwk["d"]))


_READERS: t.Mapping[str, t.Callable[[t.Mapping[str, t.Any], Number], t.Any]] = {
    "EC": _ec_key,
    "RSA": _rsa_key,
    "OKP": _okp_key,
}


def _algorithm(key: t.Any) -> str:
    if isinstance(key, rsa.RSAPrivateKey):
        return "RS256"
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return "EdDSA"
    curves = {"secp256r1": "ES256", "secp384r1": "ES384", "secp521r1": "ES512"}
    if isinstance(key, ec.EllipticCurvePrivateKey) and key.curve.name in curves:
        return curves[key.curve.name]
    raise Misconfigured(
        "Tokens are signed with RSA, ECDSA (P-256, P-384, P-521) or Ed25519; give such a key.", authority=AUTHORITY
    )


def _public_members(key: t.Any) -> t.Dict[str, str]:
    """Return the members of the public JWK that a thumbprint is made of (RFC 7638, section 3.2; RFC 8037)."""
    public = key.public_key()
    if isinstance(public, ed25519.Ed25519PublicKey):
        raw = public.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
        return {"kty": "OKP", "crv": "Ed25519", "x": _base64url.encode(raw)}
    numbers = public.public_numbers()
    if isinstance(public, rsa.RSAPublicKey):
        return {"kty": "RSA", "n": _number_text(numbers.n), "e": _number_text(numbers.e)}
    length = (public.curve.key_size + 7) // 8
    curve = {256: "P-256", 384: "P-384", 521: "P-521"}[public.curve.key_size]
    return {"kty": "EC", "crv": curve, "x": _number_text(numbers.x, length), "y": _number_text(numbers.y, length)}


def _number_text(number: int, length: int = 0) -> str:
    return _base64url.encode(number.to_bytes(length or (number.bit_length() + 7) // 8, "big"))
