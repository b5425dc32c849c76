# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The ACME servers of the tests themselves: each one validates for real and issues to a plain client.

None of the collection's code is used, so a failure here is the server's, or the machine's.
"""

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest
from acme import errors, messages
from cryptography import x509

from ansible_collections.certfleet.pki.tests.support.acmeeh import Acmeeh
from ansible_collections.certfleet.pki.tests.support.openbao import OpenBao
from ansible_collections.certfleet.pki.tests.support.openbao_acme import OpenBaoAcme
from ansible_collections.certfleet.pki.tests.support.pebble import Pebble, new_eab_key
from ansible_collections.certfleet.pki.tests.support.plain_acme import PlainClient
from ansible_collections.certfleet.pki.tests.support.servers import program
from ansible_collections.certfleet.pki.tests.support.stepca import StepCA


class TestMissingServers:
    def test_skip_the_test(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv("CI", raising=False)
        with pytest.raises(pytest.skip.Exception, match=r"no-such-server is needed .* apt-get install package"):
            program("no-such-server", package="package")

    def test_fail_in_ci(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("CI", "true")
        with pytest.raises(pytest.fail.Exception, match="no-such-server is needed"):
            program("no-such-server", package="package")


def nothing(*_: object) -> None:
    """Show no answer to a challenge."""


def names(pem: str) -> set[str]:
    found = x509.load_pem_x509_certificate(pem.encode()).extensions.get_extension_for_class(x509.SubjectAlternativeName)
    return set(found.value.get_values_for_type(x509.DNSName))


def serial(pem: str) -> int:
    return x509.load_pem_x509_certificate(pem.encode()).serial_number


@pytest.fixture(scope="module")
def pebble(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[Pebble]:
    with Pebble(tmp_path_factory.mktemp("pebble")) as server:
        yield server


class TestPebble:
    def test_http_01(self, pebble: Pebble) -> None:
        client = PlainClient(pebble.directory, pebble.ca_bundle)
        before = pebble.count("finalize")
        pem = client.issue(["a.example.com"], lambda _, token, content: pebble.challenges.add_http01(token, content))
        assert names(pem) == {"a.example.com"}
        assert pebble.count("finalize") > before
        assert len(pebble.challenges.http_requests("a.example.com")) == 3  # from three places, so it says
        assert pebble.certificate_status(serial(pem)) == "Valid"
        client.revoke(pem)
        assert pebble.certificate_status(f"{serial(pem):x}") == "Revoked"
        assert pebble.certificate_status(1) is None

    def test_dns_01(self, pebble: Pebble) -> None:
        def show(name, _token, value):
            return pebble.challenges.set_txt(name, value)

        pem = PlainClient(pebble.directory, pebble.ca_bundle).issue(["*.b.example.com"], show, challenge="dns-01")
        assert names(pem) == {"*.b.example.com"}
        assert pebble.challenges.dns_requests("_acme-challenge.b.example.com")

    def test_validates_for_real(self, pebble: Pebble) -> None:
        with pytest.raises(errors.ValidationError):
            PlainClient(pebble.directory, pebble.ca_bundle).issue(["c.example.com"], nothing)

    def test_resolves_names(self, pebble: Pebble) -> None:
        pebble.challenges.add_a("d.example.com", "127.0.0.9")  # where nobody listens
        with pytest.raises(errors.ValidationError):
            PlainClient(pebble.directory, pebble.ca_bundle).issue(
                ["d.example.com"], lambda _, token, content: pebble.challenges.add_http01(token, content)
            )

    def test_restart(self, tmp_path: Path) -> None:
        with Pebble(tmp_path, alternate_roots=1) as server:
            old = server.root_pem()
            assert old != server.root_pem(1)
            PlainClient(server.directory, server.ca_bundle)
            server.stop()
            with pytest.raises(OSError, match="refused"):
                server.root_pem()
            server.start()
            assert server.root_pem() != old
            assert server.count("newAccount") >= 1

    def test_external_account_binding_and_blocked_domains(self, tmp_path: Path) -> None:
        key = new_eab_key()
        with Pebble(tmp_path, eab_keys={"kid-1": key}, blocked_domains=["blocked.example"]) as server:
            with pytest.raises(messages.Error, match="externalAccountRequired"):
                PlainClient(server.directory, server.ca_bundle)
            with pytest.raises(messages.Error):
                PlainClient(server.directory, server.ca_bundle, eab=("kid-1", new_eab_key()))
            client = PlainClient(server.directory, server.ca_bundle, eab=("kid-1", key))
            with pytest.raises(messages.Error, match="rejectedIdentifier"):
                client.issue(["www.blocked.example"], nothing)


@pytest.fixture(scope="module")
def acmeeh(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[Acmeeh]:
    with Acmeeh(tmp_path_factory.mktemp("acmeeh"), renewal_share=1.0, days=2) as server:
        yield server


class TestAcmeeh:
    def test_http_01(self, acmeeh: Acmeeh) -> None:
        client = PlainClient(acmeeh.directory, acmeeh.ca_bundle)
        before = acmeeh.count("finalize")
        pem = client.issue(["a.example.com"], lambda _, token, content: acmeeh.challenges.add_http01(token, content))
        assert names(pem) == {"a.example.com"}
        assert acmeeh.count("finalize") == before + 1
        assert len(acmeeh.challenges.http_requests("a.example.com")) == 1
        assert acmeeh.certificate_status(serial(pem)) == "Valid"
        client.revoke(pem)
        assert acmeeh.certificate_status(serial(pem)) == "Revoked"

    def test_dns_01(self, acmeeh: Acmeeh) -> None:
        def show(name, _token, value):
            return acmeeh.challenges.set_txt(name, value)

        pem = PlainClient(acmeeh.directory, acmeeh.ca_bundle).issue(["*.b.example.com"], show, challenge="dns-01")
        assert names(pem) == {"*.b.example.com"}

    def test_validates_for_real(self, acmeeh: Acmeeh) -> None:
        with pytest.raises(errors.ValidationError):
            PlainClient(acmeeh.directory, acmeeh.ca_bundle).issue(["c.example.com"], nothing)

    def test_suggests_when_to_renew_and_survives_a_restart(self, acmeeh: Acmeeh) -> None:
        client = PlainClient(acmeeh.directory, acmeeh.ca_bundle)
        pem = client.issue(["d.example.com"], lambda _, token, content: acmeeh.challenges.add_http01(token, content))
        acmeeh.stop()
        acmeeh.start()
        leaf = x509.load_pem_x509_certificate(pem.encode())
        when, _wait = client.renewal_information(pem)
        assert leaf.not_valid_before_utc <= when <= leaf.not_valid_after_utc
        assert acmeeh.count("renewalInfo") == 1

    def test_external_account_binding(self, tmp_path: Path) -> None:
        with Acmeeh(tmp_path, eab_required=True) as server:
            with pytest.raises(messages.Error, match="externalAccountRequired"):
                PlainClient(server.directory, server.ca_bundle)
            PlainClient(server.directory, server.ca_bundle, eab=("kid-1", server.add_eab("kid-1")))


@pytest.fixture(scope="module")
def step_ca(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[StepCA]:
    with StepCA(tmp_path_factory.mktemp("step-ca")) as server:
        yield server


class TestStepCA:
    def test_http_01(self, step_ca: StepCA) -> None:
        client = PlainClient(step_ca.directory, step_ca.ca_bundle)
        pem = client.issue(["a.example.com"], lambda _, token, content: step_ca.challenges.add_http01(token, content))
        assert names(pem) == {"a.example.com"}
        assert step_ca.challenges.http_requests("a.example.com")
        client.revoke(pem)

    def test_dns_01(self, step_ca: StepCA) -> None:
        def show(name, _token, value):
            return step_ca.challenges.set_txt(name, value)

        pem = PlainClient(step_ca.directory, step_ca.ca_bundle).issue(["*.b.example.com"], show, challenge="dns-01")
        assert names(pem) == {"*.b.example.com"}

    def test_restart(self, step_ca: StepCA) -> None:
        client = PlainClient(step_ca.directory, step_ca.ca_bundle)
        step_ca.stop()
        step_ca.start()
        assert client.issue(["c.example.com"], lambda _, token, content: step_ca.challenges.add_http01(token, content))


@pytest.fixture(scope="module")
def openbao(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[OpenBao]:
    with OpenBao(tmp_path_factory.mktemp("openbao"), tls=True) as server:
        yield server


class TestOpenBao:
    def test_http_01(self, openbao: OpenBao) -> None:
        with OpenBaoAcme(openbao, role="web") as ca:
            client = PlainClient(ca.directory, ca.ca_bundle)
            pem = client.issue(["a.example.com"], lambda _, token, content: ca.challenges.add_http01(token, content))
            assert names(pem) == {"a.example.com"}
            client.revoke(pem)

    def test_dns_01_with_external_account_binding(self, openbao: OpenBao) -> None:
        with OpenBaoAcme(openbao, eab_required=True, http_01=False) as ca:

            def show(name, _token, value):
                return ca.challenges.set_txt(name, value)

            with pytest.raises(messages.Error, match="externalAccountRequired"):
                PlainClient(ca.directory, ca.ca_bundle)
            client = PlainClient(ca.directory, ca.ca_bundle, eab=ca.eab())
            assert names(client.issue(["*.b.example.com"], show, challenge="dns-01")) == {"*.b.example.com"}
