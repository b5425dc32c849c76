# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs the steps named on the command line, one after the other, and closes with a summary.

Usage: run.py STEP...   (see the Makefile; `all` and `fast` stand for several)
"""

from __future__ import annotations

import dataclasses
import os
import shutil
import sys
import time
import typing as t

import steps
from environments import Environment, demo_environment, environments, main_environment
from pythons import OLDEST, find_pythons, written
from sanity import run_sanity
from tree import copy_collection

_SERVERS = {"openssl": "openssl", "bao": "OpenBao", "sshd": "the OpenSSH server"}


@dataclasses.dataclass(frozen=True)
class Step:
    name: str
    environment: Environment
    check: t.Callable[[Environment], bool]

    def run(self) -> tuple[str, bool, float]:
        print(f"\n== {self.name}", flush=True)
        started = time.monotonic()
        self.environment.ready()
        passed = self.check(self.environment)
        return self.name, passed, time.monotonic() - started


def main(names: list[str]) -> int:
    copy_collection()
    results = [step.run() for name in names for step in _steps(name)]
    whole = "all" in names
    missing = _missing_servers() if whole else []
    _summary(results, missing if whole else None)
    lacking_in_ci = bool(missing) and os.environ.get("CI") == "true"
    return int(lacking_in_ci or not all(passed for _name, passed, _seconds in results))


def _steps(name: str) -> list[Step]:
    main_one = main_environment()
    single = {
        "demo": Step("demo", demo_environment(), steps.demo),
        "lint": Step("lint", main_one, steps.lint),
        "unit": Step("unit", main_one, steps.unit),
        "integration": Step("integration", main_one, steps.integration),
        "molecule": Step("molecule", main_one, steps.molecule),
        "artefact": Step("artefact", main_one, steps.artefact),
        "docs": Step("docs", main_one, steps.docs),
        "format": Step("format", main_one, steps.format_files),
    }
    if name == "sanity":
        return [Step(f"sanity, {one.core}", one, run_sanity) for one in environments()[0]]
    if name == "compatibility":
        return [Step(f"smoke, {one.core}", one, steps.smoke) for one in environments()[0] if one != main_one]
    if name == "fast":
        return [Step("lint", main_one, lambda one: steps.lint(one, all_of_it=False)), single["unit"]]
    if name == "all":
        order = ("lint", "unit", "integration", "molecule", "artefact", "compatibility", "sanity")
        return [step for one in order for step in _steps(one)]
    if name not in single:
        raise SystemExit(f"There is no step {name}; the Makefile lists them.")
    return [single[name]]


def _missing_servers() -> list[str]:
    path = os.pathsep.join([main_environment().variables()["PATH"], "/usr/sbin", "/sbin"])
    return [title for program, title in _SERVERS.items() if not shutil.which(program, path=path)]


def _summary(results: list[tuple[str, bool, float]], missing: list[str] | None) -> None:
    print("\n== summary")
    for name, passed, seconds in results:
        print(f"{'passed' if passed else 'FAILED'}  {seconds:6.0f} s  {name}")
    if missing is not None:
        print(f"Pythons found: {', '.join(map(written, find_pythons()))}.")
        _tell_skipped(missing)
    failed = sum(not passed for _name, passed, _seconds in results)
    print(f"steps: {len(results) - failed} passed, {failed} failed")


def _tell_skipped(missing: list[str]) -> None:
    for one in environments()[1]:
        print(f"Skipped: {one.core}, which needs Python {' or '.join(map(written, one.pythons))}.")
    unseen = [(3, minor) for minor in range(OLDEST[1], 15) if (3, minor) not in find_pythons()]
    if unseen:
        print(f"Skipped: the host half on Python {', '.join(map(written, unseen))}, which this machine lacks.")
    for title in missing:
        print(f"Skipped: what needs {title}, which is not installed.")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
