# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Passphrases and private keys show nowhere: not at -vvvv, in diffs, arguments, environments or the controller's files."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import shutil
import subprocess
import threading
import typing as t
from pathlib import Path

import pytest

from ansible_collections.certfleet.pki.tests.support.playbooks import BOTH_WAYS, Site
from ansible_collections.certfleet.pki.tests.support.tasks import (
    Task,
    authority,
    certificate,
    certificates,
    local,
    named,
)

CA_PASSPHRASE = "ca-passphrase-5f1d0c7be2a94"
KEY_PASSPHRASE = "key-passphrase-93ab64e7d10f2"
WRONG_PASSPHRASE = "wrong-passphrase-c08e4b2f6d71a"
SECRETS = (CA_PASSPHRASE, KEY_PASSPHRASE, WRONG_PASSPHRASE)
NEEDLES = tuple(secret.encode() for secret in (*SECRETS, "PRIVATE KEY-----"))

#: Read by every Python that the controller starts; it keeps what is deleted in the controller's temporary folders.
KEEPING_FILES = """
import os, shutil, sys, uuid
def keep(event, arguments):
    if event in ("os.remove", "os.rename"):
        path, folder = arguments[0], arguments[-1]
        try:
            if isinstance(folder, int) and folder >= 0:
                path = os.path.join(os.readlink("/proc/self/fd/%d" % folder), path)
            path = os.path.abspath(os.fspath(path))
            if path.startswith(os.environ["TEST_WATCHED"]) and os.path.isfile(path):
                shutil.copyfile(path, os.path.join(os.environ["TEST_KEPT"], uuid.uuid4().hex))
        except OSError:
            pass
sys.addaudithook(keep)
"""

#: Stands in for the host's openssl: notes its arguments and environment, then is openssl.
NOTING = """#!/bin/sh
cat /proc/$$/cmdline /proc/$$/environ >> {log}
exec {openssl} "$@"
"""


@dataclasses.dataclass
class Processes:
    """Samples the arguments and environments of all processes while something runs."""

    found: t.Set[str] = dataclasses.field(default_factory=set)
    samples: int = 0
    _ended: threading.Event = dataclasses.field(default_factory=threading.Event)

    @contextlib.contextmanager
    def watched(self) -> t.Iterator[None]:
        thread = threading.Thread(target=self._watch)
        thread.start()
        try:
            yield
        finally:
            self._ended.set()
            thread.join()

    def _watch(self) -> None:
        while not self._ended.wait(0.02):
            self.samples += 1
            for process in Path("/proc").iterdir():
                if process.name.isdigit() and int(process.name) != os.getpid():
                    self._look_at(process)

    def _look_at(self, process: Path) -> None:
        for name in ("cmdline", "environ"):
            with contextlib.suppress(OSError):
                data = (process / name).read_bytes()
                self.found.update(f"{name}: {needle.decode()}" for needle in NEEDLES if needle in data)


def story() -> t.List[Task]:
    """Return tasks that use every secret in every way: make, sign, renew with either key, diff, fail, remove."""
    ca = {"authority": local(passphrase=CA_PASSPHRASE)}
    locked = {**ca, "key": {"passphrase": KEY_PASSPHRASE}, "formats": ["combined"]}
    kept = {**ca, "key": {"passphrase": KEY_PASSPHRASE, "rotate": "never"}, "formats": ["combined"]}
    traditional = {**ca, "key": {"passphrase": KEY_PASSPHRASE, "format": "traditional"}}
    return [
        authority("manage", passphrase=CA_PASSPHRASE),
        named("predict", certificate("", **locked), check_mode=True),
        certificate("issue", **locked),
        certificate("again", **locked),
        certificate("renew", force=True, **kept),
        certificate(
            "wrong key passphrase", force=True, **{**kept, "key": {"passphrase": WRONG_PASSPHRASE, "rotate": "never"}}
        ),
        certificate("wrong CA passphrase", force=True, authority=local(passphrase=WRONG_PASSPHRASE)),
        certificate(
            "wrong option", authority={"local": {"passphrase": WRONG_PASSPHRASE, "pasphrase": WRONG_PASSPHRASE}}
        ),
        certificates("many", {"name": "one"}, {"name": "two"}, defaults={**traditional}),
        {
            "name": "request",
            "certfleet.pki.certificate_request": {
                **ca,
                "key": {},
                "dns_names": ["a.example.com"],
                "return_private_key": True,
            },
        },
        {"name": "info", "certfleet.pki.authority_info": ca},
        certificate("revoke", state="revoked", dns_names=None, **ca),
    ]


@pytest.mark.parametrize("way", BOTH_WAYS)
def test_secrets_show_nowhere(tmp_path: Path, way: str) -> None:
    site = Site(tmp_path, {"one": BOTH_WAYS[way]})
    kept = tmp_path / "kept"
    (tmp_path / "hooks").mkdir()
    kept.mkdir()
    (tmp_path / "hooks" / "sitecustomize.py").write_text(KEEPING_FILES)
    environment = {
        "PYTHONPATH": str(tmp_path / "hooks"),
        "TEST_WATCHED": str(tmp_path / "local"),
        "TEST_KEPT": str(kept),
    }
    noted = noting_openssl(tmp_path)
    path = {"PATH": f"{tmp_path / 'bin'}:/usr/bin:/bin"}
    tasks = [named(task["name"], task, environment=path) for task in story()]
    processes = Processes()
    with processes.watched():
        played = site.play(tasks, verbosity=4, diff=True, environment=environment)
    failed = {name for _host, name, _message in played.failures}
    assert failed == {"wrong CA passphrase", "wrong option"} | (failed & {"wrong key passphrase"})
    results = "".join(str(result.result) for result in played.results if result.task != "request")
    for needle in (needle.decode() for needle in NEEDLES):
        assert needle not in played.stdout
        assert needle not in played.stderr
        assert needle not in results
    assert processes.samples > 10
    assert processes.found == set()
    assert b"req" in noted.read_bytes() and not holds_a_secret(noted)
    assert [path for path in files_of(tmp_path / "local", tmp_path / "tmp", kept) if holds_a_secret(path)] == []


def noting_openssl(directory: Path) -> Path:
    """Put the stand-in for openssl into ``bin``; return the file with its notes."""
    noted = directory / "noted"
    program = directory / "bin" / "openssl"
    program.parent.mkdir()
    program.write_text(NOTING.format(log=noted, openssl=shutil.which("openssl")))
    program.chmod(0o755)
    return noted


def files_of(*folders: Path) -> t.List[Path]:
    return [path for folder in folders for path in folder.rglob("*") if path.is_file()]


def holds_a_secret(path: Path) -> bool:
    return any(needle in path.read_bytes() for needle in NEEDLES)


def test_keys_lie_in_their_own_files_only(tmp_path: Path) -> None:
    """Encrypted with the passphrase that was given, and readable by their owner alone."""
    site = Site(tmp_path)
    played = site.play(story())
    assert {result.task for result in played.results if result.failed} >= {"wrong CA passphrase"}
    with_keys = [path for path in files_of(tmp_path) if "plays" not in path.parts and holds_a_secret(path)]
    assert {path.name for path in with_keys} <= {"privkey.pem", "combined.pem", "root-key.pem", "intermediate-key.pem"}
    assert {oct(path.stat().st_mode & 0o777) for path in with_keys if not path.is_symlink()} == {"0o600"}
    for path in with_keys:
        text = path.read_text()
        assert "ENCRYPTED" in text
        assert not any(secret in text for secret in SECRETS)
    key = site.place() / "one" / "privkey.pem"
    opened = ["openssl", "pkey", "-in", str(key), "-passin", "stdin", "-noout"]
    assert subprocess.run(opened, input=KEY_PASSPHRASE, text=True, check=False).returncode == 0
    assert subprocess.run(opened, input=WRONG_PASSPHRASE, text=True, capture_output=True, check=False).returncode != 0


def test_a_passphrase_has_no_place_in_an_error_of_ansible(site: Site) -> None:
    """What Ansible itself says about options that it can't read names options, not values."""
    played = site.play(
        [certificate("issue", key=KEY_PASSPHRASE), certificate("list", authority=[{"local": CA_PASSPHRASE}])],
        verbosity=4,
    )
    assert all(result.failed for result in played.results)
    assert [result.result["error"]["kind"] for result in played.results] == ["misconfigured"] * 2
