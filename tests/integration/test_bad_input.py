# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What users get wrong and what hosts lack: one sentence, the right kind, every key, nothing changed, no traceback."""

from __future__ import annotations

import dataclasses
import typing as t

import pytest

from ansible_collections.certfleet.pki.tests.support.failures import is_quiet, is_told_well
from ansible_collections.certfleet.pki.tests.support.playbooks import Played, Site
from ansible_collections.certfleet.pki.tests.support.tasks import Task, certificate, certificates, local, named, shell

LONG = "a" * 60


@dataclasses.dataclass(frozen=True)
class Bad:
    """Options that can't work, and what the message has to name."""

    options: t.Mapping[str, t.Any]
    told: str
    kind: str = "misconfigured"


OPTIONS: t.Mapping[str, Bad] = {
    "unknown authority": Bad({"authority": {"nonesuch": {}}}, "nonesuch"),
    "two authorities": Bad({"authority": {**local(), "vault": {"url": "https://vault.example.com"}}}, "vault"),
    "no authority": Bad({"authority": None}, "authority"),
    "an empty authority": Bad({"authority": {}}, "authority"),
    "an unknown option": Bad({"dns_name": "web.example.com"}, "dns_name"),
    "an unknown option of the CA": Bad({"authority": {"local": {"path": "/nonesuch", "url": "x"}}}, "url"),
    "no CA there": Bad({"authority": {"local": {"path": "{{ place }}/nonesuch"}}}, "nonesuch"),
    "no names": Bad({"dns_names": []}, "dns_names"),
    "a name that is too long": Bad({"dns_names": [f"{LONG}.{LONG}.{LONG}.{LONG}.{LONG}.example.com"]}, "253"),
    "a label that is too long": Bad({"dns_names": ["a" * 64 + ".example.com"]}, "63"),
    "illegal characters": Bad({"dns_names": ["web_server!.example.com"]}, "web_server!.example.com"),
    "a space in a name": Bad({"dns_names": ["web server.example.com"]}, "web server.example.com"),
    "an empty label": Bad({"dns_names": ["web..example.com"]}, "web..example.com"),
    "a misplaced wildcard": Bad({"dns_names": ["www.*.example.com"]}, "www.*.example.com"),
    "an address that is none": Bad({"ip_addresses": ["192.0.2.256"]}, "192.0.2.256"),
    "an e-mail address that is none": Bad({"email_addresses": ["nobody"]}, "nobody"),
    "a URI that is none": Bad({"uris": ["not a uri"]}, "not a uri"),
    "a common name that is too long": Bad({"common_name": f"{LONG}.example.com"}, "64"),
    "a lifetime of zero": Bad({"lifetime": "0d"}, "lifetime"),
    "a negative lifetime": Bad({"lifetime": "-1d"}, "lifetime"),
    "a lifetime without a unit": Bad({"lifetime": "90"}, "lifetime"),
    "renew_before longer than lifetime": Bad({"lifetime": "10d", "renew_before": "11d"}, "renew_before"),
    "renew_before that is nothing": Bad({"renew_before": "soon"}, "renew_before"),
    "reissue_before that is no time": Bad({"reissue_before": "yesterday"}, "reissue_before"),
    "an unknown usage": Bad({"extended_key_usage": ["everything"]}, "everything"),
    "an unknown subject field": Bad({"subject": {"colour": "blue"}}, "colour"),
    "a curve for RSA": Bad({"key": {"type": "rsa", "curve": "P-256"}}, "curve"),
    "a key that is too small": Bad({"key": {"type": "rsa", "size": 1024}}, "1024"),
    "an unknown key type": Bad({"key": {"type": "dsa"}}, "dsa"),
    "a mode that is none": Bad({"mode": "rw"}, "mode"),
    "a relative directory": Bad({"directory": "certificates"}, "certificates"),
    "a name with a slash": Bad({"name": "../web"}, "../web"),
    "anchors that are none": Bad({"trust_anchors": "no PEM"}, "trust_anchors"),
    "an unknown state": Bad({"state": "gone"}, "gone"),
    "a policy that can't be read": Bad({"policy": {"allowed_domain_patterns": ["("]}}, "allowed_domain_patterns"),
    "against the policy": Bad({"policy": {"allowed_domains": ["*.example.org"]}}, "web.example.com", "policy"),
}


class TestOptions:
    @pytest.fixture(scope="class")
    @classmethod
    def played(cls, tmp_path_factory: pytest.TempPathFactory) -> Played:
        tasks = [shell("before", "true")]
        for name, bad in OPTIONS.items():
            tasks += [
                certificate(name, **bad.options),
                named(f"{name}: check", certificate("", **bad.options), check_mode=True),
            ]
        return Site(tmp_path_factory.mktemp("options")).play(tasks, verbosity=1)

    @pytest.mark.parametrize("name", OPTIONS)
    @pytest.mark.parametrize("mode", ["", ": check"])
    def test_it_is_told(self, played: Played, name: str, mode: str) -> None:
        is_told_well(played[name + mode], OPTIONS[name].kind, OPTIONS[name].told)

    def test_nothing_was_changed(self, played: Played) -> None:
        assert {result.task: result.disk for result in played.results if result.disk != played["before"].disk} == {}

    def test_no_traceback(self, played: Played) -> None:
        is_quiet(played)


class TestLists:
    @pytest.fixture(scope="class")
    @classmethod
    def played(cls, tmp_path_factory: pytest.TempPathFactory) -> Played:
        same = {"name": "other", "directory": "{{ place }}/web"}
        raw = {"authority": local()}
        return Site(tmp_path_factory.mktemp("lists")).play(
            [
                certificates("one directory", {"name": "web"}, same),
                certificates("one name", {"name": "web"}, {"name": "web", "directory": "{{ place }}/elsewhere"}),
                certificate("the same directory later", **same),
                {"name": "no list", "certfleet.pki.certificates": {**raw, "certificates": "web"}},
                {"name": "no certificates", "certfleet.pki.certificates": raw},
                {"name": "not an option", "certfleet.pki.certificates": {**raw, "certificates": [], "force": True}},
                {"name": "async", "async": 10, "poll": 0, **_without_name(certificate(""))},
            ]
        )

    @pytest.mark.parametrize("task", ["one directory", "one name"])
    def test_the_second_is_refused_and_the_first_is_issued(self, played: Played, task: str) -> None:
        first, second = played[task].result["certificates"]
        assert first["action"] in ("issued", "none")
        assert second["error"]["kind"] == "misconfigured"
        assert second["msg"].endswith(".")

    def test_a_directory_of_another_name(self, played: Played) -> None:
        is_told_well(played["the same directory later"], "misconfigured", "web")
        assert played["the same directory later"].disk == played["one name"].disk

    @pytest.mark.parametrize("task", ["no list", "no certificates", "not an option"])
    def test_what_is_no_list(self, played: Played, task: str) -> None:
        assert played[task].failed
        assert played[task].result["error"]["kind"] == "misconfigured"
        assert played[task].result["certificates"] == []

    def test_async_is_refused(self, played: Played) -> None:
        assert played["async"].failed
        assert "async" in played["async"].result["msg"]


def _without_name(task: Task) -> Task:
    return {key: value for key, value in task.items() if key != "name"}
