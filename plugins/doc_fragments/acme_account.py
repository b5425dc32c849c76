# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Written by tests/tools/doc_fragments.py from the options in plugins/module_utils; don't edit.

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  state:
    description:
    - V(present) makes the account, and a file for its key, if they are not there, and brings the contacts up to date.
    - V(absent) deactivates the account, which can't be undone. Its certificates stay valid, and the key file stays.
    type: str
    default: present
    choices:
    - present
    - absent
  new_account_key:
    description:
    - 'The key that takes the place of O(ignore:authority.acme.account_key): a file on the controller, or its content; PEM or JWK.'
    - A file that is not there is made, with an ECDSA P-256 key.
    - Once the account has it, nothing changes any more; give it as C(account_key) from then on.
    type: str
"""
