# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: no promise is made about what is in here.

"""What an observation adds where copies are wanted, or the certificate that is served is to be looked at."""

from ansible_collections.certfleet.pki.plugins.module_utils._host import copies
from ansible_collections.certfleet.pki.plugins.module_utils._host.errors import StoreError
from ansible_collections.certfleet.pki.plugins.module_utils._host.layout import Store

TYPE_CHECKING = False
if TYPE_CHECKING:
    import typing as t

__all__ = ("observe",)


def observe(item, seen):
    # type: (dict, dict) -> dict
    """Return what is to be added to the observation ``seen``: nothing before anything is installed.

    ``served`` is null where it was not looked at, else ``live`` (bool) and ``detail``. One look, one try.
    """
    if not seen.get("current") or not seen.get("certificate_pem"):
        return {"served": None}
    added = {"served": _served(item, seen)}  # type: t.Dict[str, t.Any]
    if item.get("copies"):
        added["damaged"] = seen["damaged"] + ["copy:" + path for path in _differing(item, seen)]
        added["attributes"] = seen["attributes"] + copies.attributes_that_differ(item)
    return added


def _differing(item, seen):
    # type: (dict, dict) -> t.List[str]
    try:
        return copies.differing(Store(item["directory"]), seen["current"], item)
    except StoreError as error:
        if error.step != "copies" or seen["damaged"] == []:
            raise
        return []  # the file that a copy would be made from is missing, and so told already


def _served(item, seen):
    # type: (dict, dict) -> t.Optional[dict]
    if not item.get("verify_served"):
        return None
    from ansible_collections.certfleet.pki.plugins.module_utils._host.served import Target, der_of, difference

    wanted = der_of(seen["certificate_pem"].encode("utf-8"))
    wrong = difference(Target(item["verify_served"]), wanted) if wanted else "There is no readable certificate"
    return {"live": not wrong, "detail": wrong}
