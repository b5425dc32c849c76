# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: no promise is made about what is in here.

"""PEM text (RFC 7468). No I/O in here."""

from __future__ import annotations

import re
import typing as t

__all__ = ("split_pem",)


def split_pem(text: t.Union[str, bytes], *, label: str = "CERTIFICATE") -> t.List[str]:
    """Return the PEM blocks with this label, in their order, each ending with one newline; other text is dropped."""
    plain = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    name = re.escape(label)
    blocks = re.findall(rf"-----BEGIN {name}-----(.*?)-----END {name}-----", plain, re.DOTALL)
    return [_block(label, body) for body in blocks]


def _block(label: str, body: str) -> str:
    lines = "\n".join(line.strip() for line in body.strip().splitlines())
    return f"-----BEGIN {label}-----\n{lines}\n-----END {label}-----\n"
