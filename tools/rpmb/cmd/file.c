// SPDX-License-Identifier: GPL-2.0-only
/*
 * Files with data
 */
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

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
