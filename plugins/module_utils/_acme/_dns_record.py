# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: no promise is made about what is in here.
"""The record that shows control of a name (RFC 8555, section 8.4)."""

from __future__ import annotations

import dataclasses

__all__ = ("Record",)


@dataclasses.dataclass(frozen=True)
class Record:
    """A TXT record: ``domain`` is the name that it proves, without ``*.``; ``name`` is where the CA looks for ``value``."""

    domain: str
    name: str
    value: str
