# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: no promise is made about what is in here.

"""One certificate in a transaction: its lock, its new version, its copies, and what is served of it."""

import contextlib

from ansible_collections.certfleet.pki.plugins.module_utils._host import copies
from ansible_collections.certfleet.pki.plugins.module_utils._host.commands import words_of
from ansible_collections.certfleet.pki.plugins.module_utils._host.errors import StoreError, from_anything
from ansible_collections.certfleet.pki.plugins.module_utils._host.install import (
    Staged,
    amend,
    answer_of,
    check_call,
    predict,
    stage,
)
from ansible_collections.certfleet.pki.plugins.module_utils._host.layout import CERTIFICATE
from ansible_collections.certfleet.pki.plugins.module_utils._host.locking import locked
from ansible_collections.certfleet.pki.plugins.module_utils._host.reading import exists, read
from ansible_collections.certfleet.pki.plugins.module_utils._host.record import current_version, read_record
from ansible_collections.certfleet.pki.plugins.module_utils._host.versions import update_record
from ansible_collections.certfleet.pki.plugins.module_utils._host.writing import remove_tree

TYPE_CHECKING = False
if TYPE_CHECKING:
    import typing as t

    from ansible_collections.certfleet.pki.plugins.module_utils._host.served import Target

__all__ = ("RELOAD", "VALIDATE", "Member")

VALIDATE, RELOAD = "validate_command", "reload_command"


class Member:
    """An item and how far it has come; ``outcome`` is its answer or its error at the end."""

    def __init__(self, number: int, item: dict) -> None:
        self.number = number
        self.item = item
        self.store = check_call(item)
        self.validate = words_of(item.get(VALIDATE), VALIDATE)
        self.reload = words_of(item.get(RELOAD), RELOAD)
        self.target = _target(item)
        self.staged = None  # type: t.Optional[Staged]
        #: Whether a run that did not finish has left its marker.
        self.resumed = False
        self.went_back = False
        #: Whether copies were put back that are older than the first set.
        self.restored = False
        self.verified = None  # type: t.Optional[bool]
        self.outcome = None  # type: t.Union[dict, Exception, None]
        self._held = contextlib.ExitStack()
        copies.copies_of(item)

    @property
    def needed(self) -> Staged:
        """What was staged, for steps that come after."""
        if self.staged is None:
            raise StoreError("internal", "A step of the deployment came too early: please report this.")
        return self.staged

    @property
    def version(self) -> str:
        """The version that is being deployed."""
        return self.needed.version

    @property
    def switched(self) -> bool:
        """Whether the version that is being deployed is in place."""
        return current_version(self.store) == self.version

    def lock(self) -> None:
        """Keep other writers away from the directory."""
        self._held.enter_context(locked(self.store))

    def unlock(self) -> None:
        """Let other writers in."""
        self._held.close()

    def drop(self, error: Exception) -> None:
        """End with an error; the directory is left as tidy as after any failure."""
        if self.outcome is None:
            self.outcome = error
        with contextlib.suppress(Exception), self._held:
            raise error

    def stage(self) -> None:
        """Write the new version, if there is anything to do. Raises StoreError or OSError."""
        self.resumed = exists(self.store.marker)
        copies.check_places(self.item)
        if not self.item.get("install"):
            return
        self.staged = stage(self.store, self.item)
        if self.staged is None and self._is_out_of_use():
            self.staged = stage(self.store, self.item, anyway=True)
        if self.staged is None:
            return
        if not self.resumed:
            remove_tree(self.store.copies, first="index.json")
        self._record_copies()

    def _is_out_of_use(self) -> bool:
        """Tell whether the set in place is right and yet has to be deployed: copies differ, or something else is served."""
        version = current_version(self.store)
        if version is None:
            return False
        if copies.differing(self.store, version, self.item):
            return True
        wrong = self.look(version, once=True)
        self.verified = None if wrong is None else not wrong
        return bool(wrong)

    def _record_copies(self) -> None:
        """Have the record say which copies there are, before there are any, so that they can be removed."""
        before = read_record(self.store, current_version(self.store))
        found = copies.recorded(self.store, self.version, self.item, before)
        if found != (read_record(self.store, self.version) or {}).get("copies", []):
            update_record(self.store, self.version, {"copies": found})

    def put_copies(self) -> None:
        """Write the copies of the version that is in place now."""
        if self.item.get("copies"):
            try:
                copies.put(self.store, self.version, self.item, self.needed.first)
            except OSError as error:
                raise from_anything(error, "copies") from None

    def look(self, version, once=False):
        # type: (t.Optional[str], bool) -> t.Optional[str]
        """Return what is wrong with what is served, nothing if it is the version's certificate, None if nobody asks."""
        if self.target is None or version is None:
            return None
        from ansible_collections.certfleet.pki.plugins.module_utils._host.served import der_of, difference, wait_for

        wanted = der_of(read(self.store.in_version(version, CERTIFICATE)) or b"")
        return difference(self.target, wanted) if once else wait_for(self.target, wanted)

    def finish(self) -> None:
        """Do what is asked for besides, and answer."""
        changed = amend(self.store, self.item) or self.staged is not None
        if self.item.get("copies") and copies.attributes_that_differ(self.item):
            copies.apply_attributes(self.item)
            changed = True
        self.outcome = dict(answer_of(self.store, self.item, changed), verified=self.verified)

    def predict(self) -> None:
        """Answer as ``finish`` would, without a change."""
        changed = predict(self.store, self.item)
        if not changed and current_version(self.store):
            changed = self._is_out_of_use() or bool(copies.attributes_that_differ(self.item))
        self.outcome = dict(answer_of(self.store, self.item, changed), verified=self.verified)

    def fail(self, error: StoreError) -> None:
        """End with the error of the transaction, and say what is in place now."""
        answer = answer_of(self.store, self.item, False)
        error.answer = dict(answer, rolled_back=self.went_back, verified=self.verified)
        self.outcome = error


def _target(item):
    # type: (dict) -> t.Optional[Target]
    if not item.get("verify_served"):
        return None
    from ansible_collections.certfleet.pki.plugins.module_utils._host.served import Target

    return Target(item["verify_served"])
