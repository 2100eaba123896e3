// SPDX-License-Identifier: GPL-2.0-only
/*
 * Guests with anchored states: how fast they write, and how often the hardware is written
 * for it; how long a large state takes to open, and what memory rpmb-anchor needs for many
 *
 * Run in an empty directory on the disk in question, with the daemon in $RPMB_DAEMON and
 * an rpmb-anchor on fake hardware in $RPMB_ANCHOR. Rounds take turns, so that all meet
 * the same weather.
 */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "anchor-client.h"
#include "anchor-host.h"
#include "fixture.h"
#include "many.h"
#include "median.h"

#define GUESTS 64
#define ROUNDS 5
#define WRITES 20	/* of each guest */
#define SLOW 5000	/* microseconds for a write of the hardware */
#define MANY_ANCHORS 1000
#define LARGEST 128	/* units of 128 KiB */
#define CHUNK 512	/* blocks in a write */
#define OPENINGS 9

/* Authenticated writes per second of the first @nr; those on their way end, too */
static double write_rate(struct many *guests, unsigned int nr)
{
	double start = now_ns(), rate;

	many_write(guests, nr, nr * WRITES);
	rate = nr * WRITES / ((now_ns() - start) / 1e9);
	for (unsigned int i = 0; i < nr; i++)
		if (guests[i].fe.next_avail != guests[i].fe.next_used)
			model_answer(&guests[i].model, &guests[i].fe);
	return rate;
}

/* How often the guests have written since they began */
static unsigned int all_writes(const struct many *guests)
{
	unsigned int i, sum = 0;

	for (i = 0; i < GUESTS; i++)
		sum += guests[i].model.counter;
	return sum;
}

static void measure_sharing(struct many *guests, struct fake *fake,
			    unsigned int delay)
{
	static const struct {
		unsigned int nr;
		const char *target;
	} rows[] = { { 1, "1" }, { 8, "1/4" }, { 64, "1/16" } };
	unsigned int i, hardware, writes;

	fake->delay = delay;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		hardware = fake->counter;
		writes = all_writes(guests);
		write_rate(guests, rows[i].nr);
		printf("guests, hardware of %u ms a write: ", delay / 1000);
		printf("%u write, %.3f writes of it for one of theirs ",
		       rows[i].nr, (double)(fake->counter - hardware) /
		       (all_writes(guests) - writes));
		printf("(target at most %s)\n", rows[i].target);
	}
	fake->delay = 0;
}

static void kill_all(struct many *guests)
{
	for (unsigned int i = 0; i < GUESTS; i++)
		many_kill(&guests[i]);
	free(guests);
}

static void measure_rates(void)
{
	static double anchored[ROUNDS], plain[ROUNDS], slow[ROUNDS];
	struct many *with, *without;
	struct fake *fake;
	double rate, without_rate;

	check(!setenv("RPMB_FAKE", get_current_dir_name(), 1), "");
	fake = host_ready(GUESTS);
	with = many_start(GUESTS, true);
	without = many_start(GUESTS, false);
	for (unsigned int i = 0; i < ROUNDS; i++) {
		anchored[i] = write_rate(with, GUESTS);
		plain[i] = write_rate(without, GUESTS);
		fake->delay = SLOW;
		slow[i] = write_rate(with, GUESTS);
		fake->delay = 0;
	}
	rate = median(anchored, ROUNDS);
	without_rate = median(plain, ROUNDS);
	printf("%d guests: %.0f authenticated writes/s, anchored %.0f: ",
	       GUESTS, without_rate, rate);
	printf("ratio %.2f (target at least 0.5)\n", rate / without_rate);
	printf("%d guests, hardware of %d ms a write: %.0f/s ", GUESTS,
	       SLOW / 1000, median(slow, ROUNDS));
	printf("(target at least 2000; one after the other: %d)\n",
	       1000000 / SLOW);
	measure_sharing(with, fake, 0);
	measure_sharing(with, fake, SLOW);
	kill_all(with);
	kill_all(without);
}

static void start_largest(struct daemon *d, struct frontend *fe)
{
	daemon_start(d, "--capacity", "128");
	fe_open(fe, d);
}

/* Every block of it has been written */
static void fill_largest(void)
{
	static uint8_t data[CHUNK * BLOCK];
	uint32_t counter = 0;
	struct frontend fe;
	struct daemon d;

	start_largest(&d, &fe);
	must_program_key(&fe);
	for (; counter < LARGEST * UNIT_BLOCKS / CHUNK; counter++) {
		pattern(data, CHUNK, counter * CHUNK, counter);
		must_write(&fe, counter * CHUNK, CHUNK, counter, data);
	}
	fe_close(&fe);
	daemon_stop(&d);
}

/* From the start of the daemon to its first answer */
static void measure_opening(void)
{
	static double times[OPENINGS];
	struct frontend fe;
	struct daemon d;
	double start;

	check(!setenv("RPMB_FAKE", get_current_dir_name(), 1), "");
	host_ready(1);
	daemon_use_anchor(socket_of(0));
	fill_largest();
	for (unsigned int i = 0; i < OPENINGS; i++) {
		start = now_ns();
		start_largest(&d, &fe);
		must_count(&fe);
		times[i] = now_ns() - start;
		fe_close(&fe);
		daemon_stop(&d);
	}
	printf("an anchored state of 16 MiB: %.0f ms to the first answer ",
	       median(times, OPENINGS) / 1e6);
	printf("(target at most 150)\n");
}

static unsigned long resident(pid_t pid)
{
	char path[32], line[128];
	unsigned long kib = 0;
	FILE *status;

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	status = fopen(path, "r");
	if (!status)
		err(1, "%s", path);
	while (fgets(line, sizeof(line), status))
		sscanf(line, "VmRSS: %lu", &kib);
	fclose(status);
	return kib;
}

static void measure_memory(void)
{
	unsigned long before;

	check(!setenv("RPMB_FAKE", get_current_dir_name(), 1), "");
	host_ready(1);
	before = resident(host_pid());
	host_stop();
	host_ready(MANY_ANCHORS);
	printf("memory of rpmb-anchor: %lu KiB with 1 anchor, %lu KiB with %d\n",
	       before, resident(host_pid()), MANY_ANCHORS);
}

int main(int argc, char **argv)
{
	static const struct test tests[] = {
		{ "rates", measure_rates },
		{ "opening", measure_opening },
		{ "memory", measure_memory },
	};

	return run_daemon_tests(argc, argv, tests, ARRAY_SIZE(tests));
}
