# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
#
# Debian's own 6.12 with the modules of rpmb-dkms, in $root; what is used of that to test it.
# Suites source this after root.sh and tap.sh.

# shellcheck disable=SC2154 # root.sh sets $root, make_tmp $tmp

built()
{
	in_root dkms status | tee "$tmp/said"
	grep -qx "rpmb/$version, $kernel, x86_64: installed" "$tmp/said"
}

stock_system()
{
	scripts/packages kernel guest tools deb tests
	scripts/build-tools >"$tmp/log"
	packages=$(scripts/build-deb trixie)
	stock=$(scripts/debian-root trixie stock)
	open_root "$stock"
	version=$(dpkg-deb -f "$packages"/rpmb-dkms_*.deb Version)
	kernel=$(ls "$root/lib/modules")
	check "rpmb-dkms and rpmb-tools are installed" \
		install_packages "$packages" rpmb-dkms rpmb-tools
	check "DKMS has built the modules for $kernel" built
}

# stock_card "PART..." : the driver of eMMC behind that kernel does what the tests of a card
# ask of it
stock_card()
{
	mkdir "$tmp/share" "$tmp/emmc"
	(umask 077; head -c 32 /dev/urandom >"$tmp/share/key")
	cp "$(command -v mmc)" "$tmp/share"
	run_guest "a card behind Debian's kernel: boot and power off" -K "$root" -s "$tmp/share" \
		-e "$tmp/emmc" -E "--large-writes --cache" "e2e emmc $1"
}
