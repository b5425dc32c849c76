# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Links and other users' directories: nothing is read, written or given away below them."""

from __future__ import annotations

import os
import shutil

import pytest

root_only = pytest.mark.skipif(os.geteuid() != 0, reason="needs root to give something to somebody else")
OTHER = 65534


@pytest.fixture
def installed(web):
    web.done("present", web.given())
    return web


def _calls(web):
    return [
        ("inspected", web.prepare()),
        ("prepared", web.prepare()),
        ("present", web.given(1)),
        ("present", web.item(attributes=True, owner="65534", mode=0o644)),
        ("rolled_back", web.item()),
        ("absent", web.item()),
    ]


def _refused(web):
    """Every operation is refused and changes nothing, in check mode too."""
    before = web.snapshot()
    for state, item in _calls(web):
        for check in (True, False):
            error = web.run(state, item, check=check)["error"]
            assert error and error["code"] == "not_ours", (state, check, error)
            assert error["detail"].endswith(".") and ". " not in error["detail"]
    assert web.snapshot() == before


def _elsewhere(web, path):
    """Move a directory somewhere else and leave a link to it."""
    target = web.directory.parent / "victim"
    if path.exists():
        shutil.move(path, target)
    else:
        target.mkdir()
    path.symlink_to(target)


@pytest.mark.parametrize("name", ["versions", "pending"])
def test_links_in_place_of_directories(installed, name):
    _elsewhere(installed, installed.directory / name)
    _refused(installed)


def test_link_in_place_of_the_version(installed):
    _elsewhere(installed, (installed.directory / "current").resolve())
    _refused(installed)


def test_link_in_place_of_an_old_version(installed):
    """It counts as none, and removing it removes the link alone."""
    old = (installed.directory / "current").resolve()
    installed.done("present", installed.given(1))
    _elsewhere(installed, old)
    assert installed.run("rolled_back")["error"]["code"] == "no_previous"
    installed.done("present", installed.given(2))
    installed.done("present", installed.given(0))
    assert not old.is_symlink()
    assert sorted(os.listdir(installed.directory.parent / "victim"))[-1] == "record.json"


def test_parent_may_be_a_link(web, tmp_path):
    (tmp_path / "real").mkdir()
    web.directory.parent.symlink_to(tmp_path / "real")
    web.done("present", web.given())
    assert web.is_whole()


@root_only
@pytest.mark.parametrize("name", ["", "versions", "pending", "version"])
def test_directories_of_another_user(installed, name):
    (installed.directory / "pending").mkdir()
    path = (installed.directory / "current").resolve() if name == "version" else installed.directory / name
    os.chown(path, OTHER, OTHER)
    _refused(installed)
    os.chown(path, 0, 0)
    assert installed.is_whole()


@root_only
def test_directory_is_a_link_of_another_user(installed):
    _elsewhere(installed, installed.directory)
    assert installed.run("inspected")["error"] is None
    os.chown(installed.directory, OTHER, OTHER, follow_symlinks=False)
    _refused(installed)


@root_only
@pytest.mark.parametrize("kind", ["hard link", "link"])
def test_foreign_key_is_not_given_away(installed, tmp_path, kind):
    foreign = tmp_path / "foreign.key"
    foreign.write_text(installed.pairs[1].key)
    foreign.chmod(0o600)
    key = (installed.directory / "privkey.pem").resolve()
    key.unlink()
    if kind == "link":
        key.symlink_to(foreign)
    else:
        os.link(foreign, key)
    item = installed.item(attributes=True, owner=str(OTHER), mode=0o644)
    for check in (True, False):
        answer = installed.run("present", item, check=check)
        assert (answer["error"] or {}).get("code") == ("not_ours" if kind == "hard link" else None)
    assert (foreign.stat().st_uid, foreign.stat().st_mode & 0o777) == (0, 0o600)
