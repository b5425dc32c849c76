# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: no promise is made about what is in here.

"""How an embedded CA is run: who approves, what may be asked for, how long it lasts."""

from __future__ import annotations

import dataclasses
import ipaddress
import typing as t

from ansible_collections.certfleet.pki.plugins.module_utils._durations import format_duration, parse_duration
from ansible_collections.certfleet.pki.plugins.module_utils._errors import Misconfigured, PolicyViolation
from ansible_collections.certfleet.pki.plugins.module_utils._model import Names
from ansible_collections.certfleet.pki.plugins.module_utils._names import canonical_dns
from ansible_collections.certfleet.pki.plugins.module_utils._policy import Policy, parse_policy

__all__ = (
    "DEFAULT_LIFETIME",
    "PermittedNames",
    "Settings",
    "check_permitted",
    "parse_permitted_names",
    "settings_from",
)

DEFAULT_LIFETIME = 90 * 86400
_SHORTEST_LIFETIME = 60
_NAME_RULES = (
    "allowed_domains",
    "allowed_domain_patterns",
    "allowed_ip_ranges",
    "allowed_uris",
    "allowed_email_domains",
)
_URL_SCHEMES = ("http://", "https://", "ldap://", "ldaps://", "file://")


@dataclasses.dataclass(frozen=True)
class PermittedNames:
    """Name constraints of the CA itself (RFC 5280, section 4.2.1.10): domains with all below them, and networks."""

    domains: t.Tuple[str, ...] = ()
    networks: t.Tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.domains or self.networks)


@dataclasses.dataclass(frozen=True)
class Settings:
    """What may be changed while the CA lives. ``lifetime`` is in seconds, ``profile`` as the user wrote it."""

    approval: str = "auto"
    profile: t.Mapping[str, t.Any] = dataclasses.field(default_factory=dict)
    lifetime: int = DEFAULT_LIFETIME
    crl_urls: t.Tuple[str, ...] = ()

    def as_dict(self) -> t.Dict[str, t.Any]:
        """Return what is saved, and shown in a diff."""
        return {
            "approval": self.approval,
            "profile": dict(self.profile),
            "lifetime": self.lifetime,
            "crl_urls": list(self.crl_urls),
        }

    def policy(self, *, source: str) -> Policy:
        """Return the profile as a policy.

        A kind of name without a list is refused once any kind has one; a profile without
        any list, say with a longest lifetime only, leaves names alone.
        """
        named = any(self.profile.get(rule) is not None for rule in _NAME_RULES)
        return parse_policy(self.profile, source=source, restrictive=named)

    @property
    def longest_lifetime(self) -> t.Optional[int]:
        """Return the profile's longest lifetime in seconds."""
        longest = self.profile.get("max_lifetime")
        return None if longest is None else parse_duration(longest, option="profile.max_lifetime")

    def changed(self, options: t.Mapping[str, t.Any]) -> Settings:
        """Return the settings with the options given put in. Raises Misconfigured."""
        changes = {name: options[name] for name in ("approval", "profile") if options.get(name) is not None}
        if options.get("lifetime") is not None:
            changes["lifetime"] = parse_duration(options["lifetime"], option="lifetime")
        if options.get("crl_urls") is not None:
            changes["crl_urls"] = tuple(options["crl_urls"])
        settings = dataclasses.replace(self, **changes)
        if options.get("lifetime") is None and settings.longest_lifetime is not None:
            settings = dataclasses.replace(settings, lifetime=min(settings.lifetime, settings.longest_lifetime))
        settings._check()
        return settings

    def _check(self) -> None:
        self.policy(source="profile")
        if self.lifetime < _SHORTEST_LIFETIME:
            raise Misconfigured(f"lifetime: {format_duration(self.lifetime)} is too short; make it a minute or more.")
        longest = self.longest_lifetime
        if longest is not None and self.lifetime > longest:
            raise Misconfigured(
                f"lifetime ({format_duration(self.lifetime)}) is longer than the profile's max_lifetime "
                f"({format_duration(longest)}); shorten it."
            )
        for url in self.crl_urls:
            if not url.startswith(_URL_SCHEMES):
                raise Misconfigured(f"crl_urls: '{url}' is not a URL; give one that begins with http://.")


def settings_from(saved: t.Mapping[str, t.Any]) -> Settings:
    """Return the settings that ``as_dict`` gave."""
    return Settings(
        approval=saved["approval"],
        profile=saved["profile"],
        lifetime=saved["lifetime"],
        crl_urls=tuple(saved["crl_urls"]),
    )


def parse_permitted_names(entries: t.Iterable[str]) -> PermittedNames:
    """Tell networks from domains; a leading dot means the same as none. Raises Misconfigured."""
    domains, networks = set(), set()
    for entry in entries:
        if "/" in entry:
            networks.add(_network(entry))
        else:
            domains.add(canonical_dns(entry[1:] if entry.startswith(".") else entry))
    return PermittedNames(tuple(sorted(domains)), tuple(sorted(networks)))


def _network(text: str) -> str:
    try:
        return str(ipaddress.ip_network(text))
    except ValueError as error:
        raise Misconfigured(f"permitted_names: '{text}' is not a network; give one such as 10.0.0.0/8.") from error


def check_permitted(permitted: PermittedNames, *, names: Names, source: str) -> None:
    """Raise PolicyViolation if a name is outside the CA's own name constraints, which verifiers would find."""
    if not permitted:
        return
    outside = [name for name in names.dns if not _in_domains(name, permitted.domains)]
    outside += [address for address in names.ip if not _in_networks(address, permitted.networks)]
    outside += [*names.email, *names.uri]
    if outside:
        allowed = ", ".join(permitted.domains + permitted.networks)
        raise PolicyViolation(
            f"{source} may not sign for {', '.join(outside)}; its name constraints permit {allowed}.",
            detail="; ".join(f"{name} is outside the name constraints" for name in outside),
        )


def _in_domains(name: str, domains: t.Iterable[str]) -> bool:
    bare = name[2:] if name.startswith("*.") else name
    return any(bare == domain or bare.endswith(f".{domain}") for domain in domains)


def _in_networks(address: str, networks: t.Iterable[str]) -> bool:
    return any(ipaddress.ip_address(address) in ipaddress.ip_network(network) for network in networks)
