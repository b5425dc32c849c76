# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filter split_pem."""

from __future__ import annotations

DOCUMENTATION = r"""
name: split_pem
short_description: Split PEM text into its parts
version_added: 0.1.0
author:
  - The certfleet.pki contributors (@certfleet)
description:
  - Returns the certificates in a PEM text as a list, in the order in which they stand there.
  - Text around and between them, and parts of other kinds, such as private keys, are left out.
positional: label
options:
  _input:
    description:
      - PEM text, for example the content of a C(fullchain.pem).
    type: str
    required: true
  label:
    description:
      - Which parts to return, as in C(-----BEGIN CERTIFICATE-----).
    type: str
    default: CERTIFICATE
seealso:
  - plugin: certfleet.pki.x509_info
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Show who issued each certificate of a chain
  ansible.builtin.debug:
    msg: "{{ item | certfleet.pki.x509_info }}"
  loop: "{{ lookup('ansible.builtin.file', 'fullchain.pem') | certfleet.pki.split_pem }}"
"""

RETURN = r"""
_value:
  description:
    - The parts, each a PEM text of its own that ends with a newline. Empty if there are none.
  type: list
  elements: str
"""

import typing as t

from ansible.errors import AnsibleFilterError

from ansible_collections.certfleet.pki.plugins.module_utils._pem import split_pem as split


def split_pem(text: t.Any, label: str = "CERTIFICATE") -> list[str]:
    """Return the PEM blocks in ``text`` that have this label."""
    if not isinstance(text, (str, bytes)):
        raise AnsibleFilterError(f"certfleet.pki.split_pem takes PEM text, not {type(text).__name__}.")
    return split(text, label=label)


class FilterModule:
    """What Ansible looks for."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        """Return the filters by name."""
        return {"split_pem": split_pem}
