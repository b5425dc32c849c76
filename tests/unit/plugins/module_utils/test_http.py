# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""`_http` against small servers on loopback."""

from __future__ import annotations

import contextlib
import gzip
import socket
import ssl
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from ansible_collections.certfleet.pki.plugins.module_utils import _http
from ansible_collections.certfleet.pki.plugins.module_utils._errors import Misconfigured, PkiError, Unavailable
from ansible_collections.certfleet.pki.plugins.module_utils._http import Http, canonical_url, origin, retry_after
from ansible_collections.certfleet.pki.plugins.module_utils._http_errors import safe_url
from ansible_collections.certfleet.pki.tests.support.certificates import CertificateAuthority

SECRET = "s3cr3t-value"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self) -> None:
        server = self.server
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        server.seen.append((self.command, self.path, dict(self.headers), body))
        server.ports.add(self.client_address[1])
        script = server.script
        step = script.pop(0) if len(script) > 1 else script[0]
        if callable(step):
            step(self)
            return
        status, headers = step
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    do_GET = do_POST = do_PUT = do_DELETE = do_LIST = do_CONNECT = answer  # noqa: N815

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class Server(ThreadingHTTPServer):
    """Answers with the steps of a script, the last one again and again: (status, headers), or a function."""

    daemon_threads = True

    def __init__(self, *script, context=None):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.script = list(script) or [(200, {})]
        self.seen, self.ports = [], set()
        self.scheme = "https" if context else "http"
        if context:
            self.socket = context.wrap_socket(self.socket, server_side=True)

    @property
    def url(self):
        return f"{self.scheme}://127.0.0.1:{self.server_port}"

    def handle_error(self, *_):
        """Say nothing: clients that hang up are part of the tests."""


@contextlib.contextmanager
def serving(*script, context=None):
    server = Server(*script, context=context)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture(autouse=True)
def no_proxies(monkeypatch):
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@pytest.fixture
def pauses():
    return []


def client(pauses=None, **options):
    """Return an Http whose pauses are noted, not slept."""
    return Http({"timeout": 5, **options}, authority="example", sleep=(pauses if pauses is not None else []).append)


def failure(kind, call):
    with pytest.raises(kind) as caught:
        call()
    error = caught.value
    assert error.authority == "example"
    assert error.message.endswith(".")
    assert "\n" not in error.message
    assert error.__cause__ is None
    assert error.__suppress_context__ or error.__context__ is None
    return error


# Retries


@pytest.mark.parametrize("status", [502, 503, 504, 429])
def test_get_is_tried_again(status, pauses):
    with serving((status, {}), (status, {}), (200, {})) as server:
        assert client(pauses).request("GET", server.url).status_code == 200
    assert len(server.seen) == 3
    assert len(pauses) == 2
    assert 0.05 < pauses[0] < 1


@pytest.mark.parametrize("status", [502, 503, 504])
def test_post_is_not_tried_again_unless_it_may(status):
    with serving((status, {}), (200, {})) as server:
        assert client().request("POST", server.url).status_code == status
    with serving((status, {}), (200, {})) as server:
        assert client().request("POST", server.url, repeatable=True).status_code == 200


@pytest.mark.parametrize("status", [400, 403, 404, 500])
def test_other_answers_are_final(status):
    with serving((status, {}), (200, {})) as server:
        assert client().request("GET", server.url).status_code == status


def test_post_is_tried_again_when_the_server_was_too_busy_to_look_at_it(pauses):
    with serving((429, {"Retry-After": "2"}), (200, {})) as server:
        assert client(pauses).request("POST", server.url, json={"a": 1}).status_code == 200
    assert pauses == [2.0]
    assert [body for *_request, body in server.seen] == [b'{"a": 1}'] * 2


def test_retry_after_beyond_the_timeout_is_not_waited_for(pauses):
    with serving((429, {"Retry-After": "3600"})) as server:
        response = client(pauses).request("GET", server.url)
    assert (response.status_code, retry_after(response), pauses) == (429, 3600.0, [])


def test_retries_end(pauses):
    with serving((503, {})) as server:
        assert client(pauses, retries=2).request("GET", server.url).status_code == 503
    assert len(server.seen) == 3
    with serving((503, {})) as server:
        assert client(pauses, retries=0).request("GET", server.url).status_code == 503
    assert len(server.seen) == 1


def hang_up(handler):
    handler.close_connection = True
    handler.connection.shutdown(socket.SHUT_RDWR)


def test_lost_answer_to_a_post_is_not_asked_for_again():
    """The CA may have done what was asked."""
    with serving(hang_up, (200, {})) as server:
        failure(Unavailable, lambda: client().request("POST", server.url))
    assert len(server.seen) == 1
    with serving(hang_up, (200, {})) as server:
        assert client().request("GET", server.url).status_code == 200


def test_refused_connection_is_tried_again_whatever_the_method(pauses):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{closed.getsockname()[1]}"
        error = failure(Unavailable, lambda: client(pauses).request("POST", url))
    assert len(pauses) == 3
    assert "refused" in error.message


# Time


def trickle(handler):
    handler.send_response(200)
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    with contextlib.suppress(OSError):
        for _number in range(100):
            handler.wfile.write(b"x")
            time.sleep(0.1)
    handler.close_connection = True


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("step", [trickle, lambda handler: time.sleep(3)], ids=["trickle", "silence"])
def test_slow_server(method, step):
    with serving(step) as server:
        started = time.monotonic()
        error = failure(Unavailable, lambda: client(timeout=1, retries=3).request(method, server.url))
        assert 0.9 < time.monotonic() - started < 2.2
    assert "1 seconds" in error.message


def test_endless_body_is_cut(monkeypatch):
    monkeypatch.setattr(_http, "_BODY_LIMIT", 1)
    with serving() as server:
        failure(Unavailable, lambda: client(retries=0).request("GET", server.url))


def test_body_in_chunks_compressed_or_short():
    def chunked(handler):
        handler.send_response(200)
        handler.send_header("Transfer-Encoding", "chunked")
        handler.end_headers()
        handler.wfile.write(b"3\r\nabc\r\n4\r\ndefg\r\n0\r\n\r\n")

    def compressed(handler):
        data = gzip.compress(b"abcdefg" * 1000)
        handler.send_response(200)
        handler.send_header("Content-Encoding", "gzip")
        handler.send_header("Content-Length", str(len(data)))
        handler.end_headers()
        handler.wfile.write(data)

    def short(handler):
        handler.send_response(200)
        handler.send_header("Content-Length", "10")
        handler.end_headers()
        handler.wfile.write(b"abc")
        handler.close_connection = True

    with serving(chunked, compressed, short) as server:
        http = client(retries=0)
        assert http.request("GET", server.url).content == b"abcdefg"
        assert http.request("GET", server.url).content == b"abcdefg" * 1000
        assert len(server.ports) == 1
        failure(Unavailable, lambda: http.request("GET", server.url))


# Redirects


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_redirect_to_another_host_is_refused(status, method):
    with serving() as other, serving((status, {"Location": f"{other.url}/x?token={SECRET}"})) as server:
        error = failure(
            Misconfigured, lambda: client().request(method, server.url, headers={"X-Vault-Token": SECRET}, json={})
        )
        assert other.seen == []
    assert other.url in error.message
    assert SECRET not in f"{error.as_dict()} {error!r}"


def test_redirect_to_plain_http_on_the_same_host_is_refused():
    with serving((307, {"Location": "//localhost/x"})) as server:
        failure(Misconfigured, lambda: client().request("GET", server.url))


def test_redirect_on_the_same_host_is_followed():
    with serving((307, {"Location": "/b"}), (200, {})) as server:
        client().request("POST", f"{server.url}/a", json={"a": 1}, headers={"X-Vault-Token": SECRET})
    assert [(method, path, body) for method, path, _headers, body in server.seen] == [
        ("POST", "/a", b'{"a": 1}'),
        ("POST", "/b", b'{"a": 1}'),
    ]
    assert server.seen[1][2]["X-Vault-Token"] == SECRET


def test_redirect_that_would_lose_the_body_is_refused():
    with serving((302, {"Location": "/b"})) as server:
        failure(Misconfigured, lambda: client().request("POST", server.url, json={}))
    assert len(server.seen) == 1


def test_redirect_in_circles_ends():
    with serving((307, {"Location": "/a"})) as server:
        failure(Misconfigured, lambda: client().request("GET", server.url))
    assert len(server.seen) < 10


# Connections, proxies, foreign credentials


def test_connection_is_kept():
    with serving() as server:
        http = client()
        for _number in range(5):
            http.request("GET", server.url)
        http.close()
    assert len(server.ports) == 1


def test_connection_that_the_server_closed_meanwhile_is_opened_again():
    def answer_and_close(handler):
        handler.send_response(200)
        handler.send_header("Content-Length", "0")
        handler.end_headers()
        handler.close_connection = True

    with serving(answer_and_close) as server:
        http = client()
        for _number in range(3):
            http.request("POST", server.url)
            time.sleep(0.1)
    assert len(server.ports) == 3


def test_netrc_adds_nothing(tmp_path, monkeypatch):
    netrc = tmp_path / "netrc"
    netrc.write_text(f"machine 127.0.0.1 login me password {SECRET}\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    with serving() as server:
        client().request("GET", server.url)
    assert "Authorization" not in server.seen[0][2]


def test_proxy_option_and_variables(monkeypatch):
    with serving() as proxy:
        client(proxy=proxy.url).request("GET", "http://ca.example.com/v1/x")
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        client().request("GET", "http://ca.example.com/v1/y")
        assert [path for _method, path, *_rest in proxy.seen] == [
            "http://ca.example.com/v1/x",
            "http://ca.example.com/v1/y",
        ]
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        with serving() as server:
            client().request("GET", server.url)
            assert len(server.seen) == 1
        assert len(proxy.seen) == 2


def test_broken_proxy_is_named_without_its_password():
    http = client(proxy=f"http://me:{SECRET}@127.0.0.1:1", retries=0)
    for url in ("http://ca.example.com/", "https://ca.example.com/"):
        error = failure(Unavailable, lambda url=url: http.request("GET", url))
        assert "proxy" in error.message
        assert SECRET not in f"{error.as_dict()} {error!r}"


def test_header_that_can_not_be_sent_is_not_quoted():
    for value in (f"{SECRET}\nX: y", f"{SECRET}\u20ac"):
        error = failure(
            PkiError,
            lambda value=value: client().request("GET", "http://127.0.0.1:1", headers={"X-Vault-Token": value}),
        )
        assert error.kind == "misconfigured"
        assert SECRET not in f"{error.as_dict()} {error!r}"


# TLS


@pytest.fixture(scope="module")
def root():
    return CertificateAuthority("TLS Root")


def tls(root, tmp_path, *names, client_ca=None):
    made = root.issue(list(names))
    (tmp_path / "server.pem").write_text(made.pem + made.key_pem)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "server.pem")
    if client_ca:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(cadata=client_ca.pem)
    return context


def test_ca_bundle_as_text_path_and_folder(root, tmp_path):
    (tmp_path / "ca.pem").write_text(root.pem)
    with serving(context=tls(root, tmp_path, "127.0.0.1")) as server:
        for bundle in (root.pem, str(tmp_path / "ca.pem")):
            assert client(ca_bundle=bundle).request("GET", server.url).status_code == 200
        error = failure(Misconfigured, lambda: client().request("GET", server.url))
        assert "ca_bundle" in error.message
        failure(Misconfigured, lambda: client(ca_bundle=CertificateAuthority("Other").pem).request("GET", server.url))
        assert client(validate_certs=False).request("GET", server.url).status_code == 200


def test_certificate_for_another_name(root, tmp_path):
    with serving(context=tls(root, tmp_path, "ca.example.com")) as server:
        error = failure(Misconfigured, lambda: client(ca_bundle=root.pem).request("GET", server.url))
    assert "another name" in error.message


def test_client_certificate(root, tmp_path):
    clients = CertificateAuthority("Clients")
    made = clients.issue(["ansible"], extended_key_usage=["client_auth"])
    paths = (str(tmp_path / "client.pem"), str(tmp_path / "client.key"))
    (tmp_path / "client.pem").write_text(made.pem)
    (tmp_path / "client.key").write_text(made.key_pem)
    with serving(context=tls(root, tmp_path, "127.0.0.1", client_ca=clients)) as server:
        options = {"ca_bundle": root.pem, "timeout": 5, "retries": 0}
        assert Http(options, authority="example", client_certificate=paths).request("GET", server.url).ok
        failure(Unavailable, lambda: Http(options, authority="example").request("GET", server.url))


@pytest.mark.parametrize(
    "bundle", ["/no/such/file.pem", "-----BEGIN CERTIFICATE-----\nnonsense\n-----END CERTIFICATE-----"]
)
def test_unusable_ca_bundle(bundle):
    with pytest.raises(Misconfigured, match="ca_bundle"):
        client(ca_bundle=bundle).request("GET", "https://127.0.0.1:1")


def test_unusable_client_certificate(tmp_path):
    made = CertificateAuthority("One").issue(["x"])
    other = CertificateAuthority("Other").issue(["x"])
    (tmp_path / "a.pem").write_text(made.pem)
    (tmp_path / "b.key").write_text(other.key_pem)
    for key in ("b.key", "missing.key"):
        http = Http({}, authority="example", client_certificate=(str(tmp_path / "a.pem"), str(tmp_path / key)))
        with pytest.raises(Misconfigured, match=key):
            http.request("GET", "https://127.0.0.1:1")


# Small parts


@pytest.mark.parametrize(
    ("url", "canonical"),
    [
        ("HTTPS://Vault.Example.COM:443/", "https://vault.example.com"),
        ("http://vault:80", "http://vault"),
        ("https://vault:8200//", "https://vault:8200"),
        (" https://[2001:DB8::1]:8200/path/ ", "https://[2001:db8::1]:8200/path"),
        ("https://vault/Path", "https://vault/Path"),
    ],
)
def test_canonical_url(url, canonical):
    assert canonical_url(url, authority="x") == canonical
    assert canonical_url(canonical, authority="x") == canonical


@pytest.mark.parametrize(
    "url",
    ["", "vault.example.com", "ftp://x", "https://", "https://x:99999", f"https://me:{SECRET}@x", "https://x?a=b"],
)
def test_url_that_is_none(url):
    with pytest.raises(Misconfigured) as caught:
        canonical_url(url, authority="x")
    assert SECRET not in str(caught.value)


def test_origin_and_safe_url():
    assert origin("https://A:443/x") == origin("https://a") != origin("http://a")
    assert safe_url(f"https://me:{SECRET}@a:1/p?x={SECRET}#f") == "https://a:1/p"


@pytest.mark.parametrize(
    ("value", "seconds"),
    [("7", 7.0), ("", None), ("soon", None), ("-1", None), ("Wed, 21 Oct 2015 07:28:00 GMT", 0.0)],
)
def test_retry_after(value, seconds):
    class Response:
        headers = {"Retry-After": value}  # noqa: RUF012

    assert retry_after(Response()) == seconds


def test_without_requests(monkeypatch):
    monkeypatch.setattr(_http, "requests", None)
    with pytest.raises(Misconfigured, match="requests"):
        client()


def test_common_options_are_described():
    assert set(_http.COMMON_OPTIONS) == {"url", "ca_bundle", "validate_certs", "timeout", "retries", "proxy"}
    assert all(entry["description"] for entry in _http.COMMON_OPTIONS.values())
