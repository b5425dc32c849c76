# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: no promise is made about what is in here.
"""The key of an ACME account: PEM, or the JWK in which certbot keeps it; and signatures with it (RFC 8555, section 6.2)."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import typing as t

try:
    from acme import jws
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec, rsa
    from josepy import errors, json_util, jwa, jwk
except ImportError:  # reported by require_acme, in one sentence
    jws = None  # type: ignore[assignment]

from ansible_collections.certfleet.pki.plugins.module_utils._acme._errors import AUTHORITY
from ansible_collections.certfleet.pki.plugins.module_utils._base64url import encode as b64url
from ansible_collections.certfleet.pki.plugins.module_utils._errors import Misconfigured, Unauthorized

__all__ = ("AccountKey", "KeyFile", "Sign", "jws_json", "load_key", "require_acme")

#: Makes the body of a request: (payload, nonce, URL) to a flattened JWS.
Sign = t.Callable[[bytes, str, str], str]

_SMALLEST_RSA = 2048


def require_acme() -> None:
    """Raise Misconfigured if the library `acme` is missing."""
    if jws is None:
        raise Misconfigured(
            "The authority 'acme' needs the Python library 'acme' on the controller; install it.", authority=AUTHORITY
        )


def jws_json(protected: t.Mapping[str, t.Any], payload: bytes, sign: t.Callable[[bytes], bytes]) -> str:
    """Return a flattened JWS (RFC 7515, section 7.2.2) whose signature ``sign`` makes."""
    header, content = b64url(json.dumps(dict(protected)).encode()), b64url(payload)
    signature = b64url(sign(f"{header}.{content}".encode()))
    return json.dumps({"protected": header, "payload": content, "signature": signature})


class AccountKey:
    """A private key that signs requests. Its representation tells nothing."""

    def __init__(self, private_key: t.Any) -> None:
        """Raise Misconfigured for a kind of key that ACME has no algorithm for."""
        self._jwk, self._algorithm = _jwk_of(private_key)
        self.thumbprint = b64url(self._jwk.thumbprint(hash_function=hashes.SHA256))

    @property
    def public_jwk(self) -> t.Dict[str, t.Any]:
        """Return the public key as a JWK."""
        return dict(self._jwk.public_key().to_json())

    def sign(self, *, kid: t.Optional[str] = None) -> Sign:
        """Return what signs for the account ``kid`` (its URL), or without one in the name of the key itself."""

        def signed(payload: bytes, nonce: str, url: str) -> str:
            raw = json_util.decode_b64jose(nonce)
            return str(jws.JWS.sign(payload, self._jwk, self._algorithm, raw, url, kid).json_dumps())

        return signed

    def sign_inner(self, payload: bytes, url: str) -> t.Dict[str, t.Any]:
        """Return a JWS without a nonce, as a new key signs its roll-over (RFC 8555, section 7.3.5)."""
        return dict(jws.JWS.sign(payload, self._jwk, self._algorithm, None, url).to_partial_json())


def _jwk_of(key: t.Any) -> t.Tuple[t.Any, t.Any]:
    if isinstance(key, rsa.RSAPrivateKey) and key.key_size >= _SMALLEST_RSA:
        return jwk.JWKRSA(key=key), jwa.RS256
    if isinstance(key, ec.EllipticCurvePrivateKey):
        algorithm = {256: jwa.ES256, 384: jwa.ES384, 521: jwa.ES512}.get(key.curve.key_size)
        if algorithm is not None and key.curve.name.startswith("secp") and key.curve.name.endswith("r1"):
            return jwk.JWKEC(key=key), algorithm
    raise _misconfigured(
        "An account_key is ECDSA P-256, P-384 or P-521, or RSA with 2048 bits or more; give such a key."
    )


class KeyFile:
    """Where a key is: a file on the controller, or the option itself holds it."""

    def __init__(self, given: str, *, option: str = "account_key") -> None:
        self._option = option
        self._content = given if "-----BEGIN" in given or given.lstrip().startswith("{") else None
        self.path = None if self._content is not None else os.path.abspath(os.path.expanduser(given.strip()))

    @property
    def exists(self) -> bool:
        """Tell whether there is a key, without reading it."""
        return self.path is None or os.path.lexists(self.path)

    def load(self) -> AccountKey:
        """Return the key. Raises Unauthorized if the file is not there, Misconfigured for what is no key."""
        if self._content is not None:
            return load_key(self._content, option=self._option)
        try:
            with open(t.cast(str, self.path), encoding="ascii", errors="replace") as stream:
                return load_key(stream.read(), option=self._option)
        except FileNotFoundError:
            raise Unauthorized(
                f"The file that {self._option} names is not there; give the right one, "
                "or make one with certfleet.pki.acme_account or account_create.",
                authority=AUTHORITY,
            ) from None
        except OSError as error:
            raise _misconfigured(f"The file that {self._option} names can't be read: {error.strerror}.") from None

    def create(self) -> None:
        """Make an ECDSA P-256 key with mode 0600, whole or not at all; a file that is there is left alone."""
        if self.exists:
            return
        path = t.cast(str, self.path)
        temporary = f"{path}.{secrets.token_hex(8)}"
        try:
            os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
            _write_new(temporary, _new_key())
            with contextlib.suppress(FileExistsError):  # another fork was first
                os.link(temporary, path)
        except OSError as error:
            raise _misconfigured(f"The file that {self._option} names can't be made: {error.strerror}.") from None
        finally:
            with contextlib.suppress(OSError):
                os.unlink(temporary)


def _new_key() -> bytes:
    return ec.generate_private_key(ec.SECP256R1()).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _write_new(path: str, data: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(data)
        stream.flush()
        os.fsync(descriptor)


def load_key(text: str, *, option: str = "account_key") -> AccountKey:
    """Return the key that PEM or JWK text holds. Raises Misconfigured, without a word of the text."""
    require_acme()
    if "ENCRYPTED" in text:
        raise _misconfigured(f"The {option} is encrypted; give it without a passphrase, protected by its file's mode.")
    try:
        if text.lstrip().startswith("{"):
            return AccountKey(_private_of(jwk.JWK.from_json(json.loads(text))))
        return AccountKey(serialization.load_pem_private_key(text.encode("ascii", "replace"), None))
    except (ValueError, TypeError, KeyError, AttributeError, UnsupportedAlgorithm, errors.DeserializationError):
        # Without `from`: a library's own words about a key are never shown.
        raise _misconfigured(f"The {option} is no private key in PEM or JWK; give one.") from None


def _private_of(loaded: t.Any) -> t.Any:
    """Return the key inside a JWK's wrapper, which compares in constant time."""
    key = getattr(loaded.key, "_wrapped", loaded.key)
    if not hasattr(key, "private_numbers"):
        raise ValueError("a public key")
    return key


def _misconfigured(message: str) -> Misconfigured:
    return Misconfigured(message, authority=AUTHORITY)
