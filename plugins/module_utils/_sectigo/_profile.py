# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: no promise is made about what is in here.
"""A certificate profile (SSL type), read as a policy, and what a policy can't say: exact terms and key sizes.

Fields: GET /ssl/v1/types of the SCM REST API.
"""

from __future__ import annotations

import dataclasses
import re
import threading
import typing as t

from ansible_collections.certfleet.pki.plugins.module_utils._errors import Misconfigured, PolicyViolation
from ansible_collections.certfleet.pki.plugins.module_utils._model import KeyParameters
from ansible_collections.certfleet.pki.plugins.module_utils._policy import Policy
from ansible_collections.certfleet.pki.plugins.module_utils._sectigo._client import SectigoClient
from ansible_collections.certfleet.pki.plugins.module_utils._sectigo._errors import AUTHORITY, Denied

__all__ = ("DAY", "Profile", "Profiles", "profile_of", "term_of")

DAY = 86400
_KEY_TYPES = {"RSA": "rsa", "EC": "ecdsa", "ECC": "ecdsa", "ECDSA": "ecdsa"}


@dataclasses.dataclass(frozen=True)
class Profile:
    """A profile: ``terms`` in days, ``key_sizes`` in bits for each key type, both empty if nothing is said."""

    id: int
    name: str
    terms: t.Tuple[int, ...] = ()
    key_sizes: t.Mapping[str, t.Tuple[int, ...]] = dataclasses.field(default_factory=dict)

    @property
    def source(self) -> str:
        return f"the profile '{self.name}' of Sectigo"

    def policy(self) -> Policy:
        """Return the rules in the common form."""
        return Policy(
            source=self.source,
            restrictive=False,
            max_lifetime=max(self.terms) * DAY if self.terms else None,
            key_types={name: min(sizes, default=0) for name, sizes in self.key_sizes.items()} or None,
        )

    def check_key(self, key: KeyParameters) -> None:
        """Raise PolicyViolation unless the profile allows this very type and size."""
        if not self.key_sizes:
            return
        sizes = self.key_sizes.get(key.type)
        if sizes is None or (sizes and key.size not in sizes):
            allowed = ", ".join(f"{name} {size}" for name, several in self.key_sizes.items() for size in several)
            raise PolicyViolation(
                f"The key {key} is not allowed by {self.source}, which allows {allowed}.", authority=AUTHORITY
            )

    def check_term(self, days: t.Optional[int]) -> None:
        """Raise Misconfigured unless the profile has this term."""
        if days is not None and self.terms and days not in self.terms:
            raise Misconfigured(
                f"{self.source[0].upper()}{self.source[1:]} has no term of {days} days; set term or lifetime to one of "
                f"{', '.join(map(str, sorted(self.terms)))} days.",
                authority=AUTHORITY,
            )


def profile_of(entry: t.Mapping[str, t.Any]) -> Profile:
    """Return a profile from what the API lists."""
    keys: t.Dict[str, t.Tuple[int, ...]] = {}
    for name, sizes in (entry.get("keyTypes") or {}).items():
        if name.upper() in _KEY_TYPES:
            keys[_KEY_TYPES[name.upper()]] = tuple(filter(None, map(_bits, sizes or ())))
    terms = tuple(int(days) for days in entry.get("terms") or () if str(days).isdigit())
    return Profile(int(entry["id"]), str(entry.get("name") or entry["id"]), terms, keys)


def _bits(size: t.Any) -> int:
    """Return the bits in ``2048``, ``P-256`` or ``secp384r1``, 0 if it is something else."""
    match = re.search(r"\d{3,5}", str(size))
    return int(match.group()) if match else 0


def term_of(lifetime: t.Optional[int], *, term: t.Optional[int], profile: t.Optional[Profile]) -> int:
    """Return the days to order, from seconds asked for, else the option, else the profile's most. Raises Misconfigured."""
    if lifetime is not None and lifetime % DAY:
        raise Misconfigured("Sectigo knows lifetimes in whole days only; set lifetime to days.", authority=AUTHORITY)
    terms = profile.terms if profile else ()
    days = lifetime // DAY if lifetime is not None else term or max(terms, default=None)
    if days is None:
        raise Misconfigured("Sectigo does not tell the profile's terms to this login; set term.", authority=AUTHORITY)
    if profile:
        profile.check_term(days)
    return days


class Profiles:
    """The profile that the options choose, read once."""

    def __init__(self, client: SectigoClient, options: t.Mapping[str, t.Any]) -> None:
        self._client = client
        self._options = options
        self._lock = threading.Lock()
        self._read_once: t.Optional[t.Tuple[t.Optional[Profile]]] = None

    def chosen(self) -> t.Optional[Profile]:
        """Return the profile, None if the login may not read it. Raises Misconfigured."""
        with self._lock:
            if self._read_once is None:
                self._read_once = (self._read(),)
            return self._read_once[0]

    def _read(self) -> t.Optional[Profile]:
        """Custom fields that must be given are missed here too, before anything is sent."""
        try:
            profiles = [profile_of(entry) for entry in self._client.types()]
            self._check_custom_fields()
        except Denied:
            if str(self._options["profile"]).isdigit():
                return None
            raise
        return self._choose(profiles)

    def _choose(self, profiles: t.Sequence[Profile]) -> Profile:
        wanted = str(self._options["profile"])
        for profile in profiles:
            if wanted in (str(profile.id), profile.name):
                return profile
        names = ", ".join(f"'{profile.name}' ({profile.id})" for profile in profiles) or "none"
        raise Misconfigured(
            f"Sectigo's organization {self._options['organization_id']} has no profile '{wanted}', it has {names}; "
            "correct profile.",
            authority=AUTHORITY,
        )

    def _check_custom_fields(self) -> None:
        given = self._options.get("custom_fields") or {}
        wanted = [str(one.get("name")) for one in self._client.custom_fields() if one.get("mandatory") is True]
        missing = [name for name in wanted if name not in given]
        if missing:
            raise Misconfigured(
                f"Sectigo wants the custom fields {', '.join(missing)}; give them in custom_fields.",
                authority=AUTHORITY,
            )
