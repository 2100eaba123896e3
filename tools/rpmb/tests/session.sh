# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
#
# Tests that put keys into the kernel's keyrings source it before all else. It starts
# them anew in a session of keyrings of their own, so that nothing is left in another;
# where there is none there is nothing to test.

if [ ! "${IN_SESSION-}" ]; then
	if ! said=$(keyctl session - true 2>&1); then
		echo "ok 1 - the kernel's key # SKIP $said"
		echo "1..1"
		exit
	fi
	IN_SESSION=yes exec keyctl session - "$0" "$@"
fi
