// SPDX-License-Identifier: GPL-2.0-only
/*
 * Does a program hold something in its memory?
 *
 *	rpmb-holds PID FILE
 *
 * Looks for what FILE begins with, 32 bytes, in all that the program can write. Exit
 * status 0: it is there; 1: it is not; 2: that cannot be found out.
 */
#include <err.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define WANTED_LEN 32

static char wanted[WANTED_LEN];

static void read_wanted(const char *name)
{
	int fd = open(name, O_RDONLY);

	if (fd < 0 || read(fd, wanted, sizeof(wanted)) != sizeof(wanted))
		err(2, "%s", name);
	close(fd);
}

static bool holds(int memory, unsigned long start, unsigned long end)
{
	size_t len = end - start;
	char *copy = malloc(len);
	bool found;

	if (!copy || pread(memory, copy, len, start) != (ssize_t)len)
		err(2, "memory at %#lx", start);
	found = memmem(copy, len, wanted, sizeof(wanted));
	free(copy);
	return found;
}

static FILE *open_of(const char *pid, const char *what)
{
	char name[64];
	FILE *file;

	snprintf(name, sizeof(name), "/proc/%s/%s", pid, what);
	file = fopen(name, "r");
	if (!file)
		err(2, "%s", name);
	return file;
}

int main(int argc, char **argv)
{
	unsigned long start, end, looked_at = 0;
	bool found = false;
	FILE *maps, *memory;
	char line[512];

	if (argc != 3)
		errx(2, "usage: rpmb-holds PID FILE");
	read_wanted(argv[2]);
	maps = open_of(argv[1], "maps");
	memory = open_of(argv[1], "mem");
	while (fgets(line, sizeof(line), maps)) {
		if (sscanf(line, "%lx-%lx", &start, &end) != 2 ||
		    !strstr(line, " rw-p "))
			continue;
		found |= holds(fileno(memory), start, end);
		looked_at += end - start;
	}
	printf("%lu bytes looked at\n", looked_at);
	if (!looked_at)
		errx(2, "process %s has no memory", argv[1]);
	return !found;
}
