# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What every failure has to look like."""

from __future__ import annotations

import re

from ansible_collections.certfleet.pki.plugins.module_utils._result import empty_result
from ansible_collections.certfleet.pki.tests.support.playbooks import Played, TaskResult

__all__ = ("is_quiet", "is_told_well")

CERTIFICATE_KEYS = set(empty_result())
ERROR_KEYS = {"kind", "authority", "detail", "retryable", "http_status"}
HARDLY_A_SENTENCE = re.compile(r"Traceback|Error\b.*\(|0x[0-9a-f]+|<[a-z_.]+ object|\n")


def is_told_well(result: TaskResult, kind: str, told: str = "", *, retryable: bool = False, longest: int = 500) -> None:
    """Assert that a failed result has all that every failed result has, and a message of at most ``longest`` characters."""
    assert result.failed
    assert not result.changed
    message = result.result["msg"]
    assert told in message
    assert not HARDLY_A_SENTENCE.search(message), message
    assert message.endswith("."), message
    assert len(message) < longest, message
    assert set(result.result["error"]) == ERROR_KEYS
    assert result.result["error"]["kind"] == kind, message
    assert result.result["error"]["retryable"] is retryable
    assert set(result.certificate) == CERTIFICATE_KEYS
    assert result.certificate["action"] == "failed"
    assert "Traceback" not in str(result.result)


def is_quiet(played: Played) -> None:
    """Assert that nothing that a user sees looks like a defect."""
    assert "Traceback" not in played.output
    assert "MODULE FAILURE" not in played.output
    assert "Unexpected" not in played.output
