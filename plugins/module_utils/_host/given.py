# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: no promise is made about what is in here.

"""From the options that people write to a request of the host program."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    import typing as t

__all__ = ("request_of",)

_END = "-----END CERTIFICATE-----"
_BY_HAND = ("certificate", "chain", "ca", "private_key", "private_key_path")
_OPERATIONS = ("install", "attributes", "record_update")


def request_of(params, check):
    # type: (t.Mapping[str, t.Any], bool) -> t.Dict[str, t.Any]
    """Return the request for a module's validated arguments. Raises ValueError with one sentence."""
    state = params["state"]
    items = [_item(dict(item), state) for item in params["certificates"]]
    return {"state": state, "check": check, "certificates": items}


def _item(item, state):
    # type: (t.Dict[str, t.Any], str) -> t.Dict[str, t.Any]
    item["directory"] = item.get("directory") or "/etc/certfleet/" + item["name"]
    item["mode"] = _mode(item)
    by_hand = {field: item.pop(field, None) for field in _BY_HAND}
    if any(by_hand.values()):
        item["install"] = _install(item, by_hand)
    elif item.get("adopt_from") and not any(item.get(field) for field in _OPERATIONS):
        item["install"] = {"from": "adopted"}
    return item


def _mode(item):
    # type: (t.Dict[str, t.Any]) -> t.Optional[int]
    mode = item.get("mode")
    if mode is None or isinstance(mode, int):
        return mode
    try:
        return int(str(mode), 8)
    except ValueError:
        raise ValueError('%s: mode must be an octal number in quotes, such as "0640".' % item["name"]) from None


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
