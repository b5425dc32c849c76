# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: no promise is made about what is in here.
"""What an ACME server's refusals mean: problem documents (RFC 7807, RFC 8555, section 6.7) as our errors."""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.certfleet.pki.plugins.module_utils._errors import (
    Misconfigured,
    NotFound,
    PkiError,
    Rejected,
    Unauthorized,
    Unavailable,
)
from ansible_collections.certfleet.pki.plugins.module_utils._http import retry_after

if t.TYPE_CHECKING:
    import requests

__all__ = ("AUTHORITY", "Problem", "json_object", "problem_of", "read_problem", "refusal", "unverified")

AUTHORITY = "acme"
_PREFIX = "urn:ietf:params:acme:error:"
_LONGEST_WORDS = 600

#: Problem type, what that is, and our sentence.
_RULES: t.Mapping[str, t.Tuple[t.Type[PkiError], str]] = {
    "accountDoesNotExist": (
        Unauthorized,
        "{server} does not know the account key; make the account with certfleet.pki.acme_account, or give the right account_key.",
    ),
    "externalAccountRequired": (
        Misconfigured,
        "{server} makes an account only for its customers; give eab with the kid and hmac_key that the CA gave you.",
    ),
    "userActionRequired": (
        Unauthorized,
        "{server} wants you to agree to something before it goes on, such as new terms of service: {visit}{words}.",
    ),
    "unauthorized": (
        Unauthorized,
        "{server} does not let this account do that ({words}); check account_key, and with certfleet.pki.acme_account its status.",
    ),
    "badCSR": (Misconfigured, "{server} does not take such a request: {words}; change names or key."),
    "badPublicKey": (Misconfigured, "{server} does not take such a key: {words}; use another key."),
    "badSignatureAlgorithm": (Misconfigured, "{server} does not take such an account_key: {words}; use another key."),
    "badRevocationReason": (
        Misconfigured,
        "{server} does not take this reason for a revocation: {words}; give another.",
    ),
    "invalidProfile": (Misconfigured, "{server} can't use this profile for the order: {words}; correct profile."),
    "invalidContact": (Misconfigured, "{server} does not take the contact: {words}; correct contact."),
    "unsupportedContact": (Misconfigured, "{server} does not take such a contact: {words}; correct contact."),
    "unsupportedIdentifier": (
        Misconfigured,
        "{server} does not issue for names of this kind: {words}; leave them out.",
    ),
    "malformed": (Misconfigured, "{server} does not understand the request: {words}; check the options."),
    "rateLimited": (Unavailable, "{server} limits the rate of requests: {words}; try again later."),
    "badNonce": (Unavailable, "{server} refuses its own nonces; try again."),
    "serverInternal": (Unavailable, "{server} has a problem of its own: {words}; try again."),
}
#: About one order, not about how it was asked: another order may do better.
_OF_THE_ORDER = frozenset(
    (
        "rejectedIdentifier",
        "caa",
        "connection",
        "dns",
        "dnssec",
        "incorrectResponse",
        "tls",
        "compound",
        "orderNotReady",
    )
)


@dataclasses.dataclass(frozen=True)
class Problem:
    """A problem document: its type without ACME's prefix, the server's words in one line, what it links to."""

    code: str
    words: str
    visit: str = ""


def json_object(response: requests.Response) -> t.Dict[str, t.Any]:
    """Return the JSON object of an answer, an empty one for anything else."""
    try:
        body = response.json()
    except ValueError:
        body = None
    return body if isinstance(body, dict) else {}


def problem_of(response: requests.Response) -> t.Optional[Problem]:
    """Return the problem that a refusal tells of, None if it is none in ACME's form or no refusal."""
    if response.ok:
        return None
    terms = response.links.get("terms-of-service", {}).get("url", "")
    return read_problem(json_object(response), terms=terms)


def read_problem(document: t.Any, *, terms: str = "") -> t.Optional[Problem]:
    """Return what a problem document says, None if it is none."""
    if not isinstance(document, t.Mapping) or not isinstance(document.get("type"), str):
        return None
    visit = str(document.get("instance") or terms or "")
    code = document["type"]
    return Problem(code[len(_PREFIX) :] if code.startswith(_PREFIX) else code, _words(document), visit)


def _words(document: t.Mapping[str, t.Any]) -> str:
    """Return the server's words, with those about each name behind them."""
    told = [_line(document.get("detail") or document.get("title"))]
    parts = document.get("subproblems")
    for part in parts if isinstance(parts, list) else ():
        if isinstance(part, t.Mapping):
            identifier = part.get("identifier")
            name = identifier.get("value") if isinstance(identifier, t.Mapping) else None
            told.append(": ".join(filter(None, (_line(name), _line(part.get("detail"))))))
    return "; ".join(filter(None, told))[:_LONGEST_WORDS]


def _line(text: t.Any) -> str:
    return " ".join(str(text or "").split()).rstrip(" .;")


def refusal(response: requests.Response, *, server: str, missing: t.Optional[PkiError] = None) -> PkiError:
    """Return the error that an answer of 400 or more stands for; ``missing`` is what 404 means for this call."""
    problem = problem_of(response) or Problem("", "")
    status = response.status_code
    facts: t.Dict[str, t.Any] = {"detail": problem.words, "authority": AUTHORITY, "http_status": status}
    if status == 404 and missing is not None:
        return missing
    if problem.code in _OF_THE_ORDER:
        return Rejected(f"{server} refuses the order: {problem.words or problem.code}.", retryable=True, **facts)
    if problem.code in _RULES:
        return _by_rule(problem, server, {**facts, "retry_after": retry_after(response)})
    if status == 429 or status >= 500:
        told = f" ({problem.words})" if problem.words else ""
        message = f"{server} can't serve the request now{told}, HTTP status {status}; try again."
        return Unavailable(message, retry_after=retry_after(response), **facts)
    if status == 404:
        return NotFound(f"{server} does not know what was asked for; check directory.", **facts)
    return Misconfigured(f"{server} refused the request: {problem.words or f'HTTP status {status}'}.", **facts)


def _by_rule(problem: Problem, server: str, facts: t.Dict[str, t.Any]) -> PkiError:
    kind, sentence = _RULES[problem.code]
    if kind is not Unavailable:
        del facts["retry_after"]
    visit = f"{problem.visit}, " if problem.visit else ""
    return kind(sentence.format(server=server, words=problem.words or problem.code, visit=visit), **facts)


def unverified(failures: t.Sequence[t.Tuple[str, str]], *, server: str) -> Rejected:
    """Return the error for names that the CA could not verify: pairs of what was looked at, and what it saw."""
    told = "; ".join(f"{where}: {seen}" for where, seen in failures)
    count = "a name" if len(failures) == 1 else f"{len(failures)} names"
    return Rejected(f"{server} could not verify {count}: {told}.", detail=told, authority=AUTHORITY, retryable=True)
