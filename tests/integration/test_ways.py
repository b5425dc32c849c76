# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The ways to a host: as another user, on a delegate, through an interpreter that is configured or discovered."""

from __future__ import annotations

import pwd
import shutil
import typing as t
from pathlib import Path

import pytest

from ansible_collections.certfleet.pki.tests.support.matrix import comparable
from ansible_collections.certfleet.pki.tests.support.playbooks import BOTH_WAYS, Site, counted_interpreter
from ansible_collections.certfleet.pki.tests.support.tasks import certificate, named

pytestmark = pytest.mark.smoke

SYSTEM = "/usr/local/bin:/usr/bin:/bin"


def test_become(public_directory: Path, as_nobody: t.Mapping[str, t.Any]) -> None:
    """The files belong to whom the task became; the CA is the controller's."""
    site = Site(public_directory, {way: {**variables, **as_nobody} for way, variables in BOTH_WAYS.items()})
    for way in BOTH_WAYS:
        shutil.chown(site.place(way), "nobody")
    task = certificate("issue")
    renew = certificate("renew", force=True)
    played = site.play([named("check", task, check_mode=True), task, named("again", task), renew], become=True)
    assert played.failures == []
    nobody = pwd.getpwnam("nobody").pw_uid
    for way in BOTH_WAYS:
        story = played.on(way)
        assert story["check"].disk == {}
        assert story["issue"].changed and not story["again"].changed
        assert {entry[1] for path, entry in story["renew"].disk.items() if path != "ca"} == {nobody}
    one, other = ([comparable(result) for result in played.on(way).results] for way in BOTH_WAYS)
    assert one == other


@pytest.mark.parametrize("way", BOTH_WAYS)
def test_delegate_to(tmp_path: Path, way: str) -> None:
    """What happens on a host happens on the delegate, with its interpreter; the host itself is not touched."""
    log = tmp_path / "log"
    interpreter = counted_interpreter(tmp_path / "python", log)
    hosts = {
        "one": {**BOTH_WAYS[way], "ansible_python_interpreter": "/nonexistent/python"},
        "delegate": {**BOTH_WAYS[way], "ansible_python_interpreter": interpreter},
    }
    site = Site(tmp_path, hosts)
    tasks = [certificate("issue", force=False), named("again", certificate(""))]
    played = site.play([named(task["name"], task, delegate_to="delegate") for task in tasks], hosts="one")
    assert played.failures == []
    assert played["issue"].changed and not played["again"].changed
    assert log.read_text().count("started") == 3
    assert (site.place("one") / "web" / "privkey.pem").exists()


@pytest.mark.parametrize("way", BOTH_WAYS)
def test_interpreter_found(tmp_path: Path, way: str) -> None:
    """Ansible finds one at the first module, which is then known to the way over standard input."""
    if shutil.which("python3", path=SYSTEM) is None:
        pytest.skip("there is no python3 where Ansible looks for one")
    site = Site(tmp_path, {"one": {**BOTH_WAYS[way], "ansible_python_interpreter": "auto_silent"}})
    tasks = [certificate("issue"), certificate("again"), certificate("renew", force=True)]
    played = site.play(tasks, environment={"PATH": SYSTEM})
    assert played.failures == []
    assert played["issue"].changed and not played["again"].changed
    assert len(played["renew"].disk["ca"]["certificates"]) == 2


@pytest.mark.parametrize("way", BOTH_WAYS)
def test_interpreter_missing(tmp_path: Path, way: str) -> None:
    site = Site(tmp_path, {"one": {**BOTH_WAYS[way], "ansible_python_interpreter": "/nonexistent/python"}})
    played = site.play([certificate("issue")], verbosity=1)
    assert played["issue"].failed
    assert played["issue"].result["error"]["kind"] == "host"
    assert "Traceback" not in played.output
    assert played["issue"].disk == {}


def test_one_task_for_many_hosts(tmp_path: Path) -> None:
    """Hosts that share a CA and run at once: each has its own certificate, none waits for long, none is lost."""
    hosts = {f"host{number}": BOTH_WAYS["stdin"] for number in range(12)}
    site = Site(tmp_path, hosts)
    ca = {"local": {"path": f"{tmp_path}/ca", "create": True}}
    names = {"dns_names": ["{{ inventory_hostname }}.example.com"]}
    played = site.play(
        [certificate("issue", authority=ca, **names), certificate("again", authority=ca, **names)], forks=6
    )
    assert played.failures == []
    issued = [result for result in played.results if result.task == "issue"]
    assert all(result.changed for result in issued)
    assert len({result.certificate["serial_number"] for result in issued}) == 12
    assert not any(result.changed for result in played.results if result.task == "again")
