# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Showing a CA what it wants to see: over the real host program, and a CA in memory that really looks."""

from __future__ import annotations

import json
import typing as t
from pathlib import Path

import pytest

from ansible_collections.certfleet.pki.plugins.module_utils._errors import HostFailure, Rejected, Unavailable
from ansible_collections.certfleet.pki.plugins.module_utils._model import Hosting
from tests.support.fake_authority import ChallengingAuthority
from tests.support.flowing import Site

NAMES = ["a.example.com", "b.example.com"]


@pytest.fixture
def webroot(tmp_path: Path) -> Path:
    made = tmp_path / "www"
    made.mkdir()
    return made


@pytest.fixture
def site(tmp_path: Path, webroot: Path) -> Site:
    found = Site(tmp_path)
    found.authority = ChallengingAuthority(found.clock, hosting=Hosting(webroot=str(webroot)))
    return found


def left(webroot: Path) -> t.List[Path]:
    return list(webroot.rglob("*"))


def shown(site: Site) -> t.List[t.Dict[str, str]]:
    return json.loads((site.directory / "pending" / "request.json").read_text())["shown"]


def issued(site: Site, **options: t.Any) -> t.Dict[str, t.Any]:
    result = site.run(dns_names=NAMES, **options)
    assert (result["error"], result["status"]) == (None, "issued")
    return result


class Killed(BaseException):
    """The run ends at once, without cleaning up."""


def kill(*_anything: t.Any) -> t.NoReturn:
    raise Killed


def test_a_first_issue_takes_three_executions_and_leaves_nothing(site: Site, webroot: Path) -> None:
    assert site.run(dns_names=NAMES, check=True)["action"] == "issued"
    assert left(webroot) == []
    assert issued(site)["action"] == "issued"
    assert site.machine.executions == ["inspected", "prepared", "present"]
    assert left(webroot) == []
    assert issued(site)["changed"] is False
    assert site.machine.executions == ["inspected"]


def test_a_renewal_takes_one_more_execution(site: Site, webroot: Path) -> None:
    issued(site)
    site.clock.forward(days=80)
    assert issued(site)["action"] == "renewed"
    assert site.machine.executions == ["inspected", "prepared", "prepared", "present"]
    assert left(webroot) == []


def test_what_is_shown_is_noted_before(site: Site, webroot: Path) -> None:
    seen: t.List[t.Any] = []
    site.authority.looking = lambda: seen.append((shown(site), len([path for path in left(webroot) if path.is_file()])))
    issued(site)
    ((noted, files),) = seen
    assert sorted(entry["name"] for entry in noted) == NAMES
    assert files >= len(NAMES)


def test_many_certificates_are_shown_in_one_execution(site: Site, webroot: Path) -> None:
    items = [
        {"name": f"web{number}", "dns_names": [f"{number}.example.com"], "directory": str(site.folder / str(number))}
        for number in range(5)
    ]
    results = site.run_all([{**item, "wait": False} for item in items])
    assert [result["status"] for result in results] == ["issued"] * 5
    assert site.machine.executions == ["inspected", "prepared", "present"]
    assert left(webroot) == []


class TestAnotherHost:
    @pytest.fixture(autouse=True)
    def elsewhere(self, site: Site, webroot: Path) -> None:
        site.authority = ChallengingAuthority(site.clock, hosting=Hosting(host="another", webroot=str(webroot)))

    def test_shows_and_takes_back(self, site: Site, webroot: Path) -> None:
        issued(site)
        assert site.another.executions == ["prepared", "prepared"]
        assert left(webroot) == []

    def test_out_of_reach(self, site: Site) -> None:
        def gone(state: str) -> None:
            raise HostFailure("another can't be reached.")

        site.another.before = gone
        result = site.run(dns_names=NAMES)
        assert result["error"].kind == "host"
        assert "another can't be reached" in result["error"].message
        site.another.before = lambda state: None
        assert issued(site)["action"] == "resumed"
        assert len(site.authority.orders) == 1


class TestFailures:
    def test_no_webroot(self, site: Site, webroot: Path) -> None:
        webroot.rmdir()
        result = site.run(dns_names=NAMES)
        assert result["error"].kind == "host"
        assert str(webroot) in result["error"].message
        webroot.mkdir()
        issued(site)
        assert len(site.authority.orders) == 1

    def test_the_ca_does_not_see_it(self, site: Site, webroot: Path) -> None:
        def spoil() -> None:
            for path in left(webroot):
                if path.is_file():
                    path.write_text("another site")

        site.authority.looking = spoil
        result = site.run(dns_names=NAMES)
        assert (result["action"], result["error"].kind, result["error"].retryable) == ("failed", "rejected", True)
        assert "a.example.com" in result["error"].message
        site.authority.looking = lambda: None
        assert issued(site)["action"] == "issued"
        assert len(site.authority.orders) == 2

    def test_the_ca_goes_away(self, site: Site, webroot: Path) -> None:
        def gone() -> None:
            raise Unavailable("The CA can't be reached; try again.")

        site.authority.looking = gone
        result = site.run(dns_names=NAMES)
        assert result["error"].kind == "unavailable"
        assert left(webroot) == []
        assert shown(site) == []
        site.authority.looking = lambda: None
        issued(site)
        assert len(site.authority.orders) == 1

    def test_the_old_certificate_stays(self, site: Site) -> None:
        first = issued(site)["fingerprint_sha256"]

        def refuse() -> None:
            raise Rejected("No.", retryable=True)

        site.authority.looking = refuse
        result = site.run(dns_names=NAMES, force=True)
        assert result["error"].kind == "rejected"
        assert result["fingerprint_sha256"] == first


class TestKilled:
    """Nothing is cleaned up by a run that is killed; the next one does it."""

    @pytest.fixture(params=["http", "dns"])
    def authority(self, request: pytest.FixtureRequest, site: Site, webroot: Path) -> ChallengingAuthority:
        if request.param == "dns":
            site.authority = ChallengingAuthority(site.clock, hosting=None)
        return site.authority

    def killed(self, site: Site, authority: ChallengingAuthority) -> None:
        authority.looking = kill
        hide, authority.hide = authority.hide, kill  # type: ignore[method-assign]
        with pytest.raises(Killed):
            site.run(dns_names=NAMES)
        authority.looking, authority.hide = lambda: None, hide  # type: ignore[method-assign]

    def test_the_next_run_resumes(self, site: Site, webroot: Path, authority: ChallengingAuthority) -> None:
        self.killed(site, authority)
        assert authority.records or left(webroot)
        assert issued(site)["action"] == "resumed"
        assert len(authority.orders) == 1
        assert not authority.records and not left(webroot)

    @pytest.mark.parametrize("options", [{"state": "absent"}, {"force": True}, {"key": {"type": "rsa"}}])
    def test_another_order(
        self, site: Site, webroot: Path, authority: ChallengingAuthority, options: t.Dict[str, t.Any]
    ) -> None:
        self.killed(site, authority)
        assert site.run(dns_names=NAMES, **options)["error"] is None
        assert not authority.records and not left(webroot)

    def test_a_note_is_not_trusted(self, site: Site, webroot: Path, authority: ChallengingAuthority) -> None:
        self.killed(site, authority)
        note = site.directory / "pending" / "request.json"
        content = json.loads(note.read_text())
        content["shown"] += [
            {"type": "dns-01", "name": "other.example.org", "token": "token", "content": "content"},
            {"type": "dns-01", "name": NAMES[0], "token": "../../etc", "content": "content"},
            {"type": "dns-01", "name": NAMES[0], "token": "token", "content": "$(reboot)"},
            "nonsense",
            {"type": 1},
        ]
        note.write_text(json.dumps(content))
        issued(site)
        assert {challenge.name for challenge in authority.hidden} == set(NAMES)
        assert "token" not in {challenge.token for challenge in authority.hidden}
