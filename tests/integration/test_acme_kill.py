# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""kill -9 of the whole run while a real CA validates: the next run ends issued, cleans up, and places no second order."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import time
import typing as t
from pathlib import Path

import pytest

from ansible_collections.certfleet.pki.tests.support.acme_plays import acme, web_server
from ansible_collections.certfleet.pki.tests.support.failures import is_told_well
from ansible_collections.certfleet.pki.tests.support.named import Named
from ansible_collections.certfleet.pki.tests.support.pebble import Pebble
from ansible_collections.certfleet.pki.tests.support.playbooks import BOTH_WAYS, Played, Site, kill
from ansible_collections.certfleet.pki.tests.support.servers import free_port
from ansible_collections.certfleet.pki.tests.support.tasks import Task, certificate, named

#: Seconds that the CA takes before it looks, so that a run can be killed meanwhile.
LOOKS_AFTER = 4
_LISTENS = "0A"
RECORD = "_acme-challenge.web.example.com"

Gone = t.Callable[[], bool]


def until(true: Gone, what: str, *, limit: float = 60.0) -> None:
    end = time.monotonic() + limit
    while not true():
        assert time.monotonic() < end, what
        time.sleep(0.005)


def started_and_killed(
    site: Site, task: Task, shown: Gone, *, later: float = 0.0, spared: t.Collection[int] = ()
) -> None:
    """Start a run, and kill it ``later`` seconds after what the CA wants to see is shown."""
    folder = site.written([task])
    with site.started(folder, [], {}) as process:
        until(lambda: shown() or process.poll() is not None, "nothing was shown")
        assert process.poll() is None, process.communicate()
        time.sleep(later)
        kill(folder)


def next_runs(site: Site, task: Task, **keywords: t.Any) -> Played:
    played = site.play([named("next", task), named("again", task)], **keywords)
    assert played.failures == []
    assert played["next"].certificate["status"] == "issued"
    assert not played["again"].changed
    return played


@pytest.mark.parametrize("way", BOTH_WAYS)
@pytest.mark.parametrize("pause", [0, LOOKS_AFTER + 1], ids=["the CA has not looked", "the CA has looked"])
def test_webroot(tmp_path: Path, way: str, pause: float) -> None:
    """The files are still there. What the CA has seen of them before the next run counts."""
    site = Site(tmp_path, {"one": BOTH_WAYS[way]})
    with web_server(tmp_path / "www") as web, pebble(tmp_path, http_port=web.port) as ca:
        challenge = {"http_01": {"webroot": str(web.root)}}
        wanted = certificate("issue", authority=acme(ca, tmp_path / "key.pem", challenge=challenge))
        started_and_killed(site, wanted, lambda: tokens(web.root) > 0 and asked_to_look(ca), later=random.random() / 2)
        assert tokens(web.root) == 1, "this was to be left behind"
        time.sleep(pause)
        played = next_runs(site, wanted)
        assert ca.created("newOrder") == 1
        assert web.left == []
        assert played["next"].certificate["action"] == "resumed"


def pebble(folder: Path, **options: t.Any) -> Pebble:
    return Pebble(folder / "ca", validation_delay=LOOKS_AFTER, **options)


def tokens(root: Path) -> int:
    folder = root / ".well-known" / "acme-challenge"
    return sum(1 for path in folder.glob("*") if not path.name.startswith(".")) if folder.is_dir() else 0


def asked_to_look(ca: Pebble) -> bool:
    return ca.count("challenge") > 0


def test_webroot_at_any_moment(tmp_path: Path) -> None:
    """Also while the order is being placed, or the files are being made; an order that was noted is the last one."""
    site = Site(tmp_path)
    with web_server(tmp_path / "www") as web, Pebble(tmp_path / "ca", http_port=web.port) as ca:
        challenge = {"http_01": {"webroot": str(web.root)}}
        wanted = certificate("issue", authority=acme(ca, tmp_path / "key.pem", challenge=challenge), force=True)
        usual = certificate("look", authority=acme(ca, tmp_path / "key.pem", challenge=challenge))
        assert site.play([usual]).failures == []
        for attempt in range(4):
            before = ca.created("newOrder")
            pending = site.place() / "web" / "pending"
            later = random.Random(attempt).uniform(0, 0.4)
            started_and_killed(site, wanted, pending.exists, later=later)
            noted = '"request_id": "http' in text_of(pending / "request.json")
            played = next_runs(site, usual)
            assert web.left == []
            assert ca.created("newOrder") - before <= (1 if noted else 2), (attempt, played["next"].result)


def text_of(path: Path) -> str:
    with contextlib.suppress(OSError):
        return path.read_text()
    return ""


def test_a_record_in_the_dns(tmp_path: Path) -> None:
    site = Site(tmp_path)
    with Named(tmp_path / "dns", zones={"example.com": []}) as dns, pebble(tmp_path, dns=dns.address) as ca:
        challenge = {"dns_01": {"rfc2136": dns.options(), "resolvers": [dns.address], "nameservers": [dns.address]}}
        wanted = certificate("issue", authority=acme(ca, tmp_path / "key.pem", challenge=challenge))
        started_and_killed(site, wanted, lambda: bool(dns.texts(RECORD)) and asked_to_look(ca))
        assert len(dns.texts(RECORD)) == 1
        next_runs(site, wanted)
        assert ca.created("newOrder") == 1
        assert dns.texts(RECORD) == set()


def test_a_record_of_a_hook(tmp_path: Path) -> None:
    site, log = Site(tmp_path), tmp_path / "log"
    with pebble(tmp_path) as ca:
        url = ca.challenges.url
        body = '{"host": "\'$CERTFLEET_RECORD_NAME\'.", "value": "\'$CERTFLEET_RECORD_VALUE\'"}'
        post = f"echo $0 $CERTFLEET_RECORD_VALUE >> {log}; curl -sf -d '{body}' {url}"
        hook = {
            "present": ["sh", "-c", f"{post}/set-txt", "present"],
            "cleanup": ["sh", "-c", f"{post}/clear-txt", "cleanup"],
        }
        challenge = {"dns_01": {"hook": hook, "propagation_timeout": 0}}
        wanted = certificate("issue", authority=acme(ca, tmp_path / "key.pem", challenge=challenge))
        started_and_killed(site, wanted, lambda: log.exists() and asked_to_look(ca))
        next_runs(site, wanted)
        assert ca.created("newOrder") == 1
        done = [line.split() for line in log.read_text().splitlines()]
        assert len({value for _what, value in done}) == 1
        assert (done[0][0], done[-1][0]) == ("present", "cleanup")


@pytest.mark.parametrize("server", ["goes on", "is killed too"])
def test_standalone(tmp_path: Path, server: str) -> None:
    """The small server outlives the run; the next one ends it, and the service that it stands in for runs again."""
    site, log, port = Site(tmp_path), tmp_path / "service.log", free_port()
    with pebble(tmp_path, http_port=port) as ca:
        standalone = {
            "port": port,
            "address": "127.0.0.1",
            "stop_command": ["sh", "-c", f"echo stop >> {log}"],
            "start_command": ["sh", "-c", f"echo start >> {log}"],
        }
        challenge = {"http_01": {"standalone": standalone}}
        wanted = certificate("issue", authority=acme(ca, tmp_path / "key.pem", challenge=challenge))
        folder = site.written([wanted])
        with site.started(folder, [], {}) as process:
            until(lambda: asked_to_look(ca) or process.poll() is not None, "nothing was shown")
            if server == "goes on":
                kill_all_but(folder, listener(port))
                assert listener(port)
                played = next_runs(site, wanted)
            else:
                kill(folder)
                assert not listener(port)
                played = next_runs(site, wanted)
        assert not listener(port)
        assert played["next"].certificate["action"] in ("resumed", "issued")
        told = log.read_text().split()
        if server == "goes on":
            assert ca.created("newOrder") == 1
            assert told in (["stop", "start"], ["stop", "start", "stop", "start"])
        else:
            assert ca.created("newOrder") <= 2
            assert told[-1] == "start"


def test_another_run_takes_nothing_away(tmp_path: Path) -> None:
    """A run that comes while the CA validates is told so; what the first one shows stays, and its order is brought to an end."""
    site = Site(tmp_path)
    with web_server(tmp_path / "www") as web, Pebble(tmp_path / "ca", http_port=web.port, validation_delay=15) as ca:
        challenge = {"http_01": {"webroot": str(web.root)}}
        wanted = certificate("issue", authority=acme(ca, tmp_path / "key.pem", challenge=challenge))
        folder = site.written([wanted])
        with site.started(folder, [], {}) as process:
            until(lambda: asked_to_look(ca) or process.poll() is not None, "nothing was shown")
            second = site.play([named("second", wanted)])
            assert tokens(web.root) == 1 and process.poll() is None, "the second run came too late to tell anything"
            assert process.wait(60) == 0
        is_told_well(second["second"], "host", "works on this certificate until", retryable=True)
        assert web.left == []
        assert ca.created("newOrder") == 1
        assert not site.play([named("again", wanted)])["again"].changed


def kill_all_but(folder: Path, spared: t.Collection[int]) -> None:
    """Kill a run as ``kill`` does, without what it has left running on the host for its own time."""
    mark = f"CERTFLEET_TEST_RESULTS={folder}/".encode()
    for _round in range(3):
        for entry in Path("/proc").iterdir():
            with contextlib.suppress(OSError):
                own = entry.name.isdigit() and int(entry.name) not in {os.getpid(), *spared}
                if own and mark in (entry / "environ").read_bytes():
                    os.kill(int(entry.name), signal.SIGKILL)
        time.sleep(0.05)


def listener(port: int) -> t.List[int]:
    """Return the processes that listen on a TCP port."""
    lines = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    sockets = {
        f"socket:[{line[9]}]" for line in lines if line[3] == _LISTENS and int(line[1].split(":")[1], 16) == port
    }
    return [process for process in processes() if sockets & set(open_files(process))]


def processes() -> t.List[int]:
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]


def open_files(process: int) -> t.Iterator[str]:
    folder = f"/proc/{process}/fd"
    with contextlib.suppress(OSError):
        for number in os.listdir(folder):
            with contextlib.suppress(OSError):
                yield os.readlink(f"{folder}/{number}")
