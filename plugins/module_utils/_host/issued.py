# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: no promise is made about what is in here.

"""What is noted of a request whose certificate has come, before anything else of its installation."""

from ansible_collections.certfleet.pki.plugins.module_utils._host.pending import is_fulfilled, read_request
from ansible_collections.certfleet.pki.plugins.module_utils._host.reading import exists
from ansible_collections.certfleet.pki.plugins.module_utils._host.writing import (
    remove_file,
    replace_json,
    sync_directory,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    import typing as t

    from ansible_collections.certfleet.pki.plugins.module_utils._host.layout import Store

__all__ = ("note_issued",)


def note_issued(store, install, record):
    # type: (Store, dict, t.Optional[dict]) -> None
    """Note that the CA has answered, and release the lease: if the installation fails, the next run collects.

    Does nothing for another request, or one whose certificate is installed.
    """
    request = read_request(store)
    token = install.get("request_token")
    if request is None or request.get("request_token") != token or is_fulfilled(request, record):
        return
    noted = dict(request, status="pending", request_id=install.get("request_id") or request.get("request_id"))
    if noted != request:
        try:
            replace_json(store.request, noted)
        except OSError:  # on a full disk the lease's room is enough
            remove_file(store.lease)
            replace_json(store.request, noted)
    if exists(store.lease):
        remove_file(store.lease)
        sync_directory(store.pending)
