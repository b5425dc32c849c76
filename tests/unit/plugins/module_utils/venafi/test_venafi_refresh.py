# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Refresh tokens that rotate: in a file and in a KV secret, used by many processes, killed at any point."""

from __future__ import annotations

import json
import multiprocessing
import os
import stat
import threading
from pathlib import Path

import pytest

from ansible_collections.certfleet.pki.plugins.module_utils._errors import Misconfigured, Unavailable
from ansible_collections.certfleet.pki.plugins.module_utils._venafi._refresh import choose_token
from ansible_collections.certfleet.pki.plugins.module_utils._venafi._refresh_file import TokenFile


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "token"


def kept(path: Path) -> str:
    return json.loads(path.read_text())["refresh_token"]


def use(path: Path, successor: str, *, seed: str = "") -> str:
    """Use the token as a login does; return which one it was."""
    with TokenFile(str(path), seed=seed).exclusive() as held:
        held.keep(successor)
        return held.token


def test_the_seed_is_used_once(path):
    assert use(path, "second", seed="first") == "first"
    assert use(path, "third", seed="first") == "second"
    assert kept(path) == "third"


def test_another_seed_wins_over_what_is_kept(path):
    use(path, "second", seed="first")
    assert use(path, "b", seed="a") == "a"
    assert use(path, "c", seed="a") == "b"


def test_plain_text_is_taken_for_the_token(path):
    path.write_text("first\n")
    path.chmod(0o644)
    assert use(path, "second") == "first"
    assert kept(path) == "second"


def test_mode_and_what_is_left(path):
    use(path, "second", seed="first")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert sorted(os.listdir(path.parent)) == ["token", "token.lock"]
    assert stat.S_IMODE(path.with_name("token.lock").stat().st_mode) == 0o600


def test_a_login_that_fails_changes_nothing(path):
    path.write_text("first")
    with pytest.raises(Unavailable), TokenFile(str(path)).exclusive():
        raise Unavailable("no answer.")
    assert path.read_text() == "first"
    assert not path.with_name("token.new").exists()


def test_nothing_there(path):
    with pytest.raises(Misconfigured, match=r"There is no refresh token in .*token; give one in refresh_token"):
        use(path, "x")


@pytest.mark.parametrize("content", ["", "{", '{"refresh_token": ""}', "\x00" * 100])
def test_unreadable_content_is_no_token(path, content):
    path.write_text(content)
    with pytest.raises(Misconfigured, match="There is no refresh token"):
        use(path, "x")


def test_folder_that_is_not_there(tmp_path):
    with pytest.raises(Misconfigured, match=r"can't be used: No such file or directory; correct refresh_token_file"):
        use(tmp_path / "missing" / "token", "x", seed="first")


def test_lock_that_is_a_link_is_not_followed(path):
    path.with_name("token.lock").symlink_to(path.with_name("elsewhere"))
    with pytest.raises(Misconfigured, match="can't be used"):
        use(path, "x", seed="first")


def test_link_to_the_file_stays(path):
    real = path.with_name("real")
    path.symlink_to(real)
    use(path, "second", seed="first")
    assert path.is_symlink()
    assert kept(real) == "second"


def test_waits_no_longer_than_it_should(path):
    held = TokenFile(str(path), seed="first").exclusive()
    held.__enter__()
    with pytest.raises(Unavailable, match="for too long; try again"):
        TokenFile(str(path), seed="first", patience=0.2).exclusive().__enter__()
    held.__exit__(None, None, None)


def test_there_is_room_before_the_server_is_asked(path, monkeypatch):
    path.write_text("first")

    def full(*_arguments):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(Misconfigured, match="No space left on device"), TokenFile(str(path)).exclusive():
        pytest.fail("the token must not be used")
    monkeypatch.undo()
    assert path.read_text() == "first"


class _Killed(BaseException):
    """What no code catches."""


@pytest.mark.parametrize("call", ["lseek", "write", "ftruncate", "fsync", "replace"])
def test_killed_while_the_new_one_is_written(path, monkeypatch, call):
    """Whatever is on the disk then, the next run uses the new token or the old one, whole."""
    path.write_text("first")
    place = TokenFile(str(path))

    def die(*_: object) -> None:
        raise _Killed

    def killed() -> None:
        with place.exclusive() as held:
            monkeypatch.setattr(os, call, die)
            # Nothing is tidied away by a process that was killed.
            monkeypatch.setattr(os, "unlink", lambda *_: None)
            held.keep("second")

    with pytest.raises(_Killed):
        killed()
    monkeypatch.undo()
    written = call in ("ftruncate", "fsync", "replace")
    assert use(path, "third") == ("second" if written else "first")
    assert kept(path) == "third"


def _take_turns(path: str, count: int, log: str) -> None:
    for _number in range(count):
        with TokenFile(path).exclusive() as held, open(log, "a", encoding="ascii") as file:
            file.write(f"{held.token}\n")
            file.flush()
            held.keep(str(int(held.token) + 1))


def test_forks_never_use_the_same_token(path):
    path.write_text("0")
    log = path.with_name("log")
    context = multiprocessing.get_context("fork")
    forks = [context.Process(target=_take_turns, args=(str(path), 25, str(log))) for _number in range(4)]
    for fork in forks:
        fork.start()
    for fork in forks:
        fork.join()
    assert [int(line) for line in log.read_text().split()] == list(range(100))
    assert kept(path) == "100"


def test_threads_never_use_the_same_token(path):
    path.write_text("0")
    log = path.with_name("log")
    threads = [threading.Thread(target=_take_turns, args=(str(path), 10, str(log))) for _number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [int(line) for line in log.read_text().split()] == list(range(40))


def test_held_shows_nothing(path):
    with TokenFile(str(path), seed="secret-token").exclusive() as held:
        assert "secret-token" not in repr(held)


def test_choice_needs_one():
    assert choose_token({"refresh_token": "kept"}, "", place="here")[0] == "kept"
    with pytest.raises(Misconfigured):
        choose_token({}, "", place="here")
