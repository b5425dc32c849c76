# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Counts the tests of all pytest runs, and writes one closing line for them as pytest does."""

from __future__ import annotations

import shutil
import typing as t
import uuid
from pathlib import Path
from xml.etree import ElementTree

from environments import BUILD

__all__ = ("closing_line", "forget_results", "next_result")

_RESULTS = BUILD / "results"


def forget_results() -> None:
    """Forget earlier runs."""
    shutil.rmtree(_RESULTS, ignore_errors=True)
    _RESULTS.mkdir(parents=True)


def next_result() -> Path:
    """Return the file in which a run of pytest has to leave its results (in JUnit's XML)."""
    return _RESULTS / f"{uuid.uuid4().hex}.xml"


def closing_line(steps: t.Sequence[bool], seconds: float) -> str:
    """Return '=== 1 failed, 20 passed in 3.00s ==='; a step that failed without a failed test counts as an error."""
    counts = _counted()
    failed_steps = sum(not passed for passed in steps)
    if failed_steps and not counts["failed"] + counts["errors"]:
        counts["errors"] = failed_steps
    told = ", ".join(f"{number} {what}" for what, number in counts.items() if number) or "no tests ran"
    return f" {told} in {seconds:.2f}s ".center(80, "=")


def _counted() -> dict[str, int]:
    sums = dict.fromkeys(("tests", "failures", "errors", "skipped"), 0)
    for path in _RESULTS.glob("*.xml"):
        for suite in ElementTree.parse(path).iter("testsuite"):
            for name in sums:
                sums[name] += int(suite.get(name, 0))
    passed = sums["tests"] - sums["failures"] - sums["errors"] - sums["skipped"]
    return {"failed": sums["failures"], "passed": passed, "skipped": sums["skipped"], "errors": sums["errors"]}
