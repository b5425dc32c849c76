# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What AcmeProxy can do to a request, instead of handing it on.

proxy.inject("newOrder", rate_limited(retry_after=2), times=3)
proxy.inject("finalize", dropped())                       # the CA has it, the client hears nothing
proxy.inject("order", altered(status="processing"), times=2)

A fault is a function of the exchange; it returns the answer, or None to cut the connection.
"""

from __future__ import annotations

import dataclasses
import json
import time
import typing as t

from ansible_collections.certfleet.pki.tests.support.acme_requests import Request

__all__ = (
    "Answer",
    "Exchange",
    "Fault",
    "altered",
    "bad_nonce",
    "dropped",
    "failing",
    "problem",
    "rate_limited",
    "slow",
)


@dataclasses.dataclass(frozen=True)
class Answer:
    """An answer to a client; a header may occur more than once."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def json(self) -> t.Any:
        """Return what the body holds."""
        return json.loads(self.body)

    def with_json(self, content: t.Any) -> Answer:
        """Return the same answer with another body."""
        return dataclasses.replace(self, body=json.dumps(content).encode())


@dataclasses.dataclass(frozen=True)
class Recorded(Request):
    """A request that a proxy got. ``payload`` is what the JWS holds: None without one, "" for a POST-as-GET."""

    payload: t.Any
    protected: t.Mapping[str, t.Any]
    user_agent: str
    #: time.monotonic() when it came.
    at: float


class Exchange(t.Protocol):
    """A request on its way through the proxy."""

    request: Recorded

    def forward(self) -> Answer:
        """Hand the request on, and return the server's answer."""

    def nonce(self) -> str:
        """Return a fresh nonce of the server."""

    def postpone(self, fault: Fault) -> None:
        """Do this to the next request for the same resource."""


Fault = t.Callable[[Exchange], t.Optional[Answer]]


def _has_turned_away(answer: Answer) -> bool:
    """Tell whether the server itself did not like the nonce: then nothing was done, and the client comes again."""
    return answer.status == 400 and b":badNonce" in answer.body


def problem(kind: str, status: int, detail: str = "Injected.", *, retry_after: str | int | None = None) -> Fault:
    """Answer with a problem document (RFC 8555, section 6.7): rateLimited, alreadyReplaced... or one with a colon in it."""

    def fault(exchange: Exchange) -> Answer:
        name = kind if ":" in kind else f"urn:ietf:params:acme:error:{kind}"
        headers = [("Content-Type", "application/problem+json"), ("Replay-Nonce", exchange.nonce())]
        if retry_after is not None:
            headers.append(("Retry-After", str(retry_after)))
        body = json.dumps({"type": name, "detail": detail, "status": status}).encode()
        return Answer(status, tuple(headers), body)

    return fault


def rate_limited(*, retry_after: str | int | None = 1) -> Fault:
    """Answer 429; ``retry_after`` is in seconds, or an HTTP date."""
    return problem("rateLimited", 429, "Too many orders.", retry_after=retry_after)


def bad_nonce() -> Fault:
    """Reject a nonce, as often as it is injected: a storm."""
    return problem("badNonce", 400, "The nonce is stale.")


def failing(status: int = 500, *, retry_after: str | int | None = None) -> Fault:
    """Answer as a broken server or the proxy in front of it does: HTML, without a nonce."""
    headers = (
        ("Content-Type", "text/html"),
        *((("Retry-After", str(retry_after)),) if retry_after is not None else ()),
    )
    return lambda _: Answer(status, headers, b"<html><h1>Something went wrong</h1></html>")


def dropped(*, forwarded: bool = True) -> Fault:
    """Cut the connection; the server has done what it was asked, unless not ``forwarded``."""

    def fault(exchange: Exchange) -> t.Optional[Answer]:
        answer = exchange.forward() if forwarded else None
        if answer is not None and _has_turned_away(answer):
            exchange.postpone(fault)
            return answer
        return None

    return fault


def slow(seconds: float) -> Fault:
    """Answer rightly, but late."""

    def fault(exchange: Exchange) -> Answer:
        answer = exchange.forward()
        time.sleep(seconds)
        return answer

    return fault


def altered(*, retry_after: str | int | None = None, **fields: t.Any) -> Fault:
    """Change fields of the server's JSON answer; None removes one."""

    def fault(exchange: Exchange) -> Answer:
        answer = exchange.forward()
        if _has_turned_away(answer):
            exchange.postpone(fault)
            return answer
        content = {**answer.json(), **fields}
        changed = answer.with_json({name: value for name, value in content.items() if value is not None})
        kept = [pair for pair in changed.headers if retry_after is None or pair[0].lower() != "retry-after"]
        added = [("Retry-After", str(retry_after))] if retry_after is not None else []
        return dataclasses.replace(changed, headers=(*kept, *added))

    return fault
