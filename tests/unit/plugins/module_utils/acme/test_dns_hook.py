# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Records that commands make: what they are told, and what becomes of those that fail, hang or leave something behind."""

from __future__ import annotations

import os
import signal
import threading
import time
import typing as t
from pathlib import Path

import pytest

from ansible_collections.certfleet.pki.plugins.module_utils import _registry
from ansible_collections.certfleet.pki.plugins.module_utils._acme import _dns_hook
from ansible_collections.certfleet.pki.plugins.module_utils._acme._dns import Record, Solver, open_solver
from ansible_collections.certfleet.pki.plugins.module_utils._errors import Misconfigured, Unavailable

RECORD = Record("example.com", "_acme-challenge.example.com", "value")
OTHER = Record("example.org", "_acme-challenge.example.org", "other")


def solver(present: t.Any = "true", cleanup: t.Any = "true", **options: t.Any) -> Solver:
    return open_solver({"hook": {"present": present, "cleanup": cleanup, **options}, "propagation_timeout": 0})


def shell(script: str) -> t.List[str]:
    return ["sh", "-c", script]


def test_the_record_is_in_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DNS_PROVIDER_TOKEN", "needed")
    monkeypatch.setenv("CERTBOT_DOMAIN", "somebody-elses.example")
    names = "CERTFLEET_RECORD_NAME CERTFLEET_RECORD_VALUE CERTFLEET_DOMAIN CERTBOT_DOMAIN CERTBOT_VALIDATION DNS_PROVIDER_TOKEN"
    script = f"for name in {names}; do eval echo \\$$name; done >{tmp_path}/told"
    solver(shell(script)).present([RECORD])
    domain, value = RECORD.domain, RECORD.value
    assert (tmp_path / "told").read_text().split() == [RECORD.name, value, domain, domain, value, "needed"]


def test_no_credential_of_a_ca_is_in_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    variables = sorted(_registry.environment_variables())
    assert "VAULT_TOKEN" in variables
    for name in variables:
        monkeypatch.setenv(name, "credential-of-a-ca")
    solver(shell(f"env >{tmp_path}/told")).present([RECORD])
    told = (tmp_path / "told").read_text()
    assert "credential-of-a-ca" not in told
    assert "PATH=" in told


def test_a_string_is_split_and_no_shell_is_run(tmp_path: Path) -> None:
    script = tmp_path / "with a blank"
    script.write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" >"{tmp_path}/told"\n')
    script.chmod(0o755)
    solver(f"'{script}' one 'two three' $HOME ; exit").present([RECORD])
    assert (tmp_path / "told").read_text().splitlines() == ["one", "two three", "$HOME", ";", "exit"]


def test_each_record_has_a_command_of_its_own_and_cleanup_is_the_other_one(tmp_path: Path) -> None:
    commands = [shell(f'echo "{what} $CERTBOT_DOMAIN" >>{tmp_path}/told') for what in ("present", "cleanup")]
    hooked = solver(*commands)
    hooked.present([RECORD, OTHER])
    hooked.remove([RECORD, OTHER])
    told = (tmp_path / "told").read_text().splitlines()
    assert told == ["present example.com", "present example.org", "cleanup example.com", "cleanup example.org"]


def test_no_records_start_no_command() -> None:
    solver("/no/such/program").present([])
    solver("/no/such/program").remove([])


@pytest.mark.parametrize("command", ["", "   ", [], "un'closed", ["a\0b"], None, [""]])
def test_what_is_no_command_is_told_before_anything_runs(command: t.Any) -> None:
    with pytest.raises(Misconfigured, match=r"^hook\.cleanup: .*\.$"):
        solver(cleanup=command)


@pytest.mark.parametrize(
    ("script", "text"),
    [
        ("echo first; echo the zone is locked. >&2; echo; exit 3", "ended with exit code 3: the zone is locked."),
        ("exit 1", "ended with exit code 1."),
        ("kill -9 $$", "ended with signal 9."),
        ("printf 'a\\033[31mb\\n'; exit 1", "ended with exit code 1: a [31mb."),
        ("yes | head -c 300000; echo end; exit 1", "ended with exit code 1: end."),
        ("head -c 9000 /dev/zero | tr '\\0' x; exit 1", f"ended with exit code 1: {'x' * 200}."),
        ("printf '\\377\\n'; exit 1", "ended with exit code 1: \ufffd."),
    ],
)
def test_a_failure_is_one_sentence_with_its_last_words(script: str, text: str) -> None:
    with pytest.raises(Unavailable) as caught:
        solver(shell(script)).present([RECORD])
    assert caught.value.message == f"The command sh for {RECORD.name} {text}"


@pytest.mark.parametrize("mode", [None, 0o644])
def test_a_program_that_can_not_be_run(tmp_path: Path, mode: t.Optional[int]) -> None:
    program = tmp_path / "hook"
    if mode is not None:
        program.touch(mode)
    with pytest.raises(Misconfigured, match=rf"^The command {program} can't be run on the controller \(.*\); .*\.$"):
        solver([str(program), "--token=secret"]).present([RECORD])


def test_arguments_are_not_quoted() -> None:
    with pytest.raises(Unavailable) as caught:
        solver(["sh", "-c", "exit 1", "--token=secret"]).present([RECORD])
    assert "secret" not in repr(caught.value.as_dict())


def test_presenting_stops_at_the_first_failure_and_removing_tries_all(tmp_path: Path) -> None:
    script = shell(f'echo "$CERTBOT_DOMAIN" >>{tmp_path}/told; exit 1')
    with pytest.raises(Unavailable, match=RECORD.name):
        solver(script).present([RECORD, OTHER])
    assert (tmp_path / "told").read_text().split() == ["example.com"]
    with pytest.raises(Unavailable, match=RECORD.name):
        solver(cleanup=script).remove([RECORD, OTHER])
    assert (tmp_path / "told").read_text().split() == ["example.com", "example.com", "example.org"]


def test_standard_input_is_closed() -> None:
    solver(shell('test -z "$(cat)"'), timeout=5).present([RECORD])


def alive(file: Path) -> bool:
    """Tell whether the process whose id is in the file is there, and not only waiting to be reaped."""
    stat = Path(f"/proc/{file.read_text().strip()}/stat")
    try:
        return stat.read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def until(condition: t.Callable[[], bool]) -> bool:
    end = time.monotonic() + 5
    while not condition() and time.monotonic() < end:
        time.sleep(0.01)
    return condition()


@pytest.mark.parametrize("trap", ["", "trap '' TERM; "])
def test_one_that_hangs_is_ended_with_all_that_it_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, trap: str
) -> None:
    monkeypatch.setattr(_dns_hook, "_GRACE", 0.2)
    script = f"{trap}echo asking the provider; sleep 60 & echo $! >{tmp_path}/child; echo $$ >{tmp_path}/self; wait; sleep 60"
    started = time.monotonic()
    with pytest.raises(Unavailable) as caught:
        solver(shell(script), timeout=1).present([RECORD])
    assert time.monotonic() - started < 5
    assert "was stopped after 1 seconds" in caught.value.message
    assert caught.value.message.endswith("raise hook.timeout: asking the provider.")
    assert until(lambda: not alive(tmp_path / "child"))
    assert not alive(tmp_path / "self")


def test_what_it_leaves_running_does_not_hold_us_up(tmp_path: Path) -> None:
    started = time.monotonic()
    solver(shell(f"sleep 30 & echo $! >{tmp_path}/child")).present([RECORD])
    assert time.monotonic() - started < 5
    assert alive(tmp_path / "child")
    os.kill(int((tmp_path / "child").read_text()), signal.SIGKILL)


def test_an_interruption_ends_the_command(tmp_path: Path) -> None:
    def interrupt(_signal: int, _frame: t.Any) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, interrupt)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.5)
        with pytest.raises(KeyboardInterrupt):
            solver(shell(f"echo $$ >{tmp_path}/self; exec sleep 30")).present([RECORD])
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert not alive(tmp_path / "self")


@pytest.mark.parametrize(("records", "together"), [([RECORD] * 4, False), ([RECORD, OTHER], True)])
def test_only_commands_for_different_names_run_at_once(tmp_path: Path, records: t.List[Record], together: bool) -> None:
    script = shell(f'echo "+ $(date +%s%N)" >>{tmp_path}/told; sleep 0.3; echo "- $(date +%s%N)" >>{tmp_path}/told')
    threads = [threading.Thread(target=solver(script).present, args=([record],)) for record in records]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    lines = sorted((tmp_path / "told").read_text().splitlines(), key=lambda line: line.split()[1])
    in_turn = ["+", "-"] * len(records)
    assert ([line[0] for line in lines] != in_turn) is together
