# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Small services with TLS, to deploy certificates to; they load their files when they are told to, as real ones do.

with Service(tmp_path, [directory]) as service:        # directory/fullchain.pem and privkey.pem
    service.reload_command, service.port
"""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
import time
import typing as t
from pathlib import Path

__all__ = ("PROTOCOLS", "Service")

LOCALHOST = "127.0.0.1"
_TIMEOUT = 10.0


class Service:
    """A server on a port of its own, in a thread.

    ``protocol`` is what is spoken before TLS, ``version`` the only one (``TLSv1_2``, ``TLSv1_3``), ``clients`` the
    certificates (PEM) of which clients must have one, ``stubborn``: a reload is ignored, ``delay``: seconds until a reload shows.
    """

    def __init__(
        self,
        folder: Path,
        directories: t.Sequence[Path],
        *,
        protocol: t.Optional[str] = None,
        version: t.Optional[str] = None,
        clients: t.Optional[str] = None,
        stubborn: bool = False,
        delay: float = 0.0,
        address: str = LOCALHOST,
    ) -> None:
        self.flag = folder / f"reload-{id(self)}"
        self.stubborn, self.delay = stubborn, delay
        self.names: t.List[t.Optional[str]] = []
        self._directories, self._protocol, self._version, self._clients = directories, protocol, version, clients
        self._due: t.Optional[float] = None
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        self._listener = socket.socket(family, socket.SOCK_STREAM)
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._listener.bind((address, 0))
        self._listener.listen(16)
        self.port: int = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)

    @property
    def reload_command(self) -> t.List[str]:
        return ["touch", str(self.flag)]

    def served(self, **more: t.Any) -> t.Dict[str, t.Any]:
        """Return the option ``verify_served``."""
        return {"host": LOCALHOST, "port": self.port, "timeout": 5, "starttls": self._protocol, **more}

    def __enter__(self) -> Service:
        self._context = self._loaded()
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self.stop()

    def stop(self) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _loaded(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        for directory in self._directories:
            context.load_cert_chain(str(directory / "fullchain.pem"), str(directory / "privkey.pem"))
        if self._version:
            context.minimum_version = context.maximum_version = ssl.TLSVersion[self._version]
        if self._clients:
            context.verify_mode = ssl.CERT_REQUIRED
            context.load_verify_locations(cadata=self._clients)
        context.sni_callback = lambda _connection, name, _context: self.names.append(name)
        return context

    def _serve(self) -> None:
        while True:
            try:
                connection, _address = self._listener.accept()
            except OSError:
                return
            with contextlib.suppress(OSError, ValueError), connection:
                connection.settimeout(_TIMEOUT)
                self._reload_if_told()
                if self._protocol:
                    PROTOCOLS[self._protocol](connection)
                with self._context.wrap_socket(connection, server_side=True) as tls:
                    tls.recv(1)

    def _reload_if_told(self) -> None:
        if self.flag.exists():
            self.flag.unlink()
            self._due = None if self.stubborn else time.monotonic() + self.delay
        if self._due is not None and time.monotonic() >= self._due:
            self._context, self._due = self._loaded(), None


def _exactly(connection: socket.socket, length: int) -> bytes:
    data = b""
    while len(data) < length:
        more = connection.recv(length - len(data))
        if not more:
            raise ValueError("closed")
        data += more
    return data


def _line(connection: socket.socket) -> bytes:
    line = b""
    while not line.endswith(b"\n"):
        line += _exactly(connection, 1)
    return line.strip()


def _lines(*talk: t.Tuple[bytes, bytes]) -> t.Callable[[socket.socket], None]:
    """Return a protocol of lines: what has to be said (nothing at first), and what is answered."""

    def speak(connection: socket.socket) -> None:
        for expected, answer in talk:
            if expected and not _line(connection).startswith(expected):
                raise ValueError("not understood")
            connection.sendall(answer)

    return speak


def _ldap(connection: socket.socket) -> None:
    if b"1.3.6.1.4.1.1466.20037" not in _exactly(connection, 31):
        raise ValueError("not understood")
    connection.sendall(b"\x30\x84\x00\x00\x00\x0c\x02\x01\x01\x78\x07\x0a\x01\x00\x04\x00\x04\x00")


def _postgres(connection: socket.socket) -> None:
    connection.sendall(b"S" if _exactly(connection, 8) == b"\0\0\0\x08\x04\xd2\x16\x2f" else b"E")


def _mysql(connection: socket.socket) -> None:
    capabilities = (0xFFFF).to_bytes(2, "little")
    greeting = (
        b"\x0a8.0.36\0" + b"\1\0\0\0" + b"12345678" + b"\0" + capabilities + b"\x08\2\0" + b"\xff\xdf\x15" + 10 * b"\0"
    )
    connection.sendall(len(greeting).to_bytes(3, "little") + b"\0" + greeting)
    packet = _exactly(connection, 36)
    if packet[:4] != b"\x20\0\0\1" or not int.from_bytes(packet[4:8], "little") & 0x800:
        raise ValueError("not understood")


def _xmpp(connection: socket.socket) -> None:
    opening = b""
    while opening.count(b">") < 2:
        opening += _exactly(connection, 1)
    features = b"<stream:features><starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/></stream:features>"
    connection.sendall(b"<stream:stream version='1.0'>" + features)
    request = b""
    while b">" not in request:
        request += _exactly(connection, 1)
    if b"starttls" not in request:
        raise ValueError("not understood")
    connection.sendall(b"<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>")


_SMTP = _lines(
    (b"", b"220-mail.example.com\r\n220 ready\r\n"),
    (b"EHLO", b"250-mail.example.com\r\n250-STARTTLS\r\n250 OK\r\n"),
    (b"STARTTLS", b"220 go ahead\r\n"),
)
PROTOCOLS: t.Mapping[str, t.Callable[[socket.socket], None]] = {
    "smtp": _SMTP,
    "imap": _lines((b"", b"* OK ready\r\n"), (b"a1 STARTTLS", b"* BYE-BYE\r\na1 OK begin\r\n")),
    "pop3": _lines((b"", b"+OK ready\r\n"), (b"STLS", b"+OK begin\r\n")),
    "ftp": _lines((b"", b"220 ready\r\n"), (b"AUTH TLS", b"234 begin\r\n")),
    "nntp": _lines((b"", b"200 ready\r\n"), (b"STARTTLS", b"382 begin\r\n")),
    "lmtp": _lines((b"", b"220 ready\r\n"), (b"LHLO", b"250 OK\r\n"), (b"STARTTLS", b"220 begin\r\n")),
    "sieve": _lines((b"", b'"STARTTLS"\r\nOK\r\n'), (b"STARTTLS", b'OK "begin"\r\n')),
    "xmpp": _xmpp,
    "ldap": _ldap,
    "postgres": _postgres,
    "mysql": _mysql,
}
