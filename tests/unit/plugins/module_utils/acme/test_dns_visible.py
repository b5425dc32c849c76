# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Waiting for name servers: whom it asks how often, and what it says about those that lag, fail or say odd things."""

from __future__ import annotations

import typing as t

import dns.flags
import dns.message
import dns.rcode
import dns.rrset
import pytest

from ansible_collections.certfleet.pki.plugins.module_utils._acme import _dns_lookup
from ansible_collections.certfleet.pki.plugins.module_utils._acme._dns import Record, open_solver
from ansible_collections.certfleet.pki.plugins.module_utils._acme._dns_lookup import Server, parse_server
from ansible_collections.certfleet.pki.plugins.module_utils._acme._dns_visible import wait_until_visible
from ansible_collections.certfleet.pki.plugins.module_utils._errors import Unavailable
from ansible_collections.certfleet.pki.tests.support.nameserver import SILENCE, NameServer

NAME, OTHER = "_acme-challenge.example.com", "_acme-challenge.example.org"


class Clock:
    """Time that only sleeping moves; ``events`` happen at the start of the pause with their number."""

    def __init__(self, **events: t.Callable[[], None]) -> None:
        self.time, self.pauses, self.events = 0.0, t.cast(t.List[float], []), events

    def sleep(self, seconds: float) -> None:
        self.pauses.append(round(seconds, 3))
        self.time += seconds
        self.events.get(f"pause_{len(self.pauses)}", lambda: None)()

    def __call__(self) -> float:
        return self.time


@pytest.fixture
def first() -> t.Iterator[NameServer]:
    with NameServer() as named:
        yield named


@pytest.fixture
def second() -> t.Iterator[NameServer]:
    with NameServer() as named:
        yield named


@pytest.fixture(autouse=True)
def _patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_dns_lookup, "TIMEOUT", 0.2)


def wait(clock: Clock, *servers: NameServer, timeout: float = 60, **values: t.Set[str]) -> None:
    wanted = {{"name": NAME, "other": OTHER}[key]: value for key, value in values.items()}
    asked: t.List[Server] = [parse_server(one.address, option="nameservers") for one in servers]
    wait_until_visible(wanted, servers=dict.fromkeys(wanted, asked), timeout=timeout, sleep=clock.sleep, clock=clock)


def test_what_is_there_costs_no_pause(first: NameServer, second: NameServer) -> None:
    for named in (first, second):
        named.answers = {(NAME, "TXT"): ["a", "b", "left-over"], (OTHER, "TXT"): ['"in two" " parts"']}
    clock = Clock()
    wait(clock, first, second, name={"a", "b"}, other={"in two parts"})
    assert clock.pauses == []
    assert first.asked == second.asked == [(NAME, "TXT"), (OTHER, "TXT")]


def test_questions_are_not_recursive_and_come_over_tcp_where_needed(first: NameServer) -> None:
    first.truncates = True
    first.answers[NAME, "TXT"] = ["a"]
    wait(Clock(), first, name={"a"})
    assert first.over_tcp
    assert not any(question.flags & dns.flags.RD for question in first.received)


def test_pauses_grow_and_only_who_lags_is_asked_again(first: NameServer, second: NameServer) -> None:
    first.answers[NAME, "TXT"] = ["a"]
    clock = Clock(pause_8=lambda: second.answers.update({(NAME, "TXT"): ["a"]}))
    wait(clock, first, second, name={"a"})
    assert clock.pauses == [0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 5.0, 5.0]
    assert (len(first.asked), len(second.asked)) == (1, 9)


def test_all_values_have_to_be_there(first: NameServer) -> None:
    first.answers[NAME, "TXT"] = ["a"]
    clock = Clock(pause_2=lambda: first.answers.update({(NAME, "TXT"): ["a", "b"]}))
    wait(clock, first, name={"a", "b"})
    assert clock.pauses == [0.2, 0.4]


def _alias(question: dns.message.Message) -> dns.message.Message:
    answer = dns.message.make_response(question)
    answer.answer = [dns.rrset.from_text(question.question[0].name, 60, "IN", "CNAME", "a.example.net.")]
    return answer


@pytest.mark.parametrize(
    ("told", "text"),
    [
        (None, "answered NXDOMAIN"),
        ([], "has no TXT record there"),
        (["other"], "has other TXT records there"),
        (['"A"'], "has other TXT records there"),
        (_alias, "has no TXT record there"),
        (dns.rcode.SERVFAIL, "answered SERVFAIL"),
        (dns.rcode.REFUSED, "answered REFUSED"),
        (SILENCE, "did not answer in time"),
        (b"\0" * 11, "sent an answer that can't be read"),
    ],
)
def test_who_never_shows_it_is_named_with_its_answer(
    first: NameServer, second: NameServer, told: t.Any, text: str
) -> None:
    first.answers[NAME, "TXT"] = ["a"]
    second.answers[NAME, "TXT"] = told
    clock = Clock()
    with pytest.raises(Unavailable) as caught:
        wait(clock, first, second, timeout=1, name={"a"})
    assert clock.pauses == [0.2, 0.4, 0.4]
    assert caught.value.message == (
        f"The TXT record of {NAME} is not visible at all of its name servers after 1 seconds: {second.address} {text}; "
        "the CA was not asked to look. Check these servers, or raise propagation_timeout."
    )
    assert caught.value.retryable


def test_a_message_stays_short_and_the_detail_is_whole(first: NameServer) -> None:
    with pytest.raises(Unavailable) as caught:
        wait(Clock(), *[first] * 5, timeout=0.1, name={"a"}, other={"b"})
    assert "after 0.1 seconds (nor are those of 1 other names): " in caught.value.message
    assert caught.value.message.count(first.address) == 3
    assert "and 2 more servers lack it" in caught.value.message
    assert caught.value.detail.count(first.address) == 10


def test_who_is_silent_is_asked_once_in_a_round(first: NameServer, second: NameServer) -> None:
    for name in (NAME, OTHER):
        first.answers[name, "TXT"] = SILENCE
        second.answers[name, "TXT"] = ["a"]
    with pytest.raises(Unavailable):
        wait(Clock(), first, second, timeout=0.5, name={"a"}, other={"a"})
    assert first.asked == [(NAME, "TXT")] * 3
    assert second.asked == [(NAME, "TXT"), (OTHER, "TXT")]


def test_a_round_does_not_go_on_after_the_time_is_up(first: NameServer) -> None:
    """Slow questions: each takes as long as the whole wait may."""
    clock = Clock()

    def slow(question: dns.message.Message) -> dns.message.Message:
        clock.time += 10
        return dns.message.make_response(question)

    first.answers = {(NAME, "TXT"): slow, (OTHER, "TXT"): slow}
    with pytest.raises(Unavailable) as caught:
        wait(clock, first, timeout=5, name={"a"}, other={"a"})
    assert first.asked == [(NAME, "TXT")]
    assert f"{OTHER}: {first.address} was not asked in time" in caught.value.detail


def test_the_servers_of_the_zone_are_asked_when_none_are_given(
    first: NameServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One server plays the resolver and the zone's name server, for a hook whose record is delegated."""
    monkeypatch.setattr(_dns_lookup, "PORT", first.port)
    first.zones = [dns.name.from_text("example.com"), dns.name.from_text("example.net")]
    first.answers = {
        (NAME, "CNAME"): ["a.example.net."],
        ("a.example.net", "TXT"): ["value"],
        ("example.net", "NS"): ["ns.example.net."],
        ("ns.example.net", "A"): [first.host],
    }
    solver = open_solver({"hook": {"present": "true", "cleanup": "true"}, "resolvers": [first.address]})
    solver.present([Record("example.com", NAME, "value")])
    assert first.asked.count(("a.example.net", "TXT")) == 1
    assert (NAME, "TXT") not in first.asked
    before = len(first.asked)
    solver.remove([Record("example.com", NAME, "value")])
    assert {kind for _name, kind in first.asked[before:]} == {"CNAME"}
