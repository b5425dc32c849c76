# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The single operations on a bastion that alone reaches OpenBao, over a real ssh connection."""

from __future__ import annotations

import sys
import typing as t
from pathlib import Path

import pytest
from cryptography import x509

from ansible_collections.certfleet.pki.tests.benchmark.sshd import SshServer, find_sshd
from ansible_collections.certfleet.pki.tests.support.openbao import OpenBao
from ansible_collections.certfleet.pki.tests.support.openbao_plays import SIGN, asked, lines, operation, vault
from ansible_collections.certfleet.pki.tests.support.playbooks import BOTH_WAYS, Played, Site
from ansible_collections.certfleet.pki.tests.support.tasks import certificate, named, shell

#: Stands in for the bastion's Python, which has a home directory of its own.
BASTION = """#!/bin/sh
HOME={home} exec {python} "$@"
"""
#: Address and token are in variables of the controller.
THERE: t.Mapping[str, t.Any] = {"vault": {"mount": "pki_int", "role": "web", "timeout": 4, "retries": 0}}
CSR = (
    "openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout key.pem -out {name}.csr "
    "-subj /CN={name} -addext subjectAltName=DNS:{name} 2>/dev/null"
)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[OpenBao]:
    with OpenBao(tmp_path_factory.mktemp("openbao")) as server:
        yield server


@pytest.fixture(scope="module")
def ssh(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[SshServer]:
    program = find_sshd()
    if program is None:
        pytest.skip("NOT TESTED: operations on a delegate; they need sshd, ssh and ssh-keygen")
    with SshServer(program, tmp_path_factory.mktemp("ssh") / "server") as ssh:
        yield ssh


class TestBastion:
    """It reaches OpenBao, the controller does not, and nobody reaches the host that the tasks are for."""

    @pytest.fixture(scope="class")
    @classmethod
    def site(cls, server: OpenBao, ssh: SshServer, tmp_path_factory: pytest.TempPathFactory) -> Site:
        directory = tmp_path_factory.mktemp("bastion")
        interpreter = directory / "python"
        home = directory / "hosts" / "bastion"
        interpreter.write_text(BASTION.format(home=home, python=sys.executable))
        interpreter.chmod(0o755)
        bastion = {**ssh.variables(), "ansible_pipelining": True, "ansible_python_interpreter": str(interpreter)}
        away = {"ansible_connection": "ssh", "ansible_port": 1, "ansible_python_interpreter": "/nonexistent/python"}
        return Site(directory, {"bastion": bastion, "away": away})

    @pytest.fixture(scope="class")
    @classmethod
    def story(cls, site: Site, server: OpenBao, ssh: SshServer) -> Played:
        by_serial = {"serial_number": "{{ issued.certificate.serial_number }}"}
        tasks = [
            shell("make a CSR", f"cd {site.place('bastion')} && " + CSR.format(name="web.example.com")),
            shell("make another", f"cd {site.place('bastion')} && " + CSR.format(name="www.example.com")),
            operation("info", "authority_info", THERE),
            named(
                "request: check",
                operation("", "certificate_request", THERE, csr_path="~/web.example.com.csr"),
                check_mode=True,
            ),
            operation("request", "certificate_request", THERE, csr_path="~/web.example.com.csr"),
            named("refused", operation("", "certificate_request", THERE, csr_path="~/www.example.com.csr")),
            named(
                "memory",
                operation(
                    "", "certificate_request", THERE, key={}, dns_names=["web.example.com"], return_private_key=True
                ),
            ),
            operation("status", "certificate_status", THERE, **by_serial),
            operation("retrieve", "certificate_retrieve", THERE, **by_serial),
            shell(
                "put it there", f"cd {site.place('bastion')} && echo '{{{{ issued.certificate_pem }}}}' > issued.pem"
            ),
            operation("revoke", "certificate_revoke", THERE, path="~/issued.pem"),
            operation("revoke: again", "certificate_revoke", THERE, path="~/issued.pem"),
            operation("status: revoked", "certificate_status", THERE, **by_serial),
            operation("no such file", "certificate_status", THERE, path="~/nothing.pem"),
        ]
        tasks = [named(task["name"], task, delegate_to="bastion") for task in tasks]
        tasks[4]["register"] = "issued"
        here = named(
            "from the controller", operation("", "authority_info", THERE), delegate_to="localhost", connection="local"
        )
        policy = site.directory / "policy.yml"
        policy.write_text("allowed_domains: [web.example.com]\n")
        environment = {
            **ssh.environment(),
            "CERTFLEET_POLICY_FILE": str(policy),
            "HTTP_PROXY": "http://127.0.0.1:9",
            "VAULT_ADDR": server.url,
            "VAULT_TOKEN": server.token(),
        }
        played = site.play([*tasks, here], hosts="away", environment=environment, verbosity=4)
        assert environment["VAULT_TOKEN"] not in played.output
        return played

    def test_what_fails(self, story: Played) -> None:
        assert {task for _host, task, _message in story.failures} == {
            "refused",
            "memory",
            "no such file",
            "from the controller",
        }
        assert story["from the controller"].result["error"]["kind"] == "unavailable"
        assert story["no such file"].result["error"]["kind"] == "host"

    def test_the_ca_is_asked_from_there(self, story: Played, server: OpenBao) -> None:
        for task in ("info", "request", "status"):
            assert story[task].result["certificate"]["authority_id"] == f"vault:{server.url}/pki_int/web"

    def test_issued_and_revoked(self, story: Played) -> None:
        assert story["request"].changed and story["request"].certificate["dns_names"] == ["web.example.com"]
        assert story["retrieve"].result["certificate_pem"] == story["request"].result["certificate_pem"]
        assert story["revoke"].changed and not story["revoke: again"].changed
        assert story["status"].certificate["status"] == "issued"
        assert story["status: revoked"].certificate["status"] == "revoked"

    def test_check_mode(self, story: Played) -> None:
        assert story["request: check"].changed
        assert story["request: check"].result["certificate_pem"] is None

    def test_the_controllers_policy_file_counts(self, story: Played) -> None:
        assert story["refused"].result["error"]["kind"] == "policy"
        assert "www.example.com" in story["refused"].result["msg"]


@pytest.mark.parametrize("way", BOTH_WAYS)
def test_over_ssh(server: OpenBao, ssh: SshServer, tmp_path: Path, way: str) -> None:
    """A host over ssh needs no more than a local one: the CA is asked by the controller, with its login."""
    site = Site(tmp_path, {"one": {**BOTH_WAYS[way], **ssh.variables(), "ansible_python_interpreter": sys.executable}})
    there = vault(server)
    before = lines(server)
    tasks = [certificate("issue", authority=there), certificate("again", authority=there)]
    reading = operation("status", "certificate_status", there, path="{{ place }}/web/cert.pem")
    played = site.play([*tasks, reading], environment=ssh.environment())
    assert played.failures == []
    assert played["issue"].changed and not played["again"].changed
    assert asked(server, before).count(SIGN) == 1
    installed = x509.load_pem_x509_certificate((site.place() / "web/cert.pem").read_bytes())
    assert format(installed.serial_number, "x") in played["status"].certificate["serial_number"]
