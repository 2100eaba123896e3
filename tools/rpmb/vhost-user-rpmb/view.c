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

#include "log.h"
#include "sandbox.h"
#include "view.h"

/* A directory, and what will be mounted at its place; none if @path is NULL */
struct directory {
	char *path;
	int tree;
};

struct view {
	int root;
	struct directory socket;
	struct directory state;
	struct directory anchor;
};

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
static bool new_namespaces(const struct sandbox_needs *needs)
{
	unsigned int uid = geteuid(), gid = getegid();

	if (!unshare(CLONE_NEWNS))
		return true;
	return errno == EPERM && !needs->raw_io &&
	       !unshare(CLONE_NEWUSER | CLONE_NEWNS) &&
	       put_line("/proc/self/setgroups", "deny", 0) &&
	       put_line("/proc/self/uid_map", "%u %u 1", uid) &&
	       put_line("/proc/self/gid_map", "%u %u 1", gid);
}

/* The directory of a file; false if it cannot be kept */
static bool take(struct directory *dir, const char *file)
{
	char *full = file ? realpath(file, NULL) : NULL;

	if (!file)
		return true;
	if (!full)
		return false;
	dir->path = strdup(dirname(full));
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
static bool prepare(struct view *view, const struct sandbox_needs *needs)
{
	return new_namespaces(needs) &&
	       !mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) &&
	       take(&view->socket, needs->socket) &&
	       take(&view->state, needs->state) &&
	       take(&view->anchor, needs->anchor) &&
	       (view->root = make_root()) >= 0;
}

static bool enter(const struct view *view)
{
	return enter_root(view->root) && put(&view->socket) &&
	       put(&view->state) && put(&view->anchor) && !chdir("/");
}

static void forget(struct view *view)
{
	free(view->socket.path);
	free(view->state.path);
	free(view->anchor.path);
	close_fd(view->socket.tree);
	close_fd(view->state.tree);
	close_fd(view->anchor.tree);
	close_fd(view->root);
}

bool view_enter(const struct sandbox_needs *needs)
{
	struct view view = {
		.root = -1, .socket.tree = -1, .state.tree = -1,
		.anchor.tree = -1,
	};
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
