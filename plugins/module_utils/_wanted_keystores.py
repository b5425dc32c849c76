# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: no promise is made about what is in here.

"""What the user wants of the keystores, in canonical form."""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.certfleet.pki.plugins.module_utils._errors import Misconfigured

__all__ = ("KEYSTORES", "Keystores", "want_keystores")

#: The formats that are keystores.
KEYSTORES = ("pkcs12", "jks")
_SHORTEST, _LONGEST = 6, 1023  # what keytool and OpenSSL take, in characters
_LONGEST_ALIAS = 255


@dataclasses.dataclass(frozen=True)
class Keystores:
    """How keystores are made; there is no passphrase only where none are to be made."""

    alias: str
    pkcs12_encryption: str = "modern"
    passphrase: t.Optional[str] = dataclasses.field(default=None, repr=False)


def want_keystores(
    options: t.Mapping[str, t.Any], *, name: str, formats: t.Container[str], required: bool
) -> t.Optional[Keystores]:
    """Return what validated options say about keystores, None if no format is one.

    ``name`` is the certificate's, ``required`` says whether a passphrase is. Raises Misconfigured.
    """
    passphrase = options.get("passphrase")
    if not any(keystore in formats for keystore in KEYSTORES):
        if passphrase is not None and required:
            raise Misconfigured(
                "passphrase: it is for the formats pkcs12 and jks, and formats has neither; "
                "add one, or give key.passphrase to encrypt the key itself."
            )
        return None
    return Keystores(
        alias=_alias(options.get("alias") or name),
        pkcs12_encryption=options.get("pkcs12_encryption") or "modern",
        passphrase=_passphrase(passphrase) if required else None,
    )


def _passphrase(text: t.Optional[str]) -> str:
    if text is None:
        raise Misconfigured("passphrase: the formats pkcs12 and jks need one; give at least 6 characters.")
    if len(text) < _SHORTEST:
        raise Misconfigured(
            f"passphrase: Java's keytool takes no fewer than {_SHORTEST} characters; give a longer one."
        )
    if len(text) > _LONGEST:
        raise Misconfigured(f"passphrase: OpenSSL takes no more than {_LONGEST} characters; give a shorter one.")
    if not _is_ascii(text):
        raise Misconfigured("passphrase: OpenSSL and Java agree about printable ASCII characters only; use no others.")
    return text


def _alias(text: str) -> str:
    if not _is_ascii(text) or text != text.strip() or len(text) > _LONGEST_ALIAS:
        raise Misconfigured(
            f"alias: {text[:40]!r} can't name an entry of a keystore; "
            f"use up to {_LONGEST_ALIAS} printable ASCII characters without blanks around them."
        )
    return text


def _is_ascii(text: str) -> bool:
    return text.isascii() and text.isprintable()
