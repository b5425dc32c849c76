# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Many processes at once: nothing is lost, nobody waits for long, and there is one CA."""

from __future__ import annotations

import collections
import multiprocessing
import os
import signal
import sqlite3
import time

from cryptography import x509

from ansible_collections.certfleet.pki.plugins.module_utils._local import creation
from ansible_collections.certfleet.pki.plugins.module_utils._model import CertificateReference
from ansible_collections.certfleet.pki.tests.support.authority_contract import make_order, read, serial_of

FORKS = multiprocessing.get_context("fork")


def in_forks(count, work):
    """Run ``work(number)`` in processes that start together; return what each returned."""
    barrier, answers = FORKS.Barrier(count), FORKS.SimpleQueue()

    def run(number):
        barrier.wait()
        try:
            answers.put((number, work(number)))
        except BaseException as error:
            answers.put((number, error))

    processes = [FORKS.Process(target=run, args=(number,)) for number in range(count)]
    for process in processes:
        process.start()
    got = dict(answers.get() for _number in processes)
    for process in processes:
        process.join()
    failed = [answer for answer in got.values() if isinstance(answer, BaseException)]
    assert not failed, failed
    return [got[number] for number in range(count)]


def test_fifty_forks_sign_at_once(ca_place):
    def work(number):
        order = make_order(dns=(f"host{number}.example.com",), common_name=None)
        started = time.monotonic()
        issued = ca_place.authority().request(order)
        return issued.certificate_pem, issued.request_id, time.monotonic() - started

    answers = in_forks(50, work)
    serials = {serial_of(pem) for pem, _request_id, _seconds in answers}
    assert len(serials) == 50 and len({request_id for _pem, request_id, _seconds in answers}) == 50
    authority = ca_place.authority()
    assert {serial_of(one.certificate_pem) for one in authority.list_certificates()} == serials
    for pem, request_id, _seconds in answers:
        assert read(authority.collect(request_id).certificate_pem) == read(pem)
    assert max(seconds for _pem, _request_id, seconds in answers) < 15


def test_forks_revoke_at_once(ca_place):
    authority = ca_place.authority()
    serials = [serial_of(authority.request(make_order()).certificate_pem) for _number in range(16)]

    def work(number):
        # Two processes for each certificate: one of them is first.
        reference = CertificateReference(serial_number=serials[number % 16])
        return ca_place.authority().revoke(reference, reason="superseded")

    assert collections.Counter(in_forks(32, work)) == {True: 16, False: 16}
    with open(f"{ca_place.path}/intermediate.crl", "rb") as stream:
        crl = x509.load_der_x509_crl(stream.read())
    assert {entry.serial_number for entry in crl} == {int(serial, 16) for serial in serials}


def test_crl_due_in_all_forks_is_written_once(ca_place, clock):
    clock.move(days=4)
    in_forks(20, lambda _: ca_place.authority().chain().crl_urls)
    with open(f"{ca_place.path}/intermediate.crl", "rb") as stream:
        crl = x509.load_der_x509_crl(stream.read())
    assert crl.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number == 2


def test_twenty_forks_create_one_ca(place):
    def work(_number):
        return place.authority(create=True).request(make_order()).chain_pem

    chains = set(in_forks(20, work))
    assert len(chains) == 1
    assert len(list(place.authority().list_certificates())) == 20
    assert os.listdir(os.path.dirname(place.path)) == ["ca"]


def test_creation_killed_leaves_no_ca_and_no_rubbish(place, monkeypatch):
    """Killed at each step that writes, then made again."""
    for step in range(1, 20):
        process = FORKS.Process(target=create_and_die, args=(place, step))
        process.start()
        process.join()
        if process.exitcode == 0:
            break
        assert process.exitcode == -signal.SIGKILL
        assert not os.path.lexists(place.path)
    assert step > 8
    place.ca().signer("root")
    assert os.listdir(os.path.dirname(place.path)) == ["ca"]


def create_and_die(place, step):
    """Create a CA; die just before the file with number ``step`` is written, or the database, or the renaming."""
    steps = iter(range(1, 100))

    def counted(function):
        def wrapper(*args, **kwargs):
            if next(steps) == step:
                os.kill(os.getpid(), signal.SIGKILL)
            return function(*args, **kwargs)

        return wrapper

    creation.write_file = counted(creation.write_file)
    creation.refresh_crls = counted(creation.refresh_crls)
    creation._move = counted(creation._move)
    creation.Store.create = staticmethod(counted(creation.Store.create))
    creation.Store.save_settings = counted(creation.Store.save_settings)
    place.manage()


def test_killed_while_signing_leaves_the_database_whole(ca_place):
    for _number in range(5):
        process = FORKS.Process(target=sign_for_ever, args=(ca_place,))
        process.start()
        time.sleep(0.3)
        os.kill(process.pid, signal.SIGKILL)
        process.join()
    authority = ca_place.authority()
    listed = list(authority.list_certificates())
    assert listed
    assert all(authority.collect(one.request_id).certificate_pem == one.certificate_pem for one in listed)
    connection = sqlite3.connect(f"{ca_place.path}/ca.sqlite")
    assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    connection.close()


def sign_for_ever(place):
    authority, order = place.authority(), make_order()
    while True:
        authority.request(order)
