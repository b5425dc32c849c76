# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: no promise is made about what is in here.

"""Signatures by a key that stays on its host."""

from __future__ import annotations

import base64
import typing as t

from ansible_collections.certfleet.pki.plugins.module_utils._errors import HostFailure

__all__ = ("HostSigns", "signing_with")

#: Has the host of the task sign, as the host program takes ``signatures`` and answers them.
HostSigns = t.Callable[[t.Sequence[t.Mapping[str, t.Any]]], t.Sequence[t.Mapping[str, t.Any]]]


def signing_with(host: HostSigns, *, path: str, passphrase: t.Optional[str] = None) -> t.Callable[[bytes, str], bytes]:
    """Return a function that signs data by an algorithm (RFC 7518) with the key in a file on the host.

    It returns what openssl makes: PKCS#1 v1.5 for RSA, DER for ECDSA; and raises HostFailure.
    """

    def sign(data: bytes, algorithm: str) -> bytes:
        wanted = {
            "private_key_path": path,
            "passphrase": passphrase,
            "algorithm": algorithm,
            "data": base64.b64encode(data).decode("ascii"),
        }
        (answer,) = host([wanted])
        failure = answer.get("error")
        if failure:
            raise HostFailure(str(failure["detail"]), detail=f"{failure['code']}: {failure['detail']}")
        return base64.b64decode(answer["signature"])

    return sign
