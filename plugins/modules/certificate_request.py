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
  - Where the call is made, Python 3.10 (3.8 on a delegate) or newer and cryptography 42 or newer.
  - For every CA but O(authority.local) also requests, for O(authority.vault) hvac, for O(authority.acme) acme (and dnspython with C(dns_01)).
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
certificate_pem:
  description:
  - The certificate in PEM; null while there is none. Also in RV(certificate).
  returned: always
  type: str
chain_pem:
  description:
  - What signed it, the issuer first, without the root, in PEM. Also in RV(certificate).
  returned: always
  type: str
fullchain_pem:
  description:
  - Certificate and chain. Also in RV(certificate).
  returned: always
  type: str
ca_pem:
  description:
  - The root, if the CA tells it. Also in RV(certificate).
  returned: always
  type: str
private_key_pem:
  description:
  - The private key (PKCS#8, unencrypted). The result is not shown.
  returned: with O(key)
  type: str
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

from ansible_collections.certfleet.pki.plugins.module_utils._operation_module import run_module


def main() -> None:
    run_module("certificate_request")


if __name__ == "__main__":
    main()
