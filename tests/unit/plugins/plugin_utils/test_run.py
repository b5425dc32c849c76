# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import subprocess
import sys
import time
import typing as t
from pathlib import Path

import pytest

from ansible_collections.certfleet.pki.plugins.plugin_utils import _run
from ansible_collections.certfleet.pki.plugins.plugin_utils._run import RUN, in_use, left_behind


def test_a_run_that_goes_on_has_left_nothing_behind() -> None:
    assert not left_behind(RUN.owner)


def test_a_process_that_has_ended_is_known_to_be_gone() -> None:
    child = subprocess.run(
        [sys.executable, "-c", f"import {_run.__name__} as r; print(r.RUN.owner)"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert left_behind(child.stdout.strip())


def test_a_process_id_that_was_given_away_again_is_not_mistaken() -> None:
    machine, _separator, process = RUN.owner.partition(" process ")
    pid, _space, started = process.partition(" ")
    assert left_behind(f"{machine} process {pid} {int(started) - 1}")


@pytest.mark.parametrize("owner", ["", "elsewhere/boot process 1 1", "nonsense", RUN.owner.split(" process")[0]])
def test_what_can_t_be_known_counts_as_alive(owner: str) -> None:
    assert not left_behind(owner)


def test_the_key_shows_nowhere() -> None:
    assert repr(RUN.key) not in repr(RUN) and RUN.key.hex() not in repr(RUN)
    assert len(RUN.key) == 32


def test_a_process_that_nobody_has_waited_for_has_ended() -> None:
    """Where nothing reaps, as in many containers, it stays in the list of processes."""
    code = f"from {_run.__name__} import RUN; print(RUN.owner)"
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as child:
        owner = child.stdout.read().strip()  # to its end; it is not waited for
        until = time.monotonic() + 10
        while not left_behind(owner) and time.monotonic() < until:
            time.sleep(0.01)
        assert left_behind(owner)
        assert Path(f"/proc/{child.pid}").exists()


@pytest.mark.parametrize(
    ("lease", "used"),
    [
        ({}, False),
        ({"token": RUN.token, "owner": RUN.owner, "expires": 9e9}, False),
        ({"token": "other", "owner": RUN.owner, "expires": 9e9}, True),
        ({"token": "other", "owner": "elsewhere/boot/space process 1 2", "expires": 9e9}, True),
        ({"token": "other", "owner": RUN.owner, "expires": 1}, False),
        ({"token": "other", "owner": RUN.owner, "expires": "soon"}, False),
        ({"token": "other", "owner": f"{RUN.owner}0", "expires": 9e9}, False),
    ],
)
def test_whose_lease_it_is(lease: t.Dict[str, t.Any], used: bool) -> None:
    assert in_use(lease) is used
