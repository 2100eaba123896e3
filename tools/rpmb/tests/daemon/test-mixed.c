// SPDX-License-Identifier: GPL-2.0-only
/*
 * An anchored state, its -wal file, the ledger and the partition table, each as it was at
 * one time or another: all combinations, and what is said of each
 *
 * The last one is in the hardware. It is older there if somebody has the key, or if the
 * newest copy of it was not written to its end.
 */
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "anchor-host.h"
#include "anchored.h"
#include "disk.h"
#include "fixture.h"
#include "handle.h"
#include "hardware.h"
#include "served.h"

#define PUT_BACK "not the version that is anchored: it was put back"
#define NO_WAL "state was not closed, and state-wal is missing: the write counter would go back"
#define LEDGER_PUT_BACK "the ledger was put back: it is at step"
#define NOT_THERE "nobody answers there; does rpmb-anchor run?"
#define NO_PARTITION "has no partition for anchors"
#define DAMAGED "the partition table is damaged: neither of its copies is whole"

/* A copy of the table: a header and 16 blocks of entries */
#define COPY (17 * BLOCK)
#define COPIES 2

enum { OLD, NEW, NONE };

/* What the host had, and how its ledger was saved */
static struct moment {
	struct disk_image state;
	const char *ledger;
	uint8_t table[COPIES * COPY];
} moments[] = {
	[OLD] = { .ledger = "old" },
	[NEW] = { .ledger = "new" },
};

/* The hardware of the newest one, and where that has its table */
static struct fake *fake;
static struct hardware hardware;
static unsigned int newest_copy;

/* Nobody serves meanwhile */
static void save(struct moment *moment)
{
	disk_image_load(&moment->state);
	host_save(moment->ledger);
	memcpy(moment->table, fake->data, sizeof(moment->table));
}

/* Another one is in the table, and nobody serves */
static void reserve(void)
{
	struct rpmb_partition tee = {
		.guid = { 1 }, .blocks = 8, .kind = LIBRPMB_PARTITION_RESERVED
	};
	struct rpmb_partitions table;
	struct rpmb *rpmb = must_open("rpmb0", O_RDWR);

	check_eq(rpmb_partitions_read(rpmb, key, &table), 0);
	check_eq(rpmb_partitions_add(&table, &tee), 0);
	check_eq(rpmb_partitions_write(rpmb, key, &table), 0);
	newest_copy = table.copy;
	rpmb_close(rpmb);
}

/* Both are of a crash: what was written last is in the -wal file alone */
static void live(struct model *model)
{
	fake = anchored_host();
	model_leave_state(model, false);
	host_kill();
	save(&moments[OLD]);
	host_start();
	unlink(SOCKET);
	write_one(model, true);
	write_one(model, false);
	host_kill();
	reserve();
	save(&moments[NEW]);
	hardware_save(&hardware);
}

static uint8_t *copy_of(unsigned int copy)
{
	return fake->data + copy * COPY;
}

static void keep_table(void)
{
}

static void old_table(void)
{
	memcpy(fake->data, moments[OLD].table, sizeof(moments[OLD].table));
}

/* The entries are there, and the header, which comes last, is not */
static void torn_table(void)
{
	memcpy(copy_of(newest_copy), moments[OLD].table + newest_copy * COPY,
	       BLOCK);
}

static void damaged_copy(void)
{
	copy_of(newest_copy)[20] ^= 1;
}

static void older_copy_damaged(void)
{
	copy_of(!newest_copy)[20] ^= 1;
}

/* There was no anchor when the other copy was written */
static void old_and_damaged(void)
{
	old_table();
	copy_of(!newest_copy)[20] ^= 1;
}

static void both_damaged(void)
{
	damaged_copy();
	older_copy_damaged();
}

/* What becomes of the table; then what rpmb-anchor says of it, if it does not serve */
static const struct {
	const char *name;
	void (*make)(void);
	const char *words;
} tables[] = {
	{ "the newest", keep_table, NULL },
	{ "old", old_table, NULL },
	{ "torn", torn_table, NULL },
	{ "damaged in the newest copy", damaged_copy, NULL },
	{ "damaged in the older copy", older_copy_damaged, NULL },
	{ "old, and damaged in the newest copy", old_and_damaged, NO_PARTITION },
	{ "damaged in both copies", both_damaged, DAMAGED },
};

/*
 * What the daemon says of a state and a -wal file of these times, if it does not serve: the
 * newest -wal file has all that makes the old state the newest
 */
static const char *const states[2][3] = {
	[OLD] = { [OLD] = PUT_BACK, [NEW] = NULL, [NONE] = NO_WAL },
	[NEW] = { [OLD] = PUT_BACK, [NEW] = NULL, [NONE] = NO_WAL },
};

static void put_together(unsigned int state, unsigned int wal,
			 unsigned int ledger, unsigned int table)
{
	struct disk_image mix = moments[state].state;

	mix.files[DISK_WAL] = wal == NONE ? (struct disk_file){ 0 } :
			      moments[wal].state.files[DISK_WAL];
	disk_image_store(&mix);
	host_put_back(moments[ledger].ledger);
	hardware_put_back(&hardware);
	tables[table].make();
}

static void expect_outcome(const char *anchor_words, const char *words,
			   struct model model)
{
	uint32_t counter = fake->counter;

	if (anchor_words) {
		host_refuses(anchor_words);
		check_eq(fake->counter, counter);
		must_refuse(NOT_THERE);
		return;
	}
	host_start();
	if (words)
		must_refuse(words);
	else
		must_serve(&model, false);
	host_kill();
}

/* The partition table is read before the ledger is looked at */
static void mixed(unsigned int table, const struct model *model)
{
	static const char *const times[] = { "old", "new", "no" };
	unsigned int state, wal, ledger;

	for (ledger = OLD; ledger <= NEW; ledger++)
		for (state = OLD; state <= NEW; state++)
			for (wal = OLD; wal <= NONE; wal++) {
				tap_note("%s state, %s -wal, %s ledger, table: %s",
					 times[state], times[wal],
					 times[ledger], tables[table].name);
				put_together(state, wal, ledger, table);
				expect_outcome(tables[table].words ?:
					       ledger == OLD ? LEDGER_PUT_BACK :
					       NULL, states[state][wal], *model);
			}
}

static void all_mixed(void)
{
	struct model model;
	unsigned int i;

	live(&model);
	for (i = 0; i < ARRAY_SIZE(tables); i++)
		mixed(i, &model);
	hardware_free(&hardware);
	for (i = 0; i < ARRAY_SIZE(moments); i++)
		disk_image_free(&moments[i].state);
}

static const struct test tests[] = {
	{ "state, -wal, ledger and partition table of two times", all_mixed },
};

int main(int argc, char **argv)
{
	return run_daemon_tests(argc, argv, tests, ARRAY_SIZE(tests));
}
