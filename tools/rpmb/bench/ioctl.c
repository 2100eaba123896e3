// SPDX-License-Identifier: GPL-2.0-only
/*
 * Time of a counter read through RPMB_IOC_ROUTE_FRAMES, and of a call that does nothing
 *
 * bench-ioctl DEVICE prints the shortest and the median time of each in nanoseconds.
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

/* No such ioctl */
static void call_nothing(int fd)
{
	if (!ioctl(fd, _IO(RPMB_IOC_MAGIC, 0xff)))
		errx(1, "an ioctl that no kernel has");
}

static double time_of(void (*call)(int fd), int fd)
{
	double start = now_ns();

	for (unsigned int i = 0; i < CALLS; i++)
		call(fd);
	return (now_ns() - start) / CALLS;
}

static void measure(const char *name, void (*call)(int fd), int fd)
{
	static double times[ROUNDS];
	double mid;

	for (unsigned int i = 0; i < ROUNDS; i++)
		times[i] = time_of(call, fd);
	mid = median(times, ROUNDS);
	printf("%s %.0f %.0f\n", name, times[0], mid);
}

int main(int argc, char **argv)
{
	int fd;

	if (argc != 2)
		errx(2, "usage: bench-ioctl DEVICE");
	fd = open(argv[1], O_RDONLY);
	if (fd < 0)
		err(1, "%s", argv[1]);

	measure("ioctl", read_counter, fd);
	measure("empty", call_nothing, fd);
	return 0;
}
