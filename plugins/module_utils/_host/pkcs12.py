# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: no promise is made about what is in here.

"""PKCS#12 files (RFC 7292): made by the host's ``openssl``; whether a passphrase opens one tells its MAC, here."""

from ansible_collections.certfleet.pki.plugins.module_utils._host.errors import StoreError
from ansible_collections.certfleet.pki.plugins.module_utils._host.hashes import sha1, sha256
from ansible_collections.certfleet.pki.plugins.module_utils._host.openssl import output_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    import typing as t

__all__ = ("new", "opens")

#: How a PKCS#12 file is protected: ``legacy`` is the best that Windows, macOS and Java knew before 2020.
_PROTECTIONS = {
    "modern": ["-keypbe", "AES-256-CBC", "-certpbe", "AES-256-CBC", "-macalg", "sha256"],
    "legacy": ["-keypbe", "PBE-SHA1-3DES", "-certpbe", "PBE-SHA1-3DES", "-macalg", "sha1"],
}
_BLOCK = 64  # bytes, of both hashes
_SEQUENCE, _OCTETS, _INTEGER = 0x30, 0x04, 0x02
_HASHES = {
    bytes.fromhex("2b0e03021a"): sha1,
    bytes.fromhex("608648016503040201"): sha256,
}
#: Ours have 2048 (OpenSSL's default); more than this would take seconds.
_MOST_ROUNDS = 1000000


def new(key_path, chain_path, alias, encryption, passphrases):
    # type: (str, str, str, str, t.Tuple[t.Optional[str], str]) -> bytes
    """Return a file with a key and its chain; ``passphrases`` are the key's and the file's. Raises StoreError."""
    if encryption not in _PROTECTIONS:
        known = " or ".join(sorted(_PROTECTIONS))
        raise StoreError("bad_call", "pkcs12_encryption %s is not known: use %s." % (encryption, known), "keystore")
    arguments = ["pkcs12", "-export", "-inkey", key_path, "-in", chain_path, "-name", alias]
    secrets = (("-passin", passphrases[0]), ("-passout", passphrases[1]))
    made = output_of(arguments + _PROTECTIONS[encryption], "keystore", b"", secrets)
    if not opens(made, passphrases[1]):  # or every run would make another
        detail = "openssl made a PKCS#12 file of an unknown kind: update openssl on the host."
        raise StoreError("openssl_failed", detail, "keystore")
    return made


def opens(data, passphrase):
    # type: (bytes, str) -> bool
    """Tell whether the file's MAC is that of its content under this passphrase.

    False for what is no PKCS#12 file, or none of the kind that ``openssl pkcs12`` writes for us.
    """
    try:
        content, algorithm, mac, salt, rounds = _parts(data)
    except (IndexError, ValueError):
        return False
    function = _HASHES.get(algorithm)
    if function is None or not salt or not 0 < rounds <= _MOST_ROUNDS:
        return False
    return _hmac(function, _mac_key(function, passphrase, salt, rounds), content) == mac


def _parts(data):
    # type: (bytes) -> t.Tuple[bytes, bytes, bytes, bytes, int]
    """Return the authenticated content, the MAC's algorithm (OID), value, salt and rounds (RFC 7292, section 4)."""
    _version, safe, authentication = _children(_content(data, _SEQUENCE))[:3]
    content = _content(_children(safe[1])[1][1], _OCTETS)
    fields = _children(authentication[1])
    algorithm, mac = _children(fields[0][1])
    rounds = int.from_bytes(fields[2][1], "big") if len(fields) > 2 else 1
    return content, _children(algorithm[1])[0][1], mac[1], fields[1][1], rounds


def _content(data, tag):
    # type: (bytes, int) -> bytes
    (found,) = _children(data)
    if found[0] != tag:
        raise ValueError("another type")
    return found[1]


def _children(data):
    # type: (bytes) -> t.List[t.Tuple[int, bytes]]
    """Split DER into (tag, content). Raises IndexError or ValueError."""
    found = []
    position = 0
    while position < len(data):
        tag, length = data[position], data[position + 1]
        position += 2
        if length >= 0x80:
            size = length & 0x7F
            length = int.from_bytes(data[position : position + size], "big")
            position += size
        if position + length > len(data):
            raise ValueError("cut short")
        found.append((tag, data[position : position + length]))
        position += length
    return found


def _mac_key(function, passphrase, salt, rounds):
    # type: (t.Any, str, bytes, int) -> bytes
    """Return the key for the MAC (RFC 7292, appendix B.2 with ID 3): it is one hash long, so one pass does."""
    block = b"\3" * _BLOCK + _filled(salt) + _filled((passphrase + "\0").encode("utf-16-be"))
    for _round in range(rounds):
        block = function(block).digest()
    return block


def _filled(data: bytes) -> bytes:
    """Repeat the data until it fills whole blocks."""
    length = -(-len(data) // _BLOCK) * _BLOCK
    return (data * (length // len(data) + 1))[:length]


def _hmac(function, key, data):
    # type: (t.Any, bytes, bytes) -> bytes
    """RFC 2104, with a key shorter than a block; the module ``hmac`` would load OpenSSL."""
    key = key.ljust(_BLOCK, b"\0")
    inner = function(bytes(byte ^ 0x36 for byte in key) + data).digest()
    return bytes(function(bytes(byte ^ 0x5C for byte in key) + inner).digest())
