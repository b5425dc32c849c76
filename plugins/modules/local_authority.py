#!/usr/bin/python
# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: local_authority
short_description: Create and run the embedded certificate authority
version_added: "1.0.0"
author:
  - The certfleet.pki contributors (@certfleet)
description:
  - Makes a certificate authority (CA) out of a directory on the controller, for tests, laboratories and small fleets.
    There is nothing to install and no server to run.
  - It has a root and an intermediate, remembers what it was asked for, what it issued and what it revoked,
    and keeps its certificate revocation lists (CRLs) fresh whenever it is used.
  - The other modules use it with O(ignore:authority=local).
notes:
  - Runs on the controller, whatever host the task addresses; address it to C(localhost), or add C(run_once).
  - Whoever can read the directory and knows the passphrase can issue certificates. Keep it where only the user that
    runs Ansible may read, and back it up.
  - The directory has to be on a local file system, for its database is not safe on a network file system.
  - The CRLs are valid for seven days and are written again at half of that by the next call that uses the CA.
    A CA that nobody uses for that long has stale CRLs; run this module on a schedule if anyone relies on them.
requirements:
  - cryptography >= 42 on the controller
extends_documentation_fragment:
  - certfleet.pki.local_authority
  - certfleet.pki.attributes
attributes:
  action:
    description: Has a corresponding action plugin, so that it runs on the controller.
    support: full
  check_mode:
    support: full
  diff_mode:
    support: full
    details: Shows how the CA is run and what was decided, never keys.
  idempotent:
    support: full
seealso:
  - module: certfleet.pki.certificate
  - module: certfleet.pki.certificate_request
"""

EXAMPLES = r"""
- name: Make a CA that signs for one domain, for 30 days at most
  certfleet.pki.local_authority:
    path: /srv/pki/laboratory
    common_name: Laboratory CA
    passphrase: "{{ laboratory_passphrase }}"
    profile:
      allowed_domains: ["*.lab.example.com"]
      max_lifetime: 30d
  delegate_to: localhost
  run_once: true

- name: From now on somebody has to approve every request
  certfleet.pki.local_authority:
    path: /srv/pki/laboratory
    passphrase: "{{ laboratory_passphrase }}"
    approval: manual
  register: laboratory

- name: Show who waits
  ansible.builtin.debug:
    msg: "{{ item.request_id }} {{ item.dns_names | join(', ') }} since {{ item.requested_at }}"
  loop: "{{ laboratory.requests }}"
  loop_control:
    label: "{{ item.request_id }}"

- name: Approve one and deny another
  certfleet.pki.local_authority:
    path: /srv/pki/laboratory
    passphrase: "{{ laboratory_passphrase }}"
    approve: [2f4a1c3b5d6e7f8091a2b3c4d5e6f708]
    deny: [9b8a7c6d5e4f30211203f4e5d6c7b8a9]
    deny_reason: The host is to be shut down.

- name: Remove the CA with its keys
  certfleet.pki.local_authority:
    path: /srv/pki/laboratory
    state: absent
"""

RETURN = r"""
path:
  description: The CA's directory.
  returned: success
  type: str
  sample: /srv/pki/laboratory
ca_pem:
  description: The root certificate, which relying parties have to trust. Null in check mode if the CA is not there.
  returned: success
  type: str
chain_pem:
  description: The intermediate and the root. Null in check mode if the CA is not there.
  returned: success
  type: str
crl_paths:
  description: The CRLs of the intermediate and of the root, in PEM; beside each is one in DER that ends in C(.crl).
  returned: success
  type: list
  elements: str
  sample: [/srv/pki/laboratory/intermediate.crl.pem, /srv/pki/laboratory/root.crl.pem]
requests:
  description: The requests that wait for approval, and those that O(approve) and O(deny) name, oldest first.
  returned: always
  type: list
  elements: dict
  contains:
    request_id:
      description: What O(approve) and O(deny) take.
      type: str
    status:
      description: V(pending), V(issued), V(rejected) or V(cancelled).
      type: str
    detail:
      description: The reason of a denial.
      type: str
    label:
      description: What the requester calls it.
      type: str
    common_name:
      description: Common name, or null.
      type: str
    dns_names:
      description: DNS names.
      type: list
      elements: str
    ip_addresses:
      description: IP addresses.
      type: list
      elements: str
    email_addresses:
      description: E-mail addresses.
      type: list
      elements: str
    uris:
      description: URIs.
      type: list
      elements: str
    extended_key_usage:
      description: Extended key usages asked for.
      type: list
      elements: str
    key:
      description: C(type), C(size) and C(curve) of the key.
      type: dict
    public_key_sha256:
      description: SHA-256 of the public key, to compare with the requester's.
      type: str
    lifetime:
      description: Lifetime asked for, in seconds, or null.
      type: int
    requested_at:
      description: When it was requested.
      type: str
    decided_at:
      description: When it was approved, denied or cancelled, or null.
      type: str
    serial_number:
      description: Serial number of the certificate if there is one, else null.
      type: str
error:
  description: What went wrong.
  returned: failure
  type: dict
  contains:
    kind:
      description: What kind of error it is, such as V(misconfigured), V(unauthorized), V(policy) or V(not_found).
      type: str
    authority:
      description: Always V(local).
      type: str
    detail:
      description: Details.
      type: str
    retryable:
      description: Whether the same task may work later.
      type: bool
    http_status:
      description: Always null here.
      type: int
"""

import typing as t

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.certfleet.pki.plugins.module_utils._authorities._base import utc_now
from ansible_collections.certfleet.pki.plugins.module_utils._authorities.local import LocalAuthority
from ansible_collections.certfleet.pki.plugins.module_utils._errors import PkiError
from ansible_collections.certfleet.pki.plugins.module_utils._local.manage import manage
from ansible_collections.certfleet.pki.plugins.module_utils._local.options import LOCAL_AUTHORITY
from ansible_collections.certfleet.pki.plugins.module_utils._options import argument_spec


def given(parameters: t.Mapping[str, t.Any]) -> t.Dict[str, t.Any]:
    """Drop what was not given."""
    present = {name: value for name, value in parameters.items() if value is not None}
    return {name: given(value) if isinstance(value, dict) else value for name, value in present.items()}


def main() -> None:
    """Do what the action does, where something runs the module without it."""
    module = AnsibleModule(argument_spec=argument_spec(LOCAL_AUTHORITY), supports_check_mode=True)
    try:
        result = manage(given(module.params), check=module.check_mode, clock=utc_now)
    except PkiError as error:
        error.authority = LocalAuthority.NAME
        module.fail_json(msg=error.message, error=error.as_dict(), requests=[])
    module.exit_json(**result)


if __name__ == "__main__":
    main()
