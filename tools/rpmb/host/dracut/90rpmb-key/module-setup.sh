#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# For dracut: take the sealed keys that /etc/rpmb/initramfs names, and what loads them,
# into the initramfs. Without that file nothing is done. What is missing is said, and
# keeps nobody from having an initramfs.

list=/etc/rpmb/initramfs

check() {
	[[ -e ${dracutsysrootdir-}$list ]] || return 255
	require_binaries keyctl || return 1
}

depends() {
	return 0
}

# Trusted keys want the TPM to be there, whatever this machine has loaded
installkernel() {
	hostonly='' instmods tpm_crb tpm_tis tpm_tis_spi tpm_tis_i2c tpm_ftpm_tee trusted
}

install() {
	local name blob _

	inst_multiple cat keyctl modprobe sleep udevadm
	inst_simple "$list"
	while read -r name blob _ || [[ $name ]]; do
		case $name in
		'' | '#'*) continue ;;
		esac
		inst_simple "$blob" ||
			dwarn "rpmb-key: $name will not be loaded: $blob is missing"
	done <"${dracutsysrootdir-}$list"
	# shellcheck disable=SC2154 # dracut sets it
	inst_script "$moddir/load-keys" /sbin/rpmb-load-keys
	# shellcheck disable=SC2154
	inst_hook pre-mount 10 "$moddir/rpmb-key.sh"
}
