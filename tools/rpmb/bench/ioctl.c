// SPDX-License-Identifier: GPL-2.0-only
/*
 * Time of a counter read through RPMB_IOC_ROUTE_FRAMES
 *
 * bench-ioctl DEVICE prints the shortest and the median time in nanoseconds.
 */
#include <err.h>
#include <endian.h>
#include <fcntl.h>
#include <linux/rpmb.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/ioctl.h>

#include "median.h"

#define ROUNDS 200
/* Reading the clock takes as long as another call where it is a call itself */
#define CALLS 10

static void read_counter(int fd)
{
	struct rpmb_frame resp, req = {
		.req_resp = htobe16(RPMB_GET_WRITE_COUNTER),
		.block_count = htobe16(1),
	};
	struct rpmb_ioc_route_frames cmd = {
		.size = sizeof(cmd),
		.req_len = sizeof(req),
		.resp_len = sizeof(resp),
		.req = (uintptr_t)&req,
		.resp = (uintptr_t)&resp,
	};

	if (ioctl(fd, RPMB_IOC_ROUTE_FRAMES, &cmd))
		err(1, "RPMB_IOC_ROUTE_FRAMES");
}

static double round_trip(int fd)
{
	double start = now_ns();

	for (unsigned int i = 0; i < CALLS; i++)
		read_counter(fd);
	return (now_ns() - start) / CALLS;
}

int main(int argc, char **argv)
{
	static double times[ROUNDS];
	double mid;
	int fd;

	if (argc != 2)
		errx(2, "usage: bench-ioctl DEVICE");
	fd = open(argv[1], O_RDONLY);
	if (fd < 0)
		err(1, "%s", argv[1]);

	for (unsigned int i = 0; i < ROUNDS; i++)
		times[i] = round_trip(fd);
	mid = median(times, ROUNDS);
	printf("%.0f %.0f\n", times[0], mid);
	return 0;
}
