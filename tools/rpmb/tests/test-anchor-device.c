// SPDX-License-Identifier: GPL-2.0-only
/*
 * Devices of rpmb-anchor: what their clients get, what they cost, and what is refused
 */
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "anchor-client.h"
#include "anchor-host.h"
#include "daemon.h"
#include "device-client.h"
#include "handle.h"

/* Room for some devices; eMMC writes two blocks at once, or not at all */
static const struct fake emmc = {
	.frame_format = RPMB_FRAME_JEDEC,
	.transport = RPMB_TRANSPORT_EMMC,
	.capacity = 2048,
	.write_sizes = 1 << 0 | 1 << 1 | 1 << 5,
	.max_read = 128,
};

static const struct fake single = {
	.frame_format = RPMB_FRAME_JEDEC,
	.transport = RPMB_TRANSPORT_EMMC,
	.capacity = 2048,
	.write_sizes = 1 << 0,
	.max_read = 128,
};

static const struct fake ufs = {
	.frame_format = RPMB_FRAME_JEDEC,
	.transport = RPMB_TRANSPORT_UFS,
	.capacity = 2048,
	.write_sizes = 0x3f,
	.max_write = 35,
	.max_read = 35,
};

static const struct fake nvme = {
	.frame_format = RPMB_FRAME_NVME,
	.transport = RPMB_TRANSPORT_NVME,
	.capacity = 1024,
	.write_sizes = 1 << 0 | 1 << 1,
	.max_write = 3,
	.max_read = 4,
};

static const struct fake *const hardware[] = { &emmc, &single, &ufs, &nvme };

static struct client client, other;

static void test_kept(const struct fake *like)
{
	unsigned int i;

	host_ready_on(like);
	client_begin(&client, 0);
	expect_eq(le32toh(client.at.has_key), 0);
	expect_known(&client);
	check_eq(client_do(&client, PARTITION_PROGRAM_KEY, 0, 0), ANCHOR_OK);
	expect_known(&client);
	for (i = 0; i < 40; i++)
		check_eq(client_do(&client, PARTITION_WRITE, 13 * i % 480,
				   1 + i % PARTITION_MAX_BLOCKS), ANCHOR_OK);
	check_eq(client_do(&client, PARTITION_WRITE, UNIT - 1, 1), ANCHOR_OK);
	expect_known(&client);
	host_stop();
	host_start();
	expect_known(&client);
	host_kill();
	host_start();
	expect_known(&client);
	expect_eq(client_do(&client, PARTITION_WRITE, 1, 3), ANCHOR_OK);
	expect_known(&client);
}

static void test_kept_on_all(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(hardware); i++)
		test_kept(hardware[i]);
}

static unsigned int cost_of(struct fake *fake, uint32_t type, uint32_t addr,
			    uint32_t count)
{
	uint32_t counter = fake->counter;

	check_eq(client_do(&client, type, addr, count), ANCHOR_OK);
	return fake->counter - counter;
}

static void begin_on(struct fake **fake, const struct fake *like)
{
	*fake = host_ready_on(like);
	client_begin_keyed(&client, 0);
}

/* Redo block and header, then the place; the first two are one where that is allowed */
static void test_cost(void)
{
	struct fake *fake;

	begin_on(&fake, &emmc);
	expect_eq(cost_of(fake, PARTITION_WRITE, 5, 1), 2);
	expect_eq(cost_of(fake, PARTITION_WRITE, 6, 2), 3);
	expect_eq(cost_of(fake, PARTITION_WRITE, 9, 32), 3);
	expect_eq(cost_of(fake, PARTITION_READ, 0, 32), 0);
	begin_on(&fake, &single);
	expect_eq(cost_of(fake, PARTITION_WRITE, 5, 1), 3);
	expect_eq(cost_of(fake, PARTITION_WRITE, 5, 4), 9);
	begin_on(&fake, &ufs);
	expect_eq(cost_of(fake, PARTITION_WRITE, 5, 1), 3);
	begin_on(&fake, &nvme);
	expect_eq(cost_of(fake, PARTITION_WRITE, 5, 1), 3);
	expect_eq(cost_of(fake, PARTITION_WRITE, 5, 2), 3);
}

/* As many as its share has been charged with */
static unsigned int charged(void)
{
	const char *writes;

	check(!admin("list --json"), "%s", said());
	writes = strstr(said(), "\"writes\":");
	check(writes, "%s", said());
	return strtoul(writes + strlen("\"writes\":"), NULL, 10);
}

/* What takes more requests than the hardware says is charged so once that is known */
static void test_cost_split(void)
{
	struct fake *fake;
	unsigned int before;

	begin_on(&fake, &ufs);
	fake->carries = 4 * sizeof(struct rpmb_frame);
	fake->carry_error = ENOMEM;
	expect_eq(cost_of(fake, PARTITION_WRITE, 5, 16), 9);
	before = charged();
	expect_eq(cost_of(fake, PARTITION_WRITE, 5, 16), 9);
	expect_eq(charged() - before, 9);
}

static void read_table(struct rpmb_partitions *table)
{
	struct rpmb *rpmb = must_open("rpmb0", O_RDONLY);

	check_eq(rpmb_partitions_read(rpmb, key, table), 0);
	rpmb_close(rpmb);
}

/* Just behind where a device is, with flags of somebody who knows what they say */
static struct rpmb_partition reserve(const struct rpmb_partition *device)
{
	struct rpmb_partition partition = {
		.guid = "theirs",
		.kind = LIBRPMB_PARTITION_RESERVED,
		.flags = 0xa5,
		.addr = device->addr + device->blocks,
		.blocks = 300,
		.name = "theirs",
	};
	struct rpmb_partitions table;
	struct rpmb *rpmb;

	read_table(&table);
	check_eq(rpmb_partitions_add(&table, &partition), 0);
	rpmb = must_open("rpmb0", O_RDWR);
	check_eq(rpmb_partitions_write(rpmb, key, &table), 0);
	rpmb_close(rpmb);
	return partition;
}

static void expect_reserved(const struct fake *fake,
			    const struct rpmb_partition *partition)
{
	const struct rpmb_partition *found;
	struct rpmb_partitions table;
	unsigned int i;

	read_table(&table);
	found = rpmb_partitions_find(&table, partition->guid);
	check(found, "it is gone");
	expect(!memcmp(found, partition, sizeof(*found)));
	for (i = 0; i < partition->blocks * 256; i++)
		check_eq(fake->data[partition->addr * 256 + i], 0xff);
}

/* On both sides of it there is something to clear for devices, which come and go */
static void test_reserved(void)
{
	struct rpmb_partition device, theirs;
	struct rpmb_partitions table;
	struct fake *fake;

	begin_on(&fake, &emmc);
	client_close(&client);
	read_table(&table);
	device = table.partitions[1];
	check(!admin("remove device-0"), "%s", said());
	host_stop();
	theirs = reserve(&device);
	memset(fake->data + device.addr * 256, 0xff,
	       (emmc.capacity - device.addr) * 256);
	host_start();
	client_begin_keyed(&client, 0);
	client_begin_keyed(&other, 1);
	check_eq(client_do(&client, PARTITION_WRITE, UNIT - 32, 32), ANCHOR_OK);
	check_eq(client_do(&other, PARTITION_WRITE, 0, 32), ANCHOR_OK);
	expect_reserved(fake, &theirs);
	read_table(&table);
	expect_eq(rpmb_partitions_find(&table, device.guid)->addr, device.addr);
	check(!admin("remove device-0"), "%s", said());
	check(!admin("remove device-1"), "%s", said());
	host_stop();
	expect_reserved(fake, &theirs);
}

static void test_cost_of_rest(void)
{
	uint32_t counter;
	struct fake *fake = host_ready_on(&emmc);

	client_begin(&client, 0);
	expect_eq(cost_of(fake, PARTITION_PROGRAM_KEY, 0, 0), 1);
	check_eq(client_do(&client, PARTITION_WRITE, 0, 1), ANCHOR_OK);
	host_stop();
	counter = fake->counter;
	host_start();
	/* The block of the anchors; what is at its place already is left alone */
	expect_eq(fake->counter, counter + 1);
	expect_known(&client);
}

static void expect_refused(void)
{
	client_send(&client);
	expect_eq(client_answer(&client), ANCHOR_BAD_REQUEST);
}

static void refuse(uint32_t type, uint32_t addr, uint32_t count)
{
	client_prepare(&client, type, addr, count);
	expect_refused();
}

static void test_refused(void)
{
	struct fake *fake = host_ready_on(&emmc);
	uint32_t counter;

	client_begin(&client, 0);
	counter = fake->counter;
	refuse(PARTITION_WRITE, 0, 1);
	expect_eq(fake->counter, counter);
	check_eq(client_do(&client, PARTITION_PROGRAM_KEY, 0, 0), ANCHOR_OK);
	counter = fake->counter;
	refuse(PARTITION_PROGRAM_KEY, 0, 0);
	refuse(PARTITION_WRITE, 0, 0);
	refuse(PARTITION_WRITE, UNIT, 1);
	refuse(PARTITION_WRITE, UNIT - 1, 2);
	refuse(PARTITION_WRITE, UINT32_MAX, 1);
	refuse(PARTITION_READ, 0, 0);
	refuse(PARTITION_READ, 0, PARTITION_MAX_BLOCKS + 1);
	refuse(PARTITION_READ, UNIT, 1);
	refuse(PARTITION_READ, 2, UINT32_MAX);
	refuse(0, 0, 0);
	refuse(4, 0, 1);
	client_prepare(&client, PARTITION_WRITE, 0, 2);
	client.request.counter = htole32(client.counter);
	expect_refused();
	client.request.counter = htole32(client.counter + 2);
	expect_refused();
	client_prepare(&client, PARTITION_WRITE, 0, 2);
	client.len--;
	expect_refused();
	client_prepare(&client, PARTITION_READ, 0, 2);
	client.request.version++;
	expect_refused();
	client_prepare(&client, PARTITION_READ, 0, 2);
	client.len = 3;
	expect_refused();
	expect_eq(fake->counter, counter);
	expect_known(&client);
}

static void test_one_at_a_time(void)
{
	struct fake *fake;

	begin_on(&fake, &emmc);
	other = client;
	other.sock = -1;
	expect_eq(client_connect(&other), ANCHOR_IN_USE);
	expect_eq(client_answer(&other), -1);
	expect_eq(client_do(&client, PARTITION_WRITE, 0, 1), ANCHOR_OK);
	client_close(&client);
	expect_known(&client);
}

/* Who does not wait for an answer gets none, but what was begun is not torn */
static void test_impatient(void)
{
	struct fake *fake;

	begin_on(&fake, &emmc);
	host_fault(fake, FAULT_HOLD, RPMB_WRITE_DATA, 0);
	client_prepare(&client, PARTITION_WRITE, 3, 5);
	client_send(&client);
	host_wait_held(fake);
	client_send(&client);
	expect_eq(client_answer(&client), -1);
	host_release(fake);
	expect(client_settle(&client));
}

/* The next one is told when what the last one has begun is done */
static void test_who_comes_next(void)
{
	struct fake *fake;
	struct raw raw;
	int sock;

	begin_on(&fake, &emmc);
	check(!admin("add number-2 --guid " GUID, 2), "%s", said());
	host_fault(fake, FAULT_HOLD, RPMB_WRITE_DATA, 1);
	client_prepare(&client, PARTITION_WRITE, 3, 1);
	client_send(&client);
	host_wait_held(fake);
	client_close(&client);
	sock = host_connect(socket_of(0));
	/* When these are answered, it could have been */
	check_eq(raw_connect(&raw, 2), ANCHOR_OK);
	raw_close(&raw);
	check_eq(raw_connect(&raw, 2), ANCHOR_OK);
	raw_close(&raw);
	host_release(fake);
	client.sock = sock;
	check_eq(client_answer(&client), ANCHOR_OK);
	client_know(&client);
	expect_eq(le64toh(client.at.sequence), client.sequence);
	expect_known(&client);
}

static struct rpmb *hardware_open(struct rpmb_partitions *table)
{
	struct rpmb *rpmb = must_open("rpmb0", O_RDWR);

	check_eq(rpmb_partitions_read(rpmb, key, table), 0);
	return rpmb;
}

static struct rpmb_partition *partition_of(struct rpmb_partitions *table,
					   unsigned int n)
{
	unsigned int i;

	for (i = 0; i < table->nr; i++)
		if (table->partitions[i].kind == LIBRPMB_PARTITION_DEVICE &&
		    table->partitions[i].guid[15] == n)
			return &table->partitions[i];
	return NULL;
}

static void test_partition_table(void)
{
	struct rpmb_partition *partition;
	struct rpmb_partitions table;
	struct rpmb *rpmb;

	host_ready_on(&emmc);
	client_begin(&client, 0);
	client_begin(&other, 1);
	rpmb = hardware_open(&table);
	partition = partition_of(&table, 1);
	check(partition, "it has no partition");
	expect(!strcmp(partition->name, "device-1"));
	expect_eq(partition->blocks, 2 * 33 + UNIT);
	check(!admin("remove device-1"), "%s", said());
	expect_eq(client_answer(&other), -1);
	check_eq(rpmb_partitions_read(rpmb, key, &table), 0);
	expect(!partition_of(&table, 1));
	expect(partition_of(&table, 0));
	rpmb_close(rpmb);
	expect_known(&client);
}

static void test_administrator(void)
{
	host_ready_on(&emmc);
	client_begin(&client, 0);
	check(!admin("list"), "%s", said());
	expect(says("device of 1 units, without key, counter 0  0 of "));
	check_eq(client_do(&client, PARTITION_PROGRAM_KEY, 0, 0), ANCHOR_OK);
	check_eq(client_do(&client, PARTITION_WRITE, 0, 1), ANCHOR_OK);
	check(!admin("list"), "%s", said());
	expect(says("device of 1 units, with key, counter 1  3 of "));
	check(!admin("list --json"), "%s", said());
	expect(says("\"kind\":\"device\"") && says("\"writes\":3"));
	check(!admin("log"), "%s", said());
	expect(says("device of 1 units: uid 0") && says("\"device-0\""));
	expect_eq(admin("accept device-0"), 1);
	expect(says("a device has no older versions"));
	expect_eq(admin("add x --capacity 1 --guid " GUID, 0), 1);
	expect(says("there is one with this GUID already"));
	expect_eq(admin("add x --capacity 0"), 1);
	expect(says("1 to 128 units"));
	expect_eq(admin("add x --capacity 129"), 1);
	expect(says("1 to 128 units"));
	expect_eq(admin("add x --capacity 16"), 1);
	expect(says("no room for such a partition"));
	check(!admin("set device-0 --title other"), "%s", said());
	expect(says("with key, counter 1"));
	expect_known(&client);
}

/* Who comes after another has nothing of what that had left, nor its state */
static void test_place_used_again(void)
{
	struct rpmb_partitions table;
	struct rpmb *rpmb;
	uint32_t addr;

	host_ready_on(&emmc);
	client_begin_keyed(&client, 0);
	check_eq(client_do(&client, PARTITION_WRITE, 0, 32), ANCHOR_OK);
	rpmb = hardware_open(&table);
	addr = partition_of(&table, 0)->addr;
	check(!admin("remove device-0"), "%s", said());
	client_begin(&other, 1);
	check_eq(rpmb_partitions_read(rpmb, key, &table), 0);
	expect_eq(partition_of(&table, 1)->addr, addr);
	rpmb_close(rpmb);
	expect_known(&other);
	check(!admin("remove device-1"), "%s", said());
	client_begin(&client, 0);
	expect_known(&client);
}

/* Nobody who reads the hardware, or has its disk, finds a key */
static void test_no_key_in_sight(void)
{
	struct fake *fake;

	begin_on(&fake, &emmc);
	check_eq(client_do(&client, PARTITION_WRITE, 0, 1), ANCHOR_OK);
	expect(!memmem(fake->data, fake->capacity * 256, device_key, 16));
	host_kill();
	expect(shell("grep -q 'the key of the guest' " LEDGER "*"));
}

/* It is not served, with these words; the other one is */
static void expect_not_served(const char *words)
{
	host_start();
	expect(host_says(words));
	expect_eq(client_connect(&client), -1);
	check(!admin("list"), "%s", said());
	expect(says("device of 1 units, not served"));
	expect_known(&other);
	expect_eq(client_do(&other, PARTITION_WRITE, 3, 2), ANCHOR_OK);
	host_kill();
}

#define AREA 33				/* blocks, the last one of which is the header */

static uint8_t *block_of(struct fake *fake, uint32_t addr)
{
	return fake->data + addr * 256;
}

/* Two devices, @client's and @other's, and where that of @client begins */
static uint32_t begin_two(struct fake **fake, uint32_t *of_other)
{
	struct rpmb_partitions table;
	struct rpmb *rpmb;

	*fake = host_ready_on(&emmc);
	client_begin_keyed(&client, 0);
	client_begin_keyed(&other, 1);
	check_eq(client_do(&client, PARTITION_WRITE, 0, 2), ANCHOR_OK);
	check_eq(client_do(&other, PARTITION_WRITE, 0, 2), ANCHOR_OK);
	rpmb = hardware_open(&table);
	*of_other = partition_of(&table, 1)->addr;
	rpmb_close(rpmb);
	host_kill();
	return partition_of(&table, 0)->addr;
}

#define NOT_THOSE "its headers are not those that were written"

/* Who has the hardware's key, but not the secret, can put back and exchange blocks */
static void test_headers_exchanged(void)
{
	uint32_t addr, of_other, i;
	uint8_t areas[2 * AREA * 256];
	struct fake *fake;

	addr = begin_two(&fake, &of_other);
	memcpy(areas, block_of(fake, addr), sizeof(areas));
	memcpy(block_of(fake, addr), block_of(fake, of_other), sizeof(areas));
	expect_not_served(NOT_THOSE);
	/* the same, as if they were of this one */
	for (i = AREA - 1; i < 2 * AREA; i += AREA)
		memcpy(block_of(fake, addr + i) + 16, areas + i * 256 + 16, 16);
	expect_not_served(NOT_THOSE);
	for (i = 0; i < 2; i++) {
		memcpy(block_of(fake, addr), areas, sizeof(areas));
		memcpy(block_of(fake, addr + i * AREA),
		       areas + !i * AREA * 256, AREA * 256);
		expect_not_served(NOT_THOSE);
	}
	/* both areas, one for the other */
	memcpy(block_of(fake, addr), areas + AREA * 256, AREA * 256);
	memcpy(block_of(fake, addr + AREA), areas, AREA * 256);
	expect_not_served(NOT_THOSE);
	memcpy(block_of(fake, addr), areas, sizeof(areas));
	host_start();
	expect_known(&client);
}

static void test_headers_changed(void)
{
	static const uint8_t places[] = {
		0, 8, 12, 16, 32, 40, 48, 52, 56, 60, 64, 96, 108, 140
	};
	uint32_t addr, of_other;
	struct fake *fake;
	unsigned int i;

	addr = begin_two(&fake, &of_other);
	for (i = 0; i < 2 * ARRAY_SIZE(places); i++) {
		uint8_t *byte = block_of(fake, addr + (1 + i % 2) * AREA - 1) +
				places[i / 2];

		*byte ^= 1;
		expect_not_served(NOT_THOSE);
		*byte ^= 1;
	}
	host_start();
	expect_known(&client);
}

/* An area of an earlier time: one header is too old for the other one */
static void test_area_put_back(void)
{
	uint8_t areas[2 * AREA * 256];
	uint32_t addr, of_other, i;
	struct fake *fake;

	addr = begin_two(&fake, &of_other);
	memcpy(areas, block_of(fake, addr), sizeof(areas));
	host_start();
	expect_known(&client);
	for (i = 0; i < 3; i++)
		check_eq(client_do(&client, PARTITION_WRITE, i, 1), ANCHOR_OK);
	host_kill();
	for (i = 0; i < 2; i++) {
		uint8_t newest[AREA * 256];
		uint8_t *area = block_of(fake, addr + i * AREA);

		memcpy(newest, area, sizeof(newest));
		memcpy(area, areas + i * AREA * 256, sizeof(newest));
		expect_not_served(NOT_THOSE);
		memcpy(area, newest, sizeof(newest));
	}
	host_start();
	expect_known(&client);
}

/* The newest write is only in the redo blocks: what is not that one is not taken */
static void test_redo_changed(void)
{
	uint32_t addr, of_other, redo, newer;
	struct fake *fake;

	addr = begin_two(&fake, &of_other);
	newer = client.sequence & 1;
	redo = addr + newer * AREA + AREA - 3;
	*block_of(fake, redo) ^= 1;
	expect_not_served("somebody has written over its last write");
	*block_of(fake, redo) ^= 1;
	memset(block_of(fake, addr + 2 * AREA), 0xee, 512);
	host_start();
	expect_known(&client);
}

static void test_partition_gone(void)
{
	struct rpmb_partitions table;
	struct fake *fake;
	uint32_t of_other;
	struct rpmb *rpmb;

	begin_two(&fake, &of_other);
	rpmb = hardware_open(&table);
	check_eq(rpmb_partitions_remove(&table, partition_of(&table, 0)->guid),
		 0);
	check_eq(rpmb_partitions_write(rpmb, key, &table), 0);
	rpmb_close(rpmb);
	expect_not_served("its partition is gone, or is another one");
	host_start();
	check(!admin("remove device-0"), "%s", said());
	client_begin(&client, 0);
	expect_known(&client);
}

/* Writes of the hardware count, reads do not */
static void test_share(void)
{
	struct fake *fake;

	begin_on(&fake, &emmc);
	check(!admin("set device-0 --share 5"), "%s", said());
	expect_eq(client_do(&client, PARTITION_WRITE, 0, 1), ANCHOR_OK);
	expect_eq(client_do(&client, PARTITION_WRITE, 0, 2), ANCHOR_SPENT);
	expect_eq(client_do(&client, PARTITION_WRITE, 0, 1), ANCHOR_OK);
	expect_eq(client_do(&client, PARTITION_WRITE, 0, 1), ANCHOR_SPENT);
	expect_eq(client_do(&client, PARTITION_READ, 0, 1), ANCHOR_OK);
	check(!admin("forecast --json"), "%s", said());
	expect(says("\"shares_left\":0"));
	host_stop();
	host_start();
	expect_known(&client);
	expect_eq(client_do(&client, PARTITION_WRITE, 0, 1), ANCHOR_SPENT);
	check(!admin("set device-0 --share 7"), "%s", said());
	expect_eq(client_do(&client, PARTITION_WRITE, 0, 1), ANCHOR_OK);
	expect_known(&client);
}

/* Who has used what it may have for a day waits; others do not, and reads do not */
static void test_pace(void)
{
	struct fake *fake;

	begin_on(&fake, &emmc);
	check(!admin("set device-0 --per-day 1"), "%s", said());
	expect_eq(client_do(&client, PARTITION_WRITE, 0, 1), ANCHOR_OK);
	expect_eq(client_do(&client, PARTITION_READ, 0, 1), ANCHOR_OK);
	client_prepare(&client, PARTITION_WRITE, 1, 1);
	client_send(&client);
	client_begin_keyed(&other, 1);
	expect_eq(client_do(&other, PARTITION_WRITE, 0, 1), ANCHOR_OK);
	expect_eq(recv(client.sock, &client.at, sizeof(client.at),
		       MSG_DONTWAIT), -1);
	check(!admin("set device-0 --per-day 0"), "%s", said());
	expect_eq(client_answer(&client), ANCHOR_OK);
	client_know(&client);
	expect_known(&client);
}

/* Does the program have that anywhere in its own memory? */
static bool is_in_memory(const void *bytes, size_t len)
{
	unsigned long start, end;
	FILE *maps, *memory;
	char line[4096], *part;
	bool found = false;

	snprintf(line, sizeof(line), "/proc/%d/mem", host_pid());
	memory = fopen(line, "r");
	snprintf(line, sizeof(line), "/proc/%d/maps", host_pid());
	maps = fopen(line, "r");
	check(memory && maps, "%s", line);
	while (fgets(line, sizeof(line), maps)) {
		/* What a sanitizer keeps for itself has terabytes */
		if (sscanf(line, "%lx-%lx rw-p", &start, &end) != 2 ||
		    !strstr(line, "rw-p") || end - start > 1 << 30)
			continue;
		part = malloc(end - start);
		fseeko(memory, start, SEEK_SET);
		if (memmem(part, fread(part, 1, end - start, memory), bytes, len))
			found = true;
		free(part);
	}
	fclose(maps);
	fclose(memory);
	return found;
}

/* A key that was not taken is nowhere afterwards */
static void test_key_forgotten(void)
{
	struct fake *fake = host_ready_on(&emmc);
	struct raw raw;
	int ms = 0;

	/* Nobody else may look */
	if (geteuid())
		return;
	client_begin(&client, 0);
	check(!admin("set device-0 --share 0"), "%s", said());
	expect_eq(client_do(&client, PARTITION_PROGRAM_KEY, 0, 0), ANCHOR_SPENT);
	expect(!is_in_memory(device_key, sizeof(device_key)));
	check(!admin("set device-0 --share 9"), "%s", said());
	check(!admin("add number-1 --guid " GUID, 1), "%s", said());
	check_eq(raw_connect(&raw, 1), ANCHOR_OK);
	host_fault(fake, FAULT_HOLD, RPMB_WRITE_DATA, 0);
	raw_ask_step(&raw, 1);
	host_wait_held(fake);
	client_prepare(&client, PARTITION_PROGRAM_KEY, 0, 0);
	client_send(&client);
	while (!is_in_memory(device_key, sizeof(device_key)))
		check(ms++ < WAIT_MS, "it does not come");
	check_eq(client_connect(&client), ANCHOR_OK);
	expect(!is_in_memory(device_key, sizeof(device_key)));
	host_release(fake);
	expect_eq(raw_answer(&raw), ANCHOR_OK);
	raw_close(&raw);
	expect(!client.at.has_key);
}

/* While one write is held, all others come: nobody is served twice before all are once */
static void test_turns(void)
{
	struct fake *fake;
	struct raw raw;

	begin_on(&fake, &emmc);
	client_begin_keyed(&other, 1);
	check(!admin("add number-2 --guid " GUID, 2), "%s", said());
	check_eq(raw_connect(&raw, 2), ANCHOR_OK);
	host_fault(fake, FAULT_HOLD, RPMB_WRITE_DATA, 0);
	client_prepare(&client, PARTITION_WRITE, 1, 2);
	client_send(&client);
	host_wait_held(fake);
	client_prepare(&other, PARTITION_WRITE, 1, 1);
	client_send(&other);
	raw_ask_step(&raw, 1);
	host_fault(fake, FAULT_HOLD, RPMB_WRITE_DATA, 2);
	host_release(fake);
	/* the table goes first: it had no turn before */
	expect_eq(client_answer(&client), ANCHOR_OK);
	client_know(&client);
	host_wait_held(fake);
	client_prepare(&client, PARTITION_WRITE, 8, 1);
	client_send(&client);
	raw_ask_step(&raw, 2);
	host_release(fake);
	expect_eq(raw_answer(&raw), ANCHOR_OK);
	expect_eq(client_answer(&other), ANCHOR_OK);
	client_know(&other);
	expect_eq(raw_answer(&raw), ANCHOR_OK);
	expect_eq(client_answer(&client), ANCHOR_OK);
	client_know(&client);
	raw_close(&raw);
	expect_known(&client);
	expect_known(&other);
}

/* A place that has to be cleared keeps nobody waiting for all of that */
static void test_served_meanwhile(void)
{
	static const char add[] = "{\"command\":\"add\",\"capacity\":2}";
	char answer[4096];
	struct fake *fake;
	struct raw raw;
	int sock;

	begin_on(&fake, &single);
	memset(block_of(fake, 1000), 1, 1000 * 256);
	check(!admin("add number-2 --guid " GUID, 2), "%s", said());
	check_eq(raw_connect(&raw, 2), ANCHOR_OK);
	/* the ledger, the table of partitions, and then some of hundreds of blocks */
	host_fault(fake, FAULT_HOLD, RPMB_WRITE_DATA, 10);
	sock = host_connect(CONTROL);
	check(send(sock, add, strlen(add), 0) > 0, "");
	host_wait_held(fake);
	raw_ask_step(&raw, 1);
	host_fault(fake, FAULT_HOLD, RPMB_WRITE_DATA, 300);
	host_release(fake);
	expect_eq(raw_answer(&raw), ANCHOR_OK);
	host_wait_held(fake);
	expect_eq(recv(sock, answer, sizeof(answer), MSG_DONTWAIT), -1);
	host_release(fake);
	expect(recv(sock, answer, sizeof(answer), 0) > 0);
	raw_close(&raw);
	close(sock);
}

/* With somebody else who has the key nothing goes on */
static void test_other_writer(void)
{
	struct fake *fake;

	begin_on(&fake, &emmc);
	host_fault(fake, FAULT_OTHER_WRITER, RPMB_WRITE_DATA, 1);
	client_prepare(&client, PARTITION_WRITE, 20, 1);
	client_send(&client);
	expect_eq(client_answer(&client), -1);
	expect_eq(WEXITSTATUS(host_wait()), 2);
	expect(host_says("somebody else writes to the hardware"));
}

static const struct test tests[] = {
	{ "hardware: what is reserved is never touched", test_reserved },
	{ "device: kept, on all kinds of hardware", test_kept_on_all },
	{ "device: writes of the hardware for a write", test_cost },
	{ "device: writes of the hardware for one that it takes in parts only",
	  test_cost_split },
	{ "device: writes of the hardware for the key, and a start", test_cost_of_rest },
	{ "device: requests that are refused", test_refused },
	{ "device: one client at a time", test_one_at_a_time },
	{ "device: a client that does not wait", test_impatient },
	{ "device: who comes while a write is under way", test_who_comes_next },
	{ "device: table of partitions", test_partition_table },
	{ "device: the administrator", test_administrator },
	{ "device: a place that is used again", test_place_used_again },
	{ "device: no key in sight", test_no_key_in_sight },
	{ "device: headers exchanged", test_headers_exchanged },
	{ "device: headers changed", test_headers_changed },
	{ "device: an area put back", test_area_put_back },
	{ "device: redo blocks changed", test_redo_changed },
	{ "device: partition gone", test_partition_gone },
	{ "device: share", test_share },
	{ "device: pace", test_pace },
	{ "device: a key that is not taken is forgotten", test_key_forgotten },
	{ "device: turns", test_turns },
	{ "device: others are served while one is made", test_served_meanwhile },
	{ "device: somebody else writes", test_other_writer },
};

int main(int argc, char **argv)
{
	return run_anchor_tests(argc, argv, tests, ARRAY_SIZE(tests));
}
