# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: no promise is made about what is in here.

"""Options of a policy: one table for the option ``policy`` and for policy files."""

from __future__ import annotations

import typing as t

__all__ = ("POLICY", "policy_entry", "strings")

Options = t.Dict[str, t.Dict[str, t.Any]]


def strings(*description: str) -> t.Dict[str, t.Any]:
    """Return the entry of an option that takes a list of strings."""
    return {"type": "list", "elements": "str", "description": list(description)}


POLICY: Options = {
    "allowed_domains": strings(
        "DNS names that may be asked for, as globs in which V(*) is exactly one label.",
        "A list that is not given means none of that kind, once any policy is given.",
    ),
    "allowed_domain_patterns": strings(
        "DNS names that may be asked for, as regular expressions that match the whole name."
    ),
    "allowed_ip_ranges": strings("Networks whose addresses may be asked for, such as V(10.0.0.0/8)."),
    "allowed_uris": strings("URIs that may be asked for, as globs."),
    "allowed_email_domains": strings("Domains whose e-mail addresses may be asked for."),
    "forbid_wildcards": {"type": "bool", "description": "Whether wildcard names are forbidden."},
    "key_types": {
        "type": "raw",
        "no_log": False,
        "description": "Allowed key types: a list, or a dictionary of type and minimum size in bits, such as V({rsa: 3072, ecdsa: 256}).",
    },
    "max_lifetime": {"type": "str", "description": "The longest lifetime that a certificate may have, as a duration."},
    "required_subject": {
        "type": "raw",
        "description": "Subject fields that must be there: a list of names, or a dictionary of name and allowed value or values.",
    },
    "allowed_authorities": strings(
        "Identities of the CAs that may be used (C(authority_id) in results), as globs in which V(*) is anything."
    ),
    "extended_key_usages": strings("Extended key usages that may be asked for."),
}


def policy_entry() -> t.Dict[str, t.Any]:
    """Return the entry of the ``policy`` option."""
    return {
        "type": "dict",
        "options": POLICY,
        "description": [
            "Rules that every request must keep, checked on the controller before anything is sent, in check mode too.",
            (
                "A policy file named by the environment variable E(CERTFLEET_POLICY_FILE) on the controller applies always; "
                "this option can only tighten it."
            ),
        ],
    }
