# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The embedded CA keeps the contract of all authorities."""

from __future__ import annotations

import contextlib
import sqlite3
import typing as t

import pytest

pytest.register_assert_rewrite("ansible_collections.certfleet.pki.tests.support.authority_contract")

from ansible_collections.certfleet.pki.plugins.module_utils._authorities.local import LocalAuthority
from ansible_collections.certfleet.pki.plugins.module_utils._local import ca as ca_module
from ansible_collections.certfleet.pki.tests.support.authority_contract import AuthorityContract


class TestLocalAuthority(AuthorityContract):
    """What is said of every authority, on a CA made by the first request."""

    TIMEOUT = 5

    @pytest.fixture
    def authority(self, tmp_path) -> LocalAuthority:
        return LocalAuthority({"path": str(tmp_path / "ca"), "create": True, "common_name": "Contract"})

    @pytest.fixture
    def same_authority(self, authority) -> LocalAuthority:
        return LocalAuthority(authority.options)

    @pytest.fixture
    def pending_authority(self, authority) -> LocalAuthority:
        authority.request(self.make_order())
        ca = authority._open()
        ca.store.save_settings({"approval": "manual"})
        return authority

    @pytest.fixture
    def unavailable_authority(self, authority, monkeypatch) -> t.Iterator[LocalAuthority]:
        """Another process holds the database and does not let go."""
        monkeypatch.setattr(ca_module, "BUSY_SECONDS", 0.2)
        authority.request(self.make_order())
        with contextlib.closing(sqlite3.connect(authority._open().layout.database)) as other:
            other.execute("BEGIN IMMEDIATE")
            yield LocalAuthority(authority.options)

    @pytest.fixture(autouse=True)
    def made_before(self, authority) -> None:
        """Tests that begin with a question to the CA need one."""
        authority.request(self.make_order())

    def approve(self, authority, request_id) -> None:
        assert authority._open().approve(request_id) is True

    def deny(self, authority, request_id, reason) -> None:
        assert authority._open().deny(request_id, reason) is True
