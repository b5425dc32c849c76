# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import base64
import hashlib
import subprocess
import typing as t
from datetime import datetime, timedelta, timezone

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from ansible_collections.certfleet.pki.plugins.module_utils import _x509_read
from ansible_collections.certfleet.pki.plugins.module_utils._errors import Misconfigured
from ansible_collections.certfleet.pki.plugins.module_utils._model import KeyParameters, Names
from ansible_collections.certfleet.pki.plugins.module_utils._x509 import (
    EXTENDED_KEY_USAGES,
    canonical_usage,
    is_signed_by,
    public_key_sha256,
    read_certificate,
    read_request,
    result_fields,
    split_pem,
    usage_oid,
)
from ansible_collections.certfleet.pki.tests.support import certificates as support
from ansible_collections.certfleet.pki.tests.support.certificates import CertificateAuthority, make_csr, make_key

# Older versions of cryptography only warn about what newer ones refuse.
pytestmark = pytest.mark.filterwarnings("ignore")

ROOT = CertificateAuthority("Root")
ISSUING = CertificateAuthority("Issuing", parent=ROOT, path_length=0)
NAMES = ["www.example.com", "*.Example.com", "192.0.2.1", "2001:db8::1", "Jo@Example.com", "SPIFFE://Example.com/Web"]
LEAF = ISSUING.issue(
    NAMES,
    common_name="www.example.com",
    subject=[
        ("country", "DE"),
        ("organization", "Müller & Söhne"),
        ("organizational_unit", "A"),
        ("organizational_unit", "B"),
    ],
    extended_key_usage=["server_auth", "client_auth", "1.2.3.4"],
    not_before=datetime(2026, 1, 1, tzinfo=timezone.utc),
    not_after=datetime(2026, 4, 1, tzinfo=timezone.utc),
    serial_number=0xA1B2C,
)


def to_der(pem: str) -> bytes:
    return base64.b64decode("".join(pem.splitlines()[1:-1]))


def to_pem(der: bytes, label: str = "CERTIFICATE") -> str:
    return f"-----BEGIN {label}-----\n{base64.encodebytes(der).decode()}-----END {label}-----\n"


def test_a_certificate() -> None:
    facts = read_certificate(LEAF.pem)
    assert facts.common_name == "www.example.com"
    assert facts.subject_fields == {"country": "DE", "organization": "Müller & Söhne", "organizational_unit": "A, B"}
    assert facts.issuer == "CN=Issuing"
    assert facts.names == Names(
        dns=("*.example.com", "www.example.com"),
        ip=("192.0.2.1", "2001:db8::1"),
        email=("Jo@example.com",),
        uri=("spiffe://example.com/Web",),
    )
    assert facts.extended_key_usage == ("1.2.3.4", "client_auth", "server_auth")
    assert facts.serial_number == "0a1b2c"
    assert facts.not_before == datetime(2026, 1, 1, tzinfo=timezone.utc)
    assert facts.not_after - facts.not_before == timedelta(days=90)
    assert facts.key == KeyParameters("ecdsa", 256, "P-256")
    assert (facts.self_signed, facts.is_ca, facts.signature_hash) == (False, False, "sha256")
    assert facts.authority_key_id == read_certificate(ISSUING.pem).subject_key_id


def test_fingerprints_are_openssls(tmp_path: t.Any) -> None:
    facts, path = read_certificate(LEAF.pem), tmp_path / "cert.pem"
    path.write_text(LEAF.pem)

    def openssl(*options: str) -> str:
        return subprocess.run(
            ["openssl", "x509", "-in", path, "-noout", *options], check=True, capture_output=True, text=True
        ).stdout

    assert openssl("-fingerprint", "-sha256").strip().split("=")[1].replace(":", "").lower() == facts.fingerprint_sha256
    assert openssl("-fingerprint", "-sha1").strip().split("=")[1].replace(":", "").lower() == facts.fingerprint_sha1
    assert openssl("-serial").strip() == "serial=" + facts.serial_number.upper()
    assert hashlib.sha256(to_der(openssl("-pubkey"))).hexdigest() == facts.public_key_sha256
    assert public_key_sha256(openssl("-pubkey")) == public_key_sha256(LEAF.pem) == facts.public_key_sha256


def test_authorities() -> None:
    root, issuing = read_certificate(ROOT.pem), read_certificate(ISSUING.pem)
    assert (root.self_signed, root.is_ca, root.path_length) == (True, True, None)
    assert (issuing.self_signed, issuing.is_ca, issuing.path_length) == (False, True, 0)


def test_a_ca_certificate_that_may_not_sign_certificates_is_no_ca() -> None:
    usage = x509.KeyUsage(True, False, False, False, False, False, True, False, False)
    leaf = ROOT.issue([], extensions=[(x509.BasicConstraints(True, None), True), (usage, True)])
    assert not read_certificate(leaf.pem).is_ca


@pytest.mark.parametrize(
    ("kind", "key"),
    [
        ("rsa", KeyParameters("rsa", 2048)),
        ("ecdsa-p384", KeyParameters("ecdsa", 384, "P-384")),
        ("ecdsa-p521", KeyParameters("ecdsa", 521, "P-521")),
        ("ed25519", KeyParameters("ed25519", 256)),
    ],
)
def test_key_types(kind: str, key: KeyParameters) -> None:
    authority = CertificateAuthority("A", key=kind)
    leaf = authority.issue(["a.example.com"], key=kind)
    assert read_certificate(leaf.pem).key == read_certificate(authority.pem).key == key
    assert is_signed_by(leaf.pem, authority.pem)


def test_an_unusual_curve_keeps_its_name() -> None:
    facts = read_certificate(ROOT.issue(["a.example.com"], key=ec.generate_private_key(ec.SECP256K1())).pem)
    assert facts.key == KeyParameters("ecdsa", 256, "secp256k1")


def test_a_request() -> None:
    request = make_csr(["b.example.com"], common_name="b.example.com", extended_key_usage=["server_auth"])
    facts = read_request(request.pem)
    assert facts.names == Names(dns=("b.example.com",))
    assert (facts.common_name, facts.subject_pairs, facts.extended_key_usage) == ("b.example.com", (), ("server_auth",))
    assert (facts.signature_valid, facts.extras, facts.other_names) == (True, (), ())
    assert facts.public_key_sha256 == read_certificate(ISSUING.issue(request.pem).pem).public_key_sha256
    assert public_key_sha256(request.pem) == facts.public_key_sha256


def test_a_request_tells_what_else_it_asks_for() -> None:
    other = x509.SubjectAlternativeName([x509.RegisteredID(x509.ObjectIdentifier("1.2.3"))])
    request = make_csr([], extensions=[(x509.BasicConstraints(True, None), True), (other, False)])
    facts = read_request(request.pem)
    assert facts.extras == ("2.5.29.19",)
    assert facts.other_names == ("RegisteredID:1.2.3",)


def test_a_request_with_a_challenge_password_says_so() -> None:
    name = x509.Name([])
    builder = x509.CertificateSigningRequestBuilder().subject_name(name)
    builder = builder.add_attribute(x509.ObjectIdentifier("1.2.840.113549.1.9.7"), b"secret")
    csr = builder.sign(make_key(), hashes.SHA256())
    assert read_request(support.to_pem(csr)).extras == ("1.2.840.113549.1.9.7",)


def test_a_second_common_name_is_not_lost() -> None:
    request = make_csr([], subject=[("common_name", "first")], common_name="second")
    facts = read_request(request.pem)
    assert (facts.common_name, facts.subject_pairs) == ("second", (("common_name", "first"),))


def test_a_tampered_request_has_no_valid_signature() -> None:
    der = bytearray(to_der(make_csr(["good.example.com"]).pem))
    der[der.index(b"good")] ^= 1
    assert not read_request(to_pem(bytes(der), "CERTIFICATE REQUEST")).signature_valid


def test_signed_by_needs_name_key_and_signature() -> None:
    namesake = CertificateAuthority("Issuing", parent=ROOT)
    twin = CertificateAuthority("Other", parent=ROOT, key=ISSUING.key)
    assert is_signed_by(LEAF.pem, ISSUING.pem)
    assert not is_signed_by(LEAF.pem, namesake.pem)
    assert not is_signed_by(LEAF.pem, twin.pem)
    assert not is_signed_by(ISSUING.pem, LEAF.pem)
    tampered = bytearray(to_der(LEAF.pem))
    tampered[-1] ^= 1
    assert not is_signed_by(to_pem(bytes(tampered)), ISSUING.pem)


def test_signed_by_heeds_the_key_ids() -> None:
    now = datetime.now(timezone.utc)
    builder = x509.CertificateBuilder(ISSUING.subject, ISSUING.subject, ISSUING.key.public_key(), 1, now, now)
    assert is_signed_by(LEAF.pem, support.to_pem(builder.sign(ISSUING.key, hashes.SHA256())))
    builder = builder.add_extension(x509.SubjectKeyIdentifier(b"another"), critical=False)
    assert not is_signed_by(LEAF.pem, support.to_pem(builder.sign(ISSUING.key, hashes.SHA256())))


def test_results_are_plain() -> None:
    fields = result_fields(read_certificate(LEAF.pem))
    assert fields["key"] == {"type": "ecdsa", "size": 256, "curve": "P-256"}
    assert fields["not_after"] == "2026-04-01T00:00:00Z"
    assert {type(value) for value in fields.values()} == {str, list, dict}


def test_pem_is_split_by_label() -> None:
    text = "subject=x\r\n" + LEAF.pem.replace("\n", "\r\n") + (LEAF.key_pem or "") + ROOT.pem + make_csr(["a"]).pem
    assert split_pem(text) == [LEAF.pem, ROOT.pem]
    assert split_pem(text.encode(), label="PRIVATE KEY") == [LEAF.key_pem]
    assert len(split_pem(text, label="CERTIFICATE REQUEST")) == 1
    assert split_pem("") == split_pem("-----BEGIN CERTIFICATE-----\nAAAA") == []


def test_the_first_of_several_is_read() -> None:
    assert read_certificate(LEAF.pem + ROOT.pem).pem == LEAF.pem


@pytest.mark.parametrize("name", sorted(EXTENDED_KEY_USAGES))
def test_usages_by_name_and_by_oid(name: str) -> None:
    assert canonical_usage(usage_oid(name)) == canonical_usage(name) == name


def test_unknown_usages() -> None:
    assert usage_oid("1.2.3.4") == canonical_usage("1.2.3.4") == "1.2.3.4"
    for bad in ("serverAuth", "", "1", "3.1.2", "1.2.", "1.40.1", "1.2.03"):
        with pytest.raises(Misconfigured, match="no extended key usage"):
            canonical_usage(bad)


def test_without_cryptography_there_is_one_clear_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_x509_read, "HAS_CRYPTOGRAPHY", False)
    with pytest.raises(Misconfigured, match="install cryptography 42 or newer"):
        read_certificate("x")


def test_old_versions_without_aware_dates_are_read() -> None:
    class Old:
        not_valid_after = datetime(2026, 1, 1)

    assert _x509_read._date(Old(), "not_valid_after") == datetime(2026, 1, 1, tzinfo=timezone.utc)  # type: ignore[arg-type]
