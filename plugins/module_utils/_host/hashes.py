# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: no promise is made about what is in here.

"""The hashes of keystores, builtin where they are: hashlib loads OpenSSL, and takes twice as long for a short text."""

from ansible_collections.certfleet.pki.plugins.module_utils._host.reading import sha256

try:
    from _sha1 import sha1  # type: ignore[import-not-found, unused-ignore]
except ImportError:
    from hashlib import sha1

__all__ = ("sha1", "sha256")
