# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Written by tests/tools/doc_fragments.py from the options in plugins/module_utils; don't edit.

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  path:
    description:
    - The CA's directory on the controller, on a local file system.
    - It is made with mode 0700 and must be empty, or not there, for a new CA.
    type: path
    required: true
  state:
    description:
    - V(present) makes the CA if it is not there, changes how it is run, and decides on requests.
    - V(absent) removes it with its keys and its memory; files that are not the CA's stay.
    type: str
    default: present
    choices:
    - present
    - absent
  common_name:
    description:
    - Common name of the root, at most 51 characters; the intermediate's is the same with C(Intermediate) behind it.
    - V(certfleet local CA) for a new CA when it is not given. That of an existing CA can't be changed.
    type: str
  key_type:
    description:
    - 'Type of the CA''s keys: ECDSA P-256, RSA 3072 or Ed25519.'
    - V(ecdsa) for a new CA when it is not given. That of an existing CA can't be changed.
    type: str
    choices:
    - ecdsa
    - rsa
    - ed25519
  passphrase:
    description:
    - Encrypts the keys of a new CA, and decrypts those of an existing one, where it can't be changed.
    type: str
  permitted_names:
    description:
    - Name constraints of the CA itself, which every verifier enforces.
    - Domains, with all names below them, and networks such as V(10.0.0.0/8).
    - A kind of name that is not in the list is not permitted at all.
    - Those of an existing CA can't be changed.
    type: list
    elements: str
  approval:
    description:
    - V(auto) signs requests at once, V(manual) keeps them until O(approve) or O(deny) names them.
    - V(auto) for a new CA when it is not given; an existing one stays as it is.
    type: str
    choices:
    - auto
    - manual
  approve:
    description:
    - Ids of pending requests to approve. One that was approved before is no change.
    type: list
    elements: str
  deny:
    description:
    - Ids of pending requests to deny. One that was denied before is no change.
    type: list
    elements: str
  deny_reason:
    description:
    - Why, in one sentence; whoever placed the request is told.
    type: str
    default: ''
  profile:
    description:
    - What may be asked of this CA, in the shape of the option O(ignore:policy) of the other modules.
    - Once one kind of name has a list, a kind without one is refused.
    - A profile without any list of names leaves names alone.
    - An existing CA's profile stays as it is when this is not given, and is replaced as a whole when it is.
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
  lifetime:
    description:
    - How long certificates are valid when nothing is asked for, as a duration such as V(90d).
    - V(90d) for a new CA when it is not given, or the profile's C(max_lifetime) if that is shorter.
    type: str
  crl_urls:
    description:
    - Where relying parties find the CRL; written into every certificate issued from then on.
    - Publishing the file C(intermediate.crl) there is up to you.
    type: list
    elements: str
"""
