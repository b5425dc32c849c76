# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The authority ``local`` besides the contract: creation on first use, finding again, foreign certificates."""

from __future__ import annotations

import dataclasses
import os
import pathlib

import pytest

from ansible_collections.certfleet.pki.plugins.module_utils import _x509_read
from ansible_collections.certfleet.pki.plugins.module_utils._authorities._base import Context
from ansible_collections.certfleet.pki.plugins.module_utils._authorities.local import LocalAuthority
from ansible_collections.certfleet.pki.plugins.module_utils._errors import Misconfigured, NotFound, Unauthorized
from ansible_collections.certfleet.pki.plugins.module_utils._model import CertificateReference, Issued
from ansible_collections.certfleet.pki.plugins.module_utils._policy import as_dict
from ansible_collections.certfleet.pki.tests.support.authority_contract import make_order, read
from ansible_collections.certfleet.pki.tests.support.certificates import make_key

READING = ("policy", "chain", "list", "find_request", "collect", "status")
CALLS = {
    "request": lambda authority: authority.request(make_order()),
    "collect": lambda authority: authority.collect("0" * 32),
    "find_request": lambda authority: authority.find_request(make_order()),
    "cancel": lambda authority: authority.cancel("0" * 32),
    "revoke": lambda authority: authority.revoke(CertificateReference(serial_number="01"), reason="superseded"),
    "status": lambda authority: authority.status(CertificateReference(serial_number="01")),
    "policy": lambda authority: authority.policy(),
    "chain": lambda authority: authority.chain(),
    "list": lambda authority: list(authority.list_certificates()),
}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_no_ca_is_a_clear_error(place, call):
    with pytest.raises(Misconfigured) as caught:
        call(place.authority())
    assert "local_authority" in caught.value.message and "create" in caught.value.message
    assert not os.path.exists(place.path)


def test_only_a_request_creates(place):
    authority = place.authority(create=True, common_name="Made at once")
    for name in ("collect", "revoke", "status", "chain", "list"):
        with pytest.raises(NotFound):
            CALLS[name](authority)
    assert as_dict(authority.policy()) == {}
    assert authority.find_request(make_order()) is None
    authority.cancel("0" * 32)
    assert not os.path.exists(place.path)
    issued = authority.request(make_order())
    assert read(issued.chain_pem[-1]).subject.rfc4514_string() == "CN=Made at once"


def test_creation_encrypts(place):
    place.authority(create=True, passphrase="secret enough for this").request(make_order())
    with open(f"{place.path}/root-key.pem", encoding="ascii") as stream:
        assert "ENCRYPTED" in stream.read()


def test_opening_touches_nothing(place):
    assert place.authority().identity == f"local:{place.path}"
    assert not os.path.exists(place.path)


def test_policy_is_the_profile(place):
    place.manage(profile={"allowed_domains": ["*.example.com"], "max_lifetime": "30d"})
    policy = place.authority().policy()
    assert as_dict(policy) == {"allowed_domains": ["*.example.com"], "max_lifetime": "30d"}
    assert policy.restrictive and place.path in policy.source


def test_renewal_with_the_same_csr_is_not_answered_with_what_it_replaces(ca_place):
    """RSA and Ed25519 signatures say the same each time: the CSR of a kept key is the very same."""
    authority, key = ca_place.authority(), make_key("ed25519")
    order = make_order(key=key)
    first = authority.request(order)
    renewal = dataclasses.replace(make_order(key=key), replaces=first.certificate_pem)
    assert renewal.csr_pem == order.csr_pem
    assert isinstance(authority.find_request(order), Issued)
    assert authority.find_request(renewal) is None
    second = authority.request(renewal)
    assert authority.find_request(renewal).request_id == second.request_id


def test_foreign_certificate_with_a_known_serial_is_not_found(ca_place, monkeypatch):
    authority = ca_place.authority()
    issued = authority.request(make_order())
    foreign = authority.request(make_order()).certificate_pem
    ca = ca_place.ca()
    monkeypatch.setattr(
        "ansible_collections.certfleet.pki.plugins.module_utils._local.store.Store.certificate_by_serial",
        lambda *_: ca.store.certificate_by_request(issued.request_id),
    )
    with pytest.raises(NotFound, match="right CA"):
        authority.revoke(CertificateReference(certificate_pem=foreign), reason="superseded")


def test_pending_request_can_not_be_revoked(place):
    place.manage(approval="manual")
    pending = place.authority().request(make_order())
    with pytest.raises(NotFound, match="cancel it instead"):
        place.authority().revoke(CertificateReference(request_id=pending.request_id), reason="superseded")


def test_lists_page_by_page(ca_place, monkeypatch):
    monkeypatch.setattr("ansible_collections.certfleet.pki.plugins.module_utils._authorities.local._PAGE", 2)
    authority = ca_place.authority()
    issued = [authority.request(make_order()).certificate_pem for _number in range(5)]
    assert [one.certificate_pem for one in authority.list_certificates()] == issued


def test_missing_library_is_one_sentence(ca_place, monkeypatch):
    monkeypatch.setattr(_x509_read, "HAS_CRYPTOGRAPHY", False)
    with pytest.raises(Misconfigured, match="cryptography"):
        ca_place.authority().request(make_order())
    with pytest.raises(Misconfigured, match="cryptography"):
        ca_place.manage()


def test_path_through_a_link(ca_place, tmp_path):
    (tmp_path / "link").symlink_to(ca_place.path)
    ca_place.path = str(tmp_path / "link")
    assert isinstance(ca_place.authority().request(make_order()), Issued)
    assert ca_place.manage()["changed"] is False


def test_database_that_vanished_is_not_made_anew(ca_place):
    authority = ca_place.authority()
    authority.chain()
    os.unlink(f"{ca_place.path}/ca.sqlite")
    with pytest.raises(Misconfigured, match="can't be opened"):
        authority.request(make_order())
    assert not os.path.exists(f"{ca_place.path}/ca.sqlite")


def in_check_mode(place, **options):
    return LocalAuthority({"path": place.path, **options}, Context(clock=place.clock, check=True))


def test_check_mode_writes_no_crl(ca_place, clock):
    clock.move(days=5)
    before = snapshot(ca_place.path)
    in_check_mode(ca_place).chain()
    assert snapshot(ca_place.path) == before
    ca_place.authority().chain()
    assert snapshot(ca_place.path) != before


def test_check_mode_makes_no_ca(place):
    with pytest.raises(NotFound):
        in_check_mode(place, create=True).request(make_order())
    assert not os.path.exists(place.path)


@pytest.mark.parametrize("name", READING)
def test_who_only_reads_needs_no_passphrase_for_the_crl(place, clock, name):
    place.manage(passphrase="secret enough for this")
    issued = place.authority(passphrase="secret enough for this").request(make_order())
    clock.move(days=5)
    authority = place.authority()
    calls = {
        **CALLS,
        "collect": lambda one: one.collect(issued.request_id),
        "status": lambda one: one.status(CertificateReference(request_id=issued.request_id)),
    }
    calls[name](authority)


def test_who_issues_is_told_that_the_crl_can_not_be_written(place, clock):
    place.manage(passphrase="secret enough for this", approval="manual")
    clock.move(days=5)
    with pytest.raises(Unauthorized):
        place.authority().request(make_order())


def snapshot(path):
    """Return every file's content but that of the lock, which is made by locking."""
    return {one.name: one.read_bytes() for one in pathlib.Path(path).iterdir() if one.name != "crl.lock"}


@pytest.mark.parametrize("path", ["", "ca", "rel/ca", "./ca", "~nobody-of-this-name/ca", "/c\0a"])
def test_path_that_is_not_absolute(path, place, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for call in (
        lambda: LocalAuthority({"path": path, "create": True}),
        lambda: place.manage(path=path),
        lambda: place.manage(path=path, check=True),
        lambda: place.manage(path=path, state="absent"),
    ):
        with pytest.raises(Misconfigured, match=r"path: .* is not an absolute path"):
            call()
    assert list(tmp_path.iterdir()) == []


def test_path_in_the_home_directory(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    assert LocalAuthority({"path": "~/ca"}).identity == f"local:{tmp_path}/ca"
