# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Sectigo Certificate Manager's SSL API, as far as the authority `sectigo` may use it: strict, stateful, really issuing.

with SectigoSimulator(tmp_path) as ca:
    SectigoAuthority(ca.options())                 # name and password; auth=ca.cert(), auth=ca.oauth()
    ca.approval = True; ca.approve(ssl_id); ca.deny(ssl_id, "why")      # Requested, until a person decides
    ca.not_ready = 2               # collect answers 0, -1400 and -183 in turn so often, although the order is Issued
    ca.renewable = False; ca.mandatory = ["Cost centre"]; ca.forbidden = ("evil.example.com",); ca.expire_tokens()
    ca.may_read_types = False; ca.wrong_certificate = True; ca.shuffled = True
"""

from __future__ import annotations

import dataclasses
import datetime
import secrets
import typing as t
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization

from ansible_collections.certfleet.pki.tests.support.certificates import CertificateAuthority, make_csr
from ansible_collections.certfleet.pki.tests.support.simulators import Answer, Call, Refused, Reply, Simulator, route

__all__ = ("PROFILE", "SectigoSimulator")

API = r"/(?:private/)?api/ssl/v1"
ORGANIZATION, PROFILE = 4711, 9842
NOT_READY = (
    (-1400, "The request is being processed by Sectigo."),
    (0, "Being processed by Sectigo"),
    (-183, "Certificate is not collectable."),
)
JSON = "application/json;charset=utf-8"
ENROL: t.Mapping[str, t.Any] = {
    "orgId": int,
    "csr": str,
    "certType": int,
    "term": int,
    "subjAltNames": str,
    "comments": str,
    "externalRequester": str,
    "customFields": list,
    "dcvMode": str,
    "dcvEmail": str,
}
MODES = ("AUTO", "CNAME", "EMAIL", "HTTP", "HTTPS", "TXT")
LIST = {"size", "position", "commonName", "status", "sslTypeId", "orgId", "serialNumber"}


@dataclasses.dataclass
class _Order:
    number: int
    csr: str
    term: int
    status: str
    names: t.Tuple[str, ...] = ()
    comments: str = ""
    dcv_mode: str = "CNAME"
    follows: t.Optional[int] = None
    certificate: t.Optional[x509.Certificate] = None
    revoked: t.Optional[datetime.datetime] = None
    reason: str = ""

    @property
    def common_name(self) -> str:
        subject = x509.load_pem_x509_csr(self.csr.encode()).subject
        names = subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
        return str(names[0].value) if names else self.names[0]

    @property
    def serial(self) -> str:
        if self.certificate is None:
            return ""
        return self.certificate.serial_number.to_bytes(20, "big").lstrip(b"\0").hex(":").upper()


def refused(code: int, description: str, status: int = 400) -> Refused:
    return Refused(status, {"code": code, "description": description})


class SectigoSimulator(Simulator):
    """See the module's docstring."""

    def __init__(self, folder: Path, **more: t.Any) -> None:
        self.client_ca = CertificateAuthority("Sectigo API Users")
        super().__init__(folder, client_ca=self.client_ca.pem, **more)
        self.orders: t.Dict[int, _Order] = {}
        self.tokens: t.Set[str] = set()
        self.password, self.client_secret = secrets.token_urlsafe(24), secrets.token_urlsafe(24)
        self.approval = self.wrong_certificate = self.shuffled = False
        self.renewable = self.may_read_types = True
        self.mandatory: t.Sequence[str] = ()
        self.forbidden: t.Sequence[str] = ()
        self.not_ready = self.logins = 0

    # How tests open it

    def options(self, **options: t.Any) -> t.Dict[str, t.Any]:
        login = {"login": "ansible", "customer_uri": "example", "password": self.password}
        return {
            "url": self.url,
            "ca_bundle": self.ca_bundle,
            "organization_id": ORGANIZATION,
            "profile": str(PROFILE),
            "term": 90,
            "auth": {"password": login},
            **options,
        }

    def cert(self) -> t.Dict[str, t.Any]:
        certificate, key = self.folder / "user.pem", self.folder / "user.key"
        made = self.client_ca.issue([], common_name="ansible", extended_key_usage=["client_auth"])
        certificate.write_text(made.pem)
        key.write_text(str(made.key_pem))
        login = {"login": "ansible", "customer_uri": "example"}
        return {"cert": {**login, "certificate": str(certificate), "private_key": str(key)}}

    def oauth(self, **more: str) -> t.Dict[str, t.Any]:
        client = {"client_id": "ansible", "client_secret": self.client_secret}
        return {"oauth": {"token_url": f"{self.url}/auth/token", **client, **more}}

    def expire_tokens(self) -> None:
        self.tokens.clear()

    def approve(self, number: int) -> None:
        self.make(self.orders[number])

    def deny(self, number: int, _message: str) -> None:
        self.orders[number].status = "Declined"

    def make(self, order: _Order) -> None:
        csr = make_csr(["other.example.com"]).pem if self.wrong_certificate else order.csr
        order.certificate = x509.load_pem_x509_certificate(self.issue(csr, days=order.term).pem.encode())
        order.status = "Issued"

    # Who asks

    @route("POST", r"/auth/token")
    def token(self, call: Call) -> Answer:
        form = dict(call.form)
        if call.headers.get("Content-Type") != "application/x-www-form-urlencoded":
            raise self.violation("the token request is no form", status=415)
        if set(form) != {"grant_type", "client_id", "client_secret"} or form["grant_type"] != "client_credentials":
            raise self.violation(f"the token request has {sorted(form)}")
        if form["client_secret"] != self.client_secret:
            raise Refused(401, {"error": "unauthorized_client", "error_description": "Invalid client credentials"})
        self.logins += 1
        token = secrets.token_urlsafe(32)
        self.tokens.add(token)
        return {"access_token": token, "token_type": "Bearer", "expires_in": 300}

    def admit(self, call: Call) -> None:
        if call.headers.get("Content-Type") != JSON:
            raise self.violation(f"{call.method} {call.path}: content type {call.headers.get('Content-Type')}")
        scheme, _blank, token = call.headers.get("Authorization", "").partition(" ")
        if scheme:
            if scheme != "Bearer" or token not in self.tokens:
                raise refused(-16, f"Unknown token {token}", 401)
            return
        if "login" not in call.headers or "customerUri" not in call.headers:
            raise self.violation(f"{call.method} {call.path}: the login headers are missing", status=401)
        if call.path.startswith("/private/"):
            if "password" in call.headers:
                raise self.violation("a password beside a client certificate")
            known = call.client_certificate is not None
        else:
            known = call.headers.get("password") == self.password
        if not known:
            raise refused(-16, f"Unknown user {call.headers.get('password')}", 401)

    # Profiles

    @route("GET", API + r"/types")
    def types(self, call: Call) -> Answer:
        self.admit(call)
        if not self.may_read_types:
            raise refused(-37, "You are not authorized", 403)
        if set(call.query) - {"organizationId"}:
            raise self.violation(f"types with {sorted(call.query)}")
        terms, keys = [90, 199, 365], {"RSA": ["2048", "3072"], "EC": ["P-256", "P-384"]}
        own = {"id": PROFILE, "name": "Example OV", "description": "", "terms": terms, "keyTypes": keys}
        return [{**own, "id": 1, "name": "Other", "terms": [30]}, own]

    @route("GET", API + r"/customFields")
    def custom_fields(self, call: Call) -> Answer:
        self.admit(call)
        fields = [{"id": 1, "name": "Remark", "mandatory": False}]
        return fields + [{"id": 2 + at, "name": name, "mandatory": True} for at, name in enumerate(self.mandatory)]

    # Orders

    @route("POST", API + r"/enroll")
    def enroll(self, call: Call) -> Answer:
        self.admit(call)
        body = self.fields(call, ENROL, required=("orgId", "csr", "certType", "term"))
        self.check_enrolment(body)
        names = tuple(filter(None, body.get("subjAltNames", "").split(",")))
        if any(name in self.forbidden for name in names):
            raise refused(-1010, f"Domain {names[0]} is not allowed")
        order = self.order(body["csr"], body["term"], names)
        order.comments, order.dcv_mode = body.get("comments", ""), body.get("dcvMode", "CNAME")
        return {"sslId": order.number, "renewId": secrets.token_hex(8)}

    def check_enrolment(self, body: t.Mapping[str, t.Any]) -> None:
        where = {"name": str, "value": str}
        for field in body.get("customFields", []):
            self.checked(field, where, required=where, where="customFields")
        if len(body.get("comments", "")) > 1024 or body.get("dcvMode", "TXT") not in MODES:
            raise self.violation("comments or dcvMode are not as described")
        if body["orgId"] != ORGANIZATION:
            raise refused(-1023, "Organization not found")
        if body["certType"] != PROFILE:
            raise refused(-111, "The profile is not available")
        if body["term"] not in (90, 199, 365):
            raise refused(-36, "Term is invalid")
        missing = set(self.mandatory) - {field["name"] for field in body.get("customFields", [])}
        if missing:
            raise refused(-62, f"Custom field {missing.pop()} is mandatory")

    def order(self, csr: str, term: int, names: t.Tuple[str, ...]) -> _Order:
        order = _Order(1000 + len(self.orders), csr, term, "Requested", names)
        self.orders[order.number] = order
        if not self.approval:
            self.make(order)
        return order

    @route("POST", API + r"/renewById/(?P<number>\d+)")
    def renew(self, call: Call) -> Answer:
        self.admit(call)
        body = self.fields(call, {"csr": str, "dcvMode": str, "dcvEmail": str})
        old = self.named(call)
        if not self.renewable:
            raise refused(-180, "The profile does not allow renewal")
        # As the real one: the order's own names count, not the CSR's.
        order = self.order(body.get("csr", old.csr), old.term, old.names)
        order.follows = old.number
        return {"sslId": order.number}

    def named(self, call: Call) -> _Order:
        order = self.orders.get(int(call.match["number"]))
        if order is None:
            raise refused(-5101, "SSL certificate not found", 404)
        return order

    @route("GET", API + r"/(?P<number>\d+)")
    def details(self, call: Call) -> Answer:
        self.admit(call)
        order = self.named(call)
        answer = {
            "commonName": order.common_name,
            "sslId": order.number,
            "orgId": ORGANIZATION,
            "status": order.status,
            "certType": {"id": PROFILE, "name": "Example OV", "terms": [90, 199, 365]},
            "term": order.term,
            "comments": order.comments,
            "requested": self.now().strftime("%m/%d/%Y"),
            "subjectAlternativeNames": list(order.names),
        }
        if order.certificate:
            sha1 = order.certificate.fingerprint(hashes.SHA1()).hex().upper()
            answer.update(serialNumber=order.serial, certificateDetails={"sha1Hash": sha1})
        if order.revoked and self.is_admin(call):
            answer.update(revoked=order.revoked.strftime("%Y-%m-%dT%H:%M:%S.000Z"), reasonCode=order.reason)
        elif order.revoked:
            answer.update(revoked=order.revoked.strftime("%m/%d/%Y"), reasonCode=int(order.reason))
        return answer

    @staticmethod
    def is_admin(call: Call) -> bool:
        """Tell the Admin Operations API from the classic one: a few types differ."""
        return "Authorization" in call.headers

    @route("GET", API + r"/(?P<number>\d+)/dcv")
    def dcv(self, call: Call) -> Answer:
        self.admit(call)
        order = self.named(call)
        log = [{"dcvStatus": "Awaiting Validation", "domainName": name, "dcvDate": None} for name in order.names]
        ways = [{"domainName": name, "dcvMode": order.dcv_mode, "host": f"_4e38.{name}."} for name in order.names]
        state = {"dcvLog": {"error": {"code": 0, "description": None}, "log": log}, "instructions": ways}
        return [state] if self.is_admin(call) else state

    @route("GET", API + r"/collect/(?P<number>\d+)")
    def collect(self, call: Call) -> Answer:
        self.admit(call)
        if call.query != {"format": ["x509"]}:
            raise self.violation(f"collect with {call.query}")
        order = self.named(call)
        if order.status == "Revoked":
            raise refused(-110, "The certificate is revoked")
        if self.not_ready > 0:
            self.not_ready -= 1
            raise refused(*NOT_READY[self.not_ready % 3])
        if order.certificate is None:
            raise refused(-183, "Certificate is not collectable.")
        leaf = order.certificate.public_bytes(serialization.Encoding.PEM).decode()
        pems = [leaf, *self.ca.chain_pem]
        return Reply(200, "".join(pems[::-1] if self.shuffled else pems).encode())

    @route("GET", API)
    def list(self, call: Call) -> Answer:
        self.admit(call)
        if set(call.query) - LIST or int(call.query["size"][0]) > 200:
            raise self.violation(f"list with {call.query}")
        wanted = {name: values[0] for name, values in call.query.items()}
        found = [order for order in self.orders.values() if self.fits(order, wanted)]
        start = int(wanted.get("position", 0))
        page = found[start : start + int(wanted.get("size", 200))]
        listed = [self.listed(order) for order in page]
        return Reply(200, listed, {"X-Total-Count": str(len(found))})

    def fits(self, order: _Order, wanted: t.Mapping[str, str]) -> bool:
        own = {
            "commonName": order.common_name,
            "status": order.status,
            "serialNumber": order.serial,
            "sslTypeId": str(PROFILE),
            "orgId": str(ORGANIZATION),
        }
        return all(own[name] == value for name, value in wanted.items() if name in own)

    def listed(self, order: _Order) -> t.Dict[str, t.Any]:
        names = list(order.names)
        serial = {"serialNumber": order.serial} if order.certificate else {}
        return {"sslId": order.number, "commonName": order.common_name, "subjectAlternativeNames": names, **serial}

    @route("POST", API + r"/revoke/(?P<number>\d+)")
    def revoke(self, call: Call) -> Answer:
        self.admit(call)
        kind = str if self.is_admin(call) else int
        body = self.fields(call, {"reasonCode": kind, "reason": str}, required=("reasonCode", "reason"))
        if str(body["reasonCode"]) not in ("0", "1", "3", "4", "5") or not 1 <= len(body["reason"]) <= 512:
            raise self.violation(f"revocation with {body}")
        order = self.named(call)
        if order.status == "Revoked":
            raise refused(-159, "Certificate is already revoked")
        if order.status != "Issued":
            raise refused(-102, "Only issued certificates can be revoked")
        order.status, order.revoked, order.reason = "Revoked", self.now(), str(body["reasonCode"])
        return Reply(204)

    @route("POST", API + r"/decline/(?P<number>\d+)")
    def decline(self, call: Call) -> Answer:
        self.admit(call)
        body = self.fields(call, {"message": str}, required=("message",))
        if not 1 <= len(body["message"]) <= 512:
            raise self.violation("the message is not as described")
        self.named(call).status = "Declined"
        return Reply(204)
