# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every playbook, with the extra variables of an AWX job; a second run changes nothing."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ansible_collections.certfleet.pki.tests.support.playbook import Fleet, Play

HOSTS = ("one", "two")
#: What an AWX survey sends for a question that was not answered.
UNANSWERED = {"pki_authority_name": "", "pki_name": "", "pki_request_id": "", "pki_serial_number": ""}


@pytest.fixture
def fleet(tmp_path: Path) -> Fleet:
    """Return two hosts that should have two certificates each, from two CAs; the second CA wants every request approved."""
    authorities = {
        "automatic": {"local": {"path": str(tmp_path / "automatic"), "create": True}},
        "manual": {"local": {"path": str(tmp_path / "manual")}},
        "other": {"local": {"path": str(tmp_path / "other"), "create": True}},
    }
    certificates = [
        {
            "name": name,
            "dns_names": ["{{ inventory_hostname }}-" + name + ".example.com"],
            "directory": str(tmp_path / "hosts") + "/{{ inventory_hostname }}/" + name,
        }
        for name in ("web", "metrics")
    ]
    variables = {
        "pki_authorities": authorities,
        "pki_authority": "{{ pki_authorities.automatic }}",
        "pki_certificates": certificates,
    }
    (tmp_path / "hosts").mkdir()
    for host in HOSTS:
        (tmp_path / "hosts" / host).mkdir()
    return Fleet.create(tmp_path, hosts=HOSTS, variables=variables)


def play(fleet: Fleet, playbook: str, **variables: object) -> Play:
    """Play one of the collection's playbooks as AWX would; it has to succeed."""
    done = fleet.play(f"certfleet.pki.{playbook}", **{**UNANSWERED, **variables})
    assert done.returncode == 0, done.output
    return done


@pytest.mark.smoke
@pytest.mark.parametrize("playbook", ["provision", "renew", "request"])
def test_a_second_run_changes_nothing(fleet: Fleet, playbook: str) -> None:
    assert play(fleet, playbook).changed == len(HOSTS)
    assert play(fleet, playbook).changed == 0


def test_one_name_leaves_the_others_alone(fleet: Fleet) -> None:
    play(fleet, "provision", pki_name="web", pki_hosts="one")
    assert [path.name for path in (fleet.directory / "hosts").glob("*/*")] == ["web"]


def test_a_name_that_no_certificate_has_is_an_error(fleet: Fleet) -> None:
    done = fleet.play("certfleet.pki.provision", pki_name="nonesuch")
    assert done.returncode != 0
    assert "none of the names in certificate_certificates" in done.output


def test_status_predicts_and_changes_nothing(fleet: Fleet) -> None:
    before = play(fleet, "status")
    assert "missing" in before.output
    assert before.changed == 0
    assert not list((fleet.directory / "hosts").glob("*/*"))
    play(fleet, "provision")
    after = play(fleet, "status")
    assert after.changed == 0
    assert after.output.count(": issued, valid until") == 2 * len(HOSTS)


def test_a_request_is_approved_and_retrieved(fleet: Fleet) -> None:
    manage(fleet, "state: present, approval: manual")
    chosen = {"pki_authority_name": "manual", "pki_hosts": "one", "pki_name": "web"}

    first = play(fleet, "request", **chosen)
    assert first.changed == 1
    (request_id,) = set(re.findall(r", request (\S+?)[,\"]", first.output))
    assert request_id in first.output.partition("CUSTOM STATS")[2]
    assert play(fleet, "request", **chosen).changed == 0
    assert "pending" in play(fleet, "status", **chosen).output
    assert "pending" in play(fleet, "status", pki_authority_name="manual", pki_request_id=request_id).output

    manage(fleet, f"approve: [{request_id}]")
    assert play(fleet, "retrieve", **chosen).changed == 1
    assert play(fleet, "retrieve", **chosen).changed == 0
    by_id = play(fleet, "retrieve", pki_authority_name="manual", pki_request_id=request_id)
    assert "BEGIN CERTIFICATE" in by_id.output
    assert by_id.changed == 0


def test_revoke_needs_to_be_told_where(fleet: Fleet) -> None:
    assert "pki_hosts" in fleet.play("certfleet.pki.revoke", pki_name="web").output


def test_revoke_needs_exactly_one_certificate(fleet: Fleet) -> None:
    for wrong in ({}, {"pki_name": "web", "pki_serial_number": "01"}):
        done = fleet.play("certfleet.pki.revoke", **{**UNANSWERED, **wrong, "pki_hosts": "one"})
        assert done.returncode != 0
        assert "Give exactly one of" in done.output


def test_revoke_by_name_removes_and_is_done_once(fleet: Fleet) -> None:
    play(fleet, "provision")
    assert play(fleet, "revoke", pki_hosts="one", pki_name="web", pki_revoke_reason="superseded").changed == 1
    assert play(fleet, "revoke", pki_hosts="one", pki_name="web", pki_revoke_reason="superseded").changed == 0
    assert [path.name for path in (fleet.directory / "hosts" / "one").iterdir()] == ["metrics"]


def test_revoke_by_serial_number_is_done_once(fleet: Fleet) -> None:
    play(fleet, "provision")
    serial_number = _serial_number(fleet.directory / "hosts" / "one" / "web" / "cert.pem")
    assert play(fleet, "revoke", pki_hosts="one", pki_serial_number=serial_number).changed == 1
    assert play(fleet, "revoke", pki_hosts="one", pki_serial_number=serial_number).changed == 0
    assert "revoked" in play(fleet, "status", pki_serial_number=serial_number).output


def test_an_unknown_authority_name_is_an_error(fleet: Fleet) -> None:
    done = fleet.play("certfleet.pki.provision", pki_authority_name="nonesuch")
    assert done.returncode != 0
    assert "certificate_authority_name is not a key of certificate_authorities" in done.output


MIGRATE = {"pki_hosts": "all", "pki_from_authority_name": "automatic", "pki_authority_name": "other"}


@pytest.mark.smoke
def test_migrate_issues_anew_and_revokes_the_old(fleet: Fleet) -> None:
    play(fleet, "provision")
    old = [_serial_number(path) for path in fleet.directory.glob("hosts/*/*/cert.pem")]
    assert play(fleet, "migrate", **MIGRATE, pki_batch="100%").changed == 2 * len(HOSTS)
    new = [_serial_number(path) for path in fleet.directory.glob("hosts/*/*/cert.pem")]
    for serial_number in old:
        assert "revoked" in play(fleet, "status", pki_hosts="one", pki_serial_number=serial_number).output
    again = play(fleet, "migrate", **MIGRATE)
    assert again.changed == 0
    assert new == [_serial_number(path) for path in fleet.directory.glob("hosts/*/*/cert.pem")]


def test_migrate_goes_on_where_it_was_cut_off(fleet: Fleet) -> None:
    """The new certificates are in place, and nothing was revoked yet."""
    play(fleet, "provision")
    old = _serial_number(fleet.directory / "hosts" / "one" / "web" / "cert.pem")
    away = fleet.directory / "automatic"
    away.rename(away.with_name("away"))
    done = fleet.play("certfleet.pki.migrate", **{**UNANSWERED, **MIGRATE})
    assert done.returncode != 0
    away.with_name("away").rename(away)
    play(fleet, "migrate", **MIGRATE)
    assert "revoked" in play(fleet, "status", pki_hosts="one", pki_serial_number=old).output


def test_migrate_leaves_what_is_still_in_place(fleet: Fleet) -> None:
    """The new CA has not approved yet, so the old certificate is needed."""
    manage(fleet, "state: present, approval: manual")
    play(fleet, "provision")
    old = _serial_number(fleet.directory / "hosts" / "one" / "web" / "cert.pem")
    play(fleet, "migrate", **{**MIGRATE, "pki_authority_name": "manual", "certificate_wait": False})
    assert "issued" in play(fleet, "status", pki_hosts="one", pki_serial_number=old).output
    assert _serial_number(fleet.directory / "hosts" / "one" / "web" / "cert.pem") == old


@pytest.mark.parametrize(
    "wrong", [{"pki_authority_name": "automatic"}, {"pki_from_authority_name": ""}, {"pki_authority_name": "x"}]
)
def test_migrate_needs_two_authorities(fleet: Fleet, wrong: dict[str, str]) -> None:
    done = fleet.play("certfleet.pki.migrate", **{**UNANSWERED, **MIGRATE, **wrong})
    assert done.returncode != 0
    assert "Give two different keys of pki_authorities" in done.output


def manage(fleet: Fleet, options: str) -> None:
    """Run local_authority on the CA that wants every request approved."""
    task = f"certfleet.pki.local_authority: {{path: '{{{{ pki_authorities.manual.local.path }}}}', {options}}}"
    playbook = fleet.directory / "manage.yml"
    playbook.write_text(f"[{{hosts: one, gather_facts: false, tasks: [{{{task}}}]}}]\n")
    done = fleet.play(str(playbook))
    assert done.returncode == 0, done.output


def _serial_number(certificate: Path) -> str:
    from cryptography import x509

    return format(x509.load_pem_x509_certificate(certificate.read_bytes()).serial_number, "x")
