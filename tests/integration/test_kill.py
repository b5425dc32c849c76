# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""kill -9 of the whole run, controller and host together: the next run ends in a whole, consistent set."""

from __future__ import annotations

import random
import subprocess
import time
from pathlib import Path

import pytest

from ansible_collections.certfleet.pki.tests.support.playbooks import BOTH_WAYS, Site, kill
from ansible_collections.certfleet.pki.tests.support.snapshots import AuthorityDatabase
from ansible_collections.certfleet.pki.tests.support.tasks import certificate, local

KILLS = 8


@pytest.mark.slow
@pytest.mark.parametrize("way", BOTH_WAYS)
def test_killed_at_any_moment(tmp_path: Path, way: str) -> None:
    site = Site(tmp_path, {"one": BOTH_WAYS[way]})
    web, ca = site.place() / "web", AuthorityDatabase(site.place() / "ca")
    first = site.play([certificate("issue")])
    assert first.failures == []
    for attempt in range(KILLS // 2):
        before = len(ca.serial_numbers)
        renewal = site.written([certificate("renew", force=True)])
        with site.started(renewal, [], {}) as process:
            wait_for_the_task(process, web, attempt)
            kill(renewal)
        assert is_whole(web), f"attempt {attempt}: what a reader sees after the kill"
        after = site.play([certificate("look"), certificate("again")])
        assert after.failures == []
        assert is_whole(web)
        assert not after["again"].changed
        # What was asked for before the kill is found again, and asked for only once.
        assert len(ca.serial_numbers) - before <= 1
        assert after["look"].certificate["serial_number"] == ca.serial_numbers[-1]
        assert "pending" not in ca.requests


def wait_for_the_task(process: subprocess.Popen[str], web: Path, attempt: int) -> None:
    """Wait until the run has begun to write (a key is being made), then a random while longer."""
    until = time.monotonic() + 60
    while process.poll() is None and not (web / "pending").exists() and time.monotonic() < until:
        time.sleep(0.002)
    time.sleep(random.Random(attempt).uniform(0, 0.5))


def is_whole(web: Path) -> bool:
    """Return whether key and certificate, reached as a service would, belong together and chain up."""
    current = web.joinpath("current").resolve()
    key = ["openssl", "pkey", "-in", str(current / "privkey.pem"), "-pubout"]
    certificate_key = ["openssl", "x509", "-in", str(current / "cert.pem"), "-noout", "-pubkey"]
    if subprocess.check_output(key) != subprocess.check_output(certificate_key):
        return False
    verify = ["openssl", "verify", "-CAfile", "ca.pem", "-untrusted", "chain.pem", "cert.pem"]
    return subprocess.run(verify, cwd=current, stdout=subprocess.DEVNULL, check=False).returncode == 0


def test_killed_while_the_ca_is_asked_for_the_first_time(tmp_path: Path) -> None:
    """An order that was placed before the kill brings its certificate, and no second one."""
    site = Site(tmp_path)
    ca = AuthorityDatabase(site.place() / "ca")
    folder = site.written([certificate("issue", authority=local())])
    with site.started(folder, [], {}) as process:
        until = time.monotonic() + 60
        while process.poll() is None and not ca.serial_numbers and time.monotonic() < until:
            time.sleep(0.001)
        kill(folder)
    assert len(ca.serial_numbers) == 1
    after = site.play([certificate("next"), certificate("again")])
    assert after.failures == []
    assert ca.serial_numbers == [after["next"].certificate["serial_number"]]
    assert is_whole(site.place() / "web")
    assert not after["again"].changed
