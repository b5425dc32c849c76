# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: no promise is made about what is in here.

"""The single operations on a CA: validated parameters in, a result out. They run on the controller or on a delegate."""

from __future__ import annotations

import dataclasses
import typing as t
from datetime import datetime

from ansible_collections.certfleet.pki.plugins.module_utils._authorities._base import (
    Authority,
    Cancels,
    Describes,
    FindsRequest,
    HasChain,
    HasPolicy,
    Lists,
    ReportsStatus,
    Revokes,
    RevokesByKey,
    SuggestsRenewal,
    utc_now,
)
from ansible_collections.certfleet.pki.plugins.module_utils._chain import order_chain
from ansible_collections.certfleet.pki.plugins.module_utils._errors import BadCertificate, Misconfigured, PkiError
from ansible_collections.certfleet.pki.plugins.module_utils._model import (
    CertificateReference,
    CertificateStatus,
    Issued,
    Pending,
)
from ansible_collections.certfleet.pki.plugins.module_utils._names import normalise_serial
from ansible_collections.certfleet.pki.plugins.module_utils._policy import Policy, as_dict
from ansible_collections.certfleet.pki.plugins.module_utils._proving import Hosts
from ansible_collections.certfleet.pki.plugins.module_utils._result import empty_result, with_pem
from ansible_collections.certfleet.pki.plugins.module_utils._signing import HostSigns, signing_with
from ansible_collections.certfleet.pki.plugins.module_utils._waiting import Progress, wait_for
from ansible_collections.certfleet.pki.plugins.module_utils._x509 import read_certificate, result_fields, split_pem

__all__ = ("Call", "Result", "info", "reference_of", "retrieve", "revoke", "status", "would_revoke")

Result = t.Dict[str, t.Any]

_HOLD, _OFF_HOLD = "certificate_hold", "remove_from_crl"

_ABILITIES: t.Mapping[str, type] = {
    "revoke": Revokes,
    "status": ReportsStatus,
    "policy": HasPolicy,
    "suggest_renewal": SuggestsRenewal,
    "find_request": FindsRequest,
    "cancel": Cancels,
    "list": Lists,
    "chain": HasChain,
}


def no_hosts(host: t.Optional[str], challenges: t.Mapping[str, t.Any]) -> t.Mapping[str, t.Any]:
    """Be the way to hosts where there is none. Raises Misconfigured."""
    raise Misconfigured("No host can show the CA's challenges here; use a challenge that needs none.")


def no_signatures(wanted: t.Sequence[t.Mapping[str, t.Any]]) -> t.Sequence[t.Mapping[str, t.Any]]:
    """Be the host where there is none. Raises Misconfigured."""
    raise Misconfigured("No host can sign with private_key_path here; leave it out.")


@dataclasses.dataclass(frozen=True)
class Call:
    """One call of an operation: the CA, the parameters, and what of the world it may use."""

    authority: Authority
    parameters: t.Mapping[str, t.Any]
    policies: t.Tuple[Policy, ...] = ()
    check: bool = False
    clock: t.Callable[[], datetime] = utc_now
    progress: Progress = lambda waited, pause, detail: None
    hosts: Hosts = no_hosts
    signs: HostSigns = no_signatures


def reference_of(parameters: t.Mapping[str, t.Any]) -> CertificateReference:
    """Return what the parameters name. Raises Misconfigured, BadCertificate."""
    if "serial_number" in parameters:
        return CertificateReference(serial_number=normalise_serial(parameters["serial_number"]))
    if "certificate" in parameters:
        certificates = split_pem(parameters["certificate"])
        if not certificates:
            raise BadCertificate("There is no certificate in PEM in what was given; name another file or certificate.")
        return CertificateReference(certificate_pem=read_certificate(certificates[0]).pem)
    return CertificateReference(request_id=parameters["request_id"])


def status(call: Call) -> Result:
    """Return what has become of a request or certificate. Raises PkiError."""
    found = _status(call, reference_of(call.parameters))
    return with_pem(_result(call, found), _pem_of(found.certificate_pem, found.chain_pem))


def retrieve(call: Call) -> Result:
    """Return certificate and chain, waiting for them if wanted. Raises PkiError."""
    reference = reference_of(call.parameters)
    if reference.request_id is None:
        return status(call)
    answer = call.authority.collect(reference.request_id)
    if isinstance(answer, Pending) and call.parameters["wait"] and not call.check:
        timeout = call.parameters["wait_timeout"]
        answer = wait_for(call.authority, answer, timeout=timeout, progress=call.progress)
    return answer_result(call, answer, request_id=reference.request_id)


def revoke(call: Call) -> Result:
    """Revoke; a certificate that is revoked already is no change. Raises PkiError."""
    reference = reference_of(call.parameters)
    if not isinstance(call.authority, Revokes):
        raise Misconfigured(f"{call.authority.NAME} can't revoke certificates.")
    if call.check:
        changed = would_revoke(call.authority, reference, reason=call.parameters["reason"])
    elif "private_key_path" in call.parameters:
        changed = _revoke_with_key(call, reference)
    else:
        changed = call.authority.revoke(reference, reason=call.parameters["reason"])
    found = _after_revocation(call, reference, changed)
    result = with_pem(_result(call, found), _pem_of(found.certificate_pem, found.chain_pem))
    result["certificate"]["action"] = "revoked" if changed else "none"
    return {**result, "changed": changed}


def info(call: Call) -> Result:
    """Return what a CA tells about itself. Raises PkiError."""
    authority = call.authority
    chain = authority.chain() if isinstance(authority, HasChain) else None
    policy = authority.policy() if isinstance(authority, HasPolicy) else None
    return {
        "changed": False,
        "authority_info": {
            "type": authority.NAME,
            "authority_id": authority.identity,
            "chain_pem": "".join(chain.chain_pem) if chain else None,
            "crl_urls": list(chain.crl_urls) if chain else [],
            "abilities": sorted(name for name, ability in _ABILITIES.items() if isinstance(authority, ability)),
            "policy": as_dict(policy) if policy else None,
            "details": dict(authority.describe()) if isinstance(authority, Describes) else {},
        },
        "certificate": _base_result(call),
    }


def answer_result(call: Call, answer: t.Union[Issued, Pending], *, request_id: t.Optional[str] = None) -> Result:
    """Return the result for what a CA answered."""
    if isinstance(answer, Pending):
        found = CertificateStatus("pending", request_id=answer.request_id, detail=answer.detail)
        return with_pem(_result(call, found), {})
    found = CertificateStatus("issued", answer.request_id or request_id, answer.certificate_pem, answer.chain_pem)
    return with_pem(_result(call, found), _pem_of(answer.certificate_pem, answer.chain_pem))


def _status(call: Call, reference: CertificateReference) -> CertificateStatus:
    if isinstance(call.authority, ReportsStatus):
        return call.authority.status(reference)
    if reference.request_id is None:
        raise Misconfigured(f"{call.authority.NAME} can tell the status of a request only; give its request_id.")
    answer = call.authority.collect(reference.request_id)
    if isinstance(answer, Pending):
        return CertificateStatus("pending", request_id=answer.request_id, detail=answer.detail)
    return CertificateStatus("issued", reference.request_id, answer.certificate_pem, answer.chain_pem)


def _revoke_with_key(call: Call, reference: CertificateReference) -> bool:
    path = call.parameters["private_key_path"]
    if not isinstance(call.authority, RevokesByKey):
        raise Misconfigured(f"{call.authority.NAME} can't revoke with private_key_path; leave it out.")
    if reference.certificate_pem is None:
        raise Misconfigured("private_key_path goes with certificate or path only; give one of them.")
    sign = signing_with(call.signs, path=path, passphrase=call.parameters.get("private_key_passphrase"))
    return call.authority.revoke_with_key(reference.certificate_pem, reason=call.parameters["reason"], sign=sign)


def would_revoke(authority: Authority, reference: CertificateReference, *, reason: str) -> bool:
    """Predict by reading; a CA that can't tell is expected to revoke. What is on hold can be revoked for good."""
    if not isinstance(authority, ReportsStatus):
        return True
    found = authority.status(reference)
    if found.revocation_reason == _HOLD:
        return reason != _HOLD
    return found.status not in ("revoked", "expired") and reason != _OFF_HOLD


def _after_revocation(call: Call, reference: CertificateReference, changed: bool) -> CertificateStatus:
    """Return what the CA says now; that it can't be asked does not undo a revocation."""
    done = "issued" if call.parameters["reason"] == _OFF_HOLD else "revoked"
    told = CertificateStatus(done, reference.request_id, reference.certificate_pem)
    try:
        found = _status(call, reference)
    except PkiError:
        return told
    return dataclasses.replace(found, status=done) if changed else found


def _base_result(call: Call) -> t.Dict[str, t.Any]:
    return empty_result(authority=call.authority.NAME, authority_id=call.authority.identity, status="unknown")


def _result(call: Call, found: CertificateStatus) -> Result:
    certificate = _base_result(call)
    certificate.update(status=found.status, request_id=found.request_id)
    if found.certificate_pem:
        certificate.update(result_fields(read_certificate(found.certificate_pem)))
    if found.detail:
        certificate["reasons"] = [{"code": _REASONS.get(found.status, found.status), "detail": found.detail}]
    return {"changed": False, "certificate": certificate}


_REASONS = {"pending": "pending_request"}


def _pem_of(certificate_pem: t.Optional[str], chain_pem: t.Iterable[str]) -> t.Dict[str, t.Optional[str]]:
    """Return the PEM fields, put together the way they are installed (RFC 8446, section 4.4.2: the leaf first)."""
    if not certificate_pem:
        return {}
    leaf = read_certificate(certificate_pem).pem
    chain = order_chain(leaf, chain_pem)
    above = "".join(chain.chain)
    return {
        "certificate_pem": leaf,
        "chain_pem": above,
        "fullchain_pem": leaf + above,
        "ca_pem": "".join(chain.roots),
    }
