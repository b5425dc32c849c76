# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: no promise is made about what is in here.

"""The certificates that an embedded CA makes: its own two, and leaves (RFC 5280, section 4)."""

from __future__ import annotations

import dataclasses
import ipaddress
import os
import typing as t
from datetime import datetime, timedelta

from ansible_collections.certfleet.pki.plugins.module_utils._errors import Misconfigured
from ansible_collections.certfleet.pki.plugins.module_utils._local.keys import Signer, signature_hash
from ansible_collections.certfleet.pki.plugins.module_utils._local.profile import PermittedNames
from ansible_collections.certfleet.pki.plugins.module_utils._model import Names
from ansible_collections.certfleet.pki.plugins.module_utils._times import isoformat
from ansible_collections.certfleet.pki.plugins.module_utils._x509 import (
    SUBJECT_FIELDS,
    RequestFacts,
    load_request,
    read_certificate,
    usage_oid,
)

try:
    from cryptography import x509
    from cryptography.hazmat.primitives import serialization
except ImportError:
    pass  # _x509.require_cryptography says so when a CA is opened

__all__ = ("BACKDATED", "Leaf", "make_intermediate", "make_leaf", "make_root", "new_serial", "to_pem")

#: For verifiers whose clocks are slow.
BACKDATED = timedelta(minutes=5)
_ROOT_LIFETIME = timedelta(days=7300)
_INTERMEDIATE_LIFETIME = timedelta(days=3650)
_COMMON_NAME = "2.5.4.3"


@dataclasses.dataclass(frozen=True)
class Leaf:
    """What a leaf is to be; only its key is read from the CSR. ``lifetime`` is in seconds."""

    request: RequestFacts
    common_name: t.Optional[str]
    subject: t.Tuple[t.Tuple[str, str], ...]
    names: Names
    extended_key_usage: t.Tuple[str, ...]
    lifetime: int
    crl_urls: t.Tuple[str, ...] = ()


def new_serial() -> int:
    """Return a random serial number that takes exactly 16 bytes and is positive (RFC 5280, section 4.1.2.2)."""
    while True:
        number = int.from_bytes(os.urandom(16), "big") >> 1
        if number >> 120:
            return number


def to_pem(certificate: x509.Certificate) -> str:
    """Return the certificate in PEM."""
    return certificate.public_bytes(serialization.Encoding.PEM).decode("ascii")


def make_root(common_name: str, key: t.Any, *, now: datetime) -> Signer:
    """Return a self-signed root."""
    name = _name(common_name)
    builder = _builder(name, key.public_key(), start=now - BACKDATED, end=now + _ROOT_LIFETIME)
    builder = _authority_extensions(builder.issuer_name(name), path_length=1)
    builder = builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    certificate = builder.sign(key, signature_hash(key))
    return Signer(read_certificate(to_pem(certificate)), certificate, key)


def make_intermediate(
    common_name: str, key: t.Any, *, root: Signer, permitted: PermittedNames, now: datetime
) -> Signer:
    """Return an intermediate that can sign leaves only, for the permitted names only if there are any."""
    end = min(now + _INTERMEDIATE_LIFETIME, root.facts.not_after)
    builder = _builder(_name(common_name), key.public_key(), start=now - BACKDATED, end=end)
    builder = _authority_extensions(builder, path_length=0)
    if permitted:
        builder = builder.add_extension(_name_constraints(permitted), critical=True)
    certificate = _sign(builder, key.public_key(), root)
    return Signer(read_certificate(to_pem(certificate)), certificate, key)


def make_leaf(leaf: Leaf, issuer: Signer, *, now: datetime) -> t.Tuple[x509.Certificate, t.Tuple[str, ...]]:
    """Return the certificate, and a warning if its issuer's end made it shorter. Raises Misconfigured for an ended issuer."""
    key = load_request(leaf.request.pem).public_key()
    end, warnings = _end(now, leaf.lifetime, issuer)
    start = max(now - BACKDATED, issuer.facts.not_before)
    builder = _builder(_subject(leaf), key, start=start, end=end)
    for extension, critical in _leaf_extensions(leaf):
        builder = builder.add_extension(extension, critical=critical)
    return _sign(builder, key, issuer), warnings


def _end(now: datetime, lifetime: int, issuer: Signer) -> t.Tuple[datetime, t.Tuple[str, ...]]:
    wanted, last = now + timedelta(seconds=lifetime), issuer.facts.not_after
    if last <= now:
        raise Misconfigured(
            f"The local CA's own certificate ended at {isoformat(last)}; make another CA with local_authority."
        )
    if wanted <= last:
        return wanted, ()
    return last, (f"The certificate ends at {isoformat(last)}, earlier than asked for, because its issuer does.",)


def _leaf_extensions(leaf: Leaf) -> t.Iterator[t.Tuple[x509.ExtensionType, bool]]:
    yield x509.BasicConstraints(ca=False, path_length=None), True
    yield _key_usage(digital_signature=True, key_encipherment=leaf.request.key.type == "rsa"), True
    usages = [x509.ObjectIdentifier(usage_oid(usage)) for usage in leaf.extended_key_usage]
    yield x509.ExtendedKeyUsage(usages), False
    if leaf.names:
        # Critical if it is all that names the holder (RFC 5280, section 4.2.1.6).
        yield x509.SubjectAlternativeName(_general_names(leaf.names)), not (leaf.common_name or leaf.subject)
    if leaf.crl_urls:
        points = [
            x509.DistributionPoint(
                [x509.UniformResourceIdentifier(url)], relative_name=None, reasons=None, crl_issuer=None
            )
            for url in leaf.crl_urls
        ]
        yield x509.CRLDistributionPoints(points), False


def _builder(subject: x509.Name, public_key: t.Any, *, start: datetime, end: datetime) -> x509.CertificateBuilder:
    builder = x509.CertificateBuilder().subject_name(subject).public_key(public_key).serial_number(new_serial())
    return builder.not_valid_before(start.replace(microsecond=0)).not_valid_after(end.replace(microsecond=0))


def _sign(builder: x509.CertificateBuilder, public_key: t.Any, issuer: Signer) -> x509.Certificate:
    issuer_key_id = issuer.certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    authority_key_id = x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(issuer_key_id)
    builder = builder.issuer_name(issuer.certificate.subject)
    builder = builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
    builder = builder.add_extension(authority_key_id, critical=False)
    return builder.sign(issuer.key, signature_hash(issuer.key))


def _authority_extensions(builder: x509.CertificateBuilder, *, path_length: int) -> x509.CertificateBuilder:
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=path_length), critical=True)
    return builder.add_extension(_key_usage(key_cert_sign=True, crl_sign=True), critical=True)


def _key_usage(**wanted: bool) -> x509.KeyUsage:
    usages = (
        "digital_signature",
        "content_commitment",
        "key_encipherment",
        "data_encipherment",
        "key_agreement",
        "key_cert_sign",
        "crl_sign",
        "encipher_only",
        "decipher_only",
    )
    return x509.KeyUsage(**{usage: wanted.get(usage, False) for usage in usages})


def _name_constraints(permitted: PermittedNames) -> x509.NameConstraints:
    """Permit the domains and networks. A kind of which nothing is permitted would be free, so all of it is excluded."""
    allowed: t.List[x509.GeneralName] = [x509.DNSName(domain) for domain in permitted.domains]
    allowed += [x509.IPAddress(ipaddress.ip_network(network)) for network in permitted.networks]
    excluded: t.List[x509.GeneralName] = []
    if not permitted.domains:
        excluded.append(x509.DNSName(""))
    if not permitted.networks:
        excluded += [x509.IPAddress(ipaddress.ip_network(every)) for every in ("0.0.0.0/0", "::/0")]
    return x509.NameConstraints(permitted_subtrees=allowed, excluded_subtrees=excluded or None)


def _general_names(names: Names) -> t.List[x509.GeneralName]:
    general: t.List[x509.GeneralName] = [x509.DNSName(name) for name in names.dns]
    general += [x509.IPAddress(ipaddress.ip_address(address)) for address in names.ip]
    general += [x509.RFC822Name(mailbox) for mailbox in names.email]
    return general + [x509.UniformResourceIdentifier(uri) for uri in names.uri]


def _subject(leaf: Leaf) -> x509.Name:
    pairs = [(SUBJECT_FIELDS[field], value) for field, value in leaf.subject]
    if leaf.common_name:
        pairs.append((_COMMON_NAME, leaf.common_name))
    return x509.Name([x509.NameAttribute(x509.ObjectIdentifier(oid), value) for oid, value in pairs])


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(x509.ObjectIdentifier(_COMMON_NAME), common_name)])
