# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: no promise is made about what is in here.

"""Every option of the public modules, once: argument specs and documentation are made from these tables.

An entry is what Ansible's argument spec takes, and ``description`` besides.
"""

from __future__ import annotations

import typing as t

from ansible_collections.certfleet.pki.plugins.module_utils._deploy_options import DEPLOYMENT
from ansible_collections.certfleet.pki.plugins.module_utils._keystore_options import KEYSTORE_OPTIONS
from ansible_collections.certfleet.pki.plugins.module_utils._policy_options import policy_entry, strings

__all__ = (
    "CERTIFICATE",
    "KEY_ALGORITHM",
    "NAMES",
    "argument_spec",
    "defaults_entry",
    "item_options",
    "list_entry",
)

Options = t.Dict[str, t.Dict[str, t.Any]]


def argument_spec(options: t.Mapping[str, t.Mapping[str, t.Any]]) -> Options:
    """Return a fresh argument spec: the same table without its descriptions."""
    return {name: _entry(entry) for name, entry in options.items()}


def _entry(entry: t.Mapping[str, t.Any]) -> t.Dict[str, t.Any]:
    plain = {key: value for key, value in entry.items() if key not in ("description", "sample")}
    if "options" in plain:
        plain["options"] = argument_spec(plain["options"])
    return plain


NAMES: Options = {
    "common_name": {
        "type": "str",
        "description": [
            "Common name of the subject.",
            "Joins the DNS names if it is one, that is, if it contains a dot.",
            "When it is not given, it is the first of C(dns_names) with at most 64 characters, else there is none.",
        ],
    },
    "subject": {
        "type": "dict",
        "description": [
            (
                "Other fields of the subject, by their names in snake case, such as V(organization), "
                "V(organizational_unit), V(locality), V(state_or_province) and V(country)."
            ),
            "A CA may drop them; that causes a warning, never another order.",
        ],
    },
    "dns_names": strings("DNS names; internationalised ones may be given in Unicode."),
    "ip_addresses": strings("IPv4 and IPv6 addresses."),
    "email_addresses": strings("E-mail addresses."),
    "uris": strings("URIs, for example SPIFFE IDs."),
}

KEY_ALGORITHM: Options = {
    "type": {
        "type": "str",
        "choices": ["ecdsa", "rsa", "ed25519"],
        "default": "ecdsa",
        "description": "Algorithm of the key.",
    },
    "curve": {
        "type": "str",
        "choices": ["P-256", "P-384", "P-521", "secp256r1", "prime256v1", "secp384r1", "secp521r1"],
        "description": "Curve of an ECDSA key. P-256 when it is not given.",
    },
    "size": {"type": "int", "description": "Size of an RSA key in bits. 2048 when it is not given."},
}

_KEY: Options = {
    **KEY_ALGORITHM,
    "rotate": {
        "type": "str",
        "choices": ["always", "never"],
        "default": "always",
        "description": [
            "Whether a renewal makes a new key.",
            "A changed algorithm, a lost key or a revoked certificate always means a new key.",
        ],
    },
    "format": {
        "type": "str",
        "choices": ["pkcs8", "traditional"],
        "default": "pkcs8",
        "description": "PKCS#8, or the older PKCS#1 and SEC 1 that some services still want.",
    },
    "passphrase": {
        "type": "str",
        "no_log": True,
        "description": "Encrypts the key. Changing it takes effect with the next key.",
    },
}

_EXTENDED_KEY_USAGE = strings(
    "Extended key usages, such as V(server_auth), V(client_auth), V(code_signing), V(email_protection), or dotted OIDs.",
    "Those given must be in the certificate. When none is given, none is asked for and none is compared.",
)

_LIFETIME = {
    "type": "str",
    "description": [
        "How long the certificate is to be valid, as a duration: V(90d), V(72h), V(1d12h). A bare number is refused.",
        "A lifetime that the CA is known not to honour is an error. When it is not given, the CA decides.",
    ],
}

_WAIT = {
    "type": "bool",
    "default": True,
    "description": [
        "Whether to wait for a CA that answers that the request is pending.",
        "With V(false) the result is V(pending); a later run collects the certificate and places no second order.",
    ],
}

_WAIT_TIMEOUT = {"type": "int", "default": 60, "description": "How long to wait at the most, in seconds."}

CERTIFICATE: Options = {
    "name": {
        "type": "str",
        "required": True,
        "description": "Name of the certificate on this host: letters, digits, dots, hyphens and underscores.",
    },
    **NAMES,
    "key": {
        "type": "dict",
        "no_log": False,
        "options": _KEY,
        "description": "The private key. It is made on the host and never leaves it.",
    },
    "extended_key_usage": _EXTENDED_KEY_USAGE,
    "lifetime": _LIFETIME,
    "renew_before": {
        "type": "str",
        "description": [
            "When to renew: so long before the end, as a duration (V(30d)) or as a share of the actual lifetime (V(33%)).",
            "A duration of half the issued lifetime or more is capped at half, with a warning.",
            "When it is not given: a third of the lifetime, half of it below 10 days.",
            "What the CA suggests (RFC 9773) wins when it is earlier.",
        ],
    },
    "reissue_before": {
        "type": "str",
        "description": "Issue again, with a new key, if installed before this time (ISO 8601); for mass rotation that can be resumed.",
    },
    "force": {
        "type": "bool",
        "default": False,
        "description": "Issue now, with a new key. Never places a second order beside a pending one.",
    },
    "follow_authority": {
        "type": "bool",
        "default": False,
        "description": [
            "Issue again at once when C(authority) is not the one that the certificate came from.",
            "With V(false) the change takes effect at the next renewal. A new intermediate of the same CA is no change.",
        ],
    },
    "check_revocation": {
        "type": "bool",
        "default": False,
        "description": "Ask the CA on every run whether the certificate is revoked; if it is, issue again with a new key.",
    },
    "directory": {
        "type": "str",
        "description": "Where it lives on the host. C(/etc/certfleet/NAME) when it is not given. One directory serves one name.",
    },
    "owner": {
        "type": "str",
        "description": "Owner of every file that holds the key. Root when it is not given and the host's user is root.",
    },
    "group": {
        "type": "str",
        "description": "Group of every file that holds the key. Root when it is not given and the host's user is root.",
    },
    "mode": {
        "type": "raw",
        "description": [
            "Mode of every file that holds the key, as in M(ansible.builtin.file). V(0600) when it is not given.",
            "One that gives any right to others, such as V(0644), is refused; use O(ignore:group) and V(0640).",
        ],
    },
    "formats": {
        "type": "list",
        "elements": "str",
        "choices": ["pem", "combined", "pkcs12", "jks"],
        "default": ["pem"],
        "description": [
            "What to write: V(pem) always, V(combined) adds one file with the key and the full chain.",
            (
                "V(pkcs12) adds C(keystore.p12), and V(jks) adds C(keystore.jks) in the older format of Java. "
                "Both hold the key and the full chain and need O(ignore:passphrase); neither needs Java on the host."
            ),
        ],
    },
    **KEYSTORE_OPTIONS,
    **DEPLOYMENT,
    "adopt_from": {
        "type": "str",
        "description": "A directory on the host with a set to take over by copying, without an order (certbot's C(live/NAME)).",
    },
    "wait": _WAIT,
    "wait_timeout": _WAIT_TIMEOUT,
    "on_unavailable": {
        "type": "str",
        "choices": ["fail", "warn"],
        "default": "fail",
        "description": [
            "What to do when the CA can't be reached.",
            "With V(warn) it is a warning if the only reasons for an order are its age and the certificate in place is valid.",
        ],
    },
    "trust_anchors": {
        "type": "str",
        "description": "Roots in PEM. When given, the chain of what the CA returns must reach one of them.",
    },
    "state": {
        "type": "str",
        "choices": ["present", "absent", "revoked"],
        "default": "present",
        "description": [
            "V(present) makes sure that it is there.",
            "V(absent) removes the recorded files from the host and cancels an open request.",
            "V(revoked) revokes the certificate, then removes it; if revoking fails nothing is removed.",
        ],
    },
    "revoke_reason": {
        "type": "str",
        "choices": [
            "unspecified",
            "key_compromise",
            "ca_compromise",
            "affiliation_changed",
            "superseded",
            "cessation_of_operation",
            "certificate_hold",
            "remove_from_crl",
            "privilege_withdrawn",
            "aa_compromise",
        ],
        "default": "superseded",
        "description": "Reason for C(state=revoked) (RFC 5280).",
    },
}


def item_options(authority: t.Mapping[str, t.Any]) -> Options:
    """Return the options of one certificate, given the entry of the ``authority`` option."""
    return {"authority": dict(authority), "policy": policy_entry(), **CERTIFICATE}


def list_entry() -> t.Dict[str, t.Any]:
    """Return the entry of the ``certificates`` option, without the options of its items."""
    return {
        "type": "list",
        "elements": "dict",
        "required": True,
        "description": [
            "The certificates, all of them dealt with in one call on the host.",
            "One that fails does not stop the others.",
        ],
    }


def defaults_entry() -> t.Dict[str, t.Any]:
    """Return the entry of the ``defaults`` option."""
    return {
        "type": "dict",
        "description": [
            "Options for every item of C(certificates) that does not set them itself.",
            (
                "Dictionaries such as C(key), C(subject) and C(policy) are merged one level deep: with C(key={type: rsa}) in here, "
                "an item with C(key={rotate: never}) has an RSA key that is kept."
            ),
            (
                "An item's C(authority) is taken as a whole; an item that sets another C(key.type) takes neither C(curve) nor "
                "C(size) from here."
            ),
        ],
    }
