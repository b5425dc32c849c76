# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The controller's half of the module ``authority_info``."""

from __future__ import annotations

from ansible_collections.certfleet.pki.plugins.plugin_utils._operation_action import OperationAction


class ActionModule(OperationAction):
    """Runs the operation on the controller, or on the delegate."""

    OPERATION = "authority_info"
