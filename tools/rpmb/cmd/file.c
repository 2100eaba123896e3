// SPDX-License-Identifier: GPL-2.0-only
/*
 * Files with data
 */
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/stat.h>

#include "cmd.h"
#include "file.h"

static FILE *open_file(const char *file, int flags, const char *mode)
{
	int fd = open(file, flags | O_CLOEXEC, 0600);
	FILE *stream;

	if (fd < 0)
		return NULL;
	stream = fdopen(fd, mode);
	if (!stream)
		close(fd);
	return stream;
}

int load_file(const char *file, void *data, size_t size, size_t *len)
{
	bool std = !file || is_stdio(file);
	const char *name = std ? "stdin" : file;
	FILE *stream = std ? stdin : open_file(file, O_RDONLY, "r");
	int ret = EXIT_OK;

	if (!stream)
		return complain(EXIT_OTHER, name, "%m");
	*len = fread(data, 1, size, stream);
	if (ferror(stream))
		ret = complain(EXIT_OTHER, name, "%m");
	if (!std)
		fclose(stream);
	return ret;
}

int store_file(const char *file, const void *data, size_t len)
{
	bool std = !file || is_stdio(file);
	const char *name = std ? "stdout" : file;
	FILE *stream = std ? stdout :
			     open_file(file, O_WRONLY | O_CREAT | O_TRUNC, "w");
	bool ok;

	if (!stream)
		return complain(EXIT_OTHER, name, "%m");
	ok = fwrite(data, 1, len, stream) == len;
	/* What is buffered may still fail to be written */
	ok &= !(std ? fflush(stream) : fclose(stream));
	if (!ok)
		return complain(EXIT_OTHER, name, "%m; it is not complete");
	return EXIT_OK;
}

static int sync_path(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	int ret = EXIT_OK;

	if (fd < 0 || fsync(fd))
		ret = complain(EXIT_OTHER, path, "%m");
	if (fd >= 0)
		close(fd);
	return ret;
}

static int sync_directory_of(const char *path)
{
	char *copy = strdup(path);
	int ret;

	if (!copy)
		return complain(EXIT_OTHER, path, "%m");
	ret = sync_path(dirname(copy));
	free(copy);
	return ret;
}

static bool write_all(int fd, const char *text)
{
	size_t left = strlen(text);
	ssize_t len = 0;

	for (; left && len >= 0; text += len, left -= len)
		len = write(fd, text, left);
	return len >= 0;
}

/* A device, or a link that somebody else has put there, stays what it is */
static int check_replaceable(const char *file)
{
	struct stat st;

	if (!lstat(file, &st) && !S_ISREG(st.st_mode))
		return complain(EXIT_OTHER, file,
				"it is there and is no file, so it is not replaced");
	return EXIT_OK;
}

/* Into a new file, which nobody else knows the name of */
static int replace_by(const char *file, char *new, const char *text,
		      unsigned int mode)
{
	int fd = mkostemp(new, O_CLOEXEC);
	bool ok;

	if (fd < 0)
		return complain(EXIT_OTHER, file, "%m");
	ok = write_all(fd, text) && !fchmod(fd, mode) && !fsync(fd) &&
	     !rename(new, file);
	if (!ok) {
		complain(EXIT_OTHER, file, "%m; it is as it was");
		unlink(new);
	}
	close(fd);
	return ok ? EXIT_OK : EXIT_OTHER;
}

int replace_file(const char *file, const char *text, unsigned int mode)
{
	char *new;
	int ret;

	ret = check_replaceable(file);
	if (ret)
		return ret;
	if (asprintf(&new, "%s.XXXXXX", file) < 0)
		return complain(EXIT_OTHER, file, "%m");
	ret = replace_by(file, new, text, mode);
	free(new);
	return ret ?: sync_directory_of(file);
}
