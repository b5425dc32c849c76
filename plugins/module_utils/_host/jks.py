# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: no promise is made about what is in here.

"""Java's own keystore, version 2, without Java.

There is no standard; this is what OpenJDK does in ``sun.security.provider.JavaKeyStore`` (the file) and
``KeyProtector`` (the key). Both lean on SHA-1 and a passphrase that is hashed once: choose a long one.
"""

import binascii
import os
import re
import struct
import time

from ansible_collections.certfleet.pki.plugins.module_utils._host.hashes import sha1
from ansible_collections.certfleet.pki.plugins.module_utils._host.openssl import output_of
from ansible_collections.certfleet.pki.plugins.module_utils._host.reading import read

TYPE_CHECKING = False
if TYPE_CHECKING:
    import typing as t

__all__ = ("new", "opens")

_MAGIC, _VERSION = 0xFEEDFEED, 2
_PRIVATE_KEY = 1
_SALT = 20
_WHITENER = b"Mighty Aphrodite"
#: AlgorithmIdentifier of Sun's key protector, 1.3.6.1.4.1.42.2.17.1.1 with null parameters, in DER.
_PROTECTOR = bytes.fromhex("300e060a2b060104012a021101010500")

_CERTIFICATE = re.compile(b"-----BEGIN CERTIFICATE-----(.*?)-----END CERTIFICATE-----", re.DOTALL)


def new(key_path, chain_path, alias, passphrases):
    # type: (str, str, str, t.Tuple[t.Optional[str], str]) -> bytes
    """Return a keystore with a key and its chain; ``passphrases`` are the key's and the keystore's.

    Java looks for an alias in lower case only, so that is how it is written. Raises StoreError.
    """
    arguments = ["pkcs8", "-topk8", "-nocrypt", "-outform", "DER", "-in", key_path]
    key = output_of(arguments, "keystore", b"", (("-passin", passphrases[0]),))  # in clear in the pipe alone
    chain = [binascii.a2b_base64(match.group(1)) for match in _CERTIFICATE.finditer(read(chain_path) or b"")]
    return _build(alias, key, chain, passphrases[1])


def _build(alias, key, chain, passphrase):
    # type: (str, bytes, t.Sequence[bytes], str) -> bytes
    """Return a keystore with one entry: a private key (PKCS#8 in DER) and its chain (DER), its own certificate first."""
    now_in_ms = int(time.time() * 1000)
    entry = struct.pack(">i", _PRIVATE_KEY) + _text(alias.lower()) + struct.pack(">q", now_in_ms)
    entry += _sized(_protected(key, passphrase)) + struct.pack(">i", len(chain))
    for certificate in chain:
        entry += _text("X.509") + _sized(certificate)
    data = struct.pack(">Iii", _MAGIC, _VERSION, 1) + entry
    return data + _checksum(data, passphrase)


def opens(data, passphrase):
    # type: (bytes, str) -> bool
    """Tell whether the keystore's checksum is that of its content under this passphrase."""
    return len(data) > 20 and _checksum(data[:-20], passphrase) == data[-20:]


def _checksum(data: bytes, passphrase: str) -> bytes:
    return sha1(_java(passphrase) + _WHITENER + data).digest()


def _java(passphrase: str) -> bytes:
    """Return a text as Java keeps it in memory."""
    return passphrase.encode("utf-16-be")


def _protected(key: bytes, passphrase: str) -> bytes:
    """Return an EncryptedPrivateKeyInfo (RFC 5958): salt, the key under a key stream of SHA-1, and a checksum."""
    password, salt = _java(passphrase), os.urandom(_SALT)
    stream, block = b"", salt
    while len(stream) < len(key):
        block = sha1(password + block).digest()
        stream += block
    hidden = bytes(one ^ other for one, other in zip(key, stream))
    secret = salt + hidden + sha1(password + key).digest()
    return _der(0x30, _PROTECTOR + _der(0x04, secret))


def _der(tag: int, content: bytes) -> bytes:
    length = len(content)
    if length < 0x80:
        return bytes((tag, length)) + content
    size = length.to_bytes((length.bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(size))) + size + content


def _text(text: str) -> bytes:
    """Return a text as Java's ``writeUTF`` writes it; ASCII, so that it needs none of its peculiarities."""
    data = text.encode("ascii")
    return struct.pack(">H", len(data)) + data


def _sized(data: bytes) -> bytes:
    return struct.pack(">i", len(data)) + data
