# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module ``local_authority``: check, run, check again, run again, changed input, damage; approvals."""

from __future__ import annotations

import functools
import os
import shutil
import stat

import pytest

from ansible_collections.certfleet.pki.plugins.module_utils._errors import (
    Misconfigured,
    NotFound,
    PkiError,
    PolicyViolation,
    Rejected,
    Unauthorized,
)
from ansible_collections.certfleet.pki.plugins.module_utils._model import CertificateReference, Issued, Pending
from ansible_collections.certfleet.pki.tests.support.authority_contract import make_order, read

PASSPHRASE = "a long passphrase that nobody guesses"


def snapshot(place):
    """Return every file with its content and time, to see that nothing was touched.

    SQLite's two helper files come and go with readers.
    """
    found = {}
    for folder, _below, names in os.walk(os.path.dirname(place.path)):
        for name in names:
            path = os.path.join(folder, name)
            if not name.endswith(("-wal", "-shm")):
                with open(path, "rb") as stream:
                    found[path] = (stream.read(), os.stat(path).st_mtime_ns, os.stat(path).st_mode)
    return found


def checked_run(place, **options):
    """Run in check mode, run, run again; check mode must have foretold it and the second run change nothing."""
    before = snapshot(place)
    foretold = place.manage(check=True, **options)
    assert snapshot(place) == before
    result = place.manage(**options)
    assert (foretold["changed"], foretold["diff"]) == (result["changed"], result["diff"])
    after = snapshot(place)
    assert place.manage(check=True, **options)["changed"] is False
    assert place.manage(**options)["changed"] is False
    assert snapshot(place) == after
    return result


def test_creation(place):
    result = checked_run(place, common_name="Lab CA", passphrase=PASSPHRASE)
    assert result["changed"] is True
    root = read(result["ca_pem"])
    assert root.subject.rfc4514_string() == "CN=Lab CA"
    assert result["chain_pem"].count("BEGIN CERTIFICATE") == 2
    assert result["requests"] == []
    assert all(os.path.exists(path) for path in result["crl_paths"])


def test_secrets_are_private_and_encrypted(place):
    place.manage(passphrase=PASSPHRASE)
    assert stat.S_IMODE(os.stat(place.path).st_mode) == 0o700
    for name in ("root-key.pem", "intermediate-key.pem"):
        path = os.path.join(place.path, name)
        assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
        with open(path, encoding="ascii") as stream:
            assert stream.readline() == "-----BEGIN ENCRYPTED PRIVATE KEY-----\n"
    assert stat.S_IMODE(os.stat(f"{place.path}/ca.sqlite").st_mode) == 0o600
    assert not any(PASSPHRASE.encode() in content for content, _time, _mode in snapshot(place).values())


@pytest.mark.parametrize(
    "change",
    [
        {"approval": "manual"},
        {"profile": {"allowed_domains": ["*.example.com"]}},
        {"lifetime": "7d"},
        {"crl_urls": ["http://pki.example.com/ca.crl"]},
    ],
)
def test_changed_input_converges(ca_place, change):
    assert checked_run(ca_place, **change)["changed"] is True
    (name,) = change
    # What is not given stays.
    assert checked_run(ca_place)["changed"] is False
    assert ca_place.ca().settings()[0].as_dict()[name] != ca_place.ca().settings()[0].__class__().as_dict()[name]


def test_profile_is_replaced_as_a_whole_and_can_be_emptied(ca_place):
    ca_place.manage(profile={"allowed_domains": ["*.example.com"], "max_lifetime": "2d"})
    assert ca_place.ca().settings()[0].lifetime == 2 * 86400
    checked_run(ca_place, profile={"max_lifetime": "3d"})
    assert ca_place.ca().settings()[0].profile == {"max_lifetime": "3d"}
    assert checked_run(ca_place, profile={})["changed"] is True


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"common_name": "Another"}, "common_name"),
        ({"key_type": "rsa"}, "key_type"),
        ({"permitted_names": ["example.com"]}, "permitted_names"),
        ({"passphrase": PASSPHRASE}, "not encrypted"),
        ({"profile": {"allowed_ip_ranges": ["nonsense"]}}, "192.0.2.0/24"),
        ({"profile": {"max_lifetime": "10d"}, "lifetime": "11d"}, "longer than"),
        ({"lifetime": "0d"}, "lifetime"),
        ({"lifetime": "1s"}, "too short"),
        ({"crl_urls": ["pki.example.com"]}, "crl_urls"),
        ({"approve": ["x"], "deny": ["x"]}, "in approve and in deny"),
        ({"approve": ["0" * 32]}, "knows no request"),
    ],
)
def test_what_can_not_be_is_refused_and_changes_nothing(ca_place, change, words):
    before = snapshot(ca_place)
    for check in (True, False):
        with pytest.raises(PkiError, match=words) as caught:
            ca_place.manage(check=check, approval="manual", **change)
        assert "\n" not in caught.value.message and caught.value.message.endswith(".")
    assert snapshot(ca_place) == before


@pytest.mark.parametrize(
    "options", [{"common_name": "x" * 52}, {"common_name": ""}, {"permitted_names": ["10.0.0.0/99"]}]
)
def test_impossible_ca_is_not_made(place, options):
    for check in (True, False):
        with pytest.raises(Misconfigured):
            place.manage(check=check, **options)
    assert not os.path.exists(place.path)


def test_unusable_places(place, tmp_path):
    os.mkdir(place.path)
    (tmp_path / "ca" / "something").write_text("else")
    for check in (True, False):
        with pytest.raises(Misconfigured, match="holds other files"):
            place.manage(check=check)
    assert os.listdir(place.path) == ["something"]
    (tmp_path / "file").write_text("")
    place.path = str(tmp_path / "file")
    with pytest.raises(Misconfigured, match="not a directory"):
        place.manage()
    place.path = str(tmp_path / "file" / "below")
    with pytest.raises(Misconfigured, match="can't be used"):
        place.manage()


def test_empty_directory_and_new_parents_will_do(place, tmp_path):
    os.mkdir(place.path, 0o755)
    assert checked_run(place)["changed"] is True
    assert stat.S_IMODE(os.stat(place.path).st_mode) == 0o700
    place.path = str(tmp_path / "a" / "b" / "ca")
    assert place.manage()["changed"] is True


@pytest.mark.parametrize("name", ["root-key.pem", "intermediate-key.pem", "root.pem", "intermediate.pem", "ca.sqlite"])
@pytest.mark.parametrize("damage", ["gone", "empty", "cut", "garbage", "directory"])
@pytest.mark.parametrize("passphrase", [None, PASSPHRASE])
def test_damage_that_can_not_be_repaired(place, name, damage, passphrase):
    options = {"passphrase": passphrase} if passphrase else {}
    place.manage(**options)
    path = os.path.join(place.path, name)
    with open(path, "rb") as stream:
        content = stream.read()
    os.unlink(path)
    if damage == "directory":
        os.mkdir(path)
    elif damage != "gone":
        with open(path, "wb") as stream:
            stream.write({"empty": b"", "cut": content[: len(content) // 2], "garbage": b"\xff" * 5000}[damage])
        os.chmod(path, os.stat(path).st_mode & 0o600)
    calls = [functools.partial(place.manage, **options)]
    if not name.startswith("root"):
        # Issuing does not need the root's key.
        calls.append(lambda: place.authority(**options).request(make_order()))
    for call in calls:
        with pytest.raises(Misconfigured, match="damaged") as caught:
            call()
        assert "\n" not in caught.value.message and "restore it from a backup." in caught.value.message


def test_keys_swapped(ca_place):
    os.replace(f"{ca_place.path}/root-key.pem", f"{ca_place.path}/intermediate-key.pem")
    shutil.copyfile(f"{ca_place.path}/intermediate-key.pem", f"{ca_place.path}/root-key.pem")
    with pytest.raises(Misconfigured, match=r"not the key of intermediate\.pem"):
        ca_place.manage()


@pytest.mark.parametrize(
    "damage",
    [
        lambda path: os.chmod(f"{path}/root-key.pem", 0o644),
        lambda path: os.chmod(path, 0o755),
        lambda path: os.unlink(f"{path}/chain.pem"),
        lambda path: os.truncate(f"{path}/chain.pem", 10),
        lambda path: os.unlink(f"{path}/intermediate.crl.pem"),
        lambda path: os.unlink(f"{path}/root.crl"),
    ],
)
def test_damage_that_can_be_repaired(ca_place, damage):
    damage(ca_place.path)
    assert checked_run(ca_place)["changed"] is True


def test_stale_crl_is_a_change(ca_place, clock):
    clock.move(days=4)
    assert checked_run(ca_place)["changed"] is True


def test_passphrases(place):
    place.manage(passphrase=PASSPHRASE)
    for options in ({}, {"passphrase": "wrong"}):
        with pytest.raises(Unauthorized) as caught:
            place.manage(**options)
        assert caught.value.__cause__ is None and PASSPHRASE not in caught.value.message
        with pytest.raises(Unauthorized):
            place.authority(**options).request(make_order())
    assert isinstance(place.authority(passphrase=PASSPHRASE).request(make_order()), Issued)


def waiting(place, count=1):
    place.manage(approval="manual")
    return [place.authority().request(make_order()).request_id for _number in range(count)]


def test_requests_that_wait_are_shown(place):
    first, second = waiting(place, 2)
    shown = place.manage()["requests"]
    assert [request["request_id"] for request in shown] == [first, second]
    assert shown[0]["status"] == "pending" and shown[0]["dns_names"] == ["www.example.com"]
    assert shown[0]["key"] == {"type": "ecdsa", "size": 256, "curve": "P-256"}


def test_approve_and_deny(place):
    approved, denied = waiting(place, 2)
    options = {"approve": [approved], "deny": [denied], "deny_reason": "ask the\nnetwork team."}
    result = checked_run(place, **options)
    assert result["changed"] is True
    by_id = {request["request_id"]: request for request in result["requests"]}
    assert by_id[approved]["status"] == "issued" and by_id[approved]["serial_number"]
    assert by_id[denied]["status"] == "rejected" and by_id[denied]["detail"] == "ask the network team."
    with pytest.raises(Rejected, match=r": ask the network team\.$"):
        place.authority().collect(denied)
    # Approving or denying says nothing about how the CA is run.
    assert isinstance(place.authority().request(make_order()), Pending)


def test_decisions_are_final(place):
    approved, denied = waiting(place, 2)
    place.manage(approve=[approved], deny=[denied])
    third = place.authority().request(make_order()).request_id
    for options in ({"approve": [third, denied]}, {"approve": [third], "deny": [approved]}):
        for check in (True, False):
            with pytest.raises(Rejected):
                place.manage(check=check, **options)
    assert isinstance(place.authority().collect(third), Pending)


def test_approval_keeps_to_the_profile_of_the_day(place):
    (waits,) = waiting(place)
    place.manage(profile={"allowed_domains": ["*.example.org"]})
    for check in (True, False):
        with pytest.raises(PolicyViolation):
            place.manage(check=check, approve=[waits])
    assert place.manage(profile={}, approve=[waits])["changed"] is True


def test_cancelled_can_not_be_approved(place):
    (waits,) = waiting(place)
    place.authority().cancel(waits)
    with pytest.raises(Rejected):
        place.manage(approve=[waits])
    with pytest.raises(NotFound, match="cancelled"):
        place.authority().collect(waits)


def test_same_csr_waits_once(place):
    place.manage(approval="manual")
    order = make_order()
    first = place.authority().request(order)
    assert place.authority().request(order).request_id == first.request_id
    assert len(place.manage()["requests"]) == 1
    # Denied, it may be asked for again.
    place.manage(deny=[first.request_id])
    with pytest.raises(Rejected):
        place.authority().find_request(order)
    again = place.authority().request(order)
    assert again.request_id != first.request_id
    assert place.authority().find_request(order) == again


def test_absent(ca_place, tmp_path):
    (tmp_path / "ca" / "notes.txt").write_text("keep me")
    assert checked_run(ca_place, state="absent")["changed"] is True
    assert os.listdir(ca_place.path) == ["notes.txt"]
    os.unlink(f"{ca_place.path}/notes.txt")
    ca_place.manage()
    checked_run(ca_place, state="absent")
    assert not os.path.exists(ca_place.path)


def test_absent_leaves_other_peoples_files(place, tmp_path):
    os.mkdir(place.path)
    (tmp_path / "ca" / "root.pem").write_text("somebody's root")
    with pytest.raises(Misconfigured, match="not a whole local CA"):
        place.manage(state="absent")
    assert os.listdir(place.path) == ["root.pem"]


def test_removed_and_made_again_is_another_ca(ca_place):
    issued = ca_place.authority().request(make_order())
    ca_place.manage(state="absent")
    ca_place.manage()
    with pytest.raises(NotFound):
        ca_place.authority().revoke(CertificateReference(certificate_pem=issued.certificate_pem), reason="superseded")
