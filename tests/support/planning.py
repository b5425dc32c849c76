# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the planner's tests are made of: a wanted certificate, one that fits it, and the host that holds it.

Certificates are plain values here, so that thousands of plans cost little; ``_observed`` has tests with real ones.
"""

from __future__ import annotations

import hashlib
import typing as t
from datetime import datetime, timedelta, timezone

from ansible_collections.certfleet.pki.plugins.module_utils._model import KeyParameters, Names
from ansible_collections.certfleet.pki.plugins.module_utils._wanted import Wanted
from ansible_collections.certfleet.pki.plugins.module_utils._x509 import CertificateFacts
from ansible_collections.certfleet.pki.plugins.plugin_utils._observed import Observed, OpenRequest, StoredSet
from ansible_collections.certfleet.pki.plugins.plugin_utils._order import install_record, order_hash
from ansible_collections.certfleet.pki.plugins.plugin_utils._plan import Plan, plan

__all__ = (
    "AUTHORITY",
    "DAY",
    "NOW",
    "installed",
    "make_facts",
    "make_plan",
    "make_wanted",
    "open_request",
    "record_for",
    "stored",
)

NOW = datetime(2026, 11, 22, 12, 0, 0, tzinfo=timezone.utc)
DAY = timedelta(days=1)
AUTHORITY = "vault:https://vault.example.com:8200/pki_int/web"
P256 = KeyParameters("ecdsa", 256, "P-256")


def make_wanted(**changes: t.Any) -> Wanted:
    """Return a wanted certificate for www.example.com."""
    given: t.Dict[str, t.Any] = {
        "name": "web",
        "names": Names(dns=("www.example.com",)),
        "common_name": "www.example.com",
        "key": P256,
        "directory": "/etc/certfleet/web",
    }
    return Wanted(**{**given, **changes})


def make_facts(wanted: t.Optional[Wanted] = None, **changes: t.Any) -> CertificateFacts:
    """Return a certificate that fits ``wanted``, issued ten days ago for ninety days."""
    wanted = wanted or make_wanted()
    given: t.Dict[str, t.Any] = {
        "pem": "-----BEGIN CERTIFICATE-----\n",
        "subject": f"CN={wanted.common_name}",
        "issuer": "CN=Issuing",
        "common_name": wanted.common_name,
        "subject_pairs": wanted.subject,
        "names": wanted.names,
        "extended_key_usage": wanted.extended_key_usage or ("server_auth",),
        "serial_number": "0a1b",
        "public_key_sha256": "c" * 64,
        "authority_key_id": "aa",
        "subject_key_id": "bb",
        "not_before": NOW - 10 * DAY,
        "not_after": NOW + 80 * DAY,
        "key": wanted.key,
        "self_signed": False,
        "signature_hash": "sha256",
        "is_ca": False,
    }
    given.update(changes)
    fingerprint = hashlib.sha256(repr(sorted(given.items(), key=lambda item: item[0])).encode()).hexdigest()
    return CertificateFacts(**{"fingerprint_sha256": fingerprint, "fingerprint_sha1": fingerprint[:40], **given})


def record_for(wanted: Wanted, facts: CertificateFacts, **changes: t.Any) -> t.Dict[str, t.Any]:
    """Return the record of a certificate that was ordered for ``wanted`` from AUTHORITY."""
    record = install_record(
        wanted=wanted,
        order_hash=order_hash(wanted, AUTHORITY),
        facts=facts,
        authority="vault",
        authority_id=AUTHORITY,
        request_id="41",
    )
    return {**record, **changes}


def stored(wanted: t.Optional[Wanted] = None, **changes: t.Any) -> StoredSet:
    """Return a set that fits ``wanted``, without a record."""
    return StoredSet(**{"certificate": make_facts(wanted), **changes})


def installed(
    wanted: t.Optional[Wanted] = None, *, record: t.Optional[t.Mapping[str, t.Any]] = None, **changes: t.Any
) -> Observed:
    """Return a host where a certificate for ``wanted`` is installed and recorded; ``record`` entries win."""
    wanted = wanted or make_wanted()
    facts = changes.pop("certificate", None) or make_facts(wanted)
    given = {"name": wanted.name, "directory": wanted.directory, "current": "20261112T120000Z-5f3a"}
    return Observed(**{**given, "certificate": facts, "record": record_for(wanted, facts, **(record or {})), **changes})


def open_request(wanted: t.Optional[Wanted] = None, **changes: t.Any) -> OpenRequest:
    """Return a request for ``wanted`` that the CA is thinking about, with a new key."""
    given: t.Dict[str, t.Any] = {
        "order_hash": order_hash(wanted or make_wanted(), AUTHORITY),
        "status": "pending",
        "request_id": "42",
        "request_token": "f00d",
        "csr_pem": "-----BEGIN CERTIFICATE REQUEST-----\n",
        "public_key_sha256": "d" * 64,
        "created_at": NOW - DAY,
    }
    return OpenRequest(**{**given, **changes})


def make_plan(observed: Observed, wanted: t.Optional[Wanted] = None, **changes: t.Any) -> Plan:
    """Return the plan for what is observed, at NOW, with AUTHORITY."""
    wanted = wanted or make_wanted()
    authority = changes.pop("authority_identity", AUTHORITY)
    given: t.Dict[str, t.Any] = {
        "order_hash": order_hash(wanted, authority),
        "authority_identity": authority,
        "now": NOW,
    }
    return plan(wanted=wanted, observed=observed, **{**given, **changes})
