# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: no promise is made about what is in here.

"""From a task's arguments to validated, plain values. Validation itself is Ansible's."""

from __future__ import annotations

import typing as t

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator, ValidationResult
from ansible.module_utils.common.parameters import remove_values
from ansible.module_utils.errors import UnsupportedError

from ansible_collections.certfleet.pki.plugins.module_utils._errors import Misconfigured
from ansible_collections.certfleet.pki.plugins.module_utils._options import argument_spec
from ansible_collections.certfleet.pki.plugins.module_utils._registry import check_choice

__all__ = ("Secrets", "plain", "validate")


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


def validate(
    arguments: t.Mapping[str, t.Any],
    *,
    options: t.Mapping[str, t.Mapping[str, t.Any]],
    relations: t.Mapping[str, t.Any],
    secrets: Secrets,
) -> t.Dict[str, t.Any]:
    """Return validated parameters without nulls. Raises Misconfigured with one sentence."""
    arguments = plain(arguments)
    _check_shapes(arguments, options)
    check_choice(arguments.get("authority"))
    outcome = ArgumentSpecValidator(argument_spec(options), **relations).validate(arguments)
    secrets.add(outcome._no_log_values)
    if outcome.error_messages:
        raise Misconfigured(secrets.mask("; ".join(_sentences(outcome))))
    return plain(outcome.validated_parameters)


def _check_shapes(arguments: t.Mapping[str, t.Any], options: t.Mapping[str, t.Mapping[str, t.Any]]) -> None:
    """Raise Misconfigured where a dictionary is missing: Ansible's validator trips over some of these."""
    for name, value in arguments.items():
        entry = options.get(name, {})
        if entry.get("type") == "dict" and isinstance(value, str) and ("{" in value or "=" in value):
            continue  # JSON or key=value pairs
        if entry.get("type") == "dict" and not isinstance(value, t.Mapping):
            raise Misconfigured(f"{name}: a dictionary is needed here, and what was given is none.")
        if "options" in entry and isinstance(value, t.Mapping):
            _check_shapes(value, entry["options"])


def _sentences(outcome: ValidationResult) -> t.Iterator[str]:
    for error in outcome.errors:
        unknown = "unknown option " if isinstance(error, UnsupportedError) else ""
        yield f"{unknown}{error.msg}"
