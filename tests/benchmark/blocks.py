# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is measured: blocks of pipelines that share their pings, and only inside a block are figures compared."""

from __future__ import annotations

import dataclasses
import typing as t

from acme_side import COUNTS, Asked, opened_acme
from authorities import Authorities
from counting import Counter, Counts
from fleet import Fleet, Workspace
from measuring import Cell, Pipeline, measure, measure_memory
from sshd import SshServer, find_sshd

__all__ = ("BLOCKS", "LOCAL", "MODULE", "VAULT", "Bench", "Block")

Tell = t.Callable[[str], None]
_TWICE = ("first", "steady")
LOCAL, VAULT, MODULE = "certificate, local", "certificate, vault", "certificate, local, as a module"


@dataclasses.dataclass(frozen=True)
class Bench:
    """What all blocks need."""

    workspace: Workspace
    authorities: Authorities
    tell: Tell
    quick: bool

    def fleet(self, size: int, **others: t.Any) -> Fleet:
        variables = {**self.authorities.variables, **others.pop("variables", {})}
        return Fleet(self.workspace, size=size, variables=variables, **others)

    def rounds(self, usual: int) -> int:
        return 1 if self.quick else usual

    def ours(self, *, module: bool = False) -> list[Pipeline]:
        """Return our play, on each authority there is; also with the host half as a module."""
        local = {"bench_authority": self.authorities.local}
        found = [Pipeline(LOCAL, "certificate", local)]
        if self.authorities.vault:
            found.append(Pipeline(VAULT, "certificate", {"bench_authority": self.authorities.vault}))
        if module:
            found.append(Pipeline(MODULE, "certificate_as_module", local))
        return found

    def recipes(self, *, count: int = 0) -> list[Pipeline]:
        """Return the recipes for one certificate, or for ``count`` on one host."""
        names = ["ownca", *(("sign", "generate") if self.authorities.vault else ())]
        suffix = f", {count} certificates" if count else ""
        return [
            Pipeline(
                f"{name}{suffix}",
                f"{name}_many" if count else name,
                {"bench_count": count},
                steps=_TWICE,
                again=name == "generate",
                directories=[f"c{number}" for number in range(count)] or ["."],
            )
            for name in names
        ]


@dataclasses.dataclass(frozen=True)
class Block:
    """A block of the report. ``kind`` says how its numbers are to be read: time, memory, counts or requests."""

    key: str
    title: str
    measure: t.Callable[[Bench], t.Sequence[Cell] | t.Sequence[Counts] | t.Sequence[Asked]]
    kind: str = "time"


def _hosts(size: int, rounds: int) -> t.Callable[[Bench], list[Cell]]:
    def run(bench: Bench) -> list[Cell]:
        return measure(bench.fleet(size), bench.ours(module=True), rounds=bench.rounds(rounds), tell=bench.tell)

    return run


def _ssh(bench: Bench) -> list[Cell]:
    program = find_sshd()
    if program is None:
        bench.tell("SKIPPED: everything over ssh, because sshd, ssh or ssh-keygen is not installed (openssh-server).")
        return []
    with SshServer(program, bench.workspace.folder / "ssh") as server:
        fleet = bench.fleet(20, variables=server.variables(), environment=server.environment())
        return measure(fleet, bench.ours(module=True), rounds=bench.rounds(5), tell=bench.tell)


def _many(bench: Bench) -> list[Cell]:
    fleet = bench.fleet(1)
    pipelines = []
    for count in (1, 10, 50):
        items = [
            {"name": f"c{n}", "dns_names": [f"c{n}.{fleet.hosts[0]}"], "directory": f"{{{{ bench_directory }}}}/c{n}"}
            for n in range(count)
        ]
        variables = {"bench_authority": bench.authorities.local, "bench_certificates": items}
        pipelines.append(Pipeline(f"certificates, local, {count}", "certificates", variables))
    return measure(fleet, pipelines, rounds=bench.rounds(7), tell=bench.tell)


def _recipes(size: int, rounds: int) -> t.Callable[[Bench], list[Cell]]:
    def run(bench: Bench) -> list[Cell]:
        ours = [dataclasses.replace(one, steps=_TWICE) for one in bench.ours()]
        return measure(bench.fleet(size), [*ours, *bench.recipes()], rounds=bench.rounds(rounds), tell=bench.tell)

    return run


def _many_recipes(bench: Bench) -> list[Cell]:
    pipelines = [one for count in (10, 50) for one in bench.recipes(count=count)]
    return measure(bench.fleet(1), pipelines, rounds=1, tell=bench.tell)


def _unpipelined(bench: Bench) -> list[Cell]:
    """Measure both, ping too, without pipelining, as a user has it who has set nothing."""
    fleet = bench.fleet(10, environment={"ANSIBLE_PIPELINING": "0"})
    return measure(fleet, bench.ours()[:1], rounds=bench.rounds(3), tell=bench.tell)


def _memory(bench: Bench) -> list[Cell]:
    return measure_memory(bench.fleet(50), bench.ours(module=True), rounds=bench.rounds(3))


def _counts(bench: Bench) -> list[Counts]:
    counter = Counter(bench.workspace.folder)
    fleet = bench.fleet(3, variables=counter.variables)
    pipelines = [*bench.ours(module=True), *bench.recipes()]
    return [counts for one in pipelines for counts in counter.count(fleet, one)]


def _acme(bench: Bench) -> list[Cell]:
    with opened_acme(bench.workspace, bench.tell) as side:
        if side is None:
            return []
        fleet = bench.fleet(1, variables=side.variables)
        embedded = bench.authorities.local
        pipelines = [one for count in COUNTS for one in side.pipelines(count, fleet.hosts[0], embedded)]
        return measure(fleet, pipelines, rounds=bench.rounds(3), tell=bench.tell)


def _acme_counts(bench: Bench) -> list[Asked]:
    counter, certificates = Counter(bench.workspace.folder), 10
    with opened_acme(bench.workspace, bench.tell) as side:
        if side is None:
            return []
        fleet = bench.fleet(1, variables={**side.variables, **counter.variables})
        pipelines = side.pipelines(certificates, fleet.hosts[0], bench.authorities.local)
        return [asked for one in pipelines for asked in side.count(counter, fleet, one, certificates)]


#: In the order of the report. The recipes for many certificates and for 50 hosts take as long as all others together.
BLOCKS: t.Sequence[Block] = (
    Block("counts", "Executions on the host, and heavy imports", _counts, kind="counts"),
    Block("local-1", "1 local host", _hosts(1, 9)),
    Block("local-10", "10 local hosts, 10 forks", _hosts(10, 5)),
    Block("local-50", "50 local hosts, 10 forks", _hosts(50, 5)),
    Block("ssh-20", "20 hosts over ssh, connections open, 10 forks", _ssh),
    Block("many", "1, 10 and 50 certificates on one host", _many),
    Block("memory", "Peak memory, 50 local hosts, 10 forks", _memory, kind="memory"),
    Block("unpipelined", "10 local hosts without pipelining, over a ping without it", _unpipelined),
    Block("recipes-1", "Today's recipes, 1 local host", _recipes(1, 3)),
    Block("recipes-10", "Today's recipes, 10 local hosts", _recipes(10, 1)),
    Block("recipes-50", "Today's recipes, 50 local hosts", _recipes(50, 1)),
    Block("recipes-many", "Today's recipes for 10 and 50 certificates on one host", _many_recipes),
    Block(
        "acme-counts", "ACME: what 10 certificates on one host take, for each of them", _acme_counts, kind="requests"
    ),
    Block("acme", "ACME: 1, 10 and 50 certificates on one host, http-01 by webroot, one Pebble", _acme),
)
