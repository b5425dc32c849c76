# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every state: in check mode, for real, and again."""

from __future__ import annotations

import json
import os
import stat

import pytest

from ansible_collections.certfleet.pki.plugins.module_utils._host import program


def test_install_given(web):
    before = web.snapshot()
    assert web.done("present", web.given(), check=True)["changed"] is True
    assert web.snapshot() == before
    answer = web.done("present", web.given())
    assert answer["changed"] is True
    assert answer["files"]["private_key"] == str(web.directory / "privkey.pem")
    assert answer["files"]["combined"] is None
    pair = web.pairs[0]
    assert (web.directory / "privkey.pem").read_text() == pair.key
    assert (web.directory / "cert.pem").read_text() == pair.certificate
    assert (web.directory / "fullchain.pem").read_text() == pair.certificate + web.pairs[2].certificate
    assert (web.directory / "ca.pem").read_text() == ""
    assert web.is_whole()


def test_install_given_twice_changes_nothing(web):
    web.done("present", web.given())
    before = web.snapshot()
    assert web.done("present", web.given(), check=True)["changed"] is False
    assert web.done("present", web.given())["changed"] is False
    assert web.snapshot() == before


def test_inspect_writes_nothing(web):
    web.done("present", web.given())
    before = web.snapshot()
    seen = web.seen()
    assert web.snapshot() == before
    assert seen["certificate_pem"] == web.pairs[0].certificate
    assert seen["chain_pem"] == web.pairs[2].certificate
    assert seen["key"] == {"state": "ok", "detail": "", "encrypted": False}
    assert seen["record"]["authority"] == "test"
    assert seen["record"]["installed_at"].endswith("Z")
    assert "pem" not in seen["record"]
    assert seen["damaged"] == [] and seen["attributes"] == []


def test_inspect_nothing(web):
    seen = web.seen()
    assert seen["current"] is None and seen["certificate_pem"] is None and seen["damaged"] == []
    assert seen["key"]["state"] == "missing"
    assert not web.directory.parent.exists()


def test_inspect_prepares_at_once(web):
    assert web.done("inspected", web.prepare(), check=True)["prepared"] is None
    assert not web.directory.exists()
    first = web.done("inspected", web.prepare())
    assert first["changed"] and "BEGIN CERTIFICATE REQUEST" in first["prepared"]["csr_pem"]
    again = web.done("inspected", web.prepare())
    assert not again["changed"] and again["prepared"] is None
    assert again["pending"]["csr_pem"] == first["prepared"]["csr_pem"]
    assert again["pending"]["intent"] == {"purpose": "test"}
    assert again["pending"]["lease"]["token"] == "mine"


@pytest.mark.parametrize("reason", ["installed", "unmanaged", "adoptable"])
def test_inspect_does_not_prepare_where_something_is(web, tmp_path, reason):
    item = web.prepare()
    if reason == "installed":
        web.done("present", web.given())
    elif reason == "unmanaged":
        web.directory.mkdir(parents=True)
        (web.directory / "cert.pem").write_text(web.pairs[0].certificate)
    else:
        item["adopt_from"] = str(tmp_path)
        (tmp_path / "cert.pem").write_text(web.pairs[0].certificate)
    assert web.done("inspected", item)["prepared"] is None
    assert not (web.directory / "pending").exists()


def test_versions_kept(web):
    for number in (0, 1, 0, 1):
        web.done("present", web.given(number))
    versions = sorted(name for name in os.listdir(web.directory / "versions"))
    assert len(versions) == 2
    assert web.seen()["record"]["previous"] in versions


def test_rolled_back(web):
    web.done("present", web.given(0))
    web.done("present", web.given(1, formats=["pem", "combined"]))
    before = web.snapshot()
    assert web.done("rolled_back", check=True)["changed"] is True
    assert web.snapshot() == before
    answer = web.done("rolled_back")
    assert answer["changed"] and answer["rolled_back"]
    assert (web.directory / "cert.pem").read_text() == web.pairs[0].certificate
    assert not os.path.lexists(web.directory / "combined.pem")
    assert web.is_whole()
    assert web.run("rolled_back")["error"]["code"] == "no_previous"


def test_rolled_back_refuses_a_damaged_set(web):
    web.done("present", web.given(0))
    previous = web.seen()["current"]
    web.done("present", web.given(1))
    (web.directory / "versions" / previous / "chain.pem").write_text("half")
    assert web.run("rolled_back")["error"]["code"] == "no_previous"
    assert (web.directory / "cert.pem").read_text() == web.pairs[1].certificate


def test_absent(web):
    web.done("present", web.given(0))
    web.done("present", web.given(1))
    web.done("prepared", web.prepare())
    before = web.snapshot()
    own = web.item(lease_token="mine")
    assert web.done("absent", own, check=True)["changed"] is True
    assert web.snapshot() == before
    assert web.done("absent", own)["changed"] is True
    assert not web.directory.exists()
    assert web.done("absent")["changed"] is False


def test_absent_leaves_foreign_files(web):
    web.directory.mkdir(parents=True)
    (web.directory / "privkey.pem").write_text("foreign key")
    web.done("present", web.given())
    (web.directory / "notes.txt").write_text("mine")
    (web.directory / "chain.pem").unlink()
    (web.directory / "chain.pem").write_text("foreign")
    assert web.done("absent")["changed"] is True
    kept = list((web.directory / "versions").rglob("privkey.pem"))
    assert [path.read_text() for path in kept] == ["foreign key"]
    assert sorted(os.listdir(web.directory)) == ["chain.pem", "notes.txt", "versions"]
    assert web.done("absent")["changed"] is False


def test_attributes(web):
    if os.geteuid() != 0:
        pytest.skip("needs root to change owners")
    web.done("present", web.given(formats=["pem", "combined"]))
    wanted = web.item(formats=["pem", "combined"], mode=0o640, owner="nobody", group="0", attributes=True)
    found = web.done("inspected", wanted)["attributes"]
    assert {(entry["attribute"], entry["should"]) for entry in found} == {("mode", "0640"), ("owner", "nobody")}
    assert len(found) == 4
    assert web.done("present", wanted, check=True)["changed"] is True
    assert web.done("present", wanted)["changed"] is True
    status = (web.directory / "combined.pem").stat()
    assert stat.S_IMODE(status.st_mode) == 0o640 and status.st_uid != 0
    assert (web.directory / "cert.pem").stat().st_uid == 0
    assert web.directory.stat().st_uid == 0
    assert web.done("present", wanted)["changed"] is False
    assert web.done("inspected", wanted)["attributes"] == []


def test_record_update(web):
    web.done("present", web.given())
    version = web.seen()["current"]
    item = web.item(record_update={"suggestion": {"start": "2026"}})
    assert web.done("present", item, check=True)["changed"] is True
    assert web.done("present", item)["changed"] is True
    assert web.seen()["record"]["suggestion"] == {"start": "2026"}
    assert web.seen()["current"] == version
    assert web.done("present", item)["changed"] is False
    assert web.done("present", web.given())["changed"] is False, "a note in the record is no reason to install again"


def test_combined_comes_and_goes(web):
    web.done("present", web.given())
    both = ["pem", "combined"]
    assert web.seen(formats=both)["damaged"] == ["combined.pem", "link:combined.pem"]
    again = {"install": {"from": "current", "record": {}}}
    assert web.done("present", web.item(formats=both, **again))["changed"] is True
    assert (web.directory / "combined.pem").read_text().startswith(web.pairs[0].key)
    assert web.is_whole(formats=both)
    assert web.seen()["damaged"] == ["combined.pem", "link:combined.pem"]
    assert web.done("present", web.item(**again))["changed"] is True
    assert not os.path.lexists(web.directory / "combined.pem")
    assert web.is_whole()


def test_adopted(web, tmp_path):
    live = tmp_path / "live"
    archive = tmp_path / "archive"
    live.mkdir()
    archive.mkdir()
    for name, content in (
        ("privkey", web.pairs[0].key),
        ("cert", web.pairs[0].certificate),
        ("chain", web.pairs[2].certificate),
    ):
        (archive / f"{name}1.pem").write_text(content)
        (live / f"{name}.pem").symlink_to(f"../archive/{name}1.pem")
    seen = web.seen(adopt_from=str(live))
    assert seen["adopt"]["certificate_pem"] == web.pairs[0].certificate
    assert seen["adopt"]["key"]["state"] == "ok"
    item = web.item(adopt_from=str(live), install={"from": "adopted", "record": {}})
    assert web.done("present", item)["changed"] is True
    assert web.done("present", item)["changed"] is False
    assert web.is_whole()
    assert web.seen(adopt_from=str(live))["adopt"] is None
    assert (live / "privkey.pem").is_symlink(), "the other directory is not touched"


def test_unmanaged_files_are_reported_then_taken_over(web):
    web.directory.mkdir(parents=True)
    (web.directory / "privkey.pem").write_text(web.pairs[0].key)
    (web.directory / "cert.pem").write_text(web.pairs[0].certificate)
    seen = web.seen()
    assert seen["current"] is None and seen["key"]["state"] == "ok"
    assert seen["certificate_pem"] == web.pairs[0].certificate
    assert "link:cert.pem" in seen["damaged"]
    assert web.done("present", web.item(install={"from": "current", "record": {}}))["changed"] is True
    assert web.is_whole()
    assert (web.directory / "privkey.pem").read_text() == web.pairs[0].key


def test_errors_do_not_stop_others(web, tmp_path):
    good = dict(web.given(), name="good", directory=str(tmp_path / "good"))
    bad = dict(web.given(), name="bad", directory=str(tmp_path / "bad"))
    bad["install"] = dict(bad["install"], private_key=web.pairs[1].key)
    answer = program.run({"state": "present", "check": False, "certificates": [bad, good]})
    codes = [(found["error"] or {}).get("code") for found in answer["certificates"]]
    assert codes == ["key_mismatch", None]
    assert answer["changed"] is True
    assert not (tmp_path / "bad").exists()


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"directory": "relative"}, "bad_call"),
        ({"directory": "/"}, "bad_call"),
        ({"name": ""}, "bad_call"),
        ({"state": "unknown"}, "bad_call"),
        ({"owner": "no-such-user-here"}, "no_such_user"),
        ({"group": "no-such-group-here"}, "no_such_group"),
        ({"install": {"from": "nowhere"}}, "bad_call"),
        ({"install": None}, "bad_call"),
        ({"install": {"from": "request", "request_token": "x"}}, "lost_request"),
        ({"install": {"from": "unfinished"}}, "nothing_unfinished"),
        ({"install": {"from": "current"}}, "key_missing"),
        ({"install": {"from": "adopted"}}, "nothing_to_adopt"),
        ({"install": {"from": "given", "certificate_pem": "x"}}, "key_missing"),
    ],
)
def test_bad_calls_change_nothing(web, change, code):
    item = dict(web.given(), **change)
    answer = web.run("present", item)
    assert answer["error"]["code"] == code
    assert answer["error"]["detail"].endswith(".") and answer["changed"] is False
    assert not web.directory.parent.exists()


def test_bad_certificates_change_nothing(web):
    web.done("present", web.given())
    before = web.snapshot()
    for certificate in ("nonsense", web.pairs[0].certificate[:200], web.pairs[0].key):
        item = web.given()
        item["install"]["certificate_pem"] = certificate
        assert web.run("present", item)["error"]["code"] == "bad_certificate"
    item = web.given()
    item["install"]["private_key"] = web.pairs[0].key[:100]
    assert web.run("present", item)["error"]["code"] == "key_unreadable"
    assert web.snapshot() == before


def test_directory_of_another_certificate(web, tmp_path):
    web.done("present", web.given())
    other = dict(web.given(), name="mail")
    for state in program.STATES:
        assert web.run(state, {**web.prepare(), **other})["error"]["code"] == "directory_in_use"
    both = {"state": "inspected", "certificates": [web.item(), dict(web.item(), name="mail")]}
    assert {found["error"]["code"] for found in program.run(both)["certificates"]} == {"directory_in_use"}


def test_no_secret_beside_the_key(web):
    web.done("present", web.given())
    lines = web.pairs[0].key.splitlines()[1:-1]
    for path in web.directory.rglob("*"):
        if path.is_file() and path.name != "privkey.pem":
            assert not any(line in path.read_text() for line in lines), path
    assert not any(line in json.dumps(web.seen()) for line in lines)
