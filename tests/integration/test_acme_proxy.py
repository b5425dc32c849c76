# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The faulty proxy of the tests, in front of real servers, with a plain client."""

from __future__ import annotations

import datetime
import time
import typing as t
from pathlib import Path

import pytest
import requests
from acme import errors, messages

from ansible_collections.certfleet.pki.tests.support import acme_faults as faults
from ansible_collections.certfleet.pki.tests.support.acme_proxy import AcmeProxy
from ansible_collections.certfleet.pki.tests.support.acmeeh import Acmeeh
from ansible_collections.certfleet.pki.tests.support.certificates import DAY
from ansible_collections.certfleet.pki.tests.support.pebble import Pebble
from ansible_collections.certfleet.pki.tests.support.plain_acme import PlainClient

NAMES = ["www.example.com"]


@pytest.fixture(scope="module")
def pebble(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[Pebble]:
    with Pebble(tmp_path_factory.mktemp("pebble")) as server:
        yield server


@pytest.fixture
def proxy(tmp_path: Path, pebble: Pebble) -> t.Iterator[AcmeProxy]:
    with AcmeProxy(tmp_path, pebble) as one:
        yield one


@pytest.fixture
def client(proxy: AcmeProxy) -> PlainClient:
    return PlainClient(proxy.directory, proxy.ca_bundle)


def issue(client: PlainClient, pebble: Pebble) -> str:
    return client.issue(NAMES, lambda _, token, content: pebble.challenges.add_http01(token, content))


def test_records_what_passes(proxy: AcmeProxy, client: PlainClient, pebble: Pebble) -> None:
    assert issue(client, pebble)
    assert proxy.payloads("newOrder")[-1] == {"identifiers": [{"type": "dns", "value": NAMES[0]}]}
    assert proxy.payloads("certificate") == [""]
    (finalize, *_others) = (request for request in proxy.requests() if request.resource == "finalize")
    assert set(finalize.payload) == {"csr"} and finalize.user_agent.startswith("acme-python")
    assert finalize.protected["url"] == f"{proxy.url}{finalize.path}"


def test_rate_limit(proxy: AcmeProxy, client: PlainClient, pebble: Pebble) -> None:
    proxy.inject("newOrder", faults.rate_limited(retry_after=7), times=2)
    before = pebble.count("newOrder")
    for _number in range(2):
        with pytest.raises(messages.Error, match="rateLimited"):
            issue(client, pebble)
    assert pebble.count("newOrder") == before
    assert issue(client, pebble)


def test_rate_limit_has_retry_after(proxy: AcmeProxy) -> None:
    proxy.inject("directory", faults.rate_limited(retry_after=7))
    answer = requests.get(proxy.directory, verify=proxy.ca_bundle, timeout=10, headers={"Connection": "close"})
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "7")


def test_storm_of_bad_nonces(proxy: AcmeProxy, client: PlainClient, pebble: Pebble) -> None:
    proxy.inject("newOrder", faults.bad_nonce(), times=4)
    assert issue(client, pebble)
    assert proxy.count("newOrder") >= 5


def test_dropped_after_the_server_has_done_it(proxy: AcmeProxy, client: PlainClient, pebble: Pebble) -> None:
    proxy.inject("newOrder", faults.dropped())
    proxy.inject("newOrder", faults.dropped(forwarded=False))
    for reaches in (True, False):
        before = pebble.count("newOrder")
        with pytest.raises(requests.ConnectionError):
            issue(client, pebble)
        assert (pebble.count("newOrder") > before) is reaches


def test_broken_and_slow(proxy: AcmeProxy, client: PlainClient, pebble: Pebble) -> None:
    proxy.inject("newOrder", faults.failing(503, retry_after=1))
    with pytest.raises(errors.ClientError):
        issue(client, pebble)
    proxy.inject("newOrder", faults.slow(0.5))
    started = time.monotonic()
    assert issue(client, pebble)
    assert time.monotonic() - started > 0.5


def test_processing_orders(proxy: AcmeProxy, client: PlainClient, pebble: Pebble) -> None:
    proxy.inject("order", faults.altered(status="processing", certificate=None, retry_after=1), times=2)
    assert issue(client, pebble)
    assert proxy.count("order") >= 3


def test_announcements(proxy: AcmeProxy, pebble: Pebble) -> None:
    proxy.profiles["shortlived"] = "six days"
    now = datetime.datetime.now(datetime.timezone.utc)
    proxy.suggest(now - 2 * DAY, now - DAY, explanation_url="https://example.com/why")
    client = PlainClient(proxy.directory, proxy.ca_bundle)
    assert client.acme.directory.meta.profiles == {"shortlived": "six days"}
    when, _wait = client.renewal_information(issue(client, pebble))
    assert now - 2 * DAY <= when <= now - DAY
    assert proxy.count("renewalInfo") == 1


def test_in_front_of_acmeeh(tmp_path: Path) -> None:
    proxy = AcmeProxy(tmp_path / "proxy")
    with Acmeeh(tmp_path / "ca", external_url=proxy.url) as ca, proxy.in_front_of(ca):
        client = PlainClient(proxy.directory, proxy.ca_bundle)
        pem = client.issue(NAMES, lambda _, token, content: ca.challenges.add_http01(token, content))
        assert client.renewal_information(pem)[0]
        assert proxy.count("renewalInfo") == ca.count("renewalInfo") == 1
