# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The vendor's own Python client, unmodified, in an environment of its own: its requirements exclude ours.

told = run_vcert("tpp", url=tpp.url, ca_bundle=tpp.ca_bundle, zone=ZONE, credential="user:password")
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import typing as t
from pathlib import Path

from ansible_collections.certfleet.pki.tests.support.made_once import made_once, run

__all__ = ("run_vcert",)

VERSION = "0.22.1"
_SESSION = Path(__file__).with_name("vcert_session.py")


def run_vcert(kind: str, *, url: str, ca_bundle: str, zone: str, credential: str) -> t.Dict[str, t.Any]:
    """Return what a session of the client (see vcert_session.py) printed. Raises RuntimeError with what it said."""
    command = [_interpreter(), "-I", str(_SESSION), kind, url, ca_bundle, zone, credential]
    clean = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120, env=clean)
    if done.returncode:
        raise RuntimeError(f"vcert failed: {done.stderr[-3000:]}")
    return json.loads(done.stdout.splitlines()[-1])


def _interpreter() -> str:
    version = "".join(map(str, sys.version_info[:2]))
    return str(made_once(f"vcert-{VERSION}-py{version}", _make_environment) / "bin" / "python")


def _make_environment(folder: Path) -> None:
    run(sys.executable, "-m", "venv", str(folder), folder=folder)
    run(str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", f"vcert=={VERSION}", folder=folder)
