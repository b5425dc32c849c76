# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Keeps build/tree/ansible_collections/certfleet/pki the same as the repository's files."""

from __future__ import annotations

import filecmp
import os
import shutil
import subprocess
from pathlib import Path

from environments import COLLECTION, ROOT

__all__ = ("copy_collection",)

_NEVER = {".git", "build", "certfleet-quickstart", "__pycache__", ".venv"}


def copy_collection() -> None:
    """Copy what git would commit (or, outside a repository, everything but what is made here)."""
    wanted = set(_files())
    for name in wanted:
        _copy(ROOT / name, COLLECTION / name)
    for name in set(_walk(COLLECTION)) - wanted:
        if not name.startswith("tests/output/"):
            (COLLECTION / name).unlink()
    _own_repository()


def _own_repository() -> None:
    """Give the copy its own repository, which is what ansible-test and ansible-lint ask for files; ours ignores it."""
    if shutil.which("git") and not (COLLECTION / ".git").exists():
        subprocess.run(["git", "init", "--quiet", str(COLLECTION)], check=True)


def _files() -> list[str]:
    command = ["git", "-C", str(ROOT), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    if (ROOT / ".git").exists() and shutil.which("git"):
        names = subprocess.check_output(command, text=True).split("\0")
        return [name for name in names if name and os.path.lexists(ROOT / name)]
    return _walk(ROOT)


def _walk(top: Path) -> list[str]:
    found = []
    for directory, below, files in os.walk(top):
        below[:] = [name for name in below if name not in _NEVER]
        found += [os.path.relpath(os.path.join(directory, name), top) for name in files]
    return found


def _copy(source: Path, target: Path) -> None:
    if (
        target.is_file()
        and filecmp.cmp(source, target, shallow=False)
        and os.access(source, os.X_OK) == os.access(target, os.X_OK)
    ):
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy2(source, target, follow_symlinks=False)
