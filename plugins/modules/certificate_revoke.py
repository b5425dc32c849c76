#!/usr/bin/python
# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: certificate_revoke
short_description: Revoke a certificate
description:
  - "Revokes a certificate at the CA that issued it. A certificate that is revoked already is no change."
  - The call is made from the controller; with C(delegate_to) from the delegate, if that is not local.
author:
  - The certfleet.pki contributors (@certfleet)
version_added: 0.1.0
extends_documentation_fragment:
  - certfleet.pki.authority
  - certfleet.pki.certificate_revoke
  - certfleet.pki.attributes
  - certfleet.pki.attributes.revokes
requirements:
  - "Where the call is made: Python 3.10 (3.8 on a delegate) or newer, cryptography 42 or newer, and the library of the CA that is used (requests and hvac for O(authority.vault))."
"""

EXAMPLES = r"""
- name: Revoke the certificate of a host that is no more
  certfleet.pki.certificate_revoke:
    authority: "{{ pki_authority }}"
    serial_number: "{{ web.certificate.serial_number }}"
    reason: cessation_of_operation
"""

RETURN = r"""
"""

from ansible_collections.certfleet.pki.plugins.module_utils._operation_module import run_module


def main() -> None:
    run_module("certificate_revoke")


if __name__ == "__main__":
    main()
