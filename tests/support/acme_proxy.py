# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A proxy in front of an ACME server that records requests, injects faults, and announces what the server lacks.

    with Pebble(folder / "ca") as ca, AcmeProxy(folder / "proxy", ca) as proxy:
        proxy.directory, proxy.ca_bundle                   # for the client, instead of the CA's own
        proxy.inject("newOrder", rate_limited(retry_after=2), times=3)     # see acme_faults
        proxy.profiles["shortlived"] = "six days"          # announced; what was asked for is in the payload
        proxy.suggest(start, end)                          # adds renewal information
        proxy.payloads("newOrder")[-1]["replaces"]

JWS signs the URL, so the server must believe that its address is the proxy's. Pebble, step-ca... take it from the
Host header; acmeeh is told, and so is made after the proxy:

    proxy = AcmeProxy(folder / "proxy")
    with Acmeeh(folder / "ca", external_url=proxy.url) as ca, proxy.in_front_of(ca):
"""

from __future__ import annotations

import base64
import collections
import contextlib
import datetime
import http.server
import json
import os
import ssl
import threading
import time
import typing as t
from pathlib import Path

import requests

from ansible_collections.certfleet.pki.tests.support.acme_faults import Answer, Fault, Recorded
from ansible_collections.certfleet.pki.tests.support.acme_requests import Counting
from ansible_collections.certfleet.pki.tests.support.servers import LOCALHOST, Identity

__all__ = ("AcmeProxy",)

#: Where renewal information is, when the proxy adds it.
_RENEWAL = "/renewal-info"
#: Of one connection, or wrong for another body.
_OWN_HEADERS = {"connection", "transfer-encoding", "content-length", "content-encoding", "date", "keep-alive", "server"}


class Upstream(t.Protocol):
    """An ACME server: any of the test servers."""

    #: Where it listens, without a path.
    url: str
    directory: str
    ca_bundle: str


class AcmeProxy(Counting):
    """One proxy, in this process, on a free loopback port."""

    def __init__(self, folder: str | os.PathLike[str], upstream: Upstream | None = None) -> None:
        self._upstream = upstream
        Path(folder).mkdir(parents=True, exist_ok=True)
        identity = Identity.make(Path(folder))
        self.ca_bundle = str(identity.ca_file)
        #: Announced in the directory's meta, with a text each.
        self.profiles: dict[str, str] = {}
        self._suggestion: Answer | None = None
        self._faults: collections.defaultdict[str, collections.deque[Fault]] = collections.defaultdict(
            collections.deque
        )
        self._recorded: list[Recorded] = []
        self._lock = threading.Lock()
        self._server = self._listen(identity)
        self.url = f"https://{LOCALHOST}:{self._server.server_address[1]}"

    def _listen(self, identity: Identity) -> http.server.ThreadingHTTPServer:
        handler = type("Handler", (_Handler,), {"proxy": self})
        server = http.server.ThreadingHTTPServer((LOCALHOST, 0), handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(identity.certificate_file, identity.key_file)
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        return server

    def __enter__(self) -> AcmeProxy:
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    @contextlib.contextmanager
    def in_front_of(self, upstream: Upstream) -> t.Iterator[AcmeProxy]:
        """Run in front of a server that was made later than the proxy."""
        self._upstream = upstream
        with self:
            yield self

    @property
    def upstream(self) -> Upstream:
        """Return the server."""
        if self._upstream is None:
            raise RuntimeError("the proxy has no server yet")
        return self._upstream

    @property
    def directory(self) -> str:
        """Return the directory's address for clients."""
        return f"{self.url}/{self.upstream.directory.split('/', 3)[3]}"

    # What it does

    def inject(self, resource: str, fault: Fault, *, times: int = 1) -> None:
        """Do this to the next requests for a resource (newOrder, finalize, order...), after what was injected before."""
        with self._lock:
            self._faults[resource].extend([fault] * times)

    def clear(self) -> None:
        """Inject nothing any more."""
        with self._lock:
            self._faults.clear()

    def suggest(
        self,
        start: datetime.datetime,
        end: datetime.datetime,
        *,
        explanation_url: str | None = None,
        retry_after: str | int | None = 21600,
    ) -> None:
        """Suggest to renew every certificate in this window (RFC 9773, section 4.2)."""
        window = {"start": start.isoformat(), "end": end.isoformat()}
        content = {"suggestedWindow": window, **({"explanationURL": explanation_url} if explanation_url else {})}
        headers = [("Content-Type", "application/json")]
        if retry_after is not None:
            headers.append(("Retry-After", str(retry_after)))
        self._suggestion = Answer(200, tuple(headers), json.dumps(content).encode())

    # What it saw

    def requests(self) -> list[Recorded]:
        """Return every request, oldest first."""
        with self._lock:
            return list(self._recorded)

    def payloads(self, resource: str) -> list[t.Any]:
        """Return what the requests for a resource held."""
        return [request.payload for request in self.requests() if request.resource == resource]

    # How it does it

    def _take(self, request: Recorded) -> Fault | None:
        """Record a request; return what is to be done to it."""
        with self._lock:
            self._recorded.append(request)
            faults = self._faults[request.resource]
            return faults.popleft() if faults else None

    def _put_back(self, request: Recorded, fault: Fault) -> None:
        with self._lock:
            self._faults[request.resource].appendleft(fault)

    def _usual(self, exchange: _Handler) -> Answer:
        request = exchange.request
        if self._suggestion and request.path.startswith(f"{_RENEWAL}/"):
            return self._suggestion
        answer = exchange.forward()
        return self._announced(answer) if request.resource == "directory" and answer.status == 200 else answer

    def _announced(self, answer: Answer) -> Answer:
        content = answer.json()
        if self.profiles:
            content.setdefault("meta", {})["profiles"] = dict(self.profiles)
        if self._suggestion:
            content["renewalInfo"] = f"{self.url}{_RENEWAL}"
        return answer.with_json(content)


class _Handler(http.server.BaseHTTPRequestHandler):
    """One connection of a client; it is the exchange that faults see."""

    proxy: t.ClassVar[AcmeProxy]
    request: Recorded  # the socket, until the first request is read; it is self.connection, too
    protocol_version = "HTTP/1.1"
    timeout = 30

    def do_GET(self) -> None:
        """Serve any method."""
        self._body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.request = self._read_request()
        fault = self.proxy._take(self.request)
        answer = fault(self) if fault else self.proxy._usual(self)
        if answer is None:
            self.close_connection = True
        else:
            self._send(answer)

    do_POST = do_HEAD = do_GET  # noqa: N815

    def _read_request(self) -> Recorded:
        jws = json.loads(self._body) if self._body else {}
        return Recorded(
            method=self.command,
            path=self.path,
            payload=_decoded(jws["payload"]) if "payload" in jws else None,
            protected=_decoded(jws["protected"]) if "protected" in jws else {},
            user_agent=self.headers.get("User-Agent", ""),
            at=time.monotonic(),
        )

    def forward(self) -> Answer:
        return self._ask(self.command, self.path, self._body)

    def postpone(self, fault: Fault) -> None:
        self.proxy._put_back(self.request, fault)

    def nonce(self) -> str:
        directory = self.proxy.upstream.directory.split("/", 3)[3]
        path = self._ask("GET", f"/{directory}", b"").json()["newNonce"].split("/", 3)[3]
        return dict(self._ask("HEAD", f"/{path}", b"").headers)["Replay-Nonce"]

    def _ask(self, method: str, path: str, body: bytes) -> Answer:
        kept = ("Host", "User-Agent", "Content-Type", "Accept", "Accept-Language")
        headers = {name: self.headers[name] for name in kept if name in self.headers}
        with requests.Session() as session:
            session.trust_env = False
            upstream = self.proxy.upstream
            options: dict[str, t.Any] = {"verify": upstream.ca_bundle, "timeout": 30}
            answer = session.request(method, f"{upstream.url}{path}", data=body, headers=headers, **options)
        passed = [(name, value) for name, value in answer.raw.headers.items() if name.lower() not in _OWN_HEADERS]
        return Answer(answer.status_code, tuple(passed), answer.content)

    def _send(self, answer: Answer) -> None:
        self.send_response(answer.status)
        for name, value in answer.headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer.body)

    def log_message(self, *_: object) -> None:
        """Print nothing."""


def _decoded(part: str) -> t.Any:
    text = base64.urlsafe_b64decode(f"{part}==")
    return json.loads(text) if text else ""
