// SPDX-License-Identifier: GPL-2.0-only
/*
 * bench-anchor STEPS [-] SOCKET...: how many versions a second programs keep, each in a
 * file of its own on the disk of this directory, and have anchored at their sockets
 *
 * Each socket has a program of its own, here a thread. With a "-" nothing is anchored:
 * that is what the disk alone can do.
 */
#include <err.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "device.h"
#include "median.h"

static pthread_barrier_t all_ready;
static unsigned int steps;
static bool anchored = true;

/* Durable, as a version and its step have to be before it is anchored */
static void keep(int fd)
{
	static const char page[4096];

	if (write(fd, page, sizeof(page)) != sizeof(page) || fdatasync(fd))
		err(1, "write");
}

static void *run(void *path)
{
	uint8_t root[LIBRPMB_STEP_LEN] = { 0 };
	struct rpmb_anchor *anchor = rpmb_anchor_new(-1);
	FILE *file = tmpfile();
	struct rpmb_step step;
	unsigned int i;

	if (!anchor || !file)
		err(1, "%s", (char *)path);
	if (anchored) {
		must(rpmb_anchor_connect(anchor, path), path);
		must(rpmb_anchor_get(anchor, &step), path);
	}
	pthread_barrier_wait(&all_ready);
	for (i = 0; i < steps; i++) {
		keep(fileno(file));
		if (!anchored)
			continue;
		rpmb_anchor_next(anchor, &step, root, &step);
		must(rpmb_anchor_advance(anchor, &step, root), path);
	}
	rpmb_anchor_free(anchor);
	fclose(file);
	return NULL;
}

int main(int argc, char **argv)
{
	pthread_t *threads;
	double start;
	int i, nr, first = 2;

	if (argc > 2 && !strcmp(argv[2], "-")) {
		anchored = false;
		first++;
	}
	nr = argc - first;
	if (nr < 1)
		errx(1, "usage: bench-anchor STEPS [-] SOCKET...");
	steps = atoi(argv[1]);
	threads = calloc(nr, sizeof(*threads));
	if (!threads || pthread_barrier_init(&all_ready, NULL, nr + 1))
		err(1, "threads");
	for (i = 0; i < nr; i++)
		if (pthread_create(&threads[i], NULL, run, argv[i + first]))
			err(1, "thread");
	pthread_barrier_wait(&all_ready);
	start = now_ns();
	for (i = 0; i < nr; i++)
		pthread_join(threads[i], NULL);
	printf("%.0f\n", nr * steps / ((now_ns() - start) / 1e9));
	free(threads);
	return 0;
}
