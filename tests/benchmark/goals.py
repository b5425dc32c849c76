# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The goals, and whether a run reached them. They are ratios: seconds depend on the machine."""

from __future__ import annotations

import dataclasses
import typing as t

from acme_side import CERTBOT, COUNTS, EMBEDDED, OURS, TWO_STEPS, Asked
from blocks import LOCAL, MODULE, VAULT
from counting import Counts
from measuring import Cell

__all__ = ("GOALS", "Goal", "Results")

#: What each block measured, by its key.
Results = t.Mapping[str, t.Sequence[t.Union[Cell, Counts, Asked]]]
Value = t.Callable[[Results], t.Optional[float]]


@dataclasses.dataclass(frozen=True)
class Goal:
    """One line of the table. ``value`` returns None for what this run did not measure."""

    text: str
    limit: float
    value: Value
    at_least: bool = False

    def reached(self, value: float) -> bool:
        """Compare as the table shows it, with two digits."""
        value = round(value, 2)
        return value >= self.limit if self.at_least else value <= self.limit

    @property
    def limit_text(self) -> str:
        return f"{'>=' if self.at_least else '<='} {self.limit:g}"


def _find(results: Results, block: str, pipeline: str, step: str) -> t.Any:
    found = (one for one in results.get(block, ()) if (one.pipeline, one.step) == (pipeline, step))
    return next(found, None)


def _ratio(block: str, pipeline: str, step: str) -> Value:
    def value(results: Results) -> float | None:
        cell = _find(results, block, pipeline, step)
        return cell.ratio if cell else None

    return value


def _quotient(above: Value, below: Value) -> Value:
    def value(results: Results) -> float | None:
        one, other = above(results), below(results)
        return None if one is None or other is None else one / other

    return value


def _executions(step: str) -> Value:
    def value(results: Results) -> float | None:
        found = [_find(results, "counts", pipeline, step) for pipeline in (LOCAL, VAULT, MODULE)]
        return max((counts.executions for counts in found if counts), default=None)

    return value


def _importers(results: Results) -> float | None:
    """Return the largest number of processes that imported one heavy library; more than one if it was not the parent."""
    ours = [one for one in results.get("counts", ()) if one.pipeline in (LOCAL, VAULT, MODULE)]
    if not ours:
        return None
    return max((count if parent else count + 1 for one in ours for count, parent in one.imports.values()), default=0)


def _over_ping(block: str, what: str, pipeline: str, limits: t.Mapping[str, float]) -> list[Goal]:
    return [Goal(f"{what}: {step}, over ping", limit, _ratio(block, pipeline, step)) for step, limit in limits.items()]


def _faster(block: str, recipe: str, ours: str, limits: t.Mapping[str, float]) -> list[Goal]:
    return [
        Goal(
            f"50 local hosts: {step}, times faster than the recipe `{recipe}`",
            limit,
            _quotient(_ratio(block, recipe, step), _ratio(block, ours, step)),
            at_least=True,
        )
        for step, limit in limits.items()
    ]


def _many(step: str, limit: float) -> Goal:
    cells = (_ratio("many", f"certificates, local, {count}", step) for count in (50, 1))
    return Goal(f"50 certificates on one host over 1: {step}", limit, _quotient(*cells))


def _many_faster(step: str) -> Goal:
    recipe = _ratio("recipes-many", "sign, 50 certificates", step)
    ours = _ratio("many", "certificates, local, 50", step)
    text = f"50 certificates on one host: {step}, times faster than the recipe `sign`"
    return Goal(text, 40, _quotient(recipe, ours), at_least=True)


def _acme_text(count: int) -> str:
    return f"ACME, {count} certificate{'s' if count > 1 else ''} on one host"


def _acme_faster(recipe: str, limit: float) -> list[Goal]:
    return [
        Goal(
            f"{_acme_text(count)}: first, times faster than `{recipe}`",
            limit,
            _quotient(_ratio("acme", f"{recipe}, {count}", "first"), _ratio("acme", f"{OURS}, {count}", "first")),
            at_least=True,
        )
        for count in COUNTS
    ]


def _acme_steady(count: int) -> Goal:
    """As without ACME; the rest is for noise."""
    cells = (_ratio("acme", f"{title}, {count}", "steady") for title in (OURS, EMBEDDED))
    return Goal(f"{_acme_text(count)}: steady, over the embedded CA's", 1.1, _quotient(*cells))


GOALS: t.Sequence[Goal] = (
    *_over_ping("local-50", "50 local hosts", LOCAL, {"steady": 0.45, "first": 0.70}),
    *_over_ping("local-50", "50 local hosts, as a module", MODULE, {"steady": 1.25, "first": 2.3}),
    *_over_ping("ssh-20", "20 hosts over ssh", LOCAL, {"steady": 0.70, "first": 1.05}),
    *_over_ping("ssh-20", "20 hosts over ssh, as a module", MODULE, {"steady": 1.25, "first": 2.2}),
    *_over_ping("local-1", "1 local host", LOCAL, {"steady": 0.90, "first": 0.95}),
    *_over_ping("local-1", "1 local host, as a module", MODULE, {"steady": 1.3, "first": 1.6}),
    *_faster("recipes-50", "ownca", LOCAL, {"steady": 9, "first": 6}),
    *_faster("recipes-50", "sign", VAULT, {"steady": 11, "first": 12}),
    *_faster("recipes-50", "generate", VAULT, {"steady": 15, "first": 10}),
    _many("steady", 1.3),
    _many("first", 1.8),
    _many_faster("steady"),
    _many_faster("first"),
    *_acme_faster(TWO_STEPS, 3),
    *_acme_faster(CERTBOT, 5),
    *(_acme_steady(count) for count in COUNTS),
    Goal("Processes that import a heavy library, per play", 1, _importers),
    *(
        Goal(f"Executions on each host: {step}", limit, _executions(step))
        for step, limit in {"steady": 1, "first": 2, "renewal": 3}.items()
    ),
    *(
        Goal(f"Peak memory, 50 local hosts: {step}, over ping", 1.1, _ratio("memory", LOCAL, step))
        for step in ("steady", "first")
    ),
    Goal("Peak memory, 50 local hosts, as a module: steady, over ping", 1.1, _ratio("memory", MODULE, "steady")),
    Goal("Peak memory, 50 local hosts, as a module: first, over ping", 1.75, _ratio("memory", MODULE, "first")),
)
