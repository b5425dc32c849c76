# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: no promise is made about what is in here.

"""Options of the authority ``cfssl``."""

from __future__ import annotations

import typing as t

from ansible_collections.certfleet.pki.plugins.module_utils._http import COMMON_OPTIONS

__all__ = ("CFSSL_OPTIONS", "CFSSL_RELATIONS")

Options = t.Mapping[str, t.Mapping[str, t.Any]]

CFSSL_OPTIONS: Options = {
    **{name: dict(entry) for name, entry in COMMON_OPTIONS.items()},
    "url": {
        "type": "str",
        "required": True,
        "description": ["Address of the server, such as V(https://ca.example.com:8888)."],
    },
    "profile": {
        "type": "str",
        "description": [
            "Signing profile of the server's configuration; its default profile when not given.",
            "The server takes its default profile for a name that it does not know, and says nothing.",
        ],
    },
    "label": {
        "type": "str",
        "description": ["Label of the signer, for a server that has several (multirootca)."],
    },
    "auth_key": {
        "type": "str",
        "no_log": True,
        "description": [
            "The profile's authentication key in hexadecimal digits, as C(auth_keys) of the server's configuration has it.",
            "With it requests are authenticated (C(authsign)), which a profile with C(auth_key) demands.",
        ],
    },
    "client_certificate": {
        "type": "path",
        "description": ["File, where the call is made, with the certificate for a server that asks for one, in PEM."],
    },
    "client_key": {
        "type": "path",
        "no_log": False,
        "description": ["File, where the call is made, with its key, in PEM, not encrypted."],
    },
}

CFSSL_RELATIONS: t.Mapping[str, t.Any] = {"required_together": [["client_certificate", "client_key"]]}
