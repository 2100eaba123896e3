// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the subcommands share: devices, places in them, progress
 */
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "cmd.h"

int open_device(const struct args *args, int flags, struct rpmb **rpmb,
		uint8_t key[LIBRPMB_KEY_LEN])
{
	int ret;

	if (args->key_file) {
		ret = read_key(args, key);
		if (ret)
			return ret;
	}
	ret = rpmb_open(rpmb, args->device, flags);
	return ret ? complain_error(args->device, ret) : 0;
}

uint64_t quantity_bytes(const struct quantity *quantity,
			const struct rpmb_info *info)
{
	return quantity->value * (quantity->blocks ? info->block_size : 1);
}

int find_range(const struct args *args, const struct rpmb_info *info,
	       uint64_t offset, uint64_t len, struct range *range)
{
	uint64_t size = (uint64_t)info->capacity * info->block_size;
	unsigned int bs = info->block_size;

	if (!len)
		return complain(EXIT_USAGE, args->device, "nothing to do");
	if (offset > size || len > size - offset)
		return complain(EXIT_ADDRESS, args->device,
				"beyond the end: the device has %llu bytes",
				(unsigned long long)size);
	range->addr = offset / bs;
	range->blocks = (offset + len + bs - 1) / bs - range->addr;
	return 0;
}

/* What takes less than a second needs none */
#define PROGRESS_AFTER 1

struct progress {
	const char *verb;
	time_t start;
	bool shown;
};

static time_t now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec;
}

static void print_progress(void *arg, unsigned int done, unsigned int total)
{
	struct progress *progress = arg;

	if (!progress->shown && now() - progress->start <= PROGRESS_AFTER)
		return;
	progress->shown = true;
	fprintf(stderr, "\r%s: %3u%%%s", progress->verb,
		(unsigned int)(100ULL * done / total),
		done == total ? "\n" : "");
}

void show_progress(struct rpmb *rpmb, const char *verb)
{
	static struct progress progress;

	progress = (struct progress) { .verb = verb, .start = now() };
	if (isatty(STDERR_FILENO))
		rpmb_set_progress(rpmb, print_progress, &progress);
}
