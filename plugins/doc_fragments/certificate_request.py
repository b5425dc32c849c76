# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Written by tests/tools/doc_fragments.py from the options in plugins/module_utils; don't edit.

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  policy:
    description:
    - Rules that every request must keep, checked on the controller before anything is sent, in check mode too.
    - A policy file named by the environment variable E(CERTFLEET_POLICY_FILE) on the controller applies always; this option can only tighten
      it.
    type: dict
    suboptions:
      allowed_domains:
        description:
        - DNS names that may be asked for, as globs in which V(*) is exactly one label.
        - A list that is not given means none of that kind, once any policy is given.
        type: list
        elements: str
      allowed_domain_patterns:
        description:
        - DNS names that may be asked for, as regular expressions that match the whole name.
        type: list
        elements: str
      allowed_ip_ranges:
        description:
        - Networks whose addresses may be asked for, such as V(10.0.0.0/8).
        type: list
        elements: str
      allowed_uris:
        description:
        - URIs that may be asked for, as globs.
        type: list
        elements: str
      allowed_email_domains:
        description:
        - Domains whose e-mail addresses may be asked for.
        type: list
        elements: str
      forbid_wildcards:
        description:
        - Whether wildcard names are forbidden.
        type: bool
      key_types:
        description:
        - 'Allowed key types: a list, or a dictionary of type and minimum size in bits, such as V({rsa: 3072, ecdsa: 256}).'
        type: raw
      max_lifetime:
        description:
        - The longest lifetime that a certificate may have, as a duration.
        type: str
      required_subject:
        description:
        - 'Subject fields that must be there: a list of names, or a dictionary of name and allowed value or values.'
        type: raw
      allowed_authorities:
        description:
        - Identities of the CAs that may be used (C(authority_id) in results), as globs in which V(*) is anything.
        type: list
        elements: str
      extended_key_usages:
        description:
        - Extended key usages that may be asked for.
        type: list
        elements: str
  csr:
    description:
    - The certificate signing request in PEM (PKCS#10).
    type: str
  csr_path:
    description:
    - A file with it, on the host that the task addresses.
    type: path
  common_name:
    description:
    - Common name of the subject.
    - Joins the DNS names if it is one, that is, if it contains a dot.
    - When it is not given, it is the first of C(dns_names) with at most 64 characters, else there is none.
    type: str
  subject:
    description:
    - Other fields of the subject, by their names in snake case, such as V(organization), V(organizational_unit), V(locality), V(state_or_province)
      and V(country).
    - A CA may drop them; that causes a warning, never another order.
    type: dict
  dns_names:
    description:
    - DNS names; internationalised ones may be given in Unicode.
    type: list
    elements: str
  ip_addresses:
    description:
    - IPv4 and IPv6 addresses.
    type: list
    elements: str
  email_addresses:
    description:
    - E-mail addresses.
    type: list
    elements: str
  uris:
    description:
    - URIs, for example SPIFFE IDs.
    type: list
    elements: str
  key:
    description:
    - Make a key in memory instead of sending a CSR, for the names that are given.
    - The key is returned and kept nowhere, so O(return_private_key) is required; and only an issued answer is accepted, because a pending one
      would lose the key.
    type: dict
    suboptions:
      type:
        description:
        - Algorithm of the key.
        type: str
        default: ecdsa
        choices:
        - ecdsa
        - rsa
        - ed25519
      curve:
        description:
        - Curve of an ECDSA key. P-256 when it is not given.
        type: str
        choices:
        - P-256
        - P-384
        - P-521
        - secp256r1
        - prime256v1
        - secp384r1
        - secp521r1
      size:
        description:
        - Size of an RSA key in bits. 2048 when it is not given.
        type: int
  return_private_key:
    description:
    - 'Must be V(true) with O(key): says that you know that the result holds a private key.'
    type: bool
    default: false
  extended_key_usage:
    description:
    - Extended key usages, such as V(server_auth), V(client_auth), V(code_signing), V(email_protection), or dotted OIDs.
    - Those given must be in the certificate. When none is given, none is asked for and none is compared.
    type: list
    elements: str
  lifetime:
    description:
    - 'How long the certificate is to be valid, as a duration: V(90d), V(72h), V(1d12h). A bare number is refused.'
    - A lifetime that the CA is known not to honour is an error. When it is not given, the CA decides.
    type: str
  wait:
    description:
    - Whether to wait for a CA that answers that the request is pending.
    - With V(false) the result is V(pending); a later run collects the certificate and places no second order.
    type: bool
    default: true
  wait_timeout:
    description:
    - How long to wait at the most, in seconds.
    type: int
    default: 60
"""
