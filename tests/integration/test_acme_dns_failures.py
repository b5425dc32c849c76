# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What goes wrong with a challenge in the DNS, in plays: a real BIND that Pebble asks, and hooks that fail."""

from __future__ import annotations

import contextlib
import re
import typing as t
from pathlib import Path

import pytest

from ansible_collections.certfleet.pki.tests.support.acme_plays import acme
from ansible_collections.certfleet.pki.tests.support.failures import is_quiet, is_told_well
from ansible_collections.certfleet.pki.tests.support.named import OTHER_KEY, Named
from ansible_collections.certfleet.pki.tests.support.pebble import Pebble, new_eab_key
from ansible_collections.certfleet.pki.tests.support.playbooks import Site
from ansible_collections.certfleet.pki.tests.support.tasks import Task, certificate, named
from ansible_collections.certfleet.pki.tests.support.watching import Watch

ZONES = {"example.com": ["* A 127.0.0.1"]}
RECORD = "_acme-challenge.web.example.com"


@pytest.fixture(scope="module")
def dns(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[Named]:
    with Named(tmp_path_factory.mktemp("primary"), zones=ZONES) as server:
        yield server


@pytest.fixture(scope="module")
def ca(tmp_path_factory: pytest.TempPathFactory, dns: Named) -> t.Iterator[Pebble]:
    with Pebble(tmp_path_factory.mktemp("ca"), dns=dns.address) as server:
        yield server


def update(dns: Named, nameservers: t.Sequence[str] = (), **options: t.Any) -> t.Dict[str, t.Any]:
    """Return the option ``challenge`` for signed updates."""
    asked = [dns.address, *nameservers]
    return {
        "dns_01": {
            "rfc2136": dns.options(**options),
            "resolvers": [dns.address],
            "nameservers": asked,
            "propagation_timeout": 2,
        }
    }


def wanted(task: str, ca: Pebble, key: Path, challenge: t.Dict[str, t.Any], **options: t.Any) -> Task:
    return certificate(task, authority=acme(ca, key, challenge=challenge), **options)


def test_what_the_name_server_refuses(site: Site, tmp_path: Path, ca: Pebble, dns: Named) -> None:
    """The order that was placed meanwhile is the one that the next run brings to its end."""
    key, before = tmp_path / "account.pem", ca.created("newOrder")
    wrong = {
        "wrong secret": ({"key_secret": "d3Jvbmc="}, "unauthorized", "signature of the key ansible"),
        "no right": ({"key_name": OTHER_KEY, "key_secret": dns.secrets[OTHER_KEY]}, "unauthorized", RECORD),
        "unknown key": ({"key_name": "nobody"}, "unauthorized", "does not know the key nobody"),
        "unknown zone": ({"zone": "com"}, "misconfigured", "is not the primary server"),
        "no base64": ({"key_secret": "not!base64"}, "misconfigured", "key_secret is not in base64"),
    }
    good = update(dns)
    tasks = [wanted(name, ca, key, update(dns, **options)) for name, (options, *_told) in wrong.items()]
    played = site.play([*tasks, wanted("good", ca, key, good), wanted("again", ca, key, good)], verbosity=4)
    for name, (options, kind, told) in wrong.items():
        is_told_well(played[name], kind, told)
        assert "web/cert.pem" not in played[name].disk
        assert str(options.get("key_secret")) not in played[name].result["msg"]
    assert [name for _host, name, _message in played.failures] == list(wrong)
    assert not played["again"].changed
    assert ca.created("newOrder") - before == 1
    assert dns.texts(RECORD) == set()
    assert not any(secret in played.output for secret in dns.secrets.values())
    is_quiet(played)


def test_a_secondary_that_stays_behind(site: Site, tmp_path: Path, ca: Pebble, dns: Named) -> None:
    """The CA is not asked to look, so that no validation is wasted; the same order is good for the next run."""
    key, before = tmp_path / "account.pem", ca.created("newOrder")
    with Named(tmp_path / "frozen", zones=ZONES, secondary_of=dns) as frozen:
        behind = wanted("behind", ca, key, update(dns, [frozen.address]))
        played = site.play([behind])
        is_told_well(played["behind"], "unavailable", RECORD, retryable=True)
        assert f"{frozen.address} has no TXT record there" in played["behind"].result["msg"]
        assert "the CA was not asked to look" in played["behind"].result["msg"]
    assert dns.texts(RECORD) == set()
    after = site.play([wanted("good", ca, key, update(dns)), wanted("again", ca, key, update(dns))])
    assert after.failures == []
    assert (after["good"].certificate["action"], after["again"].changed) == ("resumed", False)
    assert ca.created("newOrder") - before == 1
    assert dns.texts(RECORD) == set()


def test_a_name_server_that_is_away(site: Site, tmp_path: Path, ca: Pebble, dns: Named) -> None:
    key, before = tmp_path / "account.pem", ca.created("newOrder")
    gone = update(dns, port=1)
    gone["dns_01"]["rfc2136"]["zone"] = "example.com"
    played = site.play([wanted("gone", ca, key, gone), wanted("good", ca, key, update(dns))])
    is_told_well(played["gone"], "unavailable", "can't be reached", retryable=True)
    assert not played["good"].failed
    assert ca.created("newOrder") - before == 1


def test_hooks_that_fail(site: Site, tmp_path: Path, ca: Pebble, dns: Named) -> None:
    """What a command says is told; where only the clean-up fails, there is a certificate and a warning."""
    key = tmp_path / "account.pem"

    def hook(present: str, cleanup: str = "true") -> t.Dict[str, t.Any]:
        commands = {"present": ["sh", "-c", present], "cleanup": ["sh", "-c", cleanup], "timeout": 1}
        return {"dns_01": {"hook": commands, "propagation_timeout": 1, "nameservers": [dns.address]}}

    log = tmp_path / "log"
    wrong = {
        "fails": (hook("echo no such zone >&2; exit 3", f"echo cleanup >> {log}"), "no such zone"),
        "hangs": (hook("sleep 30", f"echo cleanup >> {log}"), "1 second"),
        "does nothing": (hook("true", f"echo cleanup >> {log}"), RECORD),
    }
    issue = wanted("issue", ca, key, update(dns))
    tasks = [wanted(name, ca, key, challenge, force=True) for name, (challenge, _told) in wrong.items()]
    played = site.play([issue, *tasks, wanted("good", ca, key, update(dns), force=True)])
    kinds = []
    for name, (_challenge, told) in wrong.items():
        error = played[name].result["error"]
        kinds.append(error["kind"])
        is_told_well(played[name], error["kind"], told, retryable=error["retryable"])
        certificate = {path: entry for path, entry in played[name].disk.items() if path.endswith("cert.pem")}
        assert certificate == {path: entry for path, entry in played["issue"].disk.items() if path in certificate}
    assert kinds[2] == "unavailable"
    assert set(kinds) <= {"misconfigured", "unavailable"}
    assert log.read_text().split() == ["cleanup"] * 3
    assert not played["good"].failed


def test_a_clean_up_that_fails_is_a_warning(site: Site, tmp_path: Path, dns: Named) -> None:
    """The certificate is there, and worth more; the record is left, which only a person can change."""
    key = tmp_path / "account.pem"
    with Pebble(tmp_path / "ca") as own:
        url = own.challenges.url
        body = '{"host": "\'$CERTFLEET_RECORD_NAME\'.", "value": "\'$CERTFLEET_RECORD_VALUE\'"}'
        present = f"curl -sf -d '{body}' {url}/set-txt"
        commands = {"present": ["sh", "-c", present], "cleanup": ["sh", "-c", "echo DNS is closed >&2; exit 1"]}
        challenge = {"dns_01": {"hook": commands, "propagation_timeout": 0}}
        played = site.play([wanted("issue", own, key, challenge), wanted("again", own, key, challenge)])
        assert played.failures == []
        (warning,) = played["issue"].certificate["warnings"]
        assert "DNS is closed" in warning and RECORD in warning, warning
        assert "DNS is closed" in played.output
        assert not played["again"].changed and played["again"].certificate["warnings"] == []


def test_no_secret_is_shown_anywhere(tmp_path: Path, dns: Named) -> None:
    """At -vvvv, with right and wrong ones: not in output, results, arguments, environments and temporary files."""
    site, mac = Site(tmp_path), new_eab_key()
    account = tmp_path / "account.pem"
    with Pebble(tmp_path / "ca", dns=dns.address, eab_keys={"kid-1": mac}) as own:
        made = site.play([{"name": "make", **account_task(own, account, mac)}])
        assert made.failures == []
        key_text = account.read_text()
        wrong_mac, wrong_secret = new_eab_key(), "d3Jvbmctc2VjcmV0LW9mLWEta2V5"
        secrets = [mac, wrong_mac, wrong_secret, *dns.secrets.values(), *key_text.splitlines()[1:-1]]
        options = {"account_key": key_text, "account_create": False, "eab": {"kid": "kid-1", "hmac_key": mac}}
        fresh = {"account_key": str(tmp_path / "fresh.pem"), "eab": {"kid": "kid-1", "hmac_key": wrong_mac}}
        broken = {**options, "account_key": key_text.replace("M", "!", 1)}

        def task(name: str, challenge: t.Dict[str, t.Any], given: t.Dict[str, t.Any]) -> Task:
            return certificate(name, authority=acme(own, account, challenge=challenge, **given), force=True)

        good = update(dns)
        tasks = [
            named("predict", task("", good, options), check_mode=True),
            task("issue", good, options),
            task("wrong TSIG", update(dns, key_secret=wrong_secret), options),
            task("wrong MAC", good, fresh),
            task("broken key", good, broken),
            task("wrong option", good, {**options, "hmac": mac}),
            task("renew", good, options),
        ]
        needles = re.compile(b"|".join(re.escape(secret.encode()) for secret in secrets))
        watch = Watch(needles, folders=[tmp_path / "tmp", tmp_path / "local", tmp_path / "home"])
        with watch.watching():
            played = site.play(tasks, verbosity=4, diff=True)
    failed = [name for _host, name, _message in played.failures]
    assert failed == ["wrong TSIG", "wrong MAC", "broken key", "wrong option"], played.failures
    assert watch.found == set()
    assert {"cmdline", "environ"} <= watch.seen
    results = "".join(str(result.result) for result in played.results)
    assert [secret for secret in secrets if secret in played.output or secret in results] == []
    assert dns.texts(RECORD) == set()
    for result in played.results:
        with contextlib.suppress(KeyError):
            assert result.result["error"]["kind"] in ("unauthorized", "misconfigured"), result.result


def account_task(ca: Pebble, key: Path, mac: str) -> Task:
    options = acme(ca, key, eab={"kid": "kid-1", "hmac_key": mac})["acme"]
    return {"certfleet.pki.acme_account": {"authority": {"acme": {**options, "account_create": None}}}}
