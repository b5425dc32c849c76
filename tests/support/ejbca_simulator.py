# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""EJBCA's REST interface, as far as the authority `ejbca` may use it: strict, stateful, and it really issues.

with EjbcaSimulator(tmp_path) as ca:
    EjbcaAuthority(ca.options())                    # by client certificate; ca.options(auth=ca.oauth()), auth=ca.bearer()
    ca.approval = True; ca.approve(number); ca.deny(number); ca.revocation_approval = True
    ca.one_step_only = True        # refuses to enrol where approvals are on, as EJBCA's own pkcs10enroll does
    ca.keeps_holds = True          # what is on hold can't be revoked for good, as in older releases
    ca.disabled.add("REST Certificate Management"); ca.profiles.clear(); ca.frozen.add("web"); ca.expire_tokens()
    ca.wrong_certificate = True; ca.shuffled = True; ca.v2 = False     # faults besides those of Simulator
"""

from __future__ import annotations

import base64
import dataclasses
import datetime
import secrets
import typing as t
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import serialization

from ansible_collections.certfleet.pki.tests.support.certificates import CertificateAuthority, make_csr
from ansible_collections.certfleet.pki.tests.support.simulators import Answer, Call, Refused, Reply, Simulator, route

__all__ = ("EjbcaSimulator",)

V1, V2 = r"/ejbca/ejbca-rest-api/v1", r"/ejbca/ejbca-rest-api/v2"
CA_NAME = "Web Issuing CA"
REASONS = {
    "UNSPECIFIED",
    "KEY_COMPROMISE",
    "CA_COMPROMISE",
    "AFFILIATION_CHANGED",
    "SUPERSEDED",
    "CESSATION_OF_OPERATION",
    "CERTIFICATE_HOLD",
    "REMOVE_FROM_CRL",
    "PRIVILEGES_WITHDRAWN",
    "AA_COMPROMISE",
}
ENROL = {
    "certificate_request": str,
    "certificate_profile_name": str,
    "end_entity_profile_name": str,
    "certificate_authority_name": str,
    "username": str,
    "password": str,
    "account_binding_id": str,
    "include_chain": bool,
    "email": str,
    "response_format": str,
}
#: Of the REST resource: none is checked for, but without these nothing is issued.
NEEDED = [name for name in ENROL if name not in ("account_binding_id", "include_chain", "email", "response_format")]


@dataclasses.dataclass
class _Issued:
    username: str
    certificate: x509.Certificate
    revoked_at: t.Optional[datetime.datetime] = None
    reason: str = "NOT_REVOKED"

    @property
    def serial(self) -> str:
        return format(self.certificate.serial_number, "X")


@dataclasses.dataclass
class _Approval:
    order: t.Dict[str, t.Any]
    state: str = "waiting"


def refused(status: int, message: str) -> Refused:
    return Refused(status, {"error_code": status, "error_message": message})


def encoded(certificate: x509.Certificate) -> str:
    return base64.b64encode(certificate.public_bytes(serialization.Encoding.DER)).decode()


class EjbcaSimulator(Simulator):
    """See the module's docstring."""

    def __init__(self, folder: Path, **more: t.Any) -> None:
        self.client_ca = CertificateAuthority("RA Administrators")
        super().__init__(folder, client_ca=self.client_ca.pem, **more)
        self.issued: t.List[_Issued] = []
        self.approvals: t.Dict[str, _Approval] = {}
        self.passwords: t.Dict[str, str] = {}
        self.tokens: t.Set[str] = set()
        self.client_secret = secrets.token_urlsafe(24)
        self.profiles = {"ServerProfile", "ServerEntity"}
        self.disabled: t.Set[str] = set()
        self.frozen: t.Set[str] = set()
        self.approval = self.revocation_approval = self.wrong_certificate = self.shuffled = False
        self.one_step_only = self.keeps_holds = False
        self.v2 = True
        self.logins = 0

    # How tests open it

    def options(self, **options: t.Any) -> t.Dict[str, t.Any]:
        return {
            "url": self.url,
            "ca_bundle": self.ca_bundle,
            "certificate_authority": CA_NAME,
            "certificate_profile": "ServerProfile",
            "end_entity_profile": "ServerEntity",
            "auth": self.cert(),
            **options,
        }

    def cert(self, ca: t.Optional[CertificateAuthority] = None, name: str = "ansible") -> t.Dict[str, t.Any]:
        certificate, key = self.folder / f"{name}.pem", self.folder / f"{name}.key"
        if not key.exists():
            made = (ca or self.client_ca).issue([], common_name=name, extended_key_usage=["client_auth"])
            certificate.write_text(made.pem)
            key.write_text(str(made.key_pem))
        return {"cert": {"certificate": str(certificate), "private_key": str(key)}}

    def oauth(self, **more: str) -> t.Dict[str, t.Any]:
        client = {"client_id": "ansible", "client_secret": self.client_secret}
        return {"oauth": {"token_url": f"{self.url}/realms/pki/token", **client, **more}}

    def bearer(self) -> t.Dict[str, t.Any]:
        return {"token": self.new_token()}

    def new_token(self) -> str:
        token = secrets.token_urlsafe(32)
        self.tokens.add(token)
        return token

    def expire_tokens(self) -> None:
        self.tokens.clear()

    def approve(self, number: str) -> None:
        self.approvals[number].state = "approved"

    def deny(self, number: str) -> None:
        self.approvals[number].state = "rejected"

    # Who asks, and whether the protocol is on

    @route("POST", r"/realms/pki/token")
    def token(self, call: Call) -> Answer:
        if call.headers.get("Content-Type") != "application/x-www-form-urlencoded":
            raise self.violation("the token request is no form", status=415)
        form = dict(call.form)
        if form.pop("grant_type", None) != "client_credentials" or set(form) - {
            "client_id",
            "client_secret",
            "scope",
            "audience",
        }:
            raise self.violation(f"the token request has {sorted(call.form)}")
        if form.get("client_secret") != self.client_secret:
            words = f"bad secret {form.get('client_secret')}"
            raise Refused(401, {"error": "invalid_client", "error_description": words})
        self.logins += 1
        return {"access_token": self.new_token(), "token_type": "Bearer", "expires_in": 300}

    def admit(self, call: Call, protocol: str) -> None:
        scheme, _blank, token = call.headers.get("Authorization", "").partition(" ")
        if protocol in self.disabled:
            raise Refused(403, "<html><body>This service has been disabled.</body></html>")
        if scheme and (scheme != "Bearer" or token not in self.tokens):
            raise refused(403, f"Authentication failed: No admin authenticated for the token {token}.")
        if not scheme and call.client_certificate is None:
            raise refused(403, "Error no client certificate or OAuth token received for authentication.")

    # Enrolment

    @route("POST", V1 + r"/certificate/pkcs10enroll")
    def enrol(self, call: Call) -> Answer:
        self.admit(call, "REST Certificate Management")
        body = self.fields(call, ENROL, required=NEEDED)
        self.check_names(body)
        if not body["username"] or not body["password"]:
            raise self.violation("the end entity has no name or password")
        if body["username"] in self.frozen:
            raise refused(400, f"Entity {body['username']} already exists.")
        if self.one_step_only:
            raise refused(
                400,
                "Single transaction enrollment request rejected since approvals are enabled for this CA (1) or "
                "Certificate Profile (7).",
            )
        self.passwords[body["username"]] = body["password"]
        if self.approval:
            return self.waiting(body)
        return Reply(201, self.enrolled(body))

    def check_names(self, body: t.Mapping[str, t.Any]) -> None:
        # Whatever the trouble is, the REST resource makes it a 400.
        if body["certificate_authority_name"] != CA_NAME:
            raise refused(400, f'CA with name "{body["certificate_authority_name"]}" doesn\'t exist')
        if body["certificate_profile_name"] not in self.profiles:
            raise refused(400, f'Certificate profile with name "{body["certificate_profile_name"]}" doesn\'t exist')
        if body["end_entity_profile_name"] not in self.profiles:
            raise refused(400, f'End Entity Profile of name "{body["end_entity_profile_name"]}" was not found')
        if body.get("response_format", "DER") not in ("DER", "PKCS7"):
            raise refused(400, "Invalid input. Response format can only be DER or PKCS7")
        csr = x509.load_pem_x509_csr(body["certificate_request"].encode())
        if "forbidden.example.com" in csr.subject.rfc4514_string():
            raise refused(400, "Wrong number of DNSNAME fields in Subject Alternative Name.")

    def waiting(self, body: t.Dict[str, t.Any]) -> Reply:
        number = str(1000000 + len(self.approvals))
        self.approvals[number] = _Approval(body)
        words = "Add Entity request has been added for approval by authorized administrators."
        return self.accepted(number, words)

    def accepted(self, number: str, words: str) -> Reply:
        # The link is what real servers send: it lacks v1/certificate.
        link = f"{self.url}/ejbca/ejbca-rest-api/{number}/finalize"
        return Reply(202, {"status_code": 202, "info_message": words, "request_id": int(number), "link": link})

    def enrolled(self, body: t.Mapping[str, t.Any]) -> t.Dict[str, t.Any]:
        csr = make_csr(["other.example.com"]).pem if self.wrong_certificate else body["certificate_request"]
        made = x509.load_pem_x509_certificate(self.issue(csr).pem.encode())
        self.issued.append(_Issued(body["username"], made))
        chain = [encoded(x509.load_pem_x509_certificate(pem.encode())) for pem in self.ca.chain_pem]
        return {
            "certificate": encoded(made),
            "serial_number": self.issued[-1].serial,
            "response_format": "DER",
            **({"certificate_chain": chain[::-1] if self.shuffled else chain} if body.get("include_chain") else {}),
        }

    @route("POST", V1 + r"/certificate/(?P<number>\d+)/finalize")
    def finalize(self, call: Call) -> Answer:
        self.admit(call, "REST Certificate Management")
        body = self.fields(call, {"response_format": str, "password": str}, required=("response_format", "password"))
        if body["response_format"] not in ("DER", "PEM"):  # others are for keys that EJBCA makes
            raise self.violation(f"response_format {body['response_format']}")
        approval = self.approvals.get(call.match["number"])
        if approval is None:
            raise refused(400, f"Could not find request with Id '{call.match['number']}'")
        return self.finalized(call.match["number"], approval, body["password"])

    def finalized(self, number: str, approval: _Approval, password: str) -> Answer:
        if approval.state == "waiting":
            return self.accepted(number, f"Request with Id '{number}' is still waiting for approval")
        if approval.state == "executed":
            raise refused(400, f"Enrollment with Id '{number}' has already been finalized")
        if approval.state != "approved":
            raise refused(400, f"Request with Id '{number}' has been {approval.state}")
        if password != approval.order["password"]:
            raise refused(403, f"Got request for user with invalid password: {approval.order['username']}.")
        approval.state = "executed"
        return Reply(201, self.enrolled({**approval.order, "include_chain": False}))

    # Search

    @route("POST", V1 + r"/certificate/search")
    def search(self, call: Call) -> Answer:
        self.admit(call, "REST Certificate Management")
        body = self.fields(
            call, {"max_number_of_results": int, "criteria": list}, required=("max_number_of_results", "criteria")
        )
        found = self.matching(body["criteria"])
        limit = body["max_number_of_results"]
        # Older releases encode twice, which is what clients have to cope with.
        certificates = [
            {
                "certificate": base64.b64encode(encoded(one.certificate).encode()).decode(),
                "serial_number": one.serial,
                "response_format": "DER",
            }
            for one in found[:limit]
        ]
        return {"certificates": certificates, "more_results": len(found) > limit}

    def matching(self, criteria: t.Sequence[t.Any]) -> t.List[_Issued]:
        found = list(self.issued)
        for one in criteria:
            where = {"property": str, "value": str, "operation": str}
            self.checked(one, where, required=where, where="criteria")
            if one["operation"] != "EQUAL" or one["property"] not in ("QUERY", "CA"):
                raise self.violation(f"criteria {one}")
            if one["property"] == "CA" and one["value"] != CA_NAME:
                raise refused(400, "Invalid search criteria content, unknown CA.")
            if one["property"] == "QUERY":
                found = [issued for issued in found if self.is_called(issued, one["value"])]
        return found

    def is_called(self, issued: _Issued, query: str) -> bool:
        try:
            number = int(query, 16) if len(query) >= 8 else -1  # shorter ones are no serial numbers for EJBCA
        except ValueError:
            number = -1
        return query == issued.username or number == issued.certificate.serial_number

    @route("POST", V2 + r"/certificate/search")
    def search_pages(self, call: Call) -> Answer:
        self.admit(call, "REST Certificate Management V2")
        if not self.v2:
            raise Refused(404, "<html>Not Found</html>")
        body = self.fields(call, {"pagination": dict, "criteria": list}, required=("pagination", "criteria"))
        where = {"page_size": int, "current_page": int}
        page = self.checked(body["pagination"], where, required=where, where="pagination")
        if page["current_page"] < 1 or page["page_size"] < 1:
            raise self.violation(f"pagination {page}")
        found = self.matching(body["criteria"])
        start = (page["current_page"] - 1) * page["page_size"]
        listed = [self.listed(one) for one in found[start : start + page["page_size"]]]
        return {"certificates": listed, "pagination_summary": {**page, "total_certs": len(found)}}

    @route("GET", V1 + r"/certificate/expire")
    def expire(self, call: Call) -> Answer:
        self.admit(call, "REST Certificate Management")
        if set(call.query) != {"days", "offset", "maxNumberOfResults"}:
            raise self.violation(f"expire with {call.query}")
        offset, size = int(call.query["offset"][0]), int(call.query["maxNumberOfResults"][0])
        page = [
            {"certificate": encoded(one.certificate), "serial_number": one.serial, "response_format": "DER"}
            for one in self.issued[offset : offset + size]
        ]
        more = len(self.issued) > offset + size
        paging = {"more_results": more, "next_offset": offset + size, "number_of_results": len(page)}
        return {"pagination_rest_response_component": paging, "certificates_rest_response": {"certificates": page}}

    def listed(self, one: _Issued) -> t.Dict[str, t.Any]:
        # These names alone are in camelCase, in newer releases.
        return {
            "serialNumber": one.serial,
            "status": 40 if one.revoked_at else 20,
            "revocationReason": 4 if one.revoked_at else -1,
            "username": one.username,
            "base64Cert": base64.b64encode(encoded(one.certificate).encode()).decode(),
        }

    # Revocation

    def named(self, call: Call) -> _Issued:
        if call.match["dn"] != self.subject_dn:
            raise refused(404, f"CA '{call.match['dn']}' does not exist.")
        for one in self.issued:
            if one.certificate.serial_number == int(call.match["serial"], 16):
                return one
        where = f"serial number '{call.match['serial']}' and issuer DN '{call.match['dn']}'"
        raise refused(404, f"Certificate with {where} was not found")

    @route("PUT", V1 + r"/certificate/(?P<dn>[^/]+)/(?P<serial>(0x)?[0-9a-fA-F]+)/revoke")
    def revoke(self, call: Call) -> Answer:
        self.admit(call, "REST Certificate Management")
        reason = "".join(call.query.get("reason", []))
        if call.data or set(call.query) - {"reason", "date", "invalidity_date"} or reason not in REASONS:
            raise self.violation(f"revocation with {call.query} and {len(call.data)} bytes")
        one = self.named(call)
        held = one.reason == "CERTIFICATE_HOLD"
        if reason == "REMOVE_FROM_CRL" and not held:
            raise refused(409, "Not allowed to unrevoke a certificate that is not on hold.")
        if one.revoked_at and (not held or (self.keeps_holds and reason != "REMOVE_FROM_CRL")):
            words = "has previously been revoked. Revocation reason could not be changed or was not allowed."
            raise refused(409, f"Certificate with issuer: {self.subject_dn} and serial number: {one.serial} {words}")
        if self.revocation_approval:  # this one has no link
            words = "Revocation has been sent for approval by authorized administrators."
            return Reply(202, {"status_code": 202, "info_message": words, "request_id": 2000000})
        one.revoked_at, one.reason = (
            (None, "NOT_REVOKED") if reason == "REMOVE_FROM_CRL" else (self.now().replace(microsecond=0), reason)
        )
        return {**self.revocation(one), "message": "Successfully revoked"}

    @route("GET", V1 + r"/certificate/(?P<dn>[^/]+)/(?P<serial>(0x)?[0-9a-fA-F]+)/revocationstatus")
    def revocation_status(self, call: Call) -> Answer:
        self.admit(call, "REST Certificate Management")
        return self.revocation(self.named(call))

    def revocation(self, one: _Issued) -> t.Dict[str, t.Any]:
        date = {"revocation_date": one.revoked_at.isoformat().replace("+00:00", "Z")} if one.revoked_at else {}
        return {
            "issuer_dn": self.subject_dn,
            "serial_number": one.serial,
            "revocation_reason": one.reason,
            **date,
            "revoked": one.revoked_at is not None,
        }

    # The CA and its profiles

    @property
    def subject_dn(self) -> str:
        return f"CN={self.ca.name}"

    @route("GET", V1 + r"/ca")
    def authorities(self, call: Call) -> Answer:
        self.admit(call, "REST Certificate Management")
        own = {
            "id": 1,
            "name": CA_NAME,
            "subject_dn": self.subject_dn,
            "issuer_dn": f"CN={self.ca.parent.name}",
            "expiration_date": "2036-01-01T00:00:00Z",
        }
        return {"certificate_authorities": [{**own, "id": 2, "name": "Other CA", "subject_dn": "CN=Other"}, own]}

    @route("GET", V1 + r"/ca/(?P<dn>[^/]+)/certificate/download")
    def download(self, call: Call) -> Answer:
        self.admit(call, "REST Certificate Management")
        if call.match["dn"] != self.subject_dn:
            raise refused(404, f"CA with DN {call.match['dn']} does not exist.")
        return Reply(200, "".join(self.ca.chain_pem).encode())

    @route("GET", V2 + r"/certificate/profile/(?P<name>[^/]+)")
    def profile(self, call: Call) -> Answer:
        self.admit(call, "REST Certificate Management V2")
        if not self.v2:
            raise Refused(404, "<html>Not Found</html>")
        if call.match["name"] not in self.profiles:
            raise refused(400, "Invalid search criteria, unknown certificate profile.")
        return {
            "certificate_profile_id": 7,
            "available_key_algs": ["RSA", "ECDSA"],
            "available_alt_key_algs": [],
            "available_bit_lenghts": [256, 384, 2048, 3072],
            "available_ecdsa_curves": ["P-256", "P-384"],
            "available_cas": [CA_NAME],
            "key_usages": [],
            "extended_key_usages": [],
            "validity": "90d",
        }
