# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: no promise is made about what is in here.

"""Show what a CA looks for on this host (RFC 8555, section 8.3), and take it back.

An entry says where, by ``webroot`` or ``standalone``, and what: ``files`` maps tokens to their content.
"""

import os
import re

from ansible_collections.certfleet.pki.plugins.module_utils._host import standalone, webroot
from ansible_collections.certfleet.pki.plugins.module_utils._host.errors import StoreError, from_anything

TYPE_CHECKING = False
if TYPE_CHECKING:
    import typing as t

__all__ = ("around",)

#: Far more than any CA uses; they are file names.
_TOKEN = re.compile(r"[A-Za-z0-9_-]{1,200}")
#: What follows the token and a dot: the account key's thumbprint.
_THUMBPRINT = re.compile(r"[A-Za-z0-9_-]{1,200}")


def around(challenges, check, work):
    # type: (dict, bool, t.Callable[[], t.List[dict]]) -> t.Tuple[t.List[dict], dict]
    """Hide, do the certificates' work, show; return the work's answers and that to the challenges.

    In this order a request is noted before anything is shown for it, and a service that was stopped
    runs again before its new certificate is installed. An entry that fails does not stop the others.
    """
    hidden = [_done(entry, "hide", check) for entry in challenges.get("hide") or ()]
    answers = work()
    shown = [_done(entry, "show", check) for entry in challenges.get("show") or ()]
    changed = any(changed for changed, _error in hidden + shown)
    return answers, {
        "hide": [error for _changed, error in hidden],
        "show": [error for _changed, error in shown],
        "changed": changed,
    }


def _done(entry, step, check):
    # type: (dict, str, bool) -> t.Tuple[bool, t.Optional[dict]]
    """Return whether it changed something, and its error."""
    try:
        operation, where = _operation(entry, step)
        files = _files(entry)
        return (False if check else operation(where, files)), None
    except Exception as error:
        return False, from_anything(error, step).as_dict()


def _operation(entry, step):
    # type: (dict, str) -> t.Tuple[t.Callable[[t.Any, t.Dict[str, bytes]], bool], t.Any]
    path, server = entry.get("webroot") or "", entry.get("standalone")
    if bool(path) == bool(server):
        raise StoreError("bad_call", "Give either webroot or standalone for a challenge.", step)
    if server:
        return (standalone.show if step == "show" else standalone.hide), standalone.Options(server)
    if not os.path.isabs(path):
        raise StoreError("bad_call", "The webroot %s must be an absolute path." % path, step)
    return (webroot.show if step == "show" else webroot.hide), path


def _files(entry):
    # type: (dict) -> t.Dict[str, bytes]
    """Return the content for each token: nothing but a key authorization can be put on a web server this way."""
    files = {}
    for token, content in (entry.get("files") or {}).items():
        start, _dot, thumbprint = str(content).partition(".")
        if not _TOKEN.fullmatch(token) or start != token or not _THUMBPRINT.fullmatch(thumbprint):
            raise StoreError("bad_call", "A challenge is not made of its token and an account's thumbprint.", "files")
        files[token] = content.encode("ascii")
    if not files:
        raise StoreError("bad_call", "There is no file to show for a challenge.", "files")
    return files
