# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: no promise is made about what is in here.

"""What was asked for when a certificate was ordered: ``record['request']``, written and read. Pure."""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.certfleet.pki.plugins.module_utils._model import Names
from ansible_collections.certfleet.pki.plugins.module_utils._wanted import Wanted
from ansible_collections.certfleet.pki.plugins.module_utils._x509 import CertificateFacts
from ansible_collections.certfleet.pki.plugins.plugin_utils._observed import as_mapping

__all__ = ("Request", "recorded", "recorded_request")


@dataclasses.dataclass(frozen=True)
class Request:
    """The part of an order that is compared with what is wanted now."""

    names: Names
    common_name: t.Optional[str] = None
    subject: t.Tuple[t.Tuple[str, str], ...] = ()
    extended_key_usage: t.Tuple[str, ...] = ()

    @classmethod
    def of(cls, facts: CertificateFacts) -> Request:
        """Return a request for exactly what a certificate says."""
        return cls(
            names=facts.names,
            common_name=facts.common_name,
            subject=facts.subject_pairs,
            extended_key_usage=facts.extended_key_usage,
        )


def recorded_request(wanted: Wanted, order_hash: str) -> t.Dict[str, t.Any]:
    """Return ``record['request']``, in plain types."""
    return {
        "common_name": wanted.common_name,
        "subject": dict(wanted.subject),
        "dns_names": list(wanted.names.dns),
        "ip_addresses": list(wanted.names.ip),
        "email_addresses": list(wanted.names.email),
        "uris": list(wanted.names.uri),
        "extended_key_usage": list(wanted.extended_key_usage),
        "key": {"type": wanted.key.type, "size": wanted.key.size, "curve": wanted.key.curve},
        "order_hash": order_hash,
    }


def recorded(record: t.Mapping[str, t.Any]) -> t.Optional[Request]:
    """Return what a record says was asked for, None if it says nothing usable."""
    entry = as_mapping(record.get("request"))
    if "dns_names" not in entry:
        return None
    name = entry.get("common_name")
    subject = as_mapping(entry.get("subject"))
    return Request(
        names=Names(
            dns=_texts(entry.get("dns_names")),
            ip=_texts(entry.get("ip_addresses")),
            email=_texts(entry.get("email_addresses")),
            uri=_texts(entry.get("uris")),
        ),
        common_name=name if isinstance(name, str) else None,
        subject=tuple((str(field), str(value)) for field, value in subject.items()),
        extended_key_usage=_texts(entry.get("extended_key_usage")),
    )


def _texts(value: t.Any) -> t.Tuple[str, ...]:
    return tuple(sorted({item for item in value if isinstance(item, str)})) if isinstance(value, list) else ()
