# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The parts of `ejbca` that do no I/O."""

from __future__ import annotations

import base64

import pytest

from ansible_collections.certfleet.pki.plugins.module_utils._ejbca._errors import words_of
from ansible_collections.certfleet.pki.plugins.module_utils._ejbca._profile import policy_of
from ansible_collections.certfleet.pki.plugins.module_utils._ejbca._wire import (
    REASONS,
    Waiting,
    approval_id,
    base_url,
    certificates_in,
    end_entity_of,
    enrollment_code,
    field,
    reason_of,
    segment,
)
from ansible_collections.certfleet.pki.plugins.module_utils._errors import BadCertificate, Misconfigured
from ansible_collections.certfleet.pki.plugins.module_utils._model import (
    REVOCATION_REASONS,
    KeyParameters,
    Names,
    Order,
)
from ansible_collections.certfleet.pki.plugins.module_utils._rest import Answer
from ansible_collections.certfleet.pki.tests.support.certificates import CertificateAuthority

PEM = CertificateAuthority("One").pem
DER = base64.b64decode("".join(PEM.splitlines()[1:-1]))


@pytest.mark.parametrize(
    ("url", "base"),
    [
        ("https://ca.example.com:8443", "https://ca.example.com:8443/ejbca/ejbca-rest-api"),
        ("https://ca.example.com/pki", "https://ca.example.com/pki/ejbca-rest-api"),
        ("https://ca.example.com/ejbca/ejbca-rest-api", "https://ca.example.com/ejbca/ejbca-rest-api"),
    ],
)
def test_base_url(url, base):
    assert base_url(url) == base


def test_a_dn_is_one_segment():
    assert segment("CN=Sub CA/1,O=A & B") == "CN%3DSub%20CA%2F1%2CO%3DA%20%26%20B"


@pytest.mark.parametrize("end_entity", ["web", "a:b:c", "CN=x, O=y\nz"])
def test_request_id_goes_there_and_back(end_entity):
    waiting = Waiting("12", "ab" * 32, 1700000000, end_entity)
    assert Waiting.parse(str(waiting)) == waiting


@pytest.mark.parametrize(
    "text", ["", "12", "12:ab:0:web", f"-1:{'ab' * 32}:0:web", f"12:{'ab' * 32}:0:", f"12:{'ab' * 32}:web"]
)
def test_other_ids_are_none_of_these(text):
    assert Waiting.parse(text) is None


def test_field_in_camel_case():
    assert field({"subjectDn": "x"}, "subject_dn") == "x"
    assert field({"subject_dn": "y", "subjectDn": "x"}, "subject_dn") == "y"
    assert field({}, "name") is None


@pytest.mark.parametrize(
    ("answer", "number"),
    [
        ({"link": "https://ca.example.com:8443/ejbca/ejbca-rest-api/4711/finalize", "info_message": "ID 1"}, "4711"),
        ({"info_message": "Waiting for 2 approvals of request with ID: 4711"}, "4711"),
        ({"infoMessage": "Request 4711 waits"}, "4711"),
        ({"info_message": "It waits", "request_id": 4711, "link": "https://ca.example.com/12/finalize"}, "4711"),
        ({"info_message": "It waits", "request_id": 0, "link": "https://ca.example.com/0/finalize"}, ""),
        ({"info_message": "It waits"}, ""),
        ({}, ""),
    ],
)
def test_approval_id(answer, number):
    assert approval_id(answer) == number


@pytest.mark.parametrize(
    "value",
    [
        base64.b64encode(DER).decode(),
        base64.b64encode(base64.b64encode(DER)).decode(),
        base64.b64encode(PEM.encode()).decode(),
        base64.encodebytes(DER).decode(),
        PEM,
        [base64.b64encode(DER).decode()],
    ],
)
def test_certificate_in_every_wrapping(value):
    assert [pem.split() for pem in certificates_in(value)] == [PEM.split()]


@pytest.mark.parametrize("value", [None, "", "!", "AAAA", 7, {"a": 1}, ["x"]])
def test_no_certificate(value):
    with pytest.raises(BadCertificate):
        certificates_in(value)


def test_enrollment_code_depends_on_everything():
    ways = [(b"a", "k", "e"), (b"b", "k", "e"), (b"a", "l", "e"), (b"a", "k", "f")]
    codes = [enrollment_code(secret, key=key, end_entity=name) for secret, key, name in ways]
    assert len(set(codes)) == 4 and all(len(code) == 43 for code in codes)
    assert codes[0] == enrollment_code(b"a", key="k", end_entity="e")


def test_reasons_are_those_of_the_rfc():
    assert set(REASONS) == set(REVOCATION_REASONS)
    assert reason_of("PRIVILEGES_WITHDRAWN") == "privilege_withdrawn"
    assert reason_of("NOT_REVOKED") is None


def test_end_entity_without_common_name():
    key = KeyParameters("ecdsa", 256, "P-256")
    assert end_entity_of(Order("", Names(dns=("a.example.com",)), key)) == "a.example.com"
    assert end_entity_of(Order("", Names(dns=("a.example.com",)), key, common_name="web")) == "web"
    with pytest.raises(Misconfigured):
        end_entity_of(Order("", Names(), key))


def test_words_are_in_one_line_and_without_secrets():
    answer = Answer(400, {"error_code": 400, "error_message": "Wrong\n password pa55 for x."}, {})
    assert words_of(answer, secrets=("pa55",)) == "Wrong password *** for x"
    assert words_of(Answer(403, "<html><b>Disabled</b></html>", {})) == "Disabled"


@pytest.mark.parametrize(
    ("profile", "keys"),
    [
        ({}, None),
        ({"available_key_algs": ["RSA"], "available_bit_lenghts": [1024, 4096]}, {"rsa": 1024}),
        ({"available_key_algs": ["Ed25519", "DSA"]}, {"ed25519": 0}),
        ({"available_key_algs": ["ECDSA"], "available_ecdsa_curves": ["secp384r1", "P-521"]}, {"ecdsa": 384}),
        (
            {
                "availableKeyAlgs": ["ECDSA"],
                "availableEcdsaCurves": ["ANY_EC_CURVE"],
                "availableBitLenghts": [384, 2048],
            },
            {"ecdsa": 384},
        ),
    ],
)
def test_keys_of_a_profile(profile, keys):
    assert policy_of(profile, source="x").key_types == keys
