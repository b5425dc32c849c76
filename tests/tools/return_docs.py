# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Write the RETURN of the modules from returns.yml; with --check only compare. Run from the collection's root."""

from __future__ import annotations

import argparse
import pathlib
import re
import sys
import typing as t

import yaml

TABLE = pathlib.Path(__file__).with_name("returns.yml")
MODULES = pathlib.Path("plugins/modules")
BLOCK = re.compile(r'^RETURN = r"""\n.*?^"""\n', re.MULTILINE | re.DOTALL)


def _listed(entry: t.Mapping[str, t.Any], returned: str | None = None) -> dict[str, t.Any]:
    """Return an entry the way Ansible wants it: description as a list, ``returned`` at the top level only."""
    description = entry["description"]
    listed = {"description": [description] if isinstance(description, str) else description}
    if returned:
        listed["returned"] = returned
    listed.update({key: value for key, value in entry.items() if key not in ("description", "returned", "contains")})
    if "contains" in entry:
        listed["contains"] = {name: _listed(part) for name, part in entry["contains"].items()}
    return listed


def rendered(table: t.Mapping[str, t.Any], names: t.Iterable[str]) -> str:
    """Return the RETURN block for the results of one module."""
    results = {}
    for name in names:
        entry = table["results"][name]
        results[name] = _listed(entry, entry["returned"])
        if name in ("certificate", "certificates"):
            results[name]["contains"] = {field: _listed(part) for field, part in table["fields"].items()}
    text = yaml.safe_dump(results, sort_keys=False, width=140, allow_unicode=True)
    return f'RETURN = r"""\n{text}"""\n'


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; fail if a module is out of date")
    arguments = parser.parse_args()
    table = yaml.safe_load(TABLE.read_text(encoding="utf-8"))
    stale = []
    for module, names in table["modules"].items():
        path = MODULES / f"{module}.py"
        old = path.read_text(encoding="utf-8")
        new = BLOCK.sub(lambda match, names=names: rendered(table, names), old)
        if new != old:
            stale.append(str(path))
            if not arguments.check:
                path.write_text(new, encoding="utf-8")
    if arguments.check and stale:
        print(f"out of date: {', '.join(stale)}; run tests/tools/return_docs.py")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
