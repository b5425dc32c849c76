# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: no promise is made about what is in here.

"""What the module ``local_authority`` does: bring one embedded CA to the state that its options ask for."""

from __future__ import annotations

import dataclasses
import functools
import os
import typing as t
from datetime import datetime

from ansible_collections.certfleet.pki.plugins.module_utils._errors import Misconfigured, NotFound
from ansible_collections.certfleet.pki.plugins.module_utils._local.ca import LocalCa, layout_of
from ansible_collections.certfleet.pki.plugins.module_utils._local.creation import (
    DEFAULT_COMMON_NAME,
    DEFAULT_KEY,
    Blueprint,
    check_place,
    create_authority,
    intermediate_name,
)
from ansible_collections.certfleet.pki.plugins.module_utils._local.layout import Layout, file_errors
from ansible_collections.certfleet.pki.plugins.module_utils._local.profile import (
    Settings,
    parse_permitted_names,
)
from ansible_collections.certfleet.pki.plugins.module_utils._local.rows import RequestRow
from ansible_collections.certfleet.pki.plugins.module_utils._model import KeyParameters
from ansible_collections.certfleet.pki.plugins.module_utils._times import isoformat
from ansible_collections.certfleet.pki.plugins.module_utils._x509 import read_request, require_cryptography

__all__ = ("manage",)

Options = t.Mapping[str, t.Any]
Result = t.Dict[str, t.Any]

_KEYS = {
    "ecdsa": DEFAULT_KEY,
    "rsa": KeyParameters("rsa", 3072),
    "ed25519": KeyParameters("ed25519", 256),
}
_SHOWN_STATES = {"pending": "pending", "issued": "issued", "denied": "rejected", "cancelled": "cancelled"}


def manage(options: Options, *, check: bool, clock: t.Callable[[], datetime]) -> Result:
    """Bring the CA to the state that is asked for; return the module's result.

    ``options`` are validated, without nulls. With ``check`` nothing is written. Raises PkiError.
    """
    require_cryptography()
    layout = layout_of(options["path"])
    if options["state"] == "absent":
        return _absent(layout, check)
    _check_decisions(options)
    if layout.exists:
        return _converged(options, check, clock)
    return _created(layout, options, check, clock)


def _absent(layout: Layout, check: bool) -> Result:
    there = layout.exists
    if there and not check:
        layout.remove()
    return _result(layout, changed=there, before={"state": "present"} if there else {}, after={})


def _check_decisions(options: Options) -> None:
    both = sorted(set(options.get("approve", ())) & set(options.get("deny", ())))
    if both:
        raise Misconfigured(f"Request {both[0]} is in approve and in deny; name it in one of them.")


def _created(layout: Layout, options: Options, check: bool, clock: t.Callable[[], datetime]) -> Result:
    blueprint = Blueprint(
        common_name=options.get("common_name", DEFAULT_COMMON_NAME),
        key=_KEYS[options.get("key_type", "ecdsa")],
        passphrase=options.get("passphrase"),
        permitted=parse_permitted_names(options.get("permitted_names", ())),
        settings=Settings().changed(options),
    )
    intermediate_name(blueprint.common_name)
    check_place(layout)
    for request_id in [*options.get("approve", ()), *options.get("deny", ())]:
        raise NotFound(
            f"There is no local CA in {layout.path} yet, so it knows no request {request_id}; check the path."
        )
    after = _shown(blueprint.settings)
    if check:
        return _result(layout, changed=True, before={}, after=after)
    if not create_authority(layout, blueprint, now=clock()):
        # Another process was faster; what it made may differ from what is asked for here.
        return _converged(options, check, clock)
    ca = LocalCa(layout.path, passphrase=blueprint.passphrase, clock=clock)
    return _result(layout, changed=True, before={}, after=after, ca=ca)


def _converged(options: Options, check: bool, clock: t.Callable[[], datetime]) -> Result:
    ca = LocalCa(options["path"], passphrase=options.get("passphrase"), clock=clock)
    for role in ("root", "intermediate"):
        ca.signer(role)
    _check_unchangeable(ca, options)
    before, _permitted = ca.settings()
    after = before.changed(options)
    approve = [one for one in _ids(options, "approve") if ca.approvable(one, after) is not None]
    deny = [one for one in _ids(options, "deny") if ca.deniable(one)]
    repairs = _repairs(ca)
    if not check:
        _carry_out(ca, after if after != before else None, approve, deny, options["deny_reason"])
        with file_errors(ca.layout.path):
            for repair in repairs.values():
                repair()
    return _result(
        ca.layout,
        changed=bool(after != before or approve or deny or repairs),
        before={**_shown(before), **dict.fromkeys(approve + deny, "pending"), **dict.fromkeys(repairs, "damaged")},
        after={
            **_shown(after),
            **dict.fromkeys(approve, "issued"),
            **dict.fromkeys(deny, "rejected"),
            **dict.fromkeys(repairs, "whole"),
        },
        ca=ca,
        named=(*_ids(options, "approve"), *_ids(options, "deny")),
    )


def _ids(options: Options, name: str) -> t.List[str]:
    return list(dict.fromkeys(options.get(name, ())))


def _check_unchangeable(ca: LocalCa, options: Options) -> None:
    root = ca.facts("root")
    _settings, permitted = ca.settings()
    wanted = {
        "common_name": (options.get("common_name"), root.common_name),
        "key_type": (options.get("key_type"), root.key.type),
    }
    for option, (asked, there) in wanted.items():
        if asked is not None and asked != there:
            raise Misconfigured(
                f"{option}: the local CA in {ca.layout.path} has {there}, which can't be changed; make another CA."
            )
    asked_names = options.get("permitted_names")
    if asked_names is not None and parse_permitted_names(asked_names) != permitted:
        there = ", ".join(permitted.domains + permitted.networks) or "none"
        raise Misconfigured(
            f"permitted_names: the local CA in {ca.layout.path} has {there}, which can't be changed; make another CA."
        )


def _repairs(ca: LocalCa) -> t.Dict[str, t.Callable[[], t.Any]]:
    """Return what is not as it should be and can be put right without loss, with how."""
    repairs: t.Dict[str, t.Callable[[], t.Any]] = {}
    for path, mode in ca.layout.loose().items():
        repairs[f"mode of {os.path.basename(path)}"] = functools.partial(os.chmod, path, mode)
    if ca.chain_is_damaged():
        repairs["chain.pem"] = ca.write_chain
    if ca.crl_is_stale():
        repairs["crl"] = functools.partial(ca.refresh_crls, wait=True)
    return repairs


def _carry_out(
    ca: LocalCa, settings: t.Optional[Settings], approve: t.Iterable[str], deny: t.Iterable[str], reason: str
) -> None:
    if settings is not None:
        ca.store.save_settings(settings.as_dict())
    for request_id in approve:
        ca.approve(request_id)
    for request_id in deny:
        ca.deny(request_id, reason)


def _shown(settings: Settings) -> Result:
    return {"state": "present", **settings.as_dict()}


def _result(
    layout: Layout,
    *,
    changed: bool,
    before: Result,
    after: Result,
    ca: t.Optional[LocalCa] = None,
    named: t.Iterable[str] = (),
) -> Result:
    chain = ca.chain() if ca else None
    return {
        "changed": changed,
        "path": layout.path,
        "requests": _requests(ca, named) if ca else [],
        "ca_pem": chain[-1] if chain else None,
        "chain_pem": "".join(chain) if chain else None,
        "crl_paths": [layout.file(f"{issuer}.crl.pem") for issuer in ("intermediate", "root")] if ca else [],
        "diff": {"before": before, "after": after},
    }


def _requests(ca: LocalCa, named: t.Iterable[str]) -> t.List[Result]:
    """Return those that wait, and those that the task names."""
    rows = {row.request_id: row for row in ca.store.pending()}
    rows.update({request_id: ca.request(request_id) for request_id in named})
    return [_request(ca, row) for row in sorted(rows.values(), key=lambda row: row.number)]


def _request(ca: LocalCa, row: RequestRow) -> Result:
    facts = read_request(row.csr_pem)
    issued = ca.store.certificate_by_request(row.request_id)
    return {
        "request_id": row.request_id,
        "status": _SHOWN_STATES[row.state],
        "detail": row.detail,
        "label": row.terms["label"],
        "common_name": row.terms["common_name"],
        "dns_names": list(facts.names.dns),
        "ip_addresses": list(facts.names.ip),
        "email_addresses": list(facts.names.email),
        "uris": list(facts.names.uri),
        "extended_key_usage": list(facts.extended_key_usage),
        "key": dataclasses.asdict(facts.key),
        "lifetime": row.terms["lifetime"],
        "public_key_sha256": facts.public_key_sha256,
        "requested_at": isoformat(row.requested_at),
        "decided_at": isoformat(row.decided_at) if row.decided_at else None,
        "serial_number": issued.serial_number if issued else None,
    }
