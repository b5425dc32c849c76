#!/usr/bin/python
# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: certificate
short_description: Ensure that a certificate is on a host, from any certificate authority
description:
  - Requests, installs, renews, repairs, adopts, revokes or removes one certificate.
  - The private key is made on the host and stays there. The CA is talked to from the controller, so its credentials stay there.
  - Nothing is installed that does not fit the request, and what fails is rolled back. A request that is pending is resumed by the next run.
  - "The result says what was done (RV(certificate.action)) and why (RV(certificate.reasons))."
author:
  - The certfleet.pki contributors (@certfleet)
version_added: 0.1.0
extends_documentation_fragment:
  - certfleet.pki.item
  - certfleet.pki.attributes
  - certfleet.pki.attributes.ensures
requirements:
  - "On the controller: Python 3.10 or newer, cryptography 42 or newer, and the library of the CA that is used (requests and hvac for O(authority.vault))."
  - "On the host: Python 3.6 or newer and the openssl program. No library, no CA address, no CA credential."
notes:
  - For more than one certificate on a host use M(certfleet.pki.certificates), which needs one call for all of them.
  - With C(ANSIBLE_PIPELINING) a run that has nothing to do is faster than M(ansible.builtin.ping).
seealso:
  - module: certfleet.pki.certificates
  - module: certfleet.pki.certificate_request
"""

EXAMPLES = r"""
- name: A certificate for a web server
  certfleet.pki.certificate:
    authority: "{{ pki_authority }}"
    name: web
    dns_names:
      - "{{ inventory_hostname }}"
      - www.example.com

- name: An RSA key that a service's group may read, and one file with all
  certfleet.pki.certificate:
    authority: "{{ pki_authority }}"
    name: mail
    dns_names:
      - mail.example.com
    key:
      type: rsa
      size: 3072
    group: mail
    mode: "0640"
    formats:
      - combined
    renew_before: 33%

- name: Take over what certbot obtained, without a new order
  certfleet.pki.certificate:
    authority: "{{ pki_authority }}"
    name: shop
    dns_names:
      - shop.example.com
    adopt_from: /etc/letsencrypt/live/shop.example.com

- name: Ask a CA with a manual approval, and go on
  certfleet.pki.certificate:
    authority: "{{ pki_authority }}"
    name: payments
    dns_names:
      - payments.example.com
    wait: false

- name: Revoke and remove
  certfleet.pki.certificate:
    authority: "{{ pki_authority }}"
    name: web
    state: revoked
    revoke_reason: cessation_of_operation
"""

RETURN = r"""
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.certfleet.pki.plugins.module_utils._options import argument_spec, item_options
from ansible_collections.certfleet.pki.plugins.module_utils._registry import authority_entry


def main() -> None:
    module = AnsibleModule(
        argument_spec=argument_spec(item_options(authority_entry(required=False))),
        supports_check_mode=True,
        required_if=[("state", "present", ("authority",)), ("state", "revoked", ("authority",))],
    )
    module.fail_json(msg="This module runs on the controller; call it as certfleet.pki.certificate, from a playbook.")


if __name__ == "__main__":
    main()
