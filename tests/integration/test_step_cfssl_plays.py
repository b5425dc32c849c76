# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One story in a play, with a real step-ca and a real cfssl: from the first certificate to its revocation."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.certfleet.pki.tests.support.cfssl_server import CfsslServer
from ansible_collections.certfleet.pki.tests.support.playbooks import Played, Site
from ansible_collections.certfleet.pki.tests.support.stepca_provisioners import StepProvisioners
from ansible_collections.certfleet.pki.tests.support.tasks import Task, named

Story = t.Tuple[Played, t.List[str]]


def tasks(authority: t.Any, bad: t.Any) -> list[Task]:
    def ensure(title: str, **options: t.Any) -> Task:
        usual = {
            "authority": authority,
            "name": "web",
            "dns_names": ["www.example.com"],
            "directory": "{{ place }}/web",
        }
        return {"name": title, "certfleet.pki.certificate": {**usual, **options}}

    def ask(name: str, module: str, **options: t.Any) -> Task:
        return {"name": name, f"certfleet.pki.{module}": {"authority": authority, **options}}

    there = "{{ place }}/web/cert.pem"
    return [
        named("check", ensure(""), check_mode=True),
        ensure("issue"),
        ensure("again"),
        ensure("revoked?", check_revocation=True),
        ask("status", "certificate_status", path=there),
        ask("retrieve", "certificate_retrieve", path=there),
        ask("info", "authority_info"),
        ensure("renew", force=True),
        ensure("too long", name="other", directory="{{ place }}/other", lifetime="90d"),
        ensure("wrong credentials", authority=bad, force=True),
        ask("memory", "certificate_request", dns_names=["app.example.com"], key={}, return_private_key=True),
        ensure("revoke", state="revoked", revoke_reason="superseded"),
        ensure("revoke again", state="revoked"),
    ]


def step_story(folder: t.Any) -> Story:
    with StepProvisioners(folder / "ca") as ca:
        options = ca.options()
        bad = ca.options(auth={"jwk": {"password": "wrong-Battery-staple"}})
        return Site(folder / "site").play(tasks({"step": options}, {"step": bad}), verbosity=4, diff=True), [
            ca.password,
            "wrong-Battery-staple",
        ]


def cfssl_story(folder: t.Any) -> Story:
    with CfsslServer(folder / "ca") as server:
        options, wrong = server.options(profile="web", auth_key=server.auth_key), "c0ffee" * 8
        bad = {**options, "auth_key": wrong}
        played = Site(folder / "site").play(tasks({"cfssl": options}, {"cfssl": bad}), verbosity=4, diff=True)
        return played, [server.auth_key, wrong]


@pytest.fixture(scope="module", params=[step_story, cfssl_story], ids=["step", "cfssl"])
def story(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Story:
    folder = tmp_path_factory.mktemp("story")
    (folder / "site").mkdir()
    return t.cast(Story, request.param(folder))


def test_check_mode_changes_nothing(story: Story) -> None:
    played, _secrets = story
    assert played["check"].changed
    assert "web" not in played["check"].disk


def test_issued_once(story: Story) -> None:
    played, _secrets = story
    assert played["issue"].certificate["action"] == "issued"
    assert played["issue"].certificate["warnings"] == []
    assert not played["again"].changed
    assert played["again"].certificate["serial_number"] == played["issue"].certificate["serial_number"]


def test_what_can_not_be_told_is_a_warning(story: Story) -> None:
    played, _secrets = story
    (warning,) = played["revoked?"].certificate["warnings"]
    assert "not known whether the certificate is revoked" in warning
    assert not played["revoked?"].changed


def test_status_and_retrieval_of_what_is_on_the_host(story: Story) -> None:
    played, _secrets = story
    assert played["status"].certificate["status"] == "unknown"
    assert "no CRL" in played["status"].certificate["reasons"][0]["detail"]
    assert played["retrieve"].certificate["certificate_pem"] == played["status"].certificate["certificate_pem"]
    assert played["retrieve"].certificate["chain_pem"].startswith("-----BEGIN CERTIFICATE-----")


def test_abilities_and_policy(story: Story) -> None:
    played, _secrets = story
    info = played["info"].result["authority_info"]
    assert info["abilities"] == ["chain", "policy", "revoke", "status"]
    assert info["policy"]["max_lifetime"] in ("1d", "7d", "1w")


def test_renewal_is_another_certificate(story: Story) -> None:
    played, _secrets = story
    old, new = played["issue"].certificate, played["renew"].certificate
    assert new["action"] == "renewed"
    assert new["replaced"]["serial_number"] == old["serial_number"]


def test_lifetime_is_checked_before_anything_is_sent(story: Story) -> None:
    played, _secrets = story
    assert played["too long"].result["error"]["kind"] == "misconfigured"
    assert "lifetime" in played["too long"].result["msg"]


def test_refused_credentials_leave_the_certificate_alone(story: Story) -> None:
    played, _secrets = story
    refused = played["wrong credentials"]
    assert refused.result["error"]["kind"] == "unauthorized"
    assert refused.certificate["serial_number"] == played["renew"].certificate["serial_number"]


def test_key_in_memory(story: Story) -> None:
    played, _secrets = story
    assert not played["memory"].failed


def test_revoked_and_removed(story: Story) -> None:
    played, _secrets = story
    assert played["revoke"].certificate["action"] == "revoked"
    assert not played["revoke again"].changed


def test_no_secret_is_shown(story: Story) -> None:
    played, secrets = story
    assert [secret for secret in secrets if secret in played.output] == []
    assert "eyJhbGciOi" not in played.output
    assert [failure[1] for failure in played.failures] == ["too long", "wrong credentials"]
