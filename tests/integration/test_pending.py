# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Requests that somebody has to approve: pending, resumed, denied, cancelled. Both ways to the host."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.certfleet.pki.tests.support.matrix import comparable
from ansible_collections.certfleet.pki.tests.support.playbooks import BOTH_WAYS, Played, Site, TaskResult
from ansible_collections.certfleet.pki.tests.support.tasks import Task, authority, certificate, local, named

CA = {"local": {"path": "{{ place }}/ca"}}
TWO_NAMES = {"dns_names": ["web.example.com", "www.example.com"]}
MANUAL = authority("manual", approval="manual")


def ask(task: str, **options: t.Any) -> Task:
    """Ask without waiting for whoever approves."""
    return certificate(task, **{"authority": CA, "wait": False, **options})


def decide(task: str, request: str, decision: str = "approve", **options: t.Any) -> Task:
    """Decide on the request of an earlier task, which was registered under its name."""
    return authority(task, **{decision: [f"{{{{ {request}.certificate.request_id }}}}"], **options})


def kept(task: Task) -> Task:
    """Register the task's result under its name."""
    return {**task, "register": task["name"]}


def requests(result: TaskResult, ca: str = "ca") -> t.List[str]:
    return list(result.disk[ca]["requests"])


def story_of(tmp_path_factory: pytest.TempPathFactory, tasks: t.Sequence[Task]) -> Played:
    return Site(tmp_path_factory.mktemp("pending"), BOTH_WAYS).play(tasks)


def by_host(played: Played) -> t.List[Played]:
    return [played.on(host) for host in BOTH_WAYS]


class TestApproved:
    @pytest.fixture(scope="class")
    @classmethod
    def played(cls, tmp_path_factory: pytest.TempPathFactory) -> Played:
        played = story_of(
            tmp_path_factory,
            [
                MANUAL,
                named("first: check", ask(""), check_mode=True),
                kept(ask("first")),
                named("second: check", ask(""), check_mode=True),
                ask("second"),
                ask("forced", force=True),
                decide("approve", "first"),
                named("resume: check", ask(""), check_mode=True),
                ask("resume"),
                ask("again"),
            ],
        )
        assert played.failures == []
        return played

    @pytest.fixture(params=sorted(BOTH_WAYS))
    def story(self, played: Played, request: pytest.FixtureRequest) -> Played:
        return played.on(request.param)

    def test_the_first_run_is_pending_and_changed(self, story: Played) -> None:
        first = story["first"]
        assert first.changed
        assert (first.certificate["action"], first.certificate["status"]) == ("pending", "pending")
        assert first.certificate["request_id"]
        assert requests(first) == ["pending"]

    def test_it_is_not_known_beforehand_whether_it_will_pend(self, story: Played) -> None:
        assert story["first: check"].changed
        assert requests(story["first: check"]) == []
        assert story["first: check"].disk == story["manual"].disk

    @pytest.mark.parametrize("task", ["second: check", "second", "forced"])
    def test_no_second_order(self, story: Played, task: str) -> None:
        assert not story[task].changed
        assert story[task].certificate["action"] == "pending"
        assert story[task].certificate["request_id"] == story["first"].certificate["request_id"]
        assert "pending_request" in story[task].codes
        assert requests(story[task]) == ["pending"]

    def test_after_approval_it_is_resumed(self, story: Played) -> None:
        assert story["resume: check"].changed and story["resume"].changed
        assert story["resume: check"].certificate["action"] == story["resume"].certificate["action"] == "resumed"
        assert story["resume: check"].disk == story["approve"].disk
        assert story["resume"].certificate["status"] == "issued"
        assert len(story["resume"].disk["ca"]["certificates"]) == 1
        assert requests(story["resume"]) == ["issued"]

    def test_then_there_is_nothing_more_to_do(self, story: Played) -> None:
        assert not story["again"].changed
        assert story["again"].disk == story["resume"].disk

    def test_both_ways_give_the_same(self, played: Played) -> None:
        one, other = ([comparable(r) for r in part.results if "manual" not in r.task] for part in by_host(played))
        assert one == other


class TestDenied:
    @pytest.fixture(scope="class")
    @classmethod
    def played(cls, tmp_path_factory: pytest.TempPathFactory) -> Played:
        return story_of(
            tmp_path_factory,
            [
                MANUAL,
                kept(ask("first")),
                decide("deny", "first", "deny", deny_reason="Ask your manager."),
                named("denied: check", ask(""), check_mode=True),
                ask("denied"),
                named("still: check", ask(""), check_mode=True),
                ask("still denied"),
                kept(ask("changed", **TWO_NAMES)),
                decide("deny again", "changed", "deny", deny_reason="No."),
                ask("denied again", **TWO_NAMES),
                ask("forced", force=True, **TWO_NAMES),
            ],
        )

    @pytest.fixture(params=sorted(BOTH_WAYS))
    def story(self, played: Played, request: pytest.FixtureRequest) -> Played:
        return played.on(request.param)

    @pytest.mark.parametrize("task", ["denied: check", "denied", "still: check", "still denied"])
    def test_it_stays_rejected_with_the_reason(self, story: Played, task: str) -> None:
        result = story[task]
        assert result.failed and not result.changed
        assert result.result["error"]["kind"] == "rejected"
        assert result.result["error"]["authority"] == "local"
        assert "rejected: Ask your manager;" in result.result["msg"]
        assert result.certificate["status"] == "rejected"
        assert requests(result) == ["denied"]

    def test_a_change_asks_again(self, story: Played) -> None:
        assert story["changed"].certificate["action"] == "pending"
        assert requests(story["changed"]) == ["denied", "pending"]

    def test_force_asks_again(self, story: Played) -> None:
        assert story["denied again"].result["error"]["kind"] == "rejected"
        assert story["forced"].certificate["action"] == "pending"
        assert requests(story["forced"]) == ["denied", "denied", "pending"]


class TestChangedWhilePending:
    @pytest.fixture(scope="class")
    @classmethod
    def story(cls, tmp_path_factory: pytest.TempPathFactory) -> Played:
        absent = {"state": "absent", "dns_names": None}
        played = Site(tmp_path_factory.mktemp("changed")).play(
            [
                MANUAL,
                ask("first"),
                named("changed: check", ask("", **TWO_NAMES), check_mode=True),
                ask("changed", **TWO_NAMES),
                ask("other CA", authority=local("other"), **TWO_NAMES),
                ask("renewal", force=True),
                named("absent: check", ask("", **absent), check_mode=True),
                ask("absent", **absent),
                ask("absent: again", **absent),
            ]
        )
        assert played.failures == []
        return played

    def test_the_open_request_for_something_else_is_cancelled(self, story: Played) -> None:
        assert requests(story["changed: check"]) == ["pending"]
        assert requests(story["changed"]) == ["cancelled", "pending"]

    def test_another_ca_gets_a_request_of_its_own(self, story: Played) -> None:
        assert story["other CA"].certificate["action"] == "issued"
        assert requests(story["other CA"], "other") == ["issued"]

    def test_a_renewal_pends_beside_the_certificate_in_place(self, story: Played) -> None:
        certificate = story["renewal"].certificate
        assert (certificate["action"], certificate["status"]) == ("pending", "issued")
        assert certificate["serial_number"] == story["other CA"].certificate["serial_number"]

    def test_absent_cancels_the_open_request(self, story: Played) -> None:
        assert story["absent: check"].disk == story["renewal"].disk
        assert requests(story["absent"])[-1] == "cancelled"
        assert not story["absent: again"].changed


def test_absent_with_nothing_but_an_open_request(site: Site) -> None:
    gone = {"state": "absent", "dns_names": None}
    played = site.play(
        [
            MANUAL,
            ask("ask"),
            named("check", ask("", **gone), check_mode=True),
            ask("absent", **gone),
            ask("again", **gone),
        ]
    )
    assert played.failures == []
    assert played["check"].changed and requests(played["check"]) == ["pending"]
    assert played["absent"].changed and requests(played["absent"]) == ["cancelled"]
    assert not [path for path in played["absent"].disk if path.startswith("web")]
    assert not played["again"].changed


def test_waiting_ends_with_the_timeout_and_the_next_run_goes_on(site: Site) -> None:
    played = site.play([MANUAL, kept(ask("wait", wait=True, wait_timeout=1)), decide("approve", "wait"), ask("next")])
    assert played.failures == []
    assert played["wait"].certificate["action"] == "pending"
    assert played["next"].certificate["action"] == "resumed"
