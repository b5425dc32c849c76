# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs the steps named on the command line and closes with a summary.

Usage: run.py STEP...   (see the Makefile; `all` and `fast` stand for several)
"""

from __future__ import annotations

import dataclasses
import functools
import glob
import os
import shutil
import sys
import threading
import time
import typing as t
from pathlib import Path

import steps
from closing import closing_line, forget_results
from environments import BUILD, Environment, benchmark_environment, demo_environment, environments, main_environment
from output import diverted, say
from pythons import OLDEST, find_pythons, written
from sanity import run_sanity
from tree import copy_collection

_SERVERS = {
    "openssl": "openssl",
    "bao": "OpenBao",
    "sshd": "the OpenSSH server",
    "pebble": "Pebble",
    "named": "BIND",
    "postgres": "PostgreSQL",
    "go": "Go, to build step-ca",
    "cfssl": "cfssl",
    "nginx": "nginx",
}
_POSTGRESQL = "/usr/lib/postgresql/*/bin"
_STEP_CA = Path("/usr/share/gocode/src/github.com/smallstep/certificates")
_ACMEEH_PYTHON = (3, 12)
#: The ansible-core whose sanity tests are run on every Python; the others run on their own only.
_EVERY_PYTHON = "core-2.16"
#: What is run at the same time.
_LANES = {"all": ("tests", "sanity"), "fast": ("unit", "quick lint")}
#: What ends with a line as pytest's.
_TESTED = {"all", "fast", "unit", "integration"}


@dataclasses.dataclass(frozen=True)
class Result:
    name: str
    passed: bool
    seconds: float


@dataclasses.dataclass(frozen=True)
class Step:
    name: str
    environment: Environment
    check: t.Callable[[Environment], bool]

    def run(self) -> Result:
        say(f"\n== {self.name}")
        started = time.monotonic()
        try:
            self.environment.ready()
            passed = self.check(self.environment)
        except SystemExit as error:
            say(str(error))
            passed = False
        return Result(self.name, passed, time.monotonic() - started)


def main(names: list[str]) -> int:
    started = time.monotonic()
    copy_collection()
    forget_results()
    if names in (["all"], ["fast"]):
        results = _side_by_side(*(_steps(lane) for lane in _LANES[names[0]]))
    else:
        results = [step.run() for name in names for step in _steps(name)]
    missing = _missing_servers() if names == ["all"] else None
    _summary(results, missing)
    if _TESTED.intersection(names):
        print(closing_line([result.passed for result in results], time.monotonic() - started))
    lacking_in_ci = bool(missing) and os.environ.get("CI") == "true"
    return int(lacking_in_ci or not all(result.passed for result in results))


def _side_by_side(shown: list[Step], hidden: list[Step]) -> list[Result]:
    """Run two lists at once: one core is often idle. What the second prints is shown when both are done."""
    log, found = BUILD / "second-lane.log", []

    def run_hidden() -> None:
        with log.open("w") as stream, diverted(stream):
            found.extend(step.run() for step in hidden)

    worker = threading.Thread(target=run_hidden, daemon=True)
    worker.start()
    results = [step.run() for step in shown]
    worker.join()
    print(log.read_text(errors="replace"), flush=True)
    if len(found) < len(hidden):
        raise SystemExit("Not everything was run: see above.")
    return results + found


def _steps(name: str) -> list[Step]:
    main_one = main_environment()
    if name == "sanity":
        return [_sanity(one) for one in environments()[0]]
    if name == "compatibility":
        return [Step(f"smoke, {one.core}", one, steps.smoke) for one in environments()[0] if one != main_one]
    if name == "quick lint":
        return [Step("lint", main_one, functools.partial(steps.lint, all_of_it=False))]
    if name == "tests":
        order = ("lint", "unit", "integration", "molecule", "artefact", "compatibility")
        return [step for one in order for step in _steps(one)]
    return [_single(name)]


def _single(name: str) -> Step:
    """Return a step that has a function of its own in steps.py."""
    if name not in steps.SINGLE:
        raise SystemExit(f"There is no step {name}; the Makefile lists them.")
    own = {"demo": demo_environment, "benchmark": benchmark_environment}
    return Step(name, own.get(name, main_environment)(), steps.SINGLE[name])


def _sanity(environment: Environment) -> Step:
    check = functools.partial(run_sanity, every_python=environment.name == _EVERY_PYTHON)
    return Step(f"sanity, {environment.core}", environment, check)


def _missing_servers() -> list[str]:
    path = os.pathsep.join([main_environment().variables()["PATH"], *glob.glob(_POSTGRESQL)])
    missing = [title for program, title in _SERVERS.items() if not shutil.which(program, path=path)]
    return missing if _STEP_CA.is_dir() else [*missing, "the sources of step-ca"]


def _summary(results: list[Result], missing: list[str] | None) -> None:
    print("\n== summary")
    for result in results:
        print(f"{'passed' if result.passed else 'FAILED'}  {result.seconds:6.0f} s  {result.name}")
    if missing is not None:
        print(f"Pythons found: {', '.join(map(written, find_pythons()))}.")
        _tell_skipped(missing)
    failed = sum(not result.passed for result in results)
    print(f"steps: {len(results) - failed} passed, {failed} failed")


def _tell_skipped(missing: list[str]) -> None:
    for one in environments()[1]:
        print(f"Skipped: {one.core}, which needs Python {' or '.join(map(written, one.pythons))}.")
    if max(find_pythons()) < _ACMEEH_PYTHON:
        print(f"Skipped: what needs acmeeh, which needs Python {written(_ACMEEH_PYTHON)}.")
    unseen = [(3, minor) for minor in range(OLDEST[1], 15) if (3, minor) not in find_pythons()]
    if unseen:
        print(f"Skipped: the host half on Python {', '.join(map(written, unseen))}, which this machine lacks.")
    for title in missing:
        print(f"Skipped: what needs {title}, which is not installed; in CI that is a failure.")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
