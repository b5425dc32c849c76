# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: no promise is made about what is in here.
"""Talking to one ACME server: its directory, nonces, and requests that are signed anew for every try (RFC 8555, section 6).

acme's own ClientNetwork is not used: its nonces are not for threads, it loses those of errors, and it
hides what an answer of 409 says. Signatures are acme's.
"""

from __future__ import annotations

import collections
import hashlib
import json
import re
import typing as t
from urllib.parse import urljoin, urlsplit

try:
    import requests
except ImportError:  # reported by Http
    requests = None  # type: ignore[assignment]

from ansible_collections.certfleet.pki.plugins.module_utils._acme._errors import (
    AUTHORITY,
    json_object,
    problem_of,
    refusal,
)
from ansible_collections.certfleet.pki.plugins.module_utils._acme._keys import Sign
from ansible_collections.certfleet.pki.plugins.module_utils._authorities._base import Context, Login
from ansible_collections.certfleet.pki.plugins.module_utils._errors import Misconfigured, PkiError, Unavailable
from ansible_collections.certfleet.pki.plugins.module_utils._http import Http, origin

__all__ = ("AcmeClient", "Directory", "Missing", "links")

_JOSE = {"Content-Type": "application/jose+json", "User-Agent": "certfleet.pki"}
_PLAIN = {"User-Agent": "certfleet.pki"}
_NEEDED = ("newNonce", "newAccount", "newOrder", "revokeCert")
#: A server that refuses half of its nonces fails one request in a million.
_NONCE_TRIES = 20
_NONCES_KEPT = 64
_NONCE = re.compile(r"[A-Za-z0-9_-]+")

Missing = t.Optional[PkiError]


class Directory(t.Dict[str, t.Any]):
    """The server's addresses (RFC 8555, section 7.1.1)."""

    @property
    def meta(self) -> t.Mapping[str, t.Any]:
        """Return what it tells about itself."""
        meta = self.get("meta")
        return meta if isinstance(meta, dict) else {}

    @property
    def profiles(self) -> t.Mapping[str, str]:
        """Return the profiles with their descriptions."""
        profiles = self.meta.get("profiles")
        return profiles if isinstance(profiles, dict) else {}


class AcmeClient:
    """One ACME server. Usable from several threads, which share connections and nonces."""

    def __init__(self, http: Http, *, url: str, context: Context) -> None:
        self._http = http
        self._url = url
        self.context = context
        self.server = origin(url)
        self._nonces: t.Deque[str] = collections.deque(maxlen=_NONCES_KEPT)
        self._directory_key = f"{AUTHORITY}:directory:{hashlib.sha256(url.encode()).hexdigest()}"
        self._directory: t.Optional[Directory] = None

    @property
    def directory(self) -> Directory:
        """Return the directory, read once in a run. Raises Unavailable, Misconfigured."""
        if self._directory is None:
            kept = self.context.tokens.get(self._directory_key, self._read_directory)
            self._directory = Directory(json.loads(kept.token))
        return self._directory

    def _read_directory(self) -> Login:
        response = self._request("GET", self._url, headers=_PLAIN)
        if response.status_code >= 500 or response.status_code == 429:
            raise refusal(response, server=self.server)
        content = json_object(response)
        if not response.ok or not all(isinstance(content.get(name), str) for name in _NEEDED):
            raise Misconfigured(
                f"What answers at {self._url} is no ACME directory; correct directory.",
                authority=AUTHORITY,
                http_status=response.status_code,
            )
        return Login(json.dumps(content))

    def owns(self, url: str) -> bool:
        """Tell whether a URL belongs to this server; those that hosts have noted may be anybody's."""
        try:
            return bool(urlsplit(url).path) and origin(url) == origin(self.directory["newOrder"])
        except ValueError:
            return False

    def get(self, url: str) -> requests.Response:
        """Return the answer to a plain GET, whatever it is."""
        return self._request("GET", url, headers=_PLAIN)

    def post(
        self,
        url: str,
        content: t.Optional[t.Mapping[str, t.Any]],
        *,
        sign: Sign,
        repeatable: bool = True,
        expected: t.Collection[str] = (),
        missing: Missing = None,
    ) -> requests.Response:
        """Send signed content, or without any read (POST-as-GET), and return the answer.

        A refusal is raised, except if its problem type is ``expected``; ``missing`` is what 404 means here.
        """
        payload = b"" if content is None else json.dumps(dict(content)).encode()
        for _number in range(_NONCE_TRIES):
            response = self._send(url, payload, sign, repeatable)
            problem = problem_of(response)
            if problem is None or problem.code != "badNonce":
                break
        if response.ok or (problem is not None and problem.code in expected):
            return response
        raise refusal(response, server=self.server, missing=missing)

    def _send(self, url: str, payload: bytes, sign: Sign, repeatable: bool) -> requests.Response:
        def signed(request: t.Any) -> t.Any:
            """Sign what is sent now: whoever repeats a request needs another nonce."""
            request.body = sign(payload, self._nonce(), request.url).encode()
            return request

        response = self._request("POST", url, headers=_JOSE, repeatable=repeatable, auth=signed)
        self._keep_nonce(response)
        return response

    def _nonce(self) -> str:
        try:
            return self._nonces.pop()
        except IndexError:
            response = self._request("HEAD", self.directory["newNonce"], headers=_PLAIN)
        if not response.ok:
            raise refusal(response, server=self.server)
        nonce = _nonce_of(response)
        if not nonce:
            raise Unavailable(
                f"{self.server} gave no nonce for a request; see whether a proxy strips the header Replay-Nonce.",
                authority=AUTHORITY,
            )
        return nonce

    def _keep_nonce(self, response: requests.Response) -> None:
        nonce = _nonce_of(response)
        if nonce:
            self._nonces.append(nonce)

    def _request(self, method: str, url: str, **content: t.Any) -> requests.Response:
        try:
            return self._http.request(method, url, **content)
        except PkiError as error:
            # The option with the address has another name here.
            error.message = re.sub(r"\burl\b", "directory", error.message)
            error.args = (error.message,)
            raise

    def location(self, response: requests.Response) -> str:
        """Return where the server has put what it made. Raises Misconfigured if it does not say."""
        if not response.headers.get("Location"):
            raise Misconfigured(
                f"{self.server} does not say where it keeps what it made; it is no ACME server, or a proxy strips Location.",
                authority=AUTHORITY,
                http_status=response.status_code,
            )
        return urljoin(response.url, response.headers["Location"])


def _nonce_of(response: requests.Response) -> str:
    nonce = response.headers.get("Replay-Nonce", "")
    return nonce if _NONCE.fullmatch(nonce) else ""


def links(response: requests.Response, relation: str) -> t.List[str]:
    """Return the addresses of every link of one kind (RFC 8288); `requests` itself keeps the last one only."""
    found = requests.utils.parse_header_links(response.headers.get("Link", ""))
    return [urljoin(response.url, link["url"]) for link in found if relation in link.get("rel", "").split()]
