# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is returned and shown of a certificate."""

from __future__ import annotations

import typing as t
from datetime import timedelta

import pytest

from ansible_collections.certfleet.pki.plugins.plugin_utils._reasons import Reason
from ansible_collections.certfleet.pki.plugins.plugin_utils._result import (
    certificate_result,
    derive_status,
    diff_entry,
    predicted_summary,
    summary,
)
from ansible_collections.certfleet.pki.tests.support.planning import (
    AUTHORITY,
    NOW,
    make_facts,
    make_wanted,
    record_for,
)

KEYS = [
    "name",
    "action",
    "reasons",
    "status",
    "request_id",
    "authority",
    "authority_id",
    "subject",
    "issuer",
    "common_name",
    "dns_names",
    "ip_addresses",
    "email_addresses",
    "uris",
    "extended_key_usage",
    "serial_number",
    "fingerprint_sha256",
    "fingerprint_sha1",
    "public_key_sha256",
    "authority_key_id",
    "not_before",
    "not_after",
    "renew_at",
    "installed_at",
    "key",
    "files",
    "replaced",
    "rolled_back",
    "verified",
    "warnings",
]
PLAIN = (str, int, bool, type(None))
MODE = {"path": "/etc/certfleet/web/privkey.pem", "attribute": "mode", "is": "0644", "should": "0600"}


def full() -> t.Dict[str, t.Any]:
    wanted, facts = make_wanted(), make_facts()
    return certificate_result(
        name="web",
        action="renewed",
        status="issued",
        reasons=(Reason("expiring", "Soon."),),
        facts=facts,
        record=record_for(wanted, facts),
        renew_at=NOW,
        installed_at="2026-11-22T12:00:00Z",
        files={"private_key": "/etc/certfleet/web/privkey.pem"},
        replaced=make_facts(serial_number="ff"),
        warnings=("Careful.",),
    )


def leaves(value: t.Any) -> t.Iterator[t.Any]:
    if value.__class__ in (dict, list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from leaves(inner)
    else:
        yield value


@pytest.mark.parametrize("result", [full(), certificate_result(name="web", action="failed", status="unknown")])
def test_all_keys_and_plain_types_only(result: t.Dict[str, t.Any]) -> None:
    assert sorted(result) == sorted(KEYS)
    assert {type(leaf) for leaf in leaves(result)} <= set(PLAIN)


def test_unknown_is_null() -> None:
    result = certificate_result(name="web", action="failed", status="unknown")
    known = {key: value for key, value in result.items() if value is not None}
    assert known == {
        "name": "web", "action": "failed", "status": "unknown", "reasons": [], "rolled_back": False, "warnings": []
    }  # fmt: skip


def test_values() -> None:
    result = full()
    assert result["reasons"] == [{"code": "expiring", "detail": "Soon."}]
    assert (result["authority"], result["authority_id"], result["request_id"]) == ("vault", AUTHORITY, "41")
    assert (result["renew_at"], result["not_after"]) == ("2026-11-22T12:00:00Z", "2027-02-10T12:00:00Z")
    assert result["key"] == {"type": "ecdsa", "size": 256, "curve": "P-256"}
    assert result["replaced"]["serial_number"] == "ff"
    assert set(result["files"]) == {
        "private_key", "certificate", "chain", "fullchain", "combined", "pkcs12", "jks"
    }  # fmt: skip
    assert result["files"]["jks"] is None


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"facts": make_facts()}, "issued"),
        ({"facts": make_facts(), "request_status": "pending"}, "issued"),
        ({"facts": make_facts(), "revoked": True}, "revoked"),
        ({"facts": make_facts(not_after=NOW)}, "expired"),
        ({"facts": make_facts(not_after=NOW + timedelta(seconds=1))}, "issued"),
        ({"facts": None}, "absent"),
        ({"facts": None, "unreadable": True}, "unknown"),
        ({"facts": None, "request_status": "intent"}, "pending"),
        ({"facts": None, "request_status": "pending"}, "pending"),
        ({"facts": None, "request_status": "rejected"}, "rejected"),
    ],
)
def test_status(given: t.Mapping[str, t.Any], expected: str) -> None:
    assert derive_status(now=NOW, **given) == expected


def test_a_diff_shows_summaries_and_never_pem() -> None:
    facts = make_facts(pem="-----BEGIN CERTIFICATE-----\nMII\n-----END CERTIFICATE-----\n")
    entry = diff_entry(
        name="web",
        before=summary(facts, attributes=[MODE]),
        after=summary(make_facts(serial_number="ff"), attributes=[MODE], side="should"),
    )
    assert (entry["before_header"], entry["after_header"]) == ("web", "web")
    assert (entry["before"]["serial_number"], entry["after"]["serial_number"]) == ("0a1b", "ff")
    assert entry["before"]["files"] == {MODE["path"]: {"mode": "0644"}}
    assert entry["after"]["files"] == {MODE["path"]: {"mode": "0600"}}
    assert entry["before"]["key"] == "ECDSA P-256"
    assert "BEGIN" not in str(entry)


def test_nothing_there_is_an_empty_summary() -> None:
    assert summary(None) == {}


def test_a_prediction_holds_nothing_that_only_the_ca_can_know() -> None:
    predicted = predicted_summary(make_wanted())
    real = summary(make_facts())
    assert set(real) - set(predicted) == {"issuer", "serial_number", "not_before", "not_after", "extended_key_usage"}
    assert all(predicted[field] == real[field] for field in predicted)
    assert predicted_summary(make_wanted(extended_key_usage=("server_auth",)))["extended_key_usage"] == ["server_auth"]
