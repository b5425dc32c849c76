# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Hosts that can't do their part: one sentence, the kind ``host``, nothing changed, nothing asked of the CA."""

from __future__ import annotations

import os
import shutil
import subprocess
import typing as t
from pathlib import Path

import pytest

from ansible_collections.certfleet.pki.tests.support.failures import is_quiet, is_told_well
from ansible_collections.certfleet.pki.tests.support.matrix import comparable
from ansible_collections.certfleet.pki.tests.support.playbooks import BOTH_WAYS, Played, Site, TaskResult
from ansible_collections.certfleet.pki.tests.support.tasks import certificate, named, shell


class TestHosts:
    """Hosts that can't do their part: the error is the host's, and nothing is left behind, at the CA neither."""

    @pytest.fixture(scope="class")
    @classmethod
    def played(cls, tmp_path_factory: pytest.TempPathFactory) -> Played:
        directory = tmp_path_factory.mktemp("hosts")
        site = Site(directory, BOTH_WAYS)
        without = {"environment": {"PATH": str(_path_without_openssl(directory / "bin"))}}
        file = {"directory": "{{ place }}/file/web"}
        played = site.play(
            [
                shell("before", "touch file"),
                named("no openssl", certificate(""), **without),
                named("a file in the way", certificate("", **file)),
                certificate("issue"),
                shell("before renewal", "true"),
                named("no openssl for a renewal", certificate("", force=True), **without),
                named("no openssl needed", certificate(""), **without),
            ],
            verbosity=1,
        )
        is_quiet(played)
        return played

    @pytest.fixture(params=sorted(BOTH_WAYS))
    def story(self, played: Played, request: pytest.FixtureRequest) -> Played:
        return played.on(request.param)

    @pytest.mark.parametrize("task", ["no openssl", "no openssl for a renewal"])
    def test_no_openssl(self, story: Played, task: str) -> None:
        is_told_well(story[task], "host", "openssl")

    def test_a_file_where_the_directory_should_be(self, story: Played) -> None:
        is_told_well(story["a file in the way"], "host", "/file")

    def test_nothing_was_changed(self, story: Played) -> None:
        before = _without_ca(story["before"])
        assert _without_ca(story["no openssl"]) == before
        assert _without_ca(story["a file in the way"]) == before
        renewal = story["no openssl for a renewal"]
        assert renewal.disk == story["before renewal"].disk

    def test_nothing_was_asked_of_the_ca(self, story: Played) -> None:
        assert "ca" not in story["no openssl"].disk
        assert len(story["no openssl for a renewal"].disk["ca"]["requests"]) == 1

    def test_steady_state_needs_no_openssl(self, story: Played) -> None:
        assert not story["no openssl needed"].failed
        assert not story["no openssl needed"].changed

    def test_both_ways_give_the_same(self, played: Played) -> None:
        one, other = ([comparable(result) for result in played.on(way).results] for way in BOTH_WAYS)
        assert one == other


def _without_ca(result: TaskResult) -> t.Dict[str, t.Any]:
    return {path: entry for path, entry in result.disk.items() if path != "ca"}


def _path_without_openssl(directory: Path) -> Path:
    """Return a directory for PATH with all programs of the usual places but openssl."""
    directory.mkdir()
    for place in ("/usr/bin", "/bin"):
        for program in Path(place).iterdir():
            link = directory / program.name
            if "openssl" not in program.name and not os.path.lexists(link):
                link.symlink_to(program)
    return directory


@pytest.fixture
def small_disk(tmp_path: Path) -> t.Iterator[Path]:
    """Return a directory on a file system with room for next to nothing."""
    place = tmp_path / "small"
    place.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(place)]
    if os.geteuid() != 0 or shutil.which("mount") is None or subprocess.run(command, check=False).returncode != 0:
        pytest.skip("mounting a small file system needs root and the right to mount")
    try:
        yield place
    finally:
        subprocess.run(["umount", str(place)], check=True)


def test_a_full_disk(tmp_path: Path, small_disk: Path) -> None:
    site = Site(tmp_path, BOTH_WAYS)
    place = {"directory": f"{small_disk}/{{{{ inventory_hostname }}}}"}
    fill = {
        "name": "fill",
        "ansible.builtin.raw": f"dd if=/dev/zero of={small_disk}/filler bs=4096 || true",
        "run_once": True,
    }
    free = {"name": "free", "ansible.builtin.raw": f"rm {small_disk}/filler", "run_once": True}
    issue = certificate("issue", **place)
    played = site.play(
        [
            fill,
            named("full at first", issue),
            free,
            issue,
            fill,
            certificate("full later", **place, force=True),
            free,
            named("again", issue),
        ],
        verbosity=1,
    )
    is_quiet(played)
    for way in BOTH_WAYS:
        story = [result for result in played.results if result.host == way and result.task not in ("fill", "free")]
        at_first, issued, later, again = story
        for full in (at_first, later):
            is_told_well(full, "host", "space")
        assert at_first.disk.get("ca", {"requests": []})["requests"] == []
        assert not again.failed
        assert again.certificate["status"] == "issued"
        assert issued.changed


def test_no_permission(public_directory: Path, as_nobody: t.Mapping[str, t.Any]) -> None:
    """As a user that may not write there, nor read what is there already."""
    site = Site(public_directory, {way: {**variables, **as_nobody} for way, variables in BOTH_WAYS.items()})
    played = site.play(
        [
            named("issue", certificate(""), become=False),
            certificate("renew", force=True),
            certificate("new", name="other"),
            certificate("look"),
        ],
        verbosity=1,
        become=True,
    )
    is_quiet(played)
    for way in BOTH_WAYS:
        story = played.on(way)
        assert not story["issue"].failed, story["issue"].result
        for task in ("renew", "new", "look"):
            is_told_well(story[task], "host", "permission")
            assert story[task].disk == story["issue"].disk
