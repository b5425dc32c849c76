# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Plays against a real OpenBao: its option, and what its audit log says about a part of a play."""

from __future__ import annotations

import json
import typing as t

from ansible_collections.certfleet.pki.tests.support.openbao import OpenBao
from ansible_collections.certfleet.pki.tests.support.playbooks import Played
from ansible_collections.certfleet.pki.tests.support.tasks import Task, shell

__all__ = ("LOGIN", "SIGN", "asked", "asked_between", "call", "lines", "mark", "operation", "vault")

SIGN = "update pki_int/sign/web"
LOGIN = "update auth/approle/login"


def vault(server: OpenBao, **options: t.Any) -> t.Dict[str, t.Any]:
    """Return the option ``authority`` for the server, with an AppRole that may do no more than is needed."""
    return {"vault": server.options(**{"auth": {"approle": server.approle()}, **options})}


def operation(name: str, module: str, authority: t.Any, **options: t.Any) -> Task:
    """Return a task that runs one of the single operations."""
    return {"name": name, f"certfleet.pki.{module}": {"authority": authority, **options}}


def call(name: str, server: OpenBao, path: str, **body: t.Any) -> Task:
    """Return a task that calls the API as root."""
    request = {"url": f"{server.url}/v1/{path}", "method": "PUT", "body": body, "body_format": "json"}
    return {
        "name": name,
        "ansible.builtin.uri": {
            **request,
            "headers": {"X-Vault-Token": server.root_token},
            "status_code": [200, 204],
            **({"ca_path": str(server.ca_file)} if server.tls else {}),
        },
    }


def lines(server: OpenBao) -> int:
    """Return how long the audit log is now; ``asked`` takes it as a beginning."""
    return len(server.audit_log.read_text().splitlines())


def mark(name: str, server: OpenBao) -> Task:
    """Return a task that notes how long the audit log is at that moment of the play."""
    return shell(name, f"wc -l < {server.audit_log}")


def asked(server: OpenBao, since: int = 0, until: t.Optional[int] = None) -> t.List[str]:
    """Return what the server was asked between two lengths of the audit log, as ``operation path``."""
    entries = map(json.loads, server.audit_log.read_text().splitlines()[since:until])
    answers = (entry["request"] for entry in entries if entry["type"] == "response")
    return [f"{request['operation']} {request['path']}" for request in answers]


def asked_between(server: OpenBao, played: Played, first: str, last: str) -> t.List[str]:
    """Return what the server was asked between two marks of a play on one host."""
    since, until = (int(played[name].result["stdout"]) for name in (first, last))
    return asked(server, since, until)
