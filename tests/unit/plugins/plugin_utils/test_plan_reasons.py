# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Each reason code: when it arises, what follows, and what becomes of the key."""

from __future__ import annotations

import dataclasses
import typing as t

import pytest

from ansible_collections.certfleet.pki.plugins.module_utils._model import KeyParameters, Names, RenewalSuggestion
from ansible_collections.certfleet.pki.plugins.module_utils._policy import Policy
from ansible_collections.certfleet.pki.plugins.plugin_utils._observed import Observed
from ansible_collections.certfleet.pki.plugins.plugin_utils._plan import Consequence
from ansible_collections.certfleet.pki.plugins.plugin_utils._reasons import RULES
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
URL = "https://ca.example.com/why"
DUE = RenewalSuggestion(start=NOW - 2 * DAY, end=NOW - DAY, explanation_url=URL)
RSA = KeyParameters("rsa", 2048)


def codes(plan: t.Any) -> t.List[str]:
    return [reason.code for reason in plan.reasons]


@dataclasses.dataclass
class Situation:
    """One way to meet a reason."""

    observed: Observed
    wanted: t.Mapping[str, t.Any] = dataclasses.field(default_factory=dict)
    asked: t.Mapping[str, t.Any] = dataclasses.field(default_factory=dict)

    def plan(self, **wanted: t.Any) -> t.Any:
        return make_plan(self.observed, make_wanted(**{**self.wanted, **wanted}), **self.asked)


def aged(**dates: t.Any) -> Observed:
    return installed(certificate=make_facts(**dates))


NEW_KEY = {
    "missing": Situation(NOTHING),
    "unreadable": Situation(Observed(unreadable="The certificate can't be read.")),
    "unreadable key": Situation(installed(key_state="unreadable")),
    "key_missing": Situation(installed(key_state="missing")),
    "key_mismatch": Situation(installed(key_state="mismatch")),
    "key_encrypted": Situation(installed(key_state="encrypted")),
    "key_type_differs": Situation(installed(), {"key": RSA}),
    "key_type_differs (size)": Situation(installed(make_wanted(key=RSA)), {"key": KeyParameters("rsa", 3072)}),
    "key_type_differs (curve)": Situation(installed(), {"key": KeyParameters("ecdsa", 384, "P-384")}),
    "revoked": Situation(installed(), asked={"ca_status": "revoked"}),
    "revoked (recorded)": Situation(installed(record={"revoked": True})),
    "issued_before": Situation(installed(), {"reissue_before": NOW - DAY}),
    "forced": Situation(installed(), {"force": True}),
}
KEY_BY_ROTATE = {
    "names_differ": Situation(installed(), {"names": Names(dns=("www.example.com", "x.example.com"))}),
    "subject_differs": Situation(installed(), {"subject": (("organization", "Example"),)}),
    "subject_differs (CN)": Situation(installed(), {"common_name": None}),
    "usage_differs": Situation(installed(), {"extended_key_usage": ("client_auth",)}),
    "expired": Situation(aged(not_after=NOW)),
    "expiring": Situation(aged(not_before=NOW - 65 * DAY, not_after=NOW + 25 * DAY)),
    "authority_suggests": Situation(installed(), asked={"suggestion": DUE}),
    "chain_expiring": Situation(installed(chain=(make_facts(not_after=NOW + 5 * DAY),))),
    "issuer_differs": Situation(installed(), {"follow_authority": True}, {"authority_identity": "local:/ca"}),
    "policy_violation": Situation(
        installed(), asked={"policies": [Policy(source="policy", allowed_domains=("*.test",))]}
    ),
}
NO_ORDER = {
    "pending_request": (Situation(installed(pending=open_request())), Consequence.RESUME),
    "not_yet_valid": (Situation(aged(not_before=NOW + DAY)), Consequence.WAIT),
    "files_differ": (Situation(installed(damaged=("combined.pem",))), Consequence.REINSTALL),
    "files_differ (link)": (Situation(installed(damaged=("link:chain.pem",))), Consequence.REINSTALL),
    "chain_differs": (Situation(installed(damaged=("chain.pem",))), Consequence.REINSTALL),
    "not_live": (Situation(installed(marker=True)), Consequence.REINSTALL),
    "attributes_differ": (
        Situation(installed(attributes=({"path": "/k", "attribute": "mode", "is": "0644", "should": "0600"},))),
        Consequence.ATTRIBUTES,
    ),
}


def code_of(title: str) -> str:
    return title.split(" ", maxsplit=1)[0]


def test_every_code_has_a_situation_here() -> None:
    assert {code_of(title) for title in (*NEW_KEY, *KEY_BY_ROTATE, *NO_ORDER)} == set(RULES)


@pytest.mark.parametrize("rotate", ["always", "never"])
@pytest.mark.parametrize("title", NEW_KEY)
def test_orders_with_a_new_key_whatever_rotate_says(title: str, rotate: str) -> None:
    plan = NEW_KEY[title].plan(key_rotate=rotate)
    assert codes(plan) == [code_of(title)]
    assert (plan.consequence, plan.new_key, plan.install_from) == (Consequence.ORDER, True, "request")


@pytest.mark.parametrize(("rotate", "new_key"), [("always", True), ("never", False)])
@pytest.mark.parametrize("title", KEY_BY_ROTATE)
def test_orders_with_the_key_that_rotate_says(title: str, rotate: str, new_key: bool) -> None:
    plan = KEY_BY_ROTATE[title].plan(key_rotate=rotate)
    assert codes(plan) == [code_of(title)]
    assert (plan.consequence, plan.new_key) == (Consequence.ORDER, new_key)


@pytest.mark.parametrize("title", NO_ORDER)
def test_orders_nothing(title: str) -> None:
    situation, consequence = NO_ORDER[title]
    plan = situation.plan()
    assert codes(plan) == [code_of(title)]
    assert plan.consequence is consequence


@pytest.mark.parametrize("title", [*NEW_KEY, *KEY_BY_ROTATE])
def test_every_reason_says_something_about_the_case(title: str) -> None:
    plan = {**NEW_KEY, **KEY_BY_ROTATE}[title].plan()
    assert all(reason.detail.strip() for reason in plan.reasons)


def test_nothing_to_do() -> None:
    plan = make_plan(installed())
    assert (plan.consequence, plan.reasons, plan.new_key, plan.install_from) == (Consequence.NOTHING, (), False, None)
    assert plan.renew_at == NOW + 50 * DAY


def test_all_reasons_are_listed_and_the_strongest_wins() -> None:
    observed = installed(
        certificate=make_facts(not_before=NOW - 89 * DAY, not_after=NOW + DAY), damaged=("combined.pem",), marker=True
    )
    plan = make_plan(observed, make_wanted(names=Names(dns=("other.example.com",)), key_rotate="never"))
    assert codes(plan) == ["names_differ", "expiring", "not_live", "files_differ"]
    assert (plan.consequence, plan.repair) == (Consequence.ORDER, Consequence.REINSTALL)


def test_one_reason_for_a_new_key_is_enough() -> None:
    plan = make_plan(installed(key_state="missing"), make_wanted(names=Names(dns=("b.test",)), key_rotate="never"))
    assert plan.new_key


def test_a_broken_set_is_not_repaired_before_the_order() -> None:
    assert make_plan(installed(key_state="mismatch", damaged=("combined.pem",))).repair is Consequence.NOTHING


def test_a_key_encrypted_as_wanted_is_fine() -> None:
    observed = installed(key_state="encrypted")
    assert make_plan(observed, make_wanted(key_passphrase="a long passphrase")).consequence is Consequence.NOTHING
