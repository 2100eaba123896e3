// SPDX-License-Identifier: GPL-2.0-only
/*
 * Power cuts under rpmb-anchor: the disk may have any part of what was not synced, and the
 * hardware what was written by then. What was anchored is, and nothing is refused.
 */
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "anchor-client.h"
#include "anchor-host.h"
#include "daemon.h"
#include "disk.h"
#include "fixture.h"
#include "hardware.h"
#include "model.h"

#define LIVES 3
#define STEPS 2		/* of a life, before the one under which power fails */
#define CUTS 4		/* at each place */

/* The disk of the tests knows a file of this name */
#define ON_DISK STATE

static struct daemon host;

static bool has_begun(void)
{
	int sock = host_connect(CONTROL);

	if (sock >= 0)
		close(sock);
	return sock >= 0;
}

static void start(const char *preload)
{
	unsigned int ms = 0;

	daemon_exec_other(&host, "RPMB_ANCHOR", preload, (const char *const []){
		"serve", "rpmb0", "--key-file", "key.bin", "--ledger", ON_DISK,
		"--directory", DIRECTORY, NULL });
	while (!has_begun()) {
		check(daemon_alive(&host), "it does not serve");
		check(ms++ < WAIT_MS, "neither serves nor ends");
		poll(NULL, 0, 1);
	}
}

/*
 * A life of rpmb-anchor
 *
 * @hw: before its last step, and when that was answered
 * @step: where in the log of the disk its last step begins
 * @written: and from where on the hardware may have it
 */
struct life {
	struct disk *disk;
	struct disk_image before;
	struct hardware hw[2];
	uint64_t step;
	uint64_t written;
};

/* The next step, for which nobody waits yet */
static void ask_step(struct raw *raw, struct kept *kept)
{
	uint8_t seed = raw->at.number + 1;
	struct rpmb_step from = raw->at;
	struct anchor_request request = raw_next(raw, seed);

	kept->step = raw->at;
	memcpy(kept->step.parent, from.name, sizeof(from.name));
	memset(kept->root, seed, sizeof(kept->root));
	raw_send(raw, &request, sizeof(request));
}

/* Before its last write the hardware says so: what the disk has then it has for sure */
static void live(struct life *life, struct fake *fake, struct kept *kept)
{
	struct raw raw;
	unsigned int i;

	disk_image_load(&life->before);
	life->disk = disk_new();
	start(disk_preload());
	check_eq(raw_connect(&raw, 0), ANCHOR_OK);
	for (i = 0; i < STEPS; i++) {
		ask_step(&raw, kept);
		check_eq(raw_answer(&raw), ANCHOR_OK);
	}
	life->step = disk_log_end(life->disk);
	hardware_save(&life->hw[0]);
	host_fault(fake, FAULT_HOLD, RPMB_WRITE_DATA, 0);
	ask_step(&raw, kept);
	host_wait_held(fake);
	life->written = disk_log_end(life->disk);
	host_release(fake);
	check_eq(raw_answer(&raw), ANCHOR_OK);
	daemon_kill(&host);
	hardware_save(&life->hw[1]);
	raw_close(&raw);
}

static void end(struct life *life)
{
	unsigned int i;

	disk_free(life->disk);
	disk_image_free(&life->before);
	for (i = 0; i < ARRAY_SIZE(life->hw); i++)
		hardware_free(&life->hw[i]);
}

/* It serves what is left, and whoever has kept the step can go on from it */
static bool goes_on(const struct life *life, uint64_t at, unsigned int hw,
		    struct kept *kept)
{
	struct rpmb_anchor *anchor;
	struct disk_image after;
	struct rpmb_step found;
	bool there;

	disk_cut(life->disk, &life->before, at, &after);
	disk_image_store(&after);
	disk_image_free(&after);
	hardware_put_back(&life->hw[hw]);
	start(NULL);
	anchor = must_connect(0);
	check_eq(rpmb_anchor_get(anchor, &found), 0);
	there = found.number == kept->step.number;
	check(there || (!hw && found.number == kept->step.number - 1),
	      "step %llu", (unsigned long long)found.number);
	check_eq(rpmb_anchor_verify(anchor, &kept->step, kept->root), 0);
	expect_anchored(anchor, kept);
	rpmb_anchor_free(anchor);
	daemon_kill(&host);
	return there;
}

/* Power fails at each operation of the last step */
static void power_cuts(void)
{
	unsigned int cuts = 0, there = 0, i, j;
	struct kept kept = { 0 };
	struct fake *fake;
	struct life life;
	uint64_t at;

	model_seed();
	check(!setenv("RPMB_FAKE", get_current_dir_name(), 1), "");
	fake = host_new();
	check(!command("init rpmb0 --key-file key.bin --ledger " ON_DISK), "%s",
	      said());
	start(NULL);
	check(!admin("add number-0 --guid " GUID, 0), "%s", said());
	daemon_kill(&host);
	for (i = 0; i < LIVES; i++) {
		live(&life, fake, &kept);
		at = life.step;
		do {
			for (j = 0; j < CUTS; j++, cuts++)
				there += goes_on(&life, at, 0, &kept);
			if (at >= life.written)
				there += goes_on(&life, at, 1, &kept);
		} while (disk_next_place(life.disk, &at));
		end(&life);
	}
	tap_note("%u power cuts, %u times the step was there", cuts, there);
	check(there && there < cuts, "of no use");
}

static const struct test tests[] = {
	{ "ledger: power cut at each operation of a step", power_cuts },
};

int main(int argc, char **argv)
{
	return run_daemon_tests(argc, argv, tests, ARRAY_SIZE(tests));
}
