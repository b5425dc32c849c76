# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: no promise is made about what is in here.

"""X.509 for the controller: what certificates and requests say, whether a certificate signed another.

This is the module to import; the parts are in ``_x509_*``, ``_pem`` and ``_times``.
"""

from __future__ import annotations

from ansible_collections.certfleet.pki.plugins.module_utils._pem import split_pem
from ansible_collections.certfleet.pki.plugins.module_utils._times import isoformat, parse_time
from ansible_collections.certfleet.pki.plugins.module_utils._x509_facts import (
    CertificateFacts,
    RequestFacts,
    result_fields,
)
from ansible_collections.certfleet.pki.plugins.module_utils._x509_fields import (
    EXTENDED_KEY_USAGES,
    SUBJECT_FIELDS,
    canonical_usage,
    check_subject_field,
    usage_oid,
)
from ansible_collections.certfleet.pki.plugins.module_utils._x509_read import (
    is_signed_by,
    load_certificate,
    load_request,
    public_key_sha256,
    read_certificate,
    read_request,
    require_cryptography,
)

__all__ = (
    "EXTENDED_KEY_USAGES",
    "SUBJECT_FIELDS",
    "CertificateFacts",
    "RequestFacts",
    "canonical_usage",
    "check_subject_field",
    "is_signed_by",
    "isoformat",
    "load_certificate",
    "load_request",
    "parse_time",
    "public_key_sha256",
    "read_certificate",
    "read_request",
    "require_cryptography",
    "result_fields",
    "split_pem",
    "usage_oid",
)
