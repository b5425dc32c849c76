# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: no promise is made about what is in here.

"""From the options that people write to a request of the host program, and from its answer to theirs."""

import binascii

from ansible_collections.certfleet.pki.plugins.module_utils._host.codec import dumps
from ansible_collections.certfleet.pki.plugins.module_utils._host.program import EXTRAS

TYPE_CHECKING = False
if TYPE_CHECKING:
    import typing as t

__all__ = ("encoded", "failure", "request_of")

_END = "-----END CERTIFICATE-----"
_BY_HAND = ("certificate", "chain", "ca", "private_key", "private_key_path")
_OPERATIONS = ("install", "attributes", "record_update")


def request_of(params, check):
    # type: (t.Mapping[str, t.Any], bool) -> t.Dict[str, t.Any]
    """Return the request for a module's validated arguments. Raises ValueError with one sentence."""
    state = params["state"]
    items = [_item(dict(item), state) for item in params["certificates"]]
    request = {"state": state, "check": check, "certificates": items}  # type: t.Dict[str, t.Any]
    request.update({name: params[name] for name in EXTRAS if params.get(name) is not None})
    return request


def _item(item, state):
    # type: (t.Dict[str, t.Any], str) -> t.Dict[str, t.Any]
    item["directory"] = item.get("directory") or "/etc/certfleet/" + item["name"]
    item["mode"] = _mode(item, item)
    if item.get("copies"):
        item["copies"] = [dict(copy, mode=_mode(copy, item)) for copy in item["copies"]]
    by_hand = {field: item.pop(field, None) for field in _BY_HAND}
    if any(by_hand.values()):
        item["install"] = _install(item, by_hand)
    elif item.get("adopt_from") and not any(item.get(field) for field in _OPERATIONS):
        item["install"] = {"from": "adopted"}
    return item


def _mode(given, item):
    # type: (t.Mapping[str, t.Any], t.Mapping[str, t.Any]) -> t.Optional[int]
    mode = given.get("mode")
    if mode is None:
        return None
    try:
        number = mode if isinstance(mode, int) and not isinstance(mode, bool) else int(str(mode), 8)
    except ValueError:
        number = -1
    if not 0 <= number <= 0o777:
        raise ValueError('%s: mode must be an octal number in quotes up to "0777", such as "0640".' % item["name"])
    return number


def _install(item, by_hand):
    # type: (t.Dict[str, t.Any], t.Dict[str, t.Any]) -> t.Dict[str, t.Any]
    if item.get("install"):
        raise ValueError("%s: give either install or certificate with its key, not both." % item["name"])
    if bool(by_hand["private_key"]) == bool(by_hand["private_key_path"]):
        raise ValueError("%s: give exactly one of private_key and private_key_path." % item["name"])
    first, end, rest = (by_hand["certificate"] or "").partition(_END)
    return {
        "from": "given",
        "certificate_pem": first + end,
        "chain_pem": rest if by_hand["chain"] is None else by_hand["chain"],
        "ca_pem": by_hand["ca"] or "",
        "private_key": by_hand["private_key"],
        "private_key_path": by_hand["private_key_path"],
    }


def failure(answer):
    # type: (t.Dict[str, t.Any]) -> t.Optional[str]
    """Return the message of a task that failed, None for one that went well."""
    failed = [found for found in answer["certificates"] if found["error"]]
    if failed:
        return _sentence(failed)
    challenges = answer.get("challenges") or {}
    errors = list(challenges.get("hide") or ()) + list(challenges.get("show") or ())
    errors += [found.get("error") for found in answer.get("signatures") or ()]
    return next((str(error["detail"]) for error in errors if error), None)


def _sentence(failed):
    # type: (t.Sequence[t.Dict[str, t.Any]]) -> str
    first = "%s: %s" % (failed[0]["name"], failed[0]["error"]["detail"])
    others = ", ".join(str(found["name"]) for found in failed[1:])
    return "%s Also failed: %s." % (first, others) if others else first


def encoded(answer, secrets):
    # type: (dict, t.Iterable[str]) -> str
    """Return an answer in JSON and base64, which Ansible does not mask as long as no secret happens to be in it.

    A short one may be. Blanks before the JSON change the whole text, and there are three ways to align it.
    """
    text = dumps(answer).encode("ascii")
    ways = [binascii.b2a_base64(b" " * blanks + text, newline=False).decode("ascii") for blanks in range(3)]
    unmasked = [way for way in ways if not any(secret in way for secret in secrets)]
    return (unmasked or ways)[0]
