# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Keys, requests and leases."""

from __future__ import annotations

import os
import stat
import subprocess
import time

import pytest

from ansible_collections.certfleet.pki.plugins.module_utils._host import pending, program
from ansible_collections.certfleet.pki.tests.support import host_program as host

KEYS = [
    {"type": "rsa", "size": 2048},
    {"type": "rsa", "size": 3072},
    {"type": "ecdsa", "curve": "P-256"},
    {"type": "ecdsa", "curve": "P-384"},
    {"type": "ecdsa", "curve": "P-521"},
    {"type": "ed25519"},
]
WORDS = {
    "rsa2048": "2048 bit",
    "rsa3072": "3072 bit",
    "P-256": "prime256v1",
    "P-384": "secp384r1",
    "P-521": "secp521r1",
    "ed25519": "ED25519",
}


def _description(key_pem, passphrase=""):
    command = ["openssl", "pkey", "-noout", "-text", "-passin", f"pass:{passphrase}"]
    return subprocess.run(command, input=key_pem.encode(), capture_output=True, check=True).stdout.decode()


@pytest.mark.parametrize("passphrase", [None, "a pass'phrase \u00e4"])
@pytest.mark.parametrize("form", ["pkcs8", "traditional"])
@pytest.mark.parametrize("key", KEYS, ids=lambda key: "-".join(map(str, key.values())))
def test_every_key(web, tmp_path, key, form, passphrase):
    item = dict(web.prepare(key=dict(key, format=form, passphrase=passphrase)), passphrase=passphrase)
    prepared = web.done("prepared", item)["prepared"]
    key_path = web.directory / "pending" / "privkey.pem"
    key_pem = key_path.read_text()
    assert stat.S_IMODE(key_path.stat().st_mode) == 0o600
    assert stat.S_IMODE(key_path.parent.stat().st_mode) == 0o700
    word = WORDS.get(key.get("curve") or key["type"] + str(key.get("size", "")))
    assert word in _description(key_pem, passphrase or "")
    traditional = form == "traditional" and key["type"] != "ed25519"
    assert ("BEGIN RSA PRIVATE KEY" in key_pem or "BEGIN EC PRIVATE KEY" in key_pem) == traditional
    assert ("ENCRYPTED" in key_pem) == bool(passphrase)
    certificate = host.sign(prepared["csr_pem"], tmp_path)
    install = {
        "from": "request",
        "request_token": prepared["request_token"],
        "certificate_pem": certificate,
        "lease_token": "mine",
    }
    done = web.done("present", web.item(passphrase=passphrase, install=install))
    assert done["changed"]
    assert web.seen(passphrase=passphrase)["key"]["state"] == "ok"
    assert web.seen()["key"]["state"] == ("encrypted" if passphrase else "ok")
    assert (web.directory / "privkey.pem").read_text() == key_pem
    reused = dict(web.prepare(order_hash="order-2", reuse_key=True), passphrase=passphrase)
    if passphrase:
        without = dict(reused, passphrase=None)
        assert web.run("prepared", without)["error"]["code"] == "key_encrypted"
        assert web.run("prepared", dict(reused, passphrase="wrong"))["error"]["code"] == "openssl_failed"
    csr = web.done("prepared", reused)["prepared"]["csr_pem"]
    assert host.public_key_of(csr) == host.public_key_of(prepared["csr_pem"])


def test_request_has_the_names_asked_for(web):
    csr = web.done("prepared", web.prepare())["prepared"]["csr_pem"]
    text = subprocess.run(
        ["openssl", "req", "-noout", "-text", "-verify"], input=csr.encode(), capture_output=True, check=True
    ).stdout
    assert b"DNS:web.example.com" in text and b"CN = web.example.com" in text.replace(b"CN=web", b"CN = web")


def test_check_mode_then_run_then_again(web):
    assert web.done("prepared", web.prepare(), check=True) == {
        "name": "web",
        "directory": str(web.directory),
        "changed": True,
        "error": None,
        "prepared": None,
    }
    assert not web.directory.exists()
    first = web.done("prepared", web.prepare())
    again = web.done("prepared", web.prepare())
    assert first["changed"] and not first["prepared"]["reused"]
    assert not again["changed"] and again["prepared"]["reused"]
    assert again["prepared"]["csr_pem"] == first["prepared"]["csr_pem"]
    assert again["prepared"]["request_token"] == first["prepared"]["request_token"]


def test_another_order_needs_a_discard(web):
    first = web.done("prepared", web.prepare())["prepared"]
    assert web.run("prepared", web.prepare(order_hash="order-2"))["error"]["code"] == "request_open"
    assert web.seen()["pending"]["order_hash"] == "order-1"
    second = web.done("prepared", web.prepare(order_hash="order-2", discard=True))["prepared"]
    assert second["csr_pem"] != first["csr_pem"] and second["request_token"] != first["request_token"]


def test_a_failing_prepare_keeps_the_open_request(web, monkeypatch, tmp_path):
    first = web.done("prepared", web.prepare())["prepared"]
    monkeypatch.setenv("PATH", str(tmp_path))
    answer = web.run("prepared", web.prepare(order_hash="order-2", discard=True))
    assert answer["error"]["code"] == "no_openssl"
    assert web.seen()["pending"]["request_token"] == first["request_token"]


def test_note_and_discard(web):
    web.done("prepared", web.prepare())
    note = web.item(request={"request_id": "42", "status": "pending", "detail": "waits for Bob", "lease_token": "mine"})
    assert web.done("prepared", note, check=True)["changed"] is True
    assert web.done("prepared", note)["changed"] is True
    seen = web.seen()["pending"]
    assert (seen["request_id"], seen["status"], seen["detail"], seen["lease"]) == (
        "42",
        "pending",
        "waits for Bob",
        None,
    )
    assert web.done("prepared", note)["changed"] is False
    assert web.done("prepared", web.prepare())["prepared"]["request_id"] == "42"
    discard = web.item(discard=True, lease_token="mine")
    assert web.done("prepared", discard, check=True)["changed"] is True
    assert web.seen()["pending"] is not None
    assert web.done("prepared", discard)["changed"] is True
    assert web.seen()["pending"] is None
    assert web.done("prepared", discard)["changed"] is False
    assert web.run("prepared", note)["error"]["code"] == "lost_request"


def test_lease_keeps_others_away(web):
    web.done("prepared", web.prepare())
    other = {"token": "theirs", "owner": "controller-2", "seconds": 60, "break": None}
    answer = web.run("prepared", web.prepare(lease=other))
    assert answer["error"]["code"] == "lost_lease"
    assert "controller-1" in answer["error"]["detail"]
    for item in (web.prepare(lease={}), web.item(discard=True)):
        assert web.run("prepared", item)["error"]["code"] == "leased"
    install = {"from": "request", "request_token": web.seen()["pending"]["request_token"], "certificate_pem": "x"}
    assert web.run("present", web.item(install=install))["error"]["code"] == "leased"
    assert web.seen()["pending"]["lease"]["token"] == "mine"


def test_lease_broken_by_name(web):
    web.done("prepared", web.prepare())
    other = {"token": "theirs", "owner": "controller-2", "seconds": 60, "break": "mine"}
    taken = web.done("prepared", web.prepare(lease=other))["prepared"]
    assert taken["reused"] is True
    install = {
        "from": "request",
        "request_token": taken["request_token"],
        "lease_token": "mine",
        "certificate_pem": "x",
    }
    assert web.run("present", web.item(install=install))["error"]["code"] == "lost_lease"
    note = {"request_id": "1", "status": "pending", "lease_token": "mine"}
    assert web.run("prepared", web.item(request=note))["error"]["code"] == "lost_lease"


def test_lease_expires(web, monkeypatch):
    web.done("prepared", web.prepare())
    later = time.time() + 61
    monkeypatch.setattr(pending.time, "time", lambda: later)
    other = {"token": "theirs", "owner": "controller-2", "seconds": 60, "break": None}
    assert web.done("prepared", web.prepare(lease=other))["prepared"]["reused"] is True


def test_reuse_without_a_key(web):
    assert web.run("prepared", web.prepare(reuse_key=True))["error"]["code"] == "key_missing"
    assert not web.directory.exists()


@pytest.mark.parametrize("passphrase", ["two\nlines", "x" * 1100])
def test_impossible_passphrases(web, passphrase):
    answer = web.run("prepared", web.prepare(key={"type": "ecdsa", "passphrase": passphrase}))
    assert answer["error"]["code"] == "bad_passphrase" and passphrase not in answer["error"]["detail"]
    assert not web.directory.exists()


def test_broken_configuration(web):
    answer = web.run("prepared", web.prepare(csr_config="[req]\nnothing"))
    assert answer["error"]["code"] == "openssl_failed" and answer["error"]["step"] == "key"
    assert not web.directory.exists()


def test_several_at_once(web, tmp_path):
    items = [dict(web.prepare(), name=f"n{number}", directory=str(tmp_path / f"n{number}")) for number in range(4)]
    answers = program.run({"state": "prepared", "certificates": items})["certificates"]
    assert [answer["name"] for answer in answers] == ["n0", "n1", "n2", "n3"]
    assert len({host.public_key_of(answer["prepared"]["csr_pem"]) for answer in answers}) == 4


def test_passphrase_is_in_no_process_list(web, tmp_path, monkeypatch):
    """A wrapper in place of openssl notes its arguments and its environment."""
    log = tmp_path / "log"
    wrapper = tmp_path / "bin" / "openssl"
    wrapper.parent.mkdir()
    real = subprocess.run(["sh", "-c", "command -v openssl"], capture_output=True, check=True).stdout.decode().strip()
    wrapper.write_text(f'#!/bin/sh\necho "$@" >>{log}\nenv >>{log}\nexec {real} "$@"\n')
    wrapper.chmod(0o755)
    monkeypatch.setenv("PATH", f"{wrapper.parent}:{os.environ['PATH']}")
    key = {"type": "ecdsa", "curve": "P-256", "format": "pkcs8", "passphrase": "correct horse"}
    web.done("prepared", web.prepare(key=key))
    assert "pkey" in log.read_text()
    assert "correct horse" not in log.read_text()
    assert not any("correct horse" in path.read_text() for path in web.directory.rglob("*") if path.is_file())
