# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Plays of the module `acme_account` against a real Pebble."""

from __future__ import annotations

import stat

import pytest

from ansible_collections.certfleet.pki.tests.support.pebble import Pebble
from ansible_collections.certfleet.pki.tests.support.tasks import named

MODULE = "certfleet.pki.acme_account"


@pytest.fixture(scope="module")
def ca(tmp_path_factory):
    with Pebble(tmp_path_factory.mktemp("pebble")) as ca:
        yield ca


def account(name, ca, key, *, acme=None, **options):
    acme = {
        "directory": ca.directory,
        "ca_bundle": ca.ca_bundle,
        "account_key": str(key),
        "terms_agreed": True,
        **(acme or {}),
    }
    keywords = {keyword: options.pop(keyword) for keyword in ("check_mode", "diff") if keyword in options}
    return named(name, {MODULE: {"authority": {"acme": acme}, **options}}, **keywords)


def test_life_of_an_account(ca, site, tmp_path):
    key, new = tmp_path / "keys" / "account.pem", tmp_path / "keys" / "new.pem"
    contact = {"contact": ["pki@example.com"]}
    played = site.play(
        [
            account("predict", ca, key, check_mode=True),
            account("make", ca, key),
            account("again", ca, key),
            account("contact", ca, key, acme=contact, diff=True),
            account("contact again", ca, key, acme=contact),
            account("roll over", ca, key, new_account_key=str(new)),
            account("with the old key", ca, key),
            account("deactivate", ca, new, state="absent"),
            account("deactivate again", ca, new, state="absent"),
            account("deactivated", ca, new),
        ]
    )
    results = {
        task: played[task].result
        for task in ("predict", "make", "again", "contact", "roll over", "deactivate", "deactivated")
    }
    changed = [task for task, result in results.items() if result["changed"]]
    assert changed == ["predict", "make", "contact", "roll over", "deactivate"]
    assert not played["contact again"].changed and not played["deactivate again"].changed
    assert results["make"]["account"]["created"] and stat.S_IMODE(key.stat().st_mode) == 0o600
    assert results["contact"]["diff"]["after"]["contact"] == ["mailto:pki@example.com"]
    assert "diff" not in results["make"]
    assert results["roll over"]["account"]["uri"] == results["make"]["account"]["uri"]
    assert results["deactivated"]["error"]["kind"] == "unauthorized" and results["deactivated"]["account"] is None
    assert "deactivated" in results["deactivated"]["msg"]
    for path in (key, new):
        secret = path.read_text().splitlines()[1]
        assert secret not in played.output


def test_only_acme_has_accounts(site, tmp_path):
    task = named("local", {MODULE: {"authority": {"local": {"path": str(tmp_path / "ca")}}}})
    played = site.play([task])["local"]
    result = played.result
    assert played.failed and result["error"]["kind"] == "misconfigured" and "acme" in result["msg"]


def test_defaults_of_the_group_apply(ca, site, tmp_path):
    acme = {
        "directory": ca.directory,
        "ca_bundle": ca.ca_bundle,
        "account_key": str(tmp_path / "a.pem"),
        "terms_agreed": True,
    }
    defaults = {"group/certfleet.pki.authority": {"authority": {"acme": acme}}}
    played = site.play([named("make", {MODULE: {}})], module_defaults=defaults)
    assert played["make"].changed
