# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
#
# A database for scripts that test and measure what is kept in one. To be sourced; who
# calls start_fleet has end_fleet in its trap on EXIT. $fleet is the directory of
# tests/daemon/postgres then, and $database the database as rpmb-state names it.

postgres=$PWD/tools/rpmb/tests/daemon/postgres
fleet=
database=

# start_fleet DIR: on the file system of DIR. Not in $tmp, which nobody else may enter.
# Who makes the directory fails if there is one.
start_fleet()
{
	fleet=$(mktemp -u "$1/rpmb-fleet.XXXXXX")
	# shellcheck disable=SC2154 # make_tmp sets $tmp
	"$postgres" new "$fleet" >"$tmp/ports"
	# shellcheck disable=SC2034 # for those who source this
	database="postgresql://postgres@/postgres?host=$fleet&port=$(head -n 1 "$tmp/ports")"
}

end_fleet()
{
	[ -d "$fleet" ] || return 0
	"$postgres" end "$fleet"
	rm -rf "$fleet"
}
