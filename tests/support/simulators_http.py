# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""HTTP for simulators: what comes in, what goes out, and the server between them."""

from __future__ import annotations

import dataclasses
import json
import ssl
import typing as t
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes

from ansible_collections.certfleet.pki.tests.support.certificates import CertificateAuthority

__all__ = ("Call", "Reply", "Server", "handler_of", "tls_issuer")

_KEY_USAGES = (
    "digital_signature",
    "content_commitment",
    "key_encipherment",
    "data_encipherment",
    "key_agreement",
    "key_cert_sign",
    "crl_sign",
    "encipher_only",
    "decipher_only",
)


@dataclasses.dataclass(frozen=True)
class Call:
    """One request as it came in; ``path`` is decoded, ``match`` what the route's expression matched."""

    method: str
    path: str
    query: t.Mapping[str, t.List[str]]
    headers: t.Mapping[str, str]
    data: bytes
    match: t.Mapping[str, str] = dataclasses.field(default_factory=dict)
    client_certificate: t.Optional[bytes] = None

    @property
    def json(self) -> t.Any:
        """The body as JSON. Raises ValueError."""
        return json.loads(self.data)

    @property
    def form(self) -> t.Mapping[str, str]:
        """The body as a form, each field once."""
        return {name: values[-1] for name, values in parse_qs(self.data.decode(), keep_blank_values=True).items()}


@dataclasses.dataclass(frozen=True)
class Reply:
    """An answer. ``body``: text and bytes go as they are, None is empty, everything else goes as JSON."""

    status: int = 200
    body: t.Any = None
    headers: t.Mapping[str, str] = dataclasses.field(default_factory=dict)
    reason: t.Optional[str] = None

    def encoded(self) -> t.Tuple[bytes, str]:
        if self.body is None:
            return b"", ""
        if isinstance(self.body, bytes):
            return self.body, "application/octet-stream"
        if isinstance(self.body, str):
            return self.body.encode(), "text/plain; charset=utf-8"
        return json.dumps(self.body).encode(), "application/json; charset=utf-8"


class Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128
    tls: t.Optional[ssl.SSLContext] = None

    def finish_request(self, request: t.Any, client_address: t.Any) -> None:
        """Shake hands in the connection's own thread, so that a silent client keeps nobody waiting."""
        try:
            wrapped = self.tls.wrap_socket(request, server_side=True) if self.tls else request
        except OSError:
            return
        try:
            super().finish_request(wrapped, client_address)
        finally:
            self.shutdown_request(wrapped)

    def handle_error(self, *_: object) -> None:
        """Say nothing of clients that hang up."""


def handler_of(handle: t.Callable[[Call], t.Optional[Reply]]) -> t.Type[BaseHTTPRequestHandler]:
    class Connection(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        # Headers and body are two writes; without this they wait for each other (40 ms).
        disable_nagle_algorithm = True
        timeout = 60

        def handle_call(self) -> None:
            reply = handle(self._call())
            if reply is None:
                self.close_connection = True
                return
            data, content_type = reply.encoded()
            self.send_response(reply.status, reply.reason)
            headers = {"Content-Type": content_type, **reply.headers, "Content-Length": str(len(data))}
            for name, value in headers.items():
                if value:
                    self.send_header(name, value)
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(data)

        do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = handle_call  # noqa: N815

        def _call(self) -> Call:
            parts = urlsplit(self.path)
            client = getattr(self.connection, "getpeercert", lambda _binary: None)(True)
            return Call(
                method=self.command,
                path=unquote(parts.path),
                query=parse_qs(parts.query, keep_blank_values=True),
                headers=self.headers,  # type: ignore[arg-type]  # a Message compares names as HTTP does
                data=self.rfile.read(int(self.headers.get("Content-Length") or 0)),
                client_certificate=client,
            )

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    return Connection


def tls_issuer() -> CertificateAuthority:
    """Return a CA for servers. Python 3.13 and newer insist on the key usage (RFC 5280, section 4.2.1.3)."""
    issuer = CertificateAuthority("Simulator TLS")
    plain = issuer.certificate
    usage = dict.fromkeys(_KEY_USAGES, False)
    builder = x509.CertificateBuilder(plain.issuer, plain.subject, plain.public_key(), plain.serial_number)
    builder = builder.not_valid_before(plain.not_valid_before_utc).not_valid_after(plain.not_valid_after_utc)
    for extension in plain.extensions:
        builder = builder.add_extension(extension.value, critical=extension.critical)
    builder = builder.add_extension(x509.KeyUsage(**{**usage, "key_cert_sign": True}), critical=True)
    issuer.certificate = builder.sign(issuer.key, hashes.SHA256())
    return issuer
