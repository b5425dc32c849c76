# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: no promise is made about what is in here.

"""Who this run is: made once, when the first action plugin is imported in the parent of all workers."""

from __future__ import annotations

import dataclasses
import os
import secrets
import socket
import time
import typing as t

__all__ = ("RUN", "Run", "in_use", "left_behind")

#: States of a process (proc(5)) that has ended, and whose parent has not asked how.
_ENDED = ("Z", "X")


@dataclasses.dataclass(frozen=True)
class Run:
    """One run of Ansible.

    ``token`` marks its leases, ``owner`` says in a readable way which process on which machine it is,
    ``key`` encrypts what its workers share (32 bytes).
    """

    token: str
    owner: str
    key: bytes = dataclasses.field(repr=False)


def _machine() -> str:
    try:
        with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as handle:
            boot = handle.read().strip()
    except OSError:
        boot = "unknown"
    return f"{socket.gethostname()}/{boot}/{_process_space()}"


def _process_space() -> str:
    """Return which process ids can be compared: containers on one machine have their own."""
    try:
        return os.readlink("/proc/self/ns/pid")
    except OSError:
        return "unknown"


def _started(pid: int) -> str:
    """Return the start time of a process in clock ticks, so that a reused process id is not mistaken for it."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as handle:
            fields = handle.read().rpartition(")")[2].split()
        return "gone" if fields[0] in _ENDED else fields[19]
    except (OSError, IndexError):
        return "gone"


def _owner() -> str:
    pid = os.getpid()
    return f"{_machine()} process {pid} {_started(pid)}"


def left_behind(owner: str) -> bool:
    """Return True if ``owner`` was a process of this very machine that has ended."""
    machine, separator, process = owner.partition(" process ")
    pid, space, started = process.partition(" ")
    if not separator or not space or machine != _machine() or not pid.isdigit():
        return False
    return _started(int(pid)) != started


def in_use(lease: t.Mapping[str, t.Any]) -> bool:
    """Return True if another run holds this lease, as far as can be told from here."""
    if lease.get("token") in (None, RUN.token) or left_behind(str(lease.get("owner") or "")):
        return False
    expires = lease.get("expires")
    return isinstance(expires, (int, float)) and expires > time.time()


RUN = Run(token=secrets.token_hex(16), owner=_owner(), key=secrets.token_bytes(32))
