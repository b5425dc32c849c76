# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: no promise is made about what is in here.
"""Orders at the server: placing, reading, finalizing, downloading, withdrawing (RFC 8555, section 7.4)."""

from __future__ import annotations

import contextlib
import dataclasses
import typing as t
from datetime import datetime

try:
    from cryptography.hazmat.primitives import serialization
except ImportError:  # _x509.require_cryptography reports it
    serialization = None  # type: ignore[assignment]

from ansible_collections.certfleet.pki.plugins.module_utils._acme._account import Account
from ansible_collections.certfleet.pki.plugins.module_utils._acme._chains import Chain, is_preferred, split_chain
from ansible_collections.certfleet.pki.plugins.module_utils._acme._challenges import Authorization, failures
from ansible_collections.certfleet.pki.plugins.module_utils._acme._client import AcmeClient, links
from ansible_collections.certfleet.pki.plugins.module_utils._acme._errors import (
    AUTHORITY,
    json_object,
    read_problem,
    unverified,
)
from ansible_collections.certfleet.pki.plugins.module_utils._base64url import encode as b64url
from ansible_collections.certfleet.pki.plugins.module_utils._errors import (
    Misconfigured,
    NotFound,
    PkiError,
    Rejected,
    Unauthorized,
)
from ansible_collections.certfleet.pki.plugins.module_utils._http import retry_after
from ansible_collections.certfleet.pki.plugins.module_utils._times import parse_time
from ansible_collections.certfleet.pki.plugins.module_utils._x509 import load_request

if t.TYPE_CHECKING:
    import requests

__all__ = ("Orders", "State")

_OPEN = ("pending", "ready")


@dataclasses.dataclass(frozen=True)
class State:
    """An order as the server last told it; ``wait`` is the seconds that it asked to wait."""

    url: str
    body: t.Mapping[str, t.Any]
    wait: t.Optional[float] = None

    @property
    def status(self) -> str:
        """Return the status (section 7.1.6)."""
        return str(self.body.get("status") or "")

    @property
    def names(self) -> t.FrozenSet[str]:
        """Return the names that the order is for."""
        found = self.body.get("identifiers")
        return frozenset(
            str(one.get("value")).lower() for one in (found if isinstance(found, list) else ()) if isinstance(one, dict)
        )

    def is_over(self, now: datetime) -> bool:
        """Tell whether the time for it has passed."""
        try:
            return self.status in _OPEN and parse_time(self.body["expires"]) <= now
        except (KeyError, Misconfigured):
            return False


class Orders:
    """The orders of one account. Usable from several threads."""

    def __init__(self, client: AcmeClient, account: Account) -> None:
        self._client = client
        self._account = account

    def place(self, content: t.Mapping[str, t.Any]) -> State:
        """Place an order, which is never sent twice. Raises Rejected, Misconfigured, Unauthorized, Unavailable.

        What it ``replaces`` is left out if the server does not take it: replaced before, or of another CA or account.
        """
        try:
            answer = self._account.post(self._client.directory["newOrder"], content, repeatable=False)
        except (Misconfigured, NotFound, Unauthorized) as error:
            if "replaces" not in content or error.http_status not in (400, 403, 404, 409):
                raise
            return self.place({name: value for name, value in content.items() if name != "replaces"})
        return self._state(self._client.location(answer), answer)

    @staticmethod
    def _state(url: str, answer: requests.Response) -> State:
        return State(url, json_object(answer), retry_after(answer))

    def read(self, url: str) -> State:
        """Return an order. Raises NotFound for what is no order of this account, or over."""
        unknown = NotFound(
            f"{self._client.server} does not know this order any more, or it is another account's; order anew.",
            authority=AUTHORITY,
        )
        if not self._client.owns(url):
            raise unknown
        answer = self._account.post(url, expected=("unauthorized", "malformed"), missing=unknown)
        if not answer.ok:
            self._account.check()
            raise unknown
        state = self._state(url, answer)
        if not state.status or state.is_over(self._client.context.clock()):
            raise unknown
        return state

    def authorizations(self, state: State) -> t.List[Authorization]:
        """Return the authorizations of an order, in its order."""
        urls = state.body.get("authorizations")
        return [self.authorization(url) for url in (urls if isinstance(urls, list) else ())]

    def authorization(self, url: str) -> Authorization:
        """Return one authorization; one that the server does not know any more has the status ``gone``."""
        answer = self._account.post(url, expected=("malformed",), missing=None)
        return Authorization.read(url, json_object(answer) if answer.ok else {"status": "gone"})

    def answer(self, url: str) -> None:
        """Have the server look at a challenge; that it has looked before is no error (section 7.5.1)."""
        self._account.post(url, {}, expected=("malformed",))

    def finalize(self, state: State, csr_pem: str) -> State:
        """Send the CSR; an order that turns out not to be ready is told as it is. Raises Misconfigured, Rejected."""
        csr = b64url(_der(csr_pem))
        answer = self._account.post(str(state.body.get("finalize")), {"csr": csr}, expected=("orderNotReady",))
        return self._state(state.url, answer) if answer.ok else self.read(state.url)

    def rejection(self, state: State) -> Rejected:
        """Return why an order has failed, from its authorizations and its own words."""
        failed = failures(self.authorizations(state))
        if failed:
            return unverified(failed, server=self._client.server)
        problem = read_problem(state.body.get("error"))
        words = problem.words or problem.code if problem else "it gives no reason"
        message = f"{self._client.server} has given up the order: {words}."
        return Rejected(message, detail=words, authority=AUTHORITY, retryable=True)

    def download(self, state: State, *, preferred: t.Optional[str]) -> t.Tuple[Chain, t.Tuple[str, ...]]:
        """Return the certificate with its chain, and warnings. Raises NotFound, BadCertificate."""
        gone = NotFound(
            f"{self._client.server} does not keep the certificate of this order any more; order anew.",
            authority=AUTHORITY,
            http_status=404,
        )
        answer = self._account.post(str(state.body.get("certificate")), missing=gone)
        default = split_chain(answer.text, server=self._client.server)
        if not preferred or is_preferred(default, preferred):
            return default, ()
        for url in links(answer, "alternate"):
            chain = split_chain(self._account.post(url).text, server=self._client.server)
            if is_preferred(chain, preferred):
                return chain, ()
        return default, (f"The CA has no chain up to '{preferred}' (preferred_chain); its usual one is taken.",)

    def withdraw(self, state: State) -> None:
        """Deactivate what is pending of an order's authorizations (section 7.5.2), as far as that can be done."""
        for authorization in self.authorizations(state):
            if authorization.status == "pending":
                with contextlib.suppress(PkiError):
                    self._account.post(authorization.url, {"status": "deactivated"})


def _der(csr_pem: str) -> bytes:
    return load_request(csr_pem).public_bytes(serialization.Encoding.DER)
