# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""When a certificate is renewed for its age."""

from __future__ import annotations

import datetime
import typing as t

import pytest

from ansible_collections.certfleet.pki.tests.support.certificates import DAY, CertificateAuthority
from ansible_collections.certfleet.pki.tests.support.playbooks import Played, Site
from ansible_collections.certfleet.pki.tests.support.tasks import (
    certificate,
    certificates,
    predicted_and_done,
    shell,
)


class TestExpiring:
    """Sets made by somebody else's hand, with dates of our choice: so nobody has to wait."""

    #: name: (days ago, days to go, renew_before)
    DATES: t.ClassVar[t.Mapping[str, t.Tuple[float, float, t.Optional[str]]]] = {
        "fresh": (10, 80, None),
        "a-third": (61, 29, None),
        "by-duration": (50, 40, "41d"),
        "not-by-duration": (50, 40, "39d"),
        "by-share": (50, 40, "45%"),
        "not-by-share": (50, 40, "44%"),
        "capped": (44, 46, "80d"),
        "short": (3, 2, None),
        "not-short": (2, 3, None),
        "expired": (91, -1, None),
    }
    DUE = ("a-third", "by-duration", "by-share", "short")

    @pytest.fixture(scope="class")
    @classmethod
    def story(cls, tmp_path_factory: pytest.TempPathFactory) -> Played:
        site = Site(tmp_path_factory.mktemp("expiring"))
        wanted = [{"name": name, "renew_before": dates[2]} for name, dates in cls.DATES.items()]
        played = site.play(
            [
                {"name": "install", "certfleet.pki.certificate_store": {"certificates": cls._sets()}},
                *predicted_and_done("renew", certificates("", *wanted)),
            ]
        )
        assert played.failures == []
        return played

    @classmethod
    def _sets(cls) -> t.List[t.Dict[str, t.Any]]:
        ca = CertificateAuthority("By Hand")
        now = datetime.datetime.now(datetime.timezone.utc)
        sets = []
        for name, (ago, left, _renew_before) in cls.DATES.items():
            dates = {"not_before": now - ago * DAY, "not_after": now + left * DAY}
            made = ca.issue([f"{name}.example.com"], common_name=f"{name}.example.com", **dates)
            place = {"name": name, "directory": f"{{{{ place }}}}/{name}"}
            sets.append({**place, "certificate": made.pem, "chain": ca.pem, "private_key": made.key_pem})
        return sets

    def test_what_is_due_is_renewed_and_nothing_else(self, story: Played) -> None:
        for task in ("renew: check", "renew"):
            codes = {
                entry["name"]: [r["code"] for r in entry["reasons"]] for entry in story[task].result["certificates"]
            }
            due = {name: ["expiring"] for name in self.DUE}
            assert codes == {**{name: [] for name in self.DATES}, **due, "expired": ["expired"]}

    def test_once(self, story: Played) -> None:
        assert len(story["renew"].serial_numbers()) == len(self.DUE) + 1
        assert not story["renew: again"].changed

    def test_a_longer_renew_before_is_capped_with_a_warning(self, story: Played) -> None:
        (capped,) = (entry for entry in story["renew"].result["certificates"] if entry["name"] == "capped")
        assert any("renew_before" in warning for warning in capped["warnings"])


@pytest.mark.slow
def test_a_short_lifetime_is_renewed_at_its_half(site: Site) -> None:
    short = {"lifetime": "60s"}
    played = site.play(
        [
            certificate("issue", **short),
            certificate("at once", **short),
            shell("wait", "sleep 31"),
            *predicted_and_done("renew", certificate("", **short)),
        ]
    )
    assert played.failures == []
    assert not played["at once"].changed
    assert played["renew: check"].codes == played["renew"].codes == ["expiring"]
    assert not played["renew: again"].changed
