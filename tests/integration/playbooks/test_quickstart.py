# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The quickstart shows a whole life, and a second run of it changes nothing."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from ansible_collections.certfleet.pki.tests.support.playbook import Fleet

pytestmark = pytest.mark.smoke
NAME = "quickstart.example.com"


def test_a_whole_life_and_a_second_run_without_change(tmp_path: Path) -> None:
    here = Fleet.create(tmp_path, hosts=["localhost"], variables={})

    first = here.play("certfleet.pki.quickstart", pki_quickstart_name=NAME)
    assert first.returncode == 0, first.output
    assert "replaced by" in first.output
    assert "certificate revoked" in first.output
    serial_numbers = _serial_number(tmp_path, NAME), _serial_number(tmp_path, "renewed-and-revoked")

    second = here.play("certfleet.pki.quickstart", pki_quickstart_name=NAME)
    assert second.returncode == 0, second.output
    assert second.changed == 0, second.output
    assert (_serial_number(tmp_path, NAME), _serial_number(tmp_path, "renewed-and-revoked")) == serial_numbers


def test_everything_is_under_the_one_directory(tmp_path: Path) -> None:
    here = Fleet.create(tmp_path, hosts=["localhost"], variables={})
    before = set(tmp_path.iterdir())
    assert here.play("certfleet.pki.quickstart", pki_quickstart_dir="elsewhere").returncode == 0
    assert {path.name for path in set(tmp_path.iterdir()) - before} <= {"elsewhere", "ansible"}


def _serial_number(directory: Path, name: str) -> str:
    certificate = directory / "certfleet-quickstart" / name / "cert.pem"
    return subprocess.check_output(["openssl", "x509", "-noout", "-serial", "-in", str(certificate)], text=True)
