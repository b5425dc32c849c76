# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The collection's metadata and README name what is there."""

from __future__ import annotations

import re
import typing as t
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
WITH_AUTHORITY = {"certfleet.pki.authority", "certfleet.pki.item", "certfleet.pki.items"}


def names(folder: str, pattern: str = "*.py") -> t.Set[str]:
    return {path.stem for path in (ROOT / folder).glob(pattern)}


def fragments(module: str) -> t.Set[str]:
    """Return the documentation fragments that a module uses."""
    source = (ROOT / "plugins" / "modules" / f"{module}.py").read_text(encoding="utf-8")
    documentation = re.search(r'^DOCUMENTATION = r?"""(.*?)"""', source, re.MULTILINE | re.DOTALL)
    assert documentation, module
    return set(yaml.safe_load(documentation.group(1)).get("extends_documentation_fragment") or ())


def test_the_action_group_holds_exactly_the_modules_that_take_an_authority() -> None:
    runtime = yaml.safe_load((ROOT / "meta" / "runtime.yml").read_text(encoding="utf-8"))
    taking = {module for module in names("plugins/modules") if fragments(module) & WITH_AUTHORITY}
    assert set(runtime["action_groups"]["authority"]) == taking
    assert runtime["requires_ansible"] == ">=2.16.0"


def test_every_action_is_a_module() -> None:
    assert names("plugins/action") <= names("plugins/modules")


def test_the_readme_names_every_module_filter_and_playbook() -> None:
    first_cells = set(re.findall(r"^\| `(\w+)` \|", (ROOT / "README.md").read_text(encoding="utf-8"), re.MULTILINE))
    assert first_cells == names("plugins/modules") | names("plugins/filter") | names("playbooks", "*.yml")
