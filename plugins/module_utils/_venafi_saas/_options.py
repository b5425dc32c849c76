# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: no promise is made about what is in here.
"""The options of the authority `venafi_saas`."""

from __future__ import annotations

from ansible_collections.certfleet.pki.plugins.module_utils._http import COMMON_OPTIONS, Options

__all__ = ("DEFAULT_URL", "VENAFI_SAAS_OPTIONS")

DEFAULT_URL = "https://api.venafi.cloud"

VENAFI_SAAS_OPTIONS: Options = {
    **{name: dict(entry) for name, entry in COMMON_OPTIONS.items()},
    "url": {
        "type": "str",
        "default": DEFAULT_URL,
        "description": [
            "Address of the service. Other regions have others, such as V(https://api.eu.venafi.cloud).",
        ],
    },
    "zone": {
        "type": "str",
        "description": [
            r"The application and its alias of the issuing template, with one backslash between them: Web\Default.",
        ],
    },
    "api_key": {"type": "str", "no_log": True, "description": ["The API key of a user."]},
    "origin": {
        "type": "str",
        "default": "certfleet.pki",
        "description": ["Who made the request, as shown by the service."],
    },
    "retire_revoked": {
        "type": "bool",
        "default": False,
        "description": ["Whether a certificate that is revoked is retired as well, so that it is no longer watched."],
    },
}
