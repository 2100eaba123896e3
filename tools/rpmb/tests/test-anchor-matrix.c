// SPDX-License-Identifier: GPL-2.0-only
/*
 * rpmb-anchor with a ledger, a partition table or a hardware that is not as it left it:
 * it says what is wrong, and serves nobody
 */
#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "anchor-client.h"
#include "anchor-host.h"
#include "handle.h"

#define CHANGED "was changed by somebody, or is of another device"
#define PUT_BACK "the ledger was put back"
#define APART "ledger and hardware do not belong together"
#define NO_BLOCK "somebody has written over it"

/* Where the block is: behind the partition table */
#define ADDR 34
#define BLOCK 256

static struct fake *fake;
static struct kept kept;

static void begin(void)
{
	fake = host_ready(1);
	kept = (struct kept) {};
}

static void step(void)
{
	struct rpmb_anchor *anchor = must_connect(0);

	must_step(anchor, &kept);
	rpmb_anchor_free(anchor);
}

/*
 * Versions of the ledger: 0 and 2 are of an end in good order, and have no -wal file;
 * the others are of a crash. The last one is what the hardware has.
 */
#define VERSIONS 5

static void make_versions(void)
{
	char name[] = "v0";
	unsigned int i;

	begin();
	for (i = 0; i < VERSIONS; i++) {
		step();
		if (i == 0 || i == 2)
			host_stop();
		else
			host_kill();
		name[1] = '0' + i;
		host_save(name);
		host_start();
	}
	host_kill();
}

/*
 * It serves, and then what was anchored last, or it refuses, and has written nothing.
 * Returns whether it serves.
 */
static bool serves_newest_or_refuses(void)
{
	uint32_t counter = fake->counter;
	struct rpmb_anchor *anchor;

	if (host_serves()) {
		anchor = must_connect(0);
		expect_anchored(anchor, &kept);
		rpmb_anchor_free(anchor);
		host_kill();
		return true;
	}
	check_eq(WEXITSTATUS(host_wait()), 1);
	expect_eq(fake->counter, counter);
	return false;
}

/* Somebody goes back to an earlier version of all */
static void test_put_back(void)
{
	unsigned int i;

	make_versions();
	for (i = 0; i < VERSIONS - 1; i++) {
		char name[] = { 'v', '0' + i, '\0' };

		host_put_back(name);
		host_refuses(PUT_BACK);
	}
	host_put_back("v4");
	host_start();
	expect_goes_on(0, &kept);
}

/* The file of one version beside the -wal file of another, or none of them */
static void mix(unsigned int file, unsigned int wal)
{
	check(!shell("rm -f " LEDGER "*"), "%s", said());
	if (file < VERSIONS)
		check(!shell("cp v%u/" LEDGER " .", file), "%s", said());
	if (wal != 0 && wal != 2)
		check(!shell("cp v%u/" LEDGER "-wal .", wal), "%s", said());
}

static void test_mixed(void)
{
	unsigned int file, wal, served = 0;

	make_versions();
	for (file = 0; file <= VERSIONS; file++) {
		for (wal = 0; wal < VERSIONS; wal++) {
			mix(file, wal);
			if (!serves_newest_or_refuses()) {
				expect(host_says(PUT_BACK) ||
				       host_says(CHANGED) ||
				       host_says("damaged") ||
				       host_says("is not made anew"));
				continue;
			}
			/* What is newest is in the newest -wal file only */
			expect_eq(wal, VERSIONS - 1);
			served++;
		}
	}
	expect(served);
	host_put_back("v4");
	host_start();
	expect_goes_on(0, &kept);
}

static void truncate_at_all(const char *name)
{
	struct stat st;
	off_t len;

	check(!stat(name, &st) && st.st_size, "no %s", name);
	for (len = 0; len < st.st_size; len += st.st_size / 9) {
		check(!truncate(name, len), "%s", strerror(errno));
		if (!serves_newest_or_refuses())
			expect(host_says(PUT_BACK) || host_says(CHANGED) ||
			       host_says("damaged") ||
			       host_says("not the ledger") ||
			       host_says("cannot"));
		host_put_back("v4");
	}
	check(!truncate(name, st.st_size - 1), "%s", strerror(errno));
	serves_newest_or_refuses();
	host_put_back("v4");
}

static void test_truncated(void)
{
	make_versions();
	truncate_at_all(LEDGER "-wal");
	truncate_at_all(LEDGER);
	host_start();
	expect_goes_on(0, &kept);
}

static void edit(const char *sql)
{
	sqlite3 *db;

	check_eq(sqlite3_open(LEDGER, &db), SQLITE_OK);
	check(sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK, "%s: %s",
	      sql, sqlite3_errmsg(db));
	expect_eq(sqlite3_total_changes(db) > 0 || !strncmp(sql, "PRAGMA", 6) ||
		  !strncmp(sql, "DROP", 4), true);
	sqlite3_close(db);
}

static const struct {
	const char *sql;
	const char *words;
} edits[] = {
	{ "UPDATE head SET guid = randomblob(16)", CHANGED },
	{ "UPDATE head SET sequence = sequence + 1", CHANGED },
	{ "UPDATE head SET sequence = sequence - 1", CHANGED },
	{ "UPDATE head SET log_length = log_length + 1", CHANGED },
	{ "UPDATE head SET began = began + 1", CHANGED },
	{ "UPDATE head SET began_counter = 0", CHANGED },
	{ "UPDATE head SET old_root = randomblob(32)", CHANGED },
	{ "UPDATE head SET old_root = root", CHANGED },
	{ "UPDATE head SET root = randomblob(32)", CHANGED },
	{ "UPDATE head SET root = old_root", CHANGED },
	{ "UPDATE head SET log_head = randomblob(32)", CHANGED },
	{ "UPDATE head SET mac = randomblob(32)", CHANGED },
	{ "DELETE FROM head", "damaged" },
	{ "UPDATE entries SET guid = randomblob(16)", CHANGED },
	{ "UPDATE entries SET salt = randomblob(16)", CHANGED },
	{ "UPDATE entries SET name = randomblob(32)", CHANGED },
	{ "UPDATE entries SET number = number - 1", CHANGED },
	{ "UPDATE entries SET share = share + 1", CHANGED },
	{ "UPDATE entries SET per_day = per_day + 1", CHANGED },
	{ "UPDATE entries SET uid = 4711", CHANGED },
	{ "UPDATE entries SET may_step_back = 1", CHANGED },
	{ "UPDATE entries SET state = 1", CHANGED },
	{ "UPDATE entries SET capacity = 1", CHANGED },
	{ "UPDATE entries SET title = 'another'", CHANGED },
	{ "DELETE FROM entries", CHANGED },
	{ "INSERT INTO entries SELECT randomblob(16), salt, name, number, share,"
	  " per_day, uid, may_step_back, state, capacity, title FROM entries", CHANGED },
	{ "UPDATE log SET text = 'init!' WHERE number = 1", CHANGED },
	{ "UPDATE log SET time = time + 1 WHERE number = 2", CHANGED },
	{ "UPDATE log SET number = number + 10", CHANGED },
	{ "UPDATE log SET number = -number WHERE number = 1", CHANGED },
	{ "DELETE FROM log WHERE number = 1", CHANGED },
	{ "DELETE FROM log WHERE number = 2", CHANGED },
	{ "DELETE FROM log", CHANGED },
	{ "INSERT INTO log VALUES (3, 0, 'remove all')", CHANGED },
	{ "DROP TABLE head", "damaged" },
	{ "DROP TABLE entries", "damaged" },
	{ "DROP TABLE log", CHANGED },
	{ "PRAGMA application_id = 1", "is not the ledger of an rpmb-anchor" },
	{ "PRAGMA user_version = 2", "has format 2, this program knows 1" },
};

static void test_edited(void)
{
	unsigned int i;

	begin();
	step();
	step();
	host_stop();
	host_save("good");
	for (i = 0; i < ARRAY_SIZE(edits); i++) {
		tap_note("%s", edits[i].sql);
		edit(edits[i].sql);
		host_refuses(edits[i].words);
		host_put_back("good");
	}
	host_start();
	expect_goes_on(0, &kept);
}

/* An old ledger that says that it comes after what the hardware has */
static void test_made_to_follow(void)
{
	char sql[256] = "UPDATE head SET old_root = x'";
	char *end = sql + strlen(sql);
	unsigned int i;

	begin();
	step();
	host_stop();
	host_save("old");
	host_start();
	step();
	step();
	host_stop();
	host_put_back("old");
	/* The root is 48 bytes into the block, and nobody needs a key to read it */
	for (i = 0; i < LIBRPMB_STEP_LEN; i++)
		end += sprintf(end, "%02x", fake->data[ADDR * BLOCK + 48 + i]);
	strcpy(end, "'");
	edit(sql);
	host_refuses(CHANGED);
}

static void test_no_ledger(void)
{
	begin();
	step();
	host_stop();
	host_save("good");
	check(!unlink(LEDGER), "%s", strerror(errno));
	host_refuses("is not made anew");
	expect_eq(command("init" KEYED), 1);
	expect(says("the hardware has an anchor already"));
	expect(access(LEDGER, F_OK));
	host_put_back("good");
	expect_eq(command("init" KEYED), 1);
	expect(says("the hardware has an anchor already"));
	host_start();
	expect_goes_on(0, &kept);
}

/* Who gives all up says so by removing the partition, and can begin again */
static void test_given_up(void)
{
	struct rpmb_partitions table;
	struct rpmb *rpmb;

	begin();
	step();
	host_stop();
	rpmb = must_open("rpmb0", O_RDWR);
	check_eq(rpmb_partitions_read(rpmb, key, &table), 0);
	check_eq(rpmb_partitions_remove(&table, table.partitions[0].guid), 0);
	check_eq(rpmb_partitions_write(rpmb, key, &table), 0);
	rpmb_close(rpmb);
	host_refuses("has no partition for anchors");
	expect_eq(command("init" KEYED), 1);
	expect(says(LEDGER));
	host_refuses("of another partition, or another device");
	check(!unlink(LEDGER), "%s", strerror(errno));
	expect_eq(command("init" KEYED), 0);
	host_start();
	expect_eq(connect_error(0), RPMB_ERR_NO_ANCHOR);
}

static void test_no_table(void)
{
	uint8_t saved[ADDR * BLOCK];

	begin();
	step();
	host_stop();
	memcpy(saved, fake->data, sizeof(saved));
	memset(fake->data, 0, sizeof(saved));
	host_refuses("no partition table; see 'rpmb partition format'");
	expect_eq(command("init" KEYED), 1);
	expect(says("no partition table"));
	memcpy(fake->data, saved, sizeof(saved));
	host_start();
	expect_goes_on(0, &kept);
}

static void refuses_block(const uint8_t *block, const char *words)
{
	uint8_t saved[BLOCK];

	memcpy(saved, fake->data + ADDR * BLOCK, BLOCK);
	memcpy(fake->data + ADDR * BLOCK, block, BLOCK);
	host_refuses(words);
	memcpy(fake->data + ADDR * BLOCK, saved, BLOCK);
}

/* What no hardware does by itself */
static void test_hardware_block(void)
{
	uint8_t old[BLOCK], bytes[BLOCK] = {};

	begin();
	step();
	memcpy(old, fake->data + ADDR * BLOCK, BLOCK);
	step();
	step();
	host_stop();
	refuses_block(old, APART);
	refuses_block(bytes, NO_BLOCK);
	memset(bytes, 0xff, sizeof(bytes));
	refuses_block(bytes, NO_BLOCK);
	memcpy(bytes, old, BLOCK);
	bytes[16] ^= 1;		/* the partition's GUID */
	refuses_block(bytes, NO_BLOCK);
	memcpy(bytes, fake->data + ADDR * BLOCK, BLOCK);
	bytes[48] ^= 1;		/* the root, of the same step */
	refuses_block(bytes, APART);
	bytes[32]++;		/* of the next one */
	refuses_block(bytes, PUT_BACK);
	host_start();
	expect_goes_on(0, &kept);
}

static void write_key(const char *name, const uint8_t *bytes)
{
	int fd = open(name, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	check(fd >= 0 && write(fd, bytes, LIBRPMB_KEY_LEN) == LIBRPMB_KEY_LEN,
	      "%s", strerror(errno));
	close(fd);
}

/* Ledgers of another device, that has the same key, and that has another one */
static void test_other_device(void)
{
	struct fake *other;

	begin();
	host_stop();
	host_save("good");
	host_device("rpmb1");
	check(!shell("mkdir same other"), "%s", said());
	check(!command("init rpmb1 --key-file key.bin --ledger same/" LEDGER),
	      "%s", said());
	other = host_device("rpmb1");
	write_key("other.bin", other_key);
	memcpy(other->key, other_key, sizeof(other->key));
	check(!command("init rpmb1 --key-file other.bin --ledger other/" LEDGER),
	      "%s", said());
	host_put_back("same");
	host_refuses("of another partition, or another device");
	host_put_back("other");
	host_refuses(CHANGED);
	host_put_back("good");
	expect_eq(command("serve rpmb0 --key-file other.bin --ledger " LEDGER
			  " --directory " DIRECTORY), 1);
	expect(says("MAC"));
	host_start();
	expect_eq(connect_error(0), 0);
}

static void test_two_anchors(void)
{
	begin();
	check(!shell("cp " LEDGER " second"), "%s", said());
	expect_eq(command("serve rpmb0 --key-file key.bin --ledger second"
			  " --directory ."), 1);
	expect(says("rpmb0 is the anchor of another rpmb-anchor"));
	expect_eq(command("init rpmb0 --key-file key.bin --ledger third"), 1);
	expect(says("rpmb0 is the anchor of another rpmb-anchor"));
	expect(access("third", F_OK));
	step();
	expect_goes_on(0, &kept);
	host_stop();
}

/* The device by another name, which it may have after the next start of the system */
static void test_two_names(void)
{
	struct fake *other;

	begin();
	step();
	check(!shell("cp " LEDGER " second"), "%s", said());
	other = host_device("rpmb1");
	memcpy(other->dev_id, fake->dev_id, sizeof(other->dev_id));
	expect_eq(command("serve rpmb1 --key-file key.bin --ledger second"
			  " --directory ."), 1);
	expect(says("rpmb1 is the anchor of another rpmb-anchor"));
	expect_goes_on(0, &kept);
}

/* One who does not know of the lock: it ends, and a restart does not help */
static void ends_for_other(void)
{
	struct rpmb_anchor *anchor = must_connect(0);
	int status;

	keep_next(anchor, &kept);
	check_eq(advance(anchor, &kept), RPMB_ERR_NO_ANCHOR);
	rpmb_anchor_free(anchor);
	status = host_wait();
	expect(WIFEXITED(status));
	expect_eq(WEXITSTATUS(status), 2);
	expect(host_says("somebody else writes to the hardware with its key: find out who"));
}

static void test_other_writer(void)
{
	begin();
	step();
	fake_write_as_other(fake, 500);
	ends_for_other();
	host_start();
	expect_goes_on(0, &kept);

	host_fault(fake, FAULT_OTHER_WRITER, RPMB_WRITE_DATA, 0);
	ends_for_other();
	host_refuses(NO_BLOCK);
}

/* The answer to ours is lost, and before anybody looks somebody else has written elsewhere */
static void test_other_writer_behind_ours(void)
{
	begin();
	step();
	fake->faults[0] = (struct fake_fault) {
		FAULT_LOST_RESPONSE, RPMB_WRITE_DATA, 0, EIO
	};
	fake->faults[1] = (struct fake_fault) {
		FAULT_LOST_REQUEST, RPMB_GET_WRITE_COUNTER, 1, EINTR
	};
	fake->faults[2] = (struct fake_fault) {
		FAULT_OTHER_WRITERS, RPMB_GET_WRITE_COUNTER, 1, 0
	};
	ends_for_other();
	expect(!fake->faults[2].kind);
	host_start();
	expect_goes_on(0, &kept);
}

/* Elsewhere, at any time of a start: it looks again. Over the block: it refuses. */
static void test_other_writer_at_start(void)
{
	unsigned int reads = 0;

	begin();
	step();
	host_stop();
	do {
		host_fault(fake, FAULT_OTHER_WRITER, RPMB_GET_WRITE_COUNTER,
			   reads++);
		host_start();
		host_stop();
	} while (!fake->faults[0].kind);
	expect(reads > 4);
	host_fault(fake, FAULT_OTHER_WRITER, RPMB_WRITE_DATA, 0);
	host_refuses(NO_BLOCK);
}

/* A GUID that was removed and is used again is another anchor */
static void test_guid_again(void)
{
	struct rpmb_anchor *anchor;
	struct kept old, new = {};

	begin();
	step();
	old = kept;
	anchor = must_connect(0);
	keep_next(anchor, &kept);
	check(!admin("remove number-0"), "%s", said());
	expect(!rpmb_anchor_is_held(anchor));
	expect_eq(rpmb_anchor_connect(anchor, socket_of(0)), RPMB_ERR_NO_ANCHOR);
	check(!admin("add again --guid " GUID, 0), "%s", said());
	check_eq(rpmb_anchor_connect(anchor, socket_of(0)), 0);
	expect_anchored(anchor, &new);
	expect_eq(rpmb_anchor_verify(anchor, &old.step, old.root),
		  RPMB_ERR_FORGED);
	expect_eq(advance(anchor, &old), RPMB_ERR_FORGED);
	must_step(anchor, &new);
	expect_eq(advance(anchor, &kept), RPMB_ERR_FORGED);
	expect_anchored(anchor, &new);
	rpmb_anchor_free(anchor);
	host_kill();
	host_start();
	expect_goes_on(0, &new);
}

static const struct test tests[] = {
	{ "ledger: put back", test_put_back },
	{ "ledger: its -wal file is of another version", test_mixed },
	{ "ledger: truncated", test_truncated },
	{ "ledger: edited", test_edited },
	{ "ledger: an old one that is made to follow what is anchored",
	  test_made_to_follow },
	{ "ledger: gone", test_no_ledger },
	{ "ledger: of another device", test_other_device },
	{ "hardware: another block than the ledger's", test_hardware_block },
	{ "hardware: no partition table", test_no_table },
	{ "hardware: the partition is removed, and all given up",
	  test_given_up },
	{ "hardware: two anchors", test_two_anchors },
	{ "hardware: two anchors, by two names", test_two_names },
	{ "hardware: somebody else writes with the key", test_other_writer },
	{ "hardware: and when an answer is lost", test_other_writer_behind_ours },
	{ "hardware: somebody else writes with the key while it starts",
	  test_other_writer_at_start },
	{ "guid: used again", test_guid_again },
};

int main(int argc, char **argv)
{
	return run_anchor_tests(argc, argv, tests, ARRAY_SIZE(tests));
}
