# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The authority `acme` against servers that nobody tuned for it: acmeeh, step-ca and OpenBao."""

from __future__ import annotations

import dataclasses
import typing as t
from datetime import timedelta

import pytest

pytest.register_assert_rewrite("ansible_collections.certfleet.pki.tests.support.authority_contract")

from ansible_collections.certfleet.pki.plugins.module_utils._acme._manage import manage
from ansible_collections.certfleet.pki.plugins.module_utils._authorities._base import utc_now
from ansible_collections.certfleet.pki.plugins.module_utils._authorities.acme import AcmeAuthority
from ansible_collections.certfleet.pki.plugins.module_utils._errors import (
    Misconfigured,
    NotFound,
    Rejected,
    Unauthorized,
)
from ansible_collections.certfleet.pki.plugins.module_utils._model import CertificateReference, Issued, Pending
from ansible_collections.certfleet.pki.plugins.module_utils._waiting import wait_for
from ansible_collections.certfleet.pki.tests.support.acme_proxy import AcmeProxy
from ansible_collections.certfleet.pki.tests.support.acmeeh import Acmeeh
from ansible_collections.certfleet.pki.tests.support.authority_contract import make_order, names_of, path_to_root, read
from ansible_collections.certfleet.pki.tests.support.openbao import OpenBao
from ansible_collections.certfleet.pki.tests.support.openbao_acme import OpenBaoAcme
from ansible_collections.certfleet.pki.tests.support.stepca import StepCA

NAMES = ("api.example.com", "www.example.com")
LIMIT = 20.0


@pytest.fixture(scope="module", params=["acmeeh", "step-ca", "openbao"])
def ca(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("ca")
    if request.param == "openbao":
        with OpenBao(folder, tls=True) as server, OpenBaoAcme(server) as ca:
            yield ca
    else:
        with {"acmeeh": Acmeeh, "step-ca": StepCA}[request.param](folder) as ca:
            yield ca


def options_for(ca: t.Any, folder: t.Any) -> dict[str, t.Any]:
    return {
        "directory": ca.directory,
        "ca_bundle": ca.ca_bundle,
        "account_key": str(folder / "account.pem"),
        "account_create": True,
        "terms_agreed": True,
        "challenge": {"http_01": {"webroot": "/srv/www"}},
    }


def obtain(authority: AcmeAuthority, world: t.Any, **more: t.Any) -> Issued:
    pending = authority.request(dataclasses.replace(make_order(dns=NAMES), **more))
    if isinstance(pending, Issued):
        return pending
    for challenge in pending.challenges:
        world.add_http01(challenge.token, challenge.content)
    authority.show(pending)
    answer = wait_for(authority, pending, timeout=LIMIT)
    assert isinstance(answer, Issued)
    return answer


def test_from_the_order_to_the_revocation(ca, tmp_path):
    authority = AcmeAuthority(options_for(ca, tmp_path))
    issued = obtain(authority, ca.challenges)
    assert names_of(read(issued.certificate_pem)) == set(NAMES)
    assert len(path_to_root(issued.certificate_pem, issued.chain_pem)) > 1
    again = AcmeAuthority(authority.options).collect(issued.request_id)
    assert read(again.certificate_pem) == read(issued.certificate_pem)
    with pytest.raises(NotFound):
        authority.collect(issued.request_id[:-4] + "beef")
    reference = CertificateReference(certificate_pem=issued.certificate_pem)
    assert authority.revoke(reference, reason="unspecified") is True
    assert authority.revoke(reference, reason="unspecified") is False


def test_account(ca, tmp_path):
    options = options_for(ca, tmp_path)

    def managed(**more: t.Any) -> dict[str, t.Any]:
        return manage(AcmeAuthority(options), {"state": "present", **more}, check=False)

    assert managed()["changed"] and not managed()["changed"]
    assert managed(state="absent")["changed"] and not managed(state="absent")["changed"]
    with pytest.raises(Unauthorized, match="deactivated"):
        AcmeAuthority(options).request(make_order())


def test_challenge_that_can_not_be_seen_is_told(ca, tmp_path):
    authority = AcmeAuthority(options_for(ca, tmp_path))
    pending = authority.request(make_order(dns=("bad.example.com",)))
    authority.show(pending)
    try:
        answer = wait_for(authority, pending, timeout=9)
        assert isinstance(answer, Pending)  # step-ca and OpenBao go on trying
        told = answer.detail
    except Rejected as error:
        told = error.message
    assert f"http://bad.example.com/.well-known/acme-challenge/{pending.challenges[0].token}" in told


def test_lifetime_that_openbao_refuses(ca, tmp_path):
    if not isinstance(ca, OpenBaoAcme):
        pytest.skip("the others let their clients choose")
    with pytest.raises(Misconfigured, match="leave lifetime out"):
        AcmeAuthority(options_for(ca, tmp_path)).request(make_order(lifetime=7200))


def test_renewal_information_of_acmeeh(tmp_path):
    proxy = AcmeProxy(tmp_path / "proxy")
    with Acmeeh(tmp_path / "ca", external_url=proxy.url, renewal_share=1.0) as ca, proxy.in_front_of(ca):
        authority = AcmeAuthority(options_for(proxy, tmp_path))
        first = obtain(authority, ca.challenges)
        suggestion = authority.suggest_renewal(first.certificate_pem)
        assert suggestion.start <= utc_now() + timedelta(minutes=5) < suggestion.end
        assert obtain(authority, ca.challenges, replaces=first.certificate_pem)
        assert proxy.payloads("newOrder")[-1]["replaces"].count(".") == 1
