// SPDX-License-Identifier: GPL-2.0-only
#include <err.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <sys/wait.h>
#include <unistd.h>

#include "beside.h"
#include "median.h"

#define SECTOR 4096

static uint8_t sector[SECTOR] __attribute__((aligned(SECTOR)));

pid_t start_load(void (*load)(void *what), void *what)
{
	int begun[2];
	pid_t pid;
	char c;

	if (pipe(begun))
		err(1, "pipe");
	pid = fork();
	if (pid < 0)
		err(1, "fork");
	if (!pid) {
		load(what);
		if (write(begun[1], "", 1) != 1)
			err(1, "pipe");
		for (;;)
			load(what);
	}
	close(begun[1]);
	if (read(begun[0], &c, 1) != 1)
		errx(1, "the load did not begin");
	close(begun[0]);
	return pid;
}

void end_load(pid_t load)
{
	int status;

	kill(load, SIGKILL);
	if (waitpid(load, &status, 0) != load || !WIFSIGNALED(status))
		errx(1, "the load ended before its time");
}

int open_disk(const char *name)
{
	int disk = open(name, O_RDONLY | O_DIRECT);

	if (disk < 0)
		err(1, "%s", name);
	return disk;
}

double read_sector(int disk, unsigned int i)
{
	double start = now_ns();

	if (pread(disk, sector, SECTOR, (off_t)i * SECTOR) != SECTOR)
		err(1, "read");
	return now_ns() - start;
}
