# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: no promise is made about what is in here.
"""The course of an order: placed or taken up, challenges answered, finalized, downloaded (RFC 8555, section 7.1.6)."""

from __future__ import annotations

import dataclasses
import time
import typing as t

from ansible_collections.certfleet.pki.plugins.module_utils._acme._account import Account
from ansible_collections.certfleet.pki.plugins.module_utils._acme._challenges import (
    challenge_of,
    configured_method,
    failures,
    hosting_of,
    offer_for,
)
from ansible_collections.certfleet.pki.plugins.module_utils._acme._client import AcmeClient
from ansible_collections.certfleet.pki.plugins.module_utils._acme._errors import AUTHORITY, unverified
from ansible_collections.certfleet.pki.plugins.module_utils._acme._orders import Orders, State
from ansible_collections.certfleet.pki.plugins.module_utils._acme._placing import (
    check_lifetime,
    check_names,
    check_profile,
    lifetime_refused,
    new_order,
)
from ansible_collections.certfleet.pki.plugins.module_utils._errors import Misconfigured, NotFound
from ansible_collections.certfleet.pki.plugins.module_utils._model import (
    CertificateStatus,
    Challenge,
    Issued,
    Order,
    Pending,
)

__all__ = ("Issuing",)

#: Seconds between questions as long as the CA does not say; the last one stays.
_PAUSES = (0.1, 0.4, 1.0, 2.0, 4.0, 8.0, 15.0)
#: Most CAs sign within this time, so it is waited for without asking the caller to come again.
_MOMENTS = (0.05, 0.1, 0.2, 0.4)
#: The question at which it is time to find out why nothing happens.
_LOOKS_CLOSER = 4
#: Authorizations that can still become, or are, what the order needs.
_UNDECIDED = ("valid", "pending")
#: What an open order waits for, by its status.
_WAITS_FOR = {
    "pending": "The CA looks at the challenges.",
    "ready": "The order is ready, and waits for the task that placed it.",
    "processing": "The CA is about to sign.",
}


@dataclasses.dataclass
class _Open:
    """What is remembered of an order: the CSR, where its challenges (by token) are answered, how often it was asked for."""

    csr_pem: t.Optional[str] = None
    answers: t.Dict[str, str] = dataclasses.field(default_factory=dict)
    questions: int = 0


class Issuing:
    """Brings orders of one account to their end. Usable from several threads, each with orders of its own."""

    def __init__(self, client: AcmeClient, account: Account, options: t.Mapping[str, t.Any]) -> None:
        self._client = client
        self._account = account
        self._orders = Orders(client, account)
        self._method = configured_method(options)
        self._hosting = hosting_of(options)
        self._profile = options.get("profile")
        self._preferred_chain = options.get("preferred_chain")
        self._known: t.Dict[str, _Open] = {}

    def place(self, order: Order) -> t.Union[Issued, Pending]:
        """Place an order (``newOrder``). Raises Rejected, Misconfigured, Unauthorized, Unavailable."""
        check_names(order.names, self._method)
        check_profile(self._client.directory, self._profile, server=self._client.server)
        state = self._placed(order)
        self._known[state.url] = _Open(order.csr_pem)
        return self._proceed(state)

    def _placed(self, order: Order) -> State:
        now = self._client.context.clock()
        content = new_order(order, self._client.directory, profile=self._profile, now=now)
        try:
            state = self._orders.place(content)
        except Misconfigured as error:
            if order.lifetime and error.http_status == 400:
                raise lifetime_refused(error.detail or "HTTP status 400", server=self._client.server) from None
            raise
        try:
            check_lifetime(content, state.body, server=self._client.server)
        except Misconfigured:
            self._orders.withdraw(state)
            raise
        return state

    def resume(self, url: str, order: Order) -> t.Union[Issued, Pending]:
        """Take up an order; one for other names is as unknown: where its URL was noted is not trusted."""
        state = self._orders.read(url)
        if state.names != frozenset(order.names):
            raise NotFound(
                f"The order at {self._client.server} that was noted is for other names; order anew.",
                authority=AUTHORITY,
            )
        self._known[url] = _Open(order.csr_pem)
        return self._proceed(state)

    def _proceed(self, state: State) -> t.Union[Issued, Pending]:
        """Return what has to be shown, or what has become of the order if nothing has."""
        if state.status != "pending":
            return self._answer(state)
        challenges = self._challenges(state)
        if not challenges:  # authorized before, and the server has not made up its mind yet
            return self._answer(self._orders.read(state.url))
        return Pending(state.url, _PAUSES[0], _WAITS_FOR["pending"], challenges)

    def _challenges(self, state: State) -> t.Tuple[Challenge, ...]:
        """Return what has to be shown for names that are not authorized. Raises Misconfigured, Rejected."""
        authorizations = self._orders.authorizations(state)
        if any(one.status not in _UNDECIDED for one in authorizations):
            raise unverified(failures(authorizations), server=self._client.server)
        pending = [one for one in authorizations if one.status == "pending"]
        try:
            offers = [(one, offer_for(one, self._method, server=self._client.server)) for one in pending]
        except Misconfigured:
            self._orders.withdraw(state)
            raise
        self._open(state.url).answers.update({offer.token: offer.url for _authorization, offer in offers})
        thumbprint = self._account.key.thumbprint
        return tuple(challenge_of(one, offer, thumbprint=thumbprint, hosting=self._hosting) for one, offer in offers)

    def _open(self, url: str) -> _Open:
        return self._known.setdefault(url, _Open())

    def have_looked(self, pending: Pending) -> None:
        """Have the CA look at every challenge, now that all of them are shown."""
        answers = self._open(pending.request_id).answers
        if not all(challenge.token in answers for challenge in pending.challenges):
            self._challenges(self._orders.read(pending.request_id))
        for challenge in pending.challenges:
            if challenge.token in answers:
                self._orders.answer(answers[challenge.token])

    def collect(self, url: str) -> t.Union[Issued, Pending]:
        """Return what has become of an order, which is finalized when it is ready. Raises NotFound, Rejected."""
        return self._answer(self._orders.read(url))

    def _answer(self, state: State) -> t.Union[Issued, Pending]:
        known = self._open(state.url)
        if state.status == "ready" and known.csr_pem:
            state = self._signed(self._orders.finalize(state, known.csr_pem))
        if state.status == "valid":
            return self._issued(state)
        if state.status not in _WAITS_FOR:
            raise self._orders.rejection(state)
        detail = self._trouble(state) if known.questions >= _LOOKS_CLOSER else ""
        pause = _PAUSES[min(known.questions, len(_PAUSES) - 1)]
        known.questions += 1
        return Pending(state.url, pause if state.wait is None else state.wait, detail or _WAITS_FOR[state.status])

    def _trouble(self, state: State) -> str:
        """Return what keeps the CA from going on: some try a failed challenge for hours. Raises Rejected."""
        if state.status != "pending":
            return ""
        authorizations = self._orders.authorizations(state)
        failed = failures(authorizations)
        if any(one.status not in _UNDECIDED for one in authorizations):
            raise unverified(failed, server=self._client.server)
        seen = "; ".join(f"{where}: {words}" for where, words in failed)
        return f"The CA has not seen what it looks for: {seen}." if seen else ""

    def _signed(self, state: State) -> State:
        """Wait a moment for the signature, unless the CA asks for more patience."""
        for moment in _MOMENTS:
            if state.status != "processing" or (state.wait or 0) > 1:
                break
            time.sleep(moment)
            state = self._orders.read(state.url)
        return state

    def _issued(self, state: State) -> Issued:
        chain, warnings = self._orders.download(state, preferred=self._preferred_chain)
        return Issued(chain[0], chain[1:], request_id=state.url, warnings=warnings)

    def cancel(self, url: str) -> None:
        """Deactivate the pending authorizations of an order."""
        try:
            state = self._orders.read(url)
        except NotFound:
            return
        if state.status == "pending":
            self._orders.withdraw(state)

    def status(self, url: str) -> CertificateStatus:
        """Return what has become of an order without changing it. Raises NotFound."""
        state = self._orders.read(url)
        if state.status == "valid":
            issued = self._issued(state)
            return CertificateStatus("issued", url, issued.certificate_pem, issued.chain_pem)
        if state.status in _WAITS_FOR:
            return CertificateStatus("pending", url, detail=_WAITS_FOR[state.status])
        return CertificateStatus("rejected", url, detail=self._orders.rejection(state).detail)
