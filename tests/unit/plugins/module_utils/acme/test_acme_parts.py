# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The parts of the authority `acme` that need no server: keys, problem documents, identifiers, orders, challenges."""

from __future__ import annotations

import base64
import json
import os
import stat
import typing as t
from datetime import datetime, timedelta, timezone

import pytest
import requests
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

pytest.register_assert_rewrite("ansible_collections.certfleet.pki.tests.support.authority_contract")

from ansible_collections.certfleet.pki.plugins.module_utils._acme import _ari, _keys, _placing, _revocation
from ansible_collections.certfleet.pki.plugins.module_utils._acme._account import contacts
from ansible_collections.certfleet.pki.plugins.module_utils._acme._challenges import (
    Authorization,
    challenge_of,
    configured_method,
    failures,
    hosting_of,
    offer_for,
)
from ansible_collections.certfleet.pki.plugins.module_utils._acme._client import Directory
from ansible_collections.certfleet.pki.plugins.module_utils._acme._errors import problem_of, refusal, unverified
from ansible_collections.certfleet.pki.plugins.module_utils._acme._keys import KeyFile, load_key
from ansible_collections.certfleet.pki.plugins.module_utils._errors import (
    BadCertificate,
    Misconfigured,
    NotFound,
    Rejected,
    Unauthorized,
    Unavailable,
)
from ansible_collections.certfleet.pki.plugins.module_utils._model import Hosting, KeyParameters, Names, Order
from ansible_collections.certfleet.pki.plugins.module_utils._x509 import read_certificate
from ansible_collections.certfleet.pki.tests.support.authority_contract import AuthorityContract
from ansible_collections.certfleet.pki.tests.support.certificates import CertificateAuthority, make_csr

SERVER = "https://ca.example.com"
NOW = datetime(2026, 11, 22, 12, 0, tzinfo=timezone.utc)
P256 = ec.generate_private_key(ec.SECP256R1())


def pem_of(key: t.Any, password: t.Optional[bytes] = None) -> str:
    encryption = serialization.BestAvailableEncryption(password) if password else serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption).decode()


def number(value: int, width: int = 0) -> str:
    return _keys.b64url(value.to_bytes(width or (value.bit_length() + 7) // 8, "big"))


def rsa_jwk(key: rsa.RSAPrivateKey) -> str:
    """Return what certbot writes to private_key.json."""
    private, public = key.private_numbers(), key.public_key().public_numbers()
    parts = {"n": public.n, "e": public.e, "d": private.d, "p": private.p, "q": private.q}
    parts.update(dp=private.dmp1, dq=private.dmq1, qi=private.iqmp)
    return json.dumps({"kty": "RSA", **{name: number(value) for name, value in parts.items()}})


def ec_jwk(key: ec.EllipticCurvePrivateKey) -> str:
    point, private = key.public_key().public_numbers(), key.private_numbers().private_value
    parts = {"x": number(point.x, 32), "y": number(point.y, 32), "d": number(private, 32)}
    return json.dumps({"kty": "EC", "crv": "P-256", **parts})


class TestKeys:
    def test_jwk_is_the_same_key_as_pem(self):
        key = rsa.generate_private_key(65537, 2048)
        assert load_key(rsa_jwk(key)).thumbprint == load_key(pem_of(key)).thumbprint
        assert load_key(" \n" + ec_jwk(P256)).thumbprint == load_key(pem_of(P256)).thumbprint

    def test_thumbprint_of_rfc_7638(self):
        key = load_key(pem_of(P256))
        jwk = {name: key.public_jwk[name] for name in ("crv", "kty", "x", "y")}
        digest = hashes.Hash(hashes.SHA256())
        digest.update(json.dumps(jwk, sort_keys=True, separators=(",", ":")).encode())
        assert key.thumbprint == _keys.b64url(digest.finalize())

    @pytest.mark.parametrize(
        "text",
        [
            "-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----\n",
            '{"kty": "RSA", "n": "c2VjcmV0"}',
            '{"kty": "oct", "k": "c2VjcmV0"}',
            '{"c2VjcmV0": ',
            '{"kty": "c2VjcmV0"}',
            "{}",
            pem_of(P256).replace("PRIVATE", "PUBLIC"),
            json.dumps({name: value for name, value in json.loads(ec_jwk(P256)).items() if name != "d"}),
            pem_of(ed25519.Ed25519PrivateKey.generate()),
            pem_of(ec.generate_private_key(ec.SECP256K1())),
            pem_of(P256, b"c2VjcmV0"),
        ],
    )
    def test_what_is_no_usable_key(self, text):
        with pytest.raises(Misconfigured) as caught:
            load_key(text)
        AuthorityContract.is_one_sentence(caught.value)
        assert "account_key" in caught.value.message and "c2VjcmV0" not in caught.value.message
        assert caught.value.__cause__ is None

    def test_a_key_tells_nothing_about_itself(self):
        key = load_key(ec_jwk(P256))
        assert json.loads(ec_jwk(P256))["d"] not in repr(key) + repr(vars(key)) + json.dumps(key.public_jwk)

    def test_file_is_made_once_with_mode_0600(self, tmp_path):
        path = tmp_path / "new" / "account.pem"
        file = KeyFile(str(path))
        assert not file.exists
        umask = os.umask(0)
        try:
            file.create()
        finally:
            os.umask(umask)
        made = path.read_text()
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        file.create()
        assert path.read_text() == made and [one.name for one in path.parent.iterdir()] == ["account.pem"]
        assert file.load().thumbprint == load_key(made).thumbprint

    def test_another_fork_was_first(self, tmp_path, monkeypatch):
        path = tmp_path / "account.pem"
        path.write_text("another fork's")
        monkeypatch.setattr(KeyFile, "exists", False)
        KeyFile(str(path)).create()
        assert path.read_text() == "another fork's" and list(tmp_path.iterdir()) == [path]

    def test_file_that_is_a_dangling_link_is_left_alone(self, tmp_path):
        path = tmp_path / "account.pem"
        path.symlink_to(tmp_path / "elsewhere")
        KeyFile(str(path)).create()
        assert not (tmp_path / "elsewhere").exists()

    def test_no_file(self, tmp_path):
        with pytest.raises(Unauthorized, match="acme_account"):
            KeyFile(str(tmp_path / "none.pem")).load()

    def test_file_that_is_a_directory(self, tmp_path):
        with pytest.raises(Misconfigured, match="can't be read"):
            KeyFile(str(tmp_path)).load()

    def test_place_that_can_not_be_written(self, tmp_path):
        (tmp_path / "file").write_text("")
        with pytest.raises(Misconfigured, match="can't be made"):
            KeyFile(str(tmp_path / "file" / "account.pem")).create()

    def test_missing_library(self, monkeypatch):
        monkeypatch.setattr(_keys, "jws", None)
        with pytest.raises(Misconfigured, match="Python library 'acme'"):
            load_key(pem_of(P256))


def response(status: int, body: t.Any = None, **headers: str) -> requests.Response:
    made = requests.Response()
    made.status_code = status
    made._content = body if isinstance(body, bytes) else json.dumps(body).encode()
    made.headers.update({name.replace("_", "-"): value for name, value in headers.items()})
    made.url = SERVER
    return made


def problem(code: str, detail: str = "the reason.", **more: t.Any) -> dict[str, t.Any]:
    return {"type": f"urn:ietf:params:acme:error:{code}", "detail": detail, **more}


class TestProblems:
    @pytest.mark.parametrize(
        ("kind", "status", "code"),
        [
            (Unauthorized, 400, "accountDoesNotExist"),
            (Misconfigured, 403, "externalAccountRequired"),
            (Unauthorized, 403, "userActionRequired"),
            (Unauthorized, 403, "unauthorized"),
            (Misconfigured, 400, "badCSR"),
            (Misconfigured, 400, "badPublicKey"),
            (Misconfigured, 400, "badSignatureAlgorithm"),
            (Misconfigured, 400, "badRevocationReason"),
            (Misconfigured, 400, "invalidProfile"),
            (Misconfigured, 400, "invalidContact"),
            (Misconfigured, 400, "unsupportedContact"),
            (Misconfigured, 400, "unsupportedIdentifier"),
            (Misconfigured, 400, "malformed"),
            (Unavailable, 429, "rateLimited"),
            (Unavailable, 400, "badNonce"),
            (Unavailable, 500, "serverInternal"),
            (Rejected, 403, "rejectedIdentifier"),
            (Rejected, 403, "caa"),
            (Rejected, 400, "dns"),
            (Rejected, 400, "connection"),
            (Rejected, 400, "incorrectResponse"),
            (Rejected, 400, "tls"),
            (Rejected, 400, "compound"),
            (Misconfigured, 400, "somethingNew"),
            (Unavailable, 503, "somethingNew"),
            (NotFound, 404, "somethingNew"),
        ],
    )
    def test_every_type(self, kind, status, code):
        error = refusal(response(status, problem(code)), server=SERVER)
        assert error.__class__ is kind and error.http_status == status and error.authority == "acme"
        assert error.retryable is (kind in (Unavailable, Rejected))
        assert error.detail == "the reason"
        AuthorityContract.is_one_sentence(error)

    def test_types_of_rfc_8555_all_have_a_sentence(self):
        from acme.messages import ERROR_CODES

        # These come with other requests, or mean what their more usual names mean.
        elsewhere = {"alreadyRevoked", "unknownHost", "invalidEmail"}
        for code in set(ERROR_CODES) - elsewhere:
            assert "HTTP status" not in refusal(response(400, problem(code)), server=SERVER).message

    def test_rate_limit_says_when(self):
        error = refusal(response(429, problem("rateLimited"), Retry_After="3600"), server=SERVER)
        assert error.retry_after == 3600

    def test_each_name_has_its_words(self):
        parts = [
            problem("caa", "CAA forbids it.", identifier={"type": "dns", "value": "a.example.com"}),
            problem("rejectedIdentifier", "a\nbad name", identifier={"type": "dns", "value": "b.example.com"}),
            "nonsense",
        ]
        error = refusal(response(403, problem("compound", "Two names", subproblems=parts)), server=SERVER)
        assert error.detail == "Two names; a.example.com: CAA forbids it; b.example.com: a bad name"
        AuthorityContract.is_one_sentence(error)

    def test_terms_that_have_changed_are_named(self):
        link = f'<{SERVER}/terms/2>;rel="terms-of-service"'
        error = refusal(response(403, problem("userActionRequired"), Link=link), server=SERVER)
        assert f"{SERVER}/terms/2" in error.message
        instance = problem("userActionRequired", instance=f"{SERVER}/agree")
        assert f"{SERVER}/agree" in refusal(response(403, instance), server=SERVER).message

    @pytest.mark.parametrize(
        "body", [b"<html>Bad Gateway</html>", b"\xff", [], "text", None, {"type": 5}, {"detail": "x"}]
    )
    def test_what_is_no_problem_document(self, body):
        assert problem_of(response(502, body)) is None
        assert isinstance(refusal(response(502, body), server=SERVER), Unavailable)
        assert isinstance(refusal(response(418, body), server=SERVER), Misconfigured)

    def test_an_answer_is_no_problem(self):
        assert problem_of(response(200, problem("caa"))) is None

    def test_long_words_are_cut(self):
        assert len(refusal(response(400, problem("malformed", "x" * 5000)), server=SERVER).message) < 800

    def test_missing(self):
        missing = NotFound("gone.")
        assert refusal(response(404, problem("malformed")), server=SERVER, missing=missing) is missing

    def test_names_that_were_not_verified(self):
        error = unverified([("a (http-01, http://a/)", "refused"), ("b", "no such name")], server=SERVER)
        assert error.retryable and "2 names" in error.message and "b: no such name" in error.message


CA = CertificateAuthority("Example CA")


def facts(**more: t.Any) -> t.Any:
    return read_certificate(CA.issue(make_csr(["www.example.com"]).pem, **more).pem)


class TestRenewalInformation:
    def test_identifier_of_rfc_9773(self):
        given = type("Facts", (), {})()
        given.authority_key_id, given.serial_number = "69885b6b87464041e1b37b847ba0ae2cde01c8d4", "87654321"
        assert _ari.certificate_id(given) == "aYhba4dGQEHhs3uEe6CuLN4ByNQ.AIdlQyE"

    @pytest.mark.parametrize(
        ("serial", "encoded"), [("01", "AQ"), ("7f", "fw"), ("80", "AIA"), ("00ff", "AP8"), ("0100", "AQA")]
    )
    def test_serial_numbers_as_in_der(self, serial, encoded):
        given = type("Facts", (), {"authority_key_id": "00", "serial_number": serial})
        assert _ari.certificate_id(given) == f"AA.{encoded}"

    def test_no_authority_key(self):
        assert _ari.certificate_id(type("Facts", (), {"authority_key_id": None, "serial_number": "01"})) is None

    def test_suggestion(self):
        window = {"start": "2026-11-20T04:00:00Z", "end": "2026-11-21T06:00:00.5+02:00"}
        found = _ari.suggestion_of({"suggestedWindow": window, "explanationURL": f"{SERVER}/why"}, wait=3600)
        assert found.start == datetime(2026, 11, 20, 4, tzinfo=timezone.utc)
        assert found.end == datetime(2026, 11, 21, 4, tzinfo=timezone.utc)
        assert found.explanation_url == f"{SERVER}/why" and found.retry_after == 3600

    @pytest.mark.parametrize(("asked", "kept"), [(0, 60), (59, 60), (21600, 21600), (10**9, 86400)])
    def test_retry_after_within_reason(self, asked, kept):
        window = {"start": "2026-11-20T04:00:00Z", "end": "2026-11-21T04:00:00Z"}
        assert _ari.suggestion_of({"suggestedWindow": window}, wait=asked).retry_after == kept

    @pytest.mark.parametrize(
        "answer",
        [
            {},
            {"suggestedWindow": None},
            {"suggestedWindow": []},
            {"suggestedWindow": {"start": "2026-11-20T04:00:00Z"}},
            {"suggestedWindow": {"start": "soon", "end": "later"}},
            {"suggestedWindow": {"start": 1, "end": 2}},
            {"suggestedWindow": {"start": "2026-11-20T04:00:00Z", "end": "2026-11-20T04:00:00Z"}},
            {"suggestedWindow": {"start": "2026-11-21T04:00:00Z", "end": "2026-11-20T04:00:00Z"}},
        ],
    )
    def test_no_answer(self, answer):
        assert _ari.suggestion_of(answer, wait=3600) is None


def order(**more: t.Any) -> Order:
    given = {
        "names": Names(dns=("www.example.com",), ip=("192.0.2.1",)),
        "key": KeyParameters("ecdsa", 256, "P-256"),
        **more,
    }
    return Order(csr_pem="", **given)


class TestOrders:
    def test_content(self):
        content = _placing.new_order(order(lifetime=3600), Directory(), profile="short", now=NOW)
        assert content == {
            "identifiers": [{"type": "dns", "value": "www.example.com"}, {"type": "ip", "value": "192.0.2.1"}],
            "profile": "short",
            "notAfter": "2026-11-22T13:00:00Z",
        }

    def test_replaces_only_where_renewal_information_is_offered(self):
        replaced = facts()
        renewal = order(replaces=replaced.pem)
        offers = Directory(renewalInfo=f"{SERVER}/ari")
        assert "replaces" not in _placing.new_order(renewal, Directory(), profile=None, now=NOW)
        content = _placing.new_order(renewal, offers, profile=None, now=NOW)
        assert content["replaces"] == _ari.certificate_id(replaced)
        assert "replaces" not in _placing.new_order(order(replaces="nonsense"), offers, profile=None, now=NOW)

    @pytest.mark.parametrize("told", ["2026-11-22T13:00:00Z", "2026-11-22T13:00:00.123Z", "2026-11-22T14:00:30+01:00"])
    def test_lifetime_is_promised(self, told):
        _placing.check_lifetime({"notAfter": "2026-11-22T13:00:00Z"}, {"notAfter": told}, server=SERVER)
        _placing.check_lifetime({}, {}, server=SERVER)

    @pytest.mark.parametrize(
        "body", [{}, {"notAfter": None}, {"notAfter": "2026-12-22T13:00:00Z"}, {"notAfter": "soon"}]
    )
    def test_lifetime_is_not_promised(self, body):
        with pytest.raises(Misconfigured, match="lifetime"):
            _placing.check_lifetime({"notAfter": "2026-11-22T13:00:00Z"}, body, server=SERVER)

    def test_profiles(self):
        directory = Directory(meta={"profiles": {"classic": "the usual", "shortlived": "six days"}})
        _placing.check_profile(directory, "shortlived", server=SERVER)
        _placing.check_profile(directory, None, server=SERVER)
        with pytest.raises(Misconfigured, match="classic, shortlived"):
            _placing.check_profile(directory, "long", server=SERVER)
        with pytest.raises(Misconfigured, match="it has none"):
            _placing.check_profile(Directory(meta=[]), "long", server=SERVER)

    def test_contacts(self):
        given = ["pki@example.com", "mailto:a@example.com", "tel:+1234"]
        assert contacts(given) == ("mailto:pki@example.com", "mailto:a@example.com", "tel:+1234")
        assert contacts(None) == ()


def authorization(
    *challenges: t.Any, status: str = "pending", value: str = "www.example.com", **more: t.Any
) -> Authorization:
    body = {"identifier": {"type": "dns", "value": value}, "status": status, "challenges": list(challenges), **more}
    return Authorization.read(f"{SERVER}/authz/1", body)


HTTP = {"type": "http-01", "url": f"{SERVER}/chall/1", "token": "token-1", "status": "pending"}
DNS = {"type": "dns-01", "url": f"{SERVER}/chall/2", "token": "token-2", "status": "pending"}


class TestChallenges:
    def test_http(self):
        made = authorization(DNS, HTTP)
        offer = offer_for(made, "http-01", server=SERVER)
        hosting = Hosting(webroot="/srv/www")
        shown = challenge_of(made, offer, thumbprint="thumb", hosting=hosting)
        assert (shown.type, shown.name, shown.token, shown.content) == (
            "http-01",
            "www.example.com",
            "token-1",
            "token-1.thumb",
        )
        assert shown.hosting is hosting

    def test_dns_value_of_rfc_8555(self):
        made = authorization(DNS, wildcard=True)
        shown = challenge_of(made, offer_for(made, "dns-01", server=SERVER), thumbprint="thumb", hosting=None)
        digest = hashes.Hash(hashes.SHA256())
        digest.update(b"token-2.thumb")
        assert shown.content == base64.urlsafe_b64encode(digest.finalize()).rstrip(b"=").decode()
        assert shown.name == "www.example.com" and made.shown_name == "*.www.example.com"

    def test_not_offered(self):
        with pytest.raises(Misconfigured, match=r"dns-01 for www\.example\.com, only http-01"):
            offer_for(authorization(HTTP), "dns-01", server=SERVER)

    def test_nothing_configured(self):
        with pytest.raises(Misconfigured, match=r"www\.example\.com; give challenge"):
            offer_for(authorization(HTTP), "", server=SERVER)

    @pytest.mark.parametrize("token", ["", "../../etc/cron.d/x", "a b", "a/b", "a\n"])
    def test_token_that_is_no_file_name(self, token):
        with pytest.raises(Misconfigured, match="token"):
            offer_for(authorization({**HTTP, "token": token}), "http-01", server=SERVER)

    @pytest.mark.parametrize("status", ["expired", "deactivated", "revoked", "something new", ""])
    def test_any_status_can_be_read(self, status):
        assert failures([authorization(status=status)]) == [
            ("www.example.com", f"its authorization is {status or 'gone'}")
        ]

    def test_what_a_server_may_send_instead(self):
        for body in ({}, {"challenges": None, "identifier": []}, {"challenges": [None, 1, {}]}):
            assert Authorization.read("url", body).name == ""

    def test_failures_say_where_the_server_looked(self):
        made = [
            authorization({**HTTP, "error": problem("connection", "timeout")}, DNS, status="invalid"),
            authorization({**DNS, "error": problem("dns", "no record")}, status="invalid", wildcard=True),
            authorization({**HTTP, "error": problem("tls", "v6")}, status="invalid", value="2001:db8::1"),
            authorization(HTTP, status="valid"),
        ]
        assert failures(made) == [
            ("www.example.com (http-01, http://www.example.com/.well-known/acme-challenge/token-1)", "timeout"),
            ("*.www.example.com (dns-01, TXT record _acme-challenge.www.example.com)", "no record"),
            ("2001:db8::1 (http-01, http://[2001:db8::1]/.well-known/acme-challenge/token-1)", "v6"),
        ]

    def test_options(self):
        standalone = {"port": 80}
        options = {"challenge": {"http_01": {"standalone": standalone, "host": "edge"}}}
        assert configured_method(options) == "http-01"
        assert hosting_of(options) == Hosting("edge", None, standalone)
        for nothing in ({}, {"challenge": {"none": True}}):
            assert configured_method(nothing) == "" and hosting_of(nothing) is None
        assert configured_method({"challenge": {"dns_01": {"hook": {}}}}) == "dns-01"


class TestSigningElsewhere:
    def test_ecdsa_numbers_keep_their_width(self):
        key = ec.generate_private_key(ec.SECP521R1())
        certificate = CA.issue(make_csr(["www.example.com"], key=key).pem).pem
        sign = _revocation.sign_remotely(certificate, lambda data, algorithm: encode_dss_signature(1, 2))
        made = json.loads(sign(b"{}", "nonce", SERVER))
        raw = base64.urlsafe_b64decode(made["signature"] + "==")
        assert len(raw) == 132 and raw[65] == 1 and raw[131] == 2
        header = json.loads(base64.urlsafe_b64decode(made["protected"] + "=="))
        assert header["alg"] == "ES512" and header["nonce"] == "nonce" and header["jwk"]["crv"] == "P-521"
        assert "kid" not in header

    @pytest.mark.parametrize("signature", [b"", b"nonsense", encode_dss_signature(2**300, 1)])
    def test_signature_that_does_not_fit(self, signature):
        certificate = CA.issue(make_csr(["www.example.com"], key=P256).pem).pem
        sign = _revocation.sign_remotely(certificate, lambda data, algorithm: signature)
        with pytest.raises(BadCertificate):
            sign(b"{}", "nonce", SERVER)

    def test_key_without_an_algorithm(self):
        certificate = CA.issue(make_csr(["www.example.com"], key=ed25519.Ed25519PrivateKey.generate()).pem).pem
        with pytest.raises(Misconfigured, match="account key"):
            _revocation.sign_remotely(certificate, lambda data, algorithm: b"")


def test_expired_certificates_are_not_asked_for():
    class Client:
        directory = Directory(renewalInfo=f"{SERVER}/ari")
        context = type("Context", (), {"clock": staticmethod(lambda: NOW + timedelta(days=10000))})

    assert _ari.renewal_information(Client(), facts()) is None
