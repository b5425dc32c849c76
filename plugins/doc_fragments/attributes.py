# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
attributes:
  check_mode:
    description: Can run in C(check_mode) and predict what it would change, without changing anything.
  diff_mode:
    description: Says what it changed, or would change, with C(--diff).
  idempotent:
    description: A second run with the same options changes nothing.
  async:
    description: Supports the C(async) keyword.
    support: none
  platform:
    description: Systems that it works on.
    platforms: posix
    support: full
"""

    ENSURES = r"""
attributes:
  check_mode:
    support: full
    details: The CA is asked only to read.
  diff_mode:
    support: full
    details: Shows names, issuer, serial number and dates, never PEM.
  idempotent:
    support: full
"""

    READS = r"""
attributes:
  check_mode:
    support: full
  diff_mode:
    support: none
  idempotent:
    support: full
"""

    REQUESTS = r"""
attributes:
  check_mode:
    support: partial
    details: The policies are checked and nothing is sent, so all PEM fields are null.
  diff_mode:
    support: none
  idempotent:
    support: none
    details: Every call is another request. Use M(certfleet.pki.certificate) for a certificate on a host.
"""

    REVOKES = r"""
attributes:
  check_mode:
    support: full
    details: Where the CA can't tell a certificate's status, it is expected to be revoked.
  diff_mode:
    support: none
  idempotent:
    support: full
"""
