# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the simulated Trust Protection Platform has, and how the Web SDK lets it be read: folders, objects, search."""

from __future__ import annotations

import base64
import copy
import datetime
import typing as t

from ansible_collections.certfleet.pki.tests.support.simulators import Answer, Call, Refused, Reply, route
from ansible_collections.certfleet.pki.tests.support.venafi_tpp_auth import AuthServer
from ansible_collections.certfleet.pki.tests.support.venafi_tpp_folder import EMPTY_FOLDER
from ansible_collections.certfleet.pki.tests.support.venafi_tpp_objects import (
    TppObject,
    described,
    listed,
    matches,
    thumbprint,
    vault_id,
)

__all__ = ("ZONE", "Registry")

ZONE = "\\VED\\Policy\\Web"
FILTERS = {"Thumbprint", "Serial", "CN", "ParentDn", "ParentDnRecursive", "Limit", "Offset", "OptionalFields"}


class Registry(AuthServer):
    """Folders, certificate objects (by lower-case name) and what is revoked (by fingerprint: when, reason)."""

    def __init__(self, *args: t.Any, **options: t.Any) -> None:
        super().__init__(*args, **options)
        self.folders: t.Dict[str, t.Dict[str, t.Any]] = {ZONE: copy.deepcopy(EMPTY_FOLDER)}
        self.objects: t.Dict[str, TppObject] = {}
        self.revoked: t.Dict[str, t.Tuple[datetime.datetime, int]] = {}
        self.archive_as_file = False

    def policy_folder(self, dn: str) -> t.Dict[str, t.Any]:
        if dn not in self.folders:
            raise Refused(400, {"Error": f"PolicyDN: {dn} does not exist"})
        return self.folders[dn]

    def object(self, dn: str, told: str = "The certificate {} does not exist.") -> TppObject:
        if dn.lower() not in self.objects:
            raise Refused(400, {"Error": told.format(dn)})
        return self.objects[dn.lower()]

    @route("POST", "(?i)/vedsdk/certificates/checkpolicy")
    def check_policy(self, call: Call) -> Answer:
        self.authorized(call)
        body = self.fields(call, {"PolicyDN": str, "PKCS10": str}, required=("PolicyDN",))
        return {"Policy": self.policy_folder(body["PolicyDN"])}

    @route("POST", "(?i)/vedsdk/config/dntoguid")
    def dn_to_guid(self, call: Call) -> Answer:
        self.authorized(call)
        dn = self.fields(call, {"ObjectDN": str}, required=("ObjectDN",))["ObjectDN"]
        known = self.objects.get(dn.lower())
        if known is None:
            return {"Error": f"{dn} does not exist", "Result": 400}
        guid = {
            "GUID": known.guid,
            "HierarchicalGUID": f"\\VED\\{known.guid}\\",
            "ClassName": "X509 Server Certificate",
        }
        return {**guid, "Result": 1, "Revision": 1}

    @route("POST", "(?i)/vedsdk/config/isvalid")
    def is_valid(self, call: Call) -> Answer:
        self.authorized(call)
        dn = self.fields(call, {"ObjectDN": str}, required=("ObjectDN",))["ObjectDN"]
        if dn not in self.folders:
            return {"Result": 400, "Error": f"Object {dn} does not exist"}
        return {"Result": 1, "Object": {"DN": dn, "TypeName": "Policy", "Name": dn.rsplit("\\", 1)[-1]}}

    @route("POST", "(?i)/vedsdk/config/findpolicy")
    def find_policy(self, call: Call) -> Answer:
        self.authorized(call)
        fields = {"ObjectDN": str, "Class": str, "AttributeName": str}
        self.fields(call, fields, required=tuple(fields))
        return {"Locked": False, "PolicyDN": "", "Result": 1, "Values": []}

    @route("GET", r"(?i)/vedsdk/certificates/(?P<guid>\{[^/]+\})")
    def details(self, call: Call) -> Answer:
        self.authorized(call)
        known = next((one for one in self.objects.values() if one.guid == call.match["guid"]), None)
        if known is None:
            raise Refused(404, {"Error": "Object does not exist"})
        told: t.Dict[str, t.Any] = {"DN": known.dn, "Guid": known.guid, "Disabled": known.disabled}
        told["ProcessingDetails"] = {}
        if known.job:
            working = {"Stage": known.job.stage, "Status": known.job.status}
            told["ProcessingDetails"] = {
                **working,
                "InError": known.job.in_error,
                "InProcess": not known.job.in_error,
            }
        if known.pems:
            told["CertificateDetails"] = {**described(known.pems[-1]), **self._revocation(known.pems[-1])}
        return told

    def _revocation(self, pem: str) -> t.Dict[str, str]:
        if thumbprint(pem) not in self.revoked:
            return {}
        return {
            "RevocationStatus": "Revoked",
            "RevocationDate": f"{self.revoked[thumbprint(pem)][0]:%Y-%m-%dT%H:%M:%S.0000000Z}",
        }

    @route("GET", r"(?i)/vedsdk/certificates/(?P<guid>\{.+\})/PreviousVersions")
    def previous_versions(self, call: Call) -> Answer:
        self.authorized(call)
        known = next(one for one in self.objects.values() if one.guid == call.match["guid"])
        listed = [{**described(pem), **self._revocation(pem)} for pem in known.pems[:-1]]
        return {"PreviousVersions": [{"CertificateDetails": one, "VaultId": vault_id(one)} for one in listed]}

    @route("POST", r"(?i)/vedsdk/certificates/retrieve/(?P<vault_id>\d+)")
    def archived(self, call: Call) -> Answer:
        self.authorized(call)
        self.fields(call, {"Format": str, "IncludeChain": bool}, required=("Format",))
        held = (pem for known in self.objects.values() for pem in known.pems)
        (pem,) = (pem for pem in held if vault_id(described(pem)) == int(call.match["vault_id"]))
        text = "".join((pem, *self.ca.chain_pem)).encode()
        if self.archive_as_file:
            return Reply(200, text)
        return {"CertificateData": base64.b64encode(text).decode(), "Filename": "x.pem", "Format": "Base64"}

    @route("GET", "(?i)/vedsdk/certificates/")
    def search(self, call: Call) -> Answer:
        self.authorized(call)
        unknown = set(call.query) - FILTERS
        if unknown:
            raise self.violation(
                f"search: the filter {unknown.pop()} is unknown", body={"ErrorDetails": "unknown filter"}
            )
        found = [known for known in self.objects.values() if known.pems and matches(known, call.query)]
        limit, offset = (
            int(call.query.get(name, [default])[0]) for name, default in (("Limit", "100"), ("Offset", "0"))
        )
        page = [listed(known) for known in found[offset : offset + limit]]
        return Reply(200, {"Certificates": page, "TotalCount": len(found), "DataRange": "", "_links": []})

    @route("PUT", r"(?i)/vedsdk/certificates/(?P<guid>\{.+\})")
    def update(self, call: Call) -> Answer:
        self.authorized(call, "certificate:manage")
        self.fields(call, {"AttributeData": list}, required=("AttributeData",))
        return {}
