# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Challenges on hosts that are reached as Ansible reaches them: the task's own and others of the inventory."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import socket
import sys
import typing as t
import urllib.request
from pathlib import Path

import pytest

from ansible_collections.certfleet.pki.tests.benchmark.sshd import SshServer, find_sshd
from ansible_collections.certfleet.pki.tests.support.playbooks import BOTH_WAYS, Played, Site, counted_interpreter

pytestmark = pytest.mark.smoke

TOKEN = "dG9rZW4_-1"
FILES = {TOKEN: f"{TOKEN}.thumbprint"}
SYSTEM = "/usr/local/bin:/usr/bin:/bin"
NOWHERE = {"ansible_python_interpreter": "/nonexistent/python"}

#: Has the host ``host`` show and hide, as the actions do it, and tells what came of it.
_ACTION = """
from ansible.plugins.action import ActionBase
from ansible_collections.certfleet.pki.plugins.module_utils._errors import PkiError
from ansible_collections.certfleet.pki.plugins.plugin_utils._elsewhere import other_host

class ActionModule(ActionBase):
    def run(self, tmp=None, task_vars=None):
        super().run(tmp, task_vars)
        try:
            remote = other_host(self, task_vars, self._task.args["host"])
            remote.call("inspected", [])
            answers, told = remote.run("inspected", [], self._task.args["challenges"])
        except PkiError as error:
            return {"failed": True, "msg": error.message, "kind": error.kind, "detail": error.detail}
        return {"told": told, "changed": told["changed"], "passed_on": remote.passed_on}
"""


def play(site: Site, *tasks: t.Mapping[str, t.Any], **more: t.Any) -> Played:
    folder = site.directory / "action_plugins"
    folder.mkdir(exist_ok=True)
    (folder / "show_elsewhere.py").write_text(_ACTION)
    environment = {"ANSIBLE_ACTION_PLUGINS": str(folder), **more.pop("environment", {})}
    return site.play(tasks, environment=environment, **{"hosts": "one", **more})


def task(name: str, host: str, **challenges: t.Any) -> t.Dict[str, t.Any]:
    return {"name": name, "show_elsewhere": {"host": host, "challenges": challenges}}


def shown(root: Path) -> t.Optional[str]:
    path = root / ".well-known" / "acme-challenge" / TOKEN
    return path.read_text() if path.exists() else None


@pytest.mark.parametrize("way", BOTH_WAYS)
def test_another_host_has_a_connection_and_an_interpreter_of_its_own(tmp_path: Path, way: str) -> None:
    log = tmp_path / "log"
    python = counted_interpreter(tmp_path / "python", log)
    balancer = {**BOTH_WAYS[way], "ansible_python_interpreter": "{{ own_python }}", "own_python": python}
    site = Site(tmp_path, {"one": {**BOTH_WAYS["stdin"], **NOWHERE}, "balancer": balancer})
    entry = {"webroot": str(site.place("balancer")), "files": FILES}
    played = play(
        site,
        task("show", "balancer", show=[entry]),
        task("again", "balancer", show=[entry]),
        task("hide", "balancer", hide=[entry]),
        task("nothing", "balancer", hide=[entry]),
    )
    assert played.failures == []
    assert [result.changed for result in played.results] == [True, False, True, False]
    assert played["show"].result["told"] == {"show": [None], "hide": [], "changed": True}
    assert log.read_text().count("started") == 8
    assert os.listdir(site.place("balancer")) == []


@pytest.mark.parametrize("way", BOTH_WAYS)
def test_the_task_s_own_host(tmp_path: Path, way: str) -> None:
    site = Site(tmp_path, {"one": BOTH_WAYS[way]})
    entry = {"webroot": str(site.place()), "files": FILES}
    played = play(site, task("show", "one", show=[entry]))
    assert played.failures == []
    assert shown(site.place()) == FILES[TOKEN]


def test_other_tasks_find_the_host_as_before(tmp_path: Path) -> None:
    """Nothing of the other host sticks to the task's own: not its interpreter, not its variables."""
    if shutil.which("python3", path=SYSTEM) is None:
        pytest.skip("there is no python3 where Ansible looks for one")
    auto = {**BOTH_WAYS["module"], "ansible_python_interpreter": "auto_silent"}
    site = Site(tmp_path, {"one": BOTH_WAYS["module"], "balancer": auto})
    entry = {"webroot": str(site.place("balancer")), "files": FILES}
    say = {"name": "say", "ansible.builtin.debug": {"msg": "{{ ansible_facts | to_json }}"}}
    played = play(site, task("show", "balancer", show=[entry]), say, environment={"PATH": SYSTEM})
    assert played.failures == []
    assert "ansible_facts" not in played["show"].result["passed_on"]
    assert json.loads(json.dumps(played["say"].result["msg"])) in ("{}", {})


def test_in_a_task_that_is_delegated(tmp_path: Path) -> None:
    hosts = {"one": NOWHERE, "delegate": {**BOTH_WAYS["stdin"], **NOWHERE}, "balancer": BOTH_WAYS["stdin"]}
    site = Site(tmp_path, hosts)
    entry = {"webroot": str(site.place("balancer")), "files": FILES}
    played = play(site, {**task("show", "balancer", show=[entry]), "delegate_to": "delegate"})
    assert played.failures == []
    assert shown(site.place("balancer")) == FILES[TOKEN]


@pytest.mark.parametrize("way", BOTH_WAYS)
def test_become_on_the_other_host(public_directory: Path, as_nobody: t.Mapping[str, t.Any], way: str) -> None:
    hosts = {"one": BOTH_WAYS["stdin"], "balancer": {**BOTH_WAYS[way], **as_nobody, "ansible_become": True}}
    site = Site(public_directory, hosts)
    site.place("balancer").chmod(0o777)
    played = play(site, task("show", "balancer", show=[{"webroot": str(site.place("balancer")), "files": FILES}]))
    assert played.failures == []
    assert (site.place("balancer") / ".well-known").stat().st_uid != os.geteuid()


@pytest.mark.parametrize("way", BOTH_WAYS)
def test_over_ssh(tmp_path: Path, way: str) -> None:
    program = find_sshd()
    if program is None:
        pytest.skip("no sshd, ssh or ssh-keygen on this machine")
    with SshServer(program, Path("/tmp") / f"certfleet-ssh-{os.getpid()}-{way}") as server:
        site = Site(tmp_path, {"one": BOTH_WAYS["stdin"], "balancer": {**BOTH_WAYS[way], **server.variables()}})
        port = free_port()
        entry = {"standalone": standalone(port), "files": FILES}
        played = play(site, task("show", "balancer", show=[entry]), environment=server.environment())
        assert played.failures == []
        assert fetched(port) == FILES[TOKEN]
        played = play(site, task("hide", "balancer", hide=[entry]), environment=server.environment())
        assert (played.failures, played["hide"].changed) == ([], True)
        assert fetched(port) is None


def test_unknown_host(site: Site) -> None:
    played = play(site, task("show", "nobody", show=[]))
    assert played["show"].result["kind"] == "misconfigured"
    assert played["show"].result["msg"].startswith("The inventory has no host nobody:")


def test_host_with_wrong_variables(tmp_path: Path) -> None:
    site = Site(tmp_path, {"one": BOTH_WAYS["stdin"], "balancer": {"ansible_connection": "no.such.plugin"}})
    played = play(site, task("show", "balancer", show=[]))
    assert (played["show"].status, played["show"].result["kind"]) == ("failed", "misconfigured")
    assert "balancer" in played["show"].result["msg"]


@pytest.mark.parametrize("way", BOTH_WAYS)
def test_unreachable_host(tmp_path: Path, way: str) -> None:
    away = {"ansible_connection": "ssh", "ansible_host": "127.0.0.1", "ansible_port": free_port()}
    site = Site(tmp_path, {"one": BOTH_WAYS["stdin"], "balancer": {**BOTH_WAYS[way], **away}})
    played = play(site, task("show", "balancer", show=[]))
    assert (played["show"].status, played["show"].result["kind"]) == ("failed", "host")
    assert "balancer can't be reached" in played["show"].result["msg"]
    assert played.recap["one"]["unreachable"] == 0


def test_interpreter_missing_there(tmp_path: Path) -> None:
    site = Site(tmp_path, {"one": BOTH_WAYS["stdin"], "balancer": {**BOTH_WAYS["stdin"], **NOWHERE}})
    played = play(site, task("show", "balancer", show=[]))
    assert (played["show"].status, played["show"].result["kind"]) == ("failed", "host")
    assert played["show"].result["msg"].startswith("balancer: ")


@pytest.mark.parametrize("way", BOTH_WAYS)
def test_the_server_outlives_the_play(tmp_path: Path, way: str) -> None:
    """Nobody waits for it: it holds neither pipes nor the files of the module that started it."""
    python = tmp_path / "python"  # everything that has this variable is killed when its play is over
    python.write_text(f'#!/bin/sh\nunset CERTFLEET_TEST_RESULTS\nexec {sys.executable} "$@"\n')
    python.chmod(0o755)
    site = Site(tmp_path, {"one": {**BOTH_WAYS[way], "ansible_python_interpreter": str(python)}})
    port, log = free_port(), tmp_path / "log"
    commands = {"stop_command": ["/bin/sh", "-c", f"echo stop >> {log}"], "start_command": f"cp {log} {log}.start"}
    entry = {"standalone": standalone(port, **commands), "files": FILES}
    module = {"state": "inspected", "certificates": []}
    first = {**module, "challenges": {"show": [entry]}}
    played = play(site, {"name": "show", "certfleet.pki.certificate_store": first})
    assert played.failures == []
    assert fetched(port) == FILES[TOKEN] and not Path(f"{log}.start").exists()
    last = {**module, "challenges": {"hide": [entry]}}
    played = play(site, {"name": "hide", "certfleet.pki.certificate_store": last})
    assert played.failures == []
    assert Path(f"{log}.start").read_text() == "stop\n"
    assert fetched(port) is None


def test_the_module_fails_for_a_challenge_that_fails(site: Site) -> None:
    entry = {"webroot": "/nonexistent/www", "files": FILES}
    module = {"state": "inspected", "certificates": [], "challenges": {"show": [entry]}}
    played = play(site, {"name": "show", "certfleet.pki.certificate_store": module})
    assert played["show"].failed
    assert "/nonexistent/www" in played["show"].result["msg"]
    assert played["show"].result["challenges"]["show"][0]["code"] == "no_webroot"


def test_check_mode(site: Site) -> None:
    entry = {"webroot": str(site.place()), "files": FILES}
    module = {"state": "inspected", "certificates": [], "challenges": {"show": [entry]}}
    tasks = [{"name": "module", "certfleet.pki.certificate_store": module}, task("action", "one", show=[entry])]
    played = play(site, *tasks, check=True)
    assert played.failures == []
    assert os.listdir(site.place()) == []


def standalone(port: int, **more: t.Any) -> t.Dict[str, t.Any]:
    return {"port": port, "address": "127.0.0.1", "seconds": 60, "secret": "0123456789abcdef" * 2, **more}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def fetched(port: int) -> t.Optional[str]:
    url = f"http://127.0.0.1:{port}/.well-known/acme-challenge/{TOKEN}"
    with contextlib.suppress(OSError), urllib.request.urlopen(url, timeout=10) as response:
        return str(response.read().decode())
    return None
