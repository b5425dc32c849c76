# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The host's answer, read: with real certificates, and with whatever a broken or lying host may send."""

from __future__ import annotations

import typing as t

from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.certfleet.pki.plugins.module_utils._x509 import public_key_sha256
from ansible_collections.certfleet.pki.plugins.plugin_utils._observed import Observed, observe
from ansible_collections.certfleet.pki.tests.support.certificates import CertificateAuthority, make_csr
from ansible_collections.certfleet.pki.tests.support.planning import make_plan

ROOT = CertificateAuthority("Root")
ISSUING = CertificateAuthority("Issuing", parent=ROOT)
LEAF = ISSUING.issue(["www.example.com"], common_name="www.example.com")
REQUEST = make_csr(["www.example.com"])
EMPTY: t.Dict[str, t.Any] = {
    "name": "web",
    "directory": "/etc/certfleet/web",
    "current": None,
    "certificate_pem": None,
    "chain_pem": None,
    "ca_pem": None,
    "key": {"state": "missing", "detail": "There is no key."},
    "record": None,
    "damaged": [],
    "attributes": [],
    "marker": None,
    "unfinished": None,
    "pending": None,
    "adopt": None,
}


def test_nothing_there() -> None:
    observed = observe(EMPTY)
    assert observed == Observed(
        name="web", directory="/etc/certfleet/web", key_state="missing", key_detail="There is no key."
    )
    assert not observed.exists


def test_an_installed_set() -> None:
    observed = observe(
        {
            **EMPTY,
            "current": "20261122T014608Z-5f3a",
            "certificate_pem": LEAF.pem,
            "chain_pem": ISSUING.pem,
            "ca_pem": ROOT.pem,
            "key": {"state": "ok"},
            "record": {"authority": "vault"},
            "damaged": ["combined.pem"],
            "marker": {"version": "20261122T014608Z-5f3a"},
        }
    )
    assert observed.certificate is not None
    assert observed.certificate.names.dns == ("www.example.com",)
    assert [facts.common_name for facts in observed.chain] == ["Issuing"]
    assert (observed.key_state, observed.marker, observed.damaged) == ("ok", True, ("combined.pem",))
    assert (observed.chain_pem, observed.ca_pem, observed.own_record) == (ISSUING.pem, ROOT.pem, {"authority": "vault"})


def test_an_unreadable_certificate_is_there_all_the_same() -> None:
    for pem in ("", LEAF.pem[:200], "garbage"):
        observed = observe({**EMPTY, "certificate_pem": pem})
        assert observed.certificate is None
        assert observed.unreadable
        assert observed.exists


def test_an_open_request() -> None:
    pending = {
        "order_hash": "ab",
        "status": "pending",
        "request_id": "42",
        "request_token": "f00d",
        "detail": "",
        "intent": {"authority_id": "local:/ca"},
        "created_at": "2026-11-22T12:00:00Z",
        "csr_pem": REQUEST.pem,
        "lease": {"token": "t"},
    }
    request = observe({**EMPTY, "pending": pending}).pending
    assert request is not None
    assert request.public_key_sha256 == public_key_sha256(REQUEST.pem)
    assert (request.order_hash, request.request_id, request.rejected) == ("ab", "42", False)
    damaged = observe({**EMPTY, "pending": {**pending, "csr_pem": REQUEST.pem[:99]}}).pending
    assert damaged is not None
    assert damaged.public_key_sha256 is None


def test_sets_beside_the_installed_one() -> None:
    beside = {"certificate_pem": LEAF.pem, "chain_pem": ISSUING.pem, "key": {"state": "mismatch"}, "record": {"a": 1}}
    observed = observe({**EMPTY, "unfinished": beside, "adopt": beside})
    assert observed.unfinished == observed.adopt
    assert observed.adopt is not None
    assert observed.adopt.certificate is not None
    assert (observed.adopt.key_state, observed.adopt.record) == ("mismatch", {"a": 1})


def test_a_record_belongs_to_the_certificate_that_it_names() -> None:
    record = {"fingerprint_sha256": "00", "authority_id": "x"}
    altered = {**EMPTY, "certificate_pem": LEAF.pem, "record": record, "damaged": ["cert.pem"]}
    assert observe(altered).own_record == {}
    assert observe({**altered, "damaged": []}).own_record == record
    facts = observe(altered).certificate
    assert facts is not None
    same = {**record, "fingerprint_sha256": facts.fingerprint_sha256}
    assert observe({**altered, "record": same}).own_record == same


values: st.SearchStrategy[t.Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.sampled_from([LEAF.pem, REQUEST.pem]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from([*EMPTY, "state", "csr_pem", "request", "status", "dns_names"]), inner)
    ),
    max_leaves=8,
)


@given(answer=st.dictionaries(st.sampled_from(list(EMPTY)), values))
def test_whatever_the_host_sends_is_read_and_planned(answer: t.Dict[str, t.Any]) -> None:
    make_plan(observe(answer))


def test_what_is_shown_for_an_open_request():
    good = {"type": "http-01", "name": "a.example.com", "token": "t", "content": "t.x", "secret": "0" * 32}
    bad = [None, "text", ["list"], {"type": 1}, {"name": {"a": "b"}}]
    seen = observe({"pending": {"order_hash": "x", "shown": [*bad, good]}})
    assert seen.pending is not None and seen.pending.shown == (good,)
    for nothing in (None, "text", {}, 7):
        seen = observe({"pending": {"order_hash": "x", "shown": nothing}})
        assert seen.pending is not None and seen.pending.shown == ()
