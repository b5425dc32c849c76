# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Challenges as files below a web root, which may belong to somebody who wishes us ill."""

from __future__ import annotations

import errno
import os
import threading
import typing as t
from pathlib import Path

import pytest

from ansible_collections.certfleet.pki.plugins.module_utils._host import program, webroot
from tests.support import host_program as host

TOKEN = "dG9rZW4_-1"
CONTENT = f"{TOKEN}.thumbprint"
FOLDER = Path(".well-known/acme-challenge")

Entry = t.Dict[str, t.Any]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    path = tmp_path / "www"
    path.mkdir()
    return path


def entry(root: Path, **files: str) -> Entry:
    return {"webroot": str(root), "files": files or {TOKEN: CONTENT}}


def ask(*, show: t.Sequence[Entry] = (), hide: t.Sequence[Entry] = (), check: bool = False) -> t.Dict[str, t.Any]:
    request = {"state": "inspected", "check": check, "certificates": []}
    challenges = {"show": list(show), "hide": list(hide)}
    answer = program.run({**request, "challenges": challenges})
    assert answer["certificates"] == [] and answer["changed"] == answer["challenges"]["changed"]
    return t.cast("t.Dict[str, t.Any]", answer["challenges"])


def code(answers: t.Mapping[str, t.Any]) -> t.Optional[str]:
    (error,) = [*answers["show"], *answers["hide"]]
    assert error is None or (error["detail"].endswith(".") and "\n" not in error["detail"])
    return error and error["code"]


def tree(path: Path) -> t.Dict[str, t.Any]:
    found = {}
    for each in sorted(path.rglob("*")):
        content = os.readlink(each) if each.is_symlink() else each.read_bytes() if each.is_file() else None
        found[str(each.relative_to(path))] = (content, each.lstat().st_mode, each.lstat().st_ino)
    return found


def test_shown_and_hidden(root: Path) -> None:
    assert ask(show=[entry(root)]) == {"show": [None], "hide": [], "changed": True}
    assert (root / FOLDER / TOKEN).read_text() == CONTENT
    assert ask(hide=[entry(root)]) == {"show": [], "hide": [None], "changed": True}
    assert os.listdir(root) == []


def test_twice(root: Path) -> None:
    assert [ask(show=[entry(root)])["changed"] for _time in range(2)] == [True, False]
    assert [ask(hide=[entry(root)])["changed"] for _time in range(2)] == [True, False]


@pytest.mark.parametrize("mask", [0o000, 0o077, 0o777])
def test_modes_do_not_depend_on_the_umask(root: Path, mask: int) -> None:
    before = os.umask(mask)
    try:
        ask(show=[entry(root)])
    finally:
        assert os.umask(before) == mask
    modes = {path.name: path.stat().st_mode & 0o7777 for path in root.rglob("*") if path.name != ".certfleet"}
    assert modes == {".well-known": 0o755, "acme-challenge": 0o755, TOKEN: 0o644}


def test_what_others_have_there_stays(root: Path) -> None:
    (root / FOLDER).mkdir(parents=True)
    (root / ".well-known" / "security.txt").write_text("Contact: us")
    before = tree(root)
    ask(show=[entry(root)])
    ask(hide=[entry(root)])
    assert tree(root) == before


def test_a_directory_of_ours_in_which_others_have_put_something_stays(root: Path) -> None:
    ask(show=[entry(root)])
    (root / ".well-known" / "security.txt").write_text("Contact: us")
    ask(hide=[entry(root)])
    assert {path.name for path in root.rglob("*")} == {".well-known", ".certfleet", "security.txt"}


def test_two_at_once_keep_their_directories(root: Path) -> None:
    ask(show=[entry(root), entry(root, other="other.thumbprint")])
    ask(hide=[entry(root)])
    assert (root / FOLDER / "other").exists()
    ask(hide=[entry(root, other="other.thumbprint")])
    assert os.listdir(root) == []


def test_one_that_fails_does_not_stop_the_others(root: Path) -> None:
    answers = ask(show=[entry(root / "missing"), entry(root)])
    assert answers["show"][0]["code"] == "no_webroot" and str(root / "missing") in answers["show"][0]["detail"]
    assert answers["show"][1] is None and answers["changed"]


def test_nothing_to_hide_is_no_error(root: Path) -> None:
    assert code(ask(hide=[entry(root)])) is None
    assert code(ask(hide=[entry(root / "missing")])) is None


def test_check_mode(root: Path) -> None:
    assert ask(show=[entry(root)], check=True) == {"show": [None], "hide": [], "changed": False}
    assert os.listdir(root) == []
    ask(show=[entry(root)])
    before = tree(root)
    ask(hide=[entry(root)], check=True)
    assert tree(root) == before


@pytest.mark.parametrize(
    "bad",
    [
        {"files": {"../../etc/cron.d/x": "../../etc/cron.d/x.t"}},
        {"files": {".certfleet": ".certfleet.t"}},
        {"files": {TOKEN: "something else"}},
        {"files": {TOKEN: f"{TOKEN}.<script>"}},
        {"files": {TOKEN: f"{TOKEN}.thumb\n"}},
        {"files": {TOKEN: None}},
        {"files": {"": ".t"}},
        {"files": {}},
        {"files": {"x" * 300: "x" * 300 + ".t"}},
        {"webroot": "relative/www"},
        {"webroot": None},
        {"standalone": {"secret": "0" * 32}},
    ],
)
def test_wrong_calls(root: Path, bad: Entry) -> None:
    assert code(ask(show=[{**entry(root), **bad}])) == "bad_call"
    assert code(ask(hide=[{**entry(root), **bad}])) == "bad_call"
    assert os.listdir(root) == []


@pytest.mark.parametrize("depth", [0, 1])
@pytest.mark.parametrize("kind", ["link", "dangling", "file", "fifo"])
def test_nothing_but_a_directory_is_entered(root: Path, tmp_path: Path, depth: int, kind: str) -> None:
    target = tmp_path / "etc"
    target.mkdir()
    path = root / FOLDER if depth else root / ".well-known"
    path.parent.mkdir(exist_ok=True)
    if kind == "file":
        path.write_text("")
    elif kind == "fifo":
        os.mkfifo(path)
    else:
        path.symlink_to(target if kind == "link" else tmp_path / "missing")
    before = tree(tmp_path) if kind != "fifo" else None
    for verb in ("show", "hide"):
        assert code(ask(**{verb: [entry(root)]})) == "not_a_directory"  # type: ignore[arg-type]
    assert os.listdir(target) == []
    assert before is None or tree(tmp_path) == before


def test_the_web_root_itself_may_be_a_link(root: Path, tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(root)
    assert code(ask(show=[entry(link)])) is None
    assert (root / FOLDER / TOKEN).exists()


@pytest.mark.parametrize("kind", ["file", "link", "dangling", "directory", "fifo", "hard link"])
def test_a_foreign_file_is_neither_overwritten_nor_removed(root: Path, tmp_path: Path, kind: str) -> None:
    secret = tmp_path / "shadow"
    secret.write_text("root:x")
    path = root / FOLDER / TOKEN
    path.parent.mkdir(parents=True)
    if kind == "directory":
        path.mkdir()
    elif kind == "fifo":
        os.mkfifo(path)
    elif kind == "hard link":
        os.link(secret, path)
    elif kind == "file":
        path.write_text("index")
    else:
        path.symlink_to(secret if kind == "link" else tmp_path / "missing")
    status = path.lstat()
    assert code(ask(show=[entry(root)])) == "file_in_use"
    assert ask(hide=[entry(root)]) == {"show": [], "hide": [None], "changed": False}
    assert (path.lstat().st_ino, path.lstat().st_mode) == (status.st_ino, status.st_mode)
    assert secret.read_text() == "root:x" and not (tmp_path / "missing").exists()


def test_links_under_our_own_names_are_not_followed(root: Path, tmp_path: Path) -> None:
    folder = root / FOLDER
    folder.mkdir(parents=True)
    for name in (".certfleet", f".certfleet-{TOKEN}"):
        (folder / name).symlink_to(tmp_path / "target")
    assert code(ask(show=[entry(root)])) is None
    assert not (tmp_path / "target").exists()
    assert (folder / TOKEN).read_text() == CONTENT
    ask(hide=[entry(root)])
    assert os.listdir(folder) == [".certfleet"]  # a link is no mark of ours


def test_what_is_exchanged_between_two_steps_leads_nowhere(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its owner replaces the directory by a link as soon as we have made it."""
    target = tmp_path / "etc"
    target.mkdir(mode=0o700)
    make = os.mkdir

    def exchanged(name: str, *arguments: t.Any, **options: t.Any) -> None:
        make(name, *arguments, **options)
        if name == "acme-challenge":
            (root / FOLDER).rmdir()
            (root / FOLDER).symlink_to(target)

    monkeypatch.setattr(webroot.os, "mkdir", exchanged)
    assert code(ask(show=[entry(root)])) == "not_a_directory"
    assert os.listdir(target) == [] and target.stat().st_mode & 0o777 == 0o700


def test_a_file_system_without_hard_links(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_arguments: t.Any, **_options: t.Any) -> None:
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(webroot.os, "link", refuse)
    assert [ask(show=[entry(root)])["changed"] for _time in range(2)] == [True, False]
    assert os.listdir(root / FOLDER) == [".certfleet", TOKEN] or set(os.listdir(root / FOLDER)) == {".certfleet", TOKEN}
    ask(hide=[entry(root)])
    assert os.listdir(root) == []


def test_a_disk_that_is_full(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is left of an entry that failed half-way."""
    write = os.write
    written: t.List[int] = []

    def full(descriptor: int, data: t.Any) -> int:
        written.append(descriptor)
        if len(written) == 2:
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(descriptor, data)

    monkeypatch.setattr(webroot.os, "write", full)
    assert code(ask(show=[entry(root, one="one.t", two="two.t")])) == "no_space"
    assert os.listdir(root) == []


def test_many_at_once(root: Path) -> None:
    """Runs for several hosts share a web root: none removes a directory under another's file."""
    failures: t.List[t.Any] = []

    def work(number: int) -> None:
        for turn in range(30):
            token = f"t{number}-{turn}"
            one = entry(root, **{token: f"{token}.t"})
            failures.extend(filter(None, ask(show=[one])["show"]))
            if not (root / FOLDER / token).exists():
                failures.append(token)
            failures.extend(filter(None, ask(hide=[one])["hide"]))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert [name for _root, _folders, names in os.walk(root) for name in names if not name.startswith(".")] == []


def test_killed_at_any_step(root: Path) -> None:
    """The next run shows it all the same, and hides what is left."""
    request = {"state": "inspected", "check": False, "certificates": [], "challenges": {"show": [entry(root)]}}
    steps = 0
    while host.request_killed_at(steps + 1, request):
        steps += 1
        assert code(ask(show=[entry(root)])) is None, steps
        assert (root / FOLDER / TOKEN).read_text() == CONTENT
        ask(hide=[entry(root)])
        left = {path.name for path in root.rglob("*")}
        assert left <= {".well-known", "acme-challenge", ".certfleet"}, steps
        for folder in (root / FOLDER, root / ".well-known"):
            if folder.exists():
                for path in folder.iterdir():
                    path.unlink()
                folder.rmdir()
    assert steps > 5
