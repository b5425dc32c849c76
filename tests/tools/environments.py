# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The virtual environments under build/, one for each ansible-core that is tested."""

from __future__ import annotations

import contextlib
import dataclasses
import fcntl
import hashlib
import os
import shutil
import subprocess
import typing as t
from pathlib import Path

from output import say
from pythons import Version, find_pythons, written

__all__ = (
    "BUILD",
    "COLLECTION",
    "ROOT",
    "TREE",
    "Environment",
    "benchmark_environment",
    "demo_environment",
    "environments",
    "main_environment",
)

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "build"
#: The parent of ansible_collections, for ANSIBLE_COLLECTIONS_PATH.
TREE = BUILD / "tree"
#: The copy of the collection that everything is run on: ansible-test refuses to work in the repository itself.
COLLECTION = TREE / "ansible_collections" / "certfleet" / "pki"
#: Where servers are, and what only root uses; not on everybody's PATH.
_SYSTEM_PATH = ("/usr/sbin", "/sbin")
_NO_CONFIGURATION = BUILD / "ansible.cfg"


@dataclasses.dataclass(frozen=True)
class Environment:
    """A virtual environment with one ansible-core. ``pythons`` are those it supports on the controller, best first."""

    name: str
    core: str
    pythons: tuple[Version, ...]
    requirements: tuple[str, ...]

    @property
    def path(self) -> Path:
        return BUILD / "venv" / self.name

    @property
    def version(self) -> Version | None:
        """Return the Python it runs on, None if this machine has none that fits."""
        return next((version for version in self.pythons if version in find_pythons()), None)

    def program(self, name: str) -> str:
        return str(self.path / "bin" / name)

    def variables(self) -> dict[str, str]:
        """Return the environment for its programs: nothing of the user's own Ansible is read or written."""
        kept = {key: value for key, value in os.environ.items() if not key.startswith(("ANSIBLE_", "VAULT_", "BAO_"))}
        return {
            **kept,
            "ANSIBLE_COLLECTIONS_PATH": str(TREE),
            "ANSIBLE_CONFIG": str(_NO_CONFIGURATION),
            "ANSIBLE_HOME": str(BUILD / "home" / ".ansible"),
            "ANSIBLE_PIPELINING": "1",
            "CERTFLEET_TEST_CACHE": str(BUILD / "servers"),
            "NO_COLOR": "1",
            "PATH": os.pathsep.join([str(self.path / "bin"), kept.get("PATH", os.defpath), *_SYSTEM_PATH]),
            "PYTHONS": os.pathsep.join(find_pythons().values()),
            "VIRTUAL_ENV": str(self.path),
        }

    def ready(self) -> None:
        """Make it, or make it anew if what it is made from has changed."""
        _NO_CONFIGURATION.touch()
        stamp = self.path / "certfleet-stamp"
        with self._alone():
            if not stamp.is_file() or stamp.read_text() != self._digest():
                self._make()
                stamp.write_text(self._digest())

    @contextlib.contextmanager
    def _alone(self) -> t.Iterator[None]:
        """Two steps that run at once may want the same environment."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.with_name(f"{self.name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _make(self) -> None:
        say(f"-- virtual environment {self.name}: Python {written(self._python())}, {self.core}")
        shutil.rmtree(self.path, ignore_errors=True)
        subprocess.run([find_pythons()[self._python()], "-m", "venv", str(self.path)], check=True)
        wanted = [word for file in self.requirements for word in ("-r", str(ROOT / file))]
        pip = [self.program("python"), "-m", "pip", "--disable-pip-version-check", "install", "--quiet", self.core]
        done = subprocess.run([*pip, *wanted], stderr=subprocess.PIPE, text=True, check=False)
        if done.returncode:
            raise SystemExit(f"pip could not install {self.core} and {', '.join(self.requirements)}.\n{done.stderr}")

    def _python(self) -> Version:
        if self.version is None:
            raise SystemExit(f"{self.name} needs one of Python {', '.join(map(written, self.pythons))}; install one.")
        return self.version

    def _digest(self) -> str:
        parts = [self.core, find_pythons()[self._python()], *((ROOT / file).read_text() for file in self.requirements)]
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()


_TESTS = ("tests/requirements.txt",)

#: The first is the main one: linters, molecule and all tests run in it.
_ENVIRONMENTS = (
    Environment("main", "ansible-core==2.19.*", ((3, 11), (3, 12), (3, 13)), (*_TESTS, "tests/requirements-lint.txt")),
    Environment("core-2.16", "ansible-core==2.16.*", ((3, 10), (3, 11), (3, 12)), _TESTS),
    Environment("core-newest", "ansible-core>=2.20", ((3, 14), (3, 13), (3, 12)), _TESTS),
)


def main_environment() -> Environment:
    """Return the environment that every step but the compatibility tests uses."""
    return _ENVIRONMENTS[0]


def environments() -> tuple[list[Environment], list[Environment]]:
    """Return the environments that this machine has a Python for, and those it has none for."""
    possible = [one for one in _ENVIRONMENTS if one.version]
    return possible, [one for one in _ENVIRONMENTS if not one.version]


def demo_environment() -> Environment:
    """Return what a user would make: Ansible and what the collection needs, nothing else."""
    return Environment(
        "demo", "ansible-core>=2.16", ((3, 11), (3, 12), (3, 13), (3, 14)), ("meta/ee-requirements.txt",)
    )


def benchmark_environment() -> Environment:
    """Return what the benchmark compares with: the ``ansible`` package, which has today's recipes in it."""
    return Environment(
        "benchmark", "ansible-core>=2.19", ((3, 11), (3, 12), (3, 13), (3, 14)), ("tests/benchmark/requirements.txt",)
    )
