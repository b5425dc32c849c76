# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The host half under every Python that is found, and its syntax for the oldest in any case."""

from __future__ import annotations

import ast
import os
import pathlib
import shutil
import subprocess

import pytest

from ansible_collections.certfleet.pki.plugins.module_utils import _host
from ansible_collections.certfleet.pki.plugins.module_utils._errors import HostFailure
from ansible_collections.certfleet.pki.plugins.plugin_utils import _program
from ansible_collections.certfleet.pki.tests.support import host_program as host
from ansible_collections.certfleet.pki.tests.support.tls_services import Service

FOLDER = pathlib.Path(next(iter(_host.__path__)))
MODULE = FOLDER.parent.parent / "modules" / "certificate_store.py"
SOURCES = [*sorted(FOLDER.glob("*.py")), MODULE]
FOUND = host.interpreters()
WANTED = ["3.6", "3.7", "3.8", "3.9", "3.10", "3.11", "3.12", "3.13"]
PACKAGE = "ansible_collections.certfleet.pki.plugins.module_utils._host"


@pytest.fixture(params=[*WANTED, *(version for version in FOUND if version not in WANTED)])
def python(request):
    if request.param not in FOUND:
        pytest.skip(f"NO PYTHON {request.param} HERE: name one in the environment variable PYTHONS")
    return FOUND[request.param]


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.name)
def test_syntax_of_the_oldest_python(path):
    ast.parse(path.read_text(encoding="utf-8"), feature_version=(3, 6))


@pytest.mark.parametrize("path", SOURCES[:-1], ids=lambda path: path.name)
def test_imports_nothing_but_itself_and_the_standard_library(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0 and node.module != "__future__"
            names = [node.module]
        for name in names:
            allowed = name.startswith(PACKAGE) or name.partition(".")[0] in STANDARD
            assert allowed, f"{path.name} imports {name}"


STANDARD = {
    "_json",
    "_sha2",
    "_sha256",
    "binascii",
    "concurrent",
    "contextlib",
    "errno",
    "fcntl",
    "grp",
    "hashlib",
    "json",
    "os",
}
STANDARD |= {"pwd", "re", "ssl", "stat", "subprocess", "time", "typing"}
#: For keystores only.
STANDARD |= {"_sha1", "struct"}
#: For challenges only.
STANDARD |= {"hmac", "select", "shlex", "signal", "socket", "tempfile"}


def test_whole_life(web, tmp_path, python):
    first = host.call("inspected", web.prepare(), python=python)[0]
    assert first["error"] is None and first["changed"]
    certificate = host.sign(first["prepared"]["csr_pem"], tmp_path)
    install = {
        "from": "request",
        "certificate_pem": certificate,
        "chain_pem": web.pairs[2].certificate,
        "record": {"text": "\u00e4\u20ac\U0001f600'\"\\\n"},
        "request_token": first["prepared"]["request_token"],
        "lease_token": "mine",
    }
    item = web.item(install=install, formats=["pem", "combined"])
    assert [host.call("present", item, python=python)[0]["changed"] for _time in range(2)] == [True, False]
    seen = host.call("inspected", web.item(formats=["pem", "combined"]), python=python)[0]
    assert seen["record"]["text"] == install["record"]["text"]
    assert (seen["key"]["state"], seen["damaged"], seen["pending"]) == ("ok", [], None)
    (web.directory / "cert.pem").resolve().write_text(web.pairs[1].certificate)
    assert host.call("inspected", item, python=python)[0]["key"]["state"] == "mismatch"
    assert host.call("present", web.given(0), python=python)[0]["changed"] is True
    assert host.call("present", web.given(1), python=python)[0]["changed"] is True
    wrong = web.given(1)
    wrong["install"]["private_key"] = web.pairs[0].key
    assert host.call("present", wrong, python=python)[0]["error"]["code"] == "key_mismatch"
    assert host.call("rolled_back", web.item(), python=python)[0]["rolled_back"] is True
    assert (web.directory / "cert.pem").read_text() == web.pairs[0].certificate
    assert host.call("absent", web.item(), python=python)[0]["changed"] is True
    assert not web.directory.exists()


@pytest.mark.parametrize("version", ["TLSv1_2", "TLSv1_3"])
def test_deployment(web, tmp_path, python, version):
    """To a service that wants a certificate of its clients."""
    web.done("present", web.given(0))
    with Service(tmp_path, [web.directory], version=version, clients=web.pairs[2].certificate) as service:
        copies = [{"content": "combined", "path": str(tmp_path / "copy.pem")}]
        wanted = {"reload_command": service.reload_command, "verify_served": service.served(), "copies": copies}
        (answer,) = host.call("present", web.given(1, **wanted), python=python)
        assert (answer["error"], answer["verified"]) == (None, True)
        (seen,) = host.call("inspected", web.item(**wanted), python=python)
        assert (seen["served"], seen["damaged"]) == ({"live": True, "detail": ""}, [])
        failed = {**wanted, "validate_command": ["sh", "-c", "echo no; exit 1"]}
        (answer,) = host.call("present", web.given(0, **failed), python=python)
        assert (answer["rolled_back"], answer["error"]["output"]) == (True, "no")
        assert (tmp_path / "copy.pem").read_text().startswith(web.pairs[1].key)


@pytest.mark.parametrize(
    "key",
    [{"type": "rsa", "size": 2048}, {"type": "ecdsa", "curve": "P-384"}, {"type": "ed25519"}],
    ids=lambda key: key["type"],
)
def test_keys(web, tmp_path, python, key):
    item = dict(
        web.prepare(key=dict(key, format="traditional", passphrase="sesame \u00fc")), passphrase="sesame \u00fc"
    )
    prepared = host.call("prepared", item, python=python)[0]["prepared"]
    install = {
        "from": "request",
        "certificate_pem": host.sign(prepared["csr_pem"], tmp_path),
        "request_token": prepared["request_token"],
    }
    done = host.call(
        "present", web.item(passphrase="sesame \u00fc", install=dict(install, lease_token="mine")), python=python
    )[0]
    assert done["error"] is None
    assert host.call("inspected", web.item(passphrase="sesame \u00fc"), python=python)[0]["key"]["state"] == "ok"


def test_same_answers_with_the_standard_json(web, monkeypatch):
    """An interpreter without CPython's accelerator takes the other way."""
    web.done("present", web.given(0))
    request = {"state": "inspected", "check": False, "certificates": [web.item(text="\u00e4'\"\\")]}
    program = _program.build_program()
    without = program.replace("import sys\n", "import sys\nsys.modules['_json'] = None\n", 1)
    answers = []
    for text in (program, without):
        data = _program.render_call(text, request)
        result = subprocess.run(
            [host.sys.executable, *_program.INTERPRETER_ARGUMENTS], input=data, capture_output=True, check=True
        )
        answers.append(_program.parse_answer(result.stdout.decode()))
    assert answers[0] == answers[1]


@pytest.mark.parametrize("name", ["python2.7", "python3.5"])
def test_too_old_a_python_says_so(name):
    root = os.environ.get("PYENV_ROOT") or str(pathlib.Path.home() / ".pyenv")
    version = name[len("python") :]
    candidates = [*map(str, pathlib.Path(root).glob(f"versions/{version}*/bin/{name}")), shutil.which(name)]
    python = next(filter(None, candidates), None)
    if python is None:
        pytest.skip(f"NO {name} HERE")
    with pytest.raises(
        HostFailure,
        match=r"^The host has Python \d\.\d, but 3\.6 or newer is needed: set ansible_python_interpreter\.$",
    ):
        host.call("inspected", host.item("web", "/nowhere"), python=python)
