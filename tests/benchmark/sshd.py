# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An OpenSSH server on the loopback interface with throw-away keys, and the client's side of it."""

from __future__ import annotations

import contextlib
import getpass
import os
import shutil
import socket
import subprocess
import time
import typing as t
from pathlib import Path

__all__ = ("SshServer", "find_sshd")

_START_LIMIT = 10.0
_SERVER = """\
ListenAddress 127.0.0.1
Port {port}
HostKey {folder}/host_key
AuthorizedKeysFile {folder}/user_key.pub
PidFile none
UsePAM no
StrictModes no
PasswordAuthentication no
PermitRootLogin prohibit-password
MaxStartups 200
MaxSessions 200
"""
_CLIENT = """\
Host *
  HostName 127.0.0.1
  Port {port}
  User {user}
  IdentityFile {folder}/user_key
  IdentitiesOnly yes
  IdentityAgent none
  StrictHostKeyChecking no
  UserKnownHostsFile /dev/null
  LogLevel ERROR
"""


def find_sshd() -> str | None:
    """Return the path of the server's program, None if this machine lacks it, the client or ssh-keygen."""
    path = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin", "/sbin"])
    if not shutil.which("ssh", path=path) or not shutil.which("ssh-keygen", path=path):
        return None
    return shutil.which("sshd", path=path)


class SshServer:
    """One server; every host name leads to it, so that each has a connection of its own."""

    def __init__(self, program: str, folder: Path) -> None:
        self._program = program
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        self._sockets = folder / "cp"

    def __enter__(self) -> SshServer:
        self._folder.mkdir(mode=0o700)
        for name in ("host_key", "user_key"):
            key = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(self._folder / name)]
            subprocess.run(key, check=True)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        facts = {"port": port, "folder": self._folder, "user": getpass.getuser()}
        (self._folder / "sshd_config").write_text(_SERVER.format(**facts))
        (self._folder / "ssh_config").write_text(_CLIENT.format(**facts))
        self._start(port)
        return self

    def _start(self, port: int) -> None:
        if os.getuid() == 0:
            Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
        log = self._folder / "sshd.log"
        command = [self._program, "-D", "-f", str(self._folder / "sshd_config"), "-E", str(log)]
        self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL)
        limit = time.monotonic() + _START_LIMIT
        while time.monotonic() < limit and self._process.poll() is None:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                return
            time.sleep(0.05)
        raise RuntimeError(f"sshd did not start: {log.read_text() if log.exists() else 'it wrote no log'}")

    def __exit__(self, *_: object) -> None:
        client = ["ssh", "-F", str(self._folder / "ssh_config"), "-O", "exit"]
        for path in self._sockets.glob("*"):
            subprocess.run([*client, "-o", f"ControlPath={path}", "any"], capture_output=True, check=False)
        if self._process is not None:
            self._process.terminate()
            self._process.wait()

    def environment(self) -> dict[str, str]:
        """Return what makes Ansible use it: connections stay open between plays."""
        return {
            "ANSIBLE_SSH_ARGS": f"-F {self._folder / 'ssh_config'} -C -o ControlMaster=auto -o ControlPersist=600s",
            "ANSIBLE_SSH_CONTROL_PATH_DIR": str(self._sockets),
        }

    @staticmethod
    def variables() -> t.Mapping[str, t.Any]:
        """Return the variables of its hosts."""
        return {"ansible_connection": "ssh"}
