# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which way to the host is taken when."""

from __future__ import annotations

import subprocess
import sys
import types
import typing as t
from pathlib import Path

import pytest

from ansible_collections.certfleet.pki.plugins.module_utils._errors import HostFailure
from ansible_collections.certfleet.pki.plugins.module_utils._host import given, program
from ansible_collections.certfleet.pki.plugins.plugin_utils._remote import Remote


class FakeAction:
    """What Remote uses of an action; the host is this machine. ``ways`` lists how it was called."""

    def __init__(self, *, pipelining: bool = True, takes_input: bool = True, su: bool = False) -> None:
        self.pipelining = pipelining
        self.ways: t.List[str] = []
        self.facts: t.Dict[str, str] = {}
        self.output: t.Optional[str] = None
        become = types.SimpleNamespace(pipelining=False) if su else None
        self._connection = types.SimpleNamespace(has_pipelining=takes_input, become=become)
        self._task = types.SimpleNamespace(check_mode=False, delegate_to=None)
        self._templar = types.SimpleNamespace(template=lambda value: value)

    def _is_pipelining_enabled(self, style: str) -> bool:
        return self.pipelining

    def _compute_environment_string(self) -> str:
        return ""

    def _low_level_execute_command(self, command: str, in_data: bytes) -> t.Dict[str, t.Any]:
        self.ways.append("stdin")
        done = subprocess.run(["/bin/sh", "-c", command], input=in_data, capture_output=True, check=False)
        return {"rc": done.returncode, "stdout": self.output or done.stdout.decode(), "stderr": done.stderr.decode()}

    def _execute_module(self, *, module_name: str, module_args: t.Any, task_vars: t.Any) -> t.Dict[str, t.Any]:
        self.ways.append("module")
        answer = program.run(given.request_of(module_args, False))
        return {"changed": False, "answer": given.encoded(answer, ()), "ansible_facts": self.facts}


KNOWN = {"ansible_python_interpreter": sys.executable}


def item(tmp_path: Path, **more: t.Any) -> t.Dict[str, t.Any]:
    return {"name": "web", "directory": str(tmp_path / "web"), "formats": ["pem"], **more}


@pytest.mark.parametrize(
    ("action", "variables", "more", "ways"),
    [
        ({}, KNOWN, {}, ["stdin"]),
        ({}, {"ansible_python_interpreter": "auto"}, {}, ["module"]),
        ({"pipelining": False}, KNOWN, {}, ["module"]),
        ({"pipelining": False}, KNOWN, {"passphrase": "correct horse"}, ["stdin"]),
        ({"pipelining": False}, KNOWN, {"keystore_passphrase": "correct horse"}, ["stdin"]),
        ({"pipelining": False, "takes_input": False}, KNOWN, {"passphrase": "correct horse"}, ["module"]),
        ({"pipelining": False, "su": True}, KNOWN, {"passphrase": "correct horse"}, ["module"]),
    ],
)
def test_the_way(
    tmp_path: Path, action: t.Dict[str, bool], variables: t.Dict[str, str], more: t.Dict[str, str], ways: t.List[str]
) -> None:
    fake = FakeAction(**action)
    (answer,) = Remote(fake, variables).call("inspected", [item(tmp_path, **more)])  # type: ignore[arg-type]
    assert fake.ways == ways
    assert (answer["name"], answer["current"], answer["error"]) == ("web", None, None)


def test_a_passphrase_never_goes_with_the_call_that_finds_the_interpreter(tmp_path: Path) -> None:
    fake = FakeAction(pipelining=False)
    fake.facts = {"discovered_interpreter_python": sys.executable}
    remote = Remote(fake, {"ansible_python_interpreter": "auto"})  # type: ignore[arg-type]
    remote.call("inspected", [item(tmp_path, passphrase="correct horse")])
    assert fake.ways == ["module", "stdin"]
    assert remote.passed_on["ansible_facts"] == fake.facts


def test_a_program_that_gives_no_answer_is_one_sentence_with_the_interpreter_s_words(tmp_path: Path) -> None:
    fake = FakeAction()
    remote = Remote(fake, {"ansible_python_interpreter": "/nowhere/python"})  # type: ignore[arg-type]
    with pytest.raises(HostFailure) as caught:
        remote.call("inspected", [item(tmp_path)])
    assert "\n" not in caught.value.message and "/nowhere/python" in caught.value.detail


TOKEN = "token"


@pytest.mark.parametrize("way", ["stdin", "module"])
def test_challenges_go_both_ways(tmp_path: Path, way: str) -> None:
    fake = FakeAction(pipelining=way == "stdin")
    remote = Remote(fake, KNOWN)  # type: ignore[arg-type]
    entry = {"webroot": str(tmp_path), "files": {TOKEN: f"{TOKEN}.thumbprint"}}
    missing = {"webroot": "/nonexistent/www", "files": {TOKEN: f"{TOKEN}.thumbprint"}}
    answers, told = remote.run("inspected", [], {"show": [missing, entry]})
    assert (answers, fake.ways) == ([], [way])
    assert told["show"][0]["code"] == "no_webroot" and told["show"][1] is None and told["changed"]
    assert (tmp_path / ".well-known" / "acme-challenge" / TOKEN).exists()
    assert remote.run("inspected", [item(tmp_path)], {"hide": [entry]})[1]["hide"] == [None]


def test_each_tells_what_became_of_challenges(tmp_path: Path) -> None:
    remote = Remote(FakeAction(), KNOWN)  # type: ignore[arg-type]
    heard: t.List[t.Any] = []
    entry = {"webroot": "/nonexistent/www", "files": {TOKEN: f"{TOKEN}.thumbprint"}}
    assert list(remote.each("present", [], {"show": [entry]}, hear=heard.append)) == []
    assert heard[0]["show"][0]["code"] == "no_webroot"
    assert list(remote.each("present", [], {}, hear=heard.append)) == []
    assert len(heard) == 1


@pytest.mark.parametrize(
    ("passphrase", "way"), [(None, "module"), ("correct horse", "stdin")], ids=["without", "with passphrase"]
)
def test_signatures(tmp_path: Path, passphrase: t.Optional[str], way: str) -> None:
    """A passphrase goes over standard input only, wherever that is possible."""
    fake = FakeAction(pipelining=False)
    wanted = {
        "private_key_path": str(tmp_path / "missing"),
        "passphrase": passphrase,
        "algorithm": "ES256",
        "data": "eA==",
    }
    (answer,) = Remote(fake, KNOWN).sign([wanted])  # type: ignore[arg-type]
    assert answer["error"]["code"] == "key_missing"
    assert fake.ways == [way]
