# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Write the option table of every page in docs/authorities from the options in code; with --check only compare.

Run from the root of the collection, which must be importable as ansible_collections.certfleet.pki.
"""

from __future__ import annotations

import argparse
import pathlib
import re
import sys
import typing as t

from ansible_collections.certfleet.pki.plugins.module_utils._authorities._base import Authority
from ansible_collections.certfleet.pki.plugins.module_utils._registry import AUTHORITIES

__all__ = ("page_of", "with_table")

FOLDER = pathlib.Path("docs/authorities")
BEGIN = "<!-- Written by tests/tools/authority_tables.py from the options in code; don't edit. -->"
END = "<!-- End of what tests/tools/authority_tables.py writes. -->"
_HEAD = "| option | type | default | meaning |\n|---|---|---|---|"
_MARKUP = re.compile(r"\b[CEMOV]\((?:certfleet\.pki\.\S+#module:)?([^)]+)\)")

Entry = t.Mapping[str, t.Any]


def page_of(authority: t.Type[Authority]) -> pathlib.Path:
    """Return the page that documents an authority."""
    return FOLDER / f"{authority.NAME}.md"


def with_table(page: str, authority: t.Type[Authority]) -> str:
    """Return the page with its table renewed. Raises SystemExit if the markers are not there."""
    before, begin, rest = page.partition(BEGIN)
    _old, end, after = rest.partition(END)
    if not begin or not end:
        raise SystemExit(f"{page_of(authority)} needs the lines\n{BEGIN}\n{END}")
    table = "\n".join([_HEAD, *_rows(authority.OPTIONS, authority.ENVIRONMENT)])
    return f"{before}{BEGIN}\n\n{table}\n\n{END}{after}"


def _rows(
    options: t.Mapping[str, Entry], environment: t.Mapping[str, t.Sequence[str]], prefix: str = ""
) -> t.Iterator[str]:
    for name, entry in options.items():
        path = prefix + name
        yield f"| `{path}` | {_type(entry)} | {_default(entry)} | {_meaning(entry, environment.get(path, ()))} |"
        if "options" in entry:
            yield from _rows(entry["options"], environment, f"{path}.")


def _type(entry: Entry) -> str:
    kind = entry.get("type", "str")
    return f"list of {entry['elements']}" if "elements" in entry else kind


def _default(entry: Entry) -> str:
    if entry.get("required"):
        return "required"
    value = entry.get("default")
    if value is None:
        return ""
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def _meaning(entry: Entry, variables: t.Sequence[str]) -> str:
    description = entry["description"]
    sentences = [description] if isinstance(description, str) else list(description)
    if "choices" in entry:
        sentences.append(f"One of {', '.join(f'`{choice}`' for choice in entry['choices'])}.")
    if variables:
        sentences.append(f"Environment: {', '.join(f'`{variable}`' for variable in variables)}.")
    if entry.get("no_log"):
        sentences.append("Secret.")
    return _MARKUP.sub(r"`\1`", " ".join(sentences)).replace("|", "\\|")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; fail if a table is out of date")
    arguments = parser.parse_args()
    stale = []
    for authority in AUTHORITIES.values():
        path = page_of(authority)
        if not path.exists():
            raise SystemExit(f"The authority '{authority.NAME}' has no page; write {path}.")
        page = path.read_text(encoding="utf-8")
        fresh = with_table(page, authority)
        if page != fresh:
            stale.append(str(path))
            if not arguments.check:
                path.write_text(fresh, encoding="utf-8")
    if arguments.check and stale:
        print(f"out of date: {', '.join(stale)}; run tests/tools/authority_tables.py")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
