# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An ACME client without any of the collection's code, which shows what a server can do.

client = PlainClient(ca.directory, ca.ca_bundle)
pem = client.issue(["www.example.com"], show=lambda name, token, content: ca.challenges.add_http01(token, content))
"""

from __future__ import annotations

import typing as t
import weakref

from acme import challenges, client, messages
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from josepy import jwk

from ansible_collections.certfleet.pki.tests.support.certificates import make_csr

__all__ = ("PlainClient",)

#: Called with the name, the token and the content (http-01), or the record's name, "" and its value (dns-01).
Show = t.Callable[[str, str, str], object]


class _Network(client.ClientNetwork):
    """The library tries once more after badNonce, which is not enough for a server that rejects 5 % of all nonces."""

    def post(self, *args: t.Any, **options: t.Any) -> t.Any:
        for _number in range(5):
            try:
                return super().post(*args, **options)
            except messages.Error as error:
                if error.code != "badNonce":
                    raise
        raise RuntimeError("the server takes no nonce")


class PlainClient:
    """An account with a new RSA key; ``eab`` is the pair of key id and key that binds it."""

    def __init__(self, directory: str, ca_bundle: str, *, eab: tuple[str, str] | None = None) -> None:
        self._key = jwk.JWKRSA(key=rsa.generate_private_key(65537, 2048))
        net = _Network(self._key, verify_ssl=t.cast(bool, ca_bundle), timeout=30)
        net.session.trust_env = False
        weakref.finalize(self, net.session.close)
        self.acme = client.ClientV2(client.ClientV2.get_directory(directory, net), net)
        binding = self._binding(*eab) if eab else None
        self.account = self.acme.new_account(
            messages.NewRegistration.from_data(
                email="admin@example.com", terms_of_service_agreed=True, external_account_binding=binding
            )
        )

    def _binding(self, key_id: str, key: str) -> t.Any:
        return messages.ExternalAccountBinding.from_data(
            account_public_key=self._key.public_key(), kid=key_id, hmac_key=key, directory=self.acme.directory
        )

    def issue(self, names: t.Sequence[str], show: Show, *, challenge: str = "http-01") -> str:
        """Return the full chain for a new key, after every name was proved with ``challenge``."""
        order = self.acme.new_order(make_csr(names, common_name=None).pem.encode())
        for authorization in order.authorizations:
            if authorization.body.status != messages.STATUS_VALID:
                self._prove(authorization, show, challenge)
        return self.acme.poll_and_finalize(order).fullchain_pem

    def _prove(self, authorization: messages.AuthorizationResource, show: Show, challenge: str) -> None:
        body = next(one for one in authorization.body.challenges if one.chall.typ == challenge)
        response, content = body.response_and_validation(self._key)
        name = authorization.body.identifier.value
        if isinstance(body.chall, challenges.DNS01):
            show(body.chall.validation_domain_name(name), "", content)
        else:
            show(name, body.chall.encode("token"), content)
        # answer_challenge() insists on a Link header "up", which acmeeh does not send.
        self.acme.net.post(body.uri, response, new_nonce_url=self.acme.directory["newNonce"])

    def revoke(self, pem: str) -> None:
        """Revoke a certificate."""
        self.acme.revoke(x509.load_pem_x509_certificate(pem.encode()), 0)

    def renewal_information(self, pem: str) -> tuple[t.Any, t.Any]:
        """Return when the server suggests to renew (None: it does not), and when to ask again."""
        return self.acme.renewal_time(pem.encode())
