# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: no promise is made about what is in here.

"""What cfssl's refusals mean: ``{"success": false, "errors": [{"code", "message"}]}``.

Codes: github.com/cloudflare/cfssl, errors/error.go; words: api/signhandler/signhandler.go.
"""

from __future__ import annotations

import re
import typing as t

from ansible_collections.certfleet.pki.plugins.module_utils._errors import (
    Misconfigured,
    NotFound,
    PkiError,
    PolicyViolation,
    Rejected,
    Unauthorized,
)
from ansible_collections.certfleet.pki.plugins.module_utils._rest import Answer, Rest

__all__ = ("AUTHORITY", "refusal")

AUTHORITY = "cfssl"
_LONGEST_WORDS = 400

Rule = t.Tuple[str, t.Type[PkiError], str]

#: What the server says (code and words), what that is, and our sentence; the first match counts.
_RULES: t.Tuple[Rule, ...] = (
    (r"authentication required", Misconfigured, "The {profile} at {url} asks for authentication; give auth_key."),
    (r"no authentication provider", Misconfigured, "The {profile} at {url} has no auth_key; leave auth_key out."),
    (r"invalid token", Unauthorized, "{url} refused the authentication of the request; correct auth_key or profile."),
    (r"bad label", Misconfigured, "{url} has no signer with this label; correct label."),
    (r"^1400 ", Misconfigured, "The {profile} at {url} wants serial numbers from its clients; change the profile."),
    (r"^(54\d\d|52\d\d) ", Misconfigured, "{url} can't use the {profile}: {words}; correct profile."),
    (r"^5[35]\d\d ", PolicyViolation, "The {profile} at {url} does not allow this request: {words}."),
    (
        r"^11200 |certificate not found",
        NotFound,
        "{url} has no such certificate in its database; check which CA it is from.",
    ),
    (r"^11\d\d\d ", Misconfigured, "The certificate database of {url} does not work: {words}; see its log."),
    (r"^9\d\d\d |^13\d\d ", Rejected, "{url} refused the certificate request: {words}."),
)


def refusal(rest: Rest, answer: Answer, endpoint: str, *, profile: str) -> PkiError:
    """Return the error for an answer that is no success. ``endpoint`` is ``sign``, ``revoke`` ..."""
    code, words = _said(answer)
    facts: t.Dict[str, t.Any] = {"detail": words, "authority": AUTHORITY, "http_status": answer.status}
    names = {"url": rest.url, "profile": f"profile '{profile}'" if profile else "default profile", "words": words}
    for pattern, kind, sentence in _RULES if answer.status < 500 else ():
        if re.search(pattern, f"{code} {words}", re.IGNORECASE):
            return kind(sentence.format(**names), **facts)
    if answer.status == 404:
        return Misconfigured(_MISSING.get(endpoint, _NO_CFSSL).format(**names), **facts)
    if answer.status == 405 or (answer.ok and answer.fields.get("success") is not False):
        return Misconfigured(_NO_CFSSL.format(**names), **facts)
    return rest.refusal(answer, f"the call '{endpoint}'", told=words)


_NO_CFSSL = "What answers at {url} is not cfssl; check url."
_MISSING = {
    "sign": "{url} signs nothing without authentication, or is not cfssl; give auth_key, or check url.",
    "authsign": "{url} has no profile with authentication, or is not cfssl; leave auth_key out, or check url.",
    "revoke": "{url} can't revoke, for it has no certificate database; start it with -db-config.",
}


def _said(answer: Answer) -> t.Tuple[int, str]:
    """Return code and words of the first error; the body comes as text/plain, and is JSON all the same."""
    errors = answer.fields.get("errors")
    first = errors[0] if isinstance(errors, list) and errors and isinstance(errors[0], dict) else {}
    code = first.get("code")
    words = " ".join(str(first.get("message") or "").split())[:_LONGEST_WORDS].rstrip(" .")
    return (code if isinstance(code, int) else 0), words
