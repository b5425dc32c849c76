# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Plays against a real ACME server: its option, and a web server whose directory it looks into."""

from __future__ import annotations

import contextlib
import functools
import http.server
import threading
import typing as t
from pathlib import Path

__all__ = ("Web", "acme", "web_server")


class Web(t.NamedTuple):
    """A web server on this machine: where it serves from, at which port, and what was asked for."""

    root: Path
    port: int
    asked: t.List[str]

    @property
    def left(self) -> t.List[Path]:
        """Everything below the directory."""
        return sorted(self.root.rglob("*"))


class _Handler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: t.Any) -> None:
        self.server.asked.append(self.path)  # type: ignore[attr-defined]


class _Server(http.server.ThreadingHTTPServer):
    request_queue_size = 256
    daemon_threads = True

    def handle_error(self, request: t.Any, client_address: t.Any) -> None:
        """A CA hangs up as soon as it has seen enough."""


@contextlib.contextmanager
def web_server(root: Path, port: int = 0, *, address: str = "127.0.0.1") -> t.Iterator[Web]:
    """Serve a directory, which is made, on loopback."""
    root.mkdir(exist_ok=True)
    handler = functools.partial(_Handler, directory=str(root))
    with _Server((address, port), handler) as server:
        server.asked = []  # type: ignore[attr-defined]
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield Web(root, server.server_address[1], server.asked)  # type: ignore[attr-defined]
        finally:
            server.shutdown()


def acme(ca: t.Any, key: Path, **options: t.Any) -> t.Dict[str, t.Any]:
    """Return the option ``authority`` for a server (Pebble, Acmeeh ...), with an account that is made on first use."""
    usual = {
        "directory": ca.directory,
        "ca_bundle": str(ca.ca_bundle),
        "account_key": str(key),
        "account_create": True,
        "terms_agreed": True,
    }
    return {"acme": {**usual, **options}}
