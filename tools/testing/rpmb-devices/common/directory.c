// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "directory.h"
#include "log.h"

bool directory_make(const char *directory)
{
	if (!mkdir(directory, 0700) || errno == EEXIST)
		return true;
	log_line("%s: %s", directory, strerror(errno));
	return false;
}

static bool make_path(char path[PATH_MAX], const char *directory,
		      const char *name)
{
	if (snprintf(path, PATH_MAX, "%s/%s", directory, name) < PATH_MAX)
		return true;
	log_line("%s: name too long", directory);
	return false;
}

int directory_open_file(const char *directory, const char *name, uint64_t size)
{
	char path[PATH_MAX];
	int fd;

	if (!make_path(path, directory, name))
		return -1;
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd >= 0 && !ftruncate(fd, size))
		return fd;
	log_line("%s: %s", path, strerror(errno));
	if (fd >= 0)
		close(fd);
	return -1;
}

bool directory_open_state(const char *directory, const char *name,
			  uint8_t capacity, struct state *state,
			  char path[PATH_MAX])
{
	struct state_config config = { .name = path, .capacity = capacity };

	return make_path(path, directory, name) && state_open(state, &config);
}
