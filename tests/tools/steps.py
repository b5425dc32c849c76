# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What there is to check. Each step returns True if all is well; it prints its own findings."""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
import typing as t
from pathlib import Path

from closing import next_result
from environments import BUILD, COLLECTION, ROOT, TREE, Environment
from output import call, say

__all__ = ("artefact", "benchmark", "demo", "docs", "format_files", "integration", "lint", "molecule", "smoke", "unit")

_PYTHON_FILES = ("plugins", "tests")
_HOST_TESTS = "tests/unit/plugins/module_utils/host"
_LONG_HOST_TESTS = ("failures", "interpreters", "kill", "prepare", "readers")


def _run(environment: Environment, *command: str, cwd: Path = COLLECTION, **variables: str) -> bool:
    say(f"$ {' '.join(command)}")
    words = [environment.program(command[0]), *command[1:]]
    return call(words, cwd=cwd, env={**environment.variables(), **variables})


def lint(environment: Environment, *, all_of_it: bool = True) -> bool:
    """Run the linters; the slow ones only for ``all_of_it``."""
    commands = [
        ("ruff", "check", "--output-format=concise", "."),
        ("ruff", "format", "--check", "."),
        ("mypy", "-p", "ansible_collections.certfleet.pki.plugins"),
        ("yamllint", "--strict", "."),
        ("python", "-B", "tests/tools/doc_fragments.py", "--check"),
        ("python", "-B", "tests/tools/return_docs.py", "--check"),
        ("python", "-B", "tests/tools/authority_tables.py", "--check"),
    ]
    if all_of_it:
        commands += [
            ("ansible-lint", "--format=pep8", "--project-dir", "."),
            ("antsibull-changelog", "lint"),
            ("antsibull-docs", "lint-collection-docs", "--plugin-docs", "--validate-collection-refs=all", "."),
        ]
    results = [_run(environment, *command, **_lint_variables()) for command in commands]
    return all(results)


def _lint_variables() -> dict[str, str]:
    return {
        "MYPYPATH": str(TREE),
        "PYTHONPATH": str(TREE),
        "MYPY_CACHE_DIR": str(BUILD / "cache" / "mypy"),
        "RUFF_CACHE_DIR": str(BUILD / "cache" / "ruff"),
    }


def docs(environment: Environment) -> bool:
    """Write the documentation fragments and tables of the repository itself."""
    tools = ("doc_fragments.py", "return_docs.py", "authority_tables.py")
    results = [_run(environment, "python", "-B", f"tests/tools/{t}", cwd=ROOT, PYTHONPATH=str(TREE)) for t in tools]
    return all(results)


def format_files(environment: Environment) -> bool:
    """Format the Python files of the repository itself."""
    return _run(environment, "ruff", "format", *_PYTHON_FILES, cwd=ROOT, RUFF_CACHE_DIR=str(BUILD / "cache" / "ruff"))


def unit(environment: Environment) -> bool:
    """Run the unit tests."""
    return _pytest(environment, "tests/unit", "--dist", "worksteal")


def integration(environment: Environment) -> bool:
    """Run the integration tests, against real servers; each file on its own, because it has a server or a story."""
    return _pytest(environment, "tests/integration", "--dist", "loadfile")


def smoke(environment: Environment) -> bool:
    """Run the unit tests, and the integration tests that show whether this ansible-core works at all.

    The longest tests of the host half are left out: it knows no ansible-core, and runs on every Python in any case.
    """
    left_out = [f"--ignore={_HOST_TESTS}/test_{name}.py" for name in _LONG_HOST_TESTS]
    units = _pytest(environment, "tests/unit", "--dist", "worksteal", *left_out)
    return units & _pytest(environment, "tests/integration", "-m", "smoke", "--dist", "loadfile")


def _pytest(environment: Environment, *arguments: str) -> bool:
    cache = f"cache_dir={BUILD / 'cache' / 'pytest' / environment.name}"
    # A short name: sockets are made below it, and their paths may have 107 characters.
    with tempfile.TemporaryDirectory(prefix="cf") as folder:
        usual = ("-q", "-rs", "-o", cache, "-n", "auto", f"--junit-xml={next_result()}", f"--basetemp={folder}/t")
        return _run(environment, "python", "-B", "-m", "pytest", *usual, *arguments, PYTHONPATH=str(TREE))


def benchmark(environment: Environment) -> bool:
    """Print what it costs beside `ping` and today's recipes; nothing in it passes or fails."""
    return _run(environment, "python", "-B", "tests/benchmark/run.py", cwd=ROOT, PYTHONPATH=str(TREE))


def molecule(environment: Environment) -> bool:
    """Play the role's scenario: create, converge, idempotence, verify, destroy."""
    return _run(
        environment,
        "molecule",
        "test",
        cwd=COLLECTION / "extensions",
        HOME=str(BUILD / "home"),
        XDG_CACHE_HOME=str(BUILD / "home" / ".cache"),
    )


def artefact(environment: Environment) -> bool:
    """Build the collection, install it into an empty path, and use it from there."""
    installed = _install(environment, BUILD / "artefact")
    if installed is None:
        return False
    variables = {**environment.variables(), "ANSIBLE_COLLECTIONS_PATH": str(installed)}
    return (
        _only_what_users_need(installed)
        & _documented(environment, variables)
        & _play(environment, variables, BUILD / "artefact")
    )


def demo(environment: Environment) -> bool:
    """Do what the README's `make demo` promises."""
    installed = _install(environment, BUILD / "demo")
    variables = {**environment.variables(), "ANSIBLE_COLLECTIONS_PATH": str(installed)}
    return installed is not None and _play(environment, variables, BUILD / "demo")


def _install(environment: Environment, where: Path) -> Path | None:
    """Return the path into which the freshly built collection was installed, None if that failed."""
    shutil.rmtree(where / "dist", ignore_errors=True)
    shutil.rmtree(where / "collections", ignore_errors=True)
    if not _run(environment, "ansible-galaxy", "collection", "build", "--output-path", str(where / "dist")):
        return None
    (archive,) = (where / "dist").glob("*.tar.gz")
    target = where / "collections"
    command = ("ansible-galaxy", "collection", "install", "--offline", "-p", str(target), str(archive))
    return target if _run(environment, *command, cwd=where, ANSIBLE_COLLECTIONS_PATH=str(target)) else None


def _only_what_users_need(installed: Path) -> bool:
    top = installed / "ansible_collections" / "certfleet" / "pki"
    allowed = {
        "CHANGELOG.md",
        "CHANGELOG.rst",
        "FILES.json",
        "LICENSE",
        "MANIFEST.json",
        "README.md",
        "changelogs",
        "docs",
        "meta",
        "playbooks",
        "plugins",
        "roles",
    }
    extra = sorted({path.name for path in top.iterdir()} - allowed)
    said = f"what users don't need: {', '.join(extra)}" if extra else "only what users need"
    say(f"The artefact holds {said}.")
    return not extra


def _documented(environment: Environment, variables: t.Mapping[str, str]) -> bool:
    """Return whether ansible-doc has the documentation of every module, filter and role of the repository."""
    results = []
    for kind, pattern in (("module", "plugins/modules/*.py"), ("filter", "plugins/filter/*.py"), ("role", "roles/*")):
        names = {f"certfleet.pki.{path.stem}" for path in COLLECTION.glob(pattern)}
        command = [environment.program("ansible-doc"), "--json", "--type", kind, *sorted(names)]
        answer = subprocess.run(command, env=dict(variables), stdout=subprocess.PIPE, text=True, cwd=BUILD, check=False)
        missing = names - set(json.loads(answer.stdout or "{}"))
        say(f"ansible-doc knows {len(names) - len(missing)} of {len(names)} of type {kind}. {' '.join(missing)}")
        results.append(not missing)
    return all(results)


def _play(environment: Environment, variables: t.Mapping[str, str], where: Path) -> bool:
    """Play the quickstart of the collection that is installed under ``where``."""
    command = ["ansible-playbook", "certfleet.pki.quickstart", "-e", f"pki_quickstart_dir={where / 'quickstart'}"]
    say(f"$ {' '.join(command)}")
    command[0] = environment.program(command[0])
    return call(command, cwd=where, env=dict(variables))


#: The steps that can be asked for by name.
SINGLE: t.Mapping[str, t.Callable[[Environment], bool]] = {
    "artefact": artefact,
    "benchmark": benchmark,
    "demo": demo,
    "docs": docs,
    "format": format_files,
    "integration": integration,
    "lint": lint,
    "molecule": molecule,
    "unit": unit,
}
