# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The authority `vault` against a real OpenBao server."""

from __future__ import annotations

import concurrent.futures
import dataclasses
import json
import threading
import time
import typing as t
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

pytest.register_assert_rewrite("ansible_collections.certfleet.pki.tests.support.authority_contract")

from ansible_collections.certfleet.pki.plugins.module_utils._authorities._base import Context, MemoryTokens, utc_now
from ansible_collections.certfleet.pki.plugins.module_utils._authorities.vault import VaultAuthority
from ansible_collections.certfleet.pki.plugins.module_utils._errors import (
    Misconfigured,
    NotFound,
    PkiError,
    PolicyViolation,
    Unauthorized,
    Unavailable,
)
from ansible_collections.certfleet.pki.plugins.module_utils._model import CertificateReference, Names
from ansible_collections.certfleet.pki.plugins.plugin_utils._session_cache import FileTokens
from ansible_collections.certfleet.pki.tests.support.authority_contract import (
    AuthorityContract,
    make_order,
    names_of,
    path_to_root,
    read,
    validity,
)
from ansible_collections.certfleet.pki.tests.support.certificates import CertificateAuthority
from ansible_collections.certfleet.pki.tests.support.openbao import OpenBao
from ansible_collections.certfleet.pki.tests.support.servers import free_port

UNKNOWN = "00c0ffee00c0ffee"


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with OpenBao(tmp_path_factory.mktemp("openbao")) as server:
        yield server


@pytest.fixture(scope="module")
def tls_server(tmp_path_factory):
    with OpenBao(tmp_path_factory.mktemp("openbao-tls"), tls=True) as server:
        yield server


def opened(server: OpenBao, **options: t.Any) -> VaultAuthority:
    return VaultAuthority(server.options(**options))


def failure(kind: type[PkiError], call: t.Callable[[], object]) -> PkiError:
    """Return the error of a call, which must be of one kind and in one sentence."""
    with pytest.raises(kind) as caught:
        call()
    error = caught.value
    assert type(error).kind == kind.kind
    AuthorityContract.is_one_sentence(error)
    assert error.authority == "vault"
    return error


def serial(issued) -> CertificateReference:
    return CertificateReference(serial_number=issued.request_id)


class TestContract(AuthorityContract):
    LIFETIME = 7200
    TIMEOUT = 4

    @pytest.fixture
    def authority(self, server):
        return opened(server, auth={"approle": server.approle()})

    @pytest.fixture
    def same_authority(self, server):
        return opened(server, auth={"approle": server.approle()})

    @pytest.fixture
    def unavailable_authority(self, server):
        return opened(server, url=f"http://127.0.0.1:{free_port()}", timeout=3)


class TestLogin:
    def works(self, server, auth, **options):
        before = server.logins()
        authority = opened(server, auth=auth, **options)
        authority.request(make_order())
        authority.request(make_order())
        assert server.logins() == before + 1

    def test_token(self, server):
        before = server.logins()
        opened(server, auth={"token": server.token() + "\n"}).request(make_order())
        assert server.logins() == before

    def test_approle(self, server):
        self.works(server, {"approle": server.approle()})

    def test_approle_without_secret_id(self, server):
        role_id = server.approle(name="bound", bind_secret_id=False, token_bound_cidrs=["127.0.0.1/32"])["role_id"]
        self.works(server, {"approle": {"role_id": role_id}})

    def test_wrapped_secret_id(self, server):
        self.works(server, {"approle": server.wrapped_approle()})

    def test_wrapped_secret_id_used_before(self, server):
        auth = {"approle": server.wrapped_approle()}
        opened(server, auth=auth).request(make_order())
        error = failure(Unauthorized, lambda: opened(server, auth=auth).request(make_order()))
        assert "wrapped_secret_id" in error.message
        assert auth["approle"]["wrapped_secret_id"] not in str(error.as_dict())

    def test_login_with_a_wrapped_secret_id_survives_a_revoked_token(self, server, tmp_path):
        """Forks share the token and the secret id behind it, for the wrapping token is used up by then."""
        auth, key = {"approle": server.wrapped_approle(name="wrapped")}, b"k" * 32

        def fork() -> VaultAuthority:
            return VaultAuthority(server.options(auth=auth), Context(tokens=FileTokens(tmp_path, key)))

        fork().request(make_order())
        revoke_tokens_of(server, "wrapped")
        assert fork().request(make_order()).request_id

    def test_jwt(self, server):
        self.works(server, {"jwt": {"role": "ci", "jwt": server.jwt()}})

    def test_jwt_from_a_variable(self, server, monkeypatch):
        monkeypatch.setenv("CI_TOKEN_FOR_TEST", server.jwt())
        self.works(server, {"jwt": {"role": "ci", "jwt_env": "CI_TOKEN_FOR_TEST"}})

    @pytest.mark.parametrize("claims", [{"aud": "https://elsewhere.example.com"}, {"exp": 1_700_000_000}, {"iss": "x"}])
    def test_jwt_that_does_not_fit(self, server, claims):
        jwt = server.jwt(**claims)
        error = failure(
            Unauthorized, lambda: opened(server, auth={"jwt": {"role": "ci", "jwt": jwt}}).request(make_order())
        )
        assert jwt not in str(error.as_dict())

    def test_userpass(self, server):
        server.api("POST", "auth/userpass/users/joe.smith", {"password": "correct horse", "token_policies": ["pki"]})
        self.works(server, {"userpass": {"username": "joe.smith", "password": "correct horse"}})

    def test_other_mount(self, server):
        server.api("POST", "sys/auth/teams/userpass", {"type": "userpass"})
        server.api("POST", "auth/teams/userpass/users/ann", {"password": "pw", "token_policies": ["pki"]})
        self.works(server, {"userpass": {"username": "ann", "password": "pw", "mount": "teams/userpass"}})

    @pytest.mark.parametrize(
        "auth",
        [
            {"userpass": {"username": "joe.smith", "password": "wrong-Battery"}},
            {"approle": {"role_id": "nobody", "secret_id": "wrong-Battery"}},
            {"jwt": {"role": "ci", "jwt": "wrong-Battery"}},
        ],
    )
    def test_wrong_credentials(self, server, auth):
        error = failure(Unauthorized, lambda: opened(server, auth=auth).request(make_order()))
        assert f"auth/{next(iter(auth))}/login" in error.message
        assert "wrong-Battery" not in f"{error.as_dict()} {error!r}"

    def test_auth_method_that_is_not_mounted(self, server):
        auth = {"approle": {"role_id": "r", "secret_id": "s", "mount": "nowhere"}}
        error = failure(Unauthorized, lambda: opened(server, auth=auth).request(make_order()))
        assert "auth/nowhere" in error.message
        assert "mount" in error.message

    def test_cert(self, tls_server, tmp_path):
        clients = CertificateAuthority("Clients")
        certificate = clients.issue(["ansible"], common_name="ansible", extended_key_usage=["client_auth"])
        paths = {"certificate": tmp_path / "client.pem", "private_key": tmp_path / "client.key"}
        paths["certificate"].write_text(certificate.pem)
        paths["private_key"].write_text(certificate.key_pem)
        tls_server.api("POST", "auth/cert/certs/web", {"certificate": clients.pem, "token_policies": ["pki"]})
        named = {name: str(path) for name, path in paths.items()}
        self.works(tls_server, {"cert": {**named, "name": "web"}})
        self.works(tls_server, {"cert": named})

        other = CertificateAuthority("Strangers").issue(["x"], common_name="x", extended_key_usage=["client_auth"])
        paths["certificate"].write_text(other.pem)
        paths["private_key"].write_text(other.key_pem)
        failure(Unauthorized, lambda: opened(tls_server, auth={"cert": named}).request(make_order()))

    def test_kubernetes(self, server, tmp_path):
        with token_reviews() as url:
            config = {"kubernetes_host": url, "token_reviewer_jwt": server.jwt(), "disable_local_ca_jwt": True}
            config["kubernetes_ca_cert"] = CertificateAuthority("Cluster").pem
            server.api("POST", "auth/kubernetes/config", config)
            bound = {"bound_service_account_names": ["ansible"], "bound_service_account_namespaces": ["ci"]}
            server.api("POST", "auth/kubernetes/role/ci", {**bound, "token_policies": ["pki"], "audience": ""})
            account = {"namespace": "ci", "serviceaccount": {"name": "ansible", "uid": "1"}}
            jwt = server.jwt(aud=["k8s"], **{"kubernetes.io": account, "sub": "system:serviceaccount:ci:ansible"})
            (tmp_path / "token").write_text(jwt + "\n")
            self.works(server, {"kubernetes": {"role": "ci", "token_path": str(tmp_path / "token")}})
            self.works(server, {"kubernetes": {"role": "ci", "jwt": jwt}})

    def test_nothing_to_log_in_with(self, server):
        authority = opened(server, auth=None)
        assert "VAULT_TOKEN" in failure(Misconfigured, lambda: authority.request(make_order())).message


class _TokenReview(BaseHTTPRequestHandler):
    """The part of a Kubernetes API server that the auth method asks (TokenReview, authentication.k8s.io/v1)."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        user = {"username": "system:serviceaccount:ci:ansible", "uid": "1"}
        user["groups"] = ["system:serviceaccounts", "system:serviceaccounts:ci"]
        review = {"kind": "TokenReview", "apiVersion": "authentication.k8s.io/v1"}
        answer = json.dumps({**review, "status": {"authenticated": True, "user": user, "audiences": ["k8s"]}}).encode()
        self.send_response(201)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class token_reviews:  # noqa: N801
    def __enter__(self) -> str:
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), _TokenReview)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{self.server.server_port}"

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self.server.server_close()


def revoke_tokens_of(server: OpenBao, role: str) -> int:
    """Revoke every token that an AppRole's logins gave; return how many."""
    revoked = 0
    for accessor in server.api("GET", "auth/token/accessors?list=true")["data"]["keys"]:
        data = server.api("POST", "auth/token/lookup-accessor", {"accessor": accessor})["data"]
        if (data.get("meta") or {}).get("role_name") == role:
            server.api("POST", "auth/token/revoke-accessor", {"accessor": accessor})
            revoked += 1
    return revoked


class TestTokenThatDies:
    def test_revoked_midway_is_renewed_once(self, server):
        authority = opened(server, auth={"approle": server.approle(name="midway")})
        authority.request(make_order())
        assert revoke_tokens_of(server, "midway") == 1
        before = server.logins()
        assert authority.request(make_order()).request_id
        assert server.logins() == before + 1

    def test_expired_is_renewed_without_asking(self, server):
        tokens, now = MemoryTokens(), [utc_now()]
        authority = VaultAuthority(
            server.options(auth={"approle": server.approle(name="short", token_ttl="10m")}),
            Context(clock=lambda: now[0], tokens=tokens),
        )
        authority.request(make_order())
        now[0] += timedelta(minutes=10)
        before, lookups = server.logins(), server.calls("auth/token/lookup-self")
        authority.request(make_order())
        assert (server.logins(), server.calls("auth/token/lookup-self")) == (before + 1, lookups)

    def test_limited_number_of_uses(self, server):
        authority = opened(server, auth={"approle": server.approle(name="uses", token_num_uses=2)})
        for _number in range(5):
            authority.request(make_order())

    def test_given_token_is_not_valid(self, server):
        token = server.token()
        authority = opened(server, auth={"token": token})
        authority.request(make_order())
        server.api("POST", "auth/token/revoke", {"token": token})
        error = failure(Unauthorized, lambda: authority.request(make_order()))
        assert "not valid" in error.message
        assert error.http_status == 403
        assert token not in f"{error.as_dict()}"

    def test_missing_right_costs_no_second_login(self, server):
        server.api(
            "PUT", "sys/policies/acl/little", {"policy": 'path "pki_int/sign/other" { capabilities = ["update"] }'}
        )
        authority = opened(server, auth={"approle": server.approle(name="little", token_policies=["little"])})
        before = server.logins()
        assert authority.policy() is None
        error = failure(Unauthorized, lambda: authority.request(make_order()))
        assert "pki_int/sign/web" in error.message
        assert "'update'" in error.message
        assert server.logins() == before + 1

    def test_one_login_for_many_forks(self, server, tmp_path):
        options, before = server.options(auth={"approle": server.approle()}), server.logins()

        def fork(_number: int) -> str:
            tokens = FileTokens(tmp_path, b"k" * 32)
            return VaultAuthority(options, Context(tokens=tokens)).request(make_order()).request_id

        with concurrent.futures.ThreadPoolExecutor(20) as pool:
            assert len(set(pool.map(fork, range(20)))) == 20
        assert server.logins() == before + 1

    def test_other_secret_is_another_login(self, server, tmp_path):
        tokens = FileTokens(tmp_path, b"k" * 32)
        good = server.approle()
        VaultAuthority(server.options(auth={"approle": good}), Context(tokens=tokens)).request(make_order())
        bad = server.options(auth={"approle": {**good, "secret_id": "wrong"}})
        failure(Unauthorized, lambda: VaultAuthority(bad, Context(tokens=tokens)).request(make_order()))


class TestSigning:
    def test_never_issue(self, server):
        opened(server).request(make_order())
        assert not [entry for entry in server.audited() if "/issue/" in entry["request"].get("path", "")]

    def test_role_that_ignores_the_names_in_the_csr(self, server):
        order = make_order(dns=["a.example.com", "b.example.com"], ip=["192.0.2.1"], common_name="a.example.com")
        order = dataclasses.replace(order, names=dataclasses.replace(order.names, uri=("spiffe://example.com/web",)))
        certificate = read(opened(server, role="owncsr").request(order).certificate_pem)
        assert names_of(certificate) == {"a.example.com", "b.example.com", "192.0.2.1"}
        san = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        assert san.get_values_for_type(x509.UniformResourceIdentifier) == ["spiffe://example.com/web"]

    def test_common_name_that_is_no_dns_name_stays_out_of_the_names(self, server):
        for role in ("anything", "web"):
            server.api("POST", "pki_int/roles/alice", {"allow_any_name": True, "key_type": "any"})
            order = make_order(dns=["a.example.com"], common_name="alice")
            issued = opened(server, role="alice" if role == "web" else role).request(order)
            assert names_of(read(issued.certificate_pem)) == {"a.example.com"}

    def test_no_warning_about_names_in_the_csr(self, server):
        assert opened(server).request(make_order()).warnings == ()

    def test_lifetime(self, server):
        start, end = validity(read(opened(server).request(make_order(lifetime=7200)).certificate_pem))
        assert abs((end - start).total_seconds() - 7200) < 60

    def test_lifetime_beyond_the_roles_is_refused_before_sending(self, server):
        before = server.calls("pki_int/sign/web")
        error = failure(Misconfigured, lambda: opened(server).request(make_order(lifetime=31 * 86400)))
        assert "30d" in error.message
        assert server.calls("pki_int/sign/web") == before

    def test_lifetime_cut_by_a_role_that_can_not_be_read(self, server):
        server.api("PUT", "sys/policies/acl/blind", {"policy": 'path "pki_int/sign/web" { capabilities = ["update"] }'})
        issued = opened(server, auth={"token": server.token(policies=["blind"])}).request(
            make_order(lifetime=31 * 86400)
        )
        assert any("TTL" in warning for warning in issued.warnings)

    def test_lifetime_beyond_the_cas_own(self, server):
        server.api("POST", "pki_int/roles/long", {"allow_any_name": True, "max_ttl": "87000h", "key_type": "any"})
        authority = opened(server, role="long")
        error = failure(Misconfigured, lambda: authority.request(make_order(lifetime=86000 * 3600)))
        assert "lifetime" in error.message

    def test_other_issuer(self, server):
        issuer = server.add_intermediate("Second Intermediate")
        issued = opened(server, issuer=issuer).request(make_order())
        assert "Second" in path_to_root(issued.certificate_pem, issued.chain_pem)[1].subject.rfc4514_string()
        # Collected by one who signs with another issuer, it still comes with its own chain.
        again = opened(server).collect(issued.request_id)
        assert len(path_to_root(again.certificate_pem, again.chain_pem)) == 3
        chain = opened(server, issuer=issuer).chain()
        assert chain.chain_pem[0].strip() == issued.chain_pem[0].strip()

    def test_namespace(self, server):
        server.api("POST", "sys/namespaces/team")
        server.set_up_pki(namespace="team")
        server.api("POST", "sys/auth/approle", {"type": "approle"}, namespace="team")
        policy = 'path "pki_int/*" { capabilities = ["update", "read", "list"] }'
        server.api("PUT", "sys/policies/acl/pki", {"policy": policy}, namespace="team")
        options = server.options(namespace="/team/", auth={"approle": server.approle(namespace="team")})
        authority = VaultAuthority(options)
        issued = authority.request(make_order())
        assert authority.identity == f"vault:{server.url}/team/pki_int/web"
        assert authority.status(serial(issued)).status == "issued"
        failure(NotFound, lambda: opened(server).status(serial(issued)))

    def test_concurrent_requests_share_one_session(self, server):
        authority = opened(server, auth={"approle": server.approle()})
        before = server.logins()
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            issued = list(pool.map(lambda _: authority.request(make_order()), range(24)))
        assert len({one.request_id for one in issued}) == 24
        assert server.logins() == before + 1


class TestRefusals:
    @pytest.mark.parametrize(
        ("order", "words"),
        [
            ({"dns": ["evil.test"], "common_name": "evil.test"}, "evil.test"),
            ({"dns": ["www.example.com", "evil.test"]}, "evil.test"),
            ({"common_name": None}, "common_name"),
        ],
    )
    def test_name_not_allowed(self, server, order, words):
        error = failure(PolicyViolation, lambda: opened(server).request(make_order(**order)))
        assert words in error.detail

    def test_key_not_allowed(self, server):
        server.api("POST", "pki_int/roles/rsa", {"allow_any_name": True, "key_type": "rsa", "key_bits": 3072})
        failure(PolicyViolation, lambda: opened(server, role="rsa").request(make_order()))
        assert dict(opened(server, role="rsa").policy().key_types) == {"rsa": 3072}

    def test_ip_not_allowed(self, server):
        server.api("POST", "pki_int/roles/noip", {"allow_any_name": True, "allow_ip_sans": False, "key_type": "any"})
        authority = opened(server, role="noip")
        failure(PolicyViolation, lambda: authority.request(make_order(ip=["192.0.2.1"])))
        assert authority.policy().allowed_ip_ranges == ()

    @pytest.mark.parametrize(
        ("options", "words"),
        [
            ({"role": "nope"}, "'nope'"),
            ({"mount": "nowhere"}, "'nowhere'"),
            ({"issuer": "nope"}, "'nope'"),
            ({"namespace": "nope"}, "'nope'"),
            ({"mount": "secret"}, "secret"),
            ({"mount": "empty"}, "'empty'"),
        ],
    )
    def test_what_does_not_exist(self, server, options, words):
        mounts = server.api("GET", "sys/mounts")["data"]
        if "empty/" not in mounts:
            server.api("POST", "sys/mounts/empty", {"type": "pki"})
            server.api("POST", "empty/roles/web", {"allow_any_name": True})
        assert words in failure(Misconfigured, lambda: opened(server, **options).request(make_order())).message
        if "role" in options:
            assert words in failure(Misconfigured, lambda: opened(server, **options).policy()).message

    def test_malformed_csr_is_rejected(self, server):
        order = dataclasses.replace(
            make_order(), csr_pem="-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----\n"
        )
        with pytest.raises(PkiError) as caught:
            opened(server).request(order)
        assert caught.value.kind == "rejected"

    def test_not_vault_at_all(self):
        with token_reviews() as url:
            authority = VaultAuthority({"url": url, "role": "web", "auth": {"token": "x"}, "timeout": 3})
            with pytest.raises(PkiError) as caught:
                authority.request(make_order())
        assert caught.value.kind in ("misconfigured", "unavailable")


class TestUnavailable:
    def test_sealed(self, server):
        authority = opened(server, timeout=3)
        with server.sealed():
            assert "sealed" in failure(Unavailable, lambda: authority.request(make_order())).message
            assert "sealed" in failure(Unavailable, authority.policy).message
        assert authority.request(make_order()).request_id

    def test_stopped_and_hanging(self, tmp_path):
        with OpenBao(tmp_path) as own:
            authority = opened(own, timeout=2)
            authority.request(make_order())
            with own.paused():
                started = time.monotonic()
                failure(Unavailable, lambda: authority.request(make_order()))
                assert 1.5 < time.monotonic() - started < 4
        started = time.monotonic()
        error = failure(Unavailable, lambda: authority.request(make_order()))
        assert error.retryable
        assert time.monotonic() - started < 4

    def test_name_that_can_not_be_resolved(self, server):
        authority = opened(server, url="https://vault.invalid:8200", timeout=2)
        assert "vault.invalid" in failure(Unavailable, lambda: authority.request(make_order())).message

    def test_rate_limited(self, tmp_path):
        with OpenBao(tmp_path) as own:
            own.api("POST", "sys/quotas/rate-limit/all", {"rate": 1, "path": "pki_int/"})
            authority = opened(own, timeout=1, retries=0)
            errors = []
            for _number in range(3):
                try:
                    authority.request(make_order())
                except Unavailable as error:
                    errors.append(error)
            assert errors[0].http_status == 429
            # With retries, the request goes through.
            assert opened(own, timeout=20, retries=20).request(make_order()).request_id


class TestTls:
    def test_trusted_by_path_and_by_text(self, tls_server):
        opened(tls_server).request(make_order())
        opened(tls_server, ca_bundle=tls_server.ca_file.read_text()).request(make_order())

    def test_not_trusted(self, tls_server):
        error = failure(Misconfigured, lambda: opened(tls_server, ca_bundle=None).request(make_order()))
        assert "ca_bundle" in error.message

    def test_variable_does_not_replace_the_trust(self, tls_server, monkeypatch, tmp_path):
        other = tmp_path / "other.pem"
        other.write_text(CertificateAuthority("Other").pem)
        for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
            monkeypatch.setenv(name, str(other))
        opened(tls_server).request(make_order())
        # Nor does it add any: the server's own CA in the variable does not make it trusted.
        other.write_text(tls_server.ca_file.read_text())
        failure(Misconfigured, lambda: opened(tls_server, ca_bundle=None).request(make_order()))

    def test_not_checked_on_request(self, tls_server):
        options = {"ca_bundle": None, "validate_certs": False}
        opened(tls_server, **options).request(make_order())
        opened(tls_server, ca_bundle=None, skip_verify="true").request(make_order())
        authority = opened(tls_server, ca_bundle=None, skip_verify="true", validate_certs=True)
        failure(Misconfigured, lambda: authority.request(make_order()))

    def test_https_to_a_plain_server(self, server):
        url = server.url.replace("http:", "https:")
        assert "TLS" in failure(Misconfigured, lambda: opened(server, url=url).request(make_order())).message


class TestStatus:
    def test_expired(self, server):
        issued = opened(server).request(make_order(lifetime=3600))
        later = VaultAuthority(server.options(), Context(clock=lambda: utc_now() + timedelta(hours=2)))
        assert later.status(serial(issued)).status == "expired"

    def test_needs_no_login(self, server):
        issued = opened(server).request(make_order())
        assert opened(server, auth=None).status(serial(issued)).status == "issued"
        assert opened(server, auth=None).collect(issued.request_id).chain_pem

    def test_any_spelling_of_the_serial_number(self, server):
        issued = opened(server).request(make_order())
        spelled = CertificateReference(serial_number=f"0x{issued.request_id.upper()}")
        assert opened(server).status(spelled).request_id == issued.request_id

    def test_certificate_of_another_ca(self, server):
        stranger = CertificateAuthority("Elsewhere").issue(["www.example.com"]).pem
        reference = CertificateReference(certificate_pem=stranger)
        failure(NotFound, lambda: opened(server).status(reference))
        failure(NotFound, lambda: opened(server).revoke(reference, reason="unspecified"))

    def test_same_serial_number_elsewhere(self, server):
        issued = opened(server).request(make_order())
        stranger = CertificateAuthority("Elsewhere").issue(
            ["www.example.com"], serial_number=int(issued.request_id, 16)
        )
        failure(NotFound, lambda: opened(server).status(CertificateReference(certificate_pem=stranger.pem)))
        failure(NotFound, lambda: opened(server).revoke(CertificateReference(certificate_pem=stranger.pem), reason=""))
        assert opened(server).status(serial(issued)).status == "issued"


class TestNoStore:
    def test_life_of_a_certificate_that_is_not_kept(self, server):
        authority = opened(server, role="nostore", auth={"approle": server.approle()})
        issued = authority.request(make_order())
        assert "no_store" in failure(NotFound, lambda: authority.collect(issued.request_id)).message
        reference = CertificateReference(certificate_pem=issued.certificate_pem)
        assert authority.status(reference).status == "issued"
        assert authority.revoke(reference, reason="superseded") is True
        assert authority.status(reference).status == "revoked"
        assert authority.revoke(reference, reason="superseded") is False
        assert issued.request_id in revoked_serials(server)


def revoked_serials(server: OpenBao) -> set[str]:
    """Return what the CRL lists, as the server publishes it."""
    data = server._request("GET", "pki_int/crl").content
    return {format(entry.serial_number, "040x") for entry in x509.load_der_x509_crl(data)}


class TestRevocation:
    def test_reaches_the_crl(self, server):
        authority = opened(server, auth={"approle": server.approle()})
        issued = authority.request(make_order())
        assert authority.revoke(serial(issued), reason="key_compromise") is True
        assert issued.request_id.zfill(40) in revoked_serials(server)

    def test_expired_is_not_changed(self, server):
        server.api("POST", "pki_int/roles/brief", {"allow_any_name": True, "key_type": "any", "ttl": "1s"})
        authority = opened(server, role="brief")
        issued = authority.request(make_order(lifetime=1))
        time.sleep(1.5)
        assert authority.revoke(serial(issued), reason="superseded") is False

    def test_missing_right(self, server):
        issued = opened(server).request(make_order())
        server.api("PUT", "sys/policies/acl/none", {"policy": 'path "pki_int/certs" { capabilities = ["list"] }'})
        authority = opened(server, auth={"token": server.token(policies=["none"])})
        error = failure(Unauthorized, lambda: authority.revoke(serial(issued), reason="superseded"))
        assert "pki_int/revoke" in error.message


class TestListing:
    def test_page_by_page_and_without_the_cas_own(self, server, monkeypatch):
        from ansible_collections.certfleet.pki.plugins.module_utils._authorities import vault

        server.api("POST", "sys/mounts/small", {"type": "pki"})
        server.api(
            "POST", "small/root/generate/internal", {"common_name": "Small Root", "key_type": "ec", "ttl": "700h"}
        )
        server.api("POST", "small/roles/web", {"allow_any_name": True, "key_type": "any", "ttl": "24h"})
        authority = opened(server, mount="small")
        assert list(authority.list_certificates()) == []
        made = {authority.request(make_order()).request_id for _number in range(60)}  # several with the same first byte
        revoked = next(iter(made))
        authority.revoke(CertificateReference(serial_number=revoked), reason="superseded")
        for page in (1, 7, 61, 100):
            monkeypatch.setattr(vault, "_PAGE", page)
            listed = list(authority.list_certificates())
            assert sorted(one.request_id for one in listed) == sorted(made)
            assert [one.request_id for one in listed if one.status == "revoked"] == [revoked]

    def test_lazily(self, server):
        authority = opened(server)
        for _number in range(3):
            authority.request(make_order())
        reads = server.audited()
        next(authority.list_certificates())
        fresh = [entry["request"].get("path", "") for entry in server.audited()[len(reads) :]]
        assert sum(path.startswith("pki_int/cert/") for path in fresh) <= 2

    def test_mount_that_does_not_exist(self, server):
        failure(Misconfigured, lambda: list(opened(server, mount="nowhere").list_certificates()))


class TestAbout:
    def test_crl_urls(self, server):
        assert opened(server).chain().crl_urls == (f"{server.url}/v1/pki_int/crl",)

    def test_crl_urls_when_none_are_configured(self, server):
        server.api("POST", "pki/roles/web", {"allow_any_name": True, "key_type": "any"})
        (url,) = opened(server, mount="pki").chain().crl_urls
        assert url == f"{server.url}/v1/pki/crl"
        x509.load_der_x509_crl(server._request("GET", "pki/crl").content)

    def test_chain_without_the_right_to_read_anything(self, server):
        server.api(
            "PUT", "sys/policies/acl/nothing", {"policy": ""} | {"policy": 'path "x/y" { capabilities = ["read"] }'}
        )
        chain = opened(server, auth={"token": server.token(policies=["nothing"])}).chain()
        assert len(chain.chain_pem) == 2
        assert chain.crl_urls == (f"{server.url}/v1/pki_int/crl",)


class TestPolicyAgreesWithTheServer:
    """What the role's rules say beforehand is what the server does."""

    ROLES: t.ClassVar = {
        "bare": {"allowed_domains": "a.test", "allow_bare_domains": True},
        "sub": {"allowed_domains": "a.test", "allow_subdomains": True},
        "nowild": {"allowed_domains": "a.test", "allow_subdomains": True, "allow_wildcard_certificates": False},
        "glob": {"allowed_domains": "w*.a.test", "allow_glob_domains": True},
        "none": {"allowed_domains": "a.test"},
        "nolocal": {"allowed_domains": "a.test", "allow_localhost": False},
        "any": {"allow_any_name": True},
        "globcase": {"allowed_domains": "W*.A.test", "allow_glob_domains": True},
        "both": {"allowed_domains": "a.test,B.Test", "allow_bare_domains": True, "allow_subdomains": True},
    }
    NAMES: t.ClassVar = (
        "a.test",
        "x.a.test",
        "x.y.a.test",
        "*.a.test",
        "*.x.a.test",
        "xa.test",
        "b.test",
        "c.b.test",
        "w1.a.test",
        "w1.x.a.test",
        "localhost",
        "localdomain",
        "evil.test",
    )

    @pytest.mark.parametrize("role", ROLES)
    def test_domains(self, server, role):
        policies = pytest.importorskip("ansible_collections.certfleet.pki.plugins.module_utils._policy")
        server.api("POST", f"pki_int/roles/agree-{role}", {**self.ROLES[role], "key_type": "any", "require_cn": False})
        authority = opened(server, role=f"agree-{role}")
        policy, key = authority.policy(), ec.generate_private_key(ec.SECP256R1())
        for name in self.NAMES:
            order = make_order(dns=[name], common_name=None, key=key)
            broken = policies.violations(
                policy,
                names=Names(dns=(name,)),
                common_name=None,
                subject={},
                key=order.key,
                extended_key_usage=(),
                lifetime=None,
                authority_identity=None,
            )
            try:
                authority.request(order)
                allowed = True
            except PolicyViolation:
                allowed = False
            assert allowed == (not broken), f"{name}: {broken}"
