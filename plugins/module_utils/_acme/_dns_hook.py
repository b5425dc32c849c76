# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: no promise is made about what is in here.
"""Records that commands of the user make and remove.

They find the record in their environment: CERTFLEET_RECORD_NAME, CERTFLEET_RECORD_VALUE and
CERTFLEET_DOMAIN, and under certbot's names CERTBOT_DOMAIN and CERTBOT_VALIDATION
(https://eff-certbot.readthedocs.io/en/stable/using.html#pre-and-post-validation-hooks).
"""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import tempfile
import threading
import typing as t

from ansible_collections.certfleet.pki.plugins.module_utils._acme._dns_record import Record
from ansible_collections.certfleet.pki.plugins.module_utils._authorities._base import Authority
from ansible_collections.certfleet.pki.plugins.module_utils._errors import Misconfigured, PkiError, Unavailable

__all__ = ("Hook",)

#: How long a command that took too long has to clean up, in seconds.
_GRACE = 2.0
#: As much of the end of its output is read, in bytes, and shown, in characters.
_TAIL, _SHOWN = 4096, 200


class _Turns:
    """Commands for the same record name run one after the other, whichever thread starts them."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._locks: t.Dict[str, threading.Lock] = {}

    def of(self, name: str) -> threading.Lock:
        with self._guard:
            return self._locks.setdefault(name, threading.Lock())


_TURNS = _Turns()


class Hook:
    """A command that makes a record and one that removes it."""

    def __init__(self, options: t.Mapping[str, t.Any]) -> None:
        self._present = _command(options["present"], option="hook.present")
        self._cleanup = _command(options["cleanup"], option="hook.cleanup")
        self._timeout = float(options.get("timeout") or 120)

    def add(self, records: t.Sequence[Record]) -> t.List[PkiError]:
        """Run the command for each record until one fails; return its error, if any."""
        return next(([error] for error in self._errors(self._present, records)), [])

    def remove(self, records: t.Sequence[Record]) -> t.List[PkiError]:
        """Run the other command for each record, whatever happens. Return the errors."""
        return list(self._errors(self._cleanup, records))

    def _errors(self, command: t.Sequence[str], records: t.Sequence[Record]) -> t.Iterator[PkiError]:
        for record in records:
            try:
                with _TURNS.of(record.name):
                    _run(command, record, self._timeout)
            except PkiError as error:
                yield error


def _command(value: t.Any, *, option: str) -> t.Tuple[str, ...]:
    """Return the program and its arguments, from a list or from a string with a shell's quotes."""
    try:
        words = tuple(map(str, value if isinstance(value, (list, tuple)) else shlex.split(str(value or ""))))
    except ValueError:
        raise Misconfigured(f"{option}: a quote is not closed; correct the command, or give it as a list.") from None
    if not words or not words[0] or any("\0" in word for word in words):
        raise Misconfigured(f"{option}: this is no command; give a program and its arguments.")
    return words


def _environment(record: Record) -> t.Dict[str, str]:
    """Return this process's environment without the credentials of CAs, which are no business of the DNS."""
    kept = {name: value for name, value in os.environ.items() if name not in _withheld()}
    return {
        **kept,
        "CERTFLEET_RECORD_NAME": record.name,
        "CERTFLEET_RECORD_VALUE": record.value,
        "CERTFLEET_DOMAIN": record.domain,
        "CERTBOT_DOMAIN": record.domain,
        "CERTBOT_VALIDATION": record.value,
    }


def _withheld() -> t.Set[str]:
    """Return the variables of all CAs. The registry, which knows them too, can't be imported from here."""
    return {
        variable
        for authority in _below(Authority)
        for variables in authority.ENVIRONMENT.values()
        for variable in variables
    }


def _below(authority: t.Any) -> t.Iterator[t.Type[Authority]]:
    for one in authority.__subclasses__():
        yield one
        yield from _below(one)


def _run(command: t.Sequence[str], record: Record, timeout: float) -> None:
    """Run a command to its end. Its output goes to a file, so that nothing it leaves running can hold us up."""
    with tempfile.TemporaryFile() as output:
        process = _start(command, record, output)
        try:
            code = process.wait(timeout)
        except subprocess.TimeoutExpired:
            _end(process)
            raise Unavailable(
                f"The command {command[0]} for {record.name} was stopped after {timeout:g} seconds; "
                f"find out what it waits for, or raise hook.timeout{_quoted(output)}."
            ) from None
        except BaseException:
            _end(process)
            raise
        if code != 0:
            how = f"exit code {code}" if code > 0 else f"signal {-code}"
            raise Unavailable(f"The command {command[0]} for {record.name} ended with {how}{_quoted(output)}.")


def _start(command: t.Sequence[str], record: Record, output: t.IO[bytes]) -> subprocess.Popen[bytes]:
    try:
        # There is no AnsibleModule, and so no run_command, on the controller.
        return subprocess.Popen(  # pylint: disable=ansible-bad-function,consider-using-with
            list(command),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=_environment(record),
            start_new_session=True,
        )
    except OSError as error:
        raise Misconfigured(
            f"The command {command[0]} can't be run on the controller ({error.strerror}); check dns_01.hook."
        ) from None


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the command and all that it started: with a warning, then for good."""
    for how in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, how)
            process.wait(_GRACE)
        except (ProcessLookupError, subprocess.TimeoutExpired):
            continue


def _quoted(output: t.IO[bytes]) -> str:
    """Return the last line of the output as the end of a sentence; nothing without output."""
    size = output.seek(0, os.SEEK_END)
    output.seek(max(0, size - _TAIL))
    lines = output.read().decode("utf-8", "replace").splitlines()
    last = next((line for line in reversed(lines) if line.strip()), "")
    shown = "".join(one if one.isprintable() else " " for one in last).strip().rstrip(".")
    return f": {shown[-_SHOWN:]}" if shown else ""
