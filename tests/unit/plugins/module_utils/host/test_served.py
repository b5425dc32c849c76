# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which certificate a service shows, asked of real TLS servers."""

from __future__ import annotations

import socket
import threading

import pytest

from ansible_collections.certfleet.pki.plugins.module_utils._host import s_client, served
from ansible_collections.certfleet.pki.plugins.module_utils._host.errors import StoreError
from ansible_collections.certfleet.pki.tests.support import host_program as host
from ansible_collections.certfleet.pki.tests.support.tls_services import PROTOCOLS, Service

VERSIONS = ["TLSv1_2", "TLSv1_3"]


@pytest.fixture(scope="module")
def sets(tmp_path_factory):
    """Directories with a certificate of each kind, and a second of ECDSA."""
    folder = tmp_path_factory.mktemp("sets")
    for name, kind in (("ecdsa", "ecdsa"), ("other", "ecdsa"), ("rsa", "rsa"), ("ed25519", "ed25519")):
        (folder / name).mkdir()
        key, certificate = host.make_pair(folder, name, kind)
        (folder / name / "privkey.pem").write_text(key)
        (folder / name / "fullchain.pem").write_text(certificate)
    return folder


def der(sets, name):
    return served.der_of((sets / name / "fullchain.pem").read_bytes())


def difference(service, wanted, **more):
    return served.difference(served.Target(service.served(**more)), wanted)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("kind", ["ecdsa", "rsa", "ed25519"])
def test_its_certificate_is_seen(tmp_path, sets, version, kind):
    with Service(tmp_path, [sets / kind], version=version) as service:
        assert difference(service, der(sets, kind)) == ""
        assert "serves another certificate" in difference(service, der(sets, "other"))


@pytest.mark.parametrize("version", VERSIONS)
def test_a_service_that_wants_a_certificate_of_its_clients(tmp_path, sets, version):
    clients = (sets / "rsa" / "fullchain.pem").read_text()
    with Service(tmp_path, [sets / "ecdsa"], version=version, clients=clients) as service:
        assert difference(service, der(sets, "ecdsa")) == ""
        assert "serves another certificate" in difference(service, der(sets, "other"))


@pytest.mark.parametrize("version", [None, *VERSIONS])
@pytest.mark.parametrize("clients", [False, True])
@pytest.mark.parametrize("kind", ["ecdsa", "rsa"])
def test_a_service_with_certificates_of_two_kinds(tmp_path, sets, version, clients, kind):
    trusted = (sets / "other" / "fullchain.pem").read_text() if clients else None
    with Service(tmp_path, [sets / "rsa", sets / "ecdsa"], version=version, clients=trusted) as service:
        assert difference(service, der(sets, kind)) == ""
        assert "serves another certificate" in difference(service, der(sets, "other"))


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("protocol", sorted(PROTOCOLS))
def test_protocols_that_begin_without_tls(tmp_path, sets, protocol, version):
    with Service(tmp_path, [sets / "ecdsa"], protocol=protocol, version=version) as service:
        assert difference(service, der(sets, "ecdsa"), server_name="www.example.com") == ""
        assert "serves another certificate" in difference(service, der(sets, "other"))


def test_two_kinds_behind_starttls(tmp_path, sets):
    with Service(tmp_path, [sets / "rsa", sets / "ecdsa"], protocol="smtp", version="TLSv1_3") as service:
        assert difference(service, der(sets, "rsa")) == ""
        assert difference(service, der(sets, "ecdsa")) == ""


def test_the_name_is_asked_for(tmp_path, sets):
    with Service(tmp_path, [sets / "ecdsa"]) as service:
        assert difference(service, der(sets, "ecdsa"), server_name="www.example.com") == ""
        assert difference(service, der(sets, "ecdsa")) == ""
    assert service.names == ["www.example.com", None]


def test_an_ipv6_address(tmp_path, sets):
    if not socket.has_ipv6:
        pytest.skip("this machine has no IPv6")
    with Service(tmp_path, [sets / "ecdsa"], address="::1") as service:
        assert difference(service, der(sets, "ecdsa"), host="::1") == ""
        target = served.Target(service.served(host="::1"))
        assert served.der_of(s_client.served(target, 5, "ECDSA+SHA256")) == der(sets, "ecdsa")


def test_one_that_is_slow(tmp_path, sets):
    with Service(tmp_path, [sets / "ecdsa"], delay=1.0) as service:
        target = served.Target(service.served())
        (tmp_path / "now").symlink_to(sets / "other")
        service._directories = [tmp_path / "now"]
        service.flag.touch()
        assert served.wait_for(target, der(sets, "other")) == ""


def test_time_runs_out(tmp_path, sets):
    with Service(tmp_path, [sets / "ecdsa"]) as service:
        wrong = served.wait_for(served.Target(service.served(timeout=0.5)), der(sets, "other"))
    assert wrong.startswith(f"127.0.0.1:{service.port} serves another certificate (SHA-256 fingerprint ")


def test_nobody_listens(tmp_path, sets):
    service = Service(tmp_path, [sets / "ecdsa"])
    service.stop()
    wrong = served.wait_for(served.Target(service.served(timeout=0.3)), der(sets, "ecdsa"))
    assert wrong == f"127.0.0.1:{service.port} does not answer (Connection refused)"


@pytest.mark.parametrize("protocol", [None, "smtp", "ldap", "postgres", "mysql", "xmpp"])
def test_one_that_says_nothing(sets, protocol, monkeypatch):
    monkeypatch.setattr(served, "ONE_TRY", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        target = served.Target({"host": "127.0.0.1", "port": silent.getsockname()[1], "starttls": protocol})
        assert "does not answer (timed out)" in served.difference(target, der(sets, "ecdsa"))


@pytest.mark.parametrize(
    ("protocol", "said", "reason"),
    [
        (None, b"HTTP/1.0 400 Bad Request\r\n\r\n", "WRONG_VERSION_NUMBER"),
        ("smtp", b"554 go away\x1b[2J\r\n", "the server refuses STARTTLS: 554 go away[2J"),
        ("postgres", b"N", "the server refuses STARTTLS: ssl is off"),
        ("mysql", b"\x05\0\0\0\x0a8\0\0\0", "the server refuses STARTTLS: ssl is off"),
        (
            "ldap",
            b"\x30\x0c\x02\x01\x01\x78\x07\x0a\x01\x02\x04\x00\x04\x00",
            "the server refuses STARTTLS: result code 2",
        ),
        ("imap", b"", "the server refuses STARTTLS: it closed the connection"),
    ],
)
def test_one_that_refuses(sets, protocol, said, reason):
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def answer():
            connection, _address = listener.accept()
            with connection:
                connection.sendall(said)
                connection.shutdown(socket.SHUT_WR)
                while connection.recv(4096):
                    pass

        thread = threading.Thread(target=answer)
        thread.start()
        target = served.Target(
            {"host": "127.0.0.1", "port": listener.getsockname()[1], "starttls": protocol, "timeout": 2}
        )
        assert reason in served.difference(target, der(sets, "ecdsa"))
        thread.join()


def test_a_protocol_that_is_not_known():
    with pytest.raises(StoreError, match="starttls can't be gopher"):
        served.Target({"starttls": "gopher"})


def test_without_a_certificate_nothing_is_compared():
    assert served.der_of(b"nothing") == b""
