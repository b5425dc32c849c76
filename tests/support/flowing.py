# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The flow over the real host program, run in this process, and a CA in memory; the clock can be turned."""

from __future__ import annotations

import typing as t
from datetime import datetime, timedelta, timezone
from pathlib import Path

from ansible_collections.certfleet.pki.plugins.module_utils._authorities._base import Authority
from ansible_collections.certfleet.pki.plugins.module_utils._errors import PkiError
from ansible_collections.certfleet.pki.plugins.module_utils._host import program
from ansible_collections.certfleet.pki.plugins.module_utils._options import CERTIFICATE
from ansible_collections.certfleet.pki.plugins.module_utils._policy import parse_policy
from ansible_collections.certfleet.pki.plugins.module_utils._wanted import want
from ansible_collections.certfleet.pki.plugins.plugin_utils._arguments import Secrets, Validator
from ansible_collections.certfleet.pki.plugins.plugin_utils._authority_side import AuthoritySide
from ansible_collections.certfleet.pki.plugins.plugin_utils._case import Case
from ansible_collections.certfleet.pki.plugins.plugin_utils._flow import Flow
from ansible_collections.certfleet.pki.plugins.plugin_utils._order import order_hash
from ansible_collections.certfleet.pki.plugins.plugin_utils._remote import Remote
from ansible_collections.certfleet.pki.plugins.plugin_utils._report import case_result
from tests.support.fake_authority import FakeAuthority

__all__ = ("Clock", "Machine", "Site")

_ITEM = Validator(CERTIFICATE)


class Clock:
    """A clock that only moves when it is told to. Near the real time, because the host has its own."""

    def __init__(self) -> None:
        self.now = datetime.now(timezone.utc).replace(microsecond=0)

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **delta: float) -> None:
        self.now += timedelta(**delta)


class Machine(Remote):
    """A managed host in this process; ``executions`` are the states that were asked of it, one for each call."""

    def __init__(self, *, check: bool = False) -> None:
        self.check = check
        self.executions: t.List[str] = []
        self.passed_on: t.Dict[str, t.Any] = {}
        #: Called before each execution with its state; may raise, or change something on the host.
        self.before: t.Callable[[str], None] = lambda state: None

    def run(
        self,
        state: str,
        items: t.Sequence[t.Mapping[str, t.Any]],
        challenges: t.Optional[t.Mapping[str, t.Any]] = None,
    ) -> t.Tuple[t.List[t.Dict[str, t.Any]], t.Dict[str, t.Any]]:
        self.before(state)
        self.executions.append(state)
        request = {"state": state, "check": self.check, "certificates": list(items)}
        answer = program.run({**request, "challenges": challenges} if challenges else request)
        return answer["certificates"], answer.get("challenges", {})


class Site:
    """One host, one CA, and runs of ``certificate`` on them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.clock = Clock()
        self.authority = FakeAuthority(self.clock)
        self.machine = Machine()
        #: A second host, "another", that can show challenges.
        self.another = Machine()

    @property
    def directory(self) -> Path:
        return self.folder / "web"

    def run(
        self,
        *,
        check: bool = False,
        authority: t.Optional[Authority] = None,
        policy: t.Optional[t.Mapping[str, t.Any]] = None,
        **options: t.Any,
    ) -> t.Dict[str, t.Any]:
        """Run once for the certificate ``web``; return its result, with ``changed`` and ``error``."""
        given = {"name": "web", "dns_names": ["www.example.com"], "directory": str(self.directory), "wait": False}
        (result,) = self.run_all([{**given, **options}], check=check, authority=authority, policy=policy)
        return result

    def run_all(
        self,
        items: t.Sequence[t.Mapping[str, t.Any]],
        *,
        check: bool = False,
        authority: t.Optional[Authority] = None,
        policy: t.Optional[t.Mapping[str, t.Any]] = None,
    ) -> t.List[t.Dict[str, t.Any]]:
        cases = [self._case(index, item, authority or self.authority, policy) for index, item in enumerate(items)]
        self.machine.executions, self.machine.check = [], check
        side = AuthoritySide(clock=self.clock, progress=lambda name: lambda *said: None)
        machines = {"another": self.another}
        Flow(remote=self.machine, elsewhere=machines.__getitem__, authorities=side, clock=self.clock, check=check).run(
            cases
        )
        return [self._result(case, check) for case in cases]

    def _case(
        self,
        index: int,
        item: t.Mapping[str, t.Any],
        authority: Authority,
        policy: t.Optional[t.Mapping[str, t.Any]],
    ) -> Case:
        case = Case(index=index, name=str(item["name"]))
        case.authority = authority
        try:
            case.wanted = want(_ITEM.validate(item, Secrets()))
            case.policies = () if policy is None else (parse_policy(policy, source="test"),)
            case.order_hash = order_hash(case.wanted, authority.identity)
        except PkiError as error:
            case.fail(error)
        return case

    def _result(self, case: Case, check: bool) -> t.Dict[str, t.Any]:
        result = case_result(case, check=check, now=self.clock())
        codes = [reason["code"] for reason in result["reasons"]]
        return {**result, "codes": codes, "changed": case.changed, "error": case.error}
