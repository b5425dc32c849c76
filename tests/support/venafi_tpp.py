# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

r"""A simulated Venafi Trust Protection Platform: folders, certificate objects, workflow, as the Web SDK shows them.

with VenafiTpp(tmp_path) as tpp:
    tpp.url, tpp.options()                       # what the authority `venafi` takes (zone \VED\Policy\Web)
    tpp.approval = True; tpp.approve(dn); tpp.deny(dn, "why")
    tpp.polls = 2                                # retrieves that find the certificate not ready yet
    tpp.failing.append("Post CSR failed with error: ...")   # the next order ends in an error state
    tpp.chain_reversed, tpp.wrong_certificate    # wrong answers
    tpp.folders[r"\VED\Policy\Web"]              # its rules, as checkpolicy returns them
``lenient`` takes what the vendor's own Python client sends: booleans as text.
"""

from __future__ import annotations

import base64
import datetime
import re
import typing as t
import uuid

from cryptography import x509

from ansible_collections.certfleet.pki.tests.support.certificates import make_csr
from ansible_collections.certfleet.pki.tests.support.simulators import Answer, Call, Refused, Reply, route
from ansible_collections.certfleet.pki.tests.support.venafi_tpp_auth import PASSWORD, USER
from ansible_collections.certfleet.pki.tests.support.venafi_tpp_folder import refused_by_folder
from ansible_collections.certfleet.pki.tests.support.venafi_tpp_objects import (
    Job,
    TppObject,
    common_name,
    end_of,
    is_true,
    thumbprint,
)
from ansible_collections.certfleet.pki.tests.support.venafi_tpp_registry import ZONE, Registry

__all__ = ("PASSWORD", "USER", "ZONE", "TppObject", "VenafiTpp")

FORMATS = ("Base64", "Base64 (PKCS #8)", "DER", "PKCS #7", "PKCS #12", "JKS")
ERROR_STATE = "This certificate cannot be processed while it is in an error state. Reset it first."
BUSY = "The certificate is currently being processed."
_NOT_RESET = (
    "Reset is not completed. The certificate {} does not exist or you do not have sufficient rights to the object."
)


class VenafiTpp(Registry):
    """See the module's docstring."""

    def __init__(self, *args: t.Any, lenient: bool = False, **options: t.Any) -> None:
        super().__init__(*args, **options)
        self.boolean: t.Tuple[type, ...] = (bool, str) if lenient else (bool,)
        self.custom_fields = {"Cost Centre", "Owners"}
        self.approval = False
        self.polls = 0
        self.failing: t.List[str] = []
        self.retry_helps = True
        self.chain_reversed = False
        self.wrong_certificate = False
        self.asynchronous_revocation = False

    # What tests use

    def options(self, **others: t.Any) -> t.Dict[str, t.Any]:
        """Return options for the authority, with a user's login unless another is given."""
        given = {"access_token", "refresh_token_file", "refresh_token_vault", "client_key", "username"} & set(others)
        usual = {} if given else {"username": USER, "password": PASSWORD}
        return {"url": self.url, "ca_bundle": self.ca_bundle, "zone": "Web", **usual, **others}

    def find(self, dn: str) -> TppObject:
        return self.objects[dn.partition("|")[0].lower()]

    def approve(self, dn: str) -> None:
        """Approve, as an approver would in the workflow."""
        with self.lock:
            known = self.find(dn)
            t.cast(Job, known.job).waits = False
            self._work(known)

    def deny(self, dn: str, reason: str) -> None:
        """Reject in the workflow."""
        with self.lock:
            job = t.cast(Job, self.find(dn).job)
            job.waits, job.in_error, job.status = False, True, f"The workflow ticket was rejected: {reason}"

    def orders(self) -> int:
        """Return how many orders were placed."""
        return self.count("(?i)/certificates/(request|renew)$")

    # Ordering

    @route("POST", "(?i)/vedsdk/certificates/request")
    def order(self, call: Call) -> Answer:
        self.authorized(call, "certificate:manage")
        fields = {
            "PolicyDN": str,
            "CADN": str,
            "ObjectName": str,
            "PKCS10": str,
            "Subject": str,
            "CASpecificAttributes": list,
            "CustomFields": list,
            "DisableAutomaticRenewal": self.boolean,
            "CertificateType": str,
            "Origin": str,
            "WorkToDoTimeout": int,
        }
        body = self.fields(call, fields, required=("PolicyDN", "PKCS10"))
        folder = self.policy_folder(body["PolicyDN"])
        self._check_lists(call, body)
        csr = self._request(body["PKCS10"])
        name = body.get("ObjectName") or body.get("Subject") or common_name(csr.subject)
        dn = f"{body['PolicyDN']}\\{name}"
        broken = refused_by_folder(folder, csr)
        if broken:
            raise Refused(400, {"Error": broken})
        known = self.objects.setdefault(dn.lower(), TppObject(dn, f"{{{uuid.uuid4()}}}", body))
        known.body = body
        self._start(known, body["PKCS10"], end_of(body))
        return {"CertificateDN": known.dn, "Guid": known.guid}

    @route("POST", "(?i)/vedsdk/certificates/renew")
    def renew(self, call: Call) -> Answer:
        self.authorized(call, "certificate:manage")
        fields = {"CertificateDN": str, "PKCS10": str, "Reenable": self.boolean, "WorkToDoTimeout": int}
        body = self.fields(call, fields, required=("CertificateDN",))
        known = self.object(body["CertificateDN"])
        if "PKCS10" not in body:
            raise Refused(400, {"Success": False, "Error": "A CSR is required for this certificate."})
        self._request(body["PKCS10"])
        self._start(known, body["PKCS10"], None)
        return {"Success": True}

    def _start(self, known: TppObject, csr: str, end: t.Optional[datetime.datetime]) -> None:
        if known.job:
            raise Refused(400, {"Error": ERROR_STATE if known.job.in_error else BUSY})
        known.job = Job(csr, waits=self.approval, polls=self.polls, not_after=end)
        if self.failing:
            known.job.in_error, known.job.status = True, self.failing.pop(0)
        elif self.approval:
            known.job.status = "Pending workflow resolution"
        self._work(known)

    def _work(self, known: TppObject) -> None:
        job = known.job
        if job is None or job.waits or job.in_error or job.polls:
            return
        csr = make_csr(["other.example.com"]).pem if self.wrong_certificate else job.csr
        known.pems.append(self.issue(csr, not_after=job.not_after).pem)
        known.job = None

    # Fetching

    @route("POST", "(?i)/vedsdk/certificates/retrieve")
    def retrieve(self, call: Call) -> Answer:
        self.authorized(call)
        fields = {
            "CertificateDN": str,
            "Format": str,
            "IncludeChain": self.boolean,
            "RootFirstOrder": self.boolean,
            "IncludePrivateKey": self.boolean,
            "WorkToDoTimeout": int,
        }
        body = self.fields(call, fields, required=("CertificateDN", "Format"))
        if body["Format"] not in FORMATS:
            raise self.violation(f"retrieve: the format {body['Format']} is unknown")
        known = self.object(body["CertificateDN"])
        if known.job:
            known.job.polls = max(0, known.job.polls - 1)
            self._work(known)
        if known.job and (known.job.in_error or not known.pems):
            answer = {"Stage": known.job.stage, "Status": known.job.status}
            return Reply(500 if known.job.in_error else 202, answer, reason=known.job.status[:60])
        if not known.pems:
            raise Refused(400, {"Error": f"Certificate {known.dn} has not been enrolled."})
        return self._certificate_answer(known, body)

    def _certificate_answer(self, known: TppObject, body: t.Mapping[str, t.Any]) -> Answer:
        pems = [known.pems[-1], *(self.ca.chain_pem if is_true(body.get("IncludeChain")) else ())]
        if is_true(body.get("RootFirstOrder")) != self.chain_reversed:
            pems.reverse()
        data = base64.b64encode("".join(pems).encode()).decode()
        return {"CertificateData": data, "Filename": "certificate.cer", "Format": body["Format"]}

    @route("POST", "(?i)/vedsdk/certificates/reset")
    def reset(self, call: Call) -> Answer:
        self.authorized(call, "certificate:manage")
        fields = {"CertificateDN": str, "Restart": self.boolean, "WorkToDoTimeout": int}
        body = self.fields(call, fields, required=("CertificateDN",))
        known = self.object(body["CertificateDN"], told=_NOT_RESET)
        if not known.job:
            raise Refused(400, {"Error": "Reset is not completed. No reset is required for the certificate."})
        known.job = None
        return {"ProcessingResetCompleted": True}

    @route("POST", "(?i)/vedsdk/certificates/retry")
    def retry(self, call: Call) -> Answer:
        self.authorized(call, "certificate:manage")
        body = self.fields(call, {"CertificateDN": str, "WorkToDoTimeout": int}, required=("CertificateDN",))
        known = self.object(body["CertificateDN"])
        if not known.job or not known.job.in_error:
            raise Refused(400, {"Error": "The certificate is not in an error state."})
        if self.retry_helps:
            known.job.in_error, known.job.status = False, "Post CSR"
            self._work(known)
        return {"Success": True}

    # Revoking

    @route("POST", "(?i)/vedsdk/certificates/revoke")
    def revoke(self, call: Call) -> Answer:
        self.authorized(call, "certificate:revoke")
        fields = {"CertificateDN": str, "Thumbprint": str, "Reason": int, "Comments": str, "Disable": self.boolean}
        body = self.fields(call, fields)
        if not 0 <= body.get("Reason", 0) <= 10:
            raise self.violation("revoke: there is no such reason")
        known, pem = self._named(body)
        if thumbprint(pem) in self.revoked:
            return {"Success": True, "Requested": False, "Warning": "The certificate is already revoked."}
        self.revoked[thumbprint(pem)] = (self.now(), body.get("Reason", 0))
        known.disabled = is_true(body.get("Disable"))
        if self.asynchronous_revocation:
            return Reply(202, {"Success": True, "Requested": True, "Revoked": False, "Warning": "Not confirmed yet."})
        return {"Success": True, "Revoked": True}

    def _named(self, body: t.Mapping[str, t.Any]) -> t.Tuple[TppObject, str]:
        if "CertificateDN" in body:
            known = self.object(body["CertificateDN"])
            return known, known.pems[-1]
        if not re.fullmatch("[0-9A-F]{40}", body.get("Thumbprint", "")):
            raise self.violation("revoke: the thumbprint is not 40 upper-case hex digits")
        for known in self.objects.values():
            for pem in known.pems:
                if thumbprint(pem) == body["Thumbprint"]:
                    return known, pem
        raise Refused(400, {"Error": "The certificate with this thumbprint does not exist."})

    # Checks

    def _request(self, pem: str) -> x509.CertificateSigningRequest:
        try:
            csr = x509.load_pem_x509_csr(pem.encode())
        except ValueError:
            raise self.violation("PKCS10 is not a CSR in PEM") from None
        if not csr.is_signature_valid:
            raise self.violation("PKCS10 has a bad signature")
        return csr

    def _check_lists(self, call: Call, body: t.Mapping[str, t.Any]) -> None:
        for entry in body.get("CASpecificAttributes", ()):
            self.checked(entry, {"Name": str, "Value": str}, required=("Name", "Value"), where="CASpecificAttributes")
        for entry in body.get("CustomFields", ()):
            self.checked(entry, {"Name": str, "Values": list}, required=("Name", "Values"), where="CustomFields")
            if entry["Name"] not in self.custom_fields:
                raise Refused(400, {"Error": f"Custom field '{entry['Name']}' does not exist."})
