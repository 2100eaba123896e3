#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# For dracut: take what makes the RPMBs of this machine, or in a generic initramfs those
# of any machine, into it, with their names.

list=/usr/share/rpmb/initramfs-modules

# shellcheck disable=SC2154 # dracut sets it, and $kernel
wanted() {
	"${dracutsysrootdir-}$list" ${hostonly:+"$kernel"}
}

check() {
	[[ $(wanted) ]] || return 255
}

depends() {
	echo udev-rules
}

# Whatever this machine has loaded
installkernel() {
	hostonly='' instmods < <(wanted)
}

install() {
	inst_rules 60-rpmb.rules
}
