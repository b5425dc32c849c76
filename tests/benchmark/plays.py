# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The playbooks that are measured: ping, ours, and the recipes that users write today.

All of them take the host's directory and names from variables of the inventory or the command line.
"""

from __future__ import annotations

import textwrap
import typing as t
from pathlib import Path

__all__ = ("PLAYS", "write_plays")

_PING = """
- ansible.builtin.ping:
"""

_AUTHORITY = """
- certfleet.pki.local_authority:
    path: "{{ bench_local_ca }}"
  run_once: true
"""

_CERTIFICATE = """
- %s:
    authority: "{{ bench_authority }}"
    name: web
    dns_names: ["{{ inventory_hostname }}"]
    directory: "{{ bench_directory }}"
    force: "{{ bench_force }}"
"""

_CERTIFICATES = """
- certfleet.pki.certificates:
    authority: "{{ bench_authority }}"
    certificates: "{{ bench_certificates }}"
    defaults: {force: "{{ bench_force }}"}
"""

#: The CA's key lies on every host: that is what the provider ownca asks for.
_OWNCA = """
- community.crypto.openssl_privatekey:
    path: "{{ cert_directory }}/privkey.pem"
    type: ECC
    curve: secp256r1
    mode: "0600"
- community.crypto.openssl_csr:
    path: "{{ cert_directory }}/request.csr"
    privatekey_path: "{{ cert_directory }}/privkey.pem"
    common_name: "{{ cert_name }}"
    subject_alt_name: "DNS:{{ cert_name }}"
- community.crypto.x509_certificate:
    path: "{{ cert_directory }}/cert.pem"
    csr_path: "{{ cert_directory }}/request.csr"
    provider: ownca
    ownca_path: "{{ bench_ownca }}/ca.pem"
    ownca_privatekey_path: "{{ bench_ownca }}/ca.key"
    ownca_not_after: +90d
"""

_SIGN = """
- community.crypto.openssl_privatekey:
    path: "{{ cert_directory }}/privkey.pem"
    type: ECC
    curve: secp256r1
    mode: "0600"
- community.crypto.openssl_csr:
    path: "{{ cert_directory }}/request.csr"
    privatekey_path: "{{ cert_directory }}/privkey.pem"
    common_name: "{{ cert_name }}"
    subject_alt_name: "DNS:{{ cert_name }}"
- ansible.builtin.stat:
    path: "{{ cert_directory }}/fullchain.pem"
  register: cert_file
- community.crypto.x509_certificate_info:
    path: "{{ cert_directory }}/fullchain.pem"
    valid_at: {due: +8h}
  register: cert_info
  when: cert_file.stat.exists
- ansible.builtin.slurp:
    src: "{{ cert_directory }}/request.csr"
  register: cert_request
  when: not cert_file.stat.exists or not cert_info.valid_at.due
- community.hashi_vault.vault_write:
    url: "{{ bench_vault_url }}"
    token: "{{ bench_vault_token }}"
    path: pki_int/sign/web
    data: {csr: "{{ cert_request.content | b64decode }}", common_name: "{{ cert_name }}"}
  register: cert_signed
  delegate_to: localhost
  when: cert_request is not skipped
- ansible.builtin.copy:
    content: "{{ cert_signed.data.data.certificate }}\\n"
    dest: "{{ cert_directory }}/cert.pem"
    mode: "0644"
  when: cert_request is not skipped
- ansible.builtin.copy:
    content: "{{ [cert_signed.data.data.certificate, cert_signed.data.data.issuing_ca] | join('\\n') }}\\n"
    dest: "{{ cert_directory }}/fullchain.pem"
    mode: "0644"
  when: cert_request is not skipped
"""

#: The CA makes the key, and every run makes another certificate.
_GENERATE = """
- community.hashi_vault.vault_pki_generate_certificate:
    url: "{{ bench_vault_url }}"
    token: "{{ bench_vault_token }}"
    engine_mount_point: pki_int
    role_name: generate
    common_name: "{{ cert_name }}"
  register: cert_made
  delegate_to: localhost
- ansible.builtin.copy:
    content: "{{ cert_made.data.data.private_key }}\\n"
    dest: "{{ cert_directory }}/privkey.pem"
    mode: "0600"
- ansible.builtin.copy:
    content: "{{ cert_made.data.data.certificate }}\\n"
    dest: "{{ cert_directory }}/cert.pem"
    mode: "0644"
- ansible.builtin.copy:
    content: "{{ [cert_made.data.data.certificate, cert_made.data.data.issuing_ca] | join('\\n') }}\\n"
    dest: "{{ cert_directory }}/fullchain.pem"
    mode: "0644"
"""

#: An account for each, so that none is made while it is measured.
_ACME_ACCOUNTS = """
- certfleet.pki.acme_account:
    authority: "{{ bench_authority }}"
- community.crypto.openssl_privatekey:
    path: "{{ bench_acme }}/recipe-account.pem"
    type: ECC
    curve: secp256r1
- community.crypto.acme_account:
    acme_directory: "{{ bench_acme_directory }}"
    account_key_src: "{{ bench_acme }}/recipe-account.pem"
    validate_certs: false
    state: present
    terms_agreed: true
- ansible.builtin.command:
    argv:
      - "{{ bench_certbot }}"
      - register
      - --non-interactive
      - --agree-tos
      - --register-unsafely-without-email
      - --server={{ bench_acme_directory }}
      - --config-dir={{ bench_acme }}/certbot/config
      - --work-dir={{ bench_acme }}/certbot/work
      - --logs-dir={{ bench_acme }}/certbot/logs
  environment: {REQUESTS_CA_BUNDLE: "{{ bench_acme_trust }}"}
"""

#: The flow of two steps, as the module's own documentation has it.
_ACME_CERTIFICATE = """
- community.crypto.openssl_privatekey:
    path: "{{ cert_directory }}/privkey.pem"
    type: ECC
    curve: secp256r1
    mode: "0600"
- community.crypto.openssl_csr:
    path: "{{ cert_directory }}/request.csr"
    privatekey_path: "{{ cert_directory }}/privkey.pem"
    common_name: "{{ cert_name }}"
    subject_alt_name: "DNS:{{ cert_name }}"
- community.crypto.acme_certificate: &acme
    acme_directory: "{{ bench_acme_directory }}"
    account_key_src: "{{ bench_acme }}/recipe-account.pem"
    modify_account: false
    validate_certs: false
    csr: "{{ cert_directory }}/request.csr"
    dest: "{{ cert_directory }}/cert.pem"
    chain_dest: "{{ cert_directory }}/chain.pem"
    fullchain_dest: "{{ cert_directory }}/fullchain.pem"
    remaining_days: 30
  register: cert_challenge
- ansible.builtin.copy:
    content: "{{ cert_challenge.challenge_data[cert_name]['http-01'].resource_value }}"
    dest: "{{ bench_acme_webroot }}/{{ cert_challenge.challenge_data[cert_name]['http-01'].resource }}"
    mode: "0644"
  when: cert_challenge is changed
- community.crypto.acme_certificate:
    <<: *acme
    data: "{{ cert_challenge }}"
  when: cert_challenge is changed
- ansible.builtin.file:
    path: "{{ bench_acme_webroot }}/{{ cert_challenge.challenge_data[cert_name]['http-01'].resource }}"
    state: absent
  when: cert_challenge is changed
"""

#: certbot gives up when two nonces in a row are refused, so it is tried again. The interpreter is named to be counted.
_CERTBOT = """
- ansible.builtin.command:
    argv:
      - "{{ ansible_python_interpreter }}"
      - "{{ bench_certbot }}"
      - certonly
      - --webroot
      - --webroot-path={{ bench_acme_webroot }}
      - --non-interactive
      - --keep-until-expiring
      - --cert-name={{ bench_round }}-{{ cert_name }}
      - --domain={{ cert_name }}
      - --server={{ bench_acme_directory }}
      - --config-dir={{ bench_acme }}/certbot/config
      - --work-dir={{ bench_acme }}/certbot/work
      - --logs-dir={{ bench_acme }}/certbot/logs
  environment: {REQUESTS_CA_BUNDLE: "{{ bench_acme_trust }}"}
  register: cert_said
  changed_when: "'not yet due' not in cert_said.stdout"
  until: cert_said is succeeded
  retries: 3
  delay: 0
"""

_ONE = {"cert_directory": "{{ bench_directory }}", "cert_name": "{{ inventory_hostname }}"}
_MANY = """
- ansible.builtin.include_tasks: {file}
  loop: "{{{{ range(bench_count) | list }}}}"
  vars:
    cert_directory: "{{{{ bench_directory }}}}/c{{{{ item }}}}"
    cert_name: "c{{{{ item }}}}.{{{{ inventory_hostname }}}}"
"""

_RECIPES = {
    "ownca": _OWNCA,
    "sign": _SIGN,
    "generate": _GENERATE,
    "acme_certificate": _ACME_CERTIFICATE,
    "certbot": _CERTBOT,
}

#: Name of each play to its tasks.
PLAYS: t.Mapping[str, str] = {
    "ping": _PING,
    "authority": _AUTHORITY,
    "acme_accounts": _ACME_ACCOUNTS,
    "certificate": _CERTIFICATE % "certfleet.pki.certificate",
    "certificate_as_module": _CERTIFICATE % "certificate_as_module",
    "certificates": _CERTIFICATES,
    **_RECIPES,
    **{f"{name}_many": _MANY.format(file=f"{name}.tasks.yml") for name in _RECIPES},
}


def write_plays(folder: Path) -> None:
    """Write every play, and the recipes' tasks for the plays that loop over them, into ``folder``."""
    for name, tasks in PLAYS.items():
        variables = _ONE if name in _RECIPES else {}
        lines = ["- hosts: all", "  gather_facts: false"]
        lines += ["  vars:", *(f'    {key}: "{value}"' for key, value in variables.items())] if variables else []
        text = "\n".join([*lines, "  tasks:", textwrap.indent(tasks.strip(), "    ")])
        (folder / f"{name}.yml").write_text(f"{text}\n", encoding="utf-8")
    for name, tasks in _RECIPES.items():
        (folder / f"{name}.tasks.yml").write_text(tasks.lstrip(), encoding="utf-8")
