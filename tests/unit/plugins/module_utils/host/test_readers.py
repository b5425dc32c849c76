# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A service that reads while certificates are renewed never sees a key with another certificate."""

from __future__ import annotations

import os
import threading

RENEWALS = 200


def _read_set(directory):
    """Resolve ``current`` once, then open the key and the certificate; None if it was pruned meanwhile."""
    folder = os.path.realpath(directory / "current")
    try:
        with open(os.path.join(folder, "privkey.pem")) as key, open(os.path.join(folder, "cert.pem")) as certificate:
            return key.read(), certificate.read()
    except FileNotFoundError:
        return None


def test_never_a_mismatch(web):
    """The key of each pair is known, so comparing texts is comparing public keys."""
    web.done("present", web.given(0, formats=["pem", "combined"]))
    stop, reads, wrong = threading.Event(), [], []

    def read():
        while not stop.is_set():
            found = _read_set(web.directory)
            reads.append(found)
            combined = (web.directory / "combined.pem").read_text()
            if found is not None and found not in [tuple(pair) for pair in web.pairs]:
                wrong.append(found)
            if not any(combined.startswith(pair.key + pair.certificate) for pair in web.pairs):
                wrong.append(combined)

    reader = threading.Thread(target=read)
    reader.start()
    for number in range(RENEWALS):
        web.done("present", web.given((number + 1) % 2, formats=["pem", "combined"]))
    stop.set()
    reader.join()
    assert wrong == []
    seen = {found for found in reads if found}
    assert seen == {tuple(web.pairs[0]), tuple(web.pairs[1])}
    assert reads.count(None) == 0, "the set before is kept, so a reader has time"
