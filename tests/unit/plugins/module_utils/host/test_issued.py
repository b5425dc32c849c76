# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the CA has issued is not lost when the host fails; what can fail before is found before the CA is asked."""

from __future__ import annotations

import errno
import os

import pytest

from ansible_collections.certfleet.pki.plugins.module_utils._host import issued, versions
from ansible_collections.certfleet.pki.tests.support import host_program as host


@pytest.fixture
def answered(web, tmp_path):
    """A request and the item that installs its certificate."""
    prepared = web.done("prepared", web.prepare())["prepared"]
    install = {
        "from": "request",
        "certificate_pem": host.sign(prepared["csr_pem"], tmp_path),
        "request_token": prepared["request_token"],
        "request_id": "order-42",
        "lease_token": "mine",
    }
    return web.item(install=install)


def _open_and_free(web):
    pending = web.seen()["pending"]
    assert (pending["request_id"], pending["status"], pending["lease"]) == ("order-42", "pending", None)
    assert not (web.directory / "pending" / "lease.json").exists()


def test_unknown_owner_keeps_the_request(web, answered):
    assert web.run("present", dict(answered, owner="no-such-user-here"))["error"]["code"] == "no_such_user"
    _open_and_free(web)
    web.done("present", answered)
    assert web.is_whole() and web.seen()["pending"] is None
    assert web.done("present", answered)["changed"] is False


def test_full_disk_keeps_the_request(web, answered, monkeypatch):
    """Not even the note fits until the lease has made room for it."""

    def full(*_arguments, **_options):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    write = issued.replace_json
    lease = web.directory / "pending" / "lease.json"
    monkeypatch.setattr(issued, "replace_json", lambda *told: full() if lease.exists() else write(*told))
    monkeypatch.setattr(versions, "create", full)
    assert web.run("present", answered)["error"]["code"] == "no_space"
    _open_and_free(web)


def test_an_id_that_is_known_stays(web, answered):
    note = {"request_id": "order-42", "status": "intent", "detail": "", "lease_token": "mine"}
    web.done("prepared", web.item(request=note))
    answered["install"]["request_id"] = None
    assert web.run("present", dict(answered, owner="no-such-user-here"))["error"]["code"] == "no_such_user"
    _open_and_free(web)


def test_lost_lease_notes_nothing(web, answered):
    other = {"token": "theirs", "owner": "controller-2", "seconds": 60, "break": "mine"}
    web.done("prepared", web.prepare(lease=other))
    before = web.snapshot()
    assert web.run("present", answered)["error"]["code"] == "lost_lease"
    assert web.snapshot() == before


def test_check_mode_notes_nothing(web, answered):
    before = web.snapshot()
    assert web.done("present", answered, check=True)["changed"] is True
    assert web.snapshot() == before


@pytest.mark.parametrize("check", [True, False])
@pytest.mark.parametrize("state", ["inspected", "prepared"])
@pytest.mark.parametrize(("option", "code"), [("owner", "no_such_user"), ("group", "no_such_group")])
def test_unknown_owner_is_found_before_a_key_is_made(web, state, option, code, check):
    item = {**web.prepare(), option: "nobody-has-this-name"}
    assert web.run(state, item, check=check)["error"]["code"] == code
    assert not web.directory.exists()


def test_absent_respects_a_lease(web, answered):
    before = web.snapshot()
    for token in (None, "another"):
        for check in (True, False):
            answer = web.run("absent", web.item(lease_token=token), check=check)
            assert answer["error"]["code"] == "leased" and "controller-1" in answer["error"]["detail"]
    assert web.snapshot() == before


@pytest.mark.parametrize("item", [{"lease_token": "mine"}, {"lease_token": "another", "break": "mine"}])
def test_absent_under_its_own_lease(web, answered, item):
    assert web.done("absent", web.item(**item))["changed"] is True
    assert not web.directory.exists()


def test_absent_after_the_lease(web):
    web.done("prepared", web.prepare(lease={"token": "old", "owner": "controller-2", "seconds": -1}))
    assert web.done("absent")["changed"] is True


def test_encrypted_tells_of_the_key_file(web):
    assert web.seen()["key"]["encrypted"] is None
    web.done("present", web.given())
    assert web.seen()["key"]["encrypted"] is False
    (web.directory / "privkey.pem").resolve().write_text(web.pairs[1].key)
    assert web.seen()["key"] == {
        "state": "mismatch",
        "detail": "The key belongs to another certificate.",
        "encrypted": False,
    }
