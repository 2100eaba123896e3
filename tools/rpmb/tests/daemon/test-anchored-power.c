// SPDX-License-Identifier: GPL-2.0-only
/*
 * Power cuts under the daemon of an anchored state: its disk may have any part of what was
 * not synced, and its anchor what was anchored by then. What was anchored is served.
 */
#include <string.h>
#include <unistd.h>

#include "anchored.h"
#include "disk.h"
#include "fixture.h"
#include "hardware.h"
#include "served.h"

#define LIVES 3
#define STEPS 2		/* of a life, before the one under which power fails */
#define CUTS 3		/* at each place */

/* An anchor: the ledger, by the name of its copy, and the hardware */
struct anchor {
	const char *ledger;
	struct hardware hw;
};

/*
 * A life of the daemon
 *
 * @before: its disk
 * @without: the anchor before its last step
 * @with: the anchor when that was answered
 * @model: before that step
 * @step: where in the log of the disk that step begins
 * @written: and from where on the anchor may have it
 */
struct life {
	struct disk *disk;
	struct disk_image before;
	struct anchor without;
	struct anchor with;
	struct model model;
	uint64_t step;
	uint64_t written;
};

/* Nobody serves it meanwhile */
static void save_anchor(struct anchor *anchor, const char *ledger)
{
	host_kill();
	anchor->ledger = ledger;
	host_save(ledger);
	hardware_save(&anchor->hw);
}

static void put_back_anchor(const struct anchor *anchor)
{
	host_put_back(anchor->ledger);
	hardware_put_back(&anchor->hw);
	host_start();
}

/* The anchor writes to the hardware what the disk of the daemon has for sure */
static void last_step(struct life *life, struct fake *fake, struct frontend *fe)
{
	struct model model = life->model;

	life->step = disk_log_end(life->disk);
	host_fault(fake, FAULT_HOLD, RPMB_WRITE_DATA, 0);
	model_submit(&model, fe);
	host_wait_held(fake);
	life->written = disk_log_end(life->disk);
	host_release(fake);
	model_answer(&model, fe);
}

static void live(struct life *life, struct fake *fake)
{
	struct frontend fe;
	struct daemon d;
	unsigned int i;

	disk_image_load(&life->before);
	life->disk = disk_new();
	start_on_disk(&d);
	fe_open(&fe, &d);
	for (i = 0; i < STEPS; i++)
		model_write(&life->model, &fe);
	save_anchor(&life->without, "without");
	host_start();
	model_check(&life->model, &fe, false);
	last_step(life, fake, &fe);
	kill_daemon(&d, &fe);
	save_anchor(&life->with, "with");
}

static void end(struct life *life)
{
	disk_free(life->disk);
	disk_image_free(&life->before);
	hardware_free(&life->without.hw);
	hardware_free(&life->with.hw);
}

/* What is left is served, and takes a write: true if the last step is there */
static bool goes_on(const struct life *life, uint64_t at, bool anchored,
		    struct model *model)
{
	struct disk_image after;
	bool there;

	disk_cut(life->disk, &life->before, at, &after);
	disk_image_store(&after);
	disk_image_free(&after);
	put_back_anchor(anchored ? &life->with : &life->without);
	model_set(model, life->model.counter + anchored);
	must_serve(model, !anchored);
	there = model->counter == life->model.counter + 2;
	host_kill();
	return there;
}

/* Power fails at each operation of the last step */
static void power_cuts(void)
{
	unsigned int cuts = 0, there = 0, i, j;
	struct life life = {};
	struct model model;
	struct fake *fake;
	uint64_t at;

	model_seed();
	fake = anchored_host();
	model_leave_state(&model, true);
	for (i = 0; i < LIVES; i++) {
		life.model = model;
		live(&life, fake);
		at = life.step;
		do {
			for (j = 0; j < CUTS; j++, cuts++)
				there += goes_on(&life, at, false, &model);
			if (at >= life.written)
				goes_on(&life, at, true, &model);
		} while (disk_next_place(life.disk, &at));
		end(&life);
		host_start();
	}
	tap_note("%u power cuts, %u times the step was there", cuts, there);
	check(there && there < cuts, "of no use");
}

static const struct test tests[] = {
	{ "power cut at each operation of a step", power_cuts },
};

int main(int argc, char **argv)
{
	return run_daemon_tests(argc, argv, tests, ARRAY_SIZE(tests));
}
