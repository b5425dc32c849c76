# Copyright (c) 2026, the certfleet.pki contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Stands in for get-pip.py in ansible-test's cache: puts Python's own pip into the environment, downloading nothing."""

import ensurepip

ensurepip.bootstrap(default_pip=True)
