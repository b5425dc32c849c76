# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""TXT records in a real BIND: made and removed with signed updates, awaited, and followed to where CNAMEs lead."""

from __future__ import annotations

import base64
import sys
import threading
import time
import typing as t
from pathlib import Path

import pytest

from ansible_collections.certfleet.pki.plugins.module_utils._acme._dns import Record, Solver, open_solver
from ansible_collections.certfleet.pki.plugins.module_utils._acme._options import TSIG_ALGORITHMS
from ansible_collections.certfleet.pki.plugins.module_utils._errors import (
    Misconfigured,
    PkiError,
    Unauthorized,
    Unavailable,
)
from ansible_collections.certfleet.pki.tests.support.challtestsrv import ChallengeServer
from ansible_collections.certfleet.pki.tests.support.named import OTHER_KEY, Named, texts_at
from ansible_collections.certfleet.pki.tests.support.servers import free_port

NAME = "_acme-challenge.example.com"
BARE = Record("example.com", NAME, "value-of-the-bare-name")
WILDCARD = Record("example.com", NAME, "value-of-the-wildcard")
WWW = Record("www.example.com", "_acme-challenge.www.example.com", "value-of-www")
DELEGATED = Record("shop.example.com", "_acme-challenge.shop.example.com", "value-of-shop")
DELEGATED_NAME = "shop.acme.example.net"
#: name of the test: (options that differ, class of the error, what it says)
WRONG: t.Dict[str, t.Tuple[t.Dict[str, t.Any], t.Type[PkiError], str]] = {
    "unknown key": ({"key_name": "nobody"}, Unauthorized, "does not know the key nobody"),
    "wrong secret": ({"key_secret": "d3Jvbmc="}, Unauthorized, "does not accept the signature of the key ansible"),
    "wrong algorithm": ({"key_algorithm": "hmac-sha512"}, Unauthorized, "key_algorithm"),
    "no key": ({"key_name": None, "key_secret": None}, Unauthorized, "refuses to change the TXT record of"),
    "unknown zone": ({"zone": "com"}, Misconfigured, "is not the primary server"),
    "another zone": ({"zone": "example.net"}, Misconfigured, "is not in the zone example.net"),
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[Named]:
    zones = {
        "example.com": [
            f"_acme-challenge.shop CNAME {DELEGATED_NAME}.",
            "_acme-challenge.ring CNAME a",
            "a CNAME b",
            "b CNAME a",
            "*.sites CNAME www",
        ],
        "acme.example.net": [],
    }
    with Named(tmp_path_factory.mktemp("primary"), zones=zones) as server:
        yield server


def solver(server: Named, *, nameservers: t.Sequence[str] = (), timeout: float = 20, **options: t.Any) -> Solver:
    asked = list(nameservers) or [server.address]
    return open_solver({"rfc2136": server.options(**options), "nameservers": asked, "propagation_timeout": timeout})


def test_values_for_one_name_stand_side_by_side_and_go_one_by_one(server: Named) -> None:
    solver(server).present([BARE, WILDCARD])
    assert server.texts(NAME) == {BARE.value, WILDCARD.value}
    solver(server).remove([BARE])
    assert server.texts(NAME) == {WILDCARD.value}
    solver(server).remove([BARE, WILDCARD])
    assert server.texts(NAME) == set()


def test_many_names_of_a_zone_cost_one_update(server: Named) -> None:
    records = [Record(f"n{i}.example.com", f"_acme-challenge.n{i}.example.com", f"v{i}") for i in range(10)]
    before = server.serial("example.com")
    solver(server).present(records)
    assert server.serial("example.com") == before + 1
    assert all(server.texts(record.name) == {record.value} for record in records)
    solver(server).remove(records)
    assert server.serial("example.com") == before + 2
    assert not any(server.texts(record.name) for record in records)


def test_presenting_again_and_removing_again_change_nothing(server: Named) -> None:
    for act, values in ((solver(server).present, {WWW.value}), (solver(server).remove, set())):
        act([WWW])
        serial = server.serial("example.com")
        act([WWW])
        assert server.texts(WWW.name) == values
        assert server.serial("example.com") == serial


def test_a_cname_leads_to_the_zone_that_is_written(server: Named) -> None:
    before = server.serial("example.com")
    solver(server).present([DELEGATED, WWW])
    assert server.texts(DELEGATED_NAME) == {DELEGATED.value}
    assert server.texts(WWW.name) == {WWW.value}
    solver(server).remove([DELEGATED])
    assert server.texts(DELEGATED_NAME) == set()
    solver(server).remove([WWW])
    assert server.serial("example.com") == before + 2  # WWW's alone


def test_a_cname_that_leads_in_circles_is_told_and_the_others_are_removed(server: Named) -> None:
    ring = Record("ring.example.com", "_acme-challenge.ring.example.com", "x")
    solver(server).present([WWW])
    with pytest.raises(Misconfigured, match=r"start at _acme-challenge\.ring\.example\.com never come to an end"):
        solver(server).present([ring])
    with pytest.raises(Misconfigured, match="never come to an end"):
        solver(server).remove([ring, WWW])
    assert server.texts(WWW.name) == set()


def test_the_cname_of_a_wildcard_gives_way_to_the_record(server: Named) -> None:
    record = Record("a.sites.example.com", "_acme-challenge.a.sites.example.com", "in its place")
    solver(server).present([record])
    assert server.texts(record.name) == {record.value}
    assert server.texts("www.example.com") == set()
    solver(server).remove([record])
    assert server.texts(record.name) == set()


@pytest.mark.parametrize("case", WRONG)
def test_what_the_server_refuses_is_one_sentence(server: Named, case: str) -> None:
    options, error, text = WRONG[case]
    for act in (solver(server, **options).present, solver(server, **options).remove):
        with pytest.raises(error) as caught:
            act([BARE])
        assert text in caught.value.message
        assert caught.value.message.endswith(".")
        assert server.secrets["ansible"] not in repr(caught.value)
    assert server.texts(NAME) == set()


def test_a_key_without_the_right_is_told_apart(server: Named) -> None:
    options = {"key_name": OTHER_KEY, "key_secret": server.secrets[OTHER_KEY]}
    with pytest.raises(Unauthorized, match=rf"refuses to change the TXT record of {NAME} in the zone example\.com"):
        solver(server, **options).present([BARE, WWW])
    assert server.texts(NAME) == set()


def test_a_name_that_the_server_has_no_zone_for(server: Named) -> None:
    foreign = Record("example.org", "_acme-challenge.example.org", "x")
    options = {"rfc2136": server.options(), "resolvers": [server.address], "propagation_timeout": 0}
    with pytest.raises(Unavailable, match="answered REFUSED"):
        open_solver(options).present([foreign])
    with pytest.raises(Misconfigured, match=r"is not the primary server .*example\.org"):
        open_solver({**options, "rfc2136": server.options(zone="example.org"), "resolvers": None}).present([foreign])


def test_a_server_that_is_not_there(server: Named) -> None:
    options = {"rfc2136": server.options(port=free_port()), "resolvers": [server.address]}
    with pytest.raises(Unavailable, match="can't be reached") as caught:
        open_solver(options).present([BARE])
    assert caught.value.retryable


def test_a_server_that_hangs(server: Named, monkeypatch: pytest.MonkeyPatch) -> None:
    from ansible_collections.certfleet.pki.plugins.module_utils._acme import _dns_lookup, _dns_rfc2136

    monkeypatch.setattr(_dns_lookup, "TIMEOUT", 0.2)
    monkeypatch.setattr(_dns_rfc2136, "_TIMEOUT", 0.2)
    with server.server.paused(), pytest.raises(Unavailable, match="did not answer in time"):
        solver(server, zone="example.com").remove([BARE])


@pytest.mark.parametrize("algorithm", TSIG_ALGORITHMS)
def test_every_algorithm(tmp_path: Path, algorithm: str) -> None:
    with Named(tmp_path, zones={"example.com": []}, algorithm=algorithm) as server:
        solver(server).present([BARE])
        assert server.texts(NAME) == {BARE.value}


def test_several_threads_may_share_a_solver(server: Named) -> None:
    shared = solver(server)
    records = [Record("example.com", NAME, f"value {number}") for number in range(8)]
    for act, values in ((shared.present, {record.value for record in records}), (shared.remove, set())):
        threads = [threading.Thread(target=act, args=([record],)) for record in records]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert server.texts(NAME) == values


class TestSecondaries:
    def test_one_that_is_late_is_waited_for(self, server: Named, tmp_path: Path) -> None:
        with Named(tmp_path, zones=server.zones, secondary_of=server, refresh=1) as late:
            solver(server, nameservers=[server.address, late.address]).present([BARE, WILDCARD, DELEGATED])
            assert late.texts(NAME) == {BARE.value, WILDCARD.value}
            assert late.texts(DELEGATED_NAME) == {DELEGATED.value}
            solver(server).remove([BARE, WILDCARD, DELEGATED])

    def test_one_that_stays_behind_is_named(self, server: Named, tmp_path: Path) -> None:
        with Named(tmp_path, zones=server.zones, secondary_of=server) as frozen:
            behind = solver(server, nameservers=[server.address, frozen.address], timeout=1.5)
            started = time.monotonic()
            with pytest.raises(Unavailable) as caught:
                behind.present([BARE])
            assert 1.5 <= time.monotonic() - started < 4
            assert f"TXT record of {NAME}" in caught.value.message
            assert "after 1.5 seconds" in caught.value.message
            assert f"{frozen.address} answered NXDOMAIN" in caught.value.message
            assert server.address not in caught.value.message
            assert "the CA was not asked to look" in caught.value.message
            assert caught.value.retryable
            behind.remove([BARE])
            assert server.texts(NAME) == set()

    def test_no_check_waits_for_nobody(self, server: Named, tmp_path: Path) -> None:
        with Named(tmp_path, zones=server.zones, secondary_of=server) as frozen:
            solver(server, nameservers=[frozen.address], timeout=0).present([BARE])
            assert (server.texts(NAME), frozen.texts(NAME)) == ({BARE.value}, set())
            solver(server).remove([BARE])


def test_a_hook_gets_the_name_that_a_cname_leads_to(server: Named, tmp_path: Path) -> None:
    """The command is a client of its own; what it writes is awaited like anything else."""
    told = tmp_path / "told"
    show = f'echo "$CERTFLEET_RECORD_NAME $CERTFLEET_RECORD_VALUE $CERTBOT_DOMAIN" >>"{told}"'
    hook = {"present": ["sh", "-c", show], "cleanup": ["sh", "-c", show]}
    options = {"hook": hook, "nameservers": [server.address], "propagation_timeout": 10}
    solver(server).present([DELEGATED])  # in the hook's place
    open_solver(options).present([DELEGATED])
    open_solver(options).remove([DELEGATED])
    assert told.read_text().splitlines() == [f"{DELEGATED_NAME} {DELEGATED.value} shop.example.com"] * 2
    solver(server).remove([DELEGATED])


def test_a_hook_for_the_challenge_server_of_pebble(tmp_path: Path) -> None:
    """It answers for every name there is, without authority and without zones, so it is given as both kinds of server."""
    with ChallengeServer(tmp_path) as world:
        world.cname(DELEGATED.name, DELEGATED_NAME)
        call = 'import os, sys, json, urllib.request as r; e = os.environ; r.urlopen(sys.argv[1], json.dumps({"host": '
        call += 'e["CERTFLEET_RECORD_NAME"] + ".", "value": e["CERTBOT_VALIDATION"]}).encode())'
        present, cleanup = ([sys.executable, "-c", call, f"{world.url}/{path}"] for path in ("set-txt", "clear-txt"))
        solver = open_solver(
            {"hook": {"present": present, "cleanup": cleanup}, "nameservers": [world.dns], "resolvers": [world.dns]}
        )
        solver.present([DELEGATED, BARE, WILDCARD])
        for record, values in ((DELEGATED_NAME, {DELEGATED.value}), (NAME, {BARE.value, WILDCARD.value})):
            assert texts_at(world.dns, record) == values
        solver.remove([DELEGATED, BARE, WILDCARD])
        assert texts_at(world.dns, NAME) == texts_at(world.dns, DELEGATED_NAME) == set()


def test_what_is_no_base64_is_told_without_showing_it(server: Named) -> None:
    secret = base64.b64encode(b"almost").decode()[:-1] + "!"
    with pytest.raises(Misconfigured, match="key_secret is not in base64") as caught:
        solver(server, key_secret=secret)
    assert secret not in repr(caught.value)
