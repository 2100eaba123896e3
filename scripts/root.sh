# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
#
# Work in copies of Debian systems; scripts source it after lib.sh and make_tmp.

# Root in a container may not
may_mount()
{
	unshare --mount mount -t tmpfs none /mnt 2>/dev/null
}

# own_mounts ARGUMENT...: start the script again, with these arguments, where what
# it mounts is its own and goes with it
own_mounts()
{
	[ -z "${OWN_MOUNTS-}" ] || return 0
	may_mount || die "only who may mount can do this: root"
	OWN_MOUNTS=y exec unshare --mount "scripts/${0##*scripts/}" "$@"
}

# own_mounts_or_skip ARGUMENT...: the same for a suite, which else has nothing to do
own_mounts_or_skip()
{
	may_mount || {
		printf '%s\n' "ok 1 - all of it # SKIP only who may mount can do it" 1..1
		exit 0
	}
	own_mounts "$@"
}

# open_root DIR: until umount_root, $root is a copy of the system in DIR, of which
# nothing but what changes is copied, to $changes. By xino all files are said to be on one
# device, as what walks through file systems wants it.
open_root()
{
	# shellcheck disable=SC2154 # make_tmp sets $tmp
	root=$tmp/root
	changes=$tmp/layer/changes
	mkdir -p "$root" "$tmp/layer"
	mount -t tmpfs layer "$tmp/layer"
	mkdir "$changes" "$tmp/layer/work"
	mount -t overlay root "$root" \
		-o "lowerdir=$1,upperdir=$changes,workdir=$tmp/layer/work,xino=on"
	mount -t proc proc "$root/proc"
	lower=$1
	trap close_root EXIT
}

umount_root()
{
	umount --lazy "$root/proc" "$root" "$tmp/layer"
	root=
}

close_root()
{
	[ -z "$root" ] || umount_root
	rm -rf --one-file-system "$tmp"
}

# in_root COMMAND...: run a command in $root, without a network
in_root()
{
	env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 \
		DEBIAN_FRONTEND=noninteractive unshare --net chroot "$root" "$@"
}

# apt ARGUMENT...: the same with apt-get, to which nobody needs what is only suggested
apt()
{
	in_root apt-get -q -y -o Dpkg::Use-Pty=0 \
		-o APT::AutoRemove::RecommendsImportant=false \
		-o APT::AutoRemove::SuggestsImportant=false "$@"
}

# install_packages DIR NAME...: our packages that are in DIR, and what they need
install_packages()
{
	from=$1
	shift
	mkdir -p "$root/tmp/packages"
	cp -t "$root/tmp/packages" "$from"/*.deb
	for name; do
		set -- "$@" "$(cd "$root" && echo ./tmp/packages/"$name"_*.deb)"
		shift
	done
	(cd "$root" && apt install "$@")
}

# left_behind: files in $root that are new, gone or not as they were, other than
# those in which apt, dpkg and the like write down what they do, and the initramfs, which
# is made anew; users and groups stay for good on every Debian
left_behind()
{
	(cd "$changes" && find . ! -type d) | sed 's,^\.,,' |
		grep -vE -e '^/(var/(log|cache|lib/(apt|dpkg))|proc|run|tmp)/' \
			-e '^/boot/initrd\.img-' \
			-e '^/etc/(passwd|shadow|group|gshadow|ld\.so\.cache)-?$' |
		while read -r file; do
			cmp -s "$root$file" "$lower$file" || echo "$file"
		done
}

# purge NAME...: these packages and what came with them, and nothing stays
purge()
{
	apt purge "$@"
	apt autoremove --purge
	left_behind >"$tmp/left"
	cat "$tmp/left"
	[ ! -s "$tmp/left" ]
}

# left_alone KERNEL CONFIG: for a kernel with this .config, DKMS builds nothing of our
# $version, and says why in $tmp/said
left_alone()
{
	mkdir -p "$root/tmp/kernel"
	echo "$2" >"$root/tmp/kernel/.config"
	status=0
	# shellcheck disable=SC2154 # who sources this sets $version
	in_root dkms build "rpmb/$version" -k "$1" \
		--kernelsourcedir /tmp/kernel >"$tmp/said" 2>&1 || status=$?
	cat "$tmp/said"
	[ "$status" = 77 ]
}

left_alone_with_rpmb()
{
	left_alone 6.12.0-own "CONFIG_RPMB=$1"
	grep -q "the kernel 6.12.0-own has RPMB of its own" "$tmp/said"
}
