# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filter x509_info."""

from __future__ import annotations

DOCUMENTATION = r"""
name: x509_info
short_description: Read an X.509 certificate
version_added: 0.1.0
author:
  - The certfleet.pki contributors (@certfleet)
description:
  - Returns what a certificate says, under the names that the modules of this collection use in their results.
requirements:
  - The Python library C(cryptography), version 42 or newer, on the controller.
options:
  _input:
    description:
      - A certificate in PEM format. Of several, the first is read, unless O(bundle=true).
    type: str
    required: true
  bundle:
    description:
      - Read all certificates in the text, and return a list.
    type: bool
    default: false
seealso:
  - plugin: certfleet.pki.split_pem
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Show when a certificate ends
  ansible.builtin.debug:
    msg: "{{ (lookup('ansible.builtin.file', 'cert.pem') | certfleet.pki.x509_info).not_after }}"

- name: Show the subjects of a chain
  ansible.builtin.debug:
    msg: "{{ chain | certfleet.pki.x509_info(bundle=true) | map(attribute='subject') }}"
  vars:
    chain: "{{ lookup('ansible.builtin.file', 'chain.pem') }}"
"""

RETURN = r"""
_value:
  description:
    - What the certificate says. A list of such dictionaries, in the order of the text, with O(bundle=true).
  type: dict
  contains:
    subject:
      description: The subject, as RFC 4514 writes it.
      type: str
      sample: CN=www.example.com,O=Example
    issuer:
      description: The issuer's subject, as RFC 4514 writes it.
      type: str
      sample: CN=Example Issuing CA
    common_name:
      description: The subject's common name; null if there is none.
      type: str
      sample: www.example.com
    dns_names:
      description: The DNS names, in lower case, sorted.
      type: list
      elements: str
      sample: [www.example.com]
    ip_addresses:
      description: The IP addresses.
      type: list
      elements: str
      sample: [192.0.2.1]
    email_addresses:
      description: The email addresses.
      type: list
      elements: str
      sample: []
    uris:
      description: The URIs.
      type: list
      elements: str
      sample: []
    extended_key_usage:
      description: What the key may be used for, by name; a usage without a name is a dotted OID.
      type: list
      elements: str
      sample: [server_auth]
    serial_number:
      description: The serial number in lower-case hexadecimal, with an even number of digits.
      type: str
      sample: 5d0461b3c0c081905f325b9cd68645d3
    fingerprint_sha256:
      description: SHA-256 of the certificate in DER format, in lower-case hexadecimal.
      type: str
      sample: 9d0cb2d614a7e99f1b026a2f3a02a46ec99620677f8c03cf9c1252c52881a4d1
    fingerprint_sha1:
      description: SHA-1 of the certificate in DER format, in lower-case hexadecimal.
      type: str
      sample: f7851d7c9b8a77f9594daf7124694e83c3117990
    public_key_sha256:
      description: SHA-256 of the public key (SubjectPublicKeyInfo in DER format), in lower-case hexadecimal.
      type: str
      sample: a26bbfe6b566c4706466bc922f73701da8e3de2d1b2abd5301e7add5206df038
    authority_key_id:
      description: The issuer's key id in lower-case hexadecimal; null if the certificate names none.
      type: str
      sample: 37ace50aaa21d1afd57033f9fa40c43db12fa32c
    not_before:
      description: From when it is valid.
      type: str
      sample: "2026-11-22T01:46:08Z"
    not_after:
      description: Until when it is valid.
      type: str
      sample: "2027-02-20T01:46:08Z"
    key:
      description: The key's algorithm.
      type: dict
      contains:
        type:
          description: The type, like V(ecdsa), V(rsa) or V(ed25519).
          type: str
          sample: ecdsa
        size:
          description: The size in bits.
          type: int
          sample: 256
        curve:
          description: The curve of an ECDSA key, else null.
          type: str
          sample: P-256
"""

import typing as t

from ansible.errors import AnsibleFilterError

from ansible_collections.certfleet.pki.plugins.module_utils._errors import PkiError
from ansible_collections.certfleet.pki.plugins.module_utils._x509 import read_certificate, result_fields, split_pem

Facts = dict[str, t.Any]


def x509_info(text: t.Any, bundle: bool = False) -> Facts | list[Facts]:
    """Return what the certificate in ``text`` says; with ``bundle``, what each of several says."""
    if not isinstance(text, (str, bytes)):
        raise AnsibleFilterError(f"certfleet.pki.x509_info takes PEM text, not {type(text).__name__}.")
    try:
        if bundle:
            return [result_fields(read_certificate(pem)) for pem in split_pem(text)]
        # Ansible's tagged strings are strings, but not plain ones.
        return result_fields(read_certificate(text if isinstance(text, bytes) else str(text)))
    except PkiError as error:
        raise AnsibleFilterError(f"certfleet.pki.x509_info: {error.message}") from error


class FilterModule:
    """What Ansible looks for."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        """Return the filters by name."""
        return {"x509_info": x509_info}
