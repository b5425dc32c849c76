# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Put on PYTHONPATH, this notes which process imports which heavy library, in the file that a variable names."""

import os
import sys

_LOG = os.environ.get("CERTFLEET_BENCHMARK_IMPORTS")
_HEAVY = ("cryptography", "requests", "hvac")


def _note(event, arguments):
    if event == "import" and arguments[0] in _HEAVY:
        with open(_LOG, "a", encoding="ascii") as log:
            log.write(f"{os.getpid()} {arguments[0]}\n")


if _LOG:
    sys.addaudithook(_note)
