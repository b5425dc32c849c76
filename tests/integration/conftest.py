# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Sites for the tests that run ansible-playbook."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import typing as t
from pathlib import Path

import pytest

from ansible_collections.certfleet.pki.tests.support.playbooks import BOTH_WAYS, Site

for _helper in ("failures", "matrix"):
    pytest.register_assert_rewrite(f"ansible_collections.certfleet.pki.tests.support.{_helper}")


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """Return one host, reached over standard input, and its controller."""
    return Site(tmp_path)


@pytest.fixture
def both(tmp_path: Path) -> Site:
    """Return two hosts, one for each way."""
    return Site(tmp_path, BOTH_WAYS)


@pytest.fixture
def public_directory() -> t.Iterator[Path]:
    """Return a directory that every user may enter; pytest's own may not be."""
    with tempfile.TemporaryDirectory(prefix="certfleet-") as directory:
        Path(directory).chmod(0o755)
        yield Path(directory)


#: Understands the options of sudo that Ansible uses; not every machine for tests has sudo.
_SUDO = """#!/bin/sh
while [ "$#" -gt 0 ]; do
    case "$1" in
        -u) user=$2; shift 2 ;;
        -*) shift ;;
        *) break ;;
    esac
done
exec runuser -u "$user" -- "$@"
"""


@pytest.fixture
def as_nobody(public_directory: Path) -> t.Dict[str, t.Any]:
    """Return the variables of a host on which ``become`` makes the task run as the user nobody."""
    runuser = shutil.which("runuser")
    if os.geteuid() != 0 or runuser is None:
        pytest.skip("only root can become nobody, with the program runuser")
    for python in (sys.executable, "/usr/bin/python3"):
        command = [runuser, "-u", "nobody", "--", python, "-c", "pass"]
        if subprocess.run(command, stderr=subprocess.DEVNULL, check=False).returncode == 0:
            break
    else:
        pytest.skip("the user nobody may not run any Python")
    sudo = public_directory / "sudo"
    sudo.write_text(_SUDO)
    sudo.chmod(0o755)
    become = {"ansible_become_user": "nobody", "ansible_become_method": "sudo", "ansible_become_exe": str(sudo)}
    return {**become, "ansible_python_interpreter": python}
