# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: no promise is made about what is in here.

"""What ``openssl s_client`` sees, where Python's own client can't ask: TLS 1.3 with certain signature algorithms."""

import subprocess

TYPE_CHECKING = False
if TYPE_CHECKING:
    import typing as t

    from ansible_collections.certfleet.pki.plugins.module_utils._host.served import Target

__all__ = ("served",)

_XMPP = "xmpp"


def served(target, patience, signature_algorithms):
    # type: (Target, float, str) -> bytes
    """Return what openssl prints, the server's certificate in PEM first; nothing where it fails altogether."""
    try:
        # There is no AnsibleModule, and so no run_command, when this comes over standard input.
        done = subprocess.run(  # pylint: disable=ansible-bad-function
            _command(target, signature_algorithms),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=patience,
            check=False,  # a server that wants a certificate of ours is left with an error
        )
    except (OSError, subprocess.SubprocessError):
        return b""
    return done.stdout


def _command(target, signature_algorithms):
    # type: (Target, str) -> t.List[str]
    command = ["openssl", "s_client", "-connect", str(target), "-sigalgs", signature_algorithms]
    command += ["-servername", target.server_name] if target.server_name else ["-noservername"]
    if target.starttls:
        command += ["-starttls", target.starttls]
    if target.starttls == _XMPP and target.server_name:
        command += ["-name", target.server_name]
    return command
