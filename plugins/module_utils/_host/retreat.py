# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: no promise is made about what is in here.

"""The way back from a deployment that failed: to the sets that were in place before, as far as they are good."""

import contextlib
import re

from ansible_collections.certfleet.pki.plugins.module_utils._host import copies
from ansible_collections.certfleet.pki.plugins.module_utils._host.commands import finish_command
from ansible_collections.certfleet.pki.plugins.module_utils._host.errors import StoreError, from_anything
from ansible_collections.certfleet.pki.plugins.module_utils._host.layout import CERTIFICATE
from ansible_collections.certfleet.pki.plugins.module_utils._host.record import is_whole, read_record
from ansible_collections.certfleet.pki.plugins.module_utils._host.rollback import switch_back, undo_unswitched
from ansible_collections.certfleet.pki.plugins.module_utils._host.versions import mark, prune, unmark, update_record

TYPE_CHECKING = False
if TYPE_CHECKING:
    import typing as t

    from ansible_collections.certfleet.pki.plugins.module_utils._host.members import Member

__all__ = ("command_error", "go_back", "masked")

_KEY = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.DOTALL)
_SECRETS = ("passphrase", "keystore_passphrase")
_MASK = "********"
#: How much of a command's output is in the sentence: so many lines, so many characters.
_LINES, _CHARACTERS = 4, 600
#: An expired certificate is recognised by openssl, which takes no longer than this, in seconds.
_PATIENCE = 20


def go_back(group, step, again):
    # type: (t.Sequence[Member], str, t.Callable[[t.Sequence[Member]], str]) -> str
    """Put the sets before in place again, where there are good ones, and have services use them by ``again``.

    Returns what is wrong after that, in words. Then the markers stay, so that the next run tries again.
    """
    for member in reversed(group):
        with contextlib.suppress(OSError, StoreError):
            _retreat(member, step)
    back = [member for member in group if member.went_back]
    after = ""
    if back or any(member.restored for member in group):
        try:
            after = again(back)
        except (OSError, StoreError) as error:
            after = "but nobody can tell whether it is served (%s)" % from_anything(error, step).detail.rstrip(".")
    for member in back:
        with contextlib.suppress(OSError):
            if not after:
                unmark(member.store)
            prune(member.store)
    return after


def _retreat(member, step):
    # type: (Member, str) -> None
    """Undo what was done for one certificate; the marker stays, naming what is in place, until all is done."""
    store, staged = member.store, member.needed
    if not member.switched:
        copies.restore(store)
        undo_unswitched(store, staged.version)
        return
    if _is_good(member, staged.previous):
        previous = str(staged.previous)
        copies.restore(store)
        switch_back(store, previous)
        member.went_back = True
        mark(store, previous, None)
        update_record(store, staged.version, {"failed_step": step})
    elif copies.is_first(store):
        member.restored = copies.restore(store)


def _is_good(member, version):
    # type: (Member, t.Optional[str]) -> bool
    """Tell whether a version may be served again: not one that is damaged, revoked or expired."""
    if version in (None, member.version) or not is_whole(member.store, version):
        return False
    if (member.item.get("install") or {}).get("roll_back") is False:
        return False
    if (read_record(member.store, version) or {}).get("revoked") is True:
        return False
    certificate = member.store.in_version(str(version), CERTIFICATE)
    reason, _output = finish_command(["openssl", "x509", "-noout", "-checkend", "0", "-in", certificate], _PATIENCE)
    return not reason.startswith("exit code")


def command_error(option, step, reason, output):
    # type: (str, str, str, str) -> StoreError
    """Return the error for a command that failed: the end of what it printed in the sentence, more in ``output``."""
    lines = [" ".join(line.split()) for line in output.splitlines() if line.strip()]
    told = " | ".join(lines[-_LINES:])[-_CHARACTERS:]
    error = StoreError(step + "_failed", "%s failed (%s%s)" % (option, reason, told and ": " + told), step)
    error.output = output.strip()
    return error


def masked(text, group):
    # type: (str, t.Sequence[Member]) -> str
    """Return what a command printed without private keys and passphrases."""
    text = _KEY.sub(_MASK, text)
    for member in group:
        for secret in filter(None, (member.item.get(option) for option in _SECRETS)):
            text = text.replace(secret, _MASK)
    return text
