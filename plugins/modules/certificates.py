#!/usr/bin/python
# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: certificates
short_description: Ensure a list of certificates on a host, in one call
description:
  - Does for every item what M(certfleet.pki.certificate) does, with one execution on the host for all of them.
  - An item that fails does not stop the others. The task fails if any failed, and is changed if any changed.
author:
  - The certfleet.pki contributors (@certfleet)
version_added: 0.1.0
extends_documentation_fragment:
  - certfleet.pki.items
  - certfleet.pki.attributes
  - certfleet.pki.attributes.ensures
requirements:
  - "On the controller: Python 3.10 or newer, cryptography 42 or newer, and the library of the CA that is used (requests and hvac for O(authority.vault))."
  - "On the host: Python 3.6 or newer and the openssl program. No library, no CA address, no CA credential."
seealso:
  - module: certfleet.pki.certificate
"""

EXAMPLES = r"""
- name: All certificates of this host
  certfleet.pki.certificates:
    authority: "{{ pki_authority }}"
    defaults:
      renew_before: 30d
    certificates:
      - name: web
        dns_names:
          - www.example.com
      - name: api
        dns_names:
          - api.example.com
        key:
          type: rsa
"""

RETURN = r"""
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.certfleet.pki.plugins.module_utils._options import argument_spec, defaults_entry, item_options, list_entry, policy_entry
from ansible_collections.certfleet.pki.plugins.module_utils._registry import authority_entry


def main() -> None:
    module = AnsibleModule(
        argument_spec=argument_spec(
            {
                "authority": authority_entry(required=False),
                "policy": policy_entry(),
                "defaults": defaults_entry(),
                "certificates": {**list_entry(), "options": item_options(authority_entry(required=False))},
            }
        ),
        supports_check_mode=True,
    )
    module.fail_json(msg="This module runs on the controller; call it as certfleet.pki.certificates, from a playbook.")


if __name__ == "__main__":
    main()
