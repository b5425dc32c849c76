# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Keys and tokens of the authority `step`, against known answers and a real JOSE library where there is one."""

from __future__ import annotations

import base64
import json

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa, utils

from ansible_collections.certfleet.pki.plugins.module_utils import _base64url
from ansible_collections.certfleet.pki.plugins.module_utils._authorities._base import MemoryTokens
from ansible_collections.certfleet.pki.plugins.module_utils._errors import Misconfigured, PkiError, Unauthorized
from ansible_collections.certfleet.pki.plugins.module_utils._step._jose import TokenKey, key_of_jwk, key_of_pem
from ansible_collections.certfleet.pki.plugins.module_utils._step._jwe import is_jwe, open_jwe
from ansible_collections.certfleet.pki.plugins.module_utils._step._tokens import given_key, stored_key, x5c_credential
from ansible_collections.certfleet.pki.plugins.module_utils._step._trust import canonical_fingerprint
from ansible_collections.certfleet.pki.tests.support.certificates import CertificateAuthority, make_key, to_pem
from ansible_collections.certfleet.pki.tests.support.stepca_provisioners import encrypted_jwk

#: RFC 8037, appendix A.1 and A.4.
ED25519 = {
    "kty": "OKP",
    "crv": "Ed25519",
    "d": "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A",
    "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
}
PASSWORD = "correct horse battery staple"
#: The word "secret", encrypted with PASSWORD by jwcrypto 1.6.1.
FOREIGN = (
    (
        "eyJhbGciOiJQQkVTMi1IUzI1NitBMTI4S1ciLCJjdHkiOiJqd2sranNvbiIsImVuYyI6IkEyNTZHQ00iLCJwMmMiOjgxOTIsInAycyI6"
        "IjduWkZSZmw3QlVVbWFhakJjYVdfcFEifQ.3ECtKuq9-A7wNIH5kCQWwzx9r0BoofRqaKWl5TYDz1enLJU3fvBwgA.fg8c_Eye6QhtBg"
        "oF.18NoZ8MH.1nlawdO3zhPy2i5KedauSQ"
    ),
    (
        "eyJhbGciOiJQQkVTMi1IUzM4NCtBMTkyS1ciLCJjdHkiOiJqd2sranNvbiIsImVuYyI6IkExOTJHQ00iLCJwMmMiOjgxOTIsInAycyI6"
        "Im9vbVA3VzgzaFVmVnV4Ml95ampPaHcifQ.mrhAP1Eprmj3QvI8_uBysKEw3LRe995AqwYdVclZrCo.Iy-1UO0N32pxpG_w.bkRYwbvM"
        ".eBuABHR2RemgOBUq68gtXA"
    ),
    (
        '{"ciphertext":"JJU9-b6W","encrypted_key":"owYK1j7EWhVgBdbE02DIJA3k_Lg2UF3w","header":{"p2c":8192,"p2s":"'
        'KB1hoYwnTGyQMCtduK-wOw"},"iv":"X5QNyjk4jETiebfX","protected":"eyJhbGciOiAiUEJFUzItSFM1MTIrQTI1NktXIiwgIm'
        'VuYyI6ICJBMTI4R0NNIiwgImN0eSI6ICJqd2sranNvbiJ9","tag":"vjpOObNpC8hZnJXfBmQdjA"}'
    ),
)


def private_jwk(key) -> str:
    if isinstance(key, ec.EllipticCurvePrivateKey):
        numbers, length = key.private_numbers(), (key.key_size + 7) // 8
        values = {"d": numbers.private_value, "x": numbers.public_numbers.x, "y": numbers.public_numbers.y}
        curve = {256: "P-256", 384: "P-384", 521: "P-521"}[key.key_size]
        members = {name: _base64url.encode(value.to_bytes(length, "big")) for name, value in values.items()}
        return json.dumps({"kty": "EC", "crv": curve, "kid": "mine", **members})
    numbers = key.private_numbers()
    values = {
        "n": numbers.public_numbers.n,
        "e": numbers.public_numbers.e,
        "d": numbers.d,
        "p": numbers.p,
        "q": numbers.q,
    }
    members = {
        name: _base64url.encode(value.to_bytes((value.bit_length() + 7) // 8, "big")) for name, value in values.items()
    }
    return json.dumps({"kty": "RSA", **members})


def parts(token: str) -> list[bytes]:
    return [_base64url.decode(part) for part in token.split(".")]


class TestSigning:
    @pytest.mark.parametrize(
        ("curve", "digest", "algorithm"),
        [
            (ec.SECP256R1, hashes.SHA256, "ES256"),
            (ec.SECP384R1, hashes.SHA384, "ES384"),
            (ec.SECP521R1, hashes.SHA512, "ES512"),
        ],
    )
    def test_ecdsa(self, curve, digest, algorithm):
        key = ec.generate_private_key(curve())
        token = key_of_jwk(private_jwk(key), what="The key").token({"kid": "k"}, {"sub": "x"})
        header, claims, signature = parts(token)
        assert json.loads(header) == {"alg": algorithm, "typ": "JWT", "kid": "k"}
        assert json.loads(claims) == {"sub": "x"}
        half = len(signature) // 2
        r, s = int.from_bytes(signature[:half], "big"), int.from_bytes(signature[half:], "big")
        signed = token.rpartition(".")[0].encode()
        key.public_key().verify(utils.encode_dss_signature(r, s), signed, ec.ECDSA(digest()))

    @pytest.mark.parametrize("with_primes", [True, False])
    def test_rsa(self, with_primes):
        key = make_key("rsa")
        jwk = json.loads(private_jwk(key))
        kept = jwk if with_primes else {name: value for name, value in jwk.items() if name not in ("p", "q")}
        token = key_of_jwk(json.dumps(kept), what="The key").token({}, {})
        header, _claims, signature = parts(token)
        assert json.loads(header)["alg"] == "RS256"
        key.public_key().verify(signature, token.rpartition(".")[0].encode(), padding.PKCS1v15(), hashes.SHA256())

    def test_ed25519(self):
        """RFC 8037, appendix A.3: the thumbprint, and A.4: the key."""
        key = key_of_jwk(json.dumps(ED25519), what="The key")
        assert key.thumbprint == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"
        token = key.token({}, {})
        public = ed25519.Ed25519PublicKey.from_public_bytes(_base64url.decode(ED25519["x"]))
        public.verify(parts(token)[2], token.rpartition(".")[0].encode())

    def test_thumbprint_of_rsa(self):
        """RFC 7638, section 3.1."""
        n = (
            "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiF"
            "V4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9"
            "c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1"
            "jF44-csFCur-kEgU8awapJzKnqDKgw"
        )

        class Public:
            """A key whose private half nobody needs here."""

            def public_key(self):
                return rsa.RSAPublicNumbers(65537, int.from_bytes(_base64url.decode(n), "big")).public_key()

        key = TokenKey.__new__(TokenKey)
        key._key = Public()
        assert key.thumbprint == "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"

    def test_key_matches_its_public_half_only(self):
        key = key_of_jwk(json.dumps(ED25519), what="The key")
        assert key.matches({**{name: ED25519[name] for name in ("kty", "crv", "x")}, "kid": "whatever"})
        assert not key.matches({"kty": "OKP", "crv": "Ed25519", "x": "AAAA"})
        assert not key.matches({})

    def test_nothing_secret_is_shown(self):
        key = key_of_jwk(json.dumps(ED25519), what="The key")
        assert ED25519["d"] not in f"{key!r} {vars(key)}"

    @pytest.mark.parametrize("text", ["", "{}", "[]", "null", '{"kty":"EC"}', '{"kty":"oct","k":"AAAA"}', "\udcff"])
    def test_what_is_no_key(self, text):
        with pytest.raises(Misconfigured, match="no private JWK"):
            key_of_jwk(text, what="The key")

    def test_public_jwk_is_refused_without_quoting(self):
        with pytest.raises(Misconfigured) as caught:
            key_of_jwk(json.dumps({**ED25519, "d": 5}), what="The key")
        assert ED25519["x"] not in str(caught.value)

    def test_curve_that_tokens_are_not_signed_with(self):
        with pytest.raises(Misconfigured, match="P-256"):
            key_of_pem(to_pem(ec.generate_private_key(ec.SECP256K1())), None, what="The key")

    def test_encrypted_pem(self):
        encryption = serialization.BestAvailableEncryption(PASSWORD.encode())
        form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption)
        text = make_key().private_bytes(*form).decode()
        assert key_of_pem(text, PASSWORD, what="The key").token({}, {})
        with pytest.raises(Unauthorized, match="password"):
            key_of_pem(text, "wrong", what="The key")
        with pytest.raises(Misconfigured, match="give password"):
            key_of_pem(text, None, what="The key")


class TestJwe:
    @pytest.mark.parametrize("cipher", ["A128GCM", "A192GCM", "A256GCM"])
    def test_opens_what_step_writes(self, cipher):
        assert open_jwe(encrypted_jwk("secret", PASSWORD, cipher=cipher, rounds=1000), PASSWORD, what="It") == b"secret"

    @pytest.mark.parametrize("text", FOREIGN)
    def test_opens_what_another_library_writes(self, text):
        assert open_jwe(text, PASSWORD, what="It") == b"secret"

    def test_as_json(self):
        names = ("protected", "encrypted_key", "iv", "ciphertext", "tag")
        flat = dict(zip(names, encrypted_jwk("secret", PASSWORD, rounds=1000).split(".")))
        assert open_jwe(json.dumps(flat), PASSWORD, what="It") == b"secret"
        general = {**flat, "recipients": [{"encrypted_key": flat.pop("encrypted_key")}]}
        general.pop("encrypted_key")
        assert open_jwe(json.dumps(general), PASSWORD, what="It") == b"secret"

    def test_wrong_password(self):
        with pytest.raises(Unauthorized, match="does not open the key"):
            open_jwe(encrypted_jwk("secret", PASSWORD, rounds=1000), "wrong", what="The key")

    @pytest.mark.parametrize("at", range(5))
    def test_changed_in_any_part(self, at):
        words = encrypted_jwk("secret", PASSWORD, rounds=1000).split(".")
        raw = bytearray(_base64url.decode(words[at]))
        raw[len(raw) // 2] ^= 1
        words[at] = _base64url.encode(bytes(raw))
        with pytest.raises((Unauthorized, Misconfigured)):
            open_jwe(".".join(words), PASSWORD, what="It")

    @pytest.mark.parametrize(
        "change",
        [
            {"alg": "dir"},
            {"enc": "A128CBC-HS256"},
            {"p2c": 10**12},
            {"p2c": 1},
            {"p2c": "many"},
            {"p2s": "*"},
            {"zip": "DEF"},
            {"alg": None},
        ],
    )
    def test_header_that_is_not_taken(self, change):
        header, *others = encrypted_jwk("secret", PASSWORD, rounds=1000).split(".")
        changed = {**json.loads(_base64url.decode(header)), **change}
        text = ".".join([_base64url.encode(json.dumps(changed).encode()), *others])
        with pytest.raises(PkiError):
            open_jwe(text, PASSWORD, what="It")

    @pytest.mark.parametrize("text", ["", "a.b.c", "{", "{}", "[]", '{"protected": 5}', "nothing like it", "...."])
    def test_what_is_none(self, text):
        with pytest.raises(PkiError):
            open_jwe(text, PASSWORD, what="It")
        assert not is_jwe(text)

    def test_path_with_dots_is_no_jwe(self):
        assert not is_jwe("/etc/keys/step.ca.example.com.jwk")


class TestGiven:
    def test_key_by_path_text_and_stored(self, tmp_path):
        jwk, tokens = json.dumps(ED25519), MemoryTokens()
        plain = tmp_path / "key.jwk"
        plain.write_text(jwk)
        locked = encrypted_jwk(jwk, PASSWORD, rounds=1000)
        keys = [
            given_key({"key": jwk}, tokens=tokens),
            given_key({"key": str(plain)}, tokens=tokens),
            given_key({"key": locked, "password": PASSWORD}, tokens=tokens),
            stored_key({"password": PASSWORD}, locked, tokens=tokens),
        ]
        assert len({key.thumbprint for key in keys}) == 1
        assert given_key({"password": PASSWORD}, tokens=tokens) is None

    def test_opened_once_in_a_run(self, monkeypatch):
        from ansible_collections.certfleet.pki.plugins.module_utils._step import _tokens

        opened = []
        monkeypatch.setattr(_tokens, "open_jwe", lambda *a, **k: opened.append(1) or json.dumps(ED25519).encode())
        tokens, locked = MemoryTokens(), encrypted_jwk("x", PASSWORD, rounds=1000)
        for _number in range(3):
            stored_key({"password": PASSWORD}, locked, tokens=tokens)
        assert len(opened) == 1

    @pytest.mark.parametrize(
        ("options", "words"),
        [
            ({"key": "/nowhere/key.jwk"}, "No such file"),
            ({"key": encrypted_jwk(json.dumps(ED25519), PASSWORD, rounds=1000)}, "give password"),
            ({"key": encrypted_jwk("no key", PASSWORD, rounds=1000), "password": PASSWORD}, "no private JWK"),
        ],
    )
    def test_key_that_can_not_be_used(self, options, words):
        with pytest.raises(Misconfigured, match=words):
            given_key(options, tokens=MemoryTokens())

    def test_ca_keeps_no_key(self):
        with pytest.raises(Misconfigured, match=r"auth\.jwk\.key"):
            stored_key({"password": PASSWORD}, None, tokens=MemoryTokens())

    def test_x5c_that_does_not_fit(self, tmp_path):
        from datetime import datetime, timedelta, timezone

        now, ca = datetime.now(timezone.utc), CertificateAuthority("Partners")
        made = ca.issue(["ansible"])
        with pytest.raises(Misconfigured, match="not the key"):
            x5c_credential({"certificate": made.pem, "private_key": to_pem(make_key())}, now=now)
        with pytest.raises(Unauthorized, match="expired"):
            x5c_credential({"certificate": made.pem, "private_key": made.key_pem}, now=now + timedelta(days=200))
        empty = tmp_path / "empty.pem"
        empty.write_text("nothing")
        with pytest.raises(Misconfigured, match="no certificate"):
            x5c_credential({"certificate": str(empty), "private_key": made.key_pem}, now=now)


def test_fingerprint_in_any_spelling():
    plain = "ab" * 32
    assert canonical_fingerprint(":".join(["AB"] * 32)) == plain
    assert canonical_fingerprint(f" {plain} ") == plain
    for wrong in ("", "ab" * 31, "sha256:" + plain, "zz" * 32):
        with pytest.raises(Misconfigured, match="64 hexadecimal"):
            canonical_fingerprint(wrong)


def test_base64url_is_strict():
    assert _base64url.decode(_base64url.encode(b"\xfb\xff")) == b"\xfb\xff"
    assert _base64url.encode(b"\xfb\xff") == base64.urlsafe_b64encode(b"\xfb\xff").decode().rstrip("=")
    for wrong in ("a", "*", "ab cd", "é"):
        with pytest.raises(ValueError):  # noqa: PT011
            _base64url.decode(wrong)
