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

__all__ = ("PATIENCE", "finish_command", "run_command", "words_of")

#: How long a command may take, in seconds.
PATIENCE = 60
#: How much of what a command printed is kept: its end, in bytes.
KEPT = 4000


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
    reason, errors = finish_command(words, errors_only=True)
    if reason:
        lines = [line.strip() for line in errors.splitlines() if line.strip()]
        last = ": %s" % lines[-1].rstrip(".")[:300] if lines and reason.startswith("exit") else ""
        detail = "%s failed (%s%s): run it on the host to see why." % (option, reason, last)
        raise StoreError("command_failed", detail, step)


def finish_command(words, patience=None, errors_only=False):
    # type: (t.List[str], t.Optional[float], bool) -> t.Tuple[str, str]
    """Run a command to its end; return why it failed, nothing if it did not, and the end of what it printed.

    A service that it has started lives on. One that takes longer than ``patience`` seconds is killed.
    """
    patience = PATIENCE if patience is None else patience
    with _output() as output:
        try:
            # There is no AnsibleModule, and so no run_command, when this comes over standard input.
            process = subprocess.Popen(  # pylint: disable=ansible-bad-function,consider-using-with
                words,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL if errors_only else output,
                stderr=output,  # a file: the service would keep a pipe open
                start_new_session=True,
                cwd="/",
            )
        except OSError as error:
            return "%s: %s" % (words[0], error.strerror), ""
        try:
            status = process.wait(timeout=patience)
        except subprocess.TimeoutExpired:
            with contextlib.suppress(OSError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            return "it took over %d s" % patience, _end(output)
        return "exit code %d" % status if status else "", _end(output)


@contextlib.contextmanager
def _output():
    # type: () -> t.Iterator[t.IO[bytes]]
    with contextlib.ExitStack() as stack:
        try:
            handle = stack.enter_context(tempfile.TemporaryFile())  # type: t.IO[bytes]
        except OSError:  # a full disk must not keep a service from being started again
            handle = stack.enter_context(open(os.devnull, "w+b"))
        yield handle


def _end(output):
    # type: (t.IO[bytes]) -> str
    output.seek(0, os.SEEK_END)
    output.seek(-min(output.tell(), KEPT), os.SEEK_END)
    return output.read(KEPT).decode("utf-8", "replace")
