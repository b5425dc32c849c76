# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the embedded CA's certificates look like, judged by cryptography and by openssl."""

from __future__ import annotations

import base64
import datetime
import subprocess

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa

from ansible_collections.certfleet.pki.plugins.module_utils._errors import Misconfigured, PolicyViolation, Rejected
from ansible_collections.certfleet.pki.plugins.module_utils._local.issuing import new_serial
from ansible_collections.certfleet.pki.tests.support.authority_contract import make_order
from ansible_collections.certfleet.pki.tests.support.certificates import make_csr


def issue(authority, **order) -> x509.Certificate:
    return x509.load_pem_x509_certificate(authority.request(make_order(**order)).certificate_pem.encode())


def extension(certificate, kind):
    return certificate.extensions.get_extension_for_class(kind)


def load(place, name) -> x509.Certificate:
    with open(f"{place.path}/{name}", "rb") as stream:
        return x509.load_pem_x509_certificate(stream.read())


def test_serials_are_positive_and_take_sixteen_bytes():
    serials = {new_serial() for _number in range(500)}
    assert len(serials) == 500
    assert all(len(serial.to_bytes(17, "big", signed=True).lstrip(b"\0")) == 16 for serial in serials)
    assert all(serial >> 127 == 0 for serial in serials)


def test_intermediate_can_only_sign_leaves(ca_place):
    intermediate = load(ca_place, "intermediate.pem")
    constraints = extension(intermediate, x509.BasicConstraints)
    assert constraints.critical and constraints.value.ca and constraints.value.path_length == 0
    usage = extension(intermediate, x509.KeyUsage)
    assert usage.critical and usage.value.key_cert_sign and usage.value.crl_sign
    assert not usage.value.digital_signature
    assert intermediate.not_valid_after_utc <= load(ca_place, "root.pem").not_valid_after_utc


def test_leaf(ca_place, clock):
    leaf = issue(ca_place.authority(), lifetime=3600)
    now = clock.now.replace(microsecond=0)
    assert leaf.not_valid_before_utc == now - datetime.timedelta(minutes=5)
    assert leaf.not_valid_after_utc == now + datetime.timedelta(hours=1)
    constraints = extension(leaf, x509.BasicConstraints)
    assert constraints.critical and not constraints.value.ca
    usage = extension(leaf, x509.KeyUsage)
    assert usage.critical and usage.value.digital_signature and not usage.value.key_cert_sign
    issuer = load(ca_place, "intermediate.pem")
    issuer_key_id = extension(issuer, x509.SubjectKeyIdentifier).value.digest
    assert extension(leaf, x509.AuthorityKeyIdentifier).value.key_identifier == issuer_key_id


def test_default_lifetime_is_the_settings(place, clock):
    place.manage(lifetime="10d")
    leaf = issue(place.authority())
    assert leaf.not_valid_after_utc == clock.now.replace(microsecond=0) + datetime.timedelta(days=10)


def test_nothing_else_is_taken_from_the_csr(ca_place):
    csr = make_csr(
        ["www.example.com"],
        common_name="www.example.com",
        subject=[("organization", "Asked"), ("locality", "Asked too")],
        extensions=[
            (x509.BasicConstraints(ca=True, path_length=None), True),
            (x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\x05\x00"), False),
        ],
    )
    order = make_order()
    order = type(order)(
        csr_pem=csr.pem,
        names=order.names,
        key=order.key,
        common_name="www.example.com",
        # The CSR says another locality.
        subject=(("organization", "Asked"), ("locality", "Elsewhere")),
    )
    leaf = x509.load_pem_x509_certificate(ca_place.authority().request(order).certificate_pem.encode())
    assert leaf.subject.rfc4514_string() == "CN=www.example.com,O=Asked"
    assert extension(leaf, x509.BasicConstraints).value.ca is False
    assert "1.2.3.4" not in {one.oid.dotted_string for one in leaf.extensions}


def test_names_alone_are_critical(ca_place):
    leaf = issue(ca_place.authority(), common_name=None)
    assert extension(leaf, x509.SubjectAlternativeName).critical
    assert not list(leaf.subject)


def test_crl_urls_are_written_from_then_on(ca_place):
    url = "http://pki.example.com/intermediate.crl"
    ca_place.manage(crl_urls=[url])
    points = extension(issue(ca_place.authority()), x509.CRLDistributionPoints).value
    assert [point.full_name[0].value for point in points] == [url]
    assert ca_place.authority().chain().crl_urls == (url,)


def test_end_is_never_after_the_issuers(ca_place, clock):
    issuer_end = load(ca_place, "intermediate.pem").not_valid_after_utc
    clock.now = issuer_end - datetime.timedelta(days=30)
    issued = ca_place.authority().request(make_order(lifetime=90 * 86400))
    leaf = x509.load_pem_x509_certificate(issued.certificate_pem.encode())
    assert leaf.not_valid_after_utc == issuer_end
    assert len(issued.warnings) == 1 and "earlier than asked for" in issued.warnings[0]


def test_ended_issuer_signs_nothing(ca_place, clock):
    clock.now = load(ca_place, "intermediate.pem").not_valid_after_utc + datetime.timedelta(seconds=1)
    with pytest.raises(Misconfigured, match="own certificate ended"):
        ca_place.authority().request(make_order())


@pytest.mark.parametrize("key_type", ["ecdsa", "rsa", "ed25519"])
@pytest.mark.parametrize("leaf_key", ["ecdsa", "ecdsa-p384", "rsa", "ed25519"])
def test_openssl_verifies_chain_and_crl(place, tmp_path, key_type, leaf_key):
    place.manage(key_type=key_type)
    issued = place.authority().request(make_order(key=leaf_key, ip=("192.0.2.1", "2001:db8::1")))
    leaf = tmp_path / "leaf.pem"
    leaf.write_text(issued.certificate_pem)
    crls = tmp_path / "crls.pem"
    crls.write_text("".join((tmp_path / "ca" / f"{one}.crl.pem").read_text() for one in ("root", "intermediate")))
    command = ["openssl", "verify", "-x509_strict", "-crl_check_all", "-CRLfile", str(crls)]
    command += ["-CAfile", f"{place.path}/root.pem", "-untrusted", f"{place.path}/intermediate.pem", str(leaf)]
    outcome = subprocess.run(command, capture_output=True, text=True, check=False)
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr


def test_rsa_leaf_may_encipher_keys(ca_place):
    assert extension(issue(ca_place.authority(), key="rsa"), x509.KeyUsage).value.key_encipherment


def refused(authority, csr) -> str:
    order = make_order()
    with pytest.raises(Rejected) as caught:
        authority.request(type(order)(csr_pem=csr, names=order.names, key=order.key))
    assert list(authority.list_certificates()) == []
    return caught.value.message


def test_bad_csrs_are_refused(ca_place):
    authority = ca_place.authority()
    good = make_csr(["www.example.com"], common_name="www.example.com").pem
    body = good.splitlines()
    signed = bytearray(base64.b64decode("".join(body[1:-1])))
    signed[-1] ^= 1
    bad = "\n".join([body[0], base64.b64encode(bytes(signed)).decode(), body[-1]])
    assert "signature does not fit" in refused(authority, bad)
    assert "can't read" in refused(authority, "no CSR at all")
    small = rsa.generate_private_key(65537, 1024)
    assert "too small" in refused(authority, make_csr(["www.example.com"], key=small).pem)
    other = x509.SubjectAlternativeName([x509.RegisteredID(x509.ObjectIdentifier("1.2.3"))])
    assert "names of a kind" in refused(authority, make_csr(extensions=[(other, False)]).pem)
    assert "no name at all" in refused(authority, make_csr().pem)
    assert refused(authority, make_csr(["www.*.example.com"]).pem)


def test_profile_is_kept(place):
    place.manage(profile={"allowed_domains": ["*.example.com"], "max_lifetime": "1d", "key_types": ["ecdsa"]})
    authority = place.authority()
    assert authority.request(make_order(lifetime=86400)).certificate_pem
    for broken in (
        {"dns": ("www.example.org",), "common_name": None},
        {"common_name": "www.example.org"},
        {"ip": ("192.0.2.1",)},
        {"lifetime": 86401},
        {"key": "ed25519"},
    ):
        with pytest.raises(PolicyViolation):
            authority.request(make_order(**broken))
    assert len(list(authority.list_certificates())) == 1


def test_profile_without_names_leaves_names_alone(place):
    place.manage(profile={"max_lifetime": "1d"})
    assert issue(place.authority(), ip=("192.0.2.1",))


def test_default_usages_stay_within_the_profile(place):
    place.manage(profile={"extended_key_usages": ["client_auth"]})
    usages = extension(issue(place.authority()), x509.ExtendedKeyUsage).value
    assert [usage.dotted_string for usage in usages] == ["1.3.6.1.5.5.7.3.2"]


def test_permitted_names_bind_the_ca_and_verifiers(place):
    place.manage(permitted_names=[".example.com", "10.0.0.0/8"])
    constraints = extension(load(place, "intermediate.pem"), x509.NameConstraints)
    assert constraints.critical
    authority = place.authority()
    leaf = issue(authority, dns=("example.com", "*.www.example.com"), common_name=None, ip=("10.1.2.3",))
    leaf.verify_directly_issued_by(load(place, "intermediate.pem"))
    for outside in ({"dns": ("badexample.com",), "common_name": None}, {"ip": ("192.0.2.1",)}):
        with pytest.raises(PolicyViolation, match="name constraints"):
            authority.request(make_order(**outside))


def test_openssl_enforces_the_name_constraints(place, tmp_path, monkeypatch):
    """A CA whose own check is broken is stopped by verifiers: for a domain, and for addresses, of which none is permitted."""
    place.manage(permitted_names=["example.com"])
    monkeypatch.setattr(
        "ansible_collections.certfleet.pki.plugins.module_utils._local.requested.check_permitted", lambda *_, **__: None
    )
    verdicts = {}
    for name, order in (
        ("in", {}),
        ("domain", {"dns": ("www.example.org",), "common_name": None}),
        ("ip", {"ip": ("10.0.0.1",)}),
    ):
        leaf = tmp_path / f"{name}.pem"
        leaf.write_text(place.authority().request(make_order(**order)).certificate_pem)
        command = ["openssl", "verify", "-CAfile", f"{place.path}/chain.pem", str(leaf)]
        verdicts[name] = subprocess.run(command, capture_output=True, check=False).returncode == 0
    assert verdicts == {"in": True, "domain": False, "ip": False}
