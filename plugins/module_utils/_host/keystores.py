# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: no promise is made about what is in here.

"""The keystores of a set: whether those in place are as wanted, and new ones.

A keystore is salted, so the same content makes another file each time. One counts as wanted while
it is the recorded file, was made with the same alias and encryption, and opens with the passphrase:
its own checksum answers that, so the passphrase is noted nowhere. It is made in the same version as
the key and the chain in it, so it can't hold others.
"""

import os

from ansible_collections.certfleet.pki.plugins.module_utils._host.errors import StoreError
from ansible_collections.certfleet.pki.plugins.module_utils._host.layout import FULLCHAIN, JKS, KEY, KEYSTORES, PKCS12

TYPE_CHECKING = False
if TYPE_CHECKING:
    import typing as t

__all__ = ("are_as_wanted", "check_keystores", "made_with", "new_keystores", "outdated")

#: keytool refuses shorter ones, in characters.
SHORTEST = 6
#: What OpenSSL reads, in characters.
LONGEST = 1023


def check_keystores(item):
    # type: (dict) -> None
    """Raise StoreError unless the keystores that are asked for can be protected, and their entry named."""
    if not made_with(item):
        return
    passphrase = item.get("keystore_passphrase") or ""
    if not (SHORTEST <= len(passphrase) <= LONGEST and _is_printable_ascii(passphrase)):
        detail = (
            "The formats pkcs12 and jks need a keystore_passphrase of %d to %d printable ASCII characters: give one."
        )
        raise StoreError("bad_passphrase", detail % (SHORTEST, LONGEST), "keystore")
    if not _is_printable_ascii(item.get("alias") or item["name"]):
        raise StoreError("bad_call", "The alias can be of printable ASCII characters only: give another.", "keystore")


def _is_printable_ascii(text: str) -> bool:
    return all(" " <= character <= "~" for character in text)


def made_with(item):
    # type: (dict) -> t.Dict[str, dict]
    """Return what a record says of each keystore that the item asks for."""
    alias = item.get("alias") or item["name"]
    told = {
        PKCS12: {"alias": alias, "encryption": item.get("pkcs12_encryption") or "modern"},
        JKS: {"alias": alias},
    }
    return {name: told[name] for name, asking in KEYSTORES.items() if asking in (item.get("formats") or ())}


def are_as_wanted(item, record, load):
    # type: (dict, t.Optional[dict], t.Callable[[str], t.Optional[bytes]]) -> bool
    """Tell whether there are exactly the keystores that are asked for, as they are asked for."""
    kept = {name for name in KEYSTORES if load(name) is not None}
    return kept == set(made_with(item)) and not outdated(item, record, load)


def outdated(item, record, load):
    # type: (dict, t.Optional[dict], t.Callable[[str], t.Optional[bytes]]) -> t.List[str]
    """Return the keystores that are asked for and not as wanted; ``load`` gets the content by name.

    Without a passphrase nobody can tell whether they open, and it is taken that they do.
    """
    known = (record or {}).get("keystores")
    known = known if isinstance(known, dict) else {}
    passphrase = item.get("keystore_passphrase")
    return [
        name
        for name, wanted in made_with(item).items()
        if known.get(name) != wanted or (passphrase and not _opens(name, load(name) or b"", passphrase))
    ]


def _opens(name, data, passphrase):
    # type: (str, bytes, str) -> bool
    if name == JKS:
        from ansible_collections.certfleet.pki.plugins.module_utils._host.jks import opens
    else:
        from ansible_collections.certfleet.pki.plugins.module_utils._host.pkcs12 import opens
    return opens(data, passphrase)


def new_keystores(staging, item):
    # type: (str, dict) -> t.Dict[str, bytes]
    """Return the keystores that are asked for, of the key and chain in a directory. Raises StoreError."""
    return {name: _new(name, wanted, staging, item) for name, wanted in made_with(item).items()}


def _new(name, wanted, staging, item):
    # type: (str, t.Dict[str, str], str, dict) -> bytes
    key, chain = os.path.join(staging, KEY), os.path.join(staging, FULLCHAIN)
    passphrases = item.get("passphrase"), item["keystore_passphrase"]
    if name == JKS:
        from ansible_collections.certfleet.pki.plugins.module_utils._host.jks import new as new_jks

        return new_jks(key, chain, wanted["alias"], passphrases)
    from ansible_collections.certfleet.pki.plugins.module_utils._host.pkcs12 import new as new_pkcs12

    return new_pkcs12(key, chain, wanted["alias"], wanted["encryption"], passphrases)
