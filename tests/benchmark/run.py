# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Measures the collection beside `ansible.builtin.ping` and today's recipes, and prints the ratios.

Usage: run.py [--quick] [--only BLOCK]... [--write]

Needs tests/benchmark/requirements.txt; what else is missing (sshd, bao) is skipped and said. --quick plays one round
and leaves out the longest recipes; --write also writes docs/performance.md. Nothing here passes or fails.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import tempfile
from pathlib import Path

sys.dont_write_bytecode = True

from authorities import opened
from blocks import BLOCKS, Bench, Block
from fleet import Workspace
from plays import write_plays
from report import write_report

_ROOT = Path(__file__).resolve().parents[2]
_PAGE = _ROOT / "docs" / "performance.md"
#: Not played with --quick.
_LONG = ("recipes-50", "recipes-many", "acme")


def _tell(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _arguments(words: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="one round, without the longest recipes")
    parser.add_argument("--only", action="append", choices=[block.key for block in BLOCKS], help="only this block")
    parser.add_argument("--write", action="store_true", help=f"write {_PAGE.relative_to(_ROOT)} too")
    return parser.parse_args(words)


def _chosen(arguments: argparse.Namespace) -> list[Block]:
    if arguments.only:
        return [block for block in BLOCKS if block.key in arguments.only]
    return [block for block in BLOCKS if not (arguments.quick and block.key in _LONG)]


def main(words: list[str]) -> None:
    """Measure the chosen blocks and print the page."""
    arguments = _arguments(words)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped"))  # so that servers end with it
    load = " ".join(f"{value:.1f}" for value in os.getloadavg())
    results = {}
    with tempfile.TemporaryDirectory(prefix="cfb-") as folder:  # a short path: sockets are in it
        workspace = Workspace(Path(folder), _ROOT)
        write_plays(workspace.plays)
        with opened(workspace, _tell) as authorities:
            bench = Bench(workspace, authorities, _tell, arguments.quick)
            for block in _chosen(arguments):
                _tell(f"== {block.title}")
                results[block.key] = block.measure(bench)
    page = write_report(results, _chosen(arguments), quick=arguments.quick, load=load)
    print(page)
    if arguments.write:
        _PAGE.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
