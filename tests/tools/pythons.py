# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Finds the Pythons of this machine: on PATH, and where pyenv keeps them."""

from __future__ import annotations

import functools
import os
import pwd
import shutil
import subprocess
import sys
from pathlib import Path

__all__ = ("OLDEST", "Version", "find_pythons", "written")

Version = tuple[int, int]

#: The oldest Python that a managed host may have.
OLDEST: Version = (3, 6)
NEWEST: Version = (3, 20)


def written(version: Version) -> str:
    """Return '3.11' for (3, 11)."""
    return ".".join(map(str, version))


@functools.cache
def find_pythons() -> dict[Version, str]:
    """Return an interpreter for each Python version found, this process's own first, oldest version first."""
    found = {sys.version_info[:2]: _real(sys.executable) or sys.executable}
    for candidate in _candidates():
        real = _real(candidate)
        if real:
            found.setdefault(_version(real), real)
    return {version: found[version] for version in sorted(found) if OLDEST <= version <= NEWEST}


def _candidates() -> list[str]:
    names = [f"python3.{minor}" for minor in range(OLDEST[1], NEWEST[1] + 1)]
    on_path = [path for name in names if (path := shutil.which(name))]
    return on_path + [str(path) for root in _pyenv_roots() for path in sorted(root.glob("versions/3.*/bin/python"))]


def _pyenv_roots() -> list[Path]:
    homes = [os.path.expanduser("~"), pwd.getpwuid(os.getuid()).pw_dir]
    roots = [os.environ.get("PYENV_ROOT"), *(os.path.join(home, ".pyenv") for home in homes)]
    if pyenv := shutil.which("pyenv"):
        roots.append(str(Path(pyenv).resolve().parent.parent))
    return [Path(root) for root in dict.fromkeys(roots) if root and os.path.isdir(root)]


@functools.cache
def _real(interpreter: str) -> str | None:
    """Return where an interpreter really is, past pyenv's shims and virtual environments; None if it does not run."""
    code = "import sys; print(getattr(sys, '_base_executable', '') or sys.executable)"
    answer = subprocess.run([interpreter, "-c", code], capture_output=True, text=True, check=False)
    return answer.stdout.strip() or None if answer.returncode == 0 else None


def _version(interpreter: str) -> Version:
    code = "import sys; print(*sys.version_info[:2])"
    major, minor = subprocess.check_output([interpreter, "-c", code], text=True).split()
    return int(major), int(minor)
