// SPDX-License-Identifier: GPL-2.0-only
/*
 * Whatever ends rpmb-anchor while it has something to do with a device, or happens to its
 * writes of the hardware: what was acknowledged is there, nothing is refused, and the
 * counter never goes back
 *
 * The steps have the names of the order of writes: redo blocks, header, places.
 */
#include <endian.h>
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/wait.h>

#include "anchor-client.h"
#include "anchor-host.h"
#include "daemon.h"
#include "device-client.h"

/* On this one redo blocks and header are two writes, always */
static const struct fake ufs = {
	.frame_format = RPMB_FRAME_JEDEC,
	.transport = RPMB_TRANSPORT_UFS,
	.capacity = 1500,
	.write_sizes = 0x3f,
	.max_write = 35,
	.max_read = 35,
};

/* Here they are one if there is one block */
static const struct fake emmc = {
	.frame_format = RPMB_FRAME_JEDEC,
	.transport = RPMB_TRANSPORT_EMMC,
	.capacity = 1500,
	.write_sizes = 1 << 0 | 1 << 1 | 1 << 5,
	.max_read = 128,
};

/* Here blocks have two of the guest's */
static const struct fake nvme = {
	.frame_format = RPMB_FRAME_NVME,
	.transport = RPMB_TRANSPORT_NVME,
	.capacity = 1000,
	.write_sizes = 1 << 0 | 1 << 1,
	.max_write = 3,
	.max_read = 4,
};

static const struct fake *const hardware[] = { &emmc, &ufs, &nvme };

static struct fake *fake;
static struct client client;

static void begin_on(const struct fake *like)
{
	fake = host_ready_on(like);
	client_begin_keyed(&client, 0);
	check_eq(client_do(&client, PARTITION_WRITE, 0, 9), ANCHOR_OK);
}

static void clear_faults(void)
{
	memset(fake->faults, 0, sizeof(fake->faults));
}

/* A write that does not get its answer: the program ends as it has to */
static void end_in_write(uint32_t addr, uint32_t count)
{
	client_prepare(&client, PARTITION_WRITE, addr, count);
	client_send(&client);
	expect_eq(client_answer(&client), -1);
}

static void die_in_write(enum fake_fault_kind kind, unsigned int skip)
{
	host_fault(fake, kind, RPMB_WRITE_DATA, skip);
	end_in_write(3, 1);
	host_wait_killed();
	host_start();
}

static void test_redo_blocks(void)
{
	begin_on(&ufs);
	die_in_write(FAULT_KILL_BEFORE, 0);
	expect(!client_settle(&client));
	die_in_write(FAULT_KILL_AFTER, 0);
	expect(!client_settle(&client));
}

static void test_header(void)
{
	begin_on(&ufs);
	die_in_write(FAULT_KILL_BEFORE, 1);
	expect(!client_settle(&client));
	die_in_write(FAULT_KILL_AFTER, 1);
	expect(client_settle(&client));
}

static void test_both_at_once(void)
{
	begin_on(&emmc);
	die_in_write(FAULT_KILL_BEFORE, 0);
	expect(!client_settle(&client));
	die_in_write(FAULT_KILL_AFTER, 0);
	expect(client_settle(&client));
}

static void test_places(void)
{
	begin_on(&ufs);
	die_in_write(FAULT_KILL_BEFORE, 2);
	expect(client_settle(&client));
	die_in_write(FAULT_KILL_AFTER, 2);
	expect(client_settle(&client));
}

/* The hardware stores some of the blocks of one write, which it did not promise to join */
static void tear_write(unsigned int skip, unsigned int stored)
{
	host_fault(fake, FAULT_TORN, RPMB_WRITE_DATA, skip);
	fake->faults[0].value = stored;
	end_in_write(3, 8);
	host_wait_killed();
	host_start();
}

static void test_torn(void)
{
	unsigned int stored;

	begin_on(&ufs);
	for (stored = 1; stored < 8; stored++) {
		tear_write(0, stored);
		expect(!client_settle(&client));
		tear_write(2, stored);
		expect(client_settle(&client));
	}
}

/* Before every single operation, and after it */
static bool killed_in_write(enum fake_fault_kind kind, unsigned int operation)
{
	bool killed, done;

	host_fault(fake, kind, FAKE_ANY, operation);
	client_prepare(&client, PARTITION_WRITE, 5, 4);
	client_send(&client);
	killed = client_answer(&client) < 0;
	if (killed) {
		host_wait_killed();
		host_start();
	}
	clear_faults();
	done = client_settle(&client);
	expect(done || killed);
	return killed;
}

static void test_everywhere_in_write(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(hardware); i++) {
		begin_on(hardware[i]);
		host_at_each_operation(killed_in_write);
	}
}

/* With something that is still to be brought to its place */
static bool killed_in_start(enum fake_fault_kind kind, unsigned int operation)
{
	bool killed;

	host_fault(fake, FAULT_KILL_BEFORE, RPMB_WRITE_DATA, 2);
	end_in_write(32, 4);
	host_wait_killed();
	host_fault(fake, kind, FAKE_ANY, operation);
	killed = !host_serves();
	if (killed) {
		host_wait_killed();
		clear_faults();
		host_start();
	}
	clear_faults();
	expect(client_settle(&client));
	return killed;
}

static void test_everywhere_in_start(void)
{
	begin_on(&ufs);
	host_at_each_operation(killed_in_start);
}

/* Its header is all that is written */
static void test_key(void)
{
	static const enum fake_fault_kind kinds[] = {
		FAULT_KILL_BEFORE, FAULT_KILL_AFTER
	};
	unsigned int i;

	fake = host_ready_on(&emmc);
	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		client_begin(&client, i);
		host_fault(fake, kinds[i], RPMB_WRITE_DATA, 0);
		client_prepare(&client, PARTITION_PROGRAM_KEY, 0, 0);
		client_send(&client);
		expect_eq(client_answer(&client), -1);
		host_wait_killed();
		host_start();
		expect_eq(client_settle(&client), i);
	}
}

/* Device number 1, of which nothing is known, and that may still be made */
static void wait_for_new(void)
{
	int ms = 0;

	client = (struct client) { .sock = -1, .n = 1, .sequence = 2 };
	while (client_connect(&client) < 0) {
		check(ms++ < WAIT_MS, "it is not made");
		poll(NULL, 0, 1);
	}
	expect_known(&client);
}

/* It is there, empty, or it is not; and then it can be added */
static bool killed_in_add(enum fake_fault_kind kind, unsigned int operation)
{
	int status;

	host_fault(fake, kind, FAKE_ANY, operation);
	status = admin("add x --capacity 1 --guid " GUID, 1);
	if (status) {
		host_wait_killed();
		clear_faults();
		host_start();
		if (admin_lines("list") == 1)
			check(!admin("add x --capacity 1 --guid " GUID, 1), "%s",
			      said());
	}
	clear_faults();
	wait_for_new();
	check_eq(client_do(&client, PARTITION_PROGRAM_KEY, 0, 0), ANCHOR_OK);
	check_eq(client_do(&client, PARTITION_WRITE, 0, 32), ANCHOR_OK);
	client_close(&client);
	check(!admin("remove x"), "%s", said());
	return status;
}

static void test_everywhere_in_add(void)
{
	begin_on(&emmc);
	host_at_each_operation(killed_in_add);
}

/* Nobody has to ask for it */
static void test_add_goes_on(void)
{
	begin_on(&emmc);
	host_fault(fake, FAULT_KILL_BEFORE, RPMB_WRITE_DATA, 1);
	expect_eq(admin("add x --capacity 1 --guid " GUID, 1), 1);
	host_wait_killed();
	host_start();
	wait_for_new();
}

/* What has been begun goes on by itself */
static void wait_for_removal(void)
{
	int ms = 0;

	while (!admin("list") && says("being removed")) {
		check(ms++ < WAIT_MS, "it is not removed");
		poll(NULL, 0, 1);
	}
}

/* It is gone, with its partition, or it is as it was */
static bool killed_in_remove(enum fake_fault_kind kind, unsigned int operation)
{
	int status;

	client_begin_keyed(&client, 1);
	host_fault(fake, kind, FAKE_ANY, operation);
	status = admin("remove device-1");
	if (status) {
		host_wait_killed();
		clear_faults();
		host_start();
		wait_for_removal();
		if (admin_lines("list") == 2) {
			expect_known(&client);
			check(!admin("remove device-1"), "%s", said());
		}
	}
	clear_faults();
	expect_eq(client_connect(&client), -1);
	return status;
}

static void test_everywhere_in_remove(void)
{
	begin_on(&emmc);
	host_at_each_operation(killed_in_remove);
}

/* An answer or a request that is lost once is no matter */
static void write_with(enum fake_fault_kind kind, unsigned int skip)
{
	host_fault(fake, kind, RPMB_WRITE_DATA, skip);
	expect_eq(client_do(&client, PARTITION_WRITE, 4, 3), ANCHOR_OK);
	expect_eq(fake->faults[0].kind, FAULT_NONE);
	expect_known(&client);
}

static void test_write_lost_once(void)
{
	unsigned int skip;

	begin_on(&emmc);
	for (skip = 0; skip < 3; skip++) {
		write_with(FAULT_LOST_REQUEST, skip);
		write_with(FAULT_LOST_RESPONSE, skip);
		write_with(FAULT_LATE_REQUEST, skip);
	}
}

/* Four blocks get there at once, and nobody knows before the first write of more */
static void begin_short(void)
{
	fake = host_ready_on(&ufs);
	client_begin_keyed(&client, 0);
	fake->carries = 4 * sizeof(struct rpmb_frame);
	fake->carry_error = ENOMEM;
}

/* The same of a write that took several requests */
static void test_split_lost_once(void)
{
	static const enum fake_fault_kind kinds[] = {
		FAULT_LOST_REQUEST, FAULT_LOST_RESPONSE, FAULT_LATE_REQUEST
	};
	unsigned int skip, i;

	/* Four of redo blocks, the header, four of places */
	for (skip = 0; skip < 9; skip++) {
		for (i = 0; i < ARRAY_SIZE(kinds); i++) {
			begin_short();
			host_fault(fake, kinds[i], RPMB_WRITE_DATA, skip);
			expect_eq(client_do(&client, PARTITION_WRITE, 3, 16),
				  ANCHOR_OK);
			expect_eq(fake->faults[0].kind, FAULT_NONE);
			expect_known(&client);
		}
	}
}

/* Somebody else is still told from that */
static void test_split_other_writer(void)
{
	begin_short();
	host_fault(fake, FAULT_OTHER_WRITER, RPMB_WRITE_DATA, 1);
	end_in_write(3, 16);
	check_eq(WEXITSTATUS(host_wait()), 2);
}

/* Lost again when it is sent again: nobody is answered, and the next start goes on */
static void lose_write(enum fake_fault_kind first, unsigned int skip)
{
	host_fault(fake, FAULT_LOST_REQUEST, RPMB_WRITE_DATA, 0);
	fake->faults[1] = fake->faults[0];
	fake->faults[0].kind = first;
	fake->faults[0].skip = skip;
	fake->faults[1].skip = skip;
	end_in_write(3, 1);
	check_eq(WEXITSTATUS(host_wait()), 1);
	expect(host_says("the next start will go on from here"));
	clear_faults();
}

static void test_write_lost(void)
{
	unsigned int skip;

	begin_on(&ufs);
	for (skip = 0; skip < 3; skip++) {
		lose_write(FAULT_LOST_REQUEST, skip);
		host_start();
		expect_eq(client_settle(&client), skip == 2);
	}
}

/* It is held back, and delivered when the next start writes its first block */
static void test_write_late(void)
{
	unsigned int skip;

	begin_on(&ufs);
	for (skip = 0; skip < 3; skip++) {
		lose_write(FAULT_LATE_REQUEST, skip);
		expect(fake->late_len);
		host_start();
		expect(!fake->late_len);
		expect_eq(client_settle(&client), skip > 0);
	}
}

/* The same of what is written to add a device: the last of it that is begun comes late */
static void test_add_late(void)
{
	unsigned int skip;

	begin_on(&ufs);
	/* The table; partitions, two; both headers; the table again */
	for (skip = 0; skip < 6; skip++) {
		host_fault(fake, FAULT_LOST_REQUEST, RPMB_WRITE_DATA, skip);
		fake->faults[1] = fake->faults[0];
		fake->faults[0].kind = FAULT_LATE_REQUEST;
		expect_eq(admin("add x --capacity 1 --guid " GUID, 1), 1);
		check_eq(WEXITSTATUS(host_wait()), 1);
		clear_faults();
		host_start();
		expect(!fake->late_len);
		wait_for_new();
		client_close(&client);
		check(!admin("remove x"), "%s", said());
	}
}

/* Held back once, it is sent again: then both get there, and the second is refused */
static bool is_late(const char *command, unsigned int skip)
{
	host_fault(fake, FAULT_LATE_REQUEST, RPMB_WRITE_DATA, skip);
	check(!admin("%s", command), "%s", said());
	if (fake->faults[0].kind)
		return false;
	expect(!fake->late_len && fake->late_was_same);
	return true;
}

static void test_add_late_once(void)
{
	static const char add[] = "add x --capacity 1";
	unsigned int skip = 0;

	begin_on(&ufs);
	for (; is_late(add, skip); skip++)
		check(!admin("remove x"), "%s", said());
	expect(skip > 5);
	clear_faults();
	for (skip = 0; is_late("remove x", skip); skip++)
		check(!admin("%s", add), "%s", said());
	expect(skip > 3);
}

/* Even later it comes for nothing: it is signed for a counter that has passed */
static void test_write_too_late(void)
{
	unsigned int skip;
	uint32_t late_len;

	begin_on(&ufs);
	for (skip = 0; skip < 3; skip++) {
		lose_write(FAULT_LATE_REQUEST, skip);
		late_len = fake->late_len;
		fake->late_len = 0;
		host_start();
		client_settle(&client);
		fake->late_len = late_len;
		expect_eq(client_do(&client, PARTITION_WRITE, 3, 1), ANCHOR_OK);
		expect(!fake->late_len);
		expect_known(&client);
		host_kill();
		host_start();
		expect_known(&client);
	}
}

static const struct test tests[] = {
	{ "killed: redo blocks are written", test_redo_blocks },
	{ "killed: the header is written", test_header },
	{ "killed: both are written at once", test_both_at_once },
	{ "killed: the places are written", test_places },
	{ "power cut: some blocks of a write are written", test_torn },
	{ "killed: everywhere in a write", test_everywhere_in_write },
	{ "killed: everywhere in a start", test_everywhere_in_start },
	{ "killed: a key is programmed", test_key },
	{ "killed: everywhere in adding a device", test_everywhere_in_add },
	{ "killed: a device that was to be made is made", test_add_goes_on },
	{ "killed: everywhere in removing one", test_everywhere_in_remove },
	{ "hardware: a write lost once", test_write_lost_once },
	{ "hardware: a write that takes several requests, one of them lost once",
	  test_split_lost_once },
	{ "hardware: somebody else writes between these", test_split_other_writer },
	{ "hardware: a write lost", test_write_lost },
	{ "hardware: a write that comes late", test_write_late },
	{ "hardware: a write of a new device that comes late", test_add_late },
	{ "hardware: a write of a new device, or of one that goes, late once",
	  test_add_late_once },
	{ "hardware: a write that comes too late", test_write_too_late },
};

int main(int argc, char **argv)
{
	return run_anchor_tests(argc, argv, tests, ARRAY_SIZE(tests));
}
