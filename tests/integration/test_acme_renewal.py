# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Renewal when the CA suggests it (RFC 9773), in plays; and plays against ACME servers that nobody tuned for it."""

from __future__ import annotations

import typing as t
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from ansible_collections.certfleet.pki.plugins.module_utils._acme._ari import certificate_id
from ansible_collections.certfleet.pki.plugins.module_utils._x509 import parse_time, read_certificate
from ansible_collections.certfleet.pki.tests.support import acme_faults as faults
from ansible_collections.certfleet.pki.tests.support.acme_plays import Web, acme, web_server
from ansible_collections.certfleet.pki.tests.support.acme_proxy import AcmeProxy
from ansible_collections.certfleet.pki.tests.support.acmeeh import Acmeeh
from ansible_collections.certfleet.pki.tests.support.openbao import OpenBao
from ansible_collections.certfleet.pki.tests.support.openbao_acme import OpenBaoAcme
from ansible_collections.certfleet.pki.tests.support.openbao_plays import operation
from ansible_collections.certfleet.pki.tests.support.pebble import Pebble
from ansible_collections.certfleet.pki.tests.support.playbooks import BOTH_WAYS, Site, counted_interpreter
from ansible_collections.certfleet.pki.tests.support.servers import free_port
from ansible_collections.certfleet.pki.tests.support.stepca import StepCA
from ansible_collections.certfleet.pki.tests.support.tasks import Task, certificate, certificates, named

DAY = timedelta(days=1)
WHY = "https://ca.example.com/why-now"


def now() -> datetime:
    return datetime.now(timezone.utc).replace(microsecond=0)


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[Web]:
    with web_server(tmp_path_factory.mktemp("web") / "www") as server:
        yield server


@pytest.fixture(scope="module")
def ca(tmp_path_factory: pytest.TempPathFactory, web: Web) -> t.Iterator[Pebble]:
    with Pebble(tmp_path_factory.mktemp("ca"), http_port=web.port) as server:
        yield server


@pytest.fixture
def proxy(tmp_path: Path, ca: Pebble) -> t.Iterator[AcmeProxy]:
    """Announce renewal information, in a window that is far away at first."""
    with AcmeProxy(tmp_path / "proxy", ca) as server:
        server.suggest(now() + 20 * DAY, now() + 30 * DAY, retry_after=3600)
        yield server


def webroot(web: Web) -> t.Dict[str, t.Any]:
    return {"http_01": {"webroot": str(web.root)}}


@pytest.mark.parametrize("way", BOTH_WAYS)
def test_a_window_that_is_far_away(tmp_path: Path, proxy: AcmeProxy, web: Web, way: str) -> None:
    """renew_at is a moment in it, always the same; the second run asks nobody anything, with one execution on the host."""
    site, starts = Site(tmp_path, {"one": BOTH_WAYS[way]}), tmp_path / "starts"
    site.hosts["one"]["ansible_python_interpreter"] = counted_interpreter(tmp_path / "python", starts)
    authority = acme(proxy, tmp_path / "key.pem", challenge=webroot(web))
    items = [{"name": f"web{number}"} for number in range(5)]
    wanted = certificates("issue", *items, authority=authority)
    first = site.play([wanted])
    assert first.failures == []
    moments = [one["renew_at"] for one in first["issue"].result["certificates"]]
    window = now() + 19 * DAY, now() + 30 * DAY
    assert all(window[0] < parse_time(moment) < window[1] for moment in moments)
    assert len(set(moments)) == 5, "each certificate has a moment of its own"
    asked, started = len(proxy.requests()), len(starts.read_text().splitlines())
    again = site.play([named("again", wanted)])
    assert again["again"].changed is False
    assert [one["renew_at"] for one in again["again"].result["certificates"]] == moments
    assert len(proxy.requests()) == asked
    assert len(starts.read_text().splitlines()) - started == 1
    predicted = site.play([named("predicted", wanted)], check=True)
    assert not predicted["predicted"].changed
    assert len(proxy.requests()) == asked


def test_a_window_that_has_begun(tmp_path: Path, proxy: AcmeProxy, web: Web) -> None:
    """The reason tells why, the order what it replaces, and a CA that has replaced it already gets an order without."""
    site = Site(tmp_path)
    wanted = certificate("issue", authority=acme(proxy, tmp_path / "key.pem", challenge=webroot(web)))
    issued = site.play([wanted])
    assert issued.failures == []
    old = (site.place() / "web" / "cert.pem").read_text()
    site.play([forget()])
    proxy.suggest(now() - 2 * DAY, now() - DAY, explanation_url=WHY, retry_after=3600)
    predicted = site.play([named("predict", wanted)], check=True)
    assert predicted["predict"].changed
    assert (predicted["predict"].certificate["action"], predicted["predict"].codes) == (
        "renewed",
        ["authority_suggests"],
    )
    assert len(proxy.payloads("newOrder")) == 1
    site.play([forget()])
    # The new certificate is asked for, too, once it is there: by then, the CA is content.
    proxy.inject("newOrder", calm(proxy))
    played = site.play([wanted, named("again", wanted)])
    assert played.failures == []
    (reason,) = played["issue"].certificate["reasons"]
    assert reason["code"] == "authority_suggests" and WHY in reason["detail"]
    assert (played["issue"].certificate["action"], played["again"].changed) == ("renewed", False)
    placed = proxy.payloads("newOrder")
    assert [order.get("replaces") for order in placed] == [None, certificate_id(read_certificate(old))]


def calm(proxy: AcmeProxy) -> faults.Fault:
    """Suggest a later window from now on."""

    def fault(exchange: faults.Exchange) -> faults.Answer:
        proxy.suggest(now() + 20 * DAY, now() + 30 * DAY, retry_after=3600)
        return exchange.forward()

    return fault


def forget() -> Task:
    """Return a task that makes what the CA last suggested old, as hours would."""
    program = (
        "import json, sys; path = sys.argv[1]; record = json.load(open(path)); "
        "record['suggestion']['fetched_at'] = '2020-01-01T00:00:00Z'; json.dump(record, open(path, 'w'))"
    )
    return {
        "name": "forget",
        "ansible.builtin.command": {"argv": ["python3", "-c", program, "{{ place }}/web/current/record.json"]},
        "changed_when": False,
    }


def test_what_was_replaced_already(tmp_path: Path, proxy: AcmeProxy, ca: Pebble, web: Web) -> None:
    site = Site(tmp_path)
    authority = acme(proxy, tmp_path / "key.pem", challenge=webroot(web))
    wanted = certificate("issue", authority=authority)
    assert site.play([wanted]).failures == []
    proxy.inject("newOrder", faults.problem("alreadyReplaced", 409))
    before = ca.created("newOrder")
    played = site.play([named("renew", certificate("", authority=authority, force=True)), named("again", wanted)])
    assert played.failures == []
    assert ca.created("newOrder") - before == 1
    assert ["replaces" in order for order in proxy.payloads("newOrder")] == [False, True, False]
    assert not played["again"].changed


def test_a_ca_that_does_not_tell(tmp_path: Path, proxy: AcmeProxy, web: Web) -> None:
    """Renewal information that can't be had fails nothing, and renew_before counts."""
    site = Site(tmp_path)
    wanted = certificate("issue", authority=acme(proxy, tmp_path / "key.pem", challenge=webroot(web), timeout=2))
    proxy.inject("renewalInfo", faults.failing(500), times=9)
    played = site.play([wanted, named("again", wanted)])
    assert played.failures == []
    assert not played["again"].changed
    assert played["issue"].certificate["renew_at"]


def test_acmeeh_with_an_external_account(tmp_path: Path, web: Web) -> None:
    """A real server with both: its window is the whole lifetime, which brings the moment forward for most."""
    site = Site(tmp_path)
    proxy = AcmeProxy(tmp_path / "proxy")
    with (
        Acmeeh(
            tmp_path / "ca", http_port=web.port, renewal_share=1.0, eab_required=True, external_url=proxy.url
        ) as own,
        proxy.in_front_of(own),
    ):
        eab = {"kid": "kid-1", "hmac_key": own.add_eab("kid-1")}
        options = {"authority": acme(proxy, tmp_path / "key.pem", challenge=webroot(web), eab=eab)}
        bound = certificate("issue", **options)
        unbound = certificate("unbound", authority=acme(proxy, tmp_path / "other.pem", challenge=webroot(web)))
        played = site.play([unbound, bound, named("again", bound)], verbosity=4)
        assert [task for _host, task, _message in played.failures] == ["unbound"]
        assert played["unbound"].result["error"]["kind"] == "misconfigured"
        assert not played["again"].changed
        issued = played["issue"].certificate
        moments = [parse_time(issued[field]) for field in ("not_before", "renew_at", "not_after")]
        assert moments == sorted(moments)
        assert played["again"].certificate["renew_at"] == issued["renew_at"]
        assert own.count("renewalInfo") == 1
        old = (site.place() / "web" / "cert.pem").read_text()
        renewed = site.play([named("renew", certificate("", **{**options, "force": True}))])
        assert renewed.failures == []
        assert [order.get("replaces") for order in proxy.payloads("newOrder")] == [
            None,
            certificate_id(read_certificate(old)),
        ]
        assert eab["hmac_key"] not in played.output
        assert web.left == []


# Servers that nobody tuned for it


def life(site: Site, ca: t.Any, key: Path, challenge: t.Dict[str, t.Any], *, reason: str = "superseded") -> None:
    """Predict, issue, again, renew, revoke: the same on every server."""
    authority = acme(ca, key, challenge=challenge)
    names = ["web.example.com", "www.example.com"]
    wanted = certificate("issue", authority=authority, dns_names=names)
    renewed = certificate("renew", authority=authority, dns_names=names, key={"type": "rsa"})
    revoke = operation("revoke", "certificate_revoke", authority, path="{{ place }}/web/cert.pem", reason=reason)
    played = site.play(
        [
            named("predict", wanted, check_mode=True),
            wanted,
            named("again", wanted),
            renewed,
            named("renewed again", renewed),
            revoke,
            named("revoke again", revoke),
        ]
    )
    assert played.failures == []
    changed = [result.task for result in played.results if result.changed]
    assert changed == ["predict", "issue", "renew", "revoke"]
    assert played["renew"].codes == ["key_type_differs"]
    assert sorted(played["issue"].certificate["dns_names"]) == names


def test_step_ca(tmp_path: Path, web: Web) -> None:
    with StepCA(tmp_path / "ca", http_port=web.port) as own:
        life(Site(tmp_path), own, tmp_path / "key.pem", webroot(web))
    assert web.left == []


def test_step_ca_standalone(tmp_path: Path) -> None:
    port = free_port()
    with StepCA(tmp_path / "ca", http_port=port) as own:
        standalone = {"http_01": {"standalone": {"port": port, "address": "127.0.0.1"}}}
        life(Site(tmp_path), own, tmp_path / "key.pem", standalone)


@pytest.mark.parametrize("method", ["webroot", "standalone"])
def test_openbao(tmp_path: Path, method: str) -> None:
    """It asks port 80 always, and so takes root; it knows no reasons."""
    with OpenBao(tmp_path / "bao", tls=True) as server, OpenBaoAcme(server) as own:
        address = own.challenges.default_ipv4
        own.challenges.process.stop()
        # The DNS is still needed, and port 80 is for the web server.
        own.challenges.process = dns_only(own)
        if method == "webroot":
            with web_server(tmp_path / "www", 80, address=address) as web:
                life(Site(tmp_path), own, tmp_path / "key.pem", webroot(web), reason="unspecified")
                assert web.left == []
        else:
            standalone = {"http_01": {"standalone": {"port": 80, "address": address}}}
            life(Site(tmp_path), own, tmp_path / "key.pem", standalone, reason="unspecified")


def dns_only(own: OpenBaoAcme) -> t.Any:
    world = own.challenges
    world.process.command = [
        "-http01=" if argument.startswith("-http01=") else argument for argument in world.process.command
    ]
    world.start()
    return world.process
