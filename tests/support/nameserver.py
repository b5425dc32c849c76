# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A name server in this process, for the answers that no real one gives.

    with NameServer({("www.example.com", "TXT"): ["text"]}) as server:
        server.address                       # for options
        server.asked                         # [(name, type), ...]

What it is told for a question is a list of records, a rcode, raw bytes, SILENCE, or a function of the
question that returns a whole message. Unknown names are NXDOMAIN; ``zones`` are added as SOA records.
"""

from __future__ import annotations

import contextlib
import socket
import socketserver
import threading
import typing as t

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.rrset

from ansible_collections.certfleet.pki.tests.support.servers import LOCALHOST, free_port

__all__ = ("SILENCE", "NameServer", "Questions")

SILENCE = object()
Questions = t.Dict[t.Tuple[str, str], t.Any]


class NameServer:
    """Answers over UDP and TCP from ``answers``, which may be changed at any time."""

    def __init__(
        self,
        answers: Questions | None = None,
        *,
        zones: t.Sequence[str] = (),
        address: str = LOCALHOST,
        port: int | None = None,
        authoritative: bool = True,
        truncates: bool = False,
    ) -> None:
        self.answers: Questions = dict(answers or {})
        self.zones = [dns.name.from_text(zone) for zone in zones]
        self.host, self.port = address, port or free_port(address)
        self.authoritative, self.truncates = authoritative, truncates
        self.asked: list[tuple[str, str]] = []
        self.over_tcp = 0
        self.received: list[dns.message.Message] = []
        self._stack = contextlib.ExitStack()

    @property
    def address(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    def __enter__(self) -> NameServer:
        family = socket.AF_INET6 if ":" in self.host else socket.AF_INET
        for kind, handler in ((socketserver.ThreadingUDPServer, _Udp), (_TcpServer, _Tcp)):
            bound = type(kind.__name__, (kind,), {"address_family": family, "daemon_threads": True})
            server = bound((self.host, self.port), handler)
            server.owner = self
            threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
            self._stack.callback(server.server_close)
            self._stack.callback(server.shutdown)
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def reply(self, wire: bytes, *, tcp: bool) -> bytes | None:
        """Return what is sent back, or None for nothing."""
        question = dns.message.from_wire(wire, continue_on_error=True)
        self.received.append(question)
        self.over_tcp += tcp
        (name, kind) = question.question[0].name, dns.rdatatype.to_text(question.question[0].rdtype)
        self.asked.append((name.to_text(omit_final_dot=True), kind))
        told = self.answers.get(self.asked[-1])
        if told is SILENCE or isinstance(told, bytes):
            return told if isinstance(told, bytes) else None
        answer = told(question) if callable(told) else self._answer(question, told)
        if self.truncates and not tcp:
            answer.answer, answer.flags = [], answer.flags | dns.flags.TC
        return t.cast(bytes, answer.to_wire())

    def _answer(self, question: dns.message.Message, told: t.Any) -> dns.message.Message:
        answer = dns.message.make_response(question)
        name, kind = question.question[0].name, dns.rdatatype.to_text(question.question[0].rdtype)
        if self.authoritative:
            answer.flags |= dns.flags.AA
        if isinstance(told, (list, tuple)):
            answer.answer = [dns.rrset.from_text(name, 60, "IN", kind, *map(str, told))] if told else []
        else:
            answer.set_rcode(dns.rcode.NXDOMAIN if told is None else told)
        zone = next((zone for zone in self.zones if name.is_subdomain(zone)), None)
        if zone is not None and not answer.answer and told is None:
            soa = dns.rrset.from_text(zone, 60, "IN", "SOA", "ns. hostmaster. 1 60 60 60 60")
            (answer.answer if (name, kind) == (zone, "SOA") else answer.authority).append(soa)
            answer.set_rcode(dns.rcode.NOERROR if name == zone else dns.rcode.NXDOMAIN)
        return answer


class _TcpServer(socketserver.ThreadingTCPServer):
    allow_reuse_address = True


class _Udp(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        data, reply_to = self.request
        reply = self.server.owner.reply(data, tcp=False)  # type: ignore[attr-defined]
        if reply is not None:
            reply_to.sendto(reply, self.client_address)


class _Tcp(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        length = int.from_bytes(self.rfile.read(2), "big")
        reply = self.server.owner.reply(self.rfile.read(length), tcp=True)  # type: ignore[attr-defined]
        if reply is not None:
            with contextlib.suppress(OSError):
                self.request.sendall(len(reply).to_bytes(2, "big") + reply)
                self.request.shutdown(socket.SHUT_WR)
