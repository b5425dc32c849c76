# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The controller's half of the module ``acme_account``, which is all of it: the account's key is on the controller."""

from __future__ import annotations

import typing as t

from ansible_collections.certfleet.pki.plugins.module_utils._acme._account_options import ACME_ACCOUNT
from ansible_collections.certfleet.pki.plugins.module_utils._acme._manage import manage
from ansible_collections.certfleet.pki.plugins.module_utils._authorities.acme import AcmeAuthority
from ansible_collections.certfleet.pki.plugins.module_utils._errors import PkiError
from ansible_collections.certfleet.pki.plugins.plugin_utils._action import PkiAction
from ansible_collections.certfleet.pki.plugins.plugin_utils._arguments import Validator


class ActionModule(PkiAction):
    """Runs an ACME account, on the controller whatever host the task addresses."""

    _requires_connection = False

    def perform(self) -> t.Dict[str, t.Any]:
        options = Validator(ACME_ACCOUNT).validate(self._task.args, self._secrets)
        result = manage(self._open(options["authority"]), options, check=bool(self._task.check_mode))
        if not (self._task.diff and result["changed"]):
            del result["diff"]
        return result

    def failure(self, error: PkiError) -> t.Dict[str, t.Any]:
        error.authority = AcmeAuthority.NAME
        return {**super().failure(error), "account": None}
