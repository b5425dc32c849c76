# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import multiprocessing
import os
import stat
import threading
import time
from datetime import timedelta

import pytest

from ansible_collections.certfleet.pki.plugins.module_utils import _errors
from ansible_collections.certfleet.pki.plugins.module_utils._authorities._base import Login, utc_now
from ansible_collections.certfleet.pki.plugins.plugin_utils import _session_cache
from ansible_collections.certfleet.pki.plugins.plugin_utils._session_cache import FileTokens

KEY = b"0123456789abcdef0123456789abcdef"
SECRET = "hvs.very-secret-token"
NAME = "vault:https://vault.example.com"
FORKS = multiprocessing.get_context("fork")


def files(folder):
    return [path for path in folder.iterdir() if path.suffix != ".lock"]


def never():
    raise AssertionError("there was no need to log in")


def test_second_object_finds_the_login(tmp_path):
    expires_at = utc_now() + timedelta(hours=1)
    assert FileTokens(tmp_path, KEY).get(NAME, lambda: Login(SECRET, expires_at)) == Login(SECRET, expires_at)
    assert FileTokens(tmp_path, KEY).get(NAME, never) == Login(SECRET, expires_at)


def test_login_without_end(tmp_path):
    FileTokens(tmp_path, KEY).get(NAME, lambda: Login(SECRET))
    assert FileTokens(tmp_path, KEY).get(NAME, never) == Login(SECRET, None)


def test_names_are_told_apart(tmp_path):
    tokens = FileTokens(tmp_path, KEY)
    tokens.get("one", lambda: Login("1"))
    assert tokens.get("two", lambda: Login("2")).token == "2"
    assert tokens.get("one", never).token == "1"


def test_expired_login_is_made_again(tmp_path):
    now = [utc_now()]
    tokens = FileTokens(tmp_path, KEY, clock=lambda: now[0])
    tokens.get(NAME, lambda: Login("old", now[0] + timedelta(seconds=10)))
    now[0] += timedelta(seconds=9)
    assert tokens.get(NAME, never).token == "old"
    now[0] += timedelta(seconds=1)
    assert tokens.get(NAME, lambda: Login("new")).token == "new"


def test_nothing_can_be_read_off_the_folder(tmp_path):
    FileTokens(tmp_path, KEY).get(NAME, lambda: Login(SECRET))
    everything = b"".join(path.read_bytes() + path.name.encode() for path in tmp_path.iterdir())
    for told in (SECRET, "hvs", "vault", "example", "token"):
        assert told.encode() not in everything
    assert {stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()} == {0o600}


def test_same_login_is_never_encrypted_the_same_way(tmp_path):
    seen = set()
    for number in range(3):
        FileTokens(tmp_path / str(number), KEY).get(NAME, lambda: Login(SECRET))
        seen.add(files(tmp_path / str(number))[0].read_bytes())
    assert len(seen) == 3


def test_folder_is_made_private(tmp_path):
    FileTokens(tmp_path / "run", KEY).get(NAME, lambda: Login(SECRET))
    assert stat.S_IMODE((tmp_path / "run").stat().st_mode) == 0o700


def test_other_key_sees_nothing(tmp_path):
    FileTokens(tmp_path, KEY).get(NAME, lambda: Login("mine"))
    assert FileTokens(tmp_path, KEY[::-1]).get(NAME, lambda: Login("theirs")).token == "theirs"
    assert FileTokens(tmp_path, KEY).get(NAME, never).token == "mine"


@pytest.mark.parametrize(
    "damage", [lambda data: data[:-1], lambda data: b"", lambda data: data[:5], lambda data: b"x" * 200]
)
def test_damaged_entry_is_a_miss(tmp_path, damage):
    tokens = FileTokens(tmp_path, KEY)
    tokens.get(NAME, lambda: Login("old"))
    (entry,) = files(tmp_path)
    entry.write_bytes(damage(entry.read_bytes()))
    assert tokens.get(NAME, lambda: Login("new")).token == "new"


def test_entry_moved_to_another_name_is_a_miss(tmp_path):
    tokens = FileTokens(tmp_path, KEY)
    tokens.get("weak", lambda: Login("weak"))
    (weak,) = files(tmp_path)
    tokens.get("strong", lambda: Login("strong"))
    (strong,) = set(files(tmp_path)) - {weak}
    strong.write_bytes(weak.read_bytes())
    assert tokens.get("strong", lambda: Login("strong again")).token == "strong again"


def test_link_planted_in_the_folder_is_not_written_through(tmp_path):
    folder, victim = tmp_path / "run", tmp_path / "victim"
    tokens = FileTokens(folder, KEY)
    tokens.get(NAME, lambda: Login("old"))
    (entry,) = files(folder)
    victim.write_text("precious")
    entry.unlink()
    entry.symlink_to(victim)
    tokens.get(NAME, lambda: Login("new"))
    assert victim.read_text() == "precious"


def test_forget_drops_only_what_was_refused(tmp_path):
    tokens = FileTokens(tmp_path, KEY)
    kept = tokens.get(NAME, lambda: Login("new"))
    tokens.forget(NAME, Login("old"))
    assert tokens.get(NAME, never) == kept
    tokens.forget(NAME, kept)
    assert tokens.get(NAME, lambda: Login("newest")).token == "newest"
    tokens.forget("unknown", kept)


def test_folder_that_can_not_be_used(tmp_path):
    (tmp_path / "file").write_text("")
    tokens = FileTokens(tmp_path / "file" / "run", KEY)
    assert tokens.get(NAME, lambda: Login("1")).token == "1"
    assert tokens.get(NAME, lambda: Login("2")).token == "2"
    tokens.forget(NAME, Login("2"))


def test_failed_login_leaves_nothing_for_the_next(tmp_path):
    tokens = FileTokens(tmp_path, KEY)

    def refused():
        raise _errors.Unauthorized("wrong password")

    with pytest.raises(_errors.Unauthorized):
        tokens.get(NAME, refused)
    assert tokens.get(NAME, lambda: Login("right")).token == "right"


def test_key_too_short(tmp_path):
    with pytest.raises(ValueError, match="16 bytes"):
        FileTokens(tmp_path, b"short")


def test_without_cryptography(tmp_path, monkeypatch):
    monkeypatch.setattr(_session_cache, "AESGCM", None)
    with pytest.raises(_errors.Misconfigured, match="cryptography"):
        FileTokens(tmp_path, KEY)


def in_forks(number, work):
    """Run ``work(index)`` in that many forks at once; return what each returned."""
    results, start = FORKS.Queue(), FORKS.Event()

    def child(index):
        start.wait(10)
        try:
            results.put(work(index))
        except _errors.PkiError as error:
            results.put([type(error).__name__, error.message, error.as_dict(), error.retry_after])

    children = [FORKS.Process(target=child, args=(index,)) for index in range(number)]
    for one in children:
        one.start()
    start.set()
    found = [results.get(timeout=30) for _number in children]
    for one in children:
        one.join()
    return found


def test_many_forks_log_in_once(tmp_path):
    log = tmp_path / "logins"

    def log_in():
        with log.open("a") as file:
            file.write(f"{os.getpid()}\n")
        time.sleep(0.2)
        return Login(f"token of {os.getpid()}")

    found = in_forks(20, lambda _: FileTokens(tmp_path / "run", KEY).get(NAME, log_in).token)
    assert len(log.read_text().splitlines()) == 1
    assert len(set(found)) == 1


def test_forks_that_wait_share_a_failure(tmp_path):
    """Twenty hosts and a CA that is down: one timeout, not twenty in turn; one wrong password, not twenty."""
    log = tmp_path / "logins"

    def log_in():
        with log.open("a") as file:
            file.write("x\n")
        time.sleep(0.5)
        raise _errors.Unavailable("no answer", detail="d", authority="vault", http_status=503, retry_after=7.0)

    found = in_forks(20, lambda _: FileTokens(tmp_path / "run", KEY).get(NAME, log_in).token)
    assert len(log.read_text().splitlines()) == 1
    error = _errors.Unavailable("no answer", detail="d", authority="vault", http_status=503)
    assert found == [["Unavailable", "no answer", error.as_dict(), 7.0]] * 20


def test_revoked_token_is_replaced_once_for_all_forks(tmp_path):
    log = tmp_path / "logins"
    stale = FileTokens(tmp_path / "run", KEY).get(NAME, lambda: Login("stale"))

    def log_in():
        with log.open("a") as file:
            file.write("x\n")
        return Login("fresh")

    def fork(_number):
        tokens = FileTokens(tmp_path / "run", KEY)
        tokens.forget(NAME, stale)
        return tokens.get(NAME, log_in).token

    assert set(in_forks(20, fork)) == {"fresh"}
    assert len(log.read_text().splitlines()) == 1


def test_two_names_do_not_wait_for_each_other(tmp_path):
    tokens, inside = FileTokens(tmp_path, KEY), threading.Event()
    release = threading.Event()

    def slow():
        inside.set()
        release.wait(10)
        return Login("slow")

    thread = threading.Thread(target=lambda: tokens.get("slow", slow))
    thread.start()
    inside.wait(10)
    assert tokens.get("quick", lambda: Login("quick")).token == "quick"
    release.set()
    thread.join()
    assert tokens.get("slow", never).token == "slow"
