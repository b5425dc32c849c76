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
from ansible_collections.certfleet.pki.plugins.module_utils._errors import BadCertificate, Misconfigured
from ansible_collections.certfleet.pki.plugins.module_utils._model import KeyParameters, Names
from ansible_collections.certfleet.pki.plugins.module_utils._wanted_deployment import Deployment, want_deployment
from ansible_collections.certfleet.pki.plugins.module_utils._wanted_keystores import Keystores, want_keystores
from ansible_collections.certfleet.pki.plugins.module_utils._wanted_names import want_names, want_subject, want_usages
from ansible_collections.certfleet.pki.plugins.module_utils._x509 import parse_time, read_certificate, split_pem

__all__ = ("CURVE_SIZES", "Wanted", "want", "want_key", "want_names", "want_subject", "want_usages")

CURVE_SIZES: t.Mapping[str, int] = {"P-256": 256, "P-384": 384, "P-521": 521}
_CURVE_ALIASES = {
    "secp256r1": "P-256",
    "prime256v1": "P-256",
    "secp384r1": "P-384",
    "secp521r1": "P-521",
}
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_NUMBER = re.compile(r"-?[0-9]+")
_HIGHEST_ID = 2**32 - 2  # the one above means "leave as it is" to chown(2)
_LONGEST_PASSPHRASE = 1023  # what OpenSSL reads (PEM_BUFSIZE), in bytes


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
    keystores: t.Optional[Keystores] = None
    deployment: Deployment = dataclasses.field(default_factory=Deployment)
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
    options = _not_empty(options)
    key = _not_empty(options.get("key") or {})
    name = _name(options.get("name", ""))
    names, common_name = want_names(options, required=options["state"] == "present")
    lifetime = _duration(options, "lifetime")
    directory = _directory(options.get("directory"), name)
    formats = _formats(options.get("formats") or ["pem"])
    return Wanted(
        name=name,
        names=names,
        common_name=common_name,
        subject=want_subject(options.get("subject") or {}),
        key=want_key(key),
        key_rotate=key.get("rotate", "always"),
        key_format=_key_format(key),
        key_passphrase=_passphrase(key.get("passphrase")),
        extended_key_usage=want_usages(options.get("extended_key_usage") or ()),
        lifetime=lifetime,
        renew_before=_renew_before(options.get("renew_before"), lifetime),
        reissue_before=_time(options.get("reissue_before")),
        directory=directory,
        owner=_account(options.get("owner"), "owner"),
        group=_account(options.get("group"), "group"),
        mode=mode,
        formats=formats,
        keystores=want_keystores(options, name=name, formats=formats, required=options["state"] == "present"),
        deployment=want_deployment(options, directory=directory, formats=formats, dns_names=names.dns),
        adopt_from=_absolute(options.get("adopt_from"), "adopt_from"),
        trust_anchors=_anchors(options.get("trust_anchors")),
        **{field: options[field] for field in _AS_GIVEN if options.get(field) is not None},
    )


_AS_GIVEN = (
    "force",
    "follow_authority",
    "check_revocation",
    "wait",
    "wait_timeout",
    "on_unavailable",
    "state",
    "revoke_reason",
)


def _not_empty(options: t.Mapping[str, t.Any]) -> t.Dict[str, t.Any]:
    """Return the options without empty texts, which is what surveys send for a question that was not answered."""
    return {name: value for name, value in options.items() if value != ""}


def _name(text: str) -> str:
    if not _NAME.fullmatch(text):
        raise Misconfigured(
            f"name: '{text}' can't name a certificate; use letters, digits, dots, hyphens and underscores, "
            "and begin with a letter or digit."
        )
    return text


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
    if value is None:
        return None
    try:
        return parse_time(value)
    except Misconfigured as error:
        raise Misconfigured(f"reissue_before: {error.message}") from error


def _passphrase(text: t.Optional[str]) -> t.Optional[str]:
    """OpenSSL reads the first line of what it is given, and no more of it than its buffer holds."""
    if text is None:
        return None
    if any(character in text for character in "\n\r\0"):
        raise Misconfigured("key: the passphrase holds a line break or a NUL character; give one line of text.")
    if len(text.encode("utf-8", "surrogatepass")) > _LONGEST_PASSPHRASE:
        raise Misconfigured(
            f"key: the passphrase is longer than the {_LONGEST_PASSPHRASE} bytes that OpenSSL reads; give a shorter one."
        )
    return text


def _account(name: t.Optional[str], option: str) -> t.Optional[str]:
    """Return the name of a user or group, or its number as text."""
    if name is None:
        return None
    name = name.strip()
    if _NUMBER.fullmatch(name) and (len(name) > 10 or not 0 <= int(name) <= _HIGHEST_ID):
        raise Misconfigured(
            f"{option}: {name[:40]} can't be the number of an account; use 0 to {_HIGHEST_ID}, or a name."
        )
    if not name or not name.isprintable():
        raise Misconfigured(f"{option}: {name[:40]!r} can't be the name of an account; give a name or a number.")
    return name


def _directory(value: t.Optional[str], name: str) -> str:
    directory = _absolute(value, "directory") or f"/etc/certfleet/{name}"
    if not directory.strip("/"):
        raise Misconfigured("directory: '/' can't hold a certificate; give a directory of its own.")
    return directory


def _absolute(path: t.Optional[str], option: str) -> t.Optional[str]:
    if path is None:
        return None
    if not os.path.isabs(path) or "\0" in path or "\n" in path:
        raise Misconfigured(f"{option}: {path[:200]!r} is not an absolute path; give one that begins with '/'.")
    return os.path.normpath(path)


def _formats(formats: t.Iterable[t.Any]) -> t.Tuple[str, ...]:
    return tuple(sorted({"pem", *formats}))


def _anchors(text: t.Optional[str]) -> t.Tuple[str, ...]:
    if text is None:
        return ()
    anchors = tuple(split_pem(text))
    if not anchors:
        raise Misconfigured("trust_anchors: no certificate in PEM was found in it; give the roots in PEM.")
    for number, anchor in enumerate(anchors, 1):
        _check_anchor(anchor, number)
    return anchors


def _check_anchor(pem: str, number: int) -> None:
    try:
        read_certificate(pem)
    except BadCertificate as error:
        raise Misconfigured(
            f"trust_anchors: certificate {number} in it can't be read; give the roots in PEM.", detail=error.detail
        ) from error
