#!/usr/bin/python
# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: authority_info
short_description: Tell what a certificate authority is and allows
description:
  - "Returns the chain, the CRL addresses, the abilities and the policy of a CA in one form for all CAs."
  - The call is made from the controller; with C(delegate_to) from the delegate, if that is not local.
author:
  - The certfleet.pki contributors (@certfleet)
version_added: 0.1.0
extends_documentation_fragment:
  - certfleet.pki.authority
  - certfleet.pki.attributes
  - certfleet.pki.attributes.reads
requirements:
  - "Where the call is made: Python 3.10 (3.8 on a delegate) or newer, cryptography 42 or newer, and the library of the CA that is used (requests and hvac for O(authority.vault))."
"""

EXAMPLES = r"""
- name: What does this CA allow?
  certfleet.pki.authority_info:
    authority: "{{ pki_authority }}"
  register: ca

- name: Show it
  ansible.builtin.debug:
    var: ca.authority_info.policy
"""

RETURN = r"""
"""

from ansible_collections.certfleet.pki.plugins.module_utils._operation_module import run_module


def main() -> None:
    run_module("authority_info")


if __name__ == "__main__":
    main()
