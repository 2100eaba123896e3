# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
# shellcheck disable=SC2034,SC2154 # variables between this and who sources it
#
# What tests of programs with an rpmb-anchor share, besides cmd.sh, which is sourced first

anchor=$1/rpmb-anchor
hardware_key="--key-file key.bin"
pid=
trap '[ ! "$pid" ] || kill $pid; rm -rf "$tmp"' EXIT

# Until it says that it serves, or ends, which ends the test; what it says then is in its
# way no more
serve() {
	# shellcheck disable=SC2086 # options and their values
	"$anchor" serve rpmb0 $hardware_key --ledger ledger --directory run \
		2>said &
	pid=$!
	exec 3<said
	line=
	until [ "${line#rpmb-anchor: serving}" != "$line" ]; do
		read -r line <&3
	done
	[ "$line" = "rpmb-anchor: serving $1 anchors and devices in run" ]
}

# stop TEXT: in good order
stop() {
	kill "$pid"
	code=0
	wait "$pid" || code=$?
	pid=
	result "$code" "$1"
}

# admin COMMAND ARGUMENT...
admin() {
	"$anchor" "$@" --directory run
}

# boot NUMBER: the host has been started so often
boot() {
	mkdir -p "$RPMB_FAKE/proc/sys/kernel/random"
	printf '%036d\n' "$1" >"$RPMB_FAKE/proc/sys/kernel/random/boot_id"
}

# The fake's files, and where serve() hears what the server says
prepare() {
	mkdir -p "$RPMB_FAKE/run/lock" run
	boot 1
	mkfifo said
}
