# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
#
# Which suites a kernel of somebody's own can be tested by; who knows what it has sources
# this.

# needs SUITE: what the suite needs, as scripts/kernel-has says it, if it tests that kernel
needs()
{
	tested="tracepoints fail-page-alloc pm-test"
	case $1 in
	uapi-qemu)	echo rpmb-sim rpmb-keyed ;;
	device)		echo virtio-rpmb nvme nvme-rpmb rpmb-keyed ;;
	kunit-qemu)	echo kunit ;;
	e2e-qemu)	echo virtio-rpmb rpmb-sim rpmb-bench "$tested" ;;
	e2e-emmc)	echo mmc-rpmb sdhci-pci rpmb-bench "$tested" ;;
	native-qemu)	echo mmc-rpmb sdhci-pci ;;
	ufs-qemu)	echo ufs-rpmb ufs-gating rpmb-bench "$tested" ;;
	nvme-qemu)	echo nvme nvme-rpmb rpmb-bench "$tested" ;;
	nvme-tcp-qemu)	echo nvme-tcp nvme-rpmb "$tested" ;;
	keyed-qemu)	echo virtio-rpmb mmc-rpmb sdhci-pci ufs-rpmb nvme nvme-rpmb \
			     rpmb-keyed rpmb-nvmem trusted-keys tracepoints ;;
	*)		return 1 ;;
	esac
}

# why_not SUITE FILE: why a kernel that has what is in FILE cannot be tested by it, if so
why_not()
{
	needed=$(needs "$1") || {
		echo "it does not test the kernel that KERNEL names"
		return
	}
	for word in $needed; do
		grep -qx "$word" "$2" || {
			echo "the kernel has no $word built in"
			return
		}
	done
}
