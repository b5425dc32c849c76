# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: no promise is made about what is in here.
"""The options of the authority `venafi`."""

from __future__ import annotations

import typing as t

from ansible_collections.certfleet.pki.plugins.module_utils._http import COMMON_OPTIONS, Options
from ansible_collections.certfleet.pki.plugins.module_utils._vault._options import AUTH_METHODS

__all__ = ("VENAFI_OPTIONS", "VENAFI_RELATIONS")

_REFRESH_TOKEN_VAULT: t.Dict[str, t.Any] = {
    "type": "dict",
    "no_log": False,
    "description": [
        "A secret in a KV secrets engine, version 2, of Vault or OpenBao where the refresh token lives.",
        "Its field C(refresh_token) is replaced, with check-and-set, each time the token is used; other fields stay.",
        "Needs the rights C(create), C(read) and C(update) there, and the Python library hvac.",
    ],
    "options": {
        **{name: dict(COMMON_OPTIONS[name]) for name in ("ca_bundle", "validate_certs", "timeout", "retries", "proxy")},
        "url": {"type": "str", "required": True, "description": ["Address of the server."]},
        "namespace": {"type": "str", "description": ["The namespace that holds the mounts."]},
        "mount": {"type": "str", "default": "secret", "description": ["Where the KV secrets engine is mounted."]},
        "path": {"type": "str", "required": True, "description": ["Path of the secret below the mount."]},
        "auth": {
            "type": "dict",
            "required": True,
            "description": ["How to log in there: exactly one of the following."],
            "options": AUTH_METHODS,
            "mutually_exclusive": [list(AUTH_METHODS)],
            "required_one_of": [list(AUTH_METHODS)],
        },
    },
}

VENAFI_OPTIONS: Options = {
    **{name: dict(entry) for name, entry in COMMON_OPTIONS.items()},
    "url": {
        "type": "str",
        "description": [
            "Address of the server, such as V(https://tpp.example.com).",
            "C(/vedsdk) and C(/vedauth) are added.",
        ],
    },
    "zone": {
        "type": "str",
        "description": [
            r"The policy folder, such as \VED\Policy\Web\Internal, or without the first two parts: Web\Internal.",
        ],
    },
    "access_token": {"type": "str", "no_log": True, "description": ["An access token that was got elsewhere."]},
    "refresh_token": {
        "type": "str",
        "no_log": True,
        "description": [
            "The first refresh token. The server gives another one for each use, so a place is needed to keep that in:",
            "O(authority.venafi.refresh_token_file) or O(authority.venafi.refresh_token_vault).",
            "Once there is one in that place, that one is used, until another one is given here.",
        ],
    },
    "refresh_token_file": {
        "type": "path",
        "no_log": False,
        "description": [
            "File, where the call to the CA is made, in which the refresh token lives.",
            "It is kept at mode 0600, locked while it is used, and replaced at once when the server gives another token.",
            "To begin with it may hold nothing but the token.",
        ],
    },
    "refresh_token_vault": _REFRESH_TOKEN_VAULT,
    "client_id": {
        "type": "str",
        "default": "vcert-sdk",
        "description": ["Id of the API integration that the token is for. Upper and lower case matter."],
    },
    "scope": {
        "type": "str",
        "default": "certificate:manage,revoke",
        "description": ["Rights to ask for at a login by user name or client certificate."],
    },
    "username": {"type": "str", "description": ["User to log in as."]},
    "password": {"type": "str", "no_log": True, "description": ["The user's password."]},
    "client_certificate": {
        "type": "path",
        "description": ["File, where the call to the CA is made, with a certificate to log in with, in PEM."],
    },
    "client_key": {
        "type": "path",
        "no_log": False,
        "description": ["File, where the call to the CA is made, with its key, in PEM, not encrypted."],
    },
    "custom_fields": {
        "type": "dict",
        "description": [
            "Custom fields of a new certificate object: name to value, or to a list of values.",
            "The fields have to exist on the server.",
        ],
    },
    "origin": {
        "type": "str",
        "default": "certfleet.pki",
        "description": ["Who made the request, as shown by the server."],
    },
    "issuer_hint": {
        "type": "str",
        "choices": ["default", "microsoft", "digicert", "entrust"],
        "default": "default",
        "description": ["The kind of CA behind the folder, on which depends how a C(lifetime) has to be asked for."],
    },
}

_REFRESH = ["refresh_token_file", "refresh_token_vault"]

VENAFI_RELATIONS: t.Mapping[str, t.Any] = {
    "required_together": [["username", "password"], ["client_certificate", "client_key"]],
    "mutually_exclusive": [
        ["access_token", "username", "client_certificate", *_REFRESH],
        ["access_token", "username", "client_certificate", "refresh_token"],
    ],
}
