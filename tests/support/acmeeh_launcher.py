# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs acmeeh in its own virtual environment: acmeeh_launcher.py SETTINGS.json, with keys config, dns_port, certificate, key.

What it changes about acmeeh 2.1: names are resolved by the tests' DNS server; HTTPS without a proxy;
and a certificate is found by the certID of RFC 9773, section 4.1, of which acmeeh knows only an early draft's.
"""

from __future__ import annotations

import base64
import json
import sys
import typing as t
from pathlib import Path

import dns.resolver
from acmeeh.cli.main import main
from acmeeh.repositories.certificate import CertificateRepository
from gunicorn import config


def resolve_with(port: int) -> None:
    """Ask the tests' DNS server for every name, with the system's functions and with dnspython's."""
    original = dns.resolver.BaseResolver.reset

    def reset(self: t.Any) -> None:
        original(self)
        self.port = port

    dns.resolver.BaseResolver.reset = reset
    resolver = dns.resolver.Resolver(configure=False)
    resolver.nameservers = ["127.0.0.1"]
    dns.resolver.override_system_resolver(resolver)


def serve_https(certificate: str, key: str) -> None:
    """Make these gunicorn's defaults, which acmeeh does not change."""
    config.CertFile.default = certificate
    config.KeyFile.default = key


def understand_cert_ids() -> None:
    """Let `AKI.serial` name a certificate, both in base64url."""
    original = CertificateRepository.find_by_serial

    def find_by_serial(self: t.Any, serial_number: str) -> t.Any:
        _issuer, dot, serial = serial_number.partition(".")
        if dot:
            serial_number = format(int.from_bytes(base64.urlsafe_b64decode(f"{serial}=="), "big"), "x")
        return original(self, serial_number)

    CertificateRepository.find_by_serial = find_by_serial


if __name__ == "__main__":
    settings = json.loads(Path(sys.argv[1]).read_text())
    resolve_with(settings["dns_port"])
    serve_https(settings["certificate"], settings["key"])
    understand_cert_ids()
    main(["-c", settings["config"], "serve"])
