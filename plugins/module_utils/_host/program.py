# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: no promise is made about what is in here.

"""The host program: a request of plain types in, an answer of plain types out.

Runs as the module certificate_store, or from standard input (see the controller's _program).
Each operation is imported when it is first needed: the steady state compiles only what it uses.
"""

import os

from ansible_collections.certfleet.pki.plugins.module_utils._host.errors import StoreError, from_anything
from ansible_collections.certfleet.pki.plugins.module_utils._host.guard import check_directories
from ansible_collections.certfleet.pki.plugins.module_utils._host.layout import Store

TYPE_CHECKING = False
if TYPE_CHECKING:
    import typing as t

__all__ = ("DEPLOYMENT", "EXTRAS", "STATES", "USES", "run")

#: Each state, and the module of this package whose ``run(item, check)`` brings it about.
STATES = {
    "inspected": "observe",
    "prepared": "prepare",
    "present": "install",
    "rolled_back": "rollback",
    "absent": "remove",
}

#: What a request may hold besides certificates, and the module of this package that does it.
EXTRAS = {"challenges": "challenges", "signatures": "sign"}

#: What follows an installation. An item with any of these options needs one of the modules below.
DEPLOYMENT = ("copies", "reload_command", "validate_command", "verify_served")
USES = {"inspected": "live", "present": "deploy"}

#: Certificates that are worked on at the same time.
_AT_ONCE = 8


def run(request: dict) -> dict:
    """Answer ``{"state", "check", "certificates"}`` with ``{"changed", "certificates"}`` in the same order.

    An item that fails has an ``error`` and does not stop the others. ``signatures`` and ``challenges``
    may be asked for as well, and are answered under the same names. Raises nothing.
    """
    check = bool(request.get("check"))
    others = {}  # type: t.Dict[str, t.Any]
    if request.get("signatures") is not None:  # first, as long as the keys are there
        from ansible_collections.certfleet.pki.plugins.module_utils._host.sign import run as sign

        others["signatures"] = sign(request["signatures"])
    if request.get("challenges") is None:
        answers = _certificates(request, check)
        changed = False
    else:
        from ansible_collections.certfleet.pki.plugins.module_utils._host.challenges import around

        answers, told = around(request["challenges"], check, lambda: _certificates(request, check))
        others["challenges"], changed = told, told["changed"]
    return dict(others, changed=changed or any(answer["changed"] for answer in answers), certificates=answers)


def _certificates(request, check):
    # type: (dict, bool) -> t.List[dict]
    items = [dict(item) for item in request.get("certificates") or ()]
    for item in items:
        item["state"] = item.get("state") or request.get("state")
    twice = _directories_of_two(items)
    plain = [item for item in items if not _is_used(item, "present")]
    answers = _each(plain, lambda item: _answer(item, check, twice))
    if len(plain) < len(items):
        deployed = iter(_deploy([item for item in items if _is_used(item, "present")], check, twice))
        others = iter(answers)
        answers = [next(deployed if _is_used(item, "present") else others) for item in items]
    return answers


def _is_used(item, state):
    # type: (dict, str) -> bool
    return item["state"] == state and any(item.get(option) for option in DEPLOYMENT)


def _deploy(items, check, twice):
    # type: (t.List[dict], bool, t.Set[str]) -> t.List[dict]
    """Answer the items that have services to follow; a transaction may hold several of them."""
    from ansible_collections.certfleet.pki.plugins.module_utils._host.deploy import run as deploy

    answers = [_answer(item, check, twice, lambda item, check: {}) for item in items]  # as far as they are good calls
    good = [number for number, answer in enumerate(answers) if not answer["error"]]
    for number, outcome in zip(good, deploy([items[number] for number in good], check)):
        answers[number] = _told(items[number], answers[number], outcome)
    return answers


def _directories_of_two(items):
    # type: (t.List[dict]) -> t.Set[str]
    names = {}  # type: t.Dict[str, t.Set[str]]
    for item in items:
        names.setdefault(os.path.normpath(item.get("directory") or ""), set()).add(item.get("name") or "")
    return {directory for directory, users in names.items() if len(users) > 1}


def _each(items, function):
    # type: (t.List[dict], t.Callable[[dict], dict]) -> t.List[dict]
    """Apply a function, at once where openssl or the disk is waited for: an installation syncs some twenty times."""
    slow = ("install", "verify_served")
    if sum(1 for item in items if any(item.get(part) for part in slow) or _makes_a_key(item)) < 2:
        return [function(item) for item in items]
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(min(_AT_ONCE, len(items))) as pool:
        return list(pool.map(function, items))


def _makes_a_key(item: dict) -> bool:
    if not item.get("prepare"):
        return False
    return item["state"] == "prepared" or not os.path.lexists(os.path.join(item.get("directory") or "", "current"))


def _answer(item, check, twice, operation=None):
    # type: (dict, bool, t.Set[str], t.Optional[t.Callable[[dict, bool], dict]]) -> dict
    answer = {"name": item.get("name"), "directory": item.get("directory"), "changed": False, "error": None}
    try:
        item["directory"] = answer["directory"] = _directory(item, twice)
        check_directories(Store(item["directory"]))
        return _told(item, answer, (operation or _operation(item["state"]))(item, check))
    except Exception as error:
        return _told(item, answer, error)


def _told(item, answer, outcome):
    # type: (dict, dict, t.Union[dict, Exception]) -> dict
    """Return the answer with what an operation returned, or raised."""
    if isinstance(outcome, dict):
        return dict(answer, **outcome)
    failure = from_anything(outcome, item["state"] or "")
    return dict(dict(answer, rolled_back=failure.rolled_back), **dict(failure.answer, error=failure.as_dict()))


def _directory(item, twice):
    # type: (dict, t.Set[str]) -> str
    directory = os.path.normpath(item.get("directory") or "")
    if not item.get("name") or not os.path.isabs(directory) or directory.strip("/") == "":
        raise StoreError("bad_call", "Every certificate needs a name and an absolute directory other than /.")
    if directory in twice:
        raise StoreError("directory_in_use", "%s is given for two certificates: give each its own." % directory)
    return directory


def _operation(state):
    # type: (str) -> t.Callable[[dict, bool], dict]
    if state == "inspected":
        return _observe
    if state == "prepared":
        from ansible_collections.certfleet.pki.plugins.module_utils._host.prepare import run as operation
    elif state == "present":
        from ansible_collections.certfleet.pki.plugins.module_utils._host.install import run as operation
    elif state == "rolled_back":
        from ansible_collections.certfleet.pki.plugins.module_utils._host.rollback import run as operation
    elif state == "absent":
        from ansible_collections.certfleet.pki.plugins.module_utils._host.remove import run as operation
    else:
        raise StoreError("bad_call", "The state %s is not known: use one of %s." % (state, ", ".join(sorted(STATES))))
    return operation


def _observe(item, check):
    # type: (dict, bool) -> dict
    from ansible_collections.certfleet.pki.plugins.module_utils._host.observe import run as observe

    seen = observe(item, check)
    if item.get("copies") or item.get("verify_served"):
        from ansible_collections.certfleet.pki.plugins.module_utils._host.live import observe as look

        seen.update(look(item, seen))
    return seen
