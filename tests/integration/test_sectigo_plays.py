# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Plays on a simulated Sectigo Certificate Manager."""

from __future__ import annotations

import pytest

from ansible_collections.certfleet.pki.tests.support.openbao_plays import operation
from ansible_collections.certfleet.pki.tests.support.playbooks import Site
from ansible_collections.certfleet.pki.tests.support.sectigo_simulator import SectigoSimulator
from ansible_collections.certfleet.pki.tests.support.tasks import certificate, named

CA = "{{ pki_authority }}"
CERTIFICATE = {"path": "{{ place }}/web/cert.pem"}


@pytest.fixture
def ca(tmp_path):
    with SectigoSimulator(tmp_path / "sectigo") as ca:
        yield ca


def test_the_life_of_a_certificate(ca, tmp_path):
    site = Site(tmp_path)
    tasks = [
        named("issue: check", certificate("", authority=CA), check_mode=True),
        certificate("issue", authority=CA, wait_timeout=5),
        certificate("issue: again", authority=CA),
        certificate("renew", authority=CA, force=True),
        operation("status", "certificate_status", CA, **CERTIFICATE),
        operation("revoke", "certificate_revoke", CA, reason="superseded", **CERTIFICATE),
        operation("revoke: again", "certificate_revoke", CA, **CERTIFICATE),
        certificate("too long", name="other", authority=CA, lifetime="400d"),
        operation("info", "authority_info", CA),
    ]
    ca.not_ready = 1
    played = site.play(tasks, verbosity=4, vars={"pki_authority": {"sectigo": ca.options()}})
    assert [failed[1] for failed in played.failures] == ["too long"]
    assert [one.task for one in played.results if one.changed] == ["issue: check", "issue", "renew", "revoke"]
    assert played["too long"].result["error"]["kind"] == "misconfigured"
    assert played["info"].result["authority_info"]["policy"]["max_lifetime"] == "365d"
    assert ca.orders[1001].follows == 1000 and len(ca.orders) == 2
    assert ca.password not in played.output


def test_an_approval_is_waited_for_over_several_runs(ca, tmp_path):
    site, option = Site(tmp_path), {"sectigo": ca.options()}
    tasks = [certificate("ask", authority=option, wait=False)]
    ca.approval = True
    first, second = site.play(tasks), site.play(tasks)
    assert first["ask"].certificate["status"] == second["ask"].certificate["status"] == "pending"
    assert "web.example.com CNAME Awaiting Validation" in str(second["ask"].certificate["reasons"])
    ca.approve(1000)
    assert site.play(tasks)["ask"].certificate["status"] == "issued"
    assert not site.play(tasks)["ask"].changed and len(ca.orders) == 1


def test_another_order_has_the_old_one_declined(ca, tmp_path):
    site, option = Site(tmp_path), {"sectigo": ca.options()}
    ca.approval = True
    site.play([certificate("ask", authority=option, wait=False)])
    changed = site.play([certificate("ask", authority=option, wait=False, dns_names=["www.example.com"])])
    assert changed["ask"].certificate["request_id"] == "1001"
    assert [order.status for order in ca.orders.values()] == ["Declined", "Requested"]


def test_a_wrong_certificate_and_a_lost_answer_leave_the_old_one_in_place(ca, tmp_path):
    site, option = Site(tmp_path), {"sectigo": ca.options()}
    more = [certificate("more", authority=option, dns_names=["web.example.com", "www.example.com"])]
    old = site.play([certificate("issue", authority=option)])["issue"].certificate["serial_number"]
    ca.drop(before=False, path="/enroll")
    lost = site.play(more)["more"]
    assert lost.result["error"]["kind"] == "unavailable" and lost.certificate["serial_number"] == old
    orders = ca.count("/enroll")
    found = site.play(more)["more"]
    assert found.changed and found.certificate["serial_number"] != old
    assert ca.count("/enroll") == orders
    ca.wrong_certificate = True
    wrong = site.play([certificate("wrong", authority=option, force=True)])["wrong"]
    assert wrong.result["error"]["kind"] == "bad_certificate"
    assert wrong.certificate["serial_number"] == found.certificate["serial_number"]
