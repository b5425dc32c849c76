# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: no promise is made about what is in here.

"""A web server that has nothing but a few short answers, which only who knows its secret can change.

One thread and ``select``: a client that is slow keeps nobody waiting, one that is too slow is dropped.
What a client sends is compared and never repeated; no path leads to a file.
"""

import select
import time
from hmac import compare_digest

from ansible_collections.certfleet.pki.plugins.module_utils._host.codec import loads

TYPE_CHECKING = False
if TYPE_CHECKING:
    import socket
    import typing as t

__all__ = ("SIGN", "Server", "respond")

#: Connections at the same time. One more takes the place of the oldest.
CONNECTIONS = 64
#: Seconds that a connection has from beginning to end.
PATIENCE = 10.0
#: Bytes of a request; a CA sends a few hundred.
REQUEST = 8192
#: Bytes of an order, for which the sender has to know the secret.
ORDER = 1 << 20
#: Begins the answers to our own requests, so that no other server's are mistaken for them.
SIGN = b"certfleet:"

_OK = b"200 OK"
_NOT_FOUND = b"404 Not Found"


def respond(status, body, with_body=True):
    # type: (bytes, bytes, bool) -> bytes
    """Return a whole response; RFC 8555, section 8.3 asks for this content type."""
    head = b"HTTP/1.1 %s\r\nContent-Type: application/octet-stream\r\nContent-Length: %d\r\nConnection: close\r\n\r\n"
    return head % (status, len(body)) + (body if with_body else b"")


def _encoded(texts):
    # type: (t.Dict[str, str]) -> t.Dict[bytes, bytes]
    return {path.encode("ascii"): text.encode("ascii") for path, text in texts.items()}


class _Connection:
    """A client: its request as far as it came, then our response as far as it is still to be sent."""

    def __init__(self, client):
        # type: (socket.socket) -> None
        self.socket = client
        self.until = time.monotonic() + PATIENCE
        self.request = b""
        self.response = b""


class Server:
    """Serves ``answers`` (path to body) from a listening socket.

    A GET of ``telling`` tells that it is there. A POST to ``control`` with a line of JSON, ``show`` and
    ``hide`` (path to body) and ``seconds``, changes what it serves. It ends when nothing is left to serve,
    when nobody has shown anything for so many seconds, or when ``wake`` (a descriptor) can be read.
    """

    def __init__(self, listener, answers, telling, control, wake):
        # type: (socket.socket, t.Dict[bytes, bytes], bytes, bytes, int) -> None
        self._listener = listener
        self._answers = dict(answers)
        self._telling = telling
        self._control = control
        self._wake = wake
        self._until = 0.0
        self._connections = []  # type: t.List[_Connection]
        self._asker = None  # type: t.Optional[_Connection]

    def serve(self, seconds):
        # type: (float) -> t.Optional[socket.socket]
        """Serve until the end; return the client that asked for it, which waits for a response, if one did."""
        self._until = time.monotonic() + seconds
        self._listener.setblocking(False)
        try:
            while self._asker is None and time.monotonic() < self._until and self._turn():
                pass
        finally:
            self._listener.close()
            for connection in self._connections:
                if connection is not self._asker:
                    connection.socket.close()
        return None if self._asker is None else self._asker.socket

    def _turn(self):
        # type: () -> bool
        """Wait for something to happen and attend to it; tell whether to go on."""
        readers = {connection.socket: connection for connection in self._connections if not connection.response}
        writers = {connection.socket: connection for connection in self._connections if connection.response}
        moments = [self._until] + [connection.until for connection in self._connections]
        pause = max(0.0, min(moments) - time.monotonic())
        waiting = [self._wake, self._listener] + list(readers)  # type: t.List[t.Any]
        readable, writable, _errors = select.select(waiting, list(writers), [], pause)
        if self._wake in readable:
            return False
        for client in readable:
            if client in readers:
                self._read(readers[client])
        for client in writable:
            self._write(writers[client])
        if self._listener in readable:
            self._accept()
        self._drop_late()
        return True

    def _accept(self):
        # type: () -> None
        try:
            client = self._listener.accept()[0]
        except OSError:  # gone already, or too many files are open
            if self._connections:
                self._drop(self._connections[0])
            return
        client.setblocking(False)
        if len(self._connections) >= CONNECTIONS:
            self._drop(self._connections[0])
        self._connections.append(_Connection(client))

    def _drop_late(self):
        # type: () -> None
        now = time.monotonic()
        for connection in [late for late in self._connections if late.until <= now]:
            self._drop(connection)

    def _drop(self, connection):
        # type: (_Connection) -> None
        if connection in self._connections and connection is not self._asker:
            self._connections.remove(connection)
            connection.socket.close()

    def _read(self, connection):
        # type: (_Connection) -> None
        try:
            data = connection.socket.recv(65536)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        connection.request += data
        head, blank, body = connection.request.partition(b"\r\n\r\n")
        words = head.partition(b"\r\n")[0].split(b" ")
        method, path = words[:2] if len(words) == 3 and words[2] in (b"HTTP/1.0", b"HTTP/1.1") else (b"", b"")
        order = method == b"POST" and compare_digest(path, self._control)
        if not data or len(connection.request) > (ORDER if order else REQUEST):
            self._drop(connection)
        elif order and body.endswith(b"\n"):
            self._obey(connection, body)
        elif blank and not order:
            self._answer(connection, method, path)

    def _answer(self, connection, method, path):
        # type: (_Connection, bytes, bytes) -> None
        body = None
        if method in (b"GET", b"HEAD"):
            body = SIGN if compare_digest(path, self._telling) else self._answers.get(path)
        status = _NOT_FOUND if body is None else _OK
        connection.response = respond(status, body or b"", with_body=method != b"HEAD")
        self._write(connection)

    def _obey(self, connection, body):
        # type: (_Connection, bytes) -> None
        try:
            order = loads(body.decode("ascii"))
            show, hide = _encoded(order["show"]), _encoded(order["hide"])
            until = time.monotonic() + int(order["seconds"])
        except (ValueError, KeyError, TypeError, AttributeError):
            self._drop(connection)
            return
        before = dict(self._answers)
        self._answers.update(show)
        self._answers = {path: text for path, text in self._answers.items() if hide.get(path) != text}
        if not self._answers:
            self._asker = connection
            return
        if show:
            self._until = max(self._until, until)
        connection.response = respond(_OK, SIGN + (b"false" if self._answers == before else b"true"))
        self._write(connection)

    def _write(self, connection):
        # type: (_Connection) -> None
        try:
            sent = connection.socket.send(connection.response)
        except BlockingIOError:
            return
        except OSError:
            self._drop(connection)
            return
        connection.response = connection.response[sent:]
        if not connection.response:
            self._drop(connection)
