# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

import pytest
import yaml
from ansible.errors import AnsibleFilterError

from ansible_collections.certfleet.pki.plugins.filter import split_pem, x509_info
from ansible_collections.certfleet.pki.tests.support.certificates import CertificateAuthority

ROOT = CertificateAuthority("Root")
LEAF = ROOT.issue(["www.example.com"]).pem
INFO: t.Callable[..., t.Any] = x509_info.FilterModule().filters()["x509_info"]
SPLIT: t.Callable[..., t.Any] = split_pem.FilterModule().filters()["split_pem"]


def test_a_certificate_is_read() -> None:
    info = INFO(LEAF)
    assert info["dns_names"] == ["www.example.com"]
    assert info["issuer"] == "CN=Root"


def test_a_bundle_is_read_in_its_order() -> None:
    assert [info["subject"] for info in INFO(ROOT.pem + LEAF, bundle=True)] == ["CN=Root", ""]
    assert INFO("", bundle=True) == []


@pytest.mark.parametrize("bad", ["garbage", "", None, 5, ["x"]])
def test_anything_else_is_an_error_of_the_filter(bad: t.Any) -> None:
    with pytest.raises(AnsibleFilterError, match="x509_info"):
        INFO(bad)


def test_pem_is_split() -> None:
    assert SPLIT("text\n" + LEAF + ROOT.key_pem + ROOT.pem) == [LEAF, ROOT.pem]
    assert SPLIT(ROOT.key_pem, "PRIVATE KEY") == [ROOT.key_pem]
    with pytest.raises(AnsibleFilterError, match="takes PEM text"):
        SPLIT(None)


def test_the_documentation_tells_every_field() -> None:
    assert set(yaml.safe_load(x509_info.RETURN)["_value"]["contains"]) == set(INFO(LEAF))
