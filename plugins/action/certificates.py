# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The controller's half of the module ``certificates``."""

from __future__ import annotations

import typing as t

from ansible_collections.certfleet.pki.plugins.module_utils._errors import Misconfigured, PkiError
from ansible_collections.certfleet.pki.plugins.module_utils._options import CERTIFICATE
from ansible_collections.certfleet.pki.plugins.plugin_utils._arguments import plain
from ansible_collections.certfleet.pki.plugins.plugin_utils._case import Case
from ansible_collections.certfleet.pki.plugins.plugin_utils._certificates_action import CertificatesAction

_OPTIONS = frozenset(("authority", "certificates", "defaults", "policy"))
_INHERITED = ("authority", "policy")


class ActionModule(CertificatesAction):
    """Ensures a list of certificates; one that fails does not stop the others."""

    def perform(self) -> t.Dict[str, t.Any]:
        result = self.ensure(_items(plain(self._task.args)))
        cases = result.pop("cases")
        result["certificates"] = [{**self.result_of(case), **self.failure_of(case)} for case in cases]
        failed = [case for case in cases if case.failed]
        if failed:
            result.update(self._summary(failed, len(cases)), failed=True)
        return result

    def failure(self, error: PkiError) -> t.Dict[str, t.Any]:
        return {**super().failure(error), "certificates": []}

    def failure_of(self, case: Case) -> t.Dict[str, t.Any]:
        """One without a name is called by its place in the list."""
        failure = super().failure_of(case)
        if failure and not case.name:
            failure["msg"] = f"certificates, item {case.index + 1}: {failure['msg']}"
        return failure

    def _summary(self, failed: t.Sequence[Case], total: int) -> t.Dict[str, t.Any]:
        first = self.failure_of(failed[0])
        if total == 1:
            return first
        name = failed[0].name
        named = not name or first["msg"].startswith(f"{name}:")
        told = first["msg"] if named else f"{name}: {first['msg']}"
        return {**first, "msg": f"{len(failed)} of {total} certificates failed; the first is {told}"}


def _items(arguments: t.Mapping[str, t.Any]) -> t.List[t.Dict[str, t.Any]]:
    """Return every item with what it inherits from the task, before validation."""
    unknown = sorted(set(arguments) - _OPTIONS)
    if unknown:
        raise Misconfigured(f"'{unknown[0]}' is not an option here; use {', '.join(sorted(_OPTIONS))}.")
    items = arguments.get("certificates")
    if not isinstance(items, list):
        raise Misconfigured("certificates: give a list of certificates, each with a name and what it is to hold.")
    for number, item in enumerate(items, 1):
        if not isinstance(item, dict):
            raise Misconfigured(
                f"certificates, item {number}: a dictionary is needed here, and what was given is not one."
            )
    defaults = arguments.get("defaults", {})
    if not isinstance(defaults, dict):
        raise Misconfigured("defaults: give a dictionary of options that the items have in common.")
    inherited = {name: arguments[name] for name in _INHERITED if name in arguments}
    return [{**inherited, **_merged(defaults, item)} for item in items]


def _merged(defaults: t.Mapping[str, t.Any], item: t.Mapping[str, t.Any]) -> t.Dict[str, t.Any]:
    """Return the item's options over the defaults; dictionaries are merged one level deep, but for the CA."""
    merged = {**defaults, **item}
    for name in set(defaults) & set(item) - {"authority"}:
        common, own = defaults[name], item[name]
        if isinstance(common, dict) and isinstance(own, dict):
            merged[name] = {**(_fitting(common, own) if name == "key" else common), **own}
    return merged


def _fitting(common: t.Mapping[str, t.Any], own: t.Mapping[str, t.Any]) -> t.Dict[str, t.Any]:
    """Return the defaults of a key that still make sense: curve and size go with the type that they were given for."""
    kind = common.get("type", CERTIFICATE["key"]["options"]["type"]["default"])
    same = own.get("type", kind) == kind
    return {name: value for name, value in common.items() if same or name not in ("curve", "size")}
