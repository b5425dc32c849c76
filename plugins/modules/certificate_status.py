#!/usr/bin/python
# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: certificate_status
short_description: Tell what has become of a certificate or request
description:
  - "Asks the CA for the status of a request or certificate: V(issued), V(pending), V(rejected), V(revoked), V(expired)."
  - The call is made from the controller; with C(delegate_to) from the delegate, if that is not local.
author:
  - The certfleet.pki contributors (@certfleet)
version_added: 0.1.0
extends_documentation_fragment:
  - certfleet.pki.authority
  - certfleet.pki.certificate_status
  - certfleet.pki.attributes
  - certfleet.pki.attributes.reads
requirements:
  - "Where the call is made: Python 3.10 (3.8 on a delegate) or newer, cryptography 42 or newer, and the library of the CA that is used (requests and hvac for O(authority.vault))."
"""

EXAMPLES = r"""
- name: Wait until somebody has approved
  certfleet.pki.certificate_status:
    authority: "{{ pki_authority }}"
    request_id: "{{ submitted.certificate.request_id }}"
  register: answer
  until: answer.certificate.status == 'issued'
  retries: 60
  delay: 60

- name: Is the certificate in this file revoked?
  certfleet.pki.certificate_status:
    authority: "{{ pki_authority }}"
    path: /etc/certfleet/web/cert.pem
"""

RETURN = r"""
"""

from ansible_collections.certfleet.pki.plugins.module_utils._operation_module import run_module


def main() -> None:
    run_module("certificate_status")


if __name__ == "__main__":
    main()
