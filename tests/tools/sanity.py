# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs ansible-test sanity without containers, on the Pythons that this machine has."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import typing as t
from pathlib import Path

from environments import BUILD, COLLECTION, Environment
from output import call
from pythons import Version, find_pythons, written

__all__ = ("run_sanity",)


def run_sanity(environment: Environment, *, every_python: bool) -> bool:
    """Run every sanity test, on every Python that this ansible-test knows or on its own only; True if all passed."""
    _seed_pip(environment)
    command = [environment.program("ansible-test"), "sanity", "--color", "no"]
    own = [] if every_python else ["--python", written(t.cast(Version, environment.version))]
    return call([*command, *own], cwd=COLLECTION, env=_variables(environment))


def _home(environment: Environment) -> Path:
    """ansible-test keeps virtual environments in ~/.ansible/test, so it gets a home of its own."""
    return BUILD / "home" / environment.name


def _variables(environment: Environment) -> dict[str, str]:
    ours = environment.variables()
    pythons = [os.path.dirname(path) for path in find_pythons().values()]
    own, path = ours["PATH"].split(os.pathsep, 1)
    home = os.path.expanduser("~")
    return {
        **ours,
        "HOME": str(_home(environment)),
        "PATH": os.pathsep.join([own, *pythons, path]),
        "PIP_CACHE_DIR": os.environ.get("PIP_CACHE_DIR", f"{home}/.cache/pip"),
        "XDG_CONFIG_HOME": os.environ.get("XDG_CONFIG_HOME", f"{home}/.config"),
    }


def _seed_pip(environment: Environment) -> None:
    """Put our get_pip.py where ansible-test would keep the one that it downloads otherwise."""
    script = Path(__file__).with_name("get_pip.py")
    cache = _home(environment) / ".ansible" / "test" / "cache"
    cache.mkdir(parents=True, exist_ok=True)
    for version in _pip_versions(environment):
        shutil.copyfile(script, cache / f"get_pip_{version.replace('.', '_')}.py")


def _pip_versions(environment: Environment) -> list[str]:
    """Return the versions of pip that this ansible-test asks for."""
    code = "import ansible_test._internal.python_requirements as module; print(module.__file__)"
    source = subprocess.check_output([environment.program("python"), "-c", code], text=True).strip()
    return re.findall(r"\bpip='([\d.]+)'", Path(source).read_text())
