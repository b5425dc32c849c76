# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What people write in a task, and what the host program makes of it."""

from __future__ import annotations

import pytest

from ansible_collections.certfleet.pki.plugins.module_utils._host import program
from ansible_collections.certfleet.pki.plugins.module_utils._host.given import request_of


def _request(state="present", check=False, **item):
    return request_of({"state": state, "certificates": [{"name": "web", **item}]}, check)


def test_directory_and_mode():
    found = _request(state="inspected", mode="0640")["certificates"][0]
    assert (found["directory"], found["mode"]) == ("/etc/certfleet/web", 0o640)
    assert _request(mode=0o600)["certificates"][0]["mode"] == 0o600
    assert _request(mode="0777")["certificates"][0]["mode"] == 0o777
    assert _request()["certificates"][0]["mode"] is None


def test_first_certificate_is_the_leaf(web):
    bundle = web.pairs[0].certificate + web.pairs[2].certificate
    item = {"directory": str(web.directory), "certificate": bundle, "private_key": web.pairs[0].key}
    answers = [program.run(_request(**item))["certificates"][0] for _time in range(2)]
    assert [(answer["error"], answer["changed"]) for answer in answers] == [(None, True), (None, False)]
    assert (web.directory / "cert.pem").read_text() == web.pairs[0].certificate
    assert (web.directory / "chain.pem").read_text() == web.pairs[2].certificate


def test_key_on_the_host(web, tmp_path):
    path = tmp_path / "key"
    path.write_text(web.pairs[0].key)
    item = {"directory": str(web.directory), "certificate": web.pairs[0].certificate, "private_key_path": str(path)}
    assert program.run(_request(check=True, **item)) == program.run(_request(check=True, **item))
    assert not web.directory.exists()
    assert program.run(_request(**item))["changed"] is True
    assert (web.directory / "privkey.pem").read_text() == web.pairs[0].key


def test_adoption(web, tmp_path):
    (tmp_path / "privkey.pem").write_text(web.pairs[0].key)
    (tmp_path / "cert.pem").write_text(web.pairs[0].certificate)
    (tmp_path / "fullchain.pem").write_text(web.pairs[0].certificate + web.pairs[2].certificate)
    assert program.run(_request(directory=str(web.directory), adopt_from=str(tmp_path)))["changed"] is True
    assert (web.directory / "chain.pem").read_text() == web.pairs[2].certificate


@pytest.mark.parametrize(
    ("item", "message"),
    [
        ({"mode": "u=rw"}, "octal"),
        ({"mode": "1777"}, "octal"),
        ({"mode": 640}, "octal"),
        ({"mode": "-1"}, "octal"),
        ({"mode": True}, "octal"),
        ({"certificate": "x"}, "exactly one of private_key and private_key_path"),
        ({"certificate": "x", "private_key": "k", "private_key_path": "/k"}, "exactly one"),
        ({"certificate": "x", "private_key": "k", "install": {"from": "current"}}, "not both"),
    ],
)
def test_contradictions(item, message):
    with pytest.raises(ValueError, match=message) as caught:
        _request(**item)
    assert str(caught.value).startswith("web: ") and str(caught.value).endswith(".")
