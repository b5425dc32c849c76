# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The authority ``local`` besides the contract: creation on first use, finding again, foreign certificates."""

from __future__ import annotations

import dataclasses
import os

import pytest

from ansible_collections.certfleet.pki.plugins.module_utils import _x509_read
from ansible_collections.certfleet.pki.plugins.module_utils._errors import Misconfigured, NotFound
from ansible_collections.certfleet.pki.plugins.module_utils._model import CertificateReference, Issued
from ansible_collections.certfleet.pki.plugins.module_utils._policy import as_dict
from ansible_collections.certfleet.pki.tests.support.authority_contract import make_order, read
from ansible_collections.certfleet.pki.tests.support.certificates import make_key

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
    issued = [authority.request(make_order()).certificate_pem for _ in range(5)]
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
