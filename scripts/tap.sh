# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
#
# Test results in TAP; suites source it after lib.sh.

make_tmp
tap_number=0
tap_failed=0

# result STATUS TEXT LOG: one line, and the log if it failed
result()
{
	tap_number=$((tap_number + 1))
	if [ "$1" = 0 ]; then
		echo "ok $tap_number - $2"
	else
		echo "not ok $tap_number - $2"
		sed 's/^/# /' "$3"
		tap_failed=1
	fi
}

# check TEXT COMMAND...: passes if the command succeeds
check()
{
	text=$1
	shift
	set +e
	(set -e; "$@") >"$tmp/log" 2>&1
	status=$?
	set -e
	result $status "$text" "$tmp/log"
}

tap_end()
{
	echo "1..$tap_number"
	exit $tap_failed
}
