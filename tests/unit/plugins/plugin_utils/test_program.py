# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The program that goes over standard input, and the answer that comes back."""

from __future__ import annotations

import ast
import json
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.certfleet.pki.plugins.module_utils._errors import HostFailure
from ansible_collections.certfleet.pki.plugins.module_utils._host.program import STATES
from ansible_collections.certfleet.pki.plugins.plugin_utils._program import (
    BEGIN,
    END,
    INTERPRETER_ARGUMENTS,
    PACKAGE,
    build_program,
    check_challenges,
    check_signatures,
    parse_answer,
    parts_of,
    render_call,
)

PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(),
    lambda below: st.lists(below, max_size=3) | st.dictionaries(st.text(), below, max_size=3),
    max_leaves=8,
)


def _answer(payload):
    return f"\n{BEGIN}\n{json.dumps(payload)}\n{END}\n"


def _sources(program):
    """Return the modules in a program."""
    dictionaries = [
        node.value
        for node in ast.parse(program).body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Dict)
    ]
    return ast.literal_eval(dictionaries[0])


def _run(data, cwd="/"):
    return subprocess.run(
        [sys.executable, *INTERPRETER_ARGUMENTS], input=data, capture_output=True, check=False, cwd=cwd
    )


def test_made_once():
    assert build_program(frozenset({"inspected"})) is build_program(frozenset({"inspected"}))


@pytest.mark.parametrize("state", STATES)
def test_every_state_brings_the_modules_that_it_needs(state, tmp_path):
    """The collection is not installed where this runs: a missing module would be an error of the item."""
    item = {
        "name": "web",
        "directory": str(tmp_path / "web"),
        "install": {"from": "current"},
        "prepare": {"csr_config": ""},
    }
    result = _run(render_call(build_program(frozenset({state})), {"state": state, "certificates": [item]}))
    answer = parse_answer(result.stdout.decode())["certificates"][0]
    assert (answer["error"] or {}).get("code") != "internal"
    assert result.stderr == b""


def test_only_what_is_reached():
    def names(program):
        return {name.rpartition(".")[2] for name in _sources(program)}

    assert names(build_program(frozenset({"absent"}))).isdisjoint({"prepare", "openssl", "install", "given"})
    assert names(build_program(frozenset({"inspected"}))).isdisjoint({"install", "rollback", "remove", "given"})
    assert {"install", "prepare"} <= names(build_program(frozenset({"present", "prepared"})))
    extras = {"challenges", "webroot", "standalone", "daemon", "serving", "commands", "sign"}
    assert names(build_program(frozenset({"inspected", "prepared", "present", "absent"}))).isdisjoint(extras)
    assert extras - {"sign"} <= names(build_program(frozenset({"inspected", "challenges"})))
    assert "sign" in names(build_program(frozenset({"inspected", "signatures"})))
    assert names(build_program(frozenset({"inspected", "signatures"}))).isdisjoint(extras - {"sign"})
    deployment = {"deploy", "members", "retreat", "copies", "served", "starttls", "s_client", "live"}
    assert names(build_program(frozenset({"inspected", "prepared", "present"}))).isdisjoint(deployment)
    assert deployment - {"live"} <= names(build_program(frozenset({"present", "deploy"})))
    assert {"live", "copies", "served"} <= names(build_program(frozenset({"inspected", "live"})))
    keystores = {"keystores", "jks", "pkcs12"}
    assert names(build_program(frozenset({"inspected"}))).isdisjoint(keystores)
    assert keystores <= names(build_program(frozenset({"inspected", "keystores"})))
    assert keystores <= names(build_program(frozenset({"present"})))


@pytest.mark.parametrize(
    ("request_", "parts"),
    [
        ({"state": "inspected", "certificates": []}, {"inspected"}),
        ({"state": "inspected", "certificates": [{"formats": ["pem", "combined"]}, {}]}, {"inspected"}),
        ({"state": "inspected", "certificates": [{}, {"formats": ["pem", "jks"]}]}, {"inspected", "keystores"}),
        ({"state": "present", "certificates": [{"formats": ["pkcs12"]}]}, {"present", "keystores"}),
        (
            {"state": "present", "certificates": [{"state": "absent"}], "challenges": {}},
            {"present", "absent", "challenges"},
        ),
    ],
)
def test_the_parts_of_a_request(request_, parts):
    assert parts_of(request_) == parts


def test_sources_lose_nothing_but_words():
    """Without docstrings and comments every module is still the same program."""
    for name, source in _sources(build_program()).items():
        assert name.startswith(PACKAGE)
        assert '"""' not in source
        ast.parse(source, feature_version=(3, 6))


@settings(max_examples=200, deadline=None)
@given(PLAIN)
def test_any_content_arrives(value):
    text = render_call("", {"value": value})
    call = ast.parse(text.decode("ascii")).body[0].value
    assert json.loads(call.args[0].value) == {"value": value}


def test_awkward_content_arrives_on_the_host(tmp_path):
    name = "a'b\"c\\d\n\u2028\u00e4\U0001f600'''\"\"\"%s{}"
    request = {"state": "inspected", "certificates": [{"name": name, "directory": str(tmp_path / "x")}]}
    assert parse_answer(_run(render_call(build_program(), request)).stdout.decode())["certificates"][0]["name"] == name


def test_working_directory_is_not_imported_from(tmp_path):
    for name in ("os", "stat", "_sha2", "_sha256", "json", "errno"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('imported from the working directory')")
    result = _run(render_call(build_program(), {"state": "inspected", "certificates": []}), cwd=tmp_path)
    assert parse_answer(result.stdout.decode()) == {"changed": False, "certificates": []}


@pytest.mark.parametrize("noise", ["", "Welcome!\r\n", f"{BEGIN}\nfake\n", "\x1b[0m{}\n" * 3])
def test_answer_amid_noise(noise):
    text = noise + _answer({"changed": True, "certificates": []}) + "logout\n"
    assert parse_answer(text) == {"changed": True, "certificates": []}
    assert parse_answer(text.replace("\n", "\r\n"))["changed"] is True


@pytest.mark.parametrize(
    "text",
    [
        "",
        "sEcReT\n",
        f"{BEGIN}\n" + '{"sEcReT": ',
        f"{BEGIN}\nsEcReT\n{END}\n",
        _answer(["sEcReT"]),
        _answer({"sEcReT": 1}),
        _answer({"certificates": "sEcReT"}),
    ],
)
def test_anything_else_is_one_sentence_without_its_content(text):
    with pytest.raises(HostFailure) as caught:
        parse_answer(text)
    assert caught.value.message.endswith(".") and ". " not in caught.value.message
    assert "sEcReT" not in str(caught.value) and caught.value.__cause__ is None


def test_failure_of_the_program_is_repeated():
    with pytest.raises(HostFailure, match=r"^It can't be done\.$"):
        parse_answer(_answer({"failure": "It can't be done."}))
    broken = build_program().replace(f"from {PACKAGE}.program import run", "raise OSError('sEcReT')")
    with pytest.raises(HostFailure, match=r"^The host program failed with OSError: please report this\.$"):
        parse_answer(_run(render_call(broken, {})).stdout.decode())


ERROR = {"code": "io", "step": "show", "detail": "It is broken."}


@pytest.mark.parametrize("errors", [[None], [ERROR]])
def test_good_answer_to_challenges(errors):
    told = {"show": errors, "hide": [], "changed": True}
    answer = parse_answer(_answer({"certificates": [], "challenges": told}))
    assert check_challenges(answer, {"show": [{}]}) == told


def test_no_challenges():
    assert check_challenges({"certificates": []}, {}) == {"show": [], "hide": []}


@pytest.mark.parametrize(
    "told",
    [
        "sEcReT",
        [],
        {},
        {"show": [], "hide": []},
        {"show": [None], "hide": None, "changed": True},
        {"show": ["sEcReT"], "hide": [], "changed": True},
        {"show": [{"code": "io"}], "hide": [], "changed": True},
        {"show": [None], "hide": [], "changed": "sEcReT"},
    ],
)
def test_bad_answer_to_challenges(told):
    with pytest.raises(HostFailure, match=r"^The host's answer has the wrong form[^.]*\.$"):
        parse_answer(_answer({"certificates": [], "challenges": told}))


@pytest.mark.parametrize("told", [None, {"show": [], "hide": [], "changed": False}])
def test_too_few_answers_to_challenges(told):
    with pytest.raises(HostFailure):
        check_challenges({"certificates": [], "challenges": told}, {"show": [{}]})


@pytest.mark.parametrize("found", [{"signature": "MEUC"}, {"error": ERROR}])
def test_good_signatures(found):
    answer = parse_answer(_answer({"certificates": [], "signatures": [found]}))
    assert check_signatures(answer, 1) == [found]
    with pytest.raises(HostFailure):
        check_signatures(answer, 2)


@pytest.mark.parametrize("found", ["sEcReT", {}, {"signature": 1}, {"signature": None}, {"error": "sEcReT"}])
def test_bad_signatures(found):
    with pytest.raises(HostFailure, match=r"^The host's answer has the wrong form[^.]*\.$"):
        parse_answer(_answer({"certificates": [], "signatures": [found]}))
    with pytest.raises(HostFailure):
        check_signatures({"certificates": []}, 1)
