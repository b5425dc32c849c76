# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What goes wrong with an ACME server: one sentence, nothing left behind, the old certificate in place, and the next run right."""

from __future__ import annotations

import contextlib
import dataclasses
import http.server
import itertools
import signal
import threading
import typing as t
from pathlib import Path

import pytest

from ansible_collections.certfleet.pki.tests.support import acme_faults as faults
from ansible_collections.certfleet.pki.tests.support.acme_plays import Web, acme, web_server
from ansible_collections.certfleet.pki.tests.support.acme_proxy import AcmeProxy
from ansible_collections.certfleet.pki.tests.support.failures import is_quiet, is_told_well
from ansible_collections.certfleet.pki.tests.support.pebble import Pebble
from ansible_collections.certfleet.pki.tests.support.playbooks import BOTH_WAYS, Played, Site, TaskResult
from ansible_collections.certfleet.pki.tests.support.stepca import StepCA
from ansible_collections.certfleet.pki.tests.support.tasks import Task, certificate, certificates, named

ACCOUNT = "certfleet.pki.acme_account"
#: A CA may never issue for it.
BLOCKED = "blocked.example.com"


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[Web]:
    with web_server(tmp_path_factory.mktemp("web") / "www") as server:
        yield server


@pytest.fixture(scope="module")
def ca(tmp_path_factory: pytest.TempPathFactory, web: Web) -> t.Iterator[Pebble]:
    with Pebble(tmp_path_factory.mktemp("ca"), http_port=web.port, blocked_domains=[BLOCKED]) as server:
        yield server


@dataclasses.dataclass(frozen=True)
class Bench:
    """A site, and a real CA behind a proxy that can be made to fail."""

    site: Site
    ca: Pebble
    proxy: AcmeProxy
    web: Web
    key: Path

    def acme(self, **options: t.Any) -> t.Dict[str, t.Any]:
        usual = {"challenge": {"http_01": {"webroot": str(self.web.root)}}}
        return acme(self.proxy, self.key, **{**usual, **options})

    def wanted(self, task: str, **options: t.Any) -> Task:
        """Return a task with a certificate that is due in any case; ``acme`` are options of the authority."""
        authority = self.acme(**options.pop("acme", {}))
        return certificate(task, **{"authority": authority, "force": True, **options})


@pytest.fixture
def bench(tmp_path: Path, ca: Pebble, web: Web) -> t.Iterator[Bench]:
    assert web.left == []
    with AcmeProxy(tmp_path / "proxy", ca) as proxy:
        yield Bench(Site(tmp_path), ca, proxy, web, tmp_path / "account.pem")
    assert web.left == []


def installed(result: TaskResult) -> t.Dict[str, t.Any]:
    """Return what is on the host's disk of the certificate, without what is noted of an open request."""
    return {path: entry for path, entry in result.disk.items() if not path.startswith(("web/pending", "web/.lock"))}


def is_told(result: TaskResult, kind: str, *told: str, retryable: bool = False, longest: int = 500) -> str:
    """Assert that a task failed as every failure has to be told; return the message."""
    is_told_well(result, kind, retryable=retryable, longest=longest)
    message = str(result.result["msg"])
    for words in told:
        assert words in message, message
    assert result.result["error"]["authority"] in ("acme", None), result.result["error"]
    return message


def is_over(played: Played, first: str, failed: t.Sequence[str], last: str) -> None:
    """Assert that what failed left the first certificate in place, and that the last task brought another."""
    is_quiet(played)
    before = installed(played[first])
    assert any(path.endswith("cert.pem") for path in before)
    for task in failed:
        assert installed(played[task]) == before, task
    assert not played[last].failed, played.failures
    # An order that was placed before something on our side failed is brought to its end.
    assert played[last].certificate["action"] in ("renewed", "resumed")
    assert played[last].certificate["serial_number"] != played[first].certificate["serial_number"]
    assert [task for _host, task, _message in played.failures] == list(failed)


# What is wrong with the options, or with what they name

#: name: (options of acme, other options, kind, what the message tells)
Wrong = t.Tuple[t.Dict[str, t.Any], t.Dict[str, t.Any], str, t.Sequence[str]]
WRONG: t.Dict[str, Wrong] = {
    "wildcard": ({}, {"dns_names": ["*.example.com"]}, "misconfigured", ["dns_01", "*.example.com"]),
    "e-mail": ({}, {"email_addresses": ["me@example.com"]}, "misconfigured", ["me@example.com", "DNS names and IP"]),
    "profile": ({"profile": "shortlived"}, {}, "misconfigured", ["shortlived", "leave profile out"]),
    "key missing": (
        {"account_key": "/nonexistent/account.pem", "account_create": False},
        {},
        "unauthorized",
        ["account_key", "acme_account"],
    ),
    "key is no file": (
        {"account_key": "/etc", "account_create": False},
        {},
        "misconfigured",
        ["account_key", "can't be read"],
    ),
    "webroot": (
        {"challenge": {"http_01": {"webroot": "/nonexistent/www"}}},
        {},
        "host",
        ["/nonexistent/www", "webroot"],
    ),
    "nothing is shown": ({"challenge": {"none": True}}, {}, "misconfigured", ["web.example.com", "http_01"]),
    "no challenge": ({"challenge": None}, {}, "misconfigured", ["challenge"]),
    "two challenges": (
        {"challenge": {"none": True, "http_01": {"webroot": "/srv/www"}}},
        {},
        "misconfigured",
        ["http_01", "none"],
    ),
    "hook that is not there": (
        {"challenge": {"dns_01": {"hook": {"present": "/nonexistent/hook", "cleanup": "true"}}}},
        {},
        "misconfigured",
        ["/nonexistent/hook"],
    ),
}


def test_what_is_wrong_with_the_options(bench: Bench, tmp_path: Path) -> None:
    garbage, stranger = tmp_path / "garbage.pem", tmp_path / "stranger.pem"
    garbage.write_text("-----BEGIN PRIVATE KEY-----\nZ2FyYmFnZQ==\n-----END PRIVATE KEY-----\n")
    stranger.write_text(_new_key())
    wrong: t.Dict[str, Wrong] = {
        **WRONG,
        "garbage": ({"account_key": str(garbage)}, {}, "misconfigured", ["account_key"]),
        "stranger": (
            {"account_key": str(stranger), "account_create": False},
            {},
            "unauthorized",
            ["does not know the account key", "certfleet.pki.acme_account"],
        ),
    }
    tasks = [bench.wanted("issue")]
    tasks += [bench.wanted(name, acme=options, **more) for name, (options, more, _kind, _told) in wrong.items()]
    played = bench.site.play([*tasks, bench.wanted("good")])
    for name, (_options, _more, kind, told) in wrong.items():
        is_told(played[name], kind, *told)
    is_over(played, "issue", list(wrong), "good")
    assert "Z2FyYmFnZQ" not in played.output
    # Nothing is left open at the CA of what could not be shown, either.
    assert bench.ca.certificate_status(played["good"].certificate["serial_number"]) == "Valid"


def _new_key() -> str:
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    kinds = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    return key.private_bytes(*kinds).decode()


# What the CA sees


class _Hello(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "9")
        self.end_headers()
        self.wfile.write(b"It works!")

    def log_message(self, *_: object) -> None:
        """Print nothing."""


@contextlib.contextmanager
def stranger_at(address: str, port: int) -> t.Iterator[None]:
    """Answer everything with the same page, as a server of somebody else does."""
    with http.server.ThreadingHTTPServer((address, port), _Hello) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield
        finally:
            server.shutdown()


@pytest.mark.parametrize("way", BOTH_WAYS)
def test_what_the_ca_sees(tmp_path: Path, bench: Bench, web: Web, way: str) -> None:
    site = Site(tmp_path / "site", {"one": BOTH_WAYS[way]})
    world, place = bench.ca.challenges, tmp_path / "elsewhere"
    place.mkdir()
    world.add_a("down.example.com", "127.0.0.3")
    world.add_a("other.example.com", "127.0.0.2")
    names = ["web.example.com"]
    elsewhere = {"challenge": {"http_01": {"webroot": str(place)}}}
    tasks = [
        bench.wanted("issue"),
        bench.wanted("unreachable", dns_names=[*names, "down.example.com"]),
        bench.wanted("another server", dns_names=[*names, "other.example.com"]),
        bench.wanted("both", dns_names=["down.example.com", *names, "other.example.com"]),
        bench.wanted("not found", acme=elsewhere),
        bench.wanted("blocked", dns_names=[BLOCKED]),
        bench.wanted("good"),
    ]
    with stranger_at("127.0.0.2", web.port):
        played = site.play(tasks)
    url = ".example.com/.well-known/acme-challenge/"
    is_told(played["unreachable"], "rejected", f"http://down{url}", "refused", "127.0.0.1", retryable=True)
    is_told(played["another server"], "rejected", f"http://other{url}", "It works!", retryable=True)
    told = ["2 names", f"http://down{url}", f"http://other{url}"]
    message = is_told(played["both"], "rejected", *told, retryable=True, longest=800)
    assert f"http://web{url}" not in message
    is_told(played["not found"], "rejected", f"http://web{url}", "404", retryable=True)
    is_told(played["blocked"], "rejected", BLOCKED, retryable=True)
    is_over(played, "issue", ["unreachable", "another server", "both", "not found", "blocked"], "good")
    assert list(place.iterdir()) == []


def test_one_of_many_fails_alone(bench: Bench) -> None:
    bench.ca.challenges.add_a("down.example.com", "127.0.0.3")
    items = [{"name": "a"}, {"name": "b", "dns_names": ["down.example.com"]}, {"name": "c"}]
    played = bench.site.play([certificates("issue", *items, authority=bench.acme())])
    (result,) = played.results
    assert result.failed and result.changed
    told = [(one["name"], one["action"], one["status"]) for one in result.result["certificates"]]
    assert [action for _name, action, _status in told] == ["issued", "failed", "issued"]
    assert "down.example.com" in result.result["msg"]
    assert not (bench.site.place() / "b" / "cert.pem").exists()


# What the CA says


def problems(bench: Bench) -> t.Dict[str, t.Tuple[faults.Fault, str, bool, t.Sequence[str]]]:
    """Return name: (what newOrder is answered with, kind, retryable, what the message tells)."""
    terms = faults.problem("userActionRequired", 403, "Terms of service have changed")
    refused = faults.problem("malformed", 400, "NotAfter is not supported")
    return {
        "terms": (terms, "unauthorized", False, ["agree", "Terms of service have changed"]),
        "limited": (faults.rate_limited(retry_after=3600), "unavailable", True, ["limits the rate", "Too many"]),
        "internal": (faults.problem("serverInternal", 500), "unavailable", True, ["Injected", "try again"]),
        "gateway": (faults.failing(502), "unavailable", True, ["502", "try again"]),
        "caa": (faults.problem("caa", 403, "CAA forbids web.example.com"), "rejected", True, ["CAA forbids web"]),
        "lost": (faults.dropped(forwarded=False), "unavailable", True, []),
        "lifetime": (faults.altered(notAfter=None), "misconfigured", False, ["lifetime", "profile"]),
        "refused": (refused, "misconfigured", False, ["NotAfter is not supported"]),
    }


def test_what_the_ca_says(bench: Bench) -> None:
    first = bench.site.play([bench.wanted("issue")])
    assert first.failures == []
    said = problems(bench)
    before = bench.ca.created("newOrder")
    for fault, _kind, _retryable, _told in said.values():
        bench.proxy.inject("newOrder", fault)
    asking = {"lifetime": {"lifetime": "7d"}, "refused": {"lifetime": "7d"}}
    played = bench.site.play([*(bench.wanted(name, **asking.get(name, {})) for name in said), bench.wanted("good")])
    for name, (_fault, kind, retryable, told) in said.items():
        is_told(played[name], kind, *told, retryable=retryable)
        assert installed(played[name]) == installed(first["issue"]), name
    assert [task for _host, task, _message in played.failures] == list(said)
    assert played["good"].certificate["action"] == "renewed"
    # One for the good one; the other is the order whose lifetime the CA had not promised, and that was withdrawn.
    assert bench.ca.created("newOrder") - before == 2
    assert {"status": "deactivated"} in bench.proxy.payloads("authorization")
    is_quiet(played)


def test_an_account_that_is_no_more(bench: Bench) -> None:
    """Deactivated, as the administrator wanted it: nothing makes it come back, not even account_create."""
    account = {key: value for key, value in bench.acme()["acme"].items() if key not in ("challenge", "account_create")}
    gone = {"name": "gone", ACCOUNT: {"authority": {"acme": account}, "state": "absent"}}
    other = {"account_key": f"{bench.key}-other"}
    played = bench.site.play(
        [bench.wanted("issue"), gone, bench.wanted("deactivated"), bench.wanted("good", acme=other)]
    )
    is_told(played["deactivated"], "unauthorized", "deactivated", "acme_account")
    is_over(played, "issue", ["deactivated"], "good")


def test_deactivated_in_the_middle_of_a_run(bench: Bench) -> None:
    """One process may have logged in before; the answer of the CA counts."""
    assert bench.site.play([bench.wanted("issue")]).failures == []
    bench.proxy.inject("newOrder", faults.problem("unauthorized", 403, "Account is deactivated"))
    bench.proxy.inject("newOrder", faults.problem("accountDoesNotExist", 400, "No such account"))
    played = bench.site.play([bench.wanted("refused"), bench.wanted("unknown"), bench.wanted("good")])
    is_told(played["refused"], "unauthorized", "does not let this account", "acme_account")
    is_told(played["unknown"], "unauthorized", "account_key", "acme_account")
    assert not played["good"].failed


# Waiting


def test_a_rate_limit_that_can_be_waited_for(bench: Bench) -> None:
    bench.proxy.inject("newOrder", faults.rate_limited(retry_after=2), times=2)
    before = bench.ca.created("newOrder")
    played = bench.site.play([bench.wanted("issue", wait_timeout=30, acme={"timeout": 1})])
    assert played.failures == []
    assert bench.ca.created("newOrder") - before == 1
    told = [line for line in played.stdout.splitlines() if "limits the rate" in line]
    assert told and all("web" in line and "2" in line for line in told), played.stdout
    asked = [request.at for request in bench.proxy.requests() if request.resource == "newOrder"]
    assert all(later - earlier >= 2 for earlier, later in itertools.pairwise(asked))


def test_a_rate_limit_that_is_too_long(bench: Bench) -> None:
    """Neither before nor after an order does a run wait longer than it may, or place another order."""
    impatient = {"limited": {"wait_timeout": 5}, "no patience": {"wait": False, "wait_timeout": 60}}
    bench.proxy.inject("newOrder", faults.rate_limited(retry_after=20), times=9)
    before = bench.ca.created("newOrder")
    played = bench.site.play([bench.wanted(name, acme={"timeout": 1}, **more) for name, more in impatient.items()])
    for name in impatient:
        is_told(played[name], "unavailable", "limits the rate", "Too many orders", retryable=True)
    assert bench.ca.created("newOrder") == before
    bench.proxy.clear()
    after = bench.site.play([bench.wanted("good", force=False), bench.wanted("again", force=False)])
    assert after.failures == []
    assert bench.ca.created("newOrder") - before == 1
    assert not after["again"].changed


def test_a_ca_that_takes_its_time_is_waited_for_and_then_taken_up(bench: Bench) -> None:
    """It signs slowly: the run ends with what it has, and the next one gets that order's certificate."""
    slow = faults.altered(status="processing", certificate=None, retry_after=2)
    bench.proxy.inject("finalize", slow)
    bench.proxy.inject("order", faults.altered(status="processing", certificate=None, retry_after=2), times=6)
    before = bench.ca.created("newOrder")
    patience = {"wait_timeout": 4, "acme": {"timeout": 2}}
    first = bench.site.play([bench.wanted("issue", force=False, **patience)])
    assert first.failures == []
    assert first["issue"].certificate["action"] == "pending"
    assert bench.web.left == []
    bench.proxy.clear()
    after = bench.site.play([bench.wanted("good", force=False), bench.wanted("again", force=False)])
    assert after.failures == []
    assert after["good"].certificate["action"] == "resumed"
    assert not after["again"].changed
    assert bench.ca.created("newOrder") - before == 1


# Orders that are over, and CAs that are away


def pending_order(bench: Bench, **options: t.Any) -> None:
    """Leave an order that waits for its challenge: the CA goes away before it is asked to look."""
    bench.proxy.inject("challenge", faults.dropped(forwarded=False), times=50)
    played = bench.site.play([bench.wanted("lost", force=False, acme={"timeout": 1, **options})])
    assert played["lost"].failed or played["lost"].certificate["action"] == "pending"
    if played["lost"].failed:
        is_told(played["lost"], "unavailable", retryable=True)
    assert bench.web.left == []
    bench.proxy.clear()


def test_a_ca_that_goes_away_after_the_order(bench: Bench) -> None:
    before = bench.ca.created("newOrder")
    pending_order(bench)
    after = bench.site.play([bench.wanted("good", force=False), bench.wanted("again", force=False)])
    assert after.failures == []
    assert bench.ca.created("newOrder") - before == 1
    assert (after["good"].certificate["action"], after["again"].changed) == ("resumed", False)


@pytest.mark.parametrize(
    "over",
    [
        faults.altered(expires="2020-01-01T00:00:00Z"),
        faults.altered(status="invalid", error={"type": "urn:ietf:params:acme:error:caa", "detail": "CAA says no."}),
        faults.problem("malformed", 404, "Order expired"),
    ],
    ids=["expired", "invalid", "forgotten"],
)
def test_an_order_that_is_over(bench: Bench, over: faults.Fault) -> None:
    """The run that finds it places another, and only one."""
    before = bench.ca.created("newOrder")
    pending_order(bench)
    bench.proxy.inject("order", over)
    after = bench.site.play([bench.wanted("good", force=False), bench.wanted("again", force=False)])
    assert after.failures == []
    assert bench.ca.created("newOrder") - before == 2
    assert (after["good"].certificate["action"], after["again"].changed) == ("issued", False)


def test_a_ca_that_has_forgotten_everything(tmp_path: Path, web: Web) -> None:
    """Pebble keeps nothing: another start, and neither the account nor the order nor the root is known."""
    site, key = Site(tmp_path), tmp_path / "account.pem"
    with Pebble(tmp_path / "ca", http_port=web.port) as own:
        challenge = {"http_01": {"webroot": str(web.root)}}
        wanted = certificate("issue", authority=acme(own, key, challenge=challenge))
        first = site.play([wanted])
        assert first.failures == []
        own.stop()
        down = site.play(
            [named("again", wanted), named("renew", certificate("", authority=wanted_of(wanted), force=True))]
        )
        assert not down["again"].failed and not down["again"].changed
        is_told(down["renew"], "unavailable", "can't be reached", retryable=True)
        own.start()
        after = site.play([named("renew", certificate("", authority=wanted_of(wanted), force=True))])
        assert after.failures == []
        assert after["renew"].certificate["action"] == "renewed"
    assert web.left == []


def wanted_of(task: Task) -> t.Dict[str, t.Any]:
    return t.cast(t.Dict[str, t.Any], task["certfleet.pki.certificate"]["authority"])


@pytest.mark.parametrize("resource", ["challenge", "order", "finalize"])
def test_a_real_ca_that_is_killed_in_the_middle(tmp_path: Path, web: Web, resource: str) -> None:
    """step-ca keeps what it knows: after its start, the next run takes the order up."""
    site, challenge = Site(tmp_path), {"http_01": {"webroot": str(web.root)}}
    with StepCA(tmp_path / "ca", http_port=web.port) as own, AcmeProxy(tmp_path / "proxy", own) as proxy:

        def killed(_exchange: faults.Exchange) -> None:
            own.stop(signal.SIGKILL)

        proxy.inject(resource, killed)
        proxy.inject(resource, faults.dropped(forwarded=False), times=99)
        options = {"challenge": challenge, "timeout": 2}
        wanted = certificate("issue", authority=acme(proxy, tmp_path / "key.pem", **options), wait_timeout=5)
        first = site.play([wanted])
        with pytest.raises(RuntimeError, match="not running"):
            assert own.process.process
        if first["issue"].failed:
            is_told(first["issue"], "unavailable", retryable=True)
        else:
            assert first["issue"].certificate["action"] == "pending"
        assert web.left == []
        proxy.clear()
        own.start()
        after = site.play([named("good", wanted), named("again", wanted)])
        assert after.failures == []
        assert len(proxy.payloads("newOrder")) == 1
        assert (after["good"].certificate["action"], after["again"].changed) == ("resumed", False)
