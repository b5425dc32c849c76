# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The ends of a certificate's life here, absent and revoked; and a beginning without an order, adoption."""

from __future__ import annotations

import pytest

from ansible_collections.certfleet.pki.tests.support.playbooks import Played, Site
from ansible_collections.certfleet.pki.tests.support.tasks import (
    certificate,
    predicted_and_done,
    shell,
)

TWO_NAMES = {"dns_names": ["web.example.com", "www.example.com"]}


class TestRemoval:
    @pytest.fixture(scope="class")
    @classmethod
    def story(cls, tmp_path_factory: pytest.TempPathFactory) -> Played:
        played = Site(tmp_path_factory.mktemp("removal")).play(
            [
                certificate("issue"),
                shell("foreign", "echo mine > web/notes.txt"),
                *predicted_and_done("absent", certificate("", state="absent", authority=None, dns_names=None)),
                certificate("issue again"),
                shell("before revoked", "true"),
                *predicted_and_done("revoked", certificate("", state="revoked", dns_names=None)),
            ]
        )
        assert played.failures == []
        return played

    @pytest.mark.parametrize(("task", "action"), [("absent", "removed"), ("revoked", "revoked")])
    def test_predicted_done_and_then_nothing_more(self, story: Played, task: str, action: str) -> None:
        assert story[f"{task}: check"].changed and story[task].changed and not story[f"{task}: again"].changed
        assert story[f"{task}: check"].certificate["action"] == story[task].certificate["action"] == action
        assert story[f"{task}: again"].certificate["action"] == "none"

    def test_foreign_files_stay(self, story: Played) -> None:
        assert [path for path in story["absent"].disk if path.startswith("web/")] == ["web/notes.txt"]

    def test_check_mode_removes_and_revokes_nothing(self, story: Played) -> None:
        assert story["absent: check"].disk == story["foreign"].disk
        assert story["revoked: check"].disk == story["before revoked"].disk

    def test_only_revoked_revokes(self, story: Played) -> None:
        assert [revoked for _serial, revoked in story["absent"].disk["ca"]["certificates"]] == [0]
        assert [revoked for _serial, revoked in story["revoked"].disk["ca"]["certificates"]] == [0, 1]
        assert story["revoked"].certificate["status"] == "revoked"


def test_nothing_is_removed_if_revoking_fails(site: Site) -> None:
    played = site.play(
        [
            certificate("issue"),
            shell("before", "mv ca elsewhere"),
            certificate("revoke", state="revoked", dns_names=None, authority={"local": {"path": "{{ place }}/ca"}}),
        ]
    )
    assert played["revoke"].failed
    assert played["revoke"].disk == played["before"].disk


class TestAdoption:
    """A set as certbot leaves it: links from live/NAME into archive/NAME."""

    CERTBOT = """
        mkdir -p archive/web live/web
        for file in cert chain fullchain privkey; do
            cp -L web/$file.pem archive/web/${file}1.pem
            ln -s ../../archive/web/${file}1.pem live/web/$file.pem
        done
        rm -r web"""

    @pytest.fixture(scope="class")
    @classmethod
    def story(cls, tmp_path_factory: pytest.TempPathFactory) -> Played:
        adopting = {"adopt_from": "{{ place }}/live/web"}
        played = Site(tmp_path_factory.mktemp("adoption")).play(
            [
                certificate("issue"),
                shell("as certbot", cls.CERTBOT),
                *predicted_and_done("adopt", certificate("", **adopting)),
                certificate("afterwards"),
                shell("without", "rm -r web"),
                certificate("for other names", **adopting, **TWO_NAMES),
            ]
        )
        assert played.failures == []
        return played

    def test_it_is_predicted_and_done_without_an_order(self, story: Played) -> None:
        assert story["adopt: check"].certificate["action"] == story["adopt"].certificate["action"] == "adopted"
        assert story["adopt: check"].disk == story["as certbot"].disk
        assert story["adopt"].certificate["serial_number"] == story["issue"].certificate["serial_number"]
        assert len(story["adopt"].serial_numbers()) == 1

    def test_it_is_done_once(self, story: Played) -> None:
        assert not story["adopt: again"].changed
        assert not story["afterwards"].changed

    def test_the_original_is_left_alone(self, story: Played) -> None:
        original = {
            path: entry for path, entry in story["as certbot"].disk.items() if path.startswith(("live", "archive"))
        }
        assert {path: story["adopt"].disk[path] for path in original} == original

    def test_what_does_not_fit_is_ordered(self, story: Played) -> None:
        assert story["for other names"].certificate["action"] == "issued"
        assert "names_differ" in story["for other names"].codes
