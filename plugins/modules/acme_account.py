#!/usr/bin/python
# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: acme_account
short_description: Create and manage an account at an ACME CA
version_added: "1.0.0"
author:
  - The certfleet.pki contributors (@certfleet)
description:
  - Makes an account at a CA that speaks ACME (RFC 8555), with its key, keeps its contacts up to date, changes its key, and deactivates it.
  - The other modules use the account with O(authority.acme). They make none unless C(account_create) says so,
    so that a job which lost its key fails instead of making one account after another.
notes:
  - Runs on the controller, whatever host the task addresses; address it to C(localhost), or add C(run_once).
  - Whoever has the account's key can have certificates issued for its names, and revoke its certificates. Keep it where only the user that
    runs Ansible may read, and back it up.
  - Some CAs, such as Let's Encrypt, keep no contacts. There, check mode announces to set them each time.
requirements:
  - On the controller cryptography 42 or newer, requests and acme.
extends_documentation_fragment:
  - certfleet.pki.authority
  - certfleet.pki.acme_account
  - certfleet.pki.attributes
attributes:
  action:
    description: Has a corresponding action plugin, so that it runs on the controller.
    support: full
  check_mode:
    support: full
  diff_mode:
    support: full
    details: Shows status and contacts, never keys.
  idempotent:
    support: full
seealso:
  - module: certfleet.pki.authority_info
  - module: certfleet.pki.certificate
"""

EXAMPLES = r"""
- name: Have an account at Let's Encrypt
  certfleet.pki.acme_account:
    authority:
      acme:
        directory: letsencrypt
        account_key: /etc/pki/acme/letsencrypt.pem
        contact: [pki@example.com]
        terms_agreed: true
  delegate_to: localhost
  run_once: true

- name: Have an account at a CA that makes them for its customers only
  certfleet.pki.acme_account:
    authority:
      acme:
        directory: https://acme.example.com/directory
        account_key: /etc/pki/acme/example.pem
        terms_agreed: true
        eab:
          kid: "{{ acme_kid }}"
          hmac_key: "{{ acme_hmac_key }}"
  delegate_to: localhost
  run_once: true

- name: Change the account's key; from then on it is the new one that is given as account_key
  certfleet.pki.acme_account:
    authority:
      acme:
        directory: letsencrypt
        account_key: /etc/pki/acme/letsencrypt.pem
    new_account_key: /etc/pki/acme/letsencrypt-2027.pem
  delegate_to: localhost
  run_once: true

- name: Deactivate the account
  certfleet.pki.acme_account:
    authority:
      acme:
        directory: letsencrypt
        account_key: /etc/pki/acme/letsencrypt-2027.pem
    state: absent
  delegate_to: localhost
  run_once: true
"""

RETURN = r"""
account:
  description: The account; null if the call failed.
  returned: always
  type: dict
  contains:
    uri:
      description: Its URL at the CA, which CAA records can name (RFC 8657). Null if there is no account.
      type: str
      sample: https://acme.example.com/acct/1
    status:
      description: V(valid), V(deactivated) or V(revoked), or null if there is no account.
      type: str
      sample: valid
    contact:
      description: The contacts that the CA keeps.
      type: list
      elements: str
      sample: ["mailto:pki@example.com"]
    thumbprint:
      description: Thumbprint of its key (RFC 7638), with which a web server can answer challenges by itself. Null if there is no key.
      type: str
    terms_of_service:
      description: Where the CA's terms are, or null.
      type: str
    created:
      description: Whether this task made it, or would have in check mode.
      type: bool
msg:
  description: One sentence that says what is wrong and what to do.
  returned: failure
  type: str
error:
  description: What went wrong, for programs.
  returned: failure
  type: dict
  contains:
    kind:
      description: What kind of error it is, such as V(misconfigured), V(unauthorized) or V(unavailable).
      type: str
    authority:
      description: Always V(acme).
      type: str
    detail:
      description: The CA's own words.
      type: str
    retryable:
      description: Whether the same task may work later.
      type: bool
    http_status:
      description: HTTP status code, or null.
      type: int
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.certfleet.pki.plugins.module_utils._acme._account_options import ACME_ACCOUNT
from ansible_collections.certfleet.pki.plugins.module_utils._acme._manage import manage
from ansible_collections.certfleet.pki.plugins.module_utils._authorities._base import Context
from ansible_collections.certfleet.pki.plugins.module_utils._authorities.acme import AcmeAuthority
from ansible_collections.certfleet.pki.plugins.module_utils._errors import PkiError
from ansible_collections.certfleet.pki.plugins.module_utils._operation_module import without_nulls
from ansible_collections.certfleet.pki.plugins.module_utils._options import argument_spec
from ansible_collections.certfleet.pki.plugins.module_utils._registry import open_authority


def main() -> None:
    """Do what the action does, where something runs the module without it."""
    module = AnsibleModule(argument_spec=argument_spec(ACME_ACCOUNT), supports_check_mode=True)
    options = without_nulls(module.params)
    try:
        authority = open_authority(options["authority"], environ={}, context=Context(check=module.check_mode))
        result = manage(authority, options, check=module.check_mode)
    except PkiError as error:
        error.authority = AcmeAuthority.NAME
        module.fail_json(msg=error.message, error=error.as_dict(), account=None)
    module.exit_json(**result)


if __name__ == "__main__":
    main()
