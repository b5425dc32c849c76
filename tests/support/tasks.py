# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tasks for plays of tests: what every one of them needs, so that a test says only what is special."""

from __future__ import annotations

import typing as t

__all__ = ("LOCAL", "Task", "authority", "certificate", "certificates", "local", "named", "predicted_and_done", "shell")

Task = t.Dict[str, t.Any]


def local(directory: str = "ca", **options: t.Any) -> t.Dict[str, t.Any]:
    """Return the option ``authority`` for an embedded CA below the host's directory, made on first use."""
    return {"local": {"path": f"{{{{ place }}}}/{directory}", "create": True, **options}}


LOCAL = local()


def named(name: str, task: Task, **keywords: t.Any) -> Task:
    """Return the task under another name, with keywords such as ``check_mode``."""
    return {**task, "name": name, **keywords}


def certificate(task: str, **options: t.Any) -> Task:
    """Return a task that ensures the certificate ``web`` from the host's own CA; None takes an option away."""
    return {"name": task, "certfleet.pki.certificate": _web(options, {"authority": LOCAL})}


def certificates(task: str, *items: t.Mapping[str, t.Any], **options: t.Any) -> Task:
    """Return a task that ensures several, each like ``web`` but for what its item says."""
    listed = [_web(dict(item), {}) for item in items]
    return {"name": task, "certfleet.pki.certificates": {"authority": LOCAL, "certificates": listed, **options}}


def authority(task: str, directory: str = "ca", **options: t.Any) -> Task:
    """Return a task that makes or runs the host's own CA."""
    return {"name": task, "certfleet.pki.local_authority": {"path": f"{{{{ place }}}}/{directory}", **options}}


def predicted_and_done(name: str, task: Task) -> t.List[Task]:
    """Return the task in check mode, for real, and once more for real."""
    return [named(f"{name}: check", task, check_mode=True), named(name, task), named(f"{name}: again", task)]


def shell(task: str, command: str) -> Task:
    """Return a task that runs a command of the shell in the host's directory."""
    return {"name": task, "ansible.builtin.raw": f"cd {{{{ place }}}} && {{ {command}\n}}"}


def _web(options: t.Mapping[str, t.Any], more: t.Mapping[str, t.Any]) -> t.Dict[str, t.Any]:
    name = options.get("name", "web")
    usual = {"name": name, "dns_names": [f"{name}.example.com"], "directory": f"{{{{ place }}}}/{name}"}
    merged = {**usual, **more, **options}
    return {option: value for option, value in merged.items() if value is not None}
