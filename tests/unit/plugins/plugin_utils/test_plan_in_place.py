# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Sets that need no CA: to be adopted, or left by an interrupted switch."""

from __future__ import annotations

import dataclasses
import typing as t

import pytest

from ansible_collections.certfleet.pki.plugins.module_utils._model import Names, RenewalSuggestion
from ansible_collections.certfleet.pki.plugins.plugin_utils._observed import Observed
from ansible_collections.certfleet.pki.plugins.plugin_utils._plan import Consequence
from ansible_collections.certfleet.pki.tests.support.planning import (
    DAY,
    NOW,
    installed,
    make_facts,
    make_plan,
    make_wanted,
    open_request,
    stored,
)

NOTHING = Observed(name="web", directory="/etc/certfleet/web", key_state="missing")
URL = "https://ca.example.com/why"
DUE = RenewalSuggestion(start=NOW - 2 * DAY, end=NOW - DAY, explanation_url=URL)


def codes(plan: t.Any) -> t.List[str]:
    return [reason.code for reason in plan.reasons]


def aged(**dates: t.Any) -> Observed:
    return installed(certificate=make_facts(**dates))


# Adoption and an unfinished switch


def test_adopts_what_fits() -> None:
    plan = make_plan(dataclasses.replace(NOTHING, adopt=stored()), make_wanted(adopt_from="/etc/letsencrypt/live/web"))
    assert (plan.consequence, plan.install_from, codes(plan)) == (Consequence.ADOPT, "adopted", ["missing"])
    assert plan.renew_at == NOW + 50 * DAY


@pytest.mark.parametrize(
    ("adopt", "wanted", "expected"),
    [
        (stored(certificate=make_facts(names=Names(dns=("a.test",)))), {}, ["missing", "names_differ"]),
        (stored(key_state="mismatch"), {}, ["missing", "key_mismatch"]),
        (stored(certificate=make_facts(not_after=NOW)), {}, ["missing", "expired"]),
        (stored(certificate=None, unreadable="It can't be read."), {}, ["missing", "unreadable"]),
        (stored(), {"force": True}, ["missing", "forced"]),
    ],
)
def test_orders_instead_of_adopting(adopt: t.Any, wanted: t.Mapping[str, t.Any], expected: t.List[str]) -> None:
    plan = make_plan(dataclasses.replace(NOTHING, adopt=adopt), make_wanted(key_rotate="never", **wanted))
    assert codes(plan) == expected
    assert (plan.consequence, plan.new_key) == (Consequence.ORDER, True)


def test_adoption_makes_an_open_request_needless() -> None:
    plan = make_plan(dataclasses.replace(NOTHING, adopt=stored(), pending=open_request()))
    assert (plan.consequence, plan.discard_request) == (Consequence.ADOPT, True)


def test_nothing_is_adopted_over_an_installed_certificate() -> None:
    assert make_plan(installed(adopt=stored())).consequence is Consequence.NOTHING


UNFINISHED = stored(record={"request_token": "f00d"})


@pytest.mark.parametrize("force", [False, True])
@pytest.mark.parametrize("observed", [NOTHING, installed(), aged(not_after=NOW)])
def test_finishes_an_interrupted_switch_without_an_order(observed: Observed, force: bool) -> None:
    left = dataclasses.replace(observed, unfinished=UNFINISHED, marker=True, pending=open_request())
    plan = make_plan(left, make_wanted(force=force))
    assert (plan.consequence, plan.install_from, plan.discard_request) == (Consequence.FINISH, "unfinished", False)
    assert codes(plan).count("not_live") == 1


def test_does_not_finish_with_a_certificate_that_is_wrong() -> None:
    wrong = dataclasses.replace(UNFINISHED, certificate=make_facts(not_after=NOW - DAY))
    plan = make_plan(dataclasses.replace(NOTHING, unfinished=wrong, pending=open_request()))
    assert (plan.consequence, plan.discard_request) == (Consequence.ORDER, True)
    assert make_plan(installed(unfinished=wrong, marker=True)).consequence is Consequence.REINSTALL


def test_finishing_keeps_another_request_that_is_still_wanted() -> None:
    other = dataclasses.replace(UNFINISHED, record={"request_token": "beef"})
    keeps = make_plan(installed(unfinished=other, pending=open_request()))
    drops = make_plan(installed(unfinished=other, pending=open_request(order_hash="another")))
    assert (keeps.consequence, keeps.discard_request) == (Consequence.FINISH, False)
    assert (drops.consequence, drops.discard_request) == (Consequence.FINISH, True)
