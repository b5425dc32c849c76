# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: no promise is made about what is in here.

"""The host half as one text on an interpreter's standard input, and how its answer is read.

The modules of ``module_utils/_host`` travel as string literals and are compiled on the host
when they are first imported, so that an observation never pays for what only an installation
needs. The text around them is valid Python 2.7, so that an interpreter that is too old can
say so in a sentence.
"""

from __future__ import annotations

import base64
import functools
import json
import pathlib
import re
import typing as t

from ansible_collections.certfleet.pki.plugins.module_utils import _host
from ansible_collections.certfleet.pki.plugins.module_utils._errors import HostFailure
from ansible_collections.certfleet.pki.plugins.module_utils._host.layout import KEYSTORES
from ansible_collections.certfleet.pki.plugins.module_utils._host.program import DEPLOYMENT, EXTRAS, STATES, USES

__all__ = (
    "INTERPRETER_ARGUMENTS",
    "PARTS",
    "build_program",
    "check_answers",
    "check_challenges",
    "check_signatures",
    "decode_answer",
    "parse_answer",
    "parts_of",
    "render_call",
)

#: Each state, and each other thing that a request may ask for, with the module of the host half that does it.
PARTS: t.Mapping[str, str] = {**STATES, **EXTRAS, "keystores": "keystores", "live": "live", "deploy": "deploy"}

#: What a module imports for some requests only, and those name it as a part: others need not carry it.
_ON_DEMAND = {"observe": frozenset({"keystores"})}

#: As isolated as ``-I``, which Python 2.7 does not know: it would end in a usage text, not in our sentence.
#: The program itself removes the working directory from the search path before it imports anything.
INTERPRETER_ARGUMENTS = ("-E", "-s", "-S", "-")

PACKAGE = "ansible_collections.certfleet.pki.plugins.module_utils._host"
BEGIN = "-----BEGIN CERTFLEET ANSWER-----"
END = "-----END CERTFLEET ANSWER-----"

_CHALLENGES = ("show", "hide")
_WRONG_FORM = "The host's answer has the wrong form: run again, and report it if it stays."

_HEAD = """\
import sys
sys.path[:] = [path for path in sys.path if path]
PACKAGE = %(package)r
SOURCES = {%(sources)s}
def tell(text):
    sys.stdout.write("\\n%(begin)s\\n" + text + "\\n%(end)s\\n")
    sys.stdout.flush()
class Finder(object):
    @staticmethod
    def find_spec(name, path=None, target=None):
        if name in SOURCES or PACKAGE.startswith(name + "."):
            return type(sys.__spec__)(name, Finder, is_package=name not in SOURCES or name == PACKAGE)
    @staticmethod
    def create_module(spec):
        return None
    @staticmethod
    def exec_module(module):
        name = module.__name__
        exec(compile(SOURCES.get(name, ""), name, "exec"), module.__dict__)
def main(text):
    if sys.version_info < (3, 6):
        return tell('{"failure": "The host has Python %%d.%%d, but 3.6 or newer is needed: '
                    'set ansible_python_interpreter."}' %% sys.version_info[:2])
    try:
        sys.meta_path.insert(0, Finder)
        from %(package)s.codec import dumps, loads
        from %(package)s.program import run
        tell(dumps(run(loads(text))))
    except Exception as error:
        tell('{"failure": "The host program failed with %%s: please report this."}' %% type(error).__name__)
"""


def parts_of(request: t.Mapping[str, t.Any]) -> t.FrozenSet[str]:
    """Return the parts that a request needs."""
    items = request["certificates"]
    states = {request["state"], *(item["state"] for item in items if "state" in item)}
    used = {item.get("state", request["state"]) for item in items if any(map(item.get, DEPLOYMENT))}
    keystores = any(name in (item.get("formats") or ()) for item in items for name in KEYSTORES.values())
    needed = {USES[state] for state in used & USES.keys()} | ({"keystores"} if keystores else set())
    return frozenset(states | (EXTRAS.keys() & request.keys()) | needed)


@functools.cache
def build_program(parts: t.FrozenSet[str] = frozenset(PARTS)) -> str:
    """Return the program for requests with these states and other parts, without a request.

    Only the modules that these can reach are in it. Made once per process; ASCII throughout.
    """
    names = _reachable(["codec", "program", *sorted(PARTS[part] for part in parts)])
    sources = {PACKAGE: "", **{f"{PACKAGE}.{name}": _MODULES[name].source for name in sorted(names)}}
    literals = ",\n".join(f"{name!r}: {source!a}" for name, source in sources.items())
    return _HEAD % {"package": PACKAGE, "sources": literals, "begin": BEGIN, "end": END}


def render_call(program: str, request: t.Mapping[str, t.Any]) -> bytes:
    """Return what is to be written to the interpreter's standard input: the program and one request."""
    return f"{program}main({json.dumps(request)!r})\n".encode("ascii")


def parse_answer(stdout: str) -> t.Dict[str, t.Any]:
    """Return the host program's answer from its standard output, whatever was printed around it.

    Raises HostFailure with one sentence that repeats nothing of the output: it may hold a secret.
    """
    _noise, begin, rest = stdout.replace("\r\n", "\n").rpartition(f"{BEGIN}\n")
    text, end, _more = rest.partition(f"\n{END}")
    if not begin or not end:
        raise HostFailure(
            "The host's Python gave no whole answer: check ansible_python_interpreter and the connection."
        )
    try:
        answer = json.loads(text)
    except ValueError:
        raise HostFailure("The host's answer can't be read: check what its shell prints at login.") from None
    return _checked(answer)


def check_answers(answer: t.Any, count: int) -> t.List[t.Dict[str, t.Any]]:
    """Return the answers to ``count`` items, whichever way they came. Raises HostFailure unless they have our form."""
    answers = _checked(answer)["certificates"]
    if len(answers) != count:
        raise HostFailure(_WRONG_FORM)
    return answers


def check_challenges(answer: t.Mapping[str, t.Any], challenges: t.Mapping[str, t.Any]) -> t.Dict[str, t.Any]:
    """Return the answer to the challenges: an error or None for each. Raises HostFailure unless it has our form."""
    found = answer.get("challenges") or {what: [] for what in _CHALLENGES}
    if any(len(found[what]) != len(challenges.get(what) or ()) for what in _CHALLENGES):
        raise HostFailure(_WRONG_FORM)
    return found


def check_signatures(answer: t.Mapping[str, t.Any], count: int) -> t.List[t.Dict[str, t.Any]]:
    """Return ``count`` signatures, each ``signature`` or ``error``. Raises HostFailure unless they have our form."""
    found = answer.get("signatures") or []
    if len(found) != count:
        raise HostFailure(_WRONG_FORM)
    return found


def _checked(answer: t.Any) -> t.Dict[str, t.Any]:
    if isinstance(answer, dict) and isinstance(answer.get("failure"), str):
        raise HostFailure(answer["failure"])
    answers = answer.get("certificates") if isinstance(answer, dict) else None
    if not isinstance(answers, list) or not all(map(_has_our_form, answers)):
        raise HostFailure(_WRONG_FORM)
    if not _are_challenges(answer.get("challenges")) or not _are_signatures(answer.get("signatures")):
        raise HostFailure(_WRONG_FORM)
    return answer


def _has_our_form(answer: t.Any) -> bool:
    if not isinstance(answer, dict):
        return False
    attributes = answer.get("attributes", [])
    return (
        isinstance(answer.get("changed"), bool)
        and _is_none_or_has_texts(answer.get("error"), ("code", "detail"))
        and _is_none_or_has_texts(answer.get("prepared"), ("csr_pem", "request_token"))
        and isinstance(answer.get("installed_at"), (str, type(None)))
        and isinstance(attributes, list)
        and all(isinstance(difference, dict) for difference in attributes)
    )


def _are_challenges(part: t.Any) -> bool:
    if not isinstance(part, dict):
        return part is None
    lists = [part.get(what) for what in _CHALLENGES]
    return isinstance(part.get("changed"), bool) and all(
        isinstance(errors, list) and all(_is_none_or_has_texts(error, ("code", "detail")) for error in errors)
        for errors in lists
    )


def _are_signatures(part: t.Any) -> bool:
    if not isinstance(part, list):
        return part is None
    return all(isinstance(found, dict) and _is_signature(found) for found in part)


def _is_signature(found: t.Mapping[str, t.Any]) -> bool:
    error = found.get("error")
    return (
        isinstance(found.get("signature"), str) if error is None else _is_none_or_has_texts(error, ("code", "detail"))
    )


def _is_none_or_has_texts(part: t.Any, fields: t.Sequence[str]) -> bool:
    return part is None or (isinstance(part, dict) and all(isinstance(part.get(field), str) for field in fields))


def decode_answer(text: t.Any) -> t.Dict[str, t.Any]:
    """Return the answer of the module certificate_store, called with ``encoded``. Raises HostFailure."""
    try:
        answer = json.loads(base64.b64decode(str(text), validate=True))
    except ValueError:
        raise HostFailure("The host's answer came masked or damaged: use a longer passphrase.") from None
    return _checked(answer)


class _Module(t.NamedTuple):
    """One file of the host half: what is sent, and which others it imports."""

    source: str
    imports: t.FrozenSet[str]


def _reachable(entries: t.Sequence[str]) -> t.Set[str]:
    """Return the names of all modules that the entries import, directly or not."""
    found: t.Set[str] = set()
    waiting = list(entries)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting.extend(_MODULES[name].imports)
    return found


def _read_module(path: pathlib.Path) -> _Module:
    """Read and resolve one file. ``program`` names all operations, so imports inside its functions don't count."""
    source = path.read_text(encoding="utf-8")
    imports = _TOP_IMPORT if path.stem == "program" else _ANY_IMPORT
    names = {name for match in imports.finditer(source) for name in _NAME.findall(match["module"] or match["names"])}
    return _Module(_without_docstrings(source), frozenset(names - _ON_DEMAND.get(path.stem, frozenset())))


def _without_docstrings(source: str) -> str:
    """Return the source less docstrings and comment lines: a third less on the wire and in the parser."""
    lines = _DOCSTRING.sub(r"\g<indent>0", source).splitlines()
    return "\n".join(line for line in lines if line.strip() and not line.lstrip().startswith("#")) + "\n"


# Patterns, because every play pays for this: syntax trees of all files take fifteen times as long.
_IMPORT = rf"from {re.escape(PACKAGE)}(?:\.(?P<module>\w+))? import (?P<names>\([^()]*\)|.*)"
_TOP_IMPORT = re.compile("^" + _IMPORT, re.MULTILINE)
_ANY_IMPORT = re.compile("^ *" + _IMPORT, re.MULTILINE)
_NAME = re.compile(r"\w+")
#: A statement that is nothing but a string; a literal takes its place, because a body must not be empty.
_DOCSTRING = re.compile(r'^(?P<indent> *)"""(?:[^"\\]|\\.|"(?!""))*"""$', re.MULTILINE | re.DOTALL)

#: Read at import: an action plugin is imported once, in the parent, and its workers are forks.
_MODULES: t.Mapping[str, _Module] = {
    path.stem: _read_module(path)
    for path in sorted(pathlib.Path(next(iter(_host.__path__))).glob("*.py"))
    if path.stem != "__init__"
}
