# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: no promise is made about what is in here.

"""Challenges as files of a web server that runs already, below ``.well-known/acme-challenge/``.

What is below the web root may belong to another user, so every step goes from one open directory to
the next and follows no link; nothing that is there is overwritten, and modes are set on our own new
files only. Other runs may show and hide here at the same moment.
"""

import contextlib
import errno
import os
import stat

from ansible_collections.certfleet.pki.plugins.module_utils._host.errors import StoreError
from ansible_collections.certfleet.pki.plugins.module_utils._host.reading import UNUSABLE

TYPE_CHECKING = False
if TYPE_CHECKING:
    import typing as t

__all__ = ("hide", "show")

_FOLDERS = (".well-known", "acme-challenge")
#: An empty file in each directory that we made: such a directory is ours to remove.
_MARK = ".certfleet"
#: Before a token, the name of its file while it is not whole.
_UNFINISHED = ".certfleet-"
#: Ours are shorter. In bytes.
_MAXIMUM = 4096
#: How often a directory may be removed by another run while a file is made in it.
_ATTEMPTS = 20

_CLOEXEC = getattr(os, "O_CLOEXEC", 0)
_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | _CLOEXEC
_READ = os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | _CLOEXEC
_CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | _CLOEXEC
#: What a file system says that has no hard links.
_NO_LINKS = (errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK)


def show(root, files):
    # type: (str, t.Dict[str, bytes]) -> bool
    """Put the files in place, and tell whether any was missing; on failure none of them is left. Raises StoreError."""
    shown = {}  # type: t.Dict[str, bytes]
    try:
        for token, content in files.items():
            if _show_one(root, token, content):
                shown[token] = content
    except Exception:
        with contextlib.suppress(Exception):
            hide(root, shown)
        raise
    return bool(shown)


def hide(root, files):
    # type: (str, t.Dict[str, bytes]) -> bool
    """Remove the files whose content is exactly this, and directories of ours that are empty then."""
    with _opened(root) as folders:
        whole = len(folders) > len(_FOLDERS)
        changed = [_hide_one(folders[-1], token, content) for token, content in files.items() if whole]
        for depth in range(len(folders) - 1, 0, -1):
            if not _remove_ours(folders[depth - 1], _FOLDERS[depth - 1], folders[depth]):
                break
    return any(changed)


def _show_one(root, token, content):
    # type: (str, str, bytes) -> bool
    for _attempt in range(_ATTEMPTS):
        # What is not found is a directory that another run has just removed.
        with contextlib.suppress(FileNotFoundError), _opened(root, make=True) as folders:
            return _write(root, folders[-1], token, content)
    raise StoreError("busy", "The directories of challenges in %s keep being removed: run again." % root)


@contextlib.contextmanager
def _opened(root, make=False):
    # type: (str, bool) -> t.Iterator[t.List[int]]
    """Open the web root and the directories below it, as far as they are there."""
    folders = []  # type: t.List[int]
    try:
        found = _root(root, make)
        path = root
        if found is not None:
            folders.append(found)
        for name in _FOLDERS if folders else ():
            path = os.path.join(path, name)
            below = _folder(folders[-1], name, path, make)
            if below is None:
                break
            folders.append(below)
        yield folders
    finally:
        for folder in folders:
            os.close(folder)


def _root(root, needed):
    # type: (str, bool) -> t.Optional[int]
    """Open the web root, which may be a link: it is what the administrator has named."""
    try:
        return os.open(root, _DIRECTORY)
    except OSError as error:
        if error.errno not in (errno.ENOENT, errno.ENOTDIR):
            raise
    if not needed:
        return None
    raise StoreError("no_webroot", "The webroot %s is no directory on the host: make it, or name another." % root)


def _folder(parent, name, path, make):
    # type: (int, str, str, bool) -> t.Optional[int]
    made = make and _make(parent, name, path)
    try:
        folder = os.open(name, _DIRECTORY | os.O_NOFOLLOW, dir_fd=parent)
    except FileNotFoundError:
        if make:
            raise  # it was there a moment ago
        return None
    except OSError as error:
        if error.errno in (errno.ELOOP, errno.ENOTDIR, errno.EMLINK):
            raise StoreError(
                "not_a_directory", "%s is no directory (links are not followed there): move it away." % path
            ) from None
        raise OSError(error.errno, error.strerror, path) from None
    if made:
        _mark(folder)
    return folder


def _make(parent, name, path):
    # type: (int, str, str) -> bool
    mask = os.umask(0o022)  # so that no mode has to be set afterwards, when it may be another directory already
    try:
        os.mkdir(name, 0o755, dir_fd=parent)
    except FileExistsError:
        return False
    except OSError as error:
        raise OSError(error.errno, error.strerror, path) from None
    finally:
        os.umask(mask)
    return True


def _mark(folder):
    # type: (int) -> None
    with contextlib.suppress(OSError):  # not there any more, or marked by another
        os.close(os.open(_MARK, _CREATE, 0o644, dir_fd=folder))


def _write(root, folder, token, content):
    # type: (str, int, str, bytes) -> bool
    path = os.path.join(root, *(_FOLDERS + (token,)))
    found = _content(folder, token, path)
    if found == content:
        return False
    unfinished = _UNFINISHED + token
    with contextlib.suppress(FileNotFoundError):  # of a run that was killed
        os.unlink(unfinished, dir_fd=folder)
    try:
        _create(folder, unfinished, content)
        _place(folder, unfinished, token, content)
    except FileExistsError:
        if _content(folder, token, path) == content:
            return False  # another run was faster
        raise StoreError("file_in_use", "%s is there with other content: move it away." % path) from None
    except OSError as error:
        raise OSError(error.errno, error.strerror, path) from None
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(unfinished, dir_fd=folder)
    return True


def _create(folder, name, content):
    # type: (int, str, bytes) -> None
    descriptor = os.open(name, _CREATE, 0o600, dir_fd=folder)
    try:
        view = memoryview(content)
        while view:
            view = view[os.write(descriptor, view) :]
        os.fchmod(descriptor, 0o644)
    finally:
        os.close(descriptor)


def _place(folder, unfinished, token, content):
    # type: (int, str, str, bytes) -> None
    """Give a whole file its name; unlike a rename, a link replaces nothing."""
    try:
        os.link(unfinished, token, src_dir_fd=folder, dst_dir_fd=folder, follow_symlinks=False)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        _create(folder, token, content)


def _content(folder, name, path):
    # type: (int, str, str) -> t.Optional[bytes]
    """Return what is in a file, UNUSABLE for what is no regular file, None if there is none."""
    try:
        descriptor = os.open(name, _READ, dir_fd=folder)
    except FileNotFoundError:
        return None
    except OSError as error:
        if error.errno in (errno.ELOOP, errno.ENXIO, errno.EMLINK):
            return UNUSABLE
        raise OSError(error.errno, error.strerror, path) from None
    try:
        return os.read(descriptor, _MAXIMUM) if stat.S_ISREG(os.fstat(descriptor).st_mode) else UNUSABLE
    finally:
        os.close(descriptor)


def _hide_one(folder, token, content):
    # type: (int, str, bytes) -> bool
    with contextlib.suppress(FileNotFoundError):
        os.unlink(_UNFINISHED + token, dir_fd=folder)
    if _content(folder, token, token) != content:
        return False
    with contextlib.suppress(FileNotFoundError):
        os.unlink(token, dir_fd=folder)
    return True


def _remove_ours(parent, name, folder):
    # type: (int, str, int) -> bool
    """Remove a directory that holds nothing but our mark; tell whether it is gone."""
    if os.listdir(folder) != [_MARK] or _content(folder, _MARK, _MARK) != b"":
        return False
    with contextlib.suppress(FileNotFoundError):
        os.unlink(_MARK, dir_fd=folder)
    try:
        os.rmdir(name, dir_fd=parent)
    except OSError:  # another run shows something in it now, and is to find the mark later
        _mark(folder)
        return False
    return True
