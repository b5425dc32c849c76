# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Deployments as the flow plans and reports them, over the real host program and real TLS servers."""

from __future__ import annotations

import typing as t
from datetime import timedelta
from pathlib import Path

import pytest

from ansible_collections.certfleet.pki.plugins.module_utils._host import exclusive
from tests.support.flowing import Site
from tests.support.tls_services import Service

NEW = ["www.example.com", "new.example.com"]


@pytest.fixture
def site(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Site:
    monkeypatch.setattr(exclusive, "PLACE", str(tmp_path_factory.mktemp("locks")))
    return Site(tmp_path)


@pytest.fixture
def service(site: Site) -> t.Iterator[Service]:
    """A service that runs on the first certificate."""
    site.run()
    with Service(site.folder, [site.directory]) as service:
        yield service


def options(service: Service, **more: t.Any) -> t.Dict[str, t.Any]:
    served = {name: value for name, value in service.served(timeout=1).items() if value is not None}
    return {"reload_command": service.reload_command, "verify_served": served, **more}


class TestServed:
    def test_what_is_live_costs_one_execution(self, site: Site, service: Service) -> None:
        result = site.run(**options(service))
        assert (result["action"], result["changed"], result["verified"]) == ("none", False, True)
        assert site.machine.executions == ["inspected"]
        assert service.names == ["www.example.com"]

    def test_a_renewal_is_verified(self, site: Site, service: Service) -> None:
        result = site.run(dns_names=NEW, **options(service))
        assert (result["action"], result["verified"], result["error"]) == ("renewed", True, None)

    def test_without_the_option_nothing_is_known(self, site: Site) -> None:
        assert site.run(reload_command="true")["verified"] is None

    def test_what_is_not_live_is_deployed_again_without_an_order(self, site: Site, service: Service) -> None:
        site.run(dns_names=NEW)
        predicted = site.run(dns_names=NEW, check=True, **options(service))
        assert (predicted["codes"], predicted["action"], predicted["verified"]) == (["not_live"], "reinstalled", False)
        assert not service.flag.exists(), "no command in check mode"
        result = site.run(dns_names=NEW, **options(service))
        assert (result["codes"], result["action"], result["verified"]) == (["not_live"], "reinstalled", True)
        assert "serves another certificate" in result["reasons"][0]["detail"]
        assert len(site.authority.orders) == 2
        assert site.run(dns_names=NEW, **options(service))["changed"] is False

    def test_a_service_that_does_not_answer_is_not_live(self, site: Site, service: Service) -> None:
        service.stop()
        result = site.run(**options(service))
        assert result["codes"] == ["not_live"] and result["error"].kind == "host" and result["verified"] is False
        assert "does not answer (Connection refused)" in result["error"].message
        assert len(site.authority.orders) == 1

    def test_the_next_run_completes_without_an_order(self, site: Site, service: Service) -> None:
        old = site.run()["serial_number"]
        service.stubborn = True
        failed = site.run(dns_names=NEW, **options(service))
        assert (failed["action"], failed["rolled_back"], failed["verified"]) == ("failed", True, False)
        assert failed["serial_number"] == old
        service.stubborn = False
        result = site.run(dns_names=NEW, **options(service))
        assert (result["action"], result["verified"], result["error"]) == ("reinstalled", True, None)
        assert len(site.authority.orders) == 2 and result["serial_number"] != old
        assert site.run(dns_names=NEW, **options(service))["changed"] is False


class TestCommands:
    def test_the_output_is_in_the_error(self, site: Site) -> None:
        site.run()
        script = "echo first; echo last; exit 1"
        error = site.run(dns_names=NEW, validate_command=["/bin/sh", "-c", script])["error"]
        assert error.kind == "host" and not error.retryable
        assert error.message.startswith("web: validate_command failed (exit code 1: first | last); the previous")
        assert error.detail.startswith("validate_failed: ") and error.detail.endswith("\nfirst\nlast")

    def test_a_first_certificate_that_fails_is_finished_by_the_next_run(self, site: Site) -> None:
        failed = site.run(validate_command="false")
        assert failed["error"].kind == "host" and failed["rolled_back"] is False
        result = site.run(validate_command="true")
        assert (result["action"], result["error"]) == ("reinstalled", None)
        assert len(site.authority.orders) == 1

    def test_it_never_goes_back_to_a_revoked_certificate(self, site: Site) -> None:
        site.authority.revoked.add(site.run()["serial_number"])
        failed = site.run(check_revocation=True, reload_command="false")
        assert failed["codes"] == ["revoked"] and failed["error"] is not None and failed["rolled_back"] is False
        assert site.run(check_revocation=True, reload_command="true")["error"] is None
        assert len(site.authority.orders) == 2

    def test_nothing_runs_without_a_change(self, site: Site) -> None:
        site.run()
        assert site.run(reload_command="false", validate_command="false")["changed"] is False

    def test_an_order_does_not_depend_on_it(self, site: Site) -> None:
        site.authority.manual = True
        pending = site.run()
        assert pending["action"] == "pending"
        again = site.run(reload_command="true")
        assert again["request_id"] == pending["request_id"] and len(site.authority.orders) == 1


class TestCopies:
    def test_one_that_differs_is_repaired(self, site: Site) -> None:
        copy = {"content": "fullchain", "path": str(site.folder / "copy.pem")}
        site.run(copies=[copy])
        assert site.run(copies=[copy])["changed"] is False
        (site.folder / "copy.pem").write_text("changed")
        result = site.run(copies=[copy], check=True)
        assert (result["codes"], result["action"]) == (["files_differ"], "reinstalled")
        assert (site.folder / "copy.pem").read_text() == "changed"
        assert site.run(copies=[copy])["error"] is None
        assert (site.folder / "copy.pem").read_bytes() == (site.directory / "fullchain.pem").read_bytes()
        assert len(site.authority.orders) == 1

    def test_attributes_alone_need_no_reload(self, site: Site) -> None:
        copy = {"content": "private_key", "path": str(site.folder / "key.pem")}
        site.run(copies=[copy])
        (site.folder / "key.pem").chmod(0o644)
        result = site.run(copies=[copy], reload_command="false")
        assert (result["codes"], result["changed"], result["error"]) == (["attributes_differ"], True, None)
        assert (site.folder / "key.pem").stat().st_mode & 0o777 == 0o600

    def test_they_follow_a_renewal(self, site: Site) -> None:
        copy = {"content": "certificate", "path": str(site.folder / "copy.pem")}
        site.run(copies=[copy])
        site.clock.forward(days=80)
        site.authority.lifetime = timedelta(days=200)
        assert site.run(copies=[copy])["action"] == "renewed"
        assert (site.folder / "copy.pem").read_bytes() == (site.directory / "cert.pem").read_bytes()

    def test_two_certificates_can_t_have_the_same_place(self, site: Site) -> None:
        copies = [{"content": "certificate", "path": str(site.folder / "copy.pem")}]
        common = {"dns_names": ["a.example.com"], "copies": copies}
        items = [{"name": name, "directory": str(site.folder / name), **common} for name in ("one", "two")]
        first, second = site.run_all(items)
        assert first["error"] is None
        assert "copy.pem is a copy of 'one' already" in second["error"].message

    def test_they_are_removed(self, site: Site) -> None:
        copy = {"content": "certificate", "path": str(site.folder / "copy.pem")}
        site.run(copies=[copy])
        assert site.run(state="absent")["action"] == "removed"
        assert not (site.folder / "copy.pem").exists()


class TestTogether:
    def test_several_with_the_same_command(self, site: Site) -> None:
        def run(name: str, **second: t.Any) -> t.List[t.Dict[str, t.Any]]:
            common = {"dns_names": [name], "wait": False, "reload_command": f"touch {site.folder}/reloaded"}
            items = [{"name": one, "directory": str(site.folder / one), **common} for one in ("one", "two")]
            return site.run_all([items[0], {**items[1], **second}])

        run("a.example.com")
        (site.folder / "reloaded").unlink()
        failed = run("b.example.com", validate_command="false")
        assert [result["rolled_back"] for result in failed] == [True, True]
        assert not (site.folder / "reloaded").exists()
        done = run("b.example.com")
        assert [result["error"] for result in done] == [None, None]
        assert site.machine.executions == ["inspected", "present"]
        assert len(site.authority.orders) == 4
