# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.certfleet.pki.plugins.module_utils._registry import (
    AUTHORITIES,
    authority_entry,
    environment_variables,
    open_authority,
)

Options = t.Mapping[str, t.Mapping[str, t.Any]]
SECRETS = (
    "secret",
    "token",
    "passphrase",
    "password",
    "jwt",
    "proxy",
    "account_key",
    "hmac_key",
    "api_key",
    "auth_key",
)


def leaves(options: Options, path: str = "") -> t.Iterator[t.Tuple[str, t.Mapping[str, t.Any]]]:
    for name, entry in options.items():
        yield f"{path}{name}", entry
        yield from leaves(entry.get("options", {}), f"{path}{name}.")


@pytest.mark.parametrize("name", AUTHORITIES)
def test_every_option_is_described_and_every_credential_is_masked(name: str) -> None:
    for path, entry in leaves(AUTHORITIES[name].OPTIONS):
        assert entry["description"], path
        last = path.rpartition(".")[2]
        secret = last in ("key", "private_key") or (
            any(word in last for word in SECRETS) and not last.endswith(("_env", "_url"))
        )
        holds_secret = entry["type"] == "str" and secret
        assert bool(entry.get("no_log")) == holds_secret, path


def test_the_option_takes_exactly_one_of_all() -> None:
    entry = authority_entry(required=True)
    assert set(entry["options"]) == set(AUTHORITIES)
    assert entry["mutually_exclusive"] == entry["required_one_of"] == [list(AUTHORITIES)]


def test_defaults_come_from_the_environment_of_the_ca_s_own_tools() -> None:
    environ = {"VAULT_ADDR": "https://vault.example.com:8200", "VAULT_TOKEN": "a-long-token", "VAULT_NAMESPACE": "team"}
    opened = open_authority({"vault": {"role": "web", "mount": "pki"}}, environ=environ)
    assert opened.identity == "vault:https://vault.example.com:8200/team/pki/web"
    assert opened.options["auth"] == {"token": "a-long-token"}


def test_what_is_given_wins_over_the_environment() -> None:
    given = {"role": "web", "mount": "pki", "url": "https://a.example", "auth": {"approle": {"role_id": "r"}}}
    opened = open_authority({"vault": given}, environ={"VAULT_ADDR": "https://b.example", "VAULT_TOKEN": "t"})
    assert (opened.options["url"], opened.options["auth"]) == (given["url"], given["auth"])


def test_the_variables_with_credentials_are_known() -> None:
    assert {"VAULT_TOKEN", "BAO_TOKEN", "VAULT_ADDR"} <= environment_variables()
