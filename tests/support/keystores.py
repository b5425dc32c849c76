# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reads keystores with programs that have nothing to do with ours: Java's keytool, openssl, cryptography."""

from __future__ import annotations

import subprocess
import tempfile
import typing as t
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, pkcs12

from ansible_collections.certfleet.pki.tests.support.servers import plain_environment, program

__all__ = ("Entry", "keytool", "keytool_opens", "openssl_info", "read_with_cryptography", "read_with_keytool")

#: What keytool writes for us to read, and nobody keeps.
_OTHER_PASSPHRASE = "made by keytool"


class Entry(t.NamedTuple):
    """What a keystore holds: alias, key (PKCS#8 in PEM, not encrypted), the certificates in PEM."""

    alias: str
    key: str
    chain: t.Tuple[str, ...]


def read_with_cryptography(path: Path, passphrase: str) -> Entry:
    """Read a PKCS#12 file."""
    found = pkcs12.load_pkcs12(path.read_bytes(), passphrase.encode())
    if found.key is None or found.cert is None:
        raise ValueError(f"{path} has no key or no certificate")
    key = found.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    others = (_pem(other.certificate) for other in found.additional_certs)
    return Entry((found.cert.friendly_name or b"").decode(), key.decode(), (_pem(found.cert.certificate), *others))


def _pem(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(Encoding.PEM).decode()


def read_with_keytool(path: Path, passphrase: str, alias: str, *, kind: str) -> Entry:
    """Have Java read the entry ``alias`` of a keystore (``kind`` JKS or PKCS12), and write another that we can read."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder, "copy.p12")
        keytool(
            *("-importkeystore", "-srckeystore", str(path), "-srcstoretype", kind, "-srcstorepass", passphrase),
            *("-srcalias", alias, "-destkeystore", str(copy), "-deststoretype", "PKCS12"),
            *("-deststorepass", _OTHER_PASSPHRASE),
        )
        return read_with_cryptography(copy, _OTHER_PASSPHRASE)


def keytool_opens(path: Path, passphrase: str) -> bool:
    """Tell whether keytool lists the keystore; it asks for no more than its checksum."""
    return _run_keytool("-list", "-keystore", str(path), "-storepass", passphrase).returncode == 0


def keytool(*arguments: str) -> str:
    """Run keytool and return what it prints; without it the test fails in CI and is skipped elsewhere."""
    done = _run_keytool(*arguments)
    if done.returncode != 0:
        raise RuntimeError(done.stdout)
    return done.stdout


def _run_keytool(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [program("keytool", package="default-jre-headless"), "-J-Xshare:auto", "-J-XX:TieredStopAtLevel=1"]
    return subprocess.run(
        [*command, *arguments],
        env=plain_environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=120,
        check=False,
    )


def openssl_info(path: Path, passphrase: str) -> str:
    """Return what openssl says about the protection of a PKCS#12 file, and its key and certificates in PEM."""
    command = ["openssl", "pkcs12", "-info", "-nodes", "-in", str(path), "-passin", "stdin"]
    done = subprocess.run(
        command, input=f"{passphrase}\n", stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    if done.returncode != 0:
        raise RuntimeError(done.stdout)
    return done.stdout
