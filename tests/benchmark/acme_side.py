# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""ACME: one Pebble that looks for real, at one web server, and the plays that ask it, each with an account made before."""

from __future__ import annotations

import contextlib
import dataclasses
import shutil
import sys
import tempfile
import typing as t
from pathlib import Path

from counting import Counter
from fleet import Fleet, Workspace
from measuring import Pipeline

__all__ = ("CERTBOT", "COUNTS", "EMBEDDED", "OURS", "TWO_STEPS", "AcmeSide", "Asked", "opened_acme")

OURS, EMBEDDED, TWO_STEPS, CERTBOT = "certificates, acme", "certificates, local", "acme_certificate", "certbot"
#: Of certificates on the one host.
COUNTS = (1, 10, 50)
_STEPS = ("first", "steady")


@dataclasses.dataclass(frozen=True)
class Asked:
    """Of one play, for each certificate: interpreters started on the host, and requests that the CA got."""

    pipeline: str
    step: str
    executions: float
    requests: t.Mapping[str, float]


@dataclasses.dataclass(frozen=True)
class AcmeSide:
    """The server, and what plays have to be told of it."""

    server: t.Any
    authority: t.Mapping[str, t.Any]
    #: Variables of the hosts.
    variables: t.Mapping[str, t.Any]

    def pipelines(self, count: int, host: str, embedded: t.Mapping[str, t.Any]) -> list[Pipeline]:
        """Return ours, with ACME and with the embedded CA, and the recipes, for ``count`` certificates on one host."""
        items = [
            {"name": f"c{n}", "dns_names": [f"c{n}.{host}"], "directory": f"{{{{ bench_directory }}}}/c{n}"}
            for n in range(count)
        ]
        ours = [
            Pipeline(f"{title}, {count}", "certificates", variables, _STEPS)
            for title, variables in (
                (OURS, {"bench_authority": self.authority, "bench_certificates": items}),
                (EMBEDDED, {"bench_authority": embedded, "bench_certificates": items}),
            )
        ]
        directories = [f"c{n}" for n in range(count)]
        return ours + [
            Pipeline(f"{title}, {count}", f"{title}_many", {"bench_count": count}, _STEPS, directories=directories)
            for title in (TWO_STEPS, CERTBOT)
        ]

    def count(self, counter: Counter, fleet: Fleet, pipeline: Pipeline, certificates: int) -> t.Iterator[Asked]:
        """Play every step, and yield what it took for each certificate."""
        before = self.server.counts()
        for one in counter.count(fleet, pipeline):
            after = self.server.counts()
            asked = {name: number / certificates for name, number in sorted((after - before).items())}
            yield Asked(one.pipeline, one.step, one.executions / certificates, asked)
            before = after


@contextlib.contextmanager
def opened_acme(workspace: Workspace, tell: t.Callable[[str], None]) -> t.Iterator[AcmeSide | None]:
    """Start all of it, and make the accounts; None if it can't be."""
    missing = [name for name in ("pebble", "pebble-challtestsrv") if not shutil.which(name)]
    certbot = Path(sys.executable).parent / "certbot"
    if missing or not certbot.exists():
        tell("SKIPPED: everything with ACME, because pebble (package pebble) or certbot (pip) is not installed.")
        yield None
        return
    sys.path.insert(0, str(workspace.collections))
    from ansible_collections.certfleet.pki.tests.support.acme_plays import acme, web_server
    from ansible_collections.certfleet.pki.tests.support.pebble import Pebble

    folder = Path(tempfile.mkdtemp(prefix="acme-", dir=workspace.folder))
    with web_server(folder / "www") as web, Pebble(folder / "pebble", http_port=web.port) as server:
        # What a recipe copies to has to be there.
        (web.root / ".well-known" / "acme-challenge").mkdir(parents=True)
        authority = acme(server, folder / "account.pem", challenge={"http_01": {"webroot": str(web.root)}})
        variables = {
            "bench_acme": str(folder),
            "bench_acme_directory": server.directory,
            "bench_acme_trust": server.ca_bundle,
            "bench_acme_webroot": str(web.root),
            "bench_certbot": str(certbot),
        }
        fleet = Fleet(workspace, size=1, variables=variables)
        fleet.play("acme_accounts", variables={"bench_round": "none", "bench_authority": authority})
        yield AcmeSide(server, authority, variables)
