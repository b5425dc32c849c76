# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: no promise is made about what is in here.

"""Sign with a key that stays on its host, such as a certificate's own to have it revoked."""

import binascii
import contextlib

from ansible_collections.certfleet.pki.plugins.module_utils._host import openssl
from ansible_collections.certfleet.pki.plugins.module_utils._host.errors import StoreError, from_anything
from ansible_collections.certfleet.pki.plugins.module_utils._host.pair import is_encrypted
from ansible_collections.certfleet.pki.plugins.module_utils._host.reading import UNUSABLE, read

TYPE_CHECKING = False
if TYPE_CHECKING:
    import typing as t

__all__ = ("run",)

#: Algorithms of RFC 7518, section 3.1, and their digests.
DIGESTS = {"RS256": "sha256", "ES256": "sha256", "ES384": "sha384", "ES512": "sha512"}


def run(wanted):
    # type: (t.List[dict]) -> t.List[dict]
    """Return ``{"signature"}`` (base64) or ``{"error"}`` for each; one that fails does not stop the others."""
    return [_answer(entry) for entry in wanted]


def _answer(entry):
    # type: (dict) -> dict
    try:
        return {"signature": binascii.b2a_base64(_signature(entry), newline=False).decode("ascii")}
    except Exception as error:
        return {"error": from_anything(error, "sign").as_dict()}


def _decoded(text):
    # type: (str) -> bytes
    """Return the data; Python's decoder skips what is not base64, and something else would be signed."""
    with contextlib.suppress(ValueError):
        data = binascii.a2b_base64(text.encode("ascii"))
        if data and binascii.b2a_base64(data, newline=False).decode("ascii") == text:
            return data
    raise StoreError("bad_call", "The data to sign must be in base64.")


def _signature(entry):
    # type: (dict) -> bytes
    path, passphrase = entry.get("private_key_path") or "", entry.get("passphrase")
    digest = DIGESTS.get(entry.get("algorithm") or "")
    if digest is None:
        raise StoreError("bad_call", "The algorithm to sign with must be one of %s." % ", ".join(sorted(DIGESTS)))
    data = _decoded(entry.get("data") or "")
    key = read(path, follow=True) if path.startswith("/") else None
    if not key or key == UNUSABLE:
        raise StoreError("key_missing", "There is no private key in %s: give the path of one." % (path or "no path"))
    if is_encrypted(key) and not passphrase:  # openssl would ask for it on the terminal
        raise StoreError("key_encrypted", "The private key %s needs its passphrase: give it." % path)
    return openssl.signature(path, passphrase, digest, data)
