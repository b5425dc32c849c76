# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where what a step prints goes: to the terminal, or to a file while another step has the terminal."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import threading
import typing as t

__all__ = ("call", "diverted", "say")

_own = threading.local()


def _stream() -> t.TextIO:
    return getattr(_own, "stream", sys.stdout)


def say(text: str) -> None:
    """Print a line."""
    print(text, file=_stream(), flush=True)


def call(words: t.Sequence[str], **options: t.Any) -> bool:
    """Run a program; True if it succeeded. The options are those of ``subprocess.run``."""
    done = subprocess.run(words, stdout=_stream(), stderr=subprocess.STDOUT, check=False, **options)
    if done.returncode:
        say(f"-- exit status {done.returncode}: {os.path.basename(words[0])}")
    return done.returncode == 0


@contextlib.contextmanager
def diverted(stream: t.TextIO) -> t.Iterator[None]:
    """Send what this thread prints to a file."""
    _own.stream = stream
    try:
        yield
    finally:
        del _own.stream
