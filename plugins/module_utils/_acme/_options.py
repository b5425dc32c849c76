# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: no promise is made about what is in here.
"""Options of the authority `acme`."""

from __future__ import annotations

import typing as t

from ansible_collections.certfleet.pki.plugins.module_utils._http import COMMON_OPTIONS

__all__ = ("ACME_OPTIONS", "CHALLENGES", "DIRECTORIES", "TSIG_ALGORITHMS")

Options = t.Dict[str, t.Dict[str, t.Any]]

#: Directories that have a name of their own.
DIRECTORIES: t.Mapping[str, str] = {
    "letsencrypt": "https://acme-v02.api.letsencrypt.org/directory",
    "letsencrypt-staging": "https://acme-staging-v02.api.letsencrypt.org/directory",
}

#: RFC 8945, section 6, without what is no longer secure.
TSIG_ALGORITHMS = ("hmac-sha256", "hmac-sha384", "hmac-sha512", "hmac-sha224", "hmac-sha1")


def _text(*description: str, **more: t.Any) -> t.Dict[str, t.Any]:
    return {"type": "str", "description": list(description), **more}


def _secret(*description: str, **more: t.Any) -> t.Dict[str, t.Any]:
    return _text(*description, no_log=True, **more)


def _seconds(default: int, *description: str) -> t.Dict[str, t.Any]:
    return {"type": "int", "description": list(description), "default": default}


def _command(*description: str) -> t.Dict[str, t.Any]:
    form = "A string is split as a shell would, or a list is used as it is; no shell is run."
    return {"type": "raw", "description": [*description, form]}


def _group(description: str, options: Options, **relations: t.Any) -> t.Dict[str, t.Any]:
    return {"type": "dict", "description": [description], "options": options, **relations}


_STANDALONE = _group(
    "A small web server on the host that answers nothing but the CA, and only while it validates.",
    {
        "port": {
            "type": "int",
            "default": 80,
            "description": ["The port. The CA asks at port 80, so any other has to be forwarded from there."],
        },
        "address": _text("The address to listen on; all of them when not given."),
        "stop_command": _command("Stops the service that the port belongs to, before."),
        "start_command": _command("Starts it again, afterwards, also after a failure."),
    },
    required_together=[["stop_command", "start_command"]],
)

_HTTP_01 = _group(
    "A file under C(/.well-known/acme-challenge/) on the web server of each name (RFC 8555, section 8.3).",
    {
        "webroot": {
            "type": "str",
            "description": ["The directory that the web server serves for these names, on the host."],
        },
        "standalone": _STANDALONE,
        "host": _text(
            "Another host of the inventory that answers for the names, such as a load balancer or a bastion.",
            "When it is not given, it is the host that the certificate is for.",
        ),
    },
    mutually_exclusive=[["webroot", "standalone"]],
    required_one_of=[["webroot", "standalone"]],
)

_RFC2136 = _group(
    "Dynamic updates, signed with a shared key (RFC 2136, RFC 8945). Needs the Python library C(dnspython).",
    {
        "server": _text("Name or address of the primary name server.", required=True),
        "port": {"type": "int", "default": 53, "description": ["Its port."]},
        "zone": _text("The zone to update; found by asking for its SOA record when not given."),
        "key_name": _text("Name of the shared key.", no_log=False),
        "key_secret": _secret("The shared key, in base64."),
        "key_algorithm": {
            "type": "str",
            "choices": list(TSIG_ALGORITHMS),
            "default": "hmac-sha256",
            "no_log": False,
            "description": ["Algorithm of the shared key."],
        },
        "ttl": _seconds(60, "Time to live of the record, in seconds."),
    },
    required_together=[["key_name", "key_secret"]],
)

_HOOK = _group(
    "Commands on the controller. They find the record in their environment: E(CERTFLEET_RECORD_NAME), "
    "E(CERTFLEET_RECORD_VALUE) and E(CERTFLEET_DOMAIN), and under certbot's names E(CERTBOT_DOMAIN) and E(CERTBOT_VALIDATION).",
    {
        "present": {**_command("Makes the TXT record."), "required": True},
        "cleanup": {**_command("Removes it."), "required": True},
        "timeout": _seconds(120, "How long a command may take, in seconds."),
    },
)

_DNS_01 = _group(
    "A TXT record C(_acme-challenge) below each name (RFC 8555, section 8.4), which wildcards need. A CNAME there is followed.",
    {
        "rfc2136": _RFC2136,
        "hook": _HOOK,
        "propagation_timeout": _seconds(
            120,
            "How long to wait until every authoritative name server has the record, in seconds; 0 asks none.",
            "With O(authority.acme.challenge.dns_01.hook) and V(0), no DNS is asked at all, so that CNAME records are followed "
            "only if O(authority.acme.challenge.dns_01.resolvers) is given.",
        ),
        "resolvers": {
            "type": "list",
            "elements": "str",
            "description": [
                "Resolvers, as C(address) or C(address:port), that find the zone and its name servers.",
                "When they are not given, the controller's own are used.",
            ],
        },
        "nameservers": {
            "type": "list",
            "elements": "str",
            "description": [
                "Name servers, as C(address) or C(address:port), to look for the record at.",
                "When they are not given, they are the zone's own.",
            ],
        },
    },
    mutually_exclusive=[["rfc2136", "hook"]],
    required_one_of=[["rfc2136", "hook"]],
)

#: Exactly one of them is used.
CHALLENGES: Options = {
    "http_01": _HTTP_01,
    "dns_01": _DNS_01,
    "none": {
        "type": "bool",
        "description": ["V(true) for an account whose names the CA has authorized before; nothing is shown."],
    },
}

ACME_OPTIONS: Options = {
    "directory": _text(
        "URL of the ACME directory, or V(letsencrypt) or V(letsencrypt-staging).",
        required=True,
    ),
    "account_key": _secret(
        "The account's private key: a file on the controller, or its content; PEM or JWK.",
        required=True,
    ),
    "account_create": {
        "type": "bool",
        "default": False,
        "description": [
            "Whether an account, and a file for its key, may be made if there is none.",
            "Otherwise that is an error, so that a job which lost its key does not make one account after another.",
            "See M(certfleet.pki.acme_account).",
        ],
    },
    "contact": {
        "type": "list",
        "elements": "str",
        "description": [
            "How the CA reaches the account's owner: e-mail addresses, or URLs such as V(mailto:pki@example.com)."
        ],
    },
    "terms_agreed": {
        "type": "bool",
        "default": False,
        "description": ["Whether you agree to the CA's terms of service, which most CAs demand for a new account."],
    },
    "eab": _group(
        "External account binding: what ties the account to one that you have at the CA (RFC 8555, section 7.3.4).",
        {
            "kid": _text("Key identifier that the CA gave you.", required=True),
            "hmac_key": _secret("MAC key that the CA gave you, in base64.", required=True),
            "algorithm": {
                "type": "str",
                "choices": ["HS256", "HS384", "HS512"],
                "default": "HS256",
                "description": ["Algorithm of the MAC."],
            },
        },
    ),
    "profile": _text("One of the CA's profiles, such as V(shortlived); M(certfleet.pki.authority_info) lists them."),
    "preferred_chain": _text(
        "Common name of the issuer at the top of the chain to prefer, where the CA offers several.",
    ),
    "challenge": {
        "type": "dict",
        "description": ["How control of the names is shown: exactly one of the following."],
        "options": CHALLENGES,
        "mutually_exclusive": [list(CHALLENGES)],
        "required_one_of": [list(CHALLENGES)],
    },
    **{name: dict(entry) for name, entry in COMMON_OPTIONS.items() if name != "url"},
}
