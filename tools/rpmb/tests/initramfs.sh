# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
# shellcheck disable=SC2154 # variables of who sources it
#
# What tests of the initramfs share, with somebody else in the place of initramfs-tools,
# dracut, and the programs. They source it after cmd.sh.

host=$tests/../host

# stand_in NAME: a program that is found before the real one; it is on stdin
stand_in() {
	{
		echo '#!/bin/sh'
		cat
	} >"bin/$1"
	chmod 755 "bin/$1"
}

# here FILE COPY: with files of ours instead of the system's
here() {
	sed -e "s|/usr/share/initramfs-tools/hook-functions|$tmp/hook-functions|" \
		-e "s|/scripts/functions|$tmp/functions|" \
		-e "s|/lib/dracut-lib.sh|$tmp/dracut-lib.sh|" \
		-e "s|/usr/share/rpmb/|$tmp/|" \
		-e "s|/etc/rpmb/|$tmp/etc/|" \
		-e "s|/etc/udev/|$tmp/etc/udev/|" \
		-e "s|/usr/lib/udev/rules.d/60-rpmb.rules \\\\*|$tmp/60-rpmb.rules |" \
		-e "s|/usr/lib/udev/rules.d/60-rpmb.rules;|$tmp/60-rpmb.rules;|" \
		-e "s|/run/|$tmp/run/|" \
		-e "s|/sys/|$tmp/sys/|g" \
		-e "s|/dev/t|$tmp/t|" \
		"$host/$1" >"$2"
	chmod 755 "$2"
}

# Both return what those of initramfs-tools do
make_functions() {
	cat >hook-functions <<-'FUNCTIONS'
		copy_exec() { echo "exec $*"; }
		manual_add_modules() { echo "modules $*"; }
		copy_file() {
			[ -f "$2" ] || return 2
			[ ! -e "$2.copied" ] || return 1
			: >"$2.copied"
			echo "file $2"
		}
	FUNCTIONS
	cat >functions <<-'FUNCTIONS'
		wait_for_udev() { :; }
		log_warning_msg() { echo "Warning: $*"; }
	FUNCTIONS
}

# make_dracut MODULE: those of dracut, which sources its modules
make_dracut() {
	echo 'warn() { echo "Warning: $*"; }' >dracut-lib.sh
	here "dracut/$1/module-setup.sh" module
	cat >dracut <<-'DRACUT'
		find_binary() { type -P "$@"; }
		require_binaries() { type -P "$@" >/dev/null; }
		inst() { echo "exec $*"; }
		inst_multiple() { echo "exec $*"; }
		inst_simple() { [[ -e $1 ]] && echo "file $1"; }
		inst_script() { echo "script $2"; }
		inst_hook() { echo "hook $1 ${3##*/}"; }
		inst_rules() { echo "rules $*"; }
		instmods() {
			[[ $# != 0 ]] || read -r -d '' -a args
			echo "${hostonly:+hostonly }modules $*${args[*]}"
		}
		dwarn() { echo "$*"; }
		moddir=module
		. ./module
		check || exit
		installkernel
		install
	DRACUT
	stand_in udevadm <<-'UDEVADM'
		echo "udevadm $*"
	UDEVADM
}

# left_out TEXT PATTERN: what was run last has not said that
left_out() {
	bad=0
	! cat out err | grep -e "$2" || bad=1
	result $bad "$1"
}

mkdir bin etc run
PATH=$tmp/bin:$PATH
make_functions
