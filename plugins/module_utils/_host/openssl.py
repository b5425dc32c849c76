# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: no promise is made about what is in here.

"""Keys and requests, made by the host's ``openssl``. Secrets go through pipes only."""

import os
import re
import subprocess

from ansible_collections.certfleet.pki.plugins.module_utils._host.errors import StoreError

TYPE_CHECKING = False
if TYPE_CHECKING:
    import typing as t

    #: The option of openssl that takes it, and the secret if there is one.
    _Secrets = t.Sequence[t.Tuple[str, t.Optional[str]]]

__all__ = ("new_key_and_request", "output_of", "request_for", "signature")

#: No key takes longer than this, in seconds.
TIMEOUT = 300

_CURVES = {"P-256": "prime256v1", "P-384": "secp384r1", "P-521": "secp521r1"}
#: What the controller writes into a configuration without a subject (its _csr_config).
_EMPTY_SUBJECT = "# subject: empty"
_BLOCK = re.compile(r"-----BEGIN ([A-Z0-9 ]+)-----.*?-----END \1-----\n?", re.DOTALL)


def new_key_and_request(key, config_path):
    # type: (dict, str) -> t.Tuple[str, str]
    """Return a new key, in the form asked for, and a request signed with it, both in PEM.

    ``key`` holds type, curve, size, format and passphrase. One process, and another only for a
    key that is to be encrypted or in the traditional form; it is in clear in the pipe alone.
    """
    arguments = ["req", "-new", "-nodes", "-config", config_path, "-keyout", "/dev/stdout", "-out", "/dev/stdout"]
    output = _run(arguments + _subject(config_path) + _algorithm(key), step="key")
    blocks = {match.group(1): match.group(0) for match in _BLOCK.finditer(output)}
    plain = next((pem for label, pem in blocks.items() if label.endswith("PRIVATE KEY")), "")
    request = next((pem for label, pem in blocks.items() if label.endswith("CERTIFICATE REQUEST")), "")
    if not plain or not request:
        raise StoreError("openssl_failed", "openssl req gave no key or no request: update openssl on the host.", "key")
    return _converted(plain, key), request


def request_for(key_path, passphrase, config_path):
    # type: (str, t.Optional[str], str) -> str
    """Return a request signed with an existing key."""
    arguments = ["req", "-new", "-config", config_path, "-key", key_path] + _subject(config_path)
    return _run(arguments, step="csr", secrets=(("-passin", passphrase),))


def signature(key_path, passphrase, digest, data):
    # type: (str, t.Optional[str], str, bytes) -> bytes
    """Return the signature over the data: PKCS #1 v1.5 with an RSA key, DER with an ECDSA one."""
    return output_of(["dgst", "-" + digest, "-sign", key_path], "sign", data, (("-passin", passphrase),))


def _subject(config_path):
    # type: (str) -> t.List[str]
    """Return what openssl needs besides the configuration: there, it refuses a subject that is empty."""
    with open(config_path, encoding="utf-8") as handle:
        return ["-subj", "/"] if _EMPTY_SUBJECT in handle.read().splitlines() else []


def _algorithm(key):
    # type: (dict) -> t.List[str]
    kind = key.get("type") or "ecdsa"
    if kind == "ed25519":
        return ["-newkey", "ed25519"]
    if kind == "rsa":
        return ["-sha256", "-newkey", "rsa:%d" % int(key.get("size") or 2048)]
    curve = key.get("curve") or "P-256"
    if kind != "ecdsa" or curve not in _CURVES:
        raise StoreError(
            "bad_call", "The key type %s %s is not known: use ecdsa, rsa or ed25519." % (kind, curve), "key"
        )
    return [
        "-sha256",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:" + _CURVES[curve],
        "-pkeyopt",
        "ec_param_enc:named_curve",
    ]


def _converted(plain, key):
    # type: (str, dict) -> str
    traditional = key.get("format") == "traditional" and key.get("type") != "ed25519"
    if not traditional and not key.get("passphrase"):
        return plain
    arguments = ["pkey"]
    if traditional:
        arguments.append("-traditional")
    if key.get("passphrase"):
        arguments.append("-aes256")
    return _run(arguments, step="key", data=plain, secrets=(("-passout", key.get("passphrase")),))


def _run(arguments, step, data="", secrets=()):
    # type: (t.List[str], str, str, _Secrets) -> str
    return output_of(arguments, step, data.encode("ascii"), secrets).decode("ascii", "replace")


def output_of(arguments, step, data, secrets):
    # type: (t.List[str], str, bytes, _Secrets) -> bytes
    """Run openssl and return its output; each secret goes through a pipe of its own. The output may be a key."""
    descriptors = []  # type: t.List[int]
    try:
        for option, secret in secrets:
            if secret:
                descriptors.append(_pipe_with(secret, step))
                arguments = arguments + [option, "fd:%d" % descriptors[-1]]
        return _communicate(arguments, data, step, tuple(descriptors))
    finally:
        for descriptor in descriptors:
            os.close(descriptor)


def _pipe_with(secret, step):
    # type: (str, str) -> int
    """Return the end to read a secret from."""
    if "\n" in secret or "\r" in secret or len(secret.encode("utf-8")) > 1023:
        raise StoreError("bad_passphrase", "The passphrase must be one line of at most 1023 bytes.", step)
    reading, writing = os.pipe()
    os.write(writing, secret.encode("utf-8") + b"\n")
    os.close(writing)
    return reading


def _communicate(arguments, data, step, descriptors):
    # type: (t.List[str], bytes, str, t.Tuple[int, ...]) -> bytes
    try:
        # There is no AnsibleModule, and so no run_command, when this comes over standard input.
        process = subprocess.Popen(  # pylint: disable=ansible-bad-function
            ["openssl"] + arguments,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            pass_fds=descriptors,
            env=dict(os.environ, LC_ALL="C"),
        )
    except OSError:
        raise StoreError(
            "no_openssl", "There is no openssl program on the host: install the package openssl.", step
        ) from None
    with process:
        try:
            output, errors = process.communicate(data, timeout=TIMEOUT)
        except subprocess.TimeoutExpired:
            process.kill()
            raise StoreError("openssl_failed", "openssl %s took over %d s." % (arguments[0], TIMEOUT), step) from None
    if process.returncode != 0:
        raise StoreError("openssl_failed", "openssl %s failed: %s." % (arguments[0], _reason(errors)), step)
    return output


def _reason(errors: bytes) -> str:
    """Return the last error of openssl's error stack, or its first line of text."""
    lines = [line.strip() for line in errors.decode("utf-8", "replace").splitlines() if line.strip(" .+*-\t")]
    stack = [line.split(":error:", 1)[-1] for line in lines if ":error:" in line]
    return (stack[-1:] or lines[:1] or ["no reason given"])[0].rstrip(".:")
