# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""kill -9 before every single change to the disk; the next run ends in a whole, consistent set."""

from __future__ import annotations

import os

import pytest

from ansible_collections.certfleet.pki.tests.support import host_program as host

LIMIT = 400


def _check_what_services_see(web, allowed):
    """At any time the current set is one of the allowed ones, whole, or there is none."""
    if not (web.directory / "current").exists():
        return
    current = (web.directory / "current").resolve()
    pair = ((current / "privkey.pem").read_text(), (current / "cert.pem").read_text())
    assert pair in allowed
    assert (current / "fullchain.pem").read_text().startswith(pair[1])


def _nothing_left_over(web):
    names = [name for _folder, folders, files in os.walk(web.directory) for name in folders + files]
    assert not [name for name in names if name.startswith((".tmp-", ".new-")) or name == "marker.json"]


@pytest.mark.parametrize("formats", [["pem"], ["pem", "combined"]])
def test_first_install(web, tmp_path, formats):
    for step in range(1, LIMIT):
        web.directory = tmp_path / str(step) / "web"
        killed = host.call_killed_at(step, "present", web.given(formats=formats))
        _check_what_services_see(web, [tuple(web.pairs[0])])
        web.done("present", web.given(formats=formats))
        assert web.is_whole(formats=formats)
        _nothing_left_over(web)
        if not killed:
            break
    assert 20 < step < LIMIT - 1


def test_renewal(web, tmp_path):
    """Also when the next run does nothing but finish what it finds."""
    for step in range(1, LIMIT):
        web.directory = tmp_path / str(step) / "web"
        web.done("present", web.given(0))
        web.done("present", web.given(2))
        killed = host.call_killed_at(step, "present", web.given(1))
        _check_what_services_see(web, [tuple(web.pairs[1]), tuple(web.pairs[2])])
        seen = web.seen()
        assert seen["key"]["state"] == "ok"
        if seen["marker"]:
            web.done("present", web.item(install={"from": "unfinished"}))
            assert web.seen()["marker"] is None and web.seen()["damaged"] == []
            assert (web.directory / "cert.pem").read_text() == web.pairs[1].certificate
        web.done("present", web.given(1))
        assert web.is_whole()
        assert (web.directory / "cert.pem").read_text() == web.pairs[1].certificate
        _nothing_left_over(web)
        if not killed:
            break
    assert 20 < step < LIMIT - 1


KEYSTORES = {"formats": ["pem", "pkcs12", "jks"], "keystore_passphrase": "before it changes"}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (KEYSTORES, {**KEYSTORES, "keystore_passphrase": "after it has changed"}),
        (KEYSTORES, {"formats": ["pem"]}),
    ],
    ids=["changed", "removed"],
)
def test_keystores(web, tmp_path, before, after):
    """They change with the set, or not at all: until the switch both old ones open, then both new ones."""
    again = {"install": {"from": "current", "record": {}}}
    for step in range(1, LIMIT):
        web.directory = tmp_path / str(step) / "web"
        web.done("present", web.given(**before))
        version = (web.directory / "current").resolve()
        killed = host.call_killed_at(step, "present", web.item(**after, **again))
        wanted = before if (web.directory / "current").resolve() == version else after
        surplus = {f"{kind}{name}" for name in ("keystore.p12", "keystore.jks") for kind in ("", "link:")}
        seen = web.seen(**wanted)
        assert seen["damaged"] == [] or (seen["marker"] and {*seen["damaged"]} <= surplus)
        web.done("present", web.item(**after, **again))
        assert web.is_whole(**after)
        _nothing_left_over(web)
        if not killed:
            break
    assert 20 < step < LIMIT - 1


def test_prepare(web, tmp_path):
    for step in range(1, LIMIT):
        web.directory = tmp_path / str(step) / "web"
        killed = host.call_killed_at(step, "inspected", web.prepare())
        again = web.done("prepared", web.prepare())["prepared"]
        key = (web.directory / "pending" / "privkey.pem").read_text()
        assert host.public_key_of(key) == host.public_key_of(again["csr_pem"])
        assert web.seen()["pending"]["request_token"] == again["request_token"]
        if not killed:
            break
    assert 8 < step < LIMIT - 1


def test_prepare_for_another_order(web, tmp_path):
    """Whatever is killed, request.json never stands beside a key or request of another order."""
    for step in range(1, LIMIT):
        web.directory = tmp_path / str(step) / "web"
        web.done("prepared", web.prepare())
        wanted = web.prepare(order_hash="order-2", discard=True)
        killed = host.call_killed_at(step, "prepared", wanted)
        pending = web.seen()["pending"]
        if pending:
            key = (web.directory / "pending" / "privkey.pem").read_text()
            assert host.public_key_of(key) == host.public_key_of(pending["csr_pem"])
        if not killed:
            assert pending["order_hash"] == "order-2"
            break
    assert 8 < step < LIMIT - 1


def test_install_of_an_answer(web, tmp_path):
    """As the controller does it: look, then install again or finish; the same certificate, no second order."""
    web.done("prepared", web.prepare())
    pending = web.directory / "pending"
    answered = {path.name: path.read_text() for path in pending.iterdir()}
    token = web.seen()["pending"]["request_token"]
    certificate = host.sign(answered["request.csr"], tmp_path)
    for step in range(1, LIMIT):
        web.directory = tmp_path / str(step) / "web"
        web.done("present", web.given(0))
        (web.directory / "pending").mkdir(0o700)
        for name, content in answered.items():
            (web.directory / "pending" / name).write_text(content)
        install = {"from": "request", "certificate_pem": certificate, "request_token": token, "lease_token": "mine"}
        killed = host.call_killed_at(step, "present", web.item(install=install))
        _check_what_services_see(web, [tuple(web.pairs[0]), (answered["privkey.pem"], certificate)])
        seen = web.seen()
        assert seen["pending"] or seen["unfinished"] or seen["certificate_pem"] == certificate, "the order is not lost"
        if seen["unfinished"]:
            assert seen["unfinished"]["certificate_pem"] == certificate
            web.done("present", web.item(install={"from": "unfinished"}))
        else:
            web.done("present", web.item(install=install))
        assert web.is_whole()
        assert (web.directory / "cert.pem").read_text() == certificate
        assert web.seen()["pending"] is None
        assert web.done("present", web.item(install=install))["changed"] is False
        if not killed:
            break
    assert 20 < step < LIMIT - 1


def test_rollback_and_removal(web, tmp_path):
    for state in ("rolled_back", "absent"):
        for step in range(1, LIMIT):
            web.directory = tmp_path / state / str(step) / "web"
            web.done("present", web.given(0))
            web.done("present", web.given(1))
            killed = host.call_killed_at(step, state, web.item())
            _check_what_services_see(web, [tuple(web.pairs[0]), tuple(web.pairs[1])])
            if state == "absent":
                web.done("absent")
                assert not web.directory.exists()
            else:
                web.done("present", web.given(2))
                assert web.is_whole()
            if not killed:
                break
        assert 4 < step < LIMIT - 1
