# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: no promise is made about what is in here.
"""What Vault's refusals mean. Its words are matched where its status codes say too little.

Status codes: https://developer.hashicorp.com/vault/api-docs#http-status-codes
"""

from __future__ import annotations

import re
import typing as t

from ansible_collections.certfleet.pki.plugins.module_utils._errors import (
    Misconfigured,
    PkiError,
    PolicyViolation,
    Rejected,
    Unauthorized,
    Unavailable,
)
from ansible_collections.certfleet.pki.plugins.module_utils._http import retry_after

if t.TYPE_CHECKING:
    import requests

__all__ = ("AUTHORITY", "Denied", "login_refused", "refusal", "words_of")

AUTHORITY = "vault"


class Denied(Unauthorized):
    """The token is good, but lacks the right for this path."""


_LONGEST_WORDS = 600

Rule = t.Tuple[str, t.Type[PkiError], str]

#: What the server says (a pattern), what that is, and our sentence; the first match counts.
_RULES: t.Tuple[Rule, ...] = (
    (r"\bis sealed", Unavailable, "{server} is sealed; unseal it, then try again."),
    (r"not (yet )?initiali[sz]ed", Unavailable, "{server} is not initialised; do that, then try again."),
    (r"not active but active|in standby|standby node", Unavailable, "{server} has no active node now; try again."),
    (r"namespace not found", Misconfigured, "There is no namespace '{namespace}' on {server}; correct namespace."),
    (r"no handler for route", Misconfigured, "Nothing is mounted at '{mount}' on {server}; correct mount."),
    (r"unknown role", Misconfigured, "There is no role '{role}' at '{mount}' on {server}; create it, or correct role."),
    (r"unable to find PKI issuer", Misconfigured, "There is no issuer '{issuer}' at '{mount}'; correct issuer."),
    (r"no default issuer|\(was one set", Misconfigured, "The mount '{mount}' on {server} has no CA; set one up there."),
    (r"unsupported (operation|path)", Misconfigured, "'{mount}' on {server} is no PKI secrets engine; correct mount."),
    (
        r"beyond the expiration of the CA",
        Misconfigured,
        "The CA at '{mount}' expires before the certificate would; lower lifetime, or renew the CA ({words}).",
    ),
    (
        r"not allowed|not permitted|role requires|requires a minimum|by this role|(field|CN) is required",
        PolicyViolation,
        "The role '{role}' at '{mount}' does not allow this request: {words}.",
    ),
)

_UNAVAILABLE = frozenset((412, 429, 472, 473))


def words_of(response: requests.Response) -> str:
    """Return the server's own words in one line."""
    try:
        errors = response.json().get("errors") or []
    except (ValueError, AttributeError):
        errors = []
    text = " ".join("; ".join(str(error) for error in errors).split())
    text = re.sub(r"\d+ errors? occurred: \* ", "", text).replace(" * ", "; ")
    return text[:_LONGEST_WORDS].rstrip(" .;")


def refusal(
    response: requests.Response, names: t.Mapping[str, str], *, missing: t.Optional[PkiError] = None
) -> PkiError:
    """Return the error that an answer of 400 or more stands for.

    ``names`` fill the sentences: server, namespace, mount, role, issuer, path, capability.
    ``missing`` is what a bare 404 means for this call.
    """
    words, status = words_of(response), response.status_code
    facts: t.Dict[str, t.Any] = {"detail": words, "authority": AUTHORITY, "http_status": status}
    for pattern, kind, sentence in _RULES:
        if re.search(pattern, words, re.IGNORECASE):
            return kind(sentence.format(words=words, **names), **facts)
    if status in (401, 403):
        return _forbidden(names, facts)
    if status == 404:
        return missing or Misconfigured("There is no '{path}' on {server}; check mount.".format(**names), **facts)
    if status in _UNAVAILABLE or status >= 500:
        return _unavailable(response, names, facts)
    return Rejected(f"{names['server']} refused the request: {words or f'HTTP status {status}'}.", **facts)


def _forbidden(names: t.Mapping[str, str], facts: t.Mapping[str, t.Any]) -> PkiError:
    return Denied(
        "The token may not use {path} on {server}; grant its policy the capability '{capability}' there, "
        "or correct mount, role and namespace.".format(**names),
        **facts,
    )


def _unavailable(response: requests.Response, names: t.Mapping[str, str], facts: t.Mapping[str, t.Any]) -> PkiError:
    words = facts["detail"]
    reason = f" ({words})" if words else ""
    if response.status_code == 429:
        message = f"{names['server']} limits the rate of requests; try again later."
    else:
        status = response.status_code
        message = f"{names['server']} can't serve the request now{reason}, HTTP status {status}; try again."
    return Unavailable(message, retry_after=retry_after(response), **facts)


def login_refused(response: requests.Response, names: t.Mapping[str, str], *, method: str, hint: str) -> PkiError:
    """Return the error that a refused login stands for; ``hint`` says what to check."""
    if response.status_code not in (400, 401, 403, 404):
        return refusal(response, names)
    words = words_of(response)
    if "namespace not found" in words:
        return refusal(response, names)
    return Unauthorized(
        f"The login by {method} at {names['path']} on {names['server']} was refused; check mount, {hint}.",
        detail=words,
        authority=AUTHORITY,
        http_status=response.status_code,
    )
