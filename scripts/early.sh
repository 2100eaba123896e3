# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
#
# A Debian system's own initramfs, in $root, with what a test has to see of an RPMB before the
# root file system. Suites source this after root.sh and tap.sh.

# shellcheck disable=SC2154 # root.sh sets $root, make_tmp $tmp, stock.sh $kernel

# A look at the RPMB, and in the place of OP-TEE a name without a device; in that of its
# supplicant, /usr/sbin/tee-supplicant, is a program that waits
prepare_early()
{
	mkdir -p "$root/etc/rpmb"
	echo infinity >"$root/etc/rpmb/tee-supplicant"
	cat >"$tmp/fake-tee" <<-'FAKE'
		#!/bin/sh
		[ "${1-}" = prereqs ] || : >/dev/teepriv0
	FAKE
	chmod 755 "$tmp/fake-tee"
}

# By initramfs-tools, in $tmp/initrd-tools
initramfs_tools()
{
	prepare_early
	scripts=$root/etc/initramfs-tools/scripts
	mkdir -p "$scripts/init-top" "$scripts/init-premount"
	cp "$tmp/fake-tee" "$scripts/init-top"
	cp scripts/guest/early "$scripts/init-premount"
	in_root mkinitramfs -o /tmp/initrd "$kernel"
	mv "$root/tmp/initrd" "$tmp/initrd-tools"
}
