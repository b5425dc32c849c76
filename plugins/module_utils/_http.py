# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: no promise is made about what is in here.
"""HTTP as every CA with a REST interface needs it: one place for trust, time limits, retries, proxies and redirects.

What `requests` gets wrong for us is put right here: REQUESTS_CA_BUNDLE never replaces the given
trust, ~/.netrc adds no credentials, no redirect carries a request to another host, and all tries
together end in time. Errors never quote headers, bodies or URLs with credentials.
"""

from __future__ import annotations

import functools
import random
import time
import typing as t
from email.utils import parsedate_to_datetime
from urllib.parse import urljoin, urlsplit, urlunsplit

try:
    import requests
    import urllib3
except ImportError:  # reported by Http, in one sentence
    requests = None  # type: ignore[assignment]

from ansible_collections.certfleet.pki.plugins.module_utils._errors import Misconfigured, PkiError, Unavailable
from ansible_collections.certfleet.pki.plugins.module_utils._http_errors import NothingSent, explain, safe_url
from ansible_collections.certfleet.pki.plugins.module_utils._http_tls import ContextAdapter, tls_context

__all__ = ("COMMON_OPTIONS", "Http", "canonical_url", "origin", "retry_after")

Options = t.Mapping[str, t.Mapping[str, t.Any]]

#: Options of every authority that has a URL.
COMMON_OPTIONS: Options = {
    "url": {"type": "str", "description": ["Address of the CA, such as V(https://ca.example.com:8443)."]},
    "ca_bundle": {
        "type": "str",
        "description": [
            "The certificates that the CA's TLS certificate is checked with: a path where the call is made, or PEM text.",
            "When it is not given, the controller's own trust store is used.",
        ],
    },
    "validate_certs": {
        "type": "bool",
        "default": True,
        "description": ["Whether the CA's TLS certificate is checked. Turn it off in experiments only."],
    },
    "timeout": {
        "type": "int",
        "default": 30,
        "description": ["How long one call to the CA may take in seconds, with all of its retries."],
    },
    "retries": {
        "type": "int",
        "default": 3,
        "description": [
            "How often a call is repeated after a connection error or an answer of 429, 502, 503 or 504.",
            "Only what can do no harm is repeated, and only as long as C(timeout) allows.",
        ],
    },
    "proxy": {
        "type": "str",
        "no_log": True,
        "description": [
            "Address of an HTTP proxy, such as V(http://proxy.example.com:3128).",
            "When it is not given, the usual variables apply: E(HTTPS_PROXY), E(HTTP_PROXY) and E(NO_PROXY).",
        ],
    },
}

_IDEMPOTENT = frozenset(("GET", "HEAD", "LIST", "OPTIONS", "PUT", "DELETE"))
_OVERLOADED = 429
_GATEWAY_TROUBLE = frozenset((502, 503, 504))
_REDIRECTS = 3
_PIECE = 65536
_BODY_LIMIT = 32 * 1024 * 1024
_PAUSE, _LONGEST_PAUSE = 0.2, 5.0


class Http:
    """The connections to one CA: kept open, usable from several threads.

    ``timeout`` (seconds) bounds one call with its retries; a server that sends byte by byte can
    stretch that to its double. ``client_certificate`` is (certificate, key): paths for mutual TLS.
    """

    def __init__(
        self,
        options: t.Mapping[str, t.Any],
        *,
        authority: str,
        client_certificate: t.Optional[t.Tuple[str, str]] = None,
        sleep: t.Callable[[float], None] = time.sleep,
    ) -> None:
        """Take COMMON_OPTIONS; reads and connects to nothing yet. Raises Misconfigured if `requests` is missing."""
        if requests is None:
            raise Misconfigured(
                f"The authority '{authority}' needs the Python library 'requests' on the controller; install it.",
                authority=authority,
            )
        self._authority = authority
        self._timeout = float(options.get("timeout") or 30)
        self._retries = max(0, int(options.get("retries", 3)))
        self._proxy = options.get("proxy")
        self._validate = options.get("validate_certs") is not False
        self._sleep = sleep
        if not self._validate:
            urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)
        self._trust = options
        self._client_certificate = client_certificate

    @functools.cached_property
    def _plain(self) -> requests.Session:
        return _open_session()

    @functools.cached_property
    def _secure(self) -> requests.Session:
        """Open the session when it is first needed: trust takes long to load, and a steady state needs none."""
        session = _open_session()
        context = tls_context(self._trust, client_certificate=self._client_certificate)
        session.mount("https://", ContextAdapter(context))
        return session

    def close(self) -> None:
        """Close the connections."""
        for name in ("_plain", "_secure"):
            if name in self.__dict__:
                getattr(self, name).close()

    def request(
        self, method: str, url: str, *, repeatable: t.Optional[bool] = None, **content: t.Any
    ) -> requests.Response:
        """Send and return the answer, whatever its status. ``content``: headers, json, data, params.

        ``repeatable`` says whether sending it twice can do no harm; by default the method tells.
        Raises Unavailable (no answer in time), Misconfigured (trust, address, redirect).
        """
        repeatable = method.upper() in _IDEMPOTENT if repeatable is None else repeatable
        deadline = time.monotonic() + self._timeout
        for pause in self._pauses():
            failure: t.Optional[PkiError] = None
            response: t.Optional[requests.Response] = None
            try:
                response = self._follow(method, url, deadline, content)
                wait = self._wait_before_retry(response, pause, repeatable)
            except Unavailable as error:
                failure = error
                wait = pause if repeatable or isinstance(error, NothingSent) else None
            if pause is None or wait is None or time.monotonic() + wait >= deadline:
                break
            self._sleep(wait)
        if failure is not None:
            raise failure from None
        return t.cast("requests.Response", response)

    def _pauses(self) -> t.Iterator[t.Optional[float]]:
        """Yield the pause after each try, in seconds, with jitter; None after the last."""
        for attempt in range(self._retries):
            yield min(_LONGEST_PAUSE, _PAUSE * 2**attempt) * random.uniform(0.5, 1.5)  # noqa: S311
        yield None

    @staticmethod
    def _wait_before_retry(
        response: requests.Response, pause: t.Optional[float], repeatable: bool
    ) -> t.Optional[float]:
        status = response.status_code
        if pause is None or not (status == _OVERLOADED or (repeatable and status in _GATEWAY_TROUBLE)):
            return None
        wished = retry_after(response) or 0.0
        # A long wait is for the caller to decide, who can tell about it.
        return max(pause, wished) if wished <= _LONGEST_PAUSE else None

    def _follow(self, method: str, url: str, deadline: float, content: t.Mapping[str, t.Any]) -> requests.Response:
        """Send, and follow redirects as long as they stay on the same host, port and scheme."""
        for _hop in range(_REDIRECTS + 1):
            response = self._send(method, url, deadline, content)
            if not response.is_redirect:
                return response
            url = self._redirected(method, response)
        raise self._misconfigured(f"{safe_url(url)} keeps redirecting; check url.", response.status_code)

    def _redirected(self, method: str, response: requests.Response) -> str:
        target = urljoin(response.url, response.headers["location"])
        if origin(target) != origin(response.url):
            raise self._misconfigured(
                f"{safe_url(response.url)} redirects to {origin(target)}, and credentials are not sent there; "
                "set url to that address if it is the CA's.",
                response.status_code,
            )
        if method.upper() not in ("GET", "HEAD", "LIST") and response.status_code not in (307, 308):
            raise self._misconfigured(
                f"{safe_url(response.url)} redirects to {safe_url(target)}; correct url.", response.status_code
            )
        return target

    def _send(self, method: str, url: str, deadline: float, content: t.Mapping[str, t.Any]) -> requests.Response:
        left = max(0.1, deadline - time.monotonic())
        proxies = self._proxies(url)
        try:
            session = self._secure if url.lower().startswith("https:") else self._plain
            response = session.request(
                method,
                url,
                allow_redirects=False,
                stream=True,
                timeout=urllib3.Timeout(total=left),  # type: ignore[arg-type]  # requests hands it on as it is
                verify=self._validate,
                proxies=proxies,
                **content,
            )
            _read_body(response, deadline)
            return response
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError, ValueError) as error:
            raise explain(
                error, url=url, timeout=self._timeout, authority=self._authority, proxied=bool(proxies)
            ) from None

    def _proxies(self, url: str) -> t.Dict[str, str]:
        if self._proxy:
            return {"http": self._proxy, "https": self._proxy}
        return requests.utils.get_environ_proxies(url, no_proxy=None)

    def _misconfigured(self, message: str, status: int) -> Misconfigured:
        return Misconfigured(message, authority=self._authority, http_status=status)


def _open_session() -> requests.Session:
    session = requests.Session()
    session.trust_env = False
    session.headers["Accept-Encoding"] = "identity"
    return session


def _read_body(response: requests.Response, deadline: float) -> None:
    """Read the body here, where the deadline and a size limit can be kept, and let the connection go."""
    pieces: t.List[bytes] = []
    size = 0
    for piece in _pieces(response):
        pieces.append(piece)
        size += len(piece)
        if size > _BODY_LIMIT or time.monotonic() > deadline:
            response.close()
            raise requests.Timeout("the answer takes too long or is too big")
    response._content = b"".join(pieces)


def _pieces(response: requests.Response) -> t.Iterator[bytes]:
    """Yield the body as it arrives; urllib3 before 2.1, and compressed answers, come in larger pieces."""
    read1 = getattr(response.raw, "read1", None)
    if read1 is None or response.headers.get("Content-Encoding"):
        return t.cast(t.Iterator[bytes], response.iter_content(_PIECE))
    return iter(lambda: t.cast(bytes, read1(_PIECE)), b"")


def retry_after(response: requests.Response) -> t.Optional[float]:
    """Return the seconds that the server asks to wait (RFC 9110, section 10.2.3), or None if it does not say."""
    value = response.headers.get("Retry-After", "").strip()
    if value.isdigit():
        return float(value)
    try:
        return max(0.0, parsedate_to_datetime(value).timestamp() - time.time())
    except (TypeError, ValueError, IndexError):
        return None


def origin(url: str) -> str:
    """Return scheme, host and port in one spelling: lower case, without a default port. Raises ValueError."""
    parts = urlsplit(url)
    scheme, host = parts.scheme.lower(), (parts.hostname or "").lower()
    host = f"[{host}]" if ":" in host else host
    port = parts.port
    shown = "" if port in (None, {"http": 80, "https": 443}.get(scheme)) else f":{port}"
    return f"{scheme}://{host}{shown}"


def canonical_url(url: str, *, authority: str) -> str:
    """Return a CA's base URL in one spelling, without a trailing slash. Raises Misconfigured."""
    try:
        base, parts = origin(url.strip()), urlsplit(url.strip())
    except ValueError:
        base, parts = "", urlsplit("")
    if parts.scheme.lower() not in ("http", "https") or not parts.hostname:
        raise Misconfigured("url must be an http or https address, like https://ca.example.com.", authority=authority)
    if parts.username or parts.password or parts.query or parts.fragment:
        raise Misconfigured("url must hold no user, password, query or fragment.", authority=authority)
    return base + urlunsplit(("", "", parts.path.rstrip("/"), "", ""))
