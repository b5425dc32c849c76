# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import dataclasses
import itertools
import typing as t
from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.certfleet.pki.plugins.module_utils._chain import Chain, check_anchors, order_chain
from ansible_collections.certfleet.pki.plugins.module_utils._errors import BadCertificate
from ansible_collections.certfleet.pki.tests.support.certificates import CertificateAuthority

ROOT = CertificateAuthority("Root")
OUTER = CertificateAuthority("Outer", parent=ROOT)
ISSUING = CertificateAuthority("Issuing", parent=OUTER)
LEAF = ISSUING.issue(["www.example.com"]).pem

NAMESAKE = CertificateAuthority("Issuing", parent=OUTER)
STRANGER = CertificateAuthority("Stranger")
OTHER_ROOT = CertificateAuthority("Other Root")
CROSS = CertificateAuthority(
    "Root", parent=OTHER_ROOT, key=ROOT.key, not_after=datetime(2030, 1, 1, tzinfo=timezone.utc)
)
#: The same CA, issued twice: both certificates would do.
RENEWED = CertificateAuthority(
    "Issuing", parent=OUTER, key=ISSUING.key, not_after=datetime(2029, 1, 1, tzinfo=timezone.utc)
)
SIGNED_BY_NAMESAKE = NAMESAKE.issue(["other.example.com"]).pem


@given(st.permutations([ISSUING, OUTER, ROOT]), st.sampled_from([1, 2]))
@settings(max_examples=20, deadline=None)
def test_any_order_and_duplicates_give_the_chain(pool: t.List[CertificateAuthority], times: int) -> None:
    chain = order_chain(LEAF, [authority.pem for authority in pool] * times)
    assert chain == Chain((ISSUING.pem, OUTER.pem), (ROOT.pem,))


@given(
    st.permutations(
        [ISSUING.pem, OUTER.pem, ROOT.pem, NAMESAKE.pem, STRANGER.pem, CROSS.pem, OTHER_ROOT.pem, RENEWED.pem, LEAF]
    )
)
@settings(max_examples=50, deadline=None)
def test_what_does_not_belong_never_changes_the_chain(pool: t.List[str]) -> None:
    chain = order_chain(LEAF, pool)
    assert chain.chain == (ISSUING.pem, OUTER.pem)
    assert chain.roots[0] == ROOT.pem
    assert set(chain.roots) == {ROOT.pem, OTHER_ROOT.pem}
    assert sorted(chain.warnings) == [
        "The CA also sent CN=Issuing, which is no part of the chain; it was left out.",
        "The CA also sent CN=Stranger, which is no part of the chain; it was left out.",
    ]


@pytest.mark.parametrize("pool", list(itertools.permutations([ISSUING.pem, NAMESAKE.pem, OUTER.pem])))
def test_the_right_one_of_two_with_the_same_name_is_taken(pool: t.Tuple[str, ...]) -> None:
    assert order_chain(LEAF, pool).chain == (ISSUING.pem, OUTER.pem)
    assert order_chain(SIGNED_BY_NAMESAKE, pool).chain == (NAMESAKE.pem, OUTER.pem)


def test_without_the_root_the_cross_signed_certificate_continues_the_chain() -> None:
    chain = order_chain(LEAF, [CROSS.pem, OUTER.pem, ISSUING.pem])
    assert chain == Chain((ISSUING.pem, OUTER.pem, CROSS.pem), ())


def test_anchors_choose_between_cross_signed_chains() -> None:
    pool = [ROOT.pem, CROSS.pem, OTHER_ROOT.pem, OUTER.pem, ISSUING.pem]
    chain = order_chain(LEAF, pool, anchors=[OTHER_ROOT.pem])
    assert chain.chain == (ISSUING.pem, OUTER.pem, CROSS.pem)
    assert chain.roots == (OTHER_ROOT.pem, ROOT.pem)
    check_anchors(LEAF, chain.chain, chain.roots, [OTHER_ROOT.pem])


def test_of_two_certificates_of_one_ca_the_longer_lived_is_taken() -> None:
    assert order_chain(LEAF, [RENEWED.pem, ISSUING.pem, OUTER.pem]).chain[0] == ISSUING.pem


def test_a_root_that_issues_itself_is_chain_and_root() -> None:
    leaf = ROOT.issue(["a.example.com"]).pem
    assert order_chain(leaf, [ROOT.pem]) == Chain((ROOT.pem,), (ROOT.pem,))


def test_an_empty_pool_gives_an_empty_chain() -> None:
    assert order_chain(LEAF, []) == Chain((), ())
    assert order_chain(LEAF, [LEAF]) == Chain((), ())
    assert order_chain(ROOT.pem, [OUTER.pem]) == Chain((), ())


def test_one_text_may_hold_several_certificates() -> None:
    assert order_chain(LEAF, ["".join(ISSUING.chain_pem)]).chain == (ISSUING.pem, OUTER.pem)


def test_a_pool_without_the_issuer_is_refused() -> None:
    with pytest.raises(BadCertificate, match="does not hold the issuer"):
        order_chain(LEAF, [OUTER.pem, ROOT.pem, NAMESAKE.pem])


def test_unreadable_text_in_the_pool_is_refused() -> None:
    with pytest.raises(BadCertificate):
        order_chain(LEAF, [ISSUING.pem, "garbage"])


def test_a_certificate_that_is_no_ca_can_be_nobodys_issuer() -> None:
    rogue = CertificateAuthority("Rogue", parent=OUTER, is_ca=False)
    with pytest.raises(BadCertificate, match="does not hold the issuer"):
        order_chain(rogue.issue(["bank.example.com"]).pem, [rogue.pem, *OUTER.chain_pem])


def test_the_path_length_is_obeyed() -> None:
    narrow = CertificateAuthority("Narrow", parent=ROOT, path_length=0)
    below = CertificateAuthority("Below", parent=narrow)
    assert order_chain(narrow.issue(["a.example.com"]).pem, narrow.chain_pem).chain == (narrow.pem,)
    assert order_chain(below.issue(["a.example.com"]).pem, below.chain_pem).roots == ()


def test_a_mesh_of_cross_signed_certificates_takes_little_work() -> None:
    authorities = [CertificateAuthority(f"Mesh {number}") for number in range(7)]
    mesh = [
        CertificateAuthority(one.name, parent=other, key=one.key).pem
        for one in authorities
        for other in authorities
        if one is not other
    ]
    leaf = authorities[0].issue(["a.example.com"]).pem
    assert order_chain(leaf, mesh) == order_chain(leaf, reversed(mesh))


def test_a_flood_of_certificates_is_refused() -> None:
    with pytest.raises(BadCertificate, match="at most 64"):
        order_chain(LEAF, [CertificateAuthority(f"Flood {number}").pem for number in range(65)])


CHAIN = order_chain(LEAF, ISSUING.chain_pem)


@pytest.mark.parametrize("anchor", [ROOT, OUTER, ISSUING])
def test_any_ca_of_the_chain_is_an_anchor(anchor: CertificateAuthority) -> None:
    check_anchors(LEAF, CHAIN.chain, CHAIN.roots, [STRANGER.pem, anchor.pem])


def test_an_anchor_may_be_one_of_a_bundle() -> None:
    check_anchors(LEAF, CHAIN.chain, CHAIN.roots, [STRANGER.pem + ROOT.pem])


def test_an_anchor_that_the_ca_did_not_send_counts_when_it_signed_the_last_one() -> None:
    check_anchors(LEAF, CHAIN.chain, (), [ROOT.pem])
    check_anchors(ROOT.issue(["a.example.com"]).pem, (), (), [ROOT.pem])


@pytest.mark.parametrize("anchors", [[STRANGER.pem], [OTHER_ROOT.pem], [NAMESAKE.pem], []])
def test_a_chain_that_reaches_no_anchor_is_refused(anchors: t.List[str]) -> None:
    with pytest.raises(BadCertificate, match="does not reach any of trust_anchors"):
        check_anchors(LEAF, CHAIN.chain, CHAIN.roots, anchors)


def test_an_anchor_put_into_a_foreign_chain_does_not_help() -> None:
    stranger = STRANGER.issue(["bank.example.com"]).pem
    with pytest.raises(BadCertificate, match="did not sign"):
        check_anchors(stranger, (ROOT.pem,), (ROOT.pem,), [ROOT.pem])
    with pytest.raises(BadCertificate, match="does not reach"):
        check_anchors(stranger, (STRANGER.pem,), (ROOT.pem,), [ROOT.pem])


def test_the_order_does_not_depend_on_the_clock() -> None:
    old = datetime.now(timezone.utc) - timedelta(days=800)
    expired = CertificateAuthority("Expired", parent=ROOT, not_before=old, not_after=old + timedelta(days=1))
    leaf = expired.issue(["a.example.com"]).pem
    assert dataclasses.astuple(order_chain(leaf, expired.chain_pem))[0] == (expired.pem,)
