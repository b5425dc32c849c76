# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Looks for secrets while something runs: in arguments and environments of processes, and in files that come and go."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import re
import shutil
import threading
import typing as t
from pathlib import Path

__all__ = ("Watch", "noting")

_PAUSE = 0.01

#: Stands in for a program: notes its arguments and environment, and its parent's, then is the program.
_NOTING = """#!/bin/sh
cat /proc/$$/cmdline /proc/$$/environ /proc/$PPID/cmdline /proc/$PPID/environ >> {notes}
exec {program} "$@"
"""


@dataclasses.dataclass
class Watch:
    """Samples processes below this one, and files below ``folders``, until the block ends.

    ``found`` says where a secret was; ``seen`` is what was looked at, so that a test can tell
    that it looked at all. ``blind_to`` are ids of processes that need not be looked at.
    """

    secrets: re.Pattern[bytes]
    folders: t.Sequence[Path] = ()
    blind_to: t.Sequence[int] = ()
    found: t.Set[str] = dataclasses.field(default_factory=set)
    seen: t.Set[str] = dataclasses.field(default_factory=set)
    _ended: threading.Event = dataclasses.field(default_factory=threading.Event)

    @contextlib.contextmanager
    def watching(self) -> t.Iterator[None]:
        thread = threading.Thread(target=self._run)
        thread.start()
        try:
            yield
        finally:
            self._ended.set()
            thread.join()
            self.look_at_files()

    def _run(self) -> None:
        while not self._ended.wait(_PAUSE):
            self.look_at_files()
            self._look_at_processes()

    def look_at_files(self) -> None:
        """Look at every file that is there now."""
        for folder in self.folders:
            for directory, _below, names in os.walk(folder):
                for name in names:
                    self._look_at(Path(directory, name), str(Path(directory, name)))

    def _look_at_processes(self) -> None:
        parents = dict(self._parents())
        for process in parents:
            if self._is_below(process, parents):
                for name in ("cmdline", "environ"):
                    self._look_at(Path(f"/proc/{process}/{name}"), name)

    @staticmethod
    def _parents() -> t.Iterator[t.Tuple[int, int]]:
        for entry in os.listdir("/proc"):
            if entry.isdigit():
                with contextlib.suppress(OSError, IndexError):
                    yield int(entry), int(Path(f"/proc/{entry}/stat").read_text().rpartition(")")[2].split()[1])

    def _is_below(self, process: int, parents: t.Mapping[int, int]) -> bool:
        above = parents.get(process)
        while above is not None and process not in self.blind_to:
            if above == os.getpid():
                return True
            process, above = above, parents.get(above)
        return False

    def _look_at(self, path: Path, name: str) -> None:
        with contextlib.suppress(OSError):
            content = path.read_bytes()
            self.seen.add(name)
            self.found.update(f"{secret[:8].decode()}... in {name}" for secret in self.secrets.findall(content))


def noting(directory: Path, name: str) -> t.Tuple[str, Path]:
    """Make a stand-in for a program; return the PATH that has it first, and the file with its notes."""
    notes, program = directory / f"{name}.notes", shutil.which(name)
    stand_in = directory / "bin" / name
    stand_in.parent.mkdir(parents=True, exist_ok=True)
    stand_in.write_text(_NOTING.format(notes=notes, program=program))
    stand_in.chmod(0o755)
    return f"{stand_in.parent}:/usr/bin:/bin", notes
