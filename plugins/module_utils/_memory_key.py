# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: no promise is made about what is in here.

"""A key and its CSR made in memory, for those who have no place to make one."""

from __future__ import annotations

import typing as t

from ansible_collections.certfleet.pki.plugins.module_utils._errors import Misconfigured
from ansible_collections.certfleet.pki.plugins.module_utils._model import KeyParameters, Names
from ansible_collections.certfleet.pki.plugins.module_utils._x509 import SUBJECT_FIELDS, usage_oid
from ansible_collections.certfleet.pki.plugins.module_utils._x509_fields import COMMON_NAME

try:
    import ipaddress

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
except ImportError:  # pragma: no cover
    x509 = None  # type: ignore[assignment]

__all__ = ("make_key", "make_request", "private_key_pem")


def make_key(parameters: KeyParameters) -> t.Any:
    """Return a new private key. Raises Misconfigured if the library is missing."""
    if x509 is None:
        raise Misconfigured("The Python library cryptography is missing on the controller; install it.")
    if parameters.type == "rsa":
        return rsa.generate_private_key(public_exponent=65537, key_size=parameters.size)
    if parameters.type == "ed25519":
        return ed25519.Ed25519PrivateKey.generate()
    curves: t.Mapping[str, t.Any] = {"P-256": ec.SECP256R1, "P-384": ec.SECP384R1, "P-521": ec.SECP521R1}
    return ec.generate_private_key(curves[parameters.curve or "P-256"]())


def private_key_pem(key: t.Any) -> str:
    """Return the key as unencrypted PKCS#8 in PEM."""
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()


def make_request(
    key: t.Any,
    *,
    common_name: t.Optional[str],
    subject: t.Sequence[t.Tuple[str, str]],
    names: Names,
    extended_key_usage: t.Sequence[str],
) -> str:
    """Return a CSR (PKCS#10, RFC 2986) in PEM; the values are those that ``_wanted_names`` lets through.

    Raises Misconfigured for a common name that the library refuses.
    """
    attributes = _attributes(common_name, subject)
    builder = x509.CertificateSigningRequestBuilder().subject_name(x509.Name(attributes))
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName(_general_names(names)), critical=not attributes)
    if extended_key_usage:
        usages = [x509.ObjectIdentifier(usage_oid(usage)) for usage in extended_key_usage]
        builder = builder.add_extension(x509.ExtendedKeyUsage(usages), critical=False)
    algorithm = None if isinstance(key, ed25519.Ed25519PrivateKey) else hashes.SHA256()
    return builder.sign(key, algorithm).public_bytes(serialization.Encoding.PEM).decode()


def _attributes(common_name: t.Optional[str], subject: t.Sequence[t.Tuple[str, str]]) -> t.List[t.Any]:
    pairs = [(SUBJECT_FIELDS[field], value) for field, value in subject]
    pairs += [(COMMON_NAME, common_name)] if common_name else []
    try:
        return [x509.NameAttribute(x509.ObjectIdentifier(oid), value) for oid, value in pairs]
    except ValueError as error:
        # It counts bytes where RFC 5280 counts characters.
        raise Misconfigured(
            f"The subject can't be put into a request ({error}); shorten it, or supply a csr."
        ) from error


def _general_names(names: Names) -> t.List[t.Any]:
    return [
        *(x509.DNSName(name) for name in names.dns),
        *(x509.IPAddress(ipaddress.ip_address(name)) for name in names.ip),
        *(x509.RFC822Name(name) for name in names.email),
        *(x509.UniformResourceIdentifier(name) for name in names.uri),
    ]
