# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: no promise is made about what is in here.
"""One account at an ACME server: found once in a run, made if that is allowed, and what it signs (RFC 8555, section 7.3)."""

from __future__ import annotations

import dataclasses
import hashlib
import hmac
import json
import re
import threading
import typing as t

try:
    from josepy import b64
except ImportError:  # reported by require_acme
    b64 = None  # type: ignore[assignment]

from ansible_collections.certfleet.pki.plugins.module_utils._acme._client import AcmeClient, Missing
from ansible_collections.certfleet.pki.plugins.module_utils._acme._errors import (
    AUTHORITY,
    json_object,
    problem_of,
    refusal,
)
from ansible_collections.certfleet.pki.plugins.module_utils._acme._keys import AccountKey, KeyFile, jws_json
from ansible_collections.certfleet.pki.plugins.module_utils._authorities._base import Login
from ansible_collections.certfleet.pki.plugins.module_utils._errors import Misconfigured, Unauthorized

if t.TYPE_CHECKING:
    import requests

__all__ = ("Account", "Registration", "contacts")

_UNKNOWN, _REFUSED = "accountDoesNotExist", "unauthorized"
_HASHES = {"HS256": "sha256", "HS384": "sha384", "HS512": "sha512"}
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")


@dataclasses.dataclass(frozen=True)
class Registration:
    """An account as the server tells it: its URL, ``valid``, ``deactivated`` or ``revoked``, and its contacts."""

    url: str
    status: str
    contact: t.Tuple[str, ...] = ()


class Account:
    """The account that one key belongs to. Usable from several threads."""

    def __init__(
        self, client: AcmeClient, options: t.Mapping[str, t.Any], *, key_file: t.Optional[KeyFile] = None
    ) -> None:
        self._client = client
        self._options = options
        self.key_file = key_file or KeyFile(options["account_key"])
        self._key_lock = threading.Lock()
        self._key: t.Optional[AccountKey] = None
        self._url: t.Optional[str] = None

    @property
    def key(self) -> AccountKey:
        """Return the key, made first if there is none and it may be. Raises Unauthorized, Misconfigured."""
        with self._key_lock:
            if self._key is None:
                if self._may_create:
                    self.make_key()
                self._key = self.key_file.load()
            return self._key

    def make_key(self) -> None:
        """Make the key's file if it is not there."""
        self.key_file.create()

    def with_key(self, file: KeyFile) -> Account:
        """Return the account that another key belongs to."""
        return Account(self._client, self._options, key_file=file)

    @property
    def _may_create(self) -> bool:
        return bool(self._options.get("account_create")) and not self._client.context.check

    @property
    def url(self) -> str:
        """Return the account's URL, asked for once in a run. Raises Unauthorized, Misconfigured, Unavailable."""
        if self._url is None:
            key = self._token_key()  # reads the directory, before the lock that `get` holds
            self._url = self._client.context.tokens.get(key, self._log_in).token
        return self._url

    def _token_key(self) -> str:
        text = json.dumps([self._client.directory["newAccount"], self.key.thumbprint])
        return f"{AUTHORITY}:account:{hashlib.sha256(text.encode()).hexdigest()}"

    def _log_in(self) -> Login:
        found = self.find()
        if found is None:
            if not self._may_create:
                raise self._unknown()
            found = self.create()
        return Login(self._usable(found).url)

    def _unknown(self) -> Unauthorized:
        return Unauthorized(
            f"{self._client.server} does not know the account key; make the account with "
            "certfleet.pki.acme_account, set account_create, or give the right account_key.",
            authority=AUTHORITY,
        )

    def _usable(self, found: Registration) -> Registration:
        if found.status in ("deactivated", "revoked"):
            raise Unauthorized(
                f"The account is {found.status} at {self._client.server}, which can't be undone; "
                "make another with certfleet.pki.acme_account and a new account_key.",
                authority=AUTHORITY,
            )
        return found

    # Requests

    def post(
        self,
        url: str,
        content: t.Optional[t.Mapping[str, t.Any]] = None,
        *,
        repeatable: bool = True,
        expected: t.Collection[str] = (),
        missing: Missing = None,
    ) -> requests.Response:
        """Send in the name of the account, or read; see AcmeClient.post."""
        kid = self.url
        answer = self._client.post(
            url,
            content,
            sign=self.key.sign(kid=kid),
            repeatable=repeatable,
            expected=(*expected, _UNKNOWN, _REFUSED),
            missing=missing,
        )
        problem = problem_of(answer)
        if problem is not None and problem.code in (_UNKNOWN, _REFUSED) and problem.code not in expected:
            self.check()
            raise refusal(answer, server=self._client.server)
        return answer

    def check(self) -> None:
        """Raise Unauthorized if the account is no longer what the server takes requests from."""
        found = self.find()
        if found is None or found.status != "valid":
            self.forget(self.url)
        if found is None:
            raise self._unknown()
        self._usable(found)

    def forget(self, url: str) -> None:
        """Look the account up again when it is needed next, also in other processes of the run."""
        self._client.context.tokens.forget(self._token_key(), Login(url))
        self._url = None

    # Finding and making

    def find(self) -> t.Optional[Registration]:
        """Return what the server knows by this key, None if nothing; asks every time."""
        answer = self._send_new({"onlyReturnExisting": True}, expected=(_UNKNOWN, _REFUSED))
        if answer.ok:
            return self._registration(answer)
        problem = problem_of(answer)
        # Only that can keep a key from asking for its own account (RFC 8555, section 7.3.6).
        deactivated = problem is not None and problem.code == _REFUSED
        return Registration(answer.headers.get("Location", ""), "deactivated") if deactivated else None

    def create(self) -> Registration:
        """Make the account (``newAccount``). Raises Misconfigured if the terms or the binding are missing."""
        self.check_registration()
        content: t.Dict[str, t.Any] = {"contact": list(contacts(self._options.get("contact")))}
        if self._options.get("terms_agreed"):
            content["termsOfServiceAgreed"] = True
        if self._options.get("eab"):
            content["externalAccountBinding"] = self._binding(self._options["eab"])
        return self._registration(self._send_new(content))

    def check_registration(self) -> None:
        """Raise Misconfigured if the CA's terms or the binding to an account there are missing for a new account."""
        meta, server = self._client.directory.meta, self._client.server
        terms = meta.get("termsOfService")
        if terms and not self._options.get("terms_agreed"):
            raise Misconfigured(
                f"{server} makes an account only for those who agree to its terms of service; "
                f"read {terms}, and set terms_agreed.",
                authority=AUTHORITY,
            )
        if meta.get("externalAccountRequired") and not self._options.get("eab"):
            raise Misconfigured(
                f"{server} makes an account only for its customers; "
                "give eab with the kid and hmac_key that the CA gave you.",
                authority=AUTHORITY,
            )

    def _send_new(self, content: t.Mapping[str, t.Any], *, expected: t.Collection[str] = ()) -> requests.Response:
        return self._client.post(self._client.directory["newAccount"], content, sign=self.key.sign(), expected=expected)

    def _binding(self, eab: t.Mapping[str, t.Any]) -> t.Dict[str, t.Any]:
        """Return the account's key, signed with the CA's MAC key (RFC 8555, section 7.3.4)."""
        try:
            mac_key = b64.b64decode(eab["hmac_key"].strip().rstrip("=").replace("+", "-").replace("/", "_"))
        except (ValueError, TypeError):
            # Without `from`: nothing about the key is shown.
            raise Misconfigured("The hmac_key of eab is not in base64; copy it again.", authority=AUTHORITY) from None
        algorithm = eab.get("algorithm") or "HS256"
        header = {"alg": algorithm, "kid": eab["kid"], "url": self._client.directory["newAccount"]}
        payload = json.dumps(self.key.public_jwk).encode()
        signed = jws_json(header, payload, lambda data: hmac.new(mac_key, data, _HASHES[algorithm]).digest())
        return dict(json.loads(signed))

    def _registration(self, answer: requests.Response, *, url: str = "") -> Registration:
        body = json_object(answer)
        contact = tuple(str(one) for one in body.get("contact") or ())
        return Registration(url or self._client.location(answer), str(body.get("status") or "valid"), contact)

    # Changes

    def update(self, url: str, changes: t.Mapping[str, t.Any]) -> Registration:
        """Change contacts, or deactivate (RFC 8555, sections 7.3.2 and 7.3.6)."""
        answer = self._client.post(url, changes, sign=self.key.sign(kid=url))
        return self._registration(answer, url=url)

    def roll_over(self, url: str, new_key: AccountKey) -> None:
        """Replace the key (RFC 8555, section 7.3.5). Raises Misconfigured if another account has the new one."""
        endpoint = self._client.directory.get("keyChange")
        if not isinstance(endpoint, str):
            raise Misconfigured(
                f"{self._client.server} can't change an account's key; leave out new_account_key.", authority=AUTHORITY
            )
        payload = json.dumps({"account": url, "oldKey": self.key.public_jwk}).encode()
        content = new_key.sign_inner(payload, endpoint)
        self._client.post(endpoint, content, sign=self.key.sign(kid=url), repeatable=False)


def contacts(given: t.Optional[t.Sequence[str]]) -> t.Tuple[str, ...]:
    """Return contacts as URLs; an e-mail address becomes a ``mailto:``."""
    return tuple(one if _SCHEME.match(one) else f"mailto:{one}" for one in given or ())
