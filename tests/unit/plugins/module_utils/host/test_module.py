# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module certificate_store: it takes every item that the controller makes, and its answer arrives as it was."""

from __future__ import annotations

import base64
import json
from datetime import timedelta

import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.certfleet.pki.plugins.module_utils._errors import HostFailure, Unavailable
from ansible_collections.certfleet.pki.plugins.module_utils._host.given import encoded, request_of
from ansible_collections.certfleet.pki.plugins.module_utils._host.spec import SPEC
from ansible_collections.certfleet.pki.plugins.module_utils._model import RenewalSuggestion
from ansible_collections.certfleet.pki.plugins.plugin_utils._program import check_answers, decode_answer
from tests.support.fake_authority import HintingAuthority
from tests.support.flowing import Site

KEYSTORES = {
    "formats": ["pem", "combined", "pkcs12", "jks"],
    "passphrase": "long enough, too",
    "alias": "tomcat",
    "pkcs12_encryption": "legacy",
}
KINDS = {
    "inspect",
    "prepare",
    "discard",
    "attributes",
    "record_update",
    "absent",
    "request: intent",
    "request: pending",
    "request: rejected",
    "install: request",
    "install: current",
    "install: unfinished",
    "install: adopted",
}


def _kind(state, item):
    if item.get("install"):
        return f"install: {item['install']['from']}"
    if item.get("request"):
        return f"request: {item['request']['status']}"
    if state == "inspected":
        return "inspect"
    return next((name for name in ("attributes", "record_update", "prepare", "discard") if item.get(name)), state)


def _site(folder, made):
    site = Site(folder)
    run = site.machine.run

    def recording(state, items, challenges=None):
        made.extend((_kind(item.get("state") or state, item), item) for item in items)
        return run(state, items, challenges)

    site.machine.run = recording
    return site


def _lives(folder):
    """Run what needs every kind of item; return pairs of its kind and the item."""
    made = []
    _issued_repaired_removed(_site(folder / "plain", made))
    _waiting(_site(folder / "waiting", made))
    _killed(_site(folder / "killed", made))
    _hinted(_site(folder / "hinted", made))
    _adopted(_site(folder / "adopted", made), folder)
    _deployed(_site(folder / "deployed", made), folder)
    return made


def _issued_repaired_removed(site):
    options = {"owner": "0", "group": "0", "key": {"passphrase": "long enough"}, **KEYSTORES}
    site.run(**options)
    (site.directory / "chain.pem").resolve().write_text("damaged")
    site.run(**options)
    (site.directory / "privkey.pem").resolve().chmod(0o640)
    site.run(**options)
    site.authority.manual = True
    site.run(**options, dns_names=["other.example.com"])
    site.run(**options)
    site.run(state="absent")


def _waiting(site):
    site.authority.manual = True
    request_id = site.run()["request_id"]
    site.authority.deny(request_id, "no")
    site.run()
    site.run(force=True)
    site.run(dns_names=["other.example.com"])
    site.authority.manual = False
    site.authority.error = Unavailable("down")
    site.run(dns_names=["third.example.com"])


def _killed(site):
    site.authority.error = Unavailable("down")
    site.run()
    site.authority.error = None
    site.run()
    current = site.directory / "current"
    first = current.resolve().name
    site.run(dns_names=["other.example.com"])
    marker = {"version": current.resolve().name, "previous": first}
    (site.directory / "versions" / "marker.json").write_text(json.dumps(marker))
    current.unlink()
    current.symlink_to(f"versions/{first}")
    site.run(dns_names=["other.example.com"])


def _hinted(site):
    site.authority = HintingAuthority(site.clock)
    now = site.clock()
    site.authority.suggestion = RenewalSuggestion(now + timedelta(days=50), now + timedelta(days=51), None, 3600)
    site.run()
    site.clock.forward(hours=2)  # the first one came with the certificate
    site.run()


def _adopted(site, folder):
    site.run()
    live = folder / "live"
    live.mkdir()
    for name in ("cert.pem", "chain.pem", "privkey.pem"):
        (live / name).write_bytes((site.directory / name).read_bytes())
    site.run(state="absent")
    site.run(adopt_from=str(live))


def _deployed(site, folder):
    copy = {"content": "private_key", "path": str(folder / "copy.pem"), "owner": "0", "mode": 0o600}
    site.run(copies=[copy], validate_command="true", reload_command=["true"])
    (folder / "copy.pem").chmod(0o640)
    site.run(copies=[copy])
    site.run(verify_served={"port": 1, "timeout": 1})


def test_every_item_of_the_controller_is_accepted(tmp_path):
    made = _lives(tmp_path)
    assert {kind for kind, _item in made} == KINDS
    for kind, item in made:
        parameters = {"state": "present", "certificates": [json.loads(json.dumps(item))], "encoded": True}
        result = ArgumentSpecValidator(SPEC).validate(parameters)
        assert result.error_messages == [], kind
        (accepted,) = request_of(result.validated_parameters, check=False)["certificates"]
        assert _without_nothing(accepted) == _without_nothing({**item, "install": accepted["install"]})
        assert _without_nothing(item.get("install") or {}) == _without_nothing(
            accepted["install"] if item.get("install") else {}
        )


def test_challenges_and_signatures_are_accepted():
    server = {"port": 80, "address": None, "seconds": 60, "stop_command": "stop it", "start_command": ["start", "it"]}
    entry = {"standalone": {**server, "secret": "0" * 32}, "files": {"t": "t.x"}}
    challenges = {"show": [entry, {"webroot": "/srv/www", "files": {"t": "t.x"}}], "hide": []}
    signatures = [{"private_key_path": "/k", "passphrase": None, "algorithm": "ES256", "data": "eA=="}]
    arguments = {"state": "inspected", "certificates": [], "challenges": challenges, "signatures": signatures}
    result = ArgumentSpecValidator(SPEC).validate(arguments)
    assert result.error_messages == []
    request = request_of(result.validated_parameters, check=True)
    assert _without_nothing(request["challenges"]["show"][0]) == _without_nothing(entry)
    assert request["challenges"]["show"][1]["webroot"] == "/srv/www"
    assert request["signatures"] == signatures
    assert set(request_of({"state": "inspected", "certificates": []}, check=True)) == {"state", "check", "certificates"}


def _without_nothing(value):
    """Return what was said; the validator says None for everything else."""
    if isinstance(value, dict):
        said = {key: _without_nothing(part) for key, part in value.items()}
        return {key: part for key, part in said.items() if part not in (None, False, {})}
    return [_without_nothing(part) for part in value] if isinstance(value, list) else value


@pytest.mark.parametrize("secret", ["CERT", "BEGIN", "web", "ok"])
def test_answer_arrives_where_a_passphrase_is_a_common_word(web, secret):
    """Ansible masks secrets in whatever a module answers; this is how it would."""
    web.done("present", web.given())
    answer = {"changed": False, "certificates": [web.seen()]}
    text = encoded(answer, {secret})
    assert decode_answer(text.replace(secret, "*" * 8)) == answer


def test_encoding_steps_aside():
    answer = {"certificates": [], "changed": False}
    first = encoded(answer, ())
    second = encoded(answer, {first[4:12]})
    assert first != second and decode_answer(first) == decode_answer(second) == answer


@pytest.mark.parametrize("text", ["****", None, "e30", base64.b64encode(b"{half").decode(), "bm90IGpzb24="])
def test_masked_answer_is_one_sentence(text):
    with pytest.raises(HostFailure, match=r"^The host's answer [^.]*\.$"):
        decode_answer(text)


GOOD = {"name": "web", "changed": True, "error": None}


@pytest.mark.parametrize(
    "good",
    [
        {},
        {"error": {"code": "io", "detail": "It is broken."}},
        {"prepared": None, "installed_at": None, "attributes": []},
        {"prepared": {"csr_pem": "", "request_token": "x"}, "installed_at": "now", "attributes": [{}]},
    ],
)
def test_good_answers(good):
    answers = [{**GOOD, **good}]
    assert check_answers({"certificates": answers, "changed": True}, 1) == answers


@pytest.mark.parametrize(
    "bad",
    [
        {"changed": "yes"},
        {"changed": None},
        {"error": "sEcReT"},
        {"error": {"code": 1, "detail": "sEcReT"}},
        {"error": {"code": "io"}},
        {"prepared": ["sEcReT"]},
        {"prepared": {"csr_pem": None, "request_token": "sEcReT"}},
        {"prepared": {"csr_pem": ""}},
        {"installed_at": 7},
        {"attributes": {"sEcReT": 1}},
        {"attributes": ["sEcReT"]},
        {"attributes": None},
    ],
)
def test_bad_answers(bad):
    _is_refused({"certificates": [{**GOOD, **bad}]}, 1)


@pytest.mark.parametrize("answer", [None, [], {}, {"certificates": {}}, {"certificates": ["sEcReT"]}])
def test_no_answers(answer):
    _is_refused(answer, 1)


@pytest.mark.parametrize("count", [0, 2])
def test_wrong_number_of_answers(count):
    _is_refused({"certificates": [GOOD]}, count)


def _is_refused(answer, count):
    with pytest.raises(HostFailure, match=r"^The host's answer has the wrong form[^.]*\.$"):
        check_answers(answer, count)


@pytest.mark.parametrize("state", ["inspected", "prepared", "present", "rolled_back", "absent"])
def test_the_host_s_own_answers_are_good(web, state):
    for item in (web.prepare(), web.given(), web.given()):
        check_answers({"certificates": [web.run(state, item)]}, 1)
