# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: no promise is made about what is in here.
"""What goes to the PKI secrets engine and comes back, in its spelling. No I/O in here."""

from __future__ import annotations

import typing as t

from ansible_collections.certfleet.pki.plugins.module_utils._model import Order

__all__ = ("colons", "is_expected", "sign_body")


def sign_body(order: Order) -> t.Dict[str, t.Any]:
    """Return the body of ``sign``. Names are sent besides the CSR for roles that don't take them from it."""
    body = {
        "csr": order.csr_pem,
        "common_name": order.common_name,
        "alt_names": ",".join(order.names.dns + order.names.email),
        "ip_sans": ",".join(order.names.ip),
        "uri_sans": ",".join(order.names.uri),
        "serial_number": dict(order.subject).get("serial_number"),
        "ttl": f"{order.lifetime}s" if order.lifetime else None,
        "format": "pem",
        # The common name is among the names if it is one; the server must not make it one.
        "exclude_cn_from_sans": True,
    }
    return {name: value for name, value in body.items() if value}


def is_expected(warning: str) -> bool:
    """Tell the warning that the role takes names from the CSR, which is the default, from those that matter."""
    return "use_csr_common_name" in warning or "use_csr_sans" in warning


def colons(serial: str) -> str:
    """Return a serial number (hex, even number of digits) in Vault's spelling."""
    return ":".join(serial[at : at + 2] for at in range(0, len(serial), 2))
