# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: no promise is made about what is in here.

"""Does what the host and the CA sent fit what was ordered? Neither is taken at its word."""

from __future__ import annotations

import dataclasses
import typing as t
from datetime import datetime, timedelta

from ansible_collections.certfleet.pki.plugins.module_utils._chain import Chain, check_anchors, order_chain
from ansible_collections.certfleet.pki.plugins.module_utils._durations import format_duration
from ansible_collections.certfleet.pki.plugins.module_utils._errors import (
    BadCertificate,
    HostFailure,
    Misconfigured,
    PolicyViolation,
)
from ansible_collections.certfleet.pki.plugins.module_utils._model import Issued, Order
from ansible_collections.certfleet.pki.plugins.module_utils._policy import Policy, enforce, granted_lifetime
from ansible_collections.certfleet.pki.plugins.module_utils._x509 import (
    CertificateFacts,
    RequestFacts,
    canonical_usage,
    isoformat,
    read_certificate,
    read_request,
)

__all__ = ("Fitted", "check_answer", "check_request")

#: How far the CA's clock may be ahead. What has expired by ours is of no use, whatever the CA's says.
TOLERANCE = timedelta(minutes=5)
_ROUNDING = 60


@dataclasses.dataclass(frozen=True)
class Fitted:
    """An answer that may be installed: PEM texts as the files hold them, without the leaf in ``chain_pem``.

    ``not_after_of_chain`` is the earliest end of the certificate and its chain.
    """

    certificate_pem: str
    chain_pem: str
    ca_pem: str
    facts: CertificateFacts
    not_after_of_chain: datetime
    warnings: t.Tuple[str, ...] = ()


def check_request(csr_pem: str, order: Order) -> RequestFacts:
    """Return what the host's CSR says. Raises HostFailure unless it asks for exactly what ``order`` does."""
    try:
        request = read_request(csr_pem)
    except BadCertificate as error:
        raise HostFailure(
            "The host sent a CSR that can't be read: nothing was requested.", detail=error.detail
        ) from error
    differences = [what for check in _REQUEST_CHECKS for what in check(request, order)]
    if differences:
        every = "; ".join(differences)
        raise HostFailure(f"The host's CSR is not what was ordered, so nothing was requested: {every}.", detail=every)
    return request


_Differences = t.Iterator[str]


def _request_signature(request: RequestFacts, _order: Order) -> _Differences:
    if not request.signature_valid:
        yield "its signature is wrong"


def _request_key(request: RequestFacts, order: Order) -> _Differences:
    if request.key != order.key:
        yield f"its key is {request.key} instead of {order.key}"


def _request_subject(request: RequestFacts, order: Order) -> _Differences:
    if request.common_name != (order.common_name or None):
        yield f"its common name is {request.common_name!r} instead of {order.common_name!r}"
    if sorted(request.subject_pairs) != sorted(order.subject):
        yield f"its subject is {request.subject!r}"


def _request_names(request: RequestFacts, order: Order) -> _Differences:
    for name in request.names.missing_from(order.names) + request.other_names:
        yield f"it also asks for the name {name!r}"
    for name in order.names.missing_from(request.names):
        yield f"it lacks the name {name!r}"


def _request_usages(request: RequestFacts, order: Order) -> _Differences:
    if set(request.extended_key_usage) != _usages(order):
        yield f"its extended key usages are {list(request.extended_key_usage)}"


def _request_extras(request: RequestFacts, _order: Order) -> _Differences:
    for oid in request.extras:
        yield f"it also has the extension or attribute {oid}"


_REQUEST_CHECKS: t.Tuple[t.Callable[[RequestFacts, Order], _Differences], ...] = (
    _request_signature,
    _request_key,
    _request_subject,
    _request_names,
    _request_usages,
    _request_extras,
)


def check_answer(
    issued: Issued,
    order: Order,
    *,
    now: datetime,
    trust_anchors: t.Union[str, t.Iterable[str], None] = None,
    policies: t.Iterable[Policy] = (),
) -> Fitted:
    """Return the CA's answer in the form in which it is installed. Raises BadCertificate if it must not be.

    ``now`` is aware. What may differ from the order is in ``warnings``: a subject field that the CA dropped,
    a shorter lifetime, a name that it added.
    """
    facts = read_certificate(issued.certificate_pem)
    anchors = tuple([trust_anchors] if isinstance(trust_anchors, str) else trust_anchors or ())
    _refuse([what for check in _ANSWER_CHECKS for what in check(facts, order)] + list(_not_now(facts, now)))
    chain = order_chain(facts.pem, issued.chain_pem, anchors=anchors)
    above = [read_certificate(pem) for pem in chain.chain]
    _refuse([what for certificate in above for what in _not_now(certificate, now)])
    if anchors:
        check_anchors(facts.pem, chain.chain, chain.roots, anchors)
    _obey(facts, policies)
    return Fitted(
        certificate_pem=facts.pem,
        chain_pem="".join(chain.chain),
        ca_pem="".join(chain.roots),
        facts=facts,
        not_after_of_chain=min(certificate.not_after for certificate in (facts, *above)),
        warnings=issued.warnings + tuple(_remarks(facts, order, chain)),
    )


def _refuse(reasons: t.Sequence[str]) -> None:
    if reasons:
        every = "; ".join(reasons)
        raise BadCertificate(
            f"The CA's answer does not fit the request, so nothing was installed: {every}.", detail=every
        )


def _answer_key(facts: CertificateFacts, order: Order) -> _Differences:
    if facts.public_key_sha256 != read_request(order.csr_pem).public_key_sha256:
        yield "the certificate is for another key"


def _answer_names(facts: CertificateFacts, order: Order) -> _Differences:
    for name in order.names.missing_from(facts.names):
        yield f"the name {name!r} is missing"


def _answer_usages(facts: CertificateFacts, order: Order) -> _Differences:
    for usage in sorted(_usages(order) - set(facts.extended_key_usage)):
        yield f"the extended key usage {usage} is missing"


_ANSWER_CHECKS: t.Tuple[t.Callable[[CertificateFacts, Order], _Differences], ...] = (
    _answer_key,
    _answer_names,
    _answer_usages,
)


def _not_now(facts: CertificateFacts, now: datetime) -> _Differences:
    if facts.not_before > now + TOLERANCE:
        yield f"{facts.subject or 'the certificate'} is not valid before {isoformat(facts.not_before)}"
    if facts.not_after <= now:
        yield f"{facts.subject or 'the certificate'} expired at {isoformat(facts.not_after)}"


def _obey(facts: CertificateFacts, policies: t.Iterable[Policy]) -> None:
    try:
        enforce(
            policies,
            names=facts.names,
            common_name=facts.common_name,
            subject=facts.subject_pairs,
            key=facts.key,
            extended_key_usage=facts.extended_key_usage,
            lifetime=granted_lifetime(facts.not_before, facts.not_after),
            authority_identity=None,
            other_names=facts.other_names,
        )
    except PolicyViolation as error:
        raise BadCertificate(
            f"The CA issued what the policy forbids, so nothing was installed: {error.detail}.", detail=error.detail
        ) from error


def _remarks(facts: CertificateFacts, order: Order, chain: Chain) -> t.Iterator[str]:
    if order.common_name and facts.common_name != order.common_name:
        yield f"The CA made the common name {facts.common_name!r} instead of {order.common_name!r}."
    for field, value in order.subject:
        if (field, value) not in facts.subject_pairs:
            yield f"The CA dropped or changed the subject field {field} ({value!r})."
    for name in facts.names.missing_from(order.names) + facts.other_names:
        yield f"The CA added the name {name!r}."
    lifetime = int((facts.not_after - facts.not_before).total_seconds())
    if order.lifetime and lifetime + _ROUNDING < order.lifetime:
        yield f"The CA granted a lifetime of {format_duration(lifetime)} instead of {format_duration(order.lifetime)}."
    yield from chain.warnings


def _usages(order: Order) -> t.Set[str]:
    try:
        return {canonical_usage(usage) for usage in order.extended_key_usage}
    except Misconfigured:
        return set(order.extended_key_usage)
