# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Measures pipelines beside ping: in every round each of them is played between two pings."""

from __future__ import annotations

import dataclasses
import statistics
import subprocess
import time
import typing as t
from pathlib import Path

from fleet import Fleet, Played

__all__ = ("STEPS", "Cell", "Pipeline", "make_directories", "measure", "measure_memory")

#: What is played of each pipeline, in this order, in the same directories.
STEPS = ("first", "steady", "renewal")
_PAUSE = 0.1


@dataclasses.dataclass(frozen=True)
class Pipeline:
    """A play with its variables. ``again`` says whether a second run changes something, as one recipe's does."""

    title: str
    play: str
    variables: t.Mapping[str, t.Any] = dataclasses.field(default_factory=dict)
    steps: t.Sequence[str] = STEPS
    again: bool = False
    directories: t.Sequence[str] = ()

    def expected(self, step: str, hosts: int) -> int:
        """Return how many hosts have to change."""
        return 0 if step == "steady" and not self.again else hosts


@dataclasses.dataclass(frozen=True)
class Cell:
    """Ratios to ping, and seconds, one for each round."""

    pipeline: str
    step: str
    ratios: t.Sequence[float]
    cpu_ratios: t.Sequence[float]
    seconds: t.Sequence[float]

    @property
    def ratio(self) -> float:
        return statistics.median(self.ratios)

    @property
    def cpu_ratio(self) -> float:
        return statistics.median(self.cpu_ratios)


def _ping(fleet: Fleet) -> Played:
    return fleet.play("ping", variables={})


def _play(fleet: Fleet, pipeline: Pipeline, step: str, round_name: str, **options: t.Any) -> Played:
    """Play one step and make sure that it did what it is measured for."""
    variables = {"bench_round": round_name, "bench_force": step == "renewal", **pipeline.variables}
    played = fleet.play(pipeline.play, variables=variables, **options)
    if played.changed != pipeline.expected(step, fleet.size):
        raise RuntimeError(f"{pipeline.title}, {step}: {played.changed} of {fleet.size} hosts changed.")
    return played


def make_directories(fleet: Fleet, pipeline: Pipeline, round_name: str) -> None:
    """Make the directories that the recipes expect; ours makes its own."""
    for host in fleet.directories(round_name):
        for name in pipeline.directories:
            (host / name).mkdir(parents=True)


def measure(fleet: Fleet, pipelines: t.Sequence[Pipeline], *, rounds: int, tell: t.Callable[[str], None]) -> list[Cell]:
    """Return a cell for each step of each pipeline."""
    found: dict[tuple[str, str], list[tuple[float, float, float]]] = {}
    _ping(fleet)  # connections are opened and caches filled
    for number in range(rounds):
        before = _ping(fleet)
        for place, pipeline in enumerate(pipelines):
            round_name = f"{fleet.size}-{place}-{number}-{time.monotonic_ns()}"
            make_directories(fleet, pipeline, round_name)
            played = [(step, _play(fleet, pipeline, step, round_name)) for step in pipeline.steps]
            after = _ping(fleet)
            ping, ping_cpu = (before.seconds + after.seconds) / 2, (before.cpu + after.cpu) / 2
            for step, one in played:
                triple = (one.seconds / ping, one.cpu / ping_cpu, one.seconds)
                found.setdefault((pipeline.title, step), []).append(triple)
            tell(f"    {pipeline.title}: " + ", ".join(f"{step} {one.seconds / ping:.2f}" for step, one in played))
            before = after
    return [Cell(title, step, *zip(*triples)) for (title, step), triples in found.items()]


def measure_memory(fleet: Fleet, pipelines: t.Sequence[Pipeline], *, rounds: int) -> list[Cell]:
    """Return peaks of memory over ping's, as cells: `seconds` is in MiB there."""
    found: dict[tuple[str, str], list[tuple[float, float, float]]] = {}
    for number in range(rounds):
        ping = _Peak()
        fleet.play("ping", variables={}, watch=ping.watch)
        for place, pipeline in enumerate(pipelines):
            round_name = f"memory-{place}-{number}-{time.monotonic_ns()}"
            for step in pipeline.steps:
                peak = _Peak()
                _play(fleet, pipeline, step, round_name, watch=peak.watch)
                ratio = peak.bytes / ping.bytes
                found.setdefault((pipeline.title, step), []).append((ratio, ratio, peak.bytes / 2**20))
    return [Cell(title, step, *zip(*triples)) for (title, step), triples in found.items()]


class _Peak:
    """The largest proportional set size of a process with all of its descendants, sampled ten times a second."""

    def __init__(self) -> None:
        self.bytes = 0

    def watch(self, process: subprocess.Popen[bytes]) -> None:
        while process.poll() is None:
            self.bytes = max(self.bytes, sum(map(_proportional_set_size, _tree(process.pid))))
            time.sleep(_PAUSE)


def _tree(root: int) -> list[int]:
    children: dict[int, list[int]] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(path.read_text(errors="replace").rpartition(")")[2].split()[1])
        except (OSError, IndexError, ValueError):
            continue
        children.setdefault(parent, []).append(int(path.parent.name))
    found, waiting = [], [root]
    while waiting:
        pid = waiting.pop()
        found.append(pid)
        waiting.extend(children.get(pid, ()))
    return found


def _proportional_set_size(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:")), 0)
