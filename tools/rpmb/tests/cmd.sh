# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
# shellcheck disable=SC2034,SC2154 # variables between this and who sources it
#
# What tests of the rpmb command share. They source it with $1 the directory where
# rpmb and fake-device have been built for tests, and $subject what they are about.

tests=$(dirname "$(realpath "$0")")
schema=$tests/../schema/rpmb.schema.json
rpmb=$1/rpmb
fake=$1/fake-device
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
export RPMB_FAKE="$tmp/fake"
mkdir "$RPMB_FAKE"
cd "$tmp" || exit 1

number=0
failed=0

result() {
	number=$((number + 1))
	if [ "$1" = 0 ]; then
		echo "ok $number - $subject: $2"
	else
		echo "not ok $number - $subject: $2"
		sed 's/^/# stdout: /' out
		sed 's/^/# stderr: /' err
		failed=1
	fi
}

# run COMMAND...: leaves its exit code in $code, what it says in out and err, and
# what all have said in all
run() {
	code=0
	"$@" >out 2>err </dev/null || code=$?
	cat out err >>all
}

# check TEXT CODE PATTERN COMMAND...: exit code, and a line on stdout or stderr
check() {
	text=$1 wanted=$2 pattern=$3
	shift 3
	run "$@"
	bad=0
	if [ "$code" != "$wanted" ]; then
		echo "# exit code $code, not $wanted"
		bad=1
	fi
	if [ "$pattern" ] && ! cat out err | grep -q -e "$pattern"; then
		echo "# nobody said: $pattern"
		bad=1
	fi
	result $bad "$text"
}

# same TEXT FILE FILE
same() {
	bad=0
	cmp "$2" "$3" >differ 2>&1 || bad=1
	[ $bad = 0 ] || sed 's/^/# /' differ
	result $bad "$1"
}

# silent TEXT: what was run last put nothing out
silent() {
	bad=0
	[ ! -s out ] || bad=1
	result $bad "$1"
}

# prints TEXT KIND COMMAND...: the command succeeds, and prints JSON of that kind
prints() {
	text=$1 kind=$2
	shift 2
	run "$@" --json
	bad=0
	valid "$kind" || bad=1
	[ "$code" = 0 ] || bad=1
	result $bad "$text"
}

# valid KIND: what was run last has put out JSON of that kind
valid() {
	"$tests/check-json" "$schema" "$1" <out >differ 2>&1 && return
	sed 's/^/# /' differ
	return 1
}

# says TEXT PATTERN: what was run last has put out such a line
says() {
	bad=0
	grep -q -e "$2" out || bad=1
	result $bad "$1"
}

# warns TEXT PATTERN: the same on stderr
warns() {
	bad=0
	grep -q -e "$2" err || bad=1
	result $bad "$1"
}

# keyed NAME KIND: a device with the key of key.bin
keyed() {
	"$fake" "$1" "$2"
	"$rpmb" program-key "$1" --key key.bin --yes >out
}

# fails TEXT CODE PATTERN FAULT COMMAND...: with a fault, on a new device
fails() {
	fault=$4
	keyed rpmb2 emmc
	# shellcheck disable=SC2086 # its name, and how many requests it leaves alone
	"$fake" rpmb2 fault $fault
	text=$1 wanted=$2 pattern=$3
	shift 4
	check "$text" "$wanted" "$pattern" "$rpmb" "$@"
}

# end: the plan, and the exit status of the test
end() {
	echo "1..$number"
	exit $failed
}

umask 077
head -c 32 /dev/urandom >key.bin
od -An -v -tx1 key.bin | tr -d ' \n' >key.hex
head -c 32 /dev/zero >wrong.bin
# Not random, which is frames now and then
seq 2222 | head -c 10000 >data
head -c 512 data >two
: >empty
