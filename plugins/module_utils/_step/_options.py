# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: no promise is made about what is in here.

"""Options of the authority ``step``."""

from __future__ import annotations

import typing as t

from ansible_collections.certfleet.pki.plugins.module_utils._http import COMMON_OPTIONS

__all__ = ("STEP_OPTIONS", "STEP_RELATIONS")

Options = t.Mapping[str, t.Mapping[str, t.Any]]


def _text(*description: str, **more: t.Any) -> t.Dict[str, t.Any]:
    return {"type": "str", "description": list(description), **more}


def _secret(*description: str, **more: t.Any) -> t.Dict[str, t.Any]:
    return {**_text(*description, **more), "no_log": True}


_JWK: t.Mapping[str, t.Any] = {
    "type": "dict",
    "no_log": False,
    "description": ["A JWK provisioner: tokens are signed with its private key."],
    "options": {
        "key": _secret(
            "The provisioner's private key: a path where the call is made, or the text itself.",
            "It may be a JWK (RFC 7517), an encrypted one (JWE) as C(step) writes it, or PEM.",
            "When it is not given, the encrypted key that the CA keeps for the provisioner is used.",
        ),
        "password": _secret("What opens the key. Needed unless O(authority.step.auth.jwk.key) is not encrypted."),
    },
    "required_one_of": [["key", "password"]],
}

_X5C: t.Mapping[str, t.Any] = {
    "type": "dict",
    "description": ["An X5C provisioner: tokens are signed with the key of a certificate that it trusts."],
    "options": {
        "certificate": _text(
            "The certificate, with its intermediates behind it, in PEM: a path where the call is made, or the text.",
            "It needs the usages C(digital_signature) and C(client_auth).",
            required=True,
        ),
        "private_key": _secret(
            "Its key in PEM: a path where the call is made, or the text itself.",
            required=True,
        ),
        "password": _secret("What opens the key, if it is encrypted."),
    },
}

_METHODS = {"jwk": _JWK, "x5c": _X5C}

STEP_OPTIONS: Options = {
    **{name: dict(entry) for name, entry in COMMON_OPTIONS.items()},
    "fingerprint": _text(
        "SHA-256 fingerprint of the CA's root certificate, as C(step certificate fingerprint) prints it.",
        "The root is then fetched from the CA, compared with it, and is all that is trusted from there on.",
        "O(authority.step.ca_bundle), when given, is used instead.",
    ),
    "provisioner": _text("Name of the provisioner.", required=True),
    "auth": {
        "type": "dict",
        "required": True,
        "description": ["What the one-time tokens are signed with, by the kind of provisioner: exactly one."],
        "options": _METHODS,
        "mutually_exclusive": [list(_METHODS)],
        "required_one_of": [list(_METHODS)],
    },
}

STEP_RELATIONS: t.Mapping[str, t.Any] = {"mutually_exclusive": [["ca_bundle", "fingerprint"]]}
