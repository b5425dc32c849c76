# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whatever is done to the files, it is seen, and one more run puts it right."""

from __future__ import annotations

import os

import pytest

BOTH = ["pem", "combined"]
REPAIRABLE = ("chain.pem", "fullchain.pem", "ca.pem", "combined.pem")


@pytest.fixture
def installed(web):
    web.done("present", web.given(formats=BOTH))
    return web


def _file(web, name):
    return (web.directory / "current").resolve() / name


def _remove(path):
    path.unlink()


def _change(path):
    path.write_bytes(b"changed" + path.read_bytes())


def _directory(path):
    path.unlink()
    path.mkdir()


def _dangling(path):
    path.unlink()
    path.symlink_to("/nowhere/at/all")


def _elsewhere(path):
    content = path.read_bytes()
    target = path.parent.parent.parent.parent / "elsewhere"
    target.write_bytes(content)
    path.unlink()
    path.symlink_to(target)


def _pipe(path):
    path.unlink()
    os.mkfifo(path)


DAMAGES = (_remove, _change, _directory, _dangling, _elsewhere, _pipe)


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("name", REPAIRABLE)
def test_files_made_from_others_are_made_again(installed, name, damage):
    damage(_file(installed, name))
    seen = installed.seen(formats=BOTH)
    assert seen["damaged"] == [name] and seen["key"]["state"] == "ok"
    repair = installed.item(formats=BOTH, install={"from": "current", "record": {}})
    assert installed.done("present", repair, check=True)["changed"] is True
    assert installed.done("present", repair)["changed"] is True
    assert installed.is_whole(formats=BOTH)
    assert (installed.directory / "chain.pem").read_text() == installed.pairs[2].certificate, "from the record's copy"
    assert installed.done("present", repair)["changed"] is False
    assert installed.seen(formats=BOTH)["record"]["authority"] == "test"


@pytest.mark.parametrize(
    ("damage", "state"),
    [
        (_remove, "missing"),
        (_directory, "unreadable"),
        (_dangling, "unreadable"),
        (_pipe, "unreadable"),
        (_elsewhere, "unreadable"),
    ],
)
def test_damaged_key(installed, damage, state):
    damage(_file(installed, "privkey.pem"))
    assert installed.seen(formats=BOTH)["key"]["state"] == state
    assert installed.seen(formats=BOTH)["certificate_pem"] == installed.pairs[0].certificate
    installed.done("present", installed.given(1, formats=BOTH))
    assert installed.is_whole(formats=BOTH)


@pytest.mark.parametrize(
    ("content", "state"),
    [("other", "mismatch"), ("half", "unreadable"), ("", "unreadable"), ("encrypted", "encrypted")],
)
def test_changed_key(installed, content, state):
    texts = {
        "other": installed.pairs[1].key,
        "half": installed.pairs[0].key[:90],
        "": "",
        "encrypted": "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n",
    }
    _file(installed, "privkey.pem").write_text(texts[content])
    assert installed.seen(formats=BOTH)["key"]["state"] == state


@pytest.mark.parametrize("damage", DAMAGES)
def test_damaged_certificate(installed, damage):
    damage(_file(installed, "cert.pem"))
    found = installed.seen(formats=BOTH)["certificate_pem"]
    assert found is None if damage is _remove else found != installed.pairs[0].certificate
    installed.done("present", installed.given(0, formats=BOTH))
    assert installed.is_whole(formats=BOTH)


def test_half_written_certificate(installed):
    half = installed.pairs[0].certificate[:300]
    _file(installed, "cert.pem").write_text(half)
    assert installed.seen(formats=BOTH)["certificate_pem"] == half


def test_copied_certificate_is_a_mismatch(installed):
    _file(installed, "cert.pem").write_text(installed.pairs[1].certificate)
    assert installed.seen(formats=BOTH)["key"]["state"] == "mismatch"


@pytest.mark.parametrize("damage", [_remove, _change, _directory])
def test_lost_record(installed, damage):
    damage(_file(installed, "record.json"))
    seen = installed.seen(formats=BOTH)
    assert seen["record"] is None and seen["key"]["state"] == "ok" and "fullchain.pem" in seen["damaged"]
    installed.done("present", installed.item(formats=BOTH, install={"from": "current", "record": {"again": True}}))
    assert installed.is_whole(formats=BOTH)
    assert (installed.directory / "chain.pem").read_text() == installed.pairs[2].certificate


@pytest.mark.parametrize("damage", [_remove, _dangling, _elsewhere])
@pytest.mark.parametrize("name", ["cert.pem", "privkey.pem", "combined.pem"])
def test_stable_links(installed, name, damage):
    damage(installed.directory / name)
    assert installed.seen(formats=BOTH)["damaged"] == [f"link:{name}"]
    repair = installed.item(formats=BOTH, install={"from": "current", "record": {}})
    assert installed.done("present", repair)["changed"] is True
    assert installed.is_whole(formats=BOTH)


def test_file_under_a_stable_name_is_kept(installed):
    (installed.directory / "cert.pem").unlink()
    (installed.directory / "cert.pem").write_text("precious")
    installed.done("present", installed.item(formats=BOTH, install={"from": "current", "record": {}}))
    assert [path.read_text() for path in installed.directory.glob("versions/replaced-*/cert.pem")] == ["precious"]
    installed.done("present", installed.given(1, formats=BOTH))
    assert list(installed.directory.glob("versions/replaced-*/cert.pem")), "pruning leaves it"


@pytest.mark.parametrize(
    "target", ["/etc", "versions/../../elsewhere", "versions/20000101T000000Z-00000000", "versions"]
)
def test_current_leads_nowhere_of_ours(installed, target):
    (installed.directory / "current").unlink()
    (installed.directory / "current").symlink_to(target)
    seen = installed.seen(formats=BOTH)
    assert seen["current"] is None and "link:current" in seen["damaged"]
    installed.done("present", installed.given(1, formats=BOTH))
    assert installed.is_whole(formats=BOTH)


@pytest.mark.parametrize("name", ["versions", "pending", ".lock"])
def test_links_in_place_of_our_directories_are_refused(web, tmp_path, name):
    victim = tmp_path / "victim"
    victim.mkdir()
    (victim / "file").write_text("precious")
    web.directory.mkdir(parents=True)
    (web.directory / name).symlink_to(victim if name != ".lock" else victim / "new")
    state, item = ("prepared", web.prepare()) if name == "pending" else ("present", web.given())
    assert web.run(state, item)["error"]["code"] == ("not_a_file" if name == ".lock" else "not_ours")
    web.run("absent")
    assert os.listdir(victim) == ["file"]


def test_directory_itself_is_a_link(web, tmp_path):
    (tmp_path / "victim").mkdir()
    web.directory.parent.mkdir()
    web.directory.symlink_to(tmp_path / "victim")
    assert web.run("present", web.given())["error"]["code"] == "not_a_directory"
    assert os.listdir(tmp_path / "victim") == []


def test_directory_is_a_file(web):
    web.directory.parent.mkdir()
    web.directory.write_text("precious")
    for state, item in (("present", web.given()), ("prepared", web.prepare())):
        assert web.run(state, item)["error"]["code"] in ("not_a_directory", "not_a_file")
    assert web.directory.read_text() == "precious"


def test_damaged_request_is_none(web):
    web.done("prepared", web.prepare())
    (web.directory / "pending" / "request.csr").write_text("")
    assert web.seen()["pending"] is None
    assert web.done("prepared", web.prepare())["changed"] is True
    (web.directory / "pending" / "request.json").write_text("{half")
    assert web.seen()["pending"] is None
    assert web.done("prepared", web.prepare())["changed"] is True
    assert web.seen()["pending"] is not None


def test_huge_file_is_not_read(installed):
    os.truncate(_file(installed, "chain.pem"), 1 << 31)
    seen = installed.seen(formats=BOTH)
    assert seen["chain_pem"] == "" and seen["damaged"] == ["chain.pem"]
