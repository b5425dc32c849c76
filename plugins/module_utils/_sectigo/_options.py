# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: no promise is made about what is in here.
"""Options of the authority `sectigo`."""

from __future__ import annotations

import typing as t

from ansible_collections.certfleet.pki.plugins.module_utils._http import COMMON_OPTIONS
from ansible_collections.certfleet.pki.plugins.module_utils._http_tls import CLIENT_CERTIFICATE
from ansible_collections.certfleet.pki.plugins.module_utils._oauth import client_credentials_entry

__all__ = ("SECTIGO_OPTIONS",)

Options = t.Dict[str, t.Dict[str, t.Any]]

_TOKEN_URL = "https://auth.sso.sectigo.com/auth/realms/apiclients/protocol/openid-connect/token"


def _text(*description: str, **more: t.Any) -> t.Dict[str, t.Any]:
    return {"type": "str", "description": list(description), **more}


_LOGIN: Options = {
    "login": _text("Name of the administrator or API user.", required=True),
    "customer_uri": _text(
        "The customer's URI, the last part of the address of Sectigo's web interface.", required=True
    ),
}

#: Exactly one of them is used.
_AUTH: Options = {
    "password": {
        "type": "dict",
        "description": ["Logs in with a name and a password."],
        "no_log": False,
        "options": {**_LOGIN, "password": _text("The password.", required=True, no_log=True)},
    },
    "cert": {
        "type": "dict",
        "description": ["Logs in with a name and a TLS client certificate."],
        "options": {
            **_LOGIN,
            **{name: dict(entry) for name, entry in CLIENT_CERTIFICATE.items()},
        },
    },
    "oauth": client_credentials_entry(token_url=_TOKEN_URL),
}

SECTIGO_OPTIONS: Options = {
    **{name: dict(entry) for name, entry in COMMON_OPTIONS.items()},
    "url": _text(
        "Address of Sectigo Certificate Manager, such as V(https://hard.cert-manager.com/api).",
        "V(/api), or V(/private/api) with O(authority.sectigo.auth.cert), is added if it has no path.",
        "When it is not given, it is V(https://cert-manager.com).",
        "With O(authority.sectigo.auth.oauth) it is V(https://admin.enterprise.sectigo.com/api) then.",
    ),
    "organization_id": {
        "type": "int",
        "required": True,
        "description": ["Id of the organization or department that the certificates are for."],
    },
    "profile": _text("The certificate profile (SSL type): its id or its name.", required=True),
    "term": {
        "type": "int",
        "description": [
            "Lifetime in days, one of the profile's terms. A certificate's own C(lifetime) wins.",
            "When neither is given, it is the longest that the profile has.",
        ],
    },
    "comments": _text("Comment that is kept with each order."),
    "external_requesters": {
        "type": "list",
        "elements": "str",
        "description": ["Addresses of those that Sectigo notifies."],
    },
    "custom_fields": {"type": "dict", "description": ["Values of the account's custom fields, by name."]},
    "dcv_mode": _text(
        "How control of the domains is shown, where they are not validated beforehand.",
        choices=["AUTO", "CNAME", "EMAIL", "HTTP", "HTTPS", "TXT"],
    ),
    "dcv_email": _text("Address that the mail goes to with V(EMAIL) as O(authority.sectigo.dcv_mode)."),
    "auth": {
        "type": "dict",
        "required": True,
        "description": ["How to log in: exactly one of the following."],
        "options": _AUTH,
        "mutually_exclusive": [list(_AUTH)],
        "required_one_of": [list(_AUTH)],
    },
}
