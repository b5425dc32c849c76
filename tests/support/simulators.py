# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What every simulated CA has in common: a real HTTPS server on the loopback, strict, with faults on demand.

class Example(Simulator):
    @route("POST", r"/certificates/(?P<profile>\\w+)")
    def enrol(self, call: Call) -> Answer:
        body = self.fields(call, {"csr": str, "days": int}, required=("csr",))
        return {"certificate": self.issue(body["csr"])}          # or Reply(202, {...}); or raise Refused(400, {...})

with Example(tmp_path) as ca:                # fails at the end if a request was not as the vendor describes it
    ca.url, ca.ca_bundle                     # https://127.0.0.1:PORT, path of the certificate that the server is checked with
    ca.fail(times=2, status=429, headers={"Retry-After": "1"}); ca.slow(3, path="/enrol"); ca.drop(before=False)
    ca.count("/certificates"), ca.calls, ca.violations
"""

from __future__ import annotations

import dataclasses
import datetime
import re
import ssl
import threading
import time
import typing as t
from pathlib import Path

from ansible_collections.certfleet.pki.tests.support.certificates import CertificateAuthority, Made
from ansible_collections.certfleet.pki.tests.support.simulators_http import Call, Reply, Server, handler_of, tls_issuer

__all__ = ("Answer", "Call", "Refused", "Reply", "Simulator", "route")

#: Field name to a type or a tuple of types.
Fields = t.Mapping[str, t.Any]


class Refused(Exception):
    """Ends the handling of a call with an error answer that is part of the CA's normal behaviour."""

    def __init__(self, status: int, body: t.Any = None, **more: t.Any) -> None:
        super().__init__(status)
        self.reply = Reply(status, body, **more)


Answer = t.Union[Reply, t.Mapping[str, t.Any], t.List[t.Any], None]
Handler = t.Callable[[t.Any, Call], Answer]


def route(method: str, path: str) -> t.Callable[[Handler], Handler]:
    """Have a method of a Simulator answer a path: a regular expression, matched as a whole."""

    def mark(handler: Handler) -> Handler:
        routes = getattr(handler, "_routes", ())
        handler._routes = (*routes, (method, re.compile(path)))  # type: ignore[attr-defined]
        return handler

    return mark


@dataclasses.dataclass
class _Fault:
    path: re.Pattern[str]
    times: int
    reply: t.Optional[Reply] = None
    seconds: float = 0.0
    drop: t.Optional[str] = None


class Simulator:
    """See the module's docstring. Handlers run one at a time; slowness and drops are outside of that."""

    def __init__(
        self,
        folder: Path,
        *,
        ca: t.Optional[CertificateAuthority] = None,
        tls: bool = True,
        client_ca: t.Optional[str] = None,
    ) -> None:
        """Take a folder for files, the CA that issues (else a new one), PEM that client certificates are checked with."""
        self.ca = ca or CertificateAuthority("Simulated Issuing CA", parent=CertificateAuthority("Simulated Root CA"))
        self.calls: t.List[Call] = []
        self.violations: t.List[str] = []
        self.lock = threading.RLock()
        self.folder = Path(folder)
        self.ca_bundle = str(self.folder / "simulator-ca.pem")
        self._faults: t.List[_Fault] = []
        self._routes = [
            (method, pattern, getattr(self, name))
            for name in dir(type(self))
            for method, pattern in getattr(getattr(type(self), name), "_routes", ())
        ]
        self._server = Server(("127.0.0.1", 0), handler_of(self.handle))
        self._scheme = "https" if tls else "http"
        if tls:
            self._server.tls = self._tls_context(client_ca)

    @property
    def url(self) -> str:
        return f"{self._scheme}://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> t.Any:
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, kind: t.Optional[type], *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        if kind is None and self.violations:
            raise AssertionError("requests that the vendor's API would refuse: " + "; ".join(self.violations))

    def _tls_context(self, client_ca: t.Optional[str]) -> ssl.SSLContext:
        issuer = tls_issuer()
        made = issuer.issue(["127.0.0.1", "localhost"], common_name="localhost")
        key = self.folder / "simulator-server.pem"
        self.folder.mkdir(parents=True, exist_ok=True)
        key.write_text(str(made.key_pem) + made.pem)
        Path(self.ca_bundle).write_text(issuer.pem)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(key)
        if client_ca:
            context.load_verify_locations(cadata=client_ca)
            context.verify_mode = ssl.CERT_OPTIONAL
        return context

    # Faults

    def fail(
        self,
        *,
        times: int = 1,
        status: int = 500,
        headers: t.Optional[t.Mapping[str, str]] = None,
        body: t.Any = None,
        path: str = "",
    ) -> None:
        """Answer the next calls whose path contains ``path`` (a regular expression) with a status; nothing is done."""
        self._add(path, times, reply=Reply(status, body, headers or {}))

    def slow(self, seconds: float, *, times: int = 1, path: str = "") -> None:
        """Wait before the next calls are handled."""
        self._add(path, times, seconds=seconds)

    def drop(self, *, before: bool = True, times: int = 1, path: str = "") -> None:
        """Close the connection without an answer: before the call has an effect, or after."""
        self._add(path, times, drop="before" if before else "after")

    def _add(self, path: str, times: int, **fault: t.Any) -> None:
        with self.lock:
            self._faults.append(_Fault(re.compile(path), times, **fault))

    def _next_fault(self, call: Call) -> t.Optional[_Fault]:
        for fault in self._faults:
            if fault.times > 0 and fault.path.search(call.path):
                fault.times -= 1
                return fault
        return None

    # What handlers use

    def violation(self, text: str, *, status: int = 400, body: t.Any = None) -> Refused:
        """Record a request that is not as the vendor describes it, and return the refusal to raise."""
        self.violations.append(text)
        return Refused(status, {"error": text} if body is None else body)

    def fields(self, call: Call, allowed: Fields, *, required: t.Iterable[str] = ()) -> t.Dict[str, t.Any]:
        """Return the JSON object of a call; anything unknown, missing or of another type is a violation."""
        if call.headers.get("Content-Type", "").split(";")[0].strip().lower() != "application/json":
            raise self.violation(f"{call.method} {call.path}: the content type is not application/json", status=415)
        try:
            body = call.json
        except ValueError:
            raise self.violation(f"{call.method} {call.path}: the body is no JSON") from None
        return self.checked(body, allowed, required=required, where=f"{call.method} {call.path}")

    def checked(
        self, body: t.Any, allowed: Fields, *, required: t.Iterable[str] = (), where: str
    ) -> t.Dict[str, t.Any]:
        """Check one JSON object (see ``fields``), for objects within objects."""
        if not isinstance(body, dict):
            raise self.violation(f"{where}: not an object")
        for name, value in body.items():
            if name not in allowed:
                raise self.violation(f"{where}: the field {name} is unknown")
            kinds: t.Tuple[type, ...] = allowed[name] if isinstance(allowed[name], tuple) else (allowed[name],)
            # JSON has no bool that is an int.
            if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
                raise self.violation(f"{where}: the field {name} is a {type(value).__name__}")
        for name in required:
            if name not in body:
                raise self.violation(f"{where}: the field {name} is missing")
        return body

    def issue(self, csr_pem: str, *, days: float = 90, **options: t.Any) -> Made:
        """Sign a request with the simulated CA; see CertificateAuthority.issue."""
        return self.ca.issue(csr_pem, days=days, **options)

    @staticmethod
    def now() -> datetime.datetime:
        return datetime.datetime.now(datetime.timezone.utc)

    def count(self, path: str = "", method: str = "") -> int:
        """Return how many calls came to paths that contain ``path`` (a regular expression)."""
        with self.lock:
            return sum(bool(re.search(path, one.path)) and method in ("", one.method) for one in self.calls)

    # The way of one call

    def handle(self, call: Call) -> t.Optional[Reply]:
        """Return the answer, or None if the connection is to be dropped."""
        with self.lock:
            self.calls.append(call)
            fault = self._next_fault(call)
        if fault is None:
            return self._answer(call)
        time.sleep(fault.seconds)
        if fault.drop == "before":
            return None
        reply = fault.reply or self._answer(call)
        return None if fault.drop else reply

    def _answer(self, call: Call) -> Reply:
        for method, pattern, handler in self._routes:
            match = pattern.fullmatch(call.path) if method == call.method else None
            if match:
                return self._guarded(handler, dataclasses.replace(call, match=match.groupdict()))
        self.violations.append(f"{call.method} {call.path}: there is no such path")
        return Reply(404, {"error": "not found"})

    def _guarded(self, handler: t.Callable[[Call], Answer], call: Call) -> Reply:
        with self.lock:
            try:
                answer = handler(call)
            except Refused as refused:
                return refused.reply
            except Exception as error:
                self.violations.append(f"{call.method} {call.path}: the simulator failed: {error!r}")
                return Reply(500, {"error": "the simulator failed"})
        return answer if isinstance(answer, Reply) else Reply(200, answer)
