# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The parts of the authority `venafi` that need no server."""

from __future__ import annotations

import base64
import copy
from datetime import datetime, timedelta, timezone

import pytest

from ansible_collections.certfleet.pki.plugins.module_utils._authorities.venafi import VenafiAuthority
from ansible_collections.certfleet.pki.plugins.module_utils._errors import BadCertificate, Misconfigured
from ansible_collections.certfleet.pki.plugins.module_utils._venafi import _objects as objects
from ansible_collections.certfleet.pki.plugins.module_utils._venafi._leaf import leaf_and_chain
from ansible_collections.certfleet.pki.plugins.module_utils._venafi._names import (
    RequestId,
    key_mark,
    object_name,
    policy_dn,
)
from ansible_collections.certfleet.pki.plugins.module_utils._venafi._policy import (
    check_accepts_requests,
    policy_of,
    suggestions,
)
from ansible_collections.certfleet.pki.plugins.module_utils._venafi._words import plain
from ansible_collections.certfleet.pki.tests.support.authority_contract import make_order
from ansible_collections.certfleet.pki.tests.support.certificates import CertificateAuthority
from ansible_collections.certfleet.pki.tests.support.venafi_tpp_folder import EMPTY_FOLDER

OPTIONS = {"url": "https://tpp.example.com", "zone": "Web", "access_token": "token"}


class TestNames:
    @pytest.mark.parametrize(
        ("zone", "dn"),
        [
            ("Web", r"\VED\Policy\Web"),
            (r"Web\Internal", r"\VED\Policy\Web\Internal"),
            (r"\Web", r"\VED\Policy\Web"),
            (r"\VED\Policy\Web", r"\VED\Policy\Web"),
            (r"VED\Policy\Web", r"\VED\Policy\Web"),
            ("\\VED\\Policy\\Web\\", r"\VED\Policy\Web"),
            ("Web Servers", r"\VED\Policy\Web Servers"),
        ],
    )
    def test_zone(self, zone, dn):
        assert policy_dn(zone) == dn

    @pytest.mark.parametrize("zone", ["", "\\", r"a\\b", "a\nb"])
    def test_zone_that_is_none(self, zone):
        with pytest.raises(Misconfigured, match="correct zone"):
            policy_dn(zone)

    @pytest.mark.parametrize("suffix", ["", "/", "/vedsdk", "/vedsdk/", "/vedauth"])
    def test_url_and_identity(self, suffix):
        authority = VenafiAuthority({**OPTIONS, "url": "https://TPP.example.com:443" + suffix})
        assert authority.identity == r"venafi:https://tpp.example.com\VED\Policy\Web"

    def test_name_of_an_object_is_of_the_csr(self):
        first, second = make_order(), make_order()
        assert object_name(first) == object_name(first) != object_name(second)
        assert object_name(first).startswith("www.example.com-")
        assert "\\" not in object_name(make_order(common_name="a\\b"))

    @pytest.mark.parametrize("parts", [(), ("0" * 32,), ("0" * 32, "A" * 40)])
    def test_request_id_is_read_again(self, parts):
        request_id = RequestId(r"\VED\Policy\Web\a|b-1", *parts)
        assert RequestId.parse(str(request_id)) == request_id

    @pytest.mark.parametrize("text", ["", "17", "Web\\a", "\\"])
    def test_what_is_no_request_id(self, text):
        assert RequestId.parse(text) is None

    def test_key_of_csr_and_certificate_are_the_same(self):
        order = make_order()
        assert key_mark(order.csr_pem) == key_mark(CertificateAuthority().issue(order.csr_pem).pem)


class TestOptions:
    @pytest.mark.parametrize("missing", ["url", "zone"])
    def test_needed(self, missing):
        with pytest.raises(Misconfigured, match=f"venafi needs {missing}; give it, or set VCERT_"):
            VenafiAuthority({name: value for name, value in OPTIONS.items() if name != missing})

    def test_refresh_token_needs_a_place(self):
        authority = VenafiAuthority({**OPTIONS, "access_token": None, "refresh_token": "secret-token"})
        with pytest.raises(Misconfigured, match="give refresh_token_file or refresh_token_vault") as caught:
            authority.policy()
        assert "secret-token" not in str(caught.value.as_dict())

    def test_nothing_to_log_in_with(self):
        with pytest.raises(Misconfigured, match="set VCERT_TOKEN"):
            VenafiAuthority({**OPTIONS, "access_token": None}).policy()

    def test_custom_fields(self):
        assert objects.custom_fields({"Owners": ["a", "b"], "Cost Centre": 17}) == [
            {"Name": "Owners", "Values": ["a", "b"]},
            {"Name": "Cost Centre", "Values": ["17"]},
        ]
        with pytest.raises(Misconfigured, match="'Owners' must be a value"):
            objects.custom_fields({"Owners": {"a": 1}})

    @pytest.mark.parametrize(
        ("hint", "name"),
        [("default", "Specific End Date"), ("microsoft", "Microsoft CA:Specific End Date")],
    )
    def test_end_date(self, hint, name):
        end = datetime(2027, 1, 2, 4, 4, 5, 6, tzinfo=timezone(timedelta(hours=1)))
        assert objects.end_date(end, hint=hint) == {"Name": name, "Value": "2027-01-02T03:04:05Z"}


class TestPolicy:
    @pytest.fixture
    def folder(self):
        return copy.deepcopy(EMPTY_FOLDER)

    def policy(self, folder):
        return policy_of(folder, source="folder")

    def test_no_rules(self, folder):
        policy = self.policy(folder)
        fields = (policy.allowed_domain_patterns, policy.key_types, policy.required_subject, policy.allowed_uris)
        assert fields == (None,) * 4
        assert not policy.forbid_wildcards
        assert not policy.restrictive

    def test_locked_is_a_rule_and_open_a_suggestion(self, folder):
        folder["Subject"]["Country"] = {"Locked": True, "Value": "DE"}
        folder["Subject"]["OrganizationalUnit"] = {"Locked": True, "Values": ["Web", "Mail"]}
        rules = {"country": ("DE",), "organizational_unit": ("Web", "Mail")}
        assert self.policy(folder).required_subject == rules
        assert suggestions(folder)["suggested_subject"] == {"organization": ["Example"]}
        assert suggestions(folder)["suggested_key"] == {"algorithm": "RSA", "size": 2048, "curve": "P256"}

    def test_domains_end_at_a_dot(self, folder):
        folder["WhitelistedDomains"] = ["example.com", ".Example.org"]
        assert self.policy(folder).allowed_domain_patterns == (r"(.+\.)?example\.com", r"(.+\.)?example\.org")

    def test_names(self, folder):
        folder.update(WildcardsAllowed=False, SubjAltNameIpAllowed=False, SubjAltNameUriAllowed={"Value": False})
        policy = self.policy(folder)
        assert policy.forbid_wildcards
        assert (policy.allowed_ip_ranges, policy.allowed_uris, policy.allowed_email_domains) == ((), (), None)

    def locked(self, value):
        return {"Locked": True, "Value": value}

    @pytest.mark.parametrize(
        ("pair", "keys"),
        [
            ({"KeyAlgorithm": "RSA"}, {"rsa": 0}),
            ({"KeyAlgorithm": "RSA", "KeySize": 3072}, {"rsa": 3072}),
            ({"KeyAlgorithm": "ECC", "EllipticCurve": "P384"}, {"ecdsa": 384}),
            ({"KeySize": "2048"}, {"rsa": 2048, "ecdsa": 0}),
            ({"PkixParameterSet": "1.3.6.1.4.1.28783.10.1.1.4096"}, {"rsa": 4096}),
            ({"PkixParameterSet": "1.3.6.1.4.1.28783.10.2.1.256"}, {"ecdsa": 256}),
        ],
    )
    def test_keys(self, folder, pair, keys):
        folder["KeyPair"].update({name: self.locked(value) for name, value in pair.items()})
        assert self.policy(folder).key_types == keys

    @pytest.mark.parametrize(
        ("field", "value", "told"),
        [
            ("ManagementType", "Monitoring", "issues nothing"),
            ("ManagementType", "Unassigned", "issues nothing"),
            ("CsrGeneration", "ServiceGenerated", "accepts only keys that the server makes"),
        ],
    )
    def test_folder_that_takes_no_csr(self, folder, field, value, told):
        check_accepts_requests(folder, zone="Web")
        folder[field] = self.locked(value)
        with pytest.raises(Misconfigured, match=told):
            check_accepts_requests(folder, zone="Web")


class TestAnswers:
    @pytest.fixture
    def issuing(self):
        return CertificateAuthority("Issuing", parent=CertificateAuthority("Root"))

    @pytest.mark.parametrize("reverse", [False, True])
    def test_leaf_whatever_the_order(self, issuing, reverse):
        made = issuing.issue(["www.example.com"])
        pems = [made.pem, *issuing.chain_pem]
        leaf, chain = leaf_and_chain("\n".join(reversed(pems) if reverse else pems))
        assert leaf.pem == made.pem
        assert set(chain) == set(issuing.chain_pem)

    @pytest.mark.parametrize("data", ["", "%%%", base64.b64encode(b"nothing").decode(), None])
    def test_no_certificate(self, data):
        with pytest.raises(BadCertificate):
            objects.certificates_of({"CertificateData": data})

    def test_stage(self):
        assert objects.stage_of({"Stage": 500, "Status": "Post CSR."}) == "stage 500: Post CSR"
        assert objects.stage_of({}) == "in progress"

    def test_moment(self):
        assert objects.moment("2026-11-22T01:02:03.1234567Z") == datetime(2026, 11, 22, 1, 2, 3, tzinfo=timezone.utc)
        assert objects.moment("soon") is None

    def test_words_are_one_line_without_secrets(self):
        assert plain("bad\n token s3cret-1 .", secrets=["s3cret-1", ""]) == "bad token ********"
        assert len(plain("x" * 5000)) == 400
