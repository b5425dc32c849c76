# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: no promise is made about what is in here.

"""The keys of an embedded CA: made, encrypted under a passphrase if there is one, loaded again."""

from __future__ import annotations

import base64
import binascii
import re
import typing as t

from ansible_collections.certfleet.pki.plugins.module_utils._errors import BadCertificate, Misconfigured, Unauthorized
from ansible_collections.certfleet.pki.plugins.module_utils._local.layout import Layout, file_errors
from ansible_collections.certfleet.pki.plugins.module_utils._model import KeyParameters
from ansible_collections.certfleet.pki.plugins.module_utils._x509 import (
    CertificateFacts,
    load_certificate,
    public_key_sha256,
    read_certificate,
)

try:
    from cryptography import x509
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
except ImportError:
    pass  # _x509.require_cryptography says so when a CA is opened

__all__ = ("Signer", "dump_key", "generate_key", "load_facts", "load_signer", "signature_hash")

_ENCRYPTED = "-----BEGIN ENCRYPTED PRIVATE KEY-----"


class Signer(t.NamedTuple):
    """A certificate of the CA with its key."""

    facts: CertificateFacts
    certificate: x509.Certificate
    key: t.Any


def generate_key(parameters: KeyParameters) -> t.Any:
    """Return a new private key."""
    if parameters.type == "rsa":
        return rsa.generate_private_key(public_exponent=65537, key_size=parameters.size)
    if parameters.type == "ed25519":
        return ed25519.Ed25519PrivateKey.generate()
    curves: t.Dict[str, t.Any] = {"P-256": ec.SECP256R1, "P-384": ec.SECP384R1, "P-521": ec.SECP521R1}
    return ec.generate_private_key(curves[parameters.curve or "P-256"]())


def signature_hash(key: t.Any) -> t.Any:
    """Return the hash that signatures of ``key`` use; None where the algorithm brings its own."""
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return None
    if isinstance(key, ec.EllipticCurvePrivateKey) and key.curve.key_size > 256:
        return hashes.SHA384() if key.curve.key_size == 384 else hashes.SHA512()
    return hashes.SHA256()


def dump_key(key: t.Any, passphrase: t.Optional[str]) -> bytes:
    """Return the key as PKCS#8 in PEM, encrypted if there is a passphrase."""
    encryption: serialization.KeySerializationEncryption = serialization.NoEncryption()
    if passphrase:
        encryption = serialization.BestAvailableEncryption(passphrase.encode())
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption)


def load_signer(layout: Layout, role: str, passphrase: t.Optional[str]) -> Signer:
    """Return the ``root`` or ``intermediate`` with its key.

    Raises Unauthorized for a wrong passphrase, Misconfigured for damage.
    """
    facts = load_facts(layout, role)
    key = _load_key(layout, f"{role}-key.pem", passphrase)
    if public_key_sha256(_public_pem(key)) != facts.public_key_sha256:
        raise _damaged(layout, f"{role}-key.pem", f"is not the key of {role}.pem")
    return Signer(facts, load_certificate(facts.pem), key)


def load_facts(layout: Layout, role: str) -> CertificateFacts:
    """Return what the certificate of ``root`` or ``intermediate`` says. Raises Misconfigured."""
    try:
        return read_certificate(_read(layout, f"{role}.pem"))
    except BadCertificate as error:
        raise _damaged(layout, f"{role}.pem", "is not a certificate") from error


def _load_key(layout: Layout, name: str, passphrase: t.Optional[str]) -> t.Any:
    data = _read(layout, name)
    text = data.decode("ascii", "replace")
    if not _is_whole(text):
        raise _damaged(layout, name, "is not a private key")
    encrypted = text.startswith(_ENCRYPTED)
    if encrypted and not passphrase:
        raise Unauthorized(f"The keys of the local CA in {layout.path} are encrypted; give its passphrase.")
    if passphrase and not encrypted:
        raise Misconfigured(f"The keys of the local CA in {layout.path} are not encrypted; leave out the passphrase.")
    try:
        return serialization.load_pem_private_key(data, passphrase.encode() if passphrase else None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        # Without `from`: a library's own words about a key or passphrase are never shown.
        if encrypted:
            problem = f"The passphrase does not fit the keys of the local CA in {layout.path}; give the right one."
            raise Unauthorized(problem) from None
        raise _damaged(layout, name, "is not a private key") from None


def _is_whole(pem: str) -> bool:
    """Tell whether this is one PEM block with a DER sequence of just the right length.

    This tells a damaged file from a wrong passphrase, which decryption alone does not.
    """
    block = re.fullmatch(r"-----BEGIN ([A-Z ]+)-----\s+([A-Za-z0-9+/=\s]+)-----END \1-----\s*", pem)
    try:
        der = base64.b64decode("".join(block.group(2).split()), validate=True) if block else b""
    except binascii.Error:
        return False
    return _der_length(der) == len(der) > 2


def _der_length(der: bytes) -> int:
    if len(der) < 2 or der[0] != 0x30:
        return -1
    if der[1] < 0x80:
        return 2 + der[1]
    count = der[1] & 0x7F
    return 2 + count + int.from_bytes(der[2 : 2 + count], "big")


def _read(layout: Layout, name: str) -> bytes:
    with file_errors(layout.path), open(layout.file(name), "rb") as stream:
        return stream.read()


def _public_pem(key: t.Any) -> bytes:
    return key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


def _damaged(layout: Layout, name: str, what: str) -> Misconfigured:
    return Misconfigured(f"The local CA in {layout.path} is damaged: {name} {what}; restore it from a backup.")
