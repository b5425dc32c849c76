# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: no promise is made about what is in here.

"""State ``present`` with services: install, validate, reload, see what is served; or go all the way back.

Certificates with the same ``reload_command`` are one transaction. One whose files can't be written
drops out of it; from the first switch on they stand or fall together.
"""

import contextlib

from ansible_collections.certfleet.pki.plugins.module_utils._host import retreat
from ansible_collections.certfleet.pki.plugins.module_utils._host.commands import finish_command
from ansible_collections.certfleet.pki.plugins.module_utils._host.errors import StoreError, from_anything
from ansible_collections.certfleet.pki.plugins.module_utils._host.exclusive import alone
from ansible_collections.certfleet.pki.plugins.module_utils._host.install import put_in_place, settle
from ansible_collections.certfleet.pki.plugins.module_utils._host.members import RELOAD, VALIDATE, Member

TYPE_CHECKING = False
if TYPE_CHECKING:
    import typing as t

__all__ = ("run",)

#: How long a command may take, in seconds. A restart may wait for connections that are open still.
VALIDATE_PATIENCE = 60
RELOAD_PATIENCE = 180
#: Sets that are written at the same time.
_AT_ONCE = 8


def run(items, check):
    # type: (t.Sequence[dict], bool) -> t.List[t.Union[dict, Exception]]
    """Do what the items ask for; return an answer, or an error, for each in the same order."""
    outcomes = {}  # type: t.Dict[int, t.Union[dict, Exception]]
    members = []
    for number, item in enumerate(items):
        try:
            members.append(Member(number, item))
        except Exception as error:
            outcomes[number] = error
    for group in _groups(members):
        if check:
            _each(group, Member.predict)
        else:
            _alone(group)
        outcomes.update({member.number: member.outcome for member in group if member.outcome is not None})
    return [outcomes[number] for number in range(len(items))]


def _groups(members):
    # type: (t.Sequence[Member]) -> t.List[t.List[Member]]
    """Return the transactions: those with the same reload command together, any other by itself."""
    groups = {}  # type: t.Dict[t.Any, t.List[Member]]
    for member in members:
        together = tuple(member.reload) if member.reload and member.item.get("install") else member.number
        groups.setdefault(together, []).append(member)
    return list(groups.values())


def _each(members, step):
    # type: (t.Sequence[Member], t.Callable[[Member], t.Any]) -> None
    """Do a step for all, at once where the disk is waited for; one that fails drops out."""

    def guarded(member):
        # type: (Member) -> None
        try:
            step(member)
        except Exception as error:
            member.drop(error)

    if len(members) < 2:
        for member in members:
            guarded(member)
        return
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(min(_AT_ONCE, len(members))) as pool:
        list(pool.map(guarded, members))


def _alone(group):
    # type: (t.List[Member]) -> None
    """Carry out a transaction while no other run is in one with the same reload command, or writes to its directories."""
    try:
        with alone(group[0].reload, [member.item["name"] for member in group]):
            _carry_out(group)
    except Exception as error:  # the lock, not a member
        for member in group:
            member.drop(error)


def _carry_out(group):
    # type: (t.List[Member]) -> None
    try:
        for member in sorted(group, key=lambda member: str(member.item["directory"])):  # two runs in the same order
            _each([member], Member.lock)
        _each(_going(group), Member.stage)
        staged = [member for member in _going(group) if member.staged]
        if staged:
            _deploy(staged)
        _each(_going(group), Member.finish)
    finally:
        for member in group:
            member.unlock()


def _going(group):
    # type: (t.Sequence[Member]) -> t.List[Member]
    return [member for member in group if member.outcome is None]


class _Failed(Exception):
    """A step of a transaction failed; ``member`` is the one that it failed for, None if it was for all."""

    def __init__(self, error, member=None):
        # type: (StoreError, t.Optional[Member]) -> None
        super().__init__(error.detail)
        self.error = error
        self.member = member


def _deploy(group):
    # type: (t.List[Member]) -> None
    again = _Again(group)
    try:
        _switch(group)
        _validate(group)
        again.reloaded = True
        if group[0].reload:
            _command(RELOAD, group[0].reload, RELOAD_PATIENCE, group)
        _verify(group)
    except Exception as error:
        failed = error if isinstance(error, _Failed) else _Failed(from_anything(error, "deploy"))
        after = retreat.go_back(group, failed.error.step, again)
        for member in group:
            member.fail(_told(failed, member, after))
    else:
        for member in group:
            settle(member.store, member.version)


def _switch(group):
    # type: (t.List[Member]) -> None
    for member in group:
        try:
            put_in_place(member.store, member.item, member.needed)
            member.put_copies()
        except Exception as error:
            raise _Failed(from_anything(error, "switch"), member) from None


def _validate(group):
    # type: (t.List[Member]) -> None
    done = []  # type: t.List[t.List[str]]
    for member in group:
        if member.validate and member.validate not in done:
            done.append(member.validate)
            _command(VALIDATE, member.validate, VALIDATE_PATIENCE, group)


def _verify(group):
    # type: (t.List[Member]) -> None
    for member in group:
        wrong = member.look(member.version)
        member.verified = None if wrong is None else not wrong
        if wrong:
            raise _Failed(StoreError("verify_failed", "verify_served failed (%s)" % wrong, "verify"), member)


def _command(option, words, patience, group):
    # type: (str, t.List[str], float, t.Sequence[Member]) -> None
    reason, output = finish_command(words, patience)
    if reason:
        step = option.partition("_")[0]
        output = retreat.masked(output, group)
        raise _Failed(retreat.command_error(option, step, reason, output))


class _Again:
    """What has to be done for services when the sets before are in place again."""

    def __init__(self, group):
        # type: (t.List[Member]) -> None
        self._group = group
        #: Whether services may have the new sets.
        self.reloaded = False

    def __call__(self, back):
        # type: (t.Sequence[Member]) -> str
        """Reload what is in place again and see that it is served; return what is wrong, in words."""
        with contextlib.suppress(_Failed):
            if not self.reloaded and any(member.resumed for member in self._group):
                _validate(self._group)  # a run that was killed may have reloaded; a broken service is left alone
                self.reloaded = True
        if self.reloaded and self._group[0].reload:
            reason, _output = finish_command(self._group[0].reload, RELOAD_PATIENCE)
            if reason:
                return "but %s failed with it as well (%s)" % (RELOAD, reason)
        for member in back:
            wrong = member.look(member.needed.previous)
            if wrong:
                return "but it is not served either (%s)" % wrong
        return ""


def _told(failed, member, after):
    # type: (_Failed, Member, str) -> StoreError
    """Return the error for one member of a transaction that failed."""
    error = failed.error
    reason = error.detail.rstrip(".")
    if failed.member not in (None, member):
        reason = "the deployment of %s, with which it shares its reload_command, failed: %s" % (
            failed.member.item["name"] if failed.member else "",
            reason,
        )
    found = StoreError(error.code, "%s; %s." % (reason, _whereabouts(member, after)), error.step, member.went_back)
    found.output = error.output
    return found


def _whereabouts(member, after):
    # type: (Member, str) -> str
    if member.went_back:
        looks = not after and member.item.get("verify_served")
        place = "the previous certificate is %s again" % ("served" if looks else "in place")
        return "%s%s, and the next run tries the new one without another order" % (place, after and ", " + after)
    if not member.switched:
        return "nothing was changed"
    if member.needed.previous is None and not member.needed.first:
        return "the certificate stays in place, and the next run tries again"
    kept = "the copies are as before, " if member.restored else ""
    return "there is no good certificate to go back to, so the new one stays; %sand the next run tries again" % kept
