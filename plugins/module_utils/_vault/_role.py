# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: no promise is made about what is in here.
"""A role of the PKI secrets engine, read as a policy.

What can't be said as a policy (templates, other SANs) is left out: the server checks it anyway.
Fields: https://openbao.org/api-docs/secret/pki/#create-update-role
"""

from __future__ import annotations

import re
import typing as t

from ansible_collections.certfleet.pki.plugins.module_utils._go_durations import seconds
from ansible_collections.certfleet.pki.plugins.module_utils._policy import Policy

__all__ = ("policy_of", "seconds")

Role = t.Mapping[str, t.Any]

_KEY_TYPES = {"rsa": ("rsa", 2048), "ec": ("ecdsa", 256), "ed25519": ("ed25519", 0)}
_FLAGS = {
    "server_flag": "server_auth",
    "client_flag": "client_auth",
    "code_signing_flag": "code_signing",
    "email_protection_flag": "email_protection",
}
#: Names that Go's crypto/x509 gives, in lower case, as the role field `ext_key_usage` takes them.
_GO_USAGES = {
    "any": "any",
    "serverauth": "server_auth",
    "clientauth": "client_auth",
    "codesigning": "code_signing",
    "emailprotection": "email_protection",
    "ipsecendsystem": "ipsec_end_system",
    "ipsectunnel": "ipsec_tunnel",
    "ipsecuser": "ipsec_user",
    "timestamping": "time_stamping",
    "ocspsigning": "ocsp_signing",
    "microsoftservergatedcrypto": "1.3.6.1.4.1.311.10.3.3",
    "netscapeservergatedcrypto": "2.16.840.1.113730.4.1",
    "microsoftcommercialcodesigning": "1.3.6.1.4.1.311.2.1.22",
    "microsoftkernelcodesigning": "1.3.6.1.4.1.311.61.1.1",
}
_NOTHING = "(?!)"


def policy_of(role: Role, *, source: str) -> Policy:
    """Return the rules of a role as the API returns it; ``source`` names it in messages."""
    return Policy(
        source=source,
        restrictive=False,
        allowed_domain_patterns=_domains(role),
        allowed_ip_ranges=_addresses(role),
        allowed_uris=None if role.get("allowed_uri_sans_template") else tuple(role.get("allowed_uri_sans") or ()),
        forbid_wildcards=role.get("allow_wildcard_certificates") is False,
        key_types=_keys(role),
        max_lifetime=seconds(role.get("max_ttl")) or None,
        required_subject={"common_name": ()} if role.get("require_cn", True) else None,
        extended_key_usages=_usages(role),
    )


def _domains(role: Role) -> t.Optional[t.Tuple[str, ...]]:
    """Return patterns for whole DNS names, None if the role allows any or depends on who asks."""
    if role.get("allow_any_name") or role.get("allowed_domains_template") or role.get("allow_token_displayname"):
        return None
    patterns = [pattern for domain in role.get("allowed_domains") or () for pattern in _patterns(str(domain), role)]
    if role.get("allow_localhost", True):
        patterns.append("localhost|localdomain")
    return tuple(dict.fromkeys(patterns)) or (_NOTHING,)


def _patterns(domain: str, role: Role) -> t.Iterator[str]:
    literal = re.escape(domain)
    if role.get("allow_bare_domains"):
        yield literal.lower()
    # Our names are in lower case, and here the server compares upper and lower case as they are.
    if role.get("allow_subdomains"):
        yield rf".+\.{literal}"
    if role.get("allow_glob_domains") and "*" in domain:
        yield literal.replace(r"\*", ".*")


def _addresses(role: Role) -> t.Optional[t.Tuple[str, ...]]:
    if role.get("allow_ip_sans") is False:
        return ()
    return tuple(role.get("allowed_ip_sans_cidr") or ()) or None


def _keys(role: Role) -> t.Optional[t.Dict[str, int]]:
    if role.get("key_type") not in _KEY_TYPES:
        return None
    name, usual = _KEY_TYPES[role["key_type"]]
    return {name: (int(role.get("key_bits") or 0) or usual) if usual else 0}


def _usages(role: Role) -> t.Optional[t.Tuple[str, ...]]:
    named = [usage for flag, usage in _FLAGS.items() if role.get(flag, flag in ("server_flag", "client_flag"))]
    spelled = [str(text).lower().replace("extkeyusage", "") for text in role.get("ext_key_usage") or ()]
    named += [_GO_USAGES[text] for text in spelled if text in _GO_USAGES]
    named += [str(oid) for oid in role.get("ext_key_usage_oids") or ()]
    return None if not named or "any" in named else tuple(dict.fromkeys(named))
