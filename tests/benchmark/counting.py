# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Counts what must not depend on the machine: executions on the host, and who imports heavy libraries."""

from __future__ import annotations

import dataclasses
import sys
import time
import typing as t
from pathlib import Path

from fleet import Fleet
from measuring import Pipeline, make_directories

__all__ = ("Counter", "Counts")

_WRAPPER = """\
#!/bin/sh
echo >> {log}
exec {python} "$@"
"""


@dataclasses.dataclass(frozen=True)
class Counts:
    """Of one play: interpreters started per host; each heavy library with its importing processes, ``parent`` or not."""

    pipeline: str
    step: str
    executions: float
    imports: t.Mapping[str, t.Tuple[int, bool]]

    def imports_text(self) -> str:
        """Return it for people."""
        words = [
            f"{name}: {'once, in the parent' if (count, parent) == (1, True) else f'in {count} processes'}"
            for name, (count, parent) in sorted(self.imports.items())
        ]
        return "; ".join(words) or "none"


class Counter:
    """Plays with an interpreter that counts its starts, and with an ear on imports."""

    def __init__(self, folder: Path) -> None:
        self._starts, self._imports = folder / "starts.log", folder / "imports.log"
        wrapper = folder / "counting-python"
        wrapper.write_text(_WRAPPER.format(log=self._starts, python=sys.executable))
        wrapper.chmod(0o755)
        #: Variables of the hosts that are to be counted.
        self.variables = {"ansible_python_interpreter": str(wrapper)}

    def count(self, fleet: Fleet, pipeline: Pipeline) -> t.Iterator[Counts]:
        """Yield the counts of every step, as soon as it is played."""
        round_name = f"count-{time.monotonic_ns()}"
        make_directories(fleet, pipeline, round_name)
        for step in pipeline.steps:
            yield self._count(fleet, pipeline, step, round_name)

    def _count(self, fleet: Fleet, pipeline: Pipeline, step: str, round_name: str) -> Counts:
        self._starts.write_text("")
        self._imports.write_text("")
        played = fleet.play(
            pipeline.play,
            variables={"bench_round": round_name, "bench_force": step == "renewal", **pipeline.variables},
            environment={
                "PYTHONPATH": str(Path(__file__).parent / "watch"),
                "CERTFLEET_BENCHMARK_IMPORTS": str(self._imports),
            },
        )
        starts = len(self._starts.read_text().splitlines())
        return Counts(pipeline.title, step, starts / fleet.size, self._importers(played.pid))

    def _importers(self, parent: int) -> dict[str, tuple[int, bool]]:
        found: dict[str, set[int]] = {}
        for line in self._imports.read_text().splitlines():
            pid, name = line.split()
            found.setdefault(name, set()).add(int(pid))
        return {name: (len(pids), pids == {parent}) for name, pids in found.items()}
