# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: no promise is made about what is in here.

"""The root certificate, pinned by its fingerprint, and the certificates that the CA shows."""

from __future__ import annotations

import re
import socket
import ssl
import typing as t
from urllib.parse import urlsplit

from ansible_collections.certfleet.pki.plugins.module_utils._authorities._base import Login, Tokens
from ansible_collections.certfleet.pki.plugins.module_utils._errors import Misconfigured, PkiError, Unavailable
from ansible_collections.certfleet.pki.plugins.module_utils._http import Http, retry_after
from ansible_collections.certfleet.pki.plugins.module_utils._http_tls import tls_context
from ansible_collections.certfleet.pki.plugins.module_utils._pem import split_pem
from ansible_collections.certfleet.pki.plugins.module_utils._step._errors import AUTHORITY
from ansible_collections.certfleet.pki.plugins.module_utils._x509 import read_certificate

__all__ = ("canonical_fingerprint", "pinned_root", "shown_chain")

Options = t.Mapping[str, t.Any]
_CONNECT_LIMIT = 5.0


def canonical_fingerprint(text: str) -> str:
    """Return a SHA-256 fingerprint in lower-case hex, whatever separates its bytes. Raises Misconfigured."""
    plain = re.sub(r"[\s:]", "", text).lower()
    if not re.fullmatch(r"[0-9a-f]{64}", plain):
        raise Misconfigured(
            "fingerprint must be the SHA-256 fingerprint of the root certificate, 64 hexadecimal digits.",
            authority=AUTHORITY,
        )
    return plain


def pinned_root(options: Options, *, url: str, fingerprint: str, tokens: Tokens) -> str:
    """Return the root certificate with this fingerprint, asked for once in a run (GET ``/root/FINGERPRINT``).

    The connection is not verified, for there is nothing yet to verify it with: the fingerprint does that,
    also for what others have put among the tokens. Raises Misconfigured, Unavailable.
    """
    key = f"{AUTHORITY}:root:{url}:{fingerprint}"
    login = tokens.get(key, lambda: Login(_fetched_root(options, url, fingerprint)))
    return _checked(login.token, url, fingerprint)


def _fetched_root(options: Options, url: str, fingerprint: str) -> str:
    http = Http({**options, "validate_certs": False}, authority=AUTHORITY)
    try:
        response = http.request("GET", f"{url}/root/{fingerprint}")
    finally:
        http.close()
    try:
        answer = response.json()
    except ValueError:
        answer = None
    pem = answer.get("ca") if isinstance(answer, dict) else None
    if response.status_code == 429 or response.status_code >= 500:
        raise Unavailable(
            f"{url} could not serve the request for its root certificate; try again later.",
            authority=AUTHORITY,
            http_status=response.status_code,
            retry_after=retry_after(response),
        )
    return _checked(str(pem or ""), url, fingerprint)


def _checked(pem: str, url: str, fingerprint: str) -> str:
    for one in split_pem(pem)[:1]:
        if read_certificate(one).fingerprint_sha256 == fingerprint:
            return one
    raise Misconfigured(
        f"The CA at {url} has no root certificate with the given fingerprint; correct fingerprint or url, "
        "and if both are right, somebody else answers there.",
        authority=AUTHORITY,
    )


def shown_chain(url: str, trust: Options) -> t.Optional[t.Tuple[str, ...]]:
    """Return the CA certificates that come with the server's own in the TLS handshake, which step-ca issues itself.

    Only for servers too old for GET ``/intermediates``. None where it can't be told: Python before 3.10, a proxy.
    """
    parts = urlsplit(url)
    if trust.get("proxy") or parts.scheme != "https":
        return None
    address = (parts.hostname or "", parts.port or 443)
    try:
        with socket.create_connection(address, timeout=_CONNECT_LIMIT) as plain, tls_context(trust).wrap_socket(
            plain, server_hostname=parts.hostname
        ) as connection:
            shown = _certificates(connection)
    except (OSError, PkiError):
        return None
    return tuple(pem for pem in shown[1:] if read_certificate(pem).is_ca) if shown else None


def _certificates(connection: t.Any) -> t.List[str]:
    """Return what the other side has shown; public since Python 3.13, there since 3.10."""
    if hasattr(connection, "get_unverified_chain"):
        return [ssl.DER_cert_to_PEM_cert(der) for der in connection.get_unverified_chain()]
    shown: t.Any = getattr(getattr(connection, "_sslobj", None), "get_unverified_chain", tuple)()
    return [certificate.public_bytes() for certificate in shown or ()]
