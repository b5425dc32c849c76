# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: no promise is made about what is in here.

"""What the module ``acme_account`` does: bring one account to the state that its options ask for."""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.certfleet.pki.plugins.module_utils._acme._account import Registration, contacts
from ansible_collections.certfleet.pki.plugins.module_utils._acme._errors import AUTHORITY
from ansible_collections.certfleet.pki.plugins.module_utils._acme._keys import KeyFile
from ansible_collections.certfleet.pki.plugins.module_utils._authorities._base import Authority
from ansible_collections.certfleet.pki.plugins.module_utils._authorities.acme import AcmeAuthority
from ansible_collections.certfleet.pki.plugins.module_utils._errors import Misconfigured, Unauthorized

__all__ = ("manage",)

Options = t.Mapping[str, t.Any]
Result = t.Dict[str, t.Any]


def manage(authority: Authority, options: Options, *, check: bool) -> Result:
    """Bring the account to its state; return the module's result. With ``check`` nothing is changed. Raises PkiError."""
    if not isinstance(authority, AcmeAuthority):
        raise Misconfigured(f"authority: only acme has accounts, and here it is {authority.NAME}; give acme.")
    work = _Work(authority, options, check)
    before, after = work.absent() if options["state"] == "absent" else work.present()
    return {
        "changed": work.changed,
        "account": work.told(after),
        "diff": {"before": _shown(before), "after": _shown(after)},
    }


class _Work:
    def __init__(self, authority: AcmeAuthority, options: Options, check: bool) -> None:
        self._authority = authority
        self._account = authority.account
        self._options = options
        self._check = check
        self._created = False
        self.changed = False

    # Deactivating

    def absent(self) -> t.Tuple[t.Optional[Registration], t.Optional[Registration]]:
        """Deactivate; an account that is unknown or was deactivated is no change."""
        if not self._account.key_file.exists:
            return None, None
        before = self._account.find()
        if before is None or before.status != "valid":
            return before, before
        self.changed = True
        if self._check:
            return before, dataclasses.replace(before, status="deactivated")
        after = self._account.update(before.url, {"status": "deactivated"})
        self._account.forget(before.url)
        return before, after

    # Making, updating, changing the key

    def present(self) -> t.Tuple[t.Optional[Registration], t.Optional[Registration]]:
        """Make what is missing, then the changes. Raises Unauthorized for an account that was deactivated."""
        before = self._account.find() if self._account.key_file.exists else None
        new_key = self._options.get("new_account_key")
        if new_key:
            before = self._rolled_over(before, KeyFile(new_key, option="new_account_key"))
        if before is None:
            return None, self._made()
        if before.status != "valid":
            raise Unauthorized(
                f"The account is {before.status}, which can't be undone; give another account_key for another account.",
                authority=AUTHORITY,
            )
        return before, self._updated(before)

    def _made(self) -> t.Optional[Registration]:
        self.changed = self._created = True
        if self._check:
            self._account.check_registration()
            return None
        self._account.make_key()
        return self._account.create()

    def _updated(self, before: Registration) -> Registration:
        wanted = contacts(self._authority.options.get("contact"))
        if "contact" not in self._authority.options or set(wanted) == set(before.contact):
            return before
        if self._check:
            self.changed = True
            return dataclasses.replace(before, contact=wanted)
        after = self._account.update(before.url, {"contact": list(wanted)})
        # Some CAs keep no contacts, whatever they are told.
        self.changed = self.changed or set(after.contact) != set(before.contact)
        return after

    def _rolled_over(self, before: t.Optional[Registration], file: KeyFile) -> t.Optional[Registration]:
        """Give the account the new key, unless it has it; from then on it is the account's key here."""
        if before is not None and before.status == "valid":
            self._roll_over(before, file)
            return before
        known = self._account.with_key(file).find() if file.exists else None
        if known is None:
            raise Unauthorized(
                "The CA knows neither account_key nor new_account_key; to make an account, leave new_account_key out.",
                authority=AUTHORITY,
            )
        self._account = self._account.with_key(file)
        return known

    def _roll_over(self, before: Registration, file: KeyFile) -> None:
        if file.exists and file.load().thumbprint == self._account.key.thumbprint:
            return
        self.changed = True
        if self._check:
            return
        file.create()
        self._account.roll_over(before.url, file.load())
        self._account.forget(before.url)
        self._account = self._account.with_key(file)

    # What is told

    def told(self, found: t.Optional[Registration]) -> t.Dict[str, t.Any]:
        """Return the field ``account`` of the result."""
        return {
            "uri": found.url or None if found else None,
            "status": found.status if found else None,
            "contact": list(found.contact) if found else [],
            "thumbprint": self._account.key.thumbprint if self._account.key_file.exists else None,
            "terms_of_service": self._authority.describe()["terms_of_service"],
            "created": self._created,
        }


def _shown(found: t.Optional[Registration]) -> t.Dict[str, t.Any]:
    return {"status": found.status, "contact": list(found.contact)} if found else {}
