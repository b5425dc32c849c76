# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: no promise is made about what is in here.

"""base64url without padding (RFC 7515, section 2). No I/O in here."""

from __future__ import annotations

import base64

__all__ = ("decode", "encode")


def encode(data: bytes) -> str:
    """Return the text for some bytes."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def decode(text: str) -> bytes:
    """Return the bytes of a text. Raises ValueError."""
    plain = text.strip()
    return base64.b64decode(plain.encode("ascii") + b"=" * (-len(plain) % 4), altchars=b"-_", validate=True)
