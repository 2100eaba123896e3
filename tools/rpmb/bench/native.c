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
#include <fcntl.h>
#include <librpmb.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "median.h"

#define ROUNDS 300
#define MAX_BLOCK 512
#define SECTOR 4096
#define READERS 4

static uint8_t key[LIBRPMB_KEY_LEN];
static uint8_t sector[SECTOR] __attribute__((aligned(SECTOR)));

static void must(int ret, const char *what)
{
	if (ret)
		errx(1, "%s: %s", what, rpmb_strerror(ret));
}

static void load_key(const char *name)
{
	FILE *file = fopen(name, "rb");

	if (!file || fread(key, sizeof(key), 1, file) != 1)
		err(1, "%s", name);
	fclose(file);
}

static struct rpmb *open_rpmb(const char *name)
{
	struct rpmb *rpmb;

	must(rpmb_open(&rpmb, name, O_RDWR), name);
	return rpmb;
}

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

static void print(const char *what, const char *way, double *times)
{
	double mid = median(times, ROUNDS);

	printf("%s.%s %.0f %.0f\n", what, way, times[0], mid);
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
	print(what, "rpmb", ours);
	print(what, "native", theirs);
}

static double read_sector(int disk, unsigned int i)
{
	double start = now_ns();

	if (pread(disk, sector, SECTOR, (off_t)i * SECTOR) != SECTOR)
		err(1, "read");
	return now_ns() - start;
}

static void read_sectors(int disk, const char *way)
{
	static double times[ROUNDS];

	for (unsigned int i = 0; i < ROUNDS; i++)
		times[i] = read_sector(disk, i);
	print("disk", way, times);
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

/* A process that does this until it is killed, once it has begun */
static pid_t start_load(void (*load)(void *what), void *what)
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

static void end_load(pid_t load)
{
	int status;

	kill(load, SIGKILL);
	if (waitpid(load, &status, 0) != load || !WIFSIGNALED(status))
		errx(1, "the load ended before its time");
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
	disk = open(argv[4], O_RDONLY | O_DIRECT);
	if (disk < 0)
		err(1, "%s", argv[4]);

	compare("counter", read_counter, device, native);
	compare("write", write_block, device, native);
	read_sectors(disk, "alone");
	read_sectors_beside(disk, device, "rpmb");
	read_sectors_beside(disk, native, "native");
	compare_beside(disk, device, native);
	return 0;
}
