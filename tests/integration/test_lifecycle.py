# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A certificate's life on the embedded CA: every reason for another one, and what is no reason."""

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization

from ansible_collections.certfleet.pki.tests.support.certificates import CertificateAuthority
from ansible_collections.certfleet.pki.tests.support.playbooks import Played, Site
from ansible_collections.certfleet.pki.tests.support.snapshots import AuthorityDatabase
from ansible_collections.certfleet.pki.tests.support.tasks import (
    authority,
    certificate,
    certificates,
    local,
    named,
    predicted_and_done,
    shell,
)

TWO_NAMES = {"dns_names": ["web.example.com", "www.example.com"]}
MOMENT = "{{ now(utc=true).strftime('%Y-%m-%dT%H:%M:%SZ') }}"


class TestReasons:
    """Each stage has one reason to order: it is predicted, brings exactly one certificate, and is gone then."""

    STAGES: t.ClassVar[t.Mapping[str, t.Tuple[str, t.Mapping[str, t.Any], str]]] = {
        "missing": ("true", {}, "issued"),
        "names_differ": ("true", TWO_NAMES, "renewed"),
        "subject_differs": ("true", {"subject": {"organization": "Example"}}, "renewed"),
        "usage_differs": ("true", {"extended_key_usage": ["email_protection"]}, "renewed"),
        "key_type_differs": ("true", {"key": {"curve": "P-384"}}, "renewed"),
        "key_missing": ("rm web/current/privkey.pem", {"key": {"curve": "P-384"}}, "renewed"),
        "key_mismatch": (
            "cp other/current/cert.pem web/current/cert.pem",
            {"dns_names": ["other.example.com"]},
            "renewed",
        ),
        "unreadable": ("head -c 300 web/cert.pem > half && cp half web/current/cert.pem", {}, "renewed"),
        "policy_violation": (
            "true",
            {"policy": {"allowed_domains": ["web.example.com"], "key_types": ["rsa"]}, "key": {"type": "rsa"}},
            "renewed",
        ),
    }

    @pytest.fixture(scope="class")
    @classmethod
    def story(cls, tmp_path_factory: pytest.TempPathFactory) -> Played:
        tasks = [certificate("other", name="other", authority=local("other-ca"))]
        for code, (damage, options, _action) in cls.STAGES.items():
            tasks += [shell(f"{code}: before", damage), *predicted_and_done(code, certificate(code, **options))]
        played = Site(tmp_path_factory.mktemp("reasons")).play(tasks)
        assert played.failures == []
        return played

    @pytest.mark.parametrize("code", STAGES)
    def test_the_reason_is_told_and_predicted(self, story: Played, code: str) -> None:
        assert code in story[code].codes
        assert story[f"{code}: check"].certificate["reasons"] == story[code].certificate["reasons"]
        assert (
            story[f"{code}: check"].certificate["action"] == story[code].certificate["action"] == self.STAGES[code][2]
        )

    @pytest.mark.parametrize("code", STAGES)
    def test_exactly_one_new_certificate(self, story: Played, code: str) -> None:
        before = story[f"{code}: check"].serial_numbers() if code != "missing" else []
        (new,) = story[code].serial_numbers()[len(before) :]
        assert new == story[code].certificate["serial_number"]
        assert story[f"{code}: again"].serial_numbers() == story[code].serial_numbers()

    @pytest.mark.parametrize("code", STAGES)
    def test_check_mode_writes_nothing_and_the_next_run_neither(self, story: Played, code: str) -> None:
        assert story[f"{code}: check"].disk == story[f"{code}: before"].disk
        assert not story[f"{code}: again"].changed
        assert story[f"{code}: again"].disk == story[code].disk

    def test_what_was_replaced_is_told(self, story: Played) -> None:
        old, new = story["missing"].certificate, story["names_differ"].certificate
        assert new["replaced"] == {key: old[key] for key in ("serial_number", "fingerprint_sha256")}
        assert new["public_key_sha256"] != old["public_key_sha256"]


class TestWhenAsked:
    """Orders that the user asks for: force, reissue_before, check_revocation."""

    @pytest.fixture(scope="class")
    @classmethod
    def story(cls, tmp_path_factory: pytest.TempPathFactory) -> Played:
        revoke = {"authority": local(), "path": "{{ place }}/web/cert.pem", "reason": "superseded"}
        reissue = certificate("reissue", reissue_before="{{ limit }}")
        tasks = [
            certificate("issue"),
            named("force: check", certificate("", force=True), check_mode=True),
            certificate("force", force=True),
            certificate("force: again", force=True),
            certificate("keep", key={"rotate": "never"}, **TWO_NAMES),
            certificate("kept key", key={"rotate": "never"}),
            shell("wait", "sleep 1.1"),
            {"name": "limit", "ansible.builtin.set_fact": {"limit": MOMENT}},
            *predicted_and_done("reissue", reissue),
            {"name": "revoke", "certfleet.pki.certificate_revoke": revoke},
            certificate("not asked"),
            *predicted_and_done("revoked", certificate("revoked", check_revocation=True)),
        ]
        played = Site(tmp_path_factory.mktemp("asked")).play(tasks)
        assert played.failures == []
        return played

    def test_force_orders_every_time(self, story: Played) -> None:
        assert story["force: check"].codes == story["force"].codes == story["force: again"].codes == ["forced"]
        assert len(story["force: check"].serial_numbers()) == 1
        assert len(story["force"].serial_numbers()) == 2
        assert len(story["force: again"].serial_numbers()) == 3

    def test_a_key_is_kept_if_wanted(self, story: Played) -> None:
        assert story["keep"].changed and story["kept key"].changed
        keys = {story[task].certificate["public_key_sha256"] for task in ("force: again", "keep", "kept key")}
        assert len(keys) == 1

    def test_reissue_before_orders_once(self, story: Played) -> None:
        assert story["reissue: check"].codes == story["reissue"].codes == ["issued_before"]
        assert story["reissue"].certificate["public_key_sha256"] != story["kept key"].certificate["public_key_sha256"]
        assert not story["reissue: again"].changed

    def test_revocation_is_looked_at_only_if_asked(self, story: Played) -> None:
        assert not story["not asked"].changed
        assert story["revoked: check"].codes == story["revoked"].codes == ["revoked"]
        assert story["revoked"].certificate["public_key_sha256"] != story["not asked"].certificate["public_key_sha256"]
        assert not story["revoked: again"].changed


class TestAuthoritySwitched:
    @pytest.fixture(scope="class")
    @classmethod
    def story(cls, tmp_path_factory: pytest.TempPathFactory) -> Played:
        other = local("new-ca")
        played = Site(tmp_path_factory.mktemp("switched")).play(
            [
                certificate("issue"),
                *predicted_and_done("switch", certificate("", authority=other)),
                certificate("renewal", authority=other, **TWO_NAMES),
                *predicted_and_done("follow", certificate("", follow_authority=True, **TWO_NAMES)),
            ]
        )
        assert played.failures == []
        return played

    def test_nothing_until_the_next_renewal(self, story: Played) -> None:
        assert not story["switch: check"].changed
        assert not story["switch"].changed
        assert story["switch"].certificate["authority_id"].endswith("/ca")
        assert story["renewal"].certificate["authority_id"].endswith("/new-ca")
        assert len(story["renewal"].serial_numbers("new-ca")) == 1
        assert len(story["renewal"].serial_numbers()) == 1

    def test_at_once_with_follow_authority(self, story: Played) -> None:
        assert story["follow: check"].codes == story["follow"].codes == ["issuer_differs"]
        assert story["follow"].certificate["authority_id"].endswith("/ca")
        assert len(story["follow"].serial_numbers()) == 2
        assert not story["follow: again"].changed


def test_a_new_intermediate_changes_nothing(site: Site) -> None:
    assert site.play([certificate("issue")]).failures == []
    _replace_intermediate(site.place() / "ca")
    played = site.play(
        [certificate("again"), certificate("follow", follow_authority=True), certificate("next", **TWO_NAMES)]
    )
    assert played.failures == []
    assert not played["again"].changed
    assert not played["follow"].changed
    assert played["next"].certificate["issuer"] == "CN=Another Intermediate"


def _replace_intermediate(ca: Path) -> None:
    root = CertificateAuthority("unused")
    root.certificate = x509.load_pem_x509_certificate((ca / "root.pem").read_bytes())
    root.key = serialization.load_pem_private_key((ca / "root-key.pem").read_bytes(), None)
    root.name = "certfleet local CA"
    another = CertificateAuthority("Another Intermediate", parent=root, path_length=0)
    (ca / "intermediate.pem").write_text(another.pem)
    (ca / "intermediate-key.pem").write_text(another.key_pem or "")
    (ca / "chain.pem").write_text("".join(another.chain_pem))


def test_a_list_goes_on_after_an_item_that_fails(site: Site) -> None:
    wrong = {"name": "wrong", "dns_names": ["no spaces allowed.example.com"]}
    played = site.play([certificates("mixed", {"name": "first"}, wrong, {"name": "last"})])
    result = played["mixed"].result
    assert played["mixed"].failed and played["mixed"].changed
    assert [entry["action"] for entry in result["certificates"]] == ["issued", "failed", "issued"]
    assert result["certificates"][1]["error"]["kind"] == "misconfigured"
    assert len(AuthorityDatabase(site.place() / "ca").serial_numbers) == 2


def test_check_mode_makes_no_ca(site: Site) -> None:
    played = site.play([certificate("predict"), authority("manage")], check=True)
    assert played.failures == []
    assert played["predict"].certificate["action"] == "issued"
    assert played["manage"].disk == {}
