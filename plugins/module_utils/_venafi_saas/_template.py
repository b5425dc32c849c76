# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: no promise is made about what is in here.
"""The rules of an issuing template, in the common form and as they are. No I/O in here."""

from __future__ import annotations

import re
import typing as t

from ansible_collections.certfleet.pki.plugins.module_utils._errors import Misconfigured, PolicyViolation
from ansible_collections.certfleet.pki.plugins.module_utils._model import KeyParameters, Order
from ansible_collections.certfleet.pki.plugins.module_utils._policy import Policy

__all__ = ("check_order", "period_of", "policy_of", "validity_seconds")

Fields = t.Mapping[str, t.Any]

_HOUR, _DAY = 3600, 86400
_PERIOD = re.compile(
    r"P(?:(?P<years>\d+)Y)?(?:(?P<months>\d+)M)?(?:(?P<weeks>\d+)W)?(?:(?P<days>\d+)D)?(?:T(?:(?P<hours>\d+)H)?)?"
)
_UNITS = {"years": 365 * _DAY, "months": 30 * _DAY, "weeks": 7 * _DAY, "days": _DAY, "hours": _HOUR}
_CURVES = {"P256": 256, "P384": 384, "P521": 521, "ED25519": 255}
_SUBJECT = {
    "organization": "subjectORegexes",
    "organizational_unit": "subjectOURegexes",
    "locality": "subjectLRegexes",
    "state_or_province": "subjectSTRegexes",
}
_NAMES = {
    "dns": ("DNS name", "sanRegexes"),
    "ip": ("address", "sanIpAddressRegexes"),
    "email": ("email address", "sanRfc822NameRegexes"),
    "uri": ("URI", "sanUniformResourceIdentifierRegexes"),
}


def policy_of(template: Fields, *, source: str) -> Policy:
    """Return what of a template's rules the common form can say; ``check_order`` knows the rest."""
    return Policy(
        source=source,
        restrictive=False,
        allowed_domain_patterns=_patterns(template.get("sanRegexes")),
        allowed_ip_ranges=_none_if_empty(template.get("sanIpAddressRegexes")),
        allowed_email_domains=_none_if_empty(template.get("sanRfc822NameRegexes")),
        allowed_uris=_none_if_empty(template.get("sanUniformResourceIdentifierRegexes")),
        key_types=_key_types(template),
        max_lifetime=validity_seconds(template.get("validityPeriod")),
    )


def check_order(template: Fields, order: Order, *, zone: str) -> None:
    """Raise PolicyViolation with every rule of a template that an order breaks, Misconfigured if it takes no CSR."""
    if template.get("csrUploadAllowed") is False:
        raise Misconfigured(
            f"The issuing template {zone} accepts only keys that the service makes; have it accept CSRs, or correct "
            "zone.",
            authority="venafi_saas",
        )
    broken = [*_broken_names(template, order), *_broken_subject(template, order), *_broken_key(template, order.key)]
    if broken:
        every = "; ".join(f"{rule} (the issuing template {zone})" for rule in broken)
        raise PolicyViolation(f"The policy forbids it: {every}.", detail=every, authority="venafi_saas")


def period_of(seconds: int) -> str:
    """Return a lifetime in ISO 8601, in days where it is whole days: some CAs ignore hours. Raises Misconfigured."""
    if seconds % _DAY == 0:
        return f"P{seconds // _DAY}D"
    if seconds % _HOUR == 0:
        return f"PT{seconds // _HOUR}H"
    raise Misconfigured(
        "lifetime must be whole hours for this CA, better whole days; change it.", authority="venafi_saas"
    )


def validity_seconds(period: t.Any) -> t.Optional[int]:
    """Return a period (ISO 8601, such as P90D) in seconds, None if there is none."""
    match = _PERIOD.fullmatch(str(period or ""))
    parts = match.groupdict() if match else {}
    return sum(int(number) * _UNITS[unit] for unit, number in parts.items() if number) or None


def _patterns(regexes: t.Any) -> t.Optional[t.Tuple[str, ...]]:
    """Return what Python can read of the service's expressions; if it can't read one, the service has to check."""
    if not isinstance(regexes, list):
        return None
    try:
        for regex in regexes:
            re.compile(str(regex))
    except re.error:
        return None
    return tuple(str(regex) for regex in regexes) or ("(?!)",)


def _none_if_empty(regexes: t.Any) -> t.Optional[t.Tuple[str, ...]]:
    return () if regexes == [] else None


def _key_types(template: Fields) -> t.Optional[t.Dict[str, int]]:
    keys = _keys(template)
    return {kind: min(sizes or (0,)) for kind, sizes in keys.items()} if keys else None


def _keys(template: Fields) -> t.Dict[str, t.Tuple[int, ...]]:
    """Return the sizes that are allowed of each kind of key, none if all are."""
    keys: t.Dict[str, t.Tuple[int, ...]] = {}
    for entry in template.get("keyTypes") or ():
        if str(entry.get("keyType")).upper() == "RSA":
            keys["rsa"] = tuple(int(length) for length in entry.get("keyLengths") or ())
        elif str(entry.get("keyType")).upper() in ("EC", "ECDSA"):
            curves = [str(curve).upper() for curve in entry.get("keyCurves") or ()]
            keys["ecdsa"] = tuple(_CURVES[curve] for curve in curves if curve in _CURVES and curve != "ED25519")
            if "ED25519" in curves:
                keys["ed25519"] = ()
    return keys


def _broken_names(template: Fields, order: Order) -> t.Iterator[str]:
    if order.common_name and not _allowed(order.common_name, template.get("subjectCNRegexes")):
        yield f"the common name {order.common_name!r} matches none of subjectCNRegexes"
    for kind, (title, rule) in _NAMES.items():
        for name in getattr(order.names, kind):
            if not _allowed(name, template.get(rule)):
                yield f"the {title} {name!r} matches none of {rule}"


def _broken_subject(template: Fields, order: Order) -> t.Iterator[str]:
    countries = template.get("subjectCValues")
    for field, value in order.subject:
        if field in _SUBJECT and not _allowed(value, template.get(_SUBJECT[field])):
            yield f"the subject field {field} is {value!r}, which matches none of {_SUBJECT[field]}"
        if field == "country" and isinstance(countries, list) and value not in countries and ".*" not in countries:
            yield f"the subject field country is {value!r}, which is not among subjectCValues"


def _broken_key(template: Fields, key: KeyParameters) -> t.Iterator[str]:
    keys = _keys(template)
    if keys and (key.type not in keys or (keys[key.type] and key.size not in keys[key.type])):
        yield f"the key {key} is not among keyTypes"


def _allowed(value: str, regexes: t.Any) -> bool:
    patterns = _patterns(regexes)
    return patterns is None or any(re.fullmatch(pattern, value) for pattern in patterns)
