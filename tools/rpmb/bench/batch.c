// SPDX-License-Identifier: GPL-2.0-only
/*
 * 64 writes of one block: in one RPMB_IOC_ROUTE_BATCH, and one by one
 *
 *	bench-batch KEY DEVICE
 *
 * Prints the shortest and the median time of each in nanoseconds: of carrying what was
 * signed before, and of librpmb, which signs each and checks each answer. They take
 * turns.
 */
#include <err.h>
#include <stdio.h>
#include <sys/ioctl.h>

#include "device.h"
#include "internal.h"
#include "median.h"

#define ROUNDS 15
#define WRITES 64
#define BLOCK sizeof(((struct rpmb_frame *)0)->data)

static const uint8_t data[WRITES * BLOCK];
static struct rpmb_frame writes[WRITES], answers[WRITES];

/* One block a request, and @max_batch requests a call */
static double write_all(struct rpmb *rpmb, unsigned int max_batch)
{
	double start = now_ns();

	rpmb->info.write_sizes = 1;
	rpmb->info.max_write = 1;
	rpmb->info.max_batch = max_batch;
	must(rpmb_write(rpmb, key, 0, WRITES, data, NULL), "write");
	return now_ns() - start;
}

static void carry_batch(int fd)
{
	static struct rpmb_batch_request requests[WRITES];
	struct rpmb_ioc_route_batch cmd = {
		.size = sizeof(cmd),
		.nr = WRITES,
		.requests = (uintptr_t)requests,
		.request_size = sizeof(*requests),
	};

	for (unsigned int i = 0; i < WRITES; i++)
		requests[i] = (struct rpmb_batch_request) {
			.req_len = sizeof(writes[i]),
			.resp_len = sizeof(answers[i]),
			.req = (uintptr_t)&writes[i],
			.resp = (uintptr_t)&answers[i],
		};
	if (ioctl(fd, RPMB_IOC_ROUTE_BATCH, &cmd))
		err(1, "RPMB_IOC_ROUTE_BATCH");
}

static void carry_each(int fd)
{
	for (unsigned int i = 0; i < WRITES; i++) {
		struct rpmb_ioc_route_frames cmd = {
			.size = sizeof(cmd),
			.req_len = sizeof(writes[i]),
			.resp_len = sizeof(answers[i]),
			.req = (uintptr_t)&writes[i],
			.resp = (uintptr_t)&answers[i],
		};

		if (ioctl(fd, RPMB_IOC_ROUTE_FRAMES, &cmd))
			err(1, "RPMB_IOC_ROUTE_FRAMES");
	}
}

static double carry_all(struct rpmb *rpmb, void (*carry)(int fd))
{
	double start, end;
	uint32_t counter;

	must(rpmb_read_counter(rpmb, key, &counter), "counter");
	for (unsigned int i = 0; i < WRITES; i++)
		sign_write(&writes[i], i, 1, counter + i, data);
	start = now_ns();
	carry(rpmb->fd);
	end = now_ns();
	for (unsigned int i = 0; i < WRITES; i++)
		must_be_written(&answers[i]);
	return end - start;
}

int main(int argc, char **argv)
{
	static double batch[ROUNDS], each[ROUNDS];
	static double signed_batch[ROUNDS], signed_each[ROUNDS];
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
		batch[i] = carry_all(rpmb, carry_batch);
		each[i] = carry_all(rpmb, carry_each);
		signed_batch[i] = write_all(rpmb, max_batch);
		signed_each[i] = write_all(rpmb, 0);
	}
	print_times("writes", "batch", batch, ROUNDS);
	print_times("writes", "each", each, ROUNDS);
	print_times("signed", "batch", signed_batch, ROUNDS);
	print_times("signed", "each", signed_each, ROUNDS);
	return 0;
}
