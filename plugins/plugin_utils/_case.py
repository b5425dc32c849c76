# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: no promise is made about what is in here.

"""One certificate on its way through a run."""

from __future__ import annotations

import dataclasses
import typing as t
from datetime import datetime

from ansible.errors import AnsibleError

from ansible_collections.certfleet.pki.plugins.module_utils._authorities._base import Authority
from ansible_collections.certfleet.pki.plugins.module_utils._errors import HostFailure, Misconfigured, PkiError
from ansible_collections.certfleet.pki.plugins.module_utils._fit import Fitted
from ansible_collections.certfleet.pki.plugins.module_utils._model import Challenge, Issued, Order, Pending
from ansible_collections.certfleet.pki.plugins.module_utils._policy import Policy
from ansible_collections.certfleet.pki.plugins.module_utils._wanted import Wanted
from ansible_collections.certfleet.pki.plugins.module_utils._x509 import CertificateFacts
from ansible_collections.certfleet.pki.plugins.plugin_utils._mistakes import mistake
from ansible_collections.certfleet.pki.plugins.plugin_utils._observed import Observed, OpenRequest
from ansible_collections.certfleet.pki.plugins.plugin_utils._plan import Plan

__all__ = ("Case", "guarded")


T = t.TypeVar("T")


def _there(value: t.Optional[T]) -> T:
    """Return a value that the flow has made sure of."""
    if value is None:
        raise AssertionError("This step of the flow was reached too early.")
    return value


@dataclasses.dataclass
class Case:
    """What is known of one certificate; the steps of the flow fill it in from top to bottom.

    Fields without a default don't exist before their step has run; ``has`` tells.
    """

    index: int
    name: str
    #: From the options. There is no authority if none was given, as ``state: absent`` allows.
    wanted: Wanted = dataclasses.field(init=False, repr=False)
    authority: Authority = dataclasses.field(init=False, repr=False)
    policies: t.Tuple[Policy, ...] = ()
    order_hash: str = ""
    #: The host's answer to ``inspected``, what the CA says besides, and what follows from both.
    observed: Observed = dataclasses.field(init=False, repr=False)
    ca_status: t.Optional[str] = None
    suggestion: t.Optional[t.Mapping[str, t.Any]] = None
    plan: Plan = dataclasses.field(init=False, repr=False)
    #: The host's answer to ``prepared`` (CSR, request token), what is asked for, and the CA's answer.
    prepared: t.Mapping[str, t.Any] = dataclasses.field(default_factory=dict)
    order: Order = dataclasses.field(init=False, repr=False)
    answer: t.Union[Issued, Pending, None] = None
    #: Whether this run sent the request, rather than collected an earlier one.
    submitted: bool = False
    #: What this run has shown, or begun to show, and has to take back.
    shown: t.Tuple[Challenge, ...] = ()
    fitted: t.Optional[Fitted] = None
    issued_at: t.Optional[datetime] = None
    renew_at: t.Optional[datetime] = None
    #: The host's answer to ``present`` or ``absent``.
    installed: t.Mapping[str, t.Any] = dataclasses.field(default_factory=dict)
    revoked: bool = False
    action: str = "none"
    changed: bool = False
    rolled_back: bool = False
    #: Whether the service was seen to show the certificate, None if nobody looked.
    verified: t.Optional[bool] = None
    error: t.Optional[PkiError] = None
    warnings: t.List[str] = dataclasses.field(default_factory=list)

    def has(self, field: str) -> bool:
        """Return True if the step that fills in ``field`` has run."""
        return field in vars(self)

    @property
    def failed(self) -> bool:
        return self.error is not None

    @property
    def failure(self) -> PkiError:
        """The error of a case that failed."""
        return _there(self.error)

    @property
    def pending(self) -> OpenRequest:
        """The open request of a plan that is about one."""
        return _there(self.observed.pending)

    def sent_to(self, authority: Authority) -> bool:
        """Return True if there is an open request which this CA has had."""
        pending = self.observed.pending
        return bool(pending and pending.request_id and pending.intent.get("authority_id") == authority.identity)

    @property
    def earlier_order(self) -> Order:
        """The order of the open request, as far as a CA needs it to find the request again."""
        return Order(csr_pem=self.pending.csr_pem, names=self.wanted.names, key=self.wanted.key)

    @property
    def in_place(self) -> CertificateFacts:
        """The installed certificate, where there is one."""
        return _there(self.observed.certificate)

    @property
    def adopted(self) -> CertificateFacts:
        """The certificate that is to be adopted."""
        return _there(_there(self.observed.adopt).certificate)

    @property
    def fit(self) -> Fitted:
        """What is to be installed, once the CA's answer has been judged."""
        return _there(self.fitted)

    def fail(self, error: PkiError) -> None:
        """Keep the first error; later ones follow from it."""
        if self.error is None:
            self.error = error
            self.action = "failed"

    def host_answered(self, answer: t.Mapping[str, t.Any]) -> bool:
        """Take over the error of a host's answer, if there is one; return True if there is none."""
        failure = answer.get("error")
        if isinstance(answer.get("verified"), bool):
            self.verified = answer["verified"]
        if failure:
            self.rolled_back = bool(answer.get("rolled_back"))
            self.fail(host_failure(self.name, failure))
        return not failure


_RETRYABLE = frozenset(("leased", "busy", "lost_lease"))
_MISCONFIGURED = frozenset(("directory_in_use",))


def host_failure(name: str, failure: t.Mapping[str, t.Any]) -> PkiError:
    """Return the error for what the host program reports: code, step and one sentence."""
    detail = str(failure.get("detail") or "")
    code = str(failure.get("code") or "")
    if code in _MISCONFIGURED:
        return Misconfigured(f"{name}: {detail}", detail=detail)
    output = f"\n{failure['output']}" if failure.get("output") else ""
    return HostFailure(f"{name}: {detail}", detail=f"{code}: {detail}{output}", retryable=code in _RETRYABLE)


def guarded(step: t.Callable[[Case], None], case: Case) -> None:
    """Run a step; its error stays with its case, so that the others go on."""
    try:
        step(case)
    except AnsibleError:
        raise
    except Exception as error:
        failure = error if isinstance(error, PkiError) else mistake(error)
        if failure.authority is None and case.has("authority") and failure.kind != "host":
            failure.authority = case.authority.NAME
        case.fail(failure)
