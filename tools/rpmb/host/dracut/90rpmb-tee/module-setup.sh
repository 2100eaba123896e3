#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# For dracut: take OP-TEE's tee-supplicant, and the drivers, into the initramfs. Without
# /etc/rpmb/tee-supplicant nothing is done.

arguments=/etc/rpmb/tee-supplicant

check() {
	[[ -e ${dracutsysrootdir-}$arguments ]] || return 255
	require_binaries tee-supplicant || return 1
}

depends() {
	return 0
}

installkernel() {
	hostonly='' instmods ffa-core ffa-module optee tpm_ftpm_tee
}

# It may be what a root file system that is encrypted waits for, or it has time until that
# is mounted
install() {
	inst_multiple cat udevadm
	inst_simple "$arguments"
	# By that name it is not killed, see start-tee
	inst "$(find_binary tee-supplicant)" /usr/sbin/@tee-supplicant
	# shellcheck disable=SC2154 # dracut sets it
	inst_script "$moddir/start-tee" /sbin/rpmb-start-tee
	# shellcheck disable=SC2154
	inst_hook initqueue/settled 05 "$moddir/rpmb-tee.sh"
	# shellcheck disable=SC2154
	inst_hook pre-mount 05 "$moddir/rpmb-tee.sh"
}
