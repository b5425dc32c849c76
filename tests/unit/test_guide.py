# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the documentation says in tables, links and examples is what the code does."""

from __future__ import annotations

import inspect
import re
import types
import typing as t
from pathlib import Path

import pytest

from ansible_collections.certfleet.pki.plugins.module_utils import _errors
from ansible_collections.certfleet.pki.plugins.module_utils._authorities._base import Authority
from ansible_collections.certfleet.pki.plugins.module_utils._registry import AUTHORITIES
from ansible_collections.certfleet.pki.plugins.plugin_utils._reasons import RULES, Consequence

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted(page for folder in (ROOT, ROOT / "docs", ROOT / "roles") for page in folder.glob("**/*.md"))
PAGES = [page for page in PAGES if "build" not in page.relative_to(ROOT).parts]

Rows = t.Dict[str, t.List[str]]


def table(page: str, heading: str) -> Rows:
    """Return the cells of the first table below a heading, by what stands in the first column without backquotes."""
    text = (ROOT / page).read_text(encoding="utf-8").partition(f"\n## {heading}\n")[2]
    lines = re.search(r"(?:^\|.*\n)+", text, re.MULTILINE)
    assert lines, f"{page} has no table below '{heading}'"
    cells = [[cell.strip() for cell in line.strip("|\n").split("|")] for line in lines.group().splitlines()[2:]]
    return {first.strip("`"): rest for first, *rest in cells}


def test_reasons_are_documented_with_their_consequence() -> None:
    documented = {code: tuple(rest[:2]) for code, rest in table("docs/guide.md", "Reasons").items()}
    by_key = {True: "yes", False: "by `key.rotate`"}
    assert documented == {
        code: (rule.consequence.name.lower(), by_key[rule.new_key] if rule.consequence is Consequence.ORDER else "")
        for code, rule in RULES.items()
    }


def test_every_kind_of_error_is_documented() -> None:
    kinds = {
        error.kind: "yes" if error.retryable else "no"
        for error in vars(_errors).values()
        if inspect.isclass(error) and issubclass(error, _errors.PkiError) and error is not _errors.PkiError
    }
    kinds["host"] = "sometimes"
    assert {kind: rest[0] for kind, rest in table("docs/guide.md", "Troubleshooting").items()} == kinds


def test_every_authority_has_a_page() -> None:
    assert {page.stem for page in (ROOT / "docs" / "authorities").glob("*.md")} == set(AUTHORITIES)


def anchors(page: Path) -> t.Set[str]:
    """Return the anchors that GitHub makes of a page's headings."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8")):
        if "://" in target:
            continue
        path, _hash, anchor = target.partition("#")
        found = (page.parent / path).resolve() if path else page
        assert found.exists(), f"{target} is not there"
        assert not anchor or anchor in anchors(found), f"{found.name} has no heading for #{anchor}"


def test_the_worked_example_is_a_whole_authority() -> None:
    if not (ROOT / "CONTRIBUTING.md").exists():
        pytest.skip("an installed collection has no CONTRIBUTING.md")
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    source = text.partition("_authorities/simple.py`")[2].partition("```python\n")[2].partition("```")[0]
    module = types.ModuleType("simple")
    exec(compile(source, "simple", "exec"), module.__dict__)
    authority: Authority = module.SimpleAuthority({"url": "https://CA.example.com/"})
    assert authority.identity == "simple:https://ca.example.com"
    assert all(option["description"] for option in authority.OPTIONS.values())
