# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: no promise is made about what is in here.

"""Whether a key and a certificate belong together, asked of the interpreter's own OpenSSL."""

import contextlib

from ansible_collections.certfleet.pki.plugins.module_utils._host.errors import StoreError
from ansible_collections.certfleet.pki.plugins.module_utils._host.reading import read

TYPE_CHECKING = False
if TYPE_CHECKING:
    import typing as t

__all__ = ("check_pair", "is_encrypted", "key_state")

#: OpenSSL's words for a key of another certificate, in its releases from 1.0.2 on.
_MISMATCH = (
    "KEY_VALUES_MISMATCH",
    "KEY_TYPE_MISMATCH",
    "NO_CERTIFICATE_ASSIGNED",
    "NO_PRIVATE_KEY_ASSIGNED",
)


def is_encrypted(key: bytes) -> bool:
    """Tell whether a PEM key needs a passphrase (PKCS#8, RFC 5958, or the traditional form)."""
    return b"ENCRYPTED" in key


def key_state(key_path, certificate_path, passphrase, follow=False):
    # type: (str, str, t.Optional[str], bool) -> t.Dict[str, t.Any]
    """Return ``state`` (ok, missing, unreadable, encrypted, mismatch), ``detail`` and ``encrypted`` of a key.

    Without a readable certificate the key is ``ok`` as far as can be told.
    """
    key = read(key_path, follow)
    if key is None:
        return dict(_state("missing", "There is no key."), encrypted=None)
    found = _examine(key, key_path, certificate_path, passphrase, follow)
    return dict(found, encrypted=is_encrypted(key))


def _examine(key, key_path, certificate_path, passphrase, follow):
    # type: (bytes, str, str, t.Optional[str], bool) -> t.Dict[str, str]
    if b"PRIVATE KEY-----" not in key:
        return _state("unreadable", "The key file holds no key in PEM form.")
    if is_encrypted(key) and not passphrase:
        return _state("encrypted", "The key is protected by a passphrase, and none was given.")
    certificate = read(certificate_path, follow) or b""
    if not _is_readable(certificate):
        return _state("ok", "Not compared: there is no readable certificate.")
    return _compare(key_path, certificate_path, passphrase, is_encrypted(key))


def check_pair(key_path, certificate_path, passphrase):
    # type: (str, str, t.Optional[str]) -> None
    """Raise StoreError unless the certificate is readable and the key belongs to it."""
    if not _is_readable(read(certificate_path) or b""):
        raise StoreError(
            "bad_certificate", "The certificate can't be read: give one certificate in PEM form.", "verify"
        )
    found = key_state(key_path, certificate_path, passphrase)
    if found["state"] != "ok":
        code = "key_mismatch" if found["state"] == "mismatch" else "key_" + found["state"]
        raise StoreError(code, "%s Nothing was installed." % found["detail"], "verify")


def _state(state: str, detail: str = "") -> dict:
    return {"state": state, "detail": detail}


def _ssl():
    # type: () -> t.Any
    try:
        import ssl
    except ImportError:
        raise StoreError(
            "no_ssl", "The host's Python lacks the ssl module: use another interpreter.", "verify"
        ) from None
    return ssl


def _is_readable(certificate: bytes) -> bool:
    ssl = _ssl()
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cadata=certificate.decode("ascii"))
    except (ssl.SSLError, ValueError):
        return False
    return True


def _compare(key_path, certificate_path, passphrase, encrypted):
    # type: (str, str, t.Optional[str], bool) -> t.Dict[str, str]
    ssl = _ssl()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with contextlib.suppress(ssl.SSLError):  # small keys are the policy's business, not ours
        context.set_ciphers("ALL:@SECLEVEL=0")
    try:
        context.load_cert_chain(certificate_path, key_path, lambda: passphrase or "")
    except ssl.SSLError as error:
        if getattr(error, "reason", None) in _MISMATCH:
            return _state("mismatch", "The key belongs to another certificate.")
        if encrypted:
            return _state("encrypted", "The passphrase does not open the key.")
        return _state("unreadable", "The key can't be read.")
    except ValueError:
        return _state("encrypted", "The passphrase does not open the key.")
    return _state("ok")
