# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Written by tests/tools/doc_fragments.py from the options in plugins/module_utils; don't edit.

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  authority:
    description:
    - 'The certificate authority: exactly one of the following.'
    type: dict
    suboptions:
      local:
        description:
        - The embedded CA of this collection, a directory on the controller; see M(certfleet.pki.local_authority).
        type: dict
        suboptions:
          path:
            description:
            - The CA's directory on the controller.
            type: path
            required: true
          passphrase:
            description:
            - Decrypts the CA's keys, if they are encrypted.
            type: str
          create:
            description:
            - Whether the first request makes the CA if there is none in O(authority.local.path).
            - With V(false) that is an error; use M(certfleet.pki.local_authority) to make one.
            type: bool
            default: false
          common_name:
            description:
            - Common name of the root that O(authority.local.create) makes; not looked at afterwards.
            type: str
            default: certfleet local CA
      vault:
        description:
        - 'HashiCorp Vault or OpenBao: a role of the PKI secrets engine signs the request.'
        type: dict
        suboptions:
          url:
            description:
            - Address of the CA, such as V(https://ca.example.com:8443).
            type: str
          ca_bundle:
            description:
            - 'The certificates that the CA''s TLS certificate is checked with: a path where the call is made, or PEM text.'
            - When it is not given, the controller's own trust store is used.
            type: str
          validate_certs:
            description:
            - Whether the server's TLS certificate is checked. Turn it off in experiments only.
            - When it is not given, it is checked unless E(BAO_SKIP_VERIFY) or E(VAULT_SKIP_VERIFY) says otherwise.
            type: bool
          timeout:
            description:
            - How long one call to the CA may take in seconds, with all of its retries.
            type: int
            default: 30
          retries:
            description:
            - How often a call is repeated after a connection error or an answer of 429, 502, 503 or 504.
            - Only what can do no harm is repeated, and only as long as C(timeout) allows.
            type: int
            default: 3
          proxy:
            description:
            - Address of an HTTP proxy, such as V(http://proxy.example.com:3128).
            - 'When it is not given, the usual variables apply: E(HTTPS_PROXY), E(HTTP_PROXY) and E(NO_PROXY).'
            type: str
          namespace:
            description:
            - The namespace that holds the mounts, such as V(team/web).
            type: str
          mount:
            description:
            - Where the PKI secrets engine is mounted.
            type: str
            default: pki
          role:
            description:
            - Role of the PKI secrets engine that the certificates are signed with.
            type: str
            required: true
          issuer:
            description:
            - Name or id of the issuer to sign with, instead of the role's own.
            type: str
          auth:
            description:
            - 'How to log in: exactly one of the following.'
            - When it is not given, the token in E(BAO_TOKEN) or E(VAULT_TOKEN) is used.
            type: dict
            suboptions:
              token:
                description:
                - A token.
                type: str
              approle:
                description:
                - Logs in with an AppRole.
                type: dict
                suboptions:
                  role_id:
                    description:
                    - Id of the AppRole.
                    type: str
                    required: true
                  secret_id:
                    description:
                    - Its secret id, unless the AppRole needs none.
                    type: str
                  wrapped_secret_id:
                    description:
                    - A response-wrapping token that holds the secret id. It can be used once.
                    type: str
                  mount:
                    description:
                    - Where the auth method is mounted.
                    type: str
                    default: approle
              jwt:
                description:
                - Logs in with a JSON web token, for example the OIDC token of a CI job in GitLab or GitHub.
                type: dict
                suboptions:
                  role:
                    description:
                    - Role of the auth method; its default role when not given.
                    type: str
                  jwt:
                    description:
                    - The token.
                    type: str
                  jwt_env:
                    description:
                    - Name of the environment variable on the controller that holds the token.
                    type: str
                  mount:
                    description:
                    - Where the auth method is mounted.
                    type: str
                    default: jwt
              kubernetes:
                description:
                - Logs in with a Kubernetes service account token.
                type: dict
                suboptions:
                  role:
                    description:
                    - Role of the auth method.
                    type: str
                    required: true
                  jwt:
                    description:
                    - The token; read from O(authority.vault.auth.kubernetes.token_path) when not given.
                    type: str
                  token_path:
                    description:
                    - File, where the call to the CA is made, that holds the token.
                    type: path
                    default: /var/run/secrets/kubernetes.io/serviceaccount/token
                  mount:
                    description:
                    - Where the auth method is mounted.
                    type: str
                    default: kubernetes
              cert:
                description:
                - Logs in with a TLS client certificate.
                type: dict
                suboptions:
                  certificate:
                    description:
                    - File, where the call to the CA is made, with the certificate, in PEM.
                    type: path
                    required: true
                  private_key:
                    description:
                    - File, where the call to the CA is made, with its key, in PEM, not encrypted.
                    type: path
                    required: true
                  name:
                    description:
                    - Role of the auth method; when not given, any that accepts the certificate.
                    type: str
                  mount:
                    description:
                    - Where the auth method is mounted.
                    type: str
                    default: cert
              userpass:
                description:
                - Logs in with a user name and a password.
                type: dict
                suboptions:
                  username:
                    description:
                    - The user.
                    type: str
                    required: true
                  password:
                    description:
                    - The password.
                    type: str
                    required: true
                  mount:
                    description:
                    - Where the auth method is mounted.
                    type: str
                    default: userpass
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
  name:
    description:
    - 'Name of the certificate on this host: letters, digits, dots, hyphens and underscores.'
    type: str
    required: true
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
    - The private key. It is made on the host and never leaves it.
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
      rotate:
        description:
        - Whether a renewal makes a new key.
        - A changed algorithm, a lost key or a revoked certificate always means a new key.
        type: str
        default: always
        choices:
        - always
        - never
      format:
        description:
        - PKCS#8, or the older PKCS#1 and SEC 1 that some services still want.
        type: str
        default: pkcs8
        choices:
        - pkcs8
        - traditional
      passphrase:
        description:
        - Encrypts the key. Changing it takes effect with the next key.
        type: str
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
  renew_before:
    description:
    - 'When to renew: so long before the end, as a duration (V(30d)) or as a share of the actual lifetime (V(33%)).'
    - A duration of half the issued lifetime or more is capped at half, with a warning.
    - 'When it is not given: a third of the lifetime, half of it below 10 days.'
    - What the CA suggests (RFC 9773) wins when it is earlier.
    type: str
  reissue_before:
    description:
    - Issue again, with a new key, if installed before this time (ISO 8601); for mass rotation that can be resumed.
    type: str
  force:
    description:
    - Issue now, with a new key. Never places a second order beside a pending one.
    type: bool
    default: false
  follow_authority:
    description:
    - Issue again at once when C(authority) is not the one that the certificate came from.
    - With V(false) the change takes effect at the next renewal. A new intermediate of the same CA is no change.
    type: bool
    default: false
  check_revocation:
    description:
    - Ask the CA on every run whether the certificate is revoked; if it is, issue again with a new key.
    type: bool
    default: false
  directory:
    description:
    - Where it lives on the host. C(/etc/certfleet/NAME) when it is not given. One directory serves one name.
    type: str
  owner:
    description:
    - Owner of every file that holds the key. Root when it is not given and the host's user is root.
    type: str
  group:
    description:
    - Group of every file that holds the key. Root when it is not given and the host's user is root.
    type: str
  mode:
    description:
    - Mode of every file that holds the key, as in M(ansible.builtin.file). V(0600) when it is not given.
    - One that gives any right to others, such as V(0644), is refused; use O(ignore:group) and V(0640).
    type: raw
  formats:
    description:
    - 'What to write: V(pem) always, V(combined) adds one file with the key and the full chain.'
    type: list
    elements: str
    default:
    - pem
    choices:
    - pem
    - combined
  adopt_from:
    description:
    - A directory on the host with a set to take over by copying, without an order (certbot's C(live/NAME)).
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
  on_unavailable:
    description:
    - What to do when the CA can't be reached.
    - With V(warn) it is a warning if the only reasons for an order are its age and the certificate in place is valid.
    type: str
    default: fail
    choices:
    - fail
    - warn
  trust_anchors:
    description:
    - Roots in PEM. When given, the chain of what the CA returns must reach one of them.
    type: str
  state:
    description:
    - V(present) makes sure that it is there.
    - V(absent) removes the recorded files from the host and cancels an open request.
    - V(revoked) revokes the certificate, then removes it; if revoking fails nothing is removed.
    type: str
    default: present
    choices:
    - present
    - absent
    - revoked
  revoke_reason:
    description:
    - Reason for C(state=revoked) (RFC 5280).
    type: str
    default: superseded
    choices:
    - unspecified
    - key_compromise
    - ca_compromise
    - affiliation_changed
    - superseded
    - cessation_of_operation
    - certificate_hold
    - remove_from_crl
    - privilege_withdrawn
    - aa_compromise
"""
