# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: no promise is made about what is in here.

"""All certificate authorities by name. A new one is one import and one line in here.

The imports are static because Ansible packs a module by reading its import statements.
"""

from __future__ import annotations

import typing as t

from ansible_collections.certfleet.pki.plugins.module_utils._authorities._base import Authority, Context
from ansible_collections.certfleet.pki.plugins.module_utils._authorities.acme import AcmeAuthority
from ansible_collections.certfleet.pki.plugins.module_utils._authorities.cfssl import CfsslAuthority
from ansible_collections.certfleet.pki.plugins.module_utils._authorities.ejbca import EjbcaAuthority
from ansible_collections.certfleet.pki.plugins.module_utils._authorities.local import LocalAuthority
from ansible_collections.certfleet.pki.plugins.module_utils._authorities.sectigo import SectigoAuthority
from ansible_collections.certfleet.pki.plugins.module_utils._authorities.step import StepAuthority
from ansible_collections.certfleet.pki.plugins.module_utils._authorities.vault import VaultAuthority
from ansible_collections.certfleet.pki.plugins.module_utils._authorities.venafi import VenafiAuthority
from ansible_collections.certfleet.pki.plugins.module_utils._authorities.venafi_saas import VenafiSaasAuthority
from ansible_collections.certfleet.pki.plugins.module_utils._errors import Misconfigured

__all__ = (
    "AUTHORITIES",
    "authority_entry",
    "check_choice",
    "environment_variables",
    "open_authority",
    "with_environment",
)

AUTHORITIES: t.Mapping[str, t.Type[Authority]] = {
    authority.NAME: authority
    for authority in (
        LocalAuthority,
        VaultAuthority,
        AcmeAuthority,
        StepAuthority,
        CfsslAuthority,
        EjbcaAuthority,
        SectigoAuthority,
        VenafiAuthority,
        VenafiSaasAuthority,
    )
}


def authority_entry(*, required: bool) -> t.Dict[str, t.Any]:
    """Return the entry of the ``authority`` option: one suboption for each CA, exactly one of them given."""
    return {
        "type": "dict",
        **({"required": True} if required else {}),
        "description": ["The certificate authority: exactly one of the following."],
        "options": {name: _suboption(authority) for name, authority in AUTHORITIES.items()},
        "mutually_exclusive": [list(AUTHORITIES)],
        "required_one_of": [list(AUTHORITIES)],
    }


def _suboption(authority: t.Type[Authority]) -> t.Dict[str, t.Any]:
    return {
        "type": "dict",
        "description": [authority.DESCRIPTION],
        "options": authority.OPTIONS,
        **authority.RELATIONS,
    }


def check_choice(options: t.Any) -> None:
    """Raise Misconfigured, in one sentence, unless the value of ``authority`` names exactly one known CA."""
    if not isinstance(options, t.Mapping):
        return
    unknown = sorted(set(map(str, options)) - set(AUTHORITIES))
    if unknown:
        raise Misconfigured(f"authority: '{unknown[0]}' is not known; use one of {', '.join(AUTHORITIES)}.")
    if len(options) != 1:
        given = ", ".join(map(str, options)) or "none"
        raise Misconfigured(f"authority: exactly one CA has to be given, and here it is {given}; keep one.")


def open_authority(
    options: t.Mapping[str, t.Any], *, environ: t.Mapping[str, str], context: t.Optional[Context] = None
) -> Authority:
    """Open the CA that validated options name, with defaults from the variables of its own tools."""
    ((name, chosen),) = options.items()
    authority = AUTHORITIES[name]
    return authority(_with_environment(authority, chosen or {}, environ), context)


def with_environment(options: t.Mapping[str, t.Any], environ: t.Mapping[str, str]) -> t.Dict[str, t.Any]:
    """Return the value of ``authority`` with defaults filled in, for a CA that is to be opened elsewhere."""
    ((name, chosen),) = options.items()
    authority = AUTHORITIES[name]
    filled = _with_environment(authority, chosen or {}, environ)
    return {name: {option: value for option, value in filled.items() if option in authority.OPTIONS}}


def _with_environment(
    authority: t.Type[Authority], options: t.Mapping[str, t.Any], environ: t.Mapping[str, str]
) -> t.Dict[str, t.Any]:
    """Fill in what is not given. A dotted name goes one level down, if nothing on that level is given."""
    filled = dict(options)
    for option, variables in authority.ENVIRONMENT.items():
        value = next((environ[variable] for variable in variables if environ.get(variable)), None)
        outer, dot, inner = option.partition(".")
        if value is not None and filled.get(outer) is None:
            filled[outer] = {inner: value} if dot else value
    return filled


def environment_variables() -> t.FrozenSet[str]:
    """Return the names of all variables that may hold a CA's address or credential."""
    return frozenset(
        variable
        for authority in AUTHORITIES.values()
        for variables in authority.ENVIRONMENT.values()
        for variable in variables
    )
