# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Write the documentation fragments from the options in code; with --check only compare.

Run from the root of the collection, which must be importable as ansible_collections.certfleet.pki.
"""

from __future__ import annotations

import argparse
import pathlib
import sys
import typing as t

import yaml

from ansible_collections.certfleet.pki.plugins.module_utils import _options, _registry
from ansible_collections.certfleet.pki.plugins.module_utils._acme._account_options import ACME_ACCOUNT
from ansible_collections.certfleet.pki.plugins.module_utils._local.options import LOCAL_AUTHORITY
from ansible_collections.certfleet.pki.plugins.module_utils._operation_options import OPERATIONS

HEADER = """\
# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Written by tests/tools/doc_fragments.py from the options in plugins/module_utils; don't edit.

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r\"\"\"
"""
FOLDER = pathlib.Path("plugins/doc_fragments")
KEPT = ("type", "elements", "required", "default", "choices")

Entry = t.Mapping[str, t.Any]


def documented(options: t.Mapping[str, Entry]) -> t.Dict[str, t.Any]:
    """Return the ``options`` part of a documentation."""
    return {name: _option(entry) for name, entry in options.items()}


def _option(entry: Entry) -> t.Dict[str, t.Any]:
    description = entry["description"]
    option = {"description": [description] if isinstance(description, str) else list(description)}
    option.update({key: entry[key] for key in KEPT if key in entry})
    if "options" in entry:
        option["suboptions"] = documented(entry["options"])
    return option


def fragments() -> t.Dict[str, t.Mapping[str, Entry]]:
    """Return every fragment by name."""
    item = _options.item_options(_registry.authority_entry(required=False))
    inherited = {name: item[name] for name in ("authority", "policy")}
    listed = {"certificates": {**_options.list_entry(), "options": item}, "defaults": _options.defaults_entry()}
    return {
        "authority": {"authority": _registry.authority_entry(required=True)},
        "item": item,
        "items": {**listed, **inherited},
        "local_authority": LOCAL_AUTHORITY,
        "acme_account": _without_authority(ACME_ACCOUNT),
        **{name: _without_authority(operation.options) for name, operation in OPERATIONS.items()},
    }


def _without_authority(options: t.Mapping[str, Entry]) -> t.Dict[str, Entry]:
    return {name: entry for name, entry in options.items() if name != "authority"}


def rendered(options: t.Mapping[str, Entry]) -> str:
    text = yaml.safe_dump({"options": documented(options)}, sort_keys=False, width=140, allow_unicode=True)
    return f'{HEADER}{text}"""\n'


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; fail if a fragment is out of date")
    arguments = parser.parse_args()
    stale = []
    for name, options in fragments().items():
        if not options:
            continue
        path, text = FOLDER / f"{name}.py", rendered(options)
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            stale.append(str(path))
            if not arguments.check:
                path.write_text(text, encoding="utf-8")
    if arguments.check and stale:
        print(f"out of date: {', '.join(stale)}; run tests/tools/doc_fragments.py")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
