#!/usr/bin/python
# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

DOCUMENTATION = r"""
module: certificate_store
short_description: Keep certificates and their keys in versioned directories on a host
version_added: 1.0.0
author:
  - The certfleet.pki contributors (@certfleet)
description:
  - The host half of M(certfleet.pki.certificate). It makes keys and requests, puts a key and its
    certificate in place in one step, and tells what is in place. It never contacts a certificate authority.
  - By itself it installs certificates that came from elsewhere. Give O(certificates[].certificate) and a private key for that.
  - Every certificate has a directory. The files C(privkey.pem), C(cert.pem), C(chain.pem), C(fullchain.pem) and C(ca.pem)
    in it are links through C(current) into C(versions/), so that one rename switches the whole set.
  - An item that fails does not stop the others.
requirements:
  - Python 3.6 or newer on the host
  - the C(openssl) program on the host, where keys, requests and keystores are made
attributes:
  check_mode:
    description: Can run in check mode and tell what would change, without changing anything.
    support: full
  diff_mode:
    description: Returns what has changed, or would, when in diff mode.
    support: none
    details: A private key must never be in a diff.
  idempotent:
    description: When run twice in a row with the same input, the second run changes nothing.
    support: partial
    details: Going back with O(state=rolled_back) is done once more by every run, until there is no version before.
options:
  state:
    description:
      - V(present) installs, or sets attributes, or changes a record.
      - V(inspected) tells what is there and writes nothing, unless O(certificates[].prepare) is given and nothing is there.
      - V(prepared) makes a key and a request, or notes what has become of the request.
      - V(rolled_back) goes back to the version before the current one.
      - V(absent) removes what this module has put there; other files in the directory stay.
    type: str
    choices: [inspected, prepared, present, rolled_back, absent]
    default: present
  certificates:
    description: The certificates, in the order in which they are returned.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: The certificate's name on this host.
        type: str
        required: true
      state:
        description: As O(state), for this certificate alone.
        type: str
        choices: [inspected, prepared, present, rolled_back, absent]
      directory:
        description: Where it lives. The default is V(/etc/certfleet/) followed by the name.
        type: path
      owner:
        description: Owner (name or number) of the files that hold the key.
        type: str
      group:
        description: Group (name or number) of the files that hold the key.
        type: str
      mode:
        description: Mode of the files that hold the key, as an octal number in quotes up to V("0777"). The default is V("0600").
        type: raw
      formats:
        description:
          - What to keep. V(combined) is the key and the full chain in C(combined.pem). The PEM files are always kept.
          - V(pkcs12) and V(jks) are the same in the keystores C(keystore.p12) and C(keystore.jks), made without Java.
        type: list
        elements: str
        choices: [pem, combined, pkcs12, jks]
        default: [pem]
      passphrase:
        description: Passphrase of the private key, if it has one.
        type: str
      keystore_passphrase:
        description:
          - Protects the keystores. At least 6 printable ASCII characters. Needed to make keystores.
          - Without it O(state=inspected) does not tell whether they open.
        type: str
      alias:
        description: Name of the entry in the keystores, in lower case in C(keystore.jks). The default is the certificate's name.
        type: str
      pkcs12_encryption:
        description:
          - How C(keystore.p12) is protected. V(modern), which is the default, is AES-256 and SHA-256.
          - V(legacy) is 3DES and SHA-1, for Windows before Server 2019, Java before 8u301 and older macOS.
        type: str
        choices: [modern, legacy]
      certificate:
        description: A certificate in PEM to install. Certificates after the first one are its chain, unless O(certificates[].chain) is given.
        type: str
      chain:
        description: The certificates of its issuers in PEM, the certificate's own issuer first, without the root.
        type: str
      ca:
        description: Root certificates in PEM, for C(ca.pem).
        type: str
      private_key:
        description: The private key in PEM that belongs to O(certificates[].certificate).
        type: str
      private_key_path:
        description: A file on the host with that private key.
        type: path
      adopt_from:
        description: A directory with C(cert.pem), C(chain.pem) and C(privkey.pem), such as certbot's C(live/NAME), to copy from.
        type: path
      copies:
        description:
          - Copies of the files at other places, for services that can't follow links.
          - They are switched, compared, repaired and rolled back with the set, and removed with O(state=absent).
        type: list
        elements: dict
        suboptions:
          content:
            description: What to copy. V(combined) is the key and the full chain. V(pkcs12) and V(jks) need their formats.
            type: str
            choices: [private_key, certificate, chain, fullchain, ca, combined, pkcs12, jks]
            required: true
          path:
            description: Where the copy goes. Its directory must be there. What has this path already is replaced.
            type: path
            required: true
          owner:
            description: Owner of the copy. The default is O(certificates[].owner) for what holds the key, else as it is.
            type: str
          group:
            description: Group of the copy. The default is O(certificates[].group) for what holds the key, else as it is.
            type: str
          mode:
            description: Mode of the copy. The default is O(certificates[].mode) for what holds the key, else V("0644").
            type: raw
      validate_command:
        description:
          - A command that must succeed with the new files in place, before anything is reloaded. Else the old ones come back.
          - A text, which is split into words as a shell would, or a list. No shell is used. It is given 60 seconds.
        type: raw
      reload_command:
        description:
          - A command that makes the service use the new files, given 180 seconds. If it fails the old ones come back.
          - Certificates of one task with the same command are one transaction.
        type: raw
      verify_served:
        description:
          - Look until the new certificate is the one that the service shows. If it does not, the old one comes back.
          - With O(state=inspected), look once.
        type: dict
        suboptions:
          host:
            description: Name or address.
            type: str
            default: localhost
          port:
            description: Port. The default is 443, or the usual one of O(certificates[].verify_served.starttls).
            type: int
          server_name:
            description: The name to ask for (SNI).
            type: str
          starttls:
            description: The protocol of a service that begins without TLS.
            type: str
            choices: [ftp, imap, ldap, lmtp, mysql, nntp, pop3, postgres, sieve, smtp, xmpp]
          timeout:
            description: How long the service may take until it serves the certificate, in seconds.
            type: int
            default: 30
      attributes:
        description: Set owner, group and mode of the files that are in place.
        type: bool
        default: false
      record_update:
        description: Fields to change in the record of the installed certificate.
        type: dict
      discard:
        description: With O(state=prepared), drop the open request.
        type: bool
        default: false
      lease_token:
        description: The lease under which O(certificates[].discard) or O(state=absent) is done.
        type: str
      break:
        description: The token of somebody else's lease which does not count for O(certificates[].discard) and O(state=absent).
        type: str
      install:
        description: What to install, as M(certfleet.pki.certificate) says it.
        type: dict
        suboptions:
          from:
            description: Where the key comes from.
            type: str
            choices: [request, current, unfinished, adopted, given]
            required: true
          certificate_pem:
            description: The certificate in PEM.
            type: str
          chain_pem:
            description: The chain in PEM.
            type: str
          ca_pem:
            description: Root certificates in PEM.
            type: str
          record:
            description: What to record beside the files.
            type: dict
          request_token:
            description: The open request that the certificate answers.
            type: str
          request_id:
            description: The certificate authority's name for that request. It is noted first, in case the installation fails.
            type: str
          lease_token:
            description: The lease under which it was asked for. It is released before the installation.
            type: str
          private_key:
            description: The private key in PEM, with O(certificates[].install.from=given).
            type: str
          private_key_path:
            description: A file on the host with the private key, with O(certificates[].install.from=given).
            type: path
          roll_back:
            description: Whether the set that is in place may come back if the new one can't be used. Not if it is revoked.
            type: bool
            default: true
      prepare:
        description: The request to make, as M(certfleet.pki.certificate) says it.
        type: dict
        suboptions:
          order_hash:
            description: Tells one order from another. An open request for the same order is used again.
            type: str
          csr_config:
            description: A complete configuration for C(openssl req).
            type: str
          key:
            description: The key to make.
            type: dict
            suboptions:
              type:
                description: Algorithm of the key.
                type: str
                choices: [ecdsa, rsa, ed25519]
                default: ecdsa
              curve:
                description: Curve of an ECDSA key. The default is V(P-256).
                type: str
              size:
                description: Size of an RSA key in bits. The default is V(2048).
                type: int
              format:
                description: Form of the file. Ed25519 keys know V(pkcs8) only.
                type: str
                choices: [pkcs8, traditional]
                default: pkcs8
              passphrase:
                description: Protects the new key.
                type: str
          reuse_key:
            description: Use the installed key again.
            type: bool
            default: false
          intent:
            description: What the controller wants to find again in the open request.
            type: dict
          lease:
            description: Keeps other controllers away while this one asks the certificate authority.
            type: dict
            suboptions:
              token:
                description: Names this controller's lease.
                type: str
              owner:
                description: Who holds the lease, for people.
                type: str
              seconds:
                description: How long it lasts.
                type: float
              break:
                description: The token of somebody else's lease to take over.
                type: str
          discard:
            description: Drop an open request first.
            type: bool
            default: false
      request:
        description: What has become of the open request.
        type: dict
        suboptions:
          request_id:
            description: The certificate authority's name for it.
            type: str
          status:
            description: How it stands.
            type: str
            choices: [intent, pending, rejected]
          detail:
            description: The certificate authority's words.
            type: str
          lease_token:
            description: The lease to release.
            type: str
          keep_lease:
            description: Keep the lease, because the run goes on.
            type: bool
            default: false
          shown:
            description: The challenges that are shown for the request, kept for the run that has to hide them.
            type: list
            elements: dict
  challenges:
    description:
      - What a certificate authority looks for on this host (RFC 8555, section 8.3), as M(certfleet.pki.certificate) says it.
      - It is hidden before, and shown after, the work on O(certificates).
    type: dict
    suboptions:
      show:
        description: Challenges to show.
        type: list
        elements: dict
        suboptions: &challenge
          webroot:
            description: The directory that a web server serves. The files go to C(.well-known/acme-challenge/) below it.
            type: path
          standalone:
            description: A web server of its own, which has nothing but the files and lives as long as it is needed.
            type: dict
            suboptions:
              port:
                description: The port to listen on.
                type: int
                default: 80
              address:
                description: The address to listen on. The default is every address.
                type: str
              seconds:
                description: How long the server lives, in seconds, if nobody ends it; at most a day.
                type: int
                default: 300
              stop_command:
                description: Run before the server listens, as a list or a text that is split into words. No shell is used.
                type: raw
              start_command:
                description: Run once when the server has ended, for whatever reason.
                type: raw
              secret:
                description: At least 16 hexadecimal digits, with which files can be added to and taken from this server. It ends with the last one.
                type: str
                required: true
          files:
            description: What to show, by token.
            type: dict
            required: true
      hide:
        description: Challenges to hide. What is not there is no error.
        type: list
        elements: dict
        suboptions: *challenge
  signatures:
    description: What to sign with private keys on this host, as M(certfleet.pki.certificate) says it.
    type: list
    elements: dict
    suboptions:
      private_key_path:
        description: A file on the host with the private key.
        type: path
        required: true
      passphrase:
        description: Passphrase of the private key, if it has one.
        type: str
      algorithm:
        description: The algorithm (RFC 7518, section 3.1), which has to fit the key.
        type: str
        choices: [RS256, ES256, ES384, ES512]
        required: true
      data:
        description: What to sign, in base64.
        type: str
        required: true
  encoded:
    description:
      - Private to the collection. Return RV(answer) instead of RV(certificates), and items that fail do not fail the task.
    type: bool
    default: false
seealso:
  - module: certfleet.pki.certificate
"""

EXAMPLES = r"""
- name: Install a certificate that came by mail
  certfleet.pki.certificate_store:
    certificates:
      - name: partner
        certificate: "{{ lookup('ansible.builtin.file', 'partner.pem') }}"
        chain: "{{ lookup('ansible.builtin.file', 'partner-chain.pem') }}"
        private_key: "{{ partner_private_key }}"

- name: Install one whose key is on the host already
  certfleet.pki.certificate_store:
    certificates:
      - name: legacy
        directory: /srv/tls/legacy
        owner: postgres
        group: postgres
        mode: "0640"
        formats: [pem, combined]
        certificate: "{{ legacy_certificate }}"
        private_key_path: /root/legacy.key

- name: Look at what is installed
  certfleet.pki.certificate_store:
    state: inspected
    certificates:
      - name: partner
  register: seen

- name: Go back to the version before
  certfleet.pki.certificate_store:
    state: rolled_back
    certificates:
      - name: partner

- name: Remove it
  certfleet.pki.certificate_store:
    state: absent
    certificates:
      - name: partner
"""

RETURN = r"""
certificates:
  description: One entry per certificate, in the order asked for, in failed results too.
  returned: without O(encoded=true)
  type: list
  elements: dict
  contains:
    name:
      description: As given.
      type: str
      returned: always
      sample: partner
    directory:
      description: Where it lives.
      type: str
      returned: always
      sample: /etc/certfleet/partner
    changed:
      description: Whether this certificate's directory was changed, or would be.
      type: bool
      returned: always
      sample: true
    error:
      description: Null, or why this certificate failed.
      type: dict
      returned: always
      contains:
        code:
          description: Short name of the error.
          type: str
          returned: failure
          sample: key_mismatch
        step:
          description: Where it happened.
          type: str
          returned: failure
          sample: verify
        detail:
          description: One sentence.
          type: str
          returned: failure
          sample: The key belongs to another certificate. Nothing was installed.
        output:
          description: The end of what the command that failed has printed.
          type: str
          returned: when a command failed and printed anything
          sample: "nginx: [emerg] unknown directive \"lisen\" in /etc/nginx/nginx.conf:3"
    version:
      description: The version that is in place.
      type: str
      returned: with O(state=present) and O(state=rolled_back)
      sample: 20261122T014608Z-5f3ab12c
    installed_at:
      description: When that version was written.
      type: str
      returned: with O(state=present) and O(state=rolled_back)
      sample: "2026-11-22T01:46:08Z"
    files:
      description:
        - The paths to configure services with, by C(private_key), C(certificate), C(chain), C(fullchain), C(combined), C(pkcs12) and C(jks).
        - Null for what is not kept.
      type: dict
      returned: with O(state=present) and O(state=rolled_back)
      sample: {certificate: /etc/certfleet/partner/cert.pem, private_key: /etc/certfleet/partner/privkey.pem}
    rolled_back:
      description: Whether the version before is in place again.
      type: bool
      returned: with O(state=present) and O(state=rolled_back), and on failure
      sample: false
    verified:
      description: Whether the service was seen to serve the certificate, null if nobody looked.
      type: bool
      returned: with O(state=present) and one of the options for services
      sample: true
    served:
      description: Null, or whether the service shows the certificate in place (C(live)), and if not, what it does (C(detail)).
      type: dict
      returned: with O(state=inspected) and O(certificates[].copies) or O(certificates[].verify_served)
      sample: {live: true, detail: ""}
    current:
      description: The version in place, null if there is none.
      type: str
      returned: with O(state=inspected)
      sample: 20261122T014608Z-5f3ab12c
    certificate_pem:
      description: The certificate in place.
      type: str
      returned: with O(state=inspected)
      sample: "-----BEGIN CERTIFICATE-----..."
    chain_pem:
      description: The chain in place.
      type: str
      returned: with O(state=inspected)
      sample: ""
    ca_pem:
      description: The root certificates in place.
      type: str
      returned: with O(state=inspected)
      sample: ""
    key:
      description:
        - Whether the key is C(ok), C(missing), C(unreadable), C(encrypted) or a C(mismatch); the key itself is never returned.
        - C(encrypted) tells whether its file is encrypted, null without a key.
      type: dict
      returned: with O(state=inspected)
      sample: {state: ok, detail: "", encrypted: false}
    record:
      description: What was recorded when it was installed, null if nothing was.
      type: dict
      returned: with O(state=inspected)
      sample: {name: partner, installed_at: "2026-11-22T01:46:08Z"}
    damaged:
      description: Names of files and links that are not as recorded, and of keystores that are not as asked for.
      type: list
      elements: str
      returned: with O(state=inspected)
      sample: ["fullchain.pem", "link:privkey.pem"]
    attributes:
      description: Owners, groups and modes that differ, each with C(path), C(attribute), C(is) and C(should).
      type: list
      elements: dict
      returned: with O(state=inspected)
      sample: []
    marker:
      description: The note about a switch that was not finished, else null.
      type: dict
      returned: with O(state=inspected)
      sample: null
    unfinished:
      description: A whole version that was written and not switched to, else null.
      type: dict
      returned: with O(state=inspected)
      sample: null
    pending:
      description: The open request with its CSR and lease, else null.
      type: dict
      returned: with O(state=inspected)
      sample: null
    adopt:
      description: What could be adopted from O(certificates[].adopt_from), else null.
      type: dict
      returned: with O(state=inspected)
      sample: null
    prepared:
      description: The request that was made or found, with C(csr_pem), C(request_token), C(reused) and C(request_id), else null.
      type: dict
      returned: with O(state=prepared) and O(state=inspected)
      sample: null
challenges:
  description: What became of O(challenges).
  returned: with O(challenges)
  type: dict
  contains:
    changed:
      description: Whether anything was shown or hidden.
      type: bool
      returned: always
      sample: true
    hide:
      description: For each challenge to hide null, or its error as in RV(certificates[].error).
      type: list
      elements: dict
      returned: always
      sample: []
    show:
      description: For each challenge to show null, or its error as in RV(certificates[].error).
      type: list
      elements: dict
      returned: always
      sample: [null]
signatures:
  description: For each of O(signatures), in order, C(signature) in base64 (DER with an ECDSA key), or C(error).
  returned: with O(signatures)
  type: list
  elements: dict
  sample: [{signature: MEUCIQ==}]
answer:
  description: The same in JSON and base64, so that no value in it is masked. Private to the collection.
  returned: with O(encoded=true)
  type: str
  sample: eyJjZXJ0aWZpY2F0ZXMiOiBbXX0=
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.certfleet.pki.plugins.module_utils._host.given import encoded, failure, request_of
from ansible_collections.certfleet.pki.plugins.module_utils._host.program import run
from ansible_collections.certfleet.pki.plugins.module_utils._host.spec import SPEC


def main():
    # type: () -> None
    """Run the host program with the module's arguments."""
    module = AnsibleModule(argument_spec=SPEC, supports_check_mode=True)
    try:
        request = request_of(module.params, check=module.check_mode)
    except ValueError as error:
        module.fail_json(msg=str(error), certificates=[])
    answer = run(request)
    if module.params["encoded"]:
        module.exit_json(changed=answer["changed"], answer=encoded(answer, module.no_log_values))
    message = failure(answer)
    if message:
        module.fail_json(msg=message, **answer)
    module.exit_json(**answer)


if __name__ == "__main__":
    main()
