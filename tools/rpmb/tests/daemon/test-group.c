// SPDX-License-Identifier: GPL-2.0-only
/*
 * A guest that fills the ring: all of it is one transaction, in order, and nobody is
 * told of any of it before it is durable
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "disk.h"
#include "fixture.h"
#include "group.h"
#include "state.h"

#define CUTS 4		/* at each place */

/* A device with three writes, on a disk that the test has in its hands */
static struct disk *begin(struct daemon *d, struct frontend *fe)
{
	struct disk *disk = disk_new();
	struct model model = { 0 };

	start_on_disk(d);
	fe_open(fe, d);
	must_program_key(fe);
	while (model.counter < 3)
		model_write(&model, fe);
	return disk;
}

static void end(struct daemon *d, struct frontend *fe, struct disk *disk)
{
	fe_close(fe);
	daemon_kill(d);
	disk_free(disk);
}

/* A daemon of a sound disk has @writes of them, or either so many if that is open */
static bool must_have(uint32_t writes, uint32_t or_else)
{
	struct model model;
	struct frontend fe;
	struct daemon d;
	uint32_t counter;

	daemon_start(&d, "--capacity", "1");
	fe_open(&fe, &d);
	counter = must_count(&fe);
	check(counter == writes || counter == or_else, "%u writes", counter);
	model_set(&model, counter);
	model_check(&model, &fe, false);
	fe_close(&fe);
	daemon_kill(&d);
	return counter == writes;
}

static void put_writes(struct group *group, uint32_t first, unsigned int nr)
{
	while (nr--)
		group_put_write(group, first++);
}

static void one_sync(void)
{
	struct frontend fe;
	struct daemon d;
	struct disk *disk = begin(&d, &fe);
	struct group group = { .fe = &fe };
	struct model model;
	unsigned int alone, before = disk_syncs(disk);

	model_set(&model, 3);
	model_write(&model, &fe);
	alone = disk_syncs(disk) - before;
	check(alone, "a write without a sync");
	before += alone;

	put_writes(&group, 5, GROUP_MOST);
	group_go(&group);
	for (unsigned int i = 0; i < GROUP_MOST; i++)
		group_written(&group, 0, 5 + i);
	check_eq(disk_syncs(disk) - before, alone);
	model_set(&model, 4 + GROUP_MOST);
	model_check(&model, &fe, false);
	end(&d, &fe, disk);
	must_have(4 + GROUP_MOST, 4 + GROUP_MOST);
}

/* Each sees what those before it did; what is refused takes no other with it */
static void in_order(void)
{
	struct frontend fe;
	struct daemon d;
	struct disk *disk = begin(&d, &fe);
	struct group group = { .fe = &fe };
	struct model model;

	group_put_count(&group);
	group_put_write(&group, 4);
	group_put_read(&group);
	group_put_write(&group, 4);
	group_put_write(&group, 6);
	group_put_count(&group);
	group_put_write(&group, 5);
	group_put_read(&group);
	group_go(&group);

	group_counted(&group, 3);
	group_written(&group, 0, 4);
	model_set(&model, 4);
	group_holds(&group, &model);
	group_written(&group, RPMB_RES_COUNTER, 4);
	group_written(&group, RPMB_RES_COUNTER, 4);
	group_counted(&group, 4);
	group_written(&group, 0, 5);
	model_set(&model, 5);
	group_holds(&group, &model);
	end(&d, &fe, disk);
	must_have(5, 5);
}

/* The key and what is signed with it can be in the ring together */
static void key_too(void)
{
	struct frontend fe;
	struct daemon d;
	struct group group = { .fe = &fe };
	struct rpmb_frame out[2] = { 0 }, in;

	daemon_start(&d, "--capacity", "1");
	fe_open(&fe, &d);
	frames_init(out, 1, &(struct fields) {
		.type = RPMB_PROGRAM_KEY, .count = 1
	});
	memcpy(out[0].key_mac, test_key, KEY_LEN);
	make_result_read(&out[1]);
	group_put(&group, out, 2, 1);
	put_writes(&group, 1, 3);
	group_go(&group);
	group_answer(&group, &in, 1);
	check_eq(be16toh(in.req_resp), RPMB_PROGRAM_KEY << 8);
	check_eq(in.result, 0);
	for (unsigned int i = 0; i < 3; i++)
		group_written(&group, 0, 1 + i);
	fe_close(&fe);
	daemon_kill(&d);
	must_have(3, 3);
}

/* The result register is the device's: a result read of its own tells of the last one */
static void result_by_itself(void)
{
	struct frontend fe;
	struct daemon d;
	struct disk *disk = begin(&d, &fe);
	struct group group = { .fe = &fe };
	struct rpmb_frame out[MODEL_BLOCKS + 1];
	unsigned int nr = model_frames(out, 4);

	group_put(&group, out, nr - 1, 0);
	make_result_read(out);
	group_put(&group, out, 1, 1);
	group_go(&group);
	check_eq(fe_wait_used(&fe, NULL), 0);
	group.answered++;
	group_written(&group, 0, 4);
	end(&d, &fe, disk);
	must_have(4, 4);
}

/* While the disk has not got it, nobody is told, of reads neither */
static void nothing_before(void)
{
	struct frontend fe;
	struct daemon d;
	struct disk *disk = begin(&d, &fe);
	struct group group = { .fe = &fe };
	struct model model;

	disk->hold_sync = 1;
	group_put_count(&group);
	put_writes(&group, 4, 5);
	group_put_read(&group);
	group_go(&group);
	disk_wait_held(disk);
	check(!fe_used(&fe), "told before it is durable");
	disk->hold_sync = 0;
	sem_post(&disk->go);
	group_counted(&group, 3);
	for (unsigned int i = 0; i < 5; i++)
		group_written(&group, 0, 4 + i);
	model_set(&model, 8);
	group_holds(&group, &model);
	end(&d, &fe, disk);
}

/* The disk does not take it at once: then each of it by itself, from where it was */
static void sync_fails_once(void)
{
	struct frontend fe;
	struct daemon d;
	struct disk *disk = begin(&d, &fe);
	struct group group = { .fe = &fe };
	struct rpmb_frame result_read;
	struct model model;

	disk->hold_sync = 1;
	make_result_read(&result_read);
	group_put(&group, &result_read, 1, 1);
	group_put_write(&group, 4);
	group_put_read(&group);
	group_put_write(&group, 4);
	group_put_write(&group, 5);
	group_put_count(&group);
	group_go(&group);
	disk_fail_held_sync(disk);

	group_written(&group, 0, 3);
	group_written(&group, 0, 4);
	model_set(&model, 4);
	group_holds(&group, &model);
	group_written(&group, RPMB_RES_COUNTER, 4);
	group_written(&group, 0, 5);
	group_counted(&group, 5);
	end(&d, &fe, disk);
	must_have(5, 5);
}

/* It takes nothing: writes fail, and reads say what there was before */
static void disk_full(void)
{
	struct frontend fe;
	struct daemon d;
	struct disk *disk = begin(&d, &fe);
	struct group group = { .fe = &fe };
	struct model model;

	disk->fail_write = ENOSPC;
	put_writes(&group, 4, 2);
	group_put_read(&group);
	group_put_count(&group);
	group_go(&group);
	group_written(&group, RPMB_RES_WRITE, 3);
	group_written(&group, RPMB_RES_COUNTER, 3);
	model_set(&model, 3);
	group_holds(&group, &model);
	group_counted(&group, 3);
	check(strlen(daemon_messages()), "no message");
	end(&d, &fe, disk);
	must_have(3, 3);
}

/* What had no effect and no answer is not counted, and what is done again is once */
static void counted_once(void)
{
	struct disk *disk = disk_new();
	struct group group = { 0 };
	struct frontend fe;
	struct daemon d;

	start_on_disk_with(&d, "--metrics", METRICS);
	fe_open(&fe, &d);
	must_program_key(&fe);
	group.fe = &fe;
	disk->hold_sync = 1;
	put_writes(&group, 1, 3);
	group_put_write(&group, 1);
	group_go(&group);
	disk_fail_held_sync(disk);
	for (unsigned int i = 0; i < 3; i++)
		group_written(&group, 0, 1 + i);
	group_written(&group, RPMB_RES_COUNTER, 3);
	fe_close(&fe);
	daemon_stop(&d);
	check_eq(daemon_metric("rpmb_requests_total", STATE), 5);
	check_eq(daemon_metric("rpmb_failures_total", STATE), 1);
	check_eq(daemon_metric("rpmb_write_counter", STATE), 3);
	disk_free(disk);
}

/* MODEL_BLOCKS of them each at MODEL_BLOCKS times 0, 1 and so on */
static void fill(struct frontend *fe, uint8_t *data, unsigned int nr)
{
	must_program_key(fe);
	for (unsigned int i = 0; i < nr; i++) {
		pattern(data, MODEL_BLOCKS, i * MODEL_BLOCKS, i);
		must_write(fe, i * MODEL_BLOCKS, MODEL_BLOCKS, i, data);
	}
}

/*
 * A file that wants a small cache: reads push what was written out of it, to a disk that
 * is full, which takes back all of the transaction
 */
static void disk_full_in_read(void)
{
	uint8_t data[MODEL_BLOCKS * BLOCK];
	struct rpmb_frame out[MODEL_BLOCKS + 1], in[MODEL_BLOCKS];
	struct group group = { 0 };
	struct frontend fe;
	struct disk *disk;
	struct daemon d;
	unsigned int i;

	daemon_start(&d, "--capacity", "1");
	fe_open(&fe, &d);
	fill(&fe, data, GROUP_MOST);
	fe_close(&fe);
	daemon_stop(&d);
	state_sql("PRAGMA default_cache_size = 10");

	disk = disk_new();
	start_on_disk(&d);
	fe_open(&fe, &d);
	disk->fail_write = ENOSPC;
	group.fe = &fe;
	make_write(out, MODEL_BLOCKS, 0, GROUP_MOST, data, test_key);
	make_result_read(&out[MODEL_BLOCKS]);
	group_put(&group, out, MODEL_BLOCKS + 1, 1);
	for (i = 1; i < GROUP_MOST; i++)
		group_put_read_at(&group, i * MODEL_BLOCKS);
	group_go(&group);
	group_written(&group, RPMB_RES_WRITE, GROUP_MOST);
	for (i = 1; i < GROUP_MOST; i++) {
		group_answer(&group, in, MODEL_BLOCKS);
		check_eq(in[0].result, 0);
	}
	end(&d, &fe, disk);

	daemon_start(&d, "--capacity", "1");
	fe_open(&fe, &d);
	check_eq(must_count(&fe), GROUP_MOST);
	pattern(data, MODEL_BLOCKS, 0, 0);
	must_hold(&fe, 0, MODEL_BLOCKS, data);
	fe_close(&fe);
	daemon_stop(&d);
}

/* Nobody knows what is on the disk, so nobody is told anything */
static void sync_keeps_failing(void)
{
	struct frontend fe;
	struct daemon d;
	struct disk *disk = begin(&d, &fe);
	struct group group = { .fe = &fe };

	disk->fail_sync = EIO;
	group_put_count(&group);
	put_writes(&group, 4, 5);
	group_go(&group);
	check_eq(WEXITSTATUS(daemon_wait(&d)), 1);
	check(!fe_used(&fe), "told what nobody knows");
	fe_close(&fe);
	disk_free(disk);
	check(!unlink(SOCKET), "no socket");
	must_have(8, 3);
}

/* Some of it is wrong, which changes nothing for the rest */
static void put_group(struct group *group)
{
	put_writes(group, 4, 3);
	group_put_write(group, 4);
	put_writes(group, 7, 3);
	group_put_write(group, 40);
	group_put_count(group);
}

/* kill -9 at the operation on the disk of this number; false if there are not so many */
static bool kill_at(unsigned int number, bool inside, unsigned int *kept)
{
	struct frontend fe;
	struct daemon d;
	struct disk *disk = begin(&d, &fe);
	struct group group = { .fe = &fe };
	bool parked, told;

	disk->park = disk->ops + number;
	disk->park_inside = inside;
	put_group(&group);
	group_go(&group);
	do {
		parked = !sem_trywait(&disk->held);
		told = fe_used(&fe);
	} while (!parked && !told);
	daemon_kill(&d);
	fe_close(&fe);
	disk_free(disk);
	*kept += must_have(9, told ? 9 : 3);
	state_remove();
	return parked;
}

static void kills(void)
{
	unsigned int number = 1, kept = 0;

	while (kill_at(number, false, &kept) && kill_at(number, true, &kept))
		number++;
	tap_note("%u places, %u times all was kept", number, kept);
	check(number > 2 && kept && kept < 2 * number, "of no use");
}

/* Power fails at any place of a full ring: it is there as a whole, or not at all */
static void power_cuts(void)
{
	struct disk_image before, after;
	unsigned int cuts = 0, kept = 0;
	struct frontend fe;
	struct daemon d;
	struct disk *disk = begin(&d, &fe);
	struct group group = { .fe = &fe };
	uint64_t at, told;

	model_seed();
	memset(&before, 0, sizeof(before));
	at = disk->log_len;
	disk->tag = 1;
	put_group(&group);
	group_go(&group);
	group_written(&group, 0, 4);
	told = disk_notified(disk, 1);
	fe_close(&fe);
	daemon_kill(&d);
	do {
		for (unsigned int i = 0; i < CUTS; i++, cuts++) {
			disk_cut(disk, &before, at, &after);
			disk_image_store(&after);
			disk_image_free(&after);
			kept += must_have(9, at >= told ? 9 : 3);
		}
	} while (disk_next_place(disk, &at));
	disk_free(disk);
	tap_note("%u power cuts, %u times all was kept", cuts, kept);
	check(kept && kept < cuts, "of no use");
}

/* The most memory that it has ever had, in KiB */
static unsigned long peak(const struct daemon *d)
{
	char path[32], line[128];
	unsigned long kib = 0;
	FILE *status;

	snprintf(path, sizeof(path), "/proc/%d/status", d->pid);
	status = fopen(path, "r");
	check(status, "%s", path);
	while (fgets(line, sizeof(line), status))
		sscanf(line, "VmHWM: %lu", &kib);
	fclose(status);
	check(kib, "no VmHWM");
	return kib;
}

/* More than the daemon takes at once: it has not all of it in memory */
static void more_than_fits(void)
{
	struct frontend fe;
	struct daemon d;
	struct disk *disk = begin(&d, &fe);
	struct model model;
	unsigned int i, nr = QUEUE_SIZE / 2;

	for (i = 0; i < nr; i++) {
		fe_write_chain(&fe, 2 * i, (const struct chunk []) {
			{ guest_addr(IN_OFF), REGION_SIZE, false },
		}, 1);
		fe_offer(&fe, 2 * i);
	}
	fe_kick(&fe);
	for (i = 0; i < nr; i++) {
		uint16_t head;

		fe_wait_used(&fe, &head);
		check_eq(head, 2 * i);
	}
	model_set(&model, 3);
	model_check(&model, &fe, false);
	check(peak(&d) < nr * (REGION_SIZE / 1024) * 3 / 4, "%lu KiB", peak(&d));
	end(&d, &fe, disk);
}

/* A buffer that breaks the ring: those before it were served, and come back */
static void broken_ring(void)
{
	struct frontend fe;
	struct daemon d;
	struct disk *disk = begin(&d, &fe);
	struct group group = { .fe = &fe };

	put_writes(&group, 4, 2);
	fe_write_chain(&fe, 2 * group.nr, (const struct chunk []) {
		{ 0xdead0000, FRAME, false },
	}, 1);
	fe_offer(&fe, 2 * group.nr);
	group_go(&group);
	group_written(&group, 0, 4);
	group_written(&group, 0, 5);
	daemon_wait_for_words("outside the guest's memory");
	check(!fe_used(&fe), "the bad one came back");
	end(&d, &fe, disk);
	must_have(5, 5);
}

static const struct test tests[] = {
	{ "a full ring: each sees what those before it did", in_order },
	{ "a full ring: the key, and writes with it", key_too },
	{ "a full ring: the result of one, asked for by the next",
	  result_by_itself },
	{ "a full ring: killed at each operation on the disk", kills },
	{ "a full ring: more than is taken at once", more_than_fits },
	{ "a full ring: one breaks it, those before it come back",
	  broken_ring },
};

static const struct test on_files[] = {
	{ "a full ring: one sync for all of it", one_sync },
	{ "a full ring: no answer before all is durable", nothing_before },
	{ "a full ring: a sync that fails once, then each by itself",
	  sync_fails_once },
	{ "a full ring, done again: each is counted once", counted_once },
	{ "a full ring, a full disk: write failure, nothing changed",
	  disk_full },
	{ "a full ring, a disk that is full in a read: the same",
	  disk_full_in_read },
	{ "a full ring: nothing is told if nobody knows", sync_keeps_failing },
	{ "a full ring: power cut at each operation on the disk", power_cuts },
};

int main(int argc, char **argv)
{
	return run_state_tests(argc, argv, tests, ARRAY_SIZE(tests), on_files,
			       ARRAY_SIZE(on_files));
}
