# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: no promise is made about what is in here.

"""Which challenges are shown together in one place, as the host program takes them. No I/O in here."""

from __future__ import annotations

import dataclasses
import json
import typing as t

from ansible_collections.certfleet.pki.plugins.module_utils._model import Challenge, Hosting

__all__ = ("Place", "places")

#: Seconds that a server on a host outlives the longest wait for the CA.
_MARGIN = 60


@dataclasses.dataclass
class Place:
    """One web root, or one server, and what is shown there; ``files`` are contents by token."""

    hosting: Hosting
    files: t.Dict[str, str] = dataclasses.field(default_factory=dict)

    def holds(self, challenge: Challenge) -> bool:
        return challenge.hosting == self.hosting and challenge.token in self.files

    def entry(self, *, secret: str, seconds: float = 0) -> t.Dict[str, t.Any]:
        """Return what the host program takes; a server ends when it is told the secret, or after ``seconds``."""
        if self.hosting.standalone is None:
            return {"webroot": self.hosting.webroot, "files": dict(self.files)}
        server = {**self.hosting.standalone, "secret": secret, "seconds": seconds + _MARGIN}
        return {"standalone": server, "files": dict(self.files)}


def places(challenges: t.Iterable[Challenge]) -> t.List[Place]:
    """Return every place where hosts show one of the challenges; those without a hosting are left out."""
    found: t.Dict[str, Place] = {}
    for challenge in challenges:
        if challenge.hosting is not None:
            key = json.dumps(dataclasses.asdict(challenge.hosting), sort_keys=True)
            found.setdefault(key, Place(challenge.hosting)).files[challenge.token] = challenge.content
    return list(found.values())
