# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: no promise is made about what is in here.

"""Reading files that anybody may have tampered with: no link is followed, nothing blocks."""

import errno
import os
import stat

from ansible_collections.certfleet.pki.plugins.module_utils._host.codec import loads

try:  # the builtin ones start faster than hashlib, which loads OpenSSL
    from _sha2 import sha256  # type: ignore[import-not-found, unused-ignore]
except ImportError:
    try:
        from _sha256 import sha256  # type: ignore[import-not-found, unused-ignore]
    except ImportError:
        from hashlib import sha256

TYPE_CHECKING = False
if TYPE_CHECKING:
    import typing as t

__all__ = ("UNUSABLE", "digest", "exists", "link_target", "read", "read_json", "sha256", "text")

#: Far more than any chain; a larger file is none of ours. In bytes.
MAXIMUM = 1 << 20

#: Stands for a directory, link, pipe or huge file: unlike any content of ours, so that it counts as damaged.
UNUSABLE = b"\0"

_FLAGS = os.O_RDONLY | os.O_NONBLOCK | getattr(os, "O_CLOEXEC", 0)
_UNUSABLE = (errno.ELOOP, errno.EISDIR, errno.ENXIO, errno.EMLINK)


def read(path, follow=False):
    # type: (str, bool) -> t.Optional[bytes]
    """Return the content, None if there is nothing, UNUSABLE for what is no regular file of sane size."""
    try:
        descriptor = os.open(path, _FLAGS if follow else _FLAGS | os.O_NOFOLLOW)
    except OSError as error:
        if error.errno in (errno.ENOENT, errno.ENOTDIR):
            return None
        if error.errno in _UNUSABLE:
            return UNUSABLE
        raise
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode) or status.st_size > MAXIMUM:
            return UNUSABLE
        return _all(descriptor)
    finally:
        os.close(descriptor)


def _all(descriptor: int) -> bytes:
    data = os.read(descriptor, 65536)
    while len(data) >= 65536:
        more = os.read(descriptor, MAXIMUM)
        if not more or len(data) > MAXIMUM:
            break
        data += more
    return data


def read_json(path):
    # type: (str) -> t.Optional[dict]
    """Return the object in a JSON file, None if there is none or it is damaged."""
    data = read(path)
    if not data:
        return None
    try:
        value = loads(data.decode("utf-8"))
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def text(data):
    # type: (t.Optional[bytes]) -> t.Optional[str]
    """Decode PEM for an answer; whatever is not text becomes unreadable, not an error."""
    if data is None:
        return None
    return "" if data == UNUSABLE else data.decode("utf-8", "replace")


def digest(data: bytes) -> str:
    """Return the SHA-256 as lower-case hex."""
    return sha256(data).hexdigest()


def exists(path: str) -> bool:
    """Tell whether anything is there, a dangling link included."""
    try:
        os.lstat(path)
    except OSError as error:
        if error.errno in (errno.ENOENT, errno.ENOTDIR):
            return False
        raise
    return True


def link_target(path):
    # type: (str) -> t.Optional[str]
    """Return where a link points, None if there is no link."""
    try:
        return os.readlink(path)
    except OSError as error:
        if error.errno in (errno.ENOENT, errno.EINVAL, errno.ENOTDIR):
            return None
        raise
