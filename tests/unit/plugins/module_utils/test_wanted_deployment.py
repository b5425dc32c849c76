# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options for what follows an installation, in canonical form."""

from __future__ import annotations

import pytest

from ansible_collections.certfleet.pki.plugins.module_utils._errors import Misconfigured
from ansible_collections.certfleet.pki.plugins.module_utils._wanted_deployment import want_deployment


def want(*, formats=("pem",), dns_names=("*.example.com", "www.example.com"), **options):
    return want_deployment(options, directory="/srv/web", formats=formats, dns_names=dns_names)


def test_nothing_is_told_of_what_is_not_wanted():
    assert want().told() == {}


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("nginx -t -c '/etc/my nginx.conf'", ["nginx", "-t", "-c", "/etc/my nginx.conf"]),
        (["a", 1], ["a", "1"]),
        ("", None),
    ],
)
def test_commands_are_words(command, words):
    assert want(reload_command=command).told().get("reload_command") == words


@pytest.mark.parametrize("command", ["'open", "   ", "''", True, {"a": 1}, [], ["a", ["b"]], ["a\0b"], 5])
def test_what_is_no_command(command):
    with pytest.raises(Misconfigured, match=r"^validate_command: "):
        want(validate_command=command)


def test_the_name_asked_for_is_the_first_that_is_no_wildcard():
    assert want(verify_served={}).told()["verify_served"] == {
        "host": "localhost",
        "server_name": "www.example.com",
        "timeout": 30,
    }
    assert (
        want(verify_served={"server_name": "b.example.com"}).told()["verify_served"]["server_name"] == "b.example.com"
    )
    assert "server_name" not in want(verify_served={}, dns_names=["*.example.com"]).told()["verify_served"]


def test_copies_are_told_without_what_was_not_given():
    copy = {"content": "chain", "path": "/chroot//etc/chain.pem", "mode": None, "owner": ""}
    assert want(copies=[copy]).told("copies") == {"copies": [{"content": "chain", "path": "/chroot/etc/chain.pem"}]}
    assert want(copies=[copy], reload_command="true").told("copies").keys() == {"copies"}


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"copies": [{"content": "chain", "path": "relative.pem"}]}, "copies: 'relative.pem' is not an absolute path"),
        ({"copies": [{"content": "chain", "path": "/srv/web/copy.pem"}]}, "is in the certificate's own directory"),
        ({"copies": [{"content": "jks", "path": "/a.jks"}]}, "copies: jks is not kept; add it to formats"),
        ({"copies": 2 * [{"content": "chain", "path": "/a"}]}, "two of them have the path /a"),
        ({"verify_served": {"port": 70000}}, "verify_served: 70000 is no port"),
        ({"verify_served": {"timeout": 0}}, "timeout must be at least 1 second"),
    ],
)
def test_bad_input_is_one_clear_sentence(options, told):
    with pytest.raises(Misconfigured) as caught:
        want(**options)
    assert told in caught.value.message
