# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: no promise is made about what is in here.

"""What can go wrong, told apart by what the caller has to do about it.

PkiError
 +-- Misconfigured     the options are wrong: change them
 +-- Unauthorized      the credentials or their rights are wrong: change those
 +-- PolicyViolation   a rule forbids it: ask for something else
 +-- Rejected          the CA said no to this request: another request is needed
 +-- Unavailable       the CA did not answer: try again, the same way
 +-- NotFound          the CA does not know what was asked for
 +-- BadCertificate    the answer does not fit the request: nothing may be installed
 +-- HostFailure       the managed host could not do its part
"""

from __future__ import annotations

import typing as t

__all__ = (
    "BadCertificate",
    "HostFailure",
    "Misconfigured",
    "NotFound",
    "PkiError",
    "PolicyViolation",
    "Rejected",
    "Unauthorized",
    "Unavailable",
)


class PkiError(Exception):
    """Base of all errors. ``message`` is one sentence that says what is wrong and what to do.

    ``detail`` holds the other side's own words (already free of credentials), ``http_status``
    the status code if HTTP was spoken, ``retry_after`` the seconds that the CA asked to wait.
    """

    kind: t.ClassVar[str] = "misconfigured"
    retryable: bool = False

    def __init__(
        self,
        message: str,
        *,
        detail: str = "",
        authority: t.Optional[str] = None,
        http_status: t.Optional[int] = None,
        retry_after: t.Optional[float] = None,
        retryable: t.Optional[bool] = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.detail = detail
        self.authority = authority
        self.http_status = http_status
        self.retry_after = retry_after
        #: The request that it is about, where the CA has given it an id.
        self.request_id: t.Optional[str] = None
        if retryable is not None:
            self.retryable = retryable

    def as_dict(self) -> t.Dict[str, t.Any]:
        """Return the ``error`` field of a result."""
        return {
            "kind": self.kind,
            "authority": self.authority,
            "detail": self.detail or self.message,
            "retryable": self.retryable,
            "http_status": self.http_status,
        }


class Misconfigured(PkiError):
    """The options can't work as they are. Trying again without a change is pointless."""

    kind = "misconfigured"


class Unauthorized(PkiError):
    """The CA refused the credentials, or they lack a right."""

    kind = "unauthorized"


class PolicyViolation(PkiError):
    """A rule of the policy, ours or the CA's, forbids the request. ``detail`` lists every rule broken."""

    kind = "policy"


class Rejected(PkiError):
    """The CA refused or denied this request. Another request is needed."""

    kind = "rejected"


class Unavailable(PkiError):
    """The CA could not be reached or was too busy. The same call may be tried again."""

    kind = "unavailable"
    retryable = True

    @property
    def too_many_requests(self) -> bool:
        """Whether the CA is there, and only wants to be asked more slowly (RFC 6585, section 4)."""
        return self.http_status == 429


class NotFound(PkiError):
    """The CA does not know this request or certificate."""

    kind = "not_found"


class BadCertificate(PkiError):
    """A certificate is unreadable, or does not fit what was asked for."""

    kind = "bad_certificate"


class HostFailure(PkiError):
    """The managed host could not do its part, or sent something that can't be trusted."""

    kind = "host"
