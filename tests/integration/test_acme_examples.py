# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The examples for ACME, as they are, with a real nginx and a real BIND; only names of places are others."""

from __future__ import annotations

import contextlib
import ssl
import typing as t
import urllib.request
from pathlib import Path

import pytest

from ansible_collections.certfleet.pki.plugins.module_utils._x509 import read_certificate
from ansible_collections.certfleet.pki.tests.support.named import KEY, Named
from ansible_collections.certfleet.pki.tests.support.pebble import Pebble
from ansible_collections.certfleet.pki.tests.support.playbook import Fleet
from ansible_collections.certfleet.pki.tests.support.servers import Process, free_port, program

EXAMPLES = Path(__file__).absolute().parents[2] / "docs" / "examples"
#: What a distribution's configuration of nginx has around the directory for sites.
NGINX = """
daemon off;
pid {folder}/nginx.pid;
error_log stderr;
events {{}}
http {{
    access_log {folder}/access.log;
    client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
    include {folder}/conf.d/*.conf;
}}
"""


class Nginx:
    """A server without a site, in a folder that its workers may enter."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.http_port, self.https_port = folder, free_port(), free_port()
        (folder / "conf.d").mkdir()
        (folder / "nginx.conf").write_text(NGINX.format(folder=folder))
        self.command = [program("nginx", package="nginx"), "-c", str(folder / "nginx.conf")]
        self._process = Process("nginx", self.command, log=folder / "nginx.log")

    @contextlib.contextmanager
    def running(self) -> t.Iterator[None]:
        self._process.start((self.folder / "nginx.pid").exists)
        try:
            yield
        finally:
            self._process.stop()


def fleet(folder: Path, **variables: t.Any) -> Fleet:
    made = Fleet.create(folder, hosts=["one"], variables={"ansible_become": False, **variables})
    content = made.inventory.read_text().replace('{"all": {', '{"web": {"hosts": {"one": {}}}, "all": {', 1)
    made.inventory.write_text(content)
    return made


def trusted(monkeypatch: pytest.MonkeyPatch, ca: Pebble) -> None:
    """Make the controller trust the CA's own TLS certificate, as it does a public CA's."""
    monkeypatch.setenv("SSL_CERT_FILE", ca.ca_bundle)


def test_web_server(public_directory: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    server = Nginx(public_directory)
    page = public_directory / "www"
    page.mkdir()
    (page / "index.html").write_text("the site")
    with Pebble(tmp_path / "ca", http_port=server.http_port) as ca, server.running():
        trusted(monkeypatch, ca)
        places = {
            "acme_directory": ca.directory,
            "acme_account_key": str(tmp_path / "account.pem"),
            "site_names": ["web.example.com", "www.example.com"],
            "site_root": str(page),
            "site_challenges": str(public_directory / "acme"),
            "site_certificate": str(tmp_path / "web"),
            "site_http_port": server.http_port,
            "site_https_port": server.https_port,
            "nginx_configuration": str(public_directory / "conf.d"),
            "nginx_reload": [*server.command, "-s", "reload"],
        }
        hosts = fleet(tmp_path)
        first = hosts.play(str(EXAMPLES / "acme-web-server.yml"), **places)
        assert first.returncode == 0, first.output
        assert first.changed > 0
        facts = read_certificate((tmp_path / "web" / "cert.pem").read_text())
        assert set(facts.names.dns) == {"web.example.com", "www.example.com"}
        again = hosts.play(str(EXAMPLES / "acme-web-server.yml"), **places)
        assert (again.returncode, again.changed) == (0, 0), again.output
        assert list((public_directory / "acme").rglob("*")) == []
        assert ca.created("newOrder") == 1
        assert is_served(server, ca)


def is_served(server: Nginx, ca: Pebble) -> bool:
    """Return whether nginx shows the new certificate, with its chain, and the page."""
    context = ssl.create_default_context(cadata=ca.root_pem())
    context.check_hostname = False  # nothing resolves the name; the certificate was read above
    handler = urllib.request.HTTPSHandler(context=context)
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), handler)
    with opener.open(f"https://127.0.0.1:{server.https_port}/", timeout=10) as answer:
        return bool(answer.read() == b"the site")


def test_wildcard(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Named(tmp_path / "dns", zones={"example.com": []}) as dns, Pebble(tmp_path / "ca", dns=dns.address) as ca:
        trusted(monkeypatch, ca)
        places = {
            "acme_directory": ca.directory,
            "acme_account_key": str(tmp_path / "account.pem"),
            "site_certificate": str(tmp_path / "wildcard"),
            "dns_primary": dns.host,
            "dns_port": dns.port,
            "dns_key_name": KEY,
            "dns_key_secret": dns.secrets[KEY],
            "dns_resolvers": [dns.address],
            "dns_nameservers": [dns.address],
        }
        hosts = fleet(tmp_path)
        made = hosts.play(str(account_playbook(tmp_path, places)))
        assert made.returncode == 0, made.output
        first = hosts.play(str(EXAMPLES / "acme-wildcard.yml"), **places)
        assert (first.returncode, first.changed) == (0, 1), first.output
        assert "one has a new certificate" in first.output
        facts = read_certificate((tmp_path / "wildcard" / "cert.pem").read_text())
        assert set(facts.names.dns) == {"example.com", "*.example.com"}
        again = hosts.play(str(EXAMPLES / "acme-wildcard.yml"), **places)
        assert (again.returncode, again.changed) == (0, 0), again.output
        assert dns.texts("_acme-challenge.example.com") == set()
        assert ca.created("newOrder") == 1
        assert dns.secrets[KEY] not in first.output


def account_playbook(folder: Path, places: t.Mapping[str, t.Any]) -> Path:
    """Write the play that makes the account, as the documentation has it."""
    path = folder / "account.yml"
    path.write_text(
        "- hosts: localhost\n  connection: local\n  gather_facts: false\n  tasks:\n"
        "    - certfleet.pki.acme_account:\n        authority:\n          acme:\n"
        f"            directory: {places['acme_directory']}\n"
        f"            account_key: {places['acme_account_key']}\n            terms_agreed: true\n"
    )
    return path
