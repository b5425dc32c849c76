# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: no promise is made about what is in here.

"""Puts the CA's certificates in order, and says whether they lead to a trusted one."""

from __future__ import annotations

import dataclasses
import itertools
import typing as t

from ansible_collections.certfleet.pki.plugins.module_utils._errors import BadCertificate
from ansible_collections.certfleet.pki.plugins.module_utils._x509 import (
    CertificateFacts,
    is_signed_by,
    read_certificate,
    split_pem,
)

__all__ = ("Chain", "check_anchors", "order_chain")

Path = t.Tuple[CertificateFacts, ...]

# Far more than any CA sends; they bound the work that a hostile answer can cause.
_MOST_CERTIFICATES = 64
_LONGEST_PATH = 10
_MOST_PATHS = 500


@dataclasses.dataclass(frozen=True)
class Chain:
    """The CA's certificates (PEM): ``chain`` for chain.pem, the issuer first; ``roots`` for ca.pem.

    ``chain`` holds no self-signed certificate, unless that is the issuer itself.
    """

    chain: t.Tuple[str, ...]
    roots: t.Tuple[str, ...]
    warnings: t.Tuple[str, ...] = ()


def order_chain(leaf_pem: str, pool: t.Iterable[str], *, anchors: t.Iterable[str] = ()) -> Chain:
    """Return the chain of ``leaf_pem`` out of ``pool``, which may be in any order and hold more than the chain.

    Links are by key ids, names and verified signatures. Where several chains are possible (a cross-signed or
    renewed CA), the order of preference is: one that reaches ``anchors``, one that ends in a root, the one
    that is valid longest, the shortest. Raises BadCertificate if the issuer is not in a pool that isn't empty.
    """
    leaf = read_certificate(leaf_pem)
    candidates = _candidates(leaf, pool)
    if not candidates or leaf.self_signed:
        return Chain((), ())
    trusted = _read_all(anchors)
    graph = _Graph(candidates)
    paths = list(itertools.islice(graph.paths(leaf, ()), _MOST_PATHS))
    if not paths:
        raise BadCertificate(
            f"The CA's chain does not hold the issuer of {_title(leaf)} ({leaf.issuer}): "
            "check the CA's chain configuration."
        )
    best = max(paths, key=lambda path: _preference(path, trusted))
    roots = tuple(facts.pem for facts in graph.reached if facts.self_signed)
    chain = tuple(facts.pem for number, facts in enumerate(best) if number == 0 or not facts.self_signed)
    return Chain(chain, _own_root_first(best, roots), _unrelated(candidates, graph.reached))


def check_anchors(leaf_pem: str, chain: t.Iterable[str], roots: t.Iterable[str], anchors_pem: t.Iterable[str]) -> None:
    """Raise BadCertificate unless ``chain`` is in order, each signing the one before, and leads to an anchor.

    ``roots`` may complete it. An anchor is a name and a key: a renewed or cross-signed certificate of the
    same CA is as good.
    """
    path = [read_certificate(leaf_pem), *_read_all(chain)]
    for child, parent in zip(path, path[1:]):
        if not _signs(child, parent):
            raise BadCertificate(f"{_title(parent)} did not sign {_title(child)}: check the CA's chain configuration.")
    path += [root for root in _read_all(roots) if _signs(path[-1], root)][:1]
    if not _reaches(path, _read_all(anchors_pem)):
        raise BadCertificate(
            f"The chain of {_title(path[0])} does not reach any of trust_anchors, it ends at {path[-1].issuer}: "
            "add that CA to trust_anchors if it is to be trusted."
        )


def _read_all(pems: t.Iterable[str]) -> t.List[CertificateFacts]:
    """Read every certificate; one text may hold several."""
    return [read_certificate(block) for pem in pems for block in split_pem(pem) or [pem]]


def _candidates(leaf: CertificateFacts, pool: t.Iterable[str]) -> t.List[CertificateFacts]:
    """Each certificate of the pool once, in an order that does not depend on the pool's."""
    found = {facts.fingerprint_sha256: facts for facts in _read_all(pool)}
    found.pop(leaf.fingerprint_sha256, None)
    if len(found) > _MOST_CERTIFICATES:
        raise BadCertificate(
            f"The CA's chain has {len(found)} certificates: at most {_MOST_CERTIFICATES} are looked at."
        )
    return [found[fingerprint] for fingerprint in sorted(found)]


class _Graph:
    """Who signed whom. Signatures are verified once, and only where the names fit."""

    def __init__(self, candidates: t.Sequence[CertificateFacts]) -> None:
        self._candidates = candidates
        self._parents: t.Dict[str, t.List[CertificateFacts]] = {}

    @property
    def reached(self) -> t.List[CertificateFacts]:
        """The certificates that are an ancestor of the leaf by some path."""
        parents = {facts.fingerprint_sha256 for several in self._parents.values() for facts in several}
        return [facts for facts in self._candidates if facts.fingerprint_sha256 in parents]

    def parents(self, child: CertificateFacts) -> t.List[CertificateFacts]:
        key = child.fingerprint_sha256
        if key not in self._parents:
            self._parents[key] = [facts for facts in self._candidates if _signs(child, facts)]
        return self._parents[key]

    def paths(self, child: CertificateFacts, below: Path) -> t.Iterator[Path]:
        """Yield the paths from the leaf's issuer upwards, as far as the candidates go; no CA twice in one."""
        parents = [parent for parent in self.parents(child) if _may_follow(parent, below)]
        for parent in parents:
            path = (*below, parent)
            if parent.self_signed or len(path) == _LONGEST_PATH:
                yield path
            else:
                yield from self.paths(parent, path)
        if below and not parents:
            yield below


def _signs(child: CertificateFacts, parent: CertificateFacts) -> bool:
    # Roots of version 1 have no basic constraints; everything else needs them (RFC 5280, section 6.1.4 (k)).
    is_ca = parent.is_ca or (parent.self_signed and parent.constraints_missing)
    return is_ca and child.issuer == parent.subject and is_signed_by(child.pem, parent.pem)


def _may_follow(parent: CertificateFacts, below: Path) -> bool:
    # Self-issued certificates don't count (RFC 5280, section 6.1.4 (l)).
    length = sum(facts.subject != facts.issuer for facts in below)
    if parent.path_length is not None and length > parent.path_length:
        return False
    return all(
        (facts.subject, facts.public_key_sha256) != (parent.subject, parent.public_key_sha256) for facts in below
    )


def _preference(path: Path, anchors: t.Sequence[CertificateFacts]) -> t.Tuple[t.Any, ...]:
    return (
        _reaches(path, anchors),
        path[-1].self_signed,
        min(facts.not_after for facts in path),
        -len(path),
        tuple(facts.fingerprint_sha256 for facts in path),
    )


def _reaches(path: t.Sequence[CertificateFacts], anchors: t.Sequence[CertificateFacts]) -> bool:
    known = {(anchor.subject, anchor.public_key_sha256) for anchor in anchors}
    return any((facts.subject, facts.public_key_sha256) in known for facts in path) or any(
        _signs(path[-1], anchor) for anchor in anchors
    )


def _own_root_first(path: Path, roots: t.Tuple[str, ...]) -> t.Tuple[str, ...]:
    own = path[-1].pem
    return (own, *(pem for pem in roots if pem != own)) if own in roots else roots


def _unrelated(candidates: t.Iterable[CertificateFacts], reached: t.Sequence[CertificateFacts]) -> t.Tuple[str, ...]:
    return tuple(
        f"The CA also sent {_title(facts)}, which is no part of the chain; it was left out."
        for facts in candidates
        if facts not in reached
    )


def _title(facts: CertificateFacts) -> str:
    return facts.subject or f"the certificate with serial number {facts.serial_number}"
