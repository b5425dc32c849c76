# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Twelve steps for each module: check, run, check again, run again; for new, changed and damaged. Both ways to the host."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.certfleet.pki.tests.support.certificates import CertificateAuthority
from ansible_collections.certfleet.pki.tests.support.matrix import STAGES, CertificateMatrix, Matrix
from ansible_collections.certfleet.pki.tests.support.playbooks import Played
from ansible_collections.certfleet.pki.tests.support.tasks import LOCAL

pytestmark = pytest.mark.smoke

Plain = t.Dict[str, t.Any]

ROOT = CertificateAuthority("Root")
WEB = {"name": "web", "dns_names": ["web.example.com"], "directory": "{{ place }}/web"}
MAIL = {"name": "mail", "dns_names": ["mail.example.com"], "directory": "{{ place }}/mail", "formats": ["combined"]}
NEW_REASONS = {"create": ["missing"], "change": ["names_differ"]}


class TestCertificate(CertificateMatrix):
    MODULE = "certfleet.pki.certificate"
    OPTIONS: t.ClassVar[Plain] = {"authority": LOCAL, **WEB}
    CHANGED: t.ClassVar[Plain] = {"dns_names": ["web.example.com", "www.example.com"]}
    DAMAGE = "rm web/current/privkey.pem"
    REASONS: t.ClassVar[Plain] = {**NEW_REASONS, "repair": ["key_missing"]}

    ACTIONS: t.ClassVar[Plain] = {"create": "issued", "change": "renewed", "repair": "renewed"}

    @pytest.mark.parametrize("stage", STAGES)
    def test_exactly_one_certificate_each_time(self, host: Played, stage: str) -> None:
        before, after = host[f"before {stage}"].disk.get("ca"), host[f"{stage}: run"].disk["ca"]
        assert len(after["certificates"]) == len(before["certificates"] if before else []) + 1
        assert host[f"{stage}: run"].certificate["action"] == self.ACTIONS[stage]

    def test_what_is_predicted_and_what_is_not(self, host: Played) -> None:
        predicted = host["change: check"].certificate
        assert predicted["serial_number"] is None
        assert predicted["not_after"] is None
        assert predicted["authority"] == "local"


class TestRepairWithoutOrder(CertificateMatrix):
    """What can be made again from what is there needs no CA."""

    MODULE = "certfleet.pki.certificate"
    OPTIONS: t.ClassVar[Plain] = {"authority": LOCAL, **WEB}
    CHANGED: t.ClassVar[Plain] = {"mode": "0640"}
    DAMAGE = "rm web/cert.pem && echo rubbish > web/current/fullchain.pem && : > web/current/chain.pem"
    REASONS: t.ClassVar[Plain] = {
        "create": ["missing"],
        "change": ["attributes_differ"],
        "repair": ["files_differ", "chain_differs"],
    }

    @pytest.mark.parametrize("stage", ["change", "repair"])
    def test_no_order(self, host: Played, stage: str) -> None:
        assert host[f"{stage}: run"].disk["ca"] == host[f"before {stage}"].disk["ca"]
        assert host[f"{stage}: run"].certificate["action"] == "reinstalled"


class TestCertificates(CertificateMatrix):
    MODULE = "certfleet.pki.certificates"
    OPTIONS: t.ClassVar[Plain] = {"authority": LOCAL, "certificates": [WEB, MAIL]}
    CHANGED: t.ClassVar[Plain] = {"defaults": {"subject": {"organization": "Example"}}}
    DAMAGE = "rm -r web mail/current"
    REASONS: t.ClassVar[Plain] = {"create": ["missing"], "change": ["subject_differs"], "repair": ["missing"]}


class TestLocalAuthority(Matrix):
    MODULE = "certfleet.pki.local_authority"
    OPTIONS: t.ClassVar[Plain] = {"path": "{{ place }}/ca"}
    CHANGED: t.ClassVar[Plain] = {
        "approval": "manual",
        "profile": {"allowed_domains": ["*.example.com"]},
        "lifetime": "30d",
    }
    DAMAGE = "chmod 644 ca/root-key.pem && rm ca/chain.pem"


def _given(names: t.Sequence[str]) -> t.Dict[str, t.Any]:
    made = ROOT.issue(names)
    return {
        "name": "web",
        "directory": "{{ place }}/web",
        "certificate": made.pem,
        "chain": ROOT.chain_pem,
        "private_key": made.key_pem,
    }


class TestCertificateStore(Matrix):
    MODULE = "certfleet.pki.certificate_store"
    OPTIONS: t.ClassVar[Plain] = {"certificates": [_given(["web.example.com"])]}
    CHANGED: t.ClassVar[Plain] = {"certificates": [_given(["www.example.com"])]}
    DAMAGE = "rm web/privkey.pem && rm web/current/chain.pem"
