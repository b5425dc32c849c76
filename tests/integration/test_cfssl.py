# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The authority `cfssl` against a real `cfssl serve`, and its faults against a simulated one."""

from __future__ import annotations

import dataclasses
import json
import time
import typing as t

import pytest

pytest.register_assert_rewrite("ansible_collections.certfleet.pki.tests.support.authority_contract")

from ansible_collections.certfleet.pki.plugins.module_utils._authorities._base import utc_now
from ansible_collections.certfleet.pki.plugins.module_utils._authorities.cfssl import CfsslAuthority
from ansible_collections.certfleet.pki.plugins.module_utils._cfssl._wire import REASONS
from ansible_collections.certfleet.pki.plugins.module_utils._errors import (
    Misconfigured,
    NotFound,
    PkiError,
    PolicyViolation,
    Rejected,
    Unauthorized,
    Unavailable,
)
from ansible_collections.certfleet.pki.plugins.module_utils._fit import check_answer
from ansible_collections.certfleet.pki.plugins.module_utils._model import REVOCATION_REASONS, CertificateReference
from ansible_collections.certfleet.pki.tests.support.authority_contract import (
    UNKNOWN_SERIAL,
    AuthorityContract,
    make_order,
    path_to_root,
    read,
    serial_of,
)
from ansible_collections.certfleet.pki.tests.support.certificates import CertificateAuthority
from ansible_collections.certfleet.pki.tests.support.cfssl_server import CfsslServer
from ansible_collections.certfleet.pki.tests.support.cfssl_simulator import CfsslSimulator
from ansible_collections.certfleet.pki.tests.support.servers import free_port


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with CfsslServer(tmp_path_factory.mktemp("cfssl")) as server:
        yield server


@pytest.fixture
def simulated(tmp_path):
    with CfsslSimulator(tmp_path / "cfssl") as simulated:
        yield simulated


def opened(server: t.Any, **options: t.Any) -> CfsslAuthority:
    return CfsslAuthority(server.options(**options))


def failure(kind: type[PkiError], call: t.Callable[[], object]) -> PkiError:
    """Return the error of a call, which must be of one kind and in one sentence."""
    with pytest.raises(kind) as caught:
        call()
    error = caught.value
    assert error.kind == kind.kind
    AuthorityContract.is_one_sentence(error)
    assert error.authority == "cfssl"
    return error


def by_pem(issued: t.Any) -> CertificateReference:
    return CertificateReference(certificate_pem=issued.certificate_pem)


class _KeepsNothing(AuthorityContract):
    """What differs with a CA that gives out no certificate again: it can be asked with the certificate only."""

    LIFETIME = None
    TIMEOUT = 4

    def references(self, issued):
        return [CertificateReference(certificate_pem=issued.certificate_pem)]

    def test_status_of_an_unknown_certificate(self, authority):
        assert authority.status(CertificateReference(serial_number=UNKNOWN_SERIAL)).status == "unknown"
        failure(NotFound, lambda: authority.status(CertificateReference(request_id=self.UNKNOWN_REQUEST_ID)))
        stranger = CertificateAuthority("Stranger").issue(["www.example.com"]).pem
        failure(NotFound, lambda: authority.status(CertificateReference(certificate_pem=stranger)))


class TestContract(_KeepsNothing):
    @pytest.fixture
    def authority(self, server):
        return opened(server, profile="web", auth_key=server.auth_key)

    @pytest.fixture
    def same_authority(self, server):
        return opened(server, profile="web", auth_key=server.auth_key)

    @pytest.fixture
    def unavailable_authority(self, server):
        return opened(server, url=f"http://127.0.0.1:{free_port()}", timeout=3)

    def test_status_of_an_issued_certificate(self, authority):
        """This version has no CRL, so it can't be said that it is not revoked."""
        told = authority.status(by_pem(authority.request(self.make_order())))
        assert told.status == "unknown"
        assert "no CRL" in told.detail
        assert len(path_to_root(told.certificate_pem, told.chain_pem)) > 1

    @pytest.fixture(autouse=True)
    def real_server(self, server):
        self.server = server

    def test_revoke_by_any_reference(self, authority, same_authority):
        """This version has no CRL, so its database is looked at."""
        issued = authority.request(self.make_order())
        number = int(serial_of(issued.certificate_pem), 16)
        for reference in (by_pem(issued), CertificateReference(serial_number=serial_of(issued.certificate_pem))):
            assert authority.revoke(reference, reason="superseded") is True
            (row,) = (row for row in self.server.rows() if row["serial_number"] == str(number))
            assert (row["status"], row["reason"]) == ("revoked", 4)
        assert "no CRL" in authority.status(by_pem(issued)).detail

    def test_revoking_twice_changes_nothing(self, authority, server):
        """Without a CRL it can't be known that it was revoked; the server takes it again, with the new reason."""
        issued = authority.request(self.make_order())
        assert authority.revoke(by_pem(issued), reason="key_compromise") is True
        assert authority.revoke(by_pem(issued), reason="key_compromise") is True


class TestContractUnauthenticated(TestContract):
    @pytest.fixture
    def authority(self, server):
        return opened(server)

    @pytest.fixture
    def same_authority(self, server):
        return opened(server)


class TestContractNewer(_KeepsNothing):
    """The simulated server has what newer ones have: a CRL."""

    @pytest.fixture
    def authority(self, simulated):
        return opened(simulated)

    @pytest.fixture
    def same_authority(self, simulated):
        return opened(simulated)

    @pytest.fixture
    def unavailable_authority(self, simulated):
        return opened(simulated, url=f"https://127.0.0.1:{free_port()}", timeout=3)

    def test_revoking_the_unknown_is_not_found(self, authority):
        stranger = CertificateAuthority("Stranger").issue(["www.example.com"]).pem
        reference = CertificateReference(certificate_pem=stranger)
        failure(NotFound, lambda: authority.revoke(reference, reason="unspecified"))


class TestConnection:
    def test_tls(self, tmp_path):
        with CfsslServer(tmp_path, tls=True) as server:
            assert opened(server).request(make_order()).certificate_pem
            failure(Misconfigured, lambda: opened(server, ca_bundle=server.issuing.pem).request(make_order()))

    def test_mutual_tls(self, tmp_path):
        with CfsslServer(tmp_path, mutual=True) as server:
            assert opened(server, **server.client()).request(make_order()).certificate_pem
            with pytest.raises(PkiError):
                opened(server, timeout=3).request(make_order())

    def test_only_authenticated_profiles(self, tmp_path):
        with CfsslServer(tmp_path, open_profiles=False) as server:
            assert "auth_key" in failure(Misconfigured, lambda: opened(server).request(make_order())).message
            assert opened(server, auth_key=server.auth_key).request(make_order()).certificate_pem

    def test_no_database(self, tmp_path):
        with CfsslServer(tmp_path, database=False) as server:
            authority = opened(server)
            issued = authority.request(make_order())
            error = failure(Misconfigured, lambda: authority.revoke(by_pem(issued), reason="superseded"))
            assert "-db-config" in error.message


class TestSigning:
    def test_fits_the_order(self, server):
        order = make_order(dns=["www.example.com", "*.example.com"], ip=["192.0.2.1", "2001:db8::1"])
        issued = opened(server).request(order)
        fitted = check_answer(issued, order, now=utc_now(), trust_anchors=(server.root.pem,))
        assert fitted.chain_pem == server.issuing.pem
        assert fitted.warnings == ()

    def test_subject_is_kept(self, server):
        order = make_order(subject=[("organization", "Example"), ("country", "DE")])
        subject = read(opened(server).request(order).certificate_pem).subject.rfc4514_string()
        assert "O=Example" in subject
        assert "C=DE" in subject

    def test_policy_of_the_profile(self, server):
        policy = opened(server, profile="web").policy()
        assert (policy.max_lifetime, policy.extended_key_usages) == (604800, ("server_auth",))
        assert opened(server).policy().extended_key_usages == ("server_auth", "client_auth")

    def test_lifetime_is_the_profiles(self, server):
        authority = opened(server, profile="short")
        error = failure(Misconfigured, lambda: authority.request(make_order(lifetime=7200)))
        assert "(1h)" in error.message
        before = len(server.rows())
        assert authority.request(make_order(lifetime=3600)).certificate_pem
        assert len(server.rows()) == before + 1

    def test_name_that_the_profile_does_not_allow(self, server):
        authority = opened(server, profile="example")
        assert authority.request(make_order()).certificate_pem
        order = make_order(dns=["www.example.net"], common_name=None)
        failure(PolicyViolation, lambda: authority.request(order))

    def test_wrong_key(self, server):
        wrong = "c0ffee" * 5
        authority = opened(server, profile="web", auth_key=wrong)
        error = failure(Unauthorized, lambda: authority.request(make_order()))
        assert wrong not in f"{error!r} {error.as_dict()}"

    def test_key_is_missing_or_too_much(self, server):
        assert (
            "give auth_key"
            in failure(Misconfigured, lambda: opened(server, profile="web").request(make_order())).message
        )
        authority = opened(server, auth_key=server.auth_key)
        assert "leave auth_key out" in failure(Misconfigured, lambda: authority.request(make_order())).message

    @pytest.mark.parametrize("text", ["xyz", "abc", "env:KEY", "0x00"])
    def test_key_that_is_none(self, server, text):
        error = failure(Misconfigured, lambda: opened(server, auth_key=text))
        assert text not in error.message

    def test_malformed_csr_is_rejected(self, server):
        failure(Rejected, lambda: opened(server).request(dataclasses.replace(make_order(), csr_pem="nothing")))

    def test_identity(self, server):
        assert opened(server).identity == f"cfssl:{server.url}/"
        assert opened(server, profile="web", label="eu").identity == f"cfssl:{server.url}/web@eu"

    def test_every_reason_is_taken(self, server):
        assert set(REASONS) == set(REVOCATION_REASONS)
        authority = opened(server)
        issued = authority.request(make_order())
        for reason in REASONS:
            assert authority.revoke(by_pem(issued), reason=reason) is True
            number = str(int(serial_of(issued.certificate_pem), 16))
            (row,) = (row for row in server.rows() if row["serial_number"] == number)
            assert row["reason"] == REVOCATION_REASONS[reason]


class TestFaults:
    @pytest.mark.parametrize("status", [429, 500, 502, 503])
    @pytest.mark.parametrize("path", ["/info", "/authsign"])
    def test_server_in_trouble(self, simulated, path, status):
        authority = opened(simulated, retries=0)
        simulated.fail(times=1, status=status, path=path)
        assert failure(Unavailable, lambda: authority.request(make_order())).http_status == status
        assert simulated.count("/authsign") == (path == "/authsign"), "nothing may fail after the CA has signed"
        assert authority.request(make_order()).certificate_pem

    def test_order_is_not_repeated(self, simulated):
        authority = opened(simulated)
        simulated.drop(before=False, path="/authsign")
        failure(Unavailable, lambda: authority.request(make_order()))
        simulated.fail(times=1, status=502, path="/authsign")
        failure(Unavailable, lambda: authority.request(make_order()))
        assert simulated.count("/authsign") == 2

    def test_too_many_requests_is_waited_out(self, simulated):
        simulated.fail(times=1, status=429, headers={"Retry-After": "1"}, path="/authsign")
        assert opened(simulated).request(make_order()).certificate_pem

    def test_slow_server(self, simulated):
        authority = opened(simulated, timeout=1)
        simulated.slow(3, path="/authsign")
        started = time.monotonic()
        failure(Unavailable, lambda: authority.request(make_order()))
        assert time.monotonic() - started < 2.5

    def test_dropped_revocation_is_repeated(self, simulated):
        """It is the same the second time."""
        authority = opened(simulated)
        issued = authority.request(make_order())
        simulated.drop(before=False, path="/revoke")
        assert authority.revoke(by_pem(issued), reason="superseded") is True
        assert authority.revoke(by_pem(issued), reason="superseded") is False
        told = authority.status(by_pem(issued))
        assert (told.status, told.revocation_reason) == ("revoked", "superseded")

    def test_what_is_on_hold_can_become_final(self, simulated):
        authority = opened(simulated)
        reference = by_pem(authority.request(make_order()))
        told = [authority.revoke(reference, reason=reason) for reason in ("certificate_hold", "certificate_hold")]
        assert told == [True, False]
        assert authority.status(reference).revocation_reason == "certificate_hold"
        assert authority.revoke(reference, reason="key_compromise") is True
        assert authority.revoke(reference, reason="certificate_hold") is False
        assert authority.status(reference).revocation_reason == "key_compromise"

    def test_certificate_of_an_earlier_issuer_is_revoked(self, simulated):
        """The server knows it by its authority key id, although it signs with another certificate by now."""
        authority = opened(simulated)
        issued = authority.request(make_order())
        renewed = CertificateAuthority("Renewed Issuing CA", parent=simulated.ca.root, key=simulated.ca.key)
        simulated.ca = renewed
        assert opened(simulated).revoke(by_pem(issued), reason="superseded") is True

    def test_wrong_certificate_is_noticed(self, simulated):
        authority, order = opened(simulated), make_order()
        simulated.swap = simulated.issue(make_order().csr_pem).pem
        with pytest.raises(PkiError) as caught:
            check_answer(authority.request(order), order, now=utc_now())
        assert caught.value.kind == "bad_certificate"

    @pytest.mark.parametrize("path", ["/info", "/authsign"])
    @pytest.mark.parametrize("body", ["<html>", "[]", json.dumps({"success": True}), None])
    def test_not_cfssl_at_all(self, simulated, path, body):
        authority = opened(simulated)
        simulated.fail(status=200, body=body, path=path)
        assert "is not cfssl" in failure(Misconfigured, lambda: authority.request(make_order())).message

    def test_stopped_and_hanging(self, tmp_path):
        with CfsslServer(tmp_path) as own:
            authority = opened(own, timeout=2)
            authority.request(make_order())
            with own.process.paused():
                failure(Unavailable, lambda: authority.request(make_order()))
            own.stop()
            failure(Unavailable, lambda: authority.request(make_order()))
