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
    required: true
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
"""
