# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Deployments on the host: validate, reload, verify, or all the way back; alone and several together."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from ansible_collections.certfleet.pki.plugins.module_utils._host import commands, deploy, exclusive, program
from ansible_collections.certfleet.pki.tests.support import host_program as host
from ansible_collections.certfleet.pki.tests.support.tls_services import Service


@pytest.fixture(autouse=True)
def locks(tmp_path_factory, monkeypatch):
    """Locks of this test alone."""
    monkeypatch.setattr(exclusive, "PLACE", str(tmp_path_factory.mktemp("locks")))


def certificate_of(web):
    return (web.directory / "cert.pem").read_text()


def log(folder, *words):
    """Return a command that writes down what it sees of the certificate."""
    return ["/bin/sh", "-c", f"cat {folder}/etc/web/cert.pem >> {folder}/log; {' '.join(words) or 'true'}"]


class TestOne:
    def test_commands_run_in_order_and_see_the_new_files(self, web, tmp_path):
        web.done("present", web.given(0))
        told = web.done(
            "present",
            web.given(
                1,
                validate_command=log(tmp_path, "echo validated >>", f"{tmp_path}/log"),
                reload_command=log(tmp_path, "echo reloaded >>", f"{tmp_path}/log"),
            ),
        )
        assert told["changed"] is True and told["verified"] is None and told["rolled_back"] is False
        new = web.pairs[1].certificate
        assert (tmp_path / "log").read_text() == f"{new}validated\n{new}reloaded\n"
        assert web.is_whole()

    def test_nothing_is_run_when_nothing_changed(self, web, tmp_path):
        wanted = web.given(0, reload_command=f"touch {tmp_path}/ran")
        web.done("present", wanted)
        (tmp_path / "ran").unlink()
        assert web.done("present", wanted)["changed"] is False
        assert not (tmp_path / "ran").exists()

    def test_check_mode_predicts_and_runs_nothing(self, web, tmp_path):
        wanted = web.given(0, validate_command=f"touch {tmp_path}/ran", copies=[copy(tmp_path)])
        before = web.snapshot() if web.directory.parent.exists() else {}
        assert web.done("present", wanted, check=True)["changed"] is True
        assert (web.snapshot() if web.directory.parent.exists() else {}) == before
        assert not (tmp_path / "ran").exists()

    @pytest.mark.parametrize("step", ["validate", "reload"])
    def test_what_fails_is_told_and_taken_back(self, web, step):
        web.done("present", web.given(0))
        script = "echo checking; echo unexpected end of file in line 3 >&2; echo test failed; exit 3"
        answer = web.run("present", web.given(1, **{f"{step}_command": ["/bin/sh", "-c", script]}))
        assert answer["error"] == {
            "code": f"{step}_failed",
            "step": step,
            "detail": f"{step}_command failed (exit code 3: checking | unexpected end of file in line 3 | test failed); "
            "the previous certificate is in place again"
            + (f", but {step}_command failed with it as well (exit code 3)" if step == "reload" else "")
            + ", and the next run tries the new one without another order.",
            "output": "checking\nunexpected end of file in line 3\ntest failed",
        }
        assert answer["rolled_back"] is True
        assert certificate_of(web) == web.pairs[0].certificate
        assert web.done("present", web.given(1))["changed"] is True
        assert web.is_whole()

    def test_a_service_is_not_reloaded_before_it_is_validated(self, web, tmp_path):
        web.done("present", web.given(0))
        web.run("present", web.given(1, validate_command="false", reload_command=f"touch {tmp_path}/ran"))
        assert not (tmp_path / "ran").exists()

    def test_the_old_set_is_reloaded(self, web, tmp_path):
        web.done("present", web.given(0))
        once = [
            "/bin/sh",
            "-c",
            f"cat {web.directory}/cert.pem >> {tmp_path}/log; test -e {tmp_path}/1 || ! touch {tmp_path}/1",
        ]
        answer = web.run("present", web.given(1, reload_command=once))
        assert "in place again, and the next run" in answer["error"]["detail"]
        assert (tmp_path / "log").read_text() == web.pairs[1].certificate + web.pairs[0].certificate

    def test_a_command_that_hangs(self, web, monkeypatch):
        monkeypatch.setattr(deploy, "VALIDATE_PATIENCE", 0.2)
        answer = web.run("present", web.given(0, validate_command="sleep 30"))
        assert "validate_command failed (it took over 0 s)" in answer["error"]["detail"]

    def test_a_program_that_is_not_there(self, web):
        answer = web.run("present", web.given(0, validate_command="/nowhere/at-all -t"))
        assert "/nowhere/at-all: No such file or directory" in answer["error"]["detail"]

    @pytest.mark.parametrize("command", ["'", "''"])
    def test_what_is_no_command_touches_nothing(self, web, command):
        assert web.run("present", web.given(0, reload_command=command))["error"] is not None
        assert not (web.directory / "current").exists() or command == "''"

    def test_output_is_masked_and_bounded(self, web):
        secret = "correct horse battery"
        script = f"yes some words | head -n 5000; echo {secret}; cat {web.directory}/privkey.pem; exit 1"
        answer = web.run("present", web.given(0, passphrase=secret, validate_command=["/bin/sh", "-c", script]))
        output = answer["error"]["output"]
        assert "PRIVATE KEY" not in str(answer) and secret not in str(answer)
        assert "********" in output and len(output) <= commands.KEPT

    def test_first_installation_stays_for_the_next_run(self, web):
        answer = web.run("present", web.given(0, validate_command="false"))
        assert answer["rolled_back"] is False and "no good certificate to go back to" in answer["error"]["detail"]
        assert certificate_of(web) == web.pairs[0].certificate
        assert web.seen()["marker"]
        web.done("present", web.item(install={"from": "current"}, validate_command="true"))
        assert web.is_whole()

    @pytest.mark.parametrize("bad", ["expired", "revoked", "damaged", "told"])
    def test_never_back_to_a_bad_set(self, web, tmp_path, bad):
        web.done("present", web.given(0) if bad != "expired" else given(web, *expired_pair(tmp_path)))
        if bad == "revoked":
            web.done("present", web.item(record_update={"revoked": True}))
        if bad == "damaged":
            (web.directory / "chain.pem").resolve().write_text("damaged")
        wanted = web.given(1, reload_command="false")
        wanted["install"]["roll_back"] = bad != "told"
        answer = web.run("present", wanted)
        assert answer["rolled_back"] is False and "no good certificate to go back to" in answer["error"]["detail"]
        assert certificate_of(web) == web.pairs[1].certificate
        assert web.seen()["marker"], "the next run tries again"


def given(web, key, certificate, **more):
    wanted = web.given(0, **more)
    wanted["install"].update(private_key=key, certificate_pem=certificate)
    return wanted


def expired_pair(folder):
    key, _certificate = host.make_pair(folder, "expired")
    command = ["openssl", "x509", "-in", "expired.crt", "-signkey", "expired.key", "-days", "-1"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip("this openssl makes no expired certificates")
    return key, done.stdout


class TestServed:
    @pytest.fixture
    def service(self, web, tmp_path):
        web.done("present", web.given(0))
        with Service(tmp_path, [web.directory]) as service:
            yield service

    def deployed(self, web, service, number=1, **more):
        wanted = {"reload_command": service.reload_command, "verify_served": service.served(), **more}
        return web.run("present", web.given(number, **wanted))

    def looked(self, web, service):
        return web.seen(verify_served=service.served())["served"]

    def test_the_new_certificate_is_seen(self, web, service):
        answer = self.deployed(web, service)
        assert answer["error"] is None and answer["verified"] is True
        assert self.looked(web, service) == {"live": True, "detail": ""}
        again = self.deployed(web, service)
        assert again["changed"] is False and again["verified"] is True

    def test_a_slow_reload_is_waited_for(self, web, service):
        service.delay = 0.5
        assert self.deployed(web, service)["verified"] is True

    def test_a_reload_that_keeps_the_old_one(self, web, service):
        service.stubborn = True
        answer = self.deployed(web, service, verify_served=service.served(timeout=0.5))
        assert answer["error"]["step"] == "verify" and answer["rolled_back"] is True and answer["verified"] is False
        assert "verify_served failed (127.0.0.1:" in answer["error"]["detail"]
        assert "the previous certificate is served again, and the next run" in answer["error"]["detail"]
        assert certificate_of(web) == web.pairs[0].certificate
        assert self.looked(web, service)["live"] is True
        service.stubborn = False
        assert self.deployed(web, service)["verified"] is True

    def test_a_service_that_is_stopped(self, web, service):
        service.stop()
        answer = self.deployed(web, service, verify_served=service.served(timeout=0.3))
        assert (
            "Connection refused" in answer["error"]["detail"]
            and "but it is not served either" in answer["error"]["detail"]
        )
        assert answer["rolled_back"] is True and certificate_of(web) == web.pairs[0].certificate
        assert web.seen()["marker"], "the next run looks again"

    def test_one_that_serves_something_else_is_deployed_again(self, web, service, tmp_path):
        web.done("present", web.given(1))
        version = os.readlink(web.directory / "current")
        assert self.looked(web, service)["live"] is False
        again = web.item(
            install={"from": "current"}, reload_command=service.reload_command, verify_served=service.served()
        )
        answer = web.done("present", again)
        assert answer["changed"] is True and answer["verified"] is True
        assert os.readlink(web.directory / "current") == version, "no new version"
        assert self.looked(web, service)["live"] is True

    def test_redeploying_never_goes_back(self, web, service):
        web.done("present", web.given(1))
        service.stubborn = True
        answer = self.deployed(web, service, verify_served=service.served(timeout=0.3))
        assert answer["rolled_back"] is False and "the certificate stays in place" in answer["error"]["detail"]
        assert certificate_of(web) == web.pairs[1].certificate

    def test_a_bad_target_is_refused_before_anything_is_done(self, web, service):
        answer = self.deployed(web, service, verify_served={"starttls": "gopher"})
        assert answer["error"]["code"] == "bad_call"
        assert certificate_of(web) == web.pairs[0].certificate

    def test_nothing_is_looked_at_before_there_is_anything(self, web, service):
        seen = host.call(
            "inspected", host.item("other", web.directory.parent / "other", verify_served=service.served())
        )
        assert seen[0]["served"] is None


def copy(folder, content="fullchain", name="copy.pem", **more):
    return {"content": content, "path": str(folder / name), "owner": None, "group": None, "mode": None, **more}


class TestCopies:
    def test_every_content(self, web, tmp_path):
        contents = ["private_key", "certificate", "chain", "fullchain", "ca", "combined"]
        copies = [copy(tmp_path, content, f"{content}.pem") for content in contents]
        web.done("present", web.given(0, copies=copies, mode=0o640))
        pair, chain = web.pairs[0], web.pairs[2].certificate
        text = {content: (tmp_path / f"{content}.pem").read_text() for content in contents}
        assert text["private_key"] == pair.key and text["certificate"] == pair.certificate
        assert text["chain"] == chain and text["fullchain"] == pair.certificate + chain and text["ca"] == ""
        assert text["combined"] == pair.key + pair.certificate + chain
        modes = {content: (tmp_path / f"{content}.pem").stat().st_mode & 0o777 for content in contents}
        assert modes["private_key"] == modes["combined"] == 0o640
        assert modes["fullchain"] == 0o644
        seen = web.seen(copies=copies, mode=0o640)
        assert seen["damaged"] == [] and seen["attributes"] == []
        assert web.done("present", web.given(0, copies=copies, mode=0o640))["changed"] is False

    @pytest.mark.parametrize("damage", ["changed", "missing", "link"])
    def test_one_that_differs_is_repaired_and_the_service_reloaded(self, web, tmp_path, damage):
        wanted = {"copies": [copy(tmp_path)], "reload_command": f"touch {tmp_path}/reloaded"}
        web.done("present", web.given(0, **wanted))
        version, path = os.readlink(web.directory / "current"), tmp_path / "copy.pem"
        right = path.read_text()
        (tmp_path / "reloaded").unlink()
        path.unlink()
        if damage == "changed":
            path.write_text("changed")
        if damage == "link":
            (tmp_path / "elsewhere").write_text("precious")
            path.symlink_to(tmp_path / "elsewhere")
        assert web.seen(**wanted)["damaged"] == [f"copy:{path}"]
        answer = web.done("present", web.item(install={"from": "current"}, **wanted))
        assert answer["changed"] is True and os.readlink(web.directory / "current") == version
        assert path.read_text() == right and not path.is_symlink() and (tmp_path / "reloaded").exists()
        assert damage != "link" or (tmp_path / "elsewhere").read_text() == "precious"

    def test_attributes_are_compared_and_set_without_a_reload(self, web, tmp_path):
        wanted = {"copies": [copy(tmp_path, mode=0o600)]}
        web.done("present", web.given(0, **wanted))
        (tmp_path / "copy.pem").chmod(0o666)
        (difference,) = web.seen(**wanted)["attributes"]
        assert difference == {"path": str(tmp_path / "copy.pem"), "attribute": "mode", "is": "0666", "should": "0600"}
        assert web.done("present", web.item(attributes=True, **wanted))["changed"] is True
        assert (tmp_path / "copy.pem").stat().st_mode & 0o777 == 0o600
        assert web.seen(**wanted)["attributes"] == []

    def test_all_come_back(self, web, tmp_path):
        wanted = [copy(tmp_path), copy(tmp_path, "private_key", "key.pem")]
        web.done("present", web.given(0, copies=wanted))
        before = {name: (tmp_path / name).read_text() for name in ("copy.pem", "key.pem")}
        answer = web.run(
            "present", web.given(1, copies=[*wanted, copy(tmp_path, "ca", "new.pem")], reload_command="false")
        )
        assert answer["rolled_back"] is True
        assert {name: (tmp_path / name).read_text() for name in before} == before
        assert not (tmp_path / "new.pem").exists()
        assert not (web.directory / "versions" / ".copies").exists() or web.seen()["marker"]

    def test_files_from_before_the_first_installation_come_back(self, web, tmp_path):
        (tmp_path / "copy.pem").write_text("from before")
        (tmp_path / "copy.pem").chmod(0o604)
        answer = web.run("present", web.given(0, copies=[copy(tmp_path)], validate_command="false"))
        assert answer["error"]["step"] == "validate" and "the copies are as before" in answer["error"]["detail"]
        assert (tmp_path / "copy.pem").read_text() == "from before"
        assert (tmp_path / "copy.pem").stat().st_mode & 0o777 == 0o604
        web.done("present", web.given(0, copies=[copy(tmp_path)], validate_command="true"))
        assert (tmp_path / "copy.pem").read_text().startswith(web.pairs[0].certificate)
        assert not (web.directory / "versions" / ".copies").exists()

    @pytest.mark.parametrize(
        ("name", "code"), [("nowhere/copy.pem", "no_directory"), ("etc", "not_a_file"), ("etc/web/x.pem", "bad_call")]
    )
    def test_a_place_that_can_t_be_is_refused_first(self, web, tmp_path, name, code):
        web.done("present", web.given(0))
        answer = web.run("present", web.given(1, copies=[copy(tmp_path, name=name)]))
        assert answer["error"]["code"] == code and certificate_of(web) == web.pairs[0].certificate

    def test_they_go_with_the_certificate(self, web, tmp_path):
        web.done("present", web.given(0, copies=[copy(tmp_path), copy(tmp_path, name="mine.pem")]))
        (tmp_path / "mine.pem").write_text("mine now")
        web.done("absent")
        assert not (tmp_path / "copy.pem").exists() and (tmp_path / "mine.pem").read_text() == "mine now"
        assert not web.directory.exists()

    def test_killed_anywhere(self, web, tmp_path):
        """At any time a copy is the old or the new one, whole; the next run brings the new ones everywhere."""
        base = web.directory.parent
        locks = tmp_path / "locks"
        locks.mkdir()
        for step in range(1, 400):
            web.directory = base / str(step) / "web"
            place = tmp_path / f"at{step}"
            place.mkdir()
            copies = [copy(place), copy(place, "private_key", "key.pem")]
            wanted = {"copies": copies, "reload_command": ["true", str(locks)]}
            web.done("present", web.given(0, **wanted))
            killed = host.call_killed_at(step, "present", web.given(1, **wanted))
            assert (place / "key.pem").read_text() in (web.pairs[0].key, web.pairs[1].key)
            assert (
                (place / "copy.pem").read_text()[:900].startswith((web.pairs[0].certificate, web.pairs[1].certificate))
            )
            if step % 2:  # the next run may fail, too
                failed = web.run("present", web.given(1, **{**wanted, "validate_command": "false"}))
                number = 0 if failed["rolled_back"] else 1
                assert certificate_of(web) == web.pairs[number].certificate
                assert failed["error"] is None or (place / "key.pem").read_text() == web.pairs[number].key
            web.done("present", web.given(1, **wanted))
            assert web.is_whole(copies=copies)
            assert (place / "key.pem").read_text() == web.pairs[1].key
            assert sorted(os.listdir(place)) == ["copy.pem", "key.pem"]
            if (
                web.directory / "versions" / ".copies"
            ).exists():  # the kill was the very last; the next change clears up
                web.done("present", web.given(0, **wanted))
                assert not (web.directory / "versions" / ".copies").exists()
            if not killed:
                break
        assert 30 < step < 399


class TestTogether:
    def items(self, web, number, *names, **more):
        return [
            dict(web.given(number, **more), name=name, directory=str(web.directory.parent / name)) for name in names
        ]

    def run(self, *items):
        return program.run({"state": "present", "check": False, "certificates": list(items)})["certificates"]

    def current(self, web, name):
        return (web.directory.parent / name / "cert.pem").read_text()

    def test_they_are_reloaded_once(self, web, tmp_path):
        reload = ["/bin/sh", "-c", f"echo x >> {tmp_path}/log"]
        answers = self.run(*self.items(web, 0, "a", "b", "c", reload_command=reload))
        assert [answer["changed"] for answer in answers] == [True] * 3
        assert (tmp_path / "log").read_text() == "x\n"

    def test_a_text_and_a_list_are_the_same_command(self, web, tmp_path):
        (one,) = self.items(web, 0, "a", reload_command=f"mkdir {tmp_path}/once")
        (two,) = self.items(web, 0, "b", reload_command=["mkdir", f"{tmp_path}/once"])
        assert [answer["error"] for answer in self.run(one, two)] == [None, None]

    def test_they_are_rolled_back_together(self, web):
        self.run(*self.items(web, 0, "a", "b", "c", reload_command="true"))
        items = self.items(web, 1, "a", "b", "c", reload_command="true")
        items[1]["validate_command"] = "false"
        answers = self.run(*items)
        assert [answer["rolled_back"] for answer in answers] == [True] * 3
        assert all(answer["error"]["step"] == "validate" for answer in answers)
        assert {self.current(web, name) for name in "abc"} == {web.pairs[0].certificate}

    def test_the_one_to_blame_is_named(self, web, tmp_path):
        self.run(*self.items(web, 0, "a", "b"))
        with Service(tmp_path, [web.directory.parent / "a"], stubborn=True) as service:
            items = self.items(web, 1, "a", "b", reload_command="true")
            items[0]["verify_served"] = service.served(timeout=0.3)
            first, second = self.run(*items)
        assert first["error"]["detail"].startswith("verify_served failed")
        assert second["error"]["detail"].startswith(
            "the deployment of a, with which it shares its reload_command, failed"
        )
        assert second["rolled_back"] is True and second["verified"] is None

    def test_others_are_independent(self, web):
        names = ("a", "b", "c", "d")
        commands = ("true", "false", None, "true")
        items = [self.items(web, 0, name, reload_command=command)[0] for name, command in zip(names, commands)]
        items[2]["validate_command"] = "false"
        assert [bool(answer["error"]) for answer in self.run(*items)] == [False, True, True, False]

    def test_one_that_can_t_be_written_drops_out(self, web):
        items = self.items(web, 0, "a", "b", reload_command="true")
        items[0]["install"]["private_key"] = web.pairs[1].key
        first, second = self.run(*items)
        assert first["error"]["code"] == "key_mismatch" and second["error"] is None
        assert self.current(web, "b") == web.pairs[0].certificate

    def test_answers_keep_their_order(self, web):
        items = [
            *self.items(web, 0, "a", reload_command="true"),
            *self.items(web, 0, "b"),
            *self.items(web, 0, "c", copies=[]),
        ]
        items.append(dict(items[0], name="", directory=""))
        assert [answer["name"] for answer in self.run(*items)] == ["a", "b", "c", ""]

    def test_killed_anywhere(self, web, tmp_path):
        """Whatever is killed, the next run ends with both."""
        base = tmp_path / "killed"
        for step in range(1, 400, 3):
            web.directory = base / str(step) / "web"
            old = self.items(web, 0, "a", "b", reload_command="true")
            self.run(*old)
            new = self.items(web, 1, "a", "b", reload_command="true")
            request = {"state": "present", "check": False, "certificates": new}
            killed = host.request_killed_at(step, request)
            answers = self.run(*new)
            assert [answer["error"] for answer in answers] == [None, None]
            assert {self.current(web, name) for name in "ab"} == {web.pairs[1].certificate}
            for name in "ab":
                (seen,) = host.call("inspected", host.item(name, web.directory.parent / name))
                assert seen["marker"] is None and seen["damaged"] == []
            if not killed:
                break
        assert step > 40


class TestOneAtATime:
    HOLD = "import fcntl, sys, time; f = open(sys.argv[1], 'r+'); fcntl.flock(f, fcntl.LOCK_EX); print(flush=True); time.sleep(60)"

    def test_another_run_with_the_same_command_is_waited_for(self, web, monkeypatch):
        monkeypatch.setattr(exclusive, "PATIENCE", 0.3)
        with exclusive.alone(["true"], ["shop"]):
            answer = web.run("present", web.given(0, reload_command="true"))
            assert answer["error"]["code"] == "busy"
            assert f"Process {os.getpid()} (since " in answer["error"]["detail"]
            assert ", for shop) is deploying with the same reload_command" in answer["error"]["detail"]
            assert not (web.directory / "current").exists()
            assert web.run("present", web.given(0, reload_command=["true", "other"]))["error"] is None
        assert web.run("present", web.given(1, reload_command="true"))["error"] is None

    def test_one_that_was_killed_is_not_waited_for(self, web, monkeypatch):
        monkeypatch.setattr(exclusive, "PATIENCE", 5)
        with exclusive.alone(["true"], ["shop"]):
            pass
        (lock,) = [os.path.join(folder, name) for folder, _f, names in os.walk(exclusive.PLACE) for name in names]
        with subprocess.Popen([sys.executable, "-c", self.HOLD, lock], stdout=subprocess.PIPE) as other:
            other.stdout.readline()
            other.kill()
            other.wait()
        assert web.run("present", web.given(0, reload_command="true"))["error"] is None

    def test_nobody_else_can_hold_it(self, web):
        web.done("present", web.given(0, reload_command="true"))
        (folder,) = os.listdir(exclusive.PLACE)
        assert os.stat(os.path.join(exclusive.PLACE, folder)).st_mode & 0o777 == 0o700
