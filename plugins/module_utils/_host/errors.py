# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: no promise is made about what is in here.

"""What can go wrong on a host: a short code for programs, one sentence for people."""

import errno

TYPE_CHECKING = False
if TYPE_CHECKING:
    import typing as t

__all__ = ("StoreError", "from_anything", "from_os_error")

_NO_PERMISSION = (errno.EACCES, errno.EPERM)
_NO_SPACE = (errno.ENOSPC, errno.EDQUOT)
_WRONG_KIND = (errno.ENOTDIR, errno.EISDIR, errno.ELOOP)


class StoreError(Exception):
    """One certificate's operation failed. ``detail`` is one sentence without secrets.

    ``step`` says where, ``rolled_back`` whether the previous set is in place again,
    ``answer`` what else is to be told about the state that was left behind, and ``output``
    what a command has printed.
    """

    def __init__(self, code, detail, step="", rolled_back=False, answer=None):
        # type: (str, str, str, bool, t.Optional[dict]) -> None
        super().__init__(detail)
        self.code = code
        self.detail = detail
        self.step = step
        self.rolled_back = rolled_back
        self.answer = answer or {}
        self.output = ""

    def as_dict(self) -> dict:
        """Return the ``error`` field of an answer."""
        told = {"code": self.code, "step": self.step, "detail": self.detail}
        return dict(told, output=self.output) if self.output else told


def from_os_error(error: OSError, step: str) -> StoreError:
    """Translate what the operating system said. Only its own words and the path are repeated."""
    where = _text(error.filename) or "the certificate's directory"
    if error.errno in _NO_PERMISSION:
        return StoreError(
            "no_permission", "No permission for %s: run the task with become or as its owner." % where, step
        )
    if error.errno == errno.EROFS:
        return StoreError("no_permission", "%s is on a read-only file system: choose another directory." % where, step)
    if error.errno in _NO_SPACE:
        return StoreError("no_space", "No space left for %s: free some and run again." % where, step)
    if error.errno in _WRONG_KIND:
        return StoreError("not_a_file", "%s is not the kind of file expected there: move it away." % where, step)
    return StoreError("io", "%s: %s." % (where, error.strerror or "input/output error"), step)


def from_anything(error: BaseException, step: str) -> StoreError:
    """Translate any exception. A foreign one is named by its type alone, its text may hold a secret."""
    if isinstance(error, StoreError):
        error.step = error.step or step
        return error
    if isinstance(error, OSError):
        return from_os_error(error, step)
    return StoreError("internal", "The host program failed with %s: please report this." % type(error).__name__, step)


def _text(path):
    # type: (t.Any) -> str
    return path.decode("utf-8", "replace") if isinstance(path, bytes) else str(path or "")
