# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: no promise is made about what is in here.

"""The options of the module ``acme_account``."""

from __future__ import annotations

import typing as t

from ansible_collections.certfleet.pki.plugins.module_utils._registry import authority_entry

__all__ = ("ACME_ACCOUNT",)

ACME_ACCOUNT: t.Dict[str, t.Dict[str, t.Any]] = {
    "authority": authority_entry(required=True),
    "state": {
        "type": "str",
        "choices": ["present", "absent"],
        "default": "present",
        "description": [
            "V(present) makes the account, and a file for its key, if they are not there, and brings the contacts up to date.",
            "V(absent) deactivates the account, which can't be undone. Its certificates stay valid, and the key file stays.",
        ],
    },
    "new_account_key": {
        "type": "str",
        "no_log": True,
        "description": [
            "The key that takes the place of O(ignore:authority.acme.account_key): a file on the controller, or its content; PEM or JWK.",
            "A file that is not there is made, with an ECDSA P-256 key.",
            "Once the account has it, nothing changes any more; give it as C(account_key) from then on.",
        ],
    },
}
