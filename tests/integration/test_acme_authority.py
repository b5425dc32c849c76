# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The authority `acme` against a real Pebble that rejects nonces and validates for real."""

from __future__ import annotations

import concurrent.futures
import json
import stat
import time
import typing as t
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

pytest.register_assert_rewrite("ansible_collections.certfleet.pki.tests.support.authority_contract")

from ansible_collections.certfleet.pki.plugins.module_utils._acme._account_options import ACME_ACCOUNT
from ansible_collections.certfleet.pki.plugins.module_utils._acme._manage import manage
from ansible_collections.certfleet.pki.plugins.module_utils._authorities._base import Context, MemoryTokens, utc_now
from ansible_collections.certfleet.pki.plugins.module_utils._authorities.acme import AcmeAuthority
from ansible_collections.certfleet.pki.plugins.module_utils._errors import (
    Misconfigured,
    NotFound,
    PkiError,
    Rejected,
    Unauthorized,
    Unavailable,
)
from ansible_collections.certfleet.pki.plugins.module_utils._model import CertificateReference, Issued, Names, Pending
from ansible_collections.certfleet.pki.plugins.module_utils._operations import Call
from ansible_collections.certfleet.pki.plugins.module_utils._operations import info as operation_info
from ansible_collections.certfleet.pki.plugins.module_utils._waiting import wait_for
from ansible_collections.certfleet.pki.plugins.plugin_utils._session_cache import FileTokens
from ansible_collections.certfleet.pki.tests.support.authority_contract import (
    AuthorityContract,
    make_order,
    names_of,
    path_to_root,
    read,
)
from ansible_collections.certfleet.pki.tests.support.pebble import Pebble, new_eab_key
from ansible_collections.certfleet.pki.tests.support.servers import free_port

WEBROOT = {"http_01": {"webroot": "/srv/www"}}
DNS_HOOK = {"dns_01": {"hook": {"present": ["true"], "cleanup": ["true"]}, "propagation_timeout": 0}}
LIMIT = 30.0


@pytest.fixture(scope="module")
def ca(tmp_path_factory):
    with Pebble(tmp_path_factory.mktemp("pebble")) as ca:
        yield ca


@pytest.fixture
def options(ca, tmp_path):
    return options_for(ca, tmp_path)


def options_for(ca: Pebble, folder, **more: t.Any) -> dict[str, t.Any]:
    return {
        "directory": ca.directory,
        "ca_bundle": ca.ca_bundle,
        "account_key": str(folder / "account.pem"),
        "account_create": True,
        "terms_agreed": True,
        "challenge": WEBROOT,
        **more,
    }


def show(ca: Pebble, pending: Pending) -> None:
    """Be the host and the DNS."""
    for challenge in pending.challenges:
        if challenge.type == "http-01":
            ca.challenges.add_http01(challenge.token, challenge.content)
        else:
            ca.challenges.set_txt(f"_acme-challenge.{challenge.name}", challenge.content)


def finish(authority: AcmeAuthority, pending: Pending) -> Issued:
    """Have the CA look, and wait for the certificate."""
    authority.show(pending)
    answer = wait_for(authority, pending, timeout=LIMIT)
    assert isinstance(answer, Issued)
    return answer


def obtain(authority: AcmeAuthority, ca: Pebble, **order: t.Any) -> Issued:
    """Do all of it."""
    answer = authority.request(make_order(**order))
    if isinstance(answer, Issued):
        return answer
    show(ca, answer)
    return finish(authority, answer)


def failure(kind: type[PkiError], call: t.Callable[[], object]) -> PkiError:
    """Return the error of a call, which must be of one kind, in one sentence."""
    with pytest.raises(kind) as caught:
        call()
    AuthorityContract.is_one_sentence(caught.value)
    assert caught.value.authority == "acme"
    return caught.value


class Shown(AcmeAuthority):
    """Shows its challenges as the flow would, so that a request ends with a certificate."""

    ca: Pebble

    def request(self, order):
        answer = super().request(order)
        if isinstance(answer, Issued):
            return answer
        show(self.ca, answer)
        return finish(self, answer)


class TestContract(AuthorityContract):
    LIFETIME = 7200
    TIMEOUT = 5

    @pytest.fixture
    def authority(self, ca, options):
        authority = Shown(options)
        authority.ca = ca
        return authority

    @pytest.fixture
    def same_authority(self, authority):
        again = Shown(authority.options)
        again.ca = authority.ca
        return again

    @pytest.fixture
    def unavailable_authority(self, options):
        return AcmeAuthority({**options, "directory": f"https://127.0.0.1:{free_port()}/dir", "timeout": 3})

    def references(self, issued):
        """ACME knows no serial numbers."""
        return super().references(issued)[1:]

    def test_status_of_an_issued_certificate(self, authority):
        issued = authority.request(make_order())
        status = authority.status(CertificateReference(request_id=issued.request_id))
        assert status.status == "issued" and len(path_to_root(status.certificate_pem, status.chain_pem)) > 1
        alone = authority.status(CertificateReference(certificate_pem=issued.certificate_pem))
        assert alone.status == "unknown" and alone.detail

    def test_status_of_an_unknown_certificate(self, authority):
        for unknown in ("0000", f"{authority.options['directory']}/nothing", "https://elsewhere.example.com/order/1"):
            failure(NotFound, lambda: authority.status(CertificateReference(request_id=unknown)))  # noqa: B023

    @pytest.fixture(autouse=True)
    def real_server(self, ca):
        self.server = ca

    def test_revoke_by_any_reference(self, authority, same_authority):
        ca = self.server
        for number in range(2):
            issued = authority.request(make_order())
            assert authority.revoke(self.references(issued)[number], reason="superseded") is True
            assert ca.certificate_status(read(issued.certificate_pem).serial_number) == "Revoked"

    def test_revoking_the_unknown_is_not_found(self, authority, tmp_path):
        with Pebble(tmp_path / "other") as other:
            stranger = AcmeAuthority(options_for(other, tmp_path))
            foreign = obtain(stranger, other)
        failure(
            NotFound,
            lambda: authority.revoke(
                CertificateReference(certificate_pem=foreign.certificate_pem), reason="unspecified"
            ),
        )


def test_opening_does_nothing(tmp_path):
    options = {"directory": "letsencrypt", "account_key": str(tmp_path / "none.pem"), "account_create": True}
    authority = AcmeAuthority(options)
    assert authority.identity == "acme:https://acme-v02.api.letsencrypt.org/directory"
    assert AcmeAuthority({**options, "profile": "shortlived"}).identity.endswith("/directory@shortlived")
    assert list(tmp_path.iterdir()) == []


class TestOrders:
    def test_challenges_say_where_they_are_shown(self, options):
        pending = AcmeAuthority(options).request(make_order(dns=("www.example.com", "api.example.com")))
        assert {(one.type, one.name, one.hosting.webroot) for one in pending.challenges} == {
            ("http-01", "www.example.com", "/srv/www"),
            ("http-01", "api.example.com", "/srv/www"),
        }
        assert all(one.content.startswith(one.token + ".") for one in pending.challenges)

    def test_wildcard_by_dns(self, ca, options):
        issued = obtain(
            AcmeAuthority({**options, "challenge": DNS_HOOK}), ca, dns=("*.wild.example.com",), common_name=None
        )
        assert names_of(read(issued.certificate_pem)) == {"*.wild.example.com"}

    def test_address_by_http(self, ca, options):
        issued = obtain(AcmeAuthority(options), ca, dns=(), ip=("127.0.0.1",), common_name=None)
        assert names_of(read(issued.certificate_pem)) == {"127.0.0.1"}

    def test_authorized_before(self, tmp_path):
        with Pebble(tmp_path / "pebble", authz_reuse=100) as ca:
            authority = AcmeAuthority(options_for(ca, tmp_path))
            obtain(authority, ca)
            preauthorized = AcmeAuthority({**authority.options, "challenge": {"none": True}})
            assert isinstance(preauthorized.request(make_order()), Issued)

    def test_another_object_takes_an_order_up(self, ca, options):
        order = make_order()
        pending = AcmeAuthority(options).request(order)
        before = ca.count("newOrder")
        second = AcmeAuthority(options)
        again = second.resume(pending.request_id, order)
        assert again.challenges == pending.challenges
        show(ca, again)
        assert finish(second, again).request_id == pending.request_id
        third = AcmeAuthority(options).resume(pending.request_id, order)
        assert isinstance(third, Issued)
        assert ca.count("newOrder") == before

    def test_show_without_memory_of_the_order(self, ca, options):
        pending = AcmeAuthority(options).request(make_order())
        show(ca, pending)
        second = AcmeAuthority(options)
        second.show(pending)
        waits = wait_until(lambda: second.collect(pending.request_id), "ready")
        assert "waits for the task" in waits.detail

    def test_order_for_other_names_is_not_taken_up(self, options):
        authority = AcmeAuthority(options)
        pending = authority.request(make_order(dns=("victim.example.com",)))
        failure(NotFound, lambda: authority.resume(pending.request_id, make_order()))

    def test_order_of_another_account(self, options, tmp_path):
        pending = AcmeAuthority(options).request(make_order())
        other = AcmeAuthority({**options, "account_key": str(tmp_path / "other.pem")})
        failure(NotFound, lambda: other.resume(pending.request_id, make_order()))
        failure(NotFound, lambda: other.collect(pending.request_id))

    def test_cancelled_order(self, options):
        authority = AcmeAuthority(options)
        order = make_order()
        pending = authority.request(order)
        authority.cancel(pending.request_id)
        assert failure(Rejected, lambda: authority.resume(pending.request_id, order)).retryable
        status = authority.status(CertificateReference(request_id=pending.request_id))
        assert status.status == "rejected" and "www.example.com" in status.detail
        authority.cancel(pending.request_id)

    def test_pauses_grow(self, options):
        authority = AcmeAuthority(options)
        pending = authority.request(make_order())
        pauses = [authority.collect(pending.request_id).retry_after for _number in range(3)]
        assert pauses == [0.1, 0.4, 1.0]

    def test_preferred_chain(self, tmp_path):
        with Pebble(tmp_path / "pebble", alternate_roots=2) as ca:
            from cryptography.x509.oid import NameOID

            def common_name(pem):
                return read(pem).subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value

            wanted = common_name(ca.root_pem(2))
            authority = AcmeAuthority(options_for(ca, tmp_path, preferred_chain=wanted))
            issued = obtain(authority, ca)
            read(issued.chain_pem[-1]).verify_directly_issued_by(read(ca.root_pem(2)))
            assert issued.warnings == ()
            other = AcmeAuthority({**authority.options, "preferred_chain": "Nobody"})
            usual = other.collect(issued.request_id)
            assert usual.chain_pem != issued.chain_pem and "Nobody" in usual.warnings[0]


def wait_until(ask: t.Callable[[], t.Any], word: str) -> t.Any:
    deadline = time.monotonic() + LIMIT
    while time.monotonic() < deadline:
        answer = ask()
        if word in answer.detail:
            return answer
        time.sleep(0.1)
    raise AssertionError(f"it never became {word}")


class TestRefusedBeforeAnythingIsSent:
    def refused(self, ca, options, names: Names, *words: str) -> None:
        authority = AcmeAuthority(options)
        before = ca.count("newOrder")
        order = make_order()
        error = failure(Misconfigured, lambda: authority.request(type(order)(order.csr_pem, names, order.key)))
        assert all(word in error.message for word in words)
        assert ca.count("newOrder") == before

    def test_wildcard_with_http(self, ca, options):
        self.refused(ca, options, Names(dns=("*.example.com",)), "dns_01", "*.example.com")

    def test_address_with_dns(self, ca, options):
        self.refused(ca, {**options, "challenge": DNS_HOOK}, Names(ip=("192.0.2.1",)), "http_01", "192.0.2.1")

    def test_email_and_uri(self, ca, options):
        names = Names(dns=("a.example.com",), email=("a@example.com",), uri=("spiffe://x/y",))
        self.refused(ca, options, names, "a@example.com", "spiffe://x/y")

    def test_no_names(self, ca, options):
        self.refused(ca, options, Names(), "dns_names")

    def test_unknown_profile(self, ca, options):
        self.refused(ca, {**options, "profile": "shortlived"}, Names(dns=("a.example.com",)), "shortlived")


class TestFailures:
    def test_challenge_is_needed_and_none_configured(self, ca, options):
        authority = AcmeAuthority({**options, "challenge": {"none": True}})
        assert "www.example.com" in failure(Misconfigured, lambda: authority.request(make_order())).message

    def test_nothing_at_the_url(self, ca, options):
        authority = AcmeAuthority(options)
        pending = authority.request(make_order(dns=("bad.example.com",)))
        authority.show(pending)
        error = failure(Rejected, lambda: wait_for(authority, pending, timeout=LIMIT))
        assert error.retryable
        url = f"http://bad.example.com/.well-known/acme-challenge/{pending.challenges[0].token}"
        assert "http-01" in error.message and url in error.message
        assert failure(Rejected, lambda: authority.resume(pending.request_id, make_order(dns=("bad.example.com",))))

    def test_no_record(self, ca, options):
        authority = AcmeAuthority({**options, "challenge": DNS_HOOK})
        pending = authority.request(make_order(dns=("none.example.com",)))
        authority.show(pending)
        error = failure(Rejected, lambda: wait_for(authority, pending, timeout=LIMIT))
        assert "TXT record _acme-challenge.none.example.com" in error.message

    def test_name_that_the_ca_never_issues_for(self, tmp_path):
        with Pebble(tmp_path / "pebble", blocked_domains=["blocked.example"]) as ca:
            authority = AcmeAuthority(options_for(ca, tmp_path))
            error = failure(Rejected, lambda: authority.request(make_order(dns=("www.blocked.example",))))
            assert error.retryable and "blocked.example" in error.message

    def test_csr_for_other_names(self, ca, options):
        authority = AcmeAuthority(options)
        order = make_order(dns=("one.example.com",))
        other = make_order(dns=("two.example.com",), common_name=None)
        pending = authority.request(type(order)(other.csr_pem, order.names, order.key))
        show(ca, pending)
        authority.show(pending)
        failure(PkiError, lambda: wait_for(authority, pending, timeout=LIMIT))

    def test_no_directory_there(self, ca, options):
        error = failure(Misconfigured, lambda: AcmeAuthority({**options, "directory": f"{ca.url}/nothing"}).describe())
        assert "directory" in error.message

    @pytest.mark.parametrize("directory", ["letsencript", "ftp://ca.example.com/", ""])
    def test_no_such_directory(self, options, directory):
        error = failure(Misconfigured, lambda: AcmeAuthority({**options, "directory": directory}))
        assert "letsencrypt-staging" in error.message

    def test_ca_goes_down_in_the_middle(self, tmp_path):
        with Pebble(tmp_path / "pebble") as ca:
            authority = AcmeAuthority(options_for(ca, tmp_path, timeout=2, retries=0))
            pending = authority.request(make_order())
            ca.stop()
            error = failure(Unavailable, lambda: authority.collect(pending.request_id))
            assert "url" not in error.message
            ca.start()  # it has forgotten everything
            failure(Unauthorized, lambda: authority.collect(pending.request_id))

    def test_untrusted_ca(self, options):
        options.pop("ca_bundle")
        assert "ca_bundle" in failure(Misconfigured, lambda: AcmeAuthority(options).describe()).message


class TestAccount:
    def test_missing_key(self, options):
        authority = AcmeAuthority({**options, "account_create": False})
        error = failure(Unauthorized, lambda: authority.request(make_order()))
        assert "account_key" in error.message and "acme_account" in error.message

    def test_unknown_account(self, ca, options, tmp_path):
        other = tmp_path / "other.pem"
        other.write_bytes(new_key_pem())
        authority = AcmeAuthority({**options, "account_key": str(other), "account_create": False})
        assert "acme_account" in failure(Unauthorized, lambda: authority.request(make_order())).message

    def test_check_mode_makes_nothing(self, options, tmp_path):
        authority = AcmeAuthority(options, Context(check=True))
        failure(Unauthorized, lambda: authority.status(CertificateReference(request_id=f"{options['directory']}/1")))
        assert list(tmp_path.glob("*.pem")) == []

    def test_key_is_made_once_by_many(self, ca, options, tmp_path):
        authorities = [AcmeAuthority(options) for _number in range(8)]
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            urls = set(pool.map(lambda one: one.account.url, authorities))
        assert len(urls) == 1
        assert stat.S_IMODE((tmp_path / "account.pem").stat().st_mode) == 0o600
        assert [path.name for path in tmp_path.iterdir() if path.name.startswith("account")] == ["account.pem"]

    def test_many_processes_look_up_once(self, tmp_path):
        with Pebble(tmp_path / "pebble", nonce_reject=0) as ca:
            options = options_for(ca, tmp_path)
            manage_account(options)
            before = ca.counts()
            for _number in range(5):
                context = Context(tokens=FileTokens(tmp_path / "tokens", b"k" * 32))
                AcmeAuthority({**options, "account_create": False}, context).request(make_order())
            assert ca.count("newAccount") - before["newAccount"] == 1
            assert ca.count("directory") - before["directory"] == 1

    def test_terms_not_agreed(self, options):
        authority = AcmeAuthority({**options, "terms_agreed": False})
        assert "terms_agreed" in failure(Misconfigured, lambda: authority.request(make_order())).message

    def test_deactivated_account(self, options):
        manage_account(options)
        manage_account(options, state="absent")
        error = failure(Unauthorized, lambda: AcmeAuthority(options).request(make_order()))
        assert "deactivated" in error.message and "acme_account" in error.message

    def test_deactivated_meanwhile(self, options):
        authority = AcmeAuthority(options)
        pending = authority.request(make_order())
        manage_account(options, state="absent")
        assert "deactivated" in failure(Unauthorized, lambda: authority.collect(pending.request_id)).message

    def test_external_account_binding(self, tmp_path):
        key = new_eab_key()
        with Pebble(tmp_path / "pebble", eab_keys={"kid-1": key}) as ca:
            options = options_for(ca, tmp_path)
            error = failure(Misconfigured, lambda: AcmeAuthority(options).request(make_order()))
            assert "eab" in error.message
            wrong = {**options, "eab": {"kid": "kid-1", "hmac_key": new_eab_key()}}
            told = failure(PkiError, lambda: AcmeAuthority(wrong).request(make_order()))
            assert wrong["eab"]["hmac_key"] not in told.message + told.detail
            bound = {**options, "eab": {"kid": "kid-1", "hmac_key": key}}
            assert isinstance(AcmeAuthority(bound).request(make_order()), Pending)
            # Once there is an account nothing has to be bound any more.
            assert isinstance(AcmeAuthority(options).request(make_order()), Pending)

    @pytest.mark.parametrize("kind", ["rsa", "p384", "p521"])
    def test_other_keys(self, ca, options, kind):
        made = {
            "p384": lambda: ec.generate_private_key(ec.SECP384R1()),
            "p521": lambda: ec.generate_private_key(ec.SECP521R1()),
        }
        key = made[kind]() if kind in made else rsa.generate_private_key(65537, 2048)
        assert obtain(AcmeAuthority({**options, "account_key": pem_of(key)}), ca).certificate_pem


def new_key_pem() -> bytes:
    return pem_of(ec.generate_private_key(ec.SECP256R1())).encode()


def pem_of(key: t.Any) -> str:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()


def manage_account(options: dict[str, t.Any], *, check: bool = False, **more: t.Any) -> dict[str, t.Any]:
    """Run the module's work with an authority of its own."""
    authority = AcmeAuthority({**options, "account_create": False}, Context(check=check))
    assert set(more) < set(ACME_ACCOUNT)
    return manage(authority, {"state": "present", **more}, check=check)


class TestAcmeAccount:
    def test_made_found_and_deactivated(self, options, tmp_path):
        predicted = manage_account(options, check=True)
        assert predicted["changed"] and predicted["account"]["created"] and predicted["account"]["uri"] is None
        assert list(tmp_path.glob("*.pem")) == []
        made = manage_account(options)
        assert made["changed"] and made["account"]["created"] and made["account"]["status"] == "valid"
        assert made["account"]["uri"].startswith("https://") and made["account"]["terms_of_service"]
        again = manage_account(options)
        assert not again["changed"] and again["account"] == {**made["account"], "created": False}
        assert manage_account(options, check=True, state="absent")["changed"]
        assert manage_account(options)["account"]["status"] == "valid"
        gone = manage_account(options, state="absent")
        assert gone["changed"] and gone["account"]["status"] == "deactivated"
        assert not manage_account(options, state="absent")["changed"]
        assert "deactivated" in failure(Unauthorized, lambda: manage_account(options)).message

    def test_absent_without_a_key(self, options):
        assert not manage_account(options, state="absent")["changed"]

    def test_contacts(self, options):
        manage_account(options)
        contacted = {**options, "contact": ["pki@example.com"]}
        assert manage_account(contacted, check=True)["changed"]
        changed = manage_account(contacted)
        assert changed["changed"] and changed["account"]["contact"] == ["mailto:pki@example.com"]
        assert changed["diff"]["before"]["contact"] == []
        assert not manage_account(contacted)["changed"]
        assert not manage_account(options)["changed"]  # not given is not empty

    def test_bad_contact(self, options):
        error = failure(Misconfigured, lambda: manage_account({**options, "contact": ["mailto:nobody"]}))
        assert "contact" in error.message

    def test_key_roll_over(self, ca, options, tmp_path):
        made = manage_account(options)["account"]
        new = str(tmp_path / "new.pem")
        assert manage_account(options, check=True, new_account_key=new)["changed"]
        assert not (tmp_path / "new.pem").exists()
        rolled = manage_account(options, new_account_key=new)
        assert rolled["changed"] and rolled["account"]["uri"] == made["uri"]
        assert rolled["account"]["thumbprint"] != made["thumbprint"]
        assert not manage_account(options, new_account_key=new)["changed"]
        assert not manage_account({**options, "account_key": new}, new_account_key=new)["changed"]
        assert obtain(AcmeAuthority({**options, "account_key": new, "account_create": False}), ca)
        failure(Unauthorized, lambda: AcmeAuthority({**options, "account_create": False}).request(make_order()))

    def test_new_key_of_another_account(self, options, tmp_path):
        manage_account(options)
        other = {**options, "account_key": str(tmp_path / "other.pem")}
        manage_account(other)
        failure(PkiError, lambda: manage_account(options, new_account_key=other["account_key"]))

    def test_neither_key_is_known(self, options, tmp_path):
        new = str(tmp_path / "new.pem")
        assert "new_account_key" in failure(Unauthorized, lambda: manage_account(options, new_account_key=new)).message


class TestRevocation:
    @pytest.mark.parametrize("kind", ["rsa", "p256", "p384", "p521"])
    def test_with_the_certificates_own_key(self, ca, options, kind):
        curves = {"p256": ec.SECP256R1(), "p384": ec.SECP384R1(), "p521": ec.SECP521R1()}
        key = ec.generate_private_key(curves[kind]) if kind in curves else rsa.generate_private_key(65537, 2048)
        digests = {"256": hashes.SHA256(), "384": hashes.SHA384(), "512": hashes.SHA512()}
        asked = []

        def sign(data: bytes, algorithm: str) -> bytes:
            asked.append(algorithm)
            digest = digests[algorithm[2:]]
            if algorithm.startswith("RS"):
                return key.sign(data, padding.PKCS1v15(), digest)
            return key.sign(data, ec.ECDSA(digest))

        authority = AcmeAuthority(options)
        certificate = obtain(authority, ca, key=key).certificate_pem
        stranger = AcmeAuthority({**options, "account_key": "/nonexistent", "account_create": False})
        assert stranger.revoke_with_key(certificate, reason="key_compromise", sign=sign) is True
        assert ca.certificate_status(read(certificate).serial_number) == "Revoked"
        assert stranger.revoke_with_key(certificate, reason="key_compromise", sign=sign) is False
        assert set(asked) == {{"rsa": "RS256", "p256": "ES256", "p384": "ES384", "p521": "ES512"}[kind]}

    def test_by_another_account(self, ca, options, tmp_path):
        certificate = obtain(AcmeAuthority(options), ca).certificate_pem
        other = AcmeAuthority({**options, "account_key": str(tmp_path / "other.pem")})
        reference = CertificateReference(certificate_pem=certificate)
        failure(Unauthorized, lambda: other.revoke(reference, reason="superseded"))

    def test_serial_number_alone(self, options):
        reference = CertificateReference(serial_number="01ab")
        for call in (
            AcmeAuthority(options).status,
            lambda ref: AcmeAuthority(options).revoke(ref, reason="superseded"),
        ):
            error = failure(Misconfigured, lambda: call(reference))  # noqa: B023
            assert "certificate" in error.message and "path" in error.message

    def test_expired(self, ca, options):
        issued = obtain(AcmeAuthority(options), ca)
        later = Context(clock=lambda: utc_now() + timedelta(days=3650))
        authority = AcmeAuthority(options, later)
        for reference in (
            CertificateReference(certificate_pem=issued.certificate_pem),
            CertificateReference(request_id=issued.request_id),
        ):
            assert authority.status(reference).status == "expired"


def test_half_of_the_nonces_are_rejected(tmp_path):
    with Pebble(tmp_path / "pebble", nonce_reject=50) as ca:
        authority = AcmeAuthority(options_for(ca, tmp_path), Context(tokens=MemoryTokens()))
        names = [f"n{number}.example.com" for number in range(8)]
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            issued = list(pool.map(lambda name: obtain(authority, ca, dns=(name,), common_name=None), names))
        assert [names_of(read(one.certificate_pem)) for one in issued] == [{name} for name in names]
        assert ca.count("newOrder") > 8  # some were rejected for their nonce


def test_nothing_is_suggested_without_renewal_information(ca, options):
    authority = AcmeAuthority(options)
    assert authority.suggest_renewal(obtain(authority, ca).certificate_pem) is None


def test_description(options):
    told = AcmeAuthority(options).describe()
    assert told["terms_of_service"].startswith("data:") and told["profiles"] == {}
    assert told["external_account_required"] is False and told["renewal_information"] is False
    info = operation_info(Call(authority=AcmeAuthority(options), parameters={}))["authority_info"]
    assert info["details"] == told and json.dumps(told)
    assert {"cancel", "revoke", "status", "suggest_renewal"} <= set(info["abilities"])
