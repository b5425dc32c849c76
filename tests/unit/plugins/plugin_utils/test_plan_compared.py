# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is wanted against what was asked for, what there is, and what the clock says."""

from __future__ import annotations

import dataclasses
import typing as t
from datetime import timedelta

import pytest

from ansible_collections.certfleet.pki.plugins.module_utils._durations import RenewBefore
from ansible_collections.certfleet.pki.plugins.module_utils._model import Names, RenewalSuggestion
from ansible_collections.certfleet.pki.plugins.module_utils._policy import Policy
from ansible_collections.certfleet.pki.plugins.plugin_utils._observed import Observed
from ansible_collections.certfleet.pki.plugins.plugin_utils._plan import Consequence
from ansible_collections.certfleet.pki.tests.support.planning import (
    AUTHORITY,
    DAY,
    NOW,
    installed,
    make_facts,
    make_plan,
    make_wanted,
)

NOTHING = Observed(name="web", directory="/etc/certfleet/web", key_state="missing")
URL = "https://ca.example.com/why"
DUE = RenewalSuggestion(start=NOW - 2 * DAY, end=NOW - DAY, explanation_url=URL)


def codes(plan: t.Any) -> t.List[str]:
    return [reason.code for reason in plan.reasons]


def aged(**dates: t.Any) -> Observed:
    return installed(certificate=make_facts(**dates))


# What the CA added or dropped

ASKED = make_wanted(subject=(("organization", "Example"),), extended_key_usage=("server_auth", "client_auth"))


def test_names_that_the_ca_added_cause_nothing() -> None:
    facts = make_facts(names=Names(dns=("example.com", "www.example.com")))
    assert make_plan(installed(certificate=facts)).consequence is Consequence.NOTHING


def test_a_subject_that_the_ca_dropped_causes_nothing() -> None:
    facts = make_facts(ASKED, subject_pairs=(), common_name=None)
    assert make_plan(installed(ASKED, certificate=facts), ASKED).consequence is Consequence.NOTHING


def test_what_the_ca_dropped_breaks_no_policy_either() -> None:
    policy = Policy(source="p", allowed_domains=("*.example.com",), required_subject={"organization": ()})
    facts = make_facts(ASKED, subject_pairs=(), names=Names(dns=("www.example.com", "www.example.net")))
    assert make_plan(installed(ASKED, certificate=facts), ASKED, policies=[policy]).reasons == ()


def test_a_name_no_longer_wanted_differs() -> None:
    before = make_wanted(names=Names(dns=("old.example.com", "www.example.com")))
    plan = make_plan(installed(before))
    assert codes(plan) == ["names_differ"]
    assert "old.example.com" in plan.reasons[0].detail


def test_a_usage_no_longer_wanted_differs_but_none_wanted_compares_nothing() -> None:
    before = make_wanted(extended_key_usage=("server_auth", "client_auth"))
    assert codes(make_plan(installed(before), make_wanted(extended_key_usage=("server_auth",)))) == ["usage_differs"]
    assert codes(make_plan(installed(before), make_wanted())) == []


def test_a_usage_that_the_certificate_has_anyway_is_no_reason() -> None:
    assert make_plan(installed(), make_wanted(extended_key_usage=("server_auth",))).reasons == ()


def test_a_certificate_that_says_just_what_is_wanted_is_right_whatever_was_asked_for() -> None:
    before = make_wanted(names=Names(dns=("old.test",)), common_name="Old", subject=(("locality", "Old"),))
    observed = installed(before, certificate=make_facts())
    assert make_plan(observed).consequence is Consequence.NOTHING


# Without a record


@pytest.mark.parametrize(
    ("certificate", "wanted", "expected"),
    [
        ({}, {}, []),
        ({"names": Names(dns=("a.test", "www.example.com"))}, {}, ["names_differ"]),
        ({"common_name": None}, {}, []),
        ({"common_name": "Web"}, {}, ["subject_differs"]),
        ({"common_name": None}, {"common_name": "Web"}, ["subject_differs"]),
        ({"subject_pairs": (("organization", "CA's own"),)}, {}, []),
        ({}, {"subject": (("organization", "Example"),)}, ["subject_differs"]),
        ({}, {"extended_key_usage": ("client_auth",)}, ["usage_differs"]),
        ({}, {"follow_authority": True}, []),
    ],
)
def test_the_certificate_itself_is_compared(
    certificate: t.Mapping[str, t.Any], wanted: t.Mapping[str, t.Any], expected: t.List[str]
) -> None:
    observed = Observed(certificate=make_facts(**certificate))
    assert codes(make_plan(observed, make_wanted(**wanted))) == expected


def test_a_record_of_another_certificate_does_not_count() -> None:
    stranger = make_facts(names=Names(dns=("stranger.test",)))
    observed = installed(damaged=("cert.pem",), altered=True)
    observed = dataclasses.replace(observed, certificate=stranger)
    assert codes(make_plan(observed)) == ["names_differ", "files_differ"]
    fits = dataclasses.replace(observed, certificate=make_facts(serial_number="ff"))
    assert make_plan(fits).consequence is Consequence.REINSTALL


def test_a_certificate_put_there_by_hand_without_its_chain_is_replaced() -> None:
    chain = (make_facts(subject="CN=Issuing", not_after=NOW + 900 * DAY),)
    observed = dataclasses.replace(
        installed(damaged=("cert.pem",), altered=True, chain=chain), certificate=make_facts(issuer="CN=Other CA")
    )
    assert codes(make_plan(observed)) == ["issuer_differs", "files_differ"]


# The authority


def test_another_authority_changes_nothing_until_renewal() -> None:
    assert make_plan(installed(), authority_identity="local:/ca").consequence is Consequence.NOTHING


def test_a_new_intermediate_of_the_same_authority_changes_nothing() -> None:
    observed = installed(certificate=make_facts(issuer="CN=Issuing 2", authority_key_id="ff"))
    assert make_plan(observed, make_wanted(follow_authority=True)).consequence is Consequence.NOTHING


def test_an_authority_that_is_no_longer_allowed() -> None:
    policy = Policy(source="p", allowed_domains=("*.example.com",), allowed_authorities=("local:/ca",))
    plan = make_plan(installed(), policies=[policy], authority_identity="local:/ca")
    assert codes(plan) == ["policy_violation"]
    assert AUTHORITY in plan.reasons[0].detail


# Times


def test_reissue_before_looks_at_when_it_was_issued() -> None:
    wanted = make_wanted(reissue_before=NOW - DAY)
    again = {"issued_at": "2026-11-12T12:00:00Z", "installed_at": "2026-11-22T11:00:00Z"}
    assert codes(make_plan(installed(record=again), wanted)) == ["issued_before"]
    since = {"issued_at": "2026-11-21T12:00:00Z"}
    assert codes(make_plan(installed(record=since), wanted)) == []
    assert codes(make_plan(installed(record={"issued_at": None, "installed_at": since["issued_at"]}), wanted)) == []
    assert codes(make_plan(Observed(certificate=make_facts()), wanted)) == ["issued_before"]


def test_reissue_before_in_the_future_only_warns() -> None:
    plan = make_plan(installed(), make_wanted(reissue_before=NOW + DAY))
    assert (plan.consequence, len(plan.warnings)) == (Consequence.NOTHING, 1)


def test_an_expired_certificate_is_not_expiring_as_well() -> None:
    chain = (make_facts(not_after=NOW + DAY),)
    observed = installed(certificate=make_facts(not_after=NOW), chain=chain)
    assert codes(make_plan(observed, suggestion=DUE)) == ["expired"]


def test_the_explanation_of_the_ca_is_passed_on() -> None:
    assert URL in make_plan(installed(), suggestion=DUE).reasons[0].detail


def test_a_recorded_suggestion_counts_and_a_fresh_one_wins() -> None:
    entry = {"start": "2026-11-20T00:00:00Z", "end": "2026-11-21T00:00:00Z", "explanation_url": URL}
    observed = installed(record={"suggestion": entry})
    assert codes(make_plan(observed)) == ["authority_suggests"]
    later = RenewalSuggestion(start=NOW + 5 * DAY, end=NOW + 6 * DAY)
    assert codes(make_plan(observed, suggestion=later)) == []


def test_not_yet_valid_is_as_tolerant_as_the_check_of_an_answer() -> None:
    assert make_plan(aged(not_before=NOW + timedelta(minutes=5))).consequence is Consequence.NOTHING
    assert make_plan(aged(not_before=NOW + timedelta(minutes=6))).consequence is Consequence.WAIT


def test_the_cap_on_renew_before_is_told() -> None:
    plan = make_plan(installed(), make_wanted(renew_before=RenewBefore(seconds=60 * 86400)))
    assert plan.renew_at == NOW + 35 * DAY
    assert "renew_before (60d)" in plan.warnings[0]


@pytest.mark.parametrize(
    ("observed", "asked", "expected"),
    [
        (aged(not_before=NOW - 65 * DAY, not_after=NOW + 25 * DAY), {}, True),
        (installed(), {"suggestion": DUE}, True),
        (aged(not_after=NOW), {}, False),
        (installed(key_state="missing"), {}, False),
        (installed(), {"suggestion": DUE, "ca_status": "revoked"}, False),
        (installed(), {}, False),
        (NOTHING, {}, False),
    ],
)
def test_only_a_renewal_can_wait(observed: Observed, asked: t.Mapping[str, t.Any], expected: bool) -> None:
    assert make_plan(observed, **asked).can_wait is expected
