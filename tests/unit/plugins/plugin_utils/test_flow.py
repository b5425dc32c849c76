# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The lifecycle of one certificate, over the real host program and a CA in memory."""

from __future__ import annotations

import json
import os
import shutil
import time
import typing as t
from datetime import timedelta
from pathlib import Path

import pytest

from ansible_collections.certfleet.pki.plugins.module_utils._errors import (
    Misconfigured,
    NotFound,
    PkiError,
    Unauthorized,
    Unavailable,
)
from ansible_collections.certfleet.pki.plugins.module_utils._model import KeyParameters, Names, Order, RenewalSuggestion
from ansible_collections.certfleet.pki.plugins.module_utils._policy import Policy
from ansible_collections.certfleet.pki.plugins.module_utils._x509 import parse_time, read_certificate
from ansible_collections.certfleet.pki.plugins.plugin_utils._mistakes import where
from tests.support.certificates import CertificateAuthority, make_csr
from tests.support.fake_authority import FakeAuthority, HintingAuthority
from tests.support.flowing import Site

SECRET = "token: a-very-secret-token"


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path)


def steady(site: Site, **options: t.Any) -> None:
    """The next run finds nothing to do, in one execution and without the CA."""
    before = len(site.authority.calls)
    result = site.run(**options)
    assert (result["action"], result["changed"], result["codes"]) == ("none", False, [])
    assert site.machine.executions == ["inspected"]
    assert len(site.authority.calls) == before


def snapshot(folder: Path) -> t.Dict[str, t.Any]:
    """Return every path below a folder with what tells whether it was touched."""
    return {str(path): path.lstat().st_mtime_ns for path in sorted(folder.rglob("*"))}


def test_first_issue_takes_two_executions_and_one_order(site: Site) -> None:
    predicted = site.run(check=True)
    assert (predicted["action"], predicted["changed"], predicted["codes"]) == ("issued", True, ["missing"])
    assert not site.directory.exists() and not site.authority.orders
    result = site.run()
    assert (result["action"], result["status"], result["codes"]) == ("issued", "issued", ["missing"])
    assert site.machine.executions == ["inspected", "present"]
    assert len(site.authority.orders) == 1
    assert read_certificate((site.directory / "cert.pem").read_text()).serial_number == result["serial_number"]
    steady(site)


def test_renewal_takes_three_executions_and_names_what_it_replaced(site: Site) -> None:
    first = site.run()
    site.clock.forward(days=61)
    assert site.run(check=True)["codes"] == ["expiring"]
    result = site.run()
    assert (result["action"], result["codes"]) == ("renewed", ["expiring"])
    assert site.machine.executions == ["inspected", "prepared", "present"]
    assert result["replaced"]["serial_number"] == first["serial_number"]
    assert result["public_key_sha256"] != first["public_key_sha256"]
    assert site.authority.orders[-1].replaces is not None
    steady(site)


def test_rotate_never_keeps_the_key_for_a_renewal(site: Site) -> None:
    first = site.run(key={"rotate": "never"})
    site.clock.forward(days=61)
    assert site.run(key={"rotate": "never"})["public_key_sha256"] == first["public_key_sha256"]
    forced = site.run(key={"rotate": "never"}, force=True)
    assert forced["public_key_sha256"] != first["public_key_sha256"]


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"dns_names": ["www.example.com", "new.example.com"]}, "names_differ"),
        ({"dns_names": ["www.example.com"], "ip_addresses": ["2001:db8::1"]}, "names_differ"),
        ({"subject": {"organization": "Example"}}, "subject_differs"),
        ({"extended_key_usage": ["client_auth", "server_auth"]}, "usage_differs"),
        ({"key": {"type": "rsa"}}, "key_type_differs"),
        ({"key": {"curve": "P-384"}}, "key_type_differs"),
        ({"force": True}, "forced"),
    ],
)
def test_a_changed_wish_is_exactly_one_new_certificate(site: Site, changed: t.Dict[str, t.Any], code: str) -> None:
    site.run()
    untouched = snapshot(site.directory)
    assert site.run(check=True, **changed)["codes"] == [code]
    assert snapshot(site.directory) == untouched
    result = site.run(**changed)
    assert (result["action"], result["codes"], len(site.authority.orders)) == ("renewed", [code], 2)
    changed.pop("force", None)
    steady(site, **changed)


def test_a_dropped_name_in_the_wish_is_a_new_certificate(site: Site) -> None:
    site.run(dns_names=["a.example.com", "b.example.com"])
    assert site.run(dns_names=["a.example.com"])["codes"] == ["names_differ"]


def test_what_the_ca_changes_never_causes_another_order(site: Site) -> None:
    wish: t.Dict[str, t.Any] = {"subject": {"organization": "Example"}}

    def drop_subject_and_add_name(order: t.Any) -> t.Dict[str, t.Any]:
        request = make_csr(["extra.example.com", "www.example.com"], common_name="www.example.com", key=key_of(order))
        return {"csr": request.pem}

    key_of = _borrowed_key(site)
    site.authority.alter = drop_subject_and_add_name
    result = site.run(**wish)
    assert result["action"] == "issued" and len(result["warnings"]) == 2, result["warnings"]
    steady(site, **wish)


def _borrowed_key(site: Site) -> t.Callable[[t.Any], t.Any]:
    """Return a function that finds the key of an order on the host, as only a test may."""
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    def find(order: t.Any) -> t.Any:
        (path,) = (path for path in site.directory.glob("pending/*") if "key" in path.name)
        return load_pem_private_key(path.read_bytes(), None)

    return find


DAMAGES: t.Mapping[str, t.Tuple[t.Callable[[Path], None], str, str]] = {
    "key removed": (lambda d: (d / "current/privkey.pem").unlink(), "key_missing", "renewed"),
    "certificate cut": (lambda d: (d / "current/cert.pem").write_text("-----BEGIN CERT"), "unreadable", "renewed"),
    "certificate of another": (lambda d: (d / "current/cert.pem").write_text(_another()), "key_mismatch", "renewed"),
    "fullchain changed": (lambda d: (d / "current/fullchain.pem").write_text("?"), "files_differ", "reinstalled"),
    "link removed": (lambda d: (d / "privkey.pem").unlink(), "files_differ", "reinstalled"),
    "chain emptied": (lambda d: (d / "current/chain.pem").write_text(""), "chain_differs", "reinstalled"),
    "key readable": (lambda d: (d / "current/privkey.pem").chmod(0o644), "attributes_differ", "reinstalled"),
}


def _another() -> str:
    return CertificateAuthority("Other").issue(["www.example.com"]).pem


@pytest.mark.parametrize("damage", DAMAGES)
def test_damage_is_repaired_with_as_little_as_it_takes(site: Site, damage: str) -> None:
    harm, code, action = DAMAGES[damage]
    site.run()
    harm(site.directory)
    untouched = snapshot(site.directory)
    predicted = site.run(check=True)
    assert (predicted["changed"], snapshot(site.directory)) == (True, untouched)
    result = site.run()
    assert code in result["codes"], result["codes"]
    assert (predicted["action"], result["action"]) == (action, action)
    assert len(site.authority.orders) == (2 if action == "renewed" else 1)
    steady(site)


def test_an_encrypted_key_that_should_not_be_is_replaced(site: Site) -> None:
    site.run(key={"passphrase": "long enough secret"})
    steady(site, key={"passphrase": "long enough secret"})
    assert site.run()["codes"] == ["key_encrypted"]
    steady(site)


class TestPending:
    def test_resumes_and_places_no_second_order(self, site: Site) -> None:
        site.authority.manual = True
        first = site.run()
        assert (first["action"], first["status"], first["changed"]) == ("pending", "pending", True)
        assert site.run(check=True)["changed"] is False
        second = site.run()
        assert (second["action"], second["changed"], len(site.authority.orders)) == ("pending", False, 1)
        assert second["request_id"] == first["request_id"]
        site.authority.approve(first["request_id"])
        assert site.run(check=True)["action"] == "resumed"
        third = site.run()
        assert (third["action"], third["status"], len(site.authority.orders)) == ("resumed", "issued", 1)
        steady(site)

    def test_force_never_places_a_second_order_beside_it(self, site: Site) -> None:
        site.authority.manual = True
        site.run()
        assert site.run(force=True)["action"] == "pending"
        assert len(site.authority.orders) == 1

    def test_the_old_certificate_stays_while_a_renewal_waits(self, site: Site) -> None:
        first = site.run()
        site.authority.manual = True
        site.clock.forward(days=61)
        result = site.run()
        assert (result["action"], result["status"]) == ("pending", "issued")
        assert result["serial_number"] == first["serial_number"]

    def test_a_denial_stays_until_force_or_a_change(self, site: Site) -> None:
        site.authority.manual = True
        request_id = site.run()["request_id"]
        site.authority.deny(request_id, "not on my watch")
        for check in (True, False, False):
            result = site.run(check=check)
            assert (result["error"].kind, result["status"]) == ("rejected", "rejected")
            assert "not on my watch" in result["error"].message
        assert len(site.authority.orders) == 1
        site.authority.manual = False
        assert site.run(dns_names=["other.example.com"])["action"] == "issued"

    def test_force_orders_again_after_a_denial(self, site: Site) -> None:
        site.authority.manual = True
        site.authority.deny(site.run()["request_id"], "no")
        site.run()
        site.authority.manual = False
        assert site.run(force=True)["action"] == "issued"

    def test_a_changed_order_cancels_the_old_request(self, site: Site) -> None:
        site.authority.manual = True
        request_id = site.run()["request_id"]
        assert site.run(dns_names=["other.example.com"])["action"] == "pending"
        assert site.authority.cancelled == [request_id]
        assert len(site.authority.orders) == 2

    def test_a_request_that_the_ca_forgot_is_ordered_again(self, site: Site) -> None:
        site.authority.manual = True
        site.run()
        site.authority.forget()
        site.authority.manual = False
        assert site.run()["action"] == "issued"
        assert site.authority.orders[0].csr_pem == site.authority.orders[1].csr_pem

    @pytest.mark.parametrize("error", [Misconfigured("moved"), Unauthorized("who?"), Unavailable("down")])
    def test_no_error_throws_an_open_request_away(self, site: Site, error: PkiError) -> None:
        site.authority.manual = True
        request_id = site.run()["request_id"]
        site.authority.error = error
        assert site.run()["error"] is error
        site.authority.error = None
        again = site.run()
        assert (again["action"], again["request_id"], len(site.authority.orders)) == ("pending", request_id, 1)

    def test_all_wait_together(self, site: Site) -> None:
        site.authority.manual = True
        items = [
            {
                "name": f"c{i}",
                "dns_names": ["a.example.com"],
                "directory": str(site.folder / f"c{i}"),
                "wait_timeout": 1,
            }
            for i in range(20)
        ]
        started = time.monotonic()
        results = site.run_all(items)
        assert [result["action"] for result in results] == ["pending"] * 20
        assert time.monotonic() - started < 10  # one after the other it is 20

    def test_a_host_can_t_have_the_request_of_another_cancelled(self, site: Site) -> None:
        site.authority.manual = True
        site.run()
        path = site.directory / "pending/request.json"
        noted = json.loads(path.read_text())
        foreign = site.authority.request(Order(make_csr(["x.example.com"]).pem, Names(), KeyParameters("ecdsa", 256)))
        path.write_text(json.dumps({**noted, "request_id": foreign.request_id}))
        site.run(state="absent")
        assert site.authority.cancelled == []

    def test_absent_does_not_need_the_ca(self, site: Site) -> None:
        site.authority.manual = True
        site.run()
        site.authority.error = Unavailable("down")
        result = site.run(state="absent")
        assert (result["action"], result["error"]) == ("removed", None)
        assert "could not be cancelled" in result["warnings"][0] and not site.directory.exists()

    def test_absent_cancels_an_open_request(self, site: Site) -> None:
        site.authority.manual = True
        request_id = site.run()["request_id"]
        assert site.run(state="absent")["changed"] is True
        assert site.authority.cancelled == [request_id]
        assert site.run(state="absent")["changed"] is False

    def test_waiting_ends_when_it_is_approved(self, site: Site) -> None:
        site.authority.manual = True
        asked = site.authority.collect

        def approve_when_asked(request_id: str) -> t.Any:
            site.authority.approve(request_id)
            return asked(request_id)

        site.authority.collect = approve_when_asked  # type: ignore[method-assign]
        assert site.run(wait=True, wait_timeout=5)["action"] == "issued"

    def test_a_crash_after_sending_finds_the_request_again(self, site: Site) -> None:
        class Crash(Exception):
            pass

        def crash(state: str) -> None:
            if state == "present":
                raise Crash

        site.machine.before = crash
        with pytest.raises(Crash):
            site.run()
        site.machine.before = lambda state: None
        result = site.run()
        assert (result["action"], len(site.authority.orders)) == ("resumed", 1)
        steady(site)


class TestUnavailable:
    def test_a_ca_that_does_not_answer_is_asked_once_for_all(self, site: Site) -> None:
        site.authority.error = Unavailable("down")
        items = [
            {"name": f"c{i}", "dns_names": ["a.example.com"], "directory": str(site.folder / f"c{i}")}
            for i in range(10)
        ]
        results = site.run_all(items)
        assert {result["error"].kind for result in results} == {"unavailable"}
        assert site.authority.calls == ["policy"]

    def test_is_retryable_and_the_next_run_uses_the_same_key(self, site: Site) -> None:
        site.authority.error = Unavailable("The CA is down; try again.")
        result = site.run()
        assert (result["error"].kind, result["error"].retryable) == ("unavailable", True)
        site.authority.error = None
        assert site.run()["action"] == "issued"
        assert len(site.authority.orders) == 1

    def test_warns_while_the_certificate_in_place_is_valid(self, site: Site) -> None:
        site.run()
        site.clock.forward(days=61)
        site.authority.error = Unavailable("The CA is down; try again.")
        for check in (True, False, False):
            result = site.run(on_unavailable="warn", check=check)
            assert (result["error"], result["action"], result["changed"]) == (None, "none", False)
            assert "The CA is down" in " ".join(result["warnings"])
        assert site.run()["error"].kind == "unavailable"
        assert site.run(on_unavailable="warn", dns_names=["b.example.com"])["error"].kind == "unavailable"
        site.clock.forward(days=30)
        assert site.run(on_unavailable="warn")["error"].kind == "unavailable"


class TestBadAnswers:
    """Whatever the CA returns wrongly: nothing is installed, nothing is ordered over and over."""

    @pytest.fixture(params=["another key", "expired", "missing"])
    def wrong(self, request: t.Any, site: Site) -> t.Tuple[str, t.Dict[str, t.Any]]:
        now = site.clock()
        past = {"not_before": now - timedelta(days=3), "not_after": now - timedelta(hours=1)}
        return {
            "another key": ("another key", {"csr": make_csr(["www.example.com"]).pem}),
            "expired": ("expired", past),
            "missing": ("another key", {"csr": make_csr(["other.example.com"]).pem}),
        }[request.param]

    def test_are_refused(self, site: Site, wrong: t.Tuple[str, t.Dict[str, t.Any]]) -> None:
        told, how = wrong
        first = site.run()
        site.authority.alter = lambda order: dict(how)
        result = site.run(force=True)
        assert result["error"].kind == "bad_certificate" and told in result["error"].message
        assert result["serial_number"] == first["serial_number"]
        orders = len(site.authority.orders)
        site.run()
        assert len(site.authority.orders) == orders

    def test_roots_that_are_corrected_judge_anew(self, site: Site) -> None:
        wrong = CertificateAuthority("Other").pem
        assert site.run(trust_anchors=wrong)["error"].kind == "bad_certificate"
        assert site.run(trust_anchors=wrong)["error"].kind == "rejected" and len(site.authority.orders) == 1
        assert site.run(trust_anchors=site.authority.root.pem)["action"] == "issued"


class TestAuthorityChanges:
    def test_take_effect_at_the_next_renewal(self, site: Site) -> None:
        site.run()
        other = FakeAuthority(site.clock, name="two")
        assert site.run(authority=other)["action"] == "none"
        result = site.run(authority=other, follow_authority=True)
        assert (result["action"], result["codes"]) == ("renewed", ["issuer_differs"])
        assert (result["authority_id"], len(other.orders)) == ("fake:two", 1)
        other.error = Unavailable("down")
        third = FakeAuthority(site.clock, name="three")
        third.error = other.error
        assert site.run(authority=third, follow_authority=True)["authority_id"] == "fake:two"
        other.error = None
        assert site.run(authority=other, follow_authority=True)["action"] == "none"

    def test_a_new_intermediate_is_no_change(self, site: Site) -> None:
        site.run()
        site.authority.renew_intermediate()
        steady(site, follow_authority=True)


class TestRenewalHints:
    @pytest.fixture
    def site(self, tmp_path: Path) -> Site:
        site = Site(tmp_path)
        site.authority = HintingAuthority(site.clock)
        return site

    def test_the_ca_s_suggestion_wins_when_it_is_earlier_and_is_cached(self, site: Site) -> None:
        site.run()
        site.clock.forward(hours=7)
        now = site.clock()
        url = "https://ca.example/why"
        site.authority.suggestion = RenewalSuggestion(now - timedelta(hours=2), now - timedelta(hours=1), url, 3600)
        result = site.run()
        assert (result["action"], result["codes"]) == ("renewed", ["authority_suggests"])
        assert url in str(result["reasons"])

    def test_is_asked_for_with_the_certificate_and_again_only_after_retry_after(self, site: Site) -> None:
        later = site.clock() + timedelta(days=50)
        site.authority.suggestion = RenewalSuggestion(later, later + timedelta(days=1), None, 3600)
        assert later <= parse_time(site.run()["renew_at"]) <= later + timedelta(days=1)
        site.authority.calls.clear()
        site.run()
        assert site.authority.calls == []
        site.clock.forward(hours=2)
        assert site.run()["changed"] is False
        assert site.authority.calls == ["suggest_renewal"]

    def test_a_query_that_fails_fails_nothing(self, site: Site) -> None:
        soon = site.clock() + timedelta(days=2)
        site.authority.suggestion = RenewalSuggestion(soon, soon + timedelta(days=1), None, 3600)
        renew_at = site.run()["renew_at"]
        site.clock.forward(hours=2)
        site.authority.error = Unavailable("down")
        result = site.run()
        # What it suggested before stays in force, and it is not asked again at once.
        assert (result["error"], result["renew_at"]) == (None, renew_at)
        steady(site)
        site.clock.forward(hours=2)
        site.authority.error = None
        site.authority.calls.clear()
        assert site.run()["changed"] is False
        assert site.authority.calls == ["suggest_renewal"]

    def test_a_ca_that_does_not_know_the_certificate_is_asked_once_in_six_hours(self, site: Site) -> None:
        site.authority.error = None
        site.run()
        site.clock.forward(hours=7)
        site.authority.error = NotFound("There is no such certificate.")
        assert site.run()["error"] is None
        steady(site)

    def test_many_certificates_ask_a_dead_ca_once(self, site: Site) -> None:
        items = [{"name": f"web{number}", "dns_names": ["a.example.com"]} for number in range(30)]
        items = [{**item, "wait": False, "directory": str(site.folder / item["name"])} for item in items]
        site.run_all(items)
        site.clock.forward(hours=7)
        site.authority.error = Unavailable("down")
        site.authority.calls.clear()
        assert [result["error"] for result in site.run_all(items)] == [None] * 30
        # Eight are asked at the same time; what the first finds out holds for all that come after.
        assert site.authority.calls.count("suggest_renewal") <= 8


class TestRevocation:
    def test_is_asked_for_only_when_wanted(self, site: Site) -> None:
        serial = site.run()["serial_number"]
        site.authority.revoked.add(serial)
        assert site.run()["action"] == "none"
        assert site.run(check_revocation=True, check=True)["codes"] == ["revoked"]
        result = site.run(check_revocation=True)
        assert (result["action"], result["codes"]) == ("renewed", ["revoked"])
        assert result["public_key_sha256"]

    def test_state_revoked_revokes_then_removes(self, site: Site) -> None:
        serial = site.run()["serial_number"]
        assert site.run(state="revoked", check=True)["changed"] is True
        assert site.authority.revoked == set() and site.directory.exists()
        result = site.run(state="revoked")
        assert (result["action"], result["status"], result["changed"]) == ("revoked", "revoked", True)
        assert site.authority.revoked == {serial} and not site.directory.exists()
        assert site.run(state="revoked")["changed"] is False

    def test_nothing_is_removed_if_revoking_fails(self, site: Site) -> None:
        site.run()
        untouched = snapshot(site.directory)
        site.authority.error = Unavailable("down")
        assert site.run(state="revoked")["error"].kind == "unavailable"
        assert snapshot(site.directory) == untouched


class TestAdoption:
    @pytest.fixture
    def live(self, site: Site) -> Path:
        folder = site.folder / "live"
        folder.mkdir()
        root = CertificateAuthority("Old Root")
        issuing = CertificateAuthority("Old Issuing", parent=root)
        leaf = issuing.issue(["www.example.com"], common_name="www.example.com")
        (folder / "privkey.pem").write_text(leaf.key_pem or "")
        (folder / "cert.pem").write_text(leaf.pem)
        (folder / "chain.pem").write_text(issuing.pem)
        (folder / "fullchain.pem").write_text(leaf.pem + issuing.pem)
        return folder

    def test_copies_the_set_without_an_order(self, site: Site, live: Path) -> None:
        assert site.run(adopt_from=str(live), check=True)["action"] == "adopted"
        result = site.run(adopt_from=str(live))
        assert (result["action"], result["changed"], site.authority.orders) == ("adopted", True, [])
        assert (site.directory / "privkey.pem").read_text() == (live / "privkey.pem").read_text()
        steady(site, adopt_from=str(live))
        shutil.rmtree(live)
        steady(site)

    def test_orders_instead_if_the_set_does_not_fit(self, site: Site, live: Path) -> None:
        result = site.run(adopt_from=str(live), dns_names=["other.example.com"])
        assert result["action"] == "issued" and "names_differ" in result["codes"]


class TestHostIsNotTrusted:
    @pytest.mark.parametrize("names", [["www.example.com", "evil.example.com"], ["evil.example.com"]])
    def test_a_swapped_csr_is_never_sent(self, site: Site, names: t.List[str], monkeypatch: t.Any) -> None:
        run = site.machine.run

        def swap(state: str, items: t.Any, challenges: t.Any = None) -> t.Any:
            answers, told = run(state, items, challenges)
            for answer in answers:
                if answer.get("prepared"):
                    answer["prepared"]["csr_pem"] = make_csr(names, common_name="www.example.com").pem
            return answers, told

        monkeypatch.setattr(site.machine, "run", swap)
        result = site.run()
        assert (result["error"].kind, site.authority.orders) == ("host", [])
        assert site.run()["error"].kind == "host"


class TestPolicy:
    RULES: t.Mapping[str, t.Any] = {"allowed_domains": ["*.example.org"], "key_types": {"rsa": 3072}}

    @pytest.mark.parametrize("check", [True, False])
    def test_lists_every_rule_broken_and_touches_nothing(self, site: Site, check: bool) -> None:
        result = site.run(policy=self.RULES, check=check)
        assert result["error"].kind == "policy"
        assert "www.example.com" in result["error"].message and "ecdsa" in result["error"].message.lower()
        assert site.authority.calls == [] and not site.directory.exists()

    def test_what_is_in_place_has_to_keep_it_too(self, site: Site) -> None:
        site.run()
        rules = {"allowed_domains": ["www.example.com"], "max_lifetime": "30d"}
        site.authority.lifetime = timedelta(days=30)
        result = site.run(policy=rules)
        assert (result["action"], result["codes"]) == ("renewed", ["policy_violation"])

    @pytest.mark.parametrize("check", [True, False])
    def test_the_ca_s_own_rules_are_checked_before_sending(self, site: Site, check: bool) -> None:
        site.authority.own_policy = Policy(source="the CA", key_types={"rsa": 2048}, restrictive=False)
        result = site.run(check=check)
        assert (result["error"].kind, site.authority.orders) == ("policy", [])
        assert not site.directory.exists() or not any(site.directory.glob("*.pem"))

    @pytest.mark.parametrize("check", [True, False])
    def test_a_lifetime_that_the_ca_can_t_honour_is_misconfigured(self, site: Site, check: bool) -> None:
        site.authority.own_policy = Policy(source="the CA", max_lifetime=86400, restrictive=False)
        result = site.run(lifetime="90d", check=check)
        assert (result["error"].kind, site.authority.orders) == ("misconfigured", [])
        assert "90d" in result["error"].message and "1d" in result["error"].message


class TestBatch:
    def items(self, site: Site, count: int) -> t.List[t.Dict[str, t.Any]]:
        return [
            {"name": f"c{i}", "dns_names": [f"c{i}.example.com"], "directory": str(site.folder / f"c{i}")}
            for i in range(count)
        ]

    def test_any_number_is_one_execution_in_steady_state(self, site: Site) -> None:
        items = self.items(site, 12)
        results = site.run_all(items)
        assert [result["action"] for result in results] == ["issued"] * 12
        assert site.machine.executions == ["inspected", "present"]
        results = site.run_all(items)
        assert [result["action"] for result in results] == ["none"] * 12
        assert site.machine.executions == ["inspected"]

    def test_one_that_fails_does_not_stop_the_others(self, site: Site) -> None:
        items = self.items(site, 3)
        items[1]["dns_names"] = ["not a name"]
        results = site.run_all(items)
        assert [result["action"] for result in results] == ["issued", "failed", "issued"]
        assert [result["name"] for result in results] == ["c0", "c1", "c2"]

    def test_a_mistake_of_ours_stays_with_its_certificate_and_tells_no_secret(self, site: Site) -> None:
        def stumble(order: t.Any) -> t.Dict[str, t.Any]:
            if order.label == "c1":
                raise RuntimeError(SECRET)
            return {}

        site.authority.alter = stumble
        results = site.run_all(self.items(site, 3))
        assert [result["action"] for result in results] == ["issued", "failed", "issued"]
        error = results[1]["error"]
        assert "RuntimeError" in error.message and SECRET not in error.message + str(where(error))
        assert "stumble" in str(where(error))

    def test_a_directory_or_name_belongs_to_one(self, site: Site) -> None:
        items = self.items(site, 3)
        items[1]["directory"] = items[0]["directory"]
        items[2]["name"] = "c0"
        results = site.run_all(items)
        assert [result["action"] for result in results] == ["issued", "failed", "failed"]
        assert {result["error"].kind for result in results[1:]} == {"misconfigured"}

    def test_a_directory_of_another_name_is_refused_in_a_later_run(self, site: Site) -> None:
        site.run()
        (result,) = site.run_all(
            [{"name": "other", "dns_names": ["www.example.com"], "directory": str(site.directory)}]
        )
        assert result["error"].kind == "misconfigured"


def test_not_yet_valid_is_waited_for(site: Site) -> None:
    site.run()
    site.clock.forward(days=-2)
    result = site.run()
    assert (result["action"], result["changed"], result["codes"]) == ("none", False, ["not_yet_valid"])


def test_an_expiring_chain_counts(site: Site) -> None:
    site.authority.issuer = CertificateAuthority(
        "Short", parent=site.authority.root, not_after=site.clock() + timedelta(days=30)
    )
    site.run()
    site.clock.forward(days=21)
    assert site.run(check=True)["codes"] == ["chain_expiring"]


def test_the_result_always_has_all_keys(site: Site) -> None:
    good = site.run()
    bad = site.run(dns_names=["*.*.example.com"])
    assert set(good) == set(bad)
    assert os.path.dirname(good["files"]["private_key"]) == str(site.directory)


def test_reissue_before_is_for_mass_rotation(site: Site) -> None:
    site.run()
    moment = (site.clock() + timedelta(minutes=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    site.clock.forward(minutes=2)
    result = site.run(reissue_before=moment)
    assert (result["action"], result["codes"]) == ("renewed", ["issued_before"])
    assert site.run(reissue_before=moment)["action"] == "none"
