# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: no promise is made about what is in here.

"""How one operation is run from validated parameters, wherever that is; and what its failure looks like."""

from __future__ import annotations

import typing as t

from ansible_collections.certfleet.pki.plugins.module_utils import _operations, _requesting
from ansible_collections.certfleet.pki.plugins.module_utils._errors import PkiError
from ansible_collections.certfleet.pki.plugins.module_utils._operations import Call, Result
from ansible_collections.certfleet.pki.plugins.module_utils._result import empty_result, with_pem

__all__ = ("PATHS", "failed", "run")

#: Options that name a file on the host, and the option that takes the file's content instead.
PATHS: t.Mapping[str, str] = {"path": "certificate", "csr_path": "csr"}

_FUNCTIONS: t.Mapping[str, t.Callable[[Call], Result]] = {
    "certificate_request": _requesting.request,
    "certificate_status": _operations.status,
    "certificate_retrieve": _operations.retrieve,
    "certificate_revoke": _operations.revoke,
    "authority_info": _operations.info,
}


def run(name: str, call: Call) -> Result:
    """Run an operation; errors of the CA name it. Raises PkiError."""
    try:
        return _FUNCTIONS[name](call)
    except PkiError as error:
        error.authority = error.authority or call.authority.NAME
        raise


def failed(name: str, error: PkiError, parameters: t.Mapping[str, t.Any]) -> Result:
    """Return the result of an operation that failed, with all its fields."""
    certificate = empty_result(
        action="failed",
        authority=error.authority,
        request_id=error.request_id or parameters.get("request_id"),
        status="rejected" if error.kind == "rejected" else "unknown",
    )
    result: Result = {"failed": True, "msg": error.message, "error": error.as_dict(), "certificate": certificate}
    return {**result, "authority_info": None} if name == "authority_info" else with_pem(result, {})
