// SPDX-License-Identifier: GPL-2.0-only
/*
 * 64 writes of one block: in one RPMB_IOC_ROUTE_BATCH, and one by one
 *
 *	bench-batch KEY DEVICE
 *
 * Prints the shortest and the median time of each in nanoseconds. They take turns.
 */
#include <err.h>
#include <stdio.h>

#include "device.h"
#include "internal.h"
#include "median.h"

#define ROUNDS 15
#define WRITES 64

/* One block a request, and @max_batch requests a call */
static double write_all(struct rpmb *rpmb, unsigned int max_batch)
{
	static const uint8_t data[WRITES * 512];
	double start = now_ns();

	rpmb->info.write_sizes = 1;
	rpmb->info.max_write = 1;
	rpmb->info.max_batch = max_batch;
	must(rpmb_write(rpmb, key, 0, WRITES, data, NULL), "write");
	return now_ns() - start;
}

int main(int argc, char **argv)
{
	static double batch[ROUNDS], each[ROUNDS];
	unsigned int max_batch;
	struct rpmb *rpmb;

	if (argc != 3)
		errx(2, "usage: bench-batch KEY DEVICE");
	load_key(argv[1]);
	rpmb = open_rpmb(argv[2]);
	max_batch = rpmb->info.max_batch;
	if (max_batch < WRITES)
		errx(1, "%s: no batches", argv[2]);
	for (unsigned int i = 0; i < ROUNDS; i++) {
		batch[i] = write_all(rpmb, max_batch);
		each[i] = write_all(rpmb, 0);
	}
	print_times("writes", "batch", batch, ROUNDS);
	print_times("writes", "each", each, ROUNDS);
	return 0;
}
