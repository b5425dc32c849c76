# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Hosts that are all this machine, and how a playbook is played on them."""

from __future__ import annotations

import dataclasses
import json
import os
import re
import resource
import subprocess
import sys
import time
import typing as t
from pathlib import Path

__all__ = ("Fleet", "Played", "Workspace")

_TIMEOUT = 1800
_CHANGED = re.compile(r"\bchanged=(\d+)")


@dataclasses.dataclass(frozen=True)
class Played:
    """One run of ansible-playbook: wall and processor time in seconds, how many hosts changed, its process id.

    The processor's time is that of all processes that it waited for, the hosts' own included where they are reached
    without ssh.
    """

    seconds: float
    cpu: float
    changed: int
    pid: int


class Workspace:
    """A temporary folder with the collection, the playbooks and everything that plays leave behind."""

    def __init__(self, folder: Path, collection: Path) -> None:
        self.folder = folder
        self.plays = folder / "plays"
        self.collections = folder / "collections"
        self.plays.mkdir()
        self._configuration = folder / "ansible.cfg"
        self._configuration.touch()
        link = self.collections / "ansible_collections" / "certfleet" / "pki"
        link.parent.mkdir(parents=True)
        link.symlink_to(collection)

    def environment(self) -> dict[str, str]:
        """Return the environment of every play: nothing of the user's own Ansible is read or written."""
        dropped = ("ANSIBLE_", "VAULT_", "BAO_", "PYTHONDONTWRITEBYTECODE", "CERTFLEET_")
        kept = {name: value for name, value in os.environ.items() if not name.startswith(dropped)}
        return {
            **kept,
            "ANSIBLE_ACTION_PLUGINS": str(Path(__file__).parent / "action_plugins"),
            "ANSIBLE_COLLECTIONS_PATH": str(self.collections),
            "ANSIBLE_CONFIG": str(self._configuration),
            "ANSIBLE_FORKS": "10",
            "ANSIBLE_HOME": str(self.folder / "home"),
            "ANSIBLE_PIPELINING": "1",
            "NO_COLOR": "1",
        }


class Fleet:
    """An inventory of ``size`` hosts; ``variables`` go to all of them, ``environment`` to every play."""

    def __init__(
        self,
        workspace: Workspace,
        *,
        size: int,
        variables: t.Mapping[str, t.Any],
        environment: t.Mapping[str, str] | None = None,
    ) -> None:
        self.size = size
        self.hosts = [f"host{number:03}.example.com" for number in range(size)]
        self._workspace = workspace
        self._environment = {**workspace.environment(), **(environment or {})}
        self._variables = {
            "ansible_connection": "local",
            "ansible_python_interpreter": sys.executable,
            **variables,
            "bench_directory": f"{workspace.folder}/state/{{{{ bench_round }}}}/{{{{ inventory_hostname }}}}",
        }
        self._log = workspace.folder / "last-play.log"

    def directories(self, round_name: str) -> list[Path]:
        """Return each host's directory in a round."""
        return [self._workspace.folder / "state" / round_name / host for host in self.hosts]

    def start(
        self, play: str, *, variables: t.Mapping[str, t.Any], environment: t.Mapping[str, str]
    ) -> subprocess.Popen[bytes]:
        """Start a play; what it prints goes to a file."""
        inventory = self._workspace.folder / "inventory.json"
        everything = {"hosts": {host: {} for host in self.hosts}, "vars": self._variables}
        inventory.write_text(json.dumps({"all": everything}))
        inventory = inventory.rename(inventory.with_suffix(".yml"))
        extra = self._workspace.folder / "extra.json"
        extra.write_text(json.dumps(variables))
        program = Path(sys.executable).parent / "ansible-playbook"
        command = [str(program), "-i", str(inventory), f"{self._workspace.plays / play}.yml", "-e", f"@{extra}"]
        with self._log.open("wb") as log:
            return subprocess.Popen(
                command,
                cwd=self._workspace.folder,
                env={**self._environment, **environment},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def play(
        self,
        name: str,
        *,
        variables: t.Mapping[str, t.Any],
        environment: t.Mapping[str, str] | None = None,
        watch: t.Callable[[subprocess.Popen[bytes]], None] | None = None,
    ) -> Played:
        """Play to the end, ``watch`` it meanwhile. Raises RuntimeError with the end of the output if it fails."""
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        started = time.monotonic()
        process = self.start(name, variables=variables, environment=environment or {})
        if watch is not None:
            watch(process)
        code = process.wait(_TIMEOUT)
        seconds = time.monotonic() - started
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        output = self._log.read_text(errors="replace")
        if code != 0:
            raise RuntimeError(f"{name} failed:\n{output[-3000:]}")
        cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        changed = sum(int(count) > 0 for count in _CHANGED.findall(output.rpartition("PLAY RECAP")[2]))
        return Played(seconds, cpu, changed, process.pid)
