# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The application and the issuing template of the simulated service, and who may see them."""

from __future__ import annotations

import secrets
import typing as t
import uuid

from ansible_collections.certfleet.pki.tests.support.simulators import Answer, Call, Simulator, route
from ansible_collections.certfleet.pki.tests.support.venafi_saas_state import refused, usual_template

__all__ = ("API", "Places")

API = "/outagedetection/v1/"


class Places(Simulator):
    """One application, ``Web``, with one template, ``Default``; one API key."""

    def __init__(self, *args: t.Any, **options: t.Any) -> None:
        super().__init__(*args, **options)
        self.api_key = secrets.token_hex(16)
        self.application_id, self.template_id = str(uuid.uuid4()), str(uuid.uuid4())
        self.template: t.Dict[str, t.Any] = usual_template(self.template_id)

    def authorized(self, call: Call) -> None:
        if call.headers.get("tppl-api-key") != self.api_key:
            raise refused(401, 10200, "User authentication required")

    @route("GET", API + "applications/name/(?P<name>[^/]+)")
    def application(self, call: Call) -> Answer:
        self.authorized(call)
        if call.match["name"] != "Web":
            raise refused(404, 10051, "Unable to find application")
        return {
            "id": self.application_id,
            "name": "Web",
            "certificateIssuingTemplateAliasIdMap": {"Default": self.template_id},
            "ownerIdsAndTypes": [],
        }

    @route("GET", API + "applications/(?P<app>[^/]+)/certificateissuingtemplates/(?P<alias>[^/]+)")
    def issuing_template(self, call: Call) -> Answer:
        self.authorized(call)
        if (call.match["app"], call.match["alias"]) != ("Web", "Default"):
            raise refused(404, 10051, "Unable to find certificateIssuingTemplate")
        return self.template

    @route("GET", "/v1/certificateauthorities/(?P<type>[^/]+)/accounts/(?P<id>[^/]+)")
    def ca_account(self, call: Call) -> Answer:
        """Only the vendor's own client asks for it."""
        self.authorized(call)
        account = {"id": call.match["id"], "key": "Simulated", "certificateAuthority": call.match["type"]}
        return {"account": account, "productOptions": []}
