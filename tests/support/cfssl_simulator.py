# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What Debian's cfssl is too old for or can't be made to do: the endpoint `crl`, and faults.

    with CfsslSimulator(tmp_path) as ca:
        authority = CfsslAuthority(ca.options())
        ca.fail(times=1, status=503, path="/authsign"); ca.count("/authsign"); ca.revoked

Bodies are checked against doc/api of cfssl; its Go code would ignore unknown fields.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import typing as t
from pathlib import Path

from cryptography import x509

from ansible_collections.certfleet.pki.tests.support.crls import make_crl
from ansible_collections.certfleet.pki.tests.support.simulators import Answer, Call, Refused, Simulator, route

__all__ = ("CfsslSimulator",)

_API = "/api/v1/cfssl/"
_REASONS = {"unspecified": 0, "keycompromise": 1, "superseded": 4, "certificatehold": 6}
_SIGN = {"certificate_request": str, "profile": str, "label": str}


class CfsslSimulator(Simulator):
    """One CA; its profile `web` needs the key ``auth_key``, the default one does not."""

    def __init__(self, folder: Path, **options: t.Any) -> None:
        super().__init__(folder, **options)
        self.auth_key = secrets.token_hex(16)
        self.revoked: t.Dict[int, int] = {}
        self.swap: t.Optional[str] = None

    def options(self, **others: t.Any) -> t.Dict[str, t.Any]:
        """Return options for the authority `cfssl`: the profile `web` and its key, unless ``others`` say otherwise."""
        usual = {"url": self.url, "ca_bundle": self.ca_bundle, "profile": "web", "auth_key": self.auth_key}
        return {**usual, "timeout": 5, **others}

    @route("POST", _API + "info")
    def info(self, call: Call) -> Answer:
        self.fields(call, {"label": str, "profile": str}, required=("label",))
        usages = ["signing", "key encipherment", "server auth"]
        return _success({"certificate": self.ca.pem.strip(), "usages": usages, "expiry": "2160h"})

    @route("POST", _API + "authsign")
    def authsign(self, call: Call) -> Answer:
        outer = self.fields(call, {"token": str, "request": str}, required=("token", "request"))
        request = base64.b64decode(outer["request"])
        token = hmac.new(bytes.fromhex(self.auth_key), request, hashlib.sha256).digest()
        body = self.checked(json.loads(request), _SIGN, required=("certificate_request",), where="authsign")
        if not hmac.compare_digest(token, base64.b64decode(outer["token"])):
            raise _refused(400, "invalid token")
        return self._signed(body)

    @route("POST", _API + "sign")
    def sign(self, call: Call) -> Answer:
        body = self.fields(call, _SIGN, required=("certificate_request",))
        if body.get("profile") == "web":
            raise _refused(400, "authentication required")
        return self._signed(body)

    def _signed(self, body: t.Mapping[str, t.Any]) -> Answer:
        return _success({"certificate": self.swap or self.issue(body["certificate_request"]).pem})

    @route("POST", _API + "revoke")
    def revoke(self, call: Call) -> Answer:
        kinds = {"serial": str, "authority_key_id": str, "reason": str}
        body = self.fields(call, kinds, required=("serial", "authority_key_id"))
        identifier = x509.SubjectKeyIdentifier.from_public_key(self.ca.key.public_key()).digest.hex()
        if body["authority_key_id"] != identifier:
            raise _refused(11200, "failed to revoke the certificate: certificate not found")
        self.revoked[int(body["serial"])] = _REASONS[body["reason"]]
        return _success({})

    @route("GET", _API + "crl")
    def crl(self, _call: Call) -> Answer:
        return _success(base64.b64encode(make_crl(self.ca, self.revoked)).decode())


def _success(result: t.Any) -> t.Dict[str, t.Any]:
    return {"success": True, "result": result, "errors": [], "messages": []}


def _refused(code: int, message: str) -> Refused:
    body = {"success": False, "result": None, "errors": [{"code": code, "message": message}], "messages": []}
    # It says text/plain, although it is JSON.
    return Refused(400, json.dumps(body) + "\n")
