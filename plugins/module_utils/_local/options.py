# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: no promise is made about what is in here.

"""The options of the module ``local_authority``."""

from __future__ import annotations

import typing as t

from ansible_collections.certfleet.pki.plugins.module_utils._policy_options import POLICY

__all__ = ("LOCAL_AUTHORITY",)

LOCAL_AUTHORITY: t.Dict[str, t.Dict[str, t.Any]] = {
    "path": {
        "type": "path",
        "required": True,
        "description": [
            "The CA's directory on the controller, on a local file system.",
            "It is made with mode 0700 and must be empty, or not there, for a new CA.",
        ],
    },
    "state": {
        "type": "str",
        "choices": ["present", "absent"],
        "default": "present",
        "description": [
            "V(present) makes the CA if it is not there, changes how it is run, and decides on requests.",
            "V(absent) removes it with its keys and its memory; files that are not the CA's stay.",
        ],
    },
    "common_name": {
        "type": "str",
        "description": [
            "Common name of the root, at most 51 characters; the intermediate's is the same with C(Intermediate) behind it.",
            "V(certfleet local CA) for a new CA when it is not given. That of an existing CA can't be changed.",
        ],
    },
    "key_type": {
        "type": "str",
        "choices": ["ecdsa", "rsa", "ed25519"],
        "no_log": False,
        "description": [
            "Type of the CA's keys: ECDSA P-256, RSA 3072 or Ed25519.",
            "V(ecdsa) for a new CA when it is not given. That of an existing CA can't be changed.",
        ],
    },
    "passphrase": {
        "type": "str",
        "no_log": True,
        "description": [
            "Encrypts the keys of a new CA, and decrypts those of an existing one, where it can't be changed.",
        ],
    },
    "permitted_names": {
        "type": "list",
        "elements": "str",
        "description": [
            "Name constraints of the CA itself, which every verifier enforces.",
            "Domains, with all names below them, and networks such as V(10.0.0.0/8).",
            "A kind of name that is not in the list is not permitted at all.",
            "Those of an existing CA can't be changed.",
        ],
    },
    "approval": {
        "type": "str",
        "choices": ["auto", "manual"],
        "description": [
            "V(auto) signs requests at once, V(manual) keeps them until O(approve) or O(deny) names them.",
            "V(auto) for a new CA when it is not given; an existing one stays as it is.",
        ],
    },
    "approve": {
        "type": "list",
        "elements": "str",
        "description": ["Ids of pending requests to approve. One that was approved before is no change."],
    },
    "deny": {
        "type": "list",
        "elements": "str",
        "description": ["Ids of pending requests to deny. One that was denied before is no change."],
    },
    "deny_reason": {
        "type": "str",
        "default": "",
        "description": ["Why, in one sentence; whoever placed the request is told."],
    },
    "profile": {
        "type": "dict",
        "options": POLICY,
        "description": [
            "What may be asked of this CA, in the shape of the option O(ignore:policy) of the other modules.",
            "Once one kind of name has a list, a kind without one is refused.",
            "A profile without any list of names leaves names alone.",
            "An existing CA's profile stays as it is when this is not given, and is replaced as a whole when it is.",
        ],
    },
    "lifetime": {
        "type": "str",
        "description": [
            "How long certificates are valid when nothing is asked for, as a duration such as V(90d).",
            "V(90d) for a new CA when it is not given, or the profile's C(max_lifetime) if that is shorter.",
        ],
    },
    "crl_urls": {
        "type": "list",
        "elements": "str",
        "description": [
            "Where relying parties find the CRL; written into every certificate issued from then on.",
            "Publishing the file C(intermediate.crl) there is up to you.",
        ],
    },
}
