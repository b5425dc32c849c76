# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: no promise is made about what is in here.

"""What the actions ``certificate`` and ``certificates`` share: from options to cases, from cases to results."""

from __future__ import annotations

import typing as t

from ansible_collections.certfleet.pki.plugins.module_utils._authorities._base import utc_now
from ansible_collections.certfleet.pki.plugins.module_utils._errors import Misconfigured, PkiError
from ansible_collections.certfleet.pki.plugins.module_utils._options import CERTIFICATE
from ansible_collections.certfleet.pki.plugins.module_utils._policy_options import policy_entry
from ansible_collections.certfleet.pki.plugins.module_utils._registry import authority_entry
from ansible_collections.certfleet.pki.plugins.module_utils._wanted import want
from ansible_collections.certfleet.pki.plugins.plugin_utils._action import PkiAction
from ansible_collections.certfleet.pki.plugins.plugin_utils._arguments import Validator, plain
from ansible_collections.certfleet.pki.plugins.plugin_utils._authority_side import AuthoritySide
from ansible_collections.certfleet.pki.plugins.plugin_utils._case import Case
from ansible_collections.certfleet.pki.plugins.plugin_utils._flow import Flow
from ansible_collections.certfleet.pki.plugins.plugin_utils._mode import parse_mode
from ansible_collections.certfleet.pki.plugins.plugin_utils._order import order_hash
from ansible_collections.certfleet.pki.plugins.plugin_utils._remote import Remote
from ansible_collections.certfleet.pki.plugins.plugin_utils._report import case_diff, case_result

__all__ = ("CertificatesAction",)

_ITEM = Validator(CERTIFICATE)
#: What the certificates of a task mostly have in common, so that it is validated once.
_INHERITED = Validator({"authority": authority_entry(required=False), "policy": policy_entry()})
_INHERITED_OPTIONS = ("authority", "policy")
#: What holds no private key.
_PUBLIC = frozenset(("certificate", "chain", "fullchain", "ca"))


class CertificatesAction(PkiAction):
    """Ensures a list of certificates on the host that the task addresses."""

    def ensure(self, items: t.Sequence[t.Mapping[str, t.Any]]) -> t.Dict[str, t.Any]:
        """Return a result with ``cases``, one entry for each item in order, and what concerns all."""
        self._validated: t.Dict[str, t.Dict[str, t.Any]] = {}
        cases = [self._case(index, item) for index, item in enumerate(items)]
        remote = self._remote
        flow = Flow(
            remote=remote,
            elsewhere=self._elsewhere,
            authorities=AuthoritySide(clock=utc_now, progress=self._progress),
            clock=utc_now,
            check=bool(self._task.check_mode),
        )
        flow.run(cases)
        return {"cases": cases, **self._common(cases, remote)}

    def _common(self, cases: t.Sequence[Case], remote: Remote) -> t.Dict[str, t.Any]:
        passed_on = dict(remote.passed_on)
        warnings = [*passed_on.pop("warnings", []), *(warning for case in cases for warning in case.warnings)]
        common = {**passed_on, "changed": any(case.changed for case in cases)}
        if warnings:
            common["warnings"] = self._secrets.mask(list(dict.fromkeys(warnings)))
        if self._task.diff:
            common["diff"] = [case_diff(case) for case in cases if case.changed]
        return common

    def _case(self, index: int, item: t.Mapping[str, t.Any]) -> Case:
        """Return the case for one item; bad options are a failed case, so that the others go on."""
        case = Case(index=index, name=str(item.get("name") or ""))
        try:
            self._fill_in(case, item)
        except PkiError as error:
            case.fail(error)
        return case

    def _fill_in(self, case: Case, item: t.Mapping[str, t.Any]) -> None:
        own = {name: value for name, value in item.items() if name not in _INHERITED_OPTIONS}
        options = _ITEM.validate(own, self._secrets)
        inherited = self._inherited({name: item[name] for name in _INHERITED_OPTIONS if name in item})
        options = {**options, "copies": [_with_mode(copy) for copy in options.get("copies", ())]}
        case.wanted = want(options, mode=parse_mode(options.get("mode")))
        case.policies = self._policies(inherited.get("policy"))
        if "authority" in inherited:
            case.authority = self._open(inherited["authority"])
            case.order_hash = order_hash(case.wanted, case.authority.identity)
        elif case.wanted.state != "absent":
            raise Misconfigured(f"authority must be given when state is {case.wanted.state}.")

    def _inherited(self, options: t.Dict[str, t.Any]) -> t.Dict[str, t.Any]:
        key = repr(plain(options))
        if key not in self._validated:
            self._validated[key] = _INHERITED.validate(options, self._secrets)
        return self._validated[key]

    def result_of(self, case: Case) -> t.Dict[str, t.Any]:
        """Return the ``certificate`` field for a case."""
        result = case_result(case, check=bool(self._task.check_mode), now=utc_now())
        result["warnings"] = self._secrets.mask(result["warnings"])
        result["reasons"] = [{**reason, "detail": self._secrets.mask(reason["detail"])} for reason in result["reasons"]]
        return result

    def failure_of(self, case: Case) -> t.Dict[str, t.Any]:
        """Return ``msg`` and ``error`` of a case that failed, else nothing."""
        if case.error is None:
            return {}
        return self._told(case.error)


def _with_mode(copy: t.Mapping[str, t.Any]) -> t.Dict[str, t.Any]:
    """Return a copy with its mode as a number. Raises Misconfigured."""
    if copy.get("mode") in (None, ""):
        return {**copy, "mode": None}
    try:
        return {**copy, "mode": parse_mode(copy["mode"], private=copy["content"] not in _PUBLIC)}
    except Misconfigured as error:
        raise Misconfigured(f"copies: {error.message}") from error
