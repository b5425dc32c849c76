# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: no promise is made about what is in here.
"""The calls of the WebSDK (``/vedsdk``) that are needed, and what its refusals mean."""

from __future__ import annotations

import re
import typing as t
from urllib.parse import quote

from ansible_collections.certfleet.pki.plugins.module_utils._errors import (
    Misconfigured,
    NotFound,
    PkiError,
    PolicyViolation,
    Rejected,
)
from ansible_collections.certfleet.pki.plugins.module_utils._rest import Answer, Rest
from ansible_collections.certfleet.pki.plugins.module_utils._venafi._words import plain

__all__ = ("WebSdk", "in_error")

Fields = t.Mapping[str, t.Any]

_PAGE = 500
#: What the server says of an object that has to be reset before anything else can be done with it.
_STUCK = re.compile(r"while it is in an error state|WebSDK CertRequest Module Requested Certificate", re.IGNORECASE)
_PLACE = re.compile(r"PolicyDN|\bParent DN\b")
_NO_OBJECT = re.compile(r"does ?n[o']t exist|sufficient rights to the object", re.IGNORECASE)
_NOT_ISSUED = re.compile(r"not found|does not have a certificate to revoke", re.IGNORECASE)
_OF_POLICY = re.compile(r"\bpolic(y|ies)\b|\blocked\b", re.IGNORECASE)
#: The names of objects, which have a "Policy" in them that means nothing.
_FOLDER = re.compile(r"\\VED\\Policy\S*", re.IGNORECASE)
_NEEDS_NO_RESET = re.compile(r"No reset is required", re.IGNORECASE)


def in_error(answer: Answer) -> bool:
    """Tell a request that failed on the server from a server that failed: only the first has a stage."""
    return answer.status == 500 and "Stage" in answer.fields


class WebSdk:
    """One server. ``secrets`` are what must not be shown should the server repeat it."""

    def __init__(self, rest: Rest, *, secrets: t.Collection[str]) -> None:
        self._rest = rest
        self._secrets = secrets

    @property
    def url(self) -> str:
        return self._rest.url

    def words(self, answer: Answer) -> str:
        """Return what the server says to explain an answer."""
        told = next(
            (
                answer.fields[name]
                for name in ("Error", "ErrorDetails", "Status", "error_description", "error")
                if name in answer.fields
            ),
            "",
        )
        return plain(told, secrets=tuple(self._secrets))

    def refusal(self, answer: Answer, what: str) -> PkiError:
        """Return the error for a refused call; ``what`` as for Rest.refusal."""
        words = self.words(answer)
        facts: t.Dict[str, t.Any] = {"detail": words, "authority": "venafi", "http_status": answer.status}
        if _PLACE.search(words) and _NO_OBJECT.search(words):
            return Misconfigured(
                f"The policy folder is not on {self.url}, or these credentials may not see it ({words}); correct zone.",
                **facts,
            )
        if answer.status in (400, 500) and re.search(r"custom ?field", words, re.IGNORECASE):
            return Misconfigured(f"{self.url} refused custom_fields: {words}; correct them.", **facts)
        if answer.status in (400, 403, 500) and _OF_POLICY.search(_FOLDER.sub("", words)):
            return PolicyViolation(f"The policy folder does not allow this request: {words}.", **facts)
        if answer.status == 400 and answer.fields:
            return Rejected(f"{self.url} refused {what}: {words or 'it gives no reason'}.", **facts)
        if answer.status == 404 and not answer.fields:
            return Misconfigured(f"What answers at {self.url} is no Venafi platform; correct url.", **facts)
        return self._rest.refusal(answer, what, told=words)

    def _post(self, path: str, body: Fields, *, repeatable: bool = False) -> Answer:
        return self._rest.send("POST", f"/vedsdk/{path}", json=dict(body), repeatable=repeatable)

    def _read(self, path: str, what: str, **params: t.Any) -> Answer:
        answer = self._rest.send("GET", f"/vedsdk/{path}", params=params)
        if not answer.ok or not isinstance(answer.body, dict):
            raise self.refusal(answer, what) if not answer.ok else self._no_venafi(answer)
        return answer

    def _no_venafi(self, answer: Answer) -> PkiError:
        return Misconfigured(
            f"What answers at {self.url} is no Venafi platform; correct url.",
            authority="venafi",
            http_status=answer.status,
        )

    # Orders

    def order(self, call: str, body: Fields, *, dn: str) -> str:
        """Place an order (``request`` or ``renew``) and return the object's name. 202 is an order, too.

        An object that is stuck is reset first; the server has refused the order then, so it is sent once
        more. Reset after the order would throw the CSR away.
        """
        answer = self._post(f"certificates/{call}", body)
        if not answer.ok and _STUCK.search(self.words(answer)):
            self.reset(dn)
            answer = self._post(f"certificates/{call}", body)
        if not answer.ok:
            raise self.refusal(answer, "to issue the certificate")
        if not isinstance(answer.body, dict):
            raise self._no_venafi(answer)
        if answer.fields.get("Success") is False:
            raise Rejected(
                f"{self.url} refused the order: {self.words(answer) or 'it gives no reason'}.",
                detail=self.words(answer),
                authority="venafi",
            )
        return str(answer.fields.get("CertificateDN") or dn)

    def retrieve(self, dn: str) -> Answer:
        """Fetch certificate and chain, whatever the answer."""
        body = {"CertificateDN": dn, "Format": "Base64", "IncludeChain": True, "RootFirstOrder": False}
        return self._post("certificates/retrieve", body, repeatable=True)

    def reset(self, dn: str) -> None:
        """Stop whatever goes on with an object; one that needs no reset, or is not there, is no error."""
        answer = self._post("certificates/reset", {"CertificateDN": dn, "Restart": False}, repeatable=True)
        words = self.words(answer)
        if not answer.ok and not _NEEDS_NO_RESET.search(words) and not _NO_OBJECT.search(words):
            raise self.refusal(answer, "to reset the certificate object")

    def retry(self, dn: str) -> bool:
        """Have the server try the stage again in which an object failed; False if it refuses."""
        return self._post("certificates/retry", {"CertificateDN": dn}).ok

    def revoke(self, named: Fields, *, reason: int) -> bool:
        """Revoke ``{CertificateDN}`` or ``{Thumbprint}``; False if it was before. Raises NotFound."""
        body = {**named, "Reason": reason, "Disable": False}
        answer = self._post("certificates/revoke", body, repeatable=True)
        words = self.words(answer)
        if re.search(r"already (been )?revoked", words, re.IGNORECASE):
            return False
        if not answer.ok and (_NO_OBJECT.search(words) or _NOT_ISSUED.search(words)):
            raise NotFound(
                f"{self.url} does not know the certificate to revoke, or these credentials may not see it.",
                detail=words,
                authority="venafi",
                http_status=answer.status,
            )
        if not answer.ok or answer.fields.get("Success") is False:
            raise self.refusal(answer, "to revoke the certificate")
        return bool(answer.fields.get("Revoked") or answer.fields.get("Requested"))

    # Reading

    def check_policy(self, dn: str) -> t.Optional[Fields]:
        """Return the rules of a folder, None if these credentials may not read them. Raises Misconfigured."""
        answer = self._post("certificates/checkpolicy", {"PolicyDN": dn}, repeatable=True)
        if answer.status == 403:
            return None
        if not answer.ok:
            raise self.refusal(answer, "to read the policy")
        if not isinstance(answer.fields.get("Policy"), dict):
            raise self._no_venafi(answer)
        return answer.fields["Policy"]

    def guid(self, dn: str) -> t.Optional[str]:
        """Return an object's GUID, None if there is no such object. The status is 200 either way."""
        answer = self._post("config/dntoguid", {"ObjectDN": dn}, repeatable=True)
        if not answer.ok and answer.status not in (400, 404):
            raise self.refusal(answer, "to look up the certificate object")
        return str(answer.fields["GUID"]) if answer.fields.get("Result") == 1 else None

    def details(self, guid: str) -> Fields:
        """Return what is known about an object."""
        return self._read(f"certificates/{guid}", "to read the certificate object").fields

    def previous(self, guid: str) -> t.Iterator[t.Tuple[Fields, str]]:
        """Yield what is known about the earlier certificates of an object, and the id of each in the archive."""
        listed = self._rest.send("GET", f"/vedsdk/certificates/{guid}/PreviousVersions")
        for version in listed.fields.get("PreviousVersions") or ():
            yield version.get("CertificateDetails") or {}, str(version.get("VaultId"))

    def archived(self, vault_id: str) -> Answer:
        """Fetch an earlier certificate and its chain. GET would need the right to read private keys, POST does not."""
        body = {"Format": "Base64", "IncludeChain": True}
        answer = self._post(f"certificates/retrieve/{quote(vault_id, safe='')}", body, repeatable=True)
        if not answer.ok:
            raise self.refusal(answer, "to retrieve an earlier certificate")
        return answer

    def search(self, **filters: t.Any) -> t.Iterator[Fields]:
        """Yield what is found, page by page."""
        offset = 0
        while True:
            wanted = {**filters, "Limit": _PAGE, "Offset": offset}
            page = self._read("certificates/", "to search for certificates", **wanted).fields
            found = page.get("Certificates") or []
            yield from found
            offset += len(found)
            if not found or offset >= int(page.get("TotalCount") or 0):
                return
