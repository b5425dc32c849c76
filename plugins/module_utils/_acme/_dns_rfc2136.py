# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: no promise is made about what is in here.
"""Records written by dynamic update (RFC 2136), signed with a shared key (RFC 8945)."""

from __future__ import annotations

import base64
import socket
import typing as t

try:
    import dns.exception
    import dns.flags
    import dns.message
    import dns.name
    import dns.query
    import dns.rcode
    import dns.rdataclass
    import dns.rdatatype
    import dns.rdtypes.ANY.TXT
    import dns.tsig
    import dns.update
except ImportError:  # _dns_lookup.require_library reports it
    dns = None  # type: ignore[assignment]

from ansible_collections.certfleet.pki.plugins.module_utils._acme._dns_lookup import (
    PORT,
    Server,
    Silent,
    exchange,
    parse_name,
    said,
    text_of,
    zone_in,
)
from ansible_collections.certfleet.pki.plugins.module_utils._acme._dns_record import Record
from ansible_collections.certfleet.pki.plugins.module_utils._errors import (
    Misconfigured,
    PkiError,
    Unauthorized,
    Unavailable,
)

__all__ = ("DynamicUpdate",)

#: For one message, in seconds.
_TIMEOUT = 10.0

_Change = t.Callable[["dns.update.UpdateMessage", Record], None]


class DynamicUpdate:
    """The primary server of some zones, which takes updates. Every message goes over TCP."""

    def __init__(self, options: t.Mapping[str, t.Any]) -> None:
        self._host, self._port = str(options["server"]).strip("[]"), int(options.get("port") or PORT)
        self._ttl = int(options.get("ttl") or 60)
        zone = options.get("zone")
        self._zone = parse_name(zone, option="rfc2136.zone") if zone else None
        self._key = _shared_key(options)

    @property
    def _label(self) -> str:
        return self._host if self._port == PORT else f"{self._host} port {self._port}"

    def server(self) -> Server:
        """Return the server with its addresses. Raises Unavailable."""
        try:
            found = socket.getaddrinfo(self._host, self._port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError):
            raise Unavailable(
                f"The name server {self._host} has no address that can be found; check rfc2136.server, or try again."
            ) from None
        return Server(self._label, tuple((str(address[4][0]), self._port) for address in found))

    def add(self, records: t.Sequence[Record]) -> t.List[PkiError]:
        """Add what is not there yet, next to any other values. Return the errors; all records are tried."""
        return self._change(records, self._add)

    def remove(self, records: t.Sequence[Record]) -> t.List[PkiError]:
        """Remove these values and no others. Return the errors; all records are tried."""
        return self._change(records, self._delete)

    def _add(self, message: dns.update.UpdateMessage, record: Record) -> None:
        message.add(_name(record), self._ttl, _text(record))

    def _delete(self, message: dns.update.UpdateMessage, record: Record) -> None:
        message.delete(_name(record), _text(record))

    def _change(self, records: t.Sequence[Record], change: _Change) -> t.List[PkiError]:
        """Change all records of a zone at once, and where that is not allowed one by one: some may be."""
        errors: t.List[PkiError] = []
        try:
            server = self.server()
        except PkiError as error:
            return [error]
        for zone, inside in self._by_zone(server, records, errors).items():
            try:
                self._update(server, zone, inside, change)
            except Unauthorized as error:
                errors += [error] if len(inside) == 1 else self._one_by_one(server, zone, inside, change)
            except PkiError as error:
                errors.append(error)
        return errors

    def _one_by_one(
        self, server: Server, zone: dns.name.Name, records: t.Sequence[Record], change: _Change
    ) -> t.List[PkiError]:
        errors: t.List[PkiError] = []
        for record in records:
            try:
                self._update(server, zone, [record], change)
            except PkiError as error:
                errors.append(error)
        return errors

    def _by_zone(
        self, server: Server, records: t.Sequence[Record], errors: t.List[PkiError]
    ) -> t.Dict[dns.name.Name, t.List[Record]]:
        zones: t.Dict[str, dns.name.Name] = {}
        found: t.Dict[dns.name.Name, t.List[Record]] = {}
        for record in records:
            try:
                if record.name not in zones:
                    zones[record.name] = self._zone_of(server, _name(record))
                found.setdefault(zones[record.name], []).append(record)
            except PkiError as error:
                errors.append(error)
        return found

    def _zone_of(self, server: Server, name: dns.name.Name) -> dns.name.Name:
        if self._zone is not None:
            if not name.is_subdomain(self._zone):
                raise Misconfigured(
                    f"{text_of(name)} is not in the zone {text_of(self._zone)}; correct rfc2136.zone, or leave it out."
                )
            return self._zone
        candidate = name
        while len(candidate) > 1:
            question = dns.message.make_query(candidate, "SOA")
            question.flags &= ~dns.flags.RD
            answer = self._send(server, question)
            zone = zone_in(answer, candidate)
            if zone is not None and answer.flags & dns.flags.AA:
                return zone
            candidate = candidate.parent()
        raise Misconfigured(
            f"The name server {server.label} has no zone that {text_of(name)} is in; check rfc2136.server, or set rfc2136.zone."
        )

    def _update(self, server: Server, zone: dns.name.Name, records: t.Sequence[Record], change: _Change) -> None:
        message = dns.update.UpdateMessage(zone)
        if self._key is not None:
            message.use_tsig(self._key)
        for record in records:
            change(message, record)
        answer = self._send(server, message)
        if answer.rcode() != dns.rcode.NOERROR:
            raise self._refusal(answer, server, zone, records)
        if self._key is not None and not answer.had_tsig:
            raise _unsigned(server)

    def _send(self, server: Server, message: dns.message.Message) -> dns.message.Message:
        def send(address: str, port: int) -> dns.message.Message:
            try:
                return dns.query.tcp(message, address, timeout=_TIMEOUT, port=port)
            except _signature_errors() as error:
                raise self._signature_refused(error, server) from None
            except dns.exception.FormError as error:
                # What newer dnspython makes of an answer without a signature; what can't be read has a class of its own.
                if self._key is not None and error.__class__ is dns.exception.FormError:
                    raise _unsigned(server) from None
                raise

        try:
            return exchange(server, send)
        except Silent as error:
            raise Unavailable(
                f"The name server {server.label} {error}; try again, or check rfc2136.server and port."
            ) from None

    def _signature_refused(self, error: Exception, server: Server) -> Unauthorized:
        name = text_of(self._key.name) if self._key is not None else ""
        if isinstance(error, dns.tsig.PeerBadKey):
            reason = f"does not know the key {name}; check rfc2136.key_name and key_algorithm"
        elif isinstance(error, dns.tsig.PeerBadSignature):
            reason = f"does not accept the signature of the key {name}; check rfc2136.key_secret and key_algorithm"
        elif isinstance(error, (dns.tsig.PeerBadTime, dns.tsig.BadTime)):
            reason = "has another time than this machine; set both clocks"
        else:
            reason = f"signed its answer in another way than with the key {name}; check the options rfc2136.key_*"
        return Unauthorized(f"The name server {server.label} {reason}.")

    def _refusal(
        self, answer: dns.message.Message, server: Server, zone: dns.name.Name, records: t.Sequence[Record]
    ) -> PkiError:
        code, start = answer.rcode(), f"The name server {server.label}"
        others = f" and {len(records) - 1} others" if len(records) > 1 else ""
        record = f"the TXT record of {records[0].name}{others} in the zone {text_of(zone)}"
        who = (
            f"the key {text_of(self._key.name)}" if self._key is not None else "this machine, or set rfc2136.key_name,"
        )
        if code == dns.rcode.REFUSED:
            return Unauthorized(f"{start} refuses to change {record}; allow {who} to do it.")
        if code in (dns.rcode.NOTAUTH, dns.rcode.NOTZONE):
            return Misconfigured(
                f"{start} is not the primary server for {record}; check rfc2136.server and zone.", detail=said(answer)
            )
        if code in (dns.rcode.NOTIMP, dns.rcode.FORMERR):
            return Misconfigured(
                f"{start} takes no dynamic updates of {record}; it {said(answer)}, so check its set-up."
            )
        return Unavailable(f"{start} did not change {record}; it {said(answer)}, so try again.")


def _unsigned(server: Server) -> Unauthorized:
    return Unauthorized(
        f"The name server {server.label} did not sign its answer, as one does that refuses the key; check rfc2136.key_name."
    )


def _signature_errors() -> t.Tuple[t.Type[Exception], ...]:
    tsig = dns.tsig
    ours = (tsig.BadTime, tsig.BadSignature, tsig.BadKey, tsig.BadAlgorithm)
    return (*ours, tsig.PeerError, dns.message.UnknownTSIGKey, dns.message.BadTSIG)


def _shared_key(options: t.Mapping[str, t.Any]) -> t.Optional[dns.tsig.Key]:
    name, secret = options.get("key_name"), options.get("key_secret")
    if not name:
        return None
    try:
        decoded = base64.b64decode("".join(str(secret or "").split()), validate=True)
    except ValueError:
        decoded = b""
    if not decoded:
        raise Misconfigured("rfc2136.key_secret is not in base64; copy it as the name server's configuration has it.")
    return dns.tsig.Key(
        parse_name(name, option="rfc2136.key_name"), decoded, options.get("key_algorithm") or "hmac-sha256"
    )


def _name(record: Record) -> dns.name.Name:
    return parse_name(record.name, option="record")


def _text(record: Record) -> dns.rdtypes.ANY.TXT.TXT:
    return dns.rdtypes.ANY.TXT.TXT(dns.rdataclass.IN, dns.rdatatype.TXT, [record.value.encode("ascii")])
