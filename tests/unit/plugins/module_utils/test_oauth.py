# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Logins by OAuth."""

from __future__ import annotations

import pytest

from ansible_collections.certfleet.pki.plugins.module_utils._authorities._base import Login, utc_now
from ansible_collections.certfleet.pki.plugins.module_utils._errors import Misconfigured
from ansible_collections.certfleet.pki.plugins.module_utils._http import Http
from ansible_collections.certfleet.pki.plugins.module_utils._oauth import (
    Bearer,
    ClientCredentials,
    client_credentials_entry,
)


def credentials(**options):
    given = {"token_url": "https://sso.example.com/token", "client_id": "me", "client_secret": "hush", **options}
    return ClientCredentials(Http({}, authority="x"), given, authority="x", clock=utc_now)


def test_bearer_remembers_what_it_showed():
    bearer = Bearer(" token\n")
    assert bearer.secrets == ()
    assert bearer.headers(bearer.log_in()) == {"Authorization": "Bearer token"}
    bearer.headers(Login("token"))
    assert bearer.secrets == ("token",)


def test_identity_tells_clients_apart():
    ways = [
        {},
        {"client_id": "you"},
        {"client_secret": "other"},
        {"scope": "s"},
        {"token_url": "https://x.example.com"},
    ]
    assert len({tuple(map(str, credentials(**way).identity)) for way in ways}) == 5


def test_token_url_must_be_an_address():
    with pytest.raises(Misconfigured):
        credentials(token_url="sso.example.com")


def test_secret_is_marked():
    assert client_credentials_entry()["options"]["client_secret"]["no_log"] is True
    assert client_credentials_entry()["options"]["token_url"]["required"] is True
    assert "required" not in client_credentials_entry(token_url="https://x")["options"]["token_url"]
