# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: no promise is made about what is in here.

"""The way to the managed host: one program, fed to the interpreter or run as a module.

The program goes over standard input when Ansible would pipeline one of its own modules and the
interpreter is known; that saves packing and unpacking a module. Otherwise it runs as the module
``certificate_store``. The answer is the same.
"""

from __future__ import annotations

import shlex
import typing as t

from ansible import constants as C

from ansible_collections.certfleet.pki.plugins.module_utils._errors import HostFailure
from ansible_collections.certfleet.pki.plugins.plugin_utils._case import Case
from ansible_collections.certfleet.pki.plugins.plugin_utils._program import (
    INTERPRETER_ARGUMENTS,
    build_program,
    check_answers,
    check_challenges,
    check_signatures,
    decode_answer,
    parse_answer,
    parts_of,
    render_call,
)

if t.TYPE_CHECKING:
    from ansible.plugins.action import ActionBase

__all__ = ("Remote",)

MODULE = "certfleet.pki.certificate_store"
#: ``show`` and ``hide``, each a list of entries as the module certificate_store describes them.
Challenges = t.Mapping[str, t.Sequence[t.Mapping[str, t.Any]]]
_SECRETS = ("passphrase", "keystore_passphrase")
_PASSED_ON = ("ansible_facts", "warnings", "deprecations")


class Remote:
    """The host that a task addresses."""

    def __init__(self, action: ActionBase, task_vars: t.Mapping[str, t.Any]) -> None:
        self._action = action
        self._task_vars = task_vars
        #: What Ansible's module machinery found out on the way and the action's result has to pass on.
        self.passed_on: t.Dict[str, t.Any] = {}

    def call(self, state: str, items: t.Sequence[t.Mapping[str, t.Any]]) -> t.List[t.Dict[str, t.Any]]:
        """Run the program once for all items and return its answers in the same order. Raises HostFailure."""
        return self.run(state, items)[0]

    def run(
        self, state: str, items: t.Sequence[t.Mapping[str, t.Any]], challenges: t.Optional[Challenges] = None
    ) -> t.Tuple[t.List[t.Dict[str, t.Any]], t.Dict[str, t.Any]]:
        """Run the program once for all items, of which there may be none, and for challenges to show and to hide.

        Returns the items' answers, and that to the challenges: ``show`` and ``hide`` with None or an error
        (code, step, detail) for each entry in order, and ``changed``. Raises HostFailure.
        """
        request: t.Dict[str, t.Any] = {"state": state, "certificates": list(items)}
        if challenges:
            request["challenges"] = dict(challenges)
        answer = self._execute(request)
        return check_answers(answer, len(items)), check_challenges(answer, challenges or {})

    def sign(self, wanted: t.Sequence[t.Mapping[str, t.Any]]) -> t.List[t.Dict[str, t.Any]]:
        """Have the host sign with keys of its own, and return ``signature`` or ``error`` for each. Raises HostFailure.

        Each names ``private_key_path``, ``passphrase``, ``algorithm`` (RFC 7518, section 3.1) and ``data`` in base64.
        """
        answer = self._execute({"state": "inspected", "certificates": [], "signatures": list(wanted)})
        return check_signatures(answer, len(wanted))

    def each(
        self,
        state: str,
        pairs: t.Sequence[t.Tuple[Case, t.Mapping[str, t.Any]]],
        challenges: t.Optional[Challenges] = None,
        *,
        hear: t.Callable[[t.Mapping[str, t.Any]], None] = lambda told: None,
    ) -> t.Iterator[t.Tuple[Case, t.Dict[str, t.Any]]]:
        """Run the program once for all (case, item) pairs; yield the cases that went well, with their answers.

        With challenges it runs even without any pair, and ``hear`` is called with what became of them first.
        """
        if not pairs and not challenges:
            return
        try:
            answers, told = self.run(state, [item for _case, item in pairs], challenges)
        except HostFailure as error:
            for case, _item in pairs:
                case.fail(error)
            return
        if challenges:
            hear(told)
        for (case, _item), answer in zip(pairs, answers):
            if case.host_answered(answer):
                yield case, answer

    @property
    def _check(self) -> bool:
        return bool(self._action._task.check_mode)

    def _execute(self, request: t.Dict[str, t.Any]) -> t.Dict[str, t.Any]:
        interpreter = self._way_of_stdin([*request["certificates"], *request.get("signatures", ())])
        request["check"] = self._check
        return self._as_module(request) if interpreter is None else self._on_stdin(interpreter, request)

    def _way_of_stdin(self, items: t.Sequence[t.Mapping[str, t.Any]]) -> t.Optional[t.List[str]]:
        """Return the interpreter that the program is fed to, None if it has to go as a module.

        Exactly when Ansible would pipeline and the interpreter is known; and, wherever it is possible,
        with a passphrase: packed into a module it would lie in temporary files, here and there.
        """
        if self._action._is_pipelining_enabled("new"):
            return self._interpreter()
        if any(item.get(secret) for item in items for secret in _SECRETS) and self._takes_input():
            return self._interpreter() or self._discovered()
        return None

    def _takes_input(self) -> bool:
        connection = self._action._connection
        become = connection.become
        return bool(connection.has_pipelining) and (become is None or bool(getattr(become, "pipelining", True)))

    def _discovered(self) -> t.Optional[t.List[str]]:
        """Have Ansible find the interpreter, by a call that asks for nothing and holds no secret."""
        self._as_module({"state": "inspected", "certificates": []})
        found = self.passed_on.get("ansible_facts", {}).get("discovered_interpreter_python")
        return shlex.split(str(found)) if found else None

    def _interpreter(self) -> t.Optional[t.List[str]]:
        """Return the host's interpreter as words if it is known without asking the host."""
        variables = self._connection_variables()
        configured = C.config.get_config_value("INTERPRETER_PYTHON", variables=variables)
        configured = self._action._templar.template(configured)
        if not configured or str(configured).startswith("auto"):
            configured = variables.get("ansible_facts", {}).get("discovered_interpreter_python")
        return shlex.split(str(configured)) if configured else None

    def _connection_variables(self) -> t.Mapping[str, t.Any]:
        delegate = self._action._task.delegate_to
        if not delegate:
            return self._task_vars
        return self._task_vars.get("ansible_delegated_vars", {}).get(delegate, {})

    def _on_stdin(self, interpreter: t.List[str], request: t.Dict[str, t.Any]) -> t.Dict[str, t.Any]:
        program = build_program(parts_of(request))
        command = shlex.join([*interpreter, *INTERPRETER_ARGUMENTS])
        environment = self._action._compute_environment_string()
        result = self._action._low_level_execute_command(
            " ".join(filter(None, (environment.strip(), command))), in_data=render_call(program, request)
        )
        try:
            return parse_answer(result["stdout"])
        except HostFailure as error:
            raise HostFailure(error.message, detail=_last_line(result)) from None

    def _as_module(self, request: t.Dict[str, t.Any]) -> t.Dict[str, t.Any]:
        """Run as a module; encoded, because Ansible masks secrets wherever their text occurs, in a PEM label too."""
        arguments = {**{name: value for name, value in request.items() if name != "check"}, "encoded": True}
        result = self._action._execute_module(
            module_name=MODULE, module_args=arguments, task_vars=dict(self._task_vars)
        )
        for key in _PASSED_ON:
            if result.get(key):
                self.passed_on[key] = result[key]
        if "answer" not in result:
            raise HostFailure(_sentence(result.get("msg")), detail=str(result.get("module_stderr") or ""))
        return decode_answer(result["answer"])


def _sentence(message: t.Optional[str]) -> str:
    return f"The host could not run its part: {message or 'it gave no answer'}."


def _last_line(result: t.Mapping[str, t.Any]) -> str:
    lines = [line for line in str(result.get("stderr") or "").splitlines() if line.strip()]
    return f"exit code {result.get('rc')}: {lines[-1].strip() if lines else 'no output'}"
