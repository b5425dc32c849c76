# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One playbook, unchanged, on every CA: only the variable pki_authority differs. docs/authorities.md has what is seen here.

With CERTFLEET_WRITE_RESULTS=1 in the environment the page is written; without, it must agree.
"""

from __future__ import annotations

import os
import typing as t
from pathlib import Path

import pytest
from cryptography import x509

from ansible_collections.certfleet.pki.plugins.module_utils._registry import AUTHORITIES
from ansible_collections.certfleet.pki.tests.support.certificates import make_csr
from ansible_collections.certfleet.pki.tests.support.every_authority import OPENERS, Opened
from ansible_collections.certfleet.pki.tests.support.playbooks import BOTH_WAYS, Played, Site, TaskResult

PLAYBOOK = Path(__file__).with_name("playbooks") / "every_authority.yml"
PROVISION = "certfleet.pki.provision"
ENSURE = "certfleet.pki.certificate : Ensure the certificates of this host"
PAGE = Path(__file__).parents[2] / "docs" / "authorities.md"
#: Those that can't be asked whether a certificate is revoked, as they run here, and the one that doesn't say so either
#: when it is revoked again; see the page.
TELLS_NO_REVOCATION, REVOKES_AGAIN = {"acme", "step", "cfssl"}, {"cfssl"}
VARIABLES = {
    "pki_csr": make_csr(["web.example.com"], common_name="web.example.com").pem,
    "pki_certificates": [
        {"name": name, "dns_names": [f"{name}.example.com"], "directory": f"{{{{ place }}}}/{name}"}
        for name in ("one", "two")
    ],
}


def new_site(folder: Path, ca: Opened, **more: t.Any) -> Site:
    return Site(folder, {"one": {**BOTH_WAYS["stdin"], **VARIABLES, "pki_authority": ca.authority, **more}})


def provisioned(played: Played) -> t.List[TaskResult]:
    """Return the result of each time that `provision` ran."""
    return [result for result in played.results if result.task == ENSURE]


@pytest.fixture(scope="module", params=list(OPENERS))
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def ca(name: str, tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[Opened]:
    with OPENERS[name](tmp_path_factory.mktemp(name)) as opened:
        yield opened


@pytest.fixture(scope="module")
def story(ca: Opened, tmp_path_factory: pytest.TempPathFactory) -> Played:
    played = new_site(tmp_path_factory.mktemp("story"), ca).playbook(str(PLAYBOOK))
    assert (played.failures, played.returncode) == ([], 0), played.output
    return played


@pytest.fixture(scope="module")
def waiting(ca: Opened, story: Played, tmp_path_factory: pytest.TempPathFactory) -> t.Optional[t.List[TaskResult]]:
    """Provision twice before somebody approves, and twice afterwards; None for a CA at which no request can pend."""
    if ca.approval is None:
        return None
    (item,) = VARIABLES["pki_certificates"][:1]
    site = new_site(tmp_path_factory.mktemp("waiting"), ca, pki_certificates=[item], certificate_wait=False)
    ca.approval.demand(site)
    before = ca.approval.orders(site)
    asked = site.playbook(PROVISION, PROVISION)
    first, _second = provisioned(asked)
    ca.approval.give(site, only(first)["request_id"])
    approved = site.playbook(PROVISION, PROVISION)
    assert asked.failures == approved.failures == []
    assert ca.approval.orders(site) == before + 1
    return provisioned(asked) + provisioned(approved)


def only(result: TaskResult) -> t.Dict[str, t.Any]:
    (certificate,) = result.result["certificates"]
    return t.cast(t.Dict[str, t.Any], certificate)


def test_all_are_here() -> None:
    assert set(OPENERS) == set(AUTHORITIES)


def test_request_and_retrieve(story: Played) -> None:
    requested, retrieved = story["Request"], story["Retrieve"]
    assert requested.changed and not retrieved.changed
    assert requested.certificate["status"] == "issued"
    assert requested.certificate["dns_names"] == ["web.example.com"]
    assert retrieved.result["certificate_pem"] == requested.result["certificate_pem"]
    leaf, issuer = x509.load_pem_x509_certificates(retrieved.result["fullchain_pem"].encode())[:2]
    leaf.verify_directly_issued_by(issuer)


def test_status_and_revocation(name: str, story: Played) -> None:
    assert [story[task].changed for task in ("Status", "Revoke", "Revoke twice")] == [
        *(False, True, name in REVOKES_AGAIN)
    ]
    told = [story[task].certificate["status"] for task in ("Status", "Status once revoked")]
    assert told == (["unknown", "unknown"] if name in TELLS_NO_REVOCATION else ["issued", "revoked"])
    assert {story[task].certificate["serial_number"] for task in ("Status", "Revoke", "Revoke twice")} == {
        story["Request"].certificate["serial_number"]
    }


def test_provision_twice(name: str, story: Played) -> None:
    first, second = provisioned(story)
    assert (first.changed, second.changed) == (True, False)
    for result in (first, second):
        assert [(one["status"], one["authority"]) for one in result.result["certificates"]] == [("issued", name)] * 2
    assert [one["serial_number"] for one in first.result["certificates"]] == [
        one["serial_number"] for one in second.result["certificates"]
    ]


def test_pending(waiting: t.Optional[t.List[TaskResult]]) -> None:
    if waiting is None:
        pytest.skip("no request can pend here")
    assert [only(result)["status"] for result in waiting] == ["pending", "pending", "issued", "issued"]
    assert [result.changed for result in waiting] == [True, False, True, False]
    assert len({only(result)["request_id"] for result in waiting}) == 1


def test_the_page_has_what_was_seen(
    name: str, ca: Opened, story: Played, waiting: t.Optional[t.List[TaskResult]]
) -> None:
    cells = [f"[{name}](authorities/{name}.md)", ca.server, *seen(story), "" if waiting is None else pended(waiting)]
    row = f"| {' | '.join(cells)} |".replace("|  |", "| |")
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    (number,) = (number for number, line in enumerate(lines) if line.startswith(f"| {cells[0]} |"))
    if os.environ.get("CERTFLEET_WRITE_RESULTS"):
        lines[number] = row
        PAGE.write_text("\n".join(lines) + "\n", encoding="utf-8")
    assert lines[number] == row


def seen(story: Played) -> t.List[str]:
    """Return the cells of the table that one run of the playbook fills."""
    same = story["Retrieve"].result["certificate_pem"] == story["Request"].result["certificate_pem"]
    return [
        story["Request"].certificate["status"],
        story["Status"].certificate["status"],
        "the same" if same else "another",
        *(changes(story[task]) for task in ("Revoke", "Revoke twice")),
        story["Status once revoked"].certificate["status"],
        *map(changes, provisioned(story)),
    ]


def changes(result: TaskResult) -> str:
    return "changed" if result.changed else "ok"


def pended(waiting: t.Sequence[TaskResult]) -> str:
    return ", ".join(only(result)["status"] for result in waiting)


def test_the_page_shows_the_playbook() -> None:
    assert f"```yaml\n{PLAYBOOK.read_text(encoding='utf-8')}```" in PAGE.read_text(encoding="utf-8")
