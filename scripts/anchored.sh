# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
#
# A guest that is a host itself, with a card whose RPMB anchors the devices of machines of
# its own. scripts/run and the suite that test it source this after lib.sh.

# anchored_share DIRECTORY: what that host has at /share; its machines are User Mode Linux
anchored_share()
{
	[ -e "$1/key" ] || (umask 077; head -c 32 /dev/urandom >"$1/key")
	(umask 077; head -c 32 /dev/urandom >"$1/machine-key")
	cp "$(scripts/build-kernel uml)" "$1/linux"
	cp build/tools/rpmb-anchor build/tools/vhost-user-rpmb "$1"
	scripts/initramfs "$1/machine.initrd" scripts/guest/init=/init \
		scripts/guest/machine=/job scripts/guest/await=/bin/await \
		build/tools/rpmb=/bin/rpmb "$1/machine-key=/key"
}

# anchored_card DIRECTORY: a card on which there is a new file system, the host's disk
anchored_card()
{
	need mkfs.ext4 e2fsprogs
	mkdir "$1"
	truncate -s 64M "$1/user"
	mkfs.ext4 -q "$1/user"
}
