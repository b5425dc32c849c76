# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: no promise is made about what is in here.

"""The CA's side of a run: send, find again, collect, wait, and judge the answer."""

from __future__ import annotations

import concurrent.futures
import threading
import typing as t
from datetime import datetime

from ansible_collections.certfleet.pki.plugins.module_utils._authorities._base import (
    Authority,
    Cancels,
    FindsRequest,
    HasPolicy,
    ReportsStatus,
)
from ansible_collections.certfleet.pki.plugins.module_utils._chain import order_chain
from ansible_collections.certfleet.pki.plugins.module_utils._errors import BadCertificate, NotFound, PkiError, Rejected
from ansible_collections.certfleet.pki.plugins.module_utils._fit import Fitted, check_answer, check_request
from ansible_collections.certfleet.pki.plugins.module_utils._model import CertificateReference, Issued, Pending
from ansible_collections.certfleet.pki.plugins.module_utils._own_policy import enforce_own_policy
from ansible_collections.certfleet.pki.plugins.module_utils._policy import Policy, enforce
from ansible_collections.certfleet.pki.plugins.module_utils._waiting import Progress, wait_for
from ansible_collections.certfleet.pki.plugins.plugin_utils._case import Case, guarded
from ansible_collections.certfleet.pki.plugins.plugin_utils._order import build_order
from ansible_collections.certfleet.pki.plugins.plugin_utils._outcome import denied
from ansible_collections.certfleet.pki.plugins.plugin_utils._plan import Consequence, after_failure

__all__ = ("AuthoritySide", "enforce_policies")

_CALLS_AT_ONCE = 8


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
        self._own_policies: t.Dict[int, t.Optional[Policy]] = {}
        self._lock = threading.Lock()

    def each(self, cases: t.Sequence[Case], step: t.Callable[[Case], None]) -> None:
        """Run a step for every case, several at once; an error stays with its case."""
        if len(cases) < 2:
            for case in cases:
                guarded(step, case)
            return
        with concurrent.futures.ThreadPoolExecutor(min(_CALLS_AT_ONCE, len(cases))) as pool:
            list(pool.map(lambda case: guarded(step, case), cases))

    def check_own_policy(self, case: Case) -> None:
        """Check against the CA's own rules, read once for each CA. Raises PolicyViolation, Misconfigured."""
        policy = self._policy_of(case.authority)
        if policy is not None:
            enforce_own_policy(policy, **_asked(case))

    def cancel_other(self, case: Case) -> None:
        """Take back an open request for something else, where the CA can; else it is just forgotten here."""
        if isinstance(case.authority, Cancels) and case.sent_to(case.authority):
            case.authority.cancel(case.pending.request_id or "")

    def ask(self, case: Case) -> None:
        """Find out what became of an earlier request, or send one; wait if wanted; check what comes back."""
        case.order = build_order(case.wanted, case.prepared["csr_pem"], _replaced(case))
        check_request(case.prepared["csr_pem"], case.order)
        if not self._resumed(case):
            self.check_own_policy(case)
            case.submitted = True
            self._accept(case, case.authority.request(case.order))

    def _resumed(self, case: Case) -> bool:
        """Return True if an earlier request has brought the certificate, or may yet bring it."""
        if not case.prepared.get("reused"):
            return False
        try:
            earlier = self._earlier(case)
            if earlier is not None:
                self._accept(case, earlier)
        except (BadCertificate, NotFound, Rejected) as error:
            self._give_up(case, error)
            return False
        return earlier is not None

    def _give_up(self, case: Case, error: PkiError) -> None:
        """Go on to a new request, unless the CA's answer is final."""
        following = after_failure(case.plan, error)
        if following is None or following.consequence is Consequence.ORDER:
            case.answer = case.fitted = None
            return
        raise denied(case, request_id=case.prepared.get("request_id"), detail=error.detail or error.message) from error

    def _earlier(self, case: Case) -> t.Union[Issued, Pending, None]:
        request_id = case.prepared.get("request_id")
        if request_id:
            return case.authority.collect(request_id)
        return case.authority.find_request(case.order) if isinstance(case.authority, FindsRequest) else None

    def _accept(self, case: Case, answer: t.Union[Issued, Pending]) -> None:
        case.answer = answer
        if isinstance(answer, Pending) and case.wanted.wait:
            timeout = case.wanted.wait_timeout
            case.answer = wait_for(case.authority, answer, timeout=timeout, progress=self._progress(case.name))
        if isinstance(case.answer, Issued):
            self._judge(case, case.answer)

    def _judge(self, case: Case, answer: Issued) -> None:
        """Check that the CA's answer fits the order. Raises BadCertificate."""
        case.issued_at = self._clock()
        case.fitted = check_answer(
            answer,
            case.order,
            now=case.issued_at,
            trust_anchors=case.wanted.trust_anchors,
            policies=case.policies,
        )
        case.warnings += case.fitted.warnings

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
        try:
            status = authority.status(CertificateReference(request_id=request_id))
        except NotFound:
            return None
        if status.status == "rejected":
            raise denied(case, request_id=request_id, detail=status.detail)
        if status.status == "pending":
            return Pending(request_id, detail=status.detail)
        return Issued(status.certificate_pem or "", status.chain_pem, request_id)

    def _policy_of(self, authority: Authority) -> t.Optional[Policy]:
        if not isinstance(authority, HasPolicy):
            return None
        with self._lock:
            key = id(authority)
            if key not in self._own_policies:
                self._own_policies[key] = authority.policy()
            return self._own_policies[key]


def _replaced(case: Case) -> t.Optional[str]:
    certificate = case.observed.certificate
    return certificate.pem if certificate else None
