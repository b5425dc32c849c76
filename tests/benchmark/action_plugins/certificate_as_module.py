# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""certfleet.pki.certificate as if the host's interpreter were not known, so that its host half travels as a module.

Ansible itself pipelines that module and is told the interpreter, as it is for ping: only the packing differs.
"""

from __future__ import annotations

from ansible_collections.certfleet.pki.plugins.action.certificate import ActionModule as _Certificate
from ansible_collections.certfleet.pki.plugins.plugin_utils._remote import Remote

__all__ = ("ActionModule",)

Remote._interpreter = lambda self: None  # type: ignore[method-assign]


class ActionModule(_Certificate):
    """Ensures one certificate, the slower way."""
