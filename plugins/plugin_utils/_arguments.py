# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: no promise is made about what is in here.

"""From a task's arguments to validated, plain values. Validation itself is Ansible's."""

from __future__ import annotations

import contextlib
import re
import typing as t

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator, ValidationResult
from ansible.module_utils.common.parameters import remove_values
from ansible.module_utils.common.validation import check_type_dict
from ansible.module_utils.errors import UnsupportedError

from ansible_collections.certfleet.pki.plugins.module_utils._errors import Misconfigured
from ansible_collections.certfleet.pki.plugins.module_utils._options import argument_spec
from ansible_collections.certfleet.pki.plugins.module_utils._registry import check_choice

__all__ = ("Secrets", "Validator", "plain")

# How Ansible's validator says it.
_REQUIRED = re.compile(r"missing required arguments: (?P<names>.+?)(?: found in (?P<above>.+))?")
_REQUIRED_IF = re.compile(
    r"(?P<why>\S+ is \S+) but all of the following are missing: (?P<names>.+?)(?: found in (?P<above>.+))?"
)


class Secrets:
    """The values that must not show in text that others wrote: errors, command output, warnings."""

    def __init__(self) -> None:
        self._values: t.Set[str] = set()

    def add(self, values: t.Iterable[str]) -> None:
        self._values.update(value for value in values if value)

    def mask(self, text: t.Any) -> t.Any:
        """Return a string, or a list of strings, with every secret masked."""
        return remove_values(text, self._values)


def plain(value: t.Any) -> t.Any:
    """Return plain types: no nulls in mappings, list elements stripped, empty ones dropped."""
    if isinstance(value, t.Mapping):
        return {str(key): plain(item) for key, item in value.items() if item is not None and not _omitted(item)}
    if isinstance(value, (list, tuple, set)):
        elements = (plain(item.strip() if isinstance(item, str) else item) for item in value if not _omitted(item))
        return [element for element in elements if element not in (None, "")]
    if value is None or isinstance(value, bool):
        return value
    for kind in (int, float):
        if isinstance(value, kind):
            return kind(value)  # Ansible's own numbers carry tags
    return str(value)  # so do its texts, and some are still encrypted


def _omitted(value: t.Any) -> bool:
    """Before ansible-core 2.19, ``omit`` inside a list stays there as a text like this."""
    return isinstance(value, str) and value.startswith("__omit_place_holder__")


class Validator:
    """Validates many times against the same options, which takes longer to set up than to do."""

    def __init__(
        self,
        options: t.Mapping[str, t.Mapping[str, t.Any]],
        relations: t.Optional[t.Mapping[str, t.Any]] = None,
    ) -> None:
        self._options = options
        self._validator = ArgumentSpecValidator(argument_spec(options), **(relations or {}))

    def validate(self, arguments: t.Mapping[str, t.Any], secrets: Secrets) -> t.Dict[str, t.Any]:
        """Return validated parameters without nulls. Raises Misconfigured with one sentence."""
        arguments = plain(arguments)
        _check_shapes(arguments, self._options)
        check_choice(arguments.get("authority"))
        outcome = self._validator.validate(arguments)
        secrets.add(outcome._no_log_values)
        if outcome.error_messages:
            raise Misconfigured(secrets.mask(f"{'; '.join(_sentences(outcome))}."))
        return plain(outcome.validated_parameters)


def _check_shapes(
    arguments: t.Mapping[str, t.Any], options: t.Mapping[str, t.Mapping[str, t.Any]], above: str = ""
) -> None:
    """Raise Misconfigured for what Ansible's validator trips over, or makes into text such as ``[]`` or ``True``."""
    for name, value in arguments.items():
        entry = options.get(name, {})
        option = above + name
        kind = entry.get("type", "str") if entry else "raw"
        if kind in ("str", "path", "int"):
            _check_single(value, option, "number" if kind == "int" else "text")
        elif kind == "list":
            _check_list(value, option, entry.get("elements"))
        elif kind == "dict":
            _check_shapes(_dictionary(value, option), entry.get("options", {}), f"{option}.")


def _check_single(value: t.Any, option: str, needed: str) -> None:
    """Numbers pass for texts: nobody puts quotes around a name that is a number."""
    if isinstance(value, bool):
        raise Misconfigured(
            f"{option}: a {needed} is needed here, and what was given is a truth value; if it is meant as text, put it in quotes."
        )
    if isinstance(value, (t.Mapping, list)):
        given = "list" if isinstance(value, list) else "dictionary"
        raise Misconfigured(f"{option}: a {needed} is needed here, and what was given is a {given}.")


def _check_list(value: t.Any, option: str, elements: t.Optional[str]) -> None:
    """A text is a list, too: Ansible splits it at the commas."""
    if isinstance(value, (bool, t.Mapping)):
        raise Misconfigured(f"{option}: a list is needed here, and what was given is not one.")
    if isinstance(value, list) and elements in ("str", "path", "int"):
        for number, element in enumerate(value, 1):
            _check_single(element, f"{option}, element {number}", "number" if elements == "int" else "text")


def _dictionary(value: t.Any, option: str) -> t.Mapping[str, t.Any]:
    if isinstance(value, str) and ("{" in value or "=" in value):
        with contextlib.suppress(TypeError):
            value = plain(check_type_dict(value))  # JSON or key=value pairs
    if not isinstance(value, t.Mapping):
        raise Misconfigured(f"{option}: a dictionary is needed here, and what was given is not one.")
    return value


def _sentences(outcome: ValidationResult) -> t.Iterator[str]:
    for error in outcome.errors:
        unknown = "unknown option " if isinstance(error, UnsupportedError) else ""
        yield (_missing(error.msg) or f"{unknown}{error.msg}").rstrip(".")


def _missing(message: str) -> t.Optional[str]:
    """Return what is said about options that are missing, None if the message is about something else."""
    required = _REQUIRED.fullmatch(message) or _REQUIRED_IF.fullmatch(message)
    if not required:
        return None
    above = ".".join([*(required["above"] or "").split(" -> "), ""]) if required["above"] else ""
    names = " and ".join(above + name for name in required["names"].split(", "))
    why = required.groupdict().get("why")
    return f"{names} must be given" + (f" when {why}" if why else "")
