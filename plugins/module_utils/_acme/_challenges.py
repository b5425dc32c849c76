# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: no promise is made about what is in here.
"""Authorizations and their challenges (RFC 8555, sections 7.1.4 and 8). No I/O in here."""

from __future__ import annotations

import dataclasses
import hashlib
import re
import typing as t

from ansible_collections.certfleet.pki.plugins.module_utils._acme._errors import AUTHORITY, Problem, read_problem
from ansible_collections.certfleet.pki.plugins.module_utils._base64url import encode as b64url
from ansible_collections.certfleet.pki.plugins.module_utils._errors import Misconfigured
from ansible_collections.certfleet.pki.plugins.module_utils._model import Challenge, Hosting

__all__ = (
    "Authorization",
    "Offer",
    "challenge_of",
    "configured_method",
    "failures",
    "hosting_of",
    "offer_for",
    "record_name",
)

_TOKEN = re.compile(r"[A-Za-z0-9_-]+")
_OPTIONS = {"http-01": "http_01", "dns-01": "dns_01"}


@dataclasses.dataclass(frozen=True)
class Offer:
    """One challenge that the server offers for a name."""

    type: str
    url: str
    token: str
    problem: t.Optional[Problem] = None


@dataclasses.dataclass(frozen=True)
class Authorization:
    """What the server knows about the control of one name; a status that RFC 8555 has not is kept as it is."""

    url: str
    name: str
    wildcard: bool
    status: str
    offers: t.Tuple[Offer, ...]

    @property
    def shown_name(self) -> str:
        """Return the name as it stands in the order."""
        return f"*.{self.name}" if self.wildcard else self.name

    @classmethod
    def read(cls, url: str, body: t.Mapping[str, t.Any]) -> Authorization:
        """Return what an authorization object says."""
        identifier = body.get("identifier")
        name = str(identifier.get("value") or "") if isinstance(identifier, t.Mapping) else ""
        offered = body.get("challenges")
        return cls(
            url=url,
            name=name[2:] if name.startswith("*.") else name,
            wildcard=body.get("wildcard") is True or name.startswith("*."),
            status=str(body.get("status") or ""),
            offers=tuple(_offers(offered if isinstance(offered, list) else ())),
        )


def _offers(offered: t.Iterable[t.Any]) -> t.Iterator[Offer]:
    for one in offered:
        if isinstance(one, t.Mapping):
            kind, url, token = (str(one.get(field) or "") for field in ("type", "url", "token"))
            yield Offer(kind, url, token, read_problem(one.get("error")))


def configured_method(options: t.Mapping[str, t.Any]) -> str:
    """Return ``http-01`` or ``dns-01``, whichever the option ``challenge`` holds; empty if nothing is to be shown."""
    return next((method for method, option in _OPTIONS.items() if (options.get("challenge") or {}).get(option)), "")


def hosting_of(options: t.Mapping[str, t.Any]) -> t.Optional[Hosting]:
    """Return where hosts show challenges, None if they don't."""
    chosen = (options.get("challenge") or {}).get("http_01")
    return Hosting(chosen.get("host"), chosen.get("webroot"), chosen.get("standalone")) if chosen else None


def offer_for(authorization: Authorization, method: str, *, server: str) -> Offer:
    """Return the challenge of the configured kind. Raises Misconfigured if it is not offered, or not safe to show."""
    name = authorization.shown_name
    if not method:
        raise _misconfigured(f"{server} wants to see that you control {name}; give challenge, as http_01 or dns_01.")
    offer = next((offer for offer in authorization.offers if offer.type == method), None)
    if offer is None:
        offered = ", ".join(offer.type for offer in authorization.offers) or "none"
        raise _misconfigured(f"{server} does not offer {method} for {name}, only {offered}; change challenge.")
    if not _TOKEN.fullmatch(offer.token):
        raise _misconfigured(f"{server} gave a token for {name} that breaks RFC 8555; it is no ACME server.")
    return offer


def challenge_of(
    authorization: Authorization, offer: Offer, *, thumbprint: str, hosting: t.Optional[Hosting]
) -> Challenge:
    """Return what has to be shown: the key authorization (section 8.1), or for the DNS its digest (section 8.4)."""
    content = f"{offer.token}.{thumbprint}"
    if offer.type == "dns-01":
        return Challenge(offer.type, authorization.name, offer.token, b64url(hashlib.sha256(content.encode()).digest()))
    return Challenge(offer.type, authorization.name, offer.token, content, hosting)


def record_name(name: str) -> str:
    """Return the name of the TXT record for a name."""
    return f"_acme-challenge.{name}"


def failures(authorizations: t.Iterable[Authorization]) -> t.List[t.Tuple[str, str]]:
    """Return what was looked at and what the server saw there, for every name that it could not verify."""
    found = []
    for authorization in authorizations:
        seen = [(_place(authorization, offer), offer.problem.words) for offer in authorization.offers if offer.problem]
        if not seen and authorization.status not in ("valid", "pending"):
            seen = [(authorization.shown_name, f"its authorization is {authorization.status or 'gone'}")]
        found += seen
    return found


def _place(authorization: Authorization, offer: Offer) -> str:
    host = f"[{authorization.name}]" if ":" in authorization.name else authorization.name
    places = {
        "http-01": f"http://{host}/.well-known/acme-challenge/{offer.token}",
        "dns-01": f"TXT record {record_name(authorization.name)}",
    }
    return f"{authorization.shown_name} ({', '.join(filter(None, (offer.type, places.get(offer.type))))})"


def _misconfigured(message: str) -> Misconfigured:
    return Misconfigured(message, authority=AUTHORITY)
