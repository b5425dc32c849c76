# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What an ACME server was asked, whatever its paths are called: newOrder, order, finalize, challenge..."""

from __future__ import annotations

import abc
import collections
import dataclasses
import re
import typing as t

__all__ = ("Counting", "Request", "resource_of")

#: The resources of RFC 8555 and RFC 9773, as Pebble, acmeeh, step-ca and OpenBao call them; the first that fits.
_RESOURCES = {
    "directory": r"/(dir|directory)$",
    "newNonce": r"/(nonce-plz|new-nonce)$",
    "newAccount": r"/(sign-me-up|new-account)$",
    "orders": r"/(list-orderz/[\w-]*|orders|account/[\w-]*/orders)$",
    "account": r"/(my-account|acct|account)/[\w-]*$",
    "newOrder": r"/(order-plz|new-order)$",
    "finalize": r"/finalize-order/[\w-]*$|/order/[\w-]*/finalize$",
    "certificate": r"/(certZ|cert|certificate)/[\w-]*(/alternate/\d+)?$|/order/[\w-]*/cert$",
    "order": r"/(my-order|order)/[\w-]*$",
    "challenge": r"/(chalZ|chall)/[\w-]*$|/challenge/.+$",
    "authorization": r"/(authZ|authz|authorization)/[\w-]*$",
    "revokeCert": r"/revoke-cert$",
    "keyChange": r"/(rollover-account-key|key-change)$",
    "renewalInfo": r"/renewal-?[iI]nfo/[^/]+$",
}


def resource_of(path: str) -> str:
    """Return the name that the RFCs have for what is at a path, "" if it is none of ACME's."""
    return next((name for name, pattern in _RESOURCES.items() if re.search(pattern, path)), "")


@dataclasses.dataclass(frozen=True)
class Request:
    """A request that a server got."""

    method: str
    path: str

    @property
    def resource(self) -> str:
        """Return the RFCs' name of what was asked for."""
        return resource_of(self.path)


class Counting(abc.ABC):
    """A server that tells what it was asked."""

    @abc.abstractmethod
    def requests(self) -> t.Sequence[Request]:
        """Return what it was asked since it was made, oldest first."""

    def counts(self) -> collections.Counter[str]:
        """Return how often each resource was asked for, requests with a rejected nonce included."""
        return collections.Counter(request.resource for request in self.requests())

    def count(self, resource: str) -> int:
        """Return how often one resource was asked for."""
        return self.counts()[resource]
