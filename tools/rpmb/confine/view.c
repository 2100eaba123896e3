// SPDX-License-Identifier: GPL-2.0-only
/*
 * A root of our own: an empty tmpfs, on which the directories that are needed are
 * mounted. It hides the old root, to which nothing leads back once the privileges
 * that this takes are gone.
 */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "confine.h"
#include "log.h"
#include "view.h"

/* A directory, and what will be mounted at its place; none if @path is NULL */
struct directory {
	char *path;
	int tree;
};

struct view {
	int root;
	struct directory places[CONFINE_READ_ONLY + CONFINE_PLACES];
};

#define NR_DIRECTORIES (CONFINE_READ_ONLY + CONFINE_PLACES)

static void close_fd(int fd)
{
	if (fd >= 0)
		close(fd);
}

static bool put_line(const char *path, const char *format, unsigned int id)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	bool ok = fd >= 0 && dprintf(fd, format, id, id) > 0;

	close_fd(fd);
	return ok;
}

/*
 * Who is not root gets the rights to mount in a user namespace, as who he is; but
 * there no other privilege counts.
 */
static bool new_namespaces(const struct confine_needs *needs)
{
	unsigned int uid = geteuid(), gid = getegid();

	if (!unshare(CLONE_NEWNS))
		return true;
	return errno == EPERM && !needs->capabilities && !needs->knows_users &&
	       !unshare(CLONE_NEWUSER | CLONE_NEWNS) &&
	       put_line("/proc/self/setgroups", "deny", 0) &&
	       put_line("/proc/self/uid_map", "%u %u 1", uid) &&
	       put_line("/proc/self/gid_map", "%u %u 1", gid);
}

static bool is_directory(const char *path)
{
	struct stat st;

	return !stat(path, &st) && S_ISDIR(st.st_mode);
}

static bool make_read_only(const struct directory *dir)
{
	struct mount_attr attr = { .attr_set = MOUNT_ATTR_RDONLY };

	return !mount_setattr(dir->tree, "", AT_EMPTY_PATH | AT_RECURSIVE,
			      &attr, sizeof(attr));
}

/* A directory, or that of a file; false if it cannot be kept */
static bool take(struct directory *dir, const char *place)
{
	char *full = place ? realpath(place, NULL) : NULL;

	if (!place)
		return true;
	if (!full)
		return false;
	dir->tree = -1;
	dir->path = strdup(is_directory(full) ? full : dirname(full));
	free(full);
	/* On a root of our own there is no place for another root */
	if (!dir->path || !strcmp(dir->path, "/")) {
		errno = 0;
		return false;
	}
	dir->tree = open_tree(AT_FDCWD, dir->path, OPEN_TREE_CLONE |
						   OPEN_TREE_CLOEXEC |
						   AT_RECURSIVE);
	return dir->tree >= 0;
}

static int make_root(void)
{
	int fs = fsopen("tmpfs", FSOPEN_CLOEXEC), root = -1;

	if (fs >= 0 && !fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0))
		root = fsmount(fs, FSMOUNT_CLOEXEC, MOUNT_ATTR_NOSUID |
						    MOUNT_ATTR_NODEV |
						    MOUNT_ATTR_NOEXEC);
	close_fd(fs);
	return root;
}

static bool enter_root(int root)
{
	return !move_mount(root, "", AT_FDCWD, "/", MOVE_MOUNT_F_EMPTY_PATH) &&
	       !fchdir(root) && !chroot(".");
}

/* Make the directories that lead to @path, and @path */
static bool make_path(char *path)
{
	char *slash = path;
	bool ok = true;

	while (ok && (slash = strchr(slash + 1, '/'))) {
		*slash = 0;
		ok = !mkdir(path, 0755) || errno == EEXIST;
		*slash = '/';
	}
	return ok && (!mkdir(path, 0755) || errno == EEXIST);
}

static bool put(const struct directory *dir)
{
	return !dir->path ||
	       (make_path(dir->path) &&
		!move_mount(dir->tree, "", AT_FDCWD, dir->path,
			    MOVE_MOUNT_F_EMPTY_PATH));
}

/* All that a system may not allow, and that leaves everything as it is */
static bool prepare(struct view *view, const struct confine_needs *needs)
{
	bool ok = new_namespaces(needs) &&
		  !mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL);
	unsigned int i;

	for (i = 0; ok && needs->read_only && needs->read_only[i]; i++)
		ok = take(&view->places[i], needs->read_only[i]) &&
		     make_read_only(&view->places[i]);
	for (i = 0; ok && i < CONFINE_PLACES; i++)
		ok = take(&view->places[CONFINE_READ_ONLY + i],
			  needs->places[i]);
	return ok && (view->root = make_root()) >= 0;
}

static bool enter(const struct view *view)
{
	bool ok = enter_root(view->root);
	unsigned int i;

	/* Those that may be changed last, so that none of the others is above */
	for (i = 0; ok && i < NR_DIRECTORIES; i++)
		ok = put(&view->places[i]);
	return ok && !chdir("/");
}

static void forget(struct view *view)
{
	unsigned int i;

	for (i = 0; i < NR_DIRECTORIES; i++) {
		free(view->places[i].path);
		if (view->places[i].path)
			close_fd(view->places[i].tree);
	}
	close_fd(view->root);
}

bool view_enter(const struct confine_needs *needs)
{
	struct view view = { .root = -1 };
	bool ok = true;

	errno = 0;
	if (!prepare(&view, needs)) {
		log_line("all files stay in sight: %s", errno ?
			 strerror(errno) : "one of those needed is in /");
	} else if (!enter(&view)) {
		log_line("cannot put files out of sight: %s", strerror(errno));
		ok = false;
	}
	forget(&view);
	return ok;
}
