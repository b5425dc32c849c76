# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: no promise is made about what is in here.

"""What step-ca's refusals mean. It tells little: the reasons are in its log.

Errors are ``{"status", "message"}``: github.com/smallstep/certificates, errs/error.go.
"""

from __future__ import annotations

import typing as t

from ansible_collections.certfleet.pki.plugins.module_utils._errors import (
    Misconfigured,
    PkiError,
    PolicyViolation,
    Rejected,
    Unauthorized,
)
from ansible_collections.certfleet.pki.plugins.module_utils._rest import Answer, Rest

__all__ = ("AUTHORITY", "not_step", "refusal", "words_of")

AUTHORITY = "step"
_LONGEST_WORDS = 400
_NOISE = (
    "Please see the certificate authority logs for more info.",
    "The request could not be completed: ",
    "The request was forbidden by the certificate authority: ",
)


def words_of(answer: Answer) -> str:
    """Return the server's own words in one line, without what is the same in all of them."""
    text = str(answer.fields.get("message") or "")
    for noise in _NOISE:
        text = text.replace(noise, "")
    return " ".join(text.split())[:_LONGEST_WORDS].rstrip(" .")


def refusal(rest: Rest, answer: Answer, what: str, *, provisioner: str) -> PkiError:
    """Return the error for an answer of 400 or more to a token. ``what`` is such as "to sign the request"."""
    words = words_of(answer)
    facts: t.Dict[str, t.Any] = {"detail": words, "authority": AUTHORITY, "http_status": answer.status}
    says = f": {words}" if words else ""
    if answer.status == 401:
        return Unauthorized(
            f"{rest.url} refused the token of the provisioner '{provisioner}'; check provisioner, the key in auth, "
            "the clocks here and there, and that the host in url is one of the CA's dnsNames (its log says which).",
            **facts,
        )
    if answer.status == 403:
        return PolicyViolation(
            f"The provisioner '{provisioner}' at {rest.url} does not allow this request{says}.", **facts
        )
    if answer.status == 501:
        return Misconfigured(f"{rest.url} can't be asked {what}: the CA has no database; give it one.", **facts)
    if answer.status in (400, 422):
        return Rejected(f"{rest.url} refused this request{says}.", **facts)
    return not_step(rest, answer) if answer.status in (404, 405) else rest.refusal(answer, what, told=words)


def not_step(rest: Rest, answer: Answer) -> PkiError:
    """Return the error for an answer that step-ca would not give."""
    return Misconfigured(
        f"What answers at {rest.url} is not step-ca; check url.", authority=AUTHORITY, http_status=answer.status
    )
