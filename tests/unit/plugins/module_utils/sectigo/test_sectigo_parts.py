# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The parts of `sectigo` that do no I/O."""

from __future__ import annotations

import dataclasses
from datetime import datetime, timezone

import pytest

pytest.register_assert_rewrite("ansible_collections.certfleet.pki.tests.support.authority_contract")

from ansible_collections.certfleet.pki.plugins.module_utils._authorities._base import Context
from ansible_collections.certfleet.pki.plugins.module_utils._errors import (
    BadCertificate,
    Misconfigured,
    PkiError,
    PolicyViolation,
    Unauthorized,
    Unavailable,
)
from ansible_collections.certfleet.pki.plugins.module_utils._http import Http
from ansible_collections.certfleet.pki.plugins.module_utils._model import KeyParameters
from ansible_collections.certfleet.pki.plugins.module_utils._rest import Answer, Rest
from ansible_collections.certfleet.pki.plugins.module_utils._sectigo._errors import is_not_ready, refusal, words_of
from ansible_collections.certfleet.pki.plugins.module_utils._sectigo._profile import DAY, profile_of, term_of
from ansible_collections.certfleet.pki.plugins.module_utils._sectigo._wire import (
    colons,
    dcv_state,
    enrol_body,
    reason_of,
    sorted_out,
    to_date,
)
from ansible_collections.certfleet.pki.tests.support.authority_contract import AuthorityContract, make_order
from ansible_collections.certfleet.pki.tests.support.certificates import CertificateAuthority

PROFILE = profile_of({"id": 7, "name": "OV", "terms": [90, 365], "keyTypes": {"RSA": ["2048"], "EC": ["P-384"]}})


def refused(status: int, code: object, words: str = "no") -> PkiError:
    answer = Answer(status, {"code": code, "description": words}, {})
    rest = Rest(Http({}, authority="sectigo"), url="https://x", authority="sectigo", context=Context())
    names = {"organization_id": 1, "profile": "OV"}
    return refusal(rest, answer, "to enrol", names, words=words_of(answer))


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (401, -16, "unauthorized"),
        (400, -37, "unauthorized"),
        (400, -9, "rejected"),
        (400, -13, "policy"),
        (400, -36, "misconfigured"),
        (400, -39, "misconfigured"),
        (400, -62, "misconfigured"),
        (400, -737, "policy"),
        (400, -843, "policy"),
        (400, -110, "rejected"),
        (400, -195, "unavailable"),
        (400, -109, "unavailable"),
        (400, -107, "policy"),
        (400, -170, "policy"),
        (400, -25, "unauthorized"),
        (400, 0, "rejected"),
        (500, -2, "unavailable"),
        (404, -5101, "not_found"),
        (400, -99999, "rejected"),
        (429, -2, "unavailable"),
        (404, None, "misconfigured"),
        (403, None, "unauthorized"),
        (503, None, "unavailable"),
        (400, None, "misconfigured"),
        (400, True, "misconfigured"),
    ],
)
def test_what_an_error_is(status, code, kind):
    error = refused(status, code)
    assert (error.kind, error.http_status, error.authority) == (kind, status, "sectigo")
    AuthorityContract.is_one_sentence(error)
    assert "{" not in error.message


@pytest.mark.parametrize(
    ("code", "words", "expected"),
    [
        (-1400, "x", True),
        (-183, "x", True),
        (0, "Being processed by Sectigo", True),
        (0, "x", False),
        (-195, "x", False),
    ],
)
def test_not_ready(code, words, expected):
    assert is_not_ready(Answer(400, {"code": code, "description": words}, {})) is expected


def test_braces_in_foreign_words_do_no_harm():
    assert isinstance(refused(401, -16, "{user} {0}"), Unauthorized)
    assert isinstance(refused(400, -195, "line\nbreak."), Unavailable)


def test_term():
    assert term_of(None, term=None, profile=PROFILE) == 365
    assert term_of(None, term=90, profile=PROFILE) == 90
    assert term_of(90 * DAY, term=365, profile=PROFILE) == 90
    assert term_of(33 * DAY, term=None, profile=None) == 33
    for lifetime, term, profile in (
        (91 * DAY, None, PROFILE),
        (3600, None, PROFILE),
        (None, 30, PROFILE),
        (None, None, None),
    ):
        with pytest.raises(Misconfigured):
            term_of(lifetime, term=term, profile=profile)


@pytest.mark.parametrize(
    ("key", "allowed"),
    [
        (KeyParameters("rsa", 2048), True),
        (KeyParameters("rsa", 4096), False),
        (KeyParameters("ecdsa", 384, "P-384"), True),
        (KeyParameters("ecdsa", 256, "P-256"), False),
        (KeyParameters("ed25519", 256), False),
    ],
)
def test_key(key, allowed):
    if allowed:
        PROFILE.check_key(key)
    else:
        with pytest.raises(PolicyViolation):
            PROFILE.check_key(key)


def test_profile_that_says_nothing_allows_everything():
    profile = profile_of({"id": 7})
    profile.check_key(KeyParameters("ed25519", 256))
    profile.check_term(12345)
    assert (profile.policy().key_types, profile.policy().max_lifetime) == (None, None)


def test_comments_are_cut_before_the_mark():
    body = enrol_body(make_order(), {"organization_id": 1, "comments": "x" * 2000}, profile_id=7, term=90)
    assert len(body["comments"]) == 1024 and body["comments"].endswith("]")


def test_uris_are_refused():
    order = make_order()
    order = dataclasses.replace(order, names=dataclasses.replace(order.names, uri=("spiffe://x/y",)))
    with pytest.raises(PolicyViolation):
        enrol_body(order, {"organization_id": 1}, profile_id=7, term=90)


def test_download_in_any_order():
    issuing = CertificateAuthority("Issuing", parent=CertificateAuthority("Root"))
    leaf = issuing.issue(["www.example.com"]).pem
    for pems in ([leaf, *issuing.chain_pem], [*issuing.chain_pem[::-1], leaf]):
        facts, chain = sorted_out("Comment\n" + "".join(pems))
        assert facts.pem == leaf and set(chain) == set(issuing.chain_pem)
    with pytest.raises(BadCertificate):
        sorted_out("nothing")


def test_spellings():
    assert colons("0a1b") == "0A:1B"
    assert to_date("11/22/2026") == datetime(2026, 11, 22, tzinfo=timezone.utc)
    assert to_date("2026-11-22T10:20:30.000Z") == datetime(2026, 11, 22, 10, 20, 30, tzinfo=timezone.utc)
    assert to_date(None) is None and to_date("yesterday") is None
    assert (reason_of("4"), reason_of(1), reason_of(None)) == ("superseded", "key_compromise", None)


@pytest.mark.parametrize(
    ("body", "state"),
    [
        (
            {
                "dcvLog": {"error": {"code": 0}, "log": [{"domainName": "a", "dcvStatus": "Open"}]},
                "instructions": [{"domainName": "a", "dcvMode": "CNAME", "host": "_x.a."}, {"domainName": "b"}],
            },
            "a CNAME Open, b",
        ),
        ([{"dcvLog": {"log": [{"domainName": "a", "dcvStatus": "Open"}]}}], "a Open"),
        ({"dcvStatus": "x"}, ""),
        (None, ""),
        ("text", ""),
    ],
)
def test_state_of_the_validation(body, state):
    assert dcv_state(body) == state
