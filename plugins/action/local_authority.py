# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The controller's half of the module ``local_authority``, which is all of it: the CA lives on the controller."""

from __future__ import annotations

import typing as t

from ansible_collections.certfleet.pki.plugins.module_utils._authorities._base import utc_now
from ansible_collections.certfleet.pki.plugins.module_utils._authorities.local import LocalAuthority
from ansible_collections.certfleet.pki.plugins.module_utils._errors import PkiError
from ansible_collections.certfleet.pki.plugins.module_utils._local.manage import manage
from ansible_collections.certfleet.pki.plugins.module_utils._local.options import LOCAL_AUTHORITY
from ansible_collections.certfleet.pki.plugins.plugin_utils._action import PkiAction
from ansible_collections.certfleet.pki.plugins.plugin_utils._arguments import Validator


class ActionModule(PkiAction):
    """Creates and runs the embedded CA, on the controller whatever host the task addresses."""

    _requires_connection = False

    def perform(self) -> t.Dict[str, t.Any]:
        options = Validator(LOCAL_AUTHORITY).validate(self._task.args, self._secrets)
        result = manage(options, check=bool(self._task.check_mode), clock=utc_now)
        if not (self._task.diff and result["changed"]):
            del result["diff"]
        return result

    def failure(self, error: PkiError) -> t.Dict[str, t.Any]:
        error.authority = LocalAuthority.NAME
        return {**super().failure(error), "requests": []}
