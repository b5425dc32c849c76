# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: no promise is made about what is in here.
"""Options of the authority `ejbca`."""

from __future__ import annotations

import typing as t

from ansible_collections.certfleet.pki.plugins.module_utils._http import COMMON_OPTIONS
from ansible_collections.certfleet.pki.plugins.module_utils._http_tls import CLIENT_CERTIFICATE
from ansible_collections.certfleet.pki.plugins.module_utils._oauth import client_credentials_entry

__all__ = ("EJBCA_OPTIONS",)

Options = t.Dict[str, t.Dict[str, t.Any]]


def _text(*description: str, **more: t.Any) -> t.Dict[str, t.Any]:
    return {"type": "str", "description": list(description), **more}


#: Exactly one of them is used.
_AUTH: Options = {
    "cert": {
        "type": "dict",
        "description": ["Logs in with a TLS client certificate."],
        "options": {
            **{name: dict(entry) for name, entry in CLIENT_CERTIFICATE.items()},
        },
    },
    "token": _text("An OAuth bearer token.", no_log=True),
    "oauth": client_credentials_entry(),
}

EJBCA_OPTIONS: Options = {
    **{name: dict(entry) for name, entry in COMMON_OPTIONS.items()},
    "url": _text(
        "Address of EJBCA, such as V(https://ejbca.example.com:8443).",
        "V(/ejbca/ejbca-rest-api) is added if it has no path, V(/ejbca-rest-api) if it ends with another.",
        required=True,
    ),
    "certificate_authority": _text("Name of the CA in EJBCA.", required=True),
    "certificate_profile": _text("Name of the certificate profile.", required=True),
    "end_entity_profile": _text("Name of the end entity profile.", required=True),
    "end_entity": _text(
        "Name of the end entity that the certificate belongs to. One that exists is enrolled again.",
        "When it is not given, it is the common name, or the first of the other names.",
    ),
    "enrollment_password": _text(
        "Password of the end entities. When it is not given, each gets one that is derived from the login's secret.",
        "With O(authority.ejbca.auth.token) it is needed where enrolment needs an approval, because a token changes.",
        no_log=True,
    ),
    "account_binding_id": _text("Account binding id that is stored with the end entity."),
    "auth": {
        "type": "dict",
        "required": True,
        "description": ["How to log in: exactly one of the following."],
        "options": _AUTH,
        "mutually_exclusive": [list(_AUTH)],
        "required_one_of": [list(_AUTH)],
    },
}
