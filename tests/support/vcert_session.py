# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a user of the vendor's own client, vcert, does: run by an interpreter that has vcert, and nothing of this collection.

vcert_session.py tpp|saas URL CA_BUNDLE ZONE CREDENTIAL: reads the policy, requests, retrieves, renews, revokes, and prints
a JSON object of what it got.
"""

import hashlib
import json
import sys

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from vcert import CertificateRequest, RevocationRequest, VenafiPlatform, venafi_connection


def main() -> None:
    kind, url, bundle, zone, credential = sys.argv[1:]
    connection = connect(kind, url, bundle, credential)
    policy = connection.get_policy(zone)
    zone_config = connection.read_zone_conf(zone)
    request = CertificateRequest(common_name="vcert.example.com", san_dns=["vcert.example.com"], timeout=20)
    request.update_from_zone_config(zone_config)
    connection.request_cert(request, zone)
    first = connection.retrieve_cert(request)
    renewal = CertificateRequest(cert_id=request.id, timeout=20)
    connection.renew_cert(renewal)
    second = connection.retrieve_cert(renewal)
    revoked = connection.revoke_cert(
        RevocationRequest(thumbprint=thumbprint(second.cert), reason=RevocationRequest.RevocationReasons.superseded)
    )
    told = {"policy": vars(policy.policy), "first": first.cert, "second": second.cert, "chain": second.chain}
    print(json.dumps({**told, "revoked": revoked}, default=lambda value: getattr(value, "__dict__", str(value))))


def connect(kind: str, url: str, bundle: str, credential: str):  # type: ignore[no-untyped-def]  # vcert has no types
    options = {"url": f"{url}/", "http_request_kwargs": {"verify": bundle}}
    if kind == "saas":
        return venafi_connection(api_key=credential, platform=VenafiPlatform.VAAS, **options)
    user, password = credential.split(":")
    return venafi_connection(user=user, password=password, platform=VenafiPlatform.TPP, **options)


def thumbprint(pem: str) -> str:
    certificate = x509.load_pem_x509_certificate(pem.encode())
    return hashlib.sha1(certificate.public_bytes(Encoding.DER)).hexdigest().upper()


main()
