# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Properties of plans, for any wish and any damage."""

from __future__ import annotations

import dataclasses
import typing as t
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.certfleet.pki.plugins.module_utils._durations import RenewBefore
from ansible_collections.certfleet.pki.plugins.module_utils._model import KeyParameters, Names, RenewalSuggestion
from ansible_collections.certfleet.pki.plugins.module_utils._policy import Policy
from ansible_collections.certfleet.pki.plugins.module_utils._wanted import Wanted
from ansible_collections.certfleet.pki.plugins.plugin_utils._observed import Observed, OpenRequest, StoredSet
from ansible_collections.certfleet.pki.plugins.plugin_utils._order import install_record, order_hash
from ansible_collections.certfleet.pki.plugins.plugin_utils._plan import Consequence, Plan
from ansible_collections.certfleet.pki.plugins.plugin_utils._reasons import RULES
from ansible_collections.certfleet.pki.tests.support.planning import (
    AUTHORITY,
    NOW,
    make_facts,
    make_plan,
    make_wanted,
    record_for,
)

ORDERING = (Consequence.ORDER, Consequence.RESUME)
dns_names = st.lists(st.sampled_from(["a.test", "b.test", "*.c.test", "www.example.com"]), unique=True)
names = st.builds(
    lambda dns, ip: Names(dns=tuple(sorted(dns)), ip=tuple(ip)),
    dns_names,
    st.lists(st.sampled_from(["192.0.2.1", "2001:db8::1"]), unique=True),
).filter(bool)
keys = st.sampled_from(
    [KeyParameters("ecdsa", 256, "P-256"), KeyParameters("rsa", 3072), KeyParameters("ed25519", 256)]
)
usages = st.lists(st.sampled_from(["client_auth", "server_auth"]), unique=True).map(lambda some: tuple(sorted(some)))
moments = st.integers(-(10**7), 10**7).map(lambda count: NOW + timedelta(seconds=count))
wishes: st.SearchStrategy[Wanted] = st.builds(
    make_wanted,
    names=names,
    common_name=st.sampled_from([None, "a.test", "Someone"]),
    subject=st.sampled_from([(), (("organization", "Example"),), (("organizational_unit", "Web"),)]),
    key=keys,
    key_rotate=st.sampled_from(["always", "never"]),
    key_passphrase=st.sampled_from([None, "a long passphrase"]),
    extended_key_usage=usages,
    renew_before=st.sampled_from([None, RenewBefore(seconds=86400 * 30), RenewBefore(share=0.9)]),
    reissue_before=st.none() | moments,
    follow_authority=st.booleans(),
)
policies = st.lists(
    st.builds(
        Policy,
        source=st.just("policy"),
        restrictive=st.just(False),
        allowed_domains=st.sampled_from([None, ("*.test",)]),
        forbid_wildcards=st.booleans(),
        required_subject=st.sampled_from([None, {"organization": ()}]),
        max_lifetime=st.sampled_from([None, 86400, 86400 * 90]),
        allowed_authorities=st.sampled_from([None, (AUTHORITY,), ("local:/ca",)]),
    ),
    max_size=2,
)


@st.composite
def answers(draw: t.Any, wanted: Wanted) -> StoredSet:
    """What an unruly but honest CA could issue now: fields dropped, names added, backdated, any lifetime and chain."""
    backdated = draw(st.integers(0, 90000))
    facts = make_facts(
        wanted,
        common_name=draw(st.sampled_from([wanted.common_name, None])),
        subject_pairs=draw(st.sampled_from([wanted.subject, (), (("organization", "The CA"),)])),
        names=dataclasses.replace(wanted.names, uri=draw(st.sampled_from([(), ("spiffe://ca/x",)]))),
        extended_key_usage=tuple(sorted({*wanted.extended_key_usage, *draw(usages)})),
        not_before=NOW - timedelta(seconds=backdated),
        not_after=NOW + timedelta(seconds=draw(st.integers(5, 10**8))),
    )
    ends = draw(st.lists(st.integers(-(10**5), 10**9).filter(lambda end: end <= 0 or end > 5), max_size=2))
    chain = tuple(make_facts(not_after=NOW + timedelta(seconds=end)) for end in ends)
    record = install_record(
        wanted=wanted,
        order_hash=order_hash(wanted, AUTHORITY),
        facts=facts,
        authority="vault",
        authority_id=AUTHORITY,
        issued_at=NOW,
    )
    return StoredSet(certificate=facts, chain=chain, record=record)


def as_installed(stored: StoredSet) -> Observed:
    return Observed(**{field.name: getattr(stored, field.name) for field in dataclasses.fields(StoredSet)})


@given(data=st.data(), wanted=wishes)
def test_an_order_carried_out_leaves_nothing_to_do(data: t.Any, wanted: Wanted) -> None:
    issued = data.draw(answers(wanted))
    plan = make_plan(as_installed(issued), wanted)
    assert (plan.consequence, plan.reasons) == (Consequence.NOTHING, ())
    assert plan.renew_at > NOW


@given(data=st.data(), wanted=wishes, force=st.booleans())
def test_an_interrupted_install_is_finished_not_ordered_again(data: t.Any, wanted: Wanted, force: bool) -> None:
    issued = data.draw(answers(wanted))
    plan = make_plan(Observed(unfinished=issued), dataclasses.replace(wanted, force=force))
    assert plan.consequence is Consequence.FINISH


@given(data=st.data(), wanted=wishes)
def test_what_was_adopted_stays(data: t.Any, wanted: Wanted) -> None:
    adopt = dataclasses.replace(data.draw(answers(wanted)), record={})
    if make_plan(Observed(adopt=adopt), wanted).consequence is Consequence.ADOPT:
        record = record_for(wanted, adopt.certificate, authority=None, authority_id=None)
        assert make_plan(as_installed(dataclasses.replace(adopt, record=record)), wanted).reasons == ()


junk: st.SearchStrategy[t.Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.just("2026-11-22T12:00:00Z"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
record_fields = ["request", "authority_id", "issued_at", "installed_at", "suggestion", "revoked", "fingerprint_sha256"]
request_fields = ["dns_names", "ip_addresses", "subject", "common_name", "extended_key_usage", "key"]
records = st.one_of(
    st.just({}),
    st.builds(
        lambda record, request: {**record, "request": request},
        st.dictionaries(st.sampled_from(record_fields), junk),
        st.dictionaries(st.sampled_from(request_fields), junk),
    ),
    st.dictionaries(st.sampled_from(record_fields), junk),
    st.just(record_for(make_wanted(), make_facts())),
)
certificates = st.none() | st.builds(
    make_facts, names=names, key=keys, not_before=moments, not_after=moments, common_name=st.sampled_from([None, "x"])
)
sets = st.builds(
    StoredSet,
    certificate=certificates,
    unreadable=st.sampled_from([None, "It can't be read."]),
    chain=st.lists(st.builds(make_facts, not_after=moments), max_size=2).map(tuple),
    key_state=st.sampled_from(["ok", "missing", "unreadable", "encrypted", "mismatch", "??"]),
    record=records,
    altered=st.booleans(),
)
requests = st.builds(
    OpenRequest,
    order_hash=st.sampled_from(["other", order_hash(make_wanted(), AUTHORITY)]),
    status=st.sampled_from(["intent", "pending", "rejected", "??"]),
    request_id=st.sampled_from([None, "42"]),
    request_token=st.sampled_from([None, "f00d"]),
    public_key_sha256=st.sampled_from([None, "c" * 64, "d" * 64]),
    created_at=st.none() | moments,
)
hosts = st.builds(
    lambda installed, **rest: Observed(
        **{**dataclasses.asdict(as_installed(StoredSet())), **shallow(installed), **rest}
    ),
    sets,
    damaged=st.lists(st.sampled_from(["chain.pem", "combined.pem", "link:cert.pem"])).map(tuple),
    attributes=st.lists(st.dictionaries(st.sampled_from(["path", "is"]), st.text(max_size=3))).map(tuple),
    marker=st.booleans(),
    unfinished=st.none() | sets,
    pending=st.none() | requests,
    adopt=st.none() | sets,
)


def shallow(stored: StoredSet) -> t.Dict[str, t.Any]:
    return {field.name: getattr(stored, field.name) for field in dataclasses.fields(StoredSet)}


def draw_plan(data: t.Any) -> t.Tuple[Plan, Wanted, Observed]:
    wanted = data.draw(st.just(make_wanted()) | wishes)
    wanted = dataclasses.replace(wanted, force=data.draw(st.booleans()))
    observed = data.draw(hosts)
    suggestion = data.draw(st.none() | st.builds(RenewalSuggestion, start=moments, end=moments))
    ca_status = data.draw(st.sampled_from([None, "issued", "revoked", "unknown"]))
    plan = make_plan(observed, wanted, policies=data.draw(policies), suggestion=suggestion, ca_status=ca_status)
    return plan, wanted, observed


@given(data=st.data())
def test_any_damage_has_a_plan_that_makes_sense(data: t.Any) -> None:
    plan, wanted, observed = draw_plan(data)
    asked = [reason for reason in plan.reasons if reason.orders]
    assert {reason.code for reason in plan.reasons} <= set(RULES)
    assert len(plan.codes) == len(plan.reasons)
    assert (plan.consequence is Consequence.NOTHING) is (not plan.reasons)
    if plan.consequence is Consequence.ORDER:
        assert asked
        assert plan.new_key is (wanted.key_rotate == "always" or any(reason.rule.new_key for reason in asked))
    if plan.consequence in (Consequence.REINSTALL, Consequence.ATTRIBUTES, Consequence.WAIT):
        assert not asked
    if plan.consequence in (Consequence.RESUME, Consequence.REJECTED, Consequence.ORDER):
        open_one = observed.pending is not None
        assert plan.discard_request is (open_one and plan.consequence is Consequence.ORDER)
    if plan.consequence is Consequence.REINSTALL:
        assert observed.certificate is not None
    assert (plan.install_from is not None) is (plan.consequence in (*ORDERING, *IN_PLACE))


IN_PLACE = (Consequence.REINSTALL, Consequence.FINISH, Consequence.ADOPT)


@given(data=st.data())
def test_force_never_places_a_second_order_beside_a_pending_one(data: t.Any) -> None:
    observed = dataclasses.replace(data.draw(hosts), unfinished=None, adopt=None)
    wanted = make_wanted(force=True)
    request = OpenRequest(
        order_hash=order_hash(wanted, AUTHORITY), status="pending", request_id="42", public_key_sha256="d" * 64
    )
    assert make_plan(dataclasses.replace(observed, pending=request), wanted).consequence is Consequence.RESUME
