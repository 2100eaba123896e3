// SPDX-License-Identifier: GPL-2.0-only
/*
 * Progress on a terminal
 */
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "progress.h"

#define PATIENCE 1000
#define INTERVAL 200

static uint64_t now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000ull + ts.tv_nsec / 1000000;
}

void start_progress(struct progress *progress, const char *verb, bool patient,
		    uint64_t total)
{
	uint64_t start = now();

	*progress = (struct progress) {
		.verb = verb,
		.total = total,
		.start = start,
		.next = start + (patient ? PATIENCE : 0),
	};
}

void show_progress(struct progress *progress, uint64_t done)
{
	bool small = progress->total < 10240, last = done == progress->total;
	uint64_t time = now(), elapsed, rate, left;
	unsigned int shift = small ? 0 : 10;
	const char *unit = small ? "bytes" : "KiB";

	if (!isatty(STDERR_FILENO))
		return;
	if (time < progress->next && !(last && progress->shown))
		return;
	elapsed = time - progress->start;
	rate = done * 1000 / (elapsed ? elapsed : 1);
	left = (progress->total - done) / (rate ? rate : 1);
	/* Blanks wipe out what a longer line has left */
	fprintf(stderr, "\r%s: %3u%%, %llu of %llu %s, %llu %s/s, %llu:%02llu left   ",
		progress->verb, (unsigned int)(100 * done / progress->total),
		(unsigned long long)done >> shift,
		(unsigned long long)progress->total >> shift, unit,
		(unsigned long long)rate >> shift, unit,
		(unsigned long long)left / 60, (unsigned long long)left % 60);
	progress->shown = true;
	progress->next = time + INTERVAL;
}

void end_progress(struct progress *progress)
{
	if (progress->shown)
		fputc('\n', stderr);
}
