# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: no promise is made about what is in here.

"""The provisioners that the CA tells about: finding one, and its claims as a policy.

GET ``/provisioners``: github.com/smallstep/certificates, authority/provisioner/{collection,claims}.go.
"""

from __future__ import annotations

import typing as t

from ansible_collections.certfleet.pki.plugins.module_utils._durations import format_duration
from ansible_collections.certfleet.pki.plugins.module_utils._errors import Misconfigured
from ansible_collections.certfleet.pki.plugins.module_utils._go_durations import seconds
from ansible_collections.certfleet.pki.plugins.module_utils._policy import Policy
from ansible_collections.certfleet.pki.plugins.module_utils._rest import Rest
from ansible_collections.certfleet.pki.plugins.module_utils._step._errors import AUTHORITY, not_step
from ansible_collections.certfleet.pki.plugins.module_utils._step._jose import TokenKey

__all__ = ("check_lifetime", "choose", "list_provisioners", "policy_of")

Provisioner = t.Mapping[str, t.Any]
_PAGE = 100
#: Of any CA: github.com/smallstep/certificates, authority/provisioner/sign_options.go.
_KEY_TYPES = {"ecdsa": 0, "rsa": 2048, "ed25519": 0}


def list_provisioners(rest: Rest) -> t.Iterator[Provisioner]:
    """Yield all provisioners, page by page. Raises Misconfigured if it is no step-ca, Unavailable."""
    cursor = ""
    while True:
        query = {"limit": _PAGE, **({"cursor": cursor} if cursor else {})}
        answer = rest.send("GET", "/1.0/provisioners", params=query)
        if answer.status == 429 or answer.status >= 500:
            raise rest.refusal(answer, "to list the provisioners")
        found = answer.fields.get("provisioners")
        if not answer.ok or not isinstance(found, list):
            raise not_step(rest, answer)
        yield from (one for one in found if isinstance(one, dict))
        following = str(answer.fields.get("nextCursor") or "")
        if not following or following == cursor:
            return
        cursor = following


def choose(
    found: t.Iterable[Provisioner], *, name: str, kind: str, url: str, key: t.Optional[TokenKey] = None
) -> Provisioner:
    """Return the provisioner with a name and of a kind (``JWK``, ``X5C``); of several, the one with this key.

    Raises Misconfigured, which says what there is.
    """
    everything = list(found)
    fitting = [one for one in everything if one.get("name") == name and str(one.get("type")).upper() == kind]
    if not fitting:
        known = sorted(f"{one.get('name')} ({one.get('type')})" for one in everything)
        raise Misconfigured(
            f"{url} has no {kind} provisioner '{name}'; correct provisioner, there are: {', '.join(known) or 'none'}.",
            authority=AUTHORITY,
        )
    if key is None or kind != "JWK":
        return next((one for one in fitting if one.get("encryptedKey")), fitting[0])
    for one in fitting:
        if key.matches(one.get("key") or {}):
            return one
    raise Misconfigured(
        f"The key in auth is not the one of the provisioner '{name}' at {url}; give that key.", authority=AUTHORITY
    )


def policy_of(provisioner: Provisioner) -> Policy:
    """Return the rules that a provisioner tells; what the CA has set for all of them is not told."""
    return Policy(
        source=_title(provisioner),
        restrictive=False,
        key_types=_KEY_TYPES,
        max_lifetime=seconds(_claims(provisioner).get("maxTLSCertDuration")) or None,
    )


def check_lifetime(provisioner: Provisioner, lifetime: t.Optional[int]) -> None:
    """Raise Misconfigured for a lifetime (seconds) that the provisioner's claims do not allow."""
    if lifetime is None:
        return
    shortest, longest = (seconds(_claims(provisioner).get(f"{end}TLSCertDuration")) for end in ("min", "max"))
    if longest and lifetime > longest:
        rule, advice = f"at most {format_duration(longest)}", "lower"
    elif lifetime < shortest:
        rule, advice = f"at least {format_duration(shortest)}", "raise"
    else:
        return
    raise Misconfigured(
        f"T{_title(provisioner)[1:]} allows a lifetime of {rule}, and {format_duration(lifetime)} is asked for; "
        f"{advice} lifetime.",
        authority=AUTHORITY,
    )


def _title(provisioner: Provisioner) -> str:
    return f"the provisioner '{provisioner.get('name')}' of step-ca"


def _claims(provisioner: Provisioner) -> t.Mapping[str, t.Any]:
    claims = provisioner.get("claims")
    return claims if isinstance(claims, dict) else {}
