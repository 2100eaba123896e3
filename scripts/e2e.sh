# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
#
# Boots that do parts of the end-to-end tests, those of virtio-rpmb or of $parts_of; see
# scripts/guest/e2e. Suites source this after tap.sh, and say in $kind which kernel. What
# the guest saves, and the key, stay in /share.

# shellcheck disable=SC2154 # make_tmp sets $tmp
mkdir "$tmp/share"

# new_keys SUFFIX...: of the device, or of other targets
new_keys()
{
	for suffix; do
		(umask 077; head -c 32 /dev/urandom >"$tmp/share/key$suffix")
	done
}

new_keys ''
scripts/packages kernel guest tools tests
scripts/build-tools >"$tmp/log"

# Each place of a batch takes its time, so they are not all looked at each time
# shellcheck disable=SC2034 # for who sources this
case $kind in
guest)	batches=batches ;;
*)	batches="every_place batches" ;;
esac

# What part "doctor" has kept
doctor_has_schema()
{
	tools/rpmb/tests/check-json tools/rpmb/schema/rpmb.schema.json doctor \
		<"$tmp/share/doctor.json"
}

check_doctor()
{
	check "the doctor's JSON is what the schema says" doctor_has_schema
}

# boot_parts "PART..." [ARGUMENT...]: one boot, with these arguments of scripts/boot
boot_parts()
{
	parts=$1
	shift
	# shellcheck disable=SC2154 # who sources this sets $kind
	run_guest "$kind: boot and power off: $parts" -k "$kind" -s "$tmp/share" "$@" \
		"e2e ${parts_of:-virtio} $parts"
}
