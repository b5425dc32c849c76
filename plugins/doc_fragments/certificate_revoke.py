# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Written by tests/tools/doc_fragments.py from the options in plugins/module_utils; don't edit.

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  request_id:
    description:
    - The CA's id of a request, as an earlier task returned it.
    type: str
  serial_number:
    description:
    - Serial number of a certificate in hexadecimal, in any usual spelling (colons, upper case, C(0x)).
    type: str
  certificate:
    description:
    - A certificate in PEM.
    type: str
  path:
    description:
    - A file with a certificate in PEM, on the host that the task addresses.
    type: path
  reason:
    description:
    - Why (RFC 5280). A CA that keeps no reasons ignores it.
    type: str
    default: unspecified
    choices:
    - unspecified
    - key_compromise
    - ca_compromise
    - affiliation_changed
    - superseded
    - cessation_of_operation
    - certificate_hold
    - remove_from_crl
    - privilege_withdrawn
    - aa_compromise
  private_key_path:
    description:
    - The certificate's private key, on the host that the task addresses.
    - With it the request to revoke is signed there, instead of using the account, which may be lost or somebody else's. O(authority.acme) only.
    type: str
  private_key_passphrase:
    description:
    - The passphrase of O(private_key_path), if it has one.
    type: str
"""
