# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: no promise is made about what is in here.

"""What the host is asked to do for each certificate."""

from __future__ import annotations

import typing as t

from ansible_collections.certfleet.pki.plugins.module_utils._csr_config import render_csr_config
from ansible_collections.certfleet.pki.plugins.module_utils._wanted_keystores import Keystores
from ansible_collections.certfleet.pki.plugins.module_utils._x509 import CertificateFacts
from ansible_collections.certfleet.pki.plugins.plugin_utils._case import Case
from ansible_collections.certfleet.pki.plugins.plugin_utils._order import install_record, recorded_request
from ansible_collections.certfleet.pki.plugins.plugin_utils._plan import Consequence
from ansible_collections.certfleet.pki.plugins.plugin_utils._run import RUN, left_behind

__all__ = (
    "discard_item",
    "inspect_item",
    "install_item",
    "note_item",
    "prepare_item",
    "remove_item",
    "repair_item",
    "showing_item",
    "suggestion_item",
)

Item = t.Dict[str, t.Any]

#: Seconds that a lease outlives the longest wait for the CA: time for the calls themselves.
_LEASE_MARGIN = 120

_SOURCES = {
    Consequence.REINSTALL: "current",
    Consequence.FINISH: "unfinished",
    Consequence.ADOPT: "adopted",
}


def inspect_item(case: Case) -> Item:
    """Look; and where there is nothing yet, make key and CSR in the same go."""
    item = {**_base(case), "adopt_from": case.wanted.adopt_from}
    if case.wanted.state != "present":
        # What is about to go may belong to a user who is gone already.
        return {**item, "owner": None, "group": None}
    item.update(case.wanted.deployment.told("copies", "verify_served"))
    return item if case.wanted.adopt_from else {**item, "prepare": _preparation(case)}


def prepare_item(case: Case) -> Item:
    """Make key and CSR, or take those of an open request for the same order."""
    reuse = not case.plan.new_key
    return {
        **_base(case),
        "state": "prepared",
        "prepare": _preparation(case, reuse_key=reuse, discard=case.plan.discard_request),
    }


def note_item(case: Case, *, status: str, request_id: t.Optional[str], detail: str) -> Item:
    """Write down what became of the request; the run is over."""
    request: Item = {"request_id": request_id, "status": status, "detail": detail, "lease_token": RUN.token}
    if case.shown:
        request["shown"] = []
    return {**_base(case), "state": "prepared", "request": request}


def showing_item(case: Case, shown: t.Sequence[Item]) -> Item:
    """Write down the request's id, and what is about to be shown for it, before it is; the run goes on."""
    request = {
        "request_id": case.answer.request_id if case.answer else None,
        "status": "pending",
        "shown": list(shown),
        "lease_token": RUN.token,
        "keep_lease": True,
    }
    return {**_base(case), "state": "prepared", "request": request}


def discard_item(case: Case) -> Item:
    """Forget the open request, its key and its CSR."""
    return {**_base(case), "state": "prepared", "discard": True, **_own_lease(case)}


def install_item(case: Case) -> Item:
    """Install what the CA issued."""
    fitted = case.fit
    return {
        **_base(case),
        **case.wanted.deployment.told(),
        "state": "present",
        "install": {
            "from": "request",
            "certificate_pem": fitted.certificate_pem,
            "chain_pem": fitted.chain_pem,
            "ca_pem": fitted.ca_pem,
            "record": _record(case),
            "request_id": case.answer.request_id if case.answer else None,
            "request_token": case.prepared["request_token"],
            "lease_token": RUN.token,
            "roll_back": "revoked" not in case.plan.codes,
        },
    }


def repair_item(case: Case, consequence: Consequence) -> Item:
    """Install again from what is on the host, or set permissions."""
    item = {**_base(case), "state": "present"}
    if consequence is Consequence.ATTRIBUTES:
        return {**item, **case.wanted.deployment.told("copies"), "attributes": True}
    item.update(case.wanted.deployment.told())
    install: Item = {
        "from": _SOURCES[consequence],
        "record": {},
        "roll_back": "revoked" not in case.plan.codes,
    }
    if consequence is Consequence.REINSTALL and case.observed.foreign:
        install["record"] = _record_of_unknown(case, case.in_place)
    if consequence is Consequence.ADOPT:
        fitted = case.fit
        install.update(
            certificate_pem=fitted.certificate_pem,
            chain_pem=fitted.chain_pem,
            ca_pem=fitted.ca_pem,
            record=_record_of_unknown(case, case.adopted),
        )
        item["adopt_from"] = case.wanted.adopt_from
    return {**item, "install": install}


def remove_item(case: Case) -> Item:
    """Remove what is recorded."""
    return {**_base(case), "state": "absent", **_own_lease(case)}


def suggestion_item(case: Case) -> Item:
    """Keep what the CA suggested until it may be asked again."""
    return {**_base(case), "state": "present", "record_update": {"suggestion": case.suggestion}}


def _base(case: Case) -> Item:
    wanted = case.wanted
    return {
        "name": wanted.name,
        "directory": wanted.directory,
        "owner": wanted.owner,
        "group": wanted.group,
        "mode": wanted.mode,
        "formats": list(wanted.formats),
        "passphrase": wanted.key_passphrase,
        **_keystores(wanted.keystores),
    }


def _keystores(wanted: t.Optional[Keystores]) -> Item:
    if wanted is None:
        return {}
    return {
        "keystore_passphrase": wanted.passphrase,
        "alias": wanted.alias,
        "pkcs12_encryption": wanted.pkcs12_encryption,
    }


def _preparation(case: Case, *, reuse_key: bool = False, discard: bool = False) -> Item:
    wanted = case.wanted
    return {
        "order_hash": case.order_hash,
        "csr_config": render_csr_config(
            common_name=wanted.common_name,
            subject=wanted.subject,
            names=wanted.names,
            extended_key_usage=wanted.extended_key_usage,
        ),
        "key": {
            "type": wanted.key.type,
            "curve": wanted.key.curve,
            "size": wanted.key.size,
            "format": wanted.key_format,
            "passphrase": wanted.key_passphrase,
        },
        "reuse_key": reuse_key,
        "discard": discard,
        "intent": {
            "request": recorded_request(wanted, case.order_hash),
            "authority": case.authority.NAME,
            "authority_id": case.authority.identity,
        },
        "lease": {
            "token": RUN.token,
            "owner": RUN.owner,
            "seconds": wanted.wait_timeout + _LEASE_MARGIN,
            "break": _abandoned_lease(case),
        },
    }


def _own_lease(case: Case) -> Item:
    return {"lease_token": RUN.token, "break": _abandoned_lease(case)}


def _abandoned_lease(case: Case) -> t.Optional[str]:
    """Return the token of a lease whose holder is known to be gone, so that nobody has to wait for its end."""
    pending = case.observed.pending if case.has("observed") else None
    lease = (pending.lease if pending else None) or {}
    return lease.get("token") if left_behind(str(lease.get("owner") or "")) else None


def _record(case: Case) -> Item:
    return install_record(
        wanted=case.wanted,
        order_hash=case.order_hash,
        facts=case.fit.facts,
        authority=case.authority.NAME,
        authority_id=case.authority.identity,
        request_id=case.answer.request_id if case.answer else None,
        issued_at=case.issued_at,
        suggestion=case.suggestion,
    )


def _record_of_unknown(case: Case, facts: CertificateFacts) -> Item:
    """Nobody knows who issued a certificate that was adopted, or put there by hand, and when."""
    return install_record(
        wanted=case.wanted, order_hash=case.order_hash, facts=facts, authority=None, authority_id=None
    )
