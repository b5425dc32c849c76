# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Running the host program as the controller does, under any interpreter, and killing it half-way."""

from __future__ import annotations

import glob
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import typing as t

from ansible_collections.certfleet.pki.plugins.plugin_utils._program import (
    INTERPRETER_ARGUMENTS,
    build_program,
    parse_answer,
    render_call,
)

__all__ = (
    "call",
    "call_killed_at",
    "call_request",
    "interpreters",
    "item",
    "make_pair",
    "public_key_of",
    "request_configuration",
    "request_killed_at",
    "sign",
)

# Kills the process before its n-th change to the disk.
_KILLER = """
def die_at(limit):
    import os, signal
    count = [0]
    def counted(function, counts):
        def replacement(*arguments, **options):
            if counts(arguments):
                count[0] += 1
                if count[0] == limit:
                    os.kill(os.getpid(), signal.SIGKILL)
            return function(*arguments, **options)
        return replacement
    always = lambda arguments: True
    creates = lambda arguments: arguments[1] & os.O_CREAT
    for name in ("fsync", "rename", "unlink", "symlink", "mkdir", "rmdir", "write", "chmod", "fchmod", "fchown", "link"):
        setattr(os, name, counted(getattr(os, name), always))
    os.open = counted(os.open, creates)
die_at(%d)
"""


def call(
    state: str, *items: t.Mapping[str, t.Any], check: bool = False, python: str = sys.executable
) -> t.List[t.Dict[str, t.Any]]:
    """Run the program with these items and return their answers."""
    return call_request({"state": state, "check": check, "certificates": list(items)}, python=python)["certificates"]


def call_request(request: t.Mapping[str, t.Any], *, python: str = sys.executable) -> t.Dict[str, t.Any]:
    """Run the program with a whole request. Its standard error must stay empty."""
    result = _start(render_call(build_program(), request), python)
    if result.stderr:
        raise RuntimeError(result.stderr.decode())
    return parse_answer(result.stdout.decode("ascii"))


def call_killed_at(step: int, state: str, item: t.Mapping[str, t.Any], *, python: str = sys.executable) -> bool:
    """Run the program and kill it before its ``step``-th change to the disk; tell whether it lived to see that one."""
    return request_killed_at(step, {"state": state, "check": False, "certificates": [item]}, python=python)


def request_killed_at(step: int, request: t.Mapping[str, t.Any], *, python: str = sys.executable) -> bool:
    """As ``call_killed_at``, with a whole request."""
    result = _start(render_call(build_program() + _KILLER % step, request), python)
    if result.returncode == -signal.SIGKILL:
        return True
    for answer in parse_answer(result.stdout.decode("ascii"))["certificates"]:
        if answer["error"]:
            raise RuntimeError(str(answer["error"]))
    return False


def _start(text: bytes, python: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [python, *INTERPRETER_ARGUMENTS], input=text, capture_output=True, cwd="/", check=False, timeout=120
    )


def interpreters() -> t.Dict[str, str]:
    """Return version and path of every Python from 3.6 up: on PATH, of pyenv, and in ``PYTHONS`` (colon-separated)."""
    candidates = [shutil.which(f"python3.{minor}") or "" for minor in range(6, 20)]
    root = os.environ.get("PYENV_ROOT") or str(pathlib.Path.home() / ".pyenv")
    candidates += glob.glob(f"{root}/versions/3.*/bin/python3") + os.environ.get("PYTHONS", "").split(":")
    found: t.Dict[str, str] = {}
    for candidate in [sys.executable, *filter(None, candidates)]:
        version = _version_of(candidate)
        if version and version >= (3, 6):
            found.setdefault(".".join(map(str, version)), candidate)
    return dict(sorted(found.items(), key=lambda pair: [int(part) for part in pair[0].split(".")]))


def _version_of(python: str) -> t.Optional[t.Tuple[int, ...]]:
    command = [python, "-c", "import sys; print('%d %d' % sys.version_info[:2])"]
    try:
        result = subprocess.run(command, capture_output=True, check=True, timeout=30)
    except (OSError, subprocess.SubprocessError):
        return None
    return tuple(int(part) for part in result.stdout.split())


def item(name: str, directory: t.Union[str, os.PathLike[str]], **more: t.Any) -> t.Dict[str, t.Any]:
    """Return an item of a request with the usual fields."""
    usual = {"owner": None, "group": None, "mode": 0o600, "formats": ["pem"], "passphrase": None}
    return {"name": name, "directory": str(directory), **usual, **more}


_ALGORITHMS = {
    "ecdsa": ["ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"],
    "rsa": ["rsa:2048"],
    "ed25519": ["ed25519"],
}


def make_pair(folder: pathlib.Path, name: str = "pair", kind: str = "ecdsa") -> t.Tuple[str, str]:
    """Return a new key and a self-signed certificate for it, in PEM."""
    key, certificate = folder / f"{name}.key", folder / f"{name}.crt"
    command = ["openssl", "req", "-x509", "-nodes", "-days", "3", "-subj", f"/CN={name}", "-newkey", *_ALGORITHMS[kind]]
    subprocess.run([*command, "-keyout", str(key), "-out", str(certificate)], check=True, capture_output=True)
    return key.read_text(), certificate.read_text()


def sign(csr: str, folder: pathlib.Path) -> str:
    """Return a certificate for a request, from a CA made for this one signature."""
    make_pair(folder, "ca")
    (folder / "csr").write_text(csr)
    command = [
        "openssl",
        "x509",
        "-req",
        "-in",
        "csr",
        "-CA",
        "ca.crt",
        "-CAkey",
        "ca.key",
        "-set_serial",
        "7",
        "-days",
        "2",
    ]
    return subprocess.run(command, cwd=folder, check=True, capture_output=True).stdout.decode()


def public_key_of(pem: str) -> str:
    """Return the public key of a private key, a certificate or a request, in PEM."""
    if "PRIVATE KEY" in pem:
        command = ["openssl", "pkey", "-pubout", "-passin", "pass:"]
    else:
        command = ["openssl", "x509" if "BEGIN CERTIFICATE-" in pem else "req", "-noout", "-pubkey"]
    return subprocess.run(command, input=pem.encode(), check=True, capture_output=True).stdout.decode()


def request_configuration(common_name: str = "web.example.com") -> str:
    """Return a configuration for ``openssl req`` as the controller makes it."""
    return (
        "[req]\nprompt = no\ndistinguished_name = dn\nreq_extensions = ext\n"
        f"[dn]\nCN = {common_name}\n[ext]\nsubjectAltName = DNS:{common_name}\n"
    )
