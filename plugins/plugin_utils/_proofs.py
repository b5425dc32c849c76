# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: no promise is made about what is in here.

"""Showing a CA what it wants to see of the names, for all certificates of a host together, and taking it back.

What is shown is noted on the certificate's host first, so that a run that finds the note can take
it back, whatever became of the one that wrote it.
"""

from __future__ import annotations

import hashlib
import re
import typing as t

from ansible_collections.certfleet.pki.plugins.module_utils._authorities._base import ProvesControl
from ansible_collections.certfleet.pki.plugins.module_utils._errors import HostFailure, PkiError
from ansible_collections.certfleet.pki.plugins.module_utils._hosting import Place, places
from ansible_collections.certfleet.pki.plugins.module_utils._model import Challenge, Pending
from ansible_collections.certfleet.pki.plugins.plugin_utils._case import Case
from ansible_collections.certfleet.pki.plugins.plugin_utils._host_items import showing_item
from ansible_collections.certfleet.pki.plugins.plugin_utils._remote import Remote
from ansible_collections.certfleet.pki.plugins.plugin_utils._run import RUN, in_use

__all__ = ("Proofs",)

Cases = t.Sequence[Case]
#: What a host says of each place: nothing, or a failure (code, step, detail); or why it could not be asked.
Failure = t.Union[t.Mapping[str, t.Any], PkiError]
Answers = t.Sequence[t.Optional[Failure]]

#: RFC 8555, section 8: base64url without padding.
_TOKEN = re.compile(r"[A-Za-z0-9_-]{1,256}")
_CONTENT = re.compile(r"[A-Za-z0-9_-]{1,256}(\.[A-Za-z0-9_-]{1,256})?")
_SECRET = re.compile(r"[0-9a-f]{1,64}")


class Proofs:
    """What the CAs want to see of one host's certificates. ``elsewhere`` gives the way to another host."""

    def __init__(self, *, remote: Remote, elsewhere: t.Callable[[str], Remote]) -> None:
        self._remote = remote
        self._elsewhere = elsewhere
        self._secret = hashlib.sha256(RUN.token.encode()).hexdigest()

    def show(self, cases: Cases) -> None:
        """Note the requests, then have hosts show what they have to. An error stays with its cases."""
        for case in cases:
            case.shown = t.cast(Pending, case.answer).challenges
        self._show_here(cases)
        for place in self._places(_alive(cases)):
            if place.hosting.host:
                self._ask(place.hosting.host, "show", [place], _alive(cases))

    def _show_here(self, cases: Cases) -> None:
        here = [place for place in self._places(cases) if not place.hosting.host]
        items = [showing_item(case, [self._noted(challenge) for challenge in case.shown]) for case in cases]
        try:
            answers, shown = self._remote.run("prepared", items, {"show": self._entries(here, cases)})
        except HostFailure as error:
            for case in cases:
                case.fail(error)
            return
        for case, answer in zip(cases, answers):
            case.host_answered(answer)
        _fail(cases, here, shown["show"])

    def hide_elsewhere(self, cases: Cases) -> None:
        """Take back what other hosts show."""
        for place in self._places(cases):
            if place.hosting.host:
                self._ask(place.hosting.host, "hide", [place], cases)

    def hiding(self, cases: Cases) -> t.Tuple[t.List[Place], t.Dict[str, t.Any]]:
        """Return what the certificates' host has to take back, and how the host program is told."""
        here = [place for place in self._places(cases) if not place.hosting.host]
        return here, {"hide": self._entries(here, cases)} if here else {}

    @staticmethod
    def hidden(cases: Cases, wanted: t.Sequence[Place], failures: Answers) -> None:
        """Tell the cases what a host could not take back."""
        for case, failure in _concerned(cases, wanted, failures):
            case.warnings.append(f"{case.name}: {_error(failure).message}")

    def clear(self, cases: Cases) -> None:
        """Take back what an earlier run has left; what can't be is a warning."""
        left = [case for case in cases if _leftovers(case)]
        for case in left:
            case.shown = _leftovers(case)
            try:
                t.cast(ProvesControl, case.authority).hide(case.shown)
            except PkiError as error:
                case.warnings.append(f"{case.name}: {error.message}")
        self.hide_elsewhere(left)
        for secret in {_secret(case) for case in left}:
            mine = [case for case in left if _secret(case) == secret]
            here = [place for place in self._places(mine) if not place.hosting.host]
            self._ask(None, "hide", here, mine, secret=secret)
        for case in left:
            case.shown = ()

    def _ask(
        self, host: t.Optional[str], verb: str, wanted: t.Sequence[Place], cases: Cases, *, secret: str = ""
    ) -> None:
        """Have one host show or hide; an error is the cases' own when showing, and a warning when hiding."""
        if not wanted:
            return
        try:
            remote = self._elsewhere(host) if host else self._remote
            _answers, told = remote.run("prepared", [], {verb: self._entries(wanted, cases, secret=secret)})
            failures: Answers = told[verb]
        except PkiError as error:
            failures = [error] * len(wanted)
        (_fail if verb == "show" else self.hidden)(cases, wanted, failures)

    def _places(self, cases: Cases) -> t.List[Place]:
        return places(challenge for case in cases for challenge in case.shown)

    def _entries(self, wanted: t.Sequence[Place], cases: Cases, *, secret: str = "") -> t.List[t.Dict[str, t.Any]]:
        longest = max((case.wanted.wait_timeout for case in cases), default=0)
        return [place.entry(secret=secret or self._secret, seconds=longest) for place in wanted]

    def _noted(self, challenge: Challenge) -> t.Dict[str, str]:
        fields = {field: getattr(challenge, field) for field in ("type", "name", "token", "content")}
        standalone = challenge.hosting is not None and challenge.hosting.standalone is not None
        return {**fields, "secret": self._secret} if standalone else fields


def _alive(cases: Cases) -> t.List[Case]:
    return [case for case in cases if not case.failed]


def _fail(cases: Cases, wanted: t.Sequence[Place], failures: Answers) -> None:
    for case, failure in _concerned(cases, wanted, failures):
        case.fail(_error(failure))


def _error(failure: Failure) -> PkiError:
    if isinstance(failure, PkiError):
        return failure
    detail = str(failure.get("detail") or "")
    return HostFailure(detail, detail=f"{failure.get('code')}: {detail}")


def _concerned(cases: Cases, wanted: t.Sequence[Place], failures: Answers) -> t.Iterator[t.Tuple[Case, Failure]]:
    for place, failure in zip(wanted, failures):
        for case in cases:
            if failure and any(place.holds(challenge) for challenge in case.shown):
                yield case, failure


def _leftovers(case: Case) -> t.Tuple[Challenge, ...]:
    """Return what is noted as shown for an open request.

    The host is not trusted: where and how it is taken back says the authority's own option, and
    only for names that this certificate is to have. What another run shows at this moment stays.
    """
    pending = case.observed.pending if case.has("observed") else None
    if pending is None or not case.has("authority") or not isinstance(case.authority, ProvesControl):
        return ()
    if in_use(pending.lease):
        return ()
    names = {name[2:] if name.startswith("*.") else name for name in case.wanted.names}
    return tuple(
        Challenge(
            type=entry["type"],
            name=entry["name"],
            token=entry["token"],
            content=entry["content"],
            hosting=case.authority.hosting if entry["type"] == "http-01" else None,
        )
        for entry in pending.shown
        if _is_sound(entry) and entry["name"] in names
    )


def _is_sound(entry: t.Mapping[str, str]) -> bool:
    fields = entry.get("type"), entry.get("name"), entry.get("token"), entry.get("content")
    return all(fields) and bool(_TOKEN.fullmatch(entry["token"]) and _CONTENT.fullmatch(entry["content"]))


def _secret(case: Case) -> str:
    """Return what ends the server that an earlier run has left."""
    noted = [entry.get("secret", "") for entry in (case.observed.pending.shown if case.observed.pending else ())]
    return next((secret for secret in noted if _SECRET.fullmatch(secret)), "")
