# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Challenges from a server of our own: real requests, and the service whose port it borrows."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import typing as t
from pathlib import Path

import pytest

from ansible_collections.certfleet.pki.plugins.module_utils._host import commands, daemon, serving, standalone
from ansible_collections.certfleet.pki.plugins.plugin_utils._program import (
    INTERPRETER_ARGUMENTS,
    build_program,
    render_call,
)
from tests.support import host_program as host

TOKEN = "dG9rZW4_-1"
PATH = "/.well-known/acme-challenge/"
SECRET = "0123456789abcdef" * 2
FOUND = host.interpreters()
WANTED = ["3.6", "3.7", "3.8", "3.9", "3.10", "3.11", "3.12", "3.13"]

Plain = t.Dict[str, t.Any]


class Standalone:
    """A server on a free port, whose commands write into ``log``; nothing of it is left at the end."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.log = folder / "log"
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        self.python = sys.executable

    def entry(self, token: str = TOKEN, **more: t.Any) -> Plain:
        usual = {"port": self.port, "address": "127.0.0.1", "seconds": 60, "secret": SECRET}
        usual.update(stop_command=self.command("stop"), start_command=self.command("start"))
        return {"standalone": {**usual, **more}, "files": {token: f"{token}.thumbprint"}}

    def command(self, word: str, more: str = "") -> t.List[str]:
        return ["/bin/sh", "-c", f"echo {word} >> {self.log}; {more}"]

    def request(self, *, check: bool = False, **challenges: t.Sequence[Plain]) -> Plain:
        return {"state": "inspected", "check": check, "certificates": [], "challenges": challenges}

    def ask(self, *, check: bool = False, **challenges: t.Sequence[Plain]) -> Plain:
        return host.call_request(self.request(check=check, **challenges), python=self.python)["challenges"]

    def show(self, entry: t.Optional[Plain] = None) -> t.Tuple[bool, t.Optional[Plain]]:
        answers = self.ask(show=[entry or self.entry()])
        return answers["changed"], answers["show"][0]

    def hide(self, entry: t.Optional[Plain] = None) -> t.Tuple[bool, t.Optional[Plain]]:
        answers = self.ask(hide=[entry or self.entry()])
        return answers["changed"], answers["hide"][0]

    @property
    def said(self) -> t.List[str]:
        return self.log.read_text().split() if self.log.exists() else []

    def talk(self, data: bytes, address: str = "127.0.0.1") -> bytes:
        with socket.create_connection((address, self.port), timeout=10) as client:
            client.sendall(data)
            return b"".join(iter(lambda: client.recv(65536), b""))

    def get(self, token: str = TOKEN, *, address: str = "127.0.0.1") -> t.Optional[bytes]:
        with contextlib.suppress(ConnectionError):
            head, _blank, body = self.talk(
                f"GET {PATH}{token} HTTP/1.1\r\nHost: x\r\n\r\n".encode(), address
            ).partition(b"\r\n\r\n")
            return body if head.startswith(b"HTTP/1.1 200 OK\r\n") else None
        return None

    @property
    def process(self) -> t.Optional[int]:
        """The process that listens on the port."""
        inodes = {
            line.split()[9]
            for name in ("tcp", "tcp6")
            for line in Path("/proc/net", name).read_text().splitlines()[1:]
            if line.split()[3] == "0A" and int(line.split()[1].rpartition(":")[2], 16) == self.port
        }
        for path in Path("/proc").glob("[0-9]*/fd/*"):
            with contextlib.suppress(OSError):
                if os.readlink(path)[8:-1] in inodes:
                    return int(path.parts[2])
        return None

    def wait(self, said: t.Sequence[str]) -> None:
        until = time.monotonic() + 15
        while self.said != list(said) and time.monotonic() < until:
            time.sleep(0.02)
        time.sleep(0.3)  # for a command that is run once too often
        assert self.said == list(said)
        assert self.get() is None


@pytest.fixture
def server(tmp_path: Path) -> t.Iterator[Standalone]:
    server = Standalone(tmp_path)
    yield server
    if server.process is not None:
        os.kill(server.process, signal.SIGKILL)


@pytest.mark.parametrize("version", [*WANTED, *(version for version in FOUND if version not in WANTED)])
def test_life(server: Standalone, version: str) -> None:
    if version not in FOUND:
        pytest.skip(f"NO PYTHON {version} HERE: name one in the environment variable PYTHONS")
    server.python = FOUND[version]
    assert server.show() == (True, None)
    assert server.get() == f"{TOKEN}.thumbprint".encode()
    assert server.said == ["stop"]
    assert server.show() == (False, None)
    assert server.hide() == (True, None)
    assert server.said == ["stop", "start"]
    assert server.hide() == (False, None)
    assert server.get() is None
    assert server.said == ["stop", "start"]


def test_every_address(server: Standalone) -> None:
    server.show(server.entry(address=None))
    assert server.get() is not None
    if socket.has_ipv6 and Path("/proc/net/if_inet6").exists():
        assert server.get(address="::1") is not None
    assert server.hide(server.entry(address=None)) == (True, None)


def test_time_out(server: Standalone) -> None:
    server.show(server.entry(seconds=1))
    assert server.get() is not None
    server.wait(["stop", "start"])
    assert server.hide() == (False, None)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_signals(server: Standalone, number: signal.Signals) -> None:
    server.show()
    process = server.process
    assert process is not None
    for _time in range(3):
        with contextlib.suppress(ProcessLookupError):
            os.kill(process, number)
    server.wait(["stop", "start"])


def test_the_caller_is_killed_while_the_service_stops(server: Standalone) -> None:
    """The service is started again at once: nobody would know of the server."""
    request = server.request(show=[server.entry(stop_command=server.command("stop", "sleep 1"))])
    with _caller(request) as process:
        _until(lambda: server.said == ["stop"])
        process.kill()
    server.wait(["stop", "start"])


def test_the_caller_is_killed_when_the_server_runs(server: Standalone) -> None:
    request = server.request(show=[server.entry(seconds=3), {"webroot": "/", "files": {}}])
    with _caller(request) as process:
        process.wait()
        assert server.get() is not None
    server.wait(["stop", "start"])


@contextlib.contextmanager
def _caller(request: Plain) -> t.Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, *INTERPRETER_ARGUMENTS]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL) as process:
        assert process.stdin is not None
        process.stdin.write(render_call(build_program(), request))
        process.stdin.close()
        yield process


def _until(function: t.Callable[[], bool]) -> None:
    limit = time.monotonic() + 15
    while not function():
        assert time.monotonic() < limit
        time.sleep(0.01)


def test_the_server_holds_nothing_of_its_caller(server: Standalone) -> None:
    server.show()
    process = server.process
    assert os.readlink(f"/proc/{process}/cwd") == "/"
    held = [os.readlink(path) for path in Path(f"/proc/{process}/fd").iterdir()]
    assert held.count("/dev/null") == 3
    assert {link.partition(":")[0] for link in held} <= {"/dev/null", "socket", "pipe"}
    assert sum(link.startswith("pipe") for link in held) == 2  # its own, for signals
    assert os.getsid(process or 0) not in (0, os.getsid(0))


def test_port_taken(server: Standalone, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", server.port))
        other.listen()
        changed, error = server.show(server.entry(stop_command=None))
    assert not changed and error is not None
    assert (error["code"], error["step"]) == ("port_taken", "bind")
    assert f"port {server.port} of 127.0.0.1" in error["detail"]
    assert server.said == ["start"]


def test_a_service_that_takes_its_time_to_stop(server: Standalone) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", server.port))
        other.listen()
        threading.Timer(1, other.close).start()
        assert server.show() == (True, None)
    assert server.get() is not None


def test_another_program_on_the_port_is_left_alone(server: Standalone) -> None:
    """Hiding asks who is there, and a stranger is not told the secret."""
    heard: t.List[bytes] = []
    with socket.socket() as other:
        other.bind(("127.0.0.1", server.port))
        other.listen()

        def serve() -> None:
            with contextlib.suppress(OSError):
                while True:
                    client, _address = other.accept()
                    heard.append(client.recv(65536))
                    client.sendall(b"HTTP/1.1 200 OK\r\n\r\n{}")
                    client.close()

        threading.Thread(target=serve, daemon=True).start()
        assert server.hide() == (False, None)
        other.shutdown(socket.SHUT_RDWR)
    assert len(heard) == 1 and SECRET.encode() not in heard[0]


@pytest.mark.parametrize("fails", [["/bin/false"], ["/nonexistent/program"], "/bin/sh -c 'echo no >&2; exit 3'"])
def test_a_stop_command_that_fails(server: Standalone, fails: t.Any) -> None:
    changed, error = server.show(server.entry(stop_command=fails))
    assert not changed and error is not None
    assert (error["code"], error["step"]) == ("command_failed", "stop")
    assert error["detail"].startswith("stop_command failed (")
    assert ("exit code 3: no" in error["detail"]) == (fails not in (["/bin/false"], ["/nonexistent/program"]))
    assert server.said == ["start"]
    assert server.get() is None


def test_a_start_command_that_fails(server: Standalone) -> None:
    entry = server.entry(start_command=server.command("start", "exit 4"))
    server.show(entry)
    _changed, error = server.hide(entry)
    assert error is not None and (error["code"], error["step"]) == ("command_failed", "start")
    assert "exit code 4" in error["detail"]
    assert server.said == ["stop", "start"]


def test_both_fail(server: Standalone) -> None:
    _changed, error = server.show(server.entry(stop_command=["/bin/false"], start_command=["/nonexistent"]))
    assert error is not None
    assert "stop_command failed" in error["detail"] and "Then start_command failed" in error["detail"]


def test_a_command_that_hangs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commands, "PATIENCE", 0.2)
    started = time.monotonic()
    with pytest.raises(commands.StoreError, match="took over"):
        commands.run_command(["/bin/sh", "-c", "sleep 30 & wait"], "stop_command", "stop")
    assert time.monotonic() - started < 5


def test_a_service_that_stays_in_the_background_is_not_waited_for(server: Standalone) -> None:
    entry = server.entry(start_command=["/bin/sh", "-c", f"sleep 5 & echo start >> {server.log}"])
    server.show(entry)
    started = time.monotonic()
    assert server.hide(entry) == (True, None)
    assert time.monotonic() - started < 4


def test_several_runs_share_a_server(server: Standalone) -> None:
    """Hosts of one play that are proven by the same one: the last of them ends it."""
    one, other = server.entry(), server.entry("other")
    assert server.show(one) == (True, None)
    assert server.show(other) == (True, None)
    assert server.get() and server.get("other")
    assert server.hide(one) == (True, None)
    assert server.get() is None and server.get("other")
    assert server.hide(one) == (False, None)
    assert server.hide(other) == (True, None)
    assert server.said == ["stop", "start"]


def test_several_runs_start_at_once(server: Standalone) -> None:
    entries = [server.entry(f"token{number}", stop_command=server.command("stop", "sleep 0.3")) for number in range(4)]
    answers: t.List[t.Any] = []
    threads = [threading.Thread(target=lambda each=each: answers.append(server.show(each))) for each in entries]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [(True, None)] * 4
    assert server.said == ["stop"]
    assert all(server.get(f"token{number}") for number in range(4))
    for each in entries:
        server.hide(each)
    assert server.said == ["stop", "start"]


def test_another_secret_changes_nothing(server: Standalone) -> None:
    server.show()
    assert server.hide(server.entry(secret="f" * 32)) == (False, None)
    assert server.get() is not None


def test_check_mode(server: Standalone) -> None:
    assert server.ask(show=[server.entry()], check=True)["changed"] is False
    assert server.get() is None
    server.show()
    assert server.ask(hide=[server.entry()], check=True)["changed"] is False
    assert server.get() is not None
    assert server.said == ["stop"]


@pytest.mark.parametrize(
    "bad",
    [
        {"port": 0},
        {"port": 65536},
        {"port": "80"},
        {"port": True},
        {"seconds": -1},
        {"secret": None},
        {"secret": "short"},
        {"secret": "../" * 10},
        {"stop_command": "unbalanced '"},
        {"start_command": "  "},
    ],
)
def test_wrong_calls(server: Standalone, bad: Plain) -> None:
    for operation in (server.show, server.hide):
        _changed, error = operation(server.entry(**bad))
        assert error is not None and error["code"] == "bad_call"
    assert server.said == []


@pytest.mark.parametrize("address", ["192.0.2.1", "no such host", "a" * 300])
def test_an_address_that_is_not_the_host_s(server: Standalone, address: str) -> None:
    _changed, error = server.show(server.entry(address=address))
    assert error is not None and error["code"] == "bad_address"
    assert server.said == ["stop", "start"]


def test_no_permission_for_a_low_port(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    error = daemon._explained(PermissionError(13, "Permission denied"), standalone.Options({"secret": SECRET}))
    assert (error.code, error.detail) == ("no_permission", "No permission for port 80: run the task with become.")


# What the server says to strangers.


@pytest.fixture
def shown(server: Standalone) -> Standalone:
    assert server.show() == (True, None)
    return server


@pytest.mark.parametrize("version", ["1.0", "1.1"])
def test_methods(shown: Standalone, version: str) -> None:
    body = f"{TOKEN}.thumbprint".encode()
    got = shown.talk(f"GET {PATH}{TOKEN} HTTP/{version}\r\n\r\n".encode())
    head = shown.talk(f"HEAD {PATH}{TOKEN} HTTP/{version}\r\n\r\n".encode())
    assert got == head + body
    assert head.split(b"\r\n") == [
        b"HTTP/1.1 200 OK",
        b"Content-Type: application/octet-stream",
        b"Content-Length: %d" % len(body),
        b"Connection: close",
        b"",
        b"",
    ]


@pytest.mark.parametrize(
    "line",
    [
        "GET / HTTP/1.1",
        f"GET {PATH} HTTP/1.1",
        f"GET {PATH}{TOKEN}x HTTP/1.1",
        f"GET {PATH}../acme-challenge/{TOKEN} HTTP/1.1",
        f"GET {PATH}{TOKEN}?sEcReT HTTP/1.1",
        f"GET http://sEcReT{PATH}{TOKEN} HTTP/1.1",
        f"POST {PATH}{TOKEN} HTTP/1.1",
        f"DELETE {PATH}{TOKEN} HTTP/1.1",
        f"GET {PATH}{TOKEN} HTTP/2",
        f"GET {PATH}{TOKEN}",
        "GET /../../etc/passwd HTTP/1.1",
        f"GET /.well-known/certfleet/{SECRET} HTTP/1.1",
        "POST /.well-known/certfleet/ HTTP/1.1",
        "POST /.well-known/certfleet/" + "f" * 32 + " HTTP/1.1",
        "\x16\x03\x01sEcReT",
        "",
    ],
)
def test_everything_else_is_not_found(shown: Standalone, line: str) -> None:
    answer = shown.talk(f"{line}\r\nX-Header: sEcReT\r\n\r\n".encode())
    assert answer.startswith(b"HTTP/1.1 404 Not Found\r\n") and answer.endswith(b"\r\n\r\n")
    assert b"sEcReT" not in answer and b"certfleet" not in answer
    assert shown.get() is not None


@pytest.mark.parametrize("body", [b"\n", b"{\n", b"[]\n", b'{"show": 1}\n', b'{"show": {"a": 1}, "hide": {}}\n'])
def test_an_order_that_makes_no_sense(shown: Standalone, body: bytes) -> None:
    assert shown.talk(b"POST /.well-known/certfleet/" + SECRET.encode() + b" HTTP/1.1\r\n\r\n" + body) == b""
    assert shown.get() is not None


def test_a_request_that_has_no_end(shown: Standalone) -> None:
    with contextlib.suppress(ConnectionError):
        assert shown.talk(b"GET / HTTP/1.1\r\nX: " + b"x" * 1_000_000) == b""
    assert shown.get() is not None


def test_slow_clients_keep_nobody_waiting(shown: Standalone) -> None:
    """More of them than the server has room for: the oldest go."""
    with contextlib.ExitStack() as stack:
        for _number in range(serving.CONNECTIONS + 20):
            slow = stack.enter_context(socket.create_connection(("127.0.0.1", shown.port), timeout=5))
            slow.sendall(b"GET ")
        started = time.monotonic()
        for _time in range(20):
            assert shown.get() is not None
        assert shown.hide() == (True, None)
        assert time.monotonic() - started < 5


def test_a_client_that_says_nothing_is_dropped(shown: Standalone) -> None:
    with socket.create_connection(("127.0.0.1", shown.port), timeout=serving.PATIENCE + 5) as silent:
        started = time.monotonic()
        assert silent.recv(1) == b""
        assert serving.PATIENCE - 1 < time.monotonic() - started < serving.PATIENCE + 3


def test_a_request_in_pieces(shown: Standalone) -> None:
    with socket.create_connection(("127.0.0.1", shown.port), timeout=5) as client:
        for byte in f"GET {PATH}{TOKEN} HTTP/1.1\r\n\r\n".encode():
            client.sendall(bytes([byte]))
        assert client.recv(100).startswith(b"HTTP/1.1 200 OK")
