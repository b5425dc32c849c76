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
  - On the controller, Python 3.10 or newer and cryptography 42 or newer; for every CA but O(authority.local) also requests,
    for O(authority.vault) hvac, for O(authority.acme) acme, and dnspython with its challenge C(dns_01).
  - On the host, Python 3.6 or newer and the openssl program. No library, no CA address, no CA credential.
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

- name: One that nginx serves at the end, or else the old one is served again
  certfleet.pki.certificate:
    authority: "{{ pki_authority }}"
    name: shop
    dns_names:
      - shop.example.com
    validate_command: nginx -t
    reload_command: systemctl try-reload-or-restart nginx
    verify_served:
      port: 443

- name: For a mail server in a chroot, seen over STARTTLS
  certfleet.pki.certificate:
    authority: "{{ pki_authority }}"
    name: smtp
    dns_names:
      - mx.example.com
    copies:
      - content: combined
        path: /var/spool/postfix/etc/tls.pem
    reload_command: postfix reload
    verify_served:
      starttls: smtp

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
certificate:
  description:
  - The certificate; all keys are always there and null when unknown.
  returned: always
  type: dict
  contains:
    name:
      description:
      - Name of the certificate on the host; null for a single operation on a CA.
      type: str
    action:
      description:
      - What was done, or would be in check mode.
      - V(none), V(issued), V(renewed), V(resumed), V(reinstalled), V(adopted), V(pending), V(removed), V(revoked) or V(failed).
      type: str
      sample: renewed
    reasons:
      description:
      - Why, as a list of C(code) and C(detail). The codes are stable; see the guide.
      type: list
      elements: dict
      sample:
      - code: names_differ
        detail: 'Not asked for when it was issued: www.example.com.'
    status:
      description:
      - Of the installed certificate if there is one, else of the open request.
      - V(issued), V(pending), V(rejected), V(revoked), V(expired), V(absent) or V(unknown).
      type: str
      sample: issued
    request_id:
      description:
      - The CA's id of the request.
      type: str
    authority:
      description:
      - Type of the CA
      type: str
      sample: vault
    authority_id:
      description:
      - Which CA it is; changes with its address, mount, role or profile, never with a new intermediate.
      type: str
      sample: vault:https://vault.example.com:8200/pki_int/web
    subject:
      description:
      - Subject (RFC 4514).
      type: str
      sample: CN=www.example.com
    issuer:
      description:
      - Issuer (RFC 4514).
      type: str
    common_name:
      description:
      - Common name of the subject.
      type: str
    dns_names:
      description:
      - DNS names.
      type: list
      elements: str
    ip_addresses:
      description:
      - IP addresses.
      type: list
      elements: str
    email_addresses:
      description:
      - E-mail addresses.
      type: list
      elements: str
    uris:
      description:
      - URIs.
      type: list
      elements: str
    extended_key_usage:
      description:
      - Extended key usages.
      type: list
      elements: str
    serial_number:
      description:
      - Serial number in lower-case hexadecimal with an even number of digits.
      type: str
      sample: 4d90792f7fda7a8dfdce49fc7d82a575
    fingerprint_sha256:
      description:
      - SHA-256 of the certificate.
      type: str
    fingerprint_sha1:
      description:
      - SHA-1 of the certificate.
      type: str
    public_key_sha256:
      description:
      - SHA-256 of the SubjectPublicKeyInfo.
      type: str
    authority_key_id:
      description:
      - Key id of the issuer.
      type: str
    not_before:
      description:
      - Start of the validity (ISO 8601).
      type: str
      sample: '2026-11-22T06:55:53Z'
    not_after:
      description:
      - End of the validity (ISO 8601).
      type: str
      sample: '2027-02-20T07:00:53Z'
    renew_at:
      description:
      - When a run will renew it (ISO 8601).
      type: str
      sample: '2027-01-21T06:59:13Z'
    installed_at:
      description:
      - When it was installed (ISO 8601).
      type: str
    key:
      description:
      - The key's C(type), C(size) in bits and C(curve).
      type: dict
      sample:
        type: ecdsa
        size: 256
        curve: P-256
    files:
      description:
      - Paths on the host, null for what is not written.
      - C(private_key), C(certificate), C(chain), C(fullchain), C(combined), C(pkcs12), C(jks).
      type: dict
    replaced:
      description:
      - C(serial_number) and C(fingerprint_sha256) of the certificate that was replaced.
      type: dict
    rolled_back:
      description:
      - Whether the previous set was put back because a step failed.
      type: bool
    verified:
      description:
      - Whether the new certificate was seen being served; null when that was not asked for.
      type: bool
    warnings:
      description:
      - What differs from what was asked for and was accepted.
      type: list
      elements: str
msg:
  description:
  - One sentence that says what is wrong and what to do.
  returned: on failure
  type: str
error:
  description:
  - What went wrong, for programs.
  returned: on failure
  type: dict
  contains:
    kind:
      description:
      - V(misconfigured), V(unauthorized), V(policy), V(rejected), V(unavailable), V(not_found), V(bad_certificate) or V(host).
      type: str
    authority:
      description:
      - Type of the CA that it came from.
      type: str
    detail:
      description:
      - The other side's own words.
      type: str
    retryable:
      description:
      - Whether the same call may work later.
      type: bool
    http_status:
      description:
      - HTTP status code.
      type: int
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
