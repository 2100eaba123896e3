// SPDX-License-Identifier: GPL-2.0-only
/*
 * Restoring a MiB by two ways: /dev/rpmbN, and the kernel's own interface to its device
 *
 *	bench-restore KEY DEVICE NATIVE DISK
 *
 * DEVICE and NATIVE are one RPMB. Prints lines of a name and a time in nanoseconds: of
 * writing it with so many blocks a request by each way, request by request by the native
 * one; of the same on an eMMC with as many requests in each MMC_IOC_MULTI_CMD as it
 * takes; and of reads of one sector of DISK beside such writing. The ways take turns,
 * so that all meet the same weather.
 */
#include <err.h>
#include <linux/mmc/ioctl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>

#include "beside.h"
#include "device.h"
#include "internal.h"
#include "median.h"

#define TOTAL (1024 * 1024)
#define TURNS 4
#define MOST_LEN (TOTAL / TURNS)
#define READS 200
#define FRAME sizeof(struct rpmb_frame)

/* Each request is two writes and a read of the card: the frames, the result read */
#define MOST_SEQUENCES (MMC_IOC_MAX_CMDS / 3)
#define MOST_BLOCKS 32

/* JESD84-B51; R1, a data transfer */
#define MMC_READ 18
#define MMC_WRITE 25
#define MMC_FLAGS (1 << 0 | 1 << 2 | 1 << 4 | 1 << 5 | 1 << 7)
#define MMC_RELIABLE_WRITE (1u << 31)

static uint8_t data[MOST_LEN];

static unsigned int blocks_of_turn(const struct rpmb *rpmb)
{
	return MOST_LEN / rpmb->info.block_size;
}

/* By librpmb, with at most @size blocks in a request */
static void restore(struct rpmb *rpmb, unsigned int size)
{
	unsigned int blocks = blocks_of_turn(rpmb), capacity, done, nr;

	capacity = rpmb->info.capacity;
	rpmb->info.write_sizes = size;
	rpmb->info.max_write = size;
	for (done = 0; done < blocks; done += nr) {
		nr = blocks - done < capacity ? blocks - done : capacity;
		must(rpmb_write(rpmb, key, 0, nr, data, NULL), "write");
	}
}

/* As many requests as a call takes */
static struct {
	struct mmc_ioc_multi_cmd multi;
	struct mmc_ioc_cmd cmds[3 * MOST_SEQUENCES];
} call;
static struct rpmb_frame frames[MOST_SEQUENCES][MOST_BLOCKS];
static struct rpmb_frame asks[MOST_SEQUENCES], answers[MOST_SEQUENCES];

static struct mmc_ioc_cmd command(void *buf, unsigned int nr, int write_flag)
{
	return (struct mmc_ioc_cmd) {
		.opcode = write_flag ? MMC_WRITE : MMC_READ,
		.write_flag = write_flag,
		.flags = MMC_FLAGS,
		.blksz = FRAME,
		.blocks = nr,
		.data_ptr = (uintptr_t)buf,
	};
}

static void prepare(unsigned int i, unsigned int addr, unsigned int size,
		    uint32_t counter)
{
	const struct rpmb_fields ask = { .type = RPMB_RESULT_READ };

	sign_write(frames[i], addr, size, counter, data);
	rpmb_frames_init(RPMB_FRAME_JEDEC, &asks[i], FRAME, &ask);
	call.cmds[3 * i] = command(frames[i], size, 1 | MMC_RELIABLE_WRITE);
	call.cmds[3 * i + 1] = command(&asks[i], 1, 1);
	call.cmds[3 * i + 2] = command(&answers[i], 1, 0);
}

static void restore_multi(struct rpmb *rpmb, unsigned int size)
{
	unsigned int left = blocks_of_turn(rpmb) / size, nr, i;
	unsigned int places = rpmb->info.capacity / size, place = 0;
	uint32_t counter;

	must(rpmb_read_counter(rpmb, key, &counter), "counter");
	for (; left; left -= nr) {
		nr = left < MOST_SEQUENCES ? left : MOST_SEQUENCES;
		for (i = 0; i < nr; i++)
			prepare(i, place++ % places * size, size, counter++);
		call.multi.num_of_cmds = 3 * nr;
		if (ioctl(rpmb->fd, MMC_IOC_MULTI_CMD, &call))
			err(1, "MMC_IOC_MULTI_CMD");
		for (i = 0; i < nr; i++)
			must_be_written(&answers[i]);
	}
}

static double timed(void (*way)(struct rpmb *rpmb, unsigned int size),
		    struct rpmb *rpmb, unsigned int size)
{
	double start = now_ns();

	way(rpmb, size);
	return now_ns() - start;
}

static void compare(struct rpmb *device, struct rpmb *native, unsigned int size)
{
	bool emmc = device->info.transport == RPMB_TRANSPORT_EMMC;
	double ours = 0, theirs = 0, best = 0;

	for (unsigned int i = 0; i < TURNS; i++) {
		ours += timed(restore, device, size);
		theirs += timed(restore, native, size);
		if (emmc)
			best += timed(restore_multi, native, size);
	}
	printf("restore-%u.rpmb %.0f\n", size, ours);
	printf("restore-%u.native %.0f\n", size, theirs);
	if (emmc)
		printf("restore-%u.multi %.0f\n", size, best);
}

static void load_restore(void *rpmb)
{
	restore(rpmb, 1);
}

static void read_sectors(int disk, struct rpmb *rpmb, const char *way)
{
	pid_t load = start_load(load_restore, rpmb);
	double times[READS];

	for (unsigned int i = 0; i < READS; i++)
		times[i] = read_sector(disk, i);
	end_load(load);
	printf("disk-restore.%s %.0f\n", way, median(times, READS));
}

int main(int argc, char **argv)
{
	static const unsigned int of_emmc[] = { 1, 2, 32, 0 };
	static const unsigned int of_others[] = { 1, 2, 0 };
	struct rpmb *device, *native;
	const unsigned int *size;
	int disk;

	if (argc != 5)
		errx(2, "usage: bench-restore KEY DEVICE NATIVE DISK");
	load_key(argv[1]);
	device = open_rpmb(argv[2]);
	native = open_rpmb(argv[3]);
	disk = open_disk(argv[4]);
	/* As others use it; the best that can be done by it is measured apart */
	native->info.max_batch = 0;

	size = device->info.transport == RPMB_TRANSPORT_EMMC ? of_emmc :
							       of_others;
	for (; *size; size++)
		compare(device, native, *size);
	read_sectors(disk, device, "rpmb");
	read_sectors(disk, native, "native");
	return 0;
}
