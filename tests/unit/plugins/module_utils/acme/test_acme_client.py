# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Nonces, signatures and answers that no ACME server should give, without a network."""

from __future__ import annotations

import base64
import concurrent.futures
import hashlib
import hmac
import json
import random
import threading
import typing as t

import pytest
import requests
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

pytest.register_assert_rewrite("ansible_collections.certfleet.pki.tests.support.authority_contract")

from ansible_collections.certfleet.pki.plugins.module_utils._acme import _client
from ansible_collections.certfleet.pki.plugins.module_utils._acme._account import Account
from ansible_collections.certfleet.pki.plugins.module_utils._acme._client import AcmeClient, links
from ansible_collections.certfleet.pki.plugins.module_utils._acme._keys import load_key
from ansible_collections.certfleet.pki.plugins.module_utils._acme._orders import Orders
from ansible_collections.certfleet.pki.plugins.module_utils._authorities._base import Context
from ansible_collections.certfleet.pki.plugins.module_utils._errors import (
    Misconfigured,
    NotFound,
    PkiError,
    Unavailable,
)
from ansible_collections.certfleet.pki.tests.support.authority_contract import AuthorityContract

SERVER = "https://ca.example.com"
DIRECTORY = {
    "newNonce": f"{SERVER}/nonce",
    "newAccount": f"{SERVER}/account",
    "newOrder": f"{SERVER}/order",
    "revokeCert": f"{SERVER}/revoke",
    "keyChange": f"{SERVER}/key",
}
KEY = ec.generate_private_key(ec.SECP256R1())
PEM = KEY.private_bytes(
    serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
).decode()


def decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


class Server:
    """Stands where Http is. It checks signatures, takes each nonce once, and rejects ``reject`` of good ones."""

    def __init__(self, *, reject: float = 0, answers: t.Optional[dict[str, t.Any]] = None) -> None:
        self.reject = reject
        self.answers = {"account": (201, {"status": "valid"}, {"Location": f"{SERVER}/account/1"}), **(answers or {})}
        self.gives_nonces = True
        self.directory: t.Any = DIRECTORY
        self.seen: list[dict[str, t.Any]] = []
        self.nonces: set[str] = set()
        self.used: set[str] = set()
        self.lock = threading.Lock()
        self.random = random.Random(1)

    def request(self, method: str, url: str, **content: t.Any) -> requests.Response:
        if method == "GET":
            return self.answer(200, self.directory, {})
        if method == "HEAD":
            return self.answer(200, {}, {})
        prepared = requests.Request("POST", url, headers=content["headers"], auth=content["auth"]).prepare()
        return self.post(url, prepared)

    def post(self, url: str, prepared: requests.PreparedRequest) -> requests.Response:
        assert prepared.headers["Content-Type"] == "application/jose+json"
        assert int(prepared.headers["Content-Length"]) == len(prepared.body)
        body = json.loads(prepared.body)
        header = json.loads(decoded(body["protected"]))
        raw = decoded(body["signature"])
        signature = encode_dss_signature(int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))
        signed = f"{body['protected']}.{body['payload']}".encode()
        KEY.public_key().verify(signature, signed, ec.ECDSA(hashes.SHA256()))
        assert header["url"] == url and ("jwk" in header) is not ("kid" in header)
        with self.lock:
            assert header["nonce"] not in self.used, "a nonce was used twice"
            good = header["nonce"] in self.nonces and self.random.random() >= self.reject
            self.used.add(header["nonce"])
            self.seen.append({"url": url, "header": header, "payload": json.loads(decoded(body["payload"]) or "null")})
        if not good:
            return self.answer(400, {"type": "urn:ietf:params:acme:error:badNonce"}, {})
        status, told, headers = self.answers.get(url.rpartition("/")[2], (200, {}, {}))
        return self.answer(status, told, headers)

    def answer(self, status: int, body: t.Any, headers: dict[str, str]) -> requests.Response:
        made = requests.Response()
        made.status_code, made.url = status, SERVER
        made._content = body if isinstance(body, bytes) else json.dumps(body).encode()
        made.headers.update(headers)
        if self.gives_nonces:
            with self.lock:
                nonce = base64.urlsafe_b64encode(f"nonce {len(self.nonces):06}".encode()).decode()
                self.nonces.add(nonce)
            made.headers["Replay-Nonce"] = nonce
        return made

    def paths(self) -> list[str]:
        return [one["url"].rpartition("/")[2] for one in self.seen]


def opened(server: Server, **options: t.Any) -> tuple[AcmeClient, Account]:
    client = AcmeClient(t.cast(t.Any, server), url=f"{SERVER}/directory", context=Context())
    return client, Account(client, {"account_key": PEM, **options})


def sentence(error: PkiError) -> str:
    AuthorityContract.is_one_sentence(error)
    return error.message


def test_half_of_the_nonces_are_rejected_and_eight_threads_ask():
    server = Server(reject=0.5)
    account = opened(server)[1]
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        answers = list(
            pool.map(lambda number: account.post(f"{SERVER}/thing/{number}", {"number": number}), range(200))
        )
    assert all(answer.ok for answer in answers)
    assert len(server.seen) > 300  # half of them twice, a quarter three times ...


def test_nonces_are_kept():
    server = Server()
    heads = []
    usual = server.request
    server.request = lambda method, url, **content: heads.append(method) or usual(method, url, **content)
    account = opened(server)[1]
    for number in range(10):
        account.post(f"{SERVER}/thing/{number}")
    assert heads.count("HEAD") == 1 and server.paths().count("account") == 1


def test_reading_is_an_empty_post_by_the_account():
    server = Server()
    opened(server)[1].post(f"{SERVER}/thing/1")
    assert server.seen[-1]["payload"] is None and server.seen[-1]["header"]["kid"] == f"{SERVER}/account/1"
    assert server.seen[0]["payload"] == {"onlyReturnExisting": True} and "jwk" in server.seen[0]["header"]


def test_no_nonce_comes():
    server = Server()
    server.gives_nonces = False
    with pytest.raises(Unavailable) as caught:
        opened(server)[1].post(f"{SERVER}/thing/1")
    assert "Replay-Nonce" in sentence(caught.value)


def test_answers_without_a_nonce_cost_another_question_only():
    server = Server()
    account = opened(server)[1]
    account.post(f"{SERVER}/thing/1")
    usual = server.post

    def stripped(url, prepared):
        answer = usual(url, prepared)
        del answer.headers["Replay-Nonce"]
        return answer

    server.post = stripped
    assert account.post(f"{SERVER}/thing/2").ok and account.post(f"{SERVER}/thing/3").ok


@pytest.mark.parametrize("nonce", ["", "a b", "ümlaut", 'x", "kid": "y'])
def test_nonces_that_are_none(nonce):
    answer = requests.Response()
    answer.headers["Replay-Nonce"] = nonce
    assert _client._nonce_of(answer) == ""


@pytest.mark.parametrize("told", [b"<html>", [], {}, {"newOrder": 1}, {**DIRECTORY, "newNonce": None}, b"\xff"])
def test_what_is_no_directory(told):
    server = Server()
    server.directory = told
    with pytest.raises(Misconfigured) as caught:
        assert opened(server)[0].directory
    assert "correct directory" in sentence(caught.value)


def test_no_location():
    server = Server(answers={"order": (201, {"status": "pending"}, {})})
    client, account = opened(server)
    with pytest.raises(Misconfigured) as caught:
        Orders(client, account).place({"identifiers": []})
    assert "Location" in sentence(caught.value)


@pytest.mark.parametrize("status", [400, 403, 404, 409])
def test_order_without_what_it_replaces(status):
    server = Server(answers={"order": (status, {"type": "about:blank", "detail": "no"}, {})})
    client, account = opened(server)
    with pytest.raises(PkiError):
        Orders(client, account).place({"identifiers": [], "replaces": "x.y"})
    sent = [one["payload"] for one in server.seen if one["url"].endswith("/order")]
    assert sent == [{"identifiers": [], "replaces": "x.y"}, {"identifiers": []}]


@pytest.mark.parametrize(
    "url", ["", "1", "https://ca.example.com", "https://evil.example/order/1", "http://ca.example.com/x", "https://[/"]
)
def test_nothing_is_sent_to_other_addresses(url):
    server = Server()
    client, account = opened(server)
    with pytest.raises(NotFound) as caught:
        Orders(client, account).read(url)
    assert sentence(caught.value) and server.seen == []


@pytest.mark.parametrize("told", [b"", b"<html>", [], {"status": None}, {"identifiers": "x"}])
def test_order_that_makes_no_sense(told):
    server = Server(answers={"1": (200, told, {})})
    client, account = opened(server)
    with pytest.raises(NotFound):
        Orders(client, account).read(f"{SERVER}/order/1")


def test_external_account_binding():
    server = Server()
    answers = iter([(400, {"type": "urn:ietf:params:acme:error:accountDoesNotExist"}, {}), server.answers["account"]])
    usual = server.post

    def once_unknown(url, prepared):
        server.answers["account"] = next(answers)
        return usual(url, prepared)

    server.post = once_unknown
    secret = b"\xfb\xff mac key"
    eab = {"kid": "kid-1", "hmac_key": base64.b64encode(secret).decode(), "algorithm": "HS384"}
    account = opened(server, account_create=True, eab=eab, contact=["a@example.com"], terms_agreed=True)[1]
    assert account.url == f"{SERVER}/account/1"
    sent = server.seen[-1]["payload"]
    binding = sent["externalAccountBinding"]
    assert sent["contact"] == ["mailto:a@example.com"] and sent["termsOfServiceAgreed"] is True
    header = {"alg": "HS384", "kid": "kid-1", "url": f"{SERVER}/account"}
    assert json.loads(decoded(binding["protected"])) == header
    assert json.loads(decoded(binding["payload"])) == load_key(PEM).public_jwk
    signed = f"{binding['protected']}.{binding['payload']}".encode()
    assert decoded(binding["signature"]) == hmac.new(secret, signed, hashlib.sha384).digest()


def test_every_alternate_is_found():
    answer = requests.Response()
    answer.url = f"{SERVER}/cert/1"
    answer.headers["Link"] = (
        f'<{SERVER}/dir>;rel="index", </cert/1/1>;rel="alternate", <{SERVER}/cert/1/2>; rel="alternate"'
    )
    assert links(answer, "alternate") == [f"{SERVER}/cert/1/1", f"{SERVER}/cert/1/2"]
    assert links(requests.Response(), "alternate") == []


def test_the_option_has_its_own_name():
    server = Server()

    def unreachable(method, url, **content):
        raise Unavailable("https://ca.example.com can't be reached; try again, or check url.")

    server.request = unreachable
    with pytest.raises(Unavailable) as caught:
        assert opened(server)[0].directory
    assert str(caught.value) == caught.value.message and "check directory" in caught.value.message
