# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Properties are explored at random by people, and checked with the same examples in every CI run."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

_SLOW_MACHINES = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow]}
settings.register_profile("explore", **_SLOW_MACHINES)
settings.register_profile("ci", derandomize=True, **_SLOW_MACHINES)
settings.load_profile("ci" if os.environ.get("CI") else "explore")
