# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import ipaddress
import subprocess
import tempfile
import typing as t
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ansible_collections.certfleet.pki.plugins.module_utils._csr_config import EMPTY_SUBJECT, render_csr_config
from ansible_collections.certfleet.pki.plugins.module_utils._errors import Misconfigured
from ansible_collections.certfleet.pki.plugins.module_utils._model import Names
from ansible_collections.certfleet.pki.plugins.module_utils._x509 import SUBJECT_FIELDS, usage_oid
from ansible_collections.certfleet.pki.tests.support.certificates import make_key, to_pem

KEY = make_key()
NOTHING: t.Dict[str, t.Any] = {"common_name": None, "subject": (), "names": Names(), "extended_key_usage": ()}


def by_openssl(config: str) -> x509.CertificateSigningRequest:
    with tempfile.TemporaryDirectory() as directory:
        paths = {"-key": Path(directory, "key.pem"), "-config": Path(directory, "req.cnf")}
        paths["-key"].write_text(to_pem(KEY), encoding="utf-8")
        paths["-config"].write_text(config, encoding="utf-8")
        command = ["openssl", "req", "-new", "-sha256", *(str(part) for pair in paths.items() for part in pair)]
        command += ["-subj", "/"] if EMPTY_SUBJECT in config.splitlines() else []
        done = subprocess.run(command, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return x509.load_pem_x509_csr(done.stdout)


def by_cryptography(
    *,
    common_name: t.Optional[str],
    subject: t.Sequence[t.Tuple[str, str]],
    names: Names,
    extended_key_usage: t.Sequence[str],
) -> x509.CertificateSigningRequest:
    pairs = [(SUBJECT_FIELDS[field], value) for field, value in subject]
    pairs += [("2.5.4.3", common_name)] if common_name else []
    builder = x509.CertificateSigningRequestBuilder().subject_name(
        x509.Name([x509.NameAttribute(x509.ObjectIdentifier(oid), value) for oid, value in pairs])
    )
    alternatives: t.List[x509.GeneralName] = [x509.DNSName(name) for name in names.dns]
    alternatives += [x509.IPAddress(ipaddress.ip_address(name)) for name in names.ip]
    alternatives += [x509.RFC822Name(name) for name in names.email]
    alternatives += [x509.UniformResourceIdentifier(name) for name in names.uri]
    if alternatives:
        builder = builder.add_extension(x509.SubjectAlternativeName(alternatives), critical=not pairs)
    if extended_key_usage:
        usages = [x509.ObjectIdentifier(usage_oid(usage)) for usage in extended_key_usage]
        builder = builder.add_extension(x509.ExtendedKeyUsage(usages), critical=False)
    return builder.sign(KEY, hashes.SHA256())


# Every character that OpenSSL's parser knows something about is as likely as all the others together.
TEXT = st.text(
    st.sampled_from("$#\"'`\\,;=+/[]{}() @:*") | st.characters(exclude_categories=("Cc", "Cs")), min_size=1, max_size=30
)
PRINTABLE = st.text(st.sampled_from("abcXYZ019 '()+,-./:=?"), min_size=1, max_size=20)
ASCII = st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=1, max_size=20)
VALUES: t.Dict[str, st.SearchStrategy[str]] = {
    "country": st.sampled_from(["DE", "GB"]),
    "jurisdiction_country": st.sampled_from(["US"]),
    "serial_number": PRINTABLE,
    "dn_qualifier": PRINTABLE,
    "email_address": ASCII,
    "domain_component": ASCII,
}
PAIRS = st.sampled_from(sorted(SUBJECT_FIELDS)).flatmap(
    lambda field: st.tuples(st.just(field), VALUES.get(field, TEXT))
)
NAMES = st.builds(
    Names,
    dns=st.lists(st.sampled_from(["a.example.com", "*.example.com", "xn--bcher-kva.example"]), unique=True).map(tuple),
    ip=st.lists(st.ip_addresses().map(str), max_size=2, unique=True).map(tuple),
    email=st.lists(st.sampled_from(["a+b@example.com", "#$'`@example.com", "copy@example.com"]), unique=True).map(
        tuple
    ),
    uri=st.lists(st.sampled_from(["spiffe://example.com/a,b;c=$ENV", "urn:a#'(x)"]), unique=True).map(tuple),
)


@given(
    common_name=st.none() | TEXT,
    subject=st.lists(PAIRS, max_size=6),
    names=NAMES,
    usages=st.lists(st.sampled_from(["server_auth", "client_auth", "any", "1.2.3.4"]), unique=True),
)
@example(common_name=None, subject=[], names=Names(), usages=[])
@example(common_name="$HOME ${ENV::PATH} \\", subject=[("organization", '" # \\" ')], names=Names(), usages=[])
@example(
    common_name="Jörg 日本 🔐",
    subject=[("organizational_unit", "A"), ("organizational_unit", "B")],
    names=Names(),
    usages=[],
)
@settings(max_examples=60, deadline=None)
def test_openssl_makes_the_request_that_cryptography_makes(
    common_name: t.Optional[str], subject: t.List[t.Tuple[str, str]], names: Names, usages: t.List[str]
) -> None:
    asked: t.Dict[str, t.Any] = {
        "common_name": common_name,
        "subject": subject,
        "names": names,
        "extended_key_usage": usages,
    }
    made, expected = by_openssl(render_csr_config(**asked)), by_cryptography(**asked)
    assert list(made.subject) == list(expected.subject)
    assert made.subject.public_bytes() == expected.subject.public_bytes()
    assert list(made.extensions) == list(expected.extensions)
    assert made.public_key() == expected.public_key()
    assert made.is_signature_valid


def test_a_thousand_names() -> None:
    names = Names(dns=tuple(f"host-{number}.example.com" for number in range(1000)))
    san = by_openssl(render_csr_config(**{**NOTHING, "names": names})).extensions[0].value
    assert isinstance(san, x509.SubjectAlternativeName)
    assert tuple(san.get_values_for_type(x509.DNSName)) == names.dns


@pytest.mark.parametrize("value", ["a\nb", "a\r", "\0", "a\x1b", "\ud800", "a\x85"])
def test_control_characters_are_refused_everywhere(value: str) -> None:
    for asked in (
        {"common_name": value},
        {"subject": [("organization", value)]},
        {"names": Names(dns=(value,))},
        {"names": Names(uri=(value,))},
    ):
        with pytest.raises(Misconfigured, match="control character"):
            render_csr_config(**{**NOTHING, **asked})


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        ({"common_name": "a" * 65}, "common_name has 65 characters"),
        ({"subject": [("organization", "")]}, "organization has 0 characters"),
        ({"subject": [("organization", "a" * 65)]}, "use 1 to 64"),
        ({"subject": [("country", "Germany")]}, "two-letter code"),
        ({"subject": [("country", "Ü1")]}, "letters, digits"),
        ({"subject": [("email_address", "ü@example.com")]}, "ASCII"),
        ({"subject": [("organisation", "Example")]}, "no field 'organisation'"),
        ({"subject": [("O\n[x]", "Example")]}, "no field"),
        ({"extended_key_usage": ["serverAuth"]}, "no extended key usage"),
        ({"extended_key_usage": ["1.2.3\nx"]}, "no extended key usage"),
    ],
)
def test_what_a_request_cannot_hold_is_refused(asked: t.Dict[str, t.Any], why: str) -> None:
    with pytest.raises(Misconfigured, match=why):
        render_csr_config(**{**NOTHING, **asked})


@pytest.mark.parametrize("field", sorted(SUBJECT_FIELDS))
def test_openssl_takes_the_longest_value_of_every_field(field: str) -> None:
    for length in (2, 40, 64, 128):
        try:
            config = render_csr_config(**{**NOTHING, "subject": [(field, "X" * length)]})
        except Misconfigured:
            continue
        assert len(next(iter(by_openssl(config).subject)).value) == length


def test_the_empty_subject_is_marked() -> None:
    assert EMPTY_SUBJECT in render_csr_config(**{**NOTHING, "names": Names(dns=("a.example.com",))}).splitlines()
    assert EMPTY_SUBJECT not in render_csr_config(**{**NOTHING, "common_name": EMPTY_SUBJECT}).splitlines()
