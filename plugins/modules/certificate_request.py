#!/usr/bin/python
# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: certificate_request
short_description: Submit a certificate signing request to a certificate authority
description:
  - "Submits a CSR and returns the certificate, or the id of a request that is pending."
  - "The operation keeps no state, so it is always changed. To have a certificate on a host use M(certfleet.pki.certificate), which is idempotent."
  - The call is made from the controller; with C(delegate_to) from the delegate, if that is not local.
author:
  - The certfleet.pki contributors (@certfleet)
version_added: 0.1.0
extends_documentation_fragment:
  - certfleet.pki.authority
  - certfleet.pki.certificate_request
  - certfleet.pki.attributes
  - certfleet.pki.attributes.requests
requirements:
  - "Where the call is made: Python 3.10 (3.8 on a delegate) or newer, cryptography 42 or newer, and the library of the CA that is used (requests and hvac for O(authority.vault))."
"""

EXAMPLES = r"""
- name: Submit a CSR that an appliance made
  certfleet.pki.certificate_request:
    authority: "{{ pki_authority }}"
    csr: "{{ lookup('ansible.builtin.file', 'appliance.csr') }}"
    lifetime: 90d
    wait: false
  register: submitted

- name: Key and certificate in memory, for a place that Ansible can't reach
  certfleet.pki.certificate_request:
    authority: "{{ pki_authority }}"
    common_name: device-17
    dns_names:
      - device-17.example.com
    key:
      type: ecdsa
    return_private_key: true
  register: device
  no_log: true
"""

RETURN = r"""
"""

from ansible_collections.certfleet.pki.plugins.module_utils._operation_module import run_module


def main() -> None:
    run_module("certificate_request")


if __name__ == "__main__":
    main()
