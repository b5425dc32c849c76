#!/bin/sh
# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Installs the Debian packages among the arguments whose programs are missing, if it may; otherwise it says what is missing.
# Usage: install-packages.sh venv openssl sshd git
set -eu
PATH="$PATH:/usr/sbin:/sbin"

present() {
    case "$1" in
        venv) "${PYTHON:-python3}" -c 'import ensurepip, venv' 2>/dev/null ;;
        postgres) command -v postgres >/dev/null || ls /usr/lib/postgresql/*/bin/postgres >/dev/null 2>&1 ;;
        step-ca) [ -d /usr/share/gocode/src/github.com/smallstep/certificates ] ;;
        *) command -v "$1" >/dev/null ;;
    esac
}

package() {
    case "$1" in
        venv) echo python3-venv ;;
        sshd) echo openssh-server ;;
        named) echo bind9 ;;
        postgres) echo postgresql ;;
        go) echo golang-go ;;
        cfssl) echo golang-cfssl ;;
        keytool) echo default-jre-headless ;;
        step-ca) echo golang-github-smallstep-certificates-dev ;; # its sources; the tests build it
        *) echo "$1" ;;
    esac
}

missing=
for wanted in "$@"; do
    present "$wanted" || missing="$missing $(package "$wanted")"
done
[ -n "$missing" ] || exit 0

if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "-- installing$missing"
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq
    # shellcheck disable=SC2086  # a list of package names
    apt-get install -y -qq --no-install-recommends $missing >/dev/null
else
    echo "These packages are missing and only root can install them:$missing" >&2
fi
