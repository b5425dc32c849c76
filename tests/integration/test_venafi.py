# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The authority `venafi` against a simulated Trust Protection Platform."""

from __future__ import annotations

import concurrent.futures
import dataclasses
import json
import time
import typing as t
from datetime import timedelta

import pytest

pytest.register_assert_rewrite("ansible_collections.certfleet.pki.tests.support.authority_contract")

from ansible_collections.certfleet.pki.plugins.module_utils._authorities._base import Context, utc_now
from ansible_collections.certfleet.pki.plugins.module_utils._authorities.venafi import VenafiAuthority
from ansible_collections.certfleet.pki.plugins.module_utils._errors import (
    BadCertificate,
    Misconfigured,
    NotFound,
    PkiError,
    PolicyViolation,
    Rejected,
    Unauthorized,
    Unavailable,
)
from ansible_collections.certfleet.pki.plugins.module_utils._model import CertificateReference, Issued, Pending
from ansible_collections.certfleet.pki.plugins.module_utils._venafi import _client
from ansible_collections.certfleet.pki.plugins.module_utils._venafi._names import object_name
from ansible_collections.certfleet.pki.plugins.plugin_utils._session_cache import FileTokens
from ansible_collections.certfleet.pki.tests.support.authority_contract import (
    AuthorityContract,
    make_order,
    read,
    same_key,
    serial_of,
)
from ansible_collections.certfleet.pki.tests.support.certificates import CertificateAuthority
from ansible_collections.certfleet.pki.tests.support.failures import is_told_well
from ansible_collections.certfleet.pki.tests.support.openbao import OpenBao, free_port
from ansible_collections.certfleet.pki.tests.support.tasks import certificate
from ansible_collections.certfleet.pki.tests.support.venafi_tpp import PASSWORD, USER, ZONE, VenafiTpp


@pytest.fixture
def tpp(tmp_path):
    with VenafiTpp(tmp_path / "tpp") as tpp:
        yield tpp


def opened(tpp: VenafiTpp, **options: t.Any) -> VenafiAuthority:
    return VenafiAuthority(tpp.options(**options))


class TestContract(AuthorityContract):
    LIFETIME = 7200
    TIMEOUT = 4

    @pytest.fixture
    def authority(self, tpp):
        return opened(tpp)

    @pytest.fixture
    def same_authority(self, tpp):
        return opened(tpp)

    @pytest.fixture
    def pending_authority(self, tpp):
        tpp.approval = True
        self.tpp = tpp
        return opened(tpp)

    @pytest.fixture
    def unavailable_authority(self, tpp):
        return opened(tpp, url=f"https://127.0.0.1:{free_port()}", timeout=3)

    def approve(self, authority, request_id):
        self.tpp.approve(request_id)

    def deny(self, authority, request_id, reason):
        self.tpp.deny(request_id, reason)


def failure(kind: type[PkiError], call: t.Callable[[], object]) -> PkiError:
    """Return the error of a call, which must be of one kind, in one sentence, and hold no credential."""
    with pytest.raises(kind) as caught:
        call()
    error = caught.value
    assert type(error).kind == kind.kind
    AuthorityContract.is_one_sentence(error)
    assert error.authority == "venafi"
    assert PASSWORD not in f"{error.as_dict()} {error!r} {error.message}"
    return error


def reference(issued: t.Any) -> CertificateReference:
    return CertificateReference(certificate_pem=issued.certificate_pem)


class TestLogin:
    def works(self, tpp, **options):
        authority = opened(tpp, **options)
        before = tpp.logins()
        authority.request(make_order())
        authority.request(make_order())
        return tpp.logins() - before

    def test_access_token(self, tpp):
        assert self.works(tpp, access_token=tpp.access_token() + "\n") == 0

    def test_password(self, tpp):
        assert self.works(tpp) == 1

    def test_another_login_wins_over_the_variable(self, tpp):
        assert self.works(tpp, **{**tpp.options(), "access_token": "from-VCERT_TOKEN"}) == 1

    def test_refresh_token_in_a_file(self, tpp, tmp_path):
        path = tmp_path / "refresh"
        options = {"refresh_token": tpp.refresh_token(), "refresh_token_file": str(path)}
        assert self.works(tpp, **options) == 1
        assert self.works(tpp, **options) == 1
        assert len(tpp.used_refresh_tokens) == 2
        assert json.loads(path.read_text())["refresh_token"] in tpp.refresh_tokens
        assert self.works(tpp, refresh_token_file=str(path)) == 1

    def test_the_new_refresh_token_is_on_disk_before_the_access_token_is_used(self, tpp, tmp_path):
        path = tmp_path / "refresh"
        path.write_text(tpp.refresh_token())
        tpp.drop(path="/vedsdk/", times=9)
        failure(Unavailable, lambda: opened(tpp, refresh_token_file=str(path), retries=0).policy())
        assert json.loads(path.read_text())["refresh_token"] in tpp.refresh_tokens

    def test_refresh_token_is_never_sent_twice(self, tpp, tmp_path):
        """An answer that is lost on the way loses the token; a second try would only be refused."""
        path = tmp_path / "refresh"
        path.write_text(tpp.refresh_token())
        tpp.drop(before=False, path="authorize/token")
        failure(Unavailable, lambda: opened(tpp, refresh_token_file=str(path)).policy())
        assert tpp.count("authorize/token") == 1
        error = failure(Unauthorized, lambda: opened(tpp, refresh_token_file=str(path)).policy())
        assert "get a new one, and give it in refresh_token" in error.message
        assert self.works(tpp, refresh_token=tpp.refresh_token(), refresh_token_file=str(path)) == 1

    def test_processes_of_several_runs_share_the_file(self, tpp, tmp_path):
        path = tmp_path / "refresh"
        path.write_text(tpp.refresh_token())
        with concurrent.futures.ThreadPoolExecutor(6) as pool:
            opens = [opened(tpp, refresh_token_file=str(path)) for _number in range(12)]
            assert all(pool.map(lambda one: one.policy(), opens))
        assert tpp.count("authorize/token") == 12
        assert len(tpp.used_refresh_tokens) == 12

    def test_forks_of_one_run_log_in_once(self, tpp, tmp_path):
        path = tmp_path / "refresh"
        path.write_text(tpp.refresh_token())
        tokens = FileTokens(tmp_path / "tokens", b"k" * 32)
        opens = [
            VenafiAuthority(tpp.options(refresh_token_file=str(path)), Context(tokens=tokens)) for _number in range(6)
        ]
        with concurrent.futures.ThreadPoolExecutor(6) as pool:
            assert all(pool.map(lambda one: one.policy(), opens))
        assert tpp.logins() == 1

    def test_client_certificate(self, tmp_path):
        clients = CertificateAuthority("Clients")
        made = clients.issue([USER], common_name=USER, extended_key_usage=["client_auth"])
        files = {"client_certificate": tmp_path / "client.pem", "client_key": tmp_path / "client.key"}
        files["client_certificate"].write_text(made.pem)
        files["client_key"].write_text(str(made.key_pem))
        with VenafiTpp(tmp_path / "mtls", client_ca=clients.pem) as tpp:
            assert self.works(tpp, **{name: str(path) for name, path in files.items()}) == 1
            stranger = clients.issue(["nobody"], common_name="nobody", extended_key_usage=["client_auth"])
            files["client_certificate"].write_text(stranger.pem)
            files["client_key"].write_text(str(stranger.key_pem))
            error = failure(Unauthorized, lambda: self.works(tpp, **{name: str(path) for name, path in files.items()}))
            assert "client_certificate" in error.message

    @pytest.mark.parametrize(
        ("options", "told"),
        [
            ({"username": USER, "password": "wrong-Horse-1"}, "check username and password"),
            ({"client_id": "Unknown"}, "check client_id"),
            ({"scope": "security:delete"}, "ask for less in scope"),
            ({"access_token": "wrong-Horse-1"}, "check the credentials"),
        ],
    )
    def test_refused(self, tpp, options, told):
        given = options if "access_token" in options else {"username": USER, "password": PASSWORD, **options}
        error = failure(Unauthorized, lambda: opened(tpp, **given).request(make_order()))
        assert told in error.message
        assert "wrong-Horse-1" not in f"{error.as_dict()}{error!r}"
        assert tpp.orders() == 0

    def test_token_without_the_right(self, tpp):
        authority = opened(tpp, access_token=tpp.access_token("certificate:manage"))
        issued = authority.request(make_order())
        error = failure(Unauthorized, lambda: authority.revoke(reference(issued), reason="superseded"))
        assert error.http_status == 403
        assert "to revoke the certificate" in error.message

    def test_token_that_expires_midway_is_renewed_once_and_silently(self, tpp):
        authority = opened(tpp)
        authority.request(make_order())
        tpp.expire_tokens()
        assert isinstance(authority.request(make_order()), Issued)
        assert tpp.logins() == 2
        assert len(tpp.objects) == 2

    @pytest.mark.parametrize("tells_expires_in", [True, False])
    def test_token_near_its_end_is_not_used(self, tpp, tells_expires_in):
        """Some versions say only at which moment it expires."""
        tpp.tells_expires_in = tells_expires_in
        now = [utc_now()]
        tokens = FileTokens(tpp.folder / "tokens", b"k" * 32)
        for minutes, logins in ((0, 1), (1, 1), (tpp.token_lifetime // 60, 2)):
            now[0] += timedelta(minutes=minutes)
            VenafiAuthority(tpp.options(), Context(clock=lambda: now[0], tokens=tokens)).policy()
            assert tpp.logins() == logins

    def test_token_that_always_expires_ends(self, tpp):
        tpp.token_lifetime = -1
        failure(Unauthorized, lambda: opened(tpp).request(make_order()))
        assert tpp.logins() == 2


class TestRefreshTokenInVault:
    @pytest.fixture(scope="class")
    @classmethod
    def bao(cls, tmp_path_factory):
        with OpenBao(tmp_path_factory.mktemp("openbao")) as bao:
            bao.api("POST", "sys/mounts/kv", {"type": "kv", "options": {"version": "2"}})
            policy = 'path "kv/data/venafi" { capabilities = ["create", "read", "update"] }'
            bao.api("POST", "sys/policies/acl/venafi", {"policy": policy})
            yield bao

    @pytest.fixture
    def options(self, bao, tpp):
        bao.api("DELETE", "kv/metadata/venafi")
        place = {"url": bao.url, "mount": "kv", "path": "venafi", "auth": {"token": bao.token(policies=("venafi",))}}
        return {"refresh_token_vault": place}

    def stored(self, bao):
        return bao.api("GET", "kv/data/venafi")["data"]["data"]

    def put(self, bao, **data):
        bao.api("POST", "kv/data/venafi", {"data": data})

    def test_rotates_there(self, tpp, bao, options):
        self.put(bao, refresh_token=tpp.refresh_token(), owner="web team")
        for _number in range(2):
            assert opened(tpp, **options).policy()
        stored = self.stored(bao)
        assert stored["refresh_token"] in tpp.refresh_tokens
        assert sorted(stored) == ["owner", "refresh_token", "seed"]
        assert len(tpp.used_refresh_tokens) == 2

    def test_begins_with_the_seed(self, tpp, bao, options):
        assert opened(tpp, refresh_token=tpp.refresh_token(), **options).policy()
        assert self.stored(bao)["refresh_token"] in tpp.refresh_tokens

    def test_with_a_login_there(self, tpp, bao, options):
        self.put(bao, refresh_token=tpp.refresh_token())
        options["refresh_token_vault"]["auth"] = {"approle": bao.approle(name="venafi", token_policies=["venafi"])}
        assert opened(tpp, **options).policy()

    def test_many_controllers_at_once(self, tpp, bao, options):
        self.put(bao, refresh_token=tpp.refresh_token())
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            assert all(pool.map(lambda _number: opened(tpp, **options).policy(), range(4)))
        assert len(tpp.used_refresh_tokens) == 4
        assert self.stored(bao)["refresh_token"] in tpp.refresh_tokens

    def test_a_refused_login_gives_the_claim_back(self, tpp, bao, options):
        self.put(bao, refresh_token="used-up-token")
        error = failure(Unauthorized, lambda: opened(tpp, **options).policy())
        assert "used-up-token" not in str(error.as_dict())
        assert self.stored(bao) == {"refresh_token": "used-up-token"}

    def test_a_claim_of_a_run_that_was_killed_ends(self, tpp, bao, options):
        self.put(bao, refresh_token=tpp.refresh_token(), claimed_by="other", claimed_until=time.time() + 1)
        assert opened(tpp, **options).policy()

    def test_nothing_there(self, tpp, options):
        error = failure(Misconfigured, lambda: opened(tpp, **options).policy())
        assert "There is no refresh token in kv/data/venafi" in error.message

    def test_no_right_there(self, tpp, bao, options):
        options["refresh_token_vault"]["auth"] = {"token": bao.token(policies=("pki",))}
        error = failure(Unauthorized, lambda: opened(tpp, **options).policy())
        assert "kv/data/venafi" in error.message


class TestOrders:
    def sent(self, tpp, path="certificates/request"):
        return [call.json for call in tpp.calls if call.path.endswith(path)]

    def test_what_is_sent(self, tpp):
        order = make_order(lifetime=86400)
        custom = {"Cost Centre": 17, "Owners": ["a", "b"]}
        opened(tpp, custom_fields=custom, origin="Web team", issuer_hint="microsoft").request(order)
        (body,) = self.sent(tpp)
        (end,) = body.pop("CASpecificAttributes")
        assert end["Name"] == "Microsoft CA:Specific End Date"
        assert body == {
            "PolicyDN": ZONE,
            "ObjectName": object_name(order),
            "PKCS10": order.csr_pem,
            "DisableAutomaticRenewal": True,
            "Origin": "Web team",
            "CustomFields": [{"Name": "Cost Centre", "Values": ["17"]}, {"Name": "Owners", "Values": ["a", "b"]}],
        }

    def test_hosts_with_the_same_name_keep_out_of_each_others_way(self, tpp):
        authority = opened(tpp)
        orders = [make_order() for _number in range(3)]
        ids = [authority.request(order).request_id for order in orders]
        assert len(tpp.objects) == 3
        for order, request_id in zip(orders, ids, strict=True):
            assert same_key(read(authority.collect(request_id).certificate_pem), order.csr_pem)

    def renewed(self, tpp, authority, **options):
        first = authority.request(make_order())
        order = dataclasses.replace(make_order(**options), replaces=first.certificate_pem)
        return first, order, authority.request(order)

    def test_renewal_is_of_the_same_object(self, tpp):
        first, order, second = self.renewed(tpp, opened(tpp))
        assert len(tpp.objects) == 1
        assert self.sent(tpp, "renew") == [{"CertificateDN": tpp.find(first.request_id).dn, "PKCS10": order.csr_pem}]
        assert same_key(read(second.certificate_pem), order.csr_pem)

    def test_renewal_with_a_lifetime_is_of_the_same_object(self, tpp):
        _first, order, second = self.renewed(tpp, opened(tpp), lifetime=7200)
        assert len(tpp.objects) == 1
        assert len(self.sent(tpp)) == 2
        assert same_key(read(second.certificate_pem), order.csr_pem)

    def test_renewal_of_what_is_elsewhere_is_a_new_object(self, tpp):
        tpp.folders[r"\VED\Policy\Other"] = tpp.folders[ZONE]
        first = opened(tpp, zone="Other").request(make_order())
        opened(tpp).request(dataclasses.replace(make_order(), replaces=first.certificate_pem))
        assert len(tpp.objects) == 2
        assert self.sent(tpp, "renew") == []

    @pytest.mark.parametrize("archive_as_file", [False, True])
    def test_the_earlier_certificate_is_still_known(self, tpp, archive_as_file):
        tpp.archive_as_file = archive_as_file
        authority = opened(tpp)
        first, _order, second = self.renewed(tpp, authority)
        assert read(authority.collect(first.request_id).certificate_pem) == read(first.certificate_pem)
        by_serial = CertificateReference(serial_number=serial_of(first.certificate_pem))
        for named in (reference(first), by_serial, CertificateReference(request_id=first.request_id)):
            assert authority.status(named).status == "issued"
        assert authority.revoke(by_serial, reason="superseded") is True
        assert authority.revoke(reference(first), reason="superseded") is False
        assert authority.status(by_serial).status == authority.status(reference(first)).status == "revoked"
        assert authority.status(reference(second)).status == "issued"

    def test_the_earlier_certificate_is_not_taken_for_the_new_one(self, tpp):
        authority = opened(tpp)
        tpp.polls = 0
        first = authority.request(make_order())
        tpp.polls = 3
        order = dataclasses.replace(make_order(), replaces=first.certificate_pem)
        pending = authority.request(order)
        assert isinstance(pending, Pending)
        assert isinstance(authority.collect(pending.request_id), Pending)
        issued = authority.collect(pending.request_id)
        assert same_key(read(issued.certificate_pem), order.csr_pem)

    def test_renewal_that_was_stopped_is_gone(self, tpp):
        authority = opened(tpp)
        first = authority.request(make_order())
        tpp.approval = True
        pending = authority.request(dataclasses.replace(make_order(), replaces=first.certificate_pem))
        authority.cancel(pending.request_id)
        assert "was stopped" in failure(NotFound, lambda: authority.collect(pending.request_id)).message

    def test_stuck_object_is_reset_before_the_order(self, tpp):
        authority = opened(tpp)
        first = authority.request(make_order())
        tpp.failing = ["Post CSR failed with error: the CA is down"]
        order = dataclasses.replace(make_order(), replaces=first.certificate_pem)
        failure(Rejected, lambda: authority.request(order))
        issued = authority.request(dataclasses.replace(make_order(), replaces=first.certificate_pem))
        assert isinstance(issued, Issued)
        paths = [call.path.rsplit("/", 1)[-1] for call in tpp.calls]
        assert paths[-4:] == ["renew", "reset", "renew", "retrieve"]

    def test_failed_stage_is_tried_again_once(self, tpp):
        authority = opened(tpp)
        tpp.approval, tpp.retry_helps = True, False
        pending = authority.request(make_order())
        tpp.find(pending.request_id).job.in_error = True
        assert "tried again after: stage 500" in authority.collect(pending.request_id).detail
        failure(Rejected, lambda: authority.collect(pending.request_id))
        assert tpp.count("certificates/retry") == 1
        tpp.retry_helps, tpp.approval = True, False
        tpp.find(pending.request_id).job.waits = False
        assert isinstance(opened(tpp).collect(pending.request_id), Pending)
        assert isinstance(opened(tpp).collect(pending.request_id), Issued)

    def test_nothing_is_repaired_in_check_mode(self, tpp):
        tpp.approval = True
        pending = opened(tpp).request(make_order())
        tpp.find(pending.request_id).job.in_error = True
        authority = VenafiAuthority(tpp.options(), Context(check=True))
        failure(Rejected, lambda: authority.collect(pending.request_id))
        assert authority.status(CertificateReference(request_id=pending.request_id)).status == "rejected"
        assert tpp.count("certificates/retry") == 0

    def test_pending_tells_the_stage(self, tpp):
        tpp.approval = True
        pending = opened(tpp).request(make_order())
        assert pending.detail == "stage 500: Pending workflow resolution"

    def test_lost_answer_of_a_renewal_is_found(self, tpp):
        authority = opened(tpp, retries=0)
        first = authority.request(make_order())
        order = dataclasses.replace(make_order(), replaces=first.certificate_pem)
        tpp.drop(before=False, path="certificates/renew")
        failure(Unavailable, lambda: authority.request(order))
        found = authority.find_request(order)
        assert same_key(read(found.certificate_pem), order.csr_pem)
        assert tpp.orders() == 2

    def test_by_plain_name_of_the_object(self, tpp):
        authority = opened(tpp)
        issued = authority.request(make_order())
        dn = tpp.find(issued.request_id).dn
        assert read(authority.collect(dn).certificate_pem) == read(issued.certificate_pem)
        assert authority.revoke(CertificateReference(request_id=dn), reason="key_compromise") is True
        (body,) = self.sent(tpp, "certificates/revoke")
        assert body == {"CertificateDN": dn, "Reason": 1, "Disable": False}

    def test_revocation_that_is_not_confirmed_yet(self, tpp):
        tpp.asynchronous_revocation = True
        authority = opened(tpp)
        issued = authority.request(make_order())
        assert authority.revoke(reference(issued), reason="superseded") is True
        assert authority.revoke(reference(issued), reason="superseded") is False

    def test_lists_page_by_page(self, tpp, monkeypatch):
        monkeypatch.setattr(_client, "_PAGE", 2)
        authority = opened(tpp)
        for _number in range(5):
            authority.request(make_order())
        assert len(list(authority.list_certificates())) == 5
        assert tpp.count("/vedsdk/certificates/$") == 3


class TestFaults:
    @pytest.mark.parametrize("status", [500, 502, 503])
    def test_order_is_never_repeated(self, tpp, status):
        tpp.fail(status=status, path="certificates/request", times=9)
        failure(Unavailable, lambda: opened(tpp).request(make_order()))
        assert tpp.orders() == 1

    def test_too_many_requests(self, tpp):
        tpp.fail(status=429, headers={"Retry-After": "1"}, path="certificates/request")
        assert isinstance(opened(tpp).request(make_order()), Issued)
        tpp.fail(status=429, headers={"Retry-After": "7"}, path="certificates/request", times=9)
        error = failure(Unavailable, lambda: opened(tpp, timeout=2).request(make_order()))
        assert error.retry_after == 7

    @pytest.mark.parametrize("before", [True, False])
    def test_dropped_order(self, tpp, before):
        """It can't be told from here which it was; what became of it can be found."""
        order = make_order()
        tpp.drop(before=before, path="certificates/request")
        failure(Unavailable, lambda: opened(tpp).request(order))
        assert tpp.orders() == 1
        assert (opened(tpp).find_request(order) is None) == before

    def test_trouble_after_the_order_loses_nothing(self, tpp):
        tpp.fail(status=500, path="certificates/retrieve")
        authority = opened(tpp)
        pending = authority.request(make_order())
        assert isinstance(pending, Pending)
        assert isinstance(authority.collect(pending.request_id), Issued)
        assert tpp.orders() == 1

    def test_slow(self, tpp):
        tpp.slow(3, path="certificates/request")
        started = time.monotonic()
        failure(Unavailable, lambda: opened(tpp, timeout=1).request(make_order()))
        assert time.monotonic() - started < 2.5

    def test_chain_in_the_wrong_order(self, tpp):
        tpp.chain_reversed = True
        order = make_order()
        assert same_key(read(opened(tpp).request(order).certificate_pem), order.csr_pem)

    def test_wrong_certificate(self, tpp):
        tpp.wrong_certificate = True
        error = failure(BadCertificate, lambda: opened(tpp).request(make_order()))
        assert "for another key" in error.message

    @pytest.mark.parametrize(
        ("text", "kind"),
        [
            ("PKCS10: Organization value does not match the policy value and is locked.", PolicyViolation),
            (rf"PolicyDN: {ZONE} does not exist", Misconfigured),
            ("Custom field 'Cost Centre' does not exist.", Misconfigured),
            (rf"The object {ZONE}\x cannot be created.", Rejected),
        ],
    )
    def test_refused_order(self, tpp, text, kind):
        tpp.fail(status=400, body={"Error": text}, path="certificates/request")
        failure(kind, lambda: opened(tpp).request(make_order()))

    def test_credentials_that_the_server_repeats_are_not_shown(self, tpp):
        token = tpp.access_token()
        tpp.fail(status=400, body={"Error": f"bad header Bearer {token}"}, path="certificates/request")
        error = failure(Rejected, lambda: opened(tpp, access_token=token).request(make_order()))
        assert token not in f"{error.as_dict()}{error!r}"
        tpp.fail(status=400, body={"error": "x", "error_description": f"no {PASSWORD}"}, path="authorize/oauth")
        failure(Unauthorized, lambda: opened(tpp).request(make_order()))

    @pytest.mark.parametrize(
        ("text", "kind"),
        [
            (r"Certificate \VED\Policy\Web\x does not have a certificate to revoke.", NotFound),
            (r"Certificate \VED\Policy\Web\x does not exist.", NotFound),
            ("The CA is not in the mood.", Rejected),
        ],
    )
    def test_refused_revocation(self, tpp, text, kind):
        authority = opened(tpp)
        issued = authority.request(make_order())
        tpp.fail(status=400, body={"Error": text}, path="certificates/revoke")
        failure(kind, lambda: authority.revoke(reference(issued), reason="superseded"))

    def test_zone_that_is_not_there_when_listing(self, tpp):
        text = r"Argument error. Parent DN recursive \VED\Policy\Nowhere does not exist."
        tpp.fail(status=400, body={"Error": text}, path="/vedsdk/certificates/$")
        error = failure(Misconfigured, lambda: list(opened(tpp).list_certificates()))
        assert "correct zone" in error.message

    def test_zone_that_is_not_there(self, tpp):
        error = failure(Misconfigured, lambda: opened(tpp, zone="Nowhere").request(make_order()))
        assert "correct zone" in error.message

    def test_what_is_no_venafi(self, tpp):
        tpp.fail(status=200, body="<html>", path="checkpolicy")
        assert "correct url" in failure(Misconfigured, lambda: opened(tpp).policy()).message
        tpp.fail(status=404, body="<html>", path="authorize/oauth")
        assert "correct url" in failure(Misconfigured, lambda: opened(tpp).policy()).message

    def test_policy_that_may_not_be_read(self, tpp):
        tpp.fail(status=403, path="checkpolicy")
        authority = opened(tpp)
        assert authority.policy() is None
        assert isinstance(authority.request(make_order()), Issued)

    def test_folder_that_takes_no_csr(self, tpp):
        tpp.folders[ZONE]["CsrGeneration"] = {"Locked": True, "Value": "ServiceGenerated"}
        failure(Misconfigured, lambda: opened(tpp).request(make_order()))
        assert tpp.orders() == 0


def test_play(tpp, site):
    """The policy of the folder counts before anything is sent; a second run changes nothing."""
    tpp.folders[ZONE]["WhitelistedDomains"] = ["example.com"]
    ca = {"venafi": tpp.options()}
    played = site.play(
        [
            certificate("issue", authority=ca),
            certificate("again", authority=ca),
            certificate("renew", authority=ca, force=True),
            certificate("forbidden", authority=ca, name="bad", dns_names=["web.example.net"]),
            certificate("revoke", authority=ca, state="revoked"),
        ]
    )
    assert [result.task for result in played.results if result.changed] == ["issue", "renew", "revoke"]
    assert [task for _host, task, _message in played.failures] == ["forbidden"]
    is_told_well(played["forbidden"], "policy", "web.example.net")
    assert tpp.orders() == 2
    assert len(tpp.objects) == 1
    assert PASSWORD not in played.output
