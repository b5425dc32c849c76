#!/usr/bin/python
# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: certificate_retrieve
short_description: Retrieve a certificate and its chain from a certificate authority
description:
  - "Returns the certificate of a request, or one that the CA issued earlier, with its chain in order."
  - The call is made from the controller; with C(delegate_to) from the delegate, if that is not local.
author:
  - The certfleet.pki contributors (@certfleet)
version_added: 0.1.0
extends_documentation_fragment:
  - certfleet.pki.authority
  - certfleet.pki.certificate_retrieve
  - certfleet.pki.attributes
  - certfleet.pki.attributes.reads
requirements:
  - "Where the call is made: Python 3.10 (3.8 on a delegate) or newer, cryptography 42 or newer, and the library of the CA that is used (requests and hvac for O(authority.vault))."
"""

EXAMPLES = r"""
- name: Collect what was requested
  certfleet.pki.certificate_retrieve:
    authority: "{{ pki_authority }}"
    request_id: "{{ submitted.certificate.request_id }}"
    wait_timeout: 300

- name: Fetch a certificate by its serial number
  certfleet.pki.certificate_retrieve:
    authority: "{{ pki_authority }}"
    serial_number: 4f:20:aa:17
"""

RETURN = r"""
"""

from ansible_collections.certfleet.pki.plugins.module_utils._operation_module import run_module


def main() -> None:
    run_module("certificate_retrieve")


if __name__ == "__main__":
    main()
