# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a run costs, counted rather than timed: executions on the host, imports of heavy libraries."""

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest

from ansible_collections.certfleet.pki.tests.support.playbooks import BOTH_WAYS, Site, TaskResult, counted_interpreter
from ansible_collections.certfleet.pki.tests.support.tasks import certificate, certificates, shell


class Counting:
    """Hosts whose interpreters write a line at each start, in a file that is on record after each task."""

    def __init__(self, directory: Path, ways: t.Iterable[str]) -> None:
        self.site = Site(directory, {way: BOTH_WAYS[way] for way in ways})
        for way, variables in self.site.hosts.items():
            interpreter = counted_interpreter(directory / f"python-{way}", directory / f"starts-{way}")
            variables["ansible_python_interpreter"] = interpreter

    def copy(self, task: str) -> t.Dict[str, t.Any]:
        """Return a task that puts the count where it is recorded; ``raw`` starts no interpreter."""
        starts = f"{self.site.directory}/starts-{{{{ inventory_hostname }}}}"
        return shell(f"{task}: count", f"touch {starts} && wc -l < {starts}")

    def count(self, result: TaskResult) -> int:
        return int(result.result["stdout"].strip())


@pytest.mark.parametrize("way", BOTH_WAYS)
def test_executions_on_the_host(tmp_path: Path, way: str) -> None:
    """One in steady state whatever the number of certificates, two for a first issue, three for a renewal."""
    counting = Counting(tmp_path, [way])
    many = [{"name": f"web{number}"} for number in range(20)]
    authority_made = certificates("make the CA", {"name": "first"})
    stories = [
        (certificate("first issue"), 2),
        (certificate("steady state"), 1),
        (certificate("renewal", force=True), 3),
        (certificate("repair", mode="0640"), 2),
        (certificate("predicted renewal", force=True, mode="0640") | {"check_mode": True}, 1),
        (certificates("first issue of 20", *many), 2),
        (certificates("steady state of 20", *many), 1),
        (certificates("renewal of 20", *many, defaults={"force": True}), 3),
        (certificates("one of 20 is missing", *many[:-1], {"name": "new"}), 2),
        (certificate("refused at once", dns_names=[]), 0),
    ]
    tasks = [authority_made, counting.copy("start")]
    for task, _executions in stories:
        tasks += [task, counting.copy(task["name"])]
    played = counting.site.play(tasks)
    assert [failure[1] for failure in played.failures] == ["refused at once"]
    counts = [counting.count(result) for result in played.results if result.task.endswith(": count")]
    executions = {
        task["name"]: later - earlier for (task, _expected), earlier, later in zip(stories, counts, counts[1:])
    }
    assert executions == {task["name"]: expected for task, expected in stories}


#: Read by every Python that the controller starts; it notes who imports what.
WATCHING_IMPORTS = """
import os, sys
class Watch:
    @staticmethod
    def find_spec(name, path=None, target=None):
        if name in ("cryptography.x509", "requests", "hvac", "yaml"):
            with open(os.environ["TEST_IMPORTS"], "a") as log:
                log.write("%d %s\\n" % (os.getpid(), name))
sys.meta_path.insert(0, Watch)
"""


def test_heavy_libraries_are_imported_once(tmp_path: Path) -> None:
    """By the parent of all workers, before it forks; what runs on the hosts imports none."""
    hooks = tmp_path / "hooks"
    hooks.mkdir()
    (hooks / "sitecustomize.py").write_text(WATCHING_IMPORTS)
    log = tmp_path / "imports"
    site = Site(tmp_path, {f"host{number}": BOTH_WAYS["stdin"] for number in range(6)})
    tasks = [certificate("issue"), certificate("again"), certificate("renew", force=True)]
    played = site.play(tasks, forks=3, environment={"PYTHONPATH": str(hooks), "TEST_IMPORTS": str(log)})
    assert played.failures == []
    lines = [line.split() for line in log.read_text().splitlines()]
    assert [name for _pid, name in lines if name == "cryptography.x509"] == ["cryptography.x509"]
    assert len(lines) == len({name for _pid, name in lines}), "a library was imported by more than one process"
    assert len({pid for pid, _name in lines}) == 1
