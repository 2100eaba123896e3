// SPDX-License-Identifier: GPL-2.0-only
/*
 * doctor: files and directories of the system, and the kernel's log
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "doctor.h"

/* A record of the kernel's log, which is read at once, is no longer */
#define PIECE 8192

/* Far more than any log or list of modules has */
#define MOST (32 << 20)

/* Of a log that is kept for long, only the end matters */
#define END (1 << 20)

/* Bytes that were read, 0 at the end; records that are lost meanwhile are passed over */
static ssize_t read_piece(int fd, char *to)
{
	ssize_t len;

	do
		len = read(fd, to, PIECE);
	while (len < 0 && (errno == EINTR || errno == EPIPE));
	return len < 0 && errno == EAGAIN ? 0 : len;
}

static char *read_all(int fd)
{
	char *text = NULL, *more;
	size_t size = 0;
	ssize_t len;

	do {
		more = realloc(text, size + PIECE + 1);
		if (!more) {
			free(text);
			return NULL;
		}
		text = more;
		len = read_piece(fd, text + size);
		size += len > 0 ? len : 0;
	} while (len > 0 && size < MOST);
	text[size] = '\0';
	if (len >= 0)
		return text;
	free(text);
	return NULL;
}

static char *look_from(const char *path, off_t end)
{
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	char *text;

	if (fd < 0)
		return NULL;
	/* From the beginning of one that is shorter */
	if (end)
		lseek(fd, -end, SEEK_END);
	text = read_all(fd);
	close(fd);
	return text;
}

char *look_file(const char *path)
{
	return look_from(path, 0);
}

char *look_end(const char *path)
{
	return look_from(path, END);
}

static int is_visible(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

void look_each(struct doctor *doctor, const char *dir,
	       void (*each)(struct doctor *doctor, const char *name,
			    const char *path))
{
	struct dirent **entries;
	char path[1024];
	int i, nr;

	nr = scandir(dir, &entries, is_visible, versionsort);
	for (i = 0; i < nr; i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, entries[i]->d_name);
		each(doctor, entries[i]->d_name, path);
		free(entries[i]);
	}
	if (nr >= 0)
		free(entries);
}

bool look_for(const char *dir, const char *pattern)
{
	struct dirent **entries;
	bool is_there = false;
	int i, nr;

	nr = scandir(dir, &entries, is_visible, versionsort);
	for (i = 0; i < nr; i++) {
		is_there |= !fnmatch(pattern, entries[i]->d_name, 0);
		free(entries[i]);
	}
	if (nr >= 0)
		free(entries);
	return is_there;
}

/* A record is "LEVEL,NUMBER,TIME,FLAGS;MESSAGE", and lines of detail begin with a blank */
static bool take_message(const char *record, size_t len, char *line,
			 size_t size)
{
	const char *text = memchr(record, ';', len);

	if (!text || record[0] == ' ')
		return false;
	len -= ++text - record;
	snprintf(line, size, "%.*s", (int)(len < size ? len : size - 1), text);
	return true;
}

bool look_log(const struct doctor *doctor, const char *pattern, char *line,
	      size_t size)
{
	const char *at = doctor->log;
	bool is_there = false;
	char message[PIECE];
	size_t len;

	for (; at && *at; at += len + !!at[len]) {
		len = strcspn(at, "\n");
		if (!take_message(at, len, message, sizeof(message)) ||
		    fnmatch(pattern, message, FNM_CASEFOLD))
			continue;
		snprintf(line, size, "%s", message);
		is_there = true;
	}
	return is_there;
}

bool look_lines(const char *text, const char *pattern, char *line, size_t size)
{
	bool is_there = false;
	char message[PIECE];
	size_t len;

	for (; text && *text; text += len + !!text[len]) {
		len = strcspn(text, "\n");
		snprintf(message, sizeof(message), "%.*s",
			 (int)(len < PIECE ? len : PIECE - 1), text);
		if (fnmatch(pattern, message, FNM_CASEFOLD))
			continue;
		snprintf(line, size, "%s", message);
		is_there = true;
	}
	return is_there;
}
