# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: no promise is made about what is in here.

"""The process of a standalone server. It has the only duty that must not be forgotten: to start the service again."""

import contextlib
import errno
import os
import signal
import socket
import time

from ansible_collections.certfleet.pki.plugins.module_utils._host.codec import dumps
from ansible_collections.certfleet.pki.plugins.module_utils._host.commands import run_command
from ansible_collections.certfleet.pki.plugins.module_utils._host.errors import StoreError, from_anything
from ansible_collections.certfleet.pki.plugins.module_utils._host.serving import SIGN, Server, respond

TYPE_CHECKING = False
if TYPE_CHECKING:
    import typing as t

    from ansible_collections.certfleet.pki.plugins.module_utils._host.standalone import Options

__all__ = ("BINDING", "start")

#: How long to wait until a service that was stopped has let go of its port, in seconds.
BINDING = 10.0
_INTERVAL = 0.1
_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2)


def start(options, answers, report):
    # type: (Options, t.Dict[bytes, bytes], int) -> None
    """Leave a process behind that serves; it writes ``null`` or its error to the pipe ``report`` and closes it.

    All that it needs is imported by now: a module's files are removed while it runs.
    """
    child = os.fork()
    if child:
        os.waitpid(child, 0)
        return
    try:
        os.setsid()
        if os.fork() == 0:
            _detach(report)
            with os.fdopen(report, "wb", 0) as pipe:
                _live(options, answers, pipe)
    finally:
        os._exit(0)  # nothing of the program that was forked may run a second time


def _detach(keep):
    # type: (int) -> None
    """Let go of everything that somebody may wait for: Ansible's pipes, the ssh session's, its directory."""
    os.chdir("/")
    null = os.open(os.devnull, os.O_RDWR)
    for descriptor in range(3):
        os.dup2(null, descriptor)
    try:
        others = [int(name) for name in os.listdir("/proc/self/fd")]
    except OSError:
        others = list(range(3, 1024))
    for descriptor in others:
        if descriptor > 2 and descriptor != keep:
            with contextlib.suppress(OSError):
                os.close(descriptor)


def _live(options, answers, report):
    # type: (Options, t.Dict[bytes, bytes], t.IO[bytes]) -> None
    """Stop the service, serve, start it again: once, and whatever happened before."""
    wake = _wake_on_signals()
    asker = None  # type: t.Optional[socket.socket]
    failure = None  # type: t.Optional[StoreError]
    try:
        asker = _serve(options, answers, report, wake)
    except Exception as error:
        failure = from_anything(error, "show")
    again = _attempt(options.start, "start_command", "start")
    if failure and again:
        failure.detail = "%s Then %s" % (failure.detail, again.detail)
    if failure:
        with contextlib.suppress(OSError, ValueError), report:  # closed already if it was serving
            report.write(_told(failure))
    if asker is not None:
        with contextlib.suppress(OSError), asker:
            asker.settimeout(5)
            asker.sendall(respond(b"200 OK", SIGN + _told(again)))


def _wake_on_signals():
    # type: () -> int
    """Return a descriptor that can be read once a signal has come; none interrupts what is being done."""
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    signal.set_wakeup_fd(writing)
    for number in _SIGNALS:
        signal.signal(number, lambda _number, _frame: None)
    return reading


def _serve(options, answers, report, wake):
    # type: (Options, t.Dict[bytes, bytes], t.IO[bytes], int) -> t.Optional[socket.socket]
    stopped = _attempt(options.stop, "stop_command", "stop")
    if stopped:
        raise stopped
    with _listen(options) as listener:
        with report:
            report.write(b"null")  # fails when nobody waits any more: then the service is not kept waiting either
        return Server(listener, answers, options.telling, options.control, wake).serve(options.seconds)


def _attempt(words, option, step):
    # type: (t.List[str], str, str) -> t.Optional[StoreError]
    try:
        if words:
            run_command(words, option, step)
    except Exception as error:
        return from_anything(error, step)
    return None


def _listen(options):
    # type: (Options) -> socket.socket
    """Bind the port, and wait for it if a service has just been stopped."""
    until = time.monotonic() + (BINDING if options.stop else 0)
    while True:
        try:
            return _bound(options)
        except OSError as error:
            if error.errno != errno.EADDRINUSE or time.monotonic() >= until:
                raise _explained(error, options) from None
        time.sleep(_INTERVAL)


def _bound(options):
    # type: (Options) -> socket.socket
    if options.address is None:
        try:
            return _socket(socket.AF_INET6, ("::", options.port))
        except OSError as error:
            if error.errno in (errno.EADDRINUSE, errno.EACCES, errno.EPERM):
                raise
    family, place = socket.AF_INET, ("", options.port)  # type: t.Tuple[t.Any, t.Any]
    if options.address is not None:
        found = _found(options.address, options.port)
        family, place = found[0][0], found[0][4]
    return _socket(family, place)


def _found(address, port):
    # type: (str, int) -> t.Any
    try:
        return socket.getaddrinfo(address, port, 0, socket.SOCK_STREAM, 0, socket.AI_PASSIVE)
    except (socket.gaierror, UnicodeError):
        raise OSError(errno.EADDRNOTAVAIL, "the address is not known") from None


def _socket(family, place):
    # type: (t.Any, t.Any) -> socket.socket
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, int(place[0] != "::"))
        listener.bind(place)
        listener.listen(128)
    except BaseException:
        listener.close()
        raise
    return listener


def _explained(error, options):
    # type: (OSError, Options) -> StoreError
    where = "port %d" % options.port + (" of %s" % options.address if options.address else "")
    if error.errno == errno.EADDRINUSE:
        advice = "stop it in stop_command, or use another port"
        return StoreError("port_taken", "Another program listens on %s: %s." % (where, advice), "bind")
    if error.errno in (errno.EACCES, errno.EPERM):
        return StoreError("no_permission", "No permission for %s: run the task with become." % where, "bind")
    return StoreError("bad_address", "Can't listen on %s: %s." % (where, error.strerror), "bind")


def _told(error):
    # type: (t.Optional[StoreError]) -> bytes
    return dumps(error.as_dict()).encode("ascii") if error else b"null"
