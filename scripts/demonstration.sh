# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
#
# The demonstration, make run: it succeeds, and shows all that it promises. Suites source
# this after tap.sh.

# all_steps NUMBER: from [1] to that, in this order, and the closing words after them
all_steps()
{
	# shellcheck disable=SC2154 # make_tmp sets $tmp
	cat "$tmp/shown"
	[ "$(sed -n 's/^\[\([0-9]*\)\] .*/\1/p' "$tmp/shown" | xargs)" = \
		"$(seq "$1" | xargs)" ]
	tail -n 2 "$tmp/shown" | grep -q '^All steps went as they should'
}

demonstrate()
{
	TRANSPORT=$1 scripts/run >"$tmp/shown" || {
		status=$?
		# The step that failed is the last one
		tail -n 20 "$tmp/shown"
		return "$status"
	}
}

# shows TRANSPORT STEPS
shows()
{
	check "$1: the demonstration succeeds" demonstrate "$1"
	check "$1: it shows all of its steps" all_steps "$2"
}
