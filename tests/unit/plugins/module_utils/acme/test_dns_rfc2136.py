# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Dynamic updates to a name server in this process, which gives the answers that BIND does not give."""

from __future__ import annotations

import base64
import re
import socket
import typing as t

import dns.flags
import dns.message
import dns.opcode
import dns.rcode
import dns.rdataclass
import dns.tsig
import pytest

from ansible_collections.certfleet.pki.plugins.module_utils._acme import _dns_rfc2136
from ansible_collections.certfleet.pki.plugins.module_utils._acme._dns_record import Record
from ansible_collections.certfleet.pki.plugins.module_utils._acme._dns_rfc2136 import DynamicUpdate
from ansible_collections.certfleet.pki.plugins.module_utils._errors import (
    Misconfigured,
    PkiError,
    Unauthorized,
    Unavailable,
)
from ansible_collections.certfleet.pki.tests.support.nameserver import SILENCE, NameServer

SECRET = base64.b64encode(b"a secret of thirty-two bytes....").decode()
RECORD = Record("example.com", "_acme-challenge.example.com", "value")
OTHER = Record("www.example.com", "_acme-challenge.www.example.com", "other")


class Primary(NameServer):
    """Answers updates with ``told``: a rcode, SILENCE, bytes, or a function of the update. ``refused`` are names."""

    def __init__(self, told: t.Any = dns.rcode.NOERROR, *, refused: t.Collection[str] = (), **options: t.Any) -> None:
        super().__init__(zones=["example.com"], **options)
        self.told, self.refused = told, refused
        self.updates: t.List[t.List[str]] = []

    def reply(self, wire: bytes, *, tcp: bool) -> bytes | None:
        update = dns.message.from_wire(wire, keyring=False, continue_on_error=True)
        if update.opcode() != dns.opcode.UPDATE:
            return super().reply(wire, tcp=tcp)
        self.over_tcp += tcp
        names = [records.name.to_text(omit_final_dot=True) for records in update.sections[2]]
        self.updates.append(names)
        if self.told is SILENCE or isinstance(self.told, bytes):
            return self.told if isinstance(self.told, bytes) else None
        if callable(self.told):
            return t.cast(bytes, self.told(update))
        return header(update, dns.rcode.REFUSED if set(names) & set(self.refused) else self.told)


def header(update: dns.message.Message, rcode: dns.rcode.Rcode) -> bytes:
    """Return an answer without a signature."""
    answer = dns.message.Message(id=update.id)
    answer.flags = dns.flags.QR | dns.opcode.to_flags(dns.opcode.UPDATE)
    answer.set_rcode(rcode)
    return answer.to_wire()


def updater(primary: NameServer, **options: t.Any) -> DynamicUpdate:
    return DynamicUpdate({"server": primary.host, "port": primary.port, **options})


@pytest.fixture(autouse=True)
def _patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_dns_rfc2136, "_TIMEOUT", 0.3)


@pytest.mark.parametrize(
    ("told", "error", "text"),
    [
        (dns.rcode.REFUSED, Unauthorized, "refuses to change .* allow this machine, or set rfc2136.key_name"),
        (dns.rcode.NOTAUTH, Misconfigured, "is not the primary server"),
        (dns.rcode.NOTZONE, Misconfigured, "is not the primary server"),
        (dns.rcode.NOTIMP, Misconfigured, "takes no dynamic updates .* answered NOTIMP"),
        (dns.rcode.FORMERR, Misconfigured, "takes no dynamic updates .* answered FORMERR"),
        (dns.rcode.SERVFAIL, Unavailable, "did not change .* answered SERVFAIL"),
        (SILENCE, Unavailable, "can't be reached|did not answer in time"),
        (b"", Unavailable, "can't be read|closed|in time"),
        (b"rubbish", Unavailable, "sent an answer that can't be read"),
    ],
)
def test_every_answer_has_its_sentence(told: t.Any, error: t.Type[PkiError], text: str) -> None:
    with Primary(told) as primary:
        (caught,) = updater(primary).add([RECORD])
    assert caught.__class__ is error
    assert re.search(text, caught.message)
    assert f"127.0.0.1 port {primary.port}" in caught.message
    assert caught.message.endswith(".")


def test_everything_goes_over_tcp() -> None:
    with Primary() as primary:
        assert updater(primary).add([RECORD]) == []
        assert primary.over_tcp == len(primary.asked) + len(primary.updates) > 1


def test_where_one_name_is_refused_the_others_are_changed() -> None:
    records = [RECORD, OTHER]
    with Primary(refused=[RECORD.name]) as primary:
        for change in (updater(primary).add, updater(primary).remove):
            primary.updates.clear()
            (caught,) = change(records)
            assert primary.updates == [[RECORD.name, OTHER.name], [RECORD.name], [OTHER.name]]
            assert f"the TXT record of {RECORD.name} in the zone example.com" in caught.message


def test_a_failure_of_the_server_is_not_repeated_for_each_record() -> None:
    with Primary(dns.rcode.SERVFAIL) as primary:
        (caught,) = updater(primary).add([RECORD, OTHER])
        assert len(primary.updates) == 1
    assert f"{RECORD.name} and 1 others" in caught.message


def test_values_of_one_name_are_added_and_removed_one_by_one() -> None:
    seen: t.List[t.Tuple[int, str]] = []

    def note(update: dns.message.Message) -> bytes:
        seen.extend(
            (records.deleting or records.rdclass, record.to_text())
            for records in update.sections[2]
            for record in records
        )
        return header(update, dns.rcode.NOERROR)

    with Primary(note) as primary:
        updater(primary).add([RECORD])
        updater(primary).remove([RECORD])
    assert seen == [(dns.rdataclass.IN, '"value"'), (dns.rdataclass.NONE, '"value"')]


def test_the_zone_of_a_name_is_asked_for_unless_it_is_given() -> None:
    with Primary() as primary:
        updater(primary, zone="example.com").add([RECORD])
        assert primary.asked == []
        updater(primary).add([RECORD, RECORD])
        assert primary.asked == [(RECORD.name, "SOA")]


def test_only_who_is_authoritative_is_the_primary() -> None:
    with Primary(authoritative=False) as primary:
        (caught,) = updater(primary).add([RECORD])
        assert primary.updates == []
    assert isinstance(caught, Misconfigured)
    assert "has no zone that _acme-challenge.example.com is in" in caught.message


def signed(key: dns.tsig.Key, rcode: dns.rcode.Rcode = dns.rcode.NOERROR) -> t.Callable[[t.Any], bytes]:
    def answer(update: dns.message.Message) -> bytes:
        reply = dns.message.Message(id=update.id)
        reply.flags = dns.flags.QR | dns.opcode.to_flags(dns.opcode.UPDATE)
        reply.use_tsig(key)
        reply.request_mac = update.mac
        reply.set_rcode(rcode)
        return t.cast(bytes, reply.to_wire())

    return answer


@pytest.mark.parametrize(
    ("key", "text"),
    [
        (("ansible", base64.b64encode(b"another secret").decode()), "signed its answer in another way"),
        (("stranger", SECRET), "signed its answer in another way"),
        (None, "did not sign its answer"),
    ],
)
def test_an_answer_that_anybody_could_have_sent_is_not_believed(key: t.Optional[t.Tuple[str, str]], text: str) -> None:
    told = signed(dns.tsig.Key(key[0], key[1], "hmac-sha256")) if key else dns.rcode.NOERROR
    with Primary(told) as primary:
        (caught,) = updater(primary, key_name="ansible", key_secret=SECRET).add([RECORD])
    assert isinstance(caught, Unauthorized)
    assert text in caught.message
    assert SECRET not in repr(caught) + str(caught.as_dict())


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (dns.tsig.PeerBadKey, "does not know the key ansible"),
        (dns.tsig.PeerBadSignature, "does not accept the signature of the key ansible"),
        (dns.tsig.PeerBadTime, "another time than this machine"),
        (dns.tsig.PeerBadTruncation, "in another way"),
    ],
)
def test_what_a_server_has_against_a_signature(
    monkeypatch: pytest.MonkeyPatch, error: t.Type[Exception], text: str
) -> None:
    def fail(*_arguments: t.Any, **_options: t.Any) -> t.NoReturn:
        raise error

    with Primary() as primary:
        monkeypatch.setattr(dns.query, "tcp", fail)
        (caught,) = updater(primary, key_name="ansible", key_secret=SECRET).add([RECORD])
    assert isinstance(caught, Unauthorized)
    assert text in caught.message


def test_a_server_may_be_a_name(monkeypatch: pytest.MonkeyPatch) -> None:
    with Primary() as primary:
        assert updater(primary, server="localhost").add([RECORD]) == []

    def unknown(*_arguments: t.Any, **_options: t.Any) -> t.NoReturn:
        raise socket.gaierror(socket.EAI_NONAME, "no such name")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    (caught,) = updater(primary, server="ns.example.com").add([RECORD])
    assert isinstance(caught, Unavailable)
    assert caught.message.startswith("The name server ns.example.com has no address that can be found")


def test_ports_are_told_only_where_they_are_unusual() -> None:
    assert DynamicUpdate({"server": "192.0.2.1"}).server().label == "192.0.2.1"
    assert DynamicUpdate({"server": "[::1]", "port": 5353}).server().addresses == (("::1", 5353),)
