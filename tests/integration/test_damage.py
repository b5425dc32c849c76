# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Sets that somebody has damaged: they are repaired, not reported."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.certfleet.pki.tests.support.failures import is_quiet
from ansible_collections.certfleet.pki.tests.support.playbooks import BOTH_WAYS, Played, Site
from ansible_collections.certfleet.pki.tests.support.tasks import certificate, named, shell

#: What a host may have in the place of a good set, and what becomes of it: nothing but a new certificate.
DAMAGED: t.Mapping[str, t.Tuple[str, str]] = {
    "half a certificate": ("head -c 400 web/cert.pem > half && mv half web/current/cert.pem", "unreadable"),
    "an empty certificate": (": > web/current/cert.pem", "unreadable"),
    "a certificate that is no text": ("head -c 2000 /dev/urandom > web/current/cert.pem", "unreadable"),
    "a certificate that is a directory": ("rm web/current/cert.pem && mkdir web/current/cert.pem", "unreadable"),
    "half a key": ("head -c 100 web/privkey.pem > half && mv half web/current/privkey.pem", "unreadable"),
    "a key that is a directory": ("rm web/current/privkey.pem && mkdir web/current/privkey.pem", "unreadable"),
    "a key of somebody else": ("openssl genpkey -algorithm ed25519 -out web/current/privkey.pem", "key_mismatch"),
    "a record that is no JSON": ("echo '{' > web/current/record.json", ""),
    "a current that points nowhere": ("ln -sfn versions/gone web/current", "missing"),
    "a current that is a file": ("rm web/current && : > web/current", "missing"),
}


class TestDamagedSets:
    """They are repaired, not reported; the same both ways, and predicted."""

    @pytest.fixture(scope="class")
    @classmethod
    def played(cls, tmp_path_factory: pytest.TempPathFactory) -> Played:
        tasks = [certificate("issue")]
        for name, (damage, _code) in DAMAGED.items():
            check = named(f"{name}: check", certificate(""), check_mode=True)
            tasks += [shell(f"{name}: before", damage), check, certificate(name), certificate(f"{name}: again")]
        played = Site(tmp_path_factory.mktemp("damaged"), BOTH_WAYS).play(tasks, verbosity=1)
        is_quiet(played)
        return played

    @pytest.fixture(params=sorted(BOTH_WAYS))
    def story(self, played: Played, request: pytest.FixtureRequest) -> Played:
        return played.on(request.param)

    @pytest.mark.parametrize("name", DAMAGED)
    def test_it_is_repaired(self, story: Played, name: str) -> None:
        repaired = story[name]
        assert not repaired.failed, repaired.result
        assert repaired.changed
        assert repaired.certificate["status"] == "issued"
        assert not story[f"{name}: again"].changed

    @pytest.mark.parametrize("name", [name for name, (_damage, code) in DAMAGED.items() if code])
    def test_the_reason(self, story: Played, name: str) -> None:
        assert DAMAGED[name][1] in story[name].codes

    @pytest.mark.parametrize("name", DAMAGED)
    def test_it_is_predicted(self, story: Played, name: str) -> None:
        predicted, done = story[f"{name}: check"], story[name]
        assert predicted.disk == story[f"{name}: before"].disk
        assert [predicted.certificate[f] for f in ("action", "reasons")] == [
            done.certificate[f] for f in ("action", "reasons")
        ]
