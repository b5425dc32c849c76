# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Full disk, no permission, no openssl, another writer, a failing deployment: one sentence, nothing half-done."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import pathlib
import subprocess
import tempfile
import threading

import pytest

from ansible_collections.certfleet.pki.plugins.module_utils._host import locking

root_only = pytest.mark.skipif(os.geteuid() != 0, reason="needs root to mount or to become somebody else")
CALLS = ("fsync", "rename", "symlink", "mkdir", "write", "chmod", "fchmod")


@contextlib.contextmanager
def _failing_at(step, number):
    """Let the n-th change to the disk and all after it fail, but for those that make room."""
    count = 0
    originals = {name: getattr(os, name) for name in CALLS}

    def replacement(name):
        def call(*arguments, **options):
            nonlocal count
            count += 1
            if count >= step:
                raise OSError(number, os.strerror(number), arguments[0] if isinstance(arguments[0], str) else None)
            return originals[name](*arguments, **options)

        return call

    try:
        for name in CALLS:
            setattr(os, name, replacement(name))
        yield lambda: count >= step
    finally:
        for name, original in originals.items():
            setattr(os, name, original)


def test_disk_full_at_every_step_of_a_renewal(web, tmp_path):
    for step in range(1, 100):
        web.directory = tmp_path / str(step) / "web"
        web.done("present", web.given(0))
        with _failing_at(step, errno.ENOSPC) as failed:
            answer = web.run("present", web.given(1))
        seen = web.seen()
        assert seen["key"]["state"] == "ok" and seen["damaged"] == []
        if not failed():
            break
        switched = seen["certificate_pem"] == web.pairs[1].certificate
        if answer["error"]:
            assert answer["error"]["code"] == "no_space" and answer["error"]["detail"].count(". ") == 0
            assert not switched or seen["marker"]
        web.done("present", web.given(1))
        assert web.is_whole()
    assert 15 < step < 99


def test_disk_full_at_every_step_of_a_first_install(web, tmp_path):
    for step in range(1, 100):
        web.directory = tmp_path / str(step) / "web"
        with _failing_at(step, errno.EDQUOT) as failed:
            answer = web.run("present", web.given(0))
        if not failed():
            break
        if answer["error"] and web.seen()["current"] is None:
            assert answer["error"]["code"] == "no_space"
            assert not web.directory.exists(), "nothing has changed"
        web.done("present", web.given(0))
        assert web.is_whole()
    assert 15 < step < 99


@root_only
def test_disk_really_full(web):
    web.directory.mkdir(parents=True)
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(web.directory)], capture_output=True, check=False
    )
    if mounted.returncode != 0:
        pytest.skip("mounting is not allowed here")
    try:
        web.done("present", web.given(0))
        (web.directory / "filler").write_bytes(b"")
        with contextlib.suppress(OSError), open(web.directory / "filler", "wb", buffering=0) as filler:
            while filler.write(b"x" * 512):
                pass
        for state, item in (("present", web.given(1)), ("prepared", web.prepare())):
            answer = web.run(state, item)
            assert answer["error"]["code"] == "no_space" and not answer["changed"]
        assert (web.directory / "cert.pem").read_text() == web.pairs[0].certificate
        (web.directory / "filler").unlink()
        assert web.is_whole()
        web.done("present", web.given(1))
        assert web.is_whole()
    finally:
        subprocess.run(["umount", str(web.directory)], check=True)


@contextlib.contextmanager
def _as_nobody():
    os.setegid(65534)
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(0)


@pytest.fixture
def open_folder(web):
    """Put the certificate where others may pass, which pytest's own folders do not let them."""
    with tempfile.TemporaryDirectory() as name:
        os.chmod(name, 0o755)
        web.directory = pathlib.Path(name, "etc", "web")
        yield pathlib.Path(name)


@root_only
def test_no_permission(web, open_folder):
    web.done("present", web.given(0))
    before = web.snapshot()
    calls = [
        ("inspected", web.item()),
        ("present", web.given(1)),
        ("prepared", web.prepare()),
        ("absent", web.item()),
        ("rolled_back", web.item()),
    ]
    for state, item in calls:
        with _as_nobody():
            answer = web.run(state, item)
        assert answer["error"]["code"] == "no_permission", state
        assert "become" in answer["error"]["detail"] and answer["changed"] is False
    other = dict(web.given(1), directory=str(open_folder / "elsewhere"))
    with _as_nobody():
        assert web.run("present", other)["error"]["code"] == "no_permission"
    assert web.snapshot() == before


@root_only
def test_unprivileged_use(web, open_folder):
    web.directory.parent.mkdir()
    os.chown(web.directory.parent, 65534, 65534)
    with _as_nobody():
        web.done("present", web.given(0))
        assert web.is_whole()
        assert web.run("present", web.given(1, owner="root"))["error"]["code"] == "no_permission"
        assert web.is_whole()
        web.done("absent")
    assert not web.directory.exists()


def test_no_openssl(web, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    answer = web.run("inspected", web.prepare())
    assert answer["error"]["code"] == "no_openssl" and "install the package openssl" in answer["error"]["detail"]
    assert not web.directory.exists()
    web.done("present", web.given(0))
    assert web.is_whole(), "only keys and requests need the program"


def test_another_writer(web, monkeypatch):
    monkeypatch.setattr(locking, "PATIENCE", 0.2)
    web.done("present", web.given(0))
    with open(web.directory / ".lock") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert web.run("present", web.given(1))["error"]["code"] == "busy"
        assert web.seen()["key"]["state"] == "ok", "looking needs no lock"
    web.done("present", web.given(1))


def test_many_writers_end_in_a_whole_set(web):
    threads = [threading.Thread(target=web.run, args=("present", web.given(number % 3))) for number in range(9)]
    threads += [threading.Thread(target=web.run, args=("absent",)) for _number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    web.done("present", web.given(1))
    assert web.is_whole()


@pytest.mark.parametrize("previous", ["whole", "damaged", "none"])
def test_failing_deployment(web, previous):
    if previous != "none":
        web.done("present", web.given(0))
    if previous == "damaged":
        (web.directory / "cert.pem").resolve().write_text("damaged")
    broken = {"validate_command": ["false"]}
    answer = web.run("present", web.given(1, **broken))
    assert answer["error"]["code"] == "validate_failed" and answer["error"]["step"] == "validate"
    back = previous == "whole"
    assert answer["rolled_back"] is back
    expected = web.pairs[0 if back else 1].certificate
    assert (web.directory / "cert.pem").read_text() == expected
    assert bool(web.seen()["marker"]) is not back
    web.done("present", web.given(1))
    assert (web.directory / "cert.pem").read_text() == web.pairs[1].certificate
    assert web.is_whole()


def test_at_most_one_failed_version_is_kept(web):
    web.done("present", web.given(0))
    for _attempt in range(3):
        assert web.run("present", web.given(1, validate_command="false"))["rolled_back"] is True
    assert len(os.listdir(web.directory / "versions")) == 2
    web.done("present", web.given(2))
    assert len(os.listdir(web.directory / "versions")) <= 3
    assert web.is_whole()
