# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: no promise is made about what is in here.
"""A certificate profile, read as a policy. Only the keys: what else it says is checked by EJBCA itself.

Fields: GET v2/certificate/profile/{name}, CertificateProfileInfoRestResponseV2 of the API's description.
"""

from __future__ import annotations

import re
import typing as t

from ansible_collections.certfleet.pki.plugins.module_utils._ejbca._wire import field
from ansible_collections.certfleet.pki.plugins.module_utils._policy import Policy

__all__ = ("policy_of",)

#: EJBCA's names of the algorithms, and what is the smallest key of each that may be asked for.
_SMALLEST = {"rsa": 2048, "ecdsa": 256}
_CURVES = {"prime256v1": 256, "secp256r1": 256, "secp384r1": 384, "secp521r1": 521}


def policy_of(profile: t.Mapping[str, t.Any], *, source: str) -> Policy:
    """Return the rules of a profile as the API returns it; ``source`` names it in messages."""
    return Policy(source=source, restrictive=False, key_types=_keys(profile))


def _keys(profile: t.Mapping[str, t.Any]) -> t.Optional[t.Dict[str, int]]:
    algorithms = {str(name).lower() for name in field(profile, "available_key_algs") or ()}
    if not algorithms:
        return None
    # The misspelling is the API's.
    lengths = field(profile, "available_bit_lenghts") or field(profile, "available_bit_lengths") or ()
    sizes = [int(size) for size in lengths if str(size).isdigit()]
    curves = [str(curve) for curve in field(profile, "available_ecdsa_curves") or ()]
    allowed = {
        "rsa": min((size for size in sizes if size >= 1024), default=_SMALLEST["rsa"]),
        "ecdsa": _smallest_curve(curves, sizes),
        "ed25519": 0,
    }
    return {name: size for name, size in allowed.items() if name in algorithms}


def _smallest_curve(curves: t.Sequence[str], sizes: t.Sequence[int]) -> int:
    """Curves can be left open (ANY_EC_CURVE): then the bit lengths count."""
    named = [_bits(curve) for curve in curves]
    if named and None not in named:
        return min(bits for bits in named if bits is not None)
    return min((size for size in sizes if size in _CURVES.values()), default=_SMALLEST["ecdsa"])


def _bits(curve: str) -> t.Optional[int]:
    match = re.fullmatch(r"P-(256|384|521)", curve, re.IGNORECASE)
    return int(match.group(1)) if match else _CURVES.get(curve.lower())
