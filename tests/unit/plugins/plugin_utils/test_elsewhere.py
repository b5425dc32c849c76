# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The way to another host: whose passwords go with it. What needs Ansible is in integration/test_challenges_host.py."""

from __future__ import annotations

import types
import typing as t

import pytest
from ansible.playbook.play_context import PlayContext

from ansible_collections.certfleet.pki.plugins.plugin_utils._elsewhere import _clean_context

TASK = types.SimpleNamespace(get_play=lambda: None)
PASSWORDS = {"conn_pass": "sEcReT", "become_pass": "sEcReT2"}


@pytest.mark.parametrize(
    "variable",
    ["ansible_password", "ansible_ssh_pass", "ansible_become_pass", "ansible_become_password", "ansible_sudo_pass"],
)
def test_a_host_s_own_passwords_stay_with_it(variable: str) -> None:
    context = PlayContext(passwords=PASSWORDS)
    clean = _clean_context(context, TASK, {variable: "sEcReT"})  # type: ignore[arg-type]
    assert (clean.password, clean.become_pass) == ("", "")


def test_passwords_of_the_command_line_are_for_every_host() -> None:
    context = PlayContext(passwords=PASSWORDS, connection_lockfd=7)
    context.remote_addr, context.port, context.remote_user = "192.0.2.1", 2222, "one"
    variables: t.Dict[str, t.Any] = {"ansible_host": "192.0.2.1", "my_password": "x"}
    clean = _clean_context(context, TASK, variables)  # type: ignore[arg-type]
    assert (clean.password, clean.become_pass, clean.connection_lockfd) == ("sEcReT", "sEcReT2", 7)
    assert (clean.remote_addr, clean.port, clean.remote_user) == (None, None, None)
