# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: no promise is made about what is in here.

"""What is asked of an embedded CA, and whether it may be had. No I/O in here.

Of a CSR only the key, the names and the extended usages count. Subject fields are those of
the order that the CSR has too; everything else in the CSR is left aside or refused.
"""

from __future__ import annotations

import typing as t

from ansible_collections.certfleet.pki.plugins.module_utils._errors import (
    BadCertificate,
    Misconfigured,
    Rejected,
)
from ansible_collections.certfleet.pki.plugins.module_utils._local.issuing import Leaf
from ansible_collections.certfleet.pki.plugins.module_utils._local.profile import (
    PermittedNames,
    Settings,
    check_permitted,
)
from ansible_collections.certfleet.pki.plugins.module_utils._model import Order
from ansible_collections.certfleet.pki.plugins.module_utils._names import canonical_names
from ansible_collections.certfleet.pki.plugins.module_utils._policy import enforce
from ansible_collections.certfleet.pki.plugins.module_utils._x509 import RequestFacts, read_request

__all__ = ("check_leaf", "leaf_for", "read_order", "terms_of")

#: As Vault's and step-ca's defaults: what a TLS service and its clients need.
_DEFAULT_USAGES = ("client_auth", "server_auth")
_SMALLEST_RSA = 2048
_KEY_TYPES = ("ecdsa", "rsa", "ed25519")


def read_order(csr_pem: str) -> RequestFacts:
    """Return what the CSR says. Raises Rejected if it can't be trusted or asks for what nobody can have here."""
    try:
        facts = read_request(csr_pem)
    except BadCertificate as error:
        raise Rejected(
            "The local CA can't read the certificate signing request; make a new one.", detail=error.detail
        ) from error
    problem = _problem(facts)
    if problem:
        raise Rejected(f"The local CA refused the certificate signing request: {problem}.")
    return facts


def _problem(facts: RequestFacts) -> t.Optional[str]:
    if not facts.signature_valid:
        return "its signature does not fit its key, so make a new one"
    if facts.other_names:
        return f"it has names of a kind that can't be had ({', '.join(facts.other_names)}), so leave them out"
    if facts.key.type not in _KEY_TYPES or (facts.key.type == "ecdsa" and not str(facts.key.curve).startswith("P-")):
        return f"keys of type {facts.key} can't be certified, so use ECDSA, RSA or Ed25519"
    if facts.key.type == "rsa" and facts.key.size < _SMALLEST_RSA:
        return f"an RSA key of {facts.key.size} bits is too small, so use {_SMALLEST_RSA} or more"
    return _problem_of_names(facts)


def _problem_of_names(facts: RequestFacts) -> t.Optional[str]:
    names = facts.names
    try:
        canonical_names(dns=names.dns, ip=names.ip, email=names.email, uri=names.uri)
    except Misconfigured as error:
        return error.message.rstrip(".")
    if not names and not facts.common_name:
        return "it has no name at all, so give it one"
    return None


def terms_of(order: Order, facts: RequestFacts) -> t.Dict[str, t.Any]:
    """Return, in plain types, what is kept of an order besides its CSR."""
    return {
        "common_name": order.common_name if order.common_name == facts.common_name else None,
        "subject": [list(pair) for pair in order.subject if tuple(pair) in facts.subject_pairs],
        "lifetime": order.lifetime,
        "label": order.label,
    }


def leaf_for(facts: RequestFacts, terms: t.Mapping[str, t.Any], settings: Settings) -> Leaf:
    """Return the certificate to be made."""
    return Leaf(
        request=facts,
        common_name=terms["common_name"],
        subject=tuple((field, value) for field, value in terms["subject"]),
        names=facts.names,
        extended_key_usage=facts.extended_key_usage or _default_usages(settings),
        lifetime=terms["lifetime"] or settings.lifetime,
        crl_urls=settings.crl_urls,
    )


def _default_usages(settings: Settings) -> t.Tuple[str, ...]:
    allowed = settings.policy(source="profile").extended_key_usages
    if allowed is None:
        return _DEFAULT_USAGES
    return tuple(usage for usage in _DEFAULT_USAGES if usage in allowed) or tuple(allowed)


def check_leaf(leaf: Leaf, settings: Settings, permitted: PermittedNames, *, source: str, identity: str) -> None:
    """Raise PolicyViolation if the profile or the CA's own name constraints forbid it."""
    enforce(
        [settings.policy(source=source)],
        names=leaf.names,
        common_name=leaf.common_name,
        subject=leaf.subject,
        key=leaf.request.key,
        extended_key_usage=leaf.extended_key_usage,
        lifetime=leaf.lifetime,
        authority_identity=identity,
    )
    check_permitted(permitted, names=leaf.names, source=source)
