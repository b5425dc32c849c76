# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: no promise is made about what is in here.

"""An open request: what ``pending/`` holds, and the lease that keeps two controllers apart."""

import time

from ansible_collections.certfleet.pki.plugins.module_utils._host.errors import StoreError
from ansible_collections.certfleet.pki.plugins.module_utils._host.reading import exists, read, read_json, text

TYPE_CHECKING = False
if TYPE_CHECKING:
    import typing as t

    from ansible_collections.certfleet.pki.plugins.module_utils._host.layout import Store

__all__ = ("check_free", "check_lease", "is_fulfilled", "open_request", "read_lease", "read_request")


def read_request(store):
    # type: (Store) -> t.Optional[dict]
    """Return request.json, None unless its key and CSR are there as well."""
    request = read_json(store.request)
    if request is None or not text(read(store.request_csr)) or not exists(store.request_key):
        return None
    return request


def open_request(store, record):
    # type: (Store, t.Optional[dict]) -> t.Optional[dict]
    """Return what an answer tells of the open request; None when the record already holds its certificate."""
    request = read_request(store)
    if request is None or is_fulfilled(request, record):
        return None
    return dict(request, csr_pem=text(read(store.request_csr)), lease=read_lease(store))


def is_fulfilled(request, record):
    # type: (t.Optional[dict], t.Optional[dict]) -> bool
    """Tell whether the installed certificate is the answer to this request."""
    token = (request or {}).get("request_token")
    return token is not None and (record or {}).get("request_token") == token


def read_lease(store):
    # type: (Store) -> t.Optional[dict]
    """Return the lease: ``token``, ``owner``, ``taken_at`` and ``expires`` (seconds since 1970)."""
    lease = read_json(store.lease)
    return lease if lease is not None and isinstance(lease.get("expires"), (int, float)) else None


def check_lease(store, token, breaks=None):
    # type: (Store, t.Optional[str], t.Optional[str]) -> None
    """Raise ``lost_lease`` or ``leased`` when somebody else holds a lease that has not run out."""
    lease = _held(store, token, breaks)
    if lease is not None:
        raise StoreError("leased" if token is None else "lost_lease", _told(lease), "lease")


def check_free(store, token, breaks=None):
    # type: (Store, t.Optional[str], t.Optional[str]) -> None
    """Raise ``leased`` when another run works on this certificate; for runs that have taken no lease."""
    lease = _held(store, token, breaks)
    if lease is not None:
        raise StoreError("leased", _told(lease), "lease")


def _held(store, *allowed):
    # type: (Store, t.Optional[str]) -> t.Optional[dict]
    lease = read_lease(store)
    if lease is None or lease.get("token") in allowed or lease["expires"] <= time.time():
        return None
    return lease


def _told(lease: dict) -> str:
    until = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(lease["expires"]))
    return "%s works on this certificate until %s: run again then." % (lease.get("owner") or "Another run", until)
