// SPDX-License-Identifier: GPL-2.0-only
/*
 * Whatever ends rpmb-anchor, or happens to its writes of the hardware: what was
 * acknowledged is there, and nothing is refused
 *
 * The steps have the names that they have in the order of writes: the client has kept
 * its step, the ledger is committed, the hardware is written, the client is answered.
 */
#include <errno.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "anchor-client.h"
#include "anchor-host.h"

static struct fake *fake;
static struct kept kept;

static void begin(void)
{
	struct rpmb_anchor *anchor;

	fake = host_ready(1);
	kept = (struct kept) {};
	anchor = must_connect(0);
	must_step(anchor, &kept);
	rpmb_anchor_free(anchor);
}

/* A step that the client has kept: the error of having it anchored, or 0 */
static int step(void)
{
	struct rpmb_anchor *anchor = must_connect(0);
	int ret;

	keep_next(anchor, &kept);
	ret = advance(anchor, &kept);
	rpmb_anchor_free(anchor);
	return ret;
}

/* A step in which the program is killed */
static void die(enum fake_fault_kind kind, uint32_t type)
{
	host_fault(fake, kind, type, 0);
	check_eq(step(), RPMB_ERR_NO_ANCHOR);
	host_wait_killed();
}

/* The number of the step that is anchored, before the client has said anything */
static uint64_t anchored(void)
{
	struct rpmb_anchor *anchor = must_connect(0);
	struct rpmb_step at;

	check_eq(rpmb_anchor_get(anchor, &at), 0);
	rpmb_anchor_free(anchor);
	return at.number;
}

static void test_client_has_kept(void)
{
	uint32_t counter;

	begin();
	counter = fake->counter;
	die(FAULT_KILL_BEFORE, FAKE_DISK_WRITE);
	expect_eq(fake->counter, counter);
	host_start();
	expect_eq(anchored(), kept.step.number - 1);
	expect_goes_on(0, &kept);
}

/* The hardware is not written before the ledger is on the disk */
static void test_ledger_not_synced(void)
{
	uint32_t counter;

	begin();
	counter = fake->counter;
	die(FAULT_KILL_BEFORE, FAKE_DISK_SYNC);
	expect_eq(fake->counter, counter);
	host_start();
	expect_eq(anchored(), kept.step.number);
	expect_goes_on(0, &kept);
}

/* The same with the power: what was not synced is lost */
static void test_ledger_lost(void)
{
	uint32_t counter;

	begin();
	host_kill();
	host_save("synced");
	host_start();
	counter = fake->counter;
	die(FAULT_KILL_BEFORE, FAKE_DISK_SYNC);
	expect_eq(fake->counter, counter);
	host_put_back("synced");
	host_start();
	expect_eq(anchored(), kept.step.number - 1);
	expect_goes_on(0, &kept);
}

/*
 * What was not synced when the program was killed can be read all the same: the next
 * start syncs it before the hardware gets to know of it
 */
static void test_start_syncs(void)
{
	uint32_t counter;

	begin();
	counter = fake->counter;
	die(FAULT_KILL_BEFORE, FAKE_DISK_SYNC);
	host_fault(fake, FAULT_KILL_BEFORE, FAKE_DISK_SYNC, 0);
	check(!host_serves(), "nothing is synced first");
	host_wait_killed();
	expect_eq(fake->counter, counter);
	host_start();
	expect_eq(anchored(), kept.step.number);
	expect_goes_on(0, &kept);
}

static void test_ledger_committed(void)
{
	uint32_t counter;

	begin();
	counter = fake->counter;
	die(FAULT_KILL_AFTER, FAKE_DISK_SYNC);
	expect_eq(fake->counter, counter);
	host_start();
	expect_eq(anchored(), kept.step.number);
	expect_goes_on(0, &kept);
}

static void test_hardware_written(void)
{
	uint32_t counter;

	begin();
	counter = fake->counter;
	die(FAULT_KILL_AFTER, RPMB_WRITE_DATA);
	expect_eq(fake->counter, counter + 1);
	host_start();
	expect_eq(anchored(), kept.step.number);
	expect_goes_on(0, &kept);
}

/* The ledger cannot be committed: nobody is answered, and the hardware is not written */
static void fail_on_disk(uint32_t type, int error, const char *words)
{
	uint32_t counter = fake->counter;

	host_fault(fake, FAULT_BEFORE, type, 0);
	fake->faults[0].value = error;
	check_eq(step(), RPMB_ERR_NO_ANCHOR);
	check_eq(WEXITSTATUS(host_wait()), 1);
	expect(host_says(words));
	expect_eq(fake->counter, counter);
	host_start();
}

static void test_disk_full(void)
{
	begin();
	fail_on_disk(FAKE_DISK_WRITE, ENOSPC, "disk is full");
	expect_eq(anchored(), kept.step.number - 1);
	expect_goes_on(0, &kept);
}

/* What was written can be read all the same, and is synced by the next start */
static void test_disk_fails(void)
{
	begin();
	fail_on_disk(FAKE_DISK_SYNC, EIO, "disk I/O error");
	expect_eq(anchored(), kept.step.number);
	expect_goes_on(0, &kept);
}

static void test_answered(void)
{
	begin();
	check_eq(step(), 0);
	host_kill();
	host_start();
	expect_eq(anchored(), kept.step.number);
	expect_goes_on(0, &kept);
}

/* Several wait in one batch, which is killed: all of it is there, or nothing */
static void test_batch(enum fake_fault_kind kind, uint32_t type, bool there)
{
	struct raw clients[3];
	unsigned int i;

	fake = host_ready(3);
	for (i = 0; i < 3; i++)
		check_eq(raw_connect(&clients[i], i), ANCHOR_OK);
	host_fault(fake, FAULT_HOLD, RPMB_WRITE_DATA, 0);
	raw_ask_step(&clients[0], 0);
	host_wait_held(fake);
	raw_ask_step(&clients[1], 1);
	raw_ask_step(&clients[2], 2);
	host_fault(fake, kind, type, 0);
	host_release(fake);
	expect_eq(raw_answer(&clients[0]), ANCHOR_OK);
	for (i = 1; i < 3; i++)
		expect(raw_is_over(&clients[i]));
	host_wait_killed();
	host_start();
	for (i = 0; i < 3; i++) {
		raw_close(&clients[i]);
		check_eq(raw_connect(&clients[i], i), ANCHOR_OK);
		expect_eq(clients[i].at.number, !i || there);
		raw_close(&clients[i]);
	}
}

static void test_batches(void)
{
	test_batch(FAULT_KILL_BEFORE, FAKE_DISK_WRITE, false);
	test_batch(FAULT_KILL_AFTER, FAKE_DISK_SYNC, true);
	test_batch(FAULT_KILL_BEFORE, RPMB_WRITE_DATA, true);
	test_batch(FAULT_KILL_AFTER, RPMB_WRITE_DATA, true);
}

static bool killed_in_step(enum fake_fault_kind kind, unsigned int operation)
{
	int ret;

	host_fault(fake, kind, FAKE_ANY, operation);
	ret = step();
	if (ret) {
		expect_eq(ret, RPMB_ERR_NO_ANCHOR);
		host_wait_killed();
		host_start();
	}
	fake->faults[0].kind = FAULT_NONE;
	expect_goes_on(0, &kept);
	return ret;
}

static void test_everywhere_in_step(void)
{
	begin();
	host_at_each_operation(killed_in_step);
}

/* With something to recover: the ledger has been committed, but not the hardware */
static bool killed_in_start(enum fake_fault_kind kind, unsigned int operation)
{
	bool killed;

	die(FAULT_KILL_AFTER, FAKE_DISK_SYNC);
	host_fault(fake, kind, FAKE_ANY, operation);
	killed = !host_serves();
	if (killed) {
		host_wait_killed();
		host_start();
	}
	fake->faults[0].kind = FAULT_NONE;
	expect_eq(anchored(), kept.step.number);
	expect_goes_on(0, &kept);
	return killed;
}

static void test_everywhere_in_start(void)
{
	begin();
	host_at_each_operation(killed_in_start);
}

static bool killed_in_end(enum fake_fault_kind kind, unsigned int operation)
{
	int status;

	check_eq(step(), 0);
	host_fault(fake, kind, FAKE_ANY, operation);
	host_end_later();
	status = host_wait();
	fake->faults[0].kind = FAULT_NONE;
	host_start();
	expect_eq(anchored(), kept.step.number);
	expect_goes_on(0, &kept);
	return status;
}

static void test_everywhere_in_end(void)
{
	begin();
	host_at_each_operation(killed_in_end);
}

/* It is done, or can be done again, if need be without what is left of a ledger */
static bool killed_in_init(enum fake_fault_kind kind, unsigned int operation)
{
	int status;

	fake = host_new();
	host_fault(fake, kind, FAKE_ANY, operation);
	status = command("init" KEYED);
	fake->faults[0].kind = FAULT_NONE;
	if (status)
		expect_eq(status, KILLED);
	if (!host_serves()) {
		check_eq(WEXITSTATUS(host_wait()), 1);
		expect(status);
		expect(host_says("see rpmb-anchor(1), init") ||
		       host_says("is not made anew") ||
		       host_says("init did not finish"));
		check(!shell("rm -f " LEDGER), "%s", said());
		check(!command("init" KEYED), "%s", said());
		host_start();
	}
	host_stop();
	return status;
}

static void test_everywhere_in_init(void)
{
	host_at_each_operation(killed_in_init);
}

/* The anchor is there or not, and so is its line of the log */
static bool killed_in_add(enum fake_fault_kind kind, unsigned int operation)
{
	unsigned int before = admin_lines("list"), now;
	int status;

	host_fault(fake, kind, FAKE_ANY, operation);
	status = admin("add x --guid " GUID, before);
	if (status) {
		host_wait_killed();
		host_start();
	}
	fake->faults[0].kind = FAULT_NONE;
	now = admin_lines("list");
	expect(now == before + 1 || (status && now == before));
	expect_eq(admin_lines("log"), now + 1);
	if (now == before)
		check(!admin("add x --guid " GUID, before), "%s", said());
	expect_eq(connect_error(before), 0);
	expect_goes_on(0, &kept);
	return status;
}

static void test_everywhere_in_add(void)
{
	begin();
	host_at_each_operation(killed_in_add);
}

/* What the administrator does with x, and how list shows that, or shows it no more */
static const struct change {
	const char *command;
	const char *words;
	bool goes;
} changes[] = {
	{ "set x --per-day 77", "77 a day", false },
	{ "accept x", "may step back", false },
	{ "remove x", "  x\n", true },
};

static const struct change *change;

static bool is_changed(void)
{
	check(!admin("list"), "%s", said());
	return says(change->words) != change->goes;
}

/* It is done, with its line of the log, or it is not, and can be done again */
static bool killed_in_change(enum fake_fault_kind kind, unsigned int operation)
{
	unsigned int lines;
	bool done;
	int status;

	check(!admin("add x"), "%s", said());
	lines = admin_lines("log");
	host_fault(fake, kind, FAKE_ANY, operation);
	status = admin("%s", change->command);
	if (status) {
		host_wait_killed();
		host_start();
	}
	fake->faults[0].kind = FAULT_NONE;
	done = is_changed();
	expect(done || status);
	expect_eq(admin_lines("log"), lines + done);
	if (!done)
		check(!admin("%s", change->command), "%s", said());
	expect(is_changed());
	if (!change->goes)
		check(!admin("remove x"), "%s", said());
	expect_goes_on(0, &kept);
	return status;
}

static void test_everywhere_in_changes(void)
{
	begin();
	for (change = changes; change < changes + ARRAY_SIZE(changes); change++) {
		tap_note("%s", change->command);
		host_at_each_operation(killed_in_change);
	}
}

/* The answer is lost, or the request: it is sent again, and the client sees nothing */
static void test_write_lost_once(void)
{
	begin();
	host_fault(fake, FAULT_LOST_REQUEST, RPMB_WRITE_DATA, 0);
	expect_eq(step(), 0);
	expect_goes_on(0, &kept);
	host_fault(fake, FAULT_LOST_RESPONSE, RPMB_WRITE_DATA, 0);
	expect_eq(step(), 0);
	expect_goes_on(0, &kept);
	host_fault(fake, FAULT_LATE_REQUEST, RPMB_WRITE_DATA, 0);
	expect_eq(step(), 0);
	expect(!fake->late_len && fake->late_was_same);
	expect_goes_on(0, &kept);
}

/* The write does not get there at all: nobody is answered, the next start goes on */
static void lose_write(enum fake_fault_kind first)
{
	host_fault(fake, FAULT_LOST_REQUEST, RPMB_WRITE_DATA, 0);
	fake->faults[1] = fake->faults[0];
	fake->faults[0].kind = first;
	check_eq(step(), RPMB_ERR_NO_ANCHOR);
	check_eq(WEXITSTATUS(host_wait()), 1);
	expect(host_says("the next start will go on from here"));
}

static void test_write_lost(void)
{
	begin();
	lose_write(FAULT_LOST_REQUEST);
	host_start();
	expect_eq(anchored(), kept.step.number);
	expect_goes_on(0, &kept);
}

/* It is delivered while the next start recovers, which wants to write the same */
static void test_write_late(void)
{
	begin();
	lose_write(FAULT_LATE_REQUEST);
	expect(fake->late_len);
	host_start();
	expect(!fake->late_len && fake->late_was_same);
	expect_eq(anchored(), kept.step.number);
	expect_goes_on(0, &kept);
}

/* The same frames, held back even longer, are delivered just before the next write */
static void deliver_with_next_write(uint32_t late_len)
{
	struct rpmb_anchor *anchor = must_connect(0);

	fake->late_len = late_len;
	must_step(anchor, &kept);
	expect(!fake->late_len && !fake->late_was_same);
	expect_anchored(anchor, &kept);
	rpmb_anchor_free(anchor);
	host_kill();
	host_start();
	expect_eq(anchored(), kept.step.number);
	expect_goes_on(0, &kept);
}

static void test_write_too_late(void)
{
	uint32_t late_len;

	begin();
	lose_write(FAULT_LATE_REQUEST);
	late_len = fake->late_len;
	fake->late_len = 0;
	host_start();
	deliver_with_next_write(late_len);
}

/*
 * The ledger is put back to what the hardware has, and the client to what it was: as
 * if the step had never been kept. It must not come back once somebody was served.
 */
static void test_write_too_late_put_back(void)
{
	struct kept before;
	uint32_t late_len;

	begin();
	host_kill();
	host_save("before");
	before = kept;
	host_start();
	lose_write(FAULT_LATE_REQUEST);
	late_len = fake->late_len;
	fake->late_len = 0;
	host_put_back("before");
	kept = before;
	host_start();
	expect_eq(anchored(), kept.step.number);
	deliver_with_next_write(late_len);
}

/* The first write of a start, too, may get lost, or its answer */
static void test_recovery_lost(void)
{
	begin();
	die(FAULT_KILL_AFTER, FAKE_DISK_SYNC);
	host_fault(fake, FAULT_LOST_RESPONSE, RPMB_WRITE_DATA, 0);
	host_start();
	expect_goes_on(0, &kept);
	die(FAULT_KILL_AFTER, FAKE_DISK_SYNC);
	host_fault(fake, FAULT_LOST_REQUEST, RPMB_WRITE_DATA, 0);
	fake->faults[1] = fake->faults[0];
	host_refuses("the device did not answer in time");
	host_start();
	expect_eq(anchored(), kept.step.number);
	expect_goes_on(0, &kept);
}

/* After a step that was anchored, or not: who was not answered is taken forward */
static void goes_on_after(int ret)
{
	fake->faults[0].kind = FAULT_NONE;
	if (ret) {
		check_eq(ret, RPMB_ERR_NO_ANCHOR);
		check_eq(WEXITSTATUS(host_wait()), 1);
		host_start();
	}
	expect_goes_on(0, &kept);
}

/* Somebody between program and device makes answers up */
static void test_forged_answers(void)
{
	static const uint32_t types[] = {
		RPMB_GET_WRITE_COUNTER, RPMB_WRITE_DATA
	};
	uint32_t kind, i;

	begin();
	for (kind = FAULT_CORRUPTED; kind <= FAULT_REPLAY; kind++) {
		/* A signal comes from elsewhere */
		if (kind == FAULT_SIGNAL)
			continue;
		for (i = 0; i < ARRAY_SIZE(types); i++) {
			host_fault(fake, kind, types[i], 0);
			goes_on_after(step());
		}
	}
}

/* The same while it starts: it does not serve, or what was anchored last */
static void test_forged_answers_at_start(void)
{
	static const uint32_t types[] = {
		RPMB_GET_WRITE_COUNTER, RPMB_READ_DATA, RPMB_WRITE_DATA
	};
	uint32_t kind, i;

	begin();
	host_stop();
	for (kind = FAULT_CORRUPTED; kind <= FAULT_REPLAY; kind++) {
		if (kind == FAULT_SIGNAL)
			continue;
		for (i = 0; i < ARRAY_SIZE(types); i++) {
			host_fault(fake, kind, types[i], 2);
			if (!host_serves()) {
				check_eq(WEXITSTATUS(host_wait()), 1);
				host_start();
			}
			fake->faults[0].kind = FAULT_NONE;
			expect_eq(anchored(), kept.step.number);
			expect_goes_on(0, &kept);
			host_stop();
		}
	}
}

/* The device is removed, and comes back */
static void test_removed(void)
{
	begin();
	host_fault(fake, FAULT_BEFORE, RPMB_WRITE_DATA, 0);
	fake->faults[0].value = ENODEV;
	check_eq(step(), RPMB_ERR_NO_ANCHOR);
	check_eq(WEXITSTATUS(host_wait()), 1);
	expect(host_says("the device was removed"));
	host_fault(fake, FAULT_BEFORE, FAKE_ANY, 0);
	fake->faults[0].value = ENODEV;
	host_refuses("the device was removed");
	host_start();
	expect_eq(anchored(), kept.step.number);
	expect_goes_on(0, &kept);
}

static const struct test tests[] = {
	{ "killed: the client has kept its step", test_client_has_kept },
	{ "killed: the ledger is written, and not synced",
	  test_ledger_not_synced },
	{ "power cut: the ledger is written, and not synced", test_ledger_lost },
	{ "killed: the next start syncs the ledger first", test_start_syncs },
	{ "killed: the ledger is committed", test_ledger_committed },
	{ "killed: the hardware is written", test_hardware_written },
	{ "killed: the client is answered", test_answered },
	{ "ledger: the disk is full", test_disk_full },
	{ "ledger: the disk cannot sync it", test_disk_fails },
	{ "killed: a batch is there as a whole, or not at all", test_batches },
	{ "killed: at every operation of a step", test_everywhere_in_step },
	{ "killed: at every operation of a start that recovers",
	  test_everywhere_in_start },
	{ "killed: at every operation of an end in good order",
	  test_everywhere_in_end },
	{ "killed: at every operation of init", test_everywhere_in_init },
	{ "killed: at every operation of adding an anchor",
	  test_everywhere_in_add },
	{ "killed: at every operation of what the administrator does with one",
	  test_everywhere_in_changes },
	{ "hardware write: lost once, or its answer", test_write_lost_once },
	{ "hardware write: lost", test_write_lost },
	{ "hardware write: held back, and delivered to the next start",
	  test_write_late },
	{ "hardware write: held back, and delivered after that",
	  test_write_too_late },
	{ "hardware write: held back, after the ledger was put back",
	  test_write_too_late_put_back },
	{ "hardware write: lost in a start, or its answer", test_recovery_lost },
	{ "hardware: answers that are made up", test_forged_answers },
	{ "hardware: answers that are made up while it starts",
	  test_forged_answers_at_start },
	{ "hardware: removed", test_removed },
};

int main(int argc, char **argv)
{
	return run_anchor_tests(argc, argv, tests, ARRAY_SIZE(tests));
}
