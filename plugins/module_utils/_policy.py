# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: no promise is made about what is in here.

"""The policy: rules of the security team and of the CA, in one form.

This is the module to import; the parts are in ``_policy_rules`` and ``_policy_parse``.
"""

from __future__ import annotations

from ansible_collections.certfleet.pki.plugins.module_utils._policy_parse import as_dict, load_policy_file, parse_policy
from ansible_collections.certfleet.pki.plugins.module_utils._policy_rules import (
    Policy,
    enforce,
    granted_lifetime,
    violations,
)

__all__ = ("Policy", "as_dict", "enforce", "granted_lifetime", "load_policy_file", "parse_policy", "violations")
