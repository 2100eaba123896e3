# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
#
# The tests of librpmb and of the rpmb command on the host; suites source it after
# tap.sh.

# fresh_fakes DIRECTORY: the devices of programs that were built there; none yet
fresh_fakes()
{
	export RPMB_FAKE="$1/fake"
	rm -rf "$RPMB_FAKE"
	mkdir "$RPMB_FAKE"
}

# library_tests PREFIX DIRECTORY: those of the library and of rpmb-anchor
library_tests()
{
	fresh_fakes "$2"
	for name in frame lib config partition keyed; do
		run_tap "$1" "$2/tests/test-$name"
	done
	export RPMB_FAKE_BATCHLESS=y
	run_tap "$1without batches: " "$2/tests/test-lib"
	unset RPMB_FAKE_BATCHLESS
	for name in anchor anchor-crash anchor-matrix anchor-admin \
		    anchor-device anchor-device-crash anchor-confined; do
		run_tap "$1anchor: " "$2/tests/test-$name"
	done
	for hardware in ufs nvme; do
		export RPMB_HARDWARE="$hardware"
		run_tap "$1anchor, $hardware: " "$2/tests/test-anchor"
		run_tap "$1anchor, $hardware: " "$2/tests/test-anchor-crash" hardware
	done
	unset RPMB_HARDWARE
	for name in lib config partition; do
		run_tap "$1the kernel's key: " "$2/tests/test-keyed-$name"
	done
	run_tap "$1native: " "$2/tests/test-native"
	run_tap "$1newer library: " "$2/tests/test-newer-lib"
	run_tap "$1newer kernel: " "$2/tests/test-newer-kernel"
}

# command_tests PREFIX DIRECTORY: those of the commands, and of the pages about formats
command_tests()
{
	fresh_fakes "$2"
	for test in tools/rpmb/tests/test-cmd* tools/rpmb/tests/test-page* \
		    tools/rpmb/tests/test-initramfs*; do
		run_tap "$1" "$test" "$2/tests"
	done
}
