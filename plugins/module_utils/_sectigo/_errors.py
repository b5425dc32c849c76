# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: no promise is made about what is in here.
"""What Sectigo's error codes mean. They count for more than the HTTP status, which is 400 for most."""

from __future__ import annotations

import typing as t

from ansible_collections.certfleet.pki.plugins.module_utils._errors import (
    Misconfigured,
    NotFound,
    PkiError,
    PolicyViolation,
    Rejected,
    Unauthorized,
    Unavailable,
)
from ansible_collections.certfleet.pki.plugins.module_utils._rest import Answer, Rest

__all__ = ("ALREADY_REVOKED", "AUTHORITY", "NO_RENEWAL", "Denied", "code_of", "is_not_ready", "refusal", "words_of")

AUTHORITY = "sectigo"
#: The certificate is being made (-1400), can't be collected (-183), is not ready to be applied for (-1113), not yet available (-109).
_NOT_READY = frozenset((-1400, -183, -1113, -107, -109, -130))
ALREADY_REVOKED = frozenset((-159, -192))
NO_RENEWAL = -180
_LONGEST_WORDS = 600


class Denied(Unauthorized):
    """The login is good, but lacks a right."""


_AWAY = "Sectigo's CA is not available: {words}; try again later."
_DOMAIN = "Sectigo does not issue for these domains: {words}; have them delegated and validated there."
_BAD_REQUEST = "Sectigo can't use this CSR: {words}."
_KEY = "Sectigo's profile '{profile}' does not allow this key: {words}."
_LOGIN = "{server} refused the login: {words}; check what is given under auth."
_RIGHT = "{server} does not allow {what}: {words}; give the login the right role in Sectigo."
_PROFILE = (
    "Sectigo's organization {organization_id} can't use the profile '{profile}': {words}; correct profile or "
    "organization_id."
)

_CODES: t.Mapping[int, t.Tuple[t.Type[PkiError], str]] = {
    -2: (Unavailable, "{server} failed {what}: {words}; try again later."),
    -3: (Denied, _RIGHT),
    -25: (Denied, _RIGHT),
    -37: (Denied, _RIGHT),
    -7: (Misconfigured, "Sectigo misses a field: {words}; check the options."),
    -9: (Rejected, _BAD_REQUEST),
    -10: (Rejected, _BAD_REQUEST),
    -138: (Rejected, _BAD_REQUEST),
    -11: (PolicyViolation, _KEY),
    -13: (PolicyViolation, _KEY),
    -78: (PolicyViolation, _KEY),
    -141: (PolicyViolation, _KEY),
    -170: (PolicyViolation, _KEY),
    -194: (PolicyViolation, _KEY),
    -16: (Unauthorized, _LOGIN),
    -970: (Unauthorized, _LOGIN),
    -36: (Misconfigured, "Sectigo's profile '{profile}' does not have this term: {words}; correct term or lifetime."),
    -39: (Misconfigured, _PROFILE),
    -111: (Misconfigured, _PROFILE),
    -62: (Misconfigured, "Sectigo wants a custom field: {words}; give it in custom_fields."),
    -107: (PolicyViolation, _DOMAIN),
    -737: (PolicyViolation, _DOMAIN),
    -1010: (PolicyViolation, _DOMAIN),
    -1137: (PolicyViolation, _DOMAIN),
    -843: (PolicyViolation, "Sectigo has not validated the organization: {words}; have it validated there."),
    -1023: (
        Misconfigured,
        "Sectigo has no organization {organization_id} for this login: {words}; correct organization_id.",
    ),
    -102: (NotFound, "There is nothing to revoke at Sectigo: {words}."),
    -110: (Rejected, "The certificate is revoked, and Sectigo does not hand it out any more: {words}; order another."),
    -124: (NotFound, "Sectigo does not know this order or certificate: {words}; check the id."),
    -5101: (NotFound, "Sectigo does not know this order or certificate: {words}; check the id."),
    -109: (Unavailable, _AWAY),
    -129: (Unavailable, _AWAY),
    -140: (Unavailable, _AWAY),
    -195: (Unavailable, _AWAY),
}


def code_of(answer: Answer) -> t.Optional[int]:
    """Return the error code, None if there is none."""
    code = answer.fields.get("code")
    return code if isinstance(code, int) and not isinstance(code, bool) else None


def is_not_ready(answer: Answer) -> bool:
    """Tell from a refusal to hand out a certificate whether it is only not made yet; some servers say it with code 0."""
    code = code_of(answer)
    return code in _NOT_READY or (code == 0 and "being processed" in words_of(answer).lower())


def words_of(answer: Answer, *, secrets: t.Iterable[str] = ()) -> str:
    """Return Sectigo's own words in one line, without ``secrets``."""
    words = " ".join(str(answer.fields.get("description") or "").split())
    for secret in secrets:
        words = words.replace(secret, "***")
    return words[:_LONGEST_WORDS].rstrip(" .;")


def refusal(rest: Rest, answer: Answer, what: str, names: t.Mapping[str, t.Any], *, words: str) -> PkiError:
    """Return the error for an answer of 400 or more. ``what`` was asked for, ``words`` are Sectigo's."""
    code = code_of(answer)
    facts: t.Dict[str, t.Any] = {"detail": words, "authority": AUTHORITY, "http_status": answer.status}
    if code in _CODES and answer.status != 429:
        kind, sentence = _CODES[t.cast(int, code)]
        told = words or f"error {code}"
        error = kind(sentence.format(words=told, what=what, server=rest.url, **names), **facts)
        error.retry_after = answer.retry_after
        return error
    if code is not None and answer.status in (400, 404, 409, 422):
        told = f"{words or 'it gives no reason'} (error {code})"
        return Rejected(f"Sectigo refused {what}: {told}; change what is asked for.", **facts)
    if answer.status == 404:
        return Misconfigured(f"There is no API of Sectigo at {rest.url} {what}; correct url.", **facts)
    if answer.status == 403:
        return Denied(_RIGHT.format(server=rest.url, what=what, words=words or "HTTP status 403"), **facts)
    return rest.refusal(answer, what, told=words)
