# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A certificate authority in memory that can be told to misbehave."""

from __future__ import annotations

import dataclasses
import hashlib
import typing as t
from datetime import datetime, timedelta
from pathlib import Path

from ansible_collections.certfleet.pki.plugins.module_utils._authorities._base import (
    Authority,
    Cancels,
    FindsRequest,
    HasPolicy,
    ProvesControl,
    ReportsStatus,
    Revokes,
    SuggestsRenewal,
)
from ansible_collections.certfleet.pki.plugins.module_utils._errors import NotFound, PkiError, Rejected
from ansible_collections.certfleet.pki.plugins.module_utils._model import (
    CertificateReference,
    CertificateStatus,
    Challenge,
    Hosting,
    Issued,
    Order,
    Pending,
    RenewalSuggestion,
)
from ansible_collections.certfleet.pki.plugins.module_utils._policy import Policy
from ansible_collections.certfleet.pki.plugins.module_utils._x509 import read_certificate
from tests.support.certificates import CertificateAuthority

__all__ = ("ChallengingAuthority", "FakeAuthority", "HintingAuthority")

Alter = t.Callable[[Order], t.Dict[str, t.Any]]


class FakeAuthority(Authority, Revokes, ReportsStatus, HasPolicy, FindsRequest, Cancels):
    """Issues at once, or pends until ``approve`` or ``deny``. ``calls`` lists what it was asked."""

    NAME = "fake"
    OPTIONS: t.ClassVar[t.Mapping[str, t.Any]] = {}
    DESCRIPTION = "For tests."

    def __init__(self, clock: t.Callable[[], datetime], *, name: str = "one") -> None:
        super().__init__({})
        self.name, self.clock = name, clock
        self.root = CertificateAuthority("Fake Root", not_after=clock() + timedelta(days=36500))
        self.issuer = self._intermediate()
        self.lifetime = timedelta(days=90)
        self.manual = False
        #: Raised by every call while it is set.
        self.error: t.Optional[PkiError] = None
        #: Changes what is issued: keyword arguments for ``CertificateAuthority.issue``, or ``csr`` for another key.
        self.alter: Alter = lambda order: {}
        self.own_policy: t.Optional[Policy] = None
        self.orders: t.List[Order] = []
        self.calls: t.List[str] = []
        self.revoked: t.Set[str] = set()
        self.cancelled: t.List[str] = []
        self.denied: t.Dict[str, str] = {}
        self._issued: t.Dict[str, Issued] = {}
        self._waiting: t.Dict[str, Order] = {}

    def _intermediate(self) -> CertificateAuthority:
        return CertificateAuthority("Fake Issuing", parent=self.root, not_after=self.clock() + timedelta(days=3650))

    def renew_intermediate(self) -> None:
        """Continue with a new intermediate, key and certificate."""
        self.issuer = self._intermediate()

    @property
    def identity(self) -> str:
        return f"fake:{self.name}"

    def _asked(self, call: str) -> None:
        self.calls.append(call)
        if self.error is not None:
            raise self.error

    def request(self, order: Order) -> t.Union[Issued, Pending]:
        self._asked("request")
        self.orders.append(order)
        request_id = hashlib.sha256(order.csr_pem.encode()).hexdigest()[:12] + str(len(self.orders))
        self._waiting[request_id] = order
        if self.manual:
            return Pending(request_id, retry_after=0.01, detail="waiting for approval")
        return self.approve(request_id)

    def approve(self, request_id: str) -> Issued:
        order = self._waiting.pop(request_id)
        how: t.Dict[str, t.Any] = {"not_before": self.clock() - timedelta(minutes=5)}
        how["not_after"] = self.clock() + self.lifetime
        how.update(self.alter(order))
        made = self.issuer.issue(how.pop("csr", order.csr_pem), **how)
        self._issued[request_id] = Issued(made.pem, self.issuer.chain_pem, request_id)
        return self._issued[request_id]

    def deny(self, request_id: str, reason: str) -> None:
        del self._waiting[request_id]
        self.denied[request_id] = reason

    def collect(self, request_id: str) -> t.Union[Issued, Pending]:
        self._asked("collect")
        if request_id in self.denied:
            raise Rejected("The request was denied.", detail=self.denied[request_id])
        if request_id in self._waiting:
            return Pending(request_id, retry_after=0.01, detail="waiting for approval")
        if request_id not in self._issued:
            raise NotFound(f"There is no request {request_id}.")
        return self._issued[request_id]

    def forget(self) -> None:
        """Lose every request."""
        self._waiting.clear()
        self._issued.clear()

    def find_request(self, order: Order) -> t.Union[Issued, Pending, None]:
        self._asked("find_request")
        for number, sent in enumerate(self.orders, 1):
            if sent.csr_pem == order.csr_pem:
                return self.collect(hashlib.sha256(order.csr_pem.encode()).hexdigest()[:12] + str(number))
        return None

    def cancel(self, request_id: str) -> None:
        self._asked("cancel")
        self._waiting.pop(request_id, None)
        self.cancelled.append(request_id)

    def revoke(self, reference: CertificateReference, *, reason: str) -> bool:
        self._asked("revoke")
        serial = read_certificate(reference.certificate_pem or "").serial_number
        fresh = serial not in self.revoked
        self.revoked.add(serial)
        return fresh

    def status(self, reference: CertificateReference) -> CertificateStatus:
        self._asked("status")
        if reference.request_id:
            return self._request_status(reference.request_id)
        serial = read_certificate(reference.certificate_pem or "").serial_number
        return CertificateStatus("revoked" if serial in self.revoked else "issued")

    def _request_status(self, request_id: str) -> CertificateStatus:
        if request_id in self.denied:
            return CertificateStatus("rejected", request_id, detail=self.denied[request_id])
        if request_id in self._waiting:
            return CertificateStatus("pending", request_id)
        if request_id not in self._issued:
            raise NotFound(f"There is no request {request_id}.")
        issued = self._issued[request_id]
        return CertificateStatus("issued", request_id, issued.certificate_pem, issued.chain_pem)

    def policy(self) -> t.Optional[Policy]:
        self._asked("policy")
        return self.own_policy


class HintingAuthority(FakeAuthority, SuggestsRenewal):
    """Can also tell when it would like a certificate renewed."""

    suggestion: t.Optional[RenewalSuggestion] = None

    def suggest_renewal(self, certificate_pem: str) -> t.Optional[RenewalSuggestion]:
        self._asked("suggest_renewal")
        return self.suggestion


class ChallengingAuthority(FakeAuthority, ProvesControl):
    """Issues to who shows a file below the web root of ``hosting``, or a record in ``records``, for every name."""

    def __init__(self, clock: t.Callable[[], datetime], *, hosting: t.Optional[Hosting]) -> None:
        super().__init__(clock)
        self._hosting = hosting
        self.manual = True
        self.records: t.Set[str] = set()
        #: Called when the CA looks; may raise.
        self.looking: t.Callable[[], None] = lambda: None
        self.hidden: t.List[Challenge] = []

    @property
    def hosting(self) -> t.Optional[Hosting]:
        return self._hosting

    def request(self, order: Order) -> t.Union[Issued, Pending]:
        return self._challenged(super().request(order), order)

    def resume(self, request_id: str, order: Order) -> t.Union[Issued, Pending]:
        return self._challenged(self.collect(request_id), order)

    def show(self, pending: Pending) -> None:
        self._asked("show")
        self.records |= {challenge.content for challenge in pending.challenges if challenge.hosting is None}
        self.looking()
        missing = [challenge.name for challenge in pending.challenges if not self._sees(challenge)]
        if missing:
            raise Rejected(f"Nothing was seen at {missing}.", retryable=True)
        self.approve(pending.request_id)

    def hide(self, challenges: t.Sequence[Challenge]) -> None:
        self._asked("hide")
        self.hidden += challenges
        self.records -= {challenge.content for challenge in challenges}

    def _challenged(self, answer: t.Union[Issued, Pending], order: Order) -> t.Union[Issued, Pending]:
        if isinstance(answer, Issued):
            return answer
        names = [name.replace("*.", "") for name in order.names]
        return dataclasses.replace(answer, challenges=tuple(self._challenge(answer.request_id, name) for name in names))

    def _challenge(self, request_id: str, name: str) -> Challenge:
        token = hashlib.sha256(f"{request_id}{name}".encode()).hexdigest()
        kind = "dns-01" if self._hosting is None else "http-01"
        content = token if self._hosting is None else f"{token}.thumbprint"
        return Challenge(kind, name, token, content, self._hosting)

    def _sees(self, challenge: Challenge) -> bool:
        if challenge.hosting is None:
            return challenge.content in self.records
        shown = Path(challenge.hosting.webroot or "") / ".well-known" / "acme-challenge" / challenge.token
        return shown.is_file() and shown.read_text() == challenge.content
