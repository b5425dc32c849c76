# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Certificates and directories for the tests of the host half."""

from __future__ import annotations

import pathlib
import typing as t

import pytest

from ansible_collections.certfleet.pki.plugins.module_utils._host import program
from ansible_collections.certfleet.pki.tests.support import host_program as host


class Pair(t.NamedTuple):
    key: str
    certificate: str


@pytest.fixture(scope="session")
def pairs(tmp_path_factory) -> t.Tuple[Pair, Pair, Pair]:
    """Three keys with their certificates."""
    folder = tmp_path_factory.mktemp("pairs")
    return t.cast(
        "t.Tuple[Pair, Pair, Pair]", tuple(Pair(*host.make_pair(folder, f"pair{number}")) for number in range(3))
    )


class Host:
    """One certificate's directory and the host program, in this process."""

    def __init__(self, folder: pathlib.Path, pairs: t.Sequence[Pair]) -> None:
        self.directory = folder / "web"
        self.pairs = pairs

    def item(self, **more: t.Any) -> t.Dict[str, t.Any]:
        return host.item("web", self.directory, **more)

    def given(self, number: int = 0, **more: t.Any) -> t.Dict[str, t.Any]:
        pair = self.pairs[number]
        install = {
            "from": "given",
            "certificate_pem": pair.certificate,
            "chain_pem": self.pairs[2].certificate,
            "ca_pem": "",
            "record": {"authority": "test"},
            "private_key": pair.key,
        }
        return self.item(install=install, **more)

    def prepare(self, **more: t.Any) -> t.Dict[str, t.Any]:
        wanted = {
            "order_hash": "order-1",
            "csr_config": host.request_configuration(),
            "key": {"type": "ecdsa", "curve": "P-256", "size": 256, "format": "pkcs8", "passphrase": None},
            "reuse_key": False,
            "intent": {"purpose": "test"},
            "lease": {"token": "mine", "owner": "controller-1", "seconds": 60, "break": None},
            "discard": False,
        }
        wanted.update(more)
        return self.item(prepare=wanted)

    def run(
        self, state: str, item: t.Optional[t.Mapping[str, t.Any]] = None, *, check: bool = False
    ) -> t.Dict[str, t.Any]:
        request = {"state": state, "check": check, "certificates": [item or self.item()]}
        answer: t.Dict[str, t.Any] = program.run(request)["certificates"][0]
        return answer

    def done(
        self, state: str, item: t.Optional[t.Mapping[str, t.Any]] = None, *, check: bool = False
    ) -> t.Dict[str, t.Any]:
        """As run, and it must not have failed."""
        answer = self.run(state, item, check=check)
        if answer["error"]:
            raise RuntimeError(str(answer["error"]))
        return answer

    def seen(self, **more: t.Any) -> t.Dict[str, t.Any]:
        return self.done("inspected", self.item(**more))

    def snapshot(self) -> t.Dict[str, t.Any]:
        """Return everything below the directory's parent that a change would show in."""
        found = {}
        for path in sorted(self.directory.parent.rglob("*")):
            status = path.lstat()
            content = str(path.readlink()) if path.is_symlink() else path.read_bytes() if path.is_file() else None
            found[str(path)] = (status.st_mode, status.st_uid, status.st_ino, content)
        return found

    def is_whole(self, **more: t.Any) -> bool:
        seen = self.seen(**more)
        return (
            seen["key"]["state"] == "ok" and not seen["damaged"] and seen["current"] is not None and not seen["marker"]
        )

    @property
    def version(self) -> pathlib.Path:
        return self.directory / "current" / ""


@pytest.fixture
def web(tmp_path: pathlib.Path, pairs: t.Sequence[Pair]) -> Host:
    """A directory that does not exist yet."""
    return Host(tmp_path / "etc", pairs)
