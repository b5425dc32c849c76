# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every rule in docs/design.md names tests that exist."""

from __future__ import annotations

import ast
import functools
import re
import typing as t
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
HEADING = "## Rules and their tests"


def rules() -> t.List[t.Tuple[str, t.List[str]]]:
    """Return (rule, names of its tests), in order."""
    text = (ROOT / "docs" / "design.md").read_text(encoding="utf-8").partition(HEADING)[2]
    rows = [line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("| ")]
    return [(rule, re.findall(r"`([^`]+)`", tests)) for rule, tests in rows if rule != "rule"]


@functools.cache
def declared_in(path: str) -> t.FrozenSet[str]:
    """Return the tests of a file, those of classes as ``Class::test``, and classes that hold or inherit any."""
    found: t.Set[str] = set()
    for node in ast.parse((ROOT / "tests" / path).read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef):
            found.add(node.name)
        if isinstance(node, ast.ClassDef):
            found.add(node.name)
            found.update(f"{node.name}::{item.name}" for item in node.body if isinstance(item, ast.FunctionDef))
    return frozenset(name for name in found if name.split("::")[-1].startswith(("test_", "Test")))


def exists(name: str) -> bool:
    """Tell whether ``FILE::TEST`` (below tests/), a step of the Makefile (``make X``) or a folder is there."""
    if name.startswith("make "):
        return re.search(rf"^{name[5:]}:", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE) is not None
    path, colons, test = name.partition("::")
    if not colons:
        return (ROOT / path).is_dir()
    return (ROOT / "tests" / path).is_file() and test in declared_in(path)


def test_there_are_rules() -> None:
    assert len(rules()) > 90
    assert len({rule for rule, _tests in rules()}) == len(rules()), "a rule is there twice"


@pytest.mark.parametrize(("rule", "tests"), rules(), ids=lambda value: value[:60] if isinstance(value, str) else "")
def test_every_rule_has_its_tests(rule: str, tests: t.List[str]) -> None:
    assert tests, f"no test for: {rule}"
    assert [name for name in tests if not exists(name)] == []
