# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A policy folder of the simulated Trust Protection Platform: its rules, and what breaks them."""

from __future__ import annotations

import typing as t

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa

__all__ = ("EMPTY_FOLDER", "open_leaf", "refused_by_folder")

FIELDS = {
    "Organization": x509.NameOID.ORGANIZATION_NAME,
    "OrganizationalUnit": x509.NameOID.ORGANIZATIONAL_UNIT_NAME,
    "City": x509.NameOID.LOCALITY_NAME,
    "State": x509.NameOID.STATE_OR_PROVINCE_NAME,
    "Country": x509.NameOID.COUNTRY_NAME,
}


def open_leaf(value: t.Any = "") -> t.Dict[str, t.Any]:
    """Return a value that is a suggestion."""
    return {"Locked": False, "Value": value}


#: No rules, as ``checkpolicy`` shows it.
EMPTY_FOLDER: t.Dict[str, t.Any] = {
    "CertificateAuthority": open_leaf("\\VED\\Policy\\Administration\\CAs\\Internal"),
    "CsrGeneration": open_leaf("UserProvided"),
    "KeyGeneration": open_leaf("Central"),
    "KeyPair": {
        "KeyAlgorithm": open_leaf("RSA"),
        "KeySize": open_leaf(2048),
        "EllipticCurve": open_leaf("P256"),
    },
    "ManagementType": open_leaf("Enrollment"),
    "PrivateKeyReuseAllowed": True,
    "SubjAltNameDnsAllowed": True,
    "SubjAltNameEmailAllowed": True,
    "SubjAltNameIpAllowed": True,
    "SubjAltNameUpnAllowed": True,
    "SubjAltNameUriAllowed": True,
    "Subject": {
        "City": open_leaf(),
        "Country": open_leaf(),
        "Organization": open_leaf("Example"),
        "OrganizationalUnit": {"Locked": False, "Values": []},
        "State": open_leaf(),
    },
    "UniqueSubjectEnforced": False,
    "WhitelistedDomains": [],
    "WildcardsAllowed": True,
}


def refused_by_folder(folder: t.Mapping[str, t.Any], csr: x509.CertificateSigningRequest) -> str:
    """Return what the server says of a CSR that breaks the folder's rules, "" if it is as they want it."""
    for name, oid in FIELDS.items():
        leaf = folder["Subject"][name]
        allowed = leaf.get("Values", [leaf.get("Value")])
        values = [attribute.value for attribute in csr.subject.get_attributes_for_oid(oid)]
        if leaf["Locked"] and set(values) != set(allowed):
            return f"PKCS10: {name} value does not match the policy value and is locked."
    for name in _dns_names(csr):
        if folder["WhitelistedDomains"] and not _within(name, folder["WhitelistedDomains"]):
            return f"PKCS10: {name} does not match the domain policy."
    key, size = csr.public_key(), folder["KeyPair"]["KeySize"]
    if size["Locked"] and isinstance(key, rsa.RSAPublicKey) and key.key_size < int(size["Value"]):
        return "PKCS10: the key size does not match the policy."
    return ""


def _dns_names(csr: x509.CertificateSigningRequest) -> t.List[str]:
    try:
        return csr.extensions.get_extension_for_class(x509.SubjectAlternativeName).value.get_values_for_type(
            x509.DNSName
        )
    except x509.ExtensionNotFound:
        return []


def _within(name: str, domains: t.Iterable[str]) -> bool:
    return any(name == domain or name.endswith(f".{domain}") for domain in domains)
