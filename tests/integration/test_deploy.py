# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Deployments to real services: whatever is broken, the old certificate is served; the next run needs no new order."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import typing as t
from pathlib import Path

import pytest

from ansible_collections.certfleet.pki.tests.support.playbooks import BOTH_WAYS, Played, Site
from ansible_collections.certfleet.pki.tests.support.servers import free_port, program
from ansible_collections.certfleet.pki.tests.support.tasks import Task, certificate, certificates, named, shell

_NGINX = """\
daemon on; pid {{ place }}/service.pid; error_log {{ place }}/error.log notice;
events {}
http {
  access_log off;
  server {
    listen 127.0.0.1:{{ port }} ssl;
    ssl_certificate {{ place }}/web/fullchain.pem;
    ssl_certificate_key {{ place }}/web/privkey.pem;
    location / { return 200; }
  }
  include {{ place }}/more*.conf;
}
"""

_HAPROXY = """\
global
  pidfile {{ place }}/service.pid
defaults
  mode http
  timeout client 5s
  timeout server 5s
  timeout connect 5s
frontend web
  bind 127.0.0.1:{{ port }} ssl crt {{ place }}/haproxy.pem
  http-request return status 200
"""


class Scenario(t.NamedTuple):
    """What is broken and how it is repaired (commands of the shell), other options, and what is said of it."""

    broken: str
    repaired: str
    said: t.Tuple[str, ...]
    step: str
    serves: bool = True
    options: t.Mapping[str, t.Any] = {}


NGINX: t.Mapping[str, Scenario] = {
    "a broken configuration": Scenario(
        "echo 'lisen 1;' > more.conf",
        "rm more.conf",
        ("validate_command failed (exit code 1: ", 'unknown directive "lisen"', "is served again"),
        "validate",
    ),
    "a port taken": Scenario(
        "echo 'server { listen 127.0.0.1:{{ taken }}; }' > more.conf",
        "rm more.conf",
        ("verify_served failed", "serves another certificate", "is served again"),
        "verify",
    ),
    "a reload that does nothing": Scenario(
        "true",
        "true",
        ("verify_served failed", "serves another certificate", "is served again"),
        "verify",
        options={"reload_command": "true"},
    ),
    "a service that is stopped": Scenario(
        "{{ server }} -c {{ place }}/service.conf -s stop && sleep 0.5",
        "{{ server }} -c {{ place }}/service.conf",
        ("reload_command failed (exit code 1: ", "service.pid", "but reload_command failed with it as well"),
        "reload",
        serves=False,
    ),
    "a reload that comes too late": Scenario(
        "true",
        "sleep 4",
        ("verify_served failed", "serves another certificate", "is served again"),
        "verify",
        options={
            "reload_command": ["/bin/sh", "-c", "(sleep 4; {{ server }} -c {{ place }}/service.conf -s reload) &"],
        },
    ),
}

HAPROXY: t.Mapping[str, Scenario] = {
    "a broken configuration": Scenario(
        "cp service.conf good && echo '  nonsense here' >> service.conf",
        "mv good service.conf",
        ("validate_command failed (exit code 1: ", "unknown keyword 'nonsense'", "is served again"),
        "validate",
    ),
    "a reload that does nothing": Scenario(
        "true",
        "true",
        ("verify_served failed", "serves another certificate", "is served again"),
        "verify",
        options={"reload_command": "true"},
    ),
}

_SERVED = "openssl s_client -connect 127.0.0.1:{{ port }} </dev/null 2>/dev/null | openssl x509 -noout -serial || true"


class Story:
    """A play in which a service is deployed to, broken, repaired and deployed to again, on two hosts."""

    NAME: t.ClassVar[str]
    CONFIGURATION: t.ClassVar[str]
    START: t.ClassVar[str]
    SCENARIOS: t.ClassVar[t.Mapping[str, Scenario]]
    OPTIONS: t.ClassVar[t.Mapping[str, t.Any]]

    @classmethod
    def task(cls, name: str, **options: t.Any) -> Task:
        served = {"host": "127.0.0.1", "port": "{{ port }}", "timeout": 2}
        return certificate(name, **{"verify_served": served, **cls.OPTIONS, **options})

    @classmethod
    def scenario(cls, number: int, name: str, scenario: Scenario) -> t.List[Task]:
        names = ["web.example.com", f"number{number}.example.com"]
        return [
            shell(f"{name}: break", scenario.broken),
            cls.task(name, dns_names=names, **scenario.options),
            shell(f"{name}: still served", _SERVED),
            shell(f"{name}: repair", scenario.repaired),
            cls.task(f"{name}: repaired", dns_names=names),
            shell(f"{name}: now served", _SERVED),
            cls.task(f"{name}: again", dns_names=names),
        ]

    @pytest.fixture(scope="class")
    @classmethod
    def played(cls, tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[Played]:
        server = program(cls.NAME, package=cls.NAME)
        folder = tmp_path_factory.mktemp(cls.NAME)
        hosts = {
            way: {**variables, "port": free_port(), "taken": free_port(), "server": server}
            for way, variables in BOTH_WAYS.items()
        }
        site = Site(folder, hosts)
        for name in hosts:
            site.place(name).joinpath("service.template").write_text(cls.CONFIGURATION)
        with _listening([variables["taken"] for variables in hosts.values()]), _stopped(site):
            yield site.play(cls.tasks())

    @classmethod
    def tasks(cls) -> t.List[Task]:
        write = "{{ lookup('ansible.builtin.template', place + '/service.template') }}"
        first = {option: value for option, value in cls.OPTIONS.items() if option == "copies"}
        tasks = [
            certificate("issue", **first),
            {"name": "configure", "ansible.builtin.raw": "cat > {{ place }}/service.conf <<'EOF'\n" + write + "\nEOF"},
            shell("start", cls.START),
            shell("first served", _SERVED),
            cls.task("nothing to do"),
            named("renew: check", cls.task("", dns_names=["web.example.com", "more.example.com"]), check_mode=True),
            cls.task("renew", dns_names=["web.example.com", "more.example.com"]),
            shell("renewed is served", _SERVED),
        ]
        for number, (name, scenario) in enumerate(cls.SCENARIOS.items()):
            tasks += cls.scenario(number, name, scenario)
        return tasks

    @pytest.fixture(params=sorted(BOTH_WAYS))
    def story(self, played: Played, request: pytest.FixtureRequest) -> Played:
        return played.on(request.param)

    def test_what_is_live_is_left_alone(self, story: Played) -> None:
        assert not story["issue"].failed, story["issue"].result
        assert not story["start"].failed, story["start"].result
        assert not story["nothing to do"].changed and not story["nothing to do"].failed
        assert story["nothing to do"].certificate["verified"] is True
        assert _serial(story, "first served") == story["issue"].certificate["serial_number"]

    def test_a_renewal_is_live(self, story: Played) -> None:
        assert story["renew: check"].changed and story["renew: check"].certificate["action"] == "renewed"
        renewed = story["renew"]
        assert not renewed.failed, renewed.result
        assert renewed.certificate["action"] == "renewed" and renewed.certificate["verified"] is True
        assert _serial(story, "renewed is served") == renewed.certificate["serial_number"]

    def test_what_is_broken_is_rolled_back(self, story: Played) -> None:
        before = story["renew"].certificate["serial_number"]
        for name, scenario in self.SCENARIOS.items():
            failed = story[name]
            assert failed.failed and failed.certificate["rolled_back"] is True, (name, failed.result)
            assert [part for part in scenario.said if part not in failed.result["msg"]] == [], failed.result["msg"]
            assert failed.result["error"]["kind"] == "host"
            assert failed.result["error"]["detail"].startswith(f"{scenario.step}_failed: ")
            assert failed.certificate["serial_number"] == before
            assert _serial(story, f"{name}: still served") == (before if scenario.serves else ""), name
            before = story[f"{name}: repaired"].certificate["serial_number"]

    def test_the_next_run_needs_no_new_order(self, story: Played) -> None:
        for name in self.SCENARIOS:
            repaired = story[f"{name}: repaired"]
            assert not repaired.failed and repaired.changed, (name, repaired.result)
            assert repaired.serial_numbers() == story[name].serial_numbers(), f"{name}: a second order"
            assert repaired.certificate["verified"] is True
            assert repaired.certificate["serial_number"] == repaired.serial_numbers()[-1]
            assert _serial(story, f"{name}: now served") == repaired.certificate["serial_number"]
            assert not story[f"{name}: again"].changed and not story[f"{name}: again"].failed


class TestNginx(Story):
    NAME, CONFIGURATION, SCENARIOS = "nginx", _NGINX, NGINX
    START = "{{ server }} -c {{ place }}/service.conf"
    OPTIONS: t.ClassVar[t.Mapping[str, t.Any]] = {
        "validate_command": "{{ server }} -t -c {{ place }}/service.conf",
        "reload_command": "{{ server }} -c {{ place }}/service.conf -s reload",
    }


class TestHaproxy(Story):
    NAME, CONFIGURATION, SCENARIOS = "haproxy", _HAPROXY, HAPROXY
    START = "{{ server }} -W -D -f {{ place }}/service.conf"
    OPTIONS: t.ClassVar[t.Mapping[str, t.Any]] = {
        "copies": [{"content": "combined", "path": "{{ place }}/haproxy.pem"}],
        "validate_command": ["{{ server }}", "-c", "-f", "{{ place }}/service.conf"],
        "reload_command": ["/bin/sh", "-c", "kill -USR2 $(cat {{ place }}/service.pid)"],
    }


class TestSeveral:
    """Several certificates with the same command are one transaction."""

    @pytest.fixture(scope="class")
    @classmethod
    def played(cls, tmp_path_factory: pytest.TempPathFactory) -> Played:
        def task(name: str, number: int, **second: t.Any) -> Task:
            common = {"reload_command": "sh -c 'echo x >> {{ place }}/log'"}
            names = [f"number{number}.example.com"]
            return certificates(
                name, {"name": "a", "dns_names": names}, {"name": "b", "dns_names": names, **second}, defaults=common
            )

        copy = {"content": "fullchain", "path": "{{ place }}/copy.pem"}
        tasks = [
            task("issue", 1),
            shell("log", "cat log"),
            task("fails", 2, validate_command="false"),
            task("repaired", 2),
            task("again", 2),
            task("copied", 2, copies=[copy]),
            shell("damage", "echo damage > copy.pem; chmod 600 copy.pem"),
            named("copy repaired: check", task("", 2, copies=[copy]), check_mode=True),
            task("copy repaired", 2, copies=[copy]),
            shell("chmod", "chmod 666 copy.pem"),
            task("mode repaired", 2, copies=[copy]),
            shell("log at the end", "cat log; cmp copy.pem b/fullchain.pem && stat -c %a copy.pem"),
        ]
        return Site(tmp_path_factory.mktemp("several"), BOTH_WAYS).play(tasks)

    @pytest.fixture(params=sorted(BOTH_WAYS))
    def story(self, played: Played, request: pytest.FixtureRequest) -> Played:
        return played.on(request.param)

    def test_they_are_reloaded_once(self, story: Played) -> None:
        assert not story["issue"].failed, story["issue"].result
        assert story["log"].result["stdout"].split() == ["x"]

    def test_they_are_rolled_back_together(self, story: Played) -> None:
        assert [item["rolled_back"] for item in story["fails"].result["certificates"]] == [True, True]
        repaired = story["repaired"]
        assert not repaired.failed, repaired.result
        assert repaired.serial_numbers() == story["fails"].serial_numbers()
        assert not story["again"].changed

    def test_copies_are_repaired(self, story: Played) -> None:
        for name in ("copied", "copy repaired"):
            assert not story[name].failed and story[name].changed, story[name].result
            assert [item["action"] for item in story[name].result["certificates"]] == ["none", "reinstalled"]
        assert story["copy repaired: check"].changed
        codes = [reason["code"] for reason in story["mode repaired"].result["certificates"][1]["reasons"]]
        assert codes == ["attributes_differ"] and story["mode repaired"].changed
        assert story["log at the end"].result["stdout"].split() == ["x"] * 4 + ["644"]


def _serial(story: Played, task: str) -> str:
    return str(story[task].result["stdout"]).strip().partition("=")[2].lower()


@contextlib.contextmanager
def _listening(ports: t.Sequence[int]) -> t.Iterator[None]:
    with contextlib.ExitStack() as stack:
        for port in ports:
            stack.enter_context(socket.create_server(("127.0.0.1", port)))
        yield


@contextlib.contextmanager
def _stopped(site: Site) -> t.Iterator[None]:
    """Leave no service running."""
    try:
        yield
    finally:
        for name in site.hosts:
            with contextlib.suppress(OSError, ValueError):
                os.kill(int(Path(site.place(name), "service.pid").read_text().split()[0]), signal.SIGTERM)
