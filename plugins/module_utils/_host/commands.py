# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: no promise is made about what is in here.

"""Commands that the administrator has named: without a shell, in bounded time."""

import contextlib
import os
import shlex
import signal
import subprocess
import tempfile

from ansible_collections.certfleet.pki.plugins.module_utils._host.errors import StoreError

TYPE_CHECKING = False
if TYPE_CHECKING:
    import typing as t

__all__ = ("PATIENCE", "run_command", "words_of")

#: How long a command may take, in seconds.
PATIENCE = 60


def words_of(command, option):
    # type: (t.Any, str) -> t.List[str]
    """Return a command's words, none for no command; a text is split as a shell does. Raises StoreError."""
    try:
        words = shlex.split(command) if isinstance(command, str) else [str(word) for word in command or ()]
    except ValueError:
        raise StoreError("bad_call", "%s can't be split into words: check its quotes." % option) from None
    if command and not words:
        raise StoreError("bad_call", "%s names no program." % option)
    return words


def run_command(words, option, step):
    # type: (t.List[str], str, str) -> None
    """Run a command to its end. Raises StoreError when it fails; a service that it has started lives on."""
    with _errors() as errors:
        try:
            # There is no AnsibleModule, and so no run_command, when this comes over standard input.
            process = subprocess.Popen(  # pylint: disable=ansible-bad-function,consider-using-with
                words,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=errors,  # a file: the service would keep a pipe open
                start_new_session=True,
                cwd="/",
            )
        except OSError as error:
            raise _failed(option, "%s: %s" % (words[0], error.strerror), step) from None
        try:
            status = process.wait(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            with contextlib.suppress(OSError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            raise _failed(option, "it took over %d s" % PATIENCE, step) from None
        if status != 0:
            raise _failed(option, "exit code %d%s" % (status, _last_words(errors)), step)


@contextlib.contextmanager
def _errors():
    # type: () -> t.Iterator[t.IO[bytes]]
    with contextlib.ExitStack() as stack:
        try:
            handle = stack.enter_context(tempfile.TemporaryFile())  # type: t.IO[bytes]
        except OSError:  # a full disk must not keep a service from being started again
            handle = stack.enter_context(open(os.devnull, "w+b"))
        yield handle


def _last_words(errors):
    # type: (t.IO[bytes]) -> str
    errors.seek(0, os.SEEK_END)
    errors.seek(-min(errors.tell(), 2000), os.SEEK_END)
    lines = [line.strip() for line in errors.read().decode("utf-8", "replace").splitlines() if line.strip()]
    return ": %s" % lines[-1].rstrip(".")[:300] if lines else ""


def _failed(option, reason, step):
    # type: (str, str, str) -> StoreError
    return StoreError("command_failed", "%s failed (%s): run it on the host to see why." % (option, reason), step)
