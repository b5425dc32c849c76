# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The CRLs of the embedded CA: numbered, for seven days, fresh, complete."""

from __future__ import annotations

import contextlib
import datetime
import os

import pytest
from cryptography import x509

from ansible_collections.certfleet.pki.plugins.module_utils._errors import Misconfigured, Unavailable
from ansible_collections.certfleet.pki.plugins.module_utils._local import ca as ca_module
from ansible_collections.certfleet.pki.plugins.module_utils._local import crl as crl_module
from ansible_collections.certfleet.pki.plugins.module_utils._model import CertificateReference
from ansible_collections.certfleet.pki.tests.support.authority_contract import make_order, serial_of


def crl_of(place, issuer="intermediate") -> x509.CertificateRevocationList:
    with open(f"{place.path}/{issuer}.crl.pem", "rb") as stream:
        crl = x509.load_pem_x509_crl(stream.read())
    with open(f"{place.path}/{issuer}.crl", "rb") as stream:
        assert x509.load_der_x509_crl(stream.read()) == crl
    with open(f"{place.path}/{issuer}.pem", "rb") as stream:
        assert crl.is_signature_valid(x509.load_pem_x509_certificate(stream.read()).public_key())
    return crl


def number_of(place, issuer="intermediate") -> int:
    return crl_of(place, issuer).extensions.get_extension_for_class(x509.CRLNumber).value.crl_number


def serials_in(place):
    return {format(entry.serial_number, "x").zfill(32) for entry in crl_of(place)}


def revoke(place, reason="superseded") -> str:
    authority = place.authority()
    serial = serial_of(authority.request(make_order(lifetime=86400)).certificate_pem)
    assert authority.revoke(CertificateReference(serial_number=serial), reason=reason)
    return serial


def test_new_ca_has_empty_crls_for_seven_days(ca_place, clock):
    for issuer in ("intermediate", "root"):
        crl = crl_of(ca_place, issuer)
        assert len(crl) == 0 and number_of(ca_place, issuer) == 1
        assert crl.last_update_utc == clock.now.replace(microsecond=0)
        assert crl.next_update_utc - crl.last_update_utc == datetime.timedelta(days=7)


def test_each_revocation_is_in_the_next_crl(ca_place):
    first = revoke(ca_place, "key_compromise")
    assert serials_in(ca_place) == {first} and number_of(ca_place) == 2
    second = revoke(ca_place, "unspecified")
    assert serials_in(ca_place) == {first, second} and number_of(ca_place) == 3
    entries = {entry.serial_number: entry for entry in crl_of(ca_place)}
    reason = entries[int(first, 16)].extensions.get_extension_for_class(x509.CRLReason).value.reason
    assert reason is x509.ReasonFlags.key_compromise
    assert len(entries[int(second, 16)].extensions) == 0
    assert number_of(ca_place, "root") == 1


@pytest.mark.parametrize(
    "call",
    [
        lambda authority: authority.request(make_order()),
        lambda authority: authority.policy(),
        lambda authority: authority.chain(),
        lambda authority: list(authority.list_certificates()),
        lambda authority: authority.find_request(make_order()),
    ],
)
def test_any_call_refreshes_at_half_life(ca_place, clock, call):
    clock.move(days=3.5, seconds=-2)
    call(ca_place.authority())
    assert (number_of(ca_place), number_of(ca_place, "root")) == (1, 1)
    clock.move(seconds=2)
    call(ca_place.authority())
    assert (number_of(ca_place), number_of(ca_place, "root")) == (2, 2)
    assert crl_of(ca_place).last_update_utc == clock.now.replace(microsecond=0)


def test_missing_file_is_written_again(ca_place):
    os.unlink(f"{ca_place.path}/intermediate.crl")
    ca_place.authority().chain()
    assert number_of(ca_place) == 2


def test_revocation_whose_crl_was_never_written_is_made_up_for(ca_place, monkeypatch):
    """The process was killed between the two."""
    with monkeypatch.context() as patch:
        patch.setattr(ca_module, "refresh_crls", lambda *_, **__: False)
        serial = revoke(ca_place)
    assert serials_in(ca_place) == set()
    ca_place.authority().chain()
    assert serials_in(ca_place) == {serial}


def test_expired_leave_the_list_a_week_later(ca_place, clock):
    serial = revoke(ca_place)
    clock.move(days=5)
    ca_place.authority().chain()
    assert serials_in(ca_place) == {serial}
    clock.move(days=4)
    ca_place.authority().chain()
    assert serials_in(ca_place) == set()


def test_reasons_that_revoke_nothing(ca_place):
    authority = ca_place.authority()
    serial = serial_of(authority.request(make_order()).certificate_pem)
    for reason in ("remove_from_crl", "no_such_reason"):
        with pytest.raises(Misconfigured):
            authority.revoke(CertificateReference(serial_number=serial), reason=reason)
    assert authority.status(CertificateReference(serial_number=serial)).status == "issued"


def test_status_tells_when_and_why(ca_place, clock):
    serial = revoke(ca_place, "cessation_of_operation")
    clock.move(days=2)
    status = ca_place.authority().status(CertificateReference(serial_number=serial))
    assert (status.status, status.revocation_reason) == ("revoked", "cessation_of_operation")
    assert clock.now - status.revoked_at >= datetime.timedelta(days=2)


def test_status_expired(ca_place, clock):
    issued = ca_place.authority().request(make_order(lifetime=3600))
    clock.move(hours=1, seconds=1)
    assert ca_place.authority().status(CertificateReference(request_id=issued.request_id)).status == "expired"


def test_crl_from_a_future_clock_is_replaced(ca_place, clock):
    clock.move(days=-2)
    ca_place.authority().chain()
    assert number_of(ca_place) == 2 and crl_of(ca_place).last_update_utc <= clock.now


def test_crl_that_another_process_wrote_in_between_is_left_alone(ca_place, clock, monkeypatch):
    real = crl_module.locked

    @contextlib.contextmanager
    def late(path, *, seconds):
        monkeypatch.setattr(crl_module, "locked", real)
        ca_place.authority().chain()
        with real(path, seconds=seconds) as mine:
            yield mine

    clock.move(days=4)
    monkeypatch.setattr(crl_module, "locked", late)
    ca_place.authority().chain()
    assert number_of(ca_place) == 2


def test_crl_that_another_process_is_writing_is_not_waited_for(ca_place, clock, monkeypatch):
    serial = serial_of(ca_place.authority().request(make_order()).certificate_pem)
    clock.move(days=4)
    monkeypatch.setattr(ca_module, "BUSY_SECONDS", 0.1)
    with crl_module.locked(f"{ca_place.path}/crl.lock", seconds=0) as mine:
        assert mine
        ca_place.authority().chain()
        assert number_of(ca_place) == 1
        # A revocation has to be in the list when it returns, so it waits, but not for ever.
        with pytest.raises(Unavailable, match="being written by others"):
            ca_place.authority().revoke(CertificateReference(serial_number=serial), reason="superseded")
    ca_place.authority().chain()
    assert serials_in(ca_place) == {serial}
