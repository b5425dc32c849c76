# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: no promise is made about what is in here.

"""Opens keys that `step` has encrypted with a password: a JWE with PBES2 and AES-GCM.

RFC 7516 (JWE), RFC 7518 sections 4.8 (PBES2) and 5.3 (AES-GCM). No library that the collection
uses has it, and it is a few calls of cryptography. No I/O in here.
"""

from __future__ import annotations

import json
import re
import typing as t

try:
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM
    from cryptography.hazmat.primitives.kdf.pbkdf2 import PBKDF2HMAC
    from cryptography.hazmat.primitives.keywrap import InvalidUnwrap, aes_key_unwrap
except ImportError:  # _x509 reports it
    pass

from ansible_collections.certfleet.pki.plugins.module_utils import _base64url
from ansible_collections.certfleet.pki.plugins.module_utils._errors import Misconfigured, Unauthorized
from ansible_collections.certfleet.pki.plugins.module_utils._step._errors import AUTHORITY

__all__ = ("is_jwe", "open_jwe")

#: PBES2 algorithm: its hash, and the bytes of the key that wraps.
_WRAPS = {
    "PBES2-HS256+A128KW": ("SHA256", 16),
    "PBES2-HS384+A192KW": ("SHA384", 24),
    "PBES2-HS512+A256KW": ("SHA512", 32),
}
_CIPHERS = frozenset(("A128GCM", "A192GCM", "A256GCM"))
_FEWEST_ROUNDS, _MOST_ROUNDS = 1000, 10_000_000
#: What begins with eyJ is a JSON object, and no path.
_COMPACT = re.compile(r"eyJ[\w-]*(\.[\w-]+){4}", re.ASCII)
_PARTS = ("protected", "encrypted_key", "iv", "ciphertext", "tag")


def is_jwe(text: str) -> bool:
    """Tell a JWE, compact or as JSON, from other text."""
    return _parts(text) is not None


def open_jwe(text: str, password: str, *, what: str) -> bytes:
    """Return what is in a JWE. ``what`` names it in messages. Raises Misconfigured, Unauthorized (wrong password)."""
    unreadable = Misconfigured(
        f"{what} can't be opened: it is no JWE with PBES2 and AES-GCM; encrypt it with step.", authority=AUTHORITY
    )
    parts = _parts(text)
    if parts is None:
        raise unreadable
    try:
        header = {**_unprotected(text), **json.loads(_base64url.decode(parts["protected"]))}
        wrapping = _wrapping_key(header, password.encode())
        wrapped, nonce, sealed = (_base64url.decode(parts[name]) for name in ("encrypted_key", "iv", "ciphertext"))
        tag, protected = _base64url.decode(parts["tag"]), parts["protected"].encode("ascii")
        if header.get("enc") not in _CIPHERS or header.get("zip") or len(tag) != 16:
            raise unreadable
        return AESGCM(aes_key_unwrap(wrapping, wrapped)).decrypt(nonce, sealed + tag, protected)
    except (InvalidUnwrap, InvalidTag):
        raise Unauthorized(
            f"The password does not open {what[:1].lower() + what[1:]}; correct password.", authority=AUTHORITY
        ) from None
    except (ValueError, TypeError, KeyError, AttributeError):
        raise unreadable from None


def _wrapping_key(header: t.Mapping[str, t.Any], password: bytes) -> bytes:
    """Raise KeyError, ValueError for what can't be."""
    digest, length = _WRAPS[header["alg"]]
    rounds = int(header["p2c"])
    if not _FEWEST_ROUNDS <= rounds <= _MOST_ROUNDS:
        raise ValueError("rounds")
    salt = header["alg"].encode() + b"\0" + _base64url.decode(header["p2s"])
    return PBKDF2HMAC(algorithm=getattr(hashes, digest)(), length=length, salt=salt, iterations=rounds).derive(password)


def _parts(text: str) -> t.Optional[t.Dict[str, str]]:
    if text.lstrip().startswith("{"):
        found = _flat(text)
        whole = all(isinstance(found.get(name), str) for name in _PARTS)
        return {name: found[name] for name in _PARTS} if whole else None
    plain = text.strip()
    return dict(zip(_PARTS, plain.split("."))) if _COMPACT.fullmatch(plain) else None


def _flat(text: str) -> t.Dict[str, t.Any]:
    """Return the JSON form flattened; the general one may have several recipients (RFC 7516, section 7.2)."""
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    recipients = found.pop("recipients", None)
    first = recipients[0] if isinstance(recipients, list) and recipients else {}
    return {**found, **first} if isinstance(first, dict) else {}


def _unprotected(text: str) -> t.Dict[str, t.Any]:
    """Return what the JSON form has outside of the protected header (RFC 7516, section 4)."""
    found = _flat(text) if text.lstrip().startswith("{") else {}
    headers = (found.get(name) for name in ("unprotected", "header"))
    return {name: value for header in headers if isinstance(header, dict) for name, value in header.items()}
