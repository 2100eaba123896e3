// SPDX-License-Identifier: GPL-2.0-only
/*
 * Partition tables on devices that are the RPMB engine
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "fake.h"
#include "handle.h"
#include "tap.h"

static const struct fake emmc = {
	.frame_format = RPMB_FRAME_JEDEC,
	.transport = RPMB_TRANSPORT_EMMC,
	.capacity = 512,
	.write_sizes = 1 << 0 | 1 << 1 | 1 << 5,
	.max_read = 128,
	.dev_id_len = 4,
	.has_key = true,
	.key = KEY,
};

static const struct fake nvme = {
	.frame_format = RPMB_FRAME_NVME,
	.transport = RPMB_TRANSPORT_NVME,
	.capacity = 256,
	.write_sizes = 1 << 0,
	.max_read = 7,
	.dev_id_len = 4,
	.has_key = true,
	.key = KEY,
};

/* A copy of the table of @emmc: a header and 16 blocks of entries, 256 bytes each */
#define BLOCK 256
#define COPY (17 * BLOCK)

static struct rpmb_partitions table;

static struct rpmb *fresh(const struct fake *like, struct fake **fake)
{
	*fake = fake_create("rpmb0", like);
	return must_open("rpmb0", O_RDWR);
}

static struct rpmb *formatted(const struct fake *like, struct fake **fake)
{
	struct rpmb *rpmb = fresh(like, fake);

	check_eq(rpmb_partitions_format(rpmb, key, &table), 0);
	return rpmb;
}

static struct rpmb_partition partition(uint8_t guid, unsigned int addr,
				       unsigned int blocks)
{
	return (struct rpmb_partition) {
		.guid = { guid },
		.addr = addr,
		.blocks = blocks,
		.kind = LIBRPMB_PARTITION_DEVICE,
		.name = "a name",
	};
}

/* The error of adding it to the table, or 0 */
static int add(uint8_t guid, unsigned int addr, unsigned int blocks)
{
	struct rpmb_partition new = partition(guid, addr, blocks);

	return rpmb_partitions_add(&table, &new);
}

static unsigned int addr_of(uint8_t guid)
{
	const uint8_t bytes[LIBRPMB_GUID_LEN] = { guid };
	const struct rpmb_partition *found = rpmb_partitions_find(&table, bytes);

	return found ? found->addr : 0;
}

static int remove_it(uint8_t guid)
{
	const uint8_t bytes[LIBRPMB_GUID_LEN] = { guid };

	return rpmb_partitions_remove(&table, bytes);
}

static int resize(uint8_t guid, unsigned int blocks)
{
	const uint8_t bytes[LIBRPMB_GUID_LEN] = { guid };

	return rpmb_partitions_resize(&table, bytes, blocks);
}

static int read_error(struct rpmb *rpmb)
{
	struct rpmb_partitions found;

	return rpmb_partitions_read(rpmb, key, &found);
}

static void expect_same(const struct rpmb_partitions *a,
			const struct rpmb_partitions *b)
{
	expect_eq(a->sequence, b->sequence);
	expect_eq(a->nr, b->nr);
	expect(!memcmp(a->partitions, b->partitions,
		       a->nr * sizeof(a->partitions[0])));
}

/* What the device has is @wanted */
static void expect_on_device(struct rpmb *rpmb,
			     const struct rpmb_partitions *wanted)
{
	struct rpmb_partitions found;

	check_eq(rpmb_partitions_read(rpmb, key, &found), 0);
	expect_same(&found, wanted);
}

static void test_none(void)
{
	struct fake *fake;
	struct rpmb *rpmb = fresh(&emmc, &fake);

	expect_eq(rpmb_partitions_read(rpmb, key, &table), RPMB_ERR_NO_TABLE);
	expect_eq(rpmb_partitions_read(rpmb, other_key, &table),
		  RPMB_ERR_RESPONSE_MAC);
	rpmb_close(rpmb);
}

static void test_round_trip_on(const struct fake *like, unsigned int first)
{
	struct fake *fake;
	struct rpmb *rpmb = formatted(like, &fake);
	unsigned int i;

	expect_eq(table.nr, 0);
	expect_eq(table.first, first);
	expect_eq(table.end, like->capacity);
	expect_on_device(rpmb, &table);
	for (i = 1; i <= LIBRPMB_PARTITIONS; i++)
		check_eq(add(i, 0, 3), 0);
	check_eq(rpmb_partitions_write(rpmb, key, &table), 0);
	expect_on_device(rpmb, &table);
	expect_eq(add(200, 0, 1), RPMB_ERR_NO_SPACE);
	rpmb_close(rpmb);
}

static void test_round_trip(void)
{
	test_round_trip_on(&emmc, 34);
	test_round_trip_on(&nvme, 18);
}

static void test_too_small(void)
{
	struct fake small = emmc, *fake;
	struct rpmb *rpmb;

	small.capacity = 33;
	rpmb = fresh(&small, &fake);
	expect_eq(rpmb_partitions_format(rpmb, key, &table),
		  RPMB_ERR_NO_SPACE);
	expect_eq(fake->counter, 0);
	rpmb_close(rpmb);
}

/* Partitions are put where there is room, and nowhere else */
static void test_places(void)
{
	struct fake *fake;
	struct rpmb *rpmb = formatted(&emmc, &fake);

	check_eq(add(1, 0, 10), 0);
	check_eq(add(2, 0, 20), 0);
	check_eq(add(3, 0, 30), 0);
	expect_eq(addr_of(1), 34);
	expect_eq(addr_of(2), 44);
	expect_eq(addr_of(3), 64);
	check_eq(remove_it(2), 0);
	expect_eq(remove_it(2), RPMB_ERR_NO_PARTITION);
	expect_eq(addr_of(2), 0);
	expect_eq(addr_of(3), 64);
	check_eq(add(4, 0, 21), 0);
	expect_eq(addr_of(4), 94);
	check_eq(add(5, 0, 20), 0);
	expect_eq(addr_of(5), 44);
	check_eq(add(6, 512 - 7, 7), 0);
	expect_eq(add(7, 0, 512 - 7 - 115 + 1), RPMB_ERR_NO_SPACE);
	expect_eq(add(7, 0, 512 - 7 - 115), 0);
	expect_eq(addr_of(7), 115);
	expect_eq(add(8, 0, 1), RPMB_ERR_NO_SPACE);
	expect_eq(table.nr, 6);
	rpmb_close(rpmb);
}

static void test_refused(void)
{
	struct fake *fake;
	struct rpmb *rpmb = formatted(&emmc, &fake);
	struct rpmb_partition bad;

	check_eq(add(1, 100, 10), 0);
	expect_eq(add(1, 200, 10), RPMB_ERR_EXISTS);
	expect_eq(add(2, 33, 1), RPMB_ERR_TAKEN);
	expect_eq(add(2, 91, 10), RPMB_ERR_TAKEN);
	expect_eq(add(2, 109, 1), RPMB_ERR_TAKEN);
	expect_eq(add(2, 90, 50), RPMB_ERR_TAKEN);
	expect_eq(add(2, 102, 2), RPMB_ERR_TAKEN);
	expect_eq(add(2, 512, 1), RPMB_ERR_RANGE);
	expect_eq(add(2, 511, 2), RPMB_ERR_RANGE);
	expect_eq(add(2, 511, UINT32_MAX), RPMB_ERR_RANGE);
	expect_eq(add(2, UINT32_MAX, 1), RPMB_ERR_RANGE);
	expect_eq(add(0, 200, 1), RPMB_ERR_ARGUMENT);
	expect_eq(add(2, 200, 0), RPMB_ERR_ARGUMENT);
	expect_eq(add(2, 0, 0), RPMB_ERR_ARGUMENT);
	bad = partition(2, 200, 1);
	bad.kind = 0;
	expect_eq(rpmb_partitions_add(&table, &bad), RPMB_ERR_ARGUMENT);
	bad.kind = 4;
	expect_eq(rpmb_partitions_add(&table, &bad), RPMB_ERR_ARGUMENT);
	bad = partition(2, 200, 1);
	memcpy(bad.name, "two\nlines", sizeof("two\nlines"));
	expect_eq(rpmb_partitions_add(&table, &bad), RPMB_ERR_ARGUMENT);
	bad = partition(2, 200, 1);
	memset(bad.name, 'x', sizeof(bad.name));
	expect_eq(rpmb_partitions_add(&table, &bad), RPMB_ERR_ARGUMENT);
	bad = partition(2, 200, 1);
	bad.name[10] = 'x';
	expect_eq(rpmb_partitions_add(&table, &bad), RPMB_ERR_ARGUMENT);
	expect_eq(table.nr, 1);
	expect_eq(add(2, 90, 10), 0);
	expect_eq(add(3, 110, 1), 0);
	rpmb_close(rpmb);
}

static void test_resize(void)
{
	struct fake *fake;
	struct rpmb *rpmb = formatted(&emmc, &fake);
	struct rpmb_partitions before;

	check_eq(add(1, 100, 10), 0);
	check_eq(add(2, 120, 10), 0);
	before = table;
	expect_eq(resize(1, 21), RPMB_ERR_TAKEN);
	expect_eq(resize(2, 393), RPMB_ERR_RANGE);
	expect_eq(resize(2, 0), RPMB_ERR_ARGUMENT);
	expect_eq(resize(3, 1), RPMB_ERR_NO_PARTITION);
	expect_same(&table, &before);
	expect_eq(resize(1, 20), 0);
	expect_eq(resize(2, 392), 0);
	expect_eq(add(3, 119, 1), RPMB_ERR_TAKEN);
	rpmb_close(rpmb);
}

/* One copy is written, the other one is as it was */
static void test_in_turn(void)
{
	struct fake *fake;
	struct rpmb *rpmb = formatted(&emmc, &fake);
	uint8_t before[2][COPY];
	unsigned int i;

	for (i = 1; i < 5; i++) {
		memcpy(before, fake->data, sizeof(before));
		check_eq(add(i, 0, 1), 0);
		check_eq(rpmb_partitions_write(rpmb, key, &table), 0);
		expect_eq(table.copy, i % 2);
		expect(!memcmp(before[!(i % 2)], fake->data + !(i % 2) * COPY,
			       COPY));
		expect_on_device(rpmb, &table);
	}
	rpmb_close(rpmb);
}

/*
 * The device refuses a write of the many that a table takes, or does it and the answer
 * is lost for good. False if there are not so many.
 */
static bool stop_at(unsigned int write, bool done)
{
	struct fake *fake;
	struct rpmb *rpmb = formatted(&emmc, &fake);
	struct rpmb_partitions old, found;
	unsigned int i;
	int ret;

	for (i = 1; i <= 30; i++)
		check_eq(add(i, 0, i), 0);
	check_eq(rpmb_partitions_write(rpmb, key, &table), 0);
	old = table;
	for (i = 2; i < 30; i += 2)
		check_eq(remove_it(i), 0);

	fake->faults[0] = (struct fake_fault) {
		.kind = done ? FAULT_RESULT : FAULT_REFUSED,
		.type = RPMB_WRITE_DATA,
		.skip = write,
		.value = RPMB_RES_WRITE,
	};
	ret = rpmb_partitions_write(rpmb, key, &table);
	if (!ret) {
		expect_on_device(rpmb, &table);
		rpmb_close(rpmb);
		return false;
	}
	expect_eq(ret, RPMB_ERR_WRITE);
	check_eq(rpmb_partitions_read(rpmb, key, &found), 0);
	expect_same(&found, found.sequence == old.sequence ? &old : &table);
	if (!done)
		expect_eq(found.sequence, old.sequence);
	/* Whoever goes on from there is not hindered */
	table = found;
	expect_eq(add(99, 0, 1), 0);
	expect_eq(rpmb_partitions_write(rpmb, key, &table), 0);
	expect_on_device(rpmb, &table);
	rpmb_close(rpmb);
	return true;
}

static void test_stopped(void)
{
	unsigned int refused = 0, done = 0;

	while (stop_at(refused, false))
		refused++;
	while (stop_at(done, true))
		done++;
	/* 16 entries are 4 blocks, for which there are two requests of two */
	expect_eq(refused, 3);
	/* What is stored counts, whatever the device has said of it */
	expect_eq(done, 0);
}

/* Nobody's table is written over who has not seen it */
static void test_two_owners(void)
{
	struct fake *fake;
	struct rpmb *rpmb = formatted(&emmc, &fake);
	struct rpmb_partitions mine = table;
	struct rpmb_partition new = partition(7, 0, 1);

	check_eq(add(1, 0, 1), 0);
	check_eq(rpmb_partitions_write(rpmb, key, &table), 0);
	check_eq(rpmb_partitions_add(&mine, &new), 0);
	expect_eq(rpmb_partitions_write(rpmb, key, &mine), RPMB_ERR_COUNTER);
	expect_on_device(rpmb, &table);

	check_eq(add(2, 0, 1), 0);
	fake->faults[0] = (struct fake_fault) {
		.kind = FAULT_OTHER_WRITER,
		.type = RPMB_WRITE_DATA,
		.skip = 1,
	};
	expect_eq(rpmb_partitions_write(rpmb, key, &table), RPMB_ERR_COUNTER);
	check_eq(rpmb_partitions_read(rpmb, key, &mine), 0);
	expect_eq(mine.nr, 1);
	rpmb_close(rpmb);
}

/* A table that is written until a signal comes, and given up */
static void give_up(struct rpmb *rpmb, uint8_t guid)
{
	unsigned int i;

	/* Nine entries are three blocks, for which there are two requests */
	for (i = 0; i < 9; i++)
		check_eq(add(guid + i, 0, 1), 0);
	expect_eq(rpmb_partitions_write(rpmb, key, &table), RPMB_ERR_SYSTEM);
	check_eq(rpmb_partitions_read(rpmb, key, &table), 0);
	expect_eq(table.nr, 0);
}

/* Somebody hands out the blocks of the table that was given up as those of the next one */
static void test_held_back(void)
{
	struct fake *fake;
	struct rpmb *rpmb = formatted(&emmc, &fake);
	struct rpmb_partitions old;
	unsigned int i;

	fake->faults[0] = (struct fake_fault) {
		FAULT_LATE_REQUEST, RPMB_WRITE_DATA, 0, EINTR
	};
	give_up(rpmb, 1);
	old = table;
	for (i = 0; i < 9; i++)
		check_eq(add(101 + i, 0, 2), 0);
	fake->faults[0] = (struct fake_fault) {
		FAULT_SWAPPED, RPMB_WRITE_DATA, 0, 0
	};
	expect_eq(rpmb_partitions_write(rpmb, key, &table), RPMB_ERR_MIXED_UP);
	expect_on_device(rpmb, &old);
	rpmb_close(rpmb);
}

/* Nor is there anything to be held back of what comes after the request that failed */
static void test_nothing_ahead(void)
{
	struct fake *fake;
	struct rpmb *rpmb = formatted(&emmc, &fake);

	fake->at_once = true;
	fake->faults[0] = (struct fake_fault) {
		FAULT_LOST_REQUEST, RPMB_WRITE_DATA, 0, EINTR
	};
	fake->faults[1] = (struct fake_fault) {
		FAULT_LATE_REQUEST, RPMB_WRITE_DATA, 0, EINTR
	};
	give_up(rpmb, 1);
	expect_eq(fake->late_len, 0);
	rpmb_close(rpmb);
}

/* A table that changes while it is read is read again */
static void test_read_meanwhile(void)
{
	struct fake *fake;
	struct rpmb *rpmb = formatted(&emmc, &fake);

	fake->faults[0] = (struct fake_fault) {
		.kind = FAULT_OTHER_WRITER,
		.type = RPMB_GET_WRITE_COUNTER,
		.skip = 1,
	};
	check_eq(rpmb_partitions_read(rpmb, key, &table), 0);
	/* He has written over the header of what counted before */
	expect_eq(table.sequence, 1);
	expect_eq(table.counter, fake->counter);
	rpmb_close(rpmb);
}

/* Whatever byte of a copy is wrong, the other one counts */
static void test_damaged(void)
{
	struct fake *fake;
	struct rpmb *rpmb = formatted(&emmc, &fake);
	struct rpmb_partitions old;
	unsigned int i;
	uint8_t *newest;

	check_eq(add(1, 0, 1), 0);
	check_eq(rpmb_partitions_write(rpmb, key, &table), 0);
	old = table;
	check_eq(add(2, 0, 1), 0);
	check_eq(rpmb_partitions_write(rpmb, key, &table), 0);
	newest = fake->data + table.copy * COPY;
	for (i = 0; i < 64; i++) {
		/* A newer version is not damage */
		if (i >= 8 && i < 12)
			continue;
		newest[i] ^= 0x80;
		expect_on_device(rpmb, &old);
		newest[i] ^= 0x80;
	}
	for (i = BLOCK; i < BLOCK + 2 * 64; i++) {
		newest[i] ^= 1;
		expect_on_device(rpmb, &old);
		newest[i] ^= 1;
	}
	expect_on_device(rpmb, &table);

	newest[20] ^= 1;
	fake->data[old.copy * COPY + 20] ^= 1;
	expect_eq(read_error(rpmb), RPMB_ERR_TABLE);
	newest[0] ^= 1;
	expect_eq(read_error(rpmb), RPMB_ERR_TABLE);
	fake->data[old.copy * COPY] ^= 1;
	expect_eq(read_error(rpmb), RPMB_ERR_NO_TABLE);
	rpmb_close(rpmb);
}

/* What a newer program has written is left alone, until somebody formats it */
static void test_newer(void)
{
	struct fake *fake;
	struct rpmb *rpmb = formatted(&emmc, &fake);

	fake->data[!table.copy * COPY + 8]++;
	expect_eq(read_error(rpmb), RPMB_ERR_TABLE_VERSION);
	fake->data[!table.copy * COPY + 8] = 0;
	expect_eq(read_error(rpmb), 0);
	fake->data[!table.copy * COPY + 8] = 2;
	expect_eq(rpmb_partitions_format(rpmb, key, &table), 0);
	expect_on_device(rpmb, &table);
	rpmb_close(rpmb);
}

/* A new table is empty, and nothing of the old one comes back with its last copy */
static void test_format_again(void)
{
	struct fake *fake;
	struct rpmb *rpmb = formatted(&emmc, &fake);

	check_eq(add(1, 0, 1), 0);
	check_eq(rpmb_partitions_write(rpmb, key, &table), 0);
	check_eq(add(2, 0, 1), 0);
	check_eq(rpmb_partitions_write(rpmb, key, &table), 0);
	check_eq(rpmb_partitions_format(rpmb, key, &table), 0);
	expect_on_device(rpmb, &table);
	fake->data[table.copy * COPY] ^= 1;
	check_eq(rpmb_partitions_read(rpmb, key, &table), 0);
	expect_eq(table.nr, 0);
	rpmb_close(rpmb);
}

/* A table of somewhere else, which is larger, or has other blocks */
static void test_elsewhere(void)
{
	struct fake small = emmc, *fake;
	struct rpmb *rpmb = formatted(&emmc, &fake);
	uint8_t copies[2 * COPY];

	memcpy(copies, fake->data, sizeof(copies));
	rpmb_close(rpmb);
	rpmb = fresh(&nvme, &fake);
	memcpy(fake->data, copies, sizeof(copies));
	expect_eq(read_error(rpmb), RPMB_ERR_TABLE);
	rpmb_close(rpmb);

	rpmb = formatted(&emmc, &fake);
	check_eq(add(1, 500, 12), 0);
	check_eq(rpmb_partitions_write(rpmb, key, &table), 0);
	check_eq(rpmb_partitions_write(rpmb, key, &table), 0);
	memcpy(copies, fake->data, sizeof(copies));
	rpmb_close(rpmb);
	small.capacity = 511;
	rpmb = fresh(&small, &fake);
	memcpy(fake->data, copies, sizeof(copies));
	expect_eq(read_error(rpmb), RPMB_ERR_TABLE);
	rpmb_close(rpmb);
}

static const struct test tests[] = {
	{ "none: an empty device has no table", test_none },
	{ "write: it is read as it was written", test_round_trip },
	{ "write: not on a device that is too small", test_too_small },
	{ "write: one copy, then the other", test_in_turn },
	{ "write: the old table or the new one, wherever it stops",
	  test_stopped },
	{ "write: only who has seen the last table", test_two_owners },
	{ "write: nobody's old entries for the new ones", test_held_back },
	{ "write: no entries are signed ahead", test_nothing_ahead },
	{ "read: what changes meanwhile is read again", test_read_meanwhile },
	{ "read: a damaged copy does not count", test_damaged },
	{ "read: nothing is known of newer versions", test_newer },
	{ "read: a table is of the device it is on", test_elsewhere },
	{ "format: nothing comes back", test_format_again },
	{ "add: where there is room", test_places },
	{ "add: what no table may have is refused", test_refused },
	{ "resize: as far as there is room", test_resize },
};

int main(void)
{
	return run_tests(tests, ARRAY_SIZE(tests));
}
