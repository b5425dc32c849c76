# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""When keystores are made, made again, and removed; and what is kept of their passphrase."""

from __future__ import annotations

import os
import re
import stat

import pytest

from ansible_collections.certfleet.pki.plugins.module_utils._host import pkcs12
from ansible_collections.certfleet.pki.tests.support.keystores import read_with_cryptography
from ansible_collections.certfleet.pki.tests.support.watching import Watch, noting

PASSPHRASE = "correct horse battery"
BOTH = ["pem", "pkcs12", "jks"]
WANTED = {"formats": BOTH, "keystore_passphrase": PASSPHRASE}
NAMES = ("keystore.p12", "keystore.jks")
AGAIN = {"install": {"from": "current", "record": {}}}


@pytest.fixture
def installed(web):
    web.done("present", web.given(**WANTED))
    return web


def content(web):
    return [(web.directory / name).read_bytes() for name in NAMES]


def is_stable(web, wanted, number=0):
    """Tell whether nothing more is to be done, to the last byte."""
    before = web.snapshot()
    seen = web.seen(**wanted)
    same = web.done("present", web.item(**wanted, **AGAIN))["changed"]
    given = web.done("present", web.given(number, **wanted))["changed"]
    return seen["damaged"] == [] and not same and not given and web.snapshot() == before


def test_made_beside_the_pem_files(installed):
    answer = installed.done("present", installed.given(**WANTED))
    assert [answer["files"][field] for field in ("pkcs12", "jks")] == [
        str(installed.directory / name) for name in NAMES
    ]
    for name in NAMES:
        assert os.readlink(installed.directory / name) == f"current/{name}"
        assert stat.S_IMODE((installed.directory / name).stat().st_mode) == 0o600
    assert is_stable(installed, WANTED)
    assert installed.is_whole(**WANTED)


def test_the_alias_is_the_name_unless_given(installed):
    assert read_with_cryptography(installed.directory / "keystore.p12", PASSPHRASE).alias == "web"


def test_another_certificate_is_in_new_keystores(installed):
    before = content(installed)
    assert installed.done("present", installed.given(1, **WANTED))["changed"]
    assert not set(before) & set(content(installed))
    entry = read_with_cryptography(installed.directory / "keystore.p12", PASSPHRASE)
    assert (entry.key, entry.chain[0]) == (installed.pairs[1].key, installed.pairs[1].certificate)
    assert is_stable(installed, WANTED, 1)


@pytest.mark.parametrize(
    ("change", "damaged"),
    [
        ({"keystore_passphrase": "another passphrase"}, ["keystore.jks", "keystore.p12"]),
        ({"alias": "tomcat"}, ["keystore.jks", "keystore.p12"]),
        ({"pkcs12_encryption": "legacy"}, ["keystore.p12"]),
    ],
)
def test_what_makes_them_anew(installed, change, damaged):
    wanted = {**WANTED, **change}
    seen = installed.seen(**wanted)
    assert (seen["damaged"], seen["key"]["state"]) == (damaged, "ok")
    before = installed.snapshot()
    assert installed.done("present", installed.item(**wanted, **AGAIN), check=True)["changed"]
    assert installed.snapshot() == before
    assert installed.done("present", installed.item(**wanted, **AGAIN))["changed"]
    entry = read_with_cryptography(installed.directory / "keystore.p12", wanted["keystore_passphrase"])
    assert (entry.alias, entry.key) == (wanted.get("alias", "web"), installed.pairs[0].key)
    assert is_stable(installed, wanted)


@pytest.mark.parametrize("formats", [["pem"], ["pem", "pkcs12"], ["pem", "jks"], ["pem", "combined"]])
def test_they_come_and_go(web, formats):
    fewer = {**WANTED, "formats": formats}
    web.done("present", web.given(**fewer))
    assert is_stable(web, fewer)
    missing = sorted(name for name, asking in zip(NAMES, BOTH[1:]) if asking not in formats)
    surplus = ["combined.pem"] if "combined" in formats else []
    differing = {kind + name for name in [*missing, *surplus] for kind in ("", "link:")}
    assert set(web.seen(**WANTED)["damaged"]) == differing
    assert web.done("present", web.item(**WANTED, **AGAIN))["changed"]
    assert is_stable(web, WANTED)
    assert set(web.seen(**fewer)["damaged"]) == differing
    assert web.done("present", web.item(**fewer, **AGAIN))["changed"]
    assert not any(os.path.lexists(web.directory / name) for name in missing)
    assert is_stable(web, fewer)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("damage", ["changed", "gone", "empty", "directory", "link"])
def test_damage_is_repaired(installed, name, damage):
    path = installed.version / name
    data = path.read_bytes()
    path.unlink()
    if damage == "directory":
        path.mkdir()
    elif damage == "link":
        path.symlink_to("/etc/passwd")
    elif damage != "gone":
        path.write_bytes(b"" if damage == "empty" else data[:-1] + bytes([data[-1] ^ 1]))
    assert installed.seen(**WANTED)["damaged"] == [name]
    assert installed.done("present", installed.item(**WANTED, **AGAIN))["changed"]
    assert is_stable(installed, WANTED)


def test_a_record_that_says_nothing_about_them(installed):
    record = installed.version / "record.json"
    record.write_text(re.sub(r'"keystores": \{.*?\}\}', '"keystores": []', record.read_text()))
    assert '"keystores": []' in record.read_text()
    assert installed.seen(**WANTED)["damaged"] == ["keystore.jks", "keystore.p12"]
    assert installed.done("present", installed.item(**WANTED, **AGAIN))["changed"]
    assert is_stable(installed, WANTED)


def test_without_the_passphrase_a_look_tells_what_it_can(installed):
    assert installed.seen(formats=BOTH)["damaged"] == []
    assert installed.seen(formats=BOTH, alias="other")["damaged"] == ["keystore.jks", "keystore.p12"]


@pytest.mark.parametrize("passphrase", [None, "", "short", "sesam\u00fc", "a\nbcdefg", "tab\tbed", "x" * 1024])
@pytest.mark.parametrize("formats", [["pkcs12"], ["jks"]])
def test_a_passphrase_that_does_not_do(web, passphrase, formats):
    for check in (True, False):
        item = web.given(formats=["pem", *formats], keystore_passphrase=passphrase)
        error = web.run("present", item, check=check)["error"]
        assert (error["code"], error["step"]) == ("bad_passphrase", "keystore")
        assert error["detail"].endswith(": give one.") and not (passphrase and passphrase in error["detail"])
    assert not (web.directory / "current").exists()


@pytest.mark.parametrize("passphrase", ["sesame", "x" * 1023, " both ends ", "-passin", "0x41414141"])
def test_a_passphrase_that_does(web, passphrase):
    wanted = {**WANTED, "keystore_passphrase": passphrase}
    web.done("present", web.given(**wanted))
    assert read_with_cryptography(web.directory / "keystore.p12", passphrase).alias == "web"
    assert is_stable(web, wanted)


def test_owner_and_mode_are_as_those_of_the_key(installed):
    if os.geteuid() != 0:
        pytest.skip("needs root to change owners")
    wanted = installed.item(mode=0o640, owner="nobody", group="0", attributes=True, **WANTED)
    found = installed.done("inspected", wanted)["attributes"]
    assert {os.path.basename(entry["path"]) for entry in found} == {"privkey.pem", *NAMES}
    assert installed.done("present", wanted)["changed"]
    for name in NAMES:
        status = (installed.directory / name).stat()
        assert stat.S_IMODE(status.st_mode) == 0o640 and status.st_uid != 0
    assert not installed.done("present", wanted)["changed"]


def test_going_back_takes_the_keystores_of_before(web):
    web.done("present", web.given(0))
    web.done("present", web.given(1, **WANTED))
    web.done("present", web.given(0, **{**WANTED, "formats": ["pem", "jks"]}))
    web.done("rolled_back", web.item(**WANTED))
    assert web.is_whole(**WANTED)
    web.done("absent")
    assert not web.directory.exists()


def test_a_foreign_file_of_that_name_is_kept(web):
    web.directory.mkdir(parents=True)
    (web.directory / "keystore.p12").write_text("foreign")
    web.done("present", web.given())
    assert (web.directory / "keystore.p12").read_text() == "foreign"
    assert web.seen()["damaged"] == []
    web.done("present", web.given(**WANTED))
    assert [path.read_text() for path in web.directory.glob("versions/replaced-*/keystore.p12")] == ["foreign"]


def test_a_key_of_another_certificate_is_told_as_such(web):
    item = web.given(**WANTED)
    item["install"]["private_key"] = web.pairs[1].key
    assert web.run("present", item)["error"]["code"] == "key_mismatch"


def test_an_openssl_that_makes_something_else(web, monkeypatch):
    monkeypatch.setattr(pkcs12, "output_of", lambda *arguments: b"0\x03\x02\x01\x03")
    error = web.run("present", web.given(**WANTED))["error"]
    assert (error["code"], error["step"]) == ("openssl_failed", "keystore")
    assert not (web.directory / "current").exists()


@pytest.mark.parametrize("alias", ["T\u00fcr", "a\nb"])
def test_an_alias_that_does_not_do(web, alias):
    error = web.run("present", web.given(alias=alias, **WANTED))["error"]
    assert (error["code"], error["step"]) == ("bad_call", "keystore")
    assert not (web.directory / "current").exists()


def test_an_encryption_that_nobody_knows(web):
    error = web.run("present", web.given(pkcs12_encryption="rot13", **WANTED))["error"]
    assert (error["code"], "legacy or modern" in error["detail"]) == ("bad_call", True)


def test_the_passphrase_shows_nowhere(web, tmp_path, monkeypatch):
    """Not in arguments or environments, not in a file that stays or comes and goes, not in an answer."""
    secret = "wIsp3r-it-to-nobody"
    path, notes = noting(tmp_path / "program", "openssl")
    monkeypatch.setenv("PATH", path)
    monkeypatch.setenv("TMPDIR", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    watch = Watch(re.compile(secret.encode()), [web.directory.parent, tmp_path / "temporary"])
    wanted = {**WANTED, "keystore_passphrase": secret}
    with watch.watching():
        answers = [web.run("present", web.given(**wanted)), web.run("inspected", web.item(**wanted))]
        answers += [web.run("present", web.item(**{**wanted, "alias": "other"}, **AGAIN))]
    assert [answer["error"] for answer in answers] == [None, None, None]
    assert secret not in str(answers)
    assert watch.found == set() and any(name.endswith("record.json") for name in watch.seen)
    noted = notes.read_bytes()
    assert b"-export" in noted and b"-passout" in noted and secret.encode() not in noted


def test_a_look_starts_no_process(installed, monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    assert installed.seen(**WANTED)["damaged"] == []
