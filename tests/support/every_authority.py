# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every authority with the server that tests run it against, opened in one way.

with OPENERS["ejbca"](folder) as ca:
    ca.authority, ca.server                      # the variable pki_authority, and what is behind it
    ca.approval.demand(site); ca.approval.give(site, request_id); ca.approval.orders(site)   # None where no request can pend
"""

from __future__ import annotations

import contextlib
import dataclasses
import typing as t
from pathlib import Path

from ansible_collections.certfleet.pki.tests.support.acme_plays import acme, web_server
from ansible_collections.certfleet.pki.tests.support.cfssl_server import CfsslServer
from ansible_collections.certfleet.pki.tests.support.ejbca_simulator import EjbcaSimulator
from ansible_collections.certfleet.pki.tests.support.openbao import OpenBao
from ansible_collections.certfleet.pki.tests.support.openbao_plays import vault
from ansible_collections.certfleet.pki.tests.support.pebble import Pebble
from ansible_collections.certfleet.pki.tests.support.playbooks import Site
from ansible_collections.certfleet.pki.tests.support.sectigo_simulator import SectigoSimulator
from ansible_collections.certfleet.pki.tests.support.snapshots import AuthorityDatabase
from ansible_collections.certfleet.pki.tests.support.stepca_provisioners import StepProvisioners
from ansible_collections.certfleet.pki.tests.support.tasks import LOCAL, authority
from ansible_collections.certfleet.pki.tests.support.venafi_saas import VenafiSaas
from ansible_collections.certfleet.pki.tests.support.venafi_tpp import VenafiTpp

__all__ = ("OPENERS", "Approval", "Opened")


@dataclasses.dataclass(frozen=True)
class Approval:
    """How a person's approval is demanded and given, and how many orders the CA has got."""

    demand: t.Callable[[Site], object]
    give: t.Callable[[Site, str], object]
    orders: t.Callable[[Site], int]


@dataclasses.dataclass(frozen=True)
class Opened:
    """A CA that runs: the option ``authority``, what it is, and how requests pend if they can."""

    authority: t.Dict[str, t.Any]
    server: str
    approval: t.Optional[Approval] = None


Opener = t.Callable[[Path], t.ContextManager[Opened]]


@contextlib.contextmanager
def _local(folder: Path) -> t.Iterator[Opened]:
    def demand(site: Site) -> None:
        assert not site.play([authority("manual", approval="manual")]).failures

    def give(site: Site, request_id: str) -> None:
        assert not site.play([authority("approve", approve=[request_id])]).failures

    def orders(site: Site) -> int:
        return len(AuthorityDatabase(site.place() / "ca").requests)

    yield Opened(LOCAL, "itself", Approval(demand, give, orders))


@contextlib.contextmanager
def _vault(folder: Path) -> t.Iterator[Opened]:
    with OpenBao(folder) as server:
        yield Opened(vault(server), "OpenBao")


@contextlib.contextmanager
def _acme(folder: Path) -> t.Iterator[Opened]:
    with web_server(folder / "www") as web, Pebble(folder / "pebble", http_port=web.port) as ca:
        challenge = {"http_01": {"webroot": str(web.root)}}
        yield Opened(acme(ca, folder / "account.pem", challenge=challenge), "Pebble")


@contextlib.contextmanager
def _step(folder: Path) -> t.Iterator[Opened]:
    with StepProvisioners(folder) as ca:
        yield Opened({"step": ca.options()}, "step-ca")


@contextlib.contextmanager
def _cfssl(folder: Path) -> t.Iterator[Opened]:
    with CfsslServer(folder) as server:
        yield Opened({"cfssl": server.options(profile="web", auth_key=server.auth_key)}, "cfssl")


def _simulated(
    name: str, simulator: t.Any, orders: str, identifier: t.Callable[[str], t.Any] = lambda request_id: request_id
) -> Opener:
    """Return what opens a simulator: the paths of its orders match ``orders``, ``identifier`` is its own for a request id."""

    @contextlib.contextmanager
    def opened(folder: Path) -> t.Iterator[Opened]:
        with simulator(folder) as ca:
            approval = Approval(
                demand=lambda site: setattr(ca, "approval", True),
                give=lambda site, request_id: ca.approve(identifier(request_id)),
                orders=lambda site: ca.count(orders, "POST"),
            )
            yield Opened({name: ca.options()}, "simulator", approval)

    return opened


OPENERS: t.Mapping[str, Opener] = {
    "local": _local,
    "vault": _vault,
    "acme": _acme,
    "venafi": _simulated("venafi", VenafiTpp, "(?i)/certificates/(request|renew)$"),
    "venafi_saas": _simulated("venafi_saas", VenafiSaas, "/certificaterequests$"),
    "ejbca": _simulated("ejbca", EjbcaSimulator, "/pkcs10enroll$", lambda request_id: request_id.partition(":")[0]),
    "sectigo": _simulated("sectigo", SectigoSimulator, "/enroll$", int),
    "step": _step,
    "cfssl": _cfssl,
}
