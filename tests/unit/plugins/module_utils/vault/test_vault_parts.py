# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The parts of the authority `vault` that need no server."""

from __future__ import annotations

import json
import re
from datetime import timedelta

import pytest
import requests

from ansible_collections.certfleet.pki.plugins.module_utils import _registry
from ansible_collections.certfleet.pki.plugins.module_utils._authorities._base import (
    Context,
    Login,
    MemoryTokens,
    utc_now,
)
from ansible_collections.certfleet.pki.plugins.module_utils._authorities.vault import VaultAuthority
from ansible_collections.certfleet.pki.plugins.module_utils._errors import (
    Misconfigured,
    PkiError,
    PolicyViolation,
    Rejected,
    Unauthorized,
    Unavailable,
)
from ansible_collections.certfleet.pki.plugins.module_utils._model import KeyParameters, Names, Order
from ansible_collections.certfleet.pki.plugins.module_utils._vault import _client, _wire
from ansible_collections.certfleet.pki.plugins.module_utils._vault._auth import Kubernetes, choose_auth
from ansible_collections.certfleet.pki.plugins.module_utils._vault._errors import (
    Denied,
    login_refused,
    refusal,
    words_of,
)
from ansible_collections.certfleet.pki.plugins.module_utils._vault._role import policy_of, seconds

BASE = {"url": "https://vault.example.com:8200", "role": "web", "auth": {"token": "t"}}
NAMES = {
    "server": "https://v",
    "namespace": "team",
    "mount": "pki",
    "role": "web",
    "issuer": "default",
    "path": "pki/sign/web",
    "capability": "update",
}


# Identity and options


@pytest.mark.parametrize(
    ("options", "identity"),
    [
        ({}, "vault:https://vault.example.com:8200/pki/web"),
        ({"url": "HTTPS://Vault.Example.com:443/"}, "vault:https://vault.example.com/pki/web"),
        ({"namespace": "/a/b/", "mount": "/team/pki/"}, "vault:https://vault.example.com:8200/a/b/team/pki/web"),
        ({"issuer": "second"}, "vault:https://vault.example.com:8200/pki/web@second"),
    ],
)
def test_identity(options, identity):
    assert VaultAuthority({**BASE, **options}).identity == identity


def test_identity_does_not_depend_on_the_credentials():
    approle = {"approle": {"role_id": "r", "secret_id": "s"}}
    assert VaultAuthority({**BASE, "auth": approle}).identity == VaultAuthority(BASE).identity


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"url": None}, "VAULT_ADDR"),
        ({"url": "vault.example.com"}, "url"),
        ({"role": ""}, "role"),
        ({"role": "../../sys/raw"}, "role"),
        ({"issuer": "a/b"}, "issuer"),
        ({"mount": "a/../b"}, "mount"),
        ({"auth": {"token": "t", "userpass": {}}}, "exactly one"),
        ({"auth": {"ldap": {}}}, "ldap"),
    ],
)
def test_bad_options(options, words):
    with pytest.raises(Misconfigured, match=words) as caught:
        VaultAuthority({**BASE, **options})
    assert caught.value.message.endswith(".")


def test_secret_options_are_not_logged():
    secret = {"token", "secret_id", "wrapped_secret_id", "jwt", "password", "proxy"}

    def walk(options):
        for name, entry in options.items():
            assert entry.get("description"), name
            if entry["type"] != "dict":
                assert bool(entry.get("no_log")) == (name in secret), name
            walk(entry.get("options", {}))

    walk(VaultAuthority.OPTIONS)


def test_without_hvac(monkeypatch):
    monkeypatch.setattr(_client, "hvac", None)
    with pytest.raises(Misconfigured, match="hvac"):
        VaultAuthority(BASE).policy()


def test_defaults_from_the_environment():
    environ = {"VAULT_ADDR": "https://a", "BAO_ADDR": "https://b", "VAULT_TOKEN": "t", "VAULT_NAMESPACE": "n"}
    authority = _registry.open_authority({"vault": {"role": "web"}}, environ={**environ, "VAULT_SKIP_VERIFY": "1"})
    assert authority.identity == "vault:https://b/n/pki/web"
    assert authority.options["auth"] == {"token": "t"}
    assert not authority._validates_certs()
    given = {"role": "web", "url": "https://c", "auth": {"userpass": {}}, "validate_certs": True}
    authority = _registry.open_authority({"vault": given}, environ={**environ, "VAULT_SKIP_VERIFY": "1"})
    assert authority.identity.startswith("vault:https://c/")
    assert authority.options["auth"] == {"userpass": {}}
    assert authority._validates_certs()


def test_opening_does_nothing():
    """Nothing is read or loaded: most runs have nothing to ask the CA."""
    files = {"certificate": "/none", "private_key": "/none"}
    for auth in ({"kubernetes": {"role": "x", "token_path": "/none"}}, {"cert": files}):
        authority = VaultAuthority({**BASE, "ca_bundle": "/none", "auth": auth})
        assert authority.identity
        with pytest.raises(Misconfigured, match="/none"):
            authority.policy()


# Logins


@pytest.mark.parametrize(
    ("auth", "path", "body"),
    [
        ({"approle": {"role_id": "r", "secret_id": "s"}}, "auth/approle/login", {"role_id": "r", "secret_id": "s"}),
        ({"approle": {"role_id": "r", "mount": "/x/"}}, "auth/x/login", {"role_id": "r"}),
        ({"jwt": {"jwt": " j\n", "role": "r"}}, "auth/jwt/login", {"jwt": "j", "role": "r"}),
        ({"jwt": {"jwt": "j"}}, "auth/jwt/login", {"jwt": "j"}),
        ({"kubernetes": {"role": "r", "jwt": "j"}}, "auth/kubernetes/login", {"role": "r", "jwt": "j"}),
        ({"cert": {"certificate": "c", "private_key": "k", "name": "n"}}, "auth/cert/login", {"name": "n"}),
        ({"userpass": {"username": "u", "password": "p"}}, "auth/userpass/login/u", {"password": "p"}),
    ],
)
def test_login_bodies(auth, path, body):
    method = choose_auth(auth)
    assert (method.path, method.body("")) == (path, body)


def test_unwrapped_secret_id_is_used():
    method = choose_auth({"approle": {"role_id": "r", "wrapped_secret_id": "w"}})
    assert method.wrapped == "w"
    assert method.body("s") == {"role_id": "r", "secret_id": "s"}


def test_jwt_variable_that_is_not_set(monkeypatch):
    monkeypatch.delenv("NO_SUCH_TOKEN", raising=False)
    with pytest.raises(Misconfigured, match="NO_SUCH_TOKEN"):
        choose_auth({"jwt": {"jwt_env": "NO_SUCH_TOKEN"}}).body("")


@pytest.mark.parametrize("content", [None, b"\xff\xfe"])
def test_service_account_token_that_can_not_be_read(tmp_path, content):
    path = tmp_path / "token"
    if content:
        path.write_bytes(content)
    with pytest.raises(Misconfigured, match="token"):
        choose_auth({"kubernetes": {"role": "r", "token_path": str(path)}}).body("")


def test_usual_place_of_the_service_account_token():
    options = VaultAuthority.OPTIONS["auth"]["options"]["kubernetes"]["options"]
    assert options["token_path"]["default"] == Kubernetes.DEFAULT_PATH


@pytest.mark.parametrize("username", ["a/b", "..", ""])
def test_username_stays_one_segment(username):
    with pytest.raises(Misconfigured):
        assert choose_auth({"userpass": {"username": username, "password": "p"}}).path


def test_login_name_tells_every_credential_apart_and_nothing_else():
    def key(**options):
        return VaultAuthority({**BASE, **options})._client._key

    alike = [{"approle": {"role_id": "r", "secret_id": secret}} for secret in ("topsecret1", "topsecret2")]
    keys = {key(auth=auth, **more) for auth in alike for more in ({}, {"namespace": "n"}, {"url": "https://b"})}
    assert len(keys) == 6
    assert not any("topsecret" in name for name in keys)
    assert key(auth=alike[0]) == key(auth=alike[0], role="other", mount="other")


def test_login_is_given_up_a_little_before_it_expires():
    now = utc_now()
    assert _client._expiry(now, 0) is None
    assert _client._expiry(now, 100) == now + timedelta(seconds=90)
    assert _client._expiry(now, 3600) == now + timedelta(seconds=3570)


def test_credentials_are_in_no_representation():
    auth = {"approle": {"role_id": "r", "secret_id": "hidden-secret"}}
    authority = VaultAuthority({**BASE, "auth": auth}, Context(tokens=MemoryTokens()))
    for thing in (authority, authority._client, authority._client._auth, authority._issuers):
        assert "hidden-secret" not in repr(thing)


def test_unwrapped_secret_id_stays_with_the_login():
    login = Login("hvs.token the-secret-id")
    assert (_client._token(login), _client._secret_id(login)) == ("hvs.token", "the-secret-id")
    assert (_client._token(Login("hvs.token")), _client._secret_id(Login("hvs.token"))) == ("hvs.token", "")


# Refusals, in the words of real servers


def answer(status, *errors, headers=None):
    response = requests.Response()
    response.status_code = status
    response._content = json.dumps({"errors": list(errors)}).encode()
    response.headers.update(headers or {})
    return response


@pytest.mark.parametrize(
    ("status", "words", "kind"),
    [
        (400, "common name evil.test not allowed by this role", PolicyViolation),
        (400, "subject alternate name evil.test not allowed by this role", PolicyViolation),
        (400, "IP Subject Alternative Names are not allowed in this role, but was provided 192.0.2.1", PolicyViolation),
        (400, "role requires keys of type rsa", PolicyViolation),
        (400, "role requires a minimum of a 3072-bit key, but CSR's key is 2048 bits", PolicyViolation),
        (
            400,
            'the common_name field is required, or must be provided in a CSR with "use_csr_common_name"',
            PolicyViolation,
        ),
        (400, "unknown role: web", Misconfigured),
        (400, "certificate request could not be parsed", Rejected),
        (
            400,
            "cannot satisfy request, as TTL would result in notAfter of X that is beyond the expiration of the CA",
            Misconfigured,
        ),
        (403, "1 error occurred:\n\t* permission denied\n\n", Denied),
        (404, 'no handler for route "pki/sign/web". route entry not found.', Misconfigured),
        (404, "namespace not found", Misconfigured),
        (405, "1 error occurred:\n\t* unsupported operation\n\n", Misconfigured),
        (412, "required index state not present", Unavailable),
        (429, 'request path "pki/sign/web": rate limit quota exceeded', Unavailable),
        (500, "local node not active but active cluster node not found", Unavailable),
        (
            500,
            "1 error occurred:\n\t* could not fetch the CA certificate (was one set?): unable to find PKI issuer for reference: x",
            Misconfigured,
        ),
        (
            500,
            "1 error occurred:\n\t* could not fetch the CA certificate (was one set?): no default issuer currently configured",
            Misconfigured,
        ),
        (500, "internal error", Unavailable),
        (501, "Vault is not initialized", Unavailable),
        (502, "", Unavailable),
        (503, "Vault is sealed", Unavailable),
        (503, "OpenBao is sealed", Unavailable),
    ],
)
def test_refusals(status, words, kind):
    error = refusal(answer(status, *filter(None, [words])), NAMES)
    assert error.__class__ is kind
    assert error.http_status == status
    assert error.message.endswith(".")
    assert "\n" not in error.message + error.detail
    assert "error occurred" not in error.detail
    assert error.retryable == (kind is Unavailable)


def test_denied_names_path_and_capability():
    message = refusal(answer(403, "permission denied"), NAMES).message
    assert "pki/sign/web" in message
    assert "'update'" in message


def test_bare_not_found_means_what_the_caller_says():
    missing = PkiError("there is none")
    assert refusal(answer(404), NAMES, missing=missing) is missing
    assert isinstance(refusal(answer(404, "no handler for route x"), NAMES, missing=missing), Misconfigured)


def test_retry_after_is_passed_on():
    assert refusal(answer(429, headers={"Retry-After": "7"}), NAMES).retry_after == 7


@pytest.mark.parametrize(
    ("status", "words", "kind"),
    [
        (400, "invalid role or secret ID", Unauthorized),
        (400, "role requires a secret", Unauthorized),
        (403, "permission denied", Unauthorized),
        (404, "no handler for route", Unauthorized),
        (404, "namespace not found", Misconfigured),
        (503, "Vault is sealed", Unavailable),
        (500, "internal error", Unavailable),
    ],
)
def test_refused_logins(status, words, kind):
    error = login_refused(answer(status, words), NAMES, method="approle", hint="role_id")
    assert error.__class__ is kind
    assert error.message.endswith(".")


def test_words_of_an_answer_that_is_not_json():
    response = requests.Response()
    response.status_code, response._content = 502, b"<html>Bad gateway</html>"
    assert words_of(response) == ""
    assert isinstance(refusal(response, NAMES), Unavailable)


def test_words_are_bounded():
    assert len(words_of(answer(400, "x" * 10_000))) == 600


# What is sent


def test_sign_body():
    order = Order(
        csr_pem="CSR",
        names=Names(dns=("a", "b"), ip=("192.0.2.1",), email=("me@a",), uri=("spiffe://a/b",)),
        key=KeyParameters("rsa", 2048),
        common_name="a",
        subject=(("organization", "x"), ("serial_number", "17")),
        lifetime=3600,
    )
    assert _wire.sign_body(order) == {
        "csr": "CSR",
        "common_name": "a",
        "alt_names": "a,b,me@a",
        "ip_sans": "192.0.2.1",
        "uri_sans": "spiffe://a/b",
        "serial_number": "17",
        "ttl": "3600s",
        "format": "pem",
        "exclude_cn_from_sans": True,
    }


def test_sign_body_says_nothing_of_what_is_not_asked_for():
    order = Order(csr_pem="CSR", names=Names(), key=KeyParameters("rsa", 2048))
    assert _wire.sign_body(order) == {"csr": "CSR", "format": "pem", "exclude_cn_from_sans": True}


def test_serial_number_in_vaults_spelling():
    assert _wire.colons("00c0ffee") == "00:c0:ff:ee"


def test_expected_warnings():
    assert _wire.is_expected('the alt_names field was provided but the role is set with "use_csr_sans" set to true')
    assert not _wire.is_expected('TTL "100h0m0s" is longer than permitted maxTTL "72h0m0s", so maxTTL is being used')


# Roles


def rules(**role):
    return policy_of(role, source="s")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (0, 0),
        (None, 0),
        ("", 0),
        (3600, 3600),
        ("3600", 3600),
        ("72h", 259200),
        ("72h0m0s", 259200),
        ("1h30m", 5400),
        ("500ms", 0),
    ],
)
def test_seconds(value, expected):
    assert seconds(value) == expected


def test_role_with_its_defaults():
    policy = rules()
    assert not policy.restrictive
    assert policy.allowed_domain_patterns == ("localhost|localdomain",)
    assert policy.allowed_uris == ()
    assert policy.allowed_ip_ranges is None
    assert policy.extended_key_usages == ("server_auth", "client_auth")
    assert dict(policy.required_subject) == {"common_name": ()}


@pytest.mark.parametrize("loose", ["allow_any_name", "allowed_domains_template", "allow_token_displayname"])
def test_domains_that_can_not_be_known(loose):
    assert rules(**{loose: True, "allowed_domains": ["a"]}).allowed_domain_patterns is None


def test_role_that_allows_no_name_at_all():
    (pattern,) = rules(allow_localhost=False).allowed_domain_patterns
    assert not re.fullmatch(pattern, "")
    assert not re.fullmatch(pattern, "a.test")


@pytest.mark.parametrize(
    ("role", "keys"),
    [
        ({"key_type": "rsa"}, {"rsa": 2048}),
        ({"key_type": "rsa", "key_bits": 3072}, {"rsa": 3072}),
        ({"key_type": "ec", "key_bits": 384}, {"ecdsa": 384}),
        ({"key_type": "ec", "key_bits": 0}, {"ecdsa": 256}),
        ({"key_type": "ed25519", "key_bits": 0}, {"ed25519": 0}),
        ({"key_type": "any"}, None),
    ],
)
def test_key_types(role, keys):
    assert rules(**role).key_types == keys


def test_other_limits():
    policy = rules(
        max_ttl="72h",
        require_cn=False,
        allow_ip_sans=False,
        allowed_uri_sans=["spiffe://x/*"],
        allow_wildcard_certificates=False,
    )
    assert policy.max_lifetime == 259200
    assert policy.required_subject is None
    assert policy.allowed_ip_ranges == ()
    assert policy.allowed_uris == ("spiffe://x/*",)
    assert policy.forbid_wildcards
    assert rules(allowed_ip_sans_cidr=["10.0.0.0/8"]).allowed_ip_ranges == ("10.0.0.0/8",)
    assert rules(allowed_uri_sans_template=True, allowed_uri_sans=["{{x}}"]).allowed_uris is None


def test_extended_key_usages():
    flags = {"server_flag": False, "client_flag": False}
    assert rules(**flags).extended_key_usages is None
    assert rules(**flags, code_signing_flag=True, email_protection_flag=True).extended_key_usages == (
        "code_signing",
        "email_protection",
    )
    named = rules(**flags, ext_key_usage=["TimeStamping", "ExtKeyUsageOCSPSigning"], ext_key_usage_oids=["1.2.3"])
    assert named.extended_key_usages == ("time_stamping", "ocsp_signing", "1.2.3")
    assert rules(ext_key_usage=["Any"]).extended_key_usages is None
