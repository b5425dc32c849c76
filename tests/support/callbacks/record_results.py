# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Writes every task's result, and what is on the host's disk after it, as lines of JSON, for tests/support/playbooks.py."""

from __future__ import annotations

import json
import os
import typing as t
from pathlib import Path

from ansible.plugins.callback import CallbackBase

from ansible_collections.certfleet.pki.tests.support.snapshots import snapshot

DOCUMENTATION = """
name: record_results
type: notification
short_description: Results of tasks as lines of JSON
description:
  - Writes them to the file that the environment variable E(CERTFLEET_TEST_RESULTS) names, for tests.
requirements:
  - enabled in the configuration
"""


class CallbackModule(CallbackBase):
    """Records; prints nothing."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "notification"
    CALLBACK_NAME = "record_results"
    CALLBACK_NEEDS_ENABLED = True

    def v2_runner_on_ok(self, result: t.Any) -> None:
        self._record("ok", result)

    def v2_runner_on_failed(self, result: t.Any, ignore_errors: bool = False) -> None:
        self._record("failed", result)

    def v2_runner_on_skipped(self, result: t.Any) -> None:
        self._record("skipped", result)

    def v2_runner_on_unreachable(self, result: t.Any) -> None:
        self._record("unreachable", result)

    def _record(self, status: str, result: t.Any) -> None:
        host = result._host.get_name()
        line = {
            "host": host,
            "task": result._task.get_name().strip(),
            "status": status,
            "result": result._result,
            "disk": snapshot(Path(os.environ["CERTFLEET_TEST_HOSTS"]) / host),
        }
        with open(os.environ["CERTFLEET_TEST_RESULTS"], "a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")
