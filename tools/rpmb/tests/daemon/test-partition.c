// SPDX-License-Identifier: GPL-2.0-only
/*
 * A device in a partition of rpmb-anchor's: the daemon keeps nothing, and whenever it or
 * rpmb-anchor ends, the guest has what it was told
 */
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "anchor-host.h"
#include "client.h"
#include "partition_protocol.h"
#include "fixture.h"
#include "model.h"
#include "served.h"

#define OTHER_SOCKET "other-socket"
#define UNIT PARTITION_UNIT

static const struct fake emmc = {
	.frame_format = RPMB_FRAME_JEDEC,
	.transport = RPMB_TRANSPORT_EMMC,
	.capacity = 2048,
	.write_sizes = 1 << 0 | 1 << 1 | 1 << 5,
	.max_read = 128,
};

static const char *partition_socket(void)
{
	static char path[256];

	snprintf(path, sizeof(path), DIRECTORY "/" GUID "/socket", 0);
	return path;
}

/* A host with one device, which the daemon has */
static struct fake *begin(void)
{
	struct fake *fake;

	check(!setenv("RPMB_FAKE", get_current_dir_name(), 1), "");
	fake = host_ready_on(&emmc);
	check(!admin("add device --capacity 1 --guid " GUID, 0), "%s", said());
	daemon_use_partition(partition_socket());
	return fake;
}

const struct served served = {
	.begin = begin,
};

static void served_again(void)
{
	struct frontend fe;
	struct model model;
	struct daemon d;

	begin_serving(&model, &d, &fe);
	model_check(&model, &fe, false);
	model_write(&model, &fe);
	kill_daemon(&d, &fe);
	must_serve(&model, false);
	host_stop();
	host_start();
	must_serve(&model, false);
	check(access(STATE, F_OK), "there is a file");
}

/* Capacity, most blocks of a write, and identity are the partition's */
static void configuration(void)
{
	static const uint8_t guid[16] = { [6] = 0x40, [8] = 0x80 };
	uint8_t data[BLOCK] = { 0 }, bytes[3 + sizeof(guid)];
	struct frontend fe;
	struct model model;
	struct daemon d;

	begin_serving(&model, &d, &fe);
	check(fe_config(&fe, 0, sizeof(bytes), bytes), "");
	check_eq(bytes[0], 1);
	check_eq(bytes[1], PARTITION_MAX_BLOCKS);
	check(!memcmp(bytes + 3, guid, sizeof(guid)), "");
	check_eq(guest_write(&fe, test_key, UNIT - 1, 2, model.counter, data),
		 RPMB_RES_ADDRESS);
	close_daemon(&d, &fe);
}

static void refused(const char *words, const char *option, const char *value)
{
	struct daemon d;

	daemon_forget_messages();
	daemon_start(&d, option, value);
	ends_saying(&d, words);
}

static void refused_options(void)
{
	struct model model;

	begin();
	model_leave_state(&model, true);
	refused("has a capacity of 1, not 2", "--capacity", "2");
	refused("has another device id", "--dev-id",
		"00000000000000000000000000000001");
	refused("takes at most 32 blocks", "--max-write", "33");
	check(shell("$RPMB_DAEMON --socket x --partition y --state z") == 64,
	      "%s", said());
	check(says("one of --state, --partition and --backend"), "%s", said());
	check(shell("$RPMB_DAEMON --socket x --partition y --anchor z") == 64,
	      "%s", said());
	check(says("--anchor is for --state"), "%s", said());
	must_serve(&model, false);
}

static void wrong_socket(void)
{
	char anchor[256];
	struct model model;
	struct daemon d;

	begin();
	model_leave_state(&model, true);
	check(!admin("add anchor --guid " GUID, 1), "%s", said());
	snprintf(anchor, sizeof(anchor), DIRECTORY "/" GUID "/socket", 1);
	daemon_use_partition(anchor);
	daemon_start(&d, NULL);
	ends_saying(&d, "what answers there");
	daemon_use_partition("nothing");
	daemon_start(&d, NULL);
	ends_saying(&d, "nobody answers there; does rpmb-anchor run?");
	daemon_use_partition(NULL);
	daemon_use_anchor(partition_socket());
	daemon_forget_messages();
	daemon_start(&d, NULL);
	ends_saying(&d, "what answers there");
	daemon_use_anchor(NULL);
	host_kill();
	daemon_use_partition(partition_socket());
	daemon_forget_messages();
	daemon_start(&d, NULL);
	ends_saying(&d, "nobody answers there; does rpmb-anchor run?");
	host_start();
	must_serve(&model, false);
}

/* By the administrator, while no daemon has it */
static void inspected(void)
{
	struct frontend fe;
	struct model model;
	struct daemon d;

	begin_serving(&model, &d, &fe);
	check(shell("$RPMB_STATE_TOOL check --partition %s",
		    partition_socket()) == 1, "%s", said());
	check(says("another program uses this anchor"), "%s", said());
	close_daemon(&d, &fe);
	check(!shell("$RPMB_STATE_TOOL inspect --partition %s",
		     partition_socket()), "%s", said());
	check(says("device:         00000000-0000-4000-8000-000000000000\n"
		   "capacity:       1 units of 128 KiB\n"
		   "key:            programmed\n"
		   "write counter:  "), "%s", said());
	check(!shell("$RPMB_STATE_TOOL inspect --json --partition %s |"
		     " \"$RPMB_TESTS/check-json\""
		     " \"$RPMB_TESTS/../schema/rpmb.schema.json\""
		     " partition-device", partition_socket()), "%s", said());
	check(!shell("$RPMB_STATE_TOOL check --partition %s",
		     partition_socket()), "%s", said());
	check(says("socket is sound"), "%s", said());
	must_serve(&model, false);
}

/* All of it is read */
static void check_reads_all(void)
{
	struct fake *fake = begin();
	struct model model;

	model_leave_state(&model, true);
	host_fault(fake, FAULT_RESULT, RPMB_READ_DATA, UNIT / PARTITION_MAX_BLOCKS - 1);
	fake->faults[0].value = RPMB_RES_READ;
	check(shell("$RPMB_STATE_TOOL check --partition %s",
		    partition_socket()) == 1, "%s", said());
	check(says("read"), "%s", said());
	check(!shell("$RPMB_STATE_TOOL check --partition %s",
		     partition_socket()), "%s", said());
	host_stop();
	check(shell("$RPMB_STATE_TOOL inspect --partition %s",
		    partition_socket()) == 1, "%s", said());
	check(says("does rpmb-anchor run?"), "%s", said());
}

static void tool_says(const char *arguments, const char *words)
{
	check(shell("$RPMB_STATE_TOOL %s", arguments) == 64, "%s", said());
	check(says(words), "%s", said());
}

/* What rpmb-anchor does */
static void others_commands(void)
{
	begin();
	tool_says("create --partition x", "rpmb-anchor add --capacity");
	tool_says("accept --partition x", "no older versions");
	tool_says("backup --partition x", "does not know partitions");
	tool_says("check --partition x file", "the place of a file");
	tool_says("check --partition x --anchor y", "states in files");
	tool_says("check --partition x --json", "--json is for databases");
}

/* The sixth write has 13 blocks: seven writes of the hardware before the header */
#define BEFORE_HEADER 7

/* Its header is there, and what it is about is not at its place */
static void killed_after_commit(void)
{
	struct frontend fe;
	struct model model;
	struct daemon d;
	struct fake *fake = begin_serving(&model, &d, &fe);

	host_fault(fake, FAULT_HOLD, RPMB_WRITE_DATA, BEFORE_HEADER + 1);
	model_submit(&model, &fe);
	host_wait_held(fake);
	check(!fe_used(&fe), "answered before it is at its place");
	kill_daemon(&d, &fe);
	host_kill();
	host_start();
	must_serve(&model, true);
	check_eq(model.counter, 7);
}

static void killed_before_commit(void)
{
	struct frontend fe;
	struct model model;
	struct daemon d;
	struct fake *fake = begin_serving(&model, &d, &fe);

	host_fault(fake, FAULT_HOLD, RPMB_WRITE_DATA, BEFORE_HEADER);
	model_submit(&model, &fe);
	host_wait_held(fake);
	check(!fe_used(&fe), "answered before it is written");
	kill_daemon(&d, &fe);
	host_kill();
	host_start();
	must_serve(&model, true);
	check_eq(model.counter, 6);
}

/* It ends in a write, before or after it counts, and comes back: nobody notices */
static void comes_back(void)
{
	struct frontend fe;
	struct model model;
	unsigned int skip;
	struct daemon d;
	struct fake *fake = begin_serving(&model, &d, &fe);

	for (skip = 0; skip < 8; skip++) {
		host_fault(fake, FAULT_KILL_AFTER, RPMB_WRITE_DATA, skip % 3);
		model_submit(&model, &fe);
		host_wait_killed();
		check(!fe_used(&fe), "answered");
		host_start();
		model_answer(&model, &fe);
		model_check(&model, &fe, false);
	}
	host_kill();
	host_start();
	model_check(&model, &fe, false);
	model_write(&model, &fe);
	close_daemon(&d, &fe);
}

/*
 * It ends when the write counts, and what would tell so cannot be read at first: then
 * nobody knows, and the guest is told when somebody does
 */
static void comes_back_unreadable(void)
{
	struct frontend fe;
	struct model model;
	struct daemon d;
	struct fake *fake = begin_serving(&model, &d, &fe);

	host_fault(fake, FAULT_KILL_AFTER, RPMB_WRITE_DATA, BEFORE_HEADER);
	model_submit(&model, &fe);
	host_wait_killed();
	kill(d.pid, SIGSTOP);
	host_start();
	host_fault(fake, FAULT_RESULT, RPMB_READ_DATA, 0);
	fake->faults[0].value = RPMB_RES_READ;
	kill(d.pid, SIGCONT);
	model_answer(&model, &fe);
	check(!fake->faults[0].kind, "nothing was read");
	check_eq(must_count(&fe), model.counter);
	model_check(&model, &fe, false);
	model_write(&model, &fe);
	close_daemon(&d, &fe);
}

static void key_comes_back(void)
{
	struct rpmb_frame in;
	struct frontend fe;
	struct daemon d;
	struct fake *fake = begin();

	open_daemon(&d, &fe);
	host_fault(fake, FAULT_KILL_AFTER, RPMB_WRITE_DATA, 0);
	submit_key(&fe);
	host_wait_killed();
	check(!fe_used(&fe), "answered");
	host_start();
	check_eq(fe_wait_used(&fe, NULL), FRAME);
	fetch_frames(&fe, &in, 1);
	check_eq(in.result, 0);
	check_eq(must_count(&fe), 0);
	close_daemon(&d, &fe);
}

static void nothing_without_it(void)
{
	struct frontend fe;
	struct model model;
	struct daemon d;

	begin_serving(&model, &d, &fe);
	host_kill();
	submit_count(&fe);
	daemon_wait_for_words("does rpmb-anchor run?");
	check(!fe_used(&fe), "the counter is told");
	host_start();
	fe_wait_used(&fe, NULL);
	model_check(&model, &fe, false);
	close_daemon(&d, &fe);
}

static void start_other(struct daemon *d)
{
	daemon_exec(d, NULL, (const char *const []){
		"--socket", OTHER_SOCKET, "--partition", partition_socket(),
		NULL });
}

/* Two never serve; and who was away while another did does not go on */
static void only_one(void)
{
	struct frontend fe, other_fe;
	struct daemon d, other;
	struct model model;

	begin_serving(&model, &d, &fe);
	start_other(&other);
	ends_saying(&other, "another program uses this");
	host_kill();
	host_start();
	start_other(&other);
	fe_open_at(&other_fe, &other, OTHER_SOCKET);
	model_write(&model, &other_fe);
	daemon_forget_messages();
	submit_count(&fe);
	daemon_wait_for_words("another program uses this");
	check(!fe_used(&fe), "it tells what was");
	fe_close(&other_fe);
	daemon_stop(&other);
	ends_saying(&d, "somebody else has gone on with the device");
	fe_close(&fe);
	unlink(SOCKET);
	must_serve(&model, false);
}

/* The same while it has asked for a write, which the other one has made in its place */
static void only_one_writes(void)
{
	struct frontend fe, other_fe;
	struct daemon d, other;
	uint8_t data[BLOCK] = { 1 };
	struct model model;
	struct fake *fake = begin_serving(&model, &d, &fe);

	host_fault(fake, FAULT_HOLD, RPMB_WRITE_DATA, 0);
	model_submit(&model, &fe);
	host_wait_held(fake);
	host_kill();
	daemon_wait_for_words("does rpmb-anchor run?");
	daemon_forget_messages();
	kill(d.pid, SIGSTOP);
	host_start();
	start_other(&other);
	fe_open_at(&other_fe, &other, OTHER_SOCKET);
	must_write(&other_fe, 0, 1, model.counter, data);
	fe_close(&other_fe);
	daemon_stop(&other);
	kill(d.pid, SIGCONT);
	ends_saying(&d, "somebody else has gone on with the device");
	check(!fe_used(&fe), "answered");
	fe_close(&fe);
}

static void share_used_up(void)
{
	uint8_t data[BLOCK] = { 1 };
	struct frontend fe;
	struct model model;
	struct daemon d;

	begin_serving(&model, &d, &fe);
	check(!admin("set device --share 1"), "%s", said());
	check_eq(guest_write(&fe, test_key, 0, 1, model.counter, data),
		 RPMB_RES_WRITE);
	check(strstr(daemon_messages(), "share are used up"), "");
	model_check(&model, &fe, false);
	check(!admin("set device --share 1000"), "%s", said());
	model_write(&model, &fe);
	close_daemon(&d, &fe);
}

/* The hardware does not read for once */
static void unreadable(void)
{
	uint8_t data[BLOCK];
	struct frontend fe;
	struct model model;
	struct daemon d;
	struct fake *fake = begin_serving(&model, &d, &fe);

	host_fault(fake, FAULT_RESULT, RPMB_READ_DATA, 0);
	fake->faults[0].value = RPMB_RES_READ;
	check_eq(guest_read(&fe, test_key, 0, 1, data), RPMB_RES_READ);
	model_check(&model, &fe, false);
	close_daemon(&d, &fe);
}

/* Writes of the hardware for each of the guest's */
static void cost(void)
{
	uint8_t data[BLOCK] = { 1 };
	struct frontend fe;
	struct model model;
	uint32_t counter;
	struct daemon d;
	struct fake *fake = begin_serving(&model, &d, &fe);

	counter = fake->counter;
	must_write(&fe, 100, 1, model.counter, data);
	check_eq(fake->counter, counter + 2);
	fake->write_sizes = 1;
	close_daemon(&d, &fe);
	host_stop();
	host_start();
	open_daemon(&d, &fe);
	counter = fake->counter;
	must_write(&fe, 101, 1, model.counter + 1, data);
	check_eq(fake->counter, counter + 3);
	close_daemon(&d, &fe);
}

static const struct test tests[] = {
	{ "stopped, killed, and rpmb-anchor stopped: served again", served_again },
	{ "configuration is that of the partition", configuration },
	{ "options that do not fit", refused_options },
	{ "sockets of something else, or of nothing", wrong_socket },
	{ "inspected and checked", inspected },
	{ "checked: all of it is read", check_reads_all },
	{ "what is done with rpmb-anchor itself", others_commands },
	{ "all ends before the header is written", killed_before_commit },
	{ "all ends after that", killed_after_commit },
	{ "rpmb-anchor ends in a write, and comes back", comes_back },
	{ "rpmb-anchor ends in a write, comes back, and cannot read it",
	  comes_back_unreadable },
	{ "rpmb-anchor ends when it has the key, and comes back", key_comes_back },
	{ "rpmb-anchor is away: nothing is told", nothing_without_it },
	{ "another daemon serves, or the first one, never both", only_one },
	{ "another daemon has written what the first one was to write",
	  only_one_writes },
	{ "the share is used up, and made larger", share_used_up },
	{ "the hardware does not read", unreadable },
	{ "stopped while it waits for rpmb-anchor", stopped_while_it_waits },
	{ "writes of the hardware", cost },
	{ "many ends of daemon and rpmb-anchor", many_kills },
};

int main(int argc, char **argv)
{
	return run_daemon_tests(argc, argv, tests, ARRAY_SIZE(tests));
}
