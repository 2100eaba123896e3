// SPDX-License-Identifier: GPL-2.0-only
/*
 * Time of a write that the kernel signs, and of one that librpmb signs
 *
 * bench-keyed KEY DEVICE prints "NAME MIN MEDIAN" in nanoseconds for writes of one block,
 * of 4 KiB and of 64 KiB. Both ways read the counter first, and take turns.
 */
#include <err.h>
#include <fcntl.h>
#include <linux/keyctl.h>
#include <linux/rpmb.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "device.h"
#include "median.h"

#define ROUNDS 500
#define PAGE 4096
#define LONGEST 65536

static uint8_t data[LONGEST];

static int give_key(void)
{
	int serial = syscall(SYS_add_key, "logon", "rpmb:bench", key,
			     sizeof(key), KEY_SPEC_PROCESS_KEYRING);

	if (serial < 0)
		err(1, "add_key");
	return serial;
}

static double by_library(struct rpmb *rpmb, unsigned int blocks)
{
	double start = now_ns();

	must(rpmb_write(rpmb, key, 0, blocks, data, NULL), "rpmb_write");
	return now_ns() - start;
}

static double by_kernel(int fd, int serial, unsigned int blocks)
{
	struct rpmb_ioc_keyed cmd = {
		.size = sizeof(cmd),
		.type = RPMB_WRITE_DATA,
		.key = serial,
		.count = blocks,
		.data = (uintptr_t)data,
	};
	double start = now_ns();

	if (ioctl(fd, RPMB_IOC_KEYED, &cmd))
		err(1, "RPMB_IOC_KEYED");
	return now_ns() - start;
}

static void measure(struct rpmb *rpmb, int fd, int serial, const char *name,
		    unsigned int blocks)
{
	static double library[ROUNDS], kernel[ROUNDS];

	for (unsigned int i = 0; i < ROUNDS; i++) {
		library[i] = by_library(rpmb, blocks);
		kernel[i] = by_kernel(fd, serial, blocks);
	}
	print_times(name, "library", library, ROUNDS);
	print_times(name, "kernel", kernel, ROUNDS);
}

int main(int argc, char **argv)
{
	struct rpmb *rpmb;
	int fd, serial;

	if (argc != 3)
		errx(2, "usage: bench-keyed KEY DEVICE");
	load_key(argv[1]);
	serial = give_key();
	fd = open(argv[2], O_RDWR);
	if (fd < 0)
		err(1, "%s", argv[2]);
	rpmb = open_rpmb(argv[2]);

	measure(rpmb, fd, serial, "block", 1);
	measure(rpmb, fd, serial, "page", PAGE / 256);
	measure(rpmb, fd, serial, "long", LONGEST / 256);
	rpmb_close(rpmb);
	return 0;
}
