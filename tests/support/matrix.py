# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The twelve steps that every module has to pass: check, run, check again, run again; for new, changed and damaged.

class TestSomething(Matrix):
    MODULE = "certfleet.pki.something"
    OPTIONS = {...}          # what is wanted at first
    CHANGED = {...}          # options that are different later on
    DAMAGE = "rm web/..."    # a command of the shell, in the host's directory
"""

from __future__ import annotations

import re
import typing as t

import pytest

from ansible_collections.certfleet.pki.tests.support.playbooks import BOTH_WAYS, Played, Site, TaskResult
from ansible_collections.certfleet.pki.tests.support.tasks import Task, shell

__all__ = ("CA_KNOWS", "STAGES", "CertificateMatrix", "Matrix", "comparable", "entries")

#: Ids and times in sentences.
_IDS = re.compile(r"[0-9a-f]{16,}|[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]+Z")
STAGES = ("create", "change", "repair")

#: What differs from one certificate to the next; a prediction can't know it.
CA_KNOWS = frozenset(
    (
        "serial_number",
        "fingerprint_sha256",
        "fingerprint_sha1",
        "public_key_sha256",
        "authority_key_id",
        "not_before",
        "not_after",
        "renew_at",
        "installed_at",
        "request_id",
    )
)


class Matrix:
    """Twelve steps both ways in one play; a subclass says for which module and with what."""

    MODULE: t.ClassVar[str]
    OPTIONS: t.ClassVar[t.Mapping[str, t.Any]]
    CHANGED: t.ClassVar[t.Mapping[str, t.Any]]
    DAMAGE: t.ClassVar[str]

    @pytest.fixture(scope="class")
    @classmethod
    def played(cls, tmp_path_factory: pytest.TempPathFactory) -> Played:
        """Return the results of all steps, on a host for each way."""
        played = Site(tmp_path_factory.mktemp("matrix"), BOTH_WAYS).play(cls._tasks())
        assert played.failures == []
        return played

    @classmethod
    def _tasks(cls) -> t.List[Task]:
        changed = {**cls.OPTIONS, **cls.CHANGED}
        return [
            shell("before create", "true"),
            *cls._steps("create", cls.OPTIONS),
            shell("before change", "true"),
            *cls._steps("change", changed),
            shell("before repair", cls.DAMAGE),
            *cls._steps("repair", changed),
        ]

    @classmethod
    def _steps(cls, stage: str, options: t.Mapping[str, t.Any]) -> t.List[Task]:
        return [
            {"name": f"{stage}: {step}", cls.MODULE: dict(options), "check_mode": step.startswith("check")}
            for step in ("check", "run", "check again", "run again")
        ]

    @pytest.fixture(params=sorted(BOTH_WAYS))
    def host(self, played: Played, request: pytest.FixtureRequest) -> Played:
        return played.on(request.param)

    @pytest.mark.parametrize("stage", STAGES)
    def test_check_mode_predicts_the_change_and_writes_nothing(self, host: Played, stage: str) -> None:
        assert host[f"{stage}: check"].changed
        assert host[f"{stage}: check"].disk == host[f"before {stage}"].disk

    @pytest.mark.parametrize("stage", STAGES)
    def test_the_run_does_what_was_predicted(self, host: Played, stage: str) -> None:
        assert host[f"{stage}: run"].changed
        assert host[f"{stage}: run"].disk != host[f"{stage}: check"].disk

    @pytest.mark.parametrize("stage", STAGES)
    @pytest.mark.parametrize("step", ["check again", "run again"])
    def test_there_is_nothing_more_to_do(self, host: Played, stage: str, step: str) -> None:
        assert not host[f"{stage}: {step}"].changed
        assert host[f"{stage}: {step}"].disk == host[f"{stage}: run"].disk

    def test_both_ways_give_the_same(self, played: Played) -> None:
        ways = [played.on(way) for way in sorted(BOTH_WAYS)]
        assert [comparable(result) for result in ways[0].results] == [comparable(result) for result in ways[1].results]


class CertificateMatrix(Matrix):
    """The same, and what modules that ensure certificates tell about them. ``REASONS``: stage to codes."""

    REASONS: t.ClassVar[t.Mapping[str, t.Sequence[str]]]

    @pytest.mark.parametrize("stage", STAGES)
    def test_the_reasons(self, host: Played, stage: str) -> None:
        for entry in entries(host[f"{stage}: run"]):
            assert [reason["code"] for reason in entry["reasons"]] == list(self.REASONS[stage])

    @pytest.mark.parametrize("stage", STAGES)
    def test_the_prediction_tells_what_the_run_tells(self, host: Played, stage: str) -> None:
        same = ("name", "action", "status", "reasons", "authority", "authority_id")
        for predicted, done in zip(entries(host[f"{stage}: check"]), entries(host[f"{stage}: run"]), strict=True):
            assert {field: predicted[field] for field in same} == {field: done[field] for field in same}

    @pytest.mark.parametrize("stage", STAGES)
    def test_steady_state_tells_what_the_run_told(self, host: Played, stage: str) -> None:
        passing = {"action", "reasons", "replaced", "warnings"}
        for done, again in zip(entries(host[f"{stage}: run"]), entries(host[f"{stage}: run again"]), strict=True):
            assert _without(again, passing) == _without(done, passing)


def entries(result: TaskResult) -> t.List[t.Dict[str, t.Any]]:
    """Return the ``certificate`` of a result, or all of its ``certificates``; nothing for other modules."""
    if "certificate" in result.result:
        return [result.result["certificate"]]
    return [entry for entry in result.result.get("certificates", ()) if "action" in entry]


def comparable(result: TaskResult) -> t.Dict[str, t.Any]:
    """Return a result without what can't be the same on two hosts: only whether such a value is there."""
    fields = {key: value for key, value in result.result.items() if not key.startswith("_ansible")}
    if result.task.startswith("before "):
        return {"task": result.task}
    return {"task": result.task, "status": result.status, **_leveled(fields, f"/hosts/{result.host}/")}


def _leveled(value: t.Any, own: str, field: str = "") -> t.Any:
    if isinstance(value, dict):
        return {key: _leveled(item, own, key) for key, item in value.items()}
    if isinstance(value, list):
        return [_leveled(item, own, field) for item in value]
    if isinstance(value, str):
        unique = field in CA_KNOWS or field in ("version", "current") or field.endswith("_pem")
        return "..." if unique else _IDS.sub("...", value.replace(own, "/hosts/.../"))
    return value


def _without(entry: t.Mapping[str, t.Any], fields: t.Container[str]) -> t.Dict[str, t.Any]:
    return {key: value for key, value in entry.items() if key not in fields}
