# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: no promise is made about what is in here.

"""The single operations as modules: what runs on a delegate, such as a bastion that alone reaches the CA."""

from __future__ import annotations

import typing as t

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.certfleet.pki.plugins.module_utils._authorities._base import Context
from ansible_collections.certfleet.pki.plugins.module_utils._errors import HostFailure, Misconfigured, PkiError
from ansible_collections.certfleet.pki.plugins.module_utils._host import program
from ansible_collections.certfleet.pki.plugins.module_utils._operation import PATHS, failed, run
from ansible_collections.certfleet.pki.plugins.module_utils._operation_options import OPERATIONS
from ansible_collections.certfleet.pki.plugins.module_utils._operations import Call
from ansible_collections.certfleet.pki.plugins.module_utils._options import argument_spec
from ansible_collections.certfleet.pki.plugins.module_utils._policy import parse_policy
from ansible_collections.certfleet.pki.plugins.module_utils._registry import open_authority

__all__ = ("run_module",)


def run_module(name: str) -> None:
    """Be the module ``name``: parse arguments, run the operation here, exit."""
    operation = OPERATIONS[name]
    module = AnsibleModule(
        argument_spec=argument_spec(operation.options), supports_check_mode=True, **operation.relations
    )
    parameters = without_nulls(module.params)
    try:
        result = run(name, _call(module, parameters))
    except PkiError as error:
        result = failed(name, error, parameters)
    if result.get("failed"):
        module.fail_json(**result)
    module.exit_json(**result)


def _call(module: AnsibleModule, parameters: t.Dict[str, t.Any]) -> Call:
    for option, content in PATHS.items():
        if option in parameters:
            parameters[content] = _read(parameters.pop(option))
    policy = parameters.get("policy")
    return Call(
        authority=open_authority(parameters["authority"], environ={}, context=Context(check=module.check_mode)),
        parameters=parameters,
        policies=() if policy is None else (parse_policy(policy, source="option policy"),),
        check=module.check_mode,
        hosts=_here,
        signs=_signed_here,
    )


def _signed_here(wanted: t.Sequence[t.Mapping[str, t.Any]]) -> t.Sequence[t.Mapping[str, t.Any]]:
    return program.run({"state": "inspected", "certificates": [], "signatures": wanted})["signatures"]


def _here(host: t.Optional[str], challenges: t.Mapping[str, t.Any]) -> t.Mapping[str, t.Any]:
    """Show or hide on this very machine."""
    if host:
        raise Misconfigured(f"host ({host}) can't be reached from the delegate; leave it out, or don't delegate.")
    answer = program.run({"state": "prepared", "certificates": [], "challenges": challenges})
    return t.cast(t.Mapping[str, t.Any], answer["challenges"])


def without_nulls(value: t.Any) -> t.Any:
    """Return the value without nulls in its mappings: null means not given."""
    if isinstance(value, dict):
        return {key: without_nulls(item) for key, item in value.items() if item is not None}
    return value


def _read(path: str) -> str:
    try:
        with open(path, encoding="ascii", errors="replace") as handle:
            return handle.read()
    except OSError as error:
        raise HostFailure(f"{path} can't be read ({error.strerror}); name a file that can.") from error
