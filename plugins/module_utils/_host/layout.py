# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: no promise is made about what is in here.

"""Where things are below one certificate's directory. No I/O in here.

privkey.pem ...      stable names, relative links into current/
current              link to versions/NAME: one rename switches the whole set
versions/NAME/       the files and record.json
versions/marker.json names a switch that is not finished yet
versions/.copies/    what copies have replaced, until the switch is finished
pending/             key, request and request.json of an open request, lease.json
.lock                held by whoever writes
"""

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    import typing as t

__all__ = (
    "CERTIFICATE",
    "CHAIN",
    "COMBINED",
    "FULLCHAIN",
    "JKS",
    "KEY",
    "KEYSTORES",
    "KEY_FILES",
    "OPTIONAL",
    "PKCS12",
    "RECORD",
    "ROOTS",
    "STABLE",
    "Store",
    "is_version",
    "wanted_names",
)

KEY = "privkey.pem"
CERTIFICATE = "cert.pem"
CHAIN = "chain.pem"
FULLCHAIN = "fullchain.pem"
ROOTS = "ca.pem"
COMBINED = "combined.pem"
PKCS12 = "keystore.p12"
JKS = "keystore.jks"
RECORD = "record.json"

#: Result field and file name, in the order in which they are written.
STABLE = (
    ("private_key", KEY),
    ("certificate", CERTIFICATE),
    ("chain", CHAIN),
    ("fullchain", FULLCHAIN),
    ("ca", ROOTS),
    ("combined", COMBINED),
    ("pkcs12", PKCS12),
    ("jks", JKS),
)
#: The keystores, and the formats that ask for them.
KEYSTORES = {PKCS12: "pkcs12", JKS: "jks"}
#: The files that a set has only when their formats are asked for.
OPTIONAL = dict(KEYSTORES, **{COMBINED: "combined"})
KEY_FILES = (KEY, COMBINED, PKCS12, JKS)

_VERSION_CHARACTERS = frozenset("0123456789abcdefTZ-")


class Store:
    """The paths of one certificate's directory."""

    def __init__(self, directory: str) -> None:
        join = os.path.join
        self.directory = directory
        self.versions = join(directory, "versions")
        self.current = join(directory, "current")
        self.marker = join(self.versions, "marker.json")
        self.copies = join(self.versions, ".copies")
        self.pending = join(directory, "pending")
        self.request = join(self.pending, "request.json")
        self.request_csr = join(self.pending, "request.csr")
        self.request_key = join(self.pending, KEY)
        self.lease = join(self.pending, "lease.json")
        self.lock = join(directory, ".lock")

    def stable(self, name: str) -> str:
        """Return the path that services are configured with."""
        return os.path.join(self.directory, name)

    def version(self, version: str) -> str:
        """Return the directory of a version."""
        return os.path.join(self.versions, version)

    def in_version(self, version: str, name: str) -> str:
        """Return the path of a file in a version."""
        return os.path.join(self.versions, version, name)

    def result_files(self, formats):
        # type: (t.Sequence[str]) -> t.Dict[str, t.Optional[str]]
        """Return the ``files`` field of an answer: absolute stable paths, null for what is not kept."""
        names = wanted_names(formats)
        return {field: self.stable(name) if name in names else None for field, name in STABLE if field != "ca"}


def is_version(name: str) -> bool:
    """Tell whether a directory name is one of ours, so that nothing foreign is ever removed."""
    return len(name) > 17 and name[8] == "T" and name[15:17] == "Z-" and _VERSION_CHARACTERS.issuperset(name)


def wanted_names(formats):
    # type: (t.Sequence[str]) -> t.Tuple[str, ...]
    """Return the file names of a set; the PEM files are always kept, later runs need them."""
    return tuple(name for _field, name in STABLE if name not in OPTIONAL or OPTIONAL[name] in formats)
