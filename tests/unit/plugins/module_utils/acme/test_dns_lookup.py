# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where records are written and which servers have to show them, asked of name servers in this process."""

from __future__ import annotations

import socket
import typing as t

import dns.message
import dns.rcode
import pytest

from ansible_collections.certfleet.pki.plugins.module_utils._acme import _dns_lookup
from ansible_collections.certfleet.pki.plugins.module_utils._acme._dns_lookup import Lookup, Server, ask, parse_server
from ansible_collections.certfleet.pki.plugins.module_utils._errors import Misconfigured, Unavailable
from ansible_collections.certfleet.pki.tests.support.nameserver import SILENCE, NameServer, Questions
from ansible_collections.certfleet.pki.tests.support.servers import free_port

NAME = "_acme-challenge.example.com"


@pytest.fixture
def resolver() -> t.Iterator[NameServer]:
    with NameServer(zones=["example.com", "example.net"], authoritative=False) as resolver:
        yield resolver


@pytest.fixture(autouse=True)
def _patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_dns_lookup, "TIMEOUT", 0.3)


def server(named: NameServer) -> Server:
    return parse_server(named.address, option="resolvers")


def lookup(*resolvers: NameServer) -> Lookup:
    return Lookup(resolvers=[server(one) for one in resolvers], authoritative=())


class TestFinalName:
    def test_a_name_without_cname_is_its_own(self, resolver: NameServer) -> None:
        assert lookup(resolver).final_name(NAME) == NAME
        resolver.answers[NAME, "CNAME"] = []
        assert lookup(resolver).final_name("_ACME-challenge.Example.COM.") == NAME

    def test_a_chain_is_followed_to_its_end(self, resolver: NameServer) -> None:
        resolver.answers[NAME, "CNAME"] = ["a.example.net."]
        resolver.answers["a.example.net", "CNAME"] = ["B.example.net."]
        assert lookup(resolver).final_name(NAME) == "b.example.net"

    @pytest.mark.parametrize("target", [NAME, "a.example.net"])
    def test_a_circle_is_told(self, resolver: NameServer, target: str) -> None:
        resolver.answers[NAME, "CNAME"] = ["a.example.net."]
        resolver.answers["a.example.net", "CNAME"] = [f"{target.upper()}."]
        with pytest.raises(Misconfigured, match=f"start at {NAME} never come to an end"):
            lookup(resolver).final_name(NAME)

    def test_so_is_a_chain_without_an_end(self, resolver: NameServer) -> None:
        resolver.answers[NAME, "CNAME"] = ["n0.example.net."]
        for number in range(30):
            resolver.answers[f"n{number}.example.net", "CNAME"] = [f"n{number + 1}.example.net."]
        with pytest.raises(Misconfigured, match="never come to an end"):
            lookup(resolver).final_name(NAME)

    def test_a_wildcard_is_not_followed(self, resolver: NameServer) -> None:
        for name in (NAME, "_certfleet-no-such-name.example.com"):
            resolver.answers[name, "CNAME"] = ["www.example.com."]
        assert lookup(resolver).final_name(NAME) == NAME
        resolver.answers[NAME, "CNAME"] = ["a.example.net."]
        assert lookup(resolver).final_name(NAME) == "a.example.net"

    def test_each_question_is_asked_once_in_a_batch(self, resolver: NameServer) -> None:
        resolver.answers[NAME, "CNAME"] = ["a.example.net."]
        batch = lookup(resolver)
        assert {batch.final_name(NAME) for _again in range(3)} == {"a.example.net"}
        assert len(resolver.asked) == len(set(resolver.asked))
        lookup(resolver).final_name(NAME)
        assert len(resolver.asked) == 2 * len(set(resolver.asked))

    def test_what_is_no_name_is_told(self, resolver: NameServer) -> None:
        with pytest.raises(Misconfigured, match="not a name in the DNS"):
            lookup(resolver).final_name("_acme-challenge..com")


class TestAuthoritative:
    @pytest.mark.parametrize("resolvers_given", [True, False])
    def test_its_word_counts_before_that_of_the_system(
        self, resolver: NameServer, resolvers_given: bool, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        resolver.answers[NAME, "CNAME"] = ["from-resolver.example.net."]
        monkeypatch.setattr(_dns_lookup, "_system_resolvers", lambda: [server(resolver)])
        with NameServer({(NAME, "CNAME"): ["from-owner.example.net."]}) as owner:
            given = [server(resolver)] if resolvers_given else None
            found = Lookup(resolvers=given, authoritative=[server(owner)]).final_name(NAME)
        assert found == ("from-resolver.example.net" if resolvers_given else "from-owner.example.net")

    @pytest.mark.parametrize("answer", [SILENCE, dns.rcode.REFUSED, b"rubbish", []])
    def test_without_authority_it_does_not_count(
        self, resolver: NameServer, answer: t.Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        resolver.answers[NAME, "CNAME"] = ["from-resolver.example.net."]
        monkeypatch.setattr(_dns_lookup, "_system_resolvers", lambda: [server(resolver)])
        sibling = "_certfleet-no-such-name.example.com"
        answers: Questions = {(NAME, "CNAME"): answer, (sibling, "CNAME"): answer}
        with NameServer(answers, authoritative=False) as other:
            found = Lookup(resolvers=None, authoritative=[server(other)]).final_name(NAME)
        assert found == "from-resolver.example.net"


class TestServers:
    def test_they_are_those_of_the_zone(self, resolver: NameServer) -> None:
        resolver.answers["example.com", "NS"] = ["ns2.example.net.", "NS1.example.net."]
        resolver.answers["ns1.example.net", "A"] = ["192.0.2.1"]
        resolver.answers["ns1.example.net", "AAAA"] = ["2001:db8::1"]
        resolver.answers["ns2.example.net", "A"] = ["192.0.2.2", "192.0.2.3"]
        first, second = lookup(resolver).servers_of(NAME)
        assert first == Server("ns1.example.net", (("192.0.2.1", 53), ("2001:db8::1", 53)))
        assert (second.label, sorted(second.addresses)) == ("ns2.example.net", [("192.0.2.2", 53), ("192.0.2.3", 53)])

    def test_names_of_one_zone_share_the_answers(self, resolver: NameServer) -> None:
        resolver.answers["example.com", "NS"] = ["ns1.example.net."]
        batch = lookup(resolver)
        for number in range(5):
            batch.servers_of(f"_acme-challenge.n{number}.example.com")
        assert sum(kind != "SOA" for _name, kind in resolver.asked) == 3

    def test_a_zone_is_found_even_where_the_negative_answer_lacks_it(self, resolver: NameServer) -> None:
        for name in ("_acme-challenge.a.b.example.com", "a.b.example.com", "b.example.com"):
            resolver.answers[name, "SOA"] = []
        resolver.answers["example.com", "NS"] = ["ns1.example.net."]
        assert [one.label for one in lookup(resolver).servers_of("_acme-challenge.a.b.example.com")] == [
            "ns1.example.net"
        ]

    def test_a_name_in_no_zone_is_told(self, resolver: NameServer) -> None:
        resolver.zones = [dns.name.root]
        with pytest.raises(Misconfigured, match=r"know no zone that _acme-challenge\.internal is in; set nameservers"):
            lookup(resolver).servers_of("_acme-challenge.internal")

    def test_a_zone_without_servers_is_told(self, resolver: NameServer) -> None:
        resolver.answers["example.com", "NS"] = []
        with pytest.raises(Unavailable, match=r"no name server for the zone example\.com"):
            lookup(resolver).servers_of(NAME)


class TestResolvers:
    @pytest.mark.parametrize(
        ("answer", "text"),
        [
            (dns.rcode.SERVFAIL, "answered SERVFAIL"),
            (dns.rcode.REFUSED, "answered REFUSED"),
            (SILENCE, "did not answer in time"),
            (b"rubbish", "sent an answer that can't be read"),
            (lambda question: dns.message.make_response(dns.message.make_query("a.example", "A")), "can't be read"),
        ],
    )
    def test_the_next_one_is_asked(self, resolver: NameServer, answer: t.Any, text: str) -> None:
        with NameServer({(NAME, "CNAME"): answer}) as poor:
            assert lookup(poor, resolver).final_name(NAME) == NAME
            with pytest.raises(Unavailable, match=f"the CNAME records of {NAME} .*{text}") as caught:
                lookup(poor).final_name(NAME)
        assert poor.address in caught.value.message
        assert resolver.asked == [(NAME, "CNAME")]

    def test_one_that_is_silent_delays_a_batch_only_once(
        self, resolver: NameServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        names = [f"_acme-challenge.n{number}.example.com" for number in range(5)]
        with NameServer({(name, "CNAME"): SILENCE for name in names}) as poor:
            batch = lookup(poor, resolver)
            assert [batch.final_name(name) for name in names] == names
            assert poor.asked == [(names[0], "CNAME")]
            monkeypatch.setattr(_dns_lookup, "_system_resolvers", lambda: [server(resolver)])
            batch = Lookup(resolvers=None, authoritative=[server(poor)])
            assert [batch.final_name(name) for name in names] == names
            assert poor.asked == [(names[0], "CNAME")] * 2

    def test_one_that_is_not_there(self) -> None:
        gone = parse_server(f"127.0.0.1:{free_port()}", option="resolvers")
        with pytest.raises(Unavailable, match=r"can't be reached \(Connection refused\)|did not answer in time"):
            Lookup(resolvers=[gone], authoritative=()).final_name(NAME)

    def test_a_long_answer_comes_over_tcp(self) -> None:
        with NameServer({(NAME, "CNAME"): ["a.example.net."]}, truncates=True) as resolver:
            assert lookup(resolver).final_name(NAME) == "a.example.net"
            assert resolver.over_tcp

    def test_recursion_is_asked_for(self, resolver: NameServer) -> None:
        lookup(resolver).final_name(NAME)
        assert all(question.flags & dns.flags.RD for question in resolver.received)

    def test_a_machine_without_any_is_told(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def none() -> t.NoReturn:
            raise dns.resolver.NoResolverConfiguration

        monkeypatch.setattr(dns.resolver, "Resolver", none)
        with pytest.raises(Misconfigured, match="set the option resolvers"):
            Lookup(resolvers=None, authoritative=()).final_name(NAME)


def test_the_next_address_is_asked_if_one_does_not_answer() -> None:
    with NameServer({(NAME, "TXT"): ["x"]}) as named:
        both = Server("ns", ((named.host, free_port()), (named.host, named.port)))
        assert ask(both, dns.name.from_text(NAME), "TXT", recursive=False).answer


def test_ipv6() -> None:
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError:
        pytest.skip("this machine has no IPv6")
    with NameServer({(NAME, "CNAME"): ["a.example.net."]}, address="::1", port=free_port()) as resolver:
        assert lookup(resolver).final_name(NAME) == "a.example.net"
