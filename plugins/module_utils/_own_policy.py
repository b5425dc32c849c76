# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: no promise is made about what is in here.

"""A CA's own rules, checked before anything is sent to it."""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.certfleet.pki.plugins.module_utils._durations import format_duration
from ansible_collections.certfleet.pki.plugins.module_utils._errors import Misconfigured
from ansible_collections.certfleet.pki.plugins.module_utils._policy import Policy, enforce

__all__ = ("enforce_own_policy",)


def enforce_own_policy(policy: Policy, *, lifetime: t.Optional[int], **asked: t.Any) -> None:
    """Check a request against the rules that the CA itself told. ``lifetime`` is in seconds.

    Raises PolicyViolation, and Misconfigured for a lifetime that the CA can't honour: nothing is
    forbidden then, the option has to be smaller.
    """
    longest = policy.max_lifetime
    if lifetime is not None and longest is not None and lifetime > longest:
        raise Misconfigured(
            f"lifetime ({format_duration(lifetime)}) is longer than {policy.source} issues "
            f"({format_duration(longest)}); ask for less, or leave it out."
        )
    enforce((dataclasses.replace(policy, max_lifetime=None),), lifetime=None, **asked)
