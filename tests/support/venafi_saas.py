# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

r"""A simulated Venafi as a service: an application with an issuing template, requests and certificates.

with VenafiSaas(tmp_path) as saas:
    saas.options()                               # what the authority `venafi_saas` takes (zone Web\Default)
    saas.approval = True; saas.approve(request_id); saas.deny(request_id, "why")
    saas.polls = 2                               # status questions until it is issued
    saas.template["validityPeriod"] = "P30D"     # the rules
    saas.chain_reversed, saas.wrong_certificate  # wrong answers
``lenient`` takes what the vendor's own Python client sends: no isVaaSGenerated, a search without paging.
"""

from __future__ import annotations

import re
import typing as t
import uuid

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa

from ansible_collections.certfleet.pki.tests.support.certificates import make_csr
from ansible_collections.certfleet.pki.tests.support.simulators import Answer, Call, Reply, route
from ansible_collections.certfleet.pki.tests.support.venafi_saas_places import API, Places
from ansible_collections.certfleet.pki.tests.support.venafi_saas_state import (
    SaasCertificate,
    SaasRequest,
    days_of,
    refused,
    serial_of,
    several,
)

__all__ = ("ZONE", "SaasRequest", "VenafiSaas")

ZONE = "Web\\Default"
REASONS = ("UNSPECIFIED", "KEY_COMPROMISE", "AFFILIATION_CHANGED", "SUPERSEDED", "CESSATION_OF_OPERATION")
OPERATORS = ("EQ", "FIND", "GT", "GTE", "IN", "LT", "LTE", "MATCH")
FIELDS = ("fingerprint", "serialNumber", "subjectCN", "appstackIds", "certificateStatus")
UUID = "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"


class VenafiSaas(Places):
    """See the module's docstring."""

    def __init__(self, *args: t.Any, lenient: bool = False, **options: t.Any) -> None:
        super().__init__(*args, **options)
        self.lenient = lenient
        self.requests: t.Dict[str, SaasRequest] = {}
        self.certificates: t.Dict[str, SaasCertificate] = {}
        self.revoked: t.Dict[str, str] = {}
        self.approval = False
        self.polls = 0
        self.failing: t.List[str] = []
        self.chain_reversed = False
        self.wrong_certificate = False

    # What tests use

    def options(self, **others: t.Any) -> t.Dict[str, t.Any]:
        return {"url": self.url, "ca_bundle": self.ca_bundle, "zone": ZONE, "api_key": self.api_key, **others}

    def approve(self, request_id: str) -> None:
        with self.lock:
            self.requests[request_id].status = "REQUESTED"

    def deny(self, request_id: str, reason: str) -> None:
        with self.lock:
            self.requests[request_id].status, self.requests[request_id].error = "REJECTED_APPROVAL", reason

    def orders(self) -> int:
        return self.count("/certificaterequests$", "POST")

    # Requests

    @route("POST", API + "certificaterequests")
    def order(self, call: Call) -> Answer:
        self.authorized(call)
        fields = {
            "applicationId": str,
            "certificateIssuingTemplateId": str,
            "isVaaSGenerated": bool,
            "certificateSigningRequest": str,
            "validityPeriod": str,
            "existingCertificateId": str,
            "reuseCSR": bool,
            "apiClientInformation": dict,
        }
        required = ["applicationId", "certificateIssuingTemplateId", "certificateSigningRequest"]
        body = self.fields(call, fields, required=required if self.lenient else [*required, "isVaaSGenerated"])
        client = {"type": str, "identifier": str}
        self.checked(body.get("apiClientInformation", {}), client, where="apiClientInformation")
        if (body["applicationId"], body["certificateIssuingTemplateId"]) != (self.application_id, self.template_id):
            raise refused(404, 10051, "Unable to find application")
        csr = self._request(body["certificateSigningRequest"])
        self._check_template(csr, body)
        return Reply(201, {"certificateRequests": [self._placed(body)]})

    def _placed(self, body: t.Mapping[str, t.Any]) -> t.Dict[str, t.Any]:
        if "existingCertificateId" in body:
            old = self.certificates.get(body["existingCertificateId"])
            if old is None or not old.current or old.fingerprint in self.revoked or old.status != "ACTIVE":
                raise refused(400, 10052, "The existing certificate is not the current version or is revoked")
        status = "PENDING_APPROVAL" if self.approval else "REQUESTED"
        placed = SaasRequest(
            str(uuid.uuid4()), body["certificateSigningRequest"], body.get("validityPeriod"), status, self.polls,
            existing=body.get("existingCertificateId"),
        )  # fmt: skip
        if self.failing:
            placed.status, placed.error = "FAILED", self.failing.pop(0)
        self.requests[placed.id] = placed
        return self._shown(placed)

    def _check_template(self, csr: x509.CertificateSigningRequest, body: t.Mapping[str, t.Any]) -> None:
        names = csr.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        for name in names.get_values_for_type(x509.DNSName):
            if not any(re.fullmatch(regex, name) for regex in self.template["sanRegexes"]):
                raise refused(400, 10702, f"DNS name {name} does not match the issuing template")
        key = csr.public_key()
        if isinstance(key, rsa.RSAPublicKey) and key.key_size < 2048:
            raise refused(400, 10702, "The key does not match the issuing template")
        if "validityPeriod" in body and not re.fullmatch(r"P\d+D|PT\d+H", body["validityPeriod"]):
            raise self.violation("certificaterequests: validityPeriod is no period")

    @route("GET", API + f"certificaterequests/(?P<id>{UUID})")
    def request_status(self, call: Call) -> Answer:
        self.authorized(call)
        placed = self.requests.get(call.match["id"])
        if placed is None:
            raise refused(404, 10051, "Unable to find certificateRequest")
        if placed.status == "REQUESTED":
            placed.polls -= 1
            if placed.polls < 0:
                self._issue(placed)
        return self._shown(placed)

    def _issue(self, placed: SaasRequest) -> None:
        csr = make_csr(["other.example.com"]).pem if self.wrong_certificate else placed.csr
        made = self.issue(csr, days=days_of(placed.period))
        certificate = SaasCertificate(str(uuid.uuid4()), placed.id, made.pem)
        self.certificates[certificate.id] = certificate
        placed.status, placed.certificate_id = "ISSUED", certificate.id
        if placed.existing:
            self.certificates[placed.existing].current = False

    def _shown(self, placed: SaasRequest) -> t.Dict[str, t.Any]:
        certificate = self.certificates.get(placed.certificate_id or "")
        revoked = certificate is not None and certificate.fingerprint in self.revoked
        shown: t.Dict[str, t.Any] = {
            "id": placed.id,
            "status": "REVOKED" if revoked else placed.status,
            "subjectDN": "CN=www.example.com",
            "applicationId": self.application_id,
            "certificateIssuingTemplateId": self.template_id,
        }
        if placed.certificate_id:
            shown["certificateIds"] = [placed.certificate_id]
        if placed.error:
            shown["errorInformation"] = {"type": "CA", "code": 10700, "message": placed.error, "args": []}
        return shown

    # Certificates

    @route("GET", API + f"certificates/(?P<id>{UUID})/contents")
    def contents(self, call: Call) -> Answer:
        self.authorized(call)
        certificate = self._certificate(call)
        order = call.query.get("chainOrder", ["ROOT_FIRST"])[0]
        if order not in ("EE_FIRST", "EE_ONLY", "ROOT_FIRST") or call.query.get("format", ["PEM"])[0] not in (
            "PEM",
            "DER",
        ):
            raise self.violation("contents: chainOrder or format is unknown")
        pems = [certificate.pem, *(() if order == "EE_ONLY" else self.ca.chain_pem)]
        if (order == "ROOT_FIRST") != self.chain_reversed:
            pems.reverse()
        return Reply(200, "\n".join(pems), {"Content-Type": "text/plain"})

    @route("GET", API + f"certificates/(?P<id>{UUID})")
    def certificate(self, call: Call) -> Answer:
        self.authorized(call)
        return self._listed(self._certificate(call))

    @route("POST", API + "certificatesearch")
    def search(self, call: Call) -> Answer:
        self.authorized(call)
        body = self.fields(call, {"expression": dict, "ordering": dict, "paging": dict}, required=("expression",))
        expression = self.checked(body["expression"], {"operator": str, "operands": list}, where="expression")
        operands = [self._operand(one) for one in expression["operands"]]
        if len(operands) > 1 and expression.get("operator") not in ("AND", "OR"):
            raise self.violation("certificatesearch: the operator is neither AND nor OR")
        paging = {"pageNumber": 0, "pageSize": 50}
        paging.update(self.checked(body.get("paging", {}), {"pageNumber": int, "pageSize": int}, where="paging"))
        listed = [self._listed(one) for one in self.certificates.values()]
        found = [one for one in listed if all(value in several(one[field]) for field, value in operands)]
        start = paging["pageNumber"] * paging["pageSize"]
        return {"count": len(found), "certificates": found[start : start + paging["pageSize"]]}

    def _operand(self, operand: t.Any) -> t.Tuple[str, t.Any]:
        fields = {"field": str, "operator": str, "value": (str, int), "values": list}
        checked = self.checked(operand, fields, required=("field", "operator"), where="operand")
        if checked["field"] not in FIELDS or checked["operator"] not in OPERATORS:
            raise self.violation(f"certificatesearch: {checked['field']} {checked['operator']} is unknown")
        return checked["field"], checked["value"]

    @route("POST", API + "certificates/retirement")
    def retire(self, call: Call) -> Answer:
        self.authorized(call)
        fields = {"certificateIds": list, "addToBlocklist": bool}
        body = self.fields(call, fields, required=("certificateIds",))
        retired = [one for one in map(self.certificates.get, body["certificateIds"]) if one and one.status == "ACTIVE"]
        for one in retired:
            one.status = "RETIRED"
        return {"count": len(retired), "certificates": [self._listed(one) for one in retired]}

    @route("POST", "/graphql")
    def graphql(self, call: Call) -> Answer:
        self.authorized(call)
        fields = {"operationName": str, "query": str, "variables": dict}
        body = self.fields(call, fields, required=tuple(fields))
        if (
            body["operationName"] != "RevokeCertificateRequest"
            or f"mutation {body['operationName']}(" not in body["query"]
        ):
            raise self.violation("graphql: operationName is not the name of the operation")
        nullable = (str, type(None))
        variables = {"fingerprint": str, "certificateAuthorityAccountId": nullable, "revocationReason": str}
        given = self.checked(body["variables"], {**variables, "revocationComment": nullable},
                             required=("fingerprint", "revocationReason"), where="variables")  # fmt: skip
        if given["revocationReason"] not in REASONS or not re.fullmatch("[0-9A-F]{40}", given["fingerprint"]):
            raise self.violation("graphql: the reason or the fingerprint is not as it has to be")
        return self._revoked(given)

    def _revoked(self, given: t.Mapping[str, t.Any]) -> t.Dict[str, t.Any]:
        fingerprint = given["fingerprint"]
        known = next((one for one in self.certificates.values() if one.fingerprint == fingerprint), None)
        if known is None:
            return {"data": None, "errors": [{"message": "Certificate not found", "path": ["revokeCertificate"]}]}
        if fingerprint in self.revoked:
            error = {"code": 10800, "message": "The certificate is already revoked", "arguments": []}
            revocation: t.Dict[str, t.Any] = {"status": "FAILED", "error": error, "approvalDetails": None}
        else:
            self.revoked[fingerprint] = given["revocationReason"]
            revocation = {"status": "SUBMITTED", "error": None, "approvalDetails": None}
        answer = {
            "id": known.id,
            "fingerprint": fingerprint,
            "serialNumber": serial_of(known),
            "revocation": revocation,
        }
        return {"data": {"revokeCertificate": answer}}

    # Checks

    def _certificate(self, call: Call) -> SaasCertificate:
        if call.match["id"] not in self.certificates:
            raise refused(404, 10051, "Unable to find certificate")
        return self.certificates[call.match["id"]]

    def _listed(self, one: SaasCertificate) -> t.Dict[str, t.Any]:
        names = one.parsed.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
        return {
            "id": one.id,
            "certificateRequestId": one.request_id,
            "applicationIds": [self.application_id],
            "appstackIds": [self.application_id],
            "fingerprint": one.fingerprint,
            "serialNumber": serial_of(one),
            "subjectCN": [name.value for name in names],
            "subjectAlternativeNameDns": ["www.example.com"],
            "certificateStatus": one.status,
            "versionType": "CURRENT" if one.current else "OLD",
            "encryptionType": "EC",
            "keyCurve": "P256",
        }

    def _request(self, pem: str) -> x509.CertificateSigningRequest:
        try:
            return x509.load_pem_x509_csr(pem.encode())
        except ValueError:
            raise self.violation("certificateSigningRequest is not a CSR in PEM") from None
