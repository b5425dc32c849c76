# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: no promise is made about what is in here.

"""The operation ``certificate_request``: a CSR in, a certificate or a pending request out."""

from __future__ import annotations

import contextlib
import typing as t

from ansible_collections.certfleet.pki.plugins.module_utils._authorities._base import Cancels, HasPolicy
from ansible_collections.certfleet.pki.plugins.module_utils._durations import parse_duration
from ansible_collections.certfleet.pki.plugins.module_utils._errors import Misconfigured, PkiError, Rejected
from ansible_collections.certfleet.pki.plugins.module_utils._fit import check_answer
from ansible_collections.certfleet.pki.plugins.module_utils._memory_key import make_key, make_request, private_key_pem
from ansible_collections.certfleet.pki.plugins.module_utils._model import Issued, Order, Pending
from ansible_collections.certfleet.pki.plugins.module_utils._operations import Call, Result, answer_result
from ansible_collections.certfleet.pki.plugins.module_utils._own_policy import enforce_own_policy
from ansible_collections.certfleet.pki.plugins.module_utils._policy import Policy, enforce
from ansible_collections.certfleet.pki.plugins.module_utils._proving import prove
from ansible_collections.certfleet.pki.plugins.module_utils._waiting import wait_for
from ansible_collections.certfleet.pki.plugins.module_utils._wanted import (
    want_key,
    want_names,
    want_subject,
    want_usages,
)
from ansible_collections.certfleet.pki.plugins.module_utils._x509 import RequestFacts, read_request

__all__ = ("check_policies", "order_of", "request")

_NAME_OPTIONS = ("common_name", "subject", "dns_names", "ip_addresses", "email_addresses", "uris")


def request(call: Call) -> Result:
    """Check the policies, then submit. Raises PkiError."""
    parameters = call.parameters
    key = _key_in_memory(parameters)
    order = order_of(parameters, key)
    check_policies(call.policies, order, call.authority.identity)
    own = call.authority.policy() if isinstance(call.authority, HasPolicy) else None
    if own is not None:
        enforce_own_policy(own, **_asked(order, call.authority.identity))
    if call.check:
        return _predicted(call, order)
    answer, warnings = _submit(call, order)
    if key is not None and isinstance(answer, Pending):
        raise _lost_key(call, answer)
    return _submitted(call, order, answer, key=key, warnings=warnings)


def order_of(parameters: t.Mapping[str, t.Any], key: t.Any = None) -> Order:
    """Return the order for a CSR that was given, or for a key in memory. Raises PkiError."""
    lifetime = parameters.get("lifetime")
    csr_pem = parameters["csr"] if key is None else _own_request(parameters, key)
    facts = _readable(csr_pem)
    return Order(
        csr_pem=facts.pem,
        names=facts.names,
        key=facts.key,
        common_name=facts.common_name,
        subject=facts.subject_pairs,
        extended_key_usage=want_usages(parameters.get("extended_key_usage") or facts.extended_key_usage),
        lifetime=None if lifetime is None else parse_duration(lifetime, option="lifetime"),
    )


def check_policies(policies: t.Iterable[Policy], order: Order, identity: str) -> None:
    """Raise PolicyViolation with every rule that the order breaks; what counts is the CSR itself."""
    enforce(policies, **_asked(order, identity))


def _asked(order: Order, identity: str) -> t.Dict[str, t.Any]:
    return {
        "names": order.names,
        "common_name": order.common_name,
        "subject": order.subject,
        "key": order.key,
        "extended_key_usage": order.extended_key_usage,
        "lifetime": order.lifetime,
        "authority_identity": identity,
        "other_names": read_request(order.csr_pem).other_names,
    }


def _readable(csr_pem: str) -> RequestFacts:
    facts = read_request(csr_pem)
    if not facts.signature_valid:
        raise Rejected("The CSR's signature does not fit its key; make the CSR again.")
    return facts


def _key_in_memory(parameters: t.Mapping[str, t.Any]) -> t.Any:
    if "key" not in parameters:
        misplaced = [option for option in _NAME_OPTIONS if option in parameters]
        if misplaced:
            raise Misconfigured(f"{misplaced[0]} goes with key only; a CSR brings its own names.")
        return None
    if not parameters["return_private_key"]:
        raise Misconfigured(
            "key makes a private key that only the result will hold; set return_private_key to true, or supply a csr."
        )
    return make_key(want_key(parameters["key"]))


def _own_request(parameters: t.Mapping[str, t.Any], key: t.Any) -> str:
    names, common_name = want_names(parameters, required=True)
    return make_request(
        key,
        common_name=common_name,
        subject=want_subject(parameters.get("subject") or {}),
        names=names,
        extended_key_usage=want_usages(parameters.get("extended_key_usage") or ()),
    )


def _submit(call: Call, order: Order) -> t.Tuple[t.Union[Issued, Pending], t.Tuple[str, ...]]:
    answer = call.authority.request(order)
    timeout = call.parameters["wait_timeout"]
    with _about(answer.request_id):
        if isinstance(answer, Pending) and answer.challenges:
            return prove(call.authority, answer, hosts=call.hosts, timeout=timeout, progress=call.progress)
        if isinstance(answer, Pending) and call.parameters["wait"]:
            return wait_for(call.authority, answer, timeout=timeout, progress=call.progress), ()
    return answer, ()


@contextlib.contextmanager
def _about(request_id: t.Optional[str]) -> t.Iterator[None]:
    """Have errors name the request, so that it can be retrieved or revoked all the same."""
    try:
        yield
    except PkiError as error:
        error.request_id = request_id
        raise


def _lost_key(call: Call, answer: Pending) -> Misconfigured:
    """Nobody could ever use a certificate whose key is gone."""
    if isinstance(call.authority, Cancels):
        call.authority.cancel(answer.request_id)
    return Misconfigured(
        f"The CA did not issue at once (request {answer.request_id} is pending), and a key made in memory can't wait "
        "for it; supply a csr instead.",
        detail=answer.detail,
    )


def _submitted(
    call: Call, order: Order, answer: t.Union[Issued, Pending], *, key: t.Any, warnings: t.Tuple[str, ...]
) -> Result:
    if isinstance(answer, Issued):
        with _about(answer.request_id):
            warnings += _remarks(call, order, answer)
    result = answer_result(call, answer)
    result["certificate"].update(action=result["certificate"]["status"], warnings=list(warnings))
    result["changed"] = True
    if key is not None:
        result["private_key_pem"] = private_key_pem(key)
    return result


def _remarks(call: Call, order: Order, answer: Issued) -> t.Tuple[str, ...]:
    """Judge the answer and return what is worth a word. Raises BadCertificate."""
    expected = call.authority.expected(order)
    return check_answer(answer, expected, now=call.clock(), policies=call.policies).warnings


def _predicted(call: Call, order: Order) -> Result:
    """Return what a run would: that something is requested, but nothing that only the CA can know."""
    result = answer_result(call, Pending(request_id=""))
    result["certificate"].update(
        action="issued",
        status="unknown",
        request_id=None,
        common_name=order.common_name,
        dns_names=list(order.names.dns),
        ip_addresses=list(order.names.ip),
        email_addresses=list(order.names.email),
        uris=list(order.names.uri),
        reasons=[],
    )
    result["changed"] = True
    return result
