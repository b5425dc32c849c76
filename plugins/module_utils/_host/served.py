# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: no promise is made about what is in here.

"""Which certificate a service shows, asked as one of its clients would.

No trust is checked: the only question is whether it is the certificate that was installed. That is
known before a handshake ends, so that services which want a certificate of the client answer, too.
"""

import binascii
import contextlib
import socket
import ssl
import time

from ansible_collections.certfleet.pki.plugins.module_utils._host.errors import StoreError
from ansible_collections.certfleet.pki.plugins.module_utils._host.reading import digest
from ansible_collections.certfleet.pki.plugins.module_utils._host.starttls import PORTS, Wire, ask_for_tls

TYPE_CHECKING = False
if TYPE_CHECKING:
    import typing as t

__all__ = ("Target", "der_of", "difference", "wait_for")

#: How long to look, and how long a single try may take, in seconds.
TIMEOUT = 30
ONE_TRY = 5.0
#: The pauses between two looks, in seconds: from the first to the longest.
_PAUSES = (0.05, 1.0)
_HTTPS = 443
_BEGIN, _END = b"-----BEGIN CERTIFICATE-----", b"-----END CERTIFICATE-----"
#: Every cipher that comes with a certificate, the weak ones of old services included.
_ANY = "ALL:!aNULL:!eNULL:!PSK:!SRP:@SECLEVEL=0"
#: The algorithms of public keys as they are named in a certificate (RFC 3279, RFC 5480). An ECDSA certificate
#: signed with RSA names the former for its issuer's signature only in other words, so the first found counts.
_KINDS = (("rsa", b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01"), ("ecdsa", b"\x2a\x86\x48\xce\x3d\x02\x01"))
#: Up to TLS 1.2 the cipher says which kind of certificate is wanted, from 1.3 on the signature algorithms do.
_CIPHERS = {"rsa": "aRSA:!PSK:!SRP:@SECLEVEL=0", "ecdsa": "aECDSA:@SECLEVEL=0", "ed25519": "aECDSA:@SECLEVEL=0"}
_SIGNATURES = {
    "rsa": "RSA-PSS+SHA256:RSA-PSS+SHA384:RSA-PSS+SHA512",
    "ecdsa": "ECDSA+SHA256:ECDSA+SHA384:ECDSA+SHA512",
    "ed25519": "ed25519",
}
_HANDSHAKE, _CERTIFICATE = 22, 11


class Target:
    """Where to look. Raises StoreError for what can't be asked."""

    def __init__(self, options: dict) -> None:
        self.starttls = options.get("starttls") or None
        if self.starttls is not None and self.starttls not in PORTS:
            known = ", ".join(sorted(PORTS))
            raise StoreError("bad_call", "starttls can't be %s: use one of %s." % (self.starttls, known), "verify")
        self.host = options.get("host") or "localhost"
        self.port = int(options.get("port") or PORTS.get(self.starttls or "", _HTTPS))
        self.server_name = options.get("server_name") or None
        self.timeout = float(options.get("timeout") or TIMEOUT)

    def __str__(self) -> str:
        return ("[%s]:%d" if ":" in self.host else "%s:%d") % (self.host, self.port)


def der_of(pem: bytes) -> bytes:
    """Return the first certificate of a PEM file in DER, nothing if there is none."""
    body = pem.partition(_BEGIN)[2].partition(_END)[0]
    try:
        return binascii.a2b_base64(body)
    except ValueError:
        return b""


def wait_for(target, wanted):
    # type: (Target, bytes) -> str
    """Look until the wanted certificate (DER) is served; return nothing, or what is wrong when the time is over."""
    until = time.monotonic() + target.timeout
    pause = _PAUSES[0]
    while True:
        wrong = difference(target, wanted, until - time.monotonic())
        if not wrong or time.monotonic() + pause >= until:
            return wrong
        time.sleep(pause)
        pause = min(2 * pause, _PAUSES[1])


def difference(target, wanted, patience=ONE_TRY):
    # type: (Target, bytes, float) -> str
    """Look once; return nothing if the wanted certificate (DER) is served, else what is wrong, in words."""
    patience = max(0.1, min(patience, target.timeout, ONE_TRY))
    try:
        found = _fetch(target, patience, _context(_ANY))
    except (OSError, StoreError) as error:
        return "%s does not answer (%s)" % (target, _reason(error))
    kind = _kind(wanted)
    if found != wanted and _kind(found) != kind:  # a service may have certificates of two kinds
        found = _of_kind(target, patience, kind) or found
    if found == wanted:
        return ""
    return "%s serves another certificate (SHA-256 fingerprint %s)" % (target, digest(found))


def _of_kind(target, patience, kind):
    # type: (Target, float, str) -> bytes
    """Return the certificate that is shown to a client which knows no other kind of key."""
    found = b""
    with contextlib.suppress(OSError, StoreError):
        found = _fetch(target, patience, _context(_CIPHERS[kind], before_13=True))
    if found and _kind(found) == kind:
        return found
    from ansible_collections.certfleet.pki.plugins.module_utils._host.s_client import served

    return der_of(served(target, patience, _SIGNATURES[kind])) or found


def _kind(certificate: bytes) -> str:
    places = [(certificate.find(mark), kind) for kind, mark in _KINDS if mark in certificate]
    return min(places)[1] if places else "ed25519"


def _context(ciphers, before_13=False):
    # type: (str, bool) -> ssl.SSLContext
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    with contextlib.suppress(ssl.SSLError):  # the library may know no security levels, or no such cipher
        context.set_ciphers(ciphers)
    versions = getattr(ssl, "TLSVersion", None)
    if versions is not None:
        with contextlib.suppress(ValueError):
            context.minimum_version = versions.MINIMUM_SUPPORTED
        if before_13:
            context.maximum_version = versions.TLSv1_2
    elif before_13:  # Python 3.6
        context.options |= getattr(ssl, "OP_NO_TLSv1_3", 0)
    return context


def _fetch(target, patience, context):
    # type: (Target, float, ssl.SSLContext) -> bytes
    """Return the certificate in DER. Raises OSError (ssl.SSLError is one) or StoreError."""
    until = time.monotonic() + patience
    with socket.create_connection((target.host, target.port), timeout=patience) as connection:
        wire = Wire(connection, until)
        if target.starttls:
            ask_for_tls(wire, target.starttls, target.server_name or "")
        return _handshake(wire, context, target.server_name)


def _handshake(wire, context, server_name):
    # type: (Wire, ssl.SSLContext, t.Optional[str]) -> bytes
    """Go on until the certificate is there: at the end, or where the server wants one of ours and gives up."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = context.wrap_bio(incoming, outgoing, server_hostname=server_name)
    seen = b""
    try:
        while True:
            try:
                tls.do_handshake()
                break
            except ssl.SSLWantReadError:
                wire.send(outgoing.read())
            data = wire.receive()
            if not data:
                raise OSError(None, "it closed the connection")
            seen += data
            incoming.write(data)
    except OSError:
        found = _in_clear(seen)
        if not found:
            raise
        return found
    _part(wire, tls, outgoing)
    return tls.getpeercert(True) or b""


def _part(wire, tls, outgoing):
    # type: (Wire, ssl.SSLObject, ssl.MemoryBIO) -> None
    """Say goodbye, so that the service has nothing to complain about in its log."""
    with contextlib.suppress(OSError):
        with contextlib.suppress(ssl.SSLError):
            tls.unwrap()
        wire.send(outgoing.read())


def _in_clear(seen: bytes) -> bytes:
    """Return the server's certificate from the bytes of a handshake up to TLS 1.2 (RFC 5246, section 7.4.2)."""
    messages = b""
    while len(seen) >= 5 and seen[0] == _HANDSHAKE:
        length = int.from_bytes(seen[3:5], "big")
        messages, seen = messages + seen[5 : 5 + length], seen[5 + length :]
    while len(messages) >= 4:
        length = int.from_bytes(messages[1:4], "big")
        body, kind = messages[4 : 4 + length], messages[0]
        if kind == _CERTIFICATE and len(body) == length:
            return body[6 : 6 + int.from_bytes(body[3:6], "big")]
        messages = messages[4 + length :]
    return b""


def _reason(error: Exception) -> str:
    if isinstance(error, StoreError):
        return error.detail
    if isinstance(error, socket.timeout):
        return "timed out"
    return str(getattr(error, "reason", None) or getattr(error, "strerror", None) or error or type(error).__name__)
