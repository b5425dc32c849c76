# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: no promise is made about what is in here.

"""The options of keystores; they belong to _options."""

from __future__ import annotations

import typing as t

__all__ = ("KEYSTORE_OPTIONS",)

KEYSTORE_OPTIONS: t.Dict[str, t.Dict[str, t.Any]] = {
    "passphrase": {
        "type": "str",
        "no_log": True,
        "description": [
            "Protects the keystores of the formats V(pkcs12) and V(jks): at least 6 printable ASCII characters.",
            "Changing it makes them anew, without an order. The key's own is O(ignore:key.passphrase).",
        ],
    },
    "alias": {
        "type": "str",
        "description": [
            "Name of the entry in the keystores. The certificate's name when it is not given.",
            "In V(jks) it is in lower case, which is how Java looks for it.",
        ],
    },
    "pkcs12_encryption": {
        "type": "str",
        "choices": ["modern", "legacy"],
        "default": "modern",
        "description": [
            "How a PKCS#12 file is protected. V(modern) is AES-256-CBC with PBKDF2, and SHA-256.",
            (
                "V(legacy) is 3DES and SHA-1, for Windows before Server 2019, Java before 8u301 and older macOS. "
                "OpenSSL 3 does not need its legacy provider for either."
            ),
        ],
    },
}
