# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The single operations: what check mode says, what a run does, and what a second run does."""

from __future__ import annotations

import json
import typing as t

import pytest

from ansible_collections.certfleet.pki.plugins.module_utils._result import PEM_FIELDS, empty_result
from ansible_collections.certfleet.pki.tests.support.certificates import make_csr
from ansible_collections.certfleet.pki.tests.support.playbooks import Played, Site
from ansible_collections.certfleet.pki.tests.support.tasks import LOCAL, Task, authority, certificate, named, shell

CSR = make_csr(["web.example.com"], common_name="web.example.com").pem
ALL_KEYS = {*empty_result(), *PEM_FIELDS}
CA = {"local": {"path": "{{ place }}/ca"}}


def operation(task: str, name: str, **options: t.Any) -> Task:
    options.setdefault("authority", CA)
    return {"name": task, f"certfleet.pki.{name}": options}


def four(name: str, task: Task) -> t.List[Task]:
    """Return the task as check, run, check again, run again."""
    steps = ("check", "run", "check again", "run again")
    return [named(f"{name}: {step}", task, check_mode=step.startswith("check")) for step in steps]


class TestOperations:
    @pytest.fixture(scope="class")
    @classmethod
    def story(cls, tmp_path_factory: pytest.TempPathFactory) -> Played:
        serial = "{{ issued.certificate.serial_number }}"
        request = operation("", "certificate_request", csr=CSR)
        played = Site(tmp_path_factory.mktemp("operations")).play(
            [
                authority("manage"),
                *four("request", request),
                {**named("issued", request), "register": "issued"},
                *four("status", operation("", "certificate_status", serial_number=serial)),
                *four(
                    "retrieve", operation("", "certificate_retrieve", request_id="{{ issued.certificate.request_id }}")
                ),
                *four("info", operation("", "authority_info")),
                *four("revoke", operation("", "certificate_revoke", serial_number=serial, reason="key_compromise")),
                operation("status at the end", "certificate_status", certificate="{{ issued.certificate_pem }}"),
                certificate("web"),
                *four("revoke another", operation("", "certificate_revoke", path="{{ place }}/web/cert.pem")),
                operation("info at the end", "authority_info"),
            ]
        )
        assert played.failures == []
        return played

    def test_a_request_is_predicted_without_what_only_the_ca_knows(self, story: Played) -> None:
        for step in ("check", "check again"):
            predicted = story[f"request: {step}"]
            assert predicted.changed
            assert [predicted.result[field] for field in PEM_FIELDS] == [None] * 4
            assert predicted.certificate["dns_names"] == ["web.example.com"]
        assert story["request: check"].disk == story["manage"].disk

    def test_a_request_is_stateless(self, story: Played) -> None:
        assert story["request: run"].changed and story["request: run again"].changed
        assert len(story["request: run again"].disk["ca"]["certificates"]) == 2
        assert story["request: run"].certificate["action"] == "issued"
        assert story["request: run"].result["fullchain_pem"].count("BEGIN CERTIFICATE") == 2

    @pytest.mark.parametrize("name", ["status", "retrieve", "info"])
    def test_questions_change_nothing_and_are_answered_in_check_mode_too(self, story: Played, name: str) -> None:
        answers = [story[f"{name}: {step}"] for step in ("check", "run", "check again", "run again")]
        assert not any(answer.changed for answer in answers)
        assert len({json.dumps(answer.result, sort_keys=True) for answer in answers}) == 1
        assert {json.dumps(answer.disk) for answer in answers} == {json.dumps(story["issued"].disk)}

    @pytest.mark.parametrize("name", ["revoke", "revoke another"])
    def test_revoking_twice_is_no_change(self, story: Played, name: str) -> None:
        changes = [story[f"{name}: {step}"].changed for step in ("check", "run", "check again", "run again")]
        assert changes == [True, True, False, False]
        assert [story[f"{name}: {step}"].certificate["action"] for step in ("check", "run")] == ["revoked"] * 2

    def test_check_mode_revokes_nothing(self, story: Played) -> None:
        assert story["revoke: check"].disk == story["issued"].disk
        assert [revoked for _serial, revoked in story["revoke: run"].disk["ca"]["certificates"]] == [0, 0, 1]

    def test_the_status_afterwards(self, story: Played) -> None:
        assert story["status: run"].certificate["status"] == "issued"
        assert story["status at the end"].certificate["status"] == "revoked"

    @pytest.mark.parametrize("task", ["request: check", "request: run", "status: run", "retrieve: run", "revoke: run"])
    def test_all_keys_are_there(self, story: Played, task: str) -> None:
        assert set(story[task].certificate) == ALL_KEYS
        assert set(PEM_FIELDS) <= set(story[task].result)

    def test_what_the_ca_tells_about_itself(self, story: Played) -> None:
        info = story["info: run"].result["authority_info"]
        assert set(info) >= {"type", "chain_pem", "crl_urls", "abilities", "policy"}
        assert info["type"] == "local"
        assert info["chain_pem"].count("BEGIN CERTIFICATE") == 2
        assert info == story["info at the end"].result["authority_info"]


class TestPending:
    @pytest.fixture(scope="class")
    @classmethod
    def story(cls, tmp_path_factory: pytest.TempPathFactory) -> Played:
        by_id = {"request_id": "{{ asked.certificate.request_id }}"}
        key = {"key": {}, "dns_names": ["web.example.com"], "return_private_key": True}
        return Site(tmp_path_factory.mktemp("pending")).play(
            [
                authority("manual", approval="manual"),
                {**operation("ask", "certificate_request", csr=CSR, wait=False), "register": "asked"},
                operation("status", "certificate_status", **by_id),
                operation("retrieve", "certificate_retrieve", wait=False, **by_id),
                operation("key in memory", "certificate_request", wait=False, **key),
                authority("approve", approve=["{{ asked.certificate.request_id }}"]),
                operation("status later", "certificate_status", **by_id),
                operation("retrieve later", "certificate_retrieve", **by_id),
                {**operation("until", "certificate_status", **by_id), "register": "r", "retries": 1, "delay": 0,
                 "until": "r.certificate.status == 'issued'"},
            ]
        )  # fmt: skip

    @pytest.mark.parametrize("task", ["ask", "status", "retrieve"])
    def test_pending(self, story: Played, task: str) -> None:
        assert story[task].certificate["status"] == "pending"
        assert story[task].certificate["request_id"] == story["ask"].certificate["request_id"]
        assert story[task].result["certificate_pem"] is None

    @pytest.mark.parametrize("task", ["status later", "retrieve later", "until"])
    def test_issued(self, story: Played, task: str) -> None:
        assert not story[task].failed
        assert story[task].certificate["status"] == "issued"
        assert story[task].result["certificate_pem"].startswith("-----BEGIN CERTIFICATE")

    def test_a_key_in_memory_can_not_wait(self, story: Played) -> None:
        """Its request is taken back."""
        assert story["key in memory"].result["error"]["kind"] == "misconfigured"
        assert story["key in memory"].disk["ca"]["requests"][-1] == "cancelled"


BAD: t.Mapping[str, t.Tuple[str, t.Mapping[str, t.Any], str]] = {
    "no reference": ("certificate_status", {}, "misconfigured"),
    "two references": ("certificate_status", {"request_id": "1", "serial_number": "2"}, "misconfigured"),
    "an unknown request": ("certificate_status", {"request_id": "0" * 32}, "not_found"),
    "an unknown serial number": ("certificate_revoke", {"serial_number": "00:C0:FF:EE"}, "not_found"),
    "no serial number at all": ("certificate_revoke", {"serial_number": "xyz"}, "misconfigured"),
    "no certificate": ("certificate_status", {"certificate": "rubbish"}, "bad_certificate"),
    "a file that is not there": ("certificate_status", {"path": "/nonexistent.pem"}, "host"),
    "a CSR that is none": ("certificate_request", {"csr": "rubbish"}, "bad_certificate"),
    "a CSR and a key": ("certificate_request", {"csr": CSR, "key": {}}, "misconfigured"),
    "a key without leave to return it": (
        "certificate_request",
        {"key": {}, "dns_names": ["web.example.com"]},
        "misconfigured",
    ),
    "names beside a CSR": ("certificate_request", {"csr": CSR, "dns_names": ["web.example.com"]}, "misconfigured"),
    "another CA's certificate": ("certificate_revoke", {"path": "{{ place }}/web/cert.pem"}, "not_found"),
    "no CA there": ("authority_info", {"authority": {"local": {"path": "/nonexistent/ca"}}}, "misconfigured"),
    "no authority": ("authority_info", {"authority": {}}, "misconfigured"),
}


class TestBadInput:
    @pytest.fixture(scope="class")
    @classmethod
    def played(cls, tmp_path_factory: pytest.TempPathFactory) -> Played:
        tasks = [operation(name, module, **options) for name, (module, options, _kind) in BAD.items()]
        another = certificate("another CA", authority={"local": {**LOCAL["local"], "path": "{{ place }}/another"}})
        before = [authority("manage"), another, shell("before", "true")]
        return Site(tmp_path_factory.mktemp("bad")).play([*before, *tasks], verbosity=1)

    @pytest.mark.parametrize("name", BAD)
    def test_it_is_told(self, played: Played, name: str) -> None:
        result = played[name]
        assert result.failed and not result.changed
        assert result.result["error"]["kind"] == BAD[name][2]
        assert "\n" not in result.result["msg"]
        assert set(result.certificate) >= set(empty_result())
        assert result.disk == played["before"].disk

    def test_no_traceback(self, played: Played) -> None:
        assert "Traceback" not in played.output
