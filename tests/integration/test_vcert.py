# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The vendor's own client completes request, retrieve, renew, revoke and policy read against the simulators.

So what our code is tested against is what that client, which the vendor tests against the real servers, takes for one.
"""

from __future__ import annotations

from cryptography import x509

from ansible_collections.certfleet.pki.tests.support.certificates import CertificateAuthority
from ansible_collections.certfleet.pki.tests.support.vcert_client import run_vcert
from ansible_collections.certfleet.pki.tests.support.venafi_saas import ZONE as SAAS_ZONE
from ansible_collections.certfleet.pki.tests.support.venafi_saas import VenafiSaas
from ansible_collections.certfleet.pki.tests.support.venafi_tpp import PASSWORD, USER, ZONE, VenafiTpp


def check(told, ca):
    first, second, issuer = (
        x509.load_pem_x509_certificate(pem.encode()) for pem in (told["first"], told["second"], ca.pem)
    )
    assert first.serial_number != second.serial_number
    assert first.public_key() != second.public_key()
    second.verify_directly_issued_by(issuer)
    assert len(told["chain"]) == 2


def test_tpp(tmp_path):
    # vcert 0.22.1 renews only what was signed with RSA: for ECDSA it sets a key type that it refuses itself.
    ca = CertificateAuthority("Issuing", parent=CertificateAuthority("Root"), key="rsa")
    with VenafiTpp(tmp_path, ca=ca, lenient=True) as tpp:
        tpp.folders[ZONE]["WhitelistedDomains"] = ["example.com"]
        told = run_vcert("tpp", url=tpp.url, ca_bundle=tpp.ca_bundle, zone=ZONE, credential=f"{USER}:{PASSWORD}")
        check(told, ca)
        assert told["policy"]["domains"] == ["example.com"]
        assert told["revoked"] == {"Success": True, "Revoked": True}
        (known,) = list(tpp.objects.values())
        assert len(known.pems) == 2
        assert [reason for _when, reason in tpp.revoked.values()] == [4]
        assert tpp.orders() == 2


def test_saas(tmp_path):
    with VenafiSaas(tmp_path, lenient=True) as saas:
        told = run_vcert("saas", url=saas.url, ca_bundle=saas.ca_bundle, zone=SAAS_ZONE, credential=saas.api_key)
        check(told, saas.ca)
        assert told["policy"]["max_valid_days"] == 365
        assert told["revoked"]["status"] == "SUBMITTED"
        assert list(saas.revoked.values()) == ["SUPERSEDED"]
        assert [one.current for one in saas.certificates.values()] == [False, True]
        assert saas.orders() == 2
