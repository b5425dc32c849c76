# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: no promise is made about what is in here.
"""Questions to name servers: where a record has to be written, and which servers have to show it."""

from __future__ import annotations

import dataclasses
import ipaddress
import re
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
    import dns.resolver
except ImportError:  # reported by require_library, in one sentence
    dns = None  # type: ignore[assignment]

from ansible_collections.certfleet.pki.plugins.module_utils._errors import Misconfigured, Unavailable

__all__ = (
    "Lookup",
    "Server",
    "Silent",
    "ask",
    "exchange",
    "parse_name",
    "parse_server",
    "require_library",
    "said",
    "text_of",
    "zone_in",
)

PORT = 53
#: For one answer of one server, in seconds.
TIMEOUT = 3.0
#: The longest chain of CNAME records that is followed.
_LONGEST_CHAIN = 16
#: Nobody has this name, so a CNAME that is found at it comes from a wildcard.
_SIBLING = "_certfleet-no-such-name"
_WITH_PORT = re.compile(r"(?:\[(?P<six>[^\]]+)\]|(?P<four>[^:]+))(?::(?P<port>[0-9]{1,5}))?$")


@dataclasses.dataclass(frozen=True)
class Server:
    """A name server: what messages call it, and its addresses with ports, of which any may answer."""

    label: str
    addresses: t.Tuple[t.Tuple[str, int], ...]


class Silent(Exception):
    """A server gave no answer that can be used; the text continues a sentence about it."""


def require_library(purpose: str) -> None:
    """Raise Misconfigured unless dnspython can be imported; ``purpose`` begins the sentence."""
    if dns is None:
        raise Misconfigured(f"{purpose} needs the Python library dnspython on the controller: install it.")


def parse_server(text: str, *, option: str) -> Server:
    """Return the server that ``1.2.3.4``, ``1.2.3.4:53``, ``::1`` or ``[::1]:53`` names. Raises Misconfigured."""
    whole = str(text).strip()
    match = _WITH_PORT.match(whole)
    address, port = (match["six"] or match["four"], match["port"]) if match else (whole, str(PORT))
    try:
        ipaddress.ip_address(address)
        valid = 0 < int(port or PORT) < 65536
    except ValueError:
        valid = False
    if not valid:
        raise Misconfigured(
            f"{option}: '{text}' is not an address of a name server; write it as 192.0.2.1, 192.0.2.1:53 or [2001:db8::1]:53."
        )
    return Server(whole, ((address, int(port or PORT)),))


def parse_name(text: str, *, option: str) -> dns.name.Name:
    """Return an absolute name. Raises Misconfigured."""
    try:
        return dns.name.from_text(str(text))
    except (dns.exception.DNSException, UnicodeError):
        raise Misconfigured(f"{option}: '{text}' is not a name in the DNS; correct it.") from None


def text_of(name: dns.name.Name) -> str:
    """Return a name as people write it: in lower case, and without the dot at its end."""
    return name.canonicalize().to_text(omit_final_dot=True)


def said(answer: dns.message.Message) -> str:
    """Return how an answer without what was asked for continues a sentence about its server."""
    return f"answered {dns.rcode.to_text(answer.rcode())}"


def ask(server: Server, name: dns.name.Name, kind: str, *, recursive: bool) -> dns.message.Message:
    """Return the first answer of a server's addresses, over TCP if it is too long for UDP. Raises Silent."""
    question = dns.message.make_query(name, kind, use_edns=0)
    if not recursive:
        question.flags &= ~dns.flags.RD
    return exchange(
        server,
        lambda address, port: dns.query.udp_with_fallback(
            question, address, timeout=TIMEOUT, port=port, ignore_unexpected=True
        )[0],
    )


def exchange(server: Server, send: t.Callable[[str, int], dns.message.Message]) -> dns.message.Message:
    """Return the first answer that ``send`` gets from one of a server's addresses and ports. Raises Silent."""
    reason = "has no address"
    for address, port in server.addresses:
        try:
            return send(address, port)
        except dns.exception.Timeout:
            reason = "did not answer in time"
        except (dns.exception.DNSException, ValueError):
            reason = "sent an answer that can't be read"
        except (OSError, EOFError) as error:
            reason = f"can't be reached ({getattr(error, 'strerror', None) or 'the connection was closed'})"
    raise Silent(reason)


class Lookup:
    """What resolvers know, each question asked once. One is made for each batch of records, for one thread.

    ``resolvers`` None means the system's own. Before those, ``authoritative`` servers are asked for
    CNAME records, and believed where they answer with authority: they may know a zone that the
    system's resolvers don't, and know changes sooner. After a question without an answer a resolver
    is asked last, and any other server no more.
    """

    def __init__(self, *, resolvers: t.Optional[t.Sequence[Server]], authoritative: t.Sequence[Server]) -> None:
        self._resolvers = resolvers
        self._authoritative = () if resolvers else authoritative
        self._silent: t.Set[Server] = set()
        self._answers: t.Dict[t.Tuple[dns.name.Name, str], dns.message.Message] = {}
        self._servers: t.Dict[dns.name.Name, t.Tuple[Server, ...]] = {}

    def final_name(self, name: str) -> str:
        """Return where the CNAME records that start at a name lead to; the name itself if it has none."""
        chain = [parse_name(name, option="record")]
        while True:
            target = self._alias(chain[-1])
            if target is None:
                return text_of(chain[-1])
            if target in chain or len(chain) > _LONGEST_CHAIN:
                raise Misconfigured(f"The CNAME records that start at {name} never come to an end; correct them.")
            chain.append(target)

    def servers_of(self, name: str) -> t.Tuple[Server, ...]:
        """Return the authoritative servers of the zone that a name is in. Raises Misconfigured, Unavailable."""
        zone = self._zone(parse_name(name, option="record"))
        if zone not in self._servers:
            names = [record.target.canonicalize() for record in _records(self._resolve(zone, "NS"), zone, "NS")]
            if not names:
                raise Unavailable(f"The resolvers name no name server for the zone {text_of(zone)}; check it.")
            self._servers[zone] = tuple(Server(text_of(one), self._addresses(one)) for one in sorted(names))
        return self._servers[zone]

    def _alias(self, name: dns.name.Name) -> t.Optional[dns.name.Name]:
        """Return the target of a CNAME record that is there for this very name.

        One that a wildcard stands in for does not count: the new record takes its place (RFC 4592, section 2.2.1).
        """
        target = _target(self._cname(name), name)
        if target is None or len(name) < 3:
            return target
        sibling = dns.name.from_text(_SIBLING, name.parent())
        return None if _target(self._cname(sibling), sibling) == target else target

    def _cname(self, name: dns.name.Name) -> dns.message.Message:
        for server in self._authoritative:
            if server in self._silent:
                continue
            try:
                answer = ask(server, name, "CNAME", recursive=False)
            except Silent:
                self._silent.add(server)
                continue
            if answer.flags & dns.flags.AA and _is_usable(answer):
                return answer
        return self._resolve(name, "CNAME")

    def _zone(self, name: dns.name.Name) -> dns.name.Name:
        candidate = name
        while len(candidate) > 1:
            zone = zone_in(self._resolve(candidate, "SOA"), candidate)
            if zone is not None and len(zone) > 1:
                return zone
            candidate = candidate.parent()
        raise Misconfigured(f"The resolvers know no zone that {text_of(name)} is in; set nameservers or resolvers.")

    def _addresses(self, name: dns.name.Name) -> t.Tuple[t.Tuple[str, int], ...]:
        found = [record.address for kind in ("A", "AAAA") for record in _records(self._resolve(name, kind), name, kind)]
        return tuple((address, PORT) for address in found)

    def _resolve(self, name: dns.name.Name, kind: str) -> dns.message.Message:
        if (name, kind) not in self._answers:
            self._answers[name, kind] = self._ask_resolvers(name, kind)
        return self._answers[name, kind]

    def _ask_resolvers(self, name: dns.name.Name, kind: str) -> dns.message.Message:
        if self._resolvers is None:
            self._resolvers = _system_resolvers()
        failures = []
        for server in sorted(self._resolvers, key=self._silent.__contains__):
            try:
                answer = ask(server, name, kind, recursive=True)
            except Silent as error:
                self._silent.add(server)
                failures.append(f"{server.label} {error}")
                continue
            if _is_usable(answer):
                return answer
            failures.append(f"{server.label} {said(answer)}")
        raise Unavailable(
            f"No resolver can tell the {kind} records of {text_of(name)} ({', '.join(failures)}); "
            "try again, or check the option resolvers."
        )


def zone_in(answer: dns.message.Message, name: dns.name.Name) -> t.Optional[dns.name.Name]:
    """Return the zone of a name, from the answer to a question for its SOA (RFC 2308, section 3)."""
    for records in (*answer.answer, *answer.authority):
        if records.rdtype == dns.rdatatype.SOA and name.is_subdomain(records.name):
            return records.name
    return None


def _is_usable(answer: dns.message.Message) -> bool:
    return answer.rcode() in (dns.rcode.NOERROR, dns.rcode.NXDOMAIN)


def _target(answer: dns.message.Message, name: dns.name.Name) -> t.Optional[dns.name.Name]:
    return next((record.target.canonicalize() for record in _records(answer, name, "CNAME")), None)


def _records(answer: dns.message.Message, name: dns.name.Name, kind: str) -> t.List[t.Any]:
    rdtype = dns.rdatatype.from_text(kind)
    return list(answer.get_rrset(answer.answer, name, dns.rdataclass.IN, rdtype) or ())


def _system_resolvers() -> t.Sequence[Server]:
    try:
        found = dns.resolver.Resolver()
    except dns.resolver.NoResolverConfiguration:
        raise Misconfigured("This machine has no resolver configured; set the option resolvers.") from None
    return [Server(str(address), ((str(address), found.port),)) for address in found.nameservers]
