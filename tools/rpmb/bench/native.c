// SPDX-License-Identifier: GPL-2.0-only
/*
 * An RPMB by two ways: /dev/rpmbN and the kernel's own interface to its device
 *
 *	bench-native KEY DEVICE NATIVE DISK
 *
 * DEVICE and NATIVE are one RPMB, librpmb speaks to both. Prints lines of a name
 * and the shortest and the median time in nanoseconds: of counter reads and of writes
 * of one block by each way, in turn, so that both meet the same weather; of reads of
 * one sector of DISK, alone and beside counter reads by each way; and of counter reads
 * beside four readers of DISK.
 */
#include <err.h>
#include <stdio.h>

#include "beside.h"
#include "device.h"
#include "median.h"

#define ROUNDS 300
#define MAX_BLOCK 512
#define READERS 4

static void read_counter(struct rpmb *rpmb)
{
	uint32_t counter;

	must(rpmb_read_counter(rpmb, key, &counter), "counter");
}

static void write_block(struct rpmb *rpmb)
{
	static const uint8_t data[MAX_BLOCK];

	must(rpmb_write(rpmb, key, 0, 1, data, NULL), "write");
}

static double timed(void (*operation)(struct rpmb *rpmb), struct rpmb *rpmb)
{
	double start = now_ns();

	operation(rpmb);
	return now_ns() - start;
}

static void compare(const char *what, void (*operation)(struct rpmb *rpmb),
		    struct rpmb *device, struct rpmb *native)
{
	static double ours[ROUNDS], theirs[ROUNDS];

	for (unsigned int i = 0; i < ROUNDS; i++) {
		ours[i] = timed(operation, device);
		theirs[i] = timed(operation, native);
	}
	print_times(what, "rpmb", ours, ROUNDS);
	print_times(what, "native", theirs, ROUNDS);
}

static void read_sectors(int disk, const char *way)
{
	static double times[ROUNDS];

	for (unsigned int i = 0; i < ROUNDS; i++)
		times[i] = read_sector(disk, i);
	print_times("disk", way, times, ROUNDS);
}

static void load_rpmb(void *rpmb)
{
	read_counter(rpmb);
}

static void load_disk(void *disk)
{
	static unsigned int i;

	read_sector(*(int *)disk, i++ % ROUNDS);
}

static void read_sectors_beside(int disk, struct rpmb *rpmb, const char *way)
{
	pid_t load = start_load(load_rpmb, rpmb);

	read_sectors(disk, way);
	end_load(load);
}

static void compare_beside(int disk, struct rpmb *device, struct rpmb *native)
{
	pid_t readers[READERS];

	for (unsigned int i = 0; i < READERS; i++)
		readers[i] = start_load(load_disk, &disk);
	compare("beside", read_counter, device, native);
	for (unsigned int i = 0; i < READERS; i++)
		end_load(readers[i]);
}

int main(int argc, char **argv)
{
	struct rpmb *device, *native;
	int disk;

	if (argc != 5)
		errx(2, "usage: bench-native KEY DEVICE NATIVE DISK");
	load_key(argv[1]);
	device = open_rpmb(argv[2]);
	native = open_rpmb(argv[3]);
	disk = open_disk(argv[4]);

	compare("counter", read_counter, device, native);
	compare("write", write_block, device, native);
	read_sectors(disk, "alone");
	read_sectors_beside(disk, device, "rpmb");
	read_sectors_beside(disk, native, "native");
	compare_beside(disk, device, native);
	return 0;
}
