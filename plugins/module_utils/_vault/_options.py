# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: no promise is made about what is in here.
"""Options of the authority `vault`."""

from __future__ import annotations

import typing as t

from ansible_collections.certfleet.pki.plugins.module_utils._http import COMMON_OPTIONS
from ansible_collections.certfleet.pki.plugins.module_utils._http_tls import CLIENT_CERTIFICATE

__all__ = ("AUTH_METHODS", "VAULT_OPTIONS")

Options = t.Dict[str, t.Dict[str, t.Any]]


def _text(*description: str, **more: t.Any) -> t.Dict[str, t.Any]:
    return {"type": "str", "description": list(description), **more}


def _secret(*description: str, **more: t.Any) -> t.Dict[str, t.Any]:
    return _text(*description, no_log=True, **more)


def _file(*description: str, **more: t.Any) -> t.Dict[str, t.Any]:
    return {"type": "path", "description": list(description), **more}


def _mount(default: str) -> t.Dict[str, t.Any]:
    return _text("Where the auth method is mounted.", default=default)


def _method(description: str, options: Options, **relations: t.Any) -> t.Dict[str, t.Any]:
    return {"type": "dict", "description": [description], "options": options, **relations}


_APPROLE = _method(
    "Logs in with an AppRole.",
    {
        "role_id": _text("Id of the AppRole.", required=True),
        "secret_id": _secret("Its secret id, unless the AppRole needs none."),
        "wrapped_secret_id": _secret("A response-wrapping token that holds the secret id. It can be used once."),
        "mount": _mount("approle"),
    },
    mutually_exclusive=[["secret_id", "wrapped_secret_id"]],
)

_JWT = _method(
    "Logs in with a JSON web token, for example the OIDC token of a CI job in GitLab or GitHub.",
    {
        "role": _text("Role of the auth method; its default role when not given."),
        "jwt": _secret("The token."),
        "jwt_env": _text("Name of the environment variable on the controller that holds the token."),
        "mount": _mount("jwt"),
    },
    mutually_exclusive=[["jwt", "jwt_env"]],
    required_one_of=[["jwt", "jwt_env"]],
)

_KUBERNETES = _method(
    "Logs in with a Kubernetes service account token.",
    {
        "role": _text("Role of the auth method.", required=True),
        "jwt": _secret("The token; read from O(authority.vault.auth.kubernetes.token_path) when not given."),
        "token_path": {
            **_file("File, where the call to the CA is made, that holds the token."),
            "no_log": False,
            "default": "/var/run/secrets/kubernetes.io/serviceaccount/token",
        },
        "mount": _mount("kubernetes"),
    },
)

_CERT = _method(
    "Logs in with a TLS client certificate.",
    {
        **{name: dict(entry) for name, entry in CLIENT_CERTIFICATE.items()},
        "name": _text("Role of the auth method; when not given, any that accepts the certificate."),
        "mount": _mount("cert"),
    },
)

_USERPASS = _method(
    "Logs in with a user name and a password.",
    {
        "username": _text("The user.", required=True),
        "password": _secret("The password.", required=True),
        "mount": _mount("userpass"),
    },
)

#: Exactly one of them is used.
AUTH_METHODS: Options = {
    "token": _secret("A token."),
    "approle": _APPROLE,
    "jwt": _JWT,
    "kubernetes": _KUBERNETES,
    "cert": _CERT,
    "userpass": {**_USERPASS, "no_log": False},
}

VAULT_OPTIONS: Options = {
    **{name: dict(entry) for name, entry in COMMON_OPTIONS.items()},
    "validate_certs": {
        "type": "bool",
        "description": [
            "Whether the server's TLS certificate is checked. Turn it off in experiments only.",
            "When it is not given, it is checked unless E(BAO_SKIP_VERIFY) or E(VAULT_SKIP_VERIFY) says otherwise.",
        ],
    },
    "namespace": _text("The namespace that holds the mounts, such as V(team/web)."),
    "mount": _text("Where the PKI secrets engine is mounted.", default="pki"),
    "role": _text("Role of the PKI secrets engine that the certificates are signed with.", required=True),
    "issuer": _text("Name or id of the issuer to sign with, instead of the role's own."),
    "auth": {
        "type": "dict",
        "description": [
            "How to log in: exactly one of the following.",
            "When it is not given, the token in E(BAO_TOKEN) or E(VAULT_TOKEN) is used.",
        ],
        "options": AUTH_METHODS,
        "mutually_exclusive": [list(AUTH_METHODS)],
        "required_one_of": [list(AUTH_METHODS)],
    },
}
