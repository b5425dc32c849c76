# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: no promise is made about what is in here.

"""Reads certificates and requests with the Python library cryptography, whatever bytes they are made of."""

from __future__ import annotations

import functools
import re
import typing as t
from datetime import datetime, timezone

from ansible_collections.certfleet.pki.plugins.module_utils._errors import BadCertificate, Misconfigured
from ansible_collections.certfleet.pki.plugins.module_utils._model import KeyParameters
from ansible_collections.certfleet.pki.plugins.module_utils._names import format_serial
from ansible_collections.certfleet.pki.plugins.module_utils._x509_extensions import Extensions
from ansible_collections.certfleet.pki.plugins.module_utils._x509_facts import CertificateFacts, Pairs, RequestFacts
from ansible_collections.certfleet.pki.plugins.module_utils._x509_fields import (
    COMMON_NAME,
    subject_field_name,
)

try:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
except ImportError:
    HAS_CRYPTOGRAPHY = False
else:
    HAS_CRYPTOGRAPHY = True

__all__ = (
    "is_signed_by",
    "load_certificate",
    "load_request",
    "public_key_sha256",
    "read_certificate",
    "read_request",
    "require_cryptography",
)

Pem = t.Union[str, bytes]
T = t.TypeVar("T")

_CURVES = {"secp256r1": "P-256", "secp384r1": "P-384", "secp521r1": "P-521"}
_EXTENSION_REQUEST = "1.2.840.113549.1.9.14"


def require_cryptography() -> None:
    """Raise Misconfigured if the Python library cryptography is missing."""
    if not HAS_CRYPTOGRAPHY:
        raise Misconfigured(
            "The Python library cryptography is missing: "
            "install cryptography 42 or newer for the Python that runs Ansible on the controller."
        )


def _reading(what: str) -> t.Callable[[t.Callable[..., T]], t.Callable[..., T]]:
    """Turn whatever goes wrong while foreign bytes are read into BadCertificate."""

    def decorate(function: t.Callable[..., T]) -> t.Callable[..., T]:
        @functools.wraps(function)
        def wrapper(*args: t.Any, **kwargs: t.Any) -> T:
            require_cryptography()
            try:
                return function(*args, **kwargs)
            except BadCertificate:
                raise
            # The parser raises ValueError, UnsupportedAlgorithm, DuplicateExtension, OverflowError and more, lazily.
            except Exception as error:
                raise BadCertificate(
                    f"The {what} can't be read: give it whole, in PEM format.", detail=_words(error)
                ) from error

        return wrapper

    return decorate


def _words(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"[:300]


def _to_bytes(pem: Pem) -> bytes:
    return pem if isinstance(pem, bytes) else pem.encode("utf-8", "replace")


@_reading("certificate")
def load_certificate(pem: Pem) -> x509.Certificate:
    """Return the first certificate in ``pem`` as cryptography's object. Raises BadCertificate."""
    return x509.load_pem_x509_certificate(_to_bytes(pem))


@_reading("certificate signing request")
def load_request(csr_pem: Pem) -> x509.CertificateSigningRequest:
    """Return a request as cryptography's object. Raises BadCertificate."""
    return x509.load_pem_x509_csr(_to_bytes(csr_pem))


@functools.lru_cache(maxsize=256)
@_reading("certificate")
def read_certificate(pem: Pem) -> CertificateFacts:
    """Return what the first certificate in ``pem`` says. Raises BadCertificate, and nothing else, for any bytes."""
    certificate = load_certificate(pem)
    extensions = Extensions(certificate.extensions)
    common_name, pairs = _subject(certificate.subject)
    names, other_names = extensions.names()
    return CertificateFacts(
        pem=certificate.public_bytes(serialization.Encoding.PEM).decode("ascii"),
        subject=certificate.subject.rfc4514_string(),
        issuer=certificate.issuer.rfc4514_string(),
        common_name=common_name,
        subject_pairs=pairs,
        names=names,
        extended_key_usage=extensions.usages(),
        serial_number=format_serial(certificate.serial_number),
        fingerprint_sha256=certificate.fingerprint(hashes.SHA256()).hex(),
        fingerprint_sha1=certificate.fingerprint(hashes.SHA1()).hex(),  # noqa: S303 - an identifier, not a safeguard
        public_key_sha256=_spki_sha256(certificate.public_key()),
        authority_key_id=extensions.authority_key_id(),
        subject_key_id=extensions.subject_key_id(),
        not_before=_date(certificate, "not_valid_before"),
        not_after=_date(certificate, "not_valid_after"),
        key=_key_parameters(certificate.public_key()),
        self_signed=_verifies(certificate, certificate),
        signature_hash=_signature_hash(certificate),
        is_ca=extensions.is_ca(),
        path_length=extensions.path_length(),
        constraints_missing=extensions.constraints_missing(),
        other_names=other_names,
    )


@functools.lru_cache(maxsize=256)
@_reading("certificate signing request")
def read_request(csr_pem: Pem) -> RequestFacts:
    """Return what a request says; whether its own signature fits is in ``signature_valid``. Raises BadCertificate."""
    csr = load_request(csr_pem)
    extensions = Extensions(csr.extensions)
    common_name, pairs = _subject(csr.subject)
    names, other_names = extensions.names()
    attributes = tuple(attribute.oid.dotted_string for attribute in csr.attributes)
    return RequestFacts(
        pem=csr.public_bytes(serialization.Encoding.PEM).decode("ascii"),
        subject=csr.subject.rfc4514_string(),
        common_name=common_name,
        subject_pairs=pairs,
        names=names,
        extended_key_usage=extensions.usages(),
        key=_key_parameters(csr.public_key()),
        public_key_sha256=_spki_sha256(csr.public_key()),
        signature_valid=csr.is_signature_valid,
        other_names=other_names,
        extras=extensions.extras() + tuple(oid for oid in attributes if oid != _EXTENSION_REQUEST),
    )


@_reading("PEM text")
def public_key_sha256(pem: Pem) -> str:
    """Return the SHA-256 (hex) of the SubjectPublicKeyInfo in a public key, request or certificate.

    Raises BadCertificate.
    """
    data = _to_bytes(pem)
    if b"-----BEGIN PUBLIC KEY-----" in data:
        return _spki_sha256(serialization.load_pem_public_key(data))
    if b"CERTIFICATE REQUEST-----" in data:
        return _spki_sha256(load_request(data).public_key())
    return _spki_sha256(load_certificate(data).public_key())


def is_signed_by(certificate_pem: Pem, issuer_pem: Pem) -> bool:
    """Say whether the second certificate signed the first, by name, key ids and signature (RFC 5280, section 6.1.3).

    Whether the second is a CA certificate at all is not looked at. Raises BadCertificate for unreadable input.
    """
    child, parent = read_certificate(certificate_pem), read_certificate(issuer_pem)
    if child.authority_key_id and parent.subject_key_id and child.authority_key_id != parent.subject_key_id:
        return False
    return _verifies(load_certificate(certificate_pem), load_certificate(issuer_pem))


def _verifies(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    if certificate.issuer != issuer.subject:
        return False
    try:
        certificate.verify_directly_issued_by(issuer)
    # InvalidSignature; ValueError, TypeError, UnsupportedAlgorithm where key and algorithm don't fit.
    except Exception:
        return False
    return True


def _subject(name: x509.Name) -> t.Tuple[t.Optional[str], Pairs]:
    """Return the common name (the last one, the most specific) and the other attributes."""
    pairs = [(attribute.oid.dotted_string, _text(attribute.value)) for attribute in name]
    common_names = [value for oid, value in pairs if oid == COMMON_NAME]
    others = [(subject_field_name(oid), value) for oid, value in pairs if oid != COMMON_NAME]
    # A second common name must not go unseen.
    others += [("common_name", value) for value in common_names[:-1]]
    return (common_names[-1] if common_names else None), tuple(others)


def _text(value: t.Union[str, bytes]) -> str:
    return value if isinstance(value, str) else "#" + value.hex()


def _key_parameters(key: t.Any) -> KeyParameters:
    if isinstance(key, ec.EllipticCurvePublicKey):
        return KeyParameters("ecdsa", key.curve.key_size, _CURVES.get(key.curve.name, key.curve.name))
    if isinstance(key, rsa.RSAPublicKey):
        return KeyParameters("rsa", key.key_size)
    if isinstance(key, ed25519.Ed25519PublicKey):
        return KeyParameters("ed25519", 256)
    kind = re.sub(r"(Public)?Key$", "", type(key).__name__.lstrip("_")).lower()
    return KeyParameters(kind, getattr(key, "key_size", 0))


def _spki_sha256(key: t.Any) -> str:
    der = key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    digest = hashes.Hash(hashes.SHA256())
    digest.update(der)
    return digest.finalize().hex()


def _date(certificate: x509.Certificate, name: str) -> datetime:
    # cryptography 42 brought the aware properties; the naive ones go away one day.
    moment: t.Optional[datetime] = getattr(certificate, name + "_utc", None)
    if moment is None:
        moment = getattr(certificate, name)
    return moment.replace(tzinfo=timezone.utc)


def _signature_hash(certificate: x509.Certificate) -> t.Optional[str]:
    try:
        algorithm = certificate.signature_hash_algorithm
    except Exception:
        return None
    return algorithm.name if algorithm else None
