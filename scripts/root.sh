# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
#
# Work in copies of Debian systems; scripts source it after lib.sh and make_tmp.

# own_mounts ARGUMENT...: start the script again, with these arguments, where what
# it mounts is its own and goes with it
own_mounts()
{
	[ -z "${OWN_MOUNTS-}" ] || return 0
	[ "$(id -u)" = 0 ] || die "only root can do this"
	OWN_MOUNTS=y exec unshare --mount "$0" "$@"
}

# open_root DIR: until close_root, $root is a copy of the system in DIR, of which
# nothing but what changes is copied, to $changes
open_root()
{
	# shellcheck disable=SC2154 # make_tmp sets $tmp
	root=$tmp/root
	changes=$tmp/layer/changes
	mkdir -p "$root" "$tmp/layer"
	mount -t tmpfs layer "$tmp/layer"
	mkdir "$changes" "$tmp/layer/work"
	mount -t overlay root "$root" \
		-o "lowerdir=$1,upperdir=$changes,workdir=$tmp/layer/work"
	mount -t proc proc "$root/proc"
	lower=$1
	trap close_root EXIT
}

close_root()
{
	umount "$root/proc" "$root" "$tmp/layer"
	rm -rf --one-file-system "$tmp"
}

# in_root COMMAND...: run a command in $root
in_root()
{
	env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 \
		DEBIAN_FRONTEND=noninteractive chroot "$root" "$@"
}

# left_behind: files in $root that are new, gone or not as they were, other than
# those in which apt, dpkg and the like write down what they do
left_behind()
{
	(cd "$changes" && find . ! -type d) | sed 's,^\.,,' |
		grep -vE '^/(var/(log|cache|lib/(apt|dpkg))|proc|run|tmp)/' |
		while read -r file; do
			cmp -s "$root$file" "$lower$file" || echo "$file"
		done
}
