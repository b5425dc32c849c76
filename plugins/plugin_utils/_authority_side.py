# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: no promise is made about what is in here.

"""The CA's side of a run: find an earlier request or send one, wait for all together, judge what comes back."""

from __future__ import annotations

import concurrent.futures
import contextlib
import dataclasses
import time
import typing as t
from datetime import datetime

from ansible_collections.certfleet.pki.plugins.module_utils._authorities._base import (
    Authority,
    Cancels,
    FindsRequest,
    ProvesControl,
    ReportsStatus,
    SuggestsRenewal,
)
from ansible_collections.certfleet.pki.plugins.module_utils._chain import order_chain
from ansible_collections.certfleet.pki.plugins.module_utils._errors import (
    BadCertificate,
    NotFound,
    PkiError,
    Rejected,
    Unavailable,
)
from ansible_collections.certfleet.pki.plugins.module_utils._fit import Fitted, check_answer, check_request
from ansible_collections.certfleet.pki.plugins.module_utils._model import CertificateReference, Issued, Pending
from ansible_collections.certfleet.pki.plugins.module_utils._own_policy import enforce_own_policy
from ansible_collections.certfleet.pki.plugins.module_utils._policy import Policy, enforce
from ansible_collections.certfleet.pki.plugins.module_utils._waiting import Progress, wait_for
from ansible_collections.certfleet.pki.plugins.plugin_utils._case import Case, guarded
from ansible_collections.certfleet.pki.plugins.plugin_utils._counter import Counter
from ansible_collections.certfleet.pki.plugins.plugin_utils._order import build_order
from ansible_collections.certfleet.pki.plugins.plugin_utils._outcome import denied
from ansible_collections.certfleet.pki.plugins.plugin_utils._plan import Consequence, after_failure
from ansible_collections.certfleet.pki.plugins.plugin_utils._renewal import renew_at
from ansible_collections.certfleet.pki.plugins.plugin_utils._suggestion import fresh_suggestion, recorded_suggestion

__all__ = ("AuthoritySide", "enforce_policies")

_CALLS_AT_ONCE = 8
#: Waiting is sleeping: all wait at once, so that the time to wait is the same for one and for a hundred.
_WAITS_AT_ONCE = 100

Cases = t.Sequence[Case]
T = t.TypeVar("T")


def enforce_policies(case: Case, policies: t.Iterable[Policy]) -> None:
    """Raise PolicyViolation with every rule that the wanted certificate breaks."""
    enforce(policies, **_asked(case))


def _asked(case: Case) -> t.Dict[str, t.Any]:
    wanted = case.wanted
    return {
        "names": wanted.names,
        "common_name": wanted.common_name,
        "subject": dict(wanted.subject),
        "key": wanted.key,
        "extended_key_usage": wanted.extended_key_usage,
        "lifetime": wanted.lifetime,
        "authority_identity": case.authority.identity if case.has("authority") else None,
    }


class AuthoritySide:
    """Asks the CAs on behalf of all certificates of one host."""

    def __init__(self, *, clock: t.Callable[[], datetime], progress: t.Callable[[str], Progress]) -> None:
        self._clock = clock
        self._progress = progress
        self._counter = Counter()

    def each(self, cases: t.Sequence[Case], step: t.Callable[[Case], None], *, at_once: int = _CALLS_AT_ONCE) -> None:
        """Run a step for every case, several at once; an error stays with its case."""
        if len(cases) < 2:
            for case in cases:
                guarded(step, case)
            return
        with concurrent.futures.ThreadPoolExecutor(min(at_once, len(cases))) as pool:
            list(pool.map(lambda case: guarded(step, case), cases))

    def ask(self, authority: Authority, question: t.Callable[[], T]) -> T:
        """Put a question to a CA, unless it has failed to answer another one in this run. Raises PkiError."""
        return self._counter.ask(authority, question)

    def obtain(self, cases: Cases, *, hosts_show: t.Callable[[Cases], None]) -> None:
        """Ask for every case; wait for those that pend, together; check what comes back.

        ``hosts_show`` has hosts show what a CA wants to see before it issues.
        """
        self.each(cases, self._ask)
        proving = [case for case in cases if isinstance(case.answer, Pending) and case.answer.challenges]
        try:
            self._prove(proving, hosts_show)
            waiting = [case for case in cases if _waits(case)]
            started = time.monotonic()
            self.each(waiting, lambda case: self._wait(case, started), at_once=_WAITS_AT_ONCE)
        finally:
            self.each(proving, self._hide)
        self.each([case for case in cases if isinstance(case.answer, Issued) and not case.failed], self._settle)

    def _prove(self, cases: Cases, hosts_show: t.Callable[[Cases], None]) -> None:
        if cases:
            hosts_show(cases)
            self.each([case for case in cases if not case.failed], self._show, at_once=_WAITS_AT_ONCE)

    def _show(self, case: Case) -> None:
        answer = t.cast(Pending, case.answer)
        self._counter.ask(case.authority, lambda: t.cast(ProvesControl, case.authority).show(answer))
        case.answer = dataclasses.replace(answer, challenges=())

    def _hide(self, case: Case) -> None:
        """What could not be taken back is told; it is no reason to refuse what the CA has issued."""
        try:
            t.cast(ProvesControl, case.authority).hide(case.shown)
        except PkiError as error:
            case.warnings.append(f"{case.name}: {error.message}")

    def check_own_policy(self, case: Case) -> None:
        """Check against the CA's own rules. Raises PolicyViolation, Misconfigured."""
        policy = self._counter.policy(case.authority)
        if policy is not None:
            enforce_own_policy(policy, **_asked(case))

    def cancel(self, case: Case) -> None:
        """Take back an open request, where the CA can and knows it as ours; else it is just forgotten here."""
        authority = case.authority
        if not isinstance(authority, Cancels) or not case.sent_to(authority):
            return
        with contextlib.suppress(NotFound, Rejected):
            # The id comes from the host: where the CA can tell, the request has to be the one for this CSR.
            known = authority.find_request(case.earlier_order) if isinstance(authority, FindsRequest) else None
            if known is None or known.request_id == case.pending.request_id:
                authority.cancel(case.pending.request_id or "")

    def _ask(self, case: Case) -> None:
        case.order = build_order(case.wanted, case.prepared["csr_pem"], _replaced(case))
        check_request(case.prepared["csr_pem"], case.order)
        case.answer = self._earlier(case) if case.prepared.get("reused") else None
        if case.answer is None:
            self._send(case)

    def _send(self, case: Case) -> None:
        self.check_own_policy(case)
        case.submitted = True
        case.answer = self._patiently(case, lambda: case.authority.request(case.order))

    def _patiently(self, case: Case, question: t.Callable[[], T]) -> T:
        """Ask again when a CA that has had too many requests says, as long as the case may wait."""
        started = time.monotonic()
        while True:
            try:
                return self._counter.ask(case.authority, question)
            except Unavailable as error:
                waited, pause = time.monotonic() - started, error.retry_after or 0
                patient = case.wanted.wait and waited + pause <= case.wanted.wait_timeout
                if not error.too_many_requests or not pause or not patient:
                    raise
                self._progress(case.name)(waited, pause, error.message)
                time.sleep(pause)

    def _earlier(self, case: Case) -> t.Union[Issued, Pending, None]:
        """Return what became of an earlier request; None if another is needed. Raises Rejected if it was denied."""
        try:
            return self._counter.ask(case.authority, lambda: _found(case))
        except (BadCertificate, NotFound, Rejected) as error:
            if not error.retryable:
                self._give_up(case, error)
            return None

    def _give_up(self, case: Case, error: PkiError) -> None:
        """Let another request follow, unless the CA's answer is final."""
        following = after_failure(case.plan, error)
        if following is not None and following.consequence is not Consequence.ORDER:
            told = error.detail or error.message
            raise denied(case, request_id=case.prepared.get("request_id"), detail=told) from error

    def _wait(self, case: Case, started: float) -> None:
        if isinstance(case.answer, Pending):
            left = started + _patience(case) - time.monotonic()
            case.answer = wait_for(case.authority, case.answer, timeout=left, progress=self._progress(case.name))

    def _settle(self, case: Case) -> None:
        """Judge the answer; a bad one that an earlier request brought is given one more chance, a new request."""
        try:
            self._judge(case)
        except BadCertificate as error:
            if case.submitted:
                raise
            self._give_up(case, error)
            self._send(case)
            if isinstance(case.answer, Issued):
                self._judge(case)

    def _judge(self, case: Case) -> None:
        """Check that the CA's answer fits the order. Raises BadCertificate."""
        answer = t.cast(Issued, case.answer)
        case.issued_at = self._clock()
        case.fitted = check_answer(
            answer,
            case.authority.expected(case.order),
            now=case.issued_at,
            trust_anchors=case.wanted.trust_anchors,
            policies=case.policies,
        )
        case.suggestion = self._suggestion(case, case.fitted.facts.pem, case.issued_at)
        case.renew_at, warnings = renew_at(
            not_before=case.fitted.facts.not_before,
            not_after=case.fitted.facts.not_after,
            chain_not_after=case.fitted.not_after_of_chain,
            renew_before=case.wanted.renew_before,
            suggestion=recorded_suggestion({"suggestion": case.suggestion}),
            issued_at=case.issued_at,
            seed=case.fitted.facts.fingerprint_sha256,
        )
        case.warnings += dict.fromkeys([*case.fitted.warnings, *warnings])

    def _suggestion(self, case: Case, pem: str, now: datetime) -> t.Optional[t.Mapping[str, t.Any]]:
        """Ask at once when the CA would like the new certificate renewed, so that the next run need not."""
        authority = case.authority
        if not isinstance(authority, SuggestsRenewal):
            return None
        return fresh_suggestion(lambda: self.ask(authority, lambda: authority.suggest_renewal(pem)), known={}, now=now)

    def judge_adopted(self, case: Case) -> None:
        """Put the chain of a set to be adopted in order."""
        facts, above = case.adopted, case.observed.adopt.chain if case.observed.adopt else ()
        chain = order_chain(facts.pem, [certificate.pem for certificate in above])
        case.fitted = Fitted(
            certificate_pem=facts.pem,
            chain_pem="".join(chain.chain),
            ca_pem="".join(chain.roots),
            facts=facts,
            not_after_of_chain=min(certificate.not_after for certificate in (facts, *above)),
        )
        case.renew_at = case.plan.renew_at
        case.warnings += chain.warnings

    def predict(self, case: Case) -> None:
        """Find out, by reading only, what asking would bring. Raises what asking would raise."""
        request_id = case.pending.request_id if case.plan.consequence is Consequence.RESUME else None
        if request_id is None:
            self.check_own_policy(case)
        elif isinstance(case.authority, ReportsStatus):
            case.answer = self._predicted(case, case.authority, request_id)
        else:
            case.answer = Pending(request_id)

    def _predicted(self, case: Case, authority: ReportsStatus, request_id: str) -> t.Union[Issued, Pending, None]:
        reference = CertificateReference(request_id=request_id)
        try:
            status = self._counter.ask(case.authority, lambda: authority.status(reference))
        except NotFound:
            return None
        if status.status == "rejected":
            raise denied(case, request_id=request_id, detail=status.detail)
        if status.status == "pending" and not isinstance(authority, ProvesControl):
            return Pending(request_id, detail=status.detail)
        return Issued(status.certificate_pem or "", status.chain_pem, request_id)


def _found(case: Case) -> t.Union[Issued, Pending, None]:
    request_id = case.prepared.get("request_id")
    if request_id and isinstance(case.authority, ProvesControl):
        return case.authority.resume(request_id, case.order)
    if request_id:
        return case.authority.collect(request_id)
    return case.authority.find_request(case.order) if isinstance(case.authority, FindsRequest) else None


def _waits(case: Case) -> bool:
    return isinstance(case.answer, Pending) and bool(case.wanted.wait or case.shown) and not case.failed


def _patience(case: Case) -> float:
    """Return how many seconds to wait for a CA. What is shown to it has to stay until it has looked, in any case."""
    shown = float(case.authority.options.get("timeout") or 30) if case.shown else 0.0
    return max(float(case.wanted.wait_timeout), shown) if case.wanted.wait else shown


def _replaced(case: Case) -> t.Optional[str]:
    certificate = case.observed.certificate
    return certificate.pem if certificate else None
