# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: no promise is made about what is in here.

"""The way to another host of the inventory than the one that a task addresses.

Ansible has no public call for it: ``delegate_to`` is resolved before an action plugin starts. So the
steps that its task executor takes for a host are taken once more for the other one: its variables
within the same play and task, then connection, become and their options from those. The executor's
own helpers do it; they are the same in every ansible-core that we support (2.16 to 2.21), and
know more about plugins' options than a copy of them would. The task is a copy, too, without
``delegate_to``: to everything from there on it is a task that addresses the other host.
"""

from __future__ import annotations

import contextlib
import typing as t

from ansible.errors import AnsibleConnectionFailure, AnsibleError
from ansible.executor.task_executor import TaskExecutor
from ansible.playbook.play_context import PlayContext

from ansible_collections.certfleet.pki.plugins.module_utils._errors import HostFailure, Misconfigured
from ansible_collections.certfleet.pki.plugins.plugin_utils._remote import Remote

if t.TYPE_CHECKING:
    from ansible.playbook.task import Task
    from ansible.plugins.action import ActionBase

__all__ = ("other_host",)

Variables = t.Mapping[str, t.Any]


def other_host(action: ActionBase, task_vars: Variables, name: str) -> Remote:
    """Return the way to the host ``name`` of the inventory, with connection and become as its own variables say.

    It is not contacted yet. Raises Misconfigured for a host that the inventory lacks, or whose variables are wrong.
    """
    if name == (action._task.delegate_to or task_vars.get("inventory_hostname")):
        return Remote(action, task_vars)
    if name not in task_vars["hostvars"]:
        raise Misconfigured(f"The inventory has no host {name}: correct host under http_01, or add it.")
    try:
        return _OtherHost(name, *_action_on(name, action, task_vars))
    except AnsibleError as error:
        sentence = f"The host {name} can't be addressed: check its connection variables."
        raise Misconfigured(sentence, detail=str(error)) from None


class _OtherHost(Remote):
    """A host that fails on its own: the host of the task is not said to be unreachable for it."""

    def __init__(self, name: str, action: ActionBase, variables: Variables) -> None:
        super().__init__(action, variables)
        self._name = name

    def _execute(self, request: t.Dict[str, t.Any]) -> t.Dict[str, t.Any]:
        try:
            return super()._execute(request)
        except HostFailure as error:
            raise HostFailure(f"{self._name}: {error.message}", detail=error.detail) from None
        except AnsibleConnectionFailure as error:
            sentence = f"The host {self._name} can't be reached: check that it is up, and its connection variables."
            raise HostFailure(sentence, detail=str(error), retryable=True) from None
        except AnsibleError as error:
            sentence = f"The host {self._name} could not run its part: check its connection variables."
            raise HostFailure(sentence, detail=str(error)) from None
        finally:
            self._tidy()

    def _tidy(self) -> None:
        """Do what the task executor does after an action, and keep facts about this host from the task's."""
        self.passed_on.pop("ansible_facts", None)
        with contextlib.suppress(AnsibleError):
            self._action.cleanup()
        with contextlib.suppress(AnsibleError):
            self._action._connection.close()


def _action_on(name: str, action: ActionBase, task_vars: Variables) -> t.Tuple[ActionBase, Variables]:
    """Return an action like this one that addresses the other host, and that host's variables."""
    task = action._task.copy()
    task.delegate_to = None
    variables = _variables_of(name, task, task_vars)
    templar = action._templar.copy_with_new_env(available_variables=variables)
    executor = _Connector(name, action, task)
    executor.connect(task_vars, variables, templar)
    return (
        action._shared_loader_obj.action_loader.get(
            "ansible.legacy.normal",
            task=task,
            connection=executor._connection,
            play_context=executor._play_context,
            loader=action._loader,
            templar=templar,
            shared_loader_obj=action._shared_loader_obj,
        ),
        variables,
    )


def _variables_of(name: str, task: Task, task_vars: Variables) -> t.Dict[str, t.Any]:
    """Return what the host's variables would be in this task. ``hostvars`` alone lacks those of play and task."""
    hostvars = task_vars["hostvars"]
    host = hostvars._inventory.get_host(name)
    return dict(hostvars._variable_manager.get_vars(play=task.get_play(), host=host, task=task))


class _Connector(TaskExecutor):
    """The task executor's way from variables to a connection, and nothing else of it."""

    # Properties of the base class in ansible-core 2.21, plain attributes before.
    _task: t.Any = None
    _host: t.Any = None
    _play_context: t.Any = None
    _connection: t.Any = None

    def __init__(self, name: str, action: ActionBase, task: Task) -> None:
        # Not the base class's: it wants what only the process that starts it has.
        self._name = name
        self._task = task
        self._loader = action._loader
        self._shared_loader_obj = action._shared_loader_obj
        self._new_stdin = None
        self._play_context = action._play_context

    def connect(self, task_vars: Variables, variables: t.Dict[str, t.Any], templar: t.Any) -> None:
        """Make the connection, with all of its options. It is opened when it is first used."""
        context = _clean_context(self._play_context, self._task, task_vars)
        context = context.set_task_and_variable_override(task=self._task, variables=variables, templar=templar)
        context.post_validate(templar=templar)
        context.remote_addr = context.remote_addr or self._name
        self._play_context = context
        kind = variables.get("ansible_connection")
        kind = self._task.connection if kind is None else templar.template(kind)
        self._connection = self._get_connection(variables, templar, kind)
        self._set_connection_options(variables, templar)


def _clean_context(context: t.Any, task: Task, task_vars: Variables) -> t.Any:
    """Return the play's context as it was before it was made the first host's.

    Passwords in it are the command line's only if the first host has none of its own, and only then they are used.
    """
    own = any(variable.startswith("ansible_") and "pass" in variable for variable in task_vars)
    passwords = {} if own else {"conn_pass": context.password, "become_pass": context.become_pass}
    return PlayContext(play=task.get_play(), passwords=passwords, connection_lockfd=context.connection_lockfd)
