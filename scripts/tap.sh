# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
#
# Test results in TAP; suites source it after lib.sh.

make_tmp
tap_number=0
tap_failed=0
# Why a failure does not count, if it does not
tap_excuse=

# verdict STATUS TEXT: one line of TAP
verdict()
{
	tap_number=$((tap_number + 1))
	if [ "$1" = 0 ]; then
		echo "ok $tap_number - $2"
	elif [ -n "$tap_excuse" ]; then
		echo "ok $tap_number - $2 # SKIP it fails, but $tap_excuse"
	else
		echo "not ok $tap_number - $2"
		tap_failed=1
	fi
}

# result STATUS TEXT LOG: the same, and the log if it failed
result()
{
	verdict "$1" "$2"
	[ "$1" = 0 ] || sed 's/^/# /' "$3"
}

# check TEXT COMMAND...: passes if the command succeeds
check()
{
	text=$1
	shift
	set +e
	# shellcheck disable=SC2154 # make_tmp sets $tmp
	(set -e; "$@") >"$tmp/log" 2>&1
	status=$?
	set -e
	result $status "$text" "$tmp/log"
}

# results FILE: number the "ok - ..." and "not ok - ..." of another program, and
# make notes of what else it says
results()
{
	while IFS= read -r line; do
		case $line in
		"ok - "*)	verdict 0 "${line#* - }" ;;
		"not ok - "*)	verdict 1 "${line#* - }" ;;
		"#"*)		echo "$line" ;;
		*)		echo "# $line" ;;
		esac
	done <"$1"
}

# run_tap PREFIX COMMAND...: the results of a program that prints TAP itself, with
# PREFIX before each. It gives as many as it announced, and fails only with a reason.
run_tap()
{
	prefix=$1
	shift
	status=0
	"$@" >"$tmp/tap" || status=$?
	sed -e '/^1\.\./d' -e "s|^\(\(not \)*ok\) [0-9]* - |\1 - $prefix|" \
		"$tmp/tap" >"$tmp/results"
	results "$tmp/results"
	planned=$(sed -n 's/^1\.\.//p' "$tmp/tap")
	given=$(grep -cE '^(not )?ok ' "$tmp/tap") || [ $? = 1 ]
	wanted=0
	! grep -q '^not ok ' "$tmp/tap" || wanted=1
	if [ "$given" != "$planned" ] || [ "$status" != $wanted ]; then
		verdict 1 "$prefix$*: status $status after $given of ${planned:-?} tests"
	fi
}

# run_guest TEXT ARGUMENT...: the results of a guest that scripts/boot starts with these
# arguments, and whether it ended well: that is TEXT
run_guest()
{
	ended_well=$1
	shift
	status=0
	scripts/boot "$@" >"$tmp/results" 2>"$tmp/errors" || status=$?
	results "$tmp/results"
	result $status "$ended_well" "$tmp/errors"
}

tap_end()
{
	echo "1..$tap_number"
	exit $tap_failed
}

# newest_tree: $tree is Debian's newest kernel. Backports moves on when it likes:
# what fails on a kernel for which there are no patches yet does not count.
newest_tree()
{
	status=0
	tree=$(scripts/kernel-tree newest 2>"$tmp/log") || status=$?
	version=$(basename "$tree" | sed 's/_.*//')
	if [ $status = 3 ]; then
		tap_excuse="there are no patches for this kernel yet"
	elif [ $status = 0 ] && [ ! -d "patches/$version" ]; then
		tap_excuse="there are no patches for $version yet"
	fi
	result $status "the newest kernel takes the patches" "$tmp/log"
	[ $status = 0 ] || tap_end
}
