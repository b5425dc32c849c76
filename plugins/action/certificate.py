# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The controller's half of the module ``certificate``."""

from __future__ import annotations

import typing as t

from ansible_collections.certfleet.pki.plugins.module_utils._errors import PkiError
from ansible_collections.certfleet.pki.plugins.module_utils._result import empty_result
from ansible_collections.certfleet.pki.plugins.plugin_utils._certificates_action import CertificatesAction


class ActionModule(CertificatesAction):
    """Ensures one certificate."""

    def perform(self) -> t.Dict[str, t.Any]:
        result = self.ensure([self._task.args])
        (case,) = result.pop("cases")
        result["certificate"] = self.result_of(case)
        if case.failed:
            result.update(self.failure_of(case), failed=True)
        return result

    def failure(self, error: PkiError) -> t.Dict[str, t.Any]:
        name = self._task.args.get("name")
        return {**super().failure(error), "certificate": empty_result(name=str(name) if name else None)}
