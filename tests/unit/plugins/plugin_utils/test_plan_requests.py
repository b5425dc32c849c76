# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Open requests: no second order is placed for the same, and nothing is resumed that would bring something else."""

from __future__ import annotations

import dataclasses
import typing as t

import pytest

from ansible_collections.certfleet.pki.plugins.module_utils._errors import (
    BadCertificate,
    NotFound,
    PkiError,
    Rejected,
    Unauthorized,
    Unavailable,
)
from ansible_collections.certfleet.pki.plugins.module_utils._model import Names
from ansible_collections.certfleet.pki.plugins.plugin_utils._observed import Observed, OpenRequest
from ansible_collections.certfleet.pki.plugins.plugin_utils._plan import Consequence, after_failure
from ansible_collections.certfleet.pki.tests.support.planning import (
    DAY,
    NOW,
    installed,
    make_facts,
    make_plan,
    make_wanted,
    open_request,
)

NOTHING = Observed(name="web", directory="/etc/certfleet/web", key_state="missing")
FORCED = make_wanted(force=True)
DENIED = open_request(status="rejected", detail="Not this quarter.")


def having(request: OpenRequest, observed: Observed = NOTHING) -> Observed:
    return dataclasses.replace(observed, pending=request)


@pytest.mark.parametrize("observed", [NOTHING, installed(), installed(key_state="missing")])
@pytest.mark.parametrize("wanted", [make_wanted(), FORCED])
@pytest.mark.parametrize("request_", [open_request(), open_request(status="intent", request_id=None)])
def test_resumes_the_request_for_the_same_order(observed: Observed, wanted: t.Any, request_: OpenRequest) -> None:
    plan = make_plan(having(request_, observed), wanted)
    assert (plan.consequence, plan.discard_request, plan.install_from) == (Consequence.RESUME, False, "request")
    assert "pending_request" in plan.codes


def test_what_is_broken_meanwhile_is_repaired() -> None:
    plan = make_plan(having(open_request(), installed(damaged=("combined.pem",))))
    assert (plan.consequence, plan.repair) == (Consequence.RESUME, Consequence.REINSTALL)


CHANGES = {
    "names": {"names": Names(dns=("new.example.com", "www.example.com"))},
    "lifetime": {"lifetime": 3600},
    "key format": {"key_format": "traditional"},
    "key encryption": {"key_passphrase": "long enough to be one"},
}


@pytest.mark.parametrize("title", CHANGES)
@pytest.mark.parametrize("request_", [open_request(), DENIED])
def test_a_changed_order_drops_the_old_request_and_places_a_new_one(title: str, request_: OpenRequest) -> None:
    plan = make_plan(having(request_), make_wanted(**CHANGES[title]))
    assert (plan.consequence, plan.discard_request) == (Consequence.ORDER, True)
    assert "pending_request" not in plan.codes


def test_a_changed_authority_drops_the_old_request() -> None:
    plan = make_plan(having(open_request()), authority_identity="local:/ca")
    assert (plan.consequence, plan.discard_request) == (Consequence.ORDER, True)


def test_a_request_that_nobody_wants_any_more_is_only_dropped() -> None:
    plan = make_plan(having(open_request(order_hash="another"), installed()))
    assert (plan.consequence, plan.discard_request, plan.reasons) == (Consequence.NOTHING, True, ())


def test_a_request_whose_csr_is_damaged_is_dropped() -> None:
    plan = make_plan(having(open_request(public_key_sha256=None)))
    assert (plan.consequence, plan.discard_request) == (Consequence.ORDER, True)


@pytest.mark.parametrize("status", ["pending", "rejected"])
def test_a_key_that_must_go_is_not_certified_again(status: str) -> None:
    observed = installed(record={"revoked": True})
    same_key = open_request(status=status, public_key_sha256=observed.certificate.public_key_sha256)
    plan = make_plan(having(same_key, observed), make_wanted(key_rotate="never"))
    assert (plan.consequence, plan.new_key, plan.discard_request) == (Consequence.ORDER, True, True)


def test_force_resumes_even_a_request_that_keeps_the_key() -> None:
    observed = installed()
    same_key = open_request(public_key_sha256=observed.certificate.public_key_sha256)
    plan = make_plan(having(same_key, observed), make_wanted(key_rotate="never", force=True))
    assert plan.consequence is Consequence.RESUME


# Denied


def test_denied_stays_denied_with_the_reason_of_the_ca() -> None:
    plan = make_plan(having(DENIED))
    assert (plan.consequence, plan.discard_request, plan.new_key) == (Consequence.REJECTED, False, False)
    assert [reason.code for reason in plan.reasons] == ["missing", "pending_request"]
    assert "Not this quarter." in plan.reasons[1].detail


def test_force_after_a_denial_orders_again() -> None:
    plan = make_plan(having(DENIED), FORCED)
    assert (plan.consequence, plan.discard_request, plan.new_key) == (Consequence.ORDER, True, True)


def test_a_denial_does_not_matter_when_nothing_is_to_be_ordered() -> None:
    plan = make_plan(having(DENIED, installed()))
    assert (plan.consequence, plan.discard_request) == (Consequence.NOTHING, True)


def test_a_denied_renewal_still_repairs() -> None:
    old = make_facts(not_before=NOW - 65 * DAY, not_after=NOW + 25 * DAY)
    plan = make_plan(having(DENIED, installed(certificate=old, attributes=({"path": "/k"},))))
    assert (plan.consequence, plan.repair) == (Consequence.REJECTED, Consequence.ATTRIBUTES)


# What the CA says when it is asked


@pytest.mark.parametrize("error", [NotFound("Gone."), BadCertificate("It has expired.")])
def test_lost_or_useless_is_ordered_again(error: PkiError) -> None:
    following = after_failure(make_plan(having(open_request())), error)
    assert following is not None
    assert (following.consequence, following.discard_request, following.new_key) == (Consequence.ORDER, True, True)
    assert following.install_from == "request"


def test_denied_on_asking() -> None:
    following = after_failure(make_plan(having(open_request())), Rejected("No."))
    assert following is not None
    assert (following.consequence, following.discard_request) == (Consequence.REJECTED, False)
    forced = after_failure(make_plan(having(open_request()), FORCED), Rejected("No."))
    assert forced is not None
    assert forced.consequence is Consequence.ORDER


@pytest.mark.parametrize("error", [Unavailable("Later."), Unauthorized("Who?")])
def test_other_errors_stand(error: PkiError) -> None:
    assert after_failure(make_plan(having(open_request())), error) is None


def test_only_a_resumed_request_is_ordered_again() -> None:
    assert after_failure(make_plan(NOTHING), NotFound("Gone.")) is None
