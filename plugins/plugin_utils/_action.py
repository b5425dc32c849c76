# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: no promise is made about what is in here.

"""What the actions have in common: validation, errors as results, secrets masked, CAs opened once."""

from __future__ import annotations

import os
import typing as t

from ansible import constants as C
from ansible.errors import AnsibleError
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display

from ansible_collections.certfleet.pki.plugins.module_utils._authorities._base import Authority, Context
from ansible_collections.certfleet.pki.plugins.module_utils._errors import PkiError
from ansible_collections.certfleet.pki.plugins.module_utils._policy import Policy, load_policy_file, parse_policy
from ansible_collections.certfleet.pki.plugins.module_utils._registry import environment_variables, open_authority
from ansible_collections.certfleet.pki.plugins.module_utils._waiting import Progress
from ansible_collections.certfleet.pki.plugins.plugin_utils._arguments import Secrets
from ansible_collections.certfleet.pki.plugins.plugin_utils._elsewhere import other_host
from ansible_collections.certfleet.pki.plugins.plugin_utils._mistakes import mistake, where
from ansible_collections.certfleet.pki.plugins.plugin_utils._remote import Remote
from ansible_collections.certfleet.pki.plugins.plugin_utils._run import RUN
from ansible_collections.certfleet.pki.plugins.plugin_utils._session_cache import FileTokens

__all__ = ("PkiAction",)

POLICY_FILE_VARIABLE = "CERTFLEET_POLICY_FILE"
display = Display()


class PkiAction(ActionBase):
    """Base of the actions; a subclass says what to do in ``perform`` and how a failure looks in ``failure``."""

    TRANSFERS_FILES = False
    _requires_connection = True

    def run(self, tmp: t.Optional[str] = None, task_vars: t.Optional[t.Dict[str, t.Any]] = None) -> t.Dict[str, t.Any]:
        result = super().run(tmp, task_vars)
        self._task_vars = task_vars or {}
        self._secrets = Secrets()
        self._authorities: t.Dict[str, Authority] = {}
        self._policy_file: t.Optional[t.Tuple[Policy, ...]] = None
        #: The host that the task addresses.
        self._remote = Remote(self, self._task_vars)
        self._keep_credentials_here()
        try:
            result.update(self.perform())
        except PkiError as error:
            result.update(self.failure(error))
        except AnsibleError:
            raise  # an unreachable host, an undefined variable: Ansible says it best
        except Exception as error:
            result.update(self.failure(mistake(error)))
        return result

    def perform(self) -> t.Dict[str, t.Any]:
        """Return the result. Raises PkiError."""
        raise NotImplementedError

    def failure(self, error: PkiError) -> t.Dict[str, t.Any]:
        """Return the result for an error that concerns the task as a whole."""
        return {"failed": True, **self._told(error)}

    def _told(self, error: PkiError) -> t.Dict[str, t.Any]:
        """Return ``msg`` and ``error``, and for our own mistakes where they are, which Ansible shows with -vvv."""
        told = {"msg": self._secrets.mask(error.message), "error": self._error_fields(error)}
        places = where(error)
        return {**told, "exception": places} if places else told

    def _error_fields(self, error: PkiError) -> t.Dict[str, t.Any]:
        fields = error.as_dict()
        return {**fields, "detail": self._secrets.mask(fields["detail"])}

    def _keep_credentials_here(self) -> None:
        """Take the variables of the CAs' own tools out of what is sent to the host as the task's environment."""
        withheld = environment_variables() | set(_named_variables(self._task.args))
        environments = self._task.environment or []
        if not isinstance(environments, list):
            environments = [environments]
        self._task.environment = [self._without(environment, withheld) for environment in environments]

    def _without(self, environment: t.Any, withheld: t.AbstractSet[str]) -> t.Any:
        values = self._templar.template(environment)
        if not isinstance(values, t.Mapping):
            return environment
        return {name: value for name, value in values.items() if name not in withheld}

    def _open(self, options: t.Mapping[str, t.Any]) -> Authority:
        """Open a CA, once for all certificates of the task that name it the same way."""
        key = repr(sorted(options.items()))
        if key not in self._authorities:
            tokens = FileTokens(C.DEFAULT_LOCAL_TMP, RUN.key)
            context = Context(tokens=tokens, check=bool(self._task.check_mode))
            self._authorities[key] = open_authority(options, environ=os.environ, context=context)
            self._secrets.add(os.environ.get(name, "") for name in environment_variables() if "TOKEN" in name)
        return self._authorities[key]

    def _policies(self, option: t.Optional[t.Mapping[str, t.Any]]) -> t.Tuple[Policy, ...]:
        """Return the controller's policy file, which applies always, and the option, which can only tighten it."""
        if self._policy_file is None:
            path = os.environ.get(POLICY_FILE_VARIABLE)
            self._policy_file = (load_policy_file(path),) if path else ()
        own = () if option is None else (parse_policy(option, source="option policy"),)
        return self._policy_file + own

    def _elsewhere(self, host: str) -> Remote:
        """Return the way to a host by its name in the inventory. Raises Misconfigured if there is none."""
        if host == self._task_vars.get("inventory_hostname") and not self._task.delegate_to:
            return self._remote
        return other_host(self, self._task_vars, host)

    def _progress(self, name: str) -> Progress:
        host = self._task_vars.get("inventory_hostname", "localhost")

        def show(waited: float, pause: float, detail: str) -> None:
            reason = self._secrets.mask(detail) or "the CA has not decided yet"
            display.display(f"  {host}: {name}: {reason}; waited {waited:.0f} s, asking again in {pause:.0f} s")

        return show


def _named_variables(arguments: t.Any) -> t.Iterator[str]:
    """Yield the environment variables that options such as ``jwt_env`` name, at any depth."""
    if isinstance(arguments, t.Mapping):
        for option, value in arguments.items():
            if str(option).endswith("_env") and isinstance(value, str):
                yield value
            yield from _named_variables(value)
    elif isinstance(arguments, (list, tuple)):
        for value in arguments:
            yield from _named_variables(value)
