# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Plays on a simulated EJBCA."""

from __future__ import annotations

import pytest

from ansible_collections.certfleet.pki.tests.support.ejbca_simulator import EjbcaSimulator
from ansible_collections.certfleet.pki.tests.support.openbao_plays import operation
from ansible_collections.certfleet.pki.tests.support.playbooks import Site
from ansible_collections.certfleet.pki.tests.support.tasks import certificate, named

CA = "{{ pki_authority }}"
CERTIFICATE = {"path": "{{ place }}/web/cert.pem"}


@pytest.fixture
def ca(tmp_path):
    with EjbcaSimulator(tmp_path / "ejbca") as ca:
        yield ca


def test_the_life_of_a_certificate(ca, tmp_path):
    site = Site(tmp_path)
    tasks = [
        named("issue: check", certificate("", authority=CA), check_mode=True),
        certificate("issue", authority=CA),
        certificate("issue: again", authority=CA),
        operation("status", "certificate_status", CA, **CERTIFICATE),
        operation("revoke", "certificate_revoke", CA, reason="superseded", **CERTIFICATE),
        operation("revoke: again", "certificate_revoke", CA, **CERTIFICATE),
        certificate("renew", authority=CA, check_revocation=True),
        certificate("wrong key", name="other", authority=CA, key={"type": "ed25519"}),
        operation("info", "authority_info", CA),
    ]
    option = {"ejbca": ca.options(auth=ca.oauth())}
    played = site.play(tasks, verbosity=4, vars={"pki_authority": option})
    assert [failed[1] for failed in played.failures] == ["wrong key"]
    assert [one.task for one in played.results if one.changed] == ["issue: check", "issue", "revoke", "renew"]
    assert played["wrong key"].result["error"]["kind"] == "policy"
    assert played["renew"].codes == ["revoked"]
    assert played["info"].result["authority_info"]["policy"]["key_types"]
    assert len(ca.issued) == 2
    assert ca.client_secret not in played.output and not any(token in played.output for token in ca.tokens)
    assert not any(code in played.output for code in ca.passwords.values())


def test_on_hold_and_off(ca, tmp_path):
    def revoke(name: str, reason: str, **keywords: object) -> dict:
        return named(name, operation("", "certificate_revoke", CA, reason=reason, **CERTIFICATE), **keywords)

    tasks = [
        certificate("issue", authority=CA),
        revoke("hold", "certificate_hold"),
        revoke("hold: again", "certificate_hold"),
        revoke("off: check", "remove_from_crl", check_mode=True),
        revoke("off", "remove_from_crl"),
        revoke("off: again", "remove_from_crl"),
        revoke("off: check again", "remove_from_crl", check_mode=True),
        operation("status", "certificate_status", CA, **CERTIFICATE),
    ]
    played = Site(tmp_path).play(tasks, vars={"pki_authority": {"ejbca": ca.options()}})
    assert played.failures == []
    assert [one.task for one in played.results if one.changed] == ["issue", "hold", "off: check", "off"]
    told = {one.task: one.certificate["status"] for one in played.results}
    assert told["hold"] == told["hold: again"] == "revoked"
    assert told["off"] == told["off: again"] == told["status"] == "issued"


def test_an_approval_is_waited_for_over_several_runs(ca, tmp_path):
    site, option = Site(tmp_path), {"ejbca": ca.options()}
    tasks = [certificate("ask", authority=option, wait=False)]
    ca.approval = True
    first, second = site.play(tasks), site.play(tasks)
    assert first["ask"].certificate["status"] == second["ask"].certificate["status"] == "pending"
    assert "pending_request" in second["ask"].codes and ca.count("/pkcs10enroll") == 1
    ca.approve("1000000")
    third = site.play(tasks)
    assert third["ask"].certificate["status"] == "issued" and third["ask"].changed
    assert not site.play(tasks)["ask"].changed and len(ca.issued) == 1


def test_a_wrong_certificate_and_a_lost_answer_leave_the_old_one_in_place(ca, tmp_path):
    site, option = Site(tmp_path), {"ejbca": ca.options()}
    more = [certificate("more", authority=option, dns_names=["web.example.com", "www.example.com"])]
    old = site.play([certificate("issue", authority=option)])["issue"].certificate["serial_number"]
    ca.drop(before=False, path="/pkcs10enroll")
    lost = site.play(more)["more"]
    assert lost.result["error"]["kind"] == "unavailable" and lost.certificate["serial_number"] == old
    orders = ca.count("/pkcs10enroll")
    found = site.play(more)["more"]
    assert found.changed and found.certificate["serial_number"] != old
    assert ca.count("/pkcs10enroll") == orders
    ca.wrong_certificate = True
    wrong = site.play([certificate("wrong", authority=option, force=True)])["wrong"]
    assert wrong.result["error"]["kind"] == "bad_certificate"
    assert wrong.certificate["serial_number"] == found.certificate["serial_number"]
