# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: no promise is made about what is in here.

"""Challenges shown by a small server of our own, where no web server runs or its port has to be borrowed.

The server is a daemon: it outlives the task, and the task's own files. It stops the service that the
port belongs to, serves, and starts the service again, whatever it was that ended it.
"""

import contextlib
import fcntl
import os
import re
import select
import socket
import time

from ansible_collections.certfleet.pki.plugins.module_utils._host import daemon
from ansible_collections.certfleet.pki.plugins.module_utils._host.codec import dumps, loads
from ansible_collections.certfleet.pki.plugins.module_utils._host.commands import PATIENCE, words_of
from ansible_collections.certfleet.pki.plugins.module_utils._host.errors import StoreError
from ansible_collections.certfleet.pki.plugins.module_utils._host.reading import digest
from ansible_collections.certfleet.pki.plugins.module_utils._host.serving import SIGN

TYPE_CHECKING = False
if TYPE_CHECKING:
    import typing as t

__all__ = ("Options", "hide", "show")

_OWN = "/.well-known/certfleet/"
_SECRET = re.compile(r"[0-9a-f]{16,128}")
#: What counts as every address; there the server is asked over the loopback interface.
_ANY = {None: "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - compared, not bound
#: How long to wait for a server on this host that is asked whether it is ours, in seconds.
_LOOK = 3.0
_INTERVAL = 0.05
#: A server that nobody ends lives no longer, in seconds.
_LONGEST = 86400


class Options:
    """How to serve. Raises StoreError for what can't be done."""

    def __init__(self, given: dict) -> None:
        self.port = _number(given.get("port"), 80, 65535, "port")
        self.seconds = min(_number(given.get("seconds"), 300, 1 << 40, "seconds"), _LONGEST)
        self.address = given.get("address") or None
        self.stop = words_of(given.get("stop_command"), "stop_command")
        self.start = words_of(given.get("start_command"), "start_command")
        secret = given.get("secret")
        if not isinstance(secret, str) or not _SECRET.fullmatch(secret):
            raise StoreError("bad_call", "A standalone server needs a secret of at least 16 hexadecimal digits.")
        #: A POST to this path changes what is shown.
        self.control = (_OWN + secret).encode("ascii")
        #: A GET of this one, which gives nothing of the secret away, tells that it is there.
        self.telling = (_OWN + digest(secret.encode("ascii"))).encode("ascii")


def show(options, files):
    # type: (Options, t.Dict[str, bytes]) -> bool
    """Have a server show the files; tell whether any was missing. Raises StoreError.

    A server that is there with the same secret takes them in: of a run that is not over yet, on any host.
    """
    with _alone():
        told = _order(options, "show", files)
        return _start(options, files) if told is None else told == b"true"


def _start(options, files):
    # type: (Options, t.Dict[str, bytes]) -> bool
    reading, writing = os.pipe()
    try:
        daemon.start(options, {_path(token).encode("ascii"): content for token, content in files.items()}, writing)
        os.close(writing)
        told = _read(reading, 2 * PATIENCE + daemon.BINDING + 30)
    finally:
        os.close(reading)
    if told != b"null":
        raise _error(told, "show")
    return True


def hide(options, files):
    # type: (Options, t.Dict[str, bytes]) -> bool
    """Take the files from the server, which ends with the last one; tell whether it had any. Raises StoreError.

    If it ends, its service runs again by then.
    """
    with _alone():
        told = _order(options, "hide", files)
    if told not in (None, b"null", b"true", b"false"):
        raise _error(told or b"", "hide")
    return told in (b"null", b"true")


@contextlib.contextmanager
def _alone():
    # type: () -> t.Iterator[None]
    """Wait while another run starts or ends a server on this host: it may be for the same port.

    The lock is on the root directory, which everybody may open, so it is not waited for without end.
    """
    directory = os.open("/", os.O_RDONLY)
    until = time.monotonic() + PATIENCE
    try:
        while time.monotonic() < until:
            with contextlib.suppress(OSError):
                fcntl.flock(directory, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            time.sleep(_INTERVAL)
        yield
    finally:
        os.close(directory)


def _path(token):
    # type: (str) -> str
    return "/.well-known/acme-challenge/" + token


def _order(options, verb, files):
    # type: (Options, str, t.Dict[str, bytes]) -> t.Optional[bytes]
    """Tell the server what to show or to hide; return what it says, None if there is none."""
    if _ask(options, b"GET", options.telling, b"", _LOOK) is None:  # another program is not told the secret
        return None
    order = {"show": {}, "hide": {}, "seconds": options.seconds}  # type: t.Dict[str, t.Any]
    order[verb] = {_path(token): content.decode("ascii") for token, content in files.items()}
    return _ask(options, b"POST", options.control, dumps(order).encode("ascii") + b"\n", PATIENCE + 30)


def _number(value, default, maximum, option):
    # type: (t.Any, int, int, str) -> int
    number = default if value is None else value
    if not isinstance(number, (int, float)) or isinstance(number, bool) or not 1 <= number <= maximum:
        raise StoreError("bad_call", "%s must be a whole number from 1 to %d." % (option, maximum))
    return int(number)


def _error(told, step):
    # type: (bytes, str) -> StoreError
    with contextlib.suppress(ValueError, KeyError, TypeError):
        error = loads(told.decode("ascii"))
        return StoreError(error["code"], error["detail"], error["step"])
    return StoreError("internal", "The standalone server did not say whether it runs: run again.", step)


def _read(descriptor, seconds):
    # type: (int, float) -> bytes
    """Read until the other end is closed, or for so long."""
    until, data = time.monotonic() + seconds, b""
    while select.select([descriptor], [], [], max(0.0, until - time.monotonic()))[0]:
        more = os.read(descriptor, 65536)
        if not more:
            break
        data += more
    return data


def _ask(options, method, path, body, patience):
    # type: (Options, bytes, bytes, bytes, float) -> t.Optional[bytes]
    """Return what the server says, None if there is none or it is another program's."""
    address = _ANY.get(options.address, options.address)
    try:
        with socket.create_connection((address, options.port), timeout=_LOOK) as client:
            head = b"%s %s HTTP/1.0\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n"
            client.sendall(head % (method, path, len(body)) + body)
            data = _read(client.fileno(), patience)
    except (OSError, UnicodeError):
        return None
    _head, sign, answer = data.partition(b"\r\n\r\n" + SIGN)
    return answer if sign else None
