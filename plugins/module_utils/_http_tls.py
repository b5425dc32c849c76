# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: no promise is made about what is in here.
"""TLS for `_http`: a context that trusts what the options say and nothing besides."""

from __future__ import annotations

import os
import re
import ssl
import typing as t

try:
    import certifi
    import urllib3
    from requests.adapters import HTTPAdapter
except ImportError:  # _http reports it
    HTTPAdapter = object  # type: ignore[assignment,misc]

from ansible_collections.certfleet.pki.plugins.module_utils._errors import Misconfigured

__all__ = ("CLIENT_CERTIFICATE", "ContextAdapter", "tls_context")

#: Options of a login with a TLS client certificate.
CLIENT_CERTIFICATE: t.Mapping[str, t.Mapping[str, t.Any]] = {
    "certificate": {
        "type": "path",
        "required": True,
        "description": ["File, where the call to the CA is made, with the certificate, in PEM."],
    },
    "private_key": {
        "type": "path",
        "required": True,
        "no_log": False,
        "description": ["File, where the call to the CA is made, with its key, in PEM, not encrypted."],
    },
}


class ContextAdapter(HTTPAdapter):
    """Uses one given context for every connection, also behind a proxy; `requests` adds no trust of its own."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self._context = context
        super().__init__()

    def init_poolmanager(self, *args: t.Any, **kwargs: t.Any) -> None:
        super().init_poolmanager(*args, ssl_context=self._context, **kwargs)

    def proxy_manager_for(self, proxy: str, **kwargs: t.Any) -> t.Any:
        return super().proxy_manager_for(proxy, ssl_context=self._context, **kwargs)

    def cert_verify(self, conn: t.Any, url: str, verify: t.Any, cert: t.Any) -> None:
        conn.cert_reqs = "CERT_REQUIRED" if verify else "CERT_NONE"


def tls_context(
    options: t.Mapping[str, t.Any], *, client_certificate: t.Optional[t.Tuple[str, str]] = None
) -> ssl.SSLContext:
    """Return a context made from ``ca_bundle`` (path or PEM text) and ``validate_certs``. Raises Misconfigured.

    ``client_certificate`` is (certificate, key), both paths; the key must not be encrypted.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if options.get("validate_certs") is False:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    else:
        # urllib3 1 compares the name itself, and fails for IP addresses if the context is to do it.
        context.check_hostname = not urllib3.__version__.startswith("1.")  # type: ignore[attr-defined]
        _load_trust(context, options.get("ca_bundle"))
    if client_certificate:
        _load_client_certificate(context, *client_certificate)
    return context


def _load_trust(context: ssl.SSLContext, bundle: t.Optional[str]) -> None:
    if not bundle:
        _load_usual_trust(context)
    elif "-----BEGIN" in bundle:
        _load(context, "The PEM text", cadata=bundle)
    else:
        path = os.path.expanduser(bundle)
        _load(context, path, **{"capath" if os.path.isdir(path) else "cafile": path})


def _load_usual_trust(context: ssl.SSLContext) -> None:
    """Use the system's trust store, or certifi's if the system has none.

    From a folder with hashed names OpenSSL reads only what it needs; a bundle takes some 90 ms to read.
    """
    paths = ssl.get_default_verify_paths()
    chosen = os.environ.get(paths.openssl_cafile_env) or os.environ.get(paths.openssl_capath_env)
    if not chosen and paths.capath and _is_hashed(paths.capath):
        context.load_verify_locations(capath=paths.capath)
    elif chosen or paths.cafile or paths.capath:
        context.set_default_verify_paths()
    else:
        context.load_verify_locations(certifi.where())


def _is_hashed(folder: str) -> bool:
    try:
        with os.scandir(folder) as entries:
            return any(re.fullmatch(r"[0-9a-f]{8}\.0", entry.name) for entry in entries)
    except OSError:
        return False


def _load(context: ssl.SSLContext, source: str, **where: str) -> None:
    try:
        context.load_verify_locations(**where)
    except ssl.SSLError:
        raise Misconfigured(f"{source} given as ca_bundle holds no certificate; give PEM certificates.") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "it can't be read"
        raise Misconfigured(f"{source} given as ca_bundle can't be used: {reason}.") from None


def _load_client_certificate(context: ssl.SSLContext, certificate: str, key: str) -> None:
    try:
        # Without the callback, OpenSSL would ask for the passphrase on the terminal.
        context.load_cert_chain(os.path.expanduser(certificate), os.path.expanduser(key), password=lambda: "")
    except ssl.SSLError:
        raise Misconfigured(
            f"{certificate} and {key} are no certificate with its own, unencrypted key in PEM; correct one of them."
        ) from None
    except OSError as error:
        raise Misconfigured(f"{certificate} or {key} can't be read: {error.strerror}.") from None
