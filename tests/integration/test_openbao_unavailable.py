# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A real OpenBao that is away: what is in place stays, and the error says that it is worth another try."""

from __future__ import annotations

import datetime
import itertools
import typing as t

import pytest

from ansible_collections.certfleet.pki.tests.support.certificates import DAY, CertificateAuthority
from ansible_collections.certfleet.pki.tests.support.openbao import OpenBao
from ansible_collections.certfleet.pki.tests.support.openbao_plays import operation, vault
from ansible_collections.certfleet.pki.tests.support.playbooks import Played, Site, TaskResult
from ansible_collections.certfleet.pki.tests.support.tasks import Task, certificate, named, shell

TIMEOUT = 2


def files_below(result: TaskResult, name: str) -> t.Dict[str, t.Any]:
    """Return what is in a certificate's directory but for a lock and an open request."""
    beside = ("", ".lock", "pending")
    parts = ((path.partition("/")[2], entry) for path, entry in result.disk.items() if path.split("/")[0] == name)
    return {path: entry for path, entry in parts if path.split("/")[0] not in beside}


@pytest.mark.slow
class TestUnavailable:
    """Stopped, sealed, hanging: three plays on the same host, one after the other, and one when all is well again."""

    STATES = ("stopped", "sealed", "hanging")
    WARN: t.ClassVar = {"on_unavailable": "warn"}
    #: task: options of the certificate; what fails has the kind "unavailable"
    GO_ON: t.ClassVar[t.Mapping[str, t.Mapping[str, t.Any]]] = {
        "due, warn": {"name": "due", **WARN},
        "fresh": {"name": "fresh"},
        "fresh, is it revoked?": {"name": "fresh", "check_revocation": True, **WARN},
    }
    FAIL: t.ClassVar[t.Mapping[str, t.Mapping[str, t.Any]]] = {
        "due": {"name": "due"},
        "due, warn, other names": {"name": "due", "dns_names": ["www.example.com"], **WARN},
        "expired, warn": {"name": "expired", **WARN},
        "first, warn": {"name": "first", **WARN},
        "fresh, revoked?": {"name": "fresh", "check_revocation": True},
    }
    WARNS = ("due, warn", "fresh, is it revoked?")

    @pytest.fixture(scope="class")
    @classmethod
    def stories(cls, tmp_path_factory: pytest.TempPathFactory) -> t.Dict[str, Played]:
        directory = tmp_path_factory.mktemp("unavailable")
        site = Site(directory)
        stories = {"before": site.play([cls._installed(), shell("disk", "true")])}
        assert stories["before"].failures == []
        with OpenBao(directory / "gone") as gone:
            there = vault(gone, timeout=TIMEOUT, retries=1)
        stories["stopped"] = site.play(cls._tasks(there))
        with OpenBao(directory / "openbao") as server:
            there = vault(server, timeout=TIMEOUT, retries=1)
            with server.sealed():
                stories["sealed"] = site.play(cls._tasks(there))
            with server.paused():
                stories["hanging"] = site.play(cls._tasks(there))
            tasks = [certificate(name, name=name, authority=there) for name in ("first", "due")]
            stories["afterwards"] = site.play([*tasks, *(named(f"{task['name']}: again", task) for task in tasks)])
        return stories

    @staticmethod
    def _installed() -> Task:
        ca, now, sets = CertificateAuthority("By Hand"), datetime.datetime.now(datetime.timezone.utc), []
        for name, ago, left in (("due", 80, 10), ("fresh", 10, 80), ("expired", 91, -1)):
            dates = {"not_before": now - ago * DAY, "not_after": now + left * DAY}
            made = ca.issue([f"{name}.example.com"], common_name=f"{name}.example.com", **dates)
            place = {"name": name, "directory": f"{{{{ place }}}}/{name}"}
            sets.append({**place, "certificate": made.pem, "chain": ca.pem, "private_key": made.key_pem})
        return {"name": "install", "certfleet.pki.certificate_store": {"certificates": sets}}

    @classmethod
    def _tasks(cls, there: t.Mapping[str, t.Any]) -> t.List[Task]:
        tasks = [shell("start", "date +%s%N")]
        for task, options in {**cls.GO_ON, **cls.FAIL}.items():
            tasks += [certificate(task, authority=there, **options), shell(f"{task}: end", "date +%s%N")]
        return [*tasks, operation("status", "certificate_status", there, serial_number="00c0ffee")]

    @pytest.fixture(params=STATES)
    def story(self, stories: t.Dict[str, Played], request: pytest.FixtureRequest) -> Played:
        return stories[request.param]

    @pytest.mark.parametrize("task", GO_ON)
    def test_a_valid_certificate_is_enough(self, story: Played, task: str) -> None:
        assert not story[task].failed, story[task].result
        assert not story[task].changed
        warnings = story[task].result.get("warnings", [])
        assert len(warnings) == (1 if task in self.WARNS else 0)
        assert story[task].certificate["warnings"] == warnings
        assert [warning for warning in warnings if not warning.startswith(f"{self.GO_ON[task]['name']}: ")] == []

    @pytest.mark.parametrize("task", [*FAIL, "status"])
    def test_otherwise_it_is_an_error_to_try_again(self, story: Played, task: str) -> None:
        assert story[task].failed
        error = story[task].result["error"]
        assert (error["kind"], error["retryable"], error["authority"]) == ("unavailable", True, "vault")
        assert story[task].result["msg"].endswith(".")
        assert not story[task].changed

    @pytest.mark.parametrize("task", [*GO_ON, *FAIL])
    def test_nothing_is_changed_on_disk(self, stories: t.Dict[str, Played], story: Played, task: str) -> None:
        name = {**self.GO_ON, **self.FAIL}[task]["name"]
        assert files_below(story[task], name) == files_below(stories["before"]["disk"], name)

    @pytest.mark.parametrize("task", [*GO_ON, *FAIL])
    def test_in_time(self, story: Played, task: str) -> None:
        moments = [int(result.result["stdout"]) for result in story.results if "stdout" in result.result]
        tasks = [*self.GO_ON, *self.FAIL]
        lasted = {name: (end - start) / 1e9 for name, (start, end) in zip(tasks, itertools.pairwise(moments))}
        assert lasted[task] < 3 * TIMEOUT + 6

    def test_the_next_run_goes_on_with_the_key_that_was_made(self, stories: t.Dict[str, Played]) -> None:
        story = stories["afterwards"]
        assert story.failures == []
        assert story["first"].changed and story["due"].changed
        assert not story["first: again"].changed and not story["due: again"].changed
        pending, name = "first/pending/privkey.pem", story["first"].certificate["files"]["private_key"]
        (made,) = {stories[state]["first, warn"].disk[pending][3] for state in ("sealed", "hanging")}
        assert name.endswith("/first/privkey.pem")
        keys = [
            entry[3]
            for path, entry in story["first"].disk.items()
            if path.endswith("/privkey.pem") and "first/versions" in path
        ]
        assert keys == [made]
