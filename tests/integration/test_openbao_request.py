# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""certificate_request on a real OpenBao: with a CSR, with a file of the host, with a key made in memory; under the policy file."""

from __future__ import annotations

import typing as t

import pytest
from cryptography import x509

from ansible_collections.certfleet.pki.tests.support.openbao import OpenBao
from ansible_collections.certfleet.pki.tests.support.openbao_plays import SIGN, asked_between, mark, operation, vault
from ansible_collections.certfleet.pki.tests.support.playbooks import Played, Site
from ansible_collections.certfleet.pki.tests.support.tasks import Task, named, shell

MAKE = (
    "openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout key.pem -out {name}.csr "
    "-subj /CN={name}.example.com -addext subjectAltName=DNS:{name}.example.com 2>/dev/null"
)
POLICY = """
allowed_domains: [web.example.com, app.example.com]
max_lifetime: 10d
key_types: [ecdsa]
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[OpenBao]:
    with OpenBao(tmp_path_factory.mktemp("openbao")) as server:
        yield server


@pytest.fixture(scope="module")
def story(server: OpenBao, tmp_path_factory: pytest.TempPathFactory) -> Played:
    directory = tmp_path_factory.mktemp("request")
    (directory / "policy.yml").write_text(POLICY)
    environment = {"CERTFLEET_POLICY_FILE": str(directory / "policy.yml")}
    return Site(directory).play(tasks(server), environment=environment, verbosity=4, diff=True)


def tasks(server: OpenBao) -> t.List[Task]:
    there = vault(server)

    def request(name: str, **options: t.Any) -> Task:
        return operation(name, "certificate_request", there, **options)

    memory = {"dns_names": ["app.example.com"], "key": {}, "return_private_key": True, "lifetime": "2d"}
    ready = {"name": "app", "directory": "{{ place }}/app", "private_key": "{{ made.private_key_pem }}"}
    ready |= {"certificate": "{{ made.certificate_pem }}", "chain": "{{ made.chain_pem }}", "ca": "{{ made.ca_pem }}"}
    return [
        shell("make", "; ".join(MAKE.format(name=name) for name in ("web", "evil"))),
        mark("start", server),
        named("file: check", request("", csr_path="{{ place }}/web.csr"), check_mode=True),
        named("memory: check", request("", **memory), check_mode=True),
        mark("checked", server),
        request("file", csr_path="{{ place }}/web.csr"),
        request("text", csr="{{ lookup('ansible.builtin.file', place ~ '/web.csr') }}", lifetime="9d"),
        named("memory", request("", **memory), register="made"),
        mark("issued", server),
        {"name": "install", "certfleet.pki.certificate_store": {"certificates": [ready]}, "no_log": True},
        request("evil", csr_path="{{ place }}/evil.csr", policy={"allowed_domains": ["*.example.com"]}),
        request("long", csr_path="{{ place }}/web.csr", lifetime="11d"),
        request("rsa", dns_names=["evil.example.com"], key={"type": "rsa"}, return_private_key=True),
        request("no permission", dns_names=["app.example.com"], key={}),
        request("no csr", csr_path="{{ place }}/nothing.csr"),
        mark("end", server),
        shell("verify", "openssl verify -CAfile app/ca.pem -untrusted app/chain.pem app/cert.pem"),
    ]


def test_issued(story: Played) -> None:
    for task in ("file", "text"):
        assert story[task].changed and not story[task].failed
        assert story[task].certificate["status"] == "issued"
        (certificate,) = x509.load_pem_x509_certificates(story[task].result["certificate_pem"].encode())
        assert int(story[task].certificate["request_id"], 16) == certificate.serial_number
    assert story["text"].certificate["public_key_sha256"] == story["file"].certificate["public_key_sha256"]


def test_a_key_in_memory_is_in_the_registered_result_only(story: Played) -> None:
    assert "private_key_pem" not in story["memory"].result
    assert "PRIVATE KEY" not in story.output
    assert story["install"].status == "ok"
    assert story["verify"].status == "ok"


def test_check_mode(story: Played) -> None:
    for task in ("file: check", "memory: check"):
        assert story[task].changed and not story[task].failed
        assert story[task].result["certificate_pem"] is None
        assert story[task].result.get("private_key_pem") is None


def test_the_policy_file_is_in_force(story: Played) -> None:
    words = {"evil": ["evil.example.com"], "long": ["11d", "10d"], "rsa": ["rsa", "evil.example.com"]}
    for task, expected in words.items():
        error = story[task].result["error"]
        assert error["kind"] == "policy"
        assert [word for word in expected if word not in error["detail"]] == []


def test_wrong_options(story: Played) -> None:
    assert story["no permission"].result["error"]["kind"] == "misconfigured"
    assert "return_private_key" in story["no permission"].result["msg"]
    assert story["no csr"].result["error"]["kind"] == "host"


def test_what_reaches_the_ca(server: OpenBao, story: Played) -> None:
    assert {task for _host, task, _message in story.failures} == {"evil", "long", "rsa", "no permission", "no csr"}
    assert asked_between(server, story, "start", "checked").count(SIGN) == 0
    assert asked_between(server, story, "checked", "issued").count(SIGN) == 3
    assert asked_between(server, story, "issued", "end").count(SIGN) == 0
