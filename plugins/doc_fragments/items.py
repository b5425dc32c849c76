# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Written by tests/tools/doc_fragments.py from the options in plugins/module_utils; don't edit.

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  certificates:
    description:
    - The certificates, all of them dealt with in one call on the host.
    - One that fails does not stop the others.
    type: list
    elements: dict
    required: true
    suboptions:
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
          acme:
            description:
            - ACME (RFC 8555), as Let's Encrypt and other CAs have it; control of the names is shown by HTTP or DNS.
            type: dict
            suboptions:
              directory:
                description:
                - URL of the ACME directory, or V(letsencrypt) or V(letsencrypt-staging).
                type: str
                required: true
              account_key:
                description:
                - 'The account''s private key: a file on the controller, or its content; PEM or JWK.'
                type: str
                required: true
              account_create:
                description:
                - Whether an account, and a file for its key, may be made if there is none.
                - Otherwise that is an error, so that a job which lost its key does not make one account after another.
                - See M(certfleet.pki.acme_account).
                type: bool
                default: false
              contact:
                description:
                - 'How the CA reaches the account''s owner: e-mail addresses, or URLs such as V(mailto:pki@example.com).'
                type: list
                elements: str
              terms_agreed:
                description:
                - Whether you agree to the CA's terms of service, which most CAs demand for a new account.
                type: bool
                default: false
              eab:
                description:
                - 'External account binding: what ties the account to one that you have at the CA (RFC 8555, section 7.3.4).'
                type: dict
                suboptions:
                  kid:
                    description:
                    - Key identifier that the CA gave you.
                    type: str
                    required: true
                  hmac_key:
                    description:
                    - MAC key that the CA gave you, in base64.
                    type: str
                    required: true
                  algorithm:
                    description:
                    - Algorithm of the MAC.
                    type: str
                    default: HS256
                    choices: &id001
                    - HS256
                    - HS384
                    - HS512
              profile:
                description:
                - One of the CA's profiles, such as V(shortlived); M(certfleet.pki.authority_info) lists them.
                type: str
              preferred_chain:
                description:
                - Common name of the issuer at the top of the chain to prefer, where the CA offers several.
                type: str
              challenge:
                description:
                - 'How control of the names is shown: exactly one of the following.'
                type: dict
                suboptions:
                  http_01:
                    description:
                    - A file under C(/.well-known/acme-challenge/) on the web server of each name (RFC 8555, section 8.3).
                    type: dict
                    suboptions:
                      webroot:
                        description:
                        - The directory that the web server serves for these names, on the host.
                        type: str
                      standalone:
                        description:
                        - A small web server on the host that answers nothing but the CA, and only while it validates.
                        type: dict
                        suboptions:
                          port:
                            description:
                            - The port. The CA asks at port 80, so any other has to be forwarded from there.
                            type: int
                            default: 80
                          address:
                            description:
                            - The address to listen on; all of them when not given.
                            type: str
                          stop_command:
                            description:
                            - Stops the service that the port belongs to, before.
                            - A string is split as a shell would, or a list is used as it is; no shell is run.
                            type: raw
                          start_command:
                            description:
                            - Starts it again, afterwards, also after a failure.
                            - A string is split as a shell would, or a list is used as it is; no shell is run.
                            type: raw
                      host:
                        description:
                        - Another host of the inventory that answers for the names, such as a load balancer or a bastion.
                        - When it is not given, it is the host that the certificate is for.
                        type: str
                  dns_01:
                    description:
                    - A TXT record C(_acme-challenge) below each name (RFC 8555, section 8.4), which wildcards need. A CNAME there is followed.
                    type: dict
                    suboptions:
                      rfc2136:
                        description:
                        - Dynamic updates, signed with a shared key (RFC 2136, RFC 8945). Needs the Python library C(dnspython).
                        type: dict
                        suboptions:
                          server:
                            description:
                            - Name or address of the primary name server.
                            type: str
                            required: true
                          port:
                            description:
                            - Its port.
                            type: int
                            default: 53
                          zone:
                            description:
                            - The zone to update; found by asking for its SOA record when not given.
                            type: str
                          key_name:
                            description:
                            - Name of the shared key.
                            type: str
                          key_secret:
                            description:
                            - The shared key, in base64.
                            type: str
                          key_algorithm:
                            description:
                            - Algorithm of the shared key.
                            type: str
                            default: hmac-sha256
                            choices: &id002
                            - hmac-sha256
                            - hmac-sha384
                            - hmac-sha512
                            - hmac-sha224
                            - hmac-sha1
                          ttl:
                            description:
                            - Time to live of the record, in seconds.
                            type: int
                            default: 60
                      hook:
                        description:
                        - 'Commands on the controller. They find the record in their environment: E(CERTFLEET_RECORD_NAME), E(CERTFLEET_RECORD_VALUE)
                          and E(CERTFLEET_DOMAIN), and under certbot''s names E(CERTBOT_DOMAIN) and E(CERTBOT_VALIDATION).'
                        type: dict
                        suboptions:
                          present:
                            description:
                            - Makes the TXT record.
                            - A string is split as a shell would, or a list is used as it is; no shell is run.
                            type: raw
                            required: true
                          cleanup:
                            description:
                            - Removes it.
                            - A string is split as a shell would, or a list is used as it is; no shell is run.
                            type: raw
                            required: true
                          timeout:
                            description:
                            - How long a command may take, in seconds.
                            type: int
                            default: 120
                      propagation_timeout:
                        description:
                        - How long to wait until every authoritative name server has the record, in seconds; 0 asks none.
                        - With O(authority.acme.challenge.dns_01.hook) and V(0), no DNS is asked at all, so that CNAME records are followed only
                          if O(authority.acme.challenge.dns_01.resolvers) is given.
                        type: int
                        default: 120
                      resolvers:
                        description:
                        - Resolvers, as C(address) or C(address:port), that find the zone and its name servers.
                        - When they are not given, the controller's own are used.
                        type: list
                        elements: str
                      nameservers:
                        description:
                        - Name servers, as C(address) or C(address:port), to look for the record at.
                        - When they are not given, they are the zone's own.
                        type: list
                        elements: str
                  none:
                    description:
                    - V(true) for an account whose names the CA has authorized before; nothing is shown.
                    type: bool
              ca_bundle:
                description:
                - 'The certificates that the CA''s TLS certificate is checked with: a path where the call is made, or PEM text.'
                - When it is not given, the controller's own trust store is used.
                type: str
              validate_certs:
                description:
                - Whether the CA's TLS certificate is checked. Turn it off in experiments only.
                type: bool
                default: true
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
          step:
            description:
            - 'step-ca by Smallstep: a JWK or X5C provisioner signs a one-time token for each request.'
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
                - Whether the CA's TLS certificate is checked. Turn it off in experiments only.
                type: bool
                default: true
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
              fingerprint:
                description:
                - SHA-256 fingerprint of the CA's root certificate, as C(step certificate fingerprint) prints it.
                - The root is then fetched from the CA, compared with it, and is all that is trusted from there on.
                - O(authority.step.ca_bundle), when given, is used instead.
                type: str
              provisioner:
                description:
                - Name of the provisioner.
                type: str
                required: true
              auth:
                description:
                - 'What the one-time tokens are signed with, by the kind of provisioner: exactly one.'
                type: dict
                required: true
                suboptions:
                  jwk:
                    description:
                    - 'A JWK provisioner: tokens are signed with its private key.'
                    type: dict
                    suboptions:
                      key:
                        description:
                        - 'The provisioner''s private key: a path where the call is made, or the text itself.'
                        - It may be a JWK (RFC 7517), an encrypted one (JWE) as C(step) writes it, or PEM.
                        - When it is not given, the encrypted key that the CA keeps for the provisioner is used.
                        type: str
                      password:
                        description:
                        - What opens the key. Needed unless O(authority.step.auth.jwk.key) is not encrypted.
                        type: str
                  x5c:
                    description:
                    - 'An X5C provisioner: tokens are signed with the key of a certificate that it trusts.'
                    type: dict
                    suboptions:
                      certificate:
                        description:
                        - 'The certificate, with its intermediates behind it, in PEM: a path where the call is made, or the text.'
                        - It needs the usages C(digital_signature) and C(client_auth).
                        type: str
                        required: true
                      private_key:
                        description:
                        - 'Its key in PEM: a path where the call is made, or the text itself.'
                        type: str
                        required: true
                      password:
                        description:
                        - What opens the key, if it is encrypted.
                        type: str
          cfssl:
            description:
            - 'cfssl by Cloudflare: a profile of `cfssl serve` or multirootca signs the request.'
            type: dict
            suboptions:
              url:
                description:
                - Address of the server, such as V(https://ca.example.com:8888).
                type: str
                required: true
              ca_bundle:
                description:
                - 'The certificates that the CA''s TLS certificate is checked with: a path where the call is made, or PEM text.'
                - When it is not given, the controller's own trust store is used.
                type: str
              validate_certs:
                description:
                - Whether the CA's TLS certificate is checked. Turn it off in experiments only.
                type: bool
                default: true
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
              profile:
                description:
                - Signing profile of the server's configuration; its default profile when not given.
                - The server takes its default profile for a name that it does not know, and says nothing.
                type: str
              label:
                description:
                - Label of the signer, for a server that has several (multirootca).
                type: str
              auth_key:
                description:
                - The profile's authentication key in hexadecimal digits, as C(auth_keys) of the server's configuration has it.
                - With it requests are authenticated (C(authsign)), which a profile with C(auth_key) demands.
                type: str
              client_certificate:
                description:
                - File, where the call is made, with the certificate for a server that asks for one, in PEM.
                type: path
              client_key:
                description:
                - File, where the call is made, with its key, in PEM, not encrypted.
                type: path
          ejbca:
            description:
            - 'EJBCA: one of its CAs, through the REST interface.'
            type: dict
            suboptions:
              url:
                description:
                - Address of EJBCA, such as V(https://ejbca.example.com:8443).
                - V(/ejbca/ejbca-rest-api) is added if it has no path, V(/ejbca-rest-api) if it ends with another.
                type: str
                required: true
              ca_bundle:
                description:
                - 'The certificates that the CA''s TLS certificate is checked with: a path where the call is made, or PEM text.'
                - When it is not given, the controller's own trust store is used.
                type: str
              validate_certs:
                description:
                - Whether the CA's TLS certificate is checked. Turn it off in experiments only.
                type: bool
                default: true
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
              certificate_authority:
                description:
                - Name of the CA in EJBCA.
                type: str
                required: true
              certificate_profile:
                description:
                - Name of the certificate profile.
                type: str
                required: true
              end_entity_profile:
                description:
                - Name of the end entity profile.
                type: str
                required: true
              end_entity:
                description:
                - Name of the end entity that the certificate belongs to. One that exists is enrolled again.
                - When it is not given, it is the common name, or the first of the other names.
                type: str
              enrollment_password:
                description:
                - Password of the end entities. When it is not given, each gets one that is derived from the login's secret.
                - With O(authority.ejbca.auth.token) it is needed where enrolment needs an approval, because a token changes.
                type: str
              account_binding_id:
                description:
                - Account binding id that is stored with the end entity.
                type: str
              auth:
                description:
                - 'How to log in: exactly one of the following.'
                type: dict
                required: true
                suboptions:
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
                  token:
                    description:
                    - An OAuth bearer token.
                    type: str
                  oauth:
                    description:
                    - Logs in with OAuth client credentials.
                    type: dict
                    suboptions:
                      token_url:
                        description:
                        - Address that tokens are asked for at.
                        type: str
                        required: true
                      client_id:
                        description:
                        - Id of the client.
                        type: str
                        required: true
                      client_secret:
                        description:
                        - Its secret.
                        type: str
                        required: true
                      scope:
                        description:
                        - Scopes to ask for, separated by spaces.
                        type: str
                      audience:
                        description:
                        - Audience to ask for, where the provider wants one.
                        type: str
          sectigo:
            description:
            - 'Sectigo Certificate Manager: SSL certificates of one organization and profile.'
            type: dict
            suboptions:
              url:
                description:
                - Address of Sectigo Certificate Manager, such as V(https://hard.cert-manager.com/api).
                - V(/api), or V(/private/api) with O(authority.sectigo.auth.cert), is added if it has no path.
                - When it is not given, it is V(https://cert-manager.com).
                - With O(authority.sectigo.auth.oauth) it is V(https://admin.enterprise.sectigo.com/api) then.
                type: str
              ca_bundle:
                description:
                - 'The certificates that the CA''s TLS certificate is checked with: a path where the call is made, or PEM text.'
                - When it is not given, the controller's own trust store is used.
                type: str
              validate_certs:
                description:
                - Whether the CA's TLS certificate is checked. Turn it off in experiments only.
                type: bool
                default: true
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
              organization_id:
                description:
                - Id of the organization or department that the certificates are for.
                type: int
                required: true
              profile:
                description:
                - 'The certificate profile (SSL type): its id or its name.'
                type: str
                required: true
              term:
                description:
                - Lifetime in days, one of the profile's terms. A certificate's own C(lifetime) wins.
                - When neither is given, it is the longest that the profile has.
                type: int
              comments:
                description:
                - Comment that is kept with each order.
                type: str
              external_requesters:
                description:
                - Addresses of those that Sectigo notifies.
                type: list
                elements: str
              custom_fields:
                description:
                - Values of the account's custom fields, by name.
                type: dict
              dcv_mode:
                description:
                - How control of the domains is shown, where they are not validated beforehand.
                type: str
                choices: &id003
                - AUTO
                - CNAME
                - EMAIL
                - HTTP
                - HTTPS
                - TXT
              dcv_email:
                description:
                - Address that the mail goes to with V(EMAIL) as O(authority.sectigo.dcv_mode).
                type: str
              auth:
                description:
                - 'How to log in: exactly one of the following.'
                type: dict
                required: true
                suboptions:
                  password:
                    description:
                    - Logs in with a name and a password.
                    type: dict
                    suboptions:
                      login:
                        description:
                        - Name of the administrator or API user.
                        type: str
                        required: true
                      customer_uri:
                        description:
                        - The customer's URI, the last part of the address of Sectigo's web interface.
                        type: str
                        required: true
                      password:
                        description:
                        - The password.
                        type: str
                        required: true
                  cert:
                    description:
                    - Logs in with a name and a TLS client certificate.
                    type: dict
                    suboptions:
                      login:
                        description:
                        - Name of the administrator or API user.
                        type: str
                        required: true
                      customer_uri:
                        description:
                        - The customer's URI, the last part of the address of Sectigo's web interface.
                        type: str
                        required: true
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
                  oauth:
                    description:
                    - Logs in with OAuth client credentials.
                    type: dict
                    suboptions:
                      token_url:
                        description:
                        - Address that tokens are asked for at.
                        type: str
                        default: https://auth.sso.sectigo.com/auth/realms/apiclients/protocol/openid-connect/token
                      client_id:
                        description:
                        - Id of the client.
                        type: str
                        required: true
                      client_secret:
                        description:
                        - Its secret.
                        type: str
                        required: true
                      scope:
                        description:
                        - Scopes to ask for, separated by spaces.
                        type: str
                      audience:
                        description:
                        - Audience to ask for, where the provider wants one.
                        type: str
          venafi:
            description:
            - 'Venafi Trust Protection Platform (CyberArk Certificate Manager, Self-Hosted): a policy folder.'
            type: dict
            suboptions:
              url:
                description:
                - Address of the server, such as V(https://tpp.example.com).
                - C(/vedsdk) and C(/vedauth) are added.
                type: str
              ca_bundle:
                description:
                - 'The certificates that the CA''s TLS certificate is checked with: a path where the call is made, or PEM text.'
                - When it is not given, the controller's own trust store is used.
                type: str
              validate_certs:
                description:
                - Whether the CA's TLS certificate is checked. Turn it off in experiments only.
                type: bool
                default: true
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
              zone:
                description:
                - 'The policy folder, such as \VED\Policy\Web\Internal, or without the first two parts: Web\Internal.'
                type: str
              access_token:
                description:
                - An access token that was got elsewhere.
                type: str
              refresh_token:
                description:
                - 'The first refresh token. The server gives another one for each use, so a place is needed to keep that in:'
                - O(authority.venafi.refresh_token_file) or O(authority.venafi.refresh_token_vault).
                - Once there is one in that place, that one is used, until another one is given here.
                type: str
              refresh_token_file:
                description:
                - File, where the call to the CA is made, in which the refresh token lives.
                - It is kept at mode 0600, locked while it is used, and replaced at once when the server gives another token.
                - To begin with it may hold nothing but the token.
                type: path
              refresh_token_vault:
                description:
                - A secret in a KV secrets engine, version 2, of Vault or OpenBao where the refresh token lives.
                - Its field C(refresh_token) is replaced, with check-and-set, each time the token is used; other fields stay.
                - Needs the rights C(create), C(read) and C(update) there, and the Python library hvac.
                type: dict
                suboptions:
                  ca_bundle:
                    description:
                    - 'The certificates that the CA''s TLS certificate is checked with: a path where the call is made, or PEM text.'
                    - When it is not given, the controller's own trust store is used.
                    type: str
                  validate_certs:
                    description:
                    - Whether the CA's TLS certificate is checked. Turn it off in experiments only.
                    type: bool
                    default: true
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
                  url:
                    description:
                    - Address of the server.
                    type: str
                    required: true
                  namespace:
                    description:
                    - The namespace that holds the mounts.
                    type: str
                  mount:
                    description:
                    - Where the KV secrets engine is mounted.
                    type: str
                    default: secret
                  path:
                    description:
                    - Path of the secret below the mount.
                    type: str
                    required: true
                  auth:
                    description:
                    - 'How to log in there: exactly one of the following.'
                    type: dict
                    required: true
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
              client_id:
                description:
                - Id of the API integration that the token is for. Upper and lower case matter.
                type: str
                default: vcert-sdk
              scope:
                description:
                - Rights to ask for at a login by user name or client certificate.
                type: str
                default: certificate:manage,revoke
              username:
                description:
                - User to log in as.
                type: str
              password:
                description:
                - The user's password.
                type: str
              client_certificate:
                description:
                - File, where the call to the CA is made, with a certificate to log in with, in PEM.
                type: path
              client_key:
                description:
                - File, where the call to the CA is made, with its key, in PEM, not encrypted.
                type: path
              custom_fields:
                description:
                - 'Custom fields of a new certificate object: name to value, or to a list of values.'
                - The fields have to exist on the server.
                type: dict
              origin:
                description:
                - Who made the request, as shown by the server.
                type: str
                default: certfleet.pki
              issuer_hint:
                description:
                - The kind of CA behind the folder, on which depends how a C(lifetime) has to be asked for.
                type: str
                default: default
                choices: &id004
                - default
                - microsoft
                - digicert
                - entrust
          venafi_saas:
            description:
            - 'Venafi as a service (CyberArk Certificate Manager, SaaS): an application and an issuing template.'
            type: dict
            suboptions:
              url:
                description:
                - Address of the service. Other regions have others, such as V(https://api.eu.venafi.cloud).
                type: str
                default: https://api.venafi.cloud
              ca_bundle:
                description:
                - 'The certificates that the CA''s TLS certificate is checked with: a path where the call is made, or PEM text.'
                - When it is not given, the controller's own trust store is used.
                type: str
              validate_certs:
                description:
                - Whether the CA's TLS certificate is checked. Turn it off in experiments only.
                type: bool
                default: true
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
              zone:
                description:
                - 'The application and its alias of the issuing template, with one backslash between them: Web\Default.'
                type: str
              api_key:
                description:
                - The API key of a user.
                type: str
              origin:
                description:
                - Who made the request, as shown by the service.
                type: str
                default: certfleet.pki
              retire_revoked:
                description:
                - Whether a certificate that is revoked is retired as well, so that it is no longer watched.
                type: bool
                default: false
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
        - V(pkcs12) adds C(keystore.p12), and V(jks) adds C(keystore.jks) in the older format of Java. Both hold the key and the full chain and
          need O(ignore:passphrase); neither needs Java on the host.
        type: list
        elements: str
        default:
        - pem
        choices:
        - pem
        - combined
        - pkcs12
        - jks
      passphrase:
        description:
        - 'Protects the keystores of the formats V(pkcs12) and V(jks): at least 6 printable ASCII characters.'
        - Changing it makes them anew, without an order. The key's own is O(ignore:key.passphrase).
        type: str
      alias:
        description:
        - Name of the entry in the keystores. The certificate's name when it is not given.
        - In V(jks) it is in lower case, which is how Java looks for it.
        type: str
      pkcs12_encryption:
        description:
        - How a PKCS#12 file is protected. V(modern) is AES-256-CBC with PBKDF2, and SHA-256.
        - V(legacy) is 3DES and SHA-1, for Windows before Server 2019, Java before 8u301 and older macOS. OpenSSL 3 does not need its legacy provider
          for either.
        type: str
        default: modern
        choices:
        - modern
        - legacy
      copies:
        description:
        - Copies of the files at other places, for services that can't follow links (chroot, mounts of single files).
        - 'They are part of the set: switched, compared, repaired and rolled back with it, and removed with O(ignore:state=absent).'
        - A container that mounts a single file has to be restarted to see a new one; one that mounts a directory has not.
        type: list
        elements: dict
        suboptions:
          content:
            description:
            - What to copy. V(combined) is the key and the full chain, V(ca) are the roots.
            - V(pkcs12) and V(jks) need their formats.
            type: str
            required: true
            choices:
            - private_key
            - certificate
            - chain
            - fullchain
            - ca
            - combined
            - pkcs12
            - jks
          path:
            description:
            - Where the copy goes. Its directory must be there. What has this path already is replaced.
            type: str
            required: true
          owner:
            description:
            - 'Owner of the copy. When it is not given: that of the certificate''s key for what holds it, else as it is.'
            type: str
          group:
            description:
            - 'Group of the copy. When it is not given: that of the certificate''s key for what holds it, else as it is.'
            type: str
          mode:
            description:
            - 'Mode of the copy. When it is not given: that of the certificate''s key for what holds it, else V(0644).'
            type: raw
      validate_command:
        description:
        - A command that must succeed with the new files in place, before anything is reloaded. Else the old ones come back.
        - A text, which is split into words as a shell would, or a list. No shell is used. It is given 60 seconds.
        type: raw
      reload_command:
        description:
        - A command that makes the service use the new files, given 180 seconds. If it fails the old ones come back.
        - 'Certificates of one task with the same command are one transaction: switched, reloaded and rolled back together.'
        - It is not run when nothing has changed.
        type: raw
      verify_served:
        description:
        - Look from the host until the new certificate is the one that the service shows. If it does not, the old one comes back.
        - Every run looks once; where another certificate is served, or none, the one in place is deployed again.
        - Works with services that want a certificate of their clients, and with those that have one of each kind of key.
        type: dict
        suboptions:
          host:
            description:
            - Name or address (IPv4, IPv6), as seen from the host.
            type: str
            default: localhost
          port:
            description:
            - Port. 443 when it is not given, or the usual one of O(ignore:starttls).
            type: int
          server_name:
            description:
            - The name to ask for (SNI). When it is not given, the first DNS name that is no wildcard.
            type: str
          starttls:
            description:
            - The protocol of a service that begins without TLS.
            type: str
            choices:
            - smtp
            - imap
            - ldap
            - postgres
            - mysql
            - ftp
            - lmtp
            - nntp
            - pop3
            - sieve
            - xmpp
          timeout:
            description:
            - How long the service may take until it serves the certificate, in seconds.
            type: int
            default: 30
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
  defaults:
    description:
    - Options for every item of C(certificates) that does not set them itself.
    - 'Dictionaries such as C(key), C(subject) and C(policy) are merged one level deep: with C(key={type: rsa}) in here, an item with C(key={rotate:
      never}) has an RSA key that is kept.'
    - An item's C(authority) is taken as a whole; an item that sets another C(key.type) takes neither C(curve) nor C(size) from here.
    type: dict
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
      acme:
        description:
        - ACME (RFC 8555), as Let's Encrypt and other CAs have it; control of the names is shown by HTTP or DNS.
        type: dict
        suboptions:
          directory:
            description:
            - URL of the ACME directory, or V(letsencrypt) or V(letsencrypt-staging).
            type: str
            required: true
          account_key:
            description:
            - 'The account''s private key: a file on the controller, or its content; PEM or JWK.'
            type: str
            required: true
          account_create:
            description:
            - Whether an account, and a file for its key, may be made if there is none.
            - Otherwise that is an error, so that a job which lost its key does not make one account after another.
            - See M(certfleet.pki.acme_account).
            type: bool
            default: false
          contact:
            description:
            - 'How the CA reaches the account''s owner: e-mail addresses, or URLs such as V(mailto:pki@example.com).'
            type: list
            elements: str
          terms_agreed:
            description:
            - Whether you agree to the CA's terms of service, which most CAs demand for a new account.
            type: bool
            default: false
          eab:
            description:
            - 'External account binding: what ties the account to one that you have at the CA (RFC 8555, section 7.3.4).'
            type: dict
            suboptions:
              kid:
                description:
                - Key identifier that the CA gave you.
                type: str
                required: true
              hmac_key:
                description:
                - MAC key that the CA gave you, in base64.
                type: str
                required: true
              algorithm:
                description:
                - Algorithm of the MAC.
                type: str
                default: HS256
                choices: *id001
          profile:
            description:
            - One of the CA's profiles, such as V(shortlived); M(certfleet.pki.authority_info) lists them.
            type: str
          preferred_chain:
            description:
            - Common name of the issuer at the top of the chain to prefer, where the CA offers several.
            type: str
          challenge:
            description:
            - 'How control of the names is shown: exactly one of the following.'
            type: dict
            suboptions:
              http_01:
                description:
                - A file under C(/.well-known/acme-challenge/) on the web server of each name (RFC 8555, section 8.3).
                type: dict
                suboptions:
                  webroot:
                    description:
                    - The directory that the web server serves for these names, on the host.
                    type: str
                  standalone:
                    description:
                    - A small web server on the host that answers nothing but the CA, and only while it validates.
                    type: dict
                    suboptions:
                      port:
                        description:
                        - The port. The CA asks at port 80, so any other has to be forwarded from there.
                        type: int
                        default: 80
                      address:
                        description:
                        - The address to listen on; all of them when not given.
                        type: str
                      stop_command:
                        description:
                        - Stops the service that the port belongs to, before.
                        - A string is split as a shell would, or a list is used as it is; no shell is run.
                        type: raw
                      start_command:
                        description:
                        - Starts it again, afterwards, also after a failure.
                        - A string is split as a shell would, or a list is used as it is; no shell is run.
                        type: raw
                  host:
                    description:
                    - Another host of the inventory that answers for the names, such as a load balancer or a bastion.
                    - When it is not given, it is the host that the certificate is for.
                    type: str
              dns_01:
                description:
                - A TXT record C(_acme-challenge) below each name (RFC 8555, section 8.4), which wildcards need. A CNAME there is followed.
                type: dict
                suboptions:
                  rfc2136:
                    description:
                    - Dynamic updates, signed with a shared key (RFC 2136, RFC 8945). Needs the Python library C(dnspython).
                    type: dict
                    suboptions:
                      server:
                        description:
                        - Name or address of the primary name server.
                        type: str
                        required: true
                      port:
                        description:
                        - Its port.
                        type: int
                        default: 53
                      zone:
                        description:
                        - The zone to update; found by asking for its SOA record when not given.
                        type: str
                      key_name:
                        description:
                        - Name of the shared key.
                        type: str
                      key_secret:
                        description:
                        - The shared key, in base64.
                        type: str
                      key_algorithm:
                        description:
                        - Algorithm of the shared key.
                        type: str
                        default: hmac-sha256
                        choices: *id002
                      ttl:
                        description:
                        - Time to live of the record, in seconds.
                        type: int
                        default: 60
                  hook:
                    description:
                    - 'Commands on the controller. They find the record in their environment: E(CERTFLEET_RECORD_NAME), E(CERTFLEET_RECORD_VALUE)
                      and E(CERTFLEET_DOMAIN), and under certbot''s names E(CERTBOT_DOMAIN) and E(CERTBOT_VALIDATION).'
                    type: dict
                    suboptions:
                      present:
                        description:
                        - Makes the TXT record.
                        - A string is split as a shell would, or a list is used as it is; no shell is run.
                        type: raw
                        required: true
                      cleanup:
                        description:
                        - Removes it.
                        - A string is split as a shell would, or a list is used as it is; no shell is run.
                        type: raw
                        required: true
                      timeout:
                        description:
                        - How long a command may take, in seconds.
                        type: int
                        default: 120
                  propagation_timeout:
                    description:
                    - How long to wait until every authoritative name server has the record, in seconds; 0 asks none.
                    - With O(authority.acme.challenge.dns_01.hook) and V(0), no DNS is asked at all, so that CNAME records are followed only if
                      O(authority.acme.challenge.dns_01.resolvers) is given.
                    type: int
                    default: 120
                  resolvers:
                    description:
                    - Resolvers, as C(address) or C(address:port), that find the zone and its name servers.
                    - When they are not given, the controller's own are used.
                    type: list
                    elements: str
                  nameservers:
                    description:
                    - Name servers, as C(address) or C(address:port), to look for the record at.
                    - When they are not given, they are the zone's own.
                    type: list
                    elements: str
              none:
                description:
                - V(true) for an account whose names the CA has authorized before; nothing is shown.
                type: bool
          ca_bundle:
            description:
            - 'The certificates that the CA''s TLS certificate is checked with: a path where the call is made, or PEM text.'
            - When it is not given, the controller's own trust store is used.
            type: str
          validate_certs:
            description:
            - Whether the CA's TLS certificate is checked. Turn it off in experiments only.
            type: bool
            default: true
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
      step:
        description:
        - 'step-ca by Smallstep: a JWK or X5C provisioner signs a one-time token for each request.'
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
            - Whether the CA's TLS certificate is checked. Turn it off in experiments only.
            type: bool
            default: true
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
          fingerprint:
            description:
            - SHA-256 fingerprint of the CA's root certificate, as C(step certificate fingerprint) prints it.
            - The root is then fetched from the CA, compared with it, and is all that is trusted from there on.
            - O(authority.step.ca_bundle), when given, is used instead.
            type: str
          provisioner:
            description:
            - Name of the provisioner.
            type: str
            required: true
          auth:
            description:
            - 'What the one-time tokens are signed with, by the kind of provisioner: exactly one.'
            type: dict
            required: true
            suboptions:
              jwk:
                description:
                - 'A JWK provisioner: tokens are signed with its private key.'
                type: dict
                suboptions:
                  key:
                    description:
                    - 'The provisioner''s private key: a path where the call is made, or the text itself.'
                    - It may be a JWK (RFC 7517), an encrypted one (JWE) as C(step) writes it, or PEM.
                    - When it is not given, the encrypted key that the CA keeps for the provisioner is used.
                    type: str
                  password:
                    description:
                    - What opens the key. Needed unless O(authority.step.auth.jwk.key) is not encrypted.
                    type: str
              x5c:
                description:
                - 'An X5C provisioner: tokens are signed with the key of a certificate that it trusts.'
                type: dict
                suboptions:
                  certificate:
                    description:
                    - 'The certificate, with its intermediates behind it, in PEM: a path where the call is made, or the text.'
                    - It needs the usages C(digital_signature) and C(client_auth).
                    type: str
                    required: true
                  private_key:
                    description:
                    - 'Its key in PEM: a path where the call is made, or the text itself.'
                    type: str
                    required: true
                  password:
                    description:
                    - What opens the key, if it is encrypted.
                    type: str
      cfssl:
        description:
        - 'cfssl by Cloudflare: a profile of `cfssl serve` or multirootca signs the request.'
        type: dict
        suboptions:
          url:
            description:
            - Address of the server, such as V(https://ca.example.com:8888).
            type: str
            required: true
          ca_bundle:
            description:
            - 'The certificates that the CA''s TLS certificate is checked with: a path where the call is made, or PEM text.'
            - When it is not given, the controller's own trust store is used.
            type: str
          validate_certs:
            description:
            - Whether the CA's TLS certificate is checked. Turn it off in experiments only.
            type: bool
            default: true
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
          profile:
            description:
            - Signing profile of the server's configuration; its default profile when not given.
            - The server takes its default profile for a name that it does not know, and says nothing.
            type: str
          label:
            description:
            - Label of the signer, for a server that has several (multirootca).
            type: str
          auth_key:
            description:
            - The profile's authentication key in hexadecimal digits, as C(auth_keys) of the server's configuration has it.
            - With it requests are authenticated (C(authsign)), which a profile with C(auth_key) demands.
            type: str
          client_certificate:
            description:
            - File, where the call is made, with the certificate for a server that asks for one, in PEM.
            type: path
          client_key:
            description:
            - File, where the call is made, with its key, in PEM, not encrypted.
            type: path
      ejbca:
        description:
        - 'EJBCA: one of its CAs, through the REST interface.'
        type: dict
        suboptions:
          url:
            description:
            - Address of EJBCA, such as V(https://ejbca.example.com:8443).
            - V(/ejbca/ejbca-rest-api) is added if it has no path, V(/ejbca-rest-api) if it ends with another.
            type: str
            required: true
          ca_bundle:
            description:
            - 'The certificates that the CA''s TLS certificate is checked with: a path where the call is made, or PEM text.'
            - When it is not given, the controller's own trust store is used.
            type: str
          validate_certs:
            description:
            - Whether the CA's TLS certificate is checked. Turn it off in experiments only.
            type: bool
            default: true
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
          certificate_authority:
            description:
            - Name of the CA in EJBCA.
            type: str
            required: true
          certificate_profile:
            description:
            - Name of the certificate profile.
            type: str
            required: true
          end_entity_profile:
            description:
            - Name of the end entity profile.
            type: str
            required: true
          end_entity:
            description:
            - Name of the end entity that the certificate belongs to. One that exists is enrolled again.
            - When it is not given, it is the common name, or the first of the other names.
            type: str
          enrollment_password:
            description:
            - Password of the end entities. When it is not given, each gets one that is derived from the login's secret.
            - With O(authority.ejbca.auth.token) it is needed where enrolment needs an approval, because a token changes.
            type: str
          account_binding_id:
            description:
            - Account binding id that is stored with the end entity.
            type: str
          auth:
            description:
            - 'How to log in: exactly one of the following.'
            type: dict
            required: true
            suboptions:
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
              token:
                description:
                - An OAuth bearer token.
                type: str
              oauth:
                description:
                - Logs in with OAuth client credentials.
                type: dict
                suboptions:
                  token_url:
                    description:
                    - Address that tokens are asked for at.
                    type: str
                    required: true
                  client_id:
                    description:
                    - Id of the client.
                    type: str
                    required: true
                  client_secret:
                    description:
                    - Its secret.
                    type: str
                    required: true
                  scope:
                    description:
                    - Scopes to ask for, separated by spaces.
                    type: str
                  audience:
                    description:
                    - Audience to ask for, where the provider wants one.
                    type: str
      sectigo:
        description:
        - 'Sectigo Certificate Manager: SSL certificates of one organization and profile.'
        type: dict
        suboptions:
          url:
            description:
            - Address of Sectigo Certificate Manager, such as V(https://hard.cert-manager.com/api).
            - V(/api), or V(/private/api) with O(authority.sectigo.auth.cert), is added if it has no path.
            - When it is not given, it is V(https://cert-manager.com).
            - With O(authority.sectigo.auth.oauth) it is V(https://admin.enterprise.sectigo.com/api) then.
            type: str
          ca_bundle:
            description:
            - 'The certificates that the CA''s TLS certificate is checked with: a path where the call is made, or PEM text.'
            - When it is not given, the controller's own trust store is used.
            type: str
          validate_certs:
            description:
            - Whether the CA's TLS certificate is checked. Turn it off in experiments only.
            type: bool
            default: true
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
          organization_id:
            description:
            - Id of the organization or department that the certificates are for.
            type: int
            required: true
          profile:
            description:
            - 'The certificate profile (SSL type): its id or its name.'
            type: str
            required: true
          term:
            description:
            - Lifetime in days, one of the profile's terms. A certificate's own C(lifetime) wins.
            - When neither is given, it is the longest that the profile has.
            type: int
          comments:
            description:
            - Comment that is kept with each order.
            type: str
          external_requesters:
            description:
            - Addresses of those that Sectigo notifies.
            type: list
            elements: str
          custom_fields:
            description:
            - Values of the account's custom fields, by name.
            type: dict
          dcv_mode:
            description:
            - How control of the domains is shown, where they are not validated beforehand.
            type: str
            choices: *id003
          dcv_email:
            description:
            - Address that the mail goes to with V(EMAIL) as O(authority.sectigo.dcv_mode).
            type: str
          auth:
            description:
            - 'How to log in: exactly one of the following.'
            type: dict
            required: true
            suboptions:
              password:
                description:
                - Logs in with a name and a password.
                type: dict
                suboptions:
                  login:
                    description:
                    - Name of the administrator or API user.
                    type: str
                    required: true
                  customer_uri:
                    description:
                    - The customer's URI, the last part of the address of Sectigo's web interface.
                    type: str
                    required: true
                  password:
                    description:
                    - The password.
                    type: str
                    required: true
              cert:
                description:
                - Logs in with a name and a TLS client certificate.
                type: dict
                suboptions:
                  login:
                    description:
                    - Name of the administrator or API user.
                    type: str
                    required: true
                  customer_uri:
                    description:
                    - The customer's URI, the last part of the address of Sectigo's web interface.
                    type: str
                    required: true
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
              oauth:
                description:
                - Logs in with OAuth client credentials.
                type: dict
                suboptions:
                  token_url:
                    description:
                    - Address that tokens are asked for at.
                    type: str
                    default: https://auth.sso.sectigo.com/auth/realms/apiclients/protocol/openid-connect/token
                  client_id:
                    description:
                    - Id of the client.
                    type: str
                    required: true
                  client_secret:
                    description:
                    - Its secret.
                    type: str
                    required: true
                  scope:
                    description:
                    - Scopes to ask for, separated by spaces.
                    type: str
                  audience:
                    description:
                    - Audience to ask for, where the provider wants one.
                    type: str
      venafi:
        description:
        - 'Venafi Trust Protection Platform (CyberArk Certificate Manager, Self-Hosted): a policy folder.'
        type: dict
        suboptions:
          url:
            description:
            - Address of the server, such as V(https://tpp.example.com).
            - C(/vedsdk) and C(/vedauth) are added.
            type: str
          ca_bundle:
            description:
            - 'The certificates that the CA''s TLS certificate is checked with: a path where the call is made, or PEM text.'
            - When it is not given, the controller's own trust store is used.
            type: str
          validate_certs:
            description:
            - Whether the CA's TLS certificate is checked. Turn it off in experiments only.
            type: bool
            default: true
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
          zone:
            description:
            - 'The policy folder, such as \VED\Policy\Web\Internal, or without the first two parts: Web\Internal.'
            type: str
          access_token:
            description:
            - An access token that was got elsewhere.
            type: str
          refresh_token:
            description:
            - 'The first refresh token. The server gives another one for each use, so a place is needed to keep that in:'
            - O(authority.venafi.refresh_token_file) or O(authority.venafi.refresh_token_vault).
            - Once there is one in that place, that one is used, until another one is given here.
            type: str
          refresh_token_file:
            description:
            - File, where the call to the CA is made, in which the refresh token lives.
            - It is kept at mode 0600, locked while it is used, and replaced at once when the server gives another token.
            - To begin with it may hold nothing but the token.
            type: path
          refresh_token_vault:
            description:
            - A secret in a KV secrets engine, version 2, of Vault or OpenBao where the refresh token lives.
            - Its field C(refresh_token) is replaced, with check-and-set, each time the token is used; other fields stay.
            - Needs the rights C(create), C(read) and C(update) there, and the Python library hvac.
            type: dict
            suboptions:
              ca_bundle:
                description:
                - 'The certificates that the CA''s TLS certificate is checked with: a path where the call is made, or PEM text.'
                - When it is not given, the controller's own trust store is used.
                type: str
              validate_certs:
                description:
                - Whether the CA's TLS certificate is checked. Turn it off in experiments only.
                type: bool
                default: true
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
              url:
                description:
                - Address of the server.
                type: str
                required: true
              namespace:
                description:
                - The namespace that holds the mounts.
                type: str
              mount:
                description:
                - Where the KV secrets engine is mounted.
                type: str
                default: secret
              path:
                description:
                - Path of the secret below the mount.
                type: str
                required: true
              auth:
                description:
                - 'How to log in there: exactly one of the following.'
                type: dict
                required: true
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
          client_id:
            description:
            - Id of the API integration that the token is for. Upper and lower case matter.
            type: str
            default: vcert-sdk
          scope:
            description:
            - Rights to ask for at a login by user name or client certificate.
            type: str
            default: certificate:manage,revoke
          username:
            description:
            - User to log in as.
            type: str
          password:
            description:
            - The user's password.
            type: str
          client_certificate:
            description:
            - File, where the call to the CA is made, with a certificate to log in with, in PEM.
            type: path
          client_key:
            description:
            - File, where the call to the CA is made, with its key, in PEM, not encrypted.
            type: path
          custom_fields:
            description:
            - 'Custom fields of a new certificate object: name to value, or to a list of values.'
            - The fields have to exist on the server.
            type: dict
          origin:
            description:
            - Who made the request, as shown by the server.
            type: str
            default: certfleet.pki
          issuer_hint:
            description:
            - The kind of CA behind the folder, on which depends how a C(lifetime) has to be asked for.
            type: str
            default: default
            choices: *id004
      venafi_saas:
        description:
        - 'Venafi as a service (CyberArk Certificate Manager, SaaS): an application and an issuing template.'
        type: dict
        suboptions:
          url:
            description:
            - Address of the service. Other regions have others, such as V(https://api.eu.venafi.cloud).
            type: str
            default: https://api.venafi.cloud
          ca_bundle:
            description:
            - 'The certificates that the CA''s TLS certificate is checked with: a path where the call is made, or PEM text.'
            - When it is not given, the controller's own trust store is used.
            type: str
          validate_certs:
            description:
            - Whether the CA's TLS certificate is checked. Turn it off in experiments only.
            type: bool
            default: true
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
          zone:
            description:
            - 'The application and its alias of the issuing template, with one backslash between them: Web\Default.'
            type: str
          api_key:
            description:
            - The API key of a user.
            type: str
          origin:
            description:
            - Who made the request, as shown by the service.
            type: str
            default: certfleet.pki
          retire_revoked:
            description:
            - Whether a certificate that is revoked is retired as well, so that it is no longer watched.
            type: bool
            default: false
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
"""
