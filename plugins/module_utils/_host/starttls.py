# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: no promise is made about what is in here.

"""Asking for TLS in the protocols that begin without it, as far as the server's yes."""

import re
import time

from ansible_collections.certfleet.pki.plugins.module_utils._host.errors import StoreError

TYPE_CHECKING = False
if TYPE_CHECKING:
    import socket
    import typing as t

__all__ = ("PORTS", "Wire", "ask_for_tls")

#: Every protocol, and the port that it usually has.
PORTS = {
    "ftp": 21,
    "imap": 143,
    "ldap": 389,
    "lmtp": 24,
    "mysql": 3306,
    "nntp": 119,
    "pop3": 110,
    "postgres": 5432,
    "sieve": 4190,
    "smtp": 25,
    "xmpp": 5222,
}

_NUMBER = rb"[0-9]{3}(?: |$)"
#: What is said, how the last line of the answer begins, and how it begins if the answer is yes.
_TALKS = {
    "ftp": ((b"", _NUMBER, b"2"), (b"AUTH TLS", _NUMBER, b"234")),
    "imap": ((b"", rb"\* ", b"* OK"), (b"a1 STARTTLS", rb"a1 ", b"a1 OK")),
    "lmtp": ((b"", _NUMBER, b"2"), (b"LHLO localhost", _NUMBER, b"2"), (b"STARTTLS", _NUMBER, b"2")),
    "nntp": ((b"", _NUMBER, b"2"), (b"STARTTLS", _NUMBER, b"382")),
    "pop3": ((b"", rb"[+-]", b"+OK"), (b"STLS", rb"[+-]", b"+OK")),
    "sieve": ((b"", rb"(?:OK|NO|BYE)", b"OK"), (b"STARTTLS", rb"(?:OK|NO|BYE)", b"OK")),
    "smtp": ((b"", _NUMBER, b"2"), (b"EHLO localhost", _NUMBER, b"2"), (b"STARTTLS", _NUMBER, b"2")),
}  # type: t.Dict[str, t.Tuple[t.Tuple[bytes, bytes, bytes], ...]]

#: RFC 4511, section 4.14: an extended request with message id 1 and the name 1.3.6.1.4.1.1466.20037.
_LDAP_REQUEST = b"\x30\x1d\x02\x01\x01\x77\x18\x80\x161.3.6.1.4.1.1466.20037"
#: The SSLRequest of PostgreSQL's protocol: its length and its code.
_POSTGRES_REQUEST = b"\x00\x00\x00\x08\x04\xd2\x16\x2f"
_MYSQL_SSL = 0x0800
#: MySQL's SSLRequest: long password, protocol 4.1, SSL, secure connection; 16 MiB packets; latin1; filler.
_MYSQL_REQUEST = b"\x20\x00\x00\x01" + b"\x01\x8a\x00\x00" + b"\x00\x00\x00\x01" + b"\x08" + 23 * b"\x00"
_XMPP_OPEN = (
    b"<?xml version='1.0'?><stream:stream to='%s' version='1.0' xmlns='jabber:client' "
    b"xmlns:stream='http://etherx.jabber.org/streams'>"
)
_XMPP_REQUEST = b"<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"
_LONGEST = 65536


class Wire:
    """A connection with a deadline (of time.monotonic) for everything that is done on it."""

    def __init__(self, connection, until):
        # type: (socket.socket, float) -> None
        self._connection = connection
        self._until = until
        self._buffer = b""

    def send(self, data):
        # type: (bytes) -> None
        self._set_timeout()
        self._connection.sendall(data)

    def receive(self):
        # type: () -> bytes
        """Return what has come; nothing if the other side has closed."""
        self._set_timeout()
        return self._connection.recv(_LONGEST)

    def take(self, length):
        # type: (int) -> bytes
        """Return exactly so many bytes."""
        while len(self._buffer) < length:
            self._fill()
        data, self._buffer = self._buffer[:length], self._buffer[length:]
        return data

    def take_until(self, end):
        # type: (bytes) -> bytes
        """Return what comes up to ``end``, which is read but not returned."""
        while end not in self._buffer:
            self._fill()
        data, _end, self._buffer = self._buffer.partition(end)
        return data

    def _fill(self):
        # type: () -> None
        data = self.receive()
        if not data or len(self._buffer) > _LONGEST:
            raise _refused("it closed the connection" if not data else "it says too much")
        self._buffer += data

    def _set_timeout(self):
        # type: () -> None
        left = self._until - time.monotonic()
        if left <= 0:
            raise OSError(None, "timed out")
        self._connection.settimeout(left)


def ask_for_tls(wire, protocol, server_name):
    # type: (Wire, str, str) -> None
    """Go as far as the TLS handshake. Raises StoreError if the server does not want to, OSError."""
    if protocol in _TALKS:
        for said, end, good in _TALKS[protocol]:
            _talk(wire, said, re.compile(end), good)
    else:
        others = {"ldap": _ldap, "mysql": _mysql, "postgres": _postgres, "xmpp": _xmpp}
        others[protocol](wire, server_name)


def _talk(wire, said, end, good):
    # type: (Wire, bytes, t.Pattern[bytes], bytes) -> None
    if said:
        wire.send(said + b"\r\n")
    line = wire.take_until(b"\n").strip()
    while not end.match(line):
        line = wire.take_until(b"\n").strip()
    if not line.startswith(good):
        raise _refused(line)


def _ldap(wire, _server_name):
    # type: (Wire, str) -> None
    wire.send(_LDAP_REQUEST)
    length = wire.take(2)[1]
    if length & 0x80:
        length = int.from_bytes(wire.take(length & 0x7F), "big")
    _envelope, found, result = wire.take(min(length, _LONGEST)).partition(b"\x0a\x01")
    if not found or result[:1] != b"\x00":
        raise _refused("result code %d" % result[0] if result else "no result code")


def _postgres(wire, _server_name):
    # type: (Wire, str) -> None
    wire.send(_POSTGRES_REQUEST)
    if wire.take(1) != b"S":
        raise _refused("ssl is off")


def _mysql(wire, _server_name):
    # type: (Wire, str) -> None
    greeting = wire.take(int.from_bytes(wire.take(4)[:3], "little"))
    _version, _end, rest = greeting[1:].partition(b"\0")
    if greeting[:1] != b"\x0a" or not int.from_bytes(rest[13:15], "little") & _MYSQL_SSL:
        raise _refused("ssl is off" if greeting[:1] == b"\x0a" else greeting[3:])
    wire.send(_MYSQL_REQUEST)


def _xmpp(wire, server_name):
    # type: (Wire, str) -> None
    wire.send(_XMPP_OPEN % (server_name or "localhost").encode("idna"))
    if b"urn:ietf:params:xml:ns:xmpp-tls" not in wire.take_until(b"</stream:features>"):
        raise _refused("starttls is not offered")
    wire.send(_XMPP_REQUEST)
    if b"<proceed" not in wire.take_until(b">"):
        raise _refused("starttls failed")


def _refused(said):
    # type: (t.Union[str, bytes]) -> StoreError
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else said
    printable = "".join(character for character in text if character.isprintable())[:200]
    return StoreError("no_starttls", "the server refuses STARTTLS: %s" % (printable or "no reason given"), "verify")
