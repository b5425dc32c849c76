# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: no promise is made about what is in here.
"""The rules of a policy folder, as ``checkpolicy`` tells them, in the common form. No I/O in here.

A locked value is a rule, one that is not locked a suggestion.
"""

from __future__ import annotations

import re
import typing as t

from ansible_collections.certfleet.pki.plugins.module_utils._errors import Misconfigured
from ansible_collections.certfleet.pki.plugins.module_utils._policy import Policy

__all__ = ("check_accepts_requests", "policy_of", "suggestions")

Fields = t.Mapping[str, t.Any]

_SUBJECT = {
    "Organization": "organization",
    "OrganizationalUnit": "organizational_unit",
    "City": "locality",
    "State": "state_or_province",
    "Country": "country",
}
_PKIX = re.compile(r"1\.3\.6\.1\.4\.1\.28783\.10\.(?P<kind>[12])\.1\.(?P<size>\d+)")
_NOTHING = "(?!)"


def policy_of(folder: Fields, *, source: str) -> Policy:
    """Return the rules of a folder; ``source`` names it in messages."""
    subject = folder.get("Subject") or {}
    locked = {ours: _values(subject.get(theirs)) for theirs, ours in _SUBJECT.items() if _locked(subject.get(theirs))}
    return Policy(
        source=source,
        restrictive=False,
        allowed_domain_patterns=_domains(folder),
        allowed_ip_ranges=_none_if_forbidden(folder, "SubjAltNameIpAllowed"),
        allowed_email_domains=_none_if_forbidden(folder, "SubjAltNameEmailAllowed"),
        allowed_uris=_none_if_forbidden(folder, "SubjAltNameUriAllowed"),
        forbid_wildcards=_value(folder.get("WildcardsAllowed")) is False,
        key_types=_keys(folder.get("KeyPair") or {}),
        required_subject={field: values for field, values in locked.items() if values} or None,
    )


def suggestions(folder: Fields) -> t.Dict[str, t.Any]:
    """Return what the folder suggests and does not demand: subject fields, key, management type."""
    subject = folder.get("Subject") or {}
    suggested = {
        ours: list(_values(subject.get(theirs)))
        for theirs, ours in _SUBJECT.items()
        if _values(subject.get(theirs)) and not _locked(subject.get(theirs))
    }
    pair = folder.get("KeyPair") or {}
    key = {
        ours: _value(pair.get(theirs))
        for theirs, ours in (("KeyAlgorithm", "algorithm"), ("KeySize", "size"), ("EllipticCurve", "curve"))
        if _value(pair.get(theirs)) and not _locked(pair.get(theirs))
    }
    return {
        "suggested_subject": suggested,
        "suggested_key": key,
        "management_type": _value(folder.get("ManagementType")),
        "certificate_authority": _value(folder.get("CertificateAuthority")),
    }


def check_accepts_requests(folder: Fields, *, zone: str) -> None:
    """Raise Misconfigured if the folder issues nothing, or nothing for a CSR that was made elsewhere."""
    management, generation = folder.get("ManagementType"), folder.get("CsrGeneration")
    if _locked(management) and str(_value(management)).lower() in ("monitoring", "unassigned"):
        raise Misconfigured(
            f"The folder {zone} has the management type {_value(management)} and issues nothing; "
            "change that there, or correct zone.",
            authority="venafi",
        )
    if _locked(generation) and str(_value(generation)).replace(" ", "").lower() == "servicegenerated":
        raise Misconfigured(
            f"The folder {zone} accepts only keys that the server makes; have it accept CSRs, or correct zone.",
            authority="venafi",
        )


def _value(leaf: t.Any) -> t.Any:
    """Return the value of ``{Value, Locked}``, ``{Values, Locked}`` or of a plain leaf."""
    if not isinstance(leaf, dict):
        return leaf
    value = leaf.get("Value", leaf.get("Values"))
    return value[0] if isinstance(value, list) and len(value) == 1 else value


def _values(leaf: t.Any) -> t.Tuple[str, ...]:
    value = _value(leaf)
    several = value if isinstance(value, list) else [value]
    return tuple(str(one) for one in several if one not in (None, ""))


def _locked(leaf: t.Any) -> bool:
    return isinstance(leaf, dict) and leaf.get("Locked") is True


def _none_if_forbidden(folder: Fields, flag: str) -> t.Optional[t.Tuple[str, ...]]:
    return () if _value(folder.get(flag)) is False else None


def _domains(folder: Fields) -> t.Optional[t.Tuple[str, ...]]:
    """Return patterns for names that end in an allowed domain, at a dot; no list allows any."""
    if _value(folder.get("SubjAltNameDnsAllowed")) is False:
        return (_NOTHING,)
    allowed = [domain.lower().lstrip(".") for domain in _values(folder.get("WhitelistedDomains"))]
    return tuple(rf"(.+\.)?{re.escape(domain)}" for domain in allowed) or None


def _keys(pair: Fields) -> t.Optional[t.Dict[str, int]]:
    """Return the smallest size of each kind of key that is allowed, None if any is."""
    sizes = {"rsa": _size(pair.get("KeySize")), "ecdsa": _size(pair.get("EllipticCurve"))}
    if _locked(pair.get("PkixParameterSet")):
        return _pkix_keys(_values(pair["PkixParameterSet"]))
    algorithm = pair.get("KeyAlgorithm")
    if _locked(algorithm):
        names = {"RSA": "rsa", "ECC": "ecdsa", "EC": "ecdsa", "ECDSA": "ecdsa"}
        kinds = [names[value.upper()] for value in _values(algorithm) if value.upper() in names]
        return {kind: sizes[kind] for kind in kinds} or None
    return sizes if any(sizes.values()) else None


def _size(leaf: t.Any) -> int:
    """Return a locked size in bits, also from a curve such as P256; 0 if there is none."""
    digits = re.sub(r"\D", "", str(_value(leaf))) if _locked(leaf) else ""
    return int(digits or 0)


def _pkix_keys(oids: t.Iterable[str]) -> t.Optional[t.Dict[str, int]]:
    """Return what parameter sets (25.1 and newer) allow: RSA below ``.1.1``, elliptic curves below ``.2.1``."""
    keys: t.Dict[str, int] = {}
    for match in filter(None, map(_PKIX.fullmatch, oids)):
        kind, size = {"1": "rsa", "2": "ecdsa"}[match["kind"]], int(match["size"])
        keys[kind] = min(size, keys.get(kind, size))
    return keys or None
