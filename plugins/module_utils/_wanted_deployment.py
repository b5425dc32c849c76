# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: no promise is made about what is in here.

"""What is to follow an installation, in canonical form."""

from __future__ import annotations

import dataclasses
import os.path
import shlex
import typing as t

from ansible_collections.certfleet.pki.plugins.module_utils._errors import Misconfigured

__all__ = ("Copy", "Deployment", "Served", "want_deployment")

_KEYSTORES = ("pkcs12", "jks")
_HIGHEST_PORT = 65535


@dataclasses.dataclass(frozen=True)
class Copy:
    """One copy; ``mode`` is a number, None: as usual for its content."""

    content: str
    path: str
    owner: t.Optional[str] = None
    group: t.Optional[str] = None
    mode: t.Optional[int] = None


@dataclasses.dataclass(frozen=True)
class Served:
    """Where to look for the certificate that is served; ``timeout`` in seconds."""

    host: str = "localhost"
    port: t.Optional[int] = None
    server_name: t.Optional[str] = None
    starttls: t.Optional[str] = None
    timeout: int = 30


@dataclasses.dataclass(frozen=True)
class Deployment:
    """What follows an installation; the commands are words, none of them for no command."""

    copies: t.Tuple[Copy, ...] = ()
    validate_command: t.Tuple[str, ...] = ()
    reload_command: t.Tuple[str, ...] = ()
    verify_served: t.Optional[Served] = None

    def told(self, *fields: str) -> t.Dict[str, t.Any]:
        """Return what the host is told of these fields, of all without any; nothing of what is not wanted."""
        plain = {
            "copies": [_given(copy) for copy in self.copies],
            "validate_command": list(self.validate_command),
            "reload_command": list(self.reload_command),
            "verify_served": _given(self.verify_served),
        }
        return {name: value for name, value in plain.items() if value and (not fields or name in fields)}


def _given(part: t.Union[Copy, Served, None]) -> t.Dict[str, t.Any]:
    """Return the fields without nulls, which Ansible takes for values where the host's part goes as a module."""
    found = {} if part is None else dataclasses.asdict(part)
    return {field: value for field, value in found.items() if value is not None}


def want_deployment(
    options: t.Mapping[str, t.Any], *, directory: str, formats: t.Container[str], dns_names: t.Sequence[str]
) -> Deployment:
    """Return what validated options say; modes of copies are numbers already. Raises Misconfigured."""
    copies = tuple(_copy(copy, directory, formats) for copy in options.get("copies") or ())
    paths = [copy.path for copy in copies]
    twice = next((path for path in paths if paths.count(path) > 1), None)
    if twice:
        raise Misconfigured(f"copies: two of them have the path {twice}; give each its own.")
    return Deployment(
        copies=copies,
        validate_command=_words(options.get("validate_command"), "validate_command"),
        reload_command=_words(options.get("reload_command"), "reload_command"),
        verify_served=_served(options.get("verify_served"), dns_names),
    )


def _copy(copy: t.Mapping[str, t.Any], directory: str, formats: t.Container[str]) -> Copy:
    path = os.path.normpath(copy["path"])
    if not os.path.isabs(path) or "\0" in path or "\n" in path:
        raise Misconfigured(f"copies: {copy['path'][:200]!r} is not an absolute path; give one that begins with '/'.")
    if path.startswith(os.path.join(directory, "")):
        raise Misconfigured(f"copies: {path} is in the certificate's own directory; give a path outside of it.")
    if copy["content"] in _KEYSTORES and copy["content"] not in formats:
        raise Misconfigured(f"copies: {copy['content']} is not kept; add it to formats.")
    given = {field: copy[field] for field in ("owner", "group", "mode") if copy.get(field) not in (None, "")}
    return Copy(content=copy["content"], path=path, **given)


def _words(command: t.Any, option: str) -> t.Tuple[str, ...]:
    if command is None or command == "":
        return ()
    if isinstance(command, bool) or not isinstance(command, (str, list)):
        raise Misconfigured(f"{option}: give a command as a text or as a list of words.")
    if isinstance(command, list):
        words = [str(word) for word in command if not isinstance(word, (list, dict))]
        complete = len(words) == len(command)
    else:
        words, complete = _split(command)
    if not complete or not words or not words[0] or any("\0" in word for word in words):
        raise Misconfigured(f"{option}: this can't be split into a program and its arguments; check its quotes.")
    return tuple(words)


def _split(command: str) -> t.Tuple[t.List[str], bool]:
    try:
        return shlex.split(command), True
    except ValueError:
        return [], False


def _served(options: t.Optional[t.Mapping[str, t.Any]], dns_names: t.Sequence[str]) -> t.Optional[Served]:
    if options is None:
        return None
    given = {field: value for field, value in options.items() if value not in (None, "")}
    if not 1 <= given.get("port", 1) <= _HIGHEST_PORT:
        raise Misconfigured(f"verify_served: {given['port']} is no port; use 1 to {_HIGHEST_PORT}.")
    if given.get("timeout", 1) < 1:
        raise Misconfigured("verify_served: timeout must be at least 1 second.")
    given.setdefault("server_name", next((name for name in dns_names if not name.startswith("*")), None))
    return Served(**given)
