# SPDX-License-Identifier: GPL-2.0-only

.PHONY: help
help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 16
	@echo
	@echo 'Kernels and packages are kept in $${XDG_CACHE_HOME:-~/.cache}/linux-rpmb,'
	@echo 'which may be deleted; everything else is in build/ and .config. Debian comes from the mirror'
	@echo 'that apt is set up for, or from DEBIAN_MIRROR=http://...'

.PHONY: run
run: ## watch a virtual machine use its RPMB, lose power, refuse a replay; TRANSPORT=emmc|nvme|ufs|anchored
	@scripts/packages kernel guest tools
	@TRANSPORT="$(TRANSPORT)" scripts/run

.PHONY: check
check: ## run the tests, or SUITE="name..."; how many at a time: JOBS=3; on KERNEL=bzImage
	@scripts/check $(SUITE)

.PHONY: check-full
check-full: ## run all tests, on debug kernels and on the newest one as well
	@scripts/check --full

.PHONY: lint
lint: ## the checkers of sources only
	@scripts/check lint

.PHONY: fuzz
fuzz: ## look for a guest that breaks vhost-user-rpmb, FUZZ_SECONDS=600 for each target
	@FUZZ_SECONDS=$(or $(FUZZ_SECONDS),600) scripts/check fuzz

.PHONY: bench
bench: ## measure, BENCH="emmc uml" only this: see scripts/bench
	@scripts/packages kernel guest tools
	@scripts/bench $(BENCH)

.PHONY: tools
tools: ## build librpmb, rpmb and vhost-user-rpmb in build/tools
	@scripts/packages tools
	$(MAKE) -C tools/rpmb

.PHONY: kernel-tree
kernel-tree: ## make a kernel source with RPMB: BASE=6.12, BASE=newest or KDIR=dir
	@scripts/packages kernel
	@KDIR="$(KDIR)" scripts/kernel-tree $(or $(BASE),6.12)

.PHONY: modules
modules: ## build modules for a stock kernel: Debian's 6.12, or KVER=release
	@scripts/packages kernel
	@scripts/build-modules $(KVER)

.PHONY: menuconfig defconfig
menuconfig: ## choose in a menu, for .config, which modules are built; KVER=release
	@scripts/packages kernel menu
	@scripts/configure-modules $@ $(KVER)
defconfig: ## choose all modules that the kernel can have
	@scripts/packages kernel
	@scripts/configure-modules $@ $(KVER)

.PHONY: deb
deb: ## build Debian packages in build/deb, for this release or RELEASE=trixie
	@scripts/packages deb
	@dir=$$(scripts/build-deb $(RELEASE)) && mkdir -p build/deb && \
		cp "$$dir"/* build/deb && ls build/deb/*.deb

.PHONY: packages
packages: ## install the Debian packages that all of this needs
	@scripts/packages all

.PHONY: clean
clean: ## remove build/
	rm -rf build
