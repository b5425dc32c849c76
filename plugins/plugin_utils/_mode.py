# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: no promise is made about what is in here.

"""The option ``mode``: the permissions of every file that holds a private key."""

from __future__ import annotations

import re
import stat
import types
import typing as t

from ansible_collections.certfleet.pki.plugins.module_utils._errors import Misconfigured

__all__ = ("DEFAULT_MODE", "parse_mode")

DEFAULT_MODE = 0o600
_OCTAL = re.compile(r"(?:0o?)?([0-7]{1,3})")
_SYMBOLIC = re.compile(r"[ugoa]*[-+=][rwxXugo]*(?:[-+=][rwxXugo]*)*")


def parse_mode(value: t.Any, *, private: bool = True) -> int:
    """Return the number for a mode given as in ansible.builtin.file; not given is 0600.

    Raises Misconfigured for what is no mode of a file, and for one that lets everybody at the key;
    files that are not ``private`` hold none.
    """
    if value is None or value == "":
        return DEFAULT_MODE
    mode = _number(value)
    if mode is None or not 0 <= mode <= 0o777:
        raise Misconfigured(
            f"mode: {str(value)[:40]!r} is not the mode of a file with a key; give an octal number in quotes "
            "such as '0640', or one like 'u=rw,g=r'."
        )
    if private and mode & stat.S_IRWXO:
        raise Misconfigured(
            f"mode: {str(value)[:40]!r} (0{mode:03o}) lets everybody on the host at the private key; "
            "give rights to the owner and a group only, such as '0640'."
        )
    return mode


def _number(value: t.Any) -> t.Optional[int]:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if not isinstance(value, str):
        return None
    octal = _OCTAL.fullmatch(value.strip())
    return int(octal[1], 8) if octal else _symbolic(value.strip())


def _symbolic(value: str) -> t.Optional[int]:
    if not all(map(_SYMBOLIC.fullmatch, value.split(","))):
        return None
    # Only few playbooks write a mode this way, and the import is slow.
    from ansible.module_utils.basic import AnsibleModule  # noqa: PLC0415

    private = types.SimpleNamespace(st_mode=stat.S_IFREG | DEFAULT_MODE)
    try:
        return stat.S_IMODE(AnsibleModule._symbolic_mode_to_octal(private, value))
    except ValueError:
        return None
