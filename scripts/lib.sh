# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
#
# What the scripts share; they source it from the repository's root.

# What programs say, and in which order, whatever the user's language
export LC_ALL=C.UTF-8

# shellcheck disable=SC2034 # used by who sources this
cache=${XDG_CACHE_HOME:-$HOME/.cache}/linux-rpmb

say()
{
	echo "$*" >&2
}

die()
{
	say "${0##*/}: $*"
	exit 1
}

# need PROGRAM PACKAGE...: name the Debian packages that bring a missing program
need()
{
	program=$1
	shift
	command -v "$program" >/dev/null ||
		die "$program is missing: apt-get install $*"
}

# make_tmp: $tmp is a directory of our own that goes with us
make_tmp()
{
	tmp=$(mktemp -d)
	trap 'rm -rf "$tmp"' EXIT
	trap 'exit 1' HUP INT TERM
}

# in_place: can a line that was written be written again?
in_place()
{
	[ -t 2 ] && [ "${TERM:-dumb}" != dumb ]
}

# clear_line: the next output is not to stand behind a line of progress
clear_line()
{
	! in_place || printf '\r\033[K' >&2
}

# progress TEXT MEASURE FILE [TOTAL]: a step begins that takes its time. Until
# progress_end, or until we end, scripts/progress says how far it is. It keeps nothing
# open that somebody waits for.
progress()
{
	in_place || say "$1"
	scripts/progress "$@" </dev/null >/dev/null 8>&- 9>&- &
	progress=$!
}

progress_end()
{
	[ -n "${progress-}" ] || return 0
	kill "$progress" 2>/dev/null || :
	wait "$progress" || :
	progress=
}

# quietly LOG COMMAND...: show what a command says only if it fails. With it, the
# progress that was started ends.
quietly()
{
	log=$1
	shift
	set +e
	(set -e; "$@") >"$log" 2>&1
	status=$?
	set -e
	progress_end
	[ $status = 0 ] || {
		tail -n 40 "$log" >&2
		die "$1 failed; all that it said is in $log"
	}
}

# apt_network: how this system's apt uses the network: through a proxy, say
apt_network()
{
	apt-config dump | grep '^Acquire::' | grep -v '^Acquire::IndexTargets'
}

# bootstrap WHAT DIR "SUITE..." ARGUMENT...: a Debian system in DIR.new, of the first
# suite with what the others add; mmdebstrap knows the arguments
bootstrap()
{
	what=$1 dir=$2 suites=$3
	shift 3
	# shellcheck disable=SC2086 # a list of names
	scripts/mirror $suites >"$dir.sources"
	apt_network >"$dir.network"
	progress "Fetching $what" stage "$dir.log" "$dir.new"
	quietly "$dir.log" mmdebstrap --aptopt="$dir.network" "$@" \
		"${suites%% *}" "$dir.new" "$dir.sources"
	rm "$dir.sources" "$dir.network"
}

# arm64_root: what programs of guests of 64-bit Arm are built against and run on
arm64_root()
{
	scripts/debian-root bookworm arm64
}

# arm64_compiler: that for these programs, as make's CC
arm64_compiler()
{
	echo "aarch64-linux-gnu-gcc --sysroot=$(arm64_root)"
}

# in_cache PATH: is it there? Then it is in use from now on, and nobody drops it
in_cache()
{
	flock "${1%/*}" touch -c "$1"
	[ -e "$1" ]
}

# drop_old DIR: of what the cache has there, all that was not used for two weeks. Locks
# stay, since who waits for one has it open.
drop_old()
{
	flock "$1" find "$1" -mindepth 1 -maxdepth 1 -mtime +13 ! -name '*lock' \
		-exec rm -rf {} +
}

# add_to_cache NEW PATH: what was made as NEW is at PATH, and may take the room of old
add_to_cache()
{
	touch "$1"
	mv "$1" "$2"
	drop_old "${2%/*}"
}

# use_directory PATH: for who builds there; the same when it is new
use_directory()
{
	mkdir -p "${1%/*}"
	in_cache "$1" || {
		mkdir -p "$1"
		drop_old "${1%/*}"
	}
}
