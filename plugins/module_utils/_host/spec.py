# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: no promise is made about what is in here.

"""The options of certificate_store, for Ansible's argument validator; they are described in the module."""

from ansible_collections.certfleet.pki.plugins.module_utils._host.layout import STABLE
from ansible_collections.certfleet.pki.plugins.module_utils._host.program import STATES
from ansible_collections.certfleet.pki.plugins.module_utils._host.starttls import PORTS

TYPE_CHECKING = False
if TYPE_CHECKING:
    import typing as t

__all__ = ("SPEC",)

_STATE = {"type": "str", "choices": list(STATES)}
_FORMATS = ("pem", "combined", "pkcs12", "jks")
_TEXT = {"type": "str"}
_SECRET = {"type": "str", "no_log": True}
_TOKEN = {"type": "str", "no_log": False}

_INSTALL = {
    "from": {"type": "str", "choices": ["request", "current", "unfinished", "adopted", "given"], "required": True},
    "certificate_pem": _TEXT,
    "chain_pem": _TEXT,
    "ca_pem": _TEXT,
    "record": {"type": "dict"},
    "request_token": _TOKEN,
    "request_id": _TEXT,
    "lease_token": _TOKEN,
    "private_key": _SECRET,
    "private_key_path": {"type": "path", "no_log": False},
    "roll_back": {"type": "bool", "default": True},
}

_KEY = {
    "type": {"type": "str", "choices": ["ecdsa", "rsa", "ed25519"], "default": "ecdsa"},
    "curve": _TEXT,
    "size": {"type": "int"},
    "format": {"type": "str", "choices": ["pkcs8", "traditional"], "default": "pkcs8"},
    "passphrase": _SECRET,
}

_LEASE = {"token": _TOKEN, "owner": _TEXT, "seconds": {"type": "float"}, "break": _TEXT}

_PREPARE = {
    "order_hash": _TEXT,
    "csr_config": _TEXT,
    "key": {"type": "dict", "no_log": False, "options": _KEY},
    "reuse_key": {"type": "bool", "default": False, "no_log": False},
    "intent": {"type": "dict"},
    "lease": {"type": "dict", "options": _LEASE},
    "discard": {"type": "bool", "default": False},
}

_REQUEST = {
    "request_id": _TEXT,
    "status": {"type": "str", "choices": ["intent", "pending", "rejected"]},
    "detail": _TEXT,
    "lease_token": _TOKEN,
    "keep_lease": {"type": "bool", "default": False},
    "shown": {"type": "list", "elements": "dict"},
}

_COPY = {
    "content": {"type": "str", "choices": [field for field, _name in STABLE], "required": True},
    "path": {"type": "path", "required": True},
    "owner": _TEXT,
    "group": _TEXT,
    "mode": {"type": "raw"},
}

_SERVED = {
    "host": {"type": "str", "default": "localhost"},
    "port": {"type": "int"},
    "server_name": _TEXT,
    "starttls": {"type": "str", "choices": list(PORTS)},
    "timeout": {"type": "int", "default": 30},
}

_STANDALONE = {
    "port": {"type": "int", "default": 80},
    "address": _TEXT,
    "seconds": {"type": "int", "default": 300},
    "stop_command": {"type": "raw"},
    "start_command": {"type": "raw"},
    "secret": dict(_SECRET, required=True),
}

_CHALLENGE = {
    "webroot": {"type": "path"},
    "standalone": {"type": "dict", "options": _STANDALONE},
    "files": {"type": "dict", "required": True},
}
_CHALLENGE_LIST = {"type": "list", "elements": "dict", "options": _CHALLENGE}

_SIGNATURE = {
    "private_key_path": {"type": "path", "no_log": False, "required": True},
    "passphrase": _SECRET,
    "algorithm": {"type": "str", "choices": ["RS256", "ES256", "ES384", "ES512"], "required": True},
    "data": dict(_TEXT, required=True),
}

_ITEM = {
    "name": {"type": "str", "required": True},
    "state": _STATE,
    "directory": {"type": "path"},
    "owner": _TEXT,
    "group": _TEXT,
    "mode": {"type": "raw"},
    "formats": {"type": "list", "elements": "str", "choices": list(_FORMATS), "default": ["pem"]},
    "passphrase": _SECRET,
    "keystore_passphrase": _SECRET,
    "alias": _TEXT,
    "pkcs12_encryption": {"type": "str", "choices": ["modern", "legacy"]},
    "certificate": _TEXT,
    "chain": _TEXT,
    "ca": _TEXT,
    "private_key": _SECRET,
    "private_key_path": {"type": "path", "no_log": False},
    "adopt_from": {"type": "path"},
    "copies": {"type": "list", "elements": "dict", "options": _COPY},
    "validate_command": {"type": "raw"},
    "reload_command": {"type": "raw"},
    "verify_served": {"type": "dict", "options": _SERVED},
    "attributes": {"type": "bool", "default": False},
    "record_update": {"type": "dict"},
    "discard": {"type": "bool", "default": False},
    "lease_token": _TOKEN,
    "break": _TEXT,
    "install": {"type": "dict", "options": _INSTALL},
    "prepare": {"type": "dict", "options": _PREPARE},
    "request": {"type": "dict", "options": _REQUEST},
}  # type: t.Dict[str, t.Dict[str, t.Any]]

SPEC = {
    "state": dict(_STATE, default="present"),
    "certificates": {"type": "list", "elements": "dict", "required": True, "options": _ITEM},
    "challenges": {"type": "dict", "options": {"show": _CHALLENGE_LIST, "hide": _CHALLENGE_LIST}},
    "signatures": {"type": "list", "elements": "dict", "options": _SIGNATURE},
    "encoded": {"type": "bool", "default": False},
}
