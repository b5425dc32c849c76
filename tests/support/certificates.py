# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Certificate authorities, certificates and requests for tests, made in memory in about a millisecond each.

root = CertificateAuthority("Root")
issuing = CertificateAuthority("Issuing", parent=root)
leaf = issuing.issue(["www.example.com", "192.0.2.1"])      # a new key
request = make_csr(["www.example.com"])
signed = issuing.issue(request.pem)                         # the request's key, subject, names
leaf.pem, leaf.key_pem, issuing.chain_pem                   # text; issuing first, then root
"""

from __future__ import annotations

import dataclasses
import datetime
import functools
import ipaddress
import typing as t

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

__all__ = ("DAY", "CertificateAuthority", "Made", "general_names", "make_csr", "make_key", "make_name", "to_pem")

DAY = datetime.timedelta(days=1)

USAGES = {
    "server_auth": "1.3.6.1.5.5.7.3.1",
    "client_auth": "1.3.6.1.5.5.7.3.2",
    "code_signing": "1.3.6.1.5.5.7.3.3",
    "email_protection": "1.3.6.1.5.5.7.3.4",
}
FIELDS = {
    "country": "2.5.4.6",
    "state_or_province": "2.5.4.8",
    "locality": "2.5.4.7",
    "organization": "2.5.4.10",
    "organizational_unit": "2.5.4.11",
    "common_name": "2.5.4.3",
}


@dataclasses.dataclass(frozen=True)
class Made:
    """A certificate or request as PEM text, with its private key (PKCS #8) unless that is elsewhere."""

    pem: str
    key_pem: t.Optional[str] = None


@functools.cache
def _rsa_key(size: int, _number: int) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, size)


_CURVES: t.Mapping[str, t.Callable[[], ec.EllipticCurve]] = {
    "ecdsa": ec.SECP256R1,
    "ecdsa-p384": ec.SECP384R1,
    "ecdsa-p521": ec.SECP521R1,
}


def make_key(kind: str = "ecdsa", *, number: int = 0) -> t.Any:
    """Return a private key: ecdsa, ecdsa-p384, ecdsa-p521, ed25519, rsa, rsa-3072.

    RSA keys are slow to make, so there is one per size and ``number``.
    """
    if kind == "ed25519":
        return ed25519.Ed25519PrivateKey.generate()
    if kind.startswith("rsa"):
        return _rsa_key(int(kind[4:] or 2048), number)
    return ec.generate_private_key(_CURVES[kind]())


def to_pem(thing: t.Any) -> str:
    """Return a certificate, request or private key (PKCS #8, not encrypted) as PEM text."""
    if hasattr(thing, "private_bytes"):
        no_encryption = serialization.NoEncryption()
        data = thing.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, no_encryption)
    else:
        data = thing.public_bytes(serialization.Encoding.PEM)
    return str(data, "ascii")


def make_name(common_name: t.Optional[str], subject: t.Iterable[t.Tuple[str, str]] = ()) -> x509.Name:
    """Return a distinguished name: the ``subject`` pairs (field, value) in their order, then the CN if there is one."""
    pairs = list(subject) + ([("common_name", common_name)] if common_name else [])
    return x509.Name([x509.NameAttribute(x509.ObjectIdentifier(FIELDS.get(f, f)), value) for f, value in pairs])


def general_names(names: t.Iterable[str]) -> t.List[x509.GeneralName]:
    """Tell addresses, URIs, email addresses and DNS names apart by how they look."""
    return [_general_name(name) for name in names]


def _general_name(name: str) -> x509.GeneralName:
    if "://" in name:
        return x509.UniformResourceIdentifier(name)
    if "@" in name:
        return x509.RFC822Name(name)
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _usage_extension(usages: t.Iterable[str]) -> x509.ExtendedKeyUsage:
    return x509.ExtendedKeyUsage([x509.ObjectIdentifier(USAGES.get(usage, usage)) for usage in usages])


def _digest(key: t.Any) -> t.Optional[hashes.SHA256]:
    return None if isinstance(key, ed25519.Ed25519PrivateKey) else hashes.SHA256()


def make_csr(
    names: t.Sequence[str] = (),
    *,
    common_name: t.Optional[str] = None,
    subject: t.Iterable[t.Tuple[str, str]] = (),
    key: t.Any = "ecdsa",
    extended_key_usage: t.Iterable[str] = (),
    extensions: t.Iterable[t.Tuple[x509.ExtensionType, bool]] = (),
) -> Made:
    """Make a request. ``key`` is a kind (see make_key) or a private key; ``extensions`` are (extension, critical)."""
    key = make_key(key) if isinstance(key, str) else key
    builder = x509.CertificateSigningRequestBuilder().subject_name(make_name(common_name, subject))
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName(general_names(names)), critical=False)
    usages = list(extended_key_usage)
    if usages:
        builder = builder.add_extension(_usage_extension(usages), critical=False)
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical=critical)
    return Made(to_pem(builder.sign(key, _digest(key))), to_pem(key))


class CertificateAuthority:
    """A root, or an intermediate below ``parent``. ``key`` is a kind (see make_key) or a private key.

    Two authorities with the same ``name`` but different keys, or the same key under another parent
    (a cross-signed one: ``CertificateAuthority("A", parent=other, key=a.key)``), are what chain tests need.
    """

    def __init__(
        self,
        name: str = "Test Root",
        parent: t.Optional[CertificateAuthority] = None,
        key: t.Any = "ecdsa",
        *,
        not_before: t.Optional[datetime.datetime] = None,
        not_after: t.Optional[datetime.datetime] = None,
        path_length: t.Optional[int] = None,
        is_ca: bool = True,
    ) -> None:
        self.name, self.parent = name, parent
        self.key = make_key(key) if isinstance(key, str) else key
        signer = parent or self
        builder = _certificate(make_name(name), signer.subject, self.key.public_key(), not_before, not_after, 3650)
        builder = builder.add_extension(x509.BasicConstraints(is_ca, path_length if is_ca else None), critical=True)
        builder = _add_key_ids(builder, self.key.public_key(), signer.key.public_key())
        self.certificate = builder.sign(signer.key, _digest(signer.key))

    @property
    def subject(self) -> x509.Name:
        return make_name(self.name)

    @property
    def pem(self) -> str:
        return to_pem(self.certificate)

    @property
    def key_pem(self) -> str:
        return to_pem(self.key)

    @property
    def root(self) -> CertificateAuthority:
        return self.parent.root if self.parent else self

    @property
    def chain_pem(self) -> t.Tuple[str, ...]:
        """This authority's certificate first, the root's last."""
        return (self.pem,) + (self.parent.chain_pem if self.parent else ())

    def issue(
        self,
        csr_or_names: t.Union[str, t.Sequence[str]],
        *,
        common_name: t.Optional[str] = None,
        subject: t.Iterable[t.Tuple[str, str]] = (),
        key: t.Any = "ecdsa",
        extended_key_usage: t.Iterable[str] = ("server_auth",),
        not_before: t.Optional[datetime.datetime] = None,
        not_after: t.Optional[datetime.datetime] = None,
        days: float = 90,
        serial_number: t.Optional[int] = None,
        extensions: t.Iterable[t.Tuple[x509.ExtensionType, bool]] = (),
    ) -> Made:
        """Sign a request (PEM; its key, subject, names and usages are taken) or a list of names (a new key).

        Valid from five minutes ago for ``days``, unless the dates are given (aware, or naive in UTC).
        """
        made = (
            Made(csr_or_names)
            if isinstance(csr_or_names, str)
            else make_csr(
                csr_or_names,
                common_name=common_name,
                subject=subject,
                key=key,
                extended_key_usage=extended_key_usage,
                extensions=extensions,
            )
        )
        csr = x509.load_pem_x509_csr(made.pem.encode())
        builder = _certificate(csr.subject, self.subject, csr.public_key(), not_before, not_after, days, serial_number)
        for extension in csr.extensions:
            builder = builder.add_extension(extension.value, critical=extension.critical)
        builder = _add_key_ids(builder, csr.public_key(), self.key.public_key())
        certificate = builder.sign(self.key, _digest(self.key))
        return Made(to_pem(certificate), made.key_pem)


def _certificate(
    subject: x509.Name,
    issuer: x509.Name,
    public_key: t.Any,
    not_before: t.Optional[datetime.datetime],
    not_after: t.Optional[datetime.datetime],
    days: float,
    serial_number: t.Optional[int] = None,
) -> x509.CertificateBuilder:
    now = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0)
    builder = x509.CertificateBuilder(subject_name=subject, issuer_name=issuer, public_key=public_key)
    builder = builder.serial_number(serial_number if serial_number is not None else x509.random_serial_number())
    builder = builder.not_valid_before(not_before or now - datetime.timedelta(minutes=5))
    return builder.not_valid_after(not_after or now + days * DAY)


def _add_key_ids(builder: x509.CertificateBuilder, public_key: t.Any, issuer_key: t.Any) -> x509.CertificateBuilder:
    return builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False).add_extension(
        x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key), critical=False
    )
