# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import base64
import contextlib
import typing as t

import pytest
from cryptography.hazmat.primitives import serialization
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.certfleet.pki.plugins.module_utils._errors import BadCertificate
from ansible_collections.certfleet.pki.plugins.module_utils._x509 import (
    CertificateFacts,
    RequestFacts,
    is_signed_by,
    public_key_sha256,
    read_certificate,
    read_request,
    result_fields,
)
from ansible_collections.certfleet.pki.tests.support.certificates import CertificateAuthority, make_csr, make_key

# Older versions of cryptography only warn about what newer ones refuse.
pytestmark = pytest.mark.filterwarnings("ignore")

NAMES = ["www.example.com", "192.0.2.1", "Jo@Example.com", "SPIFFE://Example.com/Web"]
ROOT = CertificateAuthority("Root")
ISSUING = CertificateAuthority("Issuing", parent=ROOT)
LEAF = ISSUING.issue(NAMES, common_name="www.example.com", subject=[("organization", "Müller")])


def to_der(pem: str) -> bytes:
    return base64.b64decode("".join(pem.splitlines()[1:-1]))


def to_pem(der: bytes, label: str = "CERTIFICATE") -> str:
    return f"-----BEGIN {label}-----\n{base64.encodebytes(der).decode()}-----END {label}-----\n"


def facts_or_bad(der: bytes) -> t.Optional[CertificateFacts]:
    """Anything but facts or BadCertificate fails the test by itself."""
    with contextlib.suppress(BadCertificate):
        return read_certificate(to_pem(der))
    return None


@given(st.one_of(st.binary(max_size=300), st.text(max_size=300)))
@settings(deadline=None)
def test_arbitrary_text_is_bad(data: t.Union[bytes, str]) -> None:
    for read in (read_certificate, read_request, public_key_sha256):
        with pytest.raises(BadCertificate, match="can't be read: give it whole"):
            read(data)


@given(st.binary(max_size=400))
@settings(deadline=None)
def test_arbitrary_der_is_bad(der: bytes) -> None:
    assert facts_or_bad(der) is None


SOURCES = [to_der(pem) for pem in (LEAF.pem, ROOT.pem, ISSUING.issue(["a.example.com"], key="rsa").pem)]


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    der = bytearray(draw(st.sampled_from(SOURCES)))
    for _number in range(draw(st.integers(1, 4))):
        position = draw(st.integers(0, len(der) - 1))
        der[position : position + draw(st.integers(0, 3))] = draw(st.binary(max_size=3))
    return bytes(der)


@given(mutated())
@settings(max_examples=600, deadline=None)
def test_a_mutated_certificate_gives_facts_or_is_bad(der: bytes) -> None:
    facts = facts_or_bad(der)
    if facts:
        result_fields(facts)
        is_signed_by(facts.pem, ISSUING.pem)


REQUEST = to_der(make_csr(NAMES, common_name="x", extended_key_usage=["server_auth"]).pem)


@given(st.integers(0, len(REQUEST) - 1), st.integers(0, 255))
@settings(max_examples=300, deadline=None)
def test_a_mutated_request_gives_facts_or_is_bad(position: int, value: int) -> None:
    der = bytearray(REQUEST)
    der[position] = value
    with contextlib.suppress(BadCertificate):
        assert isinstance(read_request(to_pem(bytes(der), "CERTIFICATE REQUEST")), RequestFacts)


def element(tag: int, *parts: bytes) -> bytes:
    body = b"".join(parts)
    size = len(body)
    octets = size.to_bytes((size.bit_length() + 7) // 8, "big")
    length = bytes([size]) if size < 128 else bytes([0x80 + len(octets)]) + octets
    return bytes([tag]) + length + body


OID_SAN, OID_CN = bytes.fromhex("0603551d11"), bytes.fromhex("0603550403")
ALGORITHM = bytes.fromhex("300a06082a8648ce3d040302")
SPKI = make_key().public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
GOOD_NAME = element(0x30, element(0x31, element(0x30, OID_CN, element(0x0C, b"a"))))
DATES = element(0x30, element(0x17, b"260101000000Z"), element(0x17, b"270101000000Z"))


def handmade(
    *,
    version: bytes = b"\x02",
    serial: bytes = b"\x01",
    subject: bytes = GOOD_NAME,
    dates: bytes = DATES,
    spki: bytes = SPKI,
    extensions: t.Sequence[bytes] = (),
) -> bytes:
    parts = [element(0xA0, element(2, version)), element(2, serial), ALGORITHM, GOOD_NAME, dates, subject, spki]
    if extensions:
        parts.append(element(0xA3, element(0x30, *extensions)))
    return element(
        0x30, element(0x30, *parts), ALGORITHM, element(3, b"\x00" + element(0x30, b"\x02\x01\x01\x02\x01\x01"))
    )


def san(*names: bytes) -> bytes:
    return element(0x30, OID_SAN, element(4, element(0x30, *names)))


def named(tag: int, value: bytes) -> bytes:
    return element(0x30, element(0x31, element(0x30, OID_CN, element(tag, value))))


def test_the_handmade_certificate_itself_is_readable() -> None:
    facts = facts_or_bad(handmade(extensions=[san(element(0x82, b"a.example.com"))]))
    assert facts is not None
    assert (facts.common_name, facts.names.dns) == ("a", ("a.example.com",))


def test_no_subject_at_all_is_fine() -> None:
    facts = facts_or_bad(handmade(subject=element(0x30)))
    assert facts is not None
    assert (facts.subject, facts.common_name, facts.subject_pairs) == ("", None, ())


def test_a_huge_list_of_names_is_read() -> None:
    names = [element(0x82, f"host-{number}.example.com".encode()) for number in range(2000)]
    facts = facts_or_bad(handmade(extensions=[san(*names)]))
    assert facts is not None
    assert len(facts.names.dns) == 2000


@pytest.mark.parametrize(
    "der",
    [
        handmade(version=b"\x07"),
        handmade(version=b"\x7f\xff\xff\xff\xff"),
        handmade(extensions=[san(element(0x82, b"a"))] * 2),
        handmade(subject=named(0x0C, b"\xff\xfe")),
        handmade(dates=element(0x30, element(0x17, b"269901000000Z"), element(0x17, b"270101000000Z"))),
        handmade(extensions=[element(0x30, OID_SAN, element(4, b"garbage"))]),
        handmade(extensions=[san(element(0x87, b"\x01\x02\x03"))]),
        handmade(
            spki=element(0x30, bytes.fromhex("301406072a8648ce3d020106092b240303020801010d"), element(3, b"\x00\x04"))
        ),
        handmade()[:-20],
        b"",
    ],
    ids=[
        "version",
        "long version",
        "duplicate extension",
        "not UTF-8",
        "date",
        "SAN",
        "address",
        "curve",
        "cut",
        "empty",
    ],
)
def test_what_makes_no_sense_is_bad(der: bytes) -> None:
    assert facts_or_bad(der) is None


@pytest.mark.parametrize(
    "der",
    [
        handmade(serial=b"\xf6"),
        handmade(serial=b"\x00"),
        handmade(serial=b"\x01" * 60),
        handmade(subject=named(0x14, b"\xe9")),
        handmade(subject=named(0x1E, b"\xd8\x00")),
        handmade(subject=named(0x13, b"a\x00b\n")),
        handmade(subject=named(0x03, b"\x00\x01")),
        handmade(subject=named(0x0C, b"")),
        handmade(extensions=[san()]),
        handmade(extensions=[san(element(0x82, b"\xff.example.com"))]),
        handmade(extensions=[san(element(0x82, b""), element(0x86, b"http://["), element(0x81, b"@@"))]),
        handmade(extensions=[san(element(0xA3, b"")), san(element(0xA5, b""))]),
        handmade(dates=element(0x30, element(0x18, b"99991231235959Z"), element(0x18, b"00010101000000Z"))),
    ],
)
def test_what_is_merely_odd_gives_facts_or_is_bad(der: bytes) -> None:
    facts = facts_or_bad(der)
    if facts:
        result_fields(facts)
