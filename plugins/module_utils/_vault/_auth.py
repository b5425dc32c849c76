# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: no promise is made about what is in here.
"""Ways to log in to Vault: each knows its path and what it sends there.

Credentials are read when they are needed and kept nowhere.
"""

from __future__ import annotations

import abc
import os
import typing as t

from ansible_collections.certfleet.pki.plugins.module_utils._errors import Misconfigured

__all__ = ("AppRole", "Auth", "Cert", "Jwt", "Kubernetes", "StaticToken", "UserPass", "check_segment", "choose_auth")


class Auth(abc.ABC):
    """One way to get a token. ``hint`` ends a sentence that says what to check when the server refuses the login."""

    NAME: t.ClassVar[str]
    hint: t.ClassVar[str]

    def __init__(self, options: t.Mapping[str, t.Any]) -> None:
        self.options = options

    @property
    def mount(self) -> str:
        """Return where the auth method is mounted, without ``auth/``."""
        return str(self.options.get("mount") or self.NAME).strip("/")

    @property
    def path(self) -> str:
        """Return the path of the login below ``/v1/``."""
        return f"auth/{self.mount}/login"

    @property
    def client_certificate(self) -> t.Optional[t.Tuple[str, str]]:
        """Return (certificate, key), paths, if the login needs mutual TLS."""
        return None

    @property
    def wrapped(self) -> str:
        """Return the response-wrapping token that holds the secret, if that is how it comes."""
        return ""

    @abc.abstractmethod
    def body(self, secret_id: str) -> t.Dict[str, str]:
        """Return what to send; ``secret_id`` is what ``wrapped`` held, if there is that. Raises Misconfigured."""


class StaticToken(Auth):
    """A token that the user brought: no login."""

    NAME = "token"
    hint = "give another token"

    def __init__(self, token: str) -> None:
        super().__init__({})
        self.token = token.strip()

    def body(self, secret_id: str) -> t.Dict[str, str]:
        return {}


class AppRole(Auth):
    """AppRole with a secret id, a wrapped one, or none."""

    NAME = "approle"
    hint = "role_id and secret_id, and whether the secret id is used up or expired"

    @property
    def wrapped(self) -> str:
        return self.options.get("wrapped_secret_id") or ""

    def body(self, secret_id: str) -> t.Dict[str, str]:
        secret = secret_id or self.options.get("secret_id")
        return {"role_id": self.options["role_id"], **({"secret_id": secret} if secret else {})}


class Jwt(Auth):
    """A JSON web token, given or in a variable of the controller."""

    NAME = "jwt"
    hint = "role, and the token's audience and expiry"

    def body(self, secret_id: str) -> t.Dict[str, str]:
        role = {"role": self.options["role"]} if self.options.get("role") else {}
        return {"jwt": self._jwt(), **role}

    def _jwt(self) -> str:
        if self.options.get("jwt"):
            return str(self.options["jwt"]).strip()
        variable = self.options.get("jwt_env", "")
        token = os.environ.get(variable, "").strip()
        if not token:
            raise Misconfigured(f"The variable '{variable}' that jwt_env names is not set on the controller.")
        return token


class Kubernetes(Auth):
    """A Kubernetes service account token, given or in a file of the controller."""

    NAME = "kubernetes"
    hint = "role, and the service account that it is bound to"
    DEFAULT_PATH = "/var/run/secrets/kubernetes.io/serviceaccount/token"

    def body(self, secret_id: str) -> t.Dict[str, str]:
        return {"role": self.options["role"], "jwt": self._jwt()}

    def _jwt(self) -> str:
        if self.options.get("jwt"):
            return str(self.options["jwt"]).strip()
        path = os.path.expanduser(self.options.get("token_path") or self.DEFAULT_PATH)
        try:
            with open(path, encoding="ascii") as file:
                return file.read().strip()
        except OSError as error:
            raise Misconfigured(f"The service account token in {path} can't be read: {error.strerror}.") from None
        except UnicodeDecodeError:
            raise Misconfigured(f"{path} holds no service account token.") from None


class Cert(Auth):
    """A TLS client certificate."""

    NAME = "cert"
    hint = "whether a role of the auth method trusts the certificate"

    @property
    def client_certificate(self) -> t.Optional[t.Tuple[str, str]]:
        return self.options["certificate"], self.options["private_key"]

    def body(self, secret_id: str) -> t.Dict[str, str]:
        return {"name": self.options["name"]} if self.options.get("name") else {}


class UserPass(Auth):
    """A user name and a password."""

    NAME = "userpass"
    hint = "username and password"

    @property
    def path(self) -> str:
        return f"auth/{self.mount}/login/{check_segment(self.options['username'], option='username')}"

    def body(self, secret_id: str) -> t.Dict[str, str]:
        return {"password": self.options["password"]}


def check_segment(text: str, *, option: str) -> str:
    """Return what is to be one segment of a path. Raises Misconfigured if it would be more."""
    if not text or "/" in text or text in (".", "..") or any(ord(character) < 32 for character in text):
        raise Misconfigured(f"{option} must be a plain name, without slashes.")
    return text


_METHODS: t.Mapping[str, t.Type[Auth]] = {method.NAME: method for method in (AppRole, Jwt, Kubernetes, Cert, UserPass)}


def choose_auth(options: t.Optional[t.Mapping[str, t.Any]]) -> t.Optional[Auth]:
    """Return the one method that the option ``auth`` names, None if nothing is given. Raises Misconfigured."""
    given = {name: value for name, value in (options or {}).items() if value is not None}
    if not given:
        return None
    if len(given) > 1:
        raise Misconfigured(f"auth takes exactly one method, and {', '.join(sorted(given))} are given; keep one.")
    ((name, value),) = given.items()
    if name == StaticToken.NAME:
        return StaticToken(value)
    if name not in _METHODS:
        raise Misconfigured(f"auth: '{name}' is not known; use one of token, {', '.join(_METHODS)}.")
    return _METHODS[name](value)
