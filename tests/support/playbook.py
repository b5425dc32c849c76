# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Plays playbooks as a user would, in a process of its own, and reads the recap."""

from __future__ import annotations

import dataclasses
import json
import os
import re
import subprocess
import sys
import typing as t
from pathlib import Path

__all__ = ("Fleet", "Play")

_RECAP = re.compile(r"^(?P<host>\S+)\s+:(?P<counts>(?: +\w+=\d+)+)", re.MULTILINE)
_TIMEOUT = 300


@dataclasses.dataclass(frozen=True)
class Play:
    """What a run of ansible-playbook printed; ``counts`` is the recap: host to ok, changed, failed ..."""

    returncode: int
    output: str
    counts: t.Mapping[str, t.Mapping[str, int]]

    @property
    def changed(self) -> int:
        return sum(counts["changed"] for counts in self.counts.values())


@dataclasses.dataclass(frozen=True)
class Fleet:
    """Hosts on this machine with an inventory of their own; everything is under ``directory``."""

    directory: Path
    inventory: Path

    @classmethod
    def create(cls, directory: Path, *, hosts: t.Sequence[str], variables: t.Mapping[str, t.Any]) -> Fleet:
        """Write an inventory in which every host is this machine, reached without ssh."""
        connection = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}
        everything = {"hosts": {host: {} for host in hosts}, "vars": {**connection, **variables}}
        inventory = directory / "inventory.json"
        inventory.write_text(json.dumps({"all": everything}))
        return cls(directory, inventory.rename(directory / "inventory.yml"))

    def play(self, playbook: str, *arguments: str, **extra_variables: t.Any) -> Play:
        """Play a playbook and return what happened, failures included."""
        command = [str(Path(sys.executable).parent / "ansible-playbook"), "-i", str(self.inventory), playbook]
        done = subprocess.run(
            [*command, "-e", json.dumps(extra_variables), *arguments],
            cwd=self.directory,
            env=self._environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=_TIMEOUT,
            check=False,
        )
        return Play(done.returncode, done.stdout, _recap(done.stdout))

    def _environment(self) -> dict[str, str]:
        return {
            **os.environ,
            "ANSIBLE_HOME": str(self.directory / "ansible"),
            "ANSIBLE_NOCOLOR": "1",
            "ANSIBLE_PIPELINING": "1",
            "ANSIBLE_SHOW_CUSTOM_STATS": "1",
            "PWD": str(self.directory),
        }


def _recap(output: str) -> dict[str, dict[str, int]]:
    found = {}
    for line in _RECAP.finditer(output.partition("PLAY RECAP")[2]):
        pairs = (word.split("=") for word in line["counts"].split())
        found[line["host"]] = {name: int(count) for name, count in pairs}
    return found
