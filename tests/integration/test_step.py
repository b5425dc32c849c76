# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The authority `step` against a real step-ca, and its faults against a simulated one."""

from __future__ import annotations

import concurrent.futures
import dataclasses
import datetime
import json
import time
import typing as t

import pytest

pytest.register_assert_rewrite("ansible_collections.certfleet.pki.tests.support.authority_contract")

from ansible_collections.certfleet.pki.plugins.module_utils._authorities._base import (
    Context,
    Login,
    MemoryTokens,
    utc_now,
)
from ansible_collections.certfleet.pki.plugins.module_utils._authorities.step import StepAuthority
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
from ansible_collections.certfleet.pki.plugins.module_utils._model import CertificateReference
from ansible_collections.certfleet.pki.plugins.plugin_utils._session_cache import FileTokens
from ansible_collections.certfleet.pki.tests.support.authority_contract import (
    UNKNOWN_SERIAL,
    AuthorityContract,
    make_order,
    names_of,
    path_to_root,
    read,
    serial_of,
    validity,
)
from ansible_collections.certfleet.pki.tests.support.certificates import CertificateAuthority
from ansible_collections.certfleet.pki.tests.support.servers import free_port
from ansible_collections.certfleet.pki.tests.support.step_simulator import StepSimulator
from ansible_collections.certfleet.pki.tests.support.stepca_provisioners import StepProvisioners, encrypted_jwk


@pytest.fixture(scope="module")
def ca(tmp_path_factory):
    with StepProvisioners(tmp_path_factory.mktemp("step")) as ca:
        yield ca


@pytest.fixture
def simulated(tmp_path):
    with StepSimulator(tmp_path / "step") as simulated:
        yield simulated


def opened(ca: t.Any, context: Context | None = None, **options: t.Any) -> StepAuthority:
    return StepAuthority(ca.options(**options), context)


def failure(kind: type[PkiError], call: t.Callable[[], object]) -> PkiError:
    """Return the error of a call, which must be of one kind, in one sentence and without a token or key."""
    with pytest.raises(kind) as caught:
        call()
    error = caught.value
    assert error.kind == kind.kind
    AuthorityContract.is_one_sentence(error)
    assert "eyJ" not in f"{error!r} {error.as_dict()}"
    assert error.authority == "step"
    return error


def by_pem(issued: t.Any) -> CertificateReference:
    return CertificateReference(certificate_pem=issued.certificate_pem)


class _KeepsNothing(AuthorityContract):
    """What differs with a CA that keeps no certificates: it can be asked with the certificate only."""

    TIMEOUT = 4

    def references(self, issued):
        return [CertificateReference(certificate_pem=issued.certificate_pem)]

    def test_status_of_an_unknown_certificate(self, authority):
        told = authority.status(CertificateReference(serial_number=UNKNOWN_SERIAL))
        assert told.status == "unknown"
        assert "ask with the certificate itself" in told.detail
        failure(NotFound, lambda: authority.status(CertificateReference(request_id=self.UNKNOWN_REQUEST_ID)))
        stranger = CertificateAuthority("Stranger").issue(["www.example.com"]).pem
        failure(NotFound, lambda: authority.status(CertificateReference(certificate_pem=stranger)))

    def test_revoking_the_unknown_is_not_found(self, authority):
        """It takes any serial number, also one that it never gave out; a certificate of another CA is noticed here."""
        stranger = CertificateAuthority("Stranger").issue(["www.example.com"]).pem
        reference = CertificateReference(certificate_pem=stranger)
        failure(NotFound, lambda: authority.revoke(reference, reason="unspecified"))


class TestContractJwk(_KeepsNothing):
    @pytest.fixture
    def authority(self, ca):
        return opened(ca)

    @pytest.fixture
    def same_authority(self, ca):
        return opened(ca)

    @pytest.fixture
    def unavailable_authority(self, ca):
        return opened(ca, url=f"https://127.0.0.1:{free_port()}", timeout=3)

    def test_status_of_an_issued_certificate(self, authority):
        """This version has no CRL, so it can't be said that it is not revoked."""
        told = authority.status(by_pem(authority.request(self.make_order())))
        assert told.status == "unknown"
        assert "no CRL" in told.detail
        assert len(path_to_root(told.certificate_pem, told.chain_pem)) > 1

    def test_revoke_by_any_reference(self, authority, same_authority):
        """This version has no CRL, so the status does not tell; that it was revoked before, it does."""
        issued = authority.request(self.make_order())
        assert authority.revoke(by_pem(issued), reason="superseded") is True
        serial = CertificateReference(serial_number=serial_of(issued.certificate_pem))
        assert same_authority.revoke(serial, reason="superseded") is False


class TestContractX5c(TestContractJwk):
    @pytest.fixture
    def authority(self, ca):
        return opened(ca, provisioner="partners", auth={"x5c": ca.x5c()})

    @pytest.fixture
    def same_authority(self, ca):
        return opened(ca, provisioner="partners", auth={"x5c": ca.x5c()})


class TestContractNewer(_KeepsNothing):
    """The simulated CA has what newer servers have: intermediates and a CRL."""

    @pytest.fixture
    def authority(self, simulated):
        return opened(simulated)

    @pytest.fixture
    def same_authority(self, simulated):
        return opened(simulated)

    @pytest.fixture
    def unavailable_authority(self, simulated):
        return opened(simulated, url=f"https://127.0.0.1:{free_port()}", timeout=3)

    def test_chain_is_shown_with_the_crl(self, authority):
        assert authority.chain().crl_urls == (f"{authority._url}/1.0/crl",)


class TestTrust:
    def test_only_the_pinned_root_is_trusted(self, ca):
        """Nobody is asked anything before the fingerprint has been compared."""
        error = failure(Misconfigured, lambda: opened(ca, fingerprint="ab" * 32).request(make_order()))
        assert "fingerprint" in error.message

    def test_fingerprint_as_step_and_openssl_print_it(self, ca):
        pairs = [ca.fingerprint[at : at + 2].upper() for at in range(0, 64, 2)]
        assert opened(ca, fingerprint=":".join(pairs)).request(make_order()).certificate_pem

    def test_bundle_instead_of_the_fingerprint(self, ca):
        authority = opened(ca, fingerprint=None, ca_bundle=ca.ca_bundle)
        issued = authority.request(make_order())
        assert len(path_to_root(issued.certificate_pem, issued.chain_pem)) == 3

    def test_without_trust(self, ca):
        failure(Misconfigured, lambda: opened(ca, fingerprint=None).request(make_order()))

    def test_somebody_else_answers_with_the_root(self, ca, tmp_path):
        """Who shows the right root but has no certificate from it gets nothing, least of all a token."""

        class Impostor(StepSimulator):
            def handle(self, call):
                if call.path.startswith("/root/"):
                    self.calls.append(call)
                    return self._reply_root()
                return super().handle(call)

            def _reply_root(self):
                from ansible_collections.certfleet.pki.tests.support.simulators import Reply

                return Reply(200, {"ca": ca.root_pem()})

        with Impostor(tmp_path / "impostor") as impostor:
            authority = opened(ca, url=impostor.url, timeout=3)
            failure(Misconfigured, lambda: authority.request(make_order()))
            assert impostor.count() == 1

    def test_root_is_fetched_once_for_all_forks(self, ca, tmp_path, monkeypatch):
        from ansible_collections.certfleet.pki.plugins.module_utils._step import _trust

        fetched, really = [], _trust._fetched_root
        monkeypatch.setattr(_trust, "_fetched_root", lambda *given: fetched.append(1) or really(*given))

        def fork(_number: int) -> str:
            return opened(ca, Context(tokens=FileTokens(tmp_path, b"k" * 32))).request(make_order()).certificate_pem

        with concurrent.futures.ThreadPoolExecutor(6) as pool:
            assert len(set(pool.map(fork, range(6)))) == 6
        assert len(fetched) == 1

    def test_kept_root_is_compared_again(self, ca):
        tokens = MemoryTokens()
        forged = CertificateAuthority("Forged").pem
        tokens.get(f"step:root:{ca.url}:{ca.fingerprint}", lambda: Login(forged))
        failure(Misconfigured, lambda: opened(ca, Context(tokens=tokens)).request(make_order()))


class TestKeys:
    @pytest.mark.parametrize("form", ["jwk", "path", "jwe", "pem"])
    def test_every_form_of_the_key(self, ca, tmp_path, form):
        from ansible_collections.certfleet.pki.tests.support.certificates import to_pem

        path = tmp_path / "key.jwk"
        path.write_text(ca.key_jwk())
        given = {
            "jwk": {"key": ca.key_jwk()},
            "path": {"key": str(path)},
            "jwe": {"key": encrypted_jwk(ca.key_jwk(), "pw"), "password": "pw"},
            "pem": {"key": to_pem(ca.provisioner_key)},
        }
        authority = opened(ca, provisioner="keyless", auth={"jwk": given[form]})
        issued = authority.request(make_order())
        assert authority.revoke(by_pem(issued), reason="cessation_of_operation") is True

    def test_x5c_by_path_with_an_encrypted_key(self, ca, tmp_path):
        from cryptography.hazmat.primitives import serialization

        x5c = ca.x5c()
        (tmp_path / "client.pem").write_text(x5c["certificate"])
        key = serialization.load_pem_private_key(x5c["private_key"].encode(), None)
        locked = serialization.BestAvailableEncryption(b"pw")
        form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, locked)
        (tmp_path / "client.key").write_bytes(key.private_bytes(*form))
        paths = {"certificate": str(tmp_path / "client.pem"), "private_key": str(tmp_path / "client.key")}
        auth = {"x5c": {**paths, "password": "pw"}}
        issued = opened(ca, provisioner="partners", auth=auth).request(make_order())
        assert names_of(read(issued.certificate_pem)) == {"www.example.com"}

    @pytest.mark.parametrize("kind", ["rsa", "ed25519", "ecdsa-p384"])
    def test_x5c_of_every_kind(self, ca, kind):
        auth = {"x5c": ca.x5c(key=kind)}
        assert opened(ca, provisioner="partners", auth=auth).request(make_order()).certificate_pem

    def test_x5c_that_the_provisioner_does_not_trust(self, ca):
        made = CertificateAuthority("Strangers").issue(["x"], extended_key_usage=["client_auth"])
        auth = {"x5c": {"certificate": made.pem, "private_key": made.key_pem}}
        failure(Unauthorized, lambda: opened(ca, provisioner="partners", auth=auth).request(make_order()))

    def test_key_of_another_provisioner(self, ca, simulated):
        auth = simulated.options()["auth"]
        error = failure(Misconfigured, lambda: opened(ca, auth=auth).request(make_order()))
        assert "not the one of the provisioner" in error.message

    def test_wrong_password(self, ca):
        auth = {"jwk": {"password": "Tr0ub4dor"}}
        error = failure(Unauthorized, lambda: opened(ca, auth=auth).request(make_order()))
        assert "Tr0ub4dor" not in f"{error.as_dict()}"

    @pytest.mark.parametrize(("name", "words"), [("nope", "there are: acme"), ("partners", "no JWK provisioner")])
    def test_provisioner_that_does_not_exist(self, ca, name, words):
        assert words in failure(Misconfigured, opened(ca, provisioner=name).policy).message

    def test_clock_that_is_wrong(self, ca):
        context = Context(clock=lambda: utc_now() - datetime.timedelta(hours=1))
        error = failure(Unauthorized, lambda: opened(ca, context).request(make_order()))
        assert "clocks" in error.message

    def test_host_that_is_not_the_cas(self, ca):
        """The token names the host in url, and the CA knows its own names only."""
        url = ca.url.replace("127.0.0.1", "127.1")
        authority = opened(ca, url=url, fingerprint=None, validate_certs=False)
        assert "dnsNames" in failure(Unauthorized, lambda: authority.request(make_order())).message


class TestSigning:
    def test_every_kind_of_name(self, ca):
        order = make_order(dns=["www.example.com", "*.example.com"], ip=["192.0.2.1", "2001:db8::1"])
        issued = opened(ca).request(order)
        assert names_of(read(issued.certificate_pem)) == set(order.names)
        fitted = check_answer(issued, order, now=utc_now(), trust_anchors=(ca.root_pem(),))
        assert fitted.ca_pem == ca.root_pem()
        assert fitted.warnings == ()

    def test_no_common_name(self, ca):
        issued = opened(ca).request(make_order(common_name=None))
        assert names_of(read(issued.certificate_pem)) == {"www.example.com"}

    def test_neither_names_nor_common_name(self, ca):
        order = make_order(dns=[], common_name=None)
        failure(Misconfigured, lambda: opened(ca).request(order))

    @pytest.mark.parametrize(("lifetime", "words"), [(86400, "at most 1h"), (60, "at least 5m")])
    def test_claims_of_the_provisioner(self, ca, lifetime, words):
        authority = opened(ca, provisioner="short")
        assert words in failure(Misconfigured, lambda: authority.request(make_order(lifetime=lifetime))).message
        assert authority.policy().max_lifetime == 3600
        start, end = validity(read(authority.request(make_order()).certificate_pem))
        assert 3600 <= (end - start).total_seconds() <= 3700

    def test_no_longer_than_the_x5c_certificate(self, ca):
        auth = {"x5c": ca.x5c(days=0.05)}
        authority = opened(ca, provisioner="partners", auth=auth)
        assert "auth.x5c" in failure(Misconfigured, lambda: authority.request(make_order(lifetime=7200))).message
        assert authority.request(make_order()).certificate_pem

    def test_request_that_does_not_fit_the_token(self, ca):
        order = dataclasses.replace(make_order(), common_name="other.example.com")
        error = failure(PolicyViolation, lambda: opened(ca).request(order))
        assert "common name" in error.detail
        order = dataclasses.replace(make_order(), names=make_order(dns=["other.example.com"]).names)
        failure(PolicyViolation, lambda: opened(ca).request(order))

    def test_malformed_csr_is_rejected(self, ca):
        failure(Rejected, lambda: opened(ca).request(dataclasses.replace(make_order(), csr_pem="nothing")))

    def test_small_rsa_key(self, ca):
        from cryptography.hazmat.primitives.asymmetric import rsa

        order = make_order(key=rsa.generate_private_key(65537, 1024))
        failure(PolicyViolation, lambda: opened(ca).request(order))
        assert opened(ca).policy().key_types["rsa"] == 2048

    def test_claims_of_the_whole_ca_are_its_own_to_check(self, ca):
        authority = opened(ca, provisioner="bare")
        assert authority.policy().max_lifetime is None
        error = failure(PolicyViolation, lambda: authority.request(make_order(lifetime=48 * 3600)))
        assert "24h" in error.detail

    def test_other_subject_fields_are_left_out_with_a_warning(self, ca):
        order = make_order(subject=[("organization", "Example")])
        fitted = check_answer(opened(ca).request(order), order, now=utc_now())
        assert any("organization" in warning for warning in fitted.warnings)

    def test_token_is_used_once(self, ca):
        """Two orders of one object are two tokens, else the second would be refused."""
        authority = opened(ca)
        assert authority.request(make_order()) != authority.request(make_order())

    def test_no_database(self, tmp_path):
        with StepProvisioners(tmp_path, database=False) as own:
            authority = opened(own)
            issued = authority.request(make_order())
            error = failure(Misconfigured, lambda: authority.revoke(by_pem(issued), reason="superseded"))
            assert "no database" in error.message

    def test_identity(self, ca):
        assert opened(ca).identity == f"step:{ca.url}/tests"
        assert opened(ca, url=ca.url + "/").identity == opened(ca).identity


class TestFaults:
    @pytest.mark.parametrize("status", [429, 500, 502, 503])
    @pytest.mark.parametrize("path", ["/1.0/provisioners", "/1.0/sign", "/1.0/roots"])
    def test_server_in_trouble(self, simulated, path, status):
        authority = opened(simulated, retries=0)
        simulated.fail(times=1, status=status, path=path)
        assert failure(Unavailable, lambda: authority.request(make_order())).http_status == status
        assert simulated.count("/1.0/sign") == (path == "/1.0/sign"), "nothing may fail after the CA has signed"
        assert authority.request(make_order()).certificate_pem

    def test_order_is_not_repeated(self, simulated):
        """It may have been carried out, and its token is used up."""
        authority = opened(simulated, retries=3)
        simulated.drop(before=False, path="/1.0/sign")
        failure(Unavailable, lambda: authority.request(make_order()))
        assert simulated.count("/1.0/sign") == 1
        simulated.fail(times=1, status=502, path="/1.0/sign")
        failure(Unavailable, lambda: authority.request(make_order()))
        assert simulated.count("/1.0/sign") == 2

    def test_too_many_requests_is_waited_out(self, simulated):
        simulated.fail(times=1, status=429, headers={"Retry-After": "1"}, path="/1.0/sign")
        assert opened(simulated).request(make_order()).certificate_pem

    def test_slow_server(self, simulated):
        authority = opened(simulated, timeout=1)
        simulated.slow(3, path="/1.0/sign")
        started = time.monotonic()
        failure(Unavailable, lambda: authority.request(make_order()))
        assert time.monotonic() - started < 2.5

    def test_dropped_revocation_is_found_done(self, simulated):
        authority = opened(simulated)
        issued = authority.request(make_order())
        simulated.drop(before=False, path="/1.0/revoke")
        failure(Unavailable, lambda: authority.revoke(by_pem(issued), reason="superseded"))
        assert authority.revoke(by_pem(issued), reason="superseded") is False
        told = authority.status(by_pem(issued))
        assert (told.status, told.revocation_reason) == ("revoked", "superseded")

    def test_wrong_certificate_is_noticed(self, simulated):
        authority, order = opened(simulated), make_order()
        simulated.swap = simulated.issue(make_order().csr_pem).pem
        issued = authority.request(order)
        with pytest.raises(PkiError) as caught:
            check_answer(issued, order, now=utc_now())
        assert caught.value.kind == "bad_certificate"

    def test_provisioner_on_the_second_page(self, simulated):
        assert opened(simulated).policy().max_lifetime == 86400
        assert simulated.count("/1.0/provisioners") == 2

    def test_no_crl(self, tmp_path):
        with StepSimulator(tmp_path / "step", crl=False) as simulated:
            authority = opened(simulated)
            assert authority.chain().crl_urls == ()
            assert "no CRL" in authority.status(by_pem(authority.request(make_order()))).detail

    @pytest.mark.parametrize("path", ["/1.0/provisioners", "/1.0/sign"])
    @pytest.mark.parametrize("body", ["<html>", "[]", json.dumps({"certChain": [""]}), None])
    def test_not_step_at_all(self, simulated, path, body):
        authority = opened(simulated)
        simulated.fail(status=200, body=body, path=path)
        assert "is not step-ca" in failure(Misconfigured, lambda: authority.request(make_order())).message

    def test_stopped_and_hanging(self, tmp_path):
        with StepProvisioners(tmp_path) as own:
            authority = opened(own, timeout=2)
            authority.request(make_order())
            with own.process.paused():
                failure(Unavailable, lambda: authority.request(make_order()))
            own.stop()
            failure(Unavailable, lambda: authority.request(make_order()))
            failure(Unavailable, lambda: opened(own, timeout=2).request(make_order()))
