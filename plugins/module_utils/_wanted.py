# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: no promise is made about what is in here.

"""What the user wants of one certificate: its options in canonical form."""

from __future__ import annotations

import dataclasses
import os.path
import re
import typing as t
from datetime import datetime

from ansible_collections.certfleet.pki.plugins.module_utils._durations import (
    RenewBefore,
    parse_duration,
    parse_renew_before,
)
from ansible_collections.certfleet.pki.plugins.module_utils._errors import Misconfigured
from ansible_collections.certfleet.pki.plugins.module_utils._model import KeyParameters, Names
from ansible_collections.certfleet.pki.plugins.module_utils._names import canonical_dns, canonical_names
from ansible_collections.certfleet.pki.plugins.module_utils._x509 import (
    EXTENDED_KEY_USAGES,
    SUBJECT_FIELDS,
    parse_time,
    split_pem,
)

__all__ = ("CURVE_SIZES", "Wanted", "want", "want_key", "want_names", "want_subject", "want_usages")

CURVE_SIZES: t.Mapping[str, int] = {"P-256": 256, "P-384": 384, "P-521": 521}
_CURVE_ALIASES = {
    "secp256r1": "P-256",
    "prime256v1": "P-256",
    "secp384r1": "P-384",
    "secp521r1": "P-521",
}
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_OID = re.compile(r"[0-2](\.(0|[1-9][0-9]*))+")
_COMMON_NAME_LENGTH = 64  # ub-common-name, RFC 5280, appendix A.1


@dataclasses.dataclass(frozen=True)
class Wanted:
    """One certificate as the user wants it; durations in seconds, ``mode`` as a number."""

    name: str
    names: Names
    key: KeyParameters
    directory: str
    common_name: t.Optional[str] = None
    subject: t.Tuple[t.Tuple[str, str], ...] = ()
    key_rotate: str = "always"
    key_format: str = "pkcs8"
    key_passphrase: t.Optional[str] = dataclasses.field(default=None, repr=False)
    extended_key_usage: t.Tuple[str, ...] = ()
    lifetime: t.Optional[int] = None
    renew_before: t.Optional[RenewBefore] = None
    reissue_before: t.Optional[datetime] = None
    force: bool = False
    follow_authority: bool = False
    check_revocation: bool = False
    owner: t.Optional[str] = None
    group: t.Optional[str] = None
    mode: t.Optional[int] = 0o600
    formats: t.Tuple[str, ...] = ("pem",)
    adopt_from: t.Optional[str] = None
    wait: bool = True
    wait_timeout: int = 60
    on_unavailable: str = "fail"
    trust_anchors: t.Tuple[str, ...] = ()
    state: str = "present"
    revoke_reason: str = "superseded"


def want(options: t.Mapping[str, t.Any], *, mode: t.Optional[int] = 0o600) -> Wanted:
    """Return the canonical form of validated options.

    ``mode`` is the number that the option ``mode`` stands for. Raises Misconfigured.
    """
    present = options["state"] == "present"
    names, common_name = want_names(options, required=present)
    lifetime = _duration(options, "lifetime")
    return Wanted(
        name=_name(options["name"]),
        names=names,
        common_name=common_name,
        subject=want_subject(options.get("subject") or {}),
        key=want_key(options.get("key") or {}),
        key_rotate=(options.get("key") or {}).get("rotate", "always"),
        key_format=_key_format(options.get("key") or {}),
        key_passphrase=(options.get("key") or {}).get("passphrase"),
        extended_key_usage=want_usages(options.get("extended_key_usage") or ()),
        lifetime=lifetime,
        renew_before=_renew_before(options.get("renew_before"), lifetime),
        reissue_before=_time(options.get("reissue_before")),
        directory=_directory(options.get("directory"), options["name"]),
        mode=mode,
        formats=_formats(options.get("formats") or ["pem"]),
        adopt_from=_absolute(options.get("adopt_from"), "adopt_from"),
        trust_anchors=_anchors(options.get("trust_anchors")),
        **{field: options[field] for field in _AS_GIVEN if options.get(field) is not None},
    )


_AS_GIVEN = (
    "force",
    "follow_authority",
    "check_revocation",
    "owner",
    "group",
    "wait",
    "wait_timeout",
    "on_unavailable",
    "state",
    "revoke_reason",
)


def want_names(options: t.Mapping[str, t.Any], *, required: bool) -> t.Tuple[Names, t.Optional[str]]:
    """Return the names and the common name; a common name that is a DNS name joins the DNS names."""
    common_name = options.get("common_name")
    dns = list(options.get("dns_names") or ())
    if common_name is not None:
        common_name, joins = _common_name(common_name)
        dns += joins
    names = canonical_names(
        dns=dns,
        ip=options.get("ip_addresses") or (),
        email=options.get("email_addresses") or (),
        uri=options.get("uris") or (),
    )
    if required and not names and common_name is None:
        raise Misconfigured(
            "No name was asked for; give at least one of common_name, dns_names, ip_addresses, email_addresses or uris."
        )
    if common_name is None and options.get("dns_names"):
        common_name = _default_common_name(options["dns_names"])
    return names, common_name


def want_usages(usages: t.Iterable[str]) -> t.Tuple[str, ...]:
    """Return extended key usages, sorted, without duplicates. Raises Misconfigured for an unknown one."""
    for usage in usages:
        if usage not in EXTENDED_KEY_USAGES and not _OID.fullmatch(usage):
            raise Misconfigured(
                f"extended_key_usage: '{usage}' is not known; use a dotted OID or one of "
                f"{', '.join(sorted(EXTENDED_KEY_USAGES))}."
            )
    return tuple(sorted(set(usages)))


def _common_name(text: str) -> t.Tuple[str, t.List[str]]:
    if "." not in text or " " in text or "@" in text or "/" in text or ":" in text or _is_address(text):
        joins: t.List[str] = []
    else:
        text = canonical_dns(text)
        joins = [text]
    if len(text) > _COMMON_NAME_LENGTH:
        raise Misconfigured(
            f"common_name: '{text}' has {len(text)} characters and X.509 allows {_COMMON_NAME_LENGTH}; "
            "leave common_name out and use dns_names."
        )
    return text, joins


def _is_address(text: str) -> bool:
    return bool(re.fullmatch(r"[0-9.]+", text))


def _default_common_name(dns_names: t.Iterable[str]) -> t.Optional[str]:
    canonical = (canonical_dns(name) for name in dns_names)
    return next((name for name in canonical if len(name) <= _COMMON_NAME_LENGTH), None)


def _name(text: str) -> str:
    if not _NAME.fullmatch(text):
        raise Misconfigured(
            f"name: '{text}' can't name a certificate; use letters, digits, dots, hyphens and underscores, "
            "and begin with a letter or digit."
        )
    return text


def want_subject(fields: t.Mapping[str, t.Any]) -> t.Tuple[t.Tuple[str, str], ...]:
    for field in fields:
        if field not in SUBJECT_FIELDS:
            raise Misconfigured(f"subject: '{field}' is not known; use one of {', '.join(SUBJECT_FIELDS)}.")
    return tuple((field, str(fields[field])) for field in SUBJECT_FIELDS if fields.get(field) not in (None, ""))


def want_key(options: t.Mapping[str, t.Any]) -> KeyParameters:
    kind = options.get("type", "ecdsa")
    if kind == "ecdsa":
        curve = options.get("curve") or "P-256"
        curve = _CURVE_ALIASES.get(curve, curve)
        if curve not in CURVE_SIZES:
            raise Misconfigured(f"key: curve '{curve}' is not known; use one of {', '.join(CURVE_SIZES)}.")
        return KeyParameters(type=kind, size=CURVE_SIZES[curve], curve=curve)
    if options.get("curve"):
        raise Misconfigured(f"key: curve goes with type ecdsa, not with {kind}; leave it out.")
    if kind == "ed25519":
        return KeyParameters(type=kind, size=256)
    size = options.get("size") or 2048
    if not 2048 <= size <= 16384:
        raise Misconfigured(f"key: size {size} can't be used for an RSA key; use 2048 to 16384.")
    return KeyParameters(type=kind, size=size)


def _key_format(options: t.Mapping[str, t.Any]) -> str:
    kind = options.get("format", "pkcs8")
    if kind == "traditional" and options.get("type") == "ed25519":
        raise Misconfigured("key: an ed25519 key has no traditional format; use format pkcs8.")
    return kind


def _duration(options: t.Mapping[str, t.Any], field: str) -> t.Optional[int]:
    value = options.get(field)
    return None if value is None else parse_duration(value, option=field)


def _renew_before(value: t.Optional[str], lifetime: t.Optional[int]) -> t.Optional[RenewBefore]:
    if value is None:
        return None
    renew_before = parse_renew_before(value, option="renew_before")
    if lifetime is not None and renew_before.seconds is not None and renew_before.seconds >= lifetime:
        raise Misconfigured(
            f"renew_before ({value}) is not shorter than lifetime, so every run would renew; "
            "make it at most half of lifetime."
        )
    return renew_before


def _time(value: t.Optional[str]) -> t.Optional[datetime]:
    return None if value is None else parse_time(value)


def _directory(value: t.Optional[str], name: str) -> str:
    return _absolute(value, "directory") or f"/etc/certfleet/{name}"


def _absolute(path: t.Optional[str], option: str) -> t.Optional[str]:
    if path is None:
        return None
    if not os.path.isabs(path) or "\0" in path or "\n" in path:
        raise Misconfigured(f"{option}: '{path}' is not an absolute path; give one that begins with '/'.")
    return os.path.normpath(path)


def _formats(formats: t.Iterable[t.Any]) -> t.Tuple[str, ...]:
    return tuple(sorted({"pem", *formats}))


def _anchors(text: t.Optional[str]) -> t.Tuple[str, ...]:
    if text is None:
        return ()
    anchors = tuple(split_pem(text))
    if not anchors:
        raise Misconfigured("trust_anchors: no certificate in PEM was found in it; give the roots in PEM.")
    return anchors
