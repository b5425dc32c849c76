# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Plays that log in to a real OpenBao: every way there is, and never more often than needed."""

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest

from ansible_collections.certfleet.pki.tests.support.certificates import CertificateAuthority
from ansible_collections.certfleet.pki.tests.support.openbao import OpenBao
from ansible_collections.certfleet.pki.tests.support.openbao_plays import (
    LOGIN,
    SIGN,
    asked,
    asked_between,
    call,
    lines,
    mark,
    operation,
    vault,
)
from ansible_collections.certfleet.pki.tests.support.playbooks import BOTH_WAYS, Played, Site
from ansible_collections.certfleet.pki.tests.support.tasks import Task, certificate, certificates, named

REVOKE_LOGINS = "sys/leases/revoke-prefix/auth/approle/login"
PASSWORD = "correct horse battery staple"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[OpenBao]:
    with OpenBao(tmp_path_factory.mktemp("openbao")) as server:
        yield server


class TestEveryMethod:
    """Over TLS that only ``ca_bundle`` vouches for."""

    #: method: (where it logs in, how often while a play asks the CA twice)
    LOGINS: t.ClassVar[t.Mapping[str, t.Tuple[str, int]]] = {
        "token": ("", 0),
        "approle": ("auth/approle/login", 1),
        "wrapped": ("auth/approle/login", 1),
        "jwt": ("auth/jwt/login", 1),
        "jwt_env": ("auth/jwt/login", 1),
        "userpass": ("auth/userpass/login/joe", 1),
        "cert": ("auth/cert/login", 1),
    }

    @pytest.fixture(scope="class")
    @classmethod
    def server(cls, tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[OpenBao]:
        with OpenBao(tmp_path_factory.mktemp("openbao"), tls=True) as server:
            server.api("POST", "auth/userpass/users/joe", {"password": PASSWORD, "token_policies": ["pki"]})
            yield server

    @staticmethod
    def methods(server: OpenBao, directory: Path) -> t.Dict[str, t.Any]:
        """Return the option ``auth`` for each, and set up what the server has to know."""
        clients = CertificateAuthority("Clients")
        made = clients.issue(["ansible"], common_name="ansible", extended_key_usage=["client_auth"])
        (directory / "client.pem").write_text(made.pem)
        (directory / "client.key").write_text(made.key_pem or "")
        server.api("POST", "auth/cert/certs/web", {"certificate": clients.pem, "token_policies": ["pki"]})
        return {
            "token": {"token": server.token()},
            "approle": {"approle": server.approle(name="plain")},
            "wrapped": {"approle": server.wrapped_approle(name="wrapped")},
            "jwt": {"jwt": {"role": "ci", "jwt": server.jwt()}},
            "jwt_env": {"jwt": {"role": "ci", "jwt_env": "CI_JOB_TOKEN_OF_TEST"}},
            "userpass": {"userpass": {"username": "joe", "password": PASSWORD}},
            "cert": {"cert": {"certificate": f"{directory}/client.pem", "private_key": f"{directory}/client.key"}},
        }

    @pytest.fixture(scope="class")
    @classmethod
    def story(cls, server: OpenBao, tmp_path_factory: pytest.TempPathFactory) -> Played:
        directory = tmp_path_factory.mktemp("methods")
        tasks: t.List[Task] = []
        for name, auth in cls.methods(server, directory).items():
            there = {"vault": server.options(auth=auth)}
            tasks += [
                mark(f"{name}: before", server),
                operation(f"{name}: info", "authority_info", there),
                certificate(f"{name}: issue", name=name.replace("_", "-"), authority=there),
                mark(f"{name}: after", server),
            ]
        no_trust = {"vault": server.options(auth={"token": server.token()}, ca_bundle=None)}
        tasks.append(certificate("no trust", name="untrusted", authority=no_trust))
        return Site(directory).play(tasks, environment={"CI_JOB_TOKEN_OF_TEST": server.jwt()})

    @pytest.mark.parametrize("name", LOGINS)
    def test_it_issues_after_one_login(self, server: OpenBao, story: Played, name: str) -> None:
        assert story[f"{name}: info"].result["authority_info"]["policy"]["max_lifetime"] == "30d"
        assert story[f"{name}: issue"].certificate["action"] == "issued"
        path, times = self.LOGINS[name]
        log = asked_between(server, story, f"{name}: before", f"{name}: after")
        logins = [request for request in log if "/login" in request]
        assert logins == [f"update {path}"] * times
        assert log.count(SIGN) == 1

    def test_a_server_that_nothing_vouches_for(self, story: Played) -> None:
        result = story["no trust"]
        assert result.result["error"]["kind"] == "misconfigured"
        assert "ca_bundle" in result.result["msg"]


class TestEnvironment:
    """Defaults come from the controller's own environment, and from nowhere else."""

    THERE: t.ClassVar = {"vault": {"mount": "pki_int", "role": "web"}}

    def test_the_variables_of_vaults_own_tools(self, server: OpenBao, tmp_path: Path) -> None:
        environment = {"VAULT_ADDR": server.url, "VAULT_TOKEN": server.token()}
        tasks = [operation("info", "authority_info", self.THERE), certificate("issue", authority=self.THERE)]
        played = Site(tmp_path).play(tasks, environment=environment)
        assert played.failures == []
        assert played["issue"].certificate["authority_id"] == f"vault:{server.url}/pki_int/web"
        assert environment["VAULT_TOKEN"] not in played.output

    def test_openbaos_own_win(self, server: OpenBao, tmp_path: Path) -> None:
        environment = {"BAO_ADDR": server.url, "BAO_TOKEN": server.token()}
        wrong = {"VAULT_ADDR": "http://127.0.0.1:9", "VAULT_TOKEN": "wrong"}
        played = Site(tmp_path).play([certificate("issue", authority=self.THERE)], environment={**environment, **wrong})
        assert played.failures == []

    def test_an_option_wins_over_a_variable(self, server: OpenBao, tmp_path: Path) -> None:
        wrong = {"VAULT_ADDR": "http://127.0.0.1:9", "VAULT_TOKEN": "wrong"}
        played = Site(tmp_path).play([certificate("issue", authority=vault(server))], environment=wrong)
        assert played.failures == []

    def test_a_tasks_environment_is_the_hosts(self, server: OpenBao, tmp_path: Path) -> None:
        """It is for what runs on the host; the CA is not asked with what is in there."""
        theirs = {"VAULT_ADDR": server.url, "VAULT_TOKEN": server.token()}
        addressed = {"vault": {"mount": "pki_int", "role": "web", "url": server.url}}
        tasks = [
            named("no address", certificate("", authority=self.THERE), environment=theirs),
            named("no token", certificate("", authority=addressed), environment=theirs),
        ]
        played = Site(tmp_path).play(tasks)
        for task, words in (("no address", "VAULT_ADDR"), ("no token", "VAULT_TOKEN")):
            assert played[task].result["error"]["kind"] == "misconfigured"
            assert words in played[task].result["msg"]
            assert set(played[task].disk) <= {"web", "web/.lock"}


class TestManyHosts:
    """Twenty hosts, ten at a time: one login, as many signatures as certificates, then nothing at all."""

    HOSTS = 20

    @pytest.fixture(scope="class")
    @classmethod
    def story(cls, server: OpenBao, tmp_path_factory: pytest.TempPathFactory) -> t.Tuple[int, int, Played]:
        hosts = {f"host{number}": BOTH_WAYS["stdin"] for number in range(cls.HOSTS)}
        site = Site(tmp_path_factory.mktemp("hosts"), hosts)
        names = [{"name": name, "dns_names": ["{{ inventory_hostname }}.example.com"]} for name in ("web", "metrics")]
        tasks = [certificates("issue", *names, authority=vault(server))]
        before = lines(server)
        played = site.play(tasks, forks=10)
        assert played.failures == []
        issued = lines(server)
        again = site.play(tasks, forks=10)
        assert again.failures == []
        return before, issued, again

    def test_one_login_and_one_signature_for_each(self, server: OpenBao, story: t.Tuple[int, int, Played]) -> None:
        before, issued, _again = story
        log = asked(server, before, issued)
        assert [request for request in log if "/login" in request] == [LOGIN]
        assert log.count(SIGN) == 2 * self.HOSTS

    def test_steady_state_asks_nothing(self, server: OpenBao, story: t.Tuple[int, int, Played]) -> None:
        _before, issued, again = story
        assert asked(server, issued) == []
        assert sum(counts["changed"] for counts in again.recap.values()) == 0


class TestTokenThatDies:
    def test_revoked_between_two_tasks(self, server: OpenBao, tmp_path: Path) -> None:
        """One more login, and nobody notices."""
        there = {"authority": vault(server)}
        played = Site(tmp_path).play(
            [
                mark("start", server),
                certificate("one", name="one", **there),
                call("revoke", server, REVOKE_LOGINS),
                mark("revoked", server),
                certificate("two", name="two", **there),
                certificate("three", name="three", **there),
                mark("end", server),
            ]
        )
        assert played.failures == []
        assert played["two"].certificate["warnings"] == []
        assert asked_between(server, played, "start", "revoked").count(LOGIN) == 1
        log = asked_between(server, played, "revoked", "end")
        assert log.count(LOGIN) == 1
        assert "WARNING" not in played.stderr

    def test_revoked_while_many_hosts_use_it(self, server: OpenBao, tmp_path: Path) -> None:
        site = Site(tmp_path, {f"host{number}": BOTH_WAYS["stdin"] for number in range(6)})
        names = {"dns_names": ["{{ inventory_hostname }}.example.com"], "authority": vault(server)}
        tasks = [
            certificate("one", name="one", **names),
            named("revoke", call("", server, REVOKE_LOGINS), run_once=True),
            certificate("two", name="two", **names),
        ]
        before = lines(server)
        played = site.play(tasks, forks=6)
        assert played.failures == []
        assert asked(server, before).count(LOGIN) == 2
        assert len([result for result in played.results if result.changed and result.task == "two"]) == 6
