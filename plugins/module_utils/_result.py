# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: no promise is made about what is in here.

"""The ``certificate`` field of every result: all of its keys, always; what is not known is null."""

from __future__ import annotations

import typing as t

__all__ = ("PEM_FIELDS", "empty_result", "with_pem")

PEM_FIELDS = ("certificate_pem", "chain_pem", "fullchain_pem", "ca_pem")

_NULLS = (
    "name",
    "action",
    "status",
    "request_id",
    "authority",
    "authority_id",
    "subject",
    "issuer",
    "common_name",
    "dns_names",
    "ip_addresses",
    "email_addresses",
    "uris",
    "extended_key_usage",
    "serial_number",
    "fingerprint_sha256",
    "fingerprint_sha1",
    "public_key_sha256",
    "authority_key_id",
    "not_before",
    "not_after",
    "renew_at",
    "installed_at",
    "key",
    "files",
    "replaced",
    "verified",
)


def empty_result(**known: t.Any) -> t.Dict[str, t.Any]:
    """Return a ``certificate`` field with all keys, those in ``known`` filled in."""
    result: t.Dict[str, t.Any] = dict.fromkeys(_NULLS)
    result.update(action="none", status="unknown", reasons=[], warnings=[], rolled_back=False)
    result.update(known)
    return result


def with_pem(result: t.Dict[str, t.Any], pem: t.Mapping[str, t.Optional[str]]) -> t.Dict[str, t.Any]:
    """Return the result of a single operation with its PEM fields, null where there is nothing yet.

    They stand beside ``certificate`` and in it, so that ``certificate`` alone can be handed on.
    """
    fields = {field: pem.get(field) for field in PEM_FIELDS}
    return {**result, "certificate": {**result["certificate"], **fields}, **fields}
