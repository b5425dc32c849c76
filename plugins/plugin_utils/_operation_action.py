# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: no promise is made about what is in here.

"""The single operations as actions: on the controller, or handed to the delegate."""

from __future__ import annotations

import base64
import os
import typing as t

from ansible_collections.certfleet.pki.plugins.module_utils._errors import HostFailure, PkiError
from ansible_collections.certfleet.pki.plugins.module_utils._operation import PATHS, failed, run
from ansible_collections.certfleet.pki.plugins.module_utils._operation_options import OPERATIONS
from ansible_collections.certfleet.pki.plugins.module_utils._operations import Call
from ansible_collections.certfleet.pki.plugins.module_utils._registry import with_environment
from ansible_collections.certfleet.pki.plugins.module_utils._requesting import check_policies, order_of
from ansible_collections.certfleet.pki.plugins.plugin_utils._action import PkiAction
from ansible_collections.certfleet.pki.plugins.plugin_utils._arguments import Validator

__all__ = ("OperationAction",)


class OperationAction(PkiAction):
    """One operation on a CA; ``OPERATION`` is the name of the module."""

    OPERATION: t.ClassVar[str]

    def perform(self) -> t.Dict[str, t.Any]:
        operation = OPERATIONS[self.OPERATION]
        self._parameters: t.Dict[str, t.Any] = {}
        self._parameters = Validator(operation.options, operation.relations).validate(self._task.args, self._secrets)
        self._read_paths()
        if self._delegated:
            return self._on_delegate()
        return self._finished(run(self.OPERATION, self._call()))

    def failure(self, error: PkiError) -> t.Dict[str, t.Any]:
        result = failed(self.OPERATION, error, getattr(self, "_parameters", {}))
        return {**result, **super().failure(error)}

    @property
    def _delegated(self) -> bool:
        return bool(self._task.delegate_to) and self._connection.transport != "local"

    def _call(self) -> Call:
        return Call(
            authority=self._open(self._parameters["authority"]),
            parameters=self._parameters,
            policies=self._policies(self._parameters.get("policy")),
            check=bool(self._task.check_mode),
            progress=self._progress(self.OPERATION),
            hosts=self._on_host,
            signs=self._remote.sign,
        )

    def _on_host(self, host: t.Optional[str], challenges: t.Mapping[str, t.Any]) -> t.Mapping[str, t.Any]:
        remote = self._remote if host is None else self._elsewhere(host)
        return remote.run("prepared", [], challenges)[1]

    def _on_delegate(self) -> t.Dict[str, t.Any]:
        """Run as a module over there; the controller's policy file is checked here all the same."""
        if self.OPERATION == "certificate_request":
            self._check_policy_file()
        # The variables of the CA's own tools are read here, on the controller, and nowhere else.
        authority = with_environment(self._parameters["authority"], os.environ)
        result = self._execute_module(
            module_name=f"certfleet.pki.{self.OPERATION}",
            module_args={**self._parameters, "authority": authority},
            task_vars=self._task_vars,
        )
        result.pop("invocation", None)
        return self._finished(result)

    def _check_policy_file(self) -> None:
        policies = self._policies(None)
        if not policies:
            return
        if "csr" not in self._parameters:
            raise HostFailure("A key in memory on a delegate can't be checked against the policy file; supply a csr.")
        check_policies(policies, order_of(self._parameters), self._open(self._parameters["authority"]).identity)

    def _finished(self, result: t.Dict[str, t.Any]) -> t.Dict[str, t.Any]:
        if result.get("private_key_pem"):
            # The task's result is shown nowhere; what is registered holds the key.
            result["_ansible_no_log"] = True
        return result

    def _read_paths(self) -> None:
        for option, content in PATHS.items():
            if self._parameters.pop(option, None):
                # As it was given: validation has put this machine's home directory in place of a tilde.
                self._parameters[content] = self._slurp(str(self._task.args[option]))

    def _slurp(self, path: str) -> str:
        answer = self._execute_module(
            module_name="ansible.builtin.slurp", module_args={"src": path}, task_vars=self._task_vars
        )
        if answer.get("failed") or "content" not in answer:
            raise HostFailure(
                f"{path} can't be read on the host; name a file that can.", detail=str(answer.get("msg") or "")
            )
        return base64.b64decode(answer["content"]).decode("ascii", "replace")
