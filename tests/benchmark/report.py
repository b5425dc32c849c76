# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Writes what was measured as Markdown: the goals first, missed ones included, then every block."""

from __future__ import annotations

import datetime
import typing as t

from acme_side import Asked
from blocks import Block
from counting import Counts
from goals import GOALS, Results
from machine import describe_machine, describe_versions
from measuring import Cell

__all__ = ("write_report",)

_INTRODUCTION = """\
# Performance

`make benchmark` measured all of this in one run, and writes this page.

Only ratios are worth comparing, and only inside a block. Each is the wall time of a whole play over that of a play whose
one task is `ansible.builtin.ping`, on the same hosts, with the same forks, played right before and right after; the median
of the rounds, and in brackets the least and the most. Pipelining is on, the interpreter is named, facts are not gathered,
keys are ECDSA P-256, the token for OpenBao is static, so that logins are not measured. `first` issues a certificate for a
host that has none, `steady` is the second run, `renewal` runs with `force: true`.

*As a module* is the slower of the two ways to the host, taken when pipelining is off or the interpreter is not known. Here
ping keeps its pipelining and its interpreter, and so does the module: the benchmark's own action plugin only hides the
interpreter from the part that chooses the way.

The recipes are what a user writes today with the package `ansible`. `ownca` is `openssl_privatekey`, `openssl_csr` and
`x509_certificate` with the CA's key on every host. `sign` is key and CSR on the host, `vault_write` to `sign`, two `copy`,
and the checks that make a second run do nothing. `generate` is `vault_pki_generate_certificate` and three `copy`, which
makes another certificate in every run. `acme_certificate` is key and CSR on the host, the module in its two steps, and the
challenge copied and removed between them; `certbot` is one `certbot certonly --webroot` call. Both are included once for
each certificate.

Pebble rejects 5 % of good nonces, validates for real and without pauses, and uses no authorization twice. Every account is
made before it is measured.
"""


def write_report(results: Results, blocks: t.Sequence[Block], *, quick: bool, load: str) -> str:
    """Return the page."""
    parts = [_INTRODUCTION, _circumstances(quick, load), _goals(results)]
    parts += [_block(block, results[block.key]) for block in blocks if results.get(block.key)]
    return "\n".join(parts)


def _circumstances(quick: bool, load: str) -> str:
    day = datetime.datetime.now(datetime.timezone.utc).date().isoformat()
    quickly = " One round only (`--quick`): noise is in every figure." if quick else ""
    return f"Measured on {day}: {describe_machine()}; {describe_versions()}. Load average before: {load}.{quickly}\n"


def _goals(results: Results) -> str:
    rows = ["## Goals\n", "| measure | goal | measured | |", "|---|---|---|---|"]
    for goal in GOALS:
        value = goal.value(results)
        if value is None:
            rows.append(f"| {goal.text} | {goal.limit_text} | | not measured |")
        else:
            verdict = "reached" if goal.reached(value) else "**missed**"
            rows.append(f"| {goal.text} | {goal.limit_text} | {value:.2f} | {verdict} |")
    return "\n".join([*rows, ""])


def _block(block: Block, found: t.Sequence[Cell | Counts | Asked]) -> str:
    table = {"time": _times, "memory": _memory, "counts": _counts, "requests": _requests}[block.kind]
    return "\n".join([f"## {block.title}\n", *table(t.cast(t.Any, found)), ""])


def _times(cells: t.Sequence[Cell]) -> t.Iterator[str]:
    yield "| play | step | over ping | processor time over ping's | seconds |"
    yield "|---|---|---|---|---|"
    for cell in cells:
        seconds = sorted(cell.seconds)[len(cell.seconds) // 2]
        yield f"| {cell.pipeline} | {cell.step} | {_spread(cell)} | {cell.cpu_ratio:.2f} | {seconds:.2f} |"


def _memory(cells: t.Sequence[Cell]) -> t.Iterator[str]:
    yield "Proportional set size (PSS) of the whole process tree, the hosts' Python included.\n"
    yield "| play | step | over ping | MiB |"
    yield "|---|---|---|---|"
    for cell in cells:
        yield f"| {cell.pipeline} | {cell.step} | {_spread(cell)} | {max(cell.seconds):.0f} |"


def _counts(found: t.Sequence[Counts]) -> t.Iterator[str]:
    yield "| play | step | interpreters started on each host | heavy libraries imported |"
    yield "|---|---|---|---|"
    for one in found:
        yield f"| {one.pipeline} | {one.step} | {one.executions:g} | {one.imports_text()} |"


def _requests(found: t.Sequence[Asked]) -> t.Iterator[str]:
    yield "Interpreters started on the host, and requests that the CA got, over the number of certificates.\n"
    yield "| play | step | interpreters | requests | of them |"
    yield "|---|---|---|---|---|"
    for one in found:
        parts = ", ".join(f"{name or 'other'} {number:.1f}" for name, number in one.requests.items())
        total = sum(one.requests.values())
        yield f"| {one.pipeline} | {one.step} | {one.executions:.1f} | {total:.1f} | {parts or 'none'} |"


def _spread(cell: Cell) -> str:
    if len(cell.ratios) == 1:
        return f"{cell.ratio:.2f}"
    return f"{cell.ratio:.2f} ({min(cell.ratios):.2f} to {max(cell.ratios):.2f})"
