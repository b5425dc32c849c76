# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Credentials for a real OpenBao stay on the controller, and show nowhere there either."""

from __future__ import annotations

import re
import secrets
import typing as t
from pathlib import Path

import pytest

from ansible_collections.certfleet.pki.tests.support.openbao import OpenBao
from ansible_collections.certfleet.pki.tests.support.openbao_plays import operation, vault
from ansible_collections.certfleet.pki.tests.support.playbooks import BOTH_WAYS, Site
from ansible_collections.certfleet.pki.tests.support.tasks import Task, certificate, certificates, named, shell
from ansible_collections.certfleet.pki.tests.support.watching import Watch, noting

#: A private key in the clear, and any token that OpenBao gives: those of the logins are nowhere but in the run's memory.
ALWAYS = (rb"PRIVATE KEY-----", rb"\bs\.[A-Za-z0-9]{24}\b")
NAMES = {"dns_names": ["web.example.com", "{{ inventory_hostname }}.example.com"]}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[OpenBao]:
    with OpenBao(tmp_path_factory.mktemp("openbao")) as server:
        yield server


def pattern(values: t.Iterable[str]) -> re.Pattern[bytes]:
    """Return a pattern for the values, and for what must never show."""
    return re.compile(b"|".join([*(re.escape(value).encode() for value in values), *ALWAYS]))


def credentials(server: OpenBao) -> t.Dict[str, str]:
    """Return one of every kind, as variables."""
    password = f"password-{secrets.token_hex(12)}"
    server.api("POST", "auth/userpass/users/joe", {"password": password, "token_policies": ["pki"]})
    approle, wrapped = server.approle(), server.wrapped_approle(name="wrapped")
    return {
        "token": server.token(),
        "secret_id": approle["secret_id"],
        "wrapped_secret_id": wrapped["wrapped_secret_id"],
        "jwt": server.jwt(),
        "password": password,
        "wrong": f"wrong-{secrets.token_hex(12)}",
        "passphrase": f"passphrase-{secrets.token_hex(12)}",
        "proxy": f"http://user:{secrets.token_hex(12)}@127.0.0.1:9",
    }


def story(server: OpenBao, role_id: str, wrapped_role_id: str) -> t.List[Task]:
    """Return tasks that use every credential, rightly and wrongly."""
    methods = {
        "token": {"token": "{{ token }}"},
        "approle": {"approle": {"role_id": role_id, "secret_id": "{{ secret_id }}"}},
        "wrapped": {"approle": {"role_id": wrapped_role_id, "wrapped_secret_id": "{{ wrapped_secret_id }}"}},
        "jwt": {"jwt": {"role": "ci", "jwt": "{{ jwt }}"}},
        "userpass": {"userpass": {"username": "joe", "password": "{{ password }}"}},
    }
    wrong = {
        "wrong token": {"token": "{{ wrong }}"},
        "wrong secret id": {"approle": {"role_id": role_id, "secret_id": "{{ wrong }}"}},
        "wrong wrapping token": {"approle": {"role_id": role_id, "wrapped_secret_id": "{{ wrong }}"}},
        "wrong jwt": {"jwt": {"role": "ci", "jwt": "{{ wrong }}"}},
        "wrong password": {"userpass": {"username": "joe", "password": "{{ wrong }}"}},
        "two methods": {"token": "{{ wrong }}", "userpass": {"username": "joe", "password": "{{ wrong }}"}},
        "wrong option": {"approle": {"role_id": role_id, "secret_id": "{{ wrong }}", "secretid": "{{ wrong }}"}},
        "wrong type": "{{ wrong }}",
    }
    there = vault(server, auth=methods["approle"])
    locked = {"key": {"passphrase": "{{ passphrase }}"}, "formats": ["combined"]}
    return [
        *(certificate(name, name=name, authority=vault(server, auth=auth), **NAMES) for name, auth in methods.items()),
        *(certificate(name, authority=vault(server, auth=auth), **NAMES) for name, auth in wrong.items()),
        certificate("wrong proxy", authority=vault(server, auth=methods["token"], proxy="{{ proxy }}", timeout=2)),
        certificate("locked", name="locked", authority=there, **locked, **NAMES),
        certificate("locked: renewed", name="locked", authority=there, force=True, **locked, **NAMES),
        certificates("several", {"name": "one"}, {"name": "approle", "state": "revoked"}, authority=there),
        operation("status", "certificate_status", there, path="{{ place }}/token/cert.pem"),
        operation("revoke", "certificate_revoke", there, path="{{ place }}/token/cert.pem"),
        named(
            "memory",
            operation("", "certificate_request", there, key={}, return_private_key=True, **NAMES),
            register="made",
        ),
        shell("the key was there", "test '{{ made.private_key_pem is search('PRIVATE KEY') }}' = True"),
    ]


@pytest.mark.slow
@pytest.mark.parametrize("way", BOTH_WAYS)
def test_nothing_shows(server: OpenBao, tmp_path: Path, way: str) -> None:
    """At -vvvv with diffs: not in the output, in results, in arguments, environments or files of the controller."""
    variables = credentials(server)
    path, notes = noting(tmp_path, "openssl")
    role_ids = (server.approle()["role_id"], server.approle(name="wrapped")["role_id"])
    site = Site(tmp_path, {"one": {**BOTH_WAYS[way], **variables}})
    tasks = [named(task["name"], task, environment={"PATH": path}) for task in story(server, *role_ids)]
    folders = [tmp_path / name for name in ("home/ansible", "local", "tmp")]
    watch = Watch(pattern(variables.values()), folders, blind_to=[server.process.pid])
    with watch.watching():
        played = site.play(tasks, verbosity=4, diff=True)
    failed = {task for _host, task, _message in played.failures}
    assert failed == {task["name"] for task in tasks if task["name"].startswith(("wrong", "two"))}
    # The tokens of the test's own kind would be found.
    assert watch.secrets.search(variables["token"].encode())
    for text in (played.stdout, played.stderr, *(str(result.result) for result in played.results)):
        assert watch.secrets.findall(text.encode()) == []
    # Ansible itself packs a module with its arguments, and so with a key's passphrase, in a file that goes again.
    packed = {where for where in watch.found if where.startswith("passphra") and "/local/ansible-local-" in where}
    assert watch.found - (packed if way == "module" else set()) == set()
    assert list((tmp_path / "home" / "remote").glob("*")) == []
    assert {"cmdline", "environ"} < watch.seen
    assert any(name.startswith(str(tmp_path / "local")) for name in watch.seen)
    assert b"openssl" in notes.read_bytes()
    assert watch.secrets.findall(notes.read_bytes()) == []


def test_the_environment_of_a_task_goes_to_the_host_without_credentials(server: OpenBao, tmp_path: Path) -> None:
    """However it is given, on both ways to the host."""
    values = {name: secrets.token_hex(12) for name in ("VAULT_TOKEN", "BAO_TOKEN")}
    noted = {level: noting(tmp_path / level, "openssl") for level in ("task", "block", "variable")}
    environments = {
        level: {**values, "VAULT_ADDR": server.url, "HARMLESS": "arrives", "PATH": path}
        for level, (path, _notes) in noted.items()
    }
    tasks = {level: environment_tasks(level, vault(server)) for level in noted}
    plays = [
        *({**task, "environment": environments["task"]} for task in tasks["task"]),
        {"block": tasks["block"], "environment": environments["block"]},
        *({**task, "environment": ["{{ theirs }}", {"MORE": "too"}]} for task in tasks["variable"]),
    ]
    site = Site(
        tmp_path, {way: {**variables, "theirs": environments["variable"]} for way, variables in BOTH_WAYS.items()}
    )
    watch = Watch(pattern(values.values()), blind_to=[server.process.pid])
    with watch.watching():
        played = site.play(plays, verbosity=4)
    assert played.failures == []
    for _path, notes in noted.values():
        assert notes.read_bytes().count(b"HARMLESS=arrives") >= len(BOTH_WAYS)
        assert b"VAULT_" not in notes.read_bytes() and b"BAO_" not in notes.read_bytes()
    assert watch.found == set()
    assert not [value for value in values.values() if value in played.output]


def environment_tasks(name: str, there: t.Mapping[str, t.Any]) -> t.List[Task]:
    """Return tasks that go to the host: an order, and an operation that reads a file there."""
    reading = operation(f"{name}: status", "certificate_status", there, path=f"{{{{ place }}}}/{name}/cert.pem")
    return [certificate(name, name=name, authority=there), reading]
