# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: no promise is made about what is in here.

"""Options of the single operations: request, status, retrieve, revoke, info."""

from __future__ import annotations

import typing as t

from ansible_collections.certfleet.pki.plugins.module_utils._model import REVOCATION_REASONS
from ansible_collections.certfleet.pki.plugins.module_utils._options import CERTIFICATE, KEY_ALGORITHM, NAMES
from ansible_collections.certfleet.pki.plugins.module_utils._policy_options import policy_entry
from ansible_collections.certfleet.pki.plugins.module_utils._registry import authority_entry

__all__ = ("OPERATIONS", "REFERENCE", "Operation")

Options = t.Dict[str, t.Dict[str, t.Any]]

REFERENCE: Options = {
    "request_id": {"type": "str", "description": "The CA's id of a request, as an earlier task returned it."},
    "serial_number": {
        "type": "str",
        "description": "Serial number of a certificate in hexadecimal, in any usual spelling (colons, upper case, C(0x)).",
    },
    "certificate": {"type": "str", "description": "A certificate in PEM."},
    "path": {"type": "path", "description": "A file with a certificate in PEM, on the host that the task addresses."},
}

_ONE_REFERENCE = {
    "mutually_exclusive": [tuple(REFERENCE)],
    "required_one_of": [tuple(REFERENCE)],
}

_SOURCES = ("csr", "csr_path", "key")


class Operation(t.NamedTuple):
    """The options of one operation, with what belongs to them as a whole."""

    options: Options
    relations: t.Mapping[str, t.Any]


def _with_authority(options: Options) -> Options:
    return {"authority": authority_entry(required=True), **options}


_REQUEST: Options = {
    "policy": policy_entry(),
    "csr": {"type": "str", "description": "The certificate signing request in PEM (PKCS#10)."},
    "csr_path": {"type": "path", "description": "A file with it, on the host that the task addresses."},
    **NAMES,
    "key": {
        "type": "dict",
        "no_log": False,
        "options": KEY_ALGORITHM,
        "description": [
            "Make a key in memory instead of sending a CSR, for the names that are given.",
            (
                "The key is returned and kept nowhere, so O(return_private_key) is required; "
                "and only an issued answer is accepted, because a pending one would lose the key."
            ),
        ],
    },
    "return_private_key": {
        "type": "bool",
        "default": False,
        "description": "Must be V(true) with O(key): says that you know that the result holds a private key.",
    },
    "extended_key_usage": CERTIFICATE["extended_key_usage"],
    "lifetime": CERTIFICATE["lifetime"],
    "wait": CERTIFICATE["wait"],
    "wait_timeout": CERTIFICATE["wait_timeout"],
}

OPERATIONS: t.Mapping[str, Operation] = {
    "certificate_request": Operation(
        _with_authority(_REQUEST),
        {"mutually_exclusive": [_SOURCES], "required_one_of": [_SOURCES]},
    ),
    "certificate_status": Operation(_with_authority(REFERENCE), _ONE_REFERENCE),
    "certificate_retrieve": Operation(
        _with_authority({**REFERENCE, "wait": CERTIFICATE["wait"], "wait_timeout": CERTIFICATE["wait_timeout"]}),
        _ONE_REFERENCE,
    ),
    "certificate_revoke": Operation(
        _with_authority(
            {
                **REFERENCE,
                "reason": {
                    "type": "str",
                    "choices": list(REVOCATION_REASONS),
                    "default": "unspecified",
                    "description": "Why (RFC 5280). A CA that keeps no reasons ignores it.",
                },
                "private_key_path": {
                    "type": "str",
                    "no_log": False,
                    "description": [
                        "The certificate's private key, on the host that the task addresses.",
                        (
                            "With it the request to revoke is signed there, instead of using the account, "
                            "which may be lost or somebody else's. O(authority.acme) only."
                        ),
                    ],
                },
                "private_key_passphrase": {
                    "type": "str",
                    "no_log": True,
                    "description": "The passphrase of O(private_key_path), if it has one.",
                },
            }
        ),
        {**_ONE_REFERENCE, "required_by": {"private_key_passphrase": ["private_key_path"]}},
    ),
    "authority_info": Operation(_with_authority({}), {}),
}
