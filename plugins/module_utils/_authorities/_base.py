# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: no promise is made about what is in here.

"""What a certificate authority has to be able to do, and what it may be able to do besides.

Two verbs are required. Everything else is a small class of its own that an authority
inherits if it has the ability; callers find out with ``isinstance``. No authority knows
Ansible: it gets options, a clock and a place for login tokens, and raises ``PkiError``.
"""

from __future__ import annotations

import abc
import dataclasses
import threading
import typing as t
from datetime import datetime, timezone

if t.TYPE_CHECKING:
    from ansible_collections.certfleet.pki.plugins.module_utils._model import (
        AuthorityChain,
        CertificateReference,
        CertificateStatus,
        Challenge,
        Hosting,
        Issued,
        Order,
        Pending,
        RenewalSuggestion,
    )
    from ansible_collections.certfleet.pki.plugins.module_utils._policy import Policy

__all__ = (
    "Authority",
    "Cancels",
    "Context",
    "Describes",
    "FindsRequest",
    "HasChain",
    "HasPolicy",
    "Lists",
    "Login",
    "MemoryTokens",
    "ProvesControl",
    "ReportsStatus",
    "Revokes",
    "RevokesByKey",
    "SuggestsRenewal",
    "Tokens",
    "utc_now",
)

OptionSpec = t.Mapping[str, t.Mapping[str, t.Any]]


def utc_now() -> datetime:
    """Return the current time, aware, in UTC."""
    return datetime.now(timezone.utc)


@dataclasses.dataclass(frozen=True)
class Login:
    """A CA's answer to a login; ``expires_at`` is None for a token that does not expire."""

    token: str
    expires_at: t.Optional[datetime] = None


class Tokens(abc.ABC):
    """Where logins are kept, so that many forks or calls need only one."""

    @abc.abstractmethod
    def get(self, key: str, login: t.Callable[[], Login]) -> Login:
        """Return the login kept under ``key``, or call ``login`` and keep what it returns."""

    @abc.abstractmethod
    def forget(self, key: str, stale: Login) -> None:
        """Drop ``stale`` if it is still what is kept under ``key``, because the CA refused it."""


class MemoryTokens(Tokens):
    """Keeps logins as long as the process lives."""

    def __init__(self) -> None:
        self._logins: t.Dict[str, Login] = {}
        self._lock = threading.Lock()

    def get(self, key: str, login: t.Callable[[], Login]) -> Login:
        with self._lock:
            if key not in self._logins:
                self._logins[key] = login()
            return self._logins[key]

    def forget(self, key: str, stale: Login) -> None:
        with self._lock:
            if self._logins.get(key) == stale:
                del self._logins[key]


@dataclasses.dataclass(frozen=True)
class Context:
    """What an authority may use of the world: the time, and a place for logins.

    With ``check`` nothing may be changed, not even what an authority otherwise keeps fresh by the way.
    """

    clock: t.Callable[[], datetime] = utc_now
    tokens: Tokens = dataclasses.field(default_factory=MemoryTokens)
    check: bool = False


class Authority(abc.ABC):
    """One certificate authority, opened for one task. Opening does no I/O; login is lazy.

    Methods may be called from several threads at once.
    """

    #: The key in the ``authority`` option, and the ``authority`` field of results.
    NAME: t.ClassVar[str]
    #: Its options, as an Ansible argument spec whose entries also carry ``description`` (see _options).
    OPTIONS: t.ClassVar[OptionSpec]
    #: What belongs to OPTIONS as a whole: ``mutually_exclusive``, ``required_one_of`` ...
    RELATIONS: t.ClassVar[t.Mapping[str, t.Any]] = {}
    #: One sentence for the documentation.
    DESCRIPTION: t.ClassVar[str]
    #: Environment variables (of the controller) that give an option's default: option name to variable names.
    ENVIRONMENT: t.ClassVar[t.Mapping[str, t.Tuple[str, ...]]] = {}

    #: Whether the CA makes the common name as it likes, so that it is not worth a word.
    CHOOSES_COMMON_NAME: t.ClassVar[bool] = False

    def __init__(self, options: t.Mapping[str, t.Any], context: t.Optional[Context] = None) -> None:
        """Keep the options (validated, nulls dropped, defaults filled in). Raises Misconfigured."""
        self.options = options
        self.context = context or Context()

    def expected(self, order: Order) -> Order:
        """Return what a certificate from this CA is compared with."""
        return dataclasses.replace(order, common_name=None) if self.CHOOSES_COMMON_NAME else order

    @property
    @abc.abstractmethod
    def identity(self) -> str:
        """Return ``NAME:`` and what tells this CA from another (URL, mount, role ...); never the issuer's name."""

    @abc.abstractmethod
    def request(self, order: Order) -> t.Union[Issued, Pending]:
        """Ask for a certificate. Raises Rejected if asking the same again is pointless."""

    @abc.abstractmethod
    def collect(self, request_id: str) -> t.Union[Issued, Pending]:
        """Fetch what became of an earlier request. Raises NotFound, Rejected (denied)."""


class Revokes(abc.ABC):
    """Can revoke."""

    @abc.abstractmethod
    def revoke(self, reference: CertificateReference, *, reason: str) -> bool:
        """Revoke for a reason of RFC 5280 in snake_case; False if it was revoked before. Raises NotFound."""


class RevokesByKey(abc.ABC):
    """Can revoke for whoever has the certificate's private key, which need not be here."""

    @abc.abstractmethod
    def revoke_with_key(self, certificate_pem: str, *, reason: str, sign: t.Callable[[bytes, str], bytes]) -> bool:
        """Revoke as `Revokes.revoke` does, with a signature by the certificate's key. Raises NotFound.

        ``sign(data, algorithm)`` is called with RS256, ES256, ES384 or ES512 (RFC 7518, section 3.1), maybe more than
        once, and returns the signature as OpenSSL makes it: PKCS#1 v1.5 for RSA, DER for ECDSA.
        """


class ReportsStatus(abc.ABC):
    """Can tell the status of a certificate or request without changing anything."""

    @abc.abstractmethod
    def status(self, reference: CertificateReference) -> CertificateStatus:
        """Return the status, with the certificate and its chain where there is one. Raises NotFound."""


class HasPolicy(abc.ABC):
    """Can tell its own rules before anything is requested."""

    @abc.abstractmethod
    def policy(self) -> t.Optional[Policy]:
        """Return the CA's rules, or None if these credentials may not read them."""


class SuggestsRenewal(abc.ABC):
    """Can tell when it would like a certificate renewed (RFC 9773)."""

    @abc.abstractmethod
    def suggest_renewal(self, certificate_pem: str) -> t.Optional[RenewalSuggestion]:
        """Return the window that the CA suggests, or None if it suggests none."""


class FindsRequest(abc.ABC):
    """Can find a request again whose answer was lost."""

    @abc.abstractmethod
    def find_request(self, order: Order) -> t.Union[Issued, Pending, None]:
        """Return what became of a request with this very CSR, or None if there was none."""


class Cancels(abc.ABC):
    """Can take back a request that is still pending."""

    @abc.abstractmethod
    def cancel(self, request_id: str) -> None:
        """Cancel; a request that is unknown or no longer pending is not an error."""


class ProvesControl(abc.ABC):
    """Issues only once control of the names has been shown (RFC 8555, section 8).

    ``request`` and ``resume`` return Pending with the ``challenges`` that have to be shown. Whoever
    called has those with a ``hosting`` shown by hosts, then calls ``show``, then ``collect`` until the
    request is decided, and in any case ``hide`` at the end.
    """

    @property
    @abc.abstractmethod
    def hosting(self) -> t.Optional[Hosting]:
        """Return where hosts show this CA's challenges, None if none has a part in it."""

    @abc.abstractmethod
    def resume(self, request_id: str, order: Order) -> t.Union[Issued, Pending]:
        """Take up an earlier request, which needs its CSR to be brought to an end. Raises NotFound, Rejected."""

    @abc.abstractmethod
    def show(self, pending: Pending) -> None:
        """Show what needs no host (records in the DNS), wait until it can be seen, and have the CA look."""

    @abc.abstractmethod
    def hide(self, challenges: t.Sequence[Challenge]) -> None:
        """Take back what ``show`` has put in place, in this run or an earlier one; nothing there is no error."""


class Lists(abc.ABC):
    """Can list what it issued."""

    @abc.abstractmethod
    def list_certificates(self) -> t.Iterator[CertificateStatus]:
        """Yield every certificate it can tell about, page by page."""


class HasChain(abc.ABC):
    """Can tell its own certificates."""

    @abc.abstractmethod
    def chain(self) -> AuthorityChain:
        """Return the issuing certificate first, then what signed it, and the CRL addresses."""


class Describes(abc.ABC):
    """Can tell more about itself than the other abilities have a place for."""

    @abc.abstractmethod
    def describe(self) -> t.Mapping[str, t.Any]:
        """Return plain types under names in snake_case."""
