# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs tasks on hosts that are this machine, with a real ansible-playbook in a private environment.

site = Site(tmp_path, hosts={"one": {"ansible_pipelining": True}})
played = site.play([{"name": "issue", "certfleet.pki.certificate": {...}}])
played["issue"].result["certificate"], played["issue"].disk, played.recap["one"]["changed"]

Every host has a directory of its own, ``place`` in templates, and the disk below it is recorded
after each task. So one play, which costs a second or two to start, can tell a whole story.
"""

from __future__ import annotations

import contextlib
import dataclasses
import itertools
import json
import os
import re
import signal
import subprocess
import sys
import time
import typing as t
from pathlib import Path

__all__ = ("BOTH_WAYS", "Played", "Site", "TaskResult", "counted_interpreter", "kill")

#: The two ways to the host: a program on the interpreter's standard input, or the module certificate_store.
BOTH_WAYS: t.Mapping[str, t.Mapping[str, t.Any]] = {
    "stdin": {"ansible_pipelining": True},
    "module": {"ansible_pipelining": False},
}

Plain = t.Dict[str, t.Any]
Task = t.Mapping[str, t.Any]

_TREE = Path(__file__).absolute().parents[5]
_CALLBACKS = Path(__file__).absolute().parent / "callbacks"
_RECAP = re.compile(r"^(?P<host>\S+)\s+:(?P<counts>(?: +\w+=\d+)+)", re.MULTILINE)
_TIMEOUT = 240
#: What of the tester's environment may reach the process; everything else could change what it does.
_KEPT = ("PATH", "LANG", "LC_ALL", "TZ", "LD_LIBRARY_PATH", "PYTHONDONTWRITEBYTECODE")


@dataclasses.dataclass(frozen=True)
class TaskResult:
    """One task on one host: ok, failed, skipped or unreachable; ``disk`` is the host's directory after it."""

    host: str
    task: str
    status: str
    result: Plain
    disk: Plain

    @property
    def changed(self) -> bool:
        return bool(self.result.get("changed"))

    @property
    def failed(self) -> bool:
        return self.status == "failed"

    @property
    def certificate(self) -> Plain:
        return self.result["certificate"]

    @property
    def codes(self) -> t.List[str]:
        """The codes of the certificate's reasons."""
        return [reason["code"] for reason in self.certificate["reasons"]]

    def serial_numbers(self, ca: str = "ca") -> t.List[str]:
        """Return those of all certificates that the CA in this directory had issued by then, oldest first."""
        return [serial for serial, _revoked in self.disk[ca]["certificates"]]


@dataclasses.dataclass(frozen=True)
class Played:
    """What a run of ansible-playbook did and printed; ``recap`` is host to ok, changed, failed ..."""

    returncode: int
    stdout: str
    stderr: str
    recap: t.Mapping[str, t.Mapping[str, int]]
    results: t.Tuple[TaskResult, ...]

    def __getitem__(self, task: str) -> TaskResult:
        """Return the only result of the task with this name."""
        (result,) = (result for result in self.results if result.task == task)
        return result

    def on(self, host: str) -> Played:
        """Return the same with the results of one host only."""
        return dataclasses.replace(self, results=tuple(result for result in self.results if result.host == host))

    @property
    def failures(self) -> t.List[t.Tuple[str, str, t.Any]]:
        """What failed, for a test that expects nothing to: host, task and message."""
        bad = (result for result in self.results if result.status in ("failed", "unreachable"))
        return [(result.host, result.task, result.result.get("msg")) for result in bad]

    @property
    def output(self) -> str:
        return self.stdout + self.stderr


class Site:
    """Hosts on this machine and the environment of the controller; everything is below ``directory``."""

    def __init__(self, directory: Path, hosts: t.Optional[t.Mapping[str, t.Mapping[str, t.Any]]] = None) -> None:
        self.directory = directory
        self.hosts = {name: dict(variables) for name, variables in (hosts or {"one": BOTH_WAYS["stdin"]}).items()}
        self._numbers = itertools.count(1)
        for name in self.hosts:
            self.place(name).mkdir(parents=True, exist_ok=True)
        for folder in ("home", "tmp", "local"):
            (directory / folder).mkdir(exist_ok=True)

    def place(self, host: str = "one") -> Path:
        """Return the directory of a host."""
        return self.directory / "hosts" / host

    def play(
        self,
        tasks: t.Sequence[Task],
        *,
        check: bool = False,
        diff: bool = False,
        verbosity: int = 0,
        forks: int = 5,
        variables: t.Optional[t.Mapping[str, t.Any]] = None,
        environment: t.Optional[t.Mapping[str, str]] = None,
        **keywords: t.Any,
    ) -> Played:
        """Run the tasks on all hosts; ``keywords`` are those of a play, ``environment`` is the controller's.

        A task that fails does not end the play; see ``Played.failures``.
        """
        folder = self._written(tasks, keywords)
        options = ["--forks", str(forks), "--extra-vars", json.dumps(dict(variables or {}))]
        options += ["--check"] * check + ["--diff"] * diff + ["-" + "v" * verbosity] * bool(verbosity)
        return self._played(folder, ["play.json", *options], environment or {})

    def playbook(self, *playbooks: str) -> Played:
        """Run playbooks one after another, by path or full name; their variables are those of the hosts.

        A task that fails ends the run; the recap is the first one's.
        """
        return self._played(self._folder(), playbooks, {})

    def _played(self, folder: Path, arguments: t.Sequence[str], environment: t.Mapping[str, str]) -> Played:
        with self._run(folder, arguments, environment) as process:
            stdout, stderr = process.communicate(timeout=_TIMEOUT)
        return Played(process.returncode, stdout, stderr, _recap(stdout), tuple(_results(folder)))

    def started(
        self, folder: Path, options: t.Sequence[str], environment: t.Mapping[str, str]
    ) -> t.ContextManager[subprocess.Popen[str]]:
        """Start ansible-playbook in a folder made by ``written``; nothing of it is left at the end."""
        return self._run(folder, ["play.json", *options], environment)

    @contextlib.contextmanager
    def _run(
        self, folder: Path, arguments: t.Sequence[str], environment: t.Mapping[str, str]
    ) -> t.Iterator[subprocess.Popen[str]]:
        program = Path(sys.executable).parent / "ansible-playbook"
        process = subprocess.Popen(
            [str(program), "-i", "inventory.json", *arguments],
            cwd=folder,
            env=self._environment(folder, environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        try:
            yield process
        finally:
            kill(folder)
            process.communicate()

    def written(self, tasks: t.Sequence[Task], **keywords: t.Any) -> Path:
        """Write inventory and play, to be run with ``started``; return their directory."""
        return self._written(tasks, keywords)

    def _written(self, tasks: t.Sequence[Task], keywords: t.Mapping[str, t.Any]) -> Path:
        folder = self._folder()
        play = {"hosts": "all", "gather_facts": False, "ignore_errors": True, "tasks": list(tasks), **keywords}
        (folder / "play.json").write_text(json.dumps([play]))
        return folder

    def _folder(self) -> Path:
        """Return a new directory for one run, with the inventory."""
        folder = self.directory / "plays" / str(next(self._numbers))
        folder.mkdir(parents=True)
        (folder / "inventory.json").write_text(json.dumps({"all": self._inventory()}))
        return folder

    def _inventory(self) -> Plain:
        own = {name: {"place": str(self.place(name)), **variables} for name, variables in self.hosts.items()}
        return {
            "hosts": own,
            "vars": {"ansible_connection": "local", "ansible_python_interpreter": sys.executable},
        }

    def _environment(self, folder: Path, more: t.Mapping[str, str]) -> t.Dict[str, str]:
        home = self.directory / "home"
        return {
            **{name: os.environ[name] for name in _KEPT if name in os.environ},
            "HOME": str(home),
            "TMPDIR": str(self.directory / "tmp"),
            "ANSIBLE_HOME": str(home / "ansible"),
            "ANSIBLE_COLLECTIONS_PATH": str(_TREE),
            "ANSIBLE_LOCAL_TEMP": str(self.directory / "local"),
            "ANSIBLE_REMOTE_TMP": str(home / "remote"),
            "ANSIBLE_NOCOLOR": "1",
            "ANSIBLE_INVENTORY_ENABLED": "yaml",
            "ANSIBLE_CALLBACK_PLUGINS": str(_CALLBACKS),
            "ANSIBLE_CALLBACKS_ENABLED": "record_results",
            "CERTFLEET_TEST_RESULTS": str(folder / "results.jsonl"),
            "CERTFLEET_TEST_HOSTS": str(self.directory / "hosts"),
            **more,
        }


def counted_interpreter(path: Path, log: Path) -> str:
    """Make an interpreter that writes a line into ``log`` at each start; return its path."""
    path.write_text(f'#!/bin/sh\necho started >> {log}\nexec {sys.executable} "$@"\n')
    path.chmod(0o755)
    return str(path)


def kill(folder: Path) -> None:
    """Kill (SIGKILL) every process of the run in this folder: controller, workers, and what runs on the hosts.

    They are known by their environment; workers have sessions of their own.
    """
    while True:
        members = _processes_of(folder)
        if not members:
            return
        for member in members:
            with contextlib.suppress(ProcessLookupError):
                os.kill(member, signal.SIGKILL)
        time.sleep(0.01)


def _processes_of(folder: Path) -> t.List[int]:
    mark = f"CERTFLEET_TEST_RESULTS={folder}/".encode()
    found = []
    for directory in Path("/proc").iterdir():
        if directory.name.isdigit() and int(directory.name) != os.getpid():
            with contextlib.suppress(OSError):
                # Empty for a process that has ended and was not waited for yet.
                if mark in (directory / "environ").read_bytes():
                    found.append(int(directory.name))
    return found


def _results(folder: Path) -> t.Iterator[TaskResult]:
    path = folder / "results.jsonl"
    for line in path.read_text(encoding="utf-8").splitlines() if path.exists() else ():
        yield TaskResult(**json.loads(line))


def _recap(output: str) -> t.Dict[str, t.Dict[str, int]]:
    found = {}
    for line in _RECAP.finditer(output.partition("PLAY RECAP")[2]):
        pairs = (word.split("=") for word in line["counts"].split())
        found[line["host"]] = {name: int(count) for name, count in pairs}
    return found
