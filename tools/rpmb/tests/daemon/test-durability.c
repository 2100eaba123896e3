// SPDX-License-Identifier: GPL-2.0-only
/*
 * Whatever ends the daemon or the power: what was acknowledged is there, a write
 * is there as a whole or not at all, and no counter goes back
 */
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "client.h"
#include "disk.h"
#include "fixture.h"
#include "model.h"

#define KILLS 1000
#define GENERATIONS 40
#define MOST_WRITES 12
#define CUTS 12

static void open_on_disk(struct daemon *d, struct frontend *fe)
{
	start_on_disk(d);
	fe_open(fe, d);
}

/* kill -9 */

/* Until the daemon parks, or has answered without getting that far */
static void wait_parked_or_answered(struct disk *disk, struct frontend *fe)
{
	struct pollfd pfd = { .fd = fe->call, .events = POLLIN };
	unsigned int ms = 0;

	while (sem_trywait(&disk->held) && !poll(&pfd, 1, 1))
		check(ms++ < WAIT_MS, "neither parked nor answered");
}

static void spin(unsigned int rounds)
{
	for (unsigned int i = 0; i < rounds; i++)
		__atomic_signal_fence(__ATOMIC_SEQ_CST);
}

/* Kill in a write: at an operation on its files, or at any time */
static void kill_in_write(struct daemon *d, struct frontend *fe,
			  struct disk *disk, struct model *model)
{
	if (random() & 1) {
		disk->park = disk->ops + 1 + random() % 8;
		disk->park_inside = random() & 1;
		model_submit(model, fe);
		wait_parked_or_answered(disk, fe);
	} else {
		model_submit(model, fe);
		spin(random() % 300000);
	}
	daemon_kill(d);
	if (fe_used(fe))
		model_answer(model, fe);
}

/* Kill while it starts, which makes it recover what the last kill left */
static void kill_in_start(struct daemon *d, struct disk *disk)
{
	unsigned int ms = 0;
	int sock = -1;

	disk->park = 1 + random() % (getenv("RPMB_DATABASE") ? 24 : 12);
	disk->park_inside = random() & 1;
	start_on_disk(d);
	while (sem_trywait(&disk->held) && sock < 0) {
		poll(NULL, 0, 1);
		sock = vu_connect(SOCKET);
		check(ms++ < WAIT_MS, "neither parked nor there");
	}
	if (sock >= 0)
		close(sock);
	daemon_kill(d);
}

static void many_kills(void)
{
	struct model model = { 0 };
	struct frontend fe;
	struct daemon d;

	model_seed();
	daemon_start(&d, "--capacity", "1");
	fe_open(&fe, &d);
	must_program_key(&fe);
	fe_close(&fe);
	daemon_kill(&d);
	for (unsigned int i = 0; i < KILLS; i++) {
		struct disk *disk = disk_new();

		disk->no_sync = 1;
		if (i % 4 == 3) {
			kill_in_start(&d, disk);
		} else {
			open_on_disk(&d, &fe);
			model_check(&model, &fe, true);
			for (unsigned int n = random() % 3; n; n--)
				model_write(&model, &fe);
			kill_in_write(&d, &fe, disk, &model);
			fe_close(&fe);
		}
		disk_free(disk);
	}
	tap_note("%u kills, %u writes", KILLS, model.counter);
}

/* Power cuts */

/* A life of the daemon: what its disk began as, and when it acknowledged what */
struct life {
	struct disk_image before;
	struct disk *disk;
	bool key_before;		/* there was a key from the beginning */
	uint64_t key_acked;		/* place in the log */
	uint32_t first;			/* counter at its beginning */
	uint32_t nr;			/* writes that were acknowledged */
	uint64_t acked[MOST_WRITES];	/* their places in the log */
	bool one_more;			/* another one was on its way */
};

static void live_and_write(struct life *life, struct frontend *fe)
{
	struct model model;

	model_set(&model, life->first);
	model_check(&model, fe, false);
	for (life->nr = 0; life->nr < random() % MOST_WRITES; life->nr++) {
		life->disk->tag++;
		model_write(&model, fe);
		life->acked[life->nr] = disk_notified(life->disk,
						      life->disk->tag);
	}
	life->one_more = random() & 1;
	if (life->one_more)
		model_submit(&model, fe);
}

static void live(struct life *life)
{
	struct frontend fe;
	struct daemon d;

	disk_image_load(&life->before);
	life->disk = disk_new();
	open_on_disk(&d, &fe);
	if (!life->key_before) {
		life->disk->tag = 1;
		must_program_key(&fe);
		life->key_acked = disk_notified(life->disk, 1);
	}
	live_and_write(life, &fe);
	if (life->one_more || random() & 1)
		daemon_kill(&d);
	else
		daemon_stop(&d);
	fe_close(&fe);
}

static void end_life(struct life *life)
{
	disk_free(life->disk);
	disk_image_free(&life->before);
}

static uint32_t acked_by(const struct life *life, uint64_t at)
{
	uint32_t n = 0;

	while (n < life->nr && life->acked[n] <= at)
		n++;
	return n;
}

/* The daemon starts on what is left, and has what it must have */
static void check_after_cut(struct life *life, uint64_t at,
			    struct life *next)
{
	uint32_t acked = acked_by(life, at), counter;
	struct frontend fe;
	struct model model;
	struct daemon d;

	daemon_start(&d, "--capacity", "1");
	fe_open(&fe, &d);
	next->key_before = guest_counter(&fe, test_key, &counter) !=
			   RPMB_RES_NO_KEY;
	if (life->key_before || life->key_acked <= at)
		check(next->key_before, "the key is lost");
	if (next->key_before) {
		model_set(&model, life->first + acked);
		model_check(&model, &fe,
			    acked < life->nr || life->one_more);
		next->first = model.counter;
	}
	fe_close(&fe);
	daemon_kill(&d);
}

static void cut(struct life *life, struct life *next)
{
	uint64_t at = disk_random_place(life->disk);
	struct disk_image after;

	memset(next, 0, sizeof(*next));
	disk_cut(life->disk, &life->before, at, &after);
	disk_image_store(&after);
	check_after_cut(life, at, next);
	disk_image_store(&after);
	disk_image_free(&after);
}

/* Each life begins on what the last power cut left */
static void power_cuts(void)
{
	struct life life = { 0 }, next;
	unsigned int keyed = 0;

	model_seed();
	for (unsigned int i = 0; i < GENERATIONS; i++) {
		live(&life);
		for (unsigned int j = 0; j < CUTS; j++)
			cut(&life, &next);
		end_life(&life);
		keyed += next.key_before;
		/* a beginning every few lives */
		if (i % 8 == 7) {
			memset(&next, 0, sizeof(next));
			disk_image_store(&(struct disk_image){ 0 });
		}
		life = next;
	}
	tap_note("%u power cuts in %u lives, %u went on with a key",
		 GENERATIONS * CUTS, GENERATIONS, keyed);
}

/* Ends in good order */

#define ENDINGS 25

/* A device that is about to end, with writes that only the -wal file has */
static uint64_t end(struct disk *disk, struct model *model)
{
	struct frontend fe;
	uint64_t place;
	struct daemon d;

	open_on_disk(&d, &fe);
	must_program_key(&fe);
	for (unsigned int n = 2 + random() % MOST_WRITES; n; n--)
		model_write(model, &fe);
	fe_close(&fe);
	place = disk_log_end(disk);
	daemon_stop(&d);
	return place;
}

/* Power fails from @place on, and somebody takes the file without its -wal file */
static void lose_wal(const struct disk *disk, const struct disk_image *before,
		     uint64_t place)
{
	struct disk_image after;
	uint64_t at;

	do
		at = disk_random_place(disk);
	while (at < place);
	disk_cut(disk, before, at, &after);
	after.files[DISK_WAL].exists = false;
	disk_image_store(&after);
	disk_image_free(&after);
}

/* The daemon refuses what is left, or has all; returns true in the latter case */
static bool check_alone(struct model *model)
{
	struct frontend fe;
	struct daemon d;
	int sock;

	daemon_start(&d, "--capacity", "1");
	do
		sock = vu_connect(SOCKET);
	while (sock < 0 && daemon_alive(&d));
	if (sock < 0) {
		check_eq(WEXITSTATUS(daemon_wait(&d)), 1);
		return false;
	}
	close(sock);
	fe_open(&fe, &d);
	model_check(model, &fe, false);
	fe_close(&fe);
	daemon_kill(&d);
	check(!unlink(SOCKET), "no socket");
	return true;
}

static void mark_goes_last(void)
{
	unsigned int whole = 0, cuts = 0;

	model_seed();
	for (unsigned int i = 0; i < ENDINGS; i++) {
		struct disk_image before = { 0 };
		struct disk *disk = disk_new();
		struct model model = { 0 };
		uint64_t place;

		disk_image_store(&before);
		place = end(disk, &model);
		for (unsigned int j = 0; j < CUTS; j++, cuts++) {
			lose_wal(disk, &before, place);
			whole += check_alone(&model);
		}
		disk_free(disk);
	}
	tap_note("%u power cuts, %u states were whole", cuts, whole);
	check(whole && whole < cuts, "this test is of no use");
}

static const struct test tests[] = {
	{ "a thousand kills: nothing acknowledged is lost", many_kills },
};

static const struct test on_files[] = {
	{ "power cuts: nothing acknowledged is lost", power_cuts },
	{ "power cuts at the end: without -wal all is there, or refused",
	  mark_goes_last },
};

int main(int argc, char **argv)
{
	return run_state_tests(argc, argv, tests, ARRAY_SIZE(tests), on_files,
			       ARRAY_SIZE(on_files));
}
