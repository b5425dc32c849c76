# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The base of all simulators: a strict server with faults on demand."""

from __future__ import annotations

import time

import pytest
import requests

from ansible_collections.certfleet.pki.tests.support.certificates import make_csr
from ansible_collections.certfleet.pki.tests.support.simulators import Answer, Call, Refused, Reply, Simulator, route


class Example(Simulator):
    done = 0

    @route("POST", r"/orders/(?P<profile>\w+)")
    def order(self, call: Call) -> Answer:
        body = self.fields(call, {"csr": str, "days": (int, float), "urgent": bool}, required=("csr",))
        self.done += 1
        return {"profile": call.match["profile"], "certificate": self.issue(body["csr"], days=body.get("days", 1)).pem}

    @route("GET", "/text")
    def text(self, call: Call) -> Answer:
        return Reply(202, "wait", {"Retry-After": "3"}, reason="Not Yet")

    @route("GET", "/no")
    def no(self, call: Call) -> Answer:
        raise Refused(404, {"error": "none"})

    @route("GET", "/broken")
    def broken(self, call: Call) -> Answer:
        raise ZeroDivisionError


@pytest.fixture
def folder(tmp_path):
    return tmp_path


@pytest.fixture
def example(folder):
    with Example(folder) as example:
        yield example
        example.violations.clear()


def send(example, method="GET", path="/text", **content):
    with requests.Session() as session:
        session.trust_env = False
        return session.request(method, example.url + path, verify=example.ca_bundle, timeout=5, **content)


def order(example, **fields):
    return send(example, "POST", "/orders/web", json={"csr": make_csr(["a.example.com"]).pem, **fields})


def test_issues_really(example):
    answer = order(example)
    assert answer.json()["profile"] == "web"
    assert "BEGIN CERTIFICATE" in answer.json()["certificate"]


def test_answers_as_it_was_told_to(example):
    answer = send(example)
    assert (answer.status_code, answer.reason, answer.text, answer.headers["Retry-After"]) == (
        202,
        "Not Yet",
        "wait",
        "3",
    )
    assert send(example, path="/no").json() == {"error": "none"}
    assert example.violations == []


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ({"json": {"csr": 1}}, "the field csr is a int"),
        ({"json": {"csr": "x", "days": True}}, "the field days is a bool"),
        ({"json": {"csr": "x", "urgent": "true"}}, "the field urgent is a str"),
        ({"json": {"csr": "x", "Days": 1}}, "the field Days is unknown"),
        ({"json": {}}, "the field csr is missing"),
        ({"json": []}, "not an object"),
        ({"data": "{}"}, "the content type is not application/json"),
        ({"data": "{", "headers": {"Content-Type": "application/json"}}, "the body is no JSON"),
    ],
)
def test_violation(example, content, told):
    assert send(example, "POST", "/orders/web", **content).status_code >= 400
    assert told in example.violations[0]
    assert example.done == 0


@pytest.mark.parametrize(("method", "path"), [("GET", "/nowhere"), ("PUT", "/text"), ("GET", "/text/more")])
def test_unknown_path_is_a_violation(example, method, path):
    assert send(example, method, path).status_code == 404
    assert example.violations == [f"{method} {path}: there is no such path"]


def test_defect_of_the_simulator_is_one(example):
    assert send(example, path="/broken").status_code == 500
    assert "ZeroDivisionError" in example.violations[0]


def test_violations_fail_the_test(folder):
    with pytest.raises(AssertionError, match="there is no such path"), Example(folder) as example:
        send(example, path="/nowhere")


def test_violations_do_not_hide_what_failed_first(folder):
    def go() -> None:
        with Example(folder) as example:
            send(example, path="/nowhere")
            raise KeyError

    with pytest.raises(KeyError):
        go()


def test_fails_as_often_as_asked_and_does_nothing(example):
    example.fail(times=2, status=429, headers={"Retry-After": "1"}, body={"error": "slow down"}, path="/orders")
    assert [order(example).status_code for _number in range(3)] == [429, 429, 200]
    assert example.done == 1
    assert example.count("/orders", "POST") == 3


def test_fault_of_another_path_waits(example):
    example.fail(path="/orders")
    assert send(example).status_code == 202
    assert order(example).status_code == 500


@pytest.mark.parametrize("before", [True, False])
def test_drop(example, before):
    example.drop(before=before)
    with pytest.raises(requests.ConnectionError):
        order(example)
    assert example.done == (0 if before else 1)


def test_slow(example):
    example.slow(0.3)
    started = time.monotonic()
    assert send(example).status_code == 202
    assert time.monotonic() - started >= 0.3


def test_without_tls(folder):
    with Example(folder, tls=False) as example:
        assert example.url.startswith("http://127.0.0.1:")
        assert send(example).status_code == 202
