# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: no promise is made about what is in here.
"""What went wrong on the way to a CA, in one sentence, from what `requests` raised.

The libraries' own texts are not passed on: they quote header values and proxies with passwords.
"""

from __future__ import annotations

import socket
import ssl
import typing as t
from urllib.parse import urlsplit

try:
    from requests import exceptions
    from urllib3 import exceptions as lower
except ImportError:  # _http reports it
    exceptions = None  # type: ignore[assignment]

from ansible_collections.certfleet.pki.plugins.module_utils._errors import Misconfigured, PkiError, Unavailable

__all__ = ("NothingSent", "explain", "safe_url")


class NothingSent(Unavailable):
    """No connection came about, so trying again can do no harm whatever the request."""


def safe_url(url: str) -> str:
    """Return a URL without user, password, query and fragment."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    return f"{parts.scheme}://{host}{parts.path}" if host else parts.path


def explain(error: Exception, *, url: str, timeout: float, authority: str, proxied: bool) -> PkiError:
    """Return the PkiError that stands for what `requests` raised for ``url`` within ``timeout`` seconds."""
    server = _server(url)
    through = " through the proxy" if proxied else ""
    if isinstance(error, exceptions.SSLError):
        return _tls(error, server=server, authority=authority)
    if isinstance(error, exceptions.ProxyError):
        return NothingSent(
            f"The proxy on the way to {server} can't be used; check proxy and the proxy variables.",
            detail=_reason(error),
            authority=authority,
        )
    if isinstance(error, (exceptions.InvalidHeader, UnicodeError)):
        return Misconfigured(
            "A credential or option holds characters that can't be sent, such as a line break; correct it.",
            authority=authority,
        )
    if isinstance(error, (exceptions.Timeout, lower.TimeoutError, socket.timeout)):
        kind: t.Type[PkiError] = NothingSent if isinstance(error, exceptions.ConnectTimeout) else Unavailable
        return kind(f"{server} did not answer{through} within {timeout:g} seconds.", authority=authority)
    if isinstance(error, (exceptions.ConnectionError, exceptions.ChunkedEncodingError, lower.ProtocolError, OSError)):
        return _connection(error, server=server, through=through, authority=authority)
    return Misconfigured(f"{server} can't be asked; check its address and proxy.", authority=authority)


def _server(url: str) -> str:
    parts = urlsplit(url)
    return safe_url(f"{parts.scheme}://{parts.netloc}")


def _connection(error: Exception, *, server: str, through: str, authority: str) -> PkiError:
    causes = list(_causes(error))
    unsent = any(isinstance(cause, (ConnectionRefusedError, socket.gaierror)) for cause in causes)
    unsent = unsent or any(type(cause).__name__ in ("NewConnectionError", "NameResolutionError") for cause in causes)
    kind = NothingSent if unsent else Unavailable
    reason = _reason(error)
    return kind(
        f"{server} can't be reached{through}{': ' + reason if reason else ''}; try again, or check its address.",
        detail=reason,
        authority=authority,
    )


def _tls(error: Exception, *, server: str, authority: str) -> PkiError:
    text = str(error)
    reason = _reason(error)
    if "CERTIFICATE_VERIFY_FAILED" in text or "doesn't match" in text:
        if "ostname mismatch" in text or "IP address mismatch" in text or "doesn't match" in text:
            message = f"The TLS certificate of {server} is for another name; use the right name in its address."
        else:
            message = f"The TLS certificate of {server} can't be verified; give the CA that signed it in ca_bundle."
        return Misconfigured(message, detail=reason, authority=authority)
    if "WRONG_VERSION_NUMBER" in text or "RECORD_LAYER_FAILURE" in text or "HTTP_REQUEST" in text:
        return Misconfigured(f"{server} does not speak TLS; check its address.", detail=reason, authority=authority)
    return Unavailable(f"The TLS connection to {server} failed; try again.", detail=reason, authority=authority)


def _causes(error: t.Optional[BaseException]) -> t.Iterator[BaseException]:
    """Yield the error and what is inside it, from the outside in."""
    seen: t.List[BaseException] = []
    while error is not None and error not in seen:
        seen.append(error)
        yield error
        inside = [getattr(error, "reason", None), *error.args, error.__cause__, error.__context__]
        error = next((one for one in inside if isinstance(one, BaseException) and one not in seen), None)


def _reason(error: Exception) -> str:
    """Return the operating system's or OpenSSL's own words, or nothing."""
    for cause in _causes(error):
        if isinstance(cause, ssl.SSLCertVerificationError):
            return str(cause.verify_message or "certificate verify failed")
        if isinstance(cause, ssl.SSLError):
            return str(cause.reason or "TLS error").replace("_", " ").lower()
        if isinstance(cause, OSError) and not isinstance(cause, exceptions.RequestException) and cause.strerror:
            return cause.strerror
    return ""
