# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: no promise is made about what is in here.
"""What EJBCA's refusals mean. Its words are matched where its status codes say too little."""

from __future__ import annotations

import re
import typing as t

from ansible_collections.certfleet.pki.plugins.module_utils._ejbca._wire import field
from ansible_collections.certfleet.pki.plugins.module_utils._errors import (
    Misconfigured,
    PkiError,
    PolicyViolation,
    Rejected,
    Unavailable,
)
from ansible_collections.certfleet.pki.plugins.module_utils._rest import Answer, Rest

__all__ = ("AUTHORITY", "is_ejbcas", "is_login_refused", "refusal", "words_of")

AUTHORITY = "ejbca"
_LONGEST_WORDS = 600
_MISSING = r"(not found|not exist|n't exist|no such|unknown|could not find|couldn't find|cannot find)"

Rule = t.Tuple[t.Optional[int], str, t.Type[PkiError], str]

#: Status (None: any below 500), what EJBCA says (a pattern), what that is, and our sentence; the first match counts.
_RULES: t.Tuple[Rule, ...] = (
    (
        403,
        r"disabled|not enabled",
        Misconfigured,
        (
            "The REST protocol that is needed {what} is disabled in EJBCA on {server}; enable it there under System "
            "Configuration, Protocol Configuration."
        ),
    ),
    (
        None,
        rf"end.?entity.?profile.*{_MISSING}|{_MISSING}.*end.?entity.?profile",
        Misconfigured,
        "EJBCA has no end entity profile '{end_entity_profile}' for this login; correct end_entity_profile.",
    ),
    (
        None,
        rf"certificate.?profile.*{_MISSING}|{_MISSING}.*certificate.?profile",
        Misconfigured,
        "EJBCA has no certificate profile '{certificate_profile}' for this login; correct certificate_profile.",
    ),
    (
        None,
        rf"\bCA\b.*{_MISSING}|{_MISSING}.*\bCA\b",
        Misconfigured,
        "EJBCA has no CA '{certificate_authority}' for this login; correct certificate_authority.",
    ),
    (
        None,
        r"(user|entity).*already exist|already exist.*(user|entity)",
        Misconfigured,
        (
            "The end entity '{end_entity}' exists in EJBCA already and can't be enrolled again; set end_entity to another "
            "name, or allow the login to edit end entities."
        ),
    ),
    (
        400,
        r"offline|not active",
        Unavailable,
        "The CA '{certificate_authority}' of EJBCA is away: {words}; try again later.",
    ),
    (
        400,
        r"single transaction",
        Misconfigured,
        (
            "EJBCA does not enrol in one call where approvals are on: {words}; switch off there the approval of end "
            "entities for the CA and the certificate profile, or choose another certificate_profile."
        ),
    ),
    (
        400,
        r"approv",
        Rejected,
        "EJBCA wants an approval {what}: {words}; approve or remove the request there, then try again.",
    ),
    (
        400,
        (
            r"\bunique\b|same (public )?key|not allowed|not permitted|does not match|profile|wrong number|must exist|"
            r"illegal"
        ),
        PolicyViolation,
        "EJBCA does not allow this request: {words}.",
    ),
    (422, "", PolicyViolation, "EJBCA does not allow this request: {words}."),
)


def words_of(answer: Answer, *, secrets: t.Iterable[str] = ()) -> str:
    """Return EJBCA's own words in one line, without ``secrets``; nothing if it is not EJBCA that speaks."""
    text = field(answer.fields, "error_message") or (answer.body if isinstance(answer.body, str) else "")
    plain = " ".join(re.sub(r"<[^>]*>", " ", str(text)).split())
    for secret in secrets:
        plain = plain.replace(secret, "***")
    return plain[:_LONGEST_WORDS].rstrip(" .;")


def is_login_refused(answer: Answer) -> bool:
    """Tell a login that is not known or no longer good from a right that is missing: EJBCA answers 403 to both."""
    if answer.status != 403:
        return answer.status == 401
    return bool(re.search(r"authenticat|\btoken\b", words_of(answer), re.IGNORECASE))


def is_ejbcas(answer: Answer) -> bool:
    """Tell EJBCA's own errors from those of an application server or gateway in front of it."""
    return field(answer.fields, "error_message") is not None


def refusal(
    rest: Rest,
    answer: Answer,
    what: str,
    names: t.Mapping[str, str],
    *,
    words: str,
    missing: t.Optional[PkiError] = None,
) -> PkiError:
    """Return the error for an answer of 400 or more.

    ``what`` was asked for, ``words`` are EJBCA's, ``missing`` is what its 404 means.
    """
    status = answer.status
    facts: t.Dict[str, t.Any] = {"detail": words, "authority": AUTHORITY, "http_status": status}
    if status == 404 and missing is not None and is_ejbcas(answer):
        return missing
    if status not in (401, 429) and status < 500:
        for expected, pattern, kind, sentence in _RULES:
            if expected in (None, status) and re.search(pattern, words, re.IGNORECASE):
                told = words or f"HTTP status {status}"
                return kind(sentence.format(words=told, what=what, server=rest.url, **names), **facts)
    if status == 404:
        return _not_there(rest, answer, what, facts)
    if status == 400:
        return Rejected(f"EJBCA refused {what}: {words or 'it gives no reason'}; change what is asked for.", **facts)
    return rest.refusal(answer, what, told=words)


def _not_there(rest: Rest, answer: Answer, what: str, facts: t.Mapping[str, t.Any]) -> PkiError:
    if is_ejbcas(answer):
        told = f" ({facts['detail']})" if facts["detail"] else ""
        return Misconfigured(f"EJBCA does not have what is needed {what}{told}; check the options.", **facts)
    return Misconfigured(
        f"There is no REST API of EJBCA at {rest.url} {what}; correct url, or enable the protocol there under "
        "System Configuration, Protocol Configuration.",
        **{**facts, "detail": ""},
    )
