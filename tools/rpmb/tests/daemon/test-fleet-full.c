// SPDX-License-Identifier: GPL-2.0-only
/*
 * A database whose file systems are full: nothing acknowledged is lost, nothing is
 * acknowledged that is not kept, and all goes on when there is room
 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fixture.h"
#include "fleet.h"
#include "group.h"

#define MOST_WRITES 20000
#define NAME "small"

/* A server on small file systems, which is made by the first test */
static const char *make_server(void)
{
	static bool made;
	char command[1024];

	if (!made) {
		fleet_do("small", NAME);
		snprintf(command, sizeof(command),
			 "\"$RPMB_STATE_TOOL\" setup --single-server"
			 " \"postgresql://postgres@/postgres?host=$RPMB_FLEET&port=%s\"",
			 fleet_sql(NAME, "SHOW port"));
		check(!system(command), "%s", command);
		made = true;
	}
	return fleet_sql(NAME, "SHOW port");
}

/* A device of that server's, with a key and some writes */
static void begin(struct host *host, struct model *model)
{
	static char name[512];

	snprintf(name, sizeof(name),
		 "postgresql://postgres@/postgres?host=%s&port=%s%s",
		 getenv("RPMB_FLEET"), make_server(),
		 strchr(fleet_device(), '#'));
	model_set(model, 0);
	serve_open(host, "one", name, "--single-server");
	must_program_key(&host->fe);
	while (model->counter < 3)
		model_write(model, &host->fe);
}

static void must_serve(struct model *model, struct host *host, bool on_its_way)
{
	model_check(model, &host->fe, on_its_way);
	model_write(model, &host->fe);
	model_check(model, &host->fe, false);
	serve_stop(host);
}

/* Writes of a block that was never written, until one fails; returns its result */
static uint16_t write_until_full(struct host *host, struct model *model,
				 uint16_t *addr)
{
	uint8_t block[BLOCK];
	uint16_t result;

	for (*addr = MODEL_BLOCKS; *addr < UNIT_BLOCKS; (*addr)++) {
		pattern(block, 1, *addr, 1);
		result = guest_write(&host->fe, test_key, *addr, 1,
				     model->counter, block);
		if (result)
			return result;
		model->counter++;
	}
	tap_fail("there was room for all of it");
}

/* A device of a server that has no room for more tables: the first block that it lacks */
static uint16_t begin_full(struct host *host, struct model *model)
{
	uint16_t addr;

	begin(host, model);
	fleet_do("fill", "tables");
	check_eq(write_until_full(host, model, &addr), RPMB_RES_WRITE);
	return addr;
}

static void must_have_blocks(struct host *host, uint16_t first, uint16_t end)
{
	uint8_t block[BLOCK];

	for (; first < end; first++) {
		pattern(block, 1, first, 1);
		must_hold(&host->fe, first, 1, block);
	}
}

/* The server says so, and the guest is told; what it had is there, and can be read */
static void tables_full(void)
{
	uint8_t block[BLOCK];
	struct model model;
	struct host host;
	uint16_t addr;

	addr = begin_full(&host, &model);
	daemon_wait_for_words("No space left on device");
	check_eq(must_count(&host.fe), model.counter);
	must_have_blocks(&host, MODEL_BLOCKS, addr);
	fleet_do("empty", "tables");
	pattern(block, 1, addr, 1);
	must_write(&host.fe, addr, 1, model.counter++, block);
	must_have_blocks(&host, MODEL_BLOCKS, addr + 1);
	tap_note("%u blocks, then a failure", addr - MODEL_BLOCKS);
	serve_stop(&host);
}

/*
 * A full ring with a write that there is no room for: each of it by itself then, so those
 * before it are done, and those behind it see that it was not
 */
static void tables_full_group(void)
{
	struct rpmb_frame out[MODEL_BLOCKS + 1];
	uint8_t data[MODEL_BLOCKS * BLOCK];
	struct group group;
	struct model model;
	struct host host;
	uint16_t addr;

	addr = begin_full(&host, &model);
	pattern(data, MODEL_BLOCKS, addr, 1);
	make_write(out, MODEL_BLOCKS, addr, model.counter, data, test_key);
	make_result_read(out + MODEL_BLOCKS);
	group = (struct group) { .fe = &host.fe };
	group_put_count(&group);
	group_put(&group, out, MODEL_BLOCKS + 1, 1);
	group_put_read(&group);
	group_put_count(&group);
	group_go(&group);
	group_counted(&group, model.counter);
	group_written(&group, RPMB_RES_WRITE, model.counter);
	group_holds(&group, &model);
	group_counted(&group, model.counter);
	fleet_do("empty", "tables");
	must_write(&host.fe, addr, MODEL_BLOCKS, model.counter++, data);
	must_hold(&host.fe, addr, MODEL_BLOCKS, data);
	must_have_blocks(&host, MODEL_BLOCKS, addr);
	serve_stop(&host);
}

/* Is the write that is under way answered? No if the server has ended. */
static bool is_answered(struct host *host)
{
	struct pollfd call = { .fd = host->fe.call, .events = POLLIN };

	while (!fe_used(&host->fe)) {
		if (strstr(daemon_messages(), "connection"))
			return false;
		poll(&call, 1, 10);
	}
	return true;
}

/* The server ends, as it cannot write its log: the guest waits until it is back */
static void log_full(void)
{
	unsigned int writes = 0;
	struct model model;
	struct host host;

	begin(&host, &model);
	fleet_sql(NAME, "CHECKPOINT");
	daemon_forget_messages();
	fleet_do("fill", "log");
	model_submit(&model, &host.fe);
	while (is_answered(&host)) {
		check(writes++ < MOST_WRITES, "there was room for all of it");
		model_answer(&model, &host.fe);
		model_submit(&model, &host.fe);
	}
	check(!fe_used(&host.fe), "an answer without a database");
	fleet_do("await", NAME);
	fleet_do("empty", "log");
	fleet_do("start", NAME);
	model_answer(&model, &host.fe);
	tap_note("%u writes, then the server has ended", writes);
	must_serve(&model, &host, false);
}

static const struct test tests[] = {
	{ "no room for tables: write failure, nothing lost", tables_full },
	{ "no room for tables, a full ring: write failure, what else is asked is answered",
	  tables_full_group },
	{ "no room for the log: the guest waits, nothing lost", log_full },
};

int main(int argc, char **argv)
{
	return run_daemon_tests(argc, argv, tests, ARRAY_SIZE(tests));
}
