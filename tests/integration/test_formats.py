# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Keystores beside the PEM files: they come, change and go without another order, the same both ways."""

from __future__ import annotations

import re
import typing as t
from pathlib import Path

import pytest

from ansible_collections.certfleet.pki.tests.support import keystores
from ansible_collections.certfleet.pki.tests.support.failures import is_quiet
from ansible_collections.certfleet.pki.tests.support.matrix import comparable
from ansible_collections.certfleet.pki.tests.support.playbooks import BOTH_WAYS, Played, Site
from ansible_collections.certfleet.pki.tests.support.tasks import Task, certificate, named, predicted_and_done, shell
from ansible_collections.certfleet.pki.tests.support.watching import Watch, noting

PASSPHRASE = "change-it-b3fore"
ANOTHER = "changed-it-aft3r"
EVERY: t.Mapping[str, t.Any] = {"formats": ["combined", "pkcs12", "jks"], "passphrase": PASSPHRASE}
CHANGED: t.Mapping[str, t.Any] = {**EVERY, "passphrase": ANOTHER}
RENAMED: t.Mapping[str, t.Any] = {**CHANGED, "alias": "Tomcat"}
LEGACY: t.Mapping[str, t.Any] = {**RENAMED, "pkcs12_encryption": "legacy"}
FEWER: t.Mapping[str, t.Any] = {**LEGACY, "formats": ["jks"]}
#: Name of the change, the options after it, and what the host says is not as wanted.
CHANGES: t.Mapping[str, t.Tuple[t.Mapping[str, t.Any], t.Sequence[str]]] = {
    "added": (EVERY, ("combined.pem", "keystore.jks", "keystore.p12", "link:keystore.jks", "link:keystore.p12")),
    "passphrase": (CHANGED, ("keystore.jks", "keystore.p12")),
    "alias": (RENAMED, ("keystore.jks", "keystore.p12")),
    "encryption": (LEGACY, ("keystore.p12",)),
    "removed": (FEWER, ("combined.pem", "keystore.p12", "link:combined.pem", "link:keystore.p12")),
    "again added": (RENAMED, ("combined.pem", "keystore.p12")),
    "damaged": (RENAMED, ("keystore.jks", "keystore.p12")),
}
DAMAGE = "echo > web/current/keystore.p12 && rm web/current/keystore.jks"
READ = "openssl pkcs12 -in web/keystore.p12 -passin pass:%s -nokeys 2>&1 || true"


class TestTheLifeOfKeystores:
    @pytest.fixture(scope="class")
    @classmethod
    def site(cls, tmp_path_factory: pytest.TempPathFactory) -> Site:
        return Site(tmp_path_factory.mktemp("keystores"), BOTH_WAYS)

    @pytest.fixture(scope="class")
    @classmethod
    def played(cls, site: Site) -> Played:
        tasks: t.List[Task] = [certificate("issue")]
        for change, (options, _damaged) in CHANGES.items():
            tasks += [shell("damage", DAMAGE)] if change == "damaged" else []
            tasks += predicted_and_done(change, certificate("", **options))
            tasks.append(shell(f"{change}: read", READ % options["passphrase"]))
        tasks += predicted_and_done("renewed", certificate("", force=True, **RENAMED))[1:2]
        played = site.play(tasks, verbosity=1)
        is_quiet(played)
        assert played.failures == []
        return played

    @pytest.fixture(params=sorted(BOTH_WAYS))
    def way(self, request: pytest.FixtureRequest) -> str:
        return str(request.param)

    @pytest.fixture
    def story(self, played: Played, way: str) -> Played:
        return played.on(way)

    @pytest.mark.parametrize("change", CHANGES)
    def test_it_is_carried_out_once_and_nothing_is_ordered(self, story: Played, change: str) -> None:
        predicted, done, again = (story[name] for name in (f"{change}: check", change, f"{change}: again"))
        assert (predicted.changed, done.changed, again.changed) == (True, True, False)
        for result in (predicted, done):
            assert (result.certificate["action"], result.codes) == ("reinstalled", ["files_differ"])
            detail = result.certificate["reasons"][0]["detail"]
            assert all(name in detail for name in CHANGES[change][1])
        assert again.certificate["reasons"] == []
        assert again.disk == done.disk
        assert done.serial_numbers() == story["issue"].serial_numbers()

    @pytest.mark.parametrize("change", CHANGES)
    def test_the_result_names_the_files(self, story: Played, site: Site, way: str, change: str) -> None:
        formats = CHANGES[change][0]["formats"]
        files = story[change].certificate["files"]
        names = {"pkcs12": "keystore.p12", "jks": "keystore.jks", "combined": "combined.pem"}
        wanted = {
            name: str(site.place(way) / "web" / file) if name in formats else None for name, file in names.items()
        }
        assert {name: files[name] for name in names} == wanted

    @pytest.mark.parametrize("change", ["added", "passphrase", "alias", "encryption", "again added", "damaged"])
    def test_openssl_reads_it_right_after_the_change(self, story: Played, change: str) -> None:
        printed = story[f"{change}: read"].result["stdout"]
        assert f"friendlyName: {CHANGES[change][0].get('alias', 'web')}" in printed
        assert printed.count("BEGIN CERTIFICATE") == 2

    def test_the_renewed_certificate_is_in_new_keystores(self, story: Played, site: Site, way: str) -> None:
        assert story["renewed"].certificate["action"] == "renewed"
        place = site.place(way) / "web"
        key, chain = (place / "privkey.pem").read_text(), (place / "fullchain.pem").read_text()
        read = keystores.read_with_cryptography(place / "keystore.p12", ANOTHER)
        assert (read.alias, read.key, "".join(read.chain)) == ("Tomcat", key, chain)
        java = keystores.read_with_keytool(place / "keystore.jks", ANOTHER, "tomcat", kind="JKS")
        assert (java.alias, java.key, "".join(java.chain)) == ("tomcat", key, chain)

    def test_the_same_both_ways(self, played: Played) -> None:
        one, other = (
            [comparable(result) for result in played.on(way).results if ": read" not in result.task]
            for way in sorted(BOTH_WAYS)
        )
        assert one == other


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"formats": ["jks"]}, "need one; give at least 6 characters"),
        ({"formats": ["pkcs12"], "passphrase": "sh0rt"}, "takes no fewer than 6 characters"),
        ({"formats": ["combined"], "passphrase": PASSPHRASE}, "give key.passphrase to encrypt the key itself"),
        ({"formats": ["der"], "passphrase": PASSPHRASE}, "formats"),
    ],
)
def test_what_cannot_be(site: Site, options: t.Mapping[str, t.Any], told: str) -> None:
    (result,) = site.play([certificate("issue", **options)]).results
    assert result.failed and result.disk == {}
    assert (result.result["error"]["kind"], told in result.result["msg"]) == ("misconfigured", True)
    assert options.get("passphrase", PASSPHRASE) not in str(result.result)


@pytest.mark.parametrize("way", BOTH_WAYS)
def test_the_passphrase_shows_nowhere(tmp_path: Path, way: str) -> None:
    site = Site(tmp_path, {"one": BOTH_WAYS[way]})
    path, notes = noting(tmp_path, "openssl")
    tasks = [
        certificate("issue", **EVERY),
        certificate("change", **CHANGED),
        certificate("wrong", **{**CHANGED, "alias": "\u00fc"}),
        certificate("remove", state="absent", **CHANGED),
    ]
    secrets = re.compile(f"{PASSPHRASE}|{ANOTHER}".encode())
    watch = Watch(secrets, [tmp_path / "hosts", tmp_path / "local", tmp_path / "tmp"])
    with watch.watching():
        played = site.play(
            [named(task["name"], task, environment={"PATH": path}) for task in tasks], verbosity=4, diff=True
        )
    assert {task for _host, task, _message in played.failures} == {"wrong"}
    assert not secrets.search(played.output.encode()) and not secrets.search(str(played.results).encode())
    assert watch.found == set() and {"cmdline", "environ"} <= watch.seen
    noted = notes.read_bytes()
    assert b"-export" in noted and not secrets.search(noted)
    assert played["remove"].changed and "web" not in played["remove"].disk
