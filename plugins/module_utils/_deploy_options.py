# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: no promise is made about what is in here.

"""The options for what follows an installation: copies, and the services that use them."""

from __future__ import annotations

import typing as t

__all__ = ("CONTENTS", "DEPLOYMENT", "PROTOCOLS")

Options = t.Dict[str, t.Dict[str, t.Any]]

#: What a copy can hold, as the fields of ``files`` in a result, and the roots.
CONTENTS = ("private_key", "certificate", "chain", "fullchain", "ca", "combined", "pkcs12", "jks")
#: What can begin without TLS.
PROTOCOLS = ("smtp", "imap", "ldap", "postgres", "mysql", "ftp", "lmtp", "nntp", "pop3", "sieve", "xmpp")

_COPY: Options = {
    "content": {
        "type": "str",
        "required": True,
        "choices": list(CONTENTS),
        "description": [
            "What to copy. V(combined) is the key and the full chain, V(ca) are the roots.",
            "V(pkcs12) and V(jks) need their formats.",
        ],
    },
    "path": {
        "type": "str",
        "required": True,
        "description": "Where the copy goes. Its directory must be there. What has this path already is replaced.",
    },
    "owner": {
        "type": "str",
        "description": "Owner of the copy. When it is not given: that of the certificate's key for what holds it, else as it is.",
    },
    "group": {
        "type": "str",
        "description": "Group of the copy. When it is not given: that of the certificate's key for what holds it, else as it is.",
    },
    "mode": {
        "type": "raw",
        "description": "Mode of the copy. When it is not given: that of the certificate's key for what holds it, else V(0644).",
    },
}

_SERVED: Options = {
    "host": {
        "type": "str",
        "default": "localhost",
        "description": "Name or address (IPv4, IPv6), as seen from the host.",
    },
    "port": {"type": "int", "description": "Port. 443 when it is not given, or the usual one of O(ignore:starttls)."},
    "server_name": {
        "type": "str",
        "description": "The name to ask for (SNI). When it is not given, the first DNS name that is no wildcard.",
    },
    "starttls": {
        "type": "str",
        "choices": list(PROTOCOLS),
        "description": "The protocol of a service that begins without TLS.",
    },
    "timeout": {
        "type": "int",
        "default": 30,
        "description": "How long the service may take until it serves the certificate, in seconds.",
    },
}

DEPLOYMENT: Options = {
    "copies": {
        "type": "list",
        "elements": "dict",
        "options": _COPY,
        "description": [
            "Copies of the files at other places, for services that can't follow links (chroot, mounts of single files).",
            "They are part of the set: switched, compared, repaired and rolled back with it, and removed with O(ignore:state=absent).",
            "A container that mounts a single file has to be restarted to see a new one; one that mounts a directory has not.",
        ],
    },
    "validate_command": {
        "type": "raw",
        "description": [
            "A command that must succeed with the new files in place, before anything is reloaded. Else the old ones come back.",
            "A text, which is split into words as a shell would, or a list. No shell is used. It is given 60 seconds.",
        ],
    },
    "reload_command": {
        "type": "raw",
        "description": [
            "A command that makes the service use the new files, given 180 seconds. If it fails the old ones come back.",
            "Certificates of one task with the same command are one transaction: switched, reloaded and rolled back together.",
            "It is not run when nothing has changed.",
        ],
    },
    "verify_served": {
        "type": "dict",
        "options": _SERVED,
        "description": [
            "Look from the host until the new certificate is the one that the service shows. If it does not, the old one comes back.",
            "Every run looks once; where another certificate is served, or none, the one in place is deployed again.",
            "Works with services that want a certificate of their clients, and with those that have one of each kind of key.",
        ],
    },
}
