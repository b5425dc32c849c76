# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An embedded CA for each test, and a clock that tests can move."""

from __future__ import annotations

import datetime
import typing as t

import pytest

from ansible_collections.certfleet.pki.plugins.module_utils._authorities._base import Context
from ansible_collections.certfleet.pki.plugins.module_utils._authorities.local import LocalAuthority
from ansible_collections.certfleet.pki.plugins.module_utils._local.ca import LocalCa
from ansible_collections.certfleet.pki.plugins.module_utils._local.manage import manage


class Clock:
    """A clock that stands still until it is moved; it begins at the real time."""

    def __init__(self) -> None:
        self.now = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=123456)

    def __call__(self) -> datetime.datetime:
        return self.now

    def move(self, **by: float) -> None:
        """Move on; the arguments are those of timedelta."""
        self.now += datetime.timedelta(**by)


class Place:
    """The directory of one CA, with what its operator and its users do there."""

    def __init__(self, path: str, clock: Clock) -> None:
        self.path = path
        self.clock = clock

    def manage(self, *, check: bool = False, **options: t.Any) -> t.Dict[str, t.Any]:
        """Run the module."""
        defaults = {"path": self.path, "state": "present", "deny_reason": ""}
        return manage({**defaults, **options}, check=check, clock=self.clock)

    def authority(self, **options: t.Any) -> LocalAuthority:
        """Return the CA as those see it who ask for certificates."""
        return LocalAuthority({"path": self.path, **options}, Context(clock=self.clock))

    def ca(self, passphrase: t.Optional[str] = None) -> LocalCa:
        """Return the CA as its operator sees it."""
        return LocalCa(self.path, passphrase=passphrase, clock=self.clock)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def place(tmp_path, clock) -> Place:
    return Place(str(tmp_path / "ca"), clock)


@pytest.fixture
def ca_place(place) -> Place:
    """A place with a CA in it."""
    place.manage()
    return place
