# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: no promise is made about what is in here.
"""The calls of the service that are needed, and what its refusals mean."""

from __future__ import annotations

import typing as t
from urllib.parse import quote

from ansible_collections.certfleet.pki.plugins.module_utils._authorities._base import Login
from ansible_collections.certfleet.pki.plugins.module_utils._errors import (
    Misconfigured,
    NotFound,
    PkiError,
    PolicyViolation,
    Rejected,
    Unavailable,
)
from ansible_collections.certfleet.pki.plugins.module_utils._rest import Answer, Credential, Rest
from ansible_collections.certfleet.pki.plugins.module_utils._venafi._words import plain

__all__ = ("ApiKey", "Service")

Fields = t.Mapping[str, t.Any]

_API = "/outagedetection/v1/"
_PAGE = 500
_REVOKE = """\
mutation RevokeCertificateRequest($fingerprint: ID!, $certificateAuthorityAccountId: UUID, \
$revocationReason: RevocationReason!, $revocationComment: String) {
  revokeCertificate(fingerprint: $fingerprint, certificateAuthorityAccountId: $certificateAuthorityAccountId, \
revocationReason: $revocationReason, revocationComment: $revocationComment) {
    id
    fingerprint
    revocation { status error { arguments code message } approvalDetails { rejectionReason } }
    serialNumber
  }
}
"""


class ApiKey(Credential):
    """The key of a user; there is nothing to log in to."""

    def __init__(self, key: str) -> None:
        self._key = key.strip()

    @property
    def secrets(self) -> t.Tuple[str, ...]:
        return (self._key,)

    @property
    def identity(self) -> t.Sequence[t.Any]:
        return (self._key,)

    def log_in(self) -> Login:
        """Return the key itself."""
        return Login(self._key)

    def headers(self, login: Login) -> t.Mapping[str, str]:
        """Return the service's own header."""
        return {"tppl-api-key": login.token}


class Service:
    """The service with one key. ``secrets`` are what must not be shown should the service repeat it."""

    def __init__(self, rest: Rest, *, secrets: t.Collection[str]) -> None:
        self._rest = rest
        self._secrets = secrets

    @property
    def url(self) -> str:
        return self._rest.url

    def words(self, answer: Answer) -> str:
        """Return what the service says to explain an answer."""
        errors = answer.fields.get("errors")
        listed = [one for one in errors if isinstance(one, dict)] if isinstance(errors, list) else []
        return plain(
            "; ".join(str(one.get("message") or one.get("code") or "") for one in listed), secrets=self._secrets
        )

    def refusal(self, answer: Answer, what: str) -> PkiError:
        """Return the error for a refused call; ``what`` as for Rest.refusal."""
        words = self.words(answer)
        facts: t.Dict[str, t.Any] = {"detail": words, "authority": "venafi_saas", "http_status": answer.status}
        if answer.status in (400, 412, 422) and ("policy" in words.lower() or "template" in words.lower()):
            return PolicyViolation(f"The issuing template does not allow this request: {words}.", **facts)
        if answer.status in (400, 409, 412, 422) and words:
            return Rejected(f"{self.url} refused {what}: {words}.", **facts)
        return self._rest.refusal(answer, what, told=words)

    def get(self, path: str, what: str, *, missing: t.Optional[PkiError] = None, **params: t.Any) -> Answer:
        """Read what is at a path below the API; ``missing`` is raised for what is not there."""
        answer = self._rest.send("GET", _API + path, params=params, headers={"Accept": "*/*"})
        if answer.status == 404 and missing is not None:
            raise missing
        if not answer.ok and answer.status != 409:
            raise self.refusal(answer, what)
        return answer

    def post(self, path: str, body: Fields, what: str, *, repeatable: bool = False) -> Fields:
        """Send to a path below the API and return the fields of the answer."""
        answer = self._rest.send("POST", _API + path, json=dict(body), repeatable=repeatable)
        if not answer.ok:
            raise self.refusal(answer, what)
        return self._object(answer)

    def _object(self, answer: Answer) -> Fields:
        if not isinstance(answer.body, dict):
            raise Misconfigured(
                f"What answers at {self.url} is not the Venafi service; correct url.",
                authority="venafi_saas",
                http_status=answer.status,
            )
        return answer.fields

    # Places

    def application(self, name: str) -> Fields:
        """Return an application by name. Raises Misconfigured."""
        missing = Misconfigured(
            f"There is no application '{name}' on {self.url}, or this key may not see it; correct zone.",
            authority="venafi_saas",
        )
        try:
            found = self.get(f"applications/name/{quote(name, safe='')}", "to read the application", missing=missing)
        except Rejected as error:
            # The service was seen to answer 400 here, too, with the code 10051.
            raise missing if error.http_status == 400 else error from None
        return self._object(found)

    def template(self, application: str, alias: str) -> Fields:
        """Return the rules of an issuing template. Raises Misconfigured."""
        missing = Misconfigured(
            f"The application '{application}' on {self.url} has no issuing template '{alias}'; correct zone.",
            authority="venafi_saas",
        )
        path = f"applications/{quote(application, safe='')}/certificateissuingtemplates/{quote(alias, safe='')}"
        return self._object(self.get(path, "to read the issuing template", missing=missing))

    # Certificates

    def request_status(self, request_id: str, *, missing: PkiError) -> Fields:
        """Return a request's status and certificates."""
        path = f"certificaterequests/{quote(request_id, safe='')}"
        return self._object(self.get(path, "to read the request", missing=missing))

    def contents(self, certificate_id: str, *, missing: PkiError) -> t.Optional[str]:
        """Return a certificate and its chain, the certificate first, as PEM text; None if it is not signed yet."""
        path = f"certificates/{quote(certificate_id, safe='')}/contents"
        wanted = {"format": "PEM", "chainOrder": "EE_FIRST"}
        answer = self.get(path, "to fetch the certificate", missing=missing, **wanted)
        return None if answer.status == 409 else str(answer.body or "")

    def certificate(self, certificate_id: str, *, missing: PkiError) -> Fields:
        """Return what is known about a certificate."""
        path = f"certificates/{quote(certificate_id, safe='')}"
        return self._object(self.get(path, "to read the certificate", missing=missing))

    def search(self, *operands: Fields) -> t.Iterator[Fields]:
        """Yield the certificates for which all operands are true, page by page."""
        number = 0
        while True:
            body = {
                "expression": {"operator": "AND", "operands": [dict(one) for one in operands]},
                "paging": {"pageNumber": number, "pageSize": _PAGE},
            }
            found = self.post("certificatesearch", body, "to search for certificates", repeatable=True)
            page = found.get("certificates") or []
            yield from page
            number += 1
            if not page or number * _PAGE >= int(found.get("count") or 0):
                return

    def retire(self, certificate_id: str) -> bool:
        """Retire a certificate; False if the service did nothing, which it says by a count of 0."""
        body = {"certificateIds": [certificate_id]}
        answer = self.post("certificates/retirement", body, "to retire the certificate", repeatable=True)
        return bool(answer.get("count"))

    def revoke(self, fingerprint: str, *, reason: str) -> bool:
        """Revoke by SHA-1 fingerprint (GraphQL ``revokeCertificate``); False if it was before.

        Raises NotFound, Rejected, Unavailable. Errors come with the HTTP status 200.
        """
        variables = {
            "fingerprint": fingerprint,
            "certificateAuthorityAccountId": None,
            "revocationReason": reason,
            "revocationComment": None,
        }
        body = {"operationName": "RevokeCertificateRequest", "query": _REVOKE, "variables": variables}
        answer = self._rest.send("POST", "/graphql", json=body)
        if not answer.ok:
            raise self.refusal(answer, "to revoke the certificate")
        told = self._object(answer)
        revoked = (told.get("data") or {}).get("revokeCertificate") or {}
        outcome = revoked.get("revocation") or {}
        words = self.words(answer) or plain((outcome.get("error") or {}).get("message"), secrets=self._secrets)
        if "already" in words.lower() and "revoked" in words.lower():
            return False
        if words or outcome.get("status") in ("FAILED", "REJECTED_APPROVAL"):
            raise self._not_revoked(fingerprint, words or self._reason(outcome))
        if not outcome:
            raise Unavailable(f"{self.url} did not say whether it revoked; try again.", authority="venafi_saas")
        return True

    def _reason(self, outcome: Fields) -> str:
        rejected = (outcome.get("approvalDetails") or {}).get("rejectionReason")
        return plain(rejected, secrets=self._secrets) or str(outcome.get("status"))

    def _not_revoked(self, fingerprint: str, words: str) -> PkiError:
        kind = NotFound if "not found" in words.lower() else Rejected
        return kind(
            f"{self.url} did not revoke the certificate {fingerprint}: {words}.", detail=words, authority="venafi_saas"
        )
