# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The formats pkcs12 and jks, of every kind of key, read by Java, openssl and cryptography."""

from __future__ import annotations

import subprocess

import pytest

from ansible_collections.certfleet.pki.plugins.module_utils._host import jks, pkcs12
from ansible_collections.certfleet.pki.tests.support import host_program as host
from ansible_collections.certfleet.pki.tests.support import keystores
from ansible_collections.certfleet.pki.tests.support.certificates import CertificateAuthority

KINDS = ("ecdsa", "ecdsa-p384", "ecdsa-p521", "rsa", "ed25519")
PASSPHRASE = "sesame, open; \"now\" & 'here' $HOME"
KEY_PASSPHRASE = "another one \u00fc"
BOTH = ["pem", "pkcs12", "jks"]
WANTED = {"formats": BOTH, "keystore_passphrase": PASSPHRASE, "alias": "Web Server"}


@pytest.fixture(scope="module")
def ca():
    return CertificateAuthority("Intermediate", parent=CertificateAuthority())


def install(web, ca, kind, *, key=lambda pem: pem, **more):
    """Install a certificate that ``ca`` issues, and return it with its plain key and its chain."""
    made = ca.issue(["web.example.com"], common_name="web", key=kind)
    given = {"from": "given", "certificate_pem": made.pem, "chain_pem": ca.pem, "private_key": key(made.key_pem)}
    web.done("present", web.item(install=given, **{**WANTED, **more}))
    return keystores.Entry("", made.key_pem, (made.pem, ca.pem))


def store(web, name):
    return web.directory / name


@pytest.mark.parametrize("encryption", ["modern", "legacy"])
@pytest.mark.parametrize("kind", KINDS)
def test_pkcs12(web, ca, kind, encryption):
    made = install(web, ca, kind, pkcs12_encryption=encryption)
    assert keystores.read_with_cryptography(store(web, "keystore.p12"), PASSPHRASE) == made._replace(alias="Web Server")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("name", "type_"), [("keystore.jks", "JKS"), ("keystore.p12", "PKCS12")])
def test_java(web, ca, kind, name, type_):
    made = install(web, ca, kind)
    read = keystores.read_with_keytool(store(web, name), PASSPHRASE, "Web Server", kind=type_)
    assert read == made._replace(alias="web server")


def test_java_reads_the_legacy_encryption(web, ca):
    made = install(web, ca, "rsa", pkcs12_encryption="legacy")
    read = keystores.read_with_keytool(store(web, "keystore.p12"), PASSPHRASE, "web server", kind="PKCS12")
    assert read.key == made.key


def test_java_finds_one_private_key_and_refuses_another_passphrase(web, ca):
    install(web, ca, "ecdsa")
    listed = keystores.keytool("-list", "-keystore", str(store(web, "keystore.jks")), "-storepass", PASSPHRASE)
    assert "Keystore type: JKS" in listed and "PrivateKeyEntry" in listed and "contains 1 entry" in listed
    for name in ("keystore.jks", "keystore.p12"):
        assert keystores.keytool_opens(store(web, name), PASSPHRASE)
        assert not keystores.keytool_opens(store(web, name), "not this one")


@pytest.mark.parametrize(
    ("encryption", "said", "not_said"),
    [
        ("modern", ("MAC: sha256", "AES-256-CBC"), "3DES"),
        ("legacy", ("MAC: sha1", "pbeWithSHA1And3-KeyTripleDES"), "AES"),
    ],
)
def test_openssl(web, ca, encryption, said, not_said):
    made = install(web, ca, "ecdsa", pkcs12_encryption=encryption)
    info = keystores.openssl_info(store(web, "keystore.p12"), PASSPHRASE)
    assert all(words in info for words in said) and not_said not in info
    assert made.key in info and all(certificate in info for certificate in made.chain)
    with pytest.raises(RuntimeError, match="invalid password"):
        keystores.openssl_info(store(web, "keystore.p12"), "not this one")


def encrypted(pem):
    return converted(pem, "-aes256", "-passout", "stdin")


def encrypted_traditional(pem):
    return converted(pem, "-traditional", "-aes256", "-passout", "stdin")


def traditional(pem):
    return converted(pem, "-traditional")


def converted(pem, *options):
    with_key = ["openssl", "pkey", "-in", "/dev/fd/3", *options]
    script = f'exec 3<<EOF\n{pem.strip()}\nEOF\nexec "$@"'
    done = subprocess.run(
        ["sh", "-c", script, "sh", *with_key], input=KEY_PASSPHRASE.encode() + b"\n", check=True, capture_output=True
    )
    return done.stdout.decode()


@pytest.mark.parametrize(
    ("kind", "form"),
    [
        *((kind, form) for kind in ("ecdsa", "rsa") for form in (encrypted, encrypted_traditional, traditional)),
        ("ed25519", encrypted),
    ],
)
def test_a_key_in_another_form(web, ca, kind, form):
    """The key's own passphrase opens it, and the keystore has the keystore's."""
    made = install(web, ca, kind, key=form, passphrase=KEY_PASSPHRASE)
    assert (web.directory / "privkey.pem").read_text() != made.key
    assert keystores.read_with_cryptography(store(web, "keystore.p12"), PASSPHRASE).key == made.key
    read = keystores.read_with_keytool(store(web, "keystore.jks"), PASSPHRASE, "web server", kind="JKS")
    assert read.key == made.key


def test_a_certificate_without_a_chain(web, ca):
    made = ca.issue(["web.example.com"], common_name="web")
    given = {"from": "given", "certificate_pem": made.pem, "chain_pem": "", "private_key": made.key_pem}
    web.done("present", web.item(install=given, **WANTED))
    assert keystores.read_with_cryptography(store(web, "keystore.p12"), PASSPHRASE).chain == (made.pem,)
    read = keystores.read_with_keytool(store(web, "keystore.jks"), PASSPHRASE, "web server", kind="JKS")
    assert read.chain == (made.pem,)


FOUND = host.interpreters()
PYTHONS = ["3.6", "3.7", "3.8", "3.9", "3.10", "3.11", "3.12", "3.13"]


@pytest.mark.parametrize("version", [*PYTHONS, *(version for version in FOUND if version not in PYTHONS)])
def test_every_python(web, version):
    if version not in FOUND:
        pytest.skip(f"NO PYTHON {version} HERE: name one in the environment variable PYTHONS")
    python = FOUND[version]
    wanted = {**WANTED, "pkcs12_encryption": "legacy"}
    assert host.call("present", web.given(**wanted), python=python)[0]["error"] is None
    assert host.call("present", web.given(**wanted), python=python)[0]["changed"] is False
    assert host.call("inspected", web.item(**wanted), python=python)[0]["damaged"] == []
    assert keystores.read_with_cryptography(store(web, "keystore.p12"), PASSPHRASE).alias == "Web Server"
    other = web.item(**{**wanted, "keystore_passphrase": "not this one"})
    seen = host.call("inspected", other, python=python)[0]
    assert seen["damaged"] == ["keystore.jks", "keystore.p12"]
    assert jks.opens(store(web, "keystore.jks").read_bytes(), PASSPHRASE)


@pytest.mark.parametrize("name", ["keystore.jks", "keystore.p12"])
def test_no_content_opens_but_the_whole_one(web, ca, name):
    install(web, ca, "ecdsa")
    opens = jks.opens if name == "keystore.jks" else pkcs12.opens
    data = store(web, name).read_bytes()
    assert opens(data, PASSPHRASE) and not opens(data, PASSPHRASE + " ") and not opens(data, "")
    for position in range(0, len(data), 7):
        assert not opens(data[:position], PASSPHRASE)
    for position in range(40, len(data) - 200, 101):
        changed = data[:position] + bytes([data[position] ^ 1]) + data[position + 1 :]
        assert not opens(changed, PASSPHRASE)


@pytest.mark.parametrize(
    "data", [b"", b"\0", b"0", b"0\x80\0\0", b"0\x84\xff\xff\xff\xff", b"0\x03\x02\x01\x03", b"\xfe\xed\xfe\xed" * 9]
)
def test_what_is_no_keystore_does_not_open(data):
    assert not pkcs12.opens(data, PASSPHRASE)
    assert not jks.opens(data, PASSPHRASE)
