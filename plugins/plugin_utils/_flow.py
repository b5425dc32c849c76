# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: no promise is made about what is in here.

"""observe (host), plan (pure), prepare (host), request (CA), install (host): the certificates of one host."""

from __future__ import annotations

import typing as t
from datetime import datetime

from ansible_collections.certfleet.pki.plugins.module_utils._errors import Misconfigured
from ansible_collections.certfleet.pki.plugins.plugin_utils import _host_items as items
from ansible_collections.certfleet.pki.plugins.plugin_utils._authority_side import AuthoritySide, enforce_policies
from ansible_collections.certfleet.pki.plugins.plugin_utils._case import Case, guarded
from ansible_collections.certfleet.pki.plugins.plugin_utils._decide import consult, decide, needs_consultation
from ansible_collections.certfleet.pki.plugins.plugin_utils._observed import OpenRequest, observe
from ansible_collections.certfleet.pki.plugins.plugin_utils._outcome import ASKS, conclude, last_item, spare
from ansible_collections.certfleet.pki.plugins.plugin_utils._plan import Consequence
from ansible_collections.certfleet.pki.plugins.plugin_utils._proofs import Proofs
from ansible_collections.certfleet.pki.plugins.plugin_utils._remote import Remote
from ansible_collections.certfleet.pki.plugins.plugin_utils._removal import remove

__all__ = ("Flow",)

Cases = t.Sequence[Case]


class Flow:
    """Carries out, or in check mode predicts, what a list of certificates needs."""

    def __init__(
        self,
        *,
        remote: Remote,
        elsewhere: t.Callable[[str], Remote],
        authorities: AuthoritySide,
        clock: t.Callable[[], datetime],
        check: bool,
    ) -> None:
        self._remote = remote
        self._proofs = Proofs(remote=remote, elsewhere=elsewhere)
        self._authorities = authorities
        self._clock = clock
        self._check = check

    def run(self, cases: Cases) -> None:
        """Take every case as far as it goes; what fails keeps its error, and the others go on."""
        _refuse_shared_directories(cases)
        _refuse_shared_copies(cases)
        for case in _present(cases):
            guarded(lambda case: enforce_policies(case, case.policies), case)
        self._observe(_alive(cases))
        if not self._check:
            self._proofs.clear(_alive(cases))
        going = [case for case in _alive(cases) if case.wanted.state != "present"]
        if going:
            remove(going, remote=self._remote, authorities=self._authorities, check=self._check)
        present = _present(cases)
        self._decide(present)
        if self._check:
            self._predict(_alive(present))
        else:
            self._carry_out(_alive(present))

    def _observe(self, cases: Cases) -> None:
        for case, answer in self._remote.each("inspected", [(case, items.inspect_item(case)) for case in cases]):
            case.observed = observe(answer)
            case.prepared = answer.get("prepared") or {}

    def _decide(self, cases: Cases) -> None:
        now = self._clock()
        asking = [case for case in cases if needs_consultation(case, now=now)]
        self._authorities.each(asking, lambda case: consult(case, ask=self._authorities.ask, now=now))
        for case in _alive(cases):
            guarded(lambda case: decide(case, now=now), case)

    def _carry_out(self, cases: Cases) -> None:
        self._discard([case for case in cases if case.plan.discard_request])
        cases = _alive(cases)
        self._prepare([case for case in cases if case.plan.consequence in ASKS])
        asked = [case for case in _alive(cases) if case.plan.consequence in ASKS]
        self._authorities.obtain(asked, hosts_show=self._proofs.show)
        for case in cases:
            if case.plan.consequence is Consequence.ADOPT:
                guarded(self._authorities.judge_adopted, case)
        self._finish(cases)
        for case in asked:
            spare(case, now=self._clock())

    def _discard(self, cases: Cases) -> None:
        """Take back requests that are of no more use; where a new one follows, preparing it drops the old one."""
        self._authorities.each(cases, self._authorities.cancel)
        idle = [case for case in _alive(cases) if case.plan.consequence not in ASKS]
        for _done in self._remote.each("prepared", [(case, items.discard_item(case)) for case in idle]):
            pass

    def _prepare(self, cases: Cases) -> None:
        """Have key and CSR made where there are none; an open request that the CA knows brings its own."""
        for case in cases:
            # A lease was left by a run that was killed, or is another run's: the host has to judge that.
            if case.plan.consequence is Consequence.RESUME and case.pending.request_id and not case.pending.lease:
                case.prepared = _as_prepared(case.pending)
        missing = [case for case in cases if not case.prepared]
        for case, answer in self._remote.each("prepared", [(c, items.prepare_item(c)) for c in _alive(missing)]):
            case.prepared = answer["prepared"]

    def _finish(self, cases: Cases) -> None:
        """The last call on the host: install, repair, note or forget, for all cases together."""
        self._proofs.hide_elsewhere(cases)
        last = [(case, item) for case in cases for item in [last_item(case)] if item is not None]
        places, challenges = self._proofs.hiding(cases)

        def hear(told: t.Mapping[str, t.Any]) -> None:
            self._proofs.hidden(cases, places, told["hide"])

        for case, answer in self._remote.each("present", last, challenges, hear=hear):
            case.installed = answer
        for case in _alive(cases):
            conclude(case)

    def _predict(self, cases: Cases) -> None:
        """Say what a run would do; the CA is asked only to read."""
        asked = [case for case in cases if case.plan.consequence in ASKS]
        self._authorities.each(asked, self._authorities.predict)
        for case in _alive(cases):
            conclude(case)
        for case in asked:
            spare(case, now=self._clock())


def _alive(cases: Cases) -> t.List[Case]:
    return [case for case in cases if not case.failed]


def _present(cases: Cases) -> t.List[Case]:
    return [case for case in _alive(cases) if case.wanted.state == "present"]


def _as_prepared(pending: OpenRequest) -> t.Dict[str, t.Any]:
    """Return what the host would answer if it were asked to prepare this request again."""
    return {
        "csr_pem": pending.csr_pem,
        "request_token": pending.request_token,
        "request_id": pending.request_id,
        "reused": True,
    }


def _refuse_shared_directories(cases: Cases) -> None:
    """One directory, and one name, belong to one certificate."""
    for what in ("name", "directory"):
        seen: t.Dict[str, Case] = {}
        for case in _alive(cases):
            first = seen.setdefault(getattr(case.wanted, what), case)
            if first is not case:
                case.fail(_shared(what, case, first))


def _refuse_shared_copies(cases: Cases) -> None:
    """Two certificates with a copy at the same place would replace each other's in every run."""
    seen: t.Dict[str, Case] = {}
    for case in _alive(cases):
        for copy in case.wanted.deployment.copies:
            first = seen.setdefault(copy.path, case)
            if first is not case:
                told = f"{case.name}: copies: {copy.path} is a copy of '{first.name}' already; give it another path."
                case.fail(Misconfigured(told))


def _shared(what: str, case: Case, first: Case) -> Misconfigured:
    value = getattr(case.wanted, what)
    if what == "name":
        return Misconfigured(f"{value}: two certificates of the list have this name; give each its own.")
    return Misconfigured(f"{case.name}: its directory {value} belongs to '{first.name}' already; give it its own.")
