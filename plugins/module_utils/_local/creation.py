# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: no promise is made about what is in here.

"""Makes an embedded CA: whole or not at all, and once, however many ask at the same time."""

from __future__ import annotations

import dataclasses
import errno
import os
import shutil
import tempfile
import typing as t
from datetime import datetime

from ansible_collections.certfleet.pki.plugins.module_utils._errors import Misconfigured, Unavailable
from ansible_collections.certfleet.pki.plugins.module_utils._local.crl import refresh_crls
from ansible_collections.certfleet.pki.plugins.module_utils._local.issuing import make_intermediate, make_root
from ansible_collections.certfleet.pki.plugins.module_utils._local.keys import Signer, dump_key, generate_key
from ansible_collections.certfleet.pki.plugins.module_utils._local.layout import (
    DIRECTORY_MODE,
    Layout,
    file_errors,
    locked,
    write_file,
)
from ansible_collections.certfleet.pki.plugins.module_utils._local.profile import PermittedNames, Settings
from ansible_collections.certfleet.pki.plugins.module_utils._local.store import Store
from ansible_collections.certfleet.pki.plugins.module_utils._model import KeyParameters
from ansible_collections.certfleet.pki.plugins.module_utils._x509 import require_cryptography

__all__ = ("DEFAULT_COMMON_NAME", "DEFAULT_KEY", "Blueprint", "check_place", "create_authority", "intermediate_name")

DEFAULT_COMMON_NAME = "certfleet local CA"
DEFAULT_KEY = KeyParameters("ecdsa", 256, "P-256")
_INTERMEDIATE = " Intermediate"
_LONGEST_NAME = 64 - len(_INTERMEDIATE)  # ub-common-name, RFC 5280, appendix A.1
_LOCK_SECONDS = 60.0


@dataclasses.dataclass(frozen=True)
class Blueprint:
    """What a new CA is to be."""

    common_name: str = DEFAULT_COMMON_NAME
    key: KeyParameters = DEFAULT_KEY
    passphrase: t.Optional[str] = dataclasses.field(default=None, repr=False)
    permitted: PermittedNames = dataclasses.field(default_factory=PermittedNames)
    settings: Settings = dataclasses.field(default_factory=Settings)


def intermediate_name(common_name: str) -> str:
    """Return the common name of the intermediate, given the CA's. Raises Misconfigured for one that is too long."""
    if not 0 < len(common_name) <= _LONGEST_NAME:
        raise Misconfigured(f"common_name: the name of the local CA has to have 1 to {_LONGEST_NAME} characters.")
    return common_name + _INTERMEDIATE


def check_place(layout: Layout) -> None:
    """Raise Misconfigured if a CA can't be made there because something else is."""
    if not os.path.lexists(layout.path):
        return
    if not os.path.isdir(layout.path):
        raise Misconfigured(f"path: {layout.path} is not a directory; choose another path for the local CA.")
    with file_errors(layout.path):
        if os.listdir(layout.path):
            raise Misconfigured(f"path: {layout.path} holds other files; choose an empty directory for the local CA.")


def create_authority(layout: Layout, blueprint: Blueprint, *, now: datetime) -> bool:
    """Make the CA unless it is there; False if it was, or if another process was faster.

    It is made beside its place and then renamed, so that one killed half-way leaves no CA.
    """
    require_cryptography()
    intermediate_name(blueprint.common_name)
    parent = os.path.dirname(layout.path)
    with file_errors(layout.path):
        os.makedirs(parent, exist_ok=True)
        with locked(parent, seconds=_LOCK_SECONDS) as mine:
            if not mine:
                raise Unavailable(f"{parent} is locked by another process that makes a local CA; try again.")
            if layout.exists:
                return False
            check_place(layout)
            _create_beside(layout, blueprint, now.replace(microsecond=0))
    return True


def _create_beside(layout: Layout, blueprint: Blueprint, now: datetime) -> None:
    parent, name = os.path.split(layout.path)
    prefix = f".{name}.creating-"
    # The lock is held, so what lies around is from a process that was killed.
    for leftover in os.listdir(parent):
        if leftover.startswith(prefix):
            shutil.rmtree(os.path.join(parent, leftover))
    temporary = tempfile.mkdtemp(prefix=prefix, dir=parent)
    try:
        _fill(Layout(temporary), blueprint, now)
        _move(temporary, layout.path)
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise


def _move(temporary: str, path: str) -> None:
    try:
        os.rename(temporary, path)
    except OSError as error:
        if error.errno in (errno.ENOTEMPTY, errno.EEXIST):
            raise Misconfigured(
                f"path: {path} holds other files; choose an empty directory for the local CA."
            ) from error
        raise
    for directory in (path, os.path.dirname(path)):
        _sync(directory)


def _sync(directory: str) -> None:
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _fill(layout: Layout, blueprint: Blueprint, now: datetime) -> None:
    os.chmod(layout.path, DIRECTORY_MODE)
    signers = _signers(blueprint, now)
    for role, signer in signers.items():
        write_file(layout.file(f"{role}-key.pem"), dump_key(signer.key, blueprint.passphrase), mode=0o600)
        write_file(layout.file(f"{role}.pem"), signer.facts.pem.encode("ascii"))
    chain = signers["intermediate"].facts.pem + signers["root"].facts.pem
    write_file(layout.file("chain.pem"), chain.encode("ascii"))
    Store.create(layout.database)
    store = Store(layout.database, busy_seconds=_LOCK_SECONDS)
    permitted = {"domains": blueprint.permitted.domains, "networks": blueprint.permitted.networks}
    store.save_settings({**blueprint.settings.as_dict(), "permitted_names": permitted})
    refresh_crls(layout, store, signers.__getitem__, now=now, wait_seconds=_LOCK_SECONDS)


def _signers(blueprint: Blueprint, now: datetime) -> t.Dict[str, Signer]:
    root = make_root(blueprint.common_name, generate_key(blueprint.key), now=now)
    name = intermediate_name(blueprint.common_name)
    key = generate_key(blueprint.key)
    return {
        "root": root,
        "intermediate": make_intermediate(name, key, root=root, permitted=blueprint.permitted, now=now),
    }
