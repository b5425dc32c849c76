# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What tells orders apart, and what is written down of them."""

from __future__ import annotations

import dataclasses
import json
import re
import typing as t

import pytest

from ansible_collections.certfleet.pki.plugins.module_utils._durations import RenewBefore
from ansible_collections.certfleet.pki.plugins.module_utils._model import KeyParameters, Names, Order
from ansible_collections.certfleet.pki.plugins.module_utils._wanted_deployment import Deployment
from ansible_collections.certfleet.pki.plugins.module_utils._wanted_keystores import Keystores
from ansible_collections.certfleet.pki.plugins.plugin_utils._order import build_order, install_record, order_hash
from ansible_collections.certfleet.pki.plugins.plugin_utils._recorded import recorded, recorded_request
from ansible_collections.certfleet.pki.tests.support.planning import AUTHORITY, NOW, make_facts, make_wanted

FULL = make_wanted(
    names=Names(dns=("a.test",), ip=("2001:db8::1",), email=("a@a.test",), uri=("spiffe://a/b",)),
    subject=(("organization", "Example"),),
    extended_key_usage=("server_auth",),
    lifetime=86400,
)
SECRET = "correct horse battery staple"
#: What is asked for, how the key that waits beside the request was made, and what judges the answer.
TELLING: t.Mapping[str, t.Any] = {
    "names": Names(dns=("b.test",)),
    "common_name": "Someone",
    "subject": (("organization", "Another"),),
    "extended_key_usage": (),
    "lifetime": None,
    "key": KeyParameters("ecdsa", 384, "P-384"),
    "key_format": "traditional",
    "key_passphrase": SECRET,
    "trust_anchors": ("x",),
}
NOT_TELLING: t.Mapping[str, t.Any] = {
    "name": "other",
    "directory": "/srv",
    "key_rotate": "never",
    "renew_before": RenewBefore(seconds=86400),
    "reissue_before": NOW,
    "force": True,
    "follow_authority": True,
    "check_revocation": True,
    "owner": "nginx",
    "group": "nginx",
    "mode": 0o640,
    "formats": ("combined", "pem"),
    "keystores": Keystores(alias="web", passphrase=SECRET),
    "deployment": Deployment(reload_command=("systemctl", "reload", "nginx")),
    "adopt_from": "/etc/letsencrypt/live/web",
    "wait": False,
    "wait_timeout": 5,
    "on_unavailable": "warn",
    "state": "absent",
    "revoke_reason": "unspecified",
}


def test_every_option_was_thought_of() -> None:
    assert {*TELLING, *NOT_TELLING} == {field.name for field in dataclasses.fields(FULL)}


@pytest.mark.parametrize("field", TELLING)
def test_another_order(field: str) -> None:
    assert order_hash(dataclasses.replace(FULL, **{field: TELLING[field]}), AUTHORITY) != order_hash(FULL, AUTHORITY)


@pytest.mark.parametrize("field", NOT_TELLING)
def test_the_same_order(field: str) -> None:
    assert order_hash(dataclasses.replace(FULL, **{field: NOT_TELLING[field]}), AUTHORITY) == order_hash(
        FULL, AUTHORITY
    )


def test_another_authority_is_another_order() -> None:
    assert order_hash(FULL, AUTHORITY) != order_hash(FULL, "local:/ca")


def test_the_hash_says_nothing_of_the_passphrase() -> None:
    one, other = (dataclasses.replace(FULL, key_passphrase=phrase) for phrase in (SECRET, "another"))
    assert order_hash(one, AUTHORITY) == order_hash(other, AUTHORITY)


def test_the_hash_is_the_same_in_every_version() -> None:
    """An upgrade must not drop the open requests of a fleet."""
    assert order_hash(make_wanted(), AUTHORITY) == "57ec39186deedc1c57fa364b2c78d451b65f87b793f73faa25c80f7f6e481655"
    assert order_hash(FULL, AUTHORITY) == "75b18bdd2baa12534410cd2de69759374f4fe998be8d34289dada0d3f27b8aad"


def test_what_was_asked_survives_the_record() -> None:
    request = recorded_request(FULL, "ab")
    assert json.loads(json.dumps(request)) == request
    read = recorded({"request": request})
    assert read is not None
    assert (read.names, read.common_name, read.subject) == (FULL.names, FULL.common_name, FULL.subject)
    assert read.extended_key_usage == FULL.extended_key_usage


@pytest.mark.parametrize("record", [{}, {"request": None}, {"request": []}, {"request": {}}])
def test_a_record_that_does_not_tell(record: t.Mapping[str, t.Any]) -> None:
    assert recorded(record) is None


def test_the_order_asks_for_all_that_is_wanted() -> None:
    assert build_order(FULL, "CSR", "OLD") == Order(
        csr_pem="CSR",
        names=FULL.names,
        key=FULL.key,
        common_name=FULL.common_name,
        subject=FULL.subject,
        extended_key_usage=FULL.extended_key_usage,
        lifetime=86400,
        replaces="OLD",
        label="web",
    )


def test_the_record_of_an_install() -> None:
    wanted = dataclasses.replace(FULL, key_passphrase=SECRET)
    facts = make_facts(wanted)
    record = install_record(
        wanted=wanted, order_hash="ab", facts=facts, authority="vault", authority_id=AUTHORITY, issued_at=NOW
    )
    text = json.dumps(record)
    assert SECRET not in text
    assert record["issued_at"] == "2026-11-22T12:00:00Z"
    assert re.search(facts.fingerprint_sha256, text)
    assert record["request"]["order_hash"] == "ab"


def test_an_adopted_certificate_is_as_old_as_it_says() -> None:
    record = install_record(wanted=FULL, order_hash="ab", facts=make_facts(FULL), authority=None, authority_id=None)
    assert record["issued_at"] == "2026-11-12T12:00:00Z"
