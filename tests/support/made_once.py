# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What takes long to make is made once for all tests, under build/servers (CERTFLEET_TEST_CACHE names another place)."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import typing as t
from pathlib import Path

__all__ = ("made_once", "run")

_ROOT = Path(__file__).resolve().parents[2]


def made_once(name: str, make: t.Callable[[Path], None]) -> Path:
    """Return a folder that ``make`` has filled, now or earlier; ``name`` must tell one version from another."""
    cache = Path(os.environ.get("CERTFLEET_TEST_CACHE") or _ROOT / "build" / "servers")
    cache.mkdir(parents=True, exist_ok=True)
    folder = cache / name
    stamp = folder / "complete"
    with (cache / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not stamp.exists():
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            make(folder)
            stamp.touch()
    return folder


def run(*command: str, folder: Path, **variables: str) -> None:
    """Run a program that makes something. Raises RuntimeError with what it said."""
    environment = {**os.environ, **variables}
    done = subprocess.run(
        ["nice", "-n", "10", *command], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(f"{command[0]} failed: {done.stderr[-3000:] or done.stdout[-3000:]}")
