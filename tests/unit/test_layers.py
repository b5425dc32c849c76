# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which part may import what: the layers of docs/design.md, read off the import statements."""

from __future__ import annotations

import ast
import typing as t
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2] / "plugins"
PACKAGE = "ansible_collections.certfleet.pki.plugins."
HOST = "module_utils._host"

#: Modules that plan or hold values: whatever they need comes in as a parameter.
PURE = (
    "module_utils/_durations.py",
    "module_utils/_errors.py",
    "module_utils/_model.py",
    "module_utils/_names.py",
    "module_utils/_wanted.py",
    "plugin_utils/_checks.py",
    "plugin_utils/_observed.py",
    "plugin_utils/_order.py",
    "plugin_utils/_outcome.py",
    "plugin_utils/_plan.py",
    "plugin_utils/_reasons.py",
    "plugin_utils/_recorded.py",
    "plugin_utils/_renewal.py",
    "plugin_utils/_report.py",
    "plugin_utils/_standing.py",
    "plugin_utils/_suggestion.py",
)
IO = {
    "socket",
    "subprocess",
    "requests",
    "hvac",
    "shutil",
    "tempfile",
    "pathlib",
    "time",
    "random",
    "secrets",
    "sqlite3",
}
READS_CLOCK = {"now", "utcnow", "today"}


def sources(folder: str) -> t.List[Path]:
    return sorted((ROOT / folder).rglob("*.py"))


def imports(path: Path) -> t.Set[str]:
    """Return every module that a file imports, wherever in it."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            found.add(node.module or "")
            found.update(f"{node.module}.{alias.name}" for alias in node.names if node.module)
    return found


def inside(path: Path) -> t.Set[str]:
    """Return what a file imports of the collection, without the common prefix."""
    return {name[len(PACKAGE) :] for name in imports(path) if name.startswith(PACKAGE)}


@pytest.mark.parametrize("path", sources("module_utils/_host"), ids=lambda path: path.name)
def test_the_host_half_imports_nothing_outside_itself(path: Path) -> None:
    assert all(name.startswith(HOST) for name in inside(path))
    assert not any(name.split(".")[0] in ("ansible", "cryptography", "requests", "yaml") for name in imports(path))


@pytest.mark.parametrize("path", sources("module_utils"), ids=lambda path: path.name)
def test_module_utils_import_no_controller_code(path: Path) -> None:
    assert not any(name.startswith(("plugin_utils", "action")) for name in inside(path))
    controller = {name for name in imports(path) if name.startswith("ansible.") and "module_utils" not in name}
    assert controller == set()


@pytest.mark.parametrize("path", sources("module_utils/_authorities"), ids=lambda path: path.name)
def test_no_authority_knows_ansible(path: Path) -> None:
    assert not any(name == "ansible" or name.startswith("ansible.") for name in imports(path))


@pytest.mark.parametrize("name", PURE)
def test_pure_parts_do_no_io_and_read_no_clock(name: str) -> None:
    path = ROOT / name
    assert not {module.split(".")[0] for module in imports(path)} & IO
    tree = ast.parse(path.read_text(encoding="utf-8"))
    called = {node.func for node in ast.walk(tree) if isinstance(node, ast.Call)}
    names = {node.attr for node in called if isinstance(node, ast.Attribute)}
    names |= {node.id for node in called if isinstance(node, ast.Name)}
    assert not names & (READS_CLOCK | {"open"})


def test_packages_are_empty() -> None:
    filled = [path for path in ROOT.rglob("__init__.py") if path.read_text(encoding="utf-8").strip()]
    assert filled == []


@pytest.mark.parametrize("path", sources("."), ids=lambda path: str(path.relative_to(ROOT)))
def test_files_and_functions_stay_small(path: Path) -> None:
    if path.parent.name in ("modules", "doc_fragments"):
        return  # mostly documentation
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 300
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            assert (node.end_lineno or 0) - node.lineno < 40, f"{node.name} is too long"
