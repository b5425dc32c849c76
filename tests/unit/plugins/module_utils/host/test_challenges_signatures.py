# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Signatures with keys that stay on the host, and what a request is noted with."""

from __future__ import annotations

import base64
import subprocess
import typing as t
from pathlib import Path

import pytest

from ansible_collections.certfleet.pki.plugins.module_utils._host import program
from tests.support import host_program as host

DATA = b"to be signed\0\xff"
FOUND = host.interpreters()
ALGORITHMS = {
    "RS256": ("sha256", ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"]),
    "ES256": ("sha256", ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"]),
    "ES384": ("sha384", ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384"]),
    "ES512": ("sha512", ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-521"]),
}


def make_key(folder: Path, algorithm: str, passphrase: str = "") -> Path:
    path = folder / f"{algorithm}.key"
    command = ["openssl", "genpkey", *ALGORITHMS[algorithm][1], "-out", str(path)]
    encrypted = ["-aes256", "-pass", f"pass:{passphrase}"] if passphrase else []
    subprocess.run([*command, *encrypted], check=True, capture_output=True)
    return path


def entry(path: t.Union[Path, str], algorithm: str = "ES256", **more: t.Any) -> t.Dict[str, t.Any]:
    data = base64.b64encode(DATA).decode()
    return {"private_key_path": str(path), "passphrase": None, "algorithm": algorithm, "data": data, **more}


def signed(*wanted: t.Mapping[str, t.Any], **more: t.Any) -> t.List[t.Dict[str, t.Any]]:
    request = {"state": "inspected", "check": False, "certificates": [], "signatures": list(wanted)}
    return t.cast("t.List[t.Dict[str, t.Any]]", host.call_request(request, **more)["signatures"])


def is_valid(folder: Path, key: Path, algorithm: str, signature: str, passphrase: str = "") -> bool:
    (folder / "signature").write_bytes(base64.b64decode(signature))
    command = ["openssl", "dgst", f"-{ALGORITHMS[algorithm][0]}", "-prverify", str(key)]
    command += ["-passin", f"pass:{passphrase}", "-signature", str(folder / "signature")]
    return subprocess.run(command, input=DATA, capture_output=True, check=False).returncode == 0


@pytest.mark.parametrize("passphrase", ["", "sesame \u00fc $(id)"])
@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_signed(tmp_path: Path, algorithm: str, passphrase: str) -> None:
    key = make_key(tmp_path, algorithm, passphrase)
    (answer,) = signed(entry(key, algorithm, passphrase=passphrase or None))
    assert is_valid(tmp_path, key, algorithm, answer["signature"], passphrase)


@pytest.mark.parametrize("version", FOUND)
def test_every_python(tmp_path: Path, version: str) -> None:
    key = make_key(tmp_path, "ES256", "sesame")
    (answer,) = signed(entry(key, passphrase="sesame"), python=FOUND[version])
    assert is_valid(tmp_path, key, "ES256", answer["signature"], "sesame")


def test_with_an_installed_certificate_s_key_before_it_is_removed(web: t.Any, tmp_path: Path) -> None:
    web.done("present", web.given())
    key = web.directory / "privkey.pem"
    request = {"state": "absent", "check": False, "certificates": [web.item()], "signatures": [entry(key)]}
    (tmp_path / "copy").write_text(web.pairs[0].key)
    answer = program.run(request)
    assert is_valid(tmp_path, tmp_path / "copy", "ES256", answer["signatures"][0]["signature"])
    assert answer["changed"] and not key.exists()


def test_one_that_fails_does_not_stop_the_others(tmp_path: Path) -> None:
    good = entry(make_key(tmp_path, "ES256"))
    locked = make_key(tmp_path, "RS256", "sesame")
    (tmp_path / "text").write_text("no key")
    answers = signed(
        entry(tmp_path / "missing"),
        entry("relative.key"),
        entry(tmp_path),
        entry(locked, "RS256"),
        entry(locked, "RS256", passphrase="sEcReT"),
        entry(tmp_path / "text"),
        {**good, "algorithm": "none"},
        {**good, "data": "***"},
        good,
    )
    codes = [answer.get("error", {}).get("code") for answer in answers]
    unreadable = ["key_missing", "key_missing", "key_missing", "key_encrypted", "openssl_failed", "openssl_failed"]
    assert codes == [*unreadable, "bad_call", "bad_call", None]
    assert "sEcReT" not in str(answers)


def test_a_steady_state_answers_nothing_else(web: t.Any) -> None:
    request = {"state": "inspected", "check": False, "certificates": [web.item()]}
    assert set(program.run(request)) == {"changed", "certificates"}


def note(web: t.Any, **more: t.Any) -> t.Dict[str, t.Any]:
    request = {"request_id": "order", "status": "pending", "lease_token": "mine", **more}
    return t.cast("t.Dict[str, t.Any]", web.item(request=request))


def test_what_is_shown_is_noted(web: t.Any) -> None:
    shown = [{"type": "http-01", "name": "a.example.com", "token": "t", "content": "t.x"}]
    web.done("prepared", web.prepare())
    assert web.done("prepared", note(web, shown=shown))["changed"]
    assert web.seen()["pending"]["shown"] == shown
    assert not web.done("prepared", note(web))["changed"]
    assert not web.done("prepared", note(web, shown=None, detail=None))["changed"]
    assert web.seen()["pending"]["shown"] == shown and web.seen()["pending"]["detail"] == ""
    assert web.done("prepared", note(web, shown=[]))["changed"]
    assert web.seen()["pending"]["shown"] == []


def test_the_lease_is_kept_while_the_run_goes_on(web: t.Any) -> None:
    web.done("prepared", web.prepare())
    web.done("prepared", note(web, keep_lease=True))
    assert web.seen()["pending"]["lease"]["token"] == "mine"
    web.done("prepared", note(web))
    assert web.seen()["pending"]["lease"] is None


def test_hidden_before_and_shown_after_the_certificates(web: t.Any, tmp_path: Path) -> None:
    """What is shown is noted first; it is not shown to a CA for a note that failed, but the flow hides it anyway."""
    root = tmp_path / "www"
    root.mkdir()
    seen = []
    work = program._certificates

    def looking(request: t.Any, check: bool) -> t.Any:
        seen.extend(path.name for path in root.rglob("t*"))
        return work(request, check)

    entries = [{"webroot": str(root), "files": {token: f"{token}.x"}} for token in ("t1", "t2")]
    request = {"state": "inspected", "certificates": [web.item()]}
    program.run({**request, "challenges": {"show": entries[:1]}})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(program, "_certificates", looking)
        program.run({**request, "challenges": {"show": entries[1:], "hide": entries[:1]}})
    assert seen == []
    assert [path.name for path in root.rglob("t*")] == ["t2"]
