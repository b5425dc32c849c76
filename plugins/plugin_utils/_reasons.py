# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: no promise is made about what is in here.

"""Why something has to be done about a certificate, and what follows from each reason. Pure."""

from __future__ import annotations

import dataclasses
import enum
import typing as t

__all__ = ("RULES", "Consequence", "Reason", "Rule", "strongest")


class Consequence(enum.Enum):
    """What a plan asks for; the number is its strength, the strongest of all reasons wins.

    ``RESUME`` asks the CA what became of the open request (or sends the same one again if it has
    no id), ``REJECTED`` reports that the CA denied it, ``FINISH`` puts in place what an earlier
    run wrote but did not switch to, ``WAIT`` is for what only time can change.
    """

    NOTHING = 0
    WAIT = 1
    ATTRIBUTES = 2
    REINSTALL = 3
    ORDER = 4
    REJECTED = 5
    RESUME = 6
    ADOPT = 7
    FINISH = 8


class Rule(t.NamedTuple):
    """What follows from a reason; ``new_key`` is True where the key in place must not be certified again."""

    consequence: Consequence
    new_key: bool = False


_NEW_KEY = Rule(Consequence.ORDER, new_key=True)
_ORDER = Rule(Consequence.ORDER)
_WAIT = Rule(Consequence.WAIT)
_REINSTALL = Rule(Consequence.REINSTALL)

#: Every reason code that a result can hold.
RULES: t.Mapping[str, Rule] = {
    "missing": _NEW_KEY,
    "unreadable": _NEW_KEY,
    "key_missing": _NEW_KEY,
    "key_mismatch": _NEW_KEY,
    "key_type_differs": _NEW_KEY,
    "key_encrypted": _NEW_KEY,
    "revoked": _NEW_KEY,
    "issued_before": _NEW_KEY,
    "forced": _NEW_KEY,
    "names_differ": _ORDER,
    "subject_differs": _ORDER,
    "usage_differs": _ORDER,
    "expired": _ORDER,
    "expiring": _ORDER,
    "authority_suggests": _ORDER,
    "chain_expiring": _ORDER,
    "issuer_differs": _ORDER,
    "policy_violation": _ORDER,
    "pending_request": _WAIT,
    "not_yet_valid": _WAIT,
    "files_differ": _REINSTALL,
    "chain_differs": _REINSTALL,
    "not_live": _REINSTALL,
    "attributes_differ": Rule(Consequence.ATTRIBUTES),
}


@dataclasses.dataclass(frozen=True)
class Reason:
    """A code of ``RULES`` and one sentence about this very case."""

    code: str
    detail: str = ""

    @property
    def rule(self) -> Rule:
        return RULES[self.code]

    @property
    def orders(self) -> bool:
        """True if another certificate is needed."""
        return self.rule.consequence is Consequence.ORDER

    def as_dict(self) -> t.Dict[str, str]:
        """Return an entry of the ``reasons`` field of a result."""
        return {"code": self.code, "detail": self.detail}


def strongest(reasons: t.Iterable[Reason]) -> Consequence:
    """Return the strongest consequence of all reasons, ``NOTHING`` if there are none."""
    consequences = (reason.rule.consequence for reason in reasons)
    return max(consequences, key=lambda consequence: consequence.value, default=Consequence.NOTHING)
